"""Functions of neural networks, losses and layers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tests.oracle.arrays import mean, total, variance
from tests.oracle.matrices import dot, norm
from tests.oracle.numbers import (
    Array,
    clipped,
    entrywise,
    exact,
    log_softmax_of,
    logistic,
    mp,
    number,
    softplus,
)

#: Constants that are float64 numbers by definition.
ROOT_TWO, ROOT_TWO_BY_PI = number(math.sqrt(2.0)), number(math.sqrt(2 / math.pi))
CUBIC = number(0.044715)
SELU_ALPHA, SELU_SCALE = number(1.6732632423543772), number(1.0507009873554805)


def elu(x: Any, alpha: Any) -> Any:
    return x if x > 0 else alpha * (mp.exp(x) - 1)


def celu(x: Any, alpha: Any) -> Any:
    return x if x > 0 else alpha * (mp.exp(x / alpha) - 1)


def softshrink(x: Any, width: Any) -> Any:
    return mp.sign(x) * max(abs(x) - width, mp.mpf(0))


def hardshrink(x: Any, width: Any) -> Any:
    return x if abs(x) > width else mp.mpf(0)


def sparse_plus(x: Any) -> Any:
    return mp.mpf(0) if x <= -1 else x if x >= 1 else (x + 1) ** 2 / 4


def leaky(x: Any, slope: Any) -> Any:
    return x if x > 0 else slope * x


_ENTRYWISE: Mapping[str, Callable[[Any], Any]] = {
    "softplus": softplus,
    "logsigmoid": lambda x: -softplus(-x),
    "silu": lambda x: x * logistic(x),
    "mish": lambda x: x * mp.tanh(softplus(x)),
    "gelu": lambda x: x * mp.erfc(-x / ROOT_TWO) / 2,
    "gelu_tanh": lambda x: x * (1 + mp.tanh(ROOT_TWO_BY_PI * (x + CUBIC * x**3))) / 2,
    "log1mexp": lambda x: mp.log1p(-mp.exp(-x)),
    "softsign": lambda x: x / (1 + abs(x)),
    "tanhshrink": lambda x: x - mp.tanh(x),
    "relu": lambda x: max(x, mp.mpf(0)),
    "relu6": lambda x: clipped(x, mp.mpf(0), mp.mpf(6)),
    "hardsigmoid": lambda x: clipped(x / 6 + mp.mpf(1) / 2, mp.mpf(0), mp.mpf(1)),
    "hardswish": lambda x: x * clipped(x / 6 + mp.mpf(1) / 2, mp.mpf(0), mp.mpf(1)),
    "selu": lambda x: SELU_SCALE * elu(x, SELU_ALPHA),
    "sparse_plus": sparse_plus,
}


def glu(x: Array, *, axis: int) -> Array:
    value, gate = np.split(x, 2, axis)
    return np.asarray(value * entrywise(logistic)(gate))


# Losses


def reduced(values: Array, reduction: str) -> Array:
    entries = list(values.reshape(-1))
    match reduction:
        case "none":
            return values
        case "sum":
            return exact(total(entries))
        case _:
            return exact(mean(entries))


def _loss(function: Callable[..., Any], count: int = 2) -> Callable[..., Array]:
    """The loss of entries, with float parameters after the operands."""

    def loss(*operands: Array, reduction: str, **params: Any) -> Array:
        one = entrywise(lambda *entries: function(*entries, **params), count)
        return reduced(one(*operands), reduction)

    return loss


def huber(x: Any, target: Any, delta: float) -> Any:
    gap, width = abs(x - target), number(delta)
    return gap**2 / 2 if gap <= width else width * (gap - width / 2)


def poisson(x: Any, target: Any, log_input: bool, eps: float) -> Any:
    return mp.exp(x) - target * x if log_input else x - target * mp.log(x + number(eps))


def _rows(x: Array, function: Callable[..., Any], *others: Array) -> Array:
    """`function` of each row of the last axis of all operands."""
    out = np.empty(x.shape[:-1], dtype=object)
    for index in np.ndindex(out.shape):
        out[index] = function(list(x[index]), *(list(other[index]) for other in others))
    return out


def _entropy(logits: Sequence[Any], weights: Sequence[Any]) -> Any:
    return -total([w * z for w, z in zip(weights, log_softmax_of(logits), strict=True)])


def cross_entropy(x: Array, *, labels: Sequence[int], smoothing: float, reduction: str) -> Array:
    n = x.shape[-1]
    # The weights are float64 numbers by definition.
    weights = np.full((len(labels), n), smoothing / n)
    for row, label in enumerate(labels):
        weights[row, label] = 1.0 * (1 - smoothing) + smoothing / n
    return reduced(_rows(x, _entropy, exact(weights).reshape(x.shape)), reduction)


def nll(x: Array, *, labels: Sequence[int], reduction: str) -> Array:
    rows = x.reshape(-1, x.shape[-1])
    chosen = [-row[label] for row, label in zip(rows, labels, strict=True)]
    return reduced(exact(chosen).reshape(x.shape[:-1]), reduction)


# Layers


def _normalized(entries: Sequence[Any], eps: float) -> list[Any]:
    middle, scale = mean(entries), mp.sqrt(variance(entries) + number(eps))
    return [(z - middle) / scale for z in entries]


def _by_groups(x: Array, groups: Array, eps: float) -> Array:
    """Entries normalized together with all of the same group number."""
    out = np.empty(x.shape, dtype=object)
    for group in set(groups.reshape(-1).tolist()):
        out[groups == group] = np.array(_normalized(list(x[groups == group]), eps), dtype=object)
    return out


def _scaled(x: Array, given: Sequence[Array], axis: int) -> Array:
    """Times the weights and plus the biases, one for each index of the axis."""
    if not given:
        return x
    shape = [1] * x.ndim
    shape[axis] = -1
    weight, bias = given
    return np.asarray(x * weight.reshape(shape) + bias.reshape(shape))


def _numbers(shape: tuple[int, ...], kept: Callable[[tuple[int, ...]], Any]) -> Array:
    """Group numbers: entries for which `kept(index)` is equal belong together."""
    found: dict[Any, int] = {}
    out = np.empty(shape, dtype=int)
    for index in np.ndindex(shape):
        out[index] = found.setdefault(kept(index), len(found))
    return out


def layer_norm(x: Array, *given: Array, eps: float) -> Array:
    return _scaled(_by_groups(x, _numbers(x.shape, lambda i: i[:-1]), eps), given, x.ndim - 1)


def standardize(x: Array, *, axis: int, eps: float) -> Array:
    a = axis % x.ndim
    return _by_groups(x, _numbers(x.shape, lambda i: i[:a] + i[a + 1 :]), eps)


def batch_norm(x: Array, *given: Array, eps: float) -> Array:
    return _scaled(_by_groups(x, _numbers(x.shape, lambda i: i[1]), eps), given, 1)


def instance_norm(x: Array, *given: Array, eps: float) -> Array:
    return _scaled(_by_groups(x, _numbers(x.shape, lambda i: i[:2]), eps), given, 1)


def group_norm(x: Array, *given: Array, groups: int, eps: float) -> Array:
    size = x.shape[1] // groups
    return _scaled(_by_groups(x, _numbers(x.shape, lambda i: (i[0], i[1] // size)), eps), given, 1)


def rms_norm(x: Array, *given: Array, eps: float) -> Array:
    scale = _rows(x, lambda row: mp.sqrt(mean([z * z for z in row]) + number(eps)))
    return _scaled(x / scale[..., None], given, x.ndim - 1)


def normalize(x: Array, *, axis: int) -> Array:
    rows = np.moveaxis(x, axis, -1)
    scale = _rows(rows, lambda row: mp.sqrt(total([z * z for z in row])))
    return np.moveaxis(rows / scale[..., None], -1, axis)


def cosine_similarity(x: Array, y: Array, *, axis: int) -> Array:
    def cosine(p: Sequence[Any], q: Sequence[Any]) -> Any:
        sizes = mp.sqrt(total([z * z for z in p]) * total([z * z for z in q]))
        return total([a * b for a, b in zip(p, q, strict=True)]) / sizes

    return _rows(np.moveaxis(x, axis, -1), cosine, np.moveaxis(y, axis, -1))


def pairwise_distance(x: Array, y: Array, *, p: float) -> Array:
    return _rows(x - y, lambda row: norm(row, p))


def pdist(x: Array, *, p: float) -> Array:
    n = len(x)
    return exact([norm(list(x[i] - x[j]), p) for i in range(n) for j in range(i + 1, n)])


def attention(query: Array, key: Array, value: Array, *, scale: float, causal: bool) -> Array:
    scores = dot(query, key.T) * number(scale)
    out = np.empty((len(query), value.shape[1]), dtype=object)
    for i, row in enumerate(scores):
        seen = list(row[: i + 1] if causal else row)
        weights = exact([mp.exp(z) for z in log_softmax_of(seen)])
        out[i] = dot(weights.reshape(1, -1), value[: len(seen)])[0]
    return out


def linear(x: Array, weight: Array, bias: Array) -> Array:
    rows = x.reshape(-1, x.shape[-1])
    return np.asarray(dot(rows, weight.T).reshape((*x.shape[:-1], len(weight))) + bias)


def bilinear(x: Array, y: Array, weight: Array) -> Array:
    out = np.empty((*x.shape[:-1], len(weight)), dtype=object)
    for index in np.ndindex(x.shape[:-1]):
        for k, w in enumerate(weight):
            out[(*index, k)] = total(
                [p * w[i, j] * q for i, p in enumerate(x[index]) for j, q in enumerate(y[index])]
            )
    return out


def _full(x: Sequence[Any], y: Sequence[Any]) -> list[Any]:
    """All sums of x[i] y[k - i]."""
    sums = [mp.mpf(0)] * (len(x) + len(y) - 1)
    for i, p in enumerate(x):
        for j, q in enumerate(y):
            sums[i + j] += p * q
    return sums


def convolve(x: Array, y: Array, *, mode: str) -> Array:
    sums, (short, long) = _full(list(x), list(y)), sorted((len(x), len(y)))
    match mode:
        case "full":
            return exact(sums)
        case "same":
            return exact(sums[(short - 1) // 2 :][:long])
        case _:
            return exact(sums[short - 1 : long])


def correlate(x: Array, y: Array, *, mode: str) -> Array:
    # numpy.correlate exchanges its operands if the second is longer, and reverses the result; this
    # moves the middle of an even number of sums.
    if len(y) > len(x):
        return correlate(y, x, mode=mode)[::-1]
    return convolve(x, y[::-1], mode=mode)


def conv1d(x: Array, kernel: Array, *, stride: int, padding: int, dilation: int) -> Array:
    reach = dilation * (len(kernel) - 1)

    def at(i: int) -> Any:
        return x[i] if 0 <= i < len(x) else mp.mpf(0)

    starts = range(-padding, len(x) + padding - reach, stride)
    return exact([total([at(s + dilation * j) * w for j, w in enumerate(kernel)]) for s in starts])


def _pooled(function: Callable[[list[Any]], Any]) -> Callable[..., Array]:
    return lambda x, *, window, stride: exact(
        [function(list(x[s : s + window])) for s in range(0, len(x) - window + 1, stride)]
    )


def polyval(coefficients: Array, x: Array) -> Array:
    n = len(coefficients)
    one = entrywise(lambda z: total([c * z ** (n - 1 - k) for k, c in enumerate(coefficients)]))
    return one(x)


OPERATIONS: Mapping[str, Callable[..., Array]] = {
    **{name: entrywise(function) for name, function in _ENTRYWISE.items()},
    "squareplus": lambda x, *, b: entrywise(lambda z: (z + mp.sqrt(z * z + number(b))) / 2)(x),
    "hardtanh": lambda x, *, min, max: entrywise(clipped, 3)(x, min, max),
    "leaky_relu": lambda x, *, slope: entrywise(leaky, 2)(x, slope),
    "prelu": entrywise(leaky, 2),
    "elu": lambda x, *, alpha: entrywise(elu, 2)(x, alpha),
    "celu": lambda x, *, alpha: entrywise(celu, 2)(x, alpha),
    "softshrink": lambda x, *, lambd: entrywise(softshrink, 2)(x, lambd),
    "hardshrink": lambda x, *, lambd: entrywise(hardshrink, 2)(x, lambd),
    "glu": glu,
    "mse_loss": _loss(lambda x, t: (x - t) ** 2),
    "l1_loss": _loss(lambda x, t: abs(x - t)),
    "huber_loss": _loss(huber),
    "smooth_l1_loss": _loss(lambda x, t, beta: huber(x, t, beta) / number(beta)),
    "binary_cross_entropy": _loss(lambda x, t: -(t * mp.log(x) + (1 - t) * mp.log(1 - x))),
    "binary_cross_entropy_with_logits": _loss(
        lambda x, t: t * softplus(-x) + (1 - t) * softplus(x)
    ),
    "soft_margin_loss": _loss(lambda x, t: softplus(-t * x)),
    "poisson_nll_loss": _loss(poisson),
    "gaussian_nll_loss": _loss(lambda x, t, v: (mp.log(v) + (x - t) ** 2 / v) / 2, 3),
    "kl_div": _loss(lambda x, t: t * (mp.log(t) - x) if t > 0 else mp.mpf(0)),
    "kl_div_log": _loss(lambda x, t: mp.exp(t) * (t - x)),
    "cross_entropy": cross_entropy,
    "cross_entropy_probabilities": lambda x, t, *, reduction: reduced(
        _rows(x, _entropy, t), reduction
    ),
    "nll_loss": nll,
    "layer_norm": layer_norm,
    "standardize": standardize,
    "batch_norm": batch_norm,
    "instance_norm": instance_norm,
    "group_norm": group_norm,
    "rms_norm": rms_norm,
    "normalize": normalize,
    "cosine_similarity": cosine_similarity,
    "pairwise_distance": pairwise_distance,
    "pdist": pdist,
    "scaled_dot_product_attention": attention,
    "linear": linear,
    "bilinear": bilinear,
    "convolve": convolve,
    "correlate": correlate,
    "conv1d": conv1d,
    "avg_pool1d": _pooled(mean),
    "max_pool1d": _pooled(max),
    "polyval": polyval,
}
