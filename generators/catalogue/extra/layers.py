"""Layers: normalization, distances, attention, convolution and pooling."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from ad_conformance.generators.catalogue.extra.losses import logsumexp
from ad_conformance.generators.catalogue.operands import family
from ad_conformance.generators.catalogue.operation import MAX_SIZE, Operation
from ad_conformance.generators.catalogue.row_forms import derived


def _normalized(xp: Any, x: Any, axis: int, eps: float) -> Any:
    """x minus its mean, divided by the square root of its variance plus eps."""
    centred = x - xp.mean(x, axis=axis, keepdims=True)
    # Of the variance as one step, it is known how its usual derivatives are rounded.
    return centred / xp.sqrt(xp.var(x, axis=axis, keepdims=True, correction=0) + eps)


def _scaled(xp: Any, x: Any, weight: Any, bias: Any, shape: tuple[int, ...]) -> Any:
    return (
        x if weight is None else x * xp.reshape(weight, shape=shape) + xp.reshape(bias, shape=shape)
    )


def _channels(x: Any) -> tuple[int, ...]:
    """The shape in which a value per channel, the entries of axis 1, broadcasts."""
    return (1, x.shape[1]) + (1,) * (len(x.shape) - 2)


def layer_norm(xp: Any, x: Any, weight: Any = None, bias: Any = None, *, eps: float) -> Any:
    """Normalization over the last axis, then scale and shift if they are given."""
    return _scaled(xp, _normalized(xp, x, -1, eps), weight, bias, (x.shape[-1],))


def standardize(xp: Any, x: Any, *, axis: int, eps: float) -> Any:
    """(x - mean) / sqrt(variance + eps) along `axis`."""
    return _normalized(xp, x, axis, eps)


def batch_norm(xp: Any, x: Any, weight: Any = None, bias: Any = None, *, eps: float) -> Any:
    """Normalization of each channel (axis 1), then scale and shift if they are given."""
    first = (1, 0, *range(2, len(x.shape)))
    channels = xp.permute_dims(x, axes=first)
    rows = _normalized(
        xp,
        xp.reshape(channels, shape=(x.shape[1], math.prod(x.shape) // max(x.shape[1], 1))),
        -1,
        eps,
    )
    y = xp.permute_dims(xp.reshape(rows, shape=channels.shape), axes=first)
    return _scaled(xp, y, weight, bias, _channels(x))


def instance_norm(xp: Any, x: Any, weight: Any = None, bias: Any = None, *, eps: float) -> Any:
    """Normalization of each channel of each instance (axes 0 and 1), then scale and shift."""
    rows = _normalized(xp, xp.reshape(x, shape=(*x.shape[:2], math.prod(x.shape[2:]))), -1, eps)
    return _scaled(xp, xp.reshape(rows, shape=x.shape), weight, bias, _channels(x))


def group_norm(
    xp: Any, x: Any, weight: Any = None, bias: Any = None, *, groups: int, eps: float
) -> Any:
    """Normalization of groups of channels of each instance, then scale and shift."""
    grouped = xp.reshape(x, shape=(x.shape[0], groups, -1))
    return _scaled(
        xp,
        xp.reshape(_normalized(xp, grouped, -1, eps), shape=x.shape),
        weight,
        bias,
        _channels(x),
    )


def rms_norm(xp: Any, x: Any, weight: Any = None, bias: Any = None, *, eps: float) -> Any:
    """x / sqrt(mean(x**2) + eps) over the last axis, then scale and shift if they are given."""
    size = xp.mean(x * x, axis=-1, keepdims=True)
    return _scaled(xp, x / xp.sqrt(size + eps), weight, bias, (x.shape[-1],))


def normalize(xp: Any, x: Any, *, axis: int) -> Any:
    """x divided by its Euclidean norm along `axis`."""
    return x / xp.sqrt(xp.sum(x * x, axis=axis, keepdims=True))


def cosine_similarity(xp: Any, x: Any, y: Any, *, axis: int) -> Any:
    """The cosine of the angle of x and y along `axis`."""
    dots = [xp.sum(a * b, axis=axis, keepdims=False) for a, b in ((x, y), (x, x), (y, y))]
    return dots[0] / (xp.sqrt(dots[1]) * xp.sqrt(dots[2]))


def _p_norm(xp: Any, x: Any, p: float) -> Any:
    """The p-norm over the last axis for an integer p."""
    if p not in (1, 2, 3, 4):
        raise ValueError(f"p={p}: use 1, 2, 3 or 4")
    power = xp.abs(x) if p % 2 else x * x
    if p > 2:
        power = power * (x * x)
    total = xp.sum(power, axis=-1, keepdims=False)
    if p == 1:
        return total
    return xp.sqrt(total) if p == 2 else xp.pow(total, 1 / p)


def pairwise_distance(xp: Any, x: Any, y: Any, *, p: float) -> Any:
    """The p-norm of x - y over the last axis; p is 1, 2, 3 or 4."""
    return _p_norm(xp, x - y, p)


def pdist(xp: Any, x: Any, *, p: float) -> Any:
    """The distances of every two rows; p is 1, 2, 3 or 4."""
    first, second = np.triu_indices(x.shape[0], 1)
    return _p_norm(
        xp, xp.take(x, indices=tuple(first), axis=0) - xp.take(x, indices=tuple(second), axis=0), p
    )


def scaled_dot_product_attention(
    xp: Any, query: Any, key: Any, value: Any, *, scale: float, causal: bool
) -> Any:
    """softmax(scale * query key^T) value; `causal`: row i sees keys up to i."""
    scores = scale * xp.matmul(query, xp.matrix_transpose(key))
    if not causal:
        weights = xp.exp(scores - xp.expand_dims(logsumexp(xp, scores), axis=-1))
        return xp.matmul(weights, value)
    total: Any = 0.0
    # Each row attends to the keys up to its own index. A column of the identity puts it in its row.
    rows, keys = scores.shape
    for i in range(rows):
        seen = scores[i : i + 1, : min(i + 1, keys)]
        weights = xp.exp(seen - xp.expand_dims(logsumexp(xp, seen), axis=-1))
        total = total + np.eye(rows, 1, -i) * xp.matmul(weights, value[: min(i + 1, keys), :])
    return total


def linear(xp: Any, x: Any, weight: Any, bias: Any) -> Any:
    """x weight^T + bias."""
    return xp.matmul(x, xp.matrix_transpose(weight)) + bias


def bilinear(xp: Any, x: Any, y: Any, weight: Any) -> Any:
    """sum_ij x_i weight_kij y_j for every k."""
    if weight.shape[1:] != (x.shape[-1], y.shape[-1]):
        raise ValueError(f"weights of shape {weight.shape} for shapes {x.shape} and {y.shape}")
    pairs = xp.expand_dims(x, axis=-1) * xp.expand_dims(y, axis=-2)
    return xp.sum(
        xp.sum(xp.expand_dims(pairs, axis=-3) * weight, axis=-1, keepdims=False),
        axis=-1,
        keepdims=False,
    )


def _folded(xp: Any, x: Any, y: Any, fold: Callable[[Any, Any], Any]) -> Any:
    """A bilinear function `fold` of two vectors, computed from its values on unit vectors."""
    if len(x.shape) != 1 or len(y.shape) != 1 or not x.shape[0] or not y.shape[0]:
        raise ValueError(f"two vectors with entries are needed, not shapes {x.shape} and {y.shape}")
    n, m = x.shape[0], y.shape[0]
    if n * m > MAX_SIZE:
        raise ValueError(f"too long together, with {n} and {m} entries")
    table = np.stack([fold(a, b) for a in np.eye(n) for b in np.eye(m)], axis=-1)
    return xp.matmul(table, xp.reshape(xp.expand_dims(x, axis=-1) * y, shape=(n * m,)))


def convolve(xp: Any, x: Any, y: Any, *, mode: str) -> Any:
    """As numpy.convolve."""
    return _folded(xp, x, y, lambda a, b: np.convolve(a, b, _MODES[mode]))


def correlate(xp: Any, x: Any, y: Any, *, mode: str) -> Any:
    """As numpy.correlate."""
    return _folded(xp, x, y, lambda a, b: np.correlate(a, b, _MODES[mode]))


class _Known(dict[str, Any]):
    def __missing__(self, name: str) -> Any:
        raise ValueError(f"{name!r}: use {', '.join(self)}")


_MODES: _Known = _Known(full="full", same="same", valid="valid")


def conv1d(xp: Any, x: Any, kernel: Any, *, stride: int, padding: int, dilation: int) -> Any:
    """The correlation of a padded signal with a dilated kernel, at every stride-th position."""
    if stride < 1 or dilation < 1 or padding < 0:
        raise ValueError(f"stride={stride}, padding={padding}, dilation={dilation}: too small")

    def fold(a: Any, b: Any) -> Any:
        padded, reach = np.pad(a, padding), dilation * (len(b) - 1) + 1
        return np.array(
            [
                padded[k : k + reach : dilation] @ b
                for k in range(0, len(padded) - reach + 1, stride)
            ]
        )

    return _folded(xp, x, kernel, fold)


def _windows(x: Any, window: int, stride: int) -> list[Any]:
    """For each position within a window, the entries that all windows have there."""
    if window < 1 or stride < 1 or len(x.shape) != 1 or x.shape[0] < window:
        raise ValueError(f"window={window}, stride={stride}: not on shape {x.shape}")
    last = x.shape[0] - window
    return [x[k : k + last + 1 : stride] for k in range(window)]


def avg_pool1d(xp: Any, x: Any, *, window: int, stride: int) -> Any:
    """Means of windows, `stride` apart."""
    parts = _windows(x, window, stride)
    return sum(parts[1:], start=parts[0]) / window


def max_pool1d(xp: Any, x: Any, *, window: int, stride: int) -> Any:
    """Maxima of windows, `stride` apart."""
    out, *rest = _windows(x, window, stride)
    for part in rest:
        out = xp.maximum(out, part)
    return out


def polyval(xp: Any, coefficients: Any, x: Any) -> Any:
    """The polynomial with these coefficients, the highest power first, by Horner's rule."""
    total = 0.0 * x + coefficients[0]
    for k in range(1, coefficients.shape[0]):
        total = total * x + coefficients[k]
    return total


_NORM: dict[str, Any] = {"arity": None, "params": {"eps": "float"}}
_POOL = {"window": "int", "stride": "int"}

ROWS: Sequence[Operation] = (
    derived(layer_norm, family("normalized_rows"), **_NORM),
    derived(rms_norm, family("normalized_rows"), **_NORM),
    derived(standardize, family("standardized"), params={"axis": "int", "eps": "float"}),
    derived(batch_norm, family("normalized_channels", over="batch"), **_NORM),
    derived(
        instance_norm,
        family("normalized_channels", over="instance"),
        **_NORM,
    ),
    derived(
        group_norm,
        family("normalized_channels", over="groups"),
        arity=None,
        params={"groups": "int", "eps": "float"},
    ),
    derived(normalize, family("directions", 1), params={"axis": "int"}),
    derived(cosine_similarity, family("directions", 2), arity=2, params={"axis": "int"}),
    derived(pairwise_distance, family("distances", rows=False), arity=2, params={"p": "float"}),
    derived(pdist, family("points_apart"), params={"p": "float"}),
    derived(
        scaled_dot_product_attention,
        family("attention"),
        arity=3,
        params={"scale": "float", "causal": "bool"},
    ),
    derived(linear, family("linear"), arity=3, curvature="multilinear", exact=True),
    derived(bilinear, family("bilinear"), arity=3, curvature="multilinear", exact=True),
    derived(
        convolve,
        family("signals", "full", "same", "valid"),
        arity=2,
        params={"mode": "name"},
        curvature="multilinear",
        exact=True,
    ),
    derived(
        correlate,
        family("signals", "full", "same", "valid"),
        arity=2,
        params={"mode": "name"},
        curvature="multilinear",
        exact=True,
    ),
    derived(
        conv1d,
        family("conv1d"),
        arity=2,
        params={"stride": "int", "padding": "times", "dilation": "times"},
        curvature="multilinear",
        exact=True,
    ),
    derived(avg_pool1d, family("pooled"), params=_POOL, curvature="linear"),
    derived(max_pool1d, family("pooled"), params=_POOL, curvature="linear", exact=True),
    derived(polyval, family("polynomial"), arity=2),
)
