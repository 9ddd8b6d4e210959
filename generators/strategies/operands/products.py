"""Operand strategies for products and norms: matching shapes, and zeros if the function is smooth
there.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from ad_conformance.generators.strategies.builder import Abandon, Builder
from ad_conformance.generators.strategies.operands.basic import (
    DrawnOperands,
    axis_of,
    shaped,
    some,
    with_axes,
)
from ad_conformance.generators.strategies.operands.decompositions import (
    SMALLEST,
    Array,
    full_rank,
    one_of,
    simple_singular_values,
)


def _has_shape(shape: tuple[int, ...], value: np.ndarray) -> bool:
    return value.shape == shape


def kron(b: Builder) -> DrawnOperands:
    one = with_axes(b, 1, nonempty=True)
    if b.values[one].ndim > 2 or b.values[one].size > 12:
        raise Abandon
    if b.flag(3):
        return [one, one], {}
    shape = b.choose([(2,), (2, 2), (1, 2), (2, 1), (1, 1), (3,)])
    two = b.constant(b.numbers(shape)) if b.flag() else shaped(b, shape)
    return ([two, one] if b.flag() else [one, two]), {}


def cross(b: Builder) -> DrawnOperands:
    value_id = b.pick(lambda v: 3 in v.shape and v.ndim <= 2)
    if value_id is None or b.flag(3):
        value_id = shaped(b, b.choose([(3,), (2, 3), (3, 2), (3, 3)]))
    shape = b.values[value_id].shape
    axis = b.choose([i for i in range(-len(shape), len(shape)) if shape[i] == 3])
    other = value_id if b.flag(4) else b.pick(lambda v: v.shape == shape)
    two = b.constant(b.numbers(shape)) if other is None else other
    return ([value_id, two] if b.flag() else [two, value_id]), {"axis": axis}


def inner(b: Builder) -> DrawnOperands:
    one = with_axes(b, 1)
    n = b.values[one].shape[-1]
    other = one if b.flag(4) else b.pick(lambda v: v.ndim in (1, 2) and v.shape[-1] == n)
    two = b.constant(b.numbers(b.choose([(n,), (2, n)]))) if other is None else other
    if b.values[one].ndim > 2 or b.values[two].ndim > 2:
        raise Abandon
    return [one, two], {}


def multi_dot(b: Builder) -> DrawnOperands:
    value_id = b.pick(lambda v: v.ndim == 2 and v.size > 0)
    first = shaped(b, (2, 2)) if value_id is None else value_id
    factors, count = [first], b.choose([2, 3, 4])
    if b.flag(4):
        rows = b.values[first].shape[0]
        factors.insert(0, shaped(b, (rows,)))
    while len(factors) < count:
        n = b.values[factors[-1]].shape[-1]
        last = len(factors) == count - 1
        shape = b.choose([(n, 2), (n, n), (n, 1), (n, 3)] + [(n,)] * last)
        same = None if b.flag(3) else b.pick(partial(_has_shape, shape))
        factors.append(shaped(b, shape) if same is None else same)
    return factors, {}


#: Subscripts of einsum: traces, diagonals, permutations, sums over axes of one operand, and
#: products of all kinds.
SUBSCRIPTS = (
    "aa->",
    "aa->a",
    "ab->ba",
    "ab->a",
    "ab->",
    "a->",
    "a->a",
    "aab->b",
    "aba->ba",
    "abc->cab",
    "ab,bc->ac",
    "ab,cb->ca",
    "ab,ab->",
    "ab,ab->b",
    "ab,ba->a",
    "a,b->ba",
    "a,a->a",
    "a,a->",
    "a,b->a",
    "aa,a->",
    "aa,ab->b",
    "ab,b->a",
    "ab,b->",
    "aa,bb->ab",
    "a,ab,b->",
    "ab,bc,cd->ad",
    "a,a,a->a",
    "ab,ac->abc",
    ",a->a",
    "ab,->ba",
)


def einsum(b: Builder) -> DrawnOperands:
    """Operands in which equal letters have equal lengths. If no value fits, one of a new shape is
    made. One time in four, one of two operands is shortened to length 1 along a common axis.
    """
    subscripts = b.choose(SUBSCRIPTS)
    lengths: dict[str, int] = {}
    operands: list[int] = []
    groups = subscripts.split("->")[0].split(",")
    for letters in groups:

        def fits(value: Array, letters: str = letters) -> bool:
            found = dict(lengths)
            same = all(
                found.setdefault(k, n) == n for k, n in zip(letters, value.shape, strict=False)
            )
            return value.ndim == len(letters) and same and value.size > 0

        again = [i for i in operands if fits(b.values[i])]
        value_id = again[0] if again and b.flag(3) else b.pick(fits)
        if value_id is None:
            for letter in letters:
                lengths.setdefault(letter, b.choose([2, 3, 1]))
            shape = tuple(lengths[k] for k in letters)
            value_id = b.constant(b.numbers(shape)) if operands and b.flag(4) else shaped(b, shape)
        lengths.update(zip(letters, b.values[value_id].shape, strict=True))
        operands.append(value_id)
    common = [
        (slot, axis)
        for slot, letters in enumerate(groups)
        for axis, letter in enumerate(letters)
        if lengths[letter] > 1
        and letters.count(letter) == 1
        and any(letter in other for k, other in enumerate(groups) if k != slot)
    ]
    if common and b.flag(4):
        slot, axis = b.choose(common)
        start = b.integer(0, lengths[groups[slot][axis]] - 1)
        operands[slot] = b.must(
            "slice", (operands[slot],), axis=axis, start=start, stop=start + 1, step=1
        )
    return operands, {"subscripts": subscripts}


def vander(b: Builder) -> DrawnOperands:
    value_id = b.pick(lambda v: v.ndim == 1 and 0 < v.size <= 4 and bool(np.all(np.abs(v) <= 8)))
    return [shaped(b, (b.choose([2, 3, 1]),)) if value_id is None else value_id], {
        "columns": b.choose([3, 4, 2]),
        "increasing": b.flag(),
    }


def _sizes(b: Builder, value_id: int, order: float | str) -> int:
    """The value, shifted away from zero if a norm of that order is not smooth there; else with
    zeros at times.
    """
    value = b.values[value_id]
    if isinstance(order, float) and order >= 2.5:
        if b.flag(3) and b.exact[value_id] and value.size > 1:
            kept = np.arange(value.size).reshape(value.shape) % b.choose([2, 3]) == 0
            return b.must("subtract", (value_id, b.constant(np.where(kept, 0.0, value))))
        return value_id
    if order == 2.0 or np.all(np.abs(value) >= SMALLEST):
        return value_id
    signs = np.where(np.arange(value.size).reshape(value.shape) % 2 == 0, 1.0, -1.0)
    away = np.where(np.abs(value) < SMALLEST, signs, 0.0)
    return b.must("add", (value_id, b.constant(away)))


def vector_norm_ord(b: Builder) -> DrawnOperands:
    value_id = with_axes(b, 1, nonempty=True)
    order = b.choose([3.0, 1.0, "inf", 2.0, "-inf", 4.0, 0.5, 1.5, 2.5, -1.0, -2.0])
    value_id = _sizes(b, value_id, order)
    axis = None if b.flag() else axis_of(b, value_id)
    if order == 0.5 or (isinstance(order, float) and order < 0):
        scale = b.values[value_id]
        if np.any(np.abs(scale) > 64):
            raise Abandon
    if not np.all(np.sum(np.square(b.values[value_id]), axis=axis) >= 1 / 16):
        raise Abandon
    return [value_id], {"ord": order, "axis": axis, "keepdims": b.flag(3)}


def matrix_norm_ord(b: Builder) -> DrawnOperands:
    order = b.choose([1.0, "inf", 2.0, "nuc", "-inf", -1.0, -2.0])
    if order == "nuc":
        return full_rank(b)[0], {"ord": order}
    if order in (2.0, -2.0):
        return simple_singular_values(b)[0], {"ord": order}
    value_id = some(b, lambda v: v.ndim == 2 and v.size > 0) if b.flag() else full_rank(b)[0][0]
    return [_sizes(b, value_id, 1.0)], {"ord": order}


def cdist(b: Builder) -> DrawnOperands:
    one = one_of(b, [(2, 2), (2, 3), (3, 1)], lambda v: v.ndim == 2 and 0 < v.size <= 9)
    n = b.values[one].shape[1]
    p = b.choose([2.0, 1.0, 3.0, "inf", 4.0, 1.5])
    shape = (b.integer(1, 3), n)
    two = b.constant(b.numbers(shape)) if b.flag() else shaped(b, shape)
    difference = b.values[one][:, None, :] - b.values[two][None, :, :]
    if p in (1.0, 1.5, "inf") and np.any(np.abs(difference) < SMALLEST):
        raise Abandon
    if np.any(np.sum(np.square(difference), axis=-1) < SMALLEST):
        raise Abandon
    return [one, two], {"p": p}
