"""Operand strategies for functions of neural networks: operands of one shape, values at kinks,
logits that differ a lot.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from ad_conformance.generators.catalogue.operands import ANY, EPS, Domain
from ad_conformance.generators.strategies.builder import MAX_ENTRIES, Abandon, Builder
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

Draw = Callable[[Builder], Any]


def drawn(b: Builder, params: Mapping[str, Draw]) -> dict[str, Any]:
    return {name: draw(b) for name, draw in params.items()}


def cornered(
    domain: Domain = ANY, corners: Sequence[float | str] = (), **params: Draw
) -> OperandStrategy:
    """One operand; one time in three with entries exactly at a kink of the function.

    A corner is a number, the name of a parameter, or "-" and the name of a parameter.
    """

    def strategy(b: Builder) -> DrawnOperands:
        values = drawn(b, params)
        value_id = some(b)
        if corners and b.flag(3):
            value_id = aimed(b, value_id, "zeros")
            if corner := b.choose([_corner(c, values) for c in corners]):
                value_id = b.must("add", (value_id, b.constant(float(corner))))
        return [fit(b, value_id, domain)], values

    return strategy


def _corner(corner: float | str, values: Mapping[str, Any]) -> float:
    if isinstance(corner, float):
        return corner
    value = float(values[corner.removeprefix("-")])
    return -value if corner.startswith("-") else value


def saturated(b: Builder, value_id: int) -> int:
    """The value; one time in five multiplied by so large a factor that exponentials of its entries
    overflow, or differ by hundreds of orders of magnitude.
    """
    if not b.flag(5):
        return value_id
    return b.must("multiply", (value_id, b.constant(b.choose([32.0, -32.0, 128.0]))))


def fraction(b: Builder, value_id: int) -> int:
    """The value, scaled and shifted to between 1/8 and 7/8."""
    spread = float(np.max(np.abs(b.values[value_id]), initial=0.0))
    if spread > 3 / 8:
        scale = 2.0 ** math.floor(math.log2(3 / 8 / spread))
        value_id = b.must("multiply", (value_id, b.constant(scale)))
    return b.must("add", (value_id, b.constant(0.5)))


def apart_from(b: Builder, first: int, second: int) -> int:
    """`second`, shifted so that each of its entries is larger than all entries of `first`."""
    shift = math.ceil(float(np.max(b.values[first]) - np.min(b.values[second]))) + 1.0
    return b.must("add", (second, b.constant(shift)))


def like(b: Builder, first: int, most: int = MAX_ENTRIES) -> int:
    """A second operand of the same shape: another value, a constant, or the first itself if it has
    `most` entries at most.
    """
    shape = b.values[first].shape
    if b.flag(6) and b.values[first].size <= most:
        return first
    if b.flag() or not math.prod(shape):
        return shaped(b, shape)
    return b.constant(b.numbers(shape))


def alike(
    *domains: Domain, saturate: bool = False, apart: Draw | None = None, **params: Draw
) -> OperandStrategy:
    """Operands of one shape, each within its domain. One time in four two entries of the first two
    operands differ by exactly `apart`.

    Give `apart` if the function has a kink at that difference. Only two entries are at the kink,
    because no reference can be certified if many are.
    """

    def strategy(b: Builder) -> DrawnOperands:
        values = drawn(b, params)
        first = some(b, lambda v: v.size > 0)
        if saturate:
            first = saturated(b, first)
        most = MAX_ENTRIES if apart is None else 2
        value_ids = [first, *(like(b, first, most) for _ in domains[1:])]
        if apart is not None and b.flag(4):
            # Two entries at the kink, the others well away from it.
            value = b.values[first]
            gaps = np.where(np.arange(value.size) < 2, float(apart(b)), 8.0).reshape(value.shape)
            value_ids[1] = b.must("subtract", (first, b.constant(gaps)))
        if len(value_ids) > 1 and b.flag(3):
            value_ids[:2] = value_ids[1::-1]
        fitted = [fit(b, i, domain) for i, domain in zip(value_ids, domains, strict=True)]
        return fitted, values

    return strategy


def chances(**params: Draw) -> OperandStrategy:
    """Two operands of one shape, from 0 to 1. The second can be a constant of zeros and ones."""

    def strategy(b: Builder) -> DrawnOperands:
        first = fraction(b, some(b, lambda v: v.size > 0))
        if b.flag():
            second = fraction(b, like(b, first))
        else:
            second = b.constant(np.clip(b.numbers(b.values[first].shape), 0, 1))
        return [first, second], drawn(b, params)

    return strategy


def wide(b: Builder, least: int = 1, most: int = 2) -> int:
    """A value with `least` to `most` axes and at least one entry."""
    value_id = with_axes(b, least, nonempty=True)
    if b.values[value_id].ndim > most:
        return shaped(b, (2,) * least)
    return value_id


def logits(targets: bool = False, **params: Draw) -> OperandStrategy:
    """Logits in one or more rows, with the parameter `labels`, or (`targets`) with a second operand
    of the same shape.
    """

    def strategy(b: Builder) -> DrawnOperands:
        value_id = saturated(b, wide(b))
        shape = b.values[value_id].shape
        values = drawn(b, params)
        if targets:
            return [value_id, like(b, value_id)], values
        rows = math.prod(shape[:-1])
        labels = b.integers(0, shape[-1] - 1, rows)
        return [value_id], {"labels": tuple(labels), **values}

    return strategy


def halves(b: Builder) -> DrawnOperands:
    value_id = b.pick(lambda v: any(n and n % 2 == 0 for n in v.shape))
    if value_id is None:
        value_id = shaped(b, b.choose([(2,), (2, 2), (4,)]))
    shape = b.values[value_id].shape
    axis = b.choose([k for k, n in enumerate(shape) if n and n % 2 == 0])
    return [value_id], {"axis": axis - len(shape) if b.flag() else axis}


def sloped(b: Builder) -> DrawnOperands:
    """A value and a scalar, which can be one of its entries."""
    value_id = some(b, lambda v: v.size > 0)
    scalar = b.pick(lambda v: v.ndim == 0)
    if scalar is None or b.flag(3):
        n = b.values[value_id].ndim
        if n and b.flag():
            scalar = b.must("index", (value_id,), index=(0,) * n)
        else:
            scalar = b.constant(float(b.numbers((1,))[0]))
    return [value_id, scalar], {}


def _scaled(b: Builder, value_id: int, n: int) -> list[int]:
    """The value, alone or with a weight and a bias of length `n`."""
    if b.flag():
        return [value_id]
    weight, bias = (shaped(b, (n,)) if b.flag(3) else b.constant(b.numbers((n,))) for _ in range(2))
    return [value_id, weight, bias]


def _even(b: Builder, value_id: int) -> int:
    """The value; one time in five a constant array, whose variance is zero."""
    if not b.flag(5):
        return value_id
    flat = b.must("sum", (value_id,), axis=None, keepdims=False)
    return b.must("multiply", (flat, b.constant(np.ones(b.values[value_id].shape))))


def normalized_rows(b: Builder) -> DrawnOperands:
    """A value normalized over its last axis."""
    value_id = _even(b, wide(b))
    return _scaled(b, value_id, b.values[value_id].shape[-1]), {"eps": EPS(b)}


def standardized(b: Builder) -> DrawnOperands:
    """A value between -8 and 8, normalized over any axis."""
    value_ids, _ = normalized_rows(b)
    value_id = fit(b, value_ids[0], Domain(low=-8, high=8))
    return [value_id], {"axis": axis_of(b, value_id), "eps": b.choose([1.0, 0.25])}


def _normalized_sizes(over: str, shape: tuple[int, ...]) -> int:
    """How many entries one mean is taken of, 0 for a shape that is not to be drawn."""
    if over == "batch":
        return shape[0] * math.prod(shape[2:])
    if over == "instance":
        return math.prod(shape[2:]) if len(shape) > 2 else 0
    return math.prod(shape[1:])


def normalized_channels(over: str) -> OperandStrategy:
    """A value with channels on axis 1, normalized `over` each "batch", "instance" or "groups".

    Each mean is taken of more than one entry.
    """

    def minimum(shape: tuple[int, ...]) -> bool:
        return _normalized_sizes(over, shape) > 1

    def strategy(b: Builder) -> DrawnOperands:
        value_id = b.pick(lambda v: v.ndim >= 2 and v.size > 0 and minimum(v.shape))
        if value_id is None or b.flag(4):
            shapes = ((2, 2), (3, 1), (1, 2), (2, 1, 2), (1, 2, 2), (1, 4), (2, 3))
            value_id = shaped(b, b.choose([s for s in shapes if minimum(s)]))
        value_id = _even(b, value_id)
        n = b.values[value_id].shape[1]
        values = {"eps": EPS(b)}
        if over == "groups":
            size = b.values[value_id].size // b.values[value_id].shape[0]
            values["groups"] = b.choose(
                [g for g in range(1, n + 1) if n % g == 0 and size > g] or [1]
            )
        return _scaled(b, value_id, n), values

    return strategy


def _lengths(b: Builder, value_id: int, axis: int) -> np.ndarray:
    return np.asarray(np.sqrt(np.sum(np.square(b.values[value_id]), axis=axis)))


def directions(count: int) -> OperandStrategy:
    """One or two operands of one shape whose norms along the axis are not small. Two operands are
    at times the same value.
    """

    def strategy(b: Builder) -> DrawnOperands:
        first = wide(b)
        axis = axis_of(b, first)
        value_ids = [first] if count == 1 else [first, like(b, first)]
        if not all(np.all(_lengths(b, value_id, axis) >= 1 / 4) for value_id in value_ids):
            raise Abandon
        return value_ids, {"axis": axis}

    return strategy


def distances(rows: bool) -> OperandStrategy:
    """Two operands with positive distances: of their corresponding rows, or (`rows`) of every row
    of one from every row of the other.
    """

    def strategy(b: Builder) -> DrawnOperands:
        first = wide(b, 2 if rows else 1)
        if rows and b.flag():
            two = shaped(b, (b.choose([1, 2]), b.values[first].shape[-1]))
        else:
            two = like(b, first)
        one, other = b.values[first], b.values[two]
        gap = one[:, None, :] - other[None, :, :] if rows else one - other
        if not np.all(np.sum(np.square(gap), axis=-1) >= 1 / 16):
            two = apart_from(b, first, two)
        return [first, two], {"p": b.choose([2.0, 1.0, 3.0, 4.0])}

    return strategy


def points_apart(b: Builder) -> DrawnOperands:
    first = wide(b, 2)
    value = b.values[first]
    gap = value[:, None, :] - value[None, :, :] + np.eye(len(value))[:, :, None]
    if not np.all(np.sum(np.square(gap), axis=-1) >= 1 / 16):
        raise Abandon
    return [first], {"p": b.choose([2.0, 1.0, 3.0, 4.0])}


def attention(b: Builder) -> DrawnOperands:
    """Queries, keys and values, which can all be the same value."""
    query = saturated(b, wide(b, 2))
    n = b.values[query].shape[-1]
    key = query if b.flag(3) else shaped(b, (b.choose([2, 1, 3]), n))
    value = key if b.flag(3) else shaped(b, (b.values[key].shape[0], b.choose([n, 1, 2])))
    return [query, key, value], {"scale": b.choose([1.0, 0.5]), "causal": b.flag(3)}


def linear(b: Builder) -> DrawnOperands:
    x = wide(b)
    n, m = b.values[x].shape[-1], b.choose([2, 1, 3])
    weight = shaped(b, (m, n)) if b.flag() else b.constant(b.numbers((m, n)))
    return [x, weight, shaped(b, (m,)) if b.flag(3) else b.constant(b.numbers((m,)))], {}


def bilinear(b: Builder) -> DrawnOperands:
    x = wide(b)
    y = like(b, x)
    n = b.values[x].shape[-1]
    m = b.choose([k for k in (2, 1) if k * n * n <= MAX_ENTRIES])
    return [x, y, shaped(b, (m, n, n)) if b.flag() else b.constant(b.numbers((m, n, n)))], {}


def _signal(b: Builder, least: int = 1) -> int:
    value_id = b.pick(lambda v: v.ndim == 1 and v.size >= least)
    if value_id is None or b.flag(3):
        return shaped(b, (b.integer(least, least + 3),))
    return value_id


def signals(*modes: str) -> OperandStrategy:
    """Two vectors to convolve and the mode of the convolution. They can be the same value."""

    def strategy(b: Builder) -> DrawnOperands:
        one = _signal(b)
        if b.flag(5):
            two = one
        elif b.flag():
            two = b.constant(b.numbers((b.choose([2, 3, 1]),)))
        else:
            two = _signal(b)
        return [one, two] if b.flag() else [two, one], {"mode": b.choose(modes)}

    return strategy


def conv1d(b: Builder) -> DrawnOperands:
    kernel = b.choose([2, 3, 1])
    params = {
        "stride": b.choose([1, 2, 3]),
        "padding": b.choose([0, 1, 2]),
        "dilation": b.choose([1, 2]),
    }
    one = _signal(b, max(1, params["dilation"] * (kernel - 1) + 1 - 2 * params["padding"]))
    two = shaped(b, (kernel,)) if b.flag() else b.constant(b.numbers((kernel,)))
    return [one, two], params


def pooled(**params: Draw) -> OperandStrategy:
    def strategy(b: Builder) -> DrawnOperands:
        window = b.choose([2, 3, 1])
        values = {"window": window, "stride": b.choose([1, 2, 3]), **drawn(b, params)}
        if "padding" in values:
            values["padding"] = min(values["padding"], window // 2)
        return [aimed(b, _signal(b, window), "tie")], values

    return strategy


def polynomial(b: Builder) -> DrawnOperands:
    coefficients = _signal(b) if b.flag() else b.constant(b.numbers((b.choose([3, 1, 2, 4]),)))
    x = some(b)
    if not b.depends[coefficients] or b.flag(3):
        x = aimed(b, x, "zeros")
    return [coefficients, x], {}
