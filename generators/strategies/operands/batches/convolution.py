"""Operands of convolutions: batches with one to three spatial axes, and kernels."""

from __future__ import annotations

import math
from typing import Any

from ad_conformance.generators.strategies.builder import Abandon, Builder
from ad_conformance.generators.strategies.operands.basic import DrawnOperands
from ad_conformance.generators.strategies.operands.batches.large import grown, grown_or_constant

#: The most products in one result: positions times entries of a window times results.
MOST_PRODUCTS = 400


def sliding(b: Builder, axes: int, same: bool) -> dict[str, Any]:
    """Kernel, stride, padding and dilation for each axis; `same` for one value for all axes."""

    def each(options: list[int]) -> tuple[int, ...]:
        if same:
            return (b.choose(options),) * axes
        return tuple(b.choose(options) for _ in range(axes))

    window = each([2, 3, 1, 2] if axes < 3 else [2, 1, 2])
    if b.flag(3):
        # Some engines have no others.
        ones = (1,) * axes
        return {"window": window, "stride": ones, "padding": each([0, 1]), "dilation": ones}
    return {
        "window": window,
        "stride": each([1, 2, 1, 3]),
        "padding": each([0, 1, 0, 2]),
        "dilation": each([1, 2, 1]),
    }


def lengths(b: Builder, drawn: dict[str, Any], axes: int) -> tuple[int, ...]:
    """The length of each spatial axis, so that there are one to three positions."""
    made = []
    for k in range(axes):
        window, stride, padding, dilation = (
            drawn[name][k] for name in ("window", "stride", "padding", "dilation")
        )
        positions = b.choose([2, 1, 3] if axes < 3 else [1, 2])
        # At times a remainder, which no window meets.
        more = b.choose(range(stride))
        reach = dilation * (window - 1) + 1
        made.append(max(1, reach + stride * (positions - 1) + more - 2 * padding))
    return tuple(made)


def axes_of(b: Builder) -> int:
    return int(b.choose([2, 1, 2, 3]))


def channels(b: Builder) -> tuple[int, int, int, int]:
    """Batch, groups, channels of x and channels of the result in each group."""
    return b.choose([1, 1, 2]), b.choose([1, 1, 2]), b.choose([1, 2]), b.choose([1, 2])


def _kernel(b: Builder, x: int, shape: tuple[int, ...]) -> int:
    """A weight; at times x itself."""
    if b.values[x].shape == shape and b.flag(2):
        return x
    return grown_or_constant(b, shape)


def _either_varies(b: Builder, value_ids: list[int]) -> list[int]:
    if not any(b.depends[i] for i in value_ids):
        raise Abandon("constants alone")
    return value_ids


def _with_bias(b: Builder, value_ids: list[int], count: int) -> list[int]:
    if b.flag(3):
        value_ids.append(grown_or_constant(b, (count,)))
    return _either_varies(b, value_ids)


def convolution(b: Builder) -> DrawnOperands:
    axes = axes_of(b)
    drawn = sliding(b, axes, b.flag())
    if b.flag(4):
        # As many positions as entries of x: "same".
        drawn["stride"] = (1,) * axes
        reach = [d * (k - 1) for d, k in zip(drawn["dilation"], drawn["window"], strict=True)]
        size = tuple(b.choose([2, 3, 4]) for _ in range(axes))
        padding = [n for r in reach for n in (r // 2, r - r // 2)]
    else:
        size = lengths(b, drawn, axes)
        padding = list(drawn["padding"])
    batch, groups, inner, results = channels(b)
    if (
        batch * groups * inner * results * math.prod(size) * math.prod(drawn["window"])
        > MOST_PRODUCTS
    ):
        batch, groups, inner = 1, b.choose([1, 2]), 1
    window = drawn.pop("window")
    x = grown_or_constant(b, (batch, groups * inner, *size), 4)
    weight = _kernel(b, x, (groups * results, inner, *window))
    params = {**drawn, "padding": tuple(padding), "groups": groups}
    return _with_bias(b, [x, weight], groups * results), params


def convolution_transpose(b: Builder) -> DrawnOperands:
    axes = axes_of(b)
    drawn = sliding(b, axes, b.flag())
    size = tuple(b.choose([2, 1, 3] if axes < 3 else [1, 2]) for _ in range(axes))
    more = tuple(
        b.choose(range(max(s, d))) if b.flag() else 0
        for s, d in zip(drawn["stride"], drawn["dilation"], strict=True)
    )
    batch, groups, inner, results = channels(b)
    if batch * groups * inner * results * math.prod(size) * math.prod(drawn["window"]) > 128:
        batch, groups, inner = 1, b.choose([1, 2]), 1
    window = drawn.pop("window")
    if any(
        (n - 1) * s - 2 * p + d * (k - 1) + o + 1 < 1
        for n, s, p, d, k, o in zip(
            size, drawn["stride"], drawn["padding"], drawn["dilation"], window, more, strict=True
        )
    ):
        drawn["padding"] = (0,) * axes
    x = grown_or_constant(b, (batch, groups * inner, *size), 4)
    weight = _kernel(b, x, (groups * inner, results, *window))
    params = {**drawn, "output_padding": more, "groups": groups}
    return _with_bias(b, [x, weight], groups * results), params


def convolution_general(b: Builder) -> DrawnOperands:
    axes = axes_of(b)
    drawn = sliding(b, axes, b.flag())
    x_dilation = tuple(b.choose([1, 2, 1]) for _ in range(axes))
    size = [
        max(1, -(-(n - 1) // d) + 1)
        for n, d in zip(lengths(b, drawn, axes), x_dilation, strict=True)
    ]
    pairs = [n for p in drawn["padding"] for n in (p, p + b.choose([0, 0, 1, -1]))]
    batch, groups, inner, results = channels(b)
    if batch * groups * inner * results * math.prod(size) * math.prod(drawn["window"]) > 256:
        batch, groups, inner = 1, b.choose([1, 2]), 1
    window = drawn.pop("window")
    of_batch = groups if b.flag(3) else 1
    x_shape = (batch * of_batch, inner * (groups // of_batch), *size)
    w_shape = (groups * results, inner, *window)
    layout = b.choose(["channels_first", "channels_last", "batch_last"])
    x = grown_or_constant(b, _laid_out(x_shape, layout), 4)
    weight = grown_or_constant(b, _laid_out(w_shape, layout))
    params = {
        **drawn,
        "padding": tuple(pairs),
        "x_dilation": x_dilation,
        "groups": groups // of_batch,
        "batch_groups": of_batch,
        "layout": layout,
    }
    return _either_varies(b, [x, weight]), params


def _laid_out(shape: tuple[int, ...], layout: str) -> tuple[int, ...]:
    first, second, *rest = shape
    match layout:
        case "channels_first":
            return shape
        case "channels_last":
            return (first, *rest, second)
        case _:
            return (second, *rest, first)


def im2col(b: Builder) -> DrawnOperands:
    axes = b.choose([2, 2, 1])
    drawn = sliding(b, axes, b.flag())
    size = lengths(b, drawn, axes)
    return [grown(b, (b.choose([1, 2]), b.choose([1, 2]), *size))], drawn


def col2im(b: Builder) -> DrawnOperands:
    axes = 2
    drawn = sliding(b, axes, b.flag())
    size = lengths(b, drawn, axes)
    positions = math.prod(
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, p, d, k, s in zip(
            size, drawn["padding"], drawn["dilation"], drawn["window"], drawn["stride"], strict=True
        )
    )
    shape = (b.choose([1, 2]), b.choose([1, 2]) * math.prod(drawn["window"]), positions)
    return [grown(b, shape)], {"size": size, **drawn}
