"""Formulas of operations and of their derivatives, written with catalogue operations.

Triage uses them if an operation fails, to see whether an operation that it is computed with is at
fault. `xp` is a namespace with the catalogue operations as functions.
"""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np


def _parts(x: Any, axis: int) -> list[Any]:
    """The slices of length 1 along an axis. Raises ValueError for more than MAX_PARTS."""
    if x.shape[axis] > MAX_PARTS:
        raise ValueError(f"{x.shape[axis]} entries are too many to be written out")
    before = (slice(None),) * (axis % x.ndim)
    return [x[(*before, slice(i, i + 1))] for i in range(x.shape[axis])]


def _running(name: str) -> Callable[..., Any]:
    """A cumulative operation along an axis, as repeated use of an operation of two operands."""

    def formula(xp: Any, x: Any, axis: int) -> Any:
        return xp.concat(list(itertools.accumulate(_parts(x, axis), getattr(xp, name))), axis=axis)

    return formula


def _prod(xp: Any, x: Any, axis: int | None, keepdims: bool) -> Any:
    along = xp.reshape(x, shape=(-1,)) if axis is None else x
    product = functools.reduce(operator.mul, _parts(along, axis or 0))
    return xp.reshape(product, shape=np.sum(np.empty(x.shape), axis=axis, keepdims=keepdims).shape)


def _mean(xp: Any, x: Any, axis: int | None, keepdims: bool) -> Any:
    count = x.size if axis is None else x.shape[axis]
    return xp.sum(x, axis=axis, keepdims=keepdims) * (1.0 / count)


def _sort(xp: Any, x: Any, axis: int, descending: bool) -> Any:
    ascending = xp.sort_by(x, x, axis=axis)
    return xp.flip(ascending, axis=axis) if descending else ascending


def _roll(xp: Any, x: Any, shift: int, axis: int) -> Any:
    length = x.shape[axis]
    first = -shift % length
    return xp.take(x, indices=(*range(first, length), *range(first)), axis=axis)


def _descent(xp: Any, x: Any, c: Any, body: str, rate: float, count: int) -> Any:
    for _ in range(count):
        x = x - rate * xp.inner_derivative(x, c, body=body)
    return x


def _solve_triangular(
    xp: Any, a: Any, b: Any, upper: bool, unit_diagonal: bool, transpose: bool
) -> Any:
    eye = np.eye(a.shape[-1])
    full = np.triu(np.ones_like(eye)) if upper else np.tril(np.ones_like(eye))
    triangle = a * (full - eye) + eye if unit_diagonal else a * full
    return xp.solve(xp.matrix_transpose(triangle) if transpose else triangle, b)


#: Entries along an axis that are written out one by one.
MAX_PARTS = 32
#: Operations that move values and compute nothing.
MOVING = frozenset(
    {"concat", "stack", "slice", "index", "take", "reshape", "expand_dims", "broadcast_to"}
)

#: Operations in terms of simpler ones, beside the definitions that the catalogue has for some.
FORMULAS: Mapping[str, Callable[..., Any]] = {
    "square": lambda xp, x: x * x,
    "reciprocal": lambda xp, x: 1.0 / x,
    "subtract": lambda xp, a, b: a + -b,
    "negative": lambda xp, x: -1.0 * x,
    "mean": _mean,
    "vecdot": lambda xp, a, b: xp.sum(a * b, axis=-1, keepdims=False),
    "digamma": lambda xp, x: xp.polygamma(x, n=0),
    "sort": _sort,
    "min": lambda xp, x, axis, keepdims: -xp.max(-x, axis=axis, keepdims=keepdims),
    "clip": lambda xp, x, min, max: xp.minimum(xp.maximum(x, min), max),
    "logcumsumexp": _running("logaddexp"),
    "cumulative_sum": _running("add"),
    "cumulative_prod": _running("multiply"),
    "prod": _prod,
    "expand_dims": lambda xp, x, axis: xp.reshape(
        x, shape=np.expand_dims(np.empty(x.shape), axis).shape
    ),
    "outer": lambda xp, a, b: a[:, None] * b[None, :],
    "roll": _roll,
    "trace": lambda xp, x: xp.sum(xp.diagonal(x), axis=-1, keepdims=False),
    "vector_norm": lambda xp, x, axis: xp.sqrt(xp.sum(x * x, axis=axis, keepdims=False)),
    "matrix_norm": lambda xp, x: xp.sqrt(
        xp.sum(xp.sum(x * x, axis=-1, keepdims=False), axis=-1, keepdims=False)
    ),
    "stack": lambda xp, *parts, axis: xp.concat(
        [xp.expand_dims(part, axis=axis) for part in parts], axis=axis
    ),
    "solve_triangular": _solve_triangular,
    "pow_int": lambda xp, x, exponent: xp.pow(x, float(exponent)),
    "pow_float": lambda xp, x, exponent: xp.pow(x, exponent),
    "inner_pushforward": lambda xp, x, c, body: xp.inner_derivative(x, c, body=body) * c,
    "descent": _descent,
}

#: Derivatives inside a program, and how many letters the mode gains if they are taken of the whole
#: program instead.
NESTED: Mapping[str, int] = {"inner_derivative": 1, "inner_second_derivative": 2}

#: Partial derivatives by each operand, for operations that work entry by entry. Source: Abramowitz
#: and Stegun 4.1 to 4.6, 5.1, 6.3, 6.4, 7.1, 9.1, 9.6.
PARTIALS: Mapping[str, tuple[Callable[..., Any], ...]] = {
    "sin": (lambda xp, x: xp.cos(x),),
    "cos": (lambda xp, x: -xp.sin(x),),
    "tan": (lambda xp, x: 1.0 + xp.tan(x) * xp.tan(x),),
    "sinh": (lambda xp, x: xp.cosh(x),),
    "cosh": (lambda xp, x: xp.sinh(x),),
    "tanh": (lambda xp, x: 1.0 - xp.tanh(x) * xp.tanh(x),),
    "exp2": (lambda xp, x: xp.exp2(x) * math.log(2),),
    "expm1": (lambda xp, x: xp.exp(x),),
    "log": (lambda xp, x: 1.0 / x,),
    "log2": (lambda xp, x: 1.0 / math.log(2) / x,),
    "log10": (lambda xp, x: 1.0 / math.log(10) / x,),
    "log1p": (lambda xp, x: 1.0 / (1.0 + x),),
    "sqrt": (lambda xp, x: 0.5 / xp.sqrt(x),),
    "asin": (lambda xp, x: 1.0 / xp.sqrt(1.0 - x * x),),
    "acos": (lambda xp, x: -1.0 / xp.sqrt(1.0 - x * x),),
    "asinh": (lambda xp, x: 1.0 / xp.hypot(x, 1.0),),
    "acosh": (lambda xp, x: 1.0 / xp.sqrt(x * x - 1.0),),
    "atan": (lambda xp, x: 1.0 / (1.0 + x * x),),
    "atanh": (lambda xp, x: 1.0 / (1.0 - x * x),),
    "cbrt": (lambda xp, x: 1.0 / (3.0 * xp.cbrt(x) * xp.cbrt(x)),),
    "lgamma": (lambda xp, x: xp.digamma(x),),
    "digamma": (lambda xp, x: xp.polygamma(x, n=1),),
    "polygamma": (lambda xp, x, n: xp.polygamma(x, n=n + 1),),
    "gamma": (lambda xp, x: xp.gamma(x) * xp.digamma(x),),
    "erf": (lambda xp, x: 2.0 / math.sqrt(math.pi) * xp.exp(-(x * x)),),
    "erfc": (lambda xp, x: -2.0 / math.sqrt(math.pi) * xp.exp(-(x * x)),),
    "erfinv": (lambda xp, x: math.sqrt(math.pi) / 2.0 * xp.exp(xp.erfinv(x) * xp.erfinv(x)),),
    "ndtr": (lambda xp, x: 1.0 / math.sqrt(2.0 * math.pi) * xp.exp(x * x * -0.5),),
    "ndtri": (lambda xp, x: math.sqrt(2.0 * math.pi) * xp.exp(xp.ndtri(x) * xp.ndtri(x) * 0.5),),
    "log_ndtr": (
        lambda xp, x: 1.0 / math.sqrt(2.0 * math.pi) * xp.exp(x * x * -0.5 - xp.log_ndtr(x)),
    ),
    "exp1": (lambda xp, x: -xp.exp(-x) / x,),
    "expi": (lambda xp, x: xp.exp(x) / x,),
    "i0": (lambda xp, x: xp.i1(x),),
    "i1": (lambda xp, x: xp.i0(x) - xp.i1(x) / x,),
    "j0": (lambda xp, x: -xp.j1(x),),
    "j1": (lambda xp, x: xp.j0(x) - xp.j1(x) / x,),
    "expit": (lambda xp, x: xp.expit(x) * xp.expit(-x),),
    "softplus": (lambda xp, x: xp.expit(x),),
    "logsigmoid": (lambda xp, x: xp.expit(-x),),
    "logaddexp": (lambda xp, a, b: xp.expit(a - b), lambda xp, a, b: xp.expit(b - a)),
    "hypot": (lambda xp, a, b: a / xp.hypot(a, b), lambda xp, a, b: b / xp.hypot(a, b)),
    "atan2": (lambda xp, a, b: b / (a * a + b * b), lambda xp, a, b: -a / (a * a + b * b)),
    "divide": (lambda xp, a, b: 1.0 / b, lambda xp, a, b: -a / (b * b)),
    "pow": (lambda xp, a, b: b * xp.pow(a, b - 1.0), lambda xp, a, b: xp.pow(a, b) * xp.log(a)),
    "xlogy": (lambda xp, a, b: xp.log(b), lambda xp, a, b: a / b),
    "xlog1py": (lambda xp, a, b: xp.log1p(b), lambda xp, a, b: a / (1.0 + b)),
}


def _symmetric(a: np.ndarray) -> np.ndarray:
    return np.asarray((a + np.swapaxes(a, -1, -2)) / 2.0)


def _push_cholesky(xp: Any, operands: Sequence[Any], tangents: Sequence[Any]) -> Any:
    factor = xp.cholesky(operands[0])
    inverse = xp.inv(factor)
    middle = inverse @ _symmetric(tangents[0]) @ xp.matrix_transpose(inverse)
    n = factor.shape[-1]
    return factor @ (middle * (np.tri(n) - 0.5 * np.eye(n)))


def _sylvester(xp: Any, root: Any, right: Any) -> Any:
    """The solution X of S X + X S = right, for S = root."""
    n = root.shape[-1]
    system = xp.kron(root, np.eye(n)) + xp.kron(np.eye(n), root)
    return xp.reshape(xp.solve(system, xp.reshape(right, shape=(n * n, 1))), shape=(n, n))


def _push_sqrtm(xp: Any, operands: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """The derivative X of the square root S along A' is the solution of S X + X S = A'."""
    return _sylvester(xp, xp.sqrtm(operands[0]), _symmetric(tangents[0]))


def _push_polar(xp: Any, operands: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """The derivative of U in A = U H along A'.

    Within the span of U it is U X, where X solves X H + H X = U^T A' - A'^T U. Outside of the span
    it is (A' - U U^T A') H^-1.
    """
    (a,), (tangent,) = operands, tangents
    wide = a.shape[-2] < a.shape[-1]
    a, tangent = (xp.matrix_transpose(a), np.swapaxes(tangent, -1, -2)) if wide else (a, tangent)
    factor = xp.polar_factor(a)
    back = xp.matrix_transpose(factor)
    inside, size = back @ tangent, back @ a
    size = (size + xp.matrix_transpose(size)) * 0.5
    moved = factor @ _sylvester(xp, size, inside - xp.matrix_transpose(inside))
    if a.shape[-2] > a.shape[-1]:
        beside = tangent - factor @ inside
        moved = moved + xp.matrix_transpose(xp.solve(size, xp.matrix_transpose(beside)))
    return xp.matrix_transpose(moved) if wide else moved


def _push_solve(xp: Any, operands: Sequence[Any], tangents: Sequence[Any]) -> Any:
    (a, b), (s, t) = operands, tangents
    right = 0.0 * b if t is None else t
    return xp.solve(a, right if s is None else right - s @ xp.solve(a, b))


#: Derivatives of functions of single matrices along tangents; a tangent is None if its operand does
#: not vary. Sources: M. Giles, "An extended collection of matrix derivative results" (2008);
#: I. Murray, "Differentiation of the Cholesky decomposition" (2016).
PUSHFORWARDS: Mapping[str, Callable[..., Any]] = {
    "inv": lambda xp, operands, tangents: (
        -(xp.inv(operands[0]) @ tangents[0] @ xp.inv(operands[0]))
    ),
    "det": lambda xp, operands, tangents: (
        xp.det(operands[0]) * xp.trace(xp.inv(operands[0]) @ tangents[0])
    ),
    "solve": _push_solve,
    "cholesky": _push_cholesky,
    "sqrtm": _push_sqrtm,
    "polar_factor": _push_polar,
}


def _pull_cholesky(xp: Any, a: Any, cotangent: Any) -> Any:
    factor, n = xp.cholesky(a), a.shape[-1]
    inverse = xp.inv(factor)
    middle = (xp.matrix_transpose(factor) @ cotangent) * (np.tri(n) - 0.5 * np.eye(n))
    return xp.matrix_transpose(inverse) @ middle @ inverse


def _pull_inv(xp: Any, a: Any, cotangent: Any) -> Any:
    back = xp.matrix_transpose(xp.inv(a))
    return -(back @ cotangent @ back)


#: Pullbacks of a cotangent for functions of one matrix whose value has the matrix's shape. For
#: those in SYMMETRIC, before the symmetric part is taken. Sources as above.
PULLBACKS: Mapping[str, Callable[..., Any]] = {
    "inv": _pull_inv,
    "cholesky": _pull_cholesky,
    "sqrtm": lambda xp, a, cotangent: _sylvester(xp, xp.sqrtm(a), cotangent),
    "polar_factor": lambda xp, a, cotangent: _push_polar(xp, (a,), (cotangent,)),
}
#: Operations that use only the symmetric part of their operand.
SYMMETRIC = frozenset({"cholesky", "sqrtm"})


def pushforward(operation: str) -> Callable[..., Any] | None:
    """The formula of an operation's derivative along tangents, `push(xp, operands, tangents,
    **params)`, or None if there is none here.
    """
    partials = PARTIALS.get(operation)
    if partials is None:
        return PUSHFORWARDS.get(operation)

    def push(xp: Any, operands: Sequence[Any], tangents: Sequence[Any], **params: Any) -> Any:
        moving = [
            (partial, t) for partial, t in zip(partials, tangents, strict=True) if t is not None
        ]
        return functools.reduce(
            operator.add, (partial(xp, *operands, **params) * t for partial, t in moving)
        )

    return push
