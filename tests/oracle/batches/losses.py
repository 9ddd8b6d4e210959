"""Losses, from their definitions for single places."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tests.oracle.arrays import mean, total
from tests.oracle.layers import reduced
from tests.oracle.matrices import norm
from tests.oracle.numbers import Array, exact, log_softmax_of, mp, number, softplus

Ints = Sequence[int]
ZERO = mp.mpf(0)


def _positive(x: Any) -> Any:
    return max(ZERO, x)


def _signed(function: Callable[..., Any]) -> Callable[..., Array]:
    def loss(*operands: Array, labels: Ints, margin: float, reduction: str) -> Array:
        rows = zip(*(x.reshape(-1) for x in operands), labels, strict=True)
        values = exact([function(*row, number(margin)) for row in rows])
        return reduced(values.reshape(operands[0].shape), reduction)

    return loss


def cosine_embedding(x: Array, y: Array, *, labels: Ints, margin: float, reduction: str) -> Array:
    small, values = number(1e-12), []
    for p, q, label in zip(x, y, labels, strict=True):
        sizes = [total([z * z for z in row]) + small for row in (p, q)]
        cosine = total([a * b for a, b in zip(p, q, strict=True)]) / mp.sqrt(sizes[0] * sizes[1])
        values.append(1 - cosine if label == 1 else _positive(cosine - number(margin)))
    return reduced(exact(values), reduction)


def triplet_margin(
    anchor: Array, near: Array, far: Array, *, margin: float, p: float, swap: bool, reduction: str
) -> Array:
    values = []
    for one, same, other in zip(anchor, near, far, strict=True):
        gap = norm(list(one - other), p)
        if swap:
            gap = min(gap, norm(list(same - other), p))
        values.append(_positive(norm(list(one - same), p) - gap + number(margin)))
    return reduced(exact(values), reduction)


def multi_margin(
    x: Array, *, labels: Ints, p: int, margin: float, weights: Sequence[float], reduction: str
) -> Array:
    values = []
    for row, k in zip(x, labels, strict=True):
        gaps = [_positive(number(margin) - row[k] + z) ** p for j, z in enumerate(row) if j != k]
        weight = number(weights[k]) if weights else 1
        values.append(weight * total(gaps) / len(row))
    return reduced(exact(values), reduction)


def multilabel_margin(x: Array, *, labels: Ints, reduction: str) -> Array:
    values = []
    for row, hot in zip(x, np.reshape(labels, x.shape), strict=True):
        pairs = itertools.product(np.flatnonzero(hot == 1), np.flatnonzero(hot == 0))
        values.append(total([_positive(1 - (row[j] - row[i])) for j, i in pairs]) / len(row))
    return reduced(exact(values), reduction)


def multilabel_soft_margin(
    x: Array, *, labels: Ints, weights: Sequence[float], reduction: str
) -> Array:
    values = []
    for row, hot in zip(x, np.reshape(labels, x.shape), strict=True):
        terms = [softplus(-z if k else z) for z, k in zip(row, hot, strict=True)]
        scales = [number(w) for w in weights] or [1] * len(row)
        values.append(mean([w * t for w, t in zip(scales, terms, strict=True)]))
    return reduced(exact(values), reduction)


def cross_entropy_weighted(
    x: Array, *, labels: Ints, weights: Sequence[float], ignored: int, reduction: str,
    smoothing: float | None = None,
) -> Array:  # fmt: skip
    """Without `smoothing`, x are log-probabilities."""
    rows = np.moveaxis(x, 1, -1).reshape(-1, x.shape[1])
    scales = [number(w) for w in weights]
    values, weight = [], ZERO
    for row, k in zip(rows, labels, strict=True):
        if k == ignored:
            values.append(ZERO)
            continue
        logs = list(row) if smoothing is None else log_softmax_of(list(row))
        weight += scales[k]
        # These shares are float64 numbers by definition.
        kept = 1.0 if smoothing is None else 1 - smoothing
        each = 0.0 if smoothing is None else smoothing / len(row)
        shares = [number(weights[j] * (j == k) * kept + weights[j] * each) for j in range(len(row))]
        values.append(-total([s * z for s, z in zip(shares, logs, strict=True)]))
    if reduction == "mean":
        return exact(total(values) / weight)
    return reduced(exact(values).reshape(x.shape[0], *x.shape[2:]), reduction)


def bce_with_logits_weighted(
    x: Array, target: Array, *, weights: Sequence[float], positive: Sequence[float], reduction: str
) -> Array:
    out = np.empty(x.shape, dtype=object)
    for index in np.ndindex(x.shape):
        z, t = x[index], target[index]
        w, p = number(weights[index[-1]]), number(positive[index[-1]])
        out[index] = w * (p * t * softplus(-z) + (1 - t) * softplus(z))
    return reduced(out, reduction)


def _emitted(path: Ints) -> tuple[int, ...]:
    """The labels of a path: equal neighbours count once, blanks not at all."""
    return tuple(k for k, _ in itertools.groupby(path) if k)


def ctc(x: Array, *, labels: Sequence[Ints], reduction: str) -> Array:
    """The sum over all paths that emit the labels."""
    times, batch, classes = x.shape
    losses = []
    for n in range(batch):
        logs = [log_softmax_of(list(x[t, n])) for t in range(times)]
        paths = itertools.product(range(classes), repeat=times)
        chances = [
            mp.exp(total([logs[t][k] for t, k in enumerate(path)]))
            for path in paths
            if _emitted(path) == tuple(labels[n])
        ]
        loss = -mp.log(total(chances))
        losses.append(loss / max(1, len(labels[n])) if reduction == "mean" else loss)
    return reduced(exact(losses), reduction)


OPERATIONS: Mapping[str, Callable[..., Array]] = {
    "hinge_embedding_loss": _signed(lambda x, k, m: x if k == 1 else _positive(m - x)),
    "margin_ranking_loss": _signed(lambda x, y, k, m: _positive(m - k * (x - y))),
    "cosine_embedding_loss": cosine_embedding,
    "triplet_margin_loss": triplet_margin,
    "multi_margin_loss": multi_margin,
    "multilabel_margin_loss": multilabel_margin,
    "multilabel_soft_margin_loss": multilabel_soft_margin,
    "nll_loss_weighted": cross_entropy_weighted,
    "cross_entropy_weighted": cross_entropy_weighted,
    "bce_with_logits_weighted": bce_with_logits_weighted,
    "ctc_loss": ctc,
}
