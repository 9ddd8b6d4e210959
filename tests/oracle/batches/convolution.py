"""Convolutions by loops over the entries of results and kernels."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tests.oracle.arrays import total
from tests.oracle.numbers import Array, exact, mp

Ints = Sequence[int]


def _before(padding: Ints, axes: int) -> tuple[list[int], list[int]]:
    """Padding before and after each axis."""
    if len(padding) == axes:
        return list(padding), list(padding)
    return list(padding[::2]), list(padding[1::2])


def _positions(sizes: Ints, before: Ints, after: Ints, window: Ints, s: Ints, d: Ints) -> list[int]:
    return [
        (sizes[k] + before[k] + after[k] - d[k] * (window[k] - 1) - 1) // s[k] + 1
        for k in range(len(sizes))
    ]


def correlation(
    entry: Callable[[int, int, Ints], Any],
    batch: int,
    weight: Array,
    groups: int,
    positions: Ints,
    start: Ints,
    stride: Ints,
    dilation: Ints,
) -> Array:
    """sum of entry(n, channel, start + s p + d k) weight[o, c, k] for each n, o, p."""
    results, channels, *window = weight.shape
    out = np.empty((batch, results, *positions), dtype=object)
    for n, o, *p in np.ndindex(out.shape):
        group = o // (results // groups)
        out[(n, o, *p)] = total(
            [
                entry(
                    n,
                    group * channels + c,
                    [start[i] + stride[i] * p[i] + dilation[i] * k[i] for i in range(len(k))],
                )
                * weight[(o, c, *k)]
                for c in range(channels)
                for k in itertools.product(*map(range, window))
            ]
        )
    return out


def _inside(index: Ints, shape: Ints) -> bool:
    return all(0 <= i < n for i, n in zip(index, shape, strict=True))


def _biased(y: Array, bias: Array | None) -> Array:
    if bias is None:
        return y
    return np.stack([y[:, o] + bias[o] for o in range(y.shape[1])], axis=1)


def convolution(
    x: Array, weight: Array, bias: Array | None = None, *, stride: Ints, padding: Ints,
    dilation: Ints, groups: int,
) -> Array:  # fmt: skip
    sizes = x.shape[2:]
    before, after = _before(padding, len(sizes))

    def entry(n: int, c: int, index: Ints) -> Any:
        return x[(n, c, *index)] if _inside(index, sizes) else mp.mpf(0)

    positions = _positions(sizes, before, after, weight.shape[2:], stride, dilation)
    start = [-b for b in before]
    made = correlation(entry, len(x), weight, groups, positions, start, stride, dilation)
    return _biased(made, bias)


def convolution_transpose(
    x: Array, weight: Array, bias: Array | None = None, *, stride: Ints, padding: Ints,
    output_padding: Ints, dilation: Ints, groups: int,
) -> Array:  # fmt: skip
    """Each entry of x adds a multiple of its kernel to the result."""
    batch, channels, *sizes = x.shape
    _, results, *window = weight.shape
    shape = [
        (sizes[i] - 1) * stride[i] - 2 * padding[i] + dilation[i] * (window[i] - 1)
        + output_padding[i] + 1
        for i in range(len(sizes))
    ]  # fmt: skip
    out = np.full((batch, groups * results, *shape), mp.mpf(0), dtype=object)
    for n, c, *p in np.ndindex(x.shape):
        group = c // (channels // groups)
        for o, *k in np.ndindex(results, *window):
            at = [stride[i] * p[i] + dilation[i] * k[i] - padding[i] for i in range(len(sizes))]
            if _inside(at, shape):
                out[(n, group * results + o, *at)] += x[(n, c, *p)] * weight[(c, o, *k)]
    return _biased(out, bias)


_ORDERS = {"channels_first": (0, 1), "channels_last": (0, -1), "batch_last": (-1, 0)}


def convolution_general(
    x: Array, weight: Array, *, stride: Ints, padding: Ints, x_dilation: Ints, dilation: Ints,
    groups: int, batch_groups: int, layout: str,
) -> Array:  # fmt: skip
    x = np.moveaxis(x, _ORDERS[layout], (0, 1))
    weight = np.moveaxis(weight, _ORDERS[layout], (0, 1))
    sizes = [d * (n - 1) + 1 for n, d in zip(x.shape[2:], x_dilation, strict=True)]
    before, after = _before(padding, len(sizes))
    batch, channels = x.shape[0] // batch_groups, x.shape[1]

    def entry(n: int, c: int, index: Ints) -> Any:
        # Channels beyond those of x are those of the next group of the batch.
        if not _inside(index, sizes) or any(i % d for i, d in zip(index, x_dilation, strict=True)):
            return mp.mpf(0)
        # Negative padding cuts entries off, which no window then meets.
        at = [i // d for i, d in zip(index, x_dilation, strict=True)]
        return x[(c // channels * batch + n, c % channels, *at)]

    positions = _positions(sizes, before, after, weight.shape[2:], stride, dilation)
    start, count = [-b for b in before], groups * batch_groups
    made = correlation(entry, batch, weight, count, positions, start, stride, dilation)
    return np.moveaxis(made, (0, 1), _ORDERS[layout])


def im2col(x: Array, *, window: Ints, stride: Ints, padding: Ints, dilation: Ints) -> Array:
    sizes = x.shape[2:]
    positions = _positions(sizes, padding, padding, window, stride, dilation)
    out = []
    for n in range(len(x)):
        rows = []
        for c, *k in np.ndindex(x.shape[1], *window):
            row = []
            for p in np.ndindex(*positions):
                at = [stride[i] * p[i] + dilation[i] * k[i] - padding[i] for i in range(len(sizes))]
                row.append(x[(n, c, *at)] if _inside(at, sizes) else mp.mpf(0))
            rows.append(row)
        out.append(rows)
    return exact(out)


def col2im(
    x: Array, *, size: Ints, window: Ints, stride: Ints, padding: Ints, dilation: Ints
) -> Array:
    positions = _positions(size, padding, padding, window, stride, dilation)
    channels = x.shape[1] // int(np.prod(window))
    out = np.full((len(x), channels, *size), mp.mpf(0), dtype=object)
    for n in range(len(x)):
        for row, (c, *k) in enumerate(np.ndindex(channels, *window)):
            for column, p in enumerate(np.ndindex(*positions)):
                at = [stride[i] * p[i] + dilation[i] * k[i] - padding[i] for i in range(len(size))]
                if _inside(at, size):
                    out[(n, c, *at)] += x[n, row, column]
    return out


OPERATIONS: Mapping[str, Callable[..., Array]] = {
    "convolution": convolution,
    "convolution_transpose": convolution_transpose,
    "convolution_general": convolution_general,
    "im2col": im2col,
    "col2im": col2im,
}
