"""Layers of neural networks: softmax, normalization, convolution, pooling, resampling."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from ad_conformance.engines.importing.recorder import CannotImport, Recorder
from ad_conformance.engines.importing.torch.entries import tuple_of
from ad_conformance.engines.importing.torch.moving import added
from ad_conformance.engines.importing.torch.reductions import (
    masked_logsumexp,
    without_endless,
)
from ad_conformance.engines.importing.torch.rule import Rule, reduced, tensors, whole
from ad_conformance.engines.importing.torch.tracking import Later, Moved, Tracking, as_numpy

Array = np.ndarray


def _softmax(logarithm: bool) -> Rule:
    """softmax or its logarithm; entries of constants that are -infinity have no weight."""

    def rule(t: Tracking, _made: Any, x: Any, dim: int, *_options: Any) -> Any:
        r = t.recorder
        value, mask = without_endless(t, x)
        if not np.ndim(value):
            return np.zeros(()) if logarithm else np.ones(())
        axis = dim % value.ndim
        if mask is None:
            row = r.log_softmax if logarithm else r.softmax
            return row(value, axis=axis)
        found = r.subtract(value, masked_logsumexp(r, value, mask, axis, True))
        found = found if logarithm else r.exp(found)
        nothing = t.entries.codes(np.array(-np.inf if logarithm else 0.0))
        return Moved(np.where(mask, t.entries.codes(found), nothing))

    return tensors(rule)


def _normalized(
    t: Tracking, _made: Any, x: Any, shape: Any, weight: Any, bias: Any, eps: float
) -> Any:
    operands = [x, *_scale_and_shift(weight, bias, tuple(shape))]
    values = [t.numbers(v) if isinstance(v, torch.Tensor) else v for v in operands]
    axes = tuple(range(x.ndim - len(shape), x.ndim))
    found = t.recorder.layer_norm_axes(*values, axes=len(shape), eps=eps)
    return [found, *_statistics(t, t.codes(x), axes, eps, True)]


def _statistics(
    t: Tracking, codes: Array, axes: tuple[int, ...], eps: float, keepdims: bool
) -> list[Later]:
    """The means, and what centred values are multiplied by, if something reads them."""
    r = t.recorder

    def means() -> Any:
        return reduced(r, "mean", t.entries.numbers(t.entries.read(codes)), axes, keepdims)

    def factors() -> Any:
        value = t.entries.numbers(t.entries.read(codes))
        spread = reduced(r, "var", value, axes, keepdims, correction=0)
        return r.rsqrt(r.add(spread, eps))

    return [Later(means), Later(factors)]


def _scale_and_shift(weight: Any, bias: Any, shape: tuple[int, ...]) -> list[Any]:
    """Both operands, or none if none is given."""
    if weight is None and bias is None:
        return []
    return [np.ones(shape) if weight is None else weight, np.zeros(shape) if bias is None else bias]


def _normalized_groups(t: Tracking, _made: Any, x: Any, weight: Any, bias: Any, *sizes: Any) -> Any:
    *_sizes, groups, eps = sizes
    operands = [x, *_scale_and_shift(weight, bias, (x.shape[1],))]
    values = [t.numbers(v) if isinstance(v, torch.Tensor) else v for v in operands]
    found = t.recorder.group_norm(*values, groups=groups, eps=eps)
    codes = t.codes(x).reshape(x.shape[0], groups, -1)
    return [found, *_statistics(t, codes, (2,), eps, False)]


def _normalized_batch(
    t: Tracking, _made: Any, x: Any, weight: Any, bias: Any, *options: Any
) -> Any:
    """Each channel by its own mean and variance in training, else by those that are kept."""
    *options_, eps = options
    kept = [as_numpy(v) for v in options_ if isinstance(v, torch.Tensor)]
    operands = [x, *_scale_and_shift(weight, bias, (x.shape[1],))]
    values = [t.numbers(v) if isinstance(v, torch.Tensor) else v for v in operands]
    if True in [v for v in options_ if isinstance(v, bool)]:
        axes = (0, *range(2, x.ndim))
        found = t.recorder.batch_norm(*values, eps=eps)
        return [found, *_statistics(t, t.codes(x), axes, eps, False)]
    sides = values[1:] or [np.ones(x.shape[1]), np.zeros(x.shape[1])]
    means, variances = map(tuple_of, kept)
    found = t.recorder.batch_norm_running(
        values[0], *sides, means=means, variances=variances, eps=eps
    )
    return [found, None, None]


def _convolved(
    r: Recorder,
    x: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool = False,
    output_padding: Any = (),
    groups: int = 1,
) -> Any:
    axes = np.ndim(weight) - 2
    given = [tuple(v) if len(v) == axes else tuple(v) * axes for v in (stride, padding, dilation)]
    params = dict(zip(("stride", "padding", "dilation"), given, strict=True))
    operands = [x, weight] if bias is None else [x, weight, bias]
    if transposed:
        extra = tuple(output_padding) if len(output_padding) == axes else (0,) * axes
        return r.convolution_transpose(*operands, **params, output_padding=extra, groups=groups)
    return r.convolution(*operands, **params, groups=groups)


def _convolved_back(
    t: Tracking,
    made: Any,
    gradient: Any,
    x: Any,
    weight: Any,
    _bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    _output_padding: Any,
    groups: int,
    _mask: Any,
) -> Any:
    """The gradients of a convolution: by its input a transposed one, by its kernel one of the
    input with the gradient, whose batch axis is the one of channels.
    """
    r = t.recorder
    if transposed or groups != 1:
        raise CannotImport("the gradient of a transposed or grouped convolution", r.line)
    axes = weight.ndim - 2
    stride, padding, dilation = (
        tuple(v) if len(v) == axes else tuple(v) * axes for v in (stride, padding, dilation)
    )
    found: list[Any] = [None, None, None]
    g = t.numbers(gradient)
    if made[0] is not None:
        reach = [
            (g.shape[k + 2] - 1) * stride[k]
            - 2 * padding[k]
            + dilation[k] * (weight.shape[k + 2] - 1)
            for k in range(axes)
        ]
        extra = tuple(x.shape[k + 2] - reach[k] - 1 for k in range(axes))
        found[0] = r.convolution_transpose(
            g,
            t.numbers(weight),
            stride=stride,
            padding=padding,
            dilation=dilation,
            output_padding=extra,
            groups=1,
        )
    if made[1] is not None:
        ends = tuple(
            slice(
                (gradient.shape[k + 2] - 1) * stride[k]
                + dilation[k] * (weight.shape[k + 2] - 1)
                + 1
            )
            for k in range(axes)
        )
        codes = np.pad(t.codes(x), [(0, 0), (0, 0), *((p, p) for p in padding)])
        codes = codes[(slice(None), slice(None), *ends)].swapaxes(0, 1)
        turned = t.entries.read(t.codes(gradient).swapaxes(0, 1))
        kernel = r.convolution(
            t.entries.read(codes),
            turned,
            stride=dilation,
            padding=(0,) * axes,
            dilation=stride,
            groups=1,
        )
        found[1] = Moved(t.entries.codes(kernel).swapaxes(0, 1))
    if made[2] is not None:
        found[2] = r.sum_axes(g, axes=(0, *range(2, g.ndim)), keepdims=False)
    return found


def _window(window: Any, stride: Any, padding: Any, axes: int) -> dict[str, Any]:
    def full(given: Any) -> tuple[int, ...]:
        numbers = list(given) if isinstance(given, (list, tuple)) else [given]
        return tuple(numbers * axes if len(numbers) == 1 else numbers)

    size = full(window)
    return {
        "window": size,
        "stride": full(stride) if stride else size,
        "padding": full(padding),
    }


def _batch(t: Tracking, x: Any, axes: int) -> Any:
    """The value with an axis for the batch."""
    codes = t.codes(x)
    return t.entries.numbers(t.entries.read(codes if x.ndim == axes + 2 else codes[None]))


def _max_pool(axes: int) -> Rule:
    def rule(
        t: Tracking,
        made: Any,
        x: Any,
        window: Any,
        stride: Any = (),
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
    ) -> Any:
        given = _window(window, stride, padding, axes)
        spread = _window(dilation, (), 0, axes)["window"]
        value = _batch(t, x, axes)
        found = t.recorder.max_pool(value, **given, dilation=spread, ceil_mode=ceil_mode)
        codes = t.entries.codes(found).reshape(tuple(made[0].shape))
        return [Moved(codes), _places(t, x, made[1], axes, codes, given, spread)]

    return tensors(rule)


def _places(
    t: Tracking, x: Any, made: Any, axes: int, found: Array, given: Any, spread: Any
) -> Later:
    """Where the largest entries of windows are: each is the largest of its window."""

    def make() -> None:
        codes = t.codes(x)
        flat = codes.reshape(*codes.shape[: codes.ndim - axes], -1)
        index = as_numpy(made).reshape(*made.shape[: made.ndim - axes], -1)
        chosen = np.take_along_axis(flat, index, -1).reshape(found.shape)
        t.recorder.holds(t.recorder.greater_equal(t.entries.read(chosen), t.entries.read(found)))

    return Later(make)


def _max_pool_back(t: Tracking, _made: Any, gradient: Any, x: Any, *_options: Any) -> Any:
    """The gradient of max_pool: added at the places of the largest entries."""
    *_sizes, places = _options
    count = int(np.prod(x.shape[-2:]))
    at = as_numpy(t.fixed(places))
    groups = np.arange(int(np.prod(at.shape[:-2]))).reshape((*at.shape[:-2], 1, 1)) * count
    return added(t, torch.zeros_like(x), t.codes(gradient), torch.from_numpy(groups + at))


def _avg_pool(axes: int) -> Rule:
    def rule(
        t: Tracking,
        made: Any,
        x: Any,
        window: Any,
        stride: Any = (),
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor: int | None = None,
    ) -> Any:
        found = t.recorder.avg_pool(
            _batch(t, x, axes),
            **_window(window, stride, padding, axes),
            ceil_mode=ceil_mode,
            count_include_pad=count_include_pad,
            divisor=divisor or 0,
        )
        return Moved(t.entries.codes(found).reshape(tuple(made.shape)))

    return tensors(rule)


def _adaptive(name: str, axes: int) -> Rule:
    def rule(t: Tracking, made: Any, x: Any, size: Any) -> Any:
        first = made if isinstance(made, torch.Tensor) else made[0]
        lengths = tuple(int(n) for n in first.shape[-axes:])
        found = getattr(t.recorder, name)(_batch(t, x, axes), size=lengths)
        codes = t.entries.codes(found).reshape(tuple(first.shape))
        if isinstance(made, torch.Tensor):
            return Moved(codes)
        return [Moved(codes), _places(t, x, made[1], axes, codes, None, None)]

    return tensors(rule)


def _resized(mode: str, axes: int) -> Rule:
    """upsample_...: the size, align_corners if the mode has it, and scales."""

    def rule(t: Tracking, made: Any, x: Any, _size: Any, *options: Any) -> Any:
        corners = bool(options[0]) if options and isinstance(options[0], bool) else False
        lengths = tuple(int(n) for n in made.shape[2:])
        scales = [s for s in options if isinstance(s, float)]
        given = tuple(scales) if len(scales) == axes else ()
        return t.recorder.interpolate(
            t.numbers(x),
            size=lengths,
            scales=given,
            mode=mode,
            align_corners=corners,
            antialias=False,
        )

    return tensors(rule)


def _halves(r: Recorder, x: Any, dim: int = -1) -> Any:
    return r.glu(x, axis=dim % x.ndim)


LAYERS: dict[str, Rule] = {
    "_softmax": _softmax(False),
    "_safe_softmax": _softmax(False),
    "_log_softmax": _softmax(True),
    "native_layer_norm": tensors(_normalized),
    "native_group_norm": tensors(_normalized_groups),
    "native_batch_norm": tensors(_normalized_batch),
    "_native_batch_norm_legit": tensors(_normalized_batch),
    "_native_batch_norm_legit_no_training": tensors(_normalized_batch),
    "convolution": whole(_convolved),
    "convolution_backward": tensors(_convolved_back),
    "max_pool2d_with_indices": _max_pool(2),
    "max_pool2d_with_indices_backward": tensors(_max_pool_back),
    "max_pool3d_with_indices": _max_pool(3),
    "avg_pool2d": _avg_pool(2),
    "avg_pool3d": _avg_pool(3),
    "_adaptive_avg_pool2d": _adaptive("adaptive_avg_pool", 2),
    "_adaptive_avg_pool3d": _adaptive("adaptive_avg_pool", 3),
    "adaptive_max_pool2d": _adaptive("adaptive_max_pool", 2),
    "glu": whole(_halves),
    "upsample_linear1d": _resized("linear", 1),
    "upsample_bilinear2d": _resized("linear", 2),
    "upsample_trilinear3d": _resized("linear", 3),
    "upsample_bicubic2d": _resized("cubic", 2),
    "upsample_nearest1d": _resized("nearest", 1),
    "upsample_nearest2d": _resized("nearest", 2),
    "im2col": whole(
        lambda r, x, window, dilation, padding, stride: r.im2col(
            x,
            window=tuple(window),
            stride=tuple(stride),
            padding=tuple(padding),
            dilation=tuple(dilation),
        )
    ),
    "col2im": whole(
        lambda r, x, size, window, dilation, padding, stride: r.col2im(
            x,
            size=tuple(size),
            window=tuple(window),
            stride=tuple(stride),
            padding=tuple(padding),
            dilation=tuple(dilation),
        )
    ),
    "grid_sampler_2d": whole(
        lambda r, x, grid, mode, padding, corners: r.grid_sample(
            x,
            grid,
            mode=("bilinear", "nearest", "bicubic")[mode],
            padding_mode=("zeros", "border", "reflection")[padding],
            align_corners=corners,
        )
    ),
}
