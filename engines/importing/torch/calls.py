"""The user's code that is running: its line, and calls that do not reach the dispatcher."""

from __future__ import annotations

import linecache
import os
import sys
from typing import Any

import torch
from ad_conformance.engines.importing.recorder import CannotImport
from ad_conformance.engines.importing.torch.tracking import Tracking
from torch.overrides import TorchFunctionMode

_INSIDE = (
    os.path.dirname(torch.__file__) + os.sep,
    os.path.dirname(__file__) + os.sep,
    os.path.join(os.path.dirname(os.__file__), "contextlib"),
)
#: Calls that give Python or NumPy the numbers of a tensor.
_LEAVING = {"numpy", "__array__", "tolist"}


def user_line() -> str:
    """The line of the innermost function outside of PyTorch, such as "model.py:12: y = f(x)"."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_INSIDE):
        frame = frame.f_back  # type: ignore[assignment]
    if frame is None:
        return ""
    file, number = frame.f_code.co_filename, frame.f_lineno
    text = linecache.getline(file, number).strip()
    return f"{os.path.basename(file)}:{number}: {text}".removesuffix(": ")


def is_check() -> bool:
    """Whether PyTorch itself asks for a truth value, to validate arguments of a distribution."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_INSIDE):
        if os.path.join("torch", "distributions") in frame.f_code.co_filename:
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False


class Values(TorchFunctionMode):
    """Sees calls by which derivatives end: `detach`, `no_grad`, and numbers that leave PyTorch.

    What `detach` and `no_grad` give counts as a constant, as it does for autograd.
    """

    def __init__(self, tracking: Tracking) -> None:
        super().__init__()
        self.tracking = tracking

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        t = self.tracking
        name = getattr(func, "__name__", "")
        if name in _LEAVING and args and t.depends(args[0]):
            raise CannotImport(f"Tensor.{name} of a tensor that depends on the input,", user_line())
        detached = name == "detach" or func == torch.Tensor.data.__get__  # type: ignore[attr-defined]
        if not (detached or not torch.is_grad_enabled()) or _in_custom_function():
            return func(*args, **(kwargs or {}))
        with t.holding(user_line()):
            found = func(*args, **(kwargs or {}))
            return found.clone() if detached else found


def _in_custom_function() -> bool:
    """Whether the forward pass of an autograd function runs, which autograd does not follow."""
    frame = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_filename.endswith(os.path.join("torch", "autograd", "function.py")):
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False
