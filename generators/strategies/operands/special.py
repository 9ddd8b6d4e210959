"""How operands of special functions are arranged: far out in tails, near the ends of intervals,
beside poles.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from ad_conformance.generators.catalogue.operands import Domain
from ad_conformance.generators.strategies.builder import Builder
from ad_conformance.generators.strategies.operands.basic import (
    DrawnOperands,
    OperandStrategy,
    aimed,
    fit,
    some,
    with_axes,
)

#: Where digamma is zero, to the last bit.
ROOT = 1.4616321449683622


def extended(domain: Domain) -> OperandStrategy:
    """Anywhere in the domain, and one time in three shifted far from zero."""

    def arranged(b: Builder) -> DrawnOperands:
        value_id = some(b)
        if b.flag(3):
            sides = [s for s in (8.0, -8.0, 20.0, -28.0) if domain.low <= s <= domain.high]
            value_id = b.must("add", (value_id, b.constant(b.choose(sides))))
        return [fit(b, value_id, domain)], {}

    return arranged


def at_zeros(domain: Domain) -> OperandStrategy:
    return lambda b: ([fit(b, aimed(b, some(b), "zeros"), domain)], {})


def probability(low: float) -> OperandStrategy:
    """Between `low` (0 or -1) and 1, one time in four close to an end."""

    def arranged(b: Builder) -> DrawnOperands:
        value_id = fit(b, some(b), Domain(low=-7 / 8, high=7 / 8))
        if b.flag(4):
            small = b.must(
                "multiply",
                (b.must("square", (value_id,)), b.constant(b.choose([2.0**-6, 2.0**-16]))),
            )
            value_id = b.must("add", (small, b.constant(2.0**-18)))
            if low or b.flag():
                value_id = b.must("subtract", (b.constant(1.0), value_id))
        elif not low:
            value_id = b.must(
                "add", (b.must("multiply", (value_id, b.constant(0.5))), b.constant(0.5))
            )
        return [value_id], {}

    return arranged


def _off_poles(value: np.ndarray) -> bool:
    return bool(np.all((value > 1 / 16) | (np.abs(value - np.rint(value)) >= 1 / 16)))


def gamma_argument(b: Builder) -> DrawnOperands:
    """Positive numbers, negative ones between the poles, and the zero of digamma."""
    value_id = some(b)
    if b.flag(6):
        return [b.must("add", (value_id, b.constant(ROOT - b.values[value_id])))], {}
    if b.flag():
        for shift in (0.0, 0.3125, 0.1875):
            if _off_poles(b.values[value_id] + shift):
                return [b.must("add", (value_id, b.constant(shift))) if shift else value_id], {}
    return [fit(b, value_id, Domain(low=1 / 8))], {}


def order(param: str, choices: list[int], arrangement: OperandStrategy) -> OperandStrategy:
    """`arrangement`, with one of `choices` for a parameter."""

    def arranged(b: Builder) -> DrawnOperands:
        value_ids, params = arrangement(b)
        return value_ids, {**params, param: b.choose(choices)}

    return arranged


def beside_zero(edge: float, positive: bool = False) -> OperandStrategy:
    """Factors and arguments of a logarithm that is singular at `edge`.

    One time in three the factor is a constant that is exactly zero where the argument is at the
    edge or beyond it.
    """

    def arranged(b: Builder) -> DrawnOperands:
        argument = some(b)
        if b.flag(3):
            if edge:
                argument = b.must("add", (argument, b.constant(edge)))
            elif positive:
                argument = fit(b, argument, Domain(low=1 / 16))
            else:
                argument = aimed(b, argument, "zeros")
            value = b.values[argument]
            drawn = b.numbers(value.shape)
            factor: Any = b.constant(
                np.where(value > edge + 1 / 16, np.abs(drawn) if positive else drawn, 0.0)
            )
            return [factor, argument], {}
        # What the argument was before it had to fit may have zeros.
        before, argument = argument, fit(b, argument, Domain(low=edge + 1 / 16))
        shape = b.values[argument].shape
        factor = (
            b.pick(lambda v: v.shape in (shape, ())) if b.flag() else b.choose([argument, before])
        )
        factor = argument if factor is None else factor
        return [
            fit(b, factor, Domain(low=1 / 16)) if positive else aimed(b, factor, "zeros"),
            argument,
        ], {}

    return arranged


def far_apart(arrangement: OperandStrategy) -> OperandStrategy:
    """`arrangement`, one time in three after a step that takes entries tens or hundreds apart."""

    def arranged(b: Builder) -> DrawnOperands:
        if b.flag(3):
            b.must(
                "multiply", (with_axes(b, 1, nonempty=True), b.constant(b.choose([20.0, 256.0])))
            )
        return arrangement(b)

    return arranged
