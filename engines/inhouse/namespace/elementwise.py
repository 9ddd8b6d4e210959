"""Elementwise functions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from ad_conformance.engines.inhouse.namespace.tracer import emit, is_traced, negated, power
from ad_conformance.engines.inhouse.rules.table import PRIMITIVES

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


def unary(op: str) -> Callable[[Any], Any]:
    function = partial(PRIMITIVES[op].evaluate, None)

    def apply(x: Any) -> Any:
        return emit(op, x) if is_traced(x) else function(x)

    apply.__name__ = op
    return apply


def binary(op: str) -> Callable[[Any, Any], Any]:
    function = partial(PRIMITIVES[op].evaluate, None)

    def apply(x: Any, y: Any) -> Any:
        return emit(op, x, y) if is_traced(x, y) else function(x, y)

    apply.__name__ = op
    return apply


sin, cos, tan = unary("sin"), unary("cos"), unary("tan")
asin, acos, atan = unary("asin"), unary("acos"), unary("atan")
sinh, cosh, tanh, sech = unary("sinh"), unary("cosh"), unary("tanh"), unary("sech")
asinh, acosh, atanh = unary("asinh"), unary("acosh"), unary("atanh")
exp, expm1, log, log1p = unary("exp"), unary("expm1"), unary("log"), unary("log1p")
sqrt, abs, sign, sigmoid = unary("sqrt"), unary("abs"), unary("sign"), unary("logistic")
logical_not = unary("logical_not")
add, multiply, divide = binary("add"), binary("multiply"), binary("divide")
maximum, minimum = binary("maximum"), binary("minimum")
hypot, atan2, logaddexp = binary("hypot"), binary("atan2"), binary("logaddexp")
greater, greater_equal, equal = binary("greater"), binary("greater_equal"), binary("equal")
logical_and, logical_or, logical_xor = (
    binary("logical_and"),
    binary("logical_or"),
    binary("logical_xor"),
)
log2, log10 = unary("log2"), unary("log10")
floor, ceil, trunc, round = unary("floor"), unary("ceil"), unary("trunc"), unary("round")
remainder, floor_divide = binary("remainder"), binary("floor_divide")


def less(x: Any, y: Any) -> Any:
    return greater(y, x)


def less_equal(x: Any, y: Any) -> Any:
    return greater_equal(y, x)


def not_equal(x: Any, y: Any) -> Any:
    return logical_not(equal(x, y))


def negative(x: Any) -> Any:
    return negated(x)


def subtract(x: Any, y: Any) -> Any:
    return add(x, negative(y)) if is_traced(x, y) else np.subtract(x, y)


def positive(x: Any) -> Any:
    return x if is_traced(x) else np.positive(x)


def copysign(x: Any, y: Any) -> Any:
    """The magnitude of x with the sign of y. It depends on y by jumps only."""
    if is_traced(x, y) and is_traced(y):
        return abs(x) * emit("copysign", 1.0, y)
    return abs(x) * np.copysign(1.0, y)


def square(x: Any) -> Any:
    return multiply(x, x)


def reciprocal(x: Any) -> Any:
    return divide(1.0, x)


def pow(x: Any, y: Any) -> Any:
    """x to the power y.

    The derivative for a constant exponent is n x^(n-1), entry by entry and without a logarithm, so
    that it is right for a zero or negative base at every order. For an exponent that varies,
    x^y log(x) counts as 0 if x is 0.
    """
    if is_traced(x, y):
        return power(x, y)
    if np.asarray(x).dtype.kind != "f":
        x = np.asarray(x, np.float64)
    return np.power(x, y)


def where(condition: Any, x: Any, y: Any) -> Any:
    """x where the condition holds, else y. Entries that are not selected have no part in any
    derivative, even if they are NaN.
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
    """x limited to [min, max]; where min exceeds max the result is max, as in NumPy."""
    if not is_traced(x, min, max):
        return x if min is None and max is None else np.clip(x, min, max)
    result = x if min is None else maximum(x, min)
    result = result if max is None else minimum(result, max)
    if min is not None and max is not None:
        # Where the bounds are equal the result is constant and smooth, although comparisons tie.
        closed = greater_equal(min, max)
        if is_traced(closed) or np.any(closed):
            result = where(closed, max, result)
    return result
