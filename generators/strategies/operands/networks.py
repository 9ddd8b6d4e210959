"""How operands of the functions of neural networks are arranged: pairs of one shape, corners,
logits far apart.
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
from hypothesis import strategies as st

Draw = Callable[[Builder], Any]


def drawn(b: Builder, params: Mapping[str, Draw]) -> dict[str, Any]:
    return {name: draw(b) for name, draw in params.items()}


def cornered(
    domain: Domain = ANY, corners: Sequence[float | str] = (), **params: Draw
) -> OperandStrategy:
    """One operand, sometimes exactly at a corner of the function.

    A corner is a number, the name of a parameter, or "-" and the name of a parameter.
    """

    def arranged(b: Builder) -> DrawnOperands:
        values = drawn(b, params)
        value_id = some(b)
        if corners and b.flag(3):
            value_id = aimed(b, value_id, "zeros")
            if corner := b.choose([_corner(c, values) for c in corners]):
                value_id = b.must("add", (value_id, b.constant(float(corner))))
        return [fit(b, value_id, domain)], values

    return arranged


def _corner(corner: float | str, values: Mapping[str, Any]) -> float:
    if isinstance(corner, float):
        return corner
    value = float(values[corner.removeprefix("-")])
    return -value if corner.startswith("-") else value


def saturated(b: Builder, value_id: int) -> int:
    """`place`, one time in five so large that exponentials of its entries lie hundreds apart."""
    return (
        b.must("multiply", (value_id, b.constant(b.choose([32.0, -32.0, 128.0]))))
        if b.flag(5)
        else value_id
    )


def fraction(b: Builder, value_id: int) -> int:
    """`place`, scaled and shifted to between 1/8 and 7/8."""
    spread = float(np.max(np.abs(b.values[value_id]), initial=0.0))
    if spread > 3 / 8:
        value_id = b.must(
            "multiply", (value_id, b.constant(2.0 ** math.floor(math.log2(3 / 8 / spread))))
        )
    return b.must("add", (value_id, b.constant(0.5)))


def apart_from(b: Builder, first: int, second: int) -> int:
    """`second`, shifted until each of its entries is larger than all of `first`."""
    shift = math.ceil(float(np.max(b.values[first]) - np.min(b.values[second]))) + 1.0
    return b.must("add", (second, b.constant(shift)))


def like(b: Builder, first: int, most: int = MAX_ENTRIES) -> int:
    """A second operand of the same shape: another value, a constant, or the first itself if it is
    not too large.
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
    """Operands of one shape, each within its domain; now and then the first two are exactly
    `apart`.

    Give `apart` where the function has kinks: where many meet, there is no truth, so only a few do.
    """

    def arranged(b: Builder) -> DrawnOperands:
        values = drawn(b, params)
        first = some(b, lambda v: v.size > 0)
        if saturate:
            first = saturated(b, first)
        value_ids = [
            first,
            *(like(b, first, MAX_ENTRIES if apart is None else 2) for _ in domains[1:]),
        ]
        if apart is not None and b.flag(4):
            # Two entries at the corner, the others well away.
            value = b.values[first]
            gaps = np.where(np.arange(value.size) < 2, float(apart(b)), 8.0).reshape(value.shape)
            value_ids[1] = b.must("subtract", (first, b.constant(gaps)))
        if len(value_ids) > 1 and b.flag(3):
            value_ids[:2] = value_ids[1::-1]
        return [
            fit(b, value_id, domain) for value_id, domain in zip(value_ids, domains, strict=True)
        ], values

    return arranged


def chances(**params: Draw) -> OperandStrategy:
    """Two values between 0 and 1 of one shape; the second may be a constant with zeros and ones."""

    def arranged(b: Builder) -> DrawnOperands:
        first = fraction(b, some(b, lambda v: v.size > 0))
        if b.flag():
            return [first, fraction(b, like(b, first))], drawn(b, params)
        return [first, b.constant(np.clip(b.numbers(b.values[first].shape), 0, 1))], drawn(
            b, params
        )

    return arranged


def wide(b: Builder, least: int = 1, most: int = 2) -> int:
    """A value of `least` to `most` axes, none of them empty."""
    value_id = with_axes(b, least, nonempty=True)
    return value_id if b.values[value_id].ndim <= most else shaped(b, (2,) * least)


def logits(targets: bool = False, **params: Draw) -> OperandStrategy:
    """Logits in rows or one row, with `labels` as a parameter, or with `targets` as a second
    operand.
    """

    def arranged(b: Builder) -> DrawnOperands:
        value_id = saturated(b, wide(b))
        shape = b.values[value_id].shape
        values = drawn(b, params)
        if targets:
            return [value_id, like(b, value_id)], values
        rows = math.prod(shape[:-1])
        labels = b.draw(st.lists(st.integers(0, shape[-1] - 1), min_size=rows, max_size=rows))
        return [value_id], {"labels": tuple(labels), **values}

    return arranged


def halves(b: Builder) -> DrawnOperands:
    value_id = b.pick(lambda v: any(n and n % 2 == 0 for n in v.shape))
    if value_id is None:
        value_id = shaped(b, b.choose([(2,), (2, 2), (4,)]))
    shape = b.values[value_id].shape
    axis = b.choose([k for k, n in enumerate(shape) if n and n % 2 == 0])
    return [value_id], {"axis": axis - len(shape) if b.flag() else axis}


def sloped(b: Builder) -> DrawnOperands:
    """A value and a number, which may be one of its entries."""
    value_id = some(b, lambda v: v.size > 0)
    number = b.pick(lambda v: v.ndim == 0)
    if number is None or b.flag(3):
        n = b.values[value_id].ndim
        number = (
            b.must("index", (value_id,), index=(0,) * n)
            if n and b.flag()
            else b.constant(float(b.numbers((1,))[0]))
        )
    return [value_id, number], {}


def _scaled(b: Builder, value_id: int, n: int) -> list[int]:
    """`place`, alone or with a weight and a bias of length `n`."""
    if b.flag():
        return [value_id]
    weight, bias = (shaped(b, (n,)) if b.flag(3) else b.constant(b.numbers((n,))) for _ in range(2))
    return [value_id, weight, bias]


def _even(b: Builder, value_id: int) -> int:
    """`place`, one time in five with all its entries made equal: what is normalized is then zero."""
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

    def arranged(b: Builder) -> DrawnOperands:
        value_id = b.pick(lambda v: v.ndim >= 2 and v.size > 0 and minimum(v.shape))
        if value_id is None or b.flag(4):
            shapes = [
                s
                for s in ((2, 2), (3, 1), (1, 2), (2, 1, 2), (1, 2, 2), (1, 4), (2, 3))
                if minimum(s)
            ]
            value_id = shaped(b, b.choose(shapes))
        value_id = _even(b, value_id)
        n = b.values[value_id].shape[1]
        values = {"eps": EPS(b)}
        if over == "groups":
            size = b.values[value_id].size // b.values[value_id].shape[0]
            values["groups"] = b.choose(
                [g for g in range(1, n + 1) if n % g == 0 and size > g] or [1]
            )
        return _scaled(b, value_id, n), values

    return arranged


def _lengths(b: Builder, value_id: int, axis: int) -> np.ndarray:
    return np.asarray(np.sqrt(np.sum(np.square(b.values[value_id]), axis=axis)))


def directions(count: int) -> OperandStrategy:
    """Operands of one shape, none of which has length zero along the axis; for two, now and then
    the same one.
    """

    def arranged(b: Builder) -> DrawnOperands:
        first = wide(b)
        axis = axis_of(b, first)
        value_ids = [first] if count == 1 else [first, like(b, first)]
        if not all(np.all(_lengths(b, value_id, axis) >= 1 / 4) for value_id in value_ids):
            raise Abandon
        return value_ids, {"axis": axis}

    return arranged


def distances(rows: bool) -> OperandStrategy:
    """Two operands of which no two points coincide; with `rows` every row of one meets every row of
    the other.
    """

    def arranged(b: Builder) -> DrawnOperands:
        first = wide(b, 2 if rows else 1)
        two = (
            shaped(b, (b.choose([1, 2]), b.values[first].shape[-1]))
            if rows and b.flag()
            else like(b, first)
        )
        one, other = b.values[first], b.values[two]
        gap = one[:, None, :] - other[None, :, :] if rows else one - other
        if not np.all(np.sum(np.square(gap), axis=-1) >= 1 / 16):
            two = apart_from(b, first, two)
        return [first, two], {"p": b.choose([2.0, 1.0, 3.0, 4.0])}

    return arranged


def points_apart(b: Builder) -> DrawnOperands:
    first = wide(b, 2)
    value = b.values[first]
    gap = value[:, None, :] - value[None, :, :] + np.eye(len(value))[:, :, None]
    if not np.all(np.sum(np.square(gap), axis=-1) >= 1 / 16):
        raise Abandon
    return [first], {"p": b.choose([2.0, 1.0, 3.0, 4.0])}


def attention(b: Builder) -> DrawnOperands:
    """Queries, keys and values; the three may be one and the same."""
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
    return (
        shaped(b, (b.draw(st.integers(least, least + 3)),))
        if value_id is None or b.flag(3)
        else value_id
    )


def signals(*modes: str) -> OperandStrategy:
    """Two vectors and the mode in which they are folded; one may be the other."""

    def arranged(b: Builder) -> DrawnOperands:
        one = _signal(b)
        two = (
            one
            if b.flag(5)
            else b.constant(b.numbers((b.choose([2, 3, 1]),)))
            if b.flag()
            else _signal(b)
        )
        return [one, two] if b.flag() else [two, one], {"mode": b.choose(modes)}

    return arranged


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
    def arranged(b: Builder) -> DrawnOperands:
        window = b.choose([2, 3, 1])
        values = {"window": window, "stride": b.choose([1, 2, 3]), **drawn(b, params)}
        if "padding" in values:
            values["padding"] = min(values["padding"], window // 2)
        return [aimed(b, _signal(b, window), "tie")], values

    return arranged


def polynomial(b: Builder) -> DrawnOperands:
    coefficients = _signal(b) if b.flag() else b.constant(b.numbers((b.choose([3, 1, 2, 4]),)))
    x = some(b)
    if not b.depends[coefficients] or b.flag(3):
        x = aimed(b, x, "zeros")
    return [coefficients, x], {}
