"""Operand strategies for reductions over several axes, of some entries, and with weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
from ad_conformance.generators.catalogue.operands import POSITIVE
from ad_conformance.generators.strategies.builder import Abandon, Builder
from ad_conformance.generators.strategies.operands.basic import (
    DrawnOperands,
    OperandStrategy,
    aimed,
    axis_of,
    fit,
    shaped,
    with_axes,
)
from ad_conformance.generators.strategies.operands.indexing import cov, nested_ints
from ad_conformance.generators.strategies.operands.linear.moves import cube
from ad_conformance.generators.strategies.operands.linear.products import (
    of_shape,
    one_varies,
    several_axes,
)

Array = np.ndarray


def _varied(b: Builder, value_id: int, holds: Callable[[Array], bool]) -> int:
    """The value, or the value plus a ramp; then `holds` must be true."""
    if not holds(b.values[value_id]):
        shape = b.values[value_id].shape
        ramp = np.arange(math.prod(shape), dtype=float).reshape(shape)
        value_id = b.must("add", (value_id, b.constant(ramp * ramp / 2)))
        if not holds(b.values[value_id]):
            raise Abandon
    return value_id


def over_axes(aim: str | None = None, varied: bool = False) -> OperandStrategy:
    """Several axes in any order. With `varied`, the entries along them are not all equal."""

    def strategy(b: Builder) -> DrawnOperands:
        value_id = aimed(b, cube(b), aim)
        axes = several_axes(b, value_id)
        params = {"axes": axes, "keepdims": b.flag(3)}
        if not varied:
            return [value_id], params
        value_id = _varied(b, value_id, lambda v: bool(np.min(np.var(v, axis=axes)) >= 1 / 16))
        return [value_id], {**params, "correction": b.choose([1, 0])}

    return strategy


def masked_parts(
    initial: tuple[float, ...] = (), aim: str | None = None, varied: bool = False
) -> OperandStrategy:
    """A mask of zeros and ones. Without `initial`, each part keeps an entry; with `varied`, two
    that differ.
    """

    def strategy(b: Builder) -> DrawnOperands:
        value_id = with_axes(b, 1, nonempty=True)
        axis = None if b.flag(3) else axis_of(b, value_id)
        shape = b.values[value_id].shape
        mask = np.array(b.choices([1, 0, 1], math.prod(shape)), dtype=int).reshape(shape)
        kept = np.sum(mask, axis=axis)
        if not initial and np.any(kept < (2 if varied else 1)):
            mask = np.ones(shape, dtype=int)
            if varied and np.any(np.sum(mask, axis=axis) < 2):
                raise Abandon
        params = {"axis": axis, "keepdims": b.flag(4), "mask": nested_ints(mask)}
        if initial:
            return [aimed(b, value_id, aim)], {**params, "initial": b.choose(initial)}
        if not varied:
            return [value_id], params
        chosen = mask == 1
        value_id = _varied(
            b, value_id, lambda v: bool(np.min(np.var(v, axis=axis, where=chosen)) >= 1 / 16)
        )
        return [value_id], {**params, "correction": b.choose([0, 1])}

    return strategy


def weighted(b: Builder) -> DrawnOperands:
    """Positive weights for all entries, or for the parts along the axis."""
    value_id = with_axes(b, 1, nonempty=True)
    axis, shape = axis_of(b, value_id), b.values[value_id].shape
    weights = of_shape(b, shape if b.flag() else (shape[axis],))
    return one_varies(b, [value_id, fit(b, weights, POSITIVE)]), {"axis": axis}


def weighted_rows(b: Builder) -> DrawnOperands:
    (value_id,), params = cov(b)
    n = b.values[value_id].shape[1]
    weights = fit(b, of_shape(b, (n,)), POSITIVE)
    found = b.values[weights]
    if np.max(found) > 0.9 * np.sum(found):
        raise Abandon
    return one_varies(b, [value_id, weights]), params


def varied_axis(b: Builder) -> DrawnOperands:
    value_id = with_axes(b, 1, nonempty=True)
    axis = axis_of(b, value_id)
    value_id = _varied(b, value_id, lambda v: bool(np.min(np.var(v, axis=axis)) >= 1 / 16))
    return [value_id], {"axis": axis, "correction": b.choose([1, 0])}


def top_k_along(b: Builder) -> DrawnOperands:
    value_id = aimed(b, with_axes(b, 1, nonempty=True), "tie")
    axis = axis_of(b, value_id)
    k = b.integer(1, b.values[value_id].shape[axis])
    return [value_id], {"k": k, "axis": axis, "largest": not b.flag()}


def mode_entry(b: Builder) -> DrawnOperands:
    """Indices of which one is the most frequent; the parts at different ones differ."""
    value_id = with_axes(b, 1, nonempty=True)
    axis = axis_of(b, value_id)
    rows = np.moveaxis(b.values[value_id], axis, 0)
    n = len(rows)
    often = b.integer(0, n - 1)
    others = [i for i in b.permutation(n)[: b.integer(0, 2)] if i != often]
    chosen = [often] * (2 if others else b.integer(1, 2)) + others
    indices = tuple(chosen[i] for i in b.permutation(len(chosen)))
    if any(np.any(rows[often] == rows[i]) for i in others):
        raise Abandon
    return [value_id], {"indices": indices, "axis": axis}


def numerical_gradient(b: Builder) -> DrawnOperands:
    value_id = shaped(b, b.choose([(3,), (4,), (3, 2), (2, 3), (2,)]))
    axis = axis_of(b, value_id)
    n = b.values[value_id].shape[axis]
    return [value_id], {
        "spacing": b.choose([1.0, 0.5, 2.0]),
        "axis": axis,
        "edge": 2 if n > 2 and b.flag() else 1,
    }


def diff_joined(b: Builder) -> DrawnOperands:
    value_id = with_axes(b, 1, nonempty=True)
    axis, shape = axis_of(b, value_id), list(b.values[value_id].shape)
    shape[axis] = 1
    operands = [value_id, *(of_shape(b, tuple(shape)) for _ in range(2))]
    return operands, {"n": b.choose([1, 2]), "axis": axis}


STRATEGIES: Mapping[str, OperandStrategy] = {
    "weighted": weighted,
    "weighted_rows": weighted_rows,
    "varied_axis": varied_axis,
    "top_k_along": top_k_along,
    "mode_entry": mode_entry,
    "numerical_gradient": numerical_gradient,
    "diff_joined": diff_joined,
}
FACTORIES: Mapping[str, Callable[..., OperandStrategy]] = {
    "over_axes": over_axes,
    "masked_parts": masked_parts,
}
