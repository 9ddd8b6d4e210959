"""Embeddings, normalizations, attention, recurrent cells and activations."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tests.oracle.arrays import mean, total, variance
from tests.oracle.matrices import dot
from tests.oracle.numbers import (
    Array,
    entrywise,
    exact,
    log_softmax_of,
    logistic,
    logsumexp_of,
    mp,
    number,
    softplus,
)

Ints = Sequence[int]
ZERO = mp.mpf(0)


def embedding(x: Array, *, indices: Any) -> Array:
    places = np.array(indices, dtype=int)
    out = np.empty((*places.shape, x.shape[1]), dtype=object)
    for index in np.ndindex(places.shape):
        out[index] = x[int(places[index])]
    return out


def embedding_bag(
    x: Array, weights: Array | None = None, *, indices: Ints, offsets: Ints, mode: str,
    padding_index: int, last_offset: bool,
) -> Array:  # fmt: skip
    starts = list(offsets[:-1] if last_offset else offsets)
    bags: list[list[int]] = [[] for _ in starts]
    for k, i in enumerate(indices):
        if i != padding_index:
            bags[max(n for n, s in enumerate(starts) if s <= k)].append(k)
    rows = []
    for bag in bags:
        row = []
        for j in range(x.shape[1]):
            entries = [x[indices[k], j] * (1 if weights is None else weights[k]) for k in bag]
            fold: Callable[[list[Any]], Any] = {"sum": total, "mean": mean, "max": max}[mode]
            row.append(fold(entries) if entries else ZERO)
        rows.append(row)
    return exact(rows)


def layer_norm_axes(x: Array, *given: Array, axes: int, eps: float) -> Array:
    out = np.empty(x.shape, dtype=object)
    for index in np.ndindex(x.shape[:-axes]):
        entries = list(x[index].reshape(-1))
        scale = mp.sqrt(variance(entries) + number(eps))
        made = exact([(z - mean(entries)) / scale for z in entries]).reshape(x.shape[-axes:])
        out[index] = made * given[0] + given[1] if given else made
    return out


def batch_norm_running(
    x: Array, weight: Array, bias: Array, *, means: Sequence[float], variances: Sequence[float],
    eps: float,
) -> Array:  # fmt: skip
    out = np.empty(x.shape, dtype=object)
    for index in np.ndindex(x.shape):
        c = index[1]
        # The sum is a float64 number by definition.
        scale = mp.sqrt(number(variances[c] + eps))
        out[index] = (x[index] - number(means[c])) / scale * weight[c] + bias[c]
    return out


def local_response_norm(x: Array, *, size: int, alpha: float, beta: float, k: float) -> Array:
    out = np.empty(x.shape, dtype=object)
    for n, c, *p in np.ndindex(x.shape):
        near = range(c - size // 2, c - size // 2 + size)
        squares = [x[(n, j, *p)] ** 2 for j in near if 0 <= j < x.shape[1]]
        base = number(alpha) * total(squares) / size + number(k)
        out[(n, c, *p)] = x[(n, c, *p)] / base ** number(beta)
    return out


def weight_norm(v: Array, g: Array, *, axis: int) -> Array:
    parts = []
    for i in range(v.shape[axis]):
        part = np.take(v, i, axis)
        parts.append(part * (g[i] / mp.sqrt(total([z * z for z in part.reshape(-1)]))))
    return np.stack(parts, axis=axis)


def attention_batch(
    query: Array, key: Array, value: Array, bias: Array | None = None, *, scale: float,
    causal: bool, masked: Ints,
) -> Array:  # fmt: skip
    batch, heads, length, _ = query.shape
    keys = key.shape[2]
    added = np.broadcast_to(exact(0.0) if bias is None else bias, (batch, heads, length, keys))
    out = np.empty((batch, heads, length, value.shape[-1]), dtype=object)
    for n, h, i in np.ndindex(batch, heads, length):
        g = h // (heads // key.shape[1])
        seen = [
            j
            for j in range(keys)
            if not (causal and j > i) and not (masked and masked[i * keys + j])
        ]
        scores = [
            number(scale) * total(list(query[n, h, i] * key[n, g, j])) + added[n, h, i, j]
            for j in seen
        ]
        weights = [mp.exp(z) for z in log_softmax_of(scores)]
        out[n, h, i] = sum(w * value[n, g, j] for w, j in zip(weights, seen, strict=True))
    return out


_TANH = entrywise(mp.tanh)
_RELU = entrywise(lambda z: max(ZERO, z))
_SIGMOID = entrywise(logistic)


def _step(kind: str, x: Array, states: list[Array], weights: Sequence[Array]) -> list[Array]:
    w, u, b, c = weights
    of_x, of_h = dot(x, w.T) + b, dot(states[0], u.T) + c
    n = states[0].shape[1]
    p, q = ([v[:, k : k + n] for k in range(0, v.shape[1], n)] for v in (of_x, of_h))
    match kind:
        case "tanh":
            return [_TANH(p[0] + q[0])]
        case "relu":
            return [_RELU(p[0] + q[0])]
        case "gru":
            reset, update = _SIGMOID(p[0] + q[0]), _SIGMOID(p[1] + q[1])
            return [(1 - update) * _TANH(p[2] + reset * q[2]) + update * states[0]]
    enter, forget, leave = (_SIGMOID(p[k] + q[k]) for k in (0, 1, 3))
    memory = forget * states[1] + enter * _TANH(p[2] + q[2])
    return [leave * _TANH(memory), memory]


def recurrent_cell(x: Array, *rest: Array, kind: str, which: int) -> Array:
    return _step(kind, x, list(rest[:-4]), rest[-4:])[which]


def recurrent_layer(x: Array, *rest: Array, kind: str) -> Array:
    states = itertools.accumulate(
        x, lambda s, part: _step(kind, part, s, rest[-4:]), initial=list(rest[:-4])
    )
    return np.stack([s[0] for s in list(states)[1:]])


def prelu_channels(x: Array, slope: Array) -> Array:
    out = np.empty(x.shape, dtype=object)
    for index in np.ndindex(x.shape):
        out[index] = x[index] if x[index] > 0 else slope[index[1]] * x[index]
    return out


def _lines(function: Callable[[list[Any]], list[Any]]) -> Callable[..., Array]:
    def apply(x: Array, *, axis: int) -> Array:
        rows = np.moveaxis(x, axis, -1)
        out = np.empty(rows.shape, dtype=object)
        for index in np.ndindex(rows.shape[:-1]):
            out[index] = function(list(rows[index]))
        return np.moveaxis(out, -1, axis)

    return apply


def logmeanexp(x: Array, *, axis: int) -> Array:
    rows = np.moveaxis(x, axis, -1)
    out = np.empty(rows.shape[:-1], dtype=object)
    for index in np.ndindex(out.shape):
        out[index] = logsumexp_of(list(rows[index])) - mp.log(rows.shape[-1])
    return out


OPERATIONS: Mapping[str, Callable[..., Array]] = {
    "embedding": embedding,
    "embedding_bag": embedding_bag,
    "layer_norm_axes": layer_norm_axes,
    "batch_norm_running": batch_norm_running,
    "local_response_norm": local_response_norm,
    "weight_norm": weight_norm,
    "attention_batch": attention_batch,
    "recurrent_cell": recurrent_cell,
    "recurrent_layer": recurrent_layer,
    "threshold": lambda x, *, limit, otherwise: entrywise(
        lambda z: z if z > limit else number(otherwise)
    )(x),
    "rrelu": lambda x, *, lower, upper: entrywise(
        lambda z: z if z > 0 else z * number((lower + upper) / 2)
    )(x),
    "prelu_channels": prelu_channels,
    "softplus_scaled": lambda x, *, beta: entrywise(
        lambda z: softplus(number(beta) * z) / number(beta)
    )(x),
    "softmin": _lines(lambda line: [mp.exp(z) for z in log_softmax_of([-y for y in line])]),
    "sparse_sigmoid": entrywise(lambda z: min(mp.mpf(1), max(ZERO, (z + 1) / 2))),
    "logmeanexp": logmeanexp,
}
