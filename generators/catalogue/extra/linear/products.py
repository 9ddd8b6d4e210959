"""Products of vectors, matrices and stacks of matrices, and norms of parts of an array."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ad_conformance.generators.catalogue.operands import family
from ad_conformance.generators.catalogue.operation import Operation
from ad_conformance.generators.catalogue.row_forms import derived

Axes = tuple[int, ...]
Order = float | str


def addmm(xp: Any, c: Any, a: Any, b: Any, *, beta: float, alpha: float) -> Any:
    """beta c + alpha a b for matrices a and b."""
    return _of_axes(c, 2) * beta + xp.matmul(_of_axes(a, 2), _of_axes(b, 2)) * alpha


def addmv(xp: Any, c: Any, a: Any, b: Any, *, beta: float, alpha: float) -> Any:
    """beta c + alpha a b for a matrix a and a vector b."""
    return _of_axes(c, 1) * beta + xp.matmul(_of_axes(a, 2), _of_axes(b, 1)) * alpha


def addr(xp: Any, c: Any, a: Any, b: Any, *, beta: float, alpha: float) -> Any:
    """beta c + alpha a b^T for vectors a and b."""
    return _of_axes(c, 2) * beta + xp.outer(_of_axes(a, 1), _of_axes(b, 1)) * alpha


def baddbmm(xp: Any, c: Any, a: Any, b: Any, *, beta: float, alpha: float) -> Any:
    """beta c + alpha a b for each matrix of the stacks a and b."""
    return _of_axes(c, 3) * beta + xp.matmul(_of_axes(a, 3), _of_axes(b, 3)) * alpha


def addbmm(xp: Any, c: Any, a: Any, b: Any, *, beta: float, alpha: float) -> Any:
    """beta c + alpha times the sum of the products a b of the matrices of two stacks."""
    products = xp.matmul(_of_axes(a, 3), _of_axes(b, 3))
    return _of_axes(c, 2) * beta + xp.sum(products, axis=0, keepdims=False) * alpha


def _of_axes(x: Any, most: int) -> Any:
    if len(x.shape) > most:
        raise ValueError(f"at most {most} axes, not shape {x.shape}")
    return x


def batched_matmul(xp: Any, a: Any, b: Any) -> Any:
    """The product of stacks of matrices, as numpy.matmul."""
    return xp.matmul(a, b)


def dot(xp: Any, a: Any, b: Any) -> Any:
    """As numpy.dot: a sum over the last axis of a and the second-to-last of b."""
    if len(b.shape) < 2:
        return xp.tensordot(a, b, axes=1)
    last = len(b.shape) - 1
    order = (last - 1, *range(last - 1), last)
    return xp.tensordot(a, xp.permute_dims(b, axes=order), axes=1)


def tensordot_axes(xp: Any, a: Any, b: Any, *, axes_a: Axes, axes_b: Axes) -> Any:
    """As numpy.tensordot: a sum over pairs of an axis of a and one of b."""
    if len(axes_a) != len(axes_b):
        raise ValueError(f"{len(axes_a)} axes cannot be summed with {len(axes_b)}")
    own, other = normalized(axes_a, len(a.shape)), normalized(axes_b, len(b.shape))
    left = xp.permute_dims(a, axes=(*_others(own, len(a.shape)), *own))
    right = xp.permute_dims(b, axes=(*other, *_others(other, len(b.shape))))
    return xp.tensordot(left, right, axes=len(own))


def normalized(axes: Axes, ndim: int) -> Axes:
    """The axes counted from 0. Raises ValueError if one is missing or named twice."""
    found = tuple(axis % ndim if -ndim <= axis < ndim else -1 for axis in axes)
    if -1 in found or len(set(found)) < len(found):
        raise ValueError(f"axes {axes} of {ndim}")
    return found


def _others(axes: Axes, ndim: int) -> Axes:
    return tuple(axis for axis in range(ndim) if axis not in axes)


def joined_axes(xp: Any, x: Any, axes: Axes, keepdims: bool, function: Callable[[Any], Any]) -> Any:
    """`function` of the array whose last axis is all of `axes` in one; it drops this axis."""
    ndim = len(x.shape)
    own = normalized(axes, ndim)
    rest = _others(own, ndim)
    kept = tuple(x.shape[axis] for axis in rest)
    joined = xp.reshape(
        xp.permute_dims(x, axes=(*rest, *own)),
        shape=(*kept, math.prod(x.shape[axis] for axis in own)),
    )
    found = function(joined)
    if not keepdims:
        return found
    return xp.reshape(found, shape=tuple(1 if k in own else n for k, n in enumerate(x.shape)))


def vector_norm_axes(xp: Any, x: Any, *, ord: Order, axes: Axes, keepdims: bool) -> Any:
    """The norm of vectors whose entries lie along several axes."""
    return joined_axes(
        xp,
        x,
        axes,
        keepdims,
        lambda v: xp.vector_norm_ord(v, ord=ord, axis=-1, keepdims=False),
    )


def matrix_norm_axes(xp: Any, x: Any, *, ord: Order, axes: Axes, keepdims: bool) -> Any:
    """The norm of matrices whose rows and columns lie along two axes."""
    ndim = len(x.shape)
    own = normalized(axes, ndim)
    if len(own) != 2:
        raise ValueError(f"two axes are needed, not {axes}")
    found = xp.matrix_norm_ord(xp.permute_dims(x, axes=(*_others(own, ndim), *own)), ord=ord)
    if not keepdims:
        return found
    return xp.reshape(found, shape=tuple(1 if k in own else n for k, n in enumerate(x.shape)))


def cond(xp: Any, a: Any, *, ord: Order) -> Any:
    """The condition number of a regular matrix in a norm."""
    if ord in (2.0, -2.0):
        values = xp.svdvals(a)
        largest, smallest = values[..., 0], values[..., -1]
        return largest / smallest if ord == 2.0 else smallest / largest
    return xp.matrix_norm_ord(a, ord=ord) * xp.matrix_norm_ord(xp.inv(a), ord=ord)


def dist(xp: Any, a: Any, b: Any, *, p: Order) -> Any:
    """The norm of a - b, which are broadcast, over all entries."""
    return xp.vector_norm_ord(a - b, ord=p, axis=None, keepdims=False)


def renorm(xp: Any, x: Any, *, p: float, axis: int, max: float, eps: float) -> Any:
    """Parts along `axis` with a norm above `max`, multiplied by max / (norm + eps)."""
    others = _others(normalized((axis,), len(x.shape)), len(x.shape))
    norms = vector_norm_axes(xp, x, ord=p, axes=others, keepdims=True)
    return xp.where(xp.greater(norms, max), x * (max / (norms + eps)), x)


_SUM = {"beta": "float", "alpha": "float"}
_PARTS = {"ord": "order", "axes": "some ints", "keepdims": "bool"}

ROWS: Sequence[Operation] = (
    *(
        derived(
            definition,
            family("product_and_sum", *shapes),
            arity=3,
            params=_SUM,
            curvature="multilinear",
            exact=True,
        )
        for definition, shapes in (
            (addmm, ("mn", "mk", "kn")),
            (addmv, ("m", "mk", "k")),
            (addr, ("mn", "m", "n")),
            (baddbmm, ("pmn", "pmk", "pkn")),
            (addbmm, ("mn", "pmk", "pkn")),
        )
    ),
    derived(batched_matmul, family("stacks"), arity=2, curvature="multilinear", exact=True),
    derived(dot, family("dot"), arity=2, curvature="multilinear", exact=True),
    derived(
        tensordot_axes,
        family("tensordot_axes"),
        arity=2,
        params={"axes_a": "ints", "axes_b": "ints"},
        curvature="multilinear",
        exact=True,
    ),
    derived(vector_norm_axes, family("vector_norm_axes"), params=_PARTS, weight=2),
    derived(matrix_norm_axes, family("matrix_norm_axes"), params=_PARTS, weight=2),
    derived(cond, family("cond"), params={"ord": "order"}, mixes=True, weight=2),
    derived(dist, family("dist"), arity=2, params={"p": "order"}),
    derived(
        renorm,
        family("renorm"),
        params={"p": "float", "axis": "int", "max": "float", "eps": "float"},
        weight=2,
    ),
)
