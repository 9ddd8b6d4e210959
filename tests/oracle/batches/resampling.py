"""Images of another size, at other points, padded or rearranged; entry by entry."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tests.oracle.arrays import total
from tests.oracle.numbers import Array, exact, mp, number, rounded

Ints = Sequence[int]
#: For each entry along an axis its weight.
Weights = Mapping[int, Any]


def _keys(t: Any, a: Any) -> Any:
    t = abs(t)
    if t <= 1:
        return (a + 2) * t**3 - (a + 3) * t**2 + 1
    return a * (t**3 - 5 * t**2 + 8 * t - 4) if t < 2 else mp.mpf(0)


def _tent(t: Any) -> Any:
    return max(mp.mpf(0), 1 - abs(t))


def _bounded(n: int, weights: Mapping[int, Any]) -> dict[int, Any]:
    """Weights beyond the ends go to the entries at the ends."""
    found: dict[int, Any] = {}
    for j, w in weights.items():
        at = min(n - 1, max(0, j))
        found[at] = found.get(at, mp.mpf(0)) + w
    return found


def _axis(n: int, count: int, i: int, ratio: Any, mode: str, aligned: bool, anti: bool) -> Weights:
    middle = ratio * (i + mp.mpf(1) / 2)
    if mode == "nearest":
        return {min(n - 1, int(mp.floor(ratio * i))): mp.mpf(1)}
    if mode == "nearest_exact":
        return {min(n - 1, int(mp.floor(middle))): mp.mpf(1)}
    if mode == "area":
        part = range(i * n // count, math.ceil((i + 1) * n / count))
        return {j: mp.mpf(1) / len(part) for j in part}
    kernel: Callable[[Any], Any] = _tent
    if mode == "cubic":
        a = mp.mpf(-0.5) if anti else mp.mpf(-0.75)
        kernel = lambda t: _keys(t, a)  # noqa: E731
    if anti:
        wide = max(ratio, mp.mpf(1))
        raw = {j: kernel((j + mp.mpf(1) / 2 - middle) / wide) for j in range(n)}
        return {j: w / total(list(raw.values())) for j, w in raw.items()}
    at = middle - mp.mpf(1) / 2
    if aligned:
        at = i * mp.mpf(n - 1) / (count - 1) if count > 1 else mp.mpf(0)
    return _bounded(n, {j: kernel(at - j) for j in range(-3, n + 3)})


def interpolate(
    x: Array, *, size: Ints, scales: Sequence[float], mode: str, align_corners: bool,
    antialias: bool,
) -> Array:  # fmt: skip
    for k, count in enumerate(size):
        n = x.shape[k + 2]
        ratio = 1 / number(scales[k]) if scales else mp.mpf(n) / count
        parts = []
        for i in range(count):
            weights = _axis(n, count, i, ratio, mode, align_corners, antialias)
            parts.append(sum(np.take(x, j, k + 2) * w for j, w in weights.items()))
        x = np.stack(parts, axis=k + 2)
    return x


def _mirrored(at: Any, n: int, aligned: bool) -> Any:
    """Reflected at both ends, one reflection after the other."""
    low, high = (mp.mpf(0), mp.mpf(n - 1)) if aligned else (mp.mpf(-0.5), mp.mpf(n - 0.5))
    while not low <= at <= high:
        at = 2 * low - at if at < low else 2 * high - at
    return at


def _within(at: Any, n: int, padding: str, aligned: bool) -> Any:
    if padding == "reflection":
        at = _mirrored(at, n, aligned)
    return at if padding == "zeros" else min(mp.mpf(n - 1), max(mp.mpf(0), at))


def _point(g: Any, n: int, mode: str, padding: str, aligned: bool) -> Weights:
    at = (g + 1) * (n - 1) / 2 if aligned else ((g + 1) * n - 1) / 2
    if mode == "bicubic":
        found: dict[int, Any] = {}
        low = int(mp.floor(at))
        for e in range(low - 1, low + 3):
            j = int(mp.floor(_within(mp.mpf(e), n, padding, aligned)))
            if 0 <= j < n:
                found[j] = found.get(j, mp.mpf(0)) + _keys(at - e, mp.mpf(-0.75))
        return found
    at = _within(at, n, padding, aligned)
    if mode == "nearest":
        at = rounded(at)
    return {j: _tent(at - j) for j in range(n)}


def grid_sample(
    x: Array, grid: Array, *, mode: str, padding_mode: str, align_corners: bool
) -> Array:
    sizes = x.shape[2:]
    out = np.empty((*x.shape[:2], *grid.shape[1:-1]), dtype=object)
    for n, *p in np.ndindex(grid.shape[:-1]):
        # The first coordinate is that of the last axis.
        along = [
            _point(g, s, mode, padding_mode, align_corners)
            for g, s in zip(grid[(n, *p)][::-1], sizes, strict=True)
        ]
        for c in range(x.shape[1]):
            terms = [
                x[(n, c, *(j for j, _ in pairs))] * math.prod(w for _, w in pairs)
                for pairs in itertools.product(*(weights.items() for weights in along))
            ]
            out[(n, c, *p)] = total(terms)
    return out


def affine_grid(theta: Array, *, size: Ints, align_corners: bool) -> Array:
    axes = len(size)
    out = np.empty((len(theta), *size, axes), dtype=object)
    for n, *p in np.ndindex(out.shape[:-1]):
        point = []
        for i, s in zip(p, size, strict=True):
            if align_corners:
                point.append(2 * mp.mpf(i) / (s - 1) - 1 if s > 1 else mp.mpf(0))
            else:
                point.append(mp.mpf(2 * i + 1) / s - 1)
        for k in range(axes):
            row = theta[n, k]
            terms = [row[j] * z for j, z in enumerate(point[::-1])]
            out[(n, *p, k)] = total(terms) + row[axes]
    return out


def _built(shape: Ints, entry: Callable[..., Any]) -> Array:
    out = np.empty(shape, dtype=object)
    for index in np.ndindex(*shape):
        out[index] = entry(*index)
    return out


def pixel_shuffle(x: Array, *, factor: int) -> Array:
    n, c, h, w = x.shape
    r = factor
    return _built(
        (n, c // r**2, h * r, w * r),
        lambda b, k, i, j: x[b, k * r * r + i % r * r + j % r, i // r, j // r],
    )


def pixel_unshuffle(x: Array, *, factor: int) -> Array:
    n, c, h, w = x.shape
    r = factor
    return _built(
        (n, c * r**2, h // r, w // r),
        lambda b, k, i, j: x[b, k // r**2, i * r + k // r % r, j * r + k % r],
    )


def channel_shuffle(x: Array, *, groups: int) -> Array:
    each = x.shape[1] // groups
    return x[:, [c % groups * each + c // groups for c in range(x.shape[1])]]


def _source(i: int, n: int, mode: str) -> int | None:
    """Which entry stands at index i, which may be outside."""
    if 0 <= i < n:
        return i
    match mode:
        case "constant":
            return None
        case "edge":
            return 0 if i < 0 else n - 1
        case "wrap":
            return i % n
        case "symmetric":
            return -1 - i if i < 0 else 2 * n - 1 - i
        case _:
            return -i if i < 0 else 2 * n - 2 - i


def pad_batch(x: Array, *, widths: Ints, mode: str) -> Array:
    for k in range(len(widths) // 2):
        axis, (before, after) = x.ndim - 1 - k, widths[2 * k : 2 * k + 2]
        n = x.shape[axis]
        zero = exact(np.zeros(np.delete(x.shape, axis)))
        parts = []
        for i in range(-before, n + after):
            source = _source(i, n, mode)
            parts.append(zero if source is None else np.take(x, source, axis))
        x = np.stack(parts, axis=axis)
    return x


OPERATIONS: Mapping[str, Callable[..., Array]] = {
    "interpolate": interpolate,
    "grid_sample": grid_sample,
    "affine_grid": affine_grid,
    "pixel_shuffle": pixel_shuffle,
    "pixel_unshuffle": pixel_unshuffle,
    "channel_shuffle": channel_shuffle,
    "pad_batch": pad_batch,
}
