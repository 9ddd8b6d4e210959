"""Operand strategies for scattering: indices that repeat, lie outside, or are all different."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
from ad_conformance.generators.catalogue.operands import NONZERO
from ad_conformance.generators.strategies.builder import Abandon, Builder
from ad_conformance.generators.strategies.operands.basic import (
    DrawnOperands,
    OperandStrategy,
    aimed,
    axis_of,
    fit,
    shaped,
    some,
    with_axes,
)
from ad_conformance.generators.strategies.operands.indexing import nested_ints, update
from ad_conformance.generators.strategies.operands.linear.products import of_shape, one_varies

#: The most indices or segments.
MOST = 4


def with_self(of_indices: OperandStrategy) -> OperandStrategy:
    """Whether the entries that are there count, in addition."""

    def strategy(b: Builder) -> DrawnOperands:
        operands, params = of_indices(b)
        # PyTorch counts the indices of a part from the start only.
        indices = np.array(params["indices"], dtype=int)
        params["indices"] = nested_ints(indices % b.values[operands[0]].shape[params["axis"]])
        return operands, {**params, "include_self": not b.flag()}

    return strategy


def _resized(shape: tuple[int, ...], axis: int, n: int) -> tuple[int, ...]:
    at = axis % len(shape)
    return (*shape[:at], n, *shape[at + 1 :])


def divided_update(b: Builder) -> DrawnOperands:
    (x, v), params = update(distinct=True)(b)
    return [x, fit(b, v, NONZERO)], params


def update_outside(b: Builder) -> DrawnOperands:
    value_id = with_axes(b, 1, nonempty=True)
    axis, shape = axis_of(b, value_id), b.values[value_id].shape
    n = shape[axis]
    indices = b.integers(-n - 1, n + 1, b.integer(1, MOST))
    operands = [value_id, of_shape(b, _resized(shape, axis, len(indices)))]
    return operands, {"indices": indices, "axis": axis, "mode": b.choose(["drop", "clip"])}


def take_outside(b: Builder) -> DrawnOperands:
    value_id = with_axes(b, 1, nonempty=True)
    axis = axis_of(b, value_id)
    n = b.values[value_id].shape[axis]
    return [value_id], {
        "indices": b.integers(-n - 1, n + 1, b.integer(1, MOST)),
        "axis": axis,
        "mode": b.choose(["fill", "clip", "wrap"]),
        "fill": float(b.numbers((1,))[0]),
    }


def segments(empty: bool = False, vector: bool = False, aim: str | None = None) -> OperandStrategy:
    """Parts with ids in any order; with `empty`, segments may be empty and ids outside."""

    def strategy(b: Builder) -> DrawnOperands:
        if vector:
            value_id = shaped(b, (b.integer(1, 5),))
        else:
            value_id = (
                shaped(b, b.choose([(4,), (3, 2), (4, 2), (5,)]))
                if b.flag()
                else with_axes(b, 1, nonempty=True)
            )
        value_id = aimed(b, value_id, aim)
        n = b.values[value_id].shape[0]
        if empty:
            count = b.integer(1, 3)
            ids = list(b.integers(0, count if b.flag(3) else count - 1, n))
        else:
            count = b.integer(1, min(n, 3))
            # Each segment has a part.
            ids = [*range(count), *b.integers(0, count - 1, n - count)]
            ids = [ids[i] for i in b.permutation(n)]
        return [value_id], {"ids": tuple(sorted(ids) if b.flag() else ids), "count": count}

    return strategy


def _broadcasting(b: Builder, count: int) -> int:
    """A vector with that many entries, or with one, or a number."""
    return of_shape(b, b.choose([(count,), (count,), (), (1,)]))


def index_put(b: Builder) -> DrawnOperands:
    value_id = shaped(b, b.choose([(2, 2), (3, 2), (2, 3), (3, 3)]))
    m, n = b.values[value_id].shape
    count, accumulate = b.integer(1, MOST), b.flag()
    if accumulate:
        rows, columns = b.integers(-m, m - 1, count), b.integers(-n, n - 1, count)
    else:
        chosen = b.permutation(m * n)[:count]
        rows, columns = tuple(i // n for i in chosen), tuple(i % n - n for i in chosen)
    operands = one_varies(b, [value_id, _broadcasting(b, len(rows))])
    return operands, {"rows": rows, "columns": columns, "accumulate": accumulate}


def put(b: Builder) -> DrawnOperands:
    value_id = with_axes(b, 1, nonempty=True)
    size, accumulate = b.values[value_id].size, b.flag()
    count = b.integer(1, min(MOST, size))
    drawn = b.integers(-size, size - 1, count) if accumulate else b.permutation(size)[:count]
    return [value_id, of_shape(b, (count,))], {"indices": tuple(drawn), "accumulate": accumulate}


def scatter_set(b: Builder) -> DrawnOperands:
    value_id = with_axes(b, 1, nonempty=True)
    axis, shape = axis_of(b, value_id), b.values[value_id].shape
    n = shape[axis]
    count = b.integer(1, n)
    target = _resized(shape, axis, count)
    lines = [b.permutation(n)[:count] for _ in range(math.prod(target) // count)]
    indices = np.moveaxis(
        np.array(lines, dtype=int).reshape((*np.delete(target, axis), count)), -1, axis
    )
    return [value_id, of_shape(b, target)], {"indices": nested_ints(indices), "axis": axis}


def _scalar(b: Builder) -> int:
    number = some(b, lambda v: v.size > 0)
    if b.values[number].ndim:
        number = b.must("index", (number,), index=b.entry(number))
    return number


def index_fill(b: Builder) -> DrawnOperands:
    value_id = with_axes(b, 1, nonempty=True)
    axis = axis_of(b, value_id)
    n = b.values[value_id].shape[axis]
    indices = tuple(b.permutation(n)[: b.integer(1, n)])
    return [value_id, _scalar(b)], {"indices": indices, "axis": axis}


def masked(other: str) -> OperandStrategy:
    """A value and a mask, which may lack the first axis; then a number, or entries for the mask."""

    def strategy(b: Builder) -> DrawnOperands:
        value_id = with_axes(b, 1, nonempty=True)
        shape = b.values[value_id].shape
        own = shape[1:] if b.flag(4) and len(shape) > 1 else shape
        mask = np.array(b.integers(0, 1, math.prod(own)), dtype=int).reshape(own)
        operands = [value_id]
        if other == "number":
            operands.append(_scalar(b))
        elif other == "entries":
            count = int(np.sum(np.broadcast_to(mask, shape)))
            operands.append(of_shape(b, (max(count, 1) + b.integer(0, 1),)))
        return operands, {"mask": nested_ints(mask)}

    return strategy


def select_scatter(b: Builder) -> DrawnOperands:
    value_id = with_axes(b, 1, nonempty=True)
    axis, shape = axis_of(b, value_id), b.values[value_id].shape
    n = shape[axis]
    part = tuple(np.delete(shape, axis).tolist())
    return [value_id, of_shape(b, part)], {"axis": axis, "which": b.integer(-n, n - 1)}


def diagonal_scatter(b: Builder) -> DrawnOperands:
    value_id = shaped(b, b.choose([(2, 2), (2, 3), (3, 2), (2, 2, 2), (2, 1, 3)]))
    shape = b.values[value_id].shape
    axis1, axis2 = b.permutation(len(shape))[:2]
    if b.flag(3):
        axis1 -= len(shape)
    offset = b.integer(-1, 1)
    diagonal = np.diagonal(np.zeros(shape), offset, axis1, axis2)
    if not diagonal.size:
        raise Abandon
    operands = [value_id, of_shape(b, diagonal.shape)]
    return operands, {"offset": offset, "axis1": axis1, "axis2": axis2}


def as_strided(b: Builder) -> DrawnOperands:
    """Strides with which entries overlap, repeat (stride 0), or are left out."""
    value_id = with_axes(b, 1, nonempty=True)
    size = b.values[value_id].size
    ndim = b.integer(1, 3)
    shape = tuple(b.choose([2, 1, 3]) for _ in range(ndim))
    strides = tuple(b.choose([1, 2, 0, 3]) for _ in range(ndim))
    offset = b.integer(0, 1)
    if offset + sum((n - 1) * k for n, k in zip(shape, strides, strict=True)) >= size:
        raise Abandon
    return [value_id], {"shape": shape, "strides": strides, "offset": offset}


def as_strided_scatter(b: Builder) -> DrawnOperands:
    value_id = with_axes(b, 1, nonempty=True)
    size = b.values[value_id].size
    shape, strides, offset = b.choose(
        [
            ((2,), (1,), 0),
            ((2,), (2,), 1),
            ((2, 2), (2, 1), 0),
            ((1, 2), (1, 1), 1),
            ((3,), (1,), 0),
        ]
    )
    if offset + sum((n - 1) * k for n, k in zip(shape, strides, strict=True)) >= size:
        raise Abandon
    operands = [value_id, of_shape(b, shape)]
    return operands, {"shape": shape, "strides": strides, "offset": offset}


def dynamic_slice(b: Builder) -> DrawnOperands:
    """A start that may lie so far out that the part must be moved."""
    value_id = with_axes(b, 1, nonempty=True)
    shape = b.values[value_id].shape
    sizes = tuple(b.integer(1, n) for n in shape)
    return [value_id], {"start": b.integers(-1, max(shape), len(shape)), "sizes": sizes}


def dynamic_update_slice(b: Builder) -> DrawnOperands:
    (value_id,), params = dynamic_slice(b)
    return [value_id, of_shape(b, params["sizes"])], {"start": params["start"]}


STRATEGIES: Mapping[str, OperandStrategy] = {
    "divided_update": divided_update,
    "update_outside": update_outside,
    "take_outside": take_outside,
    "index_put": index_put,
    "put": put,
    "scatter_set": scatter_set,
    "index_fill": index_fill,
    "select_scatter": select_scatter,
    "diagonal_scatter": diagonal_scatter,
    "as_strided": as_strided,
    "as_strided_scatter": as_strided_scatter,
    "dynamic_slice": dynamic_slice,
    "dynamic_update_slice": dynamic_update_slice,
}
FACTORIES: Mapping[str, Callable[..., OperandStrategy]] = {
    "with_self": with_self,
    "segments": segments,
    "masked": masked,
}
