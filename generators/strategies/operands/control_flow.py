"""Operands of loops, branches and derivatives inside a program."""

from __future__ import annotations

from ad_conformance.generators.catalogue.operands import Domain
from ad_conformance.generators.strategies.builder import Builder
from ad_conformance.generators.strategies.operands.basic import (
    DrawnOperands,
    OperandStrategy,
    fit,
    shaped,
    some,
)
from ad_conformance.generators.strategies.operands.networks import Draw, drawn, like


def captured(bodies: tuple[str, ...], **params: Draw) -> OperandStrategy:
    """An operand and a captured value of the same shape, in half of the draws the operand itself.

    `bodies` are the names of the functions that capture the value.
    """
    domain = Domain(low=-2, high=2)

    def arranged(b: Builder) -> DrawnOperands:
        first = fit(b, some(b, lambda v: v.size > 0), domain)
        second = first if b.flag() else fit(b, like(b, first), domain)
        return [first, second], {
            "body": b.choose(bodies),
            **drawn(b, params),
        }

    return arranged


def fitted(domain: Domain, **params: Draw) -> OperandStrategy:
    return lambda b: (
        [fit(b, some(b, lambda v: v.size > 0), domain)],
        drawn(b, params),
    )


def nonempty_vector(*, weight: bool, **params: Draw) -> OperandStrategy:
    def arranged(b: Builder) -> DrawnOperands:
        value_id = b.pick(lambda v: v.ndim == 1 and v.size > 0)
        if value_id is None:
            value_id = shaped(b, (b.choose([3, 2, 1, 4]),))
        rest = (
            [b.pick(lambda v: v.ndim == 0) or b.must("sum", (value_id,), axis=None, keepdims=False)]
            if weight
            else []
        )
        return [value_id, *rest], drawn(b, params)

    return arranged


def branched(b: Builder) -> DrawnOperands:
    """The sum is sometimes exactly at the threshold, where the two branches meet."""
    value_id = some(b, lambda v: v.size > 0)
    return [value_id], {"threshold": float(b.choose([0.0, 1.0, -1.0]))}
