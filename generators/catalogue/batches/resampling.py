"""Images of another size or at other points, pads, and channels exchanged for pixels.

The operand has the shape (batch, channels, spatial axes ...). Weights are fractions: integers in a
product, then a division.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from ad_conformance.generators.catalogue.batches.windows import gathered, numbered
from ad_conformance.generators.catalogue.operands import family
from ad_conformance.generators.catalogue.operation import MAX_SIZE, Operation
from ad_conformance.generators.catalogue.row_forms import derived

Ints = tuple[int, ...]
Row = dict[int, Fraction]
HALF = Fraction(1, 2)


def _known(kind: str, value: str, *names: str) -> None:
    if value not in names:
        raise ValueError(f"{kind}={value!r}: use {', '.join(names)}")


def cubic(t: Fraction, a: Fraction) -> Fraction:
    """The kernel of Keys, Cubic convolution interpolation for digital image processing (1981)."""
    t = abs(t)
    if t < 1:
        return ((a + 2) * t - (a + 3)) * t * t + 1
    return ((a * t - 5 * a) * t + 8 * a) * t - 4 * a if t < 2 else Fraction(0)


def _added(row: Row, index: int, weight: Fraction) -> None:
    row[index] = row.get(index, Fraction(0)) + weight


def _nearest(n: int, i: int, ratio: Fraction, mode: str) -> Row:
    shift = HALF if mode == "nearest_exact" else Fraction(0)
    return {min(n - 1, math.floor((i + shift) * ratio)): Fraction(1)}


def _linear(n: int, at: Fraction) -> Row:
    low = min(n - 1, math.floor(at))
    row = {low: 1 - (at - low)}
    _added(row, min(n - 1, low + 1), at - low)
    return row


def _cubic(n: int, at: Fraction) -> Row:
    row: Row = {}
    low = math.floor(at)
    for j in range(low - 1, low + 3):
        _added(row, min(n - 1, max(0, j)), cubic(at - j, Fraction(-3, 4)))
    return row


def _filtered(n: int, i: int, ratio: Fraction, mode: str) -> Row:
    """The filter as wide as the distance of two entries of the result, if that is larger than 1."""
    width, centre = max(ratio, Fraction(1)), ratio * (i + HALF)
    gaps = {j: (j + HALF - centre) / width for j in range(n)}
    if mode == "linear":
        row = {j: max(Fraction(0), 1 - abs(t)) for j, t in gaps.items()}
    else:
        row = {j: cubic(t, Fraction(-1, 2)) for j, t in gaps.items()}
    total = sum(row.values(), Fraction(0))
    return {j: w / total for j, w in row.items()}


def _area(n: int, i: int, count: int) -> Row:
    part = range(i * n // count, -(-(i + 1) * n // count))
    return dict.fromkeys(part, Fraction(1, len(part)))


def _row(
    n: int, count: int, i: int, mode: str, ratio: Fraction, align_corners: bool, antialias: bool
) -> Row:
    """The weights of entries in entry i of a result of `count` entries."""
    if mode in ("nearest", "nearest_exact"):
        return _nearest(n, i, ratio, mode)
    if mode == "area":
        return _area(n, i, count)
    if antialias:
        return _filtered(n, i, ratio, mode)
    if align_corners:
        at = i * Fraction(n - 1, count - 1) if count > 1 else Fraction(0)
    else:
        at = ratio * (i + HALF) - HALF
    return _linear(n, max(at, Fraction(0))) if mode == "linear" else _cubic(n, at)


def _weighted(xp: Any, x: Any, axis: int, rows: Sequence[Row]) -> Any:
    """Weighted sums along the axis, one for each row of weights."""
    n = x.shape[axis]
    divisors = [math.lcm(*(w.denominator for w in row.values())) for row in rows]
    weights = np.zeros((n, len(rows)))
    for i, (row, divisor) in enumerate(zip(rows, divisors, strict=True)):
        for j, weight in row.items():
            weights[j, i] = int(weight * divisor)
    last = len(x.shape) - 1
    order = [k for k in range(last + 1) if k != axis] + [axis]
    turned = xp.permute_dims(x, axes=tuple(order))
    made = xp.divide(xp.matmul(turned, weights), np.array(divisors, dtype=float))
    return xp.permute_dims(made, axes=tuple(np.argsort(order).tolist()))


def interpolate(
    xp: Any,
    x: Any,
    *,
    size: Ints,
    scales: tuple[float, ...],
    mode: str,
    align_corners: bool,
    antialias: bool,
) -> Any:
    """The batch with spatial axes of these lengths, by weighted sums of neighbouring entries.

    With `scales`, neighbouring entries of the result are 1 / scale apart, else as many parts of an
    entry as the lengths say.
    """
    _known("mode", mode, "nearest", "nearest_exact", "linear", "cubic", "area")
    axes = len(x.shape) - 2
    if len(size) != axes or not axes or min((*size, *x.shape)) < 1 or max(size) > MAX_SIZE:
        raise ValueError(f"a result of size {size} of shape {x.shape}")
    if scales and (len(scales) != axes or not all(1 / 64 <= s <= 64 for s in scales)):
        raise ValueError(f"scales {scales}: use one for each axis, from 1/64 to 64")
    if any(n * m > MAX_SIZE for n, m in zip(x.shape[2:], size, strict=True)):
        raise ValueError("too large")
    for k in range(axes):
        n, count = x.shape[k + 2], size[k]
        ratio = 1 / Fraction(scales[k]) if scales else Fraction(n, count)
        rows = [_row(n, count, i, mode, ratio, align_corners, antialias) for i in range(count)]
        x = _weighted(xp, x, k + 2, rows)
    return x


def _unnormalized(grid: Any, n: int, align_corners: bool) -> Any:
    """From -1 ... 1 to indices: the centres, or (if not aligned) the edges of the corner pixels are
    at -1 and 1.
    """
    if align_corners:
        return (grid + 1.0) * ((n - 1) / 2)
    return ((grid + 1.0) * float(n) - 1.0) / 2


def _reflected(xp: Any, at: Any, n: int, align_corners: bool) -> Any:
    """Indices reflected at the corner pixels, or (if not aligned) at their edges."""
    low, span = (0.0, n - 1.0) if align_corners else (-0.5, float(n))
    if not span:
        raise ValueError("nothing to reflect between corners that are one pixel")
    gap = at - low
    return xp.abs(gap - (2 * span) * xp.floor(gap / (2 * span) + 0.5)) + low


def _folded(n: int, margin: int, padding: str, align_corners: bool) -> np.ndarray:
    """For each index from -margin to n + margin, which pixel has its value: rows of zeros and
    ones.
    """
    table = np.zeros((n + 2 * margin, n))
    for row, e in enumerate(range(-margin, n + margin)):
        if padding == "reflection":
            low, span = (Fraction(0), n - 1) if align_corners else (-HALF, n)
            gap = e - low
            e = math.floor(abs(gap - 2 * span * math.floor(gap / (2 * span) + HALF)) + low)
        if padding != "zeros":
            e = min(n - 1, max(0, e))
        if 0 <= e < n:
            table[row, e] = 1.0
    return table


def _pixel_weights(xp: Any, at: Any, n: int, mode: str, padding: str, align_corners: bool) -> Any:
    """The weight of each pixel along one axis, in a new last axis."""
    _known("padding_mode", padding, "zeros", "border", "reflection")
    if mode == "bicubic":
        margin = n + 3
        gap = xp.abs(xp.expand_dims(at, axis=-1) - np.arange(-margin, n + margin, dtype=float))
        a = -0.75
        near = ((a + 2) * gap - (a + 3)) * (gap * gap) + 1.0
        far = ((a * gap - 5 * a) * gap + 8 * a) * gap - 4 * a
        weights = xp.where(xp.less(gap, 1.0), near, xp.where(xp.less(gap, 2.0), far, 0.0 * gap))
        return xp.matmul(weights, _folded(n, margin, padding, align_corners))
    if padding == "reflection":
        at = _reflected(xp, at, n, align_corners)
    if padding != "zeros":
        at = xp.minimum(xp.maximum(at, 0.0), n - 1.0)
    if mode == "nearest":
        at = xp.round(at)
    gap = xp.abs(xp.expand_dims(at, axis=-1) - np.arange(n, dtype=float))
    return xp.maximum(1.0 - gap, 0.0)


def grid_sample(
    xp: Any, x: Any, grid: Any, *, mode: str, padding_mode: str, align_corners: bool
) -> Any:
    """The images at the points of a grid from -2 to 2; -1 and 1 are the corners.

    The last axis of the grid has the coordinates, that of the last spatial axis first.
    """
    _known("mode", mode, "bilinear", "nearest", "bicubic")
    axes = len(x.shape) - 2
    batch, channels = x.shape[:2]
    if (
        axes not in (2, 3)
        or len(grid.shape) != axes + 2
        or grid.shape[:: axes + 1] != (batch, axes)
    ):
        raise ValueError(f"a grid of shape {grid.shape} for images of shape {x.shape}")
    if mode == "bicubic" and axes != 2:
        raise ValueError("bicubic with two spatial axes only")
    positions = grid.shape[1:-1]
    points = xp.reshape(grid, shape=(batch, -1, axes))
    count = int(np.prod(positions))
    made = x
    for k in range(axes):
        # The last spatial axis that is left becomes an axis of points.
        n = x.shape[-1 - k]
        at = _unnormalized(points[:, :, k], n, align_corners)
        weights = _pixel_weights(xp, at, n, mode, padding_mode, align_corners)
        if k == 0:
            rows = xp.reshape(made, shape=(batch, -1, n))
            made = xp.matmul(rows, xp.matrix_transpose(weights))
        else:
            table = xp.reshape(made, shape=(batch, -1, n, count))
            weight = xp.expand_dims(xp.matrix_transpose(weights), axis=1)
            made = xp.sum(table * weight, axis=2, keepdims=False)
    return xp.reshape(made, shape=(batch, channels, *positions))


def affine_grid(xp: Any, theta: Any, *, size: Ints, align_corners: bool) -> Any:
    """The points theta (x, y, 1) of images of these lengths, x and y from -1 to 1; or with a third
    coordinate.
    """
    axes = len(size)
    if axes not in (2, 3) or theta.shape[1:] != (axes, axes + 1) or min(size) < 1:
        raise ValueError(f"matrices of shape {theta.shape} for images of shape {size}")
    if math.prod(size) > MAX_SIZE:
        raise ValueError("too large")
    divisors = [max(1, n - align_corners) for n in size]
    # Multiples of 1 / divisor; of one pixel, the centre.
    along = [np.arange(n) * 2.0 + 1 - n for n in size]
    meshes = np.meshgrid(*along, indexing="ij")
    base = np.stack([*(m.ravel() for m in meshes[::-1]), np.ones(math.prod(size))])
    scaled = xp.divide(theta, np.array([*divisors[::-1], 1.0]))
    points = xp.matrix_transpose(xp.matmul(scaled, base))
    return xp.reshape(points, shape=(theta.shape[0], *size, axes))


def _divides(factor: int, *lengths: int) -> None:
    if factor < 1 or any(n % factor for n in lengths):
        raise ValueError(f"{factor} does not divide {lengths}")


def pixel_shuffle(xp: Any, x: Any, *, factor: int) -> Any:
    """Channels in groups of factor**2 become squares of pixels."""
    n, c, h, w = x.shape
    _divides(factor * factor, c)
    parts = numbered(x).reshape(n, c // factor**2, factor, factor, h, w)
    turned = parts.transpose(0, 1, 4, 2, 5, 3)
    return gathered(xp, x, turned.reshape(n, c // factor**2, h * factor, w * factor))


def pixel_unshuffle(xp: Any, x: Any, *, factor: int) -> Any:
    """The inverse of pixel_shuffle."""
    n, c, h, w = x.shape
    _divides(factor, h, w)
    parts = numbered(x).reshape(n, c, h // factor, factor, w // factor, factor)
    turned = parts.transpose(0, 1, 3, 5, 2, 4)
    return gathered(xp, x, turned.reshape(n, c * factor**2, h // factor, w // factor))


def channel_shuffle(xp: Any, x: Any, *, groups: int) -> Any:
    """The channels of all groups in turn."""
    _divides(groups, x.shape[1])
    numbers = numbered(x)
    parts = numbers.reshape(x.shape[0], groups, -1, *x.shape[2:])
    return gathered(xp, x, np.swapaxes(parts, 1, 2).reshape(x.shape))


_PADS = ("constant", "reflect", "edge", "wrap", "symmetric")


def pad_batch(xp: Any, x: Any, *, widths: Ints, mode: str) -> Any:
    """As numpy.pad, along the last axes; with "constant", zeros, or entries cut off."""
    _known("mode", mode, *_PADS)
    pairs = list(zip(widths[::2], widths[1::2], strict=True))[::-1]
    numbers = numbered(x)
    if mode == "constant":
        lead = numbers.ndim - len(pairs)
        key = [slice(None)] * lead
        key += [
            slice(max(0, -a), n - max(0, -z))
            for (a, z), n in zip(pairs, x.shape[lead:], strict=True)
        ]
        cut = numbers[tuple(key)]
        grown = [(0, 0)] * lead + [(max(0, a), max(0, z)) for a, z in pairs]
        return gathered(xp, x, np.pad(cut, grown, constant_values=x.size), 0.0)
    pairs = [(0, 0)] * (numbers.ndim - len(pairs)) + pairs
    return gathered(xp, x, np.pad(numbers, pairs, mode=mode))  # type: ignore[call-overload]


_LARGE: dict[str, Any] = {"large": True, "curvature": "linear"}

ROWS: Sequence[Operation] = (
    derived(
        interpolate,
        family("interpolate"),
        params={
            "size": "list of times",
            "scales": "array",
            "mode": "name",
            "align_corners": "bool",
            "antialias": "bool",
        },
        weight=2,
        **_LARGE,
    ),
    derived(
        grid_sample,
        family("grid_sample"),
        arity=2,
        params={"mode": "name", "padding_mode": "name", "align_corners": "bool"},
        large=True,
        weight=2,
    ),
    derived(
        affine_grid,
        family("affine_grid"),
        params={"size": "list of times", "align_corners": "bool"},
        **_LARGE,
    ),
    derived(
        pixel_shuffle,
        family("shuffled", "channels"),
        params={"factor": "times"},
        exact=True,
        **_LARGE,
    ),
    derived(
        pixel_unshuffle,
        family("shuffled", "pixels"),
        params={"factor": "times"},
        exact=True,
        **_LARGE,
    ),
    derived(
        channel_shuffle,
        family("shuffled", "groups"),
        params={"groups": "times"},
        exact=True,
        **_LARGE,
    ),
    derived(
        pad_batch,
        family("pad_batch", *_PADS),
        params={"widths": "growth", "mode": "name"},
        exact=True,
        **_LARGE,
    ),
)
