"""Pools, each window by itself."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tests.oracle.arrays import mean, product, total
from tests.oracle.numbers import Array, mp, number, power

Ints = Sequence[int]


def _starts(n: int, window: int, stride: int, padding: int, dilation: int, ceil: bool) -> list[int]:
    """Where windows start: those that fit between the paddings; with `ceil`, also one that starts
    within the entries or the left padding and ends later.
    """
    reach = dilation * (window - 1) + 1
    fitting = list(range(-padding, n + padding - reach + 1, stride))
    late = fitting[-1] + stride
    remainder = fitting[-1] + reach < n + padding
    return [*fitting, late] if ceil and remainder and late < n else fitting


def _pool(
    x: Array, function: Callable[[list[Any], list[int]], Any], window: Ints, stride: Ints,
    padding: Ints, dilation: Ints, ceil: bool,
) -> Array:  # fmt: skip
    """`function` of the entries of each window and of where it starts."""
    sizes = x.shape[2:]
    starts = [
        _starts(*values, ceil)
        for values in zip(sizes, window, stride, padding, dilation, strict=True)
    ]
    out = np.empty((*x.shape[:2], *map(len, starts)), dtype=object)
    for n, c, *p in np.ndindex(out.shape):
        start = [starts[i][k] for i, k in enumerate(p)]
        reached = [
            [s + dilation[i] * k for k in range(window[i]) if 0 <= s + dilation[i] * k < sizes[i]]
            for i, s in enumerate(start)
        ]
        entries = [x[(n, c, *at)] for at in itertools.product(*reached)]
        out[(n, c, *p)] = function(entries, start)
    return out


def max_pool(
    x: Array, *, window: Ints, stride: Ints, padding: Ints, dilation: Ints, ceil_mode: bool
) -> Array:
    return _pool(x, lambda e, _: max(e), window, stride, padding, dilation, ceil_mode)


def avg_pool(
    x: Array, *, window: Ints, stride: Ints, padding: Ints, ceil_mode: bool,
    count_include_pad: bool, divisor: int,
) -> Array:  # fmt: skip
    sizes, ones = x.shape[2:], [1] * len(window)

    def function(entries: list[Any], start: list[int]) -> Any:
        count = len(entries)
        if count_include_pad:
            count = math.prod(
                len(set(range(s, s + k)) & set(range(-p, n + p)))
                for s, k, p, n in zip(start, window, padding, sizes, strict=True)
            )
        return total(entries) / (divisor or count)

    return _pool(x, function, window, stride, padding, ones, ceil_mode)


def lp_pool(x: Array, *, p: float, window: Ints, stride: Ints, ceil_mode: bool) -> Array:
    ones, none = [1] * len(window), [0] * len(window)
    whole = math.prod(window)

    def function(entries: list[Any], _: list[int]) -> Any:
        powers = [power(e, number(p)) for e in entries]
        # 1 / p is a float64 number by definition.
        return power(mean(powers) * whole, number(1 / p))

    return _pool(x, function, window, stride, none, ones, ceil_mode)


def _adaptive(function: Callable[[list[Any]], Any]) -> Callable[..., Array]:
    def pool(x: Array, *, size: Ints) -> Array:
        out = np.empty((*x.shape[:2], *size), dtype=object)
        for n, c, *p in np.ndindex(out.shape):
            reached = [
                list(range(k * length // m, math.ceil((k + 1) * length / m)))
                for length, m, k in zip(x.shape[2:], size, p, strict=True)
            ]
            out[(n, c, *p)] = function([x[(n, c, *at)] for at in itertools.product(*reached)])
        return out

    return pool


def max_unpool(
    x: Array, *, indices: Ints, window: Ints, stride: Ints, padding: Ints, size: Ints
) -> Array:
    out = np.full((*x.shape[:2], math.prod(size)), mp.mpf(0), dtype=object)
    for index, entry, place in zip(np.ndindex(x.shape), x.flat, indices, strict=True):
        out[(*index[:2], place)] = entry
    return out.reshape(*x.shape[:2], *size)


_KINDS: Mapping[str, Callable[[list[Any]], Any]] = {
    "add": total,
    "mul": product,
    "max": max,
    "min": min,
}


def reduce_window(
    x: Array, *, kind: str, window: Ints, stride: Ints, padding: Ints, x_dilation: Ints,
    dilation: Ints,
) -> Array:  # fmt: skip
    places = []
    for i, n in enumerate(x.shape):
        length = x_dilation[i] * (n - 1) + 1
        before, after = padding[2 * i], padding[2 * i + 1]
        reach = dilation[i] * (window[i] - 1)
        starts = range(-before, length + after - reach, stride[i])
        # Negative padding cuts entries off.
        seen = range(max(0, -before), min(length, length + after))
        places.append(
            [
                [
                    at // x_dilation[i]
                    for at in range(s, s + reach + 1, dilation[i])
                    if at in seen and at % x_dilation[i] == 0
                ]
                for s in starts
            ]
        )
    out = np.empty([len(p) for p in places], dtype=object)
    for index in np.ndindex(out.shape):
        chosen = [places[i][k] for i, k in enumerate(index)]
        out[index] = _KINDS[kind]([x[at] for at in itertools.product(*chosen)])
    return out


OPERATIONS: Mapping[str, Callable[..., Array]] = {
    "max_pool": max_pool,
    "avg_pool": avg_pool,
    "lp_pool": lp_pool,
    "adaptive_avg_pool": _adaptive(mean),
    "adaptive_max_pool": _adaptive(max),
    "max_unpool": max_unpool,
    "reduce_window": reduce_window,
}
