"""Products with several options, and norms of parts of an array, entry by entry."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tests.oracle import matrices
from tests.oracle.arrays import total
from tests.oracle.numbers import Array, exact, number


def _plus(product: Callable[[Array, Array], Array]) -> Callable[..., Array]:
    return lambda c, a, b, *, beta, alpha: np.asarray(
        c * number(beta) + product(a, b) * number(alpha)
    )


def tensordot_axes(a: Array, b: Array, *, axes_a: Sequence[int], axes_b: Sequence[int]) -> Array:
    left, right = [k % a.ndim for k in axes_a], [k % b.ndim for k in axes_b]
    kept = [k for k in range(a.ndim) if k not in left]
    rest = [k for k in range(b.ndim) if k not in right]
    out = np.empty([a.shape[k] for k in kept] + [b.shape[k] for k in rest], dtype=object)
    for index in np.ndindex(out.shape):
        own, other = [0] * a.ndim, [0] * b.ndim
        for k, i in zip(kept, index, strict=False):
            own[k] = i
        for k, i in zip(rest, index[len(kept) :], strict=True):
            other[k] = i
        terms = []
        for summed in itertools.product(*(range(a.shape[k]) for k in left)):
            for k, j, i in zip(left, right, summed, strict=True):
                own[k] = other[j] = i
            terms.append(a[tuple(own)] * b[tuple(other)])
        out[index] = total(terms)
    return out


def dot(a: Array, b: Array) -> Array:
    return tensordot_axes(a, b, axes_a=(-1,), axes_b=(-2 if b.ndim > 1 else -1,))


def parts(x: Array, axes: Sequence[int], keepdims: bool, function: Callable[[Array], Any]) -> Array:
    """`function` of the part along `axes`, which come in this order, at each other index."""
    own = [k % x.ndim for k in axes]
    rest = [k for k in range(x.ndim) if k not in own]
    turned = np.transpose(x, (*rest, *own))
    out = np.empty([x.shape[k] for k in rest], dtype=object)
    for index in np.ndindex(out.shape):
        out[index] = function(turned[index])
    return np.expand_dims(out, tuple(sorted(own))) if keepdims else out


def vector_norm_axes(x: Array, *, ord: Any, axes: Sequence[int], keepdims: bool) -> Array:
    return parts(x, axes, keepdims, lambda part: matrices.norm(list(part.reshape(-1)), ord))


def matrix_norm_axes(x: Array, *, ord: Any, axes: Sequence[int], keepdims: bool) -> Array:
    return parts(x, axes, keepdims, lambda part: matrices.matrix_norm_ord(part, ord=ord))


def cond(a: Array, *, ord: Any) -> Array:
    """The product of the norms of a matrix and its inverse."""
    if a.ndim > 2:
        return np.stack([np.asarray(cond(part, ord=ord)) for part in a])
    inverse = matrices.inverse(a)
    return exact(matrices.matrix_norm_ord(a, ord=ord) * matrices.matrix_norm_ord(inverse, ord=ord))


def renorm(x: Array, *, p: float, axis: int, max: float, eps: float) -> Array:
    parts = []
    for part in np.moveaxis(x, axis, 0):
        size = matrices.norm(list(part.reshape(-1)), p)
        parts.append(part * (number(max) / (size + number(eps))) if size > number(max) else part)
    return np.moveaxis(np.stack(parts), 0, axis)


OPERATIONS: Mapping[str, Callable[..., Array]] = {
    "addmm": _plus(matrices.dot),
    "addmv": _plus(matrices.matmul),
    "addr": _plus(matrices.outer),
    "baddbmm": _plus(matrices.matmul),
    "addbmm": _plus(lambda a, b: sum((matrices.dot(p, q) for p, q in zip(a, b, strict=True)), 0)),
    "batched_matmul": matrices.matmul,
    "dot": dot,
    "tensordot_axes": tensordot_axes,
    "vector_norm_axes": vector_norm_axes,
    "matrix_norm_axes": matrix_norm_axes,
    "cond": cond,
    "dist": lambda a, b, *, p: exact(matrices.norm(list(np.ravel(a - b)), p)),
    "renorm": renorm,
}
