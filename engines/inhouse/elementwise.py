"""Elementwise functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from ad_conformance.engines.inhouse.primitives import FUNCTIONS
from ad_conformance.engines.inhouse.tracer import emit, is_traced, nodes

__all__ = [
    "abs",
    "acos",
    "acosh",
    "add",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "ceil",
    "clip",
    "copysign",
    "cos",
    "cosh",
    "divide",
    "equal",
    "exp",
    "expm1",
    "floor",
    "floor_divide",
    "greater",
    "greater_equal",
    "hypot",
    "less",
    "less_equal",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "maximum",
    "minimum",
    "multiply",
    "negative",
    "not_equal",
    "positive",
    "pow",
    "reciprocal",
    "remainder",
    "round",
    "sech",
    "sigmoid",
    "sign",
    "sin",
    "sinh",
    "sqrt",
    "square",
    "subtract",
    "tan",
    "tanh",
    "trunc",
    "where",
]  # fmt: skip


def _unary(op: str) -> Callable[[Any], Any]:
    function = FUNCTIONS[op]

    def apply(x: Any) -> Any:
        return emit(op, x) if is_traced(x) else function(x)

    apply.__name__ = op
    return apply


def _binary(op: str) -> Callable[[Any, Any], Any]:
    function = FUNCTIONS[op]

    def apply(x: Any, y: Any) -> Any:
        return emit(op, x, y) if is_traced(x, y) else function(x, y)

    apply.__name__ = op
    return apply


sin, cos, tan = _unary("sin"), _unary("cos"), _unary("tan")
asin, acos, atan = _unary("asin"), _unary("acos"), _unary("atan")
sinh, cosh, tanh, sech = _unary("sinh"), _unary("cosh"), _unary("tanh"), _unary("sech")
asinh, acosh, atanh = _unary("asinh"), _unary("acosh"), _unary("atanh")
exp, expm1, log, log1p = _unary("exp"), _unary("expm1"), _unary("log"), _unary("log1p")
sqrt, abs, sign, sigmoid = _unary("sqrt"), _unary("abs"), _unary("sign"), _unary("logistic")
logical_not = _unary("logical_not")
add, multiply, divide = _binary("add"), _binary("multiply"), _binary("divide")
maximum, minimum = _binary("maximum"), _binary("minimum")
hypot, atan2, logaddexp = _binary("hypot"), _binary("atan2"), _binary("logaddexp")
greater, greater_equal, equal = _binary("greater"), _binary("greater_equal"), _binary("equal")
logical_and, logical_or, logical_xor = (
    _binary("logical_and"),
    _binary("logical_or"),
    _binary("logical_xor"),
)
log2, log10 = _unary("log2"), _unary("log10")
floor, ceil, trunc, round = _unary("floor"), _unary("ceil"), _unary("trunc"), _unary("round")
remainder, floor_divide = _binary("remainder"), _binary("floor_divide")


def less(x: Any, y: Any) -> Any:
    return greater(y, x)


def less_equal(x: Any, y: Any) -> Any:
    return greater_equal(y, x)


def not_equal(x: Any, y: Any) -> Any:
    return logical_not(equal(x, y))


def negative(x: Any) -> Any:
    if is_traced(x):
        return emit("multiply", -1.0, x)
    # A Python number must stay one: it takes the dtype of what it meets.
    return -x if type(x) in (int, float) else np.negative(x)


def subtract(x: Any, y: Any) -> Any:
    return add(x, negative(y)) if is_traced(x, y) else np.subtract(x, y)


def positive(x: Any) -> Any:
    return x if is_traced(x) else np.positive(x)


def copysign(x: Any, y: Any) -> Any:
    """The magnitude of x with the sign of y, of which nothing but jumps depends on y."""
    return (
        abs(x) * emit("copysign", 1.0, y)
        if is_traced(x, y) and is_traced(y)
        else abs(x) * np.copysign(1.0, y)
    )


def square(x: Any) -> Any:
    return multiply(x, x)


def reciprocal(x: Any) -> Any:
    return divide(1.0, x)


def pow(x: Any, y: Any) -> Any:
    """x to the power y.

    Constant exponents differentiate as n x^(n-1), entry by entry and without a logarithm, so that a
    zero or negative base is right at every order; exponents that vary use x^y log(x), which for
    base 0 counts as 0.
    """
    if is_traced(x, y):
        base, exponent = nodes(x, y)
        if (
            exponent.value is not None
            and exponent.dtype != base.dtype
            and base.dtype.kind == "f" != exponent.dtype.kind
        ):
            return emit("power", x, exponent.value.astype(base.dtype))
        return emit("power", x, y)
    if np.asarray(x).dtype.kind != "f":
        x = np.asarray(x, np.float64)
    return np.power(x, y)


def where(condition: Any, x: Any, y: Any) -> Any:
    """x where the condition holds, else y. What is not selected reaches no derivative, not even as
    NaN.
    """
    if not is_traced(condition, x, y):
        return np.where(condition, x, y)
    if not is_traced(condition):
        condition = np.asarray(condition, bool)
    if not is_traced(x, y) and type(x) in (int, float) and type(y) in (int, float):
        x = np.float64(x)
    if is_traced(x, y):
        # The condition's dtype must not decide what a Python number becomes.
        weak = (int, float, bool)
        beside = y if type(x) in weak else x
        dtype = beside.dtype if hasattr(beside, "dtype") else np.asarray(beside).dtype
        x, y = (np.asarray(v, dtype) if type(v) in weak else v for v in (x, y))
    return emit("select", condition, x, y)


def clip(x: Any, min: Any = None, max: Any = None) -> Any:
    """x held between min and max; max wins where they cross, as in NumPy."""
    if not is_traced(x, min, max):
        return x if min is None and max is None else np.clip(x, min, max)
    result = x if min is None else maximum(x, min)
    result = result if max is None else minimum(result, max)
    if min is not None and max is not None:
        # Where the bounds meet, the result is constant and smooth, although both comparisons tie.
        closed = greater_equal(min, max)
        if is_traced(closed) or np.any(closed):
            result = where(closed, max, result)
    return result
