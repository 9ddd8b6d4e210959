"""Points where a function has a kink or its domain ends, and each engine answers by convention."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ad_conformance.generators.ir.mode import modes_of_order
from ad_conformance.generators.ir.program import Case, Program, Step


def _alone(operation: str, point: Any, **params: Any) -> tuple[Program, Any]:
    return Program((Step(operation, (0,), tuple(sorted(params.items()))),)), point


def _beside(operation: str, constant: Any, point: Any) -> tuple[Program, Any]:
    """A program of one operation with the input as first and a constant as second operand."""
    return Program((Step("constant", (), (("value", constant),)), Step(operation, (0, 1)))), point


_TIE = (1.0, 1.0, 0.0)

#: Program and point by name.
KINKS: Mapping[str, tuple[Program, Any]] = {
    "abs(x) at 0": _alone("abs", 0.0),
    "sign(x) at 0": _alone("sign", 0.0),
    "floor(x) at 1": _alone("floor", 1.0),
    "relu(x) at 0": _alone("relu", 0.0),
    "relu6(x) at 6": _alone("relu6", 6.0),
    "leaky_relu(x, 0.25) at 0": _alone("leaky_relu", 0.0, slope=0.25),
    "clip(x, -1, 1) at 1": _alone("clip", 1.0, min=-1.0, max=1.0),
    "maximum(x, 1) at 1": _beside("maximum", 1.0, 1.0),
    "minimum(x, 1) at 1": _beside("minimum", 1.0, 1.0),
    "max(x) at [1, 1, 0]": _alone("max", _TIE, axis=None, keepdims=False),
    "min(x) at [1, 1, 2]": _alone("min", (1.0, 1.0, 2.0), axis=None, keepdims=False),
    "median(x) at [1, 1, 0]": _alone("median", _TIE, axis=None, keepdims=False),
    "sort(x)[0] at [1, 1, 2]": (
        Program(
            (
                Step("sort", (0,), (("axis", 0), ("descending", False))),
                Step("take", (1,), (("axis", 0), ("indices", (0,)))),
            )
        ),
        (1.0, 1.0, 2.0),
    ),
    "sqrt(x) at 0": _alone("sqrt", 0.0),
    "cbrt(x) at 0": _alone("cbrt", 0.0),
    "vector_norm(x) at [0, 0]": _alone("vector_norm", (0.0, 0.0), axis=None),
    "hypot(x, 0) at 0": _beside("hypot", 0.0, 0.0),
    "remainder(x, 1) at 1": _beside("remainder", 1.0, 1.0),
}


def kink_cases() -> dict[tuple[str, str], Case]:
    """The cases by name and mode. Most have no certified derivative, and no answer to them is
    wrong.
    """
    return {
        (name, mode): Case(program, point, mode)
        for name, (program, point) in KINKS.items()
        for mode in modes_of_order(1)
    }
