"""Identities of sums and matrix products whose operands have structure.

The unit directions of a seed are identity matrices, and most programs contract them at once. These
identities replace `eye(n) @ v` by v.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from ad_conformance.engines.inhouse.core.graph import Node, Shape, make, promoted, stretch
from ad_conformance.engines.inhouse.rules import ops


def same_axes(old: Shape, new: Shape) -> list[tuple[int, int]] | None:
    """Pairs of the axes longer than 1 of both shapes; None if their lengths differ."""
    a = [i - len(old) for i, n in enumerate(old) if n != 1]
    b = [i - len(new) for i, n in enumerate(new) if n != 1]
    if [old[i] for i in a] != [new[i] for i in b]:
        return None
    return list(zip(a, b, strict=True))


def reduce_sum(params: Any, shape: Shape, x: Node) -> Node | None:
    axes, keepdims = params
    if x.size == 0 or ops.is_zero(x):
        return ops.zeros_like(x, shape)
    if x.uniform is not None:
        return x.graph.full(shape, x.uniform * ops.count(x.shape, axes), x.dtype)
    ones = [a for a in axes if x.shape[a] == 1]
    if ones:
        rest = tuple(a for a in axes if a not in ones)
        return ops.reshape(ops.reduce_sum(x, rest, True), shape)
    if keepdims and len(axes) == x.ndim:
        return ops.reshape(ops.reduce_sum(x, axes), shape)
    if x.op == "broadcast":
        inner = x.args[0]
        repeated = [a for a in axes if inner.shape[a] == 1]
        small = ops.reduce_sum(inner, tuple(a for a in axes if a not in repeated), True)
        small = stretch(
            ops.reshape(_after(small, axes, keepdims), _shrunk(shape, inner, axes, keepdims)), shape
        )
        return small * float(ops.count(x.shape, repeated))
    if x.op == "matmul" and len(axes) == 1 and axes[0] >= -2:
        # The sum of the rows of a product is the product of the sum of rows.
        a, b = x.args
        if axes[0] == -2:
            return ops.reshape(ops.matmul(ops.reduce_sum(a, axes, True), b), shape)
        return ops.reshape(ops.matmul(a, ops.reduce_sum(b, axes, True)), shape)
    if x.op == "add" and all(t.op == "matmul" and t.shape == x.shape for t in x.args):
        return ops.reduce_sum(x.args[0], axes, keepdims) + ops.reduce_sum(x.args[1], axes, keepdims)
    if x.op == "reshape":
        inner = x.args[0]
        places = same_axes(inner.shape, x.shape)
        if places is not None:
            summed = tuple(old for old, new in places if new in axes)
            return ops.reshape(ops.reduce_sum(inner, summed, True), shape)
        if len(axes) == x.ndim:
            return ops.reshape(ops.reduce_sum(inner, tuple(range(-inner.ndim, 0))), shape)
    if x.op == "multiply":
        # A factor that is constant along some of the axes leaves the sum over these.
        a, b = x.args
        for p, q in ((a, b), (b, a)):
            if (diagonal := _along_diagonal(p, q, axes)) is not None:
                return ops.reshape(diagonal, shape)
            same = tuple(axis for axis in axes if -axis > p.ndim or p.shape[axis] == 1)
            if len(same) == len(axes):
                return _after(p, axes, keepdims) * ops.reduce_sum(q, axes, keepdims)
            if same:
                product = p * ops.reduce_sum(q, same, True)
                other = tuple(axis for axis in axes if axis not in same)
                return ops.reshape(ops.reduce_sum(product, other, True), shape)
    return None


def _after(p: Node, axes: tuple[int, ...], keepdims: bool) -> Node:
    """p, which is constant along the axes, in a shape that fits a sum over them."""
    if keepdims:
        return p
    return ops.reshape(p, tuple(n for i, n in enumerate(p.shape) if i - p.ndim not in axes))


def _shrunk(shape: Shape, inner: Node, axes: tuple[int, ...], keepdims: bool) -> Shape:
    if keepdims:
        return tuple(1 if i - inner.ndim in axes else n for i, n in enumerate(inner.shape))
    return tuple(n for i, n in enumerate(inner.shape) if i - inner.ndim not in axes)


def matmul(params: Any, shape: Shape, a: Node, b: Node) -> Node | None:
    if ops.is_zero(a) or ops.is_zero(b) or a.size == 0 or b.size == 0:
        return ops.zeros_like(a if a.dtype == promoted(a.dtype, b.dtype) else b, shape)
    if a.shape[-1] == 1:
        return make("multiply", a, b)
    if (d := _diagonal(a, 1)) is not None:
        return ops.reshape(d, (*d.shape, 1)) * b
    if (d := _diagonal(b, 1)) is not None:
        return a * d
    if (small := _stretched(a, b, shape)) is not None:
        return small
    # A batch of vectors beside one matrix is one product of two matrices.
    if b.ndim == 2 and a.ndim > 2:
        rows = ops.reshape(a, (a.size // a.shape[-1], a.shape[-1]))
        return ops.reshape(make("matmul", rows, b), shape)
    if a.ndim == 2 and b.ndim > 2 and b.shape[-1] == 1:
        rows = ops.reshape(b, (b.size // b.shape[-2], b.shape[-2]))
        return ops.reshape(make("matmul", rows, ops.swap(a)), shape)
    return None


def _stretched(a: Node, b: Node, shape: Shape) -> Node | None:
    """a @ b if one of them is stretched: equal rows are computed once, equal columns summed."""
    if a.op == "broadcast":
        inner = a.args[0]
        if inner.shape[-2] != a.shape[-2]:
            return stretch(
                make("matmul", stretch(inner, (*a.shape[:-2], 1, a.shape[-1])), b), shape
            )
        if inner.shape[-1] != a.shape[-1]:
            return stretch(inner, (*a.shape[:-1], 1)) * ops.reduce_sum(b, (-2,), True)
    if b.op == "broadcast":
        inner = b.args[0]
        if inner.shape[-1] != b.shape[-1]:
            return stretch(make("matmul", a, stretch(inner, (*b.shape[:-1], 1))), shape)
        if inner.shape[-2] != b.shape[-2]:
            return ops.reduce_sum(a, (-1,), True) * stretch(inner, (*b.shape[:-2], 1, b.shape[-1]))
    return None


def _diagonal(a: Node, k: int) -> Node | None:
    """The diagonal of a constant that is a diagonal matrix, its last k axes taken as one."""
    if a.value is None or a.dtype.kind != "f" or a.uniform is not None:
        return None
    n = ops.count(a.shape, range(-k, 0))
    if n * n != a.size or (k == 1 and a.ndim != 2):
        return None
    matrix = a.value.reshape(n, n)
    diagonal = matrix.diagonal()
    if np.count_nonzero(matrix) != np.count_nonzero(diagonal):
        return None
    return a.graph.constant(diagonal)


def _along_diagonal(a: Node, b: Node, axes: tuple[int, ...]) -> Node | None:
    """The sum of a * b over the last axes, if a is diagonal and b is the same for all rows of a."""
    k = len(axes)
    if axes != tuple(range(-k, 0)) or a.ndim < k or b.size * b.size != a.size:
        return None
    if b.ndim < k or b.size != ops.count(b.shape, axes) or b.shape[-k:] != a.shape[-k:]:
        return None
    d = _diagonal(a, k)
    return None if d is None else d * ops.reshape(b, (b.size,))
