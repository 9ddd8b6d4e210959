"""Operand strategies for joining, turning, cutting and repeating arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
from ad_conformance.generators.strategies.builder import Abandon, Builder
from ad_conformance.generators.strategies.operands.basic import (
    DrawnOperands,
    OperandStrategy,
    axis_of,
    pair,
    shaped,
    some,
    with_axes,
)
from ad_conformance.generators.strategies.operands.indexing import nested_ints
from ad_conformance.generators.strategies.operands.linear.products import (
    of_shape,
    one_varies,
    several_axes,
)

CUBES = ((2, 2), (2, 3), (3, 2), (2, 2, 2), (2, 1, 3), (1, 3, 2))


def cube(b: Builder) -> int:
    """A value with two or three axes."""
    return shaped(b, b.choose(CUBES)) if b.flag() else with_axes(b, 2, nonempty=True)


def blocks(b: Builder) -> DrawnOperands:
    shapes = b.choices([(2, 2), (1, 2), (2,), (1, 1), (2, 1)], b.choose([2, 1, 2]))
    return one_varies(b, [of_shape(b, shape) for shape in shapes]), {}


def vectors(count: int = 0) -> OperandStrategy:
    """One to three vectors, or `count`."""

    def strategy(b: Builder) -> DrawnOperands:
        number = count or b.choose([2, 1, 3])
        most = 4 if number < 3 else 2
        first = some(b, lambda v: v.ndim == 1 and 0 < v.size <= most) if b.flag() else None
        operands = [] if first is None else [first]
        while len(operands) < number:
            again = bool(operands) and b.flag(5)
            operands.append(operands[0] if again else of_shape(b, (b.integer(1, most),)))
        return one_varies(b, operands), {}

    return strategy


def combinations(b: Builder) -> DrawnOperands:
    value_id = shaped(b, (b.choose([3, 4, 2, 1]),))
    n, repeated = b.values[value_id].size, b.flag()
    r = b.choose([2, 1, 3])
    count = math.comb(n + r - 1, r) if repeated else math.comb(n, r)
    if not 0 < count * r <= 24:
        raise Abandon
    return [value_id], {"r": r, "repeated": repeated}


def plane(*offset: str) -> OperandStrategy:
    """Two axes, and at times the offset of a diagonal, which may be outside."""

    def strategy(b: Builder) -> DrawnOperands:
        value_id = cube(b)
        ndim = b.values[value_id].ndim
        axis1, axis2 = b.permutation(ndim)[:2]
        if b.flag():
            axis1, axis2 = axis1 - ndim, axis2 - ndim
        offsets = {name: b.integer(-1, 2) for name in offset}
        return [value_id], {"axis1": axis1, "axis2": axis2, **offsets}

    return strategy


def flip_axes(b: Builder) -> DrawnOperands:
    value_id = cube(b)
    return [value_id], {"axes": several_axes(b, value_id)}


def rot90_axes(b: Builder) -> DrawnOperands:
    value_id = cube(b)
    axes = several_axes(b, value_id, least=2)[:2]
    return [value_id], {"k": b.integer(-3, 4), "axes": axes}


def roll_flat(b: Builder) -> DrawnOperands:
    return [some(b, lambda v: v.size > 0)], {"shift": b.integer(-5, 5)}


def move_axes(b: Builder) -> DrawnOperands:
    value_id = cube(b)
    ndim = b.values[value_id].ndim
    count = b.integer(1, ndim)
    sources, destinations = (tuple(b.permutation(ndim)[:count]) for _ in range(2))
    return [value_id], {"sources": sources, "destinations": destinations}


def reshape_columns(b: Builder) -> DrawnOperands:
    value_id = cube(b)
    size = b.values[value_id].size
    shapes = [(size,), (1, size), (-1,)] + [(size // k, k) for k in (2, 3) if size % k == 0]
    shapes += [(k, -1) for k in (2, 3) if size % k == 0]
    return [value_id], {"shape": b.choose(shapes)}


def split_at(b: Builder) -> DrawnOperands:
    """Indices in ascending order; some parts may be empty."""
    value_id = with_axes(b, 1, nonempty=True)
    axis = axis_of(b, value_id)
    n = b.values[value_id].shape[axis]
    indices = tuple(sorted(b.integers(0, n, b.integer(1, 2))))
    return [value_id], {"indices": indices, "axis": axis, "which": b.integer(0, len(indices))}


def resize(b: Builder) -> DrawnOperands:
    value_id = some(b, lambda v: v.size > 0)
    return [value_id], {"shape": b.choose([(5,), (2, 3), (2,), (3, 3), (1,), (4, 2)])}


def delete(b: Builder) -> DrawnOperands:
    value_id = with_axes(b, 1, nonempty=True)
    axis = axis_of(b, value_id)
    n = b.values[value_id].shape[axis]
    return [value_id], {"indices": b.integers(-n, n - 1, b.integer(1, 2)), "axis": axis}


def insert(b: Builder) -> DrawnOperands:
    value_id = with_axes(b, 1, nonempty=True)
    axis, shape = axis_of(b, value_id), b.values[value_id].shape
    n = shape[axis]
    indices = b.integers(0, n, b.integer(2, 3))
    part = list(shape)
    part[axis] = len(indices)
    return [value_id, of_shape(b, tuple(part))], {"indices": indices, "axis": axis}


def fill_diagonal(b: Builder) -> DrawnOperands:
    value_id = shaped(b, b.choose([(2, 2), (3, 2), (2, 3), (3, 3)]))
    n = min(b.values[value_id].shape)
    return [value_id, of_shape(b, b.choose([(n,), ()]))], {}


def compress(b: Builder) -> DrawnOperands:
    value_id = with_axes(b, 1, nonempty=True)
    axis = axis_of(b, value_id)
    n = b.values[value_id].shape[axis]
    return [value_id], {"condition": b.integers(0, 1, b.integer(1, n)), "axis": axis}


def take_flat(b: Builder) -> DrawnOperands:
    value_id = some(b, lambda v: v.size > 0)
    size = b.values[value_id].size
    shape = b.choose([(2,), (2, 2), (3,), (1, 3), ()])
    drawn = b.integers(-size, size - 1, math.prod(shape))
    return [value_id], {"indices": nested_ints(np.array(drawn, dtype=int).reshape(shape))}


def pad_inside(b: Builder) -> DrawnOperands:
    value_id = with_axes(b, 1, nonempty=True)
    ndim = b.values[value_id].ndim
    if ndim > 2:
        raise Abandon
    low, high = b.integers(-1, 2, ndim), b.integers(-1, 1, ndim)
    number = some(b, lambda v: v.size > 0)
    if b.values[number].ndim:
        number = b.must("index", (number,), index=b.entry(number))
    if b.flag(3):
        number = b.constant(float(b.numbers((1,))[0]))
    return [value_id, number], {"low": low, "high": high, "interior": b.integers(0, 1, ndim)}


def linspace(b: Builder) -> DrawnOperands:
    one = some(b, lambda v: v.ndim < 2)
    two = pair(b, one)
    ndim = max(b.values[one].ndim, b.values[two].ndim)
    return [one, two], {
        "count": b.integer(1, 4),
        "endpoint": not b.flag(3),
        "new_axis": b.integer(-1, ndim),
    }


STRATEGIES: Mapping[str, OperandStrategy] = {
    "blocks": blocks,
    "combinations": combinations,
    "flip_axes": flip_axes,
    "rot90_axes": rot90_axes,
    "roll_flat": roll_flat,
    "move_axes": move_axes,
    "reshape_columns": reshape_columns,
    "split_at": split_at,
    "resize": resize,
    "delete": delete,
    "insert": insert,
    "fill_diagonal": fill_diagonal,
    "compress": compress,
    "take_flat": take_flat,
    "pad_inside": pad_inside,
    "linspace": linspace,
}
FACTORIES: Mapping[str, Callable[..., OperandStrategy]] = {"vectors": vectors, "plane": plane}
