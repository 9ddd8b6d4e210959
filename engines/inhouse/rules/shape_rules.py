"""Shapes of results. Parameters count axes from the end, so leading batch axes pass through."""

from __future__ import annotations

import math
from typing import Any

from ad_conformance.engines.inhouse.core.graph import Mismatch, Shape


def broadcast_shapes(*shapes: Shape) -> Shape:
    """NumPy's broadcasting rule. Raises Mismatch."""
    first = shapes[0]
    if shapes.count(first) == len(shapes):
        return first
    out = max(shapes, key=len)
    if len(shapes) == 2 and () in shapes:
        return out
    result = list(out)
    for s in shapes:
        offset = len(result) - len(s)
        for i, n in enumerate(s, offset):
            if n != result[i]:
                if result[i] == 1:
                    result[i] = n
                elif n != 1:
                    raise Mismatch("the shapes do not broadcast")
    return tuple(result)


def broadcast(params: Any, *shapes: Shape) -> Shape:
    return broadcast_shapes(*shapes)


def same(params: Any, s: Shape, *others: Shape) -> Shape:
    return s


def index(key: tuple[Any, ...], shape: Shape) -> Shape:
    """The shape of x[..., key]."""
    tail = shape[len(shape) - len(key) :]
    kept = tuple(
        len(range(*slice(*k).indices(n)))
        for k, n in zip(key, tail, strict=True)
        if isinstance(k, tuple)
    )
    return shape[: len(shape) - len(key)] + kept


def reshape(params: Any, s: Shape) -> Shape:
    k, new = params
    if math.prod(s[len(s) - k :]) != math.prod(new):
        raise Mismatch(f"cannot take the shape {new}")
    return s[: len(s) - k] + tuple(new)


def stretched(params: Any, s: Shape) -> Shape:
    tail = s[len(s) - len(params) :]
    if len(tail) != len(params) or any(n not in (1, m) for n, m in zip(tail, params, strict=True)):
        raise Mismatch(f"cannot be broadcast to {params}")
    return s[: len(s) - len(params)] + tuple(params)


def transpose(perm: Any, s: Shape) -> Shape:
    return s[: len(s) - len(perm)] + tuple(s[p] for p in perm)


def pad(params: Any, s: Shape) -> Shape:
    key, tail = params
    kept = sum(isinstance(k, tuple) for k in key)
    return s[: len(s) - kept] + tuple(tail)


def replaced(s: Shape, axis: int, n: int) -> Shape:
    """s with length n along a negative axis."""
    axis += len(s)
    return (*s[:axis], n, *s[axis + 1 :])


def concat(axis: int, *shapes: Shape) -> Shape:
    if any(replaced(s, axis, 0) != replaced(shapes[0], axis, 0) for s in shapes):
        raise Mismatch(f"the shapes differ beside axis {axis}")
    return replaced(shapes[0], axis, sum(s[axis] for s in shapes))


def reduced(params: Any, s: Shape) -> Shape:
    axes, keepdims = params
    n = len(s)
    if keepdims:
        return tuple(1 if i - n in axes else m for i, m in enumerate(s))
    return tuple(m for i, m in enumerate(s) if i - n not in axes)


def extremum(params: Any, s: Shape) -> Shape:
    if any(s[a] == 0 for a in params[0]):
        raise Mismatch("no maximum of an empty axis")
    return reduced(params, s)


def matmul(params: Any, a: Shape, b: Shape) -> Shape:
    if a[-1] != b[-2]:
        raise Mismatch("the inner lengths differ")
    return (*broadcast_shapes(a[:-2], b[:-2]), a[-2], b[-1])


def square(params: Any, a: Shape) -> Shape:
    if len(a) < 2 or a[-1] != a[-2]:
        raise Mismatch("the matrix is not square")
    return a


def solve(params: Any, a: Shape, b: Shape) -> Shape:
    square(params, a)
    if a[-1] != b[-2]:
        raise Mismatch("the right-hand side has another length than the matrix")
    return broadcast_shapes(a[:-2], b[:-2]) + b[-2:]
