"""Operand strategies for products with several options, and for norms of parts of an array."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

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
from ad_conformance.generators.strategies.operands.decompositions import (
    SMALLEST,
    full_rank,
    regular,
    simple_singular_values,
)
from ad_conformance.generators.strategies.operands.products import _sizes

FACTORS = (1.0, 0.5, 2.0, -1.0, 0.0)


def of_shape(b: Builder, shape: tuple[int, ...]) -> int:
    """A value of that shape, one time in four a constant."""
    return b.constant(b.numbers(shape)) if b.flag(4) else shaped(b, shape)


def one_varies(b: Builder, value_ids: list[int]) -> list[int]:
    """The values. Raises Abandon if all are constants."""
    if not any(b.depends[i] for i in value_ids):
        raise Abandon("nothing to differentiate by")
    return value_ids


def product_and_sum(*groups: str) -> OperandStrategy:
    """Operands whose axes have the lengths of letters; the first may be broadcast."""

    def strategy(b: Builder) -> DrawnOperands:
        lengths = {k: b.choose([2, 3, 1]) for k in "mkn"} | {"p": b.choose([2, 1, 3])}
        first, *rest = (tuple(lengths[k] for k in letters) for letters in groups)
        if b.flag(3):
            first = b.choose([first[1:], (1,) * len(first), (*first[:-1], 1), ()])
        value_ids = [of_shape(b, shape) for shape in (first, *rest)]
        params = {"beta": b.choose(FACTORS), "alpha": b.choose(FACTORS)}
        return one_varies(b, value_ids), params

    return strategy


def stacks(b: Builder) -> DrawnOperands:
    m, k, n = (b.choose([2, 3, 1]) for _ in range(3))
    one, two = b.choose(
        [
            ((2, m, k), (2, k, n)),
            ((2, m, k), (k, n)),
            ((m, k), (2, k, n)),
            ((1, m, k), (2, k, n)),
            ((2, m, k), (1, k, n)),
            ((2, m, k), (k,)),
            ((k,), (2, k, n)),
        ]
    )
    return one_varies(b, [of_shape(b, one), of_shape(b, two)]), {}


def dot(b: Builder) -> DrawnOperands:
    one = with_axes(b, 1, nonempty=True) if b.flag() else some(b, lambda v: v.ndim == 1)
    n = b.values[one].shape[-1]
    left = b.values[one].ndim
    shapes = [(n,), (n, 2)] + ([(2, n, 2), (1, n, 2)] if left < 3 else [])
    two = of_shape(b, b.choose(shapes))
    if left == 1 and b.values[two].ndim == 1 and b.flag():
        one, two = two, one
    return one_varies(b, [one, two]), {}


def tensordot_axes(b: Builder) -> DrawnOperands:
    one = with_axes(b, 1, nonempty=True)
    shape = b.values[one].shape
    count = b.integer(1, min(2, len(shape)))
    chosen = b.permutation(len(shape))[:count]
    lengths = [shape[axis] for axis in chosen]
    rest = [b.choose([2, 1, 3])] if b.flag() and count + len(shape) < 4 else []
    order = b.permutation(count + len(rest))
    # Axis order[i] of the second operand is the i-th of the common axes, then the other one.
    other = [0] * len(order)
    for i, axis in enumerate(order):
        other[axis] = [*lengths, *rest][i]
    two = of_shape(b, tuple(other))
    signs = b.flag()
    axes_a = tuple(axis - (len(shape) if signs else 0) for axis in chosen)
    return one_varies(b, [one, two]), {"axes_a": axes_a, "axes_b": tuple(order[:count])}


def several_axes(b: Builder, value_id: int, least: int = 1) -> tuple[int, ...]:
    """At least `least` different axes of a value in any order, counted from either end."""
    ndim = b.values[value_id].ndim
    chosen = b.permutation(ndim)[: b.integer(least, ndim)]
    return tuple(axis - (ndim if b.flag(3) else 0) for axis in chosen)


def _cube(b: Builder) -> int:
    """A value with two or three axes."""
    return (
        shaped(b, b.choose([(2, 2), (2, 3), (2, 2, 2), (2, 1, 3)]))
        if b.flag()
        else with_axes(b, 2, True)
    )


def vector_norm_axes(b: Builder) -> DrawnOperands:
    value_id = _cube(b)
    order = b.choose([2.0, 3.0, 1.0, "inf", "-inf", 4.0, 1.5, 0.5, -1.0])
    value_id = _sizes(b, value_id, order)
    axes = several_axes(b, value_id)
    value = b.values[value_id]
    if not np.all(np.sum(np.square(value), axis=axes) >= 1 / 16) or np.max(np.abs(value)) > 64:
        raise Abandon
    return [value_id], {"ord": order, "axes": axes, "keepdims": b.flag(3)}


def matrix_norm_axes(b: Builder) -> DrawnOperands:
    """A matrix or a stack; the two axes in any order."""
    order = b.choose([1.0, "inf", 2.0, "nuc", "-inf", -1.0, -2.0])
    if order == "nuc":
        value_id = full_rank(b)[0][0]
    elif order in (2.0, -2.0):
        value_id = simple_singular_values(b)[0][0]
    else:
        value_id = _sizes(b, _cube(b), 1.0)
    ndim = b.values[value_id].ndim
    if order in (2.0, -2.0, "nuc"):
        axes = b.choose([(-2, -1), (-1, -2), (ndim - 2, ndim - 1), (ndim - 1, ndim - 2)])
    else:
        axes = tuple(b.permutation(ndim)[:2])
        if b.flag(3):
            axes = (axes[0] - ndim, axes[1])
    return [value_id], {"ord": order, "axes": axes, "keepdims": b.flag(3)}


def cond(b: Builder) -> DrawnOperands:
    order = b.choose([2.0, 1.0, "inf", "nuc", -2.0, -1.0, "-inf"])
    if order in (2.0, -2.0):
        value_id = simple_singular_values(b)[0][0]
        if b.values[value_id].shape[-1] != b.values[value_id].shape[-2]:
            raise Abandon
        return [value_id], {"ord": order}
    value_id = regular(b)[0][0]
    if order != "nuc" and (b.flag() or not _dense(b.values[value_id])):
        # No entry of the matrix or its inverse is zero, and sums of rows and columns differ.
        n = b.values[value_id].shape[-1]
        target = np.diag(np.arange(4.0, n + 4)) + np.add.outer(np.arange(n), 2.0 * np.arange(n)) / 4
        target = target + 0.5
        value = b.values[value_id]
        value_id = b.must("add", (value_id, b.constant(target - value)))
        if not _dense(b.values[value_id]):
            raise Abandon
    return [value_id], {"ord": order}


def _dense(value: np.ndarray) -> bool:
    if value.ndim != 2:
        return False
    return bool(np.all(np.abs(value) > 1 / 16) and np.all(np.abs(np.linalg.inv(value)) > 2.0**-9))


def dist(b: Builder) -> DrawnOperands:
    p = b.choose([2.0, 1.0, 3.0, "inf", "-inf", 4.0, 1.5])
    one = some(b, lambda v: v.size > 0)
    shape = b.values[one].shape
    two = of_shape(b, b.choose([shape, shape[1:], (1,) * len(shape)]))
    difference = b.values[one] - b.values[two]
    if p in (1.0, 1.5, "inf", "-inf") and np.any(np.abs(difference) < SMALLEST):
        raise Abandon
    if np.sum(np.square(difference)) < SMALLEST:
        raise Abandon
    return ([two, one] if b.flag() else [one, two]), {"p": p}


def renorm(b: Builder) -> DrawnOperands:
    value_id = _cube(b)
    p, axis = b.choose([2.0, 1.0, 3.0, 1.5]), axis_of(b, value_id)
    value_id = _sizes(b, value_id, p)
    value = np.moveaxis(b.values[value_id], axis, 0)
    norms = np.sum(np.abs(value.reshape(len(value), -1)) ** p, axis=1) ** (1 / p)
    bound = float(b.choose([1.0, 2.0, 0.5, math.ceil(float(np.max(norms)))]))
    if np.any(np.abs(norms - bound) < 1 / 16) or np.any(norms < 1 / 16):
        raise Abandon
    return [value_id], {"p": p, "axis": axis, "max": bound, "eps": 1e-7}


STRATEGIES: Mapping[str, OperandStrategy] = {
    "stacks": stacks,
    "dot": dot,
    "tensordot_axes": tensordot_axes,
    "vector_norm_axes": vector_norm_axes,
    "matrix_norm_axes": matrix_norm_axes,
    "cond": cond,
    "dist": dist,
    "renorm": renorm,
}
FACTORIES: Mapping[str, Callable[..., OperandStrategy]] = {"product_and_sum": product_and_sum}
