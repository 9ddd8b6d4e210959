"""How operands of linear algebra are arranged: vectors and matrices that fit, regular or singular
on purpose.
"""

from __future__ import annotations

import math

import numpy as np
from ad_conformance.generators.strategies.builder import Abandon, Builder
from ad_conformance.generators.strategies.operands.basic import (
    Arranged,
    Arrangement,
    axis_of,
    shaped,
    some,
    with_axes,
)
from hypothesis import strategies as st


def vector(b: Builder) -> Arranged:
    place = b.pick(lambda v: v.ndim == 1 and v.size <= 4)
    return [shaped(b, (b.draw(st.integers(1, 3)),)) if place is None else place], {}


def two_vectors(b: Builder) -> Arranged:
    (one,), _ = vector(b)
    (two,), _ = vector(b)
    return [one, one if b.flag(4) else two], {}


def matrix(
    square: bool = False, regular: bool = False, nonzero: bool = False, aim: str | None = None
) -> Arrangement:
    """A matrix; `regular` keeps it well away from singular, `aim="singular"` makes it so on
    purpose.
    """

    def arranged(b: Builder) -> Arranged:
        if square:
            place = b.pick(lambda v: v.ndim == 2 and v.shape[0] == v.shape[1] and v.size > 0)
            if place is None or b.flag(3):
                n = b.choose([2, 3, 1, 4])
                place = shaped(b, (n, n))
        else:
            place = with_axes(b, 2)
        if aim == "singular" and b.flag(3):
            place = _singular(b, place)
        if regular:
            place = _regular(b, place)
        if nonzero and not np.all(np.sum(np.square(b.values[place]), axis=(-2, -1)) >= 1 / 16):
            raise Abandon
        return [place], {}

    return arranged


def _singular(b: Builder, place: int) -> int:
    """A matrix of the same size whose rank is one less, two less, or one."""
    n = b.values[place].shape[0]
    if n == 1:
        return b.must("subtract", (place, place))
    if b.flag():
        rows = b.draw(st.lists(st.integers(0, n - 2), min_size=n, max_size=n))
        return b.must("take", (place,), indices=tuple(rows), axis=b.choose([0, 1]))
    row = b.must("index", (place,), index=(0,))
    column = b.must("slice", (place,), axis=1, start=0, stop=1, step=1)
    return b.must("multiply", (column, row))


def _regular(b: Builder, place: int) -> int:
    """The matrix plus a multiple of the identity that makes its rows diagonally dominant."""
    value = b.values[place]
    n = value.shape[-1]
    off = np.sum(np.abs(value), axis=-1) - np.abs(np.diagonal(value, axis1=-2, axis2=-1))
    if np.all(np.abs(np.diagonal(value, axis1=-2, axis2=-1)) > off + 1 / 4):
        return place
    shift = math.ceil(float(np.max(np.sum(np.abs(value), axis=-1)))) + 1.0
    return b.must("add", (place, b.constant(shift * np.eye(n))))


def matmul(b: Builder) -> Arranged:
    one = with_axes(b, 1)
    n = b.values[one].shape[-1]
    two = b.pick(lambda v: (v.ndim == 1 and v.shape[0] == n) or (v.ndim == 2 and v.shape[0] == n))
    if two is None or b.flag(3):
        shape = b.choose([(n,), (n, 2), (n, n)])
        two = b.constant(b.numbers(shape)) if b.flag() else shaped(b, shape)
    return [one, two], {}


def tensordot(b: Builder) -> Arranged:
    if b.flag(4):
        return [some(b), some(b)], {"axes": 0}
    one = with_axes(b, 1)
    n = b.values[one].shape[-1]
    two = b.pick(lambda v: v.ndim >= 1 and v.shape[0] == n)
    return [one, shaped(b, (n,)) if two is None else two], {"axes": 1}


def same_last_axis(b: Builder) -> Arranged:
    one = with_axes(b, 1)
    n = b.values[one].shape[-1]
    shape = b.values[one].shape
    two = one if b.flag(4) else b.pick(lambda v: v.shape in (shape, (n,)))
    return [one, b.constant(b.numbers((n,))) if two is None else two], {}


def solve(b: Builder) -> Arranged:
    (a,), _ = matrix(square=True, regular=True)(b)
    return [a, right_side(b, a)], {}


def right_side(b: Builder, matrix: int) -> int:
    """What a system with that matrix is solved for: seldom the matrix itself, since then the
    solution stays put.
    """
    own, n = b.values[matrix], b.values[matrix].shape[-2]
    if b.flag(8):
        return matrix
    right = b.pick(lambda v: v.ndim in (1, 2) and v.shape[0] == n and v.size > 0 and v is not own)
    if right is not None and b.flag():
        return right
    shape = b.choose([(n,), (n, 2), (n, 1)])
    return b.constant(b.numbers(shape)) if b.flag(3) else shaped(b, shape)


def vector_norm(b: Builder) -> Arranged:
    place = with_axes(b, 1, nonempty=True)
    axis = None if b.flag() else axis_of(b, place)
    if not np.all(np.sum(np.square(b.values[place]), axis=axis) >= 1 / 16):
        raise Abandon
    return [place], {"axis": axis}
