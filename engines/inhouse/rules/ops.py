"""Functions that make nodes, one per primitive, with parameters in one form, so that equal ones
merge.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from ad_conformance.engines.inhouse.core.graph import Node, Shape, make, stretch

Key = tuple[Any, ...]
FULL = (0, None, 1)

broadcast_to = stretch


def stretch_axes(x: Node, tail: Shape) -> Node:
    """x with its last len(tail) axes stretched to `tail`."""
    return stretch(x, x.shape[: x.ndim - len(tail)] + tail)


def is_zero(node: Node) -> bool:
    return node.uniform == 0


def zeros_like(node: Node, shape: Shape | None = None) -> Node:
    return node.graph.full(node.shape if shape is None else shape, 0.0, node.dtype)


def reshape_tail(x: Node, k: int, new: Shape) -> Node:
    """The last k axes of x become `new`."""
    while k and new and x.shape[-k] == new[0] and x.size:
        k, new = k - 1, new[1:]
    if k == 0 and not new:
        return x
    return make("reshape", x, params=(k, new))


def reshape(x: Node, shape: Shape) -> Node:
    return x if x.shape == shape else reshape_tail(x, x.ndim, shape)


def expand(x: Node, axes: Sequence[int]) -> Node:
    """x with axes of length 1 inserted, so that they are `axes` (negative) of the result."""
    ndim = x.ndim + len(axes)
    rest = iter(x.shape)
    return reshape(x, tuple(1 if i - ndim in axes else next(rest) for i in range(ndim)))


def transpose(x: Node, perm: tuple[int, ...]) -> Node:
    """The last len(perm) axes in the order perm (negative axes)."""
    while perm and perm[0] == -len(perm):
        perm = perm[1:]
    return make("transpose", x, params=perm) if perm else x


def swap(x: Node) -> Node:
    """The matrices in x transposed."""
    return transpose(x, (-1, -2))


def index(x: Node, key: Key) -> Node:
    tail = x.shape[x.ndim - len(key) :]
    key = tuple(
        _bounds(k, n) if isinstance(k, tuple) else k for k, n in zip(key, tail, strict=True)
    )
    while key and key[0] == FULL:
        key = key[1:]
    return make("index", x, params=key) if key else x


def _bounds(k: tuple[Any, ...], n: int) -> tuple[Any, ...]:
    """One form for all slices that select the same: an end at the edge is left open."""
    r = range(*slice(*k).indices(n))
    if len(r) == 0:
        return (0, 0, 1)
    if len(r) == 1:
        after = r[0] + 1
        return FULL if n == 1 else (r[0], after if after < n else None, 1)
    last = r[-1] + (1 if r.step > 0 else -1)
    return (r.start, last if 0 <= last < n else None, r.step)


def pad(x: Node, key: Key, tail: Shape) -> Node:
    return make("pad", x, params=(key, tail))


def take(x: Node, indices: tuple[int, ...], axis: int) -> Node:
    return make("take", x, params=(axis, indices))


def scatter(x: Node, indices: tuple[int, ...], axis: int, size: int) -> Node:
    return make("scatter", x, params=(axis, indices, size))


def concat(parts: Sequence[Node], axis: int) -> Node:
    return parts[0] if len(parts) == 1 else make("concat", *parts, params=axis)


def reduce_sum(x: Node, axes: tuple[int, ...], keepdims: bool = False) -> Node:
    return make("sum", x, params=(axes, keepdims)) if axes else x


def select(condition: Node, a: Node | float, b: Node | float) -> Node:
    return make("select", condition, a, b)


def matmul(a: Node, b: Node) -> Node:
    return make("matmul", a, b)


def count(shape: Shape, axes: Sequence[int]) -> int:
    return math.prod(shape[a] for a in axes)


def astype(x: Node, dtype: Any) -> Node:
    return make("astype", x, params=np.dtype(dtype).name)


def cumsum(x: Node, axis: int) -> Node:
    return make("cumsum", x, params=axis)


def reduce_max(x: Node, axes: tuple[int, ...], keepdims: bool = False) -> Node:
    return make("max", x, params=(axes, keepdims)) if axes else x


def solve(a: Node, b: Node) -> Node:
    return make("solve", a, b)


def logsumexp(x: Node, axes: tuple[int, ...], keepdims: bool = False) -> Node:
    return make("logsumexp", x, params=(axes, keepdims)) if axes else x
