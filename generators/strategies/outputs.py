"""Single operations of a program, and its output."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.strategies.builder import Abandon, Builder
from ad_conformance.generators.strategies.hidden import can_hide, hidden
from ad_conformance.generators.strategies.operands import strategy_of
from ad_conformance.generators.strategies.operands.basic import aimed
from ad_conformance.generators.strategies.operands.batches.large import summary

#: How often an operation is tried before a program goes without it.
ATTEMPTS = 3
#: One time in so many, an operation is applied to values at the end of its domain that nothing
#: selects, or selects others than those; and before any other operation there is such a selection.
HIDING, HIDING_BEFORE = 8, 64
#: Nonlinear operations, one of which is added to a program that would be linear: those of scalars,
#: and those of arrays.
_BENDING_SCALARS = ("multiply", "sin", "square", "exp", "pow", "tanh")
_BENDING = (*_BENDING_SCALARS, "prod", "vecdot")


def draw_step(b: Builder, names: Sequence[str]) -> int | None:
    """Add one operation of `names`, after the steps that prepare its operands. It takes the wanted
    value if it can. Returns its value_id, or None if it does not fit; then no step is added.
    """
    length = len(b.steps)
    op = CATALOGUE[b.choose(names)]
    if can_hide(op.name) and b.flag(HIDING) and (found := hidden(b, op.name)) is not None:
        return found
    if b.flag(HIDING_BEFORE):
        wanted = b.wanted
        b.wanted = hidden(b) or wanted
    try:
        b.roomy = op.large
        operands, params = strategy_of(op)(b)
        return summary(b, b.must(op.name, operands, **params))
    except Abandon:
        b.rewind(length)
        return None
    finally:
        b.wanted, b.roomy = None, False


def bend(b: Builder, value_id: int, order: int) -> int | None:
    """Apply a nonlinear operation to the value, if possible one with a nonzero derivative of that
    order. Returns None if none fits.
    """
    length = len(b.steps)
    bent = None
    for _ in range(ATTEMPTS):
        b.rewind(length)
        b.wanted = value_id
        bent = draw_step(b, _BENDING if b.values[value_id].ndim else _BENDING_SCALARS)
        if bent is not None and b.varies(bent, order):
            break
    return bent


def _varying_value(b: Builder, order: int) -> int:
    """A value for the output: mostly one with a nonzero derivative of that order. A program without
    detects few faults.
    """
    wanted = b.wanted
    value_id = b.pick() or 0
    b.wanted = None
    if b.varies(value_id, order) or not b.source.unless(8):
        return value_id
    if wanted is None:
        for other in range(len(b.steps), 0, -1):
            if other != value_id and not b.hidden[other] and b.varies(other, order):
                return other
    return bend(b, value_id, order) or value_id


def _weighted(b: Builder, value_id: int) -> int:
    """The value, two times in three with its entries multiplied by different constants: a plain
    sum cannot detect that entries were exchanged.
    """
    value = b.values[value_id]
    if not value.size or b.flag(3):
        return value_id
    return b.must("multiply", (value_id, b.constant(b.numbers(value.shape))))


def _number(b: Builder, value_id: int) -> int:
    """A scalar made of the value."""
    value = b.values[value_id]
    if value.ndim == 0:
        return value_id
    match b.choose(["sum", "index", "mean", "prod", "norm"]):
        case "index" if value.size:
            return b.must("index", (value_id,), index=b.entry(value_id))
        case "mean" if value.size:
            return b.must("mean", (value_id,), axis=None, keepdims=False)
        case "prod":
            return b.must("prod", (aimed(b, value_id, "zeros"),), axis=None, keepdims=False)
        case "norm" if np.sum(np.square(value)) >= 1 / 16:
            return b.must("vector_norm", (value_id,), axis=None)
        case _:
            return b.must("sum", (_weighted(b, value_id),), axis=None, keepdims=False)


def _spread(b: Builder, value_id: int, shape: tuple[int, ...]) -> int:
    """An array of that shape made of a scalar."""
    return b.must(b.choose(["multiply", "add"]), (value_id, b.constant(b.numbers(shape))))


def _vector(b: Builder, value_id: int) -> int:
    """A vector made of the value."""
    value = b.values[value_id]
    if value.ndim == 1:
        return value_id
    if value.ndim == 0 and b.flag():
        return b.must("stack", (value_id, value_id), axis=0)
    if value.ndim == 0:
        return _spread(b, value_id, (2,))
    if value.ndim == 2 and b.flag():
        return b.must("sum", (_weighted(b, value_id),), axis=b.choose([0, -1]), keepdims=False)
    return b.must("reshape", (value_id,), shape=(-1,))


def _matrix(b: Builder, value_id: int) -> int:
    """A matrix made of the value."""
    value = b.values[value_id]
    if value.ndim == 2:
        return value_id
    if value.ndim == 0:
        return _spread(b, value_id, (2, 2))
    if value.ndim == 1 and b.flag():
        return b.must("stack", (value_id, value_id), axis=b.choose([1, 0]))
    if value.ndim == 1:
        return b.must("expand_dims", (value_id,), axis=0)
    return b.must("sum", (_weighted(b, value_id),), axis=0, keepdims=False)


#: What makes an output of each kind.
_OUTPUTS = {"num": _number, "vec": _vector, "mat": _matrix}


def output_of(b: Builder, target: str, order: int) -> int:
    """An output of kind `target`, made of the latest values, mostly with a nonzero derivative of
    that order. Raises Abandon if it is out of bounds.
    """
    return _OUTPUTS[target](b, _varying_value(b, order))
