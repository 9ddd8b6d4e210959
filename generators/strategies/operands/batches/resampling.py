"""Operands of operations that resample, pad or rearrange images."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from ad_conformance.generators.strategies.builder import Builder
from ad_conformance.generators.strategies.operands.basic import DrawnOperands, OperandStrategy
from ad_conformance.generators.strategies.operands.batches.convolution import axes_of
from ad_conformance.generators.strategies.operands.batches.large import (
    grown,
    grown_or_constant,
    pattern,
)
from ad_conformance.generators.strategies.operands.batches.pooling import batch_shape

#: The largest grid of points, in magnitude; coordinates beyond 1 are outside of the image.
FARTHEST = 1.75


def interpolate(b: Builder) -> DrawnOperands:
    """Sizes by which the batch grows or shrinks, and at times the scales that they come from."""
    axes = axes_of(b)
    modes = ["linear", "nearest", "nearest_exact", "area"] + ["cubic"] * 2 * (axes == 2)
    mode = b.choose(modes)
    lengths = tuple(b.choose([3, 2, 4, 1, 5] if axes < 3 else [2, 1, 3]) for _ in range(axes))
    params: dict[str, Any] = {"scales": (), "mode": mode}
    if b.flag(3) and mode != "area":
        scales = tuple(b.choose([2.0, 1.5, 0.5, 0.75]) for _ in range(axes))
        params["size"] = tuple(math.floor(n * s) for n, s in zip(lengths, scales, strict=True))
        params["scales"] = scales
    if not params["scales"] or min(params["size"]) < 1:
        params["scales"] = ()
        params["size"] = tuple(b.choose([2, 4, 3, 1, n]) for n in lengths)
    smooth = mode in ("linear", "cubic")
    params["antialias"] = smooth and axes == 2 and b.flag(3)
    params["align_corners"] = smooth and not params["antialias"] and b.flag()
    return [grown(b, batch_shape(b, lengths))], params


def _points(b: Builder, shape: tuple[int, ...]) -> int:
    """A grid; most points are between pixels. One time in four a constant, at times at pixels."""
    if b.flag(4):
        numbers = pattern(b, shape)
        return b.constant(numbers if b.flag(3) else numbers + 0.0703125)
    value_id = grown(b, shape)
    largest = float(np.max(np.abs(b.values[value_id])))
    if largest > FARTHEST:
        scale = 2.0 ** math.floor(math.log2(FARTHEST / largest))
        value_id = b.must("multiply", (value_id, b.constant(scale)))
    if not b.flag(4):
        value_id = b.must("add", (value_id, b.constant(0.0703125)))
    return value_id


def grid_sample(b: Builder) -> DrawnOperands:
    axes = b.choose([2, 2, 3])
    mode = b.choose(["bilinear", "bilinear", "nearest"] + ["bicubic"] * 2 * (axes == 2))
    batch = b.choose([1, 1, 2])
    # No length of 1: corners that are one pixel reflect nothing.
    lengths = tuple(b.choose([2, 3] if axes == 3 else [2, 3, 4]) for _ in range(axes))
    places = tuple(b.choose([1, 2]) for _ in range(axes))
    params = {
        "mode": mode,
        "padding_mode": b.choose(["zeros", "border", "reflection"]),
        "align_corners": b.flag(),
    }
    grid = _points(b, (batch, *places, axes))
    x_shape = (batch, b.choose([1, 2]), *lengths)
    x = grown_or_constant(b, x_shape) if b.depends[grid] else grown(b, x_shape)
    return [x, grid], params


def affine_grid(b: Builder) -> DrawnOperands:
    axes = b.choose([2, 2, 3])
    size = tuple(b.choose([2, 3, 1]) for _ in range(axes))
    theta = grown(b, (b.choose([1, 2]), axes, axes + 1))
    return [theta], {"size": size, "align_corners": b.flag()}


def shuffled(kind: str) -> OperandStrategy:
    """Images whose channels or pixels divide into as many parts as are exchanged."""

    def strategy(b: Builder) -> DrawnOperands:
        batch, one, two, three = (b.choose([1, 2]) for _ in range(4))
        factor = b.choose([2, 3, 1])
        if kind == "channels":
            return [grown(b, (batch, one * factor**2, two, three))], {"factor": factor}
        if kind == "pixels":
            return [grown(b, (batch, one, two * factor, three * factor))], {"factor": factor}
        return [grown(b, (batch, one * factor, two, three))], {"groups": factor}

    return strategy


def pad_batch(*modes: str) -> OperandStrategy:
    """Batches with one to three axes to pad, and widths that the mode allows."""

    def strategy(b: Builder) -> DrawnOperands:
        mode, axes = b.choose(modes), axes_of(b)
        lengths = tuple(b.choose([2, 3, 1] if axes < 3 else [1, 2]) for _ in range(axes))
        widths: list[int] = []
        for n in reversed(lengths):
            most = {"reflect": n - 1, "wrap": n, "symmetric": n}.get(mode, 2)
            least = -1 if mode == "constant" and n > 1 else 0
            widths += b.integers(least, min(most, 2), 2)
        if mode == "constant" and any(
            n + sum(pair) < 1
            for n, pair in zip(lengths, zip(widths[-2::-2], widths[::-2], strict=True), strict=True)
        ):
            widths = [1] * (2 * axes)
        return [grown(b, batch_shape(b, lengths))], {"widths": tuple(widths), "mode": mode}

    return strategy
