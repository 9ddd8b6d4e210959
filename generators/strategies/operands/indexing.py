"""Operand strategies for gathering, scattering, masking, sorting and statistics."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from ad_conformance.generators.strategies.builder import Abandon, Builder
from ad_conformance.generators.strategies.operands.basic import (
    DrawnOperands,
    OperandStrategy,
    aimed,
    axis_of,
    shaped,
    some,
    with_axes,
)

#: Upper bound of windows, repetitions and widths of padding.
MOST = 3


def nested_ints(array: np.ndarray) -> Any:
    """An array of integers as nested tuples."""
    return tuple(nested_ints(a) for a in array) if array.ndim else int(array)


def _index_array(b: Builder, shape: tuple[int, ...], n: int, low: int | None = None) -> Any:
    flat = b.integers(-n if low is None else low, n - 1, math.prod(shape))
    return nested_ints(np.array(flat, dtype=int).reshape(shape))


def _resized(shape: tuple[int, ...], axis: int, n: int) -> tuple[int, ...]:
    at = axis % len(shape)
    return (*shape[:at], n, *shape[at + 1 :])


def take_along_axis(b: Builder) -> DrawnOperands:
    value_id = with_axes(b, 1, nonempty=True)
    axis, shape = axis_of(b, value_id), b.values[value_id].shape
    count = b.integer(1, MOST)
    return [value_id], {
        "indices": _index_array(b, _resized(shape, axis, count), shape[axis]),
        "axis": axis,
    }


def unstack(b: Builder) -> DrawnOperands:
    value_id = with_axes(b, 1, nonempty=True)
    axis = axis_of(b, value_id)
    n = b.values[value_id].shape[axis]
    return [value_id], {"axis": axis, "which": b.integer(-n, n - 1)}


def split(b: Builder) -> DrawnOperands:
    """Any number of parts up to MOST, so that some are shorter than others, or empty."""
    value_id = with_axes(b, 1)
    sections = b.integer(1, MOST)
    return [value_id], {
        "sections": sections,
        "axis": axis_of(b, value_id),
        "which": b.integer(-sections, sections - 1),
    }


def pad_constant(b: Builder) -> DrawnOperands:
    value_id = with_axes(b, 1)
    axes = b.integer(1, b.values[value_id].ndim)
    return [value_id], {"widths": b.integers(0, 2, 2 * axes), "value": float(b.numbers((1,))[0])}


def pad(mode: str) -> OperandStrategy:
    def strategy(b: Builder) -> DrawnOperands:
        value_id = with_axes(b, 1, nonempty=True)
        n = b.values[value_id].shape[-1]
        most = {"edge": 2, "reflect": n - 1, "wrap": n}[mode]
        return [value_id], {"widths": b.integers(0, min(most, MOST), 2)}

    return strategy


def tile(b: Builder) -> DrawnOperands:
    value_id = some(b)
    count = b.integer(max(1, b.values[value_id].ndim), 3)
    return [value_id], {"repetitions": b.integers(1, MOST, count)}


def repeat(b: Builder) -> DrawnOperands:
    value_id = with_axes(b, 1)
    axis = axis_of(b, value_id)
    return [value_id], {
        "repeats": b.integers(0, MOST, b.choose([1, b.values[value_id].shape[axis]])),
        "axis": axis,
    }


def roll_axes(b: Builder) -> DrawnOperands:
    value_id = with_axes(b, 2)
    axis = axis_of(b, value_id)
    return [value_id], {"shift": b.integers(-3, 3, 2), "axis": (axis, axis_of(b, value_id))}


def rot90(b: Builder) -> DrawnOperands:
    return [with_axes(b, 2)], {"k": b.integer(-2, 3)}


def moveaxis(b: Builder) -> DrawnOperands:
    value_id = with_axes(b, 2)
    return [value_id], {"source": axis_of(b, value_id), "destination": axis_of(b, value_id)}


def squeeze(b: Builder) -> DrawnOperands:
    value_id = b.pick(lambda v: 1 in v.shape)
    if value_id is None:
        operand = some(b, lambda v: v.ndim < 3)
        value_id = b.must("expand_dims", (operand,), axis=b.integer(0, b.values[operand].ndim))
    shape = b.values[value_id].shape
    axis = b.choose([i for i, n in enumerate(shape) if n == 1])
    return [value_id], {"axis": axis - (len(shape) if b.flag() else 0)}


def unfold(b: Builder) -> DrawnOperands:
    value_id = with_axes(b, 1, nonempty=True)
    axis = axis_of(b, value_id)
    size = b.integer(1, min(MOST, b.values[value_id].shape[axis]))
    return [value_id], {"axis": axis, "size": size, "step": b.choose([1, 2, 3])}


def diag_embed(b: Builder) -> DrawnOperands:
    value_id = some(b, lambda v: v.ndim in (1, 2))
    return [value_id], {"offset": b.integer(-1, 1)}


def matrix_and(name: str) -> OperandStrategy:
    """A matrix, or a stack of them, and the offset of a diagonal, possibly outside the matrix."""
    return lambda b: ([with_axes(b, 2, nonempty=True)], {name: b.integer(-2, 2)})


def two_vectors(b: Builder) -> DrawnOperands:
    one = shaped(b, (b.integer(1, MOST),)) if b.flag() else some(b, lambda v: v.ndim == 1)
    two = b.pick(lambda v: v.ndim == 1)
    return [one, one if two is None else two], {}


def _with_update(b: Builder, value_id: int, shape: tuple[int, ...], aim: str | None) -> list[int]:
    """The value and an update of that shape. At times one of them is a constant. With `aim`,
    entries can be zero ("zeros") or equal ("tie").
    """
    if b.flag(5):
        update = b.constant(b.numbers(shape))
    else:
        replaced = b.flag(5)
        update = shaped(b, shape)
        if replaced:
            value_id = b.constant(b.numbers(b.values[value_id].shape))
    if aim == "zeros":
        value_id, update = (aimed(b, p, aim) if b.depends[p] else p for p in (value_id, update))
    if aim == "tie" and b.depends[update] and b.flag(3) and b.values[update].size:
        value = b.values[value_id]
        update = b.must(
            "maximum", (update, b.constant(float(value.flat[b.integer(0, value.size - 1)])))
        )
    return [value_id, update]


def update(distinct: bool = False, aim: str | None = None) -> OperandStrategy:
    """An update of entries along an axis, at indices that can repeat (not if `distinct`) and can be
    negative.
    """

    def strategy(b: Builder) -> DrawnOperands:
        value_id = with_axes(b, 1, nonempty=True)
        axis, shape = axis_of(b, value_id), b.values[value_id].shape
        n = shape[axis]
        if distinct:
            chosen = b.permutation(n)[: b.integer(1, n)]
            indices = tuple(i - (n if b.flag(3) else 0) for i in chosen)
        else:
            indices = b.integers(-n, n - 1, b.integer(1, 4))
        operands = _with_update(b, value_id, _resized(shape, axis, len(indices)), aim)
        return operands, {"indices": indices, "axis": axis}

    return strategy


def slice_set(b: Builder) -> DrawnOperands:
    value_id = with_axes(b, 1, nonempty=True)
    axis, shape = axis_of(b, value_id), b.values[value_id].shape
    n = shape[axis]
    start = b.integer(0, n - 1)
    stop, step = b.integer(start + 1, n), b.choose([1, 2])
    operands = _with_update(b, value_id, _resized(shape, axis, len(range(start, stop, step))), None)
    return operands, {"axis": axis, "start": start, "stop": stop, "step": step}


def scatter(aim: str | None = None) -> OperandStrategy:
    """A value, and an update that is combined with the entries that an array of indices selects
    along an axis.
    """

    def strategy(b: Builder) -> DrawnOperands:
        value_id = with_axes(b, 1, nonempty=True)
        axis, shape = axis_of(b, value_id), b.values[value_id].shape
        update_shape = _resized(shape, axis, b.integer(1, 4))
        indices = _index_array(b, update_shape, shape[axis], low=0)
        return _with_update(b, value_id, update_shape, aim), {"indices": indices, "axis": axis}

    return strategy


def masked_reduction(aim: str | None = None) -> OperandStrategy:
    def strategy(b: Builder) -> DrawnOperands:
        value_id = aimed(b, with_axes(b, 1, nonempty=True), aim)
        axis = None if b.flag() else axis_of(b, value_id)
        return [value_id], {"threshold": b.choose([0.125, -0.125, -64.0, 64.0]), "axis": axis}

    return strategy


def sort(b: Builder) -> DrawnOperands:
    """An operand at times with equal entries. Sorting is not smooth there, but later steps that are
    symmetric in all entries make the program smooth again.
    """
    value_id = aimed(b, with_axes(b, 1), "tie")
    return [value_id], {"axis": axis_of(b, value_id), "descending": b.flag()}


def sort_by(b: Builder) -> DrawnOperands:
    keys = with_axes(b, 1)
    return [keys, shaped(b, b.values[keys].shape)], {"axis": axis_of(b, keys)}


def top_k(b: Builder) -> DrawnOperands:
    value_id = aimed(b, with_axes(b, 1, nonempty=True), "tie")
    return [value_id], {"k": b.integer(1, b.values[value_id].shape[-1])}


def kth_value(b: Builder) -> DrawnOperands:
    value_id = with_axes(b, 1, nonempty=True)
    axis = axis_of(b, value_id)
    return [value_id], {"k": b.integer(1, b.values[value_id].shape[axis]), "axis": axis}


def quantile(b: Builder) -> DrawnOperands:
    """Quantiles, some of which are exactly at an entry."""
    value_id = aimed(b, with_axes(b, 1, nonempty=True), "tie")
    q = b.choices([0.5, 0.25, 0.0, 1.0, 0.75, 0.375], b.integer(1, 3))
    return [value_id], {"q": tuple(q), "axis": axis_of(b, value_id)}


def deviation(nonzero: bool = False) -> OperandStrategy:
    """Entries whose mean is at times large in comparison with their differences. `nonzero` keeps
    the variance away from zero.
    """

    def strategy(b: Builder) -> DrawnOperands:
        value_id = with_axes(b, 1, nonempty=True)
        if b.flag(4):
            value_id = b.must("add", (value_id, b.constant(b.choose([64.0, 1024.0]))))
        axis = None if b.flag() else axis_of(b, value_id)
        value = b.values[value_id]
        n = value.size if axis is None else value.shape[axis]
        if nonzero and np.min(np.var(value, axis=axis)) < 1 / 16:
            ramp = np.arange(value.size, dtype=float).reshape(value.shape)
            value_id = b.must("add", (value_id, b.constant(ramp * ramp / 2)))
            if np.min(np.var(b.values[value_id], axis=axis)) < 1 / 16:
                raise Abandon
        return [value_id], {
            "axis": axis,
            "keepdims": b.flag(4),
            "correction": int(n > 1 and b.flag()),
        }

    return strategy


def cov(b: Builder) -> DrawnOperands:
    value_id = b.pick(lambda v: v.ndim == 2 and v.shape[0] > 1 and v.shape[1] > 1)
    return [shaped(b, (2, b.integer(2, MOST))) if value_id is None else value_id], {
        "correction": b.choose([1, 0])
    }


def diff(b: Builder) -> DrawnOperands:
    value_id = with_axes(b, 1)
    return [value_id], {"n": b.choose([1, 2, 3, 0]), "axis": axis_of(b, value_id)}


def trapezoid(b: Builder) -> DrawnOperands:
    one = with_axes(b, 1)
    shape = b.values[one].shape
    two = one
    if not b.flag(4) and b.values[one].size:
        two = shaped(b, shape)
    return [one, two] if b.flag() else [two, one], {"axis": axis_of(b, one)}


def interp(b: Builder) -> DrawnOperands:
    """Knots and heights. Some entries are exactly at a knot; one time in two all knots are on one
    straight line, so that the function is smooth there.
    """
    value_id = some(b, lambda v: v.size > 0)
    value = b.values[value_id]
    straight = b.flag()
    entry = float(value.flat[b.integer(0, value.size - 1)])
    first = entry - b.choose([1.0, 0.5] if straight else [0.25, 0.75, 1.0, 0.0])
    widths = b.choices([1.0, 0.5, 2.0], b.integer(1 + straight, 3))
    knots = (first + np.concatenate([[0.0], np.cumsum(widths)])).tolist()
    if straight:
        slope = b.choose([1.0, -2.0])
        heights = [slope * (k - first) + 0.0 for k in knots]
    else:
        heights = b.numbers((len(knots),)).tolist()
    return [value_id], {"knots": tuple(knots), "heights": tuple(heights)}
