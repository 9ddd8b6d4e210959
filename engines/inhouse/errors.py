"""Errors that say which operation of the traced function failed."""

from __future__ import annotations

import sys

ENGINE = __name__.removesuffix(".errors")


class CompileError(Exception):
    """Tracing or differentiating failed: the operation, the operand shapes, the traced step."""

    def __init__(
        self, operation: str, shapes: tuple[tuple[int, ...], ...], why: str, step: int | None = None
    ) -> None:
        self.operation, self.shapes, self.why, self.step = operation, shapes, why, step
        text = f"{operation}: {why}"
        text += f"; operand shapes {' and '.join(map(str, shapes))}" if shapes else ""
        if step is not None:
            reached = f"traced step {step}" if step else "before the first traced step"
            text += f" ({reached}{_caller()})"
        super().__init__(text)


def _caller() -> str:
    """The innermost line outside the engine."""
    frame = sys._getframe(2)
    while frame is not None and (frame.f_globals.get("__package__") or "").startswith(ENGINE):
        frame = frame.f_back  # type: ignore[assignment]
    return f", {frame.f_code.co_filename}:{frame.f_lineno}" if frame is not None else ""
