"""Operand strategies for functions of several arguments: a point, and the parameters of a
distribution, with broadcasting.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from ad_conformance.generators.catalogue.operands import ANY, Domain
from ad_conformance.generators.strategies.builder import MAX_ENTRIES, Abandon, Builder
from ad_conformance.generators.strategies.operands.basic import (
    DrawnOperands,
    OperandStrategy,
    fit,
    pair,
    shaped,
    some,
)
from ad_conformance.generators.strategies.operands.decompositions import definite
from ad_conformance.generators.strategies.operands.networks import Draw, drawn


def within(b: Builder, value_id: int, domain: Domain) -> int:
    """`fit`, also for an interval that zero is not inside."""
    low, high = domain.low, domain.high
    if not (math.isfinite(low) and math.isfinite(high)) or low < 0 < high:
        return fit(b, value_id, domain)
    if domain.holds(b.values[value_id]):
        return value_id
    reach, centre = (high - low) * 3 / 8, (high + low) / 2
    spread = float(np.max(np.abs(b.values[value_id]), initial=0.0))
    if spread > reach:
        scale = 2.0 ** math.floor(math.log2(reach / spread))
        value_id = b.must("multiply", (value_id, b.constant(scale)))
    return b.must("add", (value_id, b.constant(centre)))


def _steady(b: Builder, domain: Domain, like: np.ndarray) -> int:
    """A constant in the domain, a number or of the shape of `like`."""
    shape = like.shape if b.flag(3) and like.size else ()
    size = math.prod(shape)
    low = domain.low if math.isfinite(domain.low) else -4.0
    high = domain.high if math.isfinite(domain.high) else max(low, 0.0) + 4.0
    steps = [low + (high - low) * k / 8 for k in (4, 2, 3, 5, 6, 1, 7)]
    whole = [float(n) for n in (1, 2, 3) if low <= n <= high]
    values = b.choices(whole if whole and b.flag() else steps, size)
    return b.constant(np.array(values).reshape(shape))


def _arguments(
    b: Builder, domains: Sequence[Domain], steady: Sequence[int], most: int
) -> list[int]:
    lead = b.integer(0, len(domains) - 1)
    if lead in steady:
        lead = next(k for k in range(len(domains)) if k not in steady)
    first = b.pick(lambda v: v.size <= most)
    if first is None:
        first = _number(b, some(b, lambda v: v.size > 0))
    value_ids = []
    for k, domain in enumerate(domains):
        if k in steady and not b.flag(6):
            value_ids.append(_steady(b, domain, b.values[first]))
        else:
            value_id = first if k == lead else pair(b, first)
            if b.values[value_id].size > most:
                value_id = _number(b, value_id)
            value_ids.append(within(b, value_id, domain))
    return value_ids


def arguments(
    *domains: Domain,
    optional: int = 0,
    steady: Sequence[int] = (),
    most: int = MAX_ENTRIES,
    **params: Draw,
) -> OperandStrategy:
    """Operands that broadcast with each other, each within its domain.

    The last `optional` operands are left out one time in two. Those at the indices `steady` are
    constants, five times in six. None has more than `most` entries.
    """

    def strategy(b: Builder) -> DrawnOperands:
        count = len(domains) - (optional if optional and b.flag() else 0)
        values = drawn(b, params)
        return _arguments(b, domains[:count], steady, most), values

    return strategy


def beyond(*domains: Domain, edge: int, reach: Domain, optional: int = 0) -> OperandStrategy:
    """`arguments` of which the first is larger than the one at the index `edge` by a value in the
    domain `reach`; larger than zero, if that one is left out.
    """

    def strategy(b: Builder) -> DrawnOperands:
        value_ids, params = arguments(reach, *domains, optional=optional)(b)
        if edge < len(value_ids):
            value_ids[0] = b.must("add", (value_ids[0], value_ids[edge]))
        return value_ids, params

    return strategy


def inside(distance: Domain) -> OperandStrategy:
    """Three operands, the first between the second and the third."""

    def strategy(b: Builder) -> DrawnOperands:
        value_ids, params = arguments(ANY, distance, distance)(b)
        x, below, above = value_ids
        return [x, b.must("subtract", (x, below)), b.must("add", (x, above))], params

    return strategy


def doubled(operands: OperandStrategy) -> OperandStrategy:
    """The only operand of another strategy, times two."""

    def strategy(b: Builder) -> DrawnOperands:
        (value_id,), params = operands(b)
        return [b.must("multiply", (value_id, b.constant(2.0)))], params

    return strategy


def within_octaves(b: Builder) -> DrawnOperands:
    """An operand away from zero and from powers of two; one time in six at any value but zero."""
    value_id = fit(b, some(b), Domain(gap=1 / 16))
    if not b.flag(6):
        value_id = b.must("multiply", (value_id, b.constant(b.choose([1.375, -1.375, 1.1875]))))
    return [value_id], {}


def simplex(b: Builder) -> DrawnOperands:
    """Positive numbers with a sum below one, and as many positive numbers and one more."""
    n = b.choose([2, 1, 3])
    x = some(b, lambda v: v.size > 0)
    if b.values[x].shape != (n,):
        x = b.must("multiply", (_number(b, x), b.constant(b.numbers((n,)))))
    x = within(b, x, Domain(low=1 / 16, high=1 / 4))
    alpha = b.constant(np.array(b.choices([1.5, 1.0, 2.0, 0.5, 3.0], n + 1)))
    if b.flag():
        alpha = b.must(
            "multiply", (alpha, within(b, _number(b, some(b)), Domain(low=1 / 4, high=4)))
        )
    return [x, alpha], {}


def _number(b: Builder, value_id: int) -> int:
    if b.values[value_id].ndim == 0:
        return value_id
    if not b.values[value_id].size:
        raise Abandon
    return b.must("index", (value_id,), index=b.entry(value_id))


def point_and_covariance(b: Builder) -> DrawnOperands:
    """Two vectors, and a matrix with a definite symmetric part."""
    (cov,), _ = definite(b)
    shape = b.values[cov].shape[-1:]
    if b.values[cov].ndim != 2:
        raise Abandon
    x = shaped(b, shape)
    mean = b.constant(b.numbers(shape)) if b.flag() else shaped(b, shape)
    return [x, mean, cov], {}
