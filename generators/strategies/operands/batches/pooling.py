"""Operands of pools: batches, at times with ties within a window."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from ad_conformance.generators.catalogue.operands import Domain
from ad_conformance.generators.strategies.builder import Abandon, Builder
from ad_conformance.generators.strategies.operands.basic import (
    DrawnOperands,
    OperandStrategy,
    fit,
)
from ad_conformance.generators.strategies.operands.batches.convolution import axes_of
from ad_conformance.generators.strategies.operands.batches.large import grown

#: The most entries of the operand of a pool.
MOST = 160


def batch_shape(b: Builder, size: tuple[int, ...]) -> tuple[int, ...]:
    """A shape with a batch and channels before the spatial axes."""
    batch, channels = b.choose([1, 1, 2]), b.choose([1, 2, 3])
    if batch * channels * math.prod(size) > MOST:
        batch, channels = 1, 1
    return (batch, channels, *size)


def distinct(b: Builder, shape: tuple[int, ...]) -> int:
    """A value, three times in four with so different constants added that there are few ties."""
    value_id = grown(b, shape)
    if b.flag(4):
        return value_id
    size = math.prod(shape)
    # A permutation: the entries are multiples of 5 modulo a prime, so all differ.
    ramp = (1 + 37 * np.arange(size)) % 257 / 16 if size <= 256 else np.arange(size) / 16
    return b.must("add", (value_id, b.constant(ramp.reshape(shape))))


def batch_pooled(*names: str) -> OperandStrategy:
    """A batch and the parameters of a pool with these names."""

    def strategy(b: Builder) -> DrawnOperands:
        axes = axes_of(b)
        window = tuple(b.choose([2, 3, 1, 2]) for _ in range(axes))
        if b.flag():
            window = window[:1] * axes
        stride = window if b.flag(3) else tuple(b.choose([1, 2, 3]) for _ in range(axes))
        padding = (
            tuple(b.choose([0, w // 2]) for w in window) if "padding" in names else (0,) * axes
        )
        dilation = (
            tuple(b.choose([1, 2, 1]) for _ in window) if "dilation" in names else (1,) * axes
        )
        drawn = zip(window, stride, padding, dilation, strict=True)
        size = tuple(
            max(1, d * (k - 1) + 1 - 2 * p) + s * (b.choose([1, 0, 2]) if axes < 3 else 1)
            - b.choose([0, 1]) * (s > 1)
            for k, s, p, d in drawn
        )  # fmt: skip
        if axes == 3 and "count_include_pad" in names:
            # PyTorch has no windows here that need padding to fit.
            size = tuple(map(max, size, window))
        params: dict[str, Any] = {"window": window, "stride": stride}
        params |= {
            name: value
            for name, value in (("padding", padding), ("dilation", dilation))
            if name in names
        }
        if "ceil_mode" in names:
            params["ceil_mode"] = b.flag(3)
        if "count_include_pad" in names:
            params["count_include_pad"] = b.flag()
            params["divisor"] = b.choose([0, 0, 3]) if axes > 1 else 0
        shape = batch_shape(b, size)
        if "p" not in names:
            return [distinct(b, shape) if "dilation" in names else grown(b, shape)], params
        params["p"] = b.choose([2.0, 3.0, 1.0, 1.5])
        return [fit(b, grown(b, shape), Domain(low=1 / 4))], params

    return strategy


def adaptive(tie: bool) -> OperandStrategy:
    def strategy(b: Builder) -> DrawnOperands:
        axes = axes_of(b)
        lengths = [3, 2, 4, 1, 5] if axes < 3 else [2, 1, 3]
        size = tuple(b.choose(lengths) for _ in range(axes))
        out = tuple(b.choose([2, 1, 3, n]) for n in size)
        shape = batch_shape(b, size)
        return [distinct(b, shape) if tie else grown(b, shape)], {"size": out}

    return strategy


def max_unpool(b: Builder) -> DrawnOperands:
    """Entries and the indices of the windows that they come from."""
    axes = axes_of(b)
    window = tuple(b.choose([2, 3, 2]) for _ in range(axes))
    stride = tuple(b.choose([w, w, w + 1]) for w in window)
    padding = tuple(b.choose([0, 0, 1]) for _ in window)
    size = tuple(b.choose([2, 1, 3] if axes < 3 else [1, 2]) for _ in range(axes))
    shape = batch_shape(b, size)
    more = [b.choose(range(s)) for s in stride]
    out = tuple(
        (n - 1) * s - 2 * p + k + m
        for n, s, p, k, m in zip(size, stride, padding, window, more, strict=True)
    )
    if min(out) < 1 or max(out) > 8:
        raise Abandon("the result has no room for the windows")
    indices: list[int] = []
    for _ in range(shape[0] * shape[1]):
        places = []
        for position in np.ndindex(size):
            at = []
            for i, s, p, k, m in zip(position, stride, padding, window, out, strict=True):
                first = max(0, i * s - p)
                last = min(m, i * s - p + k) - 1
                at.append(min(m - 1, first + b.choose(range(max(1, last - first + 1)))))
            places.append(int(np.ravel_multi_index(at, out)))
        indices += places
    params = {"window": window, "stride": stride, "padding": padding, "size": out}
    return [grown(b, shape)], {"indices": tuple(indices), **params}


def reduce_window(b: Builder) -> DrawnOperands:
    """A value of one to four axes with a window along each of them."""
    axes = b.choose([2, 1, 3, 4])
    kind = b.choose(["add", "mul", "max", "min"])
    window = tuple(b.choose([2, 1, 3] if axes < 3 else [1, 2]) for _ in range(axes))
    stride = tuple(b.choose([1, 2, 1]) for _ in range(axes))
    dilation = tuple(b.choose([1, 2, 1]) for _ in range(axes))
    x_dilation = tuple(b.choose([1, 2, 1, 1]) for _ in range(axes))
    plain = kind in ("max", "min") and not b.flag(4)
    if plain:
        x_dilation = (1,) * axes
    pairs = [b.choose([0, 0, 1]) for _ in range(2 * axes)]
    if b.flag(6):
        pairs[0] = -1
    size = []
    for k in range(axes):
        reach = dilation[k] * (window[k] - 1) + 1 - pairs[2 * k] - pairs[2 * k + 1]
        needed = max(1, reach + stride[k] * b.choose([1, 0, 2]))
        size.append(-(-(needed - 1) // x_dilation[k]) + 1)
    shape = tuple(size)
    if math.prod(shape) > MOST:
        raise Abandon("too large")
    x = distinct(b, shape) if kind in ("max", "min") else grown(b, shape)
    params = {"window": window, "stride": stride, "padding": tuple(pairs)}
    return [x], {"kind": kind, **params, "x_dilation": x_dilation, "dilation": dilation}
