"""Operands of functions of jax.lax: values of up to four axes, and places in them."""

from __future__ import annotations

import numpy as np
from ad_conformance.generators.catalogue.operands import Domain
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
from ad_conformance.generators.strategies.operands.batches.large import grown, grown_or_constant


def _shape(b: Builder, most: int = 4) -> tuple[int, ...]:
    axes = b.choose([n for n in (2, 1, 3, 4) if n <= most])
    return tuple(b.choose([2, 3, 1, 4] if axes < 3 else [2, 1, 3]) for _ in range(axes))


def lax_pad(b: Builder) -> DrawnOperands:
    shape = _shape(b, 3)
    x = grown(b, shape)
    interior = tuple(b.choose([0, 1, 2]) for _ in shape)
    low, high = (tuple(b.choose([1, 0, -1, 2]) for _ in shape) for _ in range(2))
    lengths = [
        n + (n - 1) * k + a + z for n, k, a, z in zip(shape, interior, low, high, strict=True)
    ]
    if min(lengths) < 1:
        raise Abandon("nothing is left")
    value = b.pick(lambda v: v.ndim == 0) if b.flag() else None
    if value is None:
        value = b.constant(float(b.numbers((1,))[0])) if b.flag() else shaped(b, ())
    return [x, value], {"low": low, "high": high, "interior": interior}


def dot_general(b: Builder) -> DrawnOperands:
    """Two values with up to two pairs of batch axes and two of axes that are summed over, in any
    order.
    """
    batch, contracted, left, right = (b.choose(n) for n in ([1, 0, 2], [1, 2, 0], [1, 0], [1, 0]))
    lengths = [b.choose([2, 1, 3]) for _ in range(batch + contracted + left + right)]
    shared, free = lengths[: batch + contracted], lengths[batch + contracted :]
    shapes, axes = [], []
    for own in (free[:left], free[left:]):
        labels = [*range(len(shared)), *(-1 for _ in own)]
        order = b.permutation(len(labels))
        sizes = [*shared, *own]
        shapes.append(tuple(sizes[k] for k in order))
        axes.append([order.index(k) for k in range(len(shared))])
    x = grown_or_constant(b, shapes[0], 4)
    if shapes[0] == shapes[1] and b.depends[x] and b.flag(3):
        y = x
    else:
        y = grown_or_constant(b, shapes[1], 3) if b.depends[x] else grown(b, shapes[1])
    return [x, y], {
        "batch_x": tuple(axes[0][:batch]),
        "batch_y": tuple(axes[1][:batch]),
        "contract_x": tuple(axes[0][batch:]),
        "contract_y": tuple(axes[1][batch:]),
    }


def ragged_dot(b: Builder) -> DrawnOperands:
    sizes = b.integers(0, 2, b.choose([2, 3, 1]))
    if not sum(sizes):
        sizes = (2, *sizes[1:])
    inner, columns = b.choose([2, 1, 3]), b.choose([2, 1])
    x = grown_or_constant(b, (sum(sizes), inner), 4)
    shape = (len(sizes), inner, columns)
    y = grown_or_constant(b, shape, 3) if b.depends[x] else grown(b, shape)
    return [x, y], {"sizes": sizes}


def bounded(b: Builder) -> DrawnOperands:
    """A value and two bounds of its shape, or numbers; some entries are at a bound."""
    x = some(b, lambda v: v.size > 0)
    shape = b.values[x].shape
    value = b.values[x]
    if b.flag(3):
        # One bound at an entry.
        low = b.constant(float(np.min(value))) if b.flag() else x
    else:
        low = shaped(b, shape) if b.flag() else b.constant(b.numbers(shape))
    high = b.must("add", (low, b.constant(b.choose([1.0, 0.5, 2.0]))))
    if b.values[low].shape != b.values[high].shape:
        raise Abandon("bounds of different shapes")
    return [x, low, high], {}


def cumulative(*kinds: str) -> OperandStrategy:
    def strategy(b: Builder) -> DrawnOperands:
        kind = b.choose(kinds)
        aim = {"prod": "zeros", "max": "tie", "min": "tie"}.get(kind)
        value_id = aimed(b, with_axes(b, 1, nonempty=True), aim)
        if kind == "logsumexp":
            value_id = fit(b, value_id, Domain(low=-512, high=512))
        return [value_id], {"kind": kind, "axis": axis_of(b, value_id)}

    return strategy


def copied(b: Builder) -> DrawnOperands:
    value_id = some(b, lambda v: v.size > 0)
    return [value_id], {}
