"""Pools over windows of the spatial axes, and their relatives.

The operand has the shape (batch, channels, spatial axes ...).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from ad_conformance.generators.catalogue.batches.windows import (
    gathered,
    numbered,
    padded,
    pairs_of,
    reduced_groups,
    spread,
    windows,
)
from ad_conformance.generators.catalogue.operands import OperandFamily, family
from ad_conformance.generators.catalogue.operation import MAX_SIZE, Operation
from ad_conformance.generators.catalogue.row_forms import derived

Ints = tuple[int, ...]
Reduce = Callable[[Any], Any]


def _spatial(x: Any) -> int:
    axes = len(x.shape) - 2
    if not 1 <= axes <= 3 or 0 in x.shape:
        raise ValueError(f"a batch is needed, not shape {x.shape}")
    return axes


def _positions(n: int, window: int, stride: int, padding: int, dilation: int, ceil: bool) -> int:
    """How many windows fit; `ceil` counts one that ends beyond the padding, if it does not start
    there.
    """
    free = n + 2 * padding - dilation * (window - 1) - 1
    if free < 0 or min(window, stride, dilation) < 1 or not 0 <= padding <= window // 2:
        raise ValueError(f"a window of {window} entries, {stride} apart, on {n}")
    count = free // stride + 1
    if ceil and free % stride and count * stride < n + padding:
        count += 1
    return count


def _pools(
    x: Any, window: Ints, stride: Ints, padding: Ints, dilation: Ints, ceil: bool
) -> tuple[np.ndarray, Ints]:
    """The entries of each window, and the numbers of positions; `x.size` is padding."""
    axes = _spatial(x)
    lists = list(zip(x.shape[2:], window, stride, padding, dilation, strict=True))
    counts = tuple(_positions(*values, ceil) for values in lists)
    # Enough padding for a last window that ends beyond it.
    pairs = [
        (p, max(p, (count - 1) * s + d * (k - 1) + 1 - n - p))
        for (n, k, s, p, d), count in zip(lists, counts, strict=True)
    ]
    met = windows(padded(numbered(x), pairs, x.size), window, stride, dilation, 2)
    key: list[Any] = [..., *(slice(0, c) for c in counts), *[slice(None)] * axes]
    kept = met[tuple(key)]
    return kept.reshape(*x.shape[:2], *counts, -1), counts


def _members(met: np.ndarray, size: int) -> list[list[int]]:
    """For each window the entries that are no padding."""
    return [[i for i in row if i < size] for row in met.reshape(-1, met.shape[-1]).tolist()]


def _largest(xp: Any) -> Reduce:
    return lambda rows: xp.max(rows, axis=1, keepdims=False)


def _mean(xp: Any) -> Reduce:
    return lambda rows: xp.mean(rows, axis=1, keepdims=False)


def max_pool(
    xp: Any, x: Any, *, window: Ints, stride: Ints, padding: Ints, dilation: Ints, ceil_mode: bool
) -> Any:
    """The largest entry of each window; with `ceil_mode`, also of one that ends beyond x."""
    met, _ = _pools(x, window, stride, padding, dilation, ceil_mode)
    return reduced_groups(xp, x, _members(met, x.size), met.shape[:-1], _largest(xp))


def avg_pool(
    xp: Any,
    x: Any,
    *,
    window: Ints,
    stride: Ints,
    padding: Ints,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor: int,
) -> Any:
    """The mean of each window. The sum is divided by `divisor` if it is not 0, else by the number
    of entries, with padding if `count_include_pad`, never with what lies beyond the padding.
    """
    axes = _spatial(x)
    ones = (1,) * axes
    met, counts = _pools(x, window, stride, padding, ones, ceil_mode)
    total = xp.sum(gathered(xp, x, met, 0.0), axis=-1, keepdims=False)
    along = []
    for n, k, s, p, count in zip(x.shape[2:], window, stride, padding, counts, strict=True):
        low, high = (-p, n + p) if count_include_pad else (0, n)
        starts = [i * s - p for i in range(count)]
        along.append([min(a + k, high) - max(a, low) for a in starts])
    sizes = [math.prod(row) for row in itertools.product(*along)]
    divisors = np.full(counts, divisor) if divisor else np.array(sizes).reshape(counts)
    return xp.divide(total, divisors.astype(float))


def lp_pool(xp: Any, x: Any, *, p: float, window: Ints, stride: Ints, ceil_mode: bool) -> Any:
    """(sum of x**p)**(1 / p) over each window, for positive x."""
    ones, none = (1,) * _spatial(x), (0,) * _spatial(x)
    met, counts = _pools(x, window, stride, none, ones, ceil_mode)
    total = xp.sum(gathered(xp, xp.pow(x, p), met, 0.0), axis=-1, keepdims=False)
    if ceil_mode:
        # PyTorch takes the mean of what is there times the size of a whole window.
        along = [
            [min(i * s + k, n) - i * s for i in range(count)]
            for n, k, s, count in zip(x.shape[2:], window, stride, counts, strict=True)
        ]
        sizes = np.array([math.prod(row) for row in itertools.product(*along)]).reshape(counts)
        total = xp.divide(total * float(math.prod(window)), sizes.astype(float))
    return xp.pow(total, 1 / p)


def _parts(n: int, count: int) -> list[range]:
    if count < 1:
        raise ValueError(f"{count} parts")
    return [range(i * n // count, -(-(i + 1) * n // count)) for i in range(count)]


def _adaptive(xp: Any, x: Any, size: Ints, reduce: Reduce) -> Any:
    axes = _spatial(x)
    if len(size) != axes or math.prod(size) * x.shape[0] * x.shape[1] > MAX_SIZE:
        raise ValueError(f"a result of size {size} of shape {x.shape}")
    parts = [_parts(n, count) for n, count in zip(x.shape[2:], size, strict=True)]
    numbers = numbered(x)
    members = [
        numbers[n, c][np.ix_(*part)].ravel().tolist()
        for n, c in np.ndindex(*x.shape[:2])
        for part in itertools.product(*parts)
    ]
    return reduced_groups(xp, x, members, (*x.shape[:2], *size), reduce)


def adaptive_avg_pool(xp: Any, x: Any, *, size: Ints) -> Any:
    """The means of `size` windows of nearly the same length along each axis."""
    return _adaptive(xp, x, size, _mean(xp))


def adaptive_max_pool(xp: Any, x: Any, *, size: Ints) -> Any:
    """The maxima of the same windows."""
    return _adaptive(xp, x, size, _largest(xp))


def max_unpool(
    xp: Any, x: Any, *, indices: Ints, window: Ints, stride: Ints, padding: Ints, size: Ints
) -> Any:
    """Each entry at its index in a result of `size`, counted within the spatial axes, and zeros.

    `window`, `stride` and `padding` are those of the pool that the indices are of.
    """
    _spatial(x)
    area = math.prod(size)
    if len(indices) != x.size or len(size) != len(x.shape) - 2 or not 0 < area <= MAX_SIZE:
        raise ValueError(f"{len(indices)} indices into {size} for shape {x.shape}")
    for k, s, p, n, m in zip(window, stride, padding, x.shape[2:], size, strict=True):
        if min(k, s) < 1 or p < 0 or not abs(m - ((n - 1) * s - 2 * p + k)) < s:
            raise ValueError(f"windows of {window}, {stride} apart, on {size}: not {x.shape}")
    channels = x.shape[0] * x.shape[1]
    out = np.full((channels, area), x.size)
    for k, row in enumerate(np.array(indices).reshape(channels, -1).tolist()):
        if len(set(row)) < len(row) or not all(0 <= i < area for i in row):
            raise ValueError("indices repeat or are out of range")
        out[k, row] = np.arange(len(row)) + k * len(row)
    return gathered(xp, x, out.reshape(*x.shape[:2], *size), 0.0)


def reduce_window(
    xp: Any,
    x: Any,
    *,
    kind: str,
    window: Ints,
    stride: Ints,
    padding: Ints,
    x_dilation: Ints,
    dilation: Ints,
) -> Any:
    """As jax.lax.reduce_window, with a window along every axis; `kind` is "add", "mul", "max" or
    "min".
    """
    axes = len(x.shape)
    numbers = padded(spread(numbered(x), x_dilation, x.size), pairs_of(padding, axes), x.size)
    met = windows(numbers, window, stride, dilation, 0)
    shape = met.shape[:axes]
    rows = met.reshape(*shape, -1)
    if kind == "add":
        return xp.sum(gathered(xp, x, rows, 0.0), axis=-1, keepdims=False)
    if kind == "mul":
        return xp.prod(gathered(xp, x, rows, 1.0), axis=-1, keepdims=False)
    if kind not in ("max", "min"):
        raise ValueError(f"kind={kind!r}: use add, mul, max or min")
    reduce = xp.max if kind == "max" else xp.min
    return reduced_groups(
        xp, x, _members(rows, x.size), shape, lambda r: reduce(r, axis=1, keepdims=False)
    )


_WINDOW = {"window": "list of times", "stride": "list of times"}


def _pool(definition: Callable[..., Any], operands: OperandFamily, /, **params: str) -> Operation:
    return derived(definition, operands, params=params, curvature="linear", large=True)


ROWS: Sequence[Operation] = (
    _pool(
        max_pool,
        family("batch_pooled", "padding", "dilation", "ceil_mode"),
        **_WINDOW,
        padding="list of times",
        dilation="list of times",
        ceil_mode="bool",
    ),
    _pool(
        avg_pool,
        family("batch_pooled", "padding", "ceil_mode", "count_include_pad"),
        **_WINDOW,
        padding="list of times",
        ceil_mode="bool",
        count_include_pad="bool",
        divisor="times",
    ),
    derived(
        lp_pool,
        family("batch_pooled", "ceil_mode", "p"),
        params={"p": "float", **_WINDOW, "ceil_mode": "bool"},
        large=True,
    ),
    _pool(adaptive_avg_pool, family("adaptive", tie=False), size="list of times"),
    _pool(adaptive_max_pool, family("adaptive", tie=True), size="list of times"),
    _pool(
        max_unpool,
        family("max_unpool"),
        indices="ints",
        **_WINDOW,
        padding="list of times",
        size="list of times",
    ),
    derived(
        reduce_window,
        family("reduce_window"),
        params={
            "kind": "name",
            **_WINDOW,
            "padding": "list of times",
            "x_dilation": "list of times",
            "dilation": "list of times",
        },
        large=True,
        weight=2,
    ),
)
