"""Operand strategies for linear algebra: vectors and matrices of matching shapes, regular or
singular ones.
"""

from __future__ import annotations

import math

import numpy as np
from ad_conformance.generators.strategies.builder import Abandon, Builder
from ad_conformance.generators.strategies.operands.basic import (
    DrawnOperands,
    OperandStrategy,
    axis_of,
    shaped,
    some,
    with_axes,
)


def vector(b: Builder) -> DrawnOperands:
    value_id = b.pick(lambda v: v.ndim == 1 and v.size <= 4)
    return [shaped(b, (b.integer(1, 3),)) if value_id is None else value_id], {}


def two_vectors(b: Builder) -> DrawnOperands:
    (one,), _ = vector(b)
    (two,), _ = vector(b)
    return [one, one if b.flag(4) else two], {}


def matrix(
    square: bool = False, regular: bool = False, nonzero: bool = False, aim: str | None = None
) -> OperandStrategy:
    """A matrix. `regular` keeps it well away from singular matrices; `aim="singular"` makes it
    singular one time in three.
    """

    def strategy(b: Builder) -> DrawnOperands:
        if square:
            value_id = b.pick(lambda v: v.ndim == 2 and v.shape[0] == v.shape[1] and v.size > 0)
            if value_id is None or b.flag(3):
                n = b.choose([2, 3, 1, 4])
                value_id = shaped(b, (n, n))
        else:
            value_id = with_axes(b, 2)
        if aim == "singular" and b.flag(3):
            value_id = _singular(b, value_id)
        if regular:
            value_id = _regular(b, value_id)
        if nonzero and not np.all(np.sum(np.square(b.values[value_id]), axis=(-2, -1)) >= 1 / 16):
            raise Abandon
        return [value_id], {}

    return strategy


def _singular(b: Builder, value_id: int) -> int:
    """A matrix of the same size that is singular: with repeated rows or columns, or of rank one."""
    n = b.values[value_id].shape[0]
    if n == 1:
        return b.must("subtract", (value_id, value_id))
    if b.flag():
        rows = b.integers(0, n - 2, n)
        return b.must("take", (value_id,), indices=tuple(rows), axis=b.choose([0, 1]))
    row = b.must("index", (value_id,), index=(0,))
    column = b.must("slice", (value_id,), axis=1, start=0, stop=1, step=1)
    return b.must("multiply", (column, row))


def _regular(b: Builder, value_id: int) -> int:
    """The matrix plus a multiple of the identity, so that its rows are diagonally dominant."""
    value = b.values[value_id]
    n = value.shape[-1]
    off = np.sum(np.abs(value), axis=-1) - np.abs(np.diagonal(value, axis1=-2, axis2=-1))
    if np.all(np.abs(np.diagonal(value, axis1=-2, axis2=-1)) > off + 1 / 4):
        return value_id
    shift = math.ceil(float(np.max(np.sum(np.abs(value), axis=-1)))) + 1.0
    return b.must("add", (value_id, b.constant(shift * np.eye(n))))


def matmul(b: Builder) -> DrawnOperands:
    one = with_axes(b, 1)
    n = b.values[one].shape[-1]
    two = b.pick(lambda v: (v.ndim == 1 and v.shape[0] == n) or (v.ndim == 2 and v.shape[0] == n))
    if two is None or b.flag(3):
        shape = b.choose([(n,), (n, 2), (n, n)])
        two = b.constant(b.numbers(shape)) if b.flag() else shaped(b, shape)
    return [one, two], {}


def tensordot(b: Builder) -> DrawnOperands:
    if b.flag(4):
        return [some(b), some(b)], {"axes": 0}
    one = with_axes(b, 1)
    n = b.values[one].shape[-1]
    two = b.pick(lambda v: v.ndim >= 1 and v.shape[0] == n)
    return [one, shaped(b, (n,)) if two is None else two], {"axes": 1}


def same_last_axis(b: Builder) -> DrawnOperands:
    one = with_axes(b, 1)
    n = b.values[one].shape[-1]
    shape = b.values[one].shape
    two = one if b.flag(4) else b.pick(lambda v: v.shape in (shape, (n,)))
    return [one, b.constant(b.numbers((n,))) if two is None else two], {}


def solve(b: Builder) -> DrawnOperands:
    (a,), _ = matrix(square=True, regular=True)(b)
    return [a, right_side(b, a)], {}


def right_side(b: Builder, matrix: int) -> int:
    """The right side of a linear system with that matrix. Seldom the matrix itself, because then
    the solution is constant.
    """
    own, n = b.values[matrix], b.values[matrix].shape[-2]
    if b.flag(8):
        return matrix
    right = b.pick(lambda v: v.ndim in (1, 2) and v.shape[0] == n and v.size > 0 and v is not own)
    if right is not None and b.flag():
        return right
    shape = b.choose([(n,), (n, 2), (n, 1)])
    return b.constant(b.numbers(shape)) if b.flag(3) else shaped(b, shape)


def vector_norm(b: Builder) -> DrawnOperands:
    value_id = with_axes(b, 1, nonempty=True)
    axis = None if b.flag() else axis_of(b, value_id)
    if not np.all(np.sum(np.square(b.values[value_id]), axis=axis) >= 1 / 16):
        raise Abandon
    return [value_id], {"axis": axis}
