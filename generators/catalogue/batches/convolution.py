"""Convolutions of batches, with channels and groups, and their transposes.

The operand x has the shape (batch, channels, spatial axes ...), the weight (channels of the result,
channels of x in each group, axes of the kernel ...).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from ad_conformance.generators.catalogue.batches.windows import (
    gathered,
    numbered,
    padded,
    pairs_of,
    spread,
    windows,
)
from ad_conformance.generators.catalogue.operands import family
from ad_conformance.generators.catalogue.operation import Operation
from ad_conformance.generators.catalogue.row_forms import derived

Ints = tuple[int, ...]


def _batches(x: Any, weight: Any) -> int:
    """The number of spatial axes. Raises ValueError if the operands are no batch and kernel."""
    axes = len(x.shape) - 2
    if not 1 <= axes <= 3 or len(weight.shape) != axes + 2 or 0 in (*x.shape, *weight.shape):
        raise ValueError(f"a batch and kernels are needed, not {x.shape} and {weight.shape}")
    return axes


def _convolved(
    xp: Any,
    x: Any,
    weight: Any,
    numbers: np.ndarray,
    kernel: np.ndarray,
    stride: Ints,
    dilation: Ints,
) -> Any:
    """The correlation of groups: `numbers` are those of x with the axes (groups, batch, channels,
    spatial ...), `kernel` those of the weight with (groups, results, channels, spatial ...).
    """
    groups, batch, channels = numbers.shape[:3]
    results = kernel.shape[1]
    window = kernel.shape[3:]
    if kernel.shape[::2][:2] != (groups, channels):
        raise ValueError(f"kernels of shape {weight.shape} for {x.shape}")
    met = windows(numbers, window, stride, dilation, 3)
    positions = met.shape[3 : 3 + len(window)]
    # (groups, batch, positions ..., channels, window ...)
    rows = np.moveaxis(met, 2, 2 + len(window)).reshape(groups, -1, channels * int(np.prod(window)))
    columns = np.moveaxis(kernel.reshape(groups, results, -1), 1, 2)
    product = xp.matmul(gathered(xp, x, rows, 0.0), gathered(xp, weight, columns))
    made = np.arange(rows.shape[0] * rows.shape[1] * results)
    made = made.reshape(groups, batch, *positions, results)
    # (batch, groups, results, positions ...)
    ordered = np.moveaxis(np.moveaxis(made, -1, 2), 0, 1)
    return gathered(xp, product, ordered.reshape(batch, groups * results, *positions))


def _biased(xp: Any, y: Any, bias: Any) -> Any:
    if bias is None:
        return y
    if bias.shape != (y.shape[1],):
        raise ValueError(f"a bias of shape {bias.shape} for {y.shape[1]} channels")
    return y + xp.reshape(bias, shape=(1, -1) + (1,) * (len(y.shape) - 2))


def _in_groups(numbers: np.ndarray, groups: int, axis: int) -> np.ndarray:
    """The axis taken apart into groups, which become the first axis."""
    shape = numbers.shape
    if groups < 1 or shape[axis] % groups:
        raise ValueError(f"{groups} groups of {shape[axis]} channels")
    apart = numbers.reshape(*shape[:axis], groups, shape[axis] // groups, *shape[axis + 1 :])
    return np.moveaxis(apart, axis, 0)


def convolution(
    xp: Any,
    x: Any,
    weight: Any,
    bias: Any = None,
    *,
    stride: Ints,
    padding: Ints,
    dilation: Ints,
    groups: int,
) -> Any:
    """The correlation of a padded batch with dilated kernels, at every stride-th position."""
    axes = _batches(x, weight)
    numbers = padded(numbered(x), pairs_of(padding, axes), x.size)
    kernel = _in_groups(numbered(weight), groups, 0)
    parts = _in_groups(numbers, groups, 1)
    return _biased(xp, _convolved(xp, x, weight, parts, kernel, stride, dilation), bias)


def convolution_transpose(
    xp: Any,
    x: Any,
    weight: Any,
    bias: Any = None,
    *,
    stride: Ints,
    padding: Ints,
    output_padding: Ints,
    dilation: Ints,
    groups: int,
) -> Any:
    """The transpose of a convolution; the weight has the shape (channels of x, channels of the
    result in each group, kernel ...).
    """
    axes = _batches(x, weight)
    window = weight.shape[2:]
    pairs = [
        (d * (k - 1) - p, d * (k - 1) - p + more)
        for k, p, d, more in zip(window, padding, dilation, output_padding, strict=True)
    ]
    numbers = padded(spread(numbered(x), stride, x.size), pairs, x.size)
    flipped = np.flip(numbered(weight), tuple(range(2, axes + 2)))
    # (groups, channels of x, results, ...) with the two axes of channels exchanged
    kernel = np.swapaxes(_in_groups(flipped, groups, 0), 1, 2)
    parts = _in_groups(numbers, groups, 1)
    ones = (1,) * axes
    return _biased(xp, _convolved(xp, x, weight, parts, kernel, ones, dilation), bias)


#: The order of the axes of x, the kernel and the result, with N the batch, C channels, O results.
LAYOUTS = {"channels_first": (0, 1), "channels_last": (0, -1), "batch_last": (-1, 0)}


def _usual(numbers: np.ndarray, layout: str) -> np.ndarray:
    """The array with the batch first, then the channels."""
    if layout not in LAYOUTS:
        raise ValueError(f"layout {layout!r}: use {', '.join(LAYOUTS)}")
    return np.moveaxis(numbers, LAYOUTS[layout], (0, 1))


def convolution_general(
    xp: Any,
    x: Any,
    weight: Any,
    *,
    stride: Ints,
    padding: Ints,
    x_dilation: Ints,
    dilation: Ints,
    groups: int,
    batch_groups: int,
    layout: str,
) -> Any:
    """As jax.lax.conv_general_dilated; the weight has its axes in the order of those of x."""
    axes = _batches(x, weight)
    numbers = spread(_usual(numbered(x), layout), x_dilation, x.size)
    numbers = padded(numbers, pairs_of(padding, axes), x.size)
    count = groups * batch_groups
    if 1 not in (groups, batch_groups):
        raise ValueError("groups either of channels or of the batch")
    kernel = _in_groups(_usual(numbered(weight), layout), count, 0)
    parts = _in_groups(numbers, count, 1 if batch_groups == 1 else 0)
    made = _convolved(xp, x, weight, parts, kernel, stride, dilation)
    return gathered(xp, made, np.moveaxis(numbered(made), (0, 1), LAYOUTS[layout]))


def im2col(xp: Any, x: Any, *, window: Ints, stride: Ints, padding: Ints, dilation: Ints) -> Any:
    """The entries of each window as a column, one for each position."""
    axes = len(x.shape) - 2
    numbers = padded(numbered(x), pairs_of(padding, axes), x.size)
    met = windows(numbers, window, stride, dilation, 2)
    # (batch, channels, window ..., positions ...)
    turned = np.moveaxis(met, range(-axes, 0), range(2, axes + 2))
    rows = x.shape[1] * int(np.prod(window))
    return gathered(xp, x, turned.reshape(x.shape[0], rows, -1), 0.0)


def col2im(
    xp: Any, x: Any, *, size: Ints, window: Ints, stride: Ints, padding: Ints, dilation: Ints
) -> Any:
    """The transpose of im2col: columns are added up at the entries of their windows."""
    axes = len(size)
    channels = x.shape[1] // int(np.prod(window))
    shape = (x.shape[0], channels, *size)
    if not 1 <= axes <= 2 or len(x.shape) != 3 or np.prod(shape) > 4096:
        raise ValueError(f"columns of shape {x.shape} for images of shape {size}")
    image = np.arange(int(np.prod(shape))).reshape(shape)
    met = windows(padded(image, pairs_of(padding, axes), image.size), window, stride, dilation, 2)
    turned = np.moveaxis(met, range(-axes, 0), range(2, axes + 2))
    if turned.size != x.size or channels * int(np.prod(window)) != x.shape[1]:
        raise ValueError(f"{x.size} entries do not fill {turned.size} windows")
    sources: list[list[int]] = [[] for _ in range(image.size + 1)]
    for source, target in enumerate(turned.ravel().tolist()):
        sources[target].append(source)
    width = max(map(len, sources[:-1]))
    table = np.array([s + [x.size] * (width - len(s)) for s in sources[:-1]], dtype=int)
    met_entries = gathered(xp, x, table.reshape(image.size, width), 0.0)
    return xp.reshape(xp.sum(met_entries, axis=1, keepdims=False), shape=shape)


_SLIDING = {"stride": "list of times", "padding": "list of times", "dilation": "list of times"}
_LARGE: dict[str, Any] = {"large": True, "exact": True}

ROWS: Sequence[Operation] = (
    derived(
        convolution,
        family("convolution"),
        arity=None,
        params={**_SLIDING, "groups": "times"},
        curvature="multilinear",
        weight=2,
        **_LARGE,
    ),
    derived(
        convolution_transpose,
        family("convolution_transpose"),
        arity=None,
        params={**_SLIDING, "output_padding": "list of times", "groups": "times"},
        curvature="multilinear",
        weight=2,
        **_LARGE,
    ),
    derived(
        convolution_general,
        family("convolution_general"),
        arity=2,
        params={
            **_SLIDING,
            "x_dilation": "list of times",
            "groups": "times",
            "batch_groups": "times",
            "layout": "name",
        },
        curvature="multilinear",
        **_LARGE,
    ),
    derived(
        im2col,
        family("im2col"),
        params={"window": "list of times", **_SLIDING},
        curvature="linear",
        **_LARGE,
    ),
    derived(
        col2im,
        family("col2im"),
        params={"size": "list of times", "window": "list of times", **_SLIDING},
        curvature="linear",
        **_LARGE,
    ),
)
