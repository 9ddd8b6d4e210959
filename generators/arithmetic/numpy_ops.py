"""The functions that operations compute, on float64 arrays and on object arrays of balls.

Functions of NumPy that also work on object arrays (to move and stack entries, sums and products)
are used directly by the catalogue.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from ad_conformance.generators.arithmetic.lazy import balls, matrix_balls, resolved

Array = np.ndarray
#: The most rows of a matrix whose minors are expanded: each row doubles their number.
MAX_SIDE = 8
#: The most rows of a matrix whose inverse or determinant is computed.
MAX_ROWS = 64


def elementwise(ufunc: Any, ball: Callable[..., Any], operands: int = 0) -> Callable[..., Any]:
    """`ufunc` on arrays of numbers and `ball`, entry by entry, on object arrays of balls.

    `operands` is the number of operands; give it if `ufunc` is not a NumPy ufunc, which knows it.
    """

    @cache
    def on_balls() -> Any:
        return np.frompyfunc(resolved(ball), operands or ufunc.nin, 1)

    def evaluate(*values: Array) -> Any:
        if any(v.dtype == object for v in values):
            # Comparisons of balls are identified by the order in which they are made. C order
            # keeps that order independent of the memory layout of the arrays.
            return on_balls()(*values, order="C")
        return ufunc(*values)

    return evaluate


def method(name: str) -> Callable[[Any], Any]:
    return lambda z: getattr(z, name)()


def as_array(value: Any) -> Array:
    """`value` as an array. Arithmetic turns arrays of balls without axes into balls; this turns
    them into such arrays again.
    """
    if isinstance(value, np.ndarray):
        return value
    return np.asarray(value)


def as_arrays(operands: Sequence[Any]) -> list[Array]:
    """The operands of one operation as arrays, all of balls if any is."""
    arrays = [as_array(value) for value in operands]
    if any(a.dtype == object for a in arrays):
        return [balls.to_balls(a) if a.dtype.kind in "if" else a for a in arrays]
    return [a.astype(float) if a.dtype.kind == "i" else a for a in arrays]


maximum = elementwise(np.maximum, balls.maximum)
minimum = elementwise(np.minimum, balls.minimum)
less = elementwise(np.less, balls.less)
sqrt = elementwise(np.sqrt, balls.sqrt)
_exp, _log = elementwise(np.exp, method("exp")), elementwise(np.log, balls.log)


def power_exponent(_result: Array, base: Array, exponent: Array) -> Array:
    """The size of the exponent (b - k) log(a) in the k-th derivative of a**b by a, which is rounded
    unless b - k is exact.
    """
    size = np.where(np.round(exponent * 1024) == exponent * 1024, 0.0, 1 + np.abs(exponent))
    return np.asarray(size * np.abs(np.log(np.where(base == 0, 1.0, np.abs(base)))))


def truth_values(compared: Any) -> Array:
    return np.asarray(compared).astype(bool)


def less_equal(a: Array, b: Array) -> Any:
    return np.logical_not(truth_values(less(b, a)))


def equal(a: Array, b: Array) -> Any:
    return less_equal(a, b) & less_equal(b, a)


def reduce_pairwise(binary: Callable[..., Any], ufunc: Any) -> Callable[..., Any]:
    """A reduction that applies `binary` to pairs of balls, so that every comparison is a branch."""

    def evaluate(x: Array, *, axis: int | None, keepdims: bool) -> Any:
        if x.dtype != object:
            return ufunc.reduce(x, axis=axis, keepdims=keepdims)
        rows = x.reshape(-1) if axis is None else np.moveaxis(x, axis, 0)
        if len(rows) == 0:
            raise ValueError("reduction of an empty axis has no identity")
        out = np.asarray(rows[0], dtype=object)
        for row in rows[1:]:
            out = np.asarray(binary(out, np.asarray(row, dtype=object)), dtype=object)
        if not keepdims:
            return out
        return out.reshape((1,) * x.ndim) if axis is None else np.expand_dims(out, axis)

    return evaluate


def sort_by(keys: Array, x: Array, *, axis: int) -> Array:
    """`x` in the order of `keys`. On balls, every comparison is a branch, and equal keys may come
    in any order.
    """
    if keys.shape != x.shape or not x.ndim:
        raise ValueError(f"keys of shape {keys.shape} cannot sort shape {x.shape}")
    if keys.dtype != object:
        return np.take_along_axis(x, np.argsort(keys, axis=axis, kind="stable"), axis)
    rows, out = np.moveaxis(keys, axis, -1), np.moveaxis(x, axis, -1).copy()
    for index in np.ndindex(rows.shape[:-1]):
        order: list[int] = []
        for i, key in enumerate(rows[index]):
            at = len(order)
            while at and balls.less(key, rows[index][order[at - 1]]):
                at -= 1
            order.insert(at, i)
        out[index] = out[index][order] if order else out[index]
    return np.moveaxis(out, -1, axis)


def sort(x: Array, *, axis: int, descending: bool) -> Array:
    ordered = sort_by(x, x, axis=axis)
    return np.flip(ordered, axis) if descending else ordered


def mean(x: Array, *, axis: int | None, keepdims: bool) -> Any:
    return np.sum(x, axis=axis, keepdims=keepdims) / (x.size if axis is None else x.shape[axis])


def where(condition: Array, a: Array, b: Array) -> Any:
    return np.where(condition, a, b)


def _square_matrix(a: Array) -> int:
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ValueError(f"a square matrix is needed, not shape {a.shape}")
    if a.shape[-1] > MAX_ROWS:
        raise ValueError(f"a matrix of at most {MAX_ROWS} rows is needed, not shape {a.shape}")
    return int(a.shape[-1])


def minors(a: Array, rows: Sequence[int]) -> dict[tuple[int, ...], Any]:
    """The determinants of `rows` with every choice of as many columns, by Laplace expansion.

    The result is a polynomial in the entries, without division, so singular matrices are no special
    case.
    """
    minors: dict[tuple[int, ...], Any] = {(): 1.0}
    for size, row in enumerate(reversed(rows), start=1):
        minors = {
            columns: sum(
                (-1) ** k * a[..., row, j] * minors[columns[:k] + columns[k + 1 :]]
                for k, j in enumerate(columns)
            )
            for columns in itertools.combinations(range(a.shape[-1]), size)
        }
    return minors


def det(a: Array) -> Any:
    n = _square_matrix(a)
    if n > MAX_SIDE:
        return matrix_balls.det(a)[()] if a.dtype == object else np.linalg.det(a)
    return minors(a, range(n))[tuple(range(n))] if n else np.ones(a.shape[:-2])


def inv(a: Array) -> Any:
    """The inverse: the adjugate divided by the determinant, or by elimination for many rows."""
    n = _square_matrix(a)
    if n == 0:
        return a
    if n > MAX_SIDE:
        return matrix_balls.inv(a) if a.dtype == object else _eliminated(a)
    everything = tuple(range(n))
    without = [minors(a, [r for r in range(n) if r != i]) for i in range(n)]
    adjugate = np.empty((n, n, *a.shape[:-2]), dtype=a.dtype)
    for i, j in itertools.product(range(n), repeat=2):
        adjugate[i, j] = (-1) ** (i + j) * without[j][everything[:i] + everything[i + 1 :]]
    return np.moveaxis(adjugate, (0, 1), (-2, -1)) / np.asarray(det(a))[..., None, None]


def _eliminated(a: Array) -> Array:
    """The inverse by elimination; NaN if a matrix is singular."""
    try:
        return np.linalg.inv(a)
    except np.linalg.LinAlgError:
        return np.full(a.shape, np.nan)


def solve(a: Array, b: Array) -> Any:
    if b.ndim not in (1, 2):
        raise ValueError(f"the right-hand side must have 1 or 2 axes, not shape {b.shape}")
    return np.matmul(inv(a), b)


def vector_norm(x: Array, *, axis: int | None) -> Any:
    return sqrt(np.asarray(np.sum(x * x, axis=axis)))


def matrix_norm(x: Array) -> Any:
    if x.ndim < 2:
        raise ValueError(f"a matrix is needed, not shape {x.shape}")
    return sqrt(np.asarray(np.sum(x * x, axis=(-2, -1))))


def diag(x: Array) -> Array:
    if x.ndim != 1:
        raise ValueError(f"a vector is needed, not shape {x.shape}")
    return np.diag(x)


def vecdot(a: Array, b: Array) -> Any:
    if not a.ndim or not b.ndim or a.shape[-1] != b.shape[-1]:
        raise ValueError(f"last axes differ: {a.shape} and {b.shape}")
    return np.sum(a * b, axis=-1)


def outer(a: Array, b: Array) -> Array:
    if a.ndim != 1 or b.ndim != 1:
        raise ValueError(f"vectors are needed, not shapes {a.shape} and {b.shape}")
    return np.asarray(np.multiply.outer(a, b))


def logsumexp(x: Array, *, axis: int | None, keepdims: bool) -> Any:
    if x.dtype != object:
        ufunc: Any = np.logaddexp
        return ufunc.reduce(x, axis=axis, keepdims=keepdims)
    return _log(np.asarray(np.sum(_exp(x), axis=axis, keepdims=keepdims)))


def logcumsumexp(x: Array, *, axis: int) -> Any:
    if x.dtype != object:
        return np.logaddexp.accumulate(x, axis=axis)
    return _log(np.cumsum(_exp(x), axis=axis))


def clip(x: Array, *, min: float, max: float) -> Any:
    low, high = (
        np.asarray(v) if x.dtype != object else balls.to_balls(np.asarray(v)) for v in (min, max)
    )
    return minimum(np.asarray(maximum(x, low)), high)


def slice_(x: Array, *, axis: int, start: int, stop: int, step: int) -> Array:
    key = [slice(None)] * x.ndim
    key[axis] = slice(start, stop, step)
    return x[tuple(key)]


def power(base: Array, exponent: Array) -> Any:
    if base.dtype == object or exponent.dtype == object:
        exponent = exponent if exponent.dtype == object else balls.to_balls(exponent)
        return np.frompyfunc(resolved(balls.power), 2, 1)(base, exponent)
    return np.power(base, exponent)
