"""Losses with margins, weights of classes, or sequences of labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from ad_conformance.generators.catalogue.extra.losses import logsumexp, reduced
from ad_conformance.generators.catalogue.operands import REDUCED, family, one_of
from ad_conformance.generators.catalogue.operation import Operation
from ad_conformance.generators.catalogue.row_forms import derived

Ints = tuple[int, ...]
Floats = tuple[float, ...]


def _signs(labels: Ints, shape: Sequence[int]) -> np.ndarray:
    """The labels, 1 or -1, in this shape. Raises ValueError for others."""
    if len(labels) != math.prod(shape) or not set(labels) <= {1, -1}:
        raise ValueError(f"labels {labels} for the shape {tuple(shape)}")
    return np.array(labels, dtype=float).reshape(tuple(shape))


def _above_zero(xp: Any, x: Any) -> Any:
    return xp.maximum(x, 0.0)


def hinge_embedding_loss(xp: Any, x: Any, *, labels: Ints, margin: float, reduction: str) -> Any:
    """x where the label is 1, max(0, margin - x) where it is -1."""
    signs = _signs(labels, x.shape)
    return reduced(xp, xp.where(signs > 0, x, _above_zero(xp, margin - x)), reduction)


def margin_ranking_loss(
    xp: Any, x: Any, y: Any, *, labels: Ints, margin: float, reduction: str
) -> Any:
    """max(0, margin - label (x - y))."""
    return reduced(xp, _above_zero(xp, margin - _signs(labels, x.shape) * (x - y)), reduction)


def cosine_embedding_loss(
    xp: Any, x: Any, y: Any, *, labels: Ints, margin: float, reduction: str
) -> Any:
    """1 - c where the label is 1, max(0, c - margin) where it is -1, with the cosine c of each
    pair of rows; 1e-12 is added to the squares of lengths.
    """
    signs = _signs(labels, x.shape[:-1])
    dot, left, right = (xp.sum(a * b, axis=-1, keepdims=False) for a, b in ((x, y), (x, x), (y, y)))
    cosine = dot / xp.sqrt((left + 1e-12) * (right + 1e-12))
    values = xp.where(signs > 0, 1.0 - cosine, _above_zero(xp, cosine - margin))
    return reduced(xp, values, reduction)


def triplet_margin_loss(
    xp: Any,
    anchor: Any,
    positive: Any,
    negative: Any,
    *,
    margin: float,
    p: float,
    swap: bool,
    reduction: str,
) -> Any:
    """max(0, d(anchor, positive) - d(anchor, negative) + margin) with p-norms of rows; `swap`
    takes the smaller one of d(anchor, negative) and d(positive, negative).
    """

    def distance(a: Any, b: Any) -> Any:
        return xp.pairwise_distance(a, b, p=p)

    far = distance(anchor, negative)
    if swap:
        far = xp.minimum(far, distance(positive, negative))
    return reduced(xp, _above_zero(xp, distance(anchor, positive) - far + margin), reduction)


def multi_margin_loss(
    xp: Any, x: Any, *, labels: Ints, p: int, margin: float, weights: Floats, reduction: str
) -> Any:
    """The mean over classes, in each row, of max(0, margin - x_label + x_j)**p, without the label
    itself, times the weight of the label. p is 1 or 2.
    """
    rows, classes = x.shape
    if p not in (1, 2) or len(labels) != rows or not all(0 <= k < classes for k in labels):
        raise ValueError(f"p={p}, labels {labels} for the shape {x.shape}")
    chosen = np.eye(classes)[list(labels)]
    own = xp.sum(chosen * x, axis=1, keepdims=True)
    gap = _above_zero(xp, margin - own + x)
    if p == 2:
        gap = gap * gap
    if weights:
        gap = gap * np.array(weights)[list(labels)][:, None]
    total = xp.sum(gap * (1.0 - chosen), axis=1, keepdims=False) / float(classes)
    return reduced(xp, total, reduction)


def _hot(labels: Ints, shape: Sequence[int]) -> np.ndarray:
    """Zeros and ones from flat labels of this shape."""
    if len(labels) != math.prod(shape) or not set(labels) <= {0, 1}:
        raise ValueError(f"labels {labels} for the shape {tuple(shape)}")
    return np.array(labels, dtype=float).reshape(tuple(shape))


def multilabel_margin_loss(xp: Any, x: Any, *, labels: Ints, reduction: str) -> Any:
    """The sum of max(0, 1 - x_j + x_i) over all classes j with label 1 and i with label 0 of each
    row, divided by the number of classes.
    """
    hot = _hot(labels, x.shape)
    pairs = hot[:, :, None] * (1.0 - hot[:, None, :])
    gap = _above_zero(xp, 1.0 - xp.expand_dims(x, axis=2) + xp.expand_dims(x, axis=1))
    total = xp.sum(xp.sum(gap * pairs, axis=2, keepdims=False), axis=1, keepdims=False)
    return reduced(xp, total / float(x.shape[1]), reduction)


def multilabel_soft_margin_loss(
    xp: Any, x: Any, *, labels: Ints, weights: Floats, reduction: str
) -> Any:
    """The mean over classes of log(1 + exp(-x)) for label 1, log(1 + exp(x)) for 0, times the
    weights of classes.
    """
    hot = _hot(labels, x.shape)
    values = xp.logaddexp(x, 0.0) - hot * x
    if weights:
        values = values * np.array(weights)
    return reduced(xp, xp.mean(values, axis=-1, keepdims=False), reduction)


def nll_loss_weighted(
    xp: Any, x: Any, *, labels: Ints, weights: Floats, ignored: int, reduction: str
) -> Any:
    """The negative entry of channel `label`, times its weight, for each place of a batch; the mean
    is weighted. Labels that are `ignored` count nothing.
    """
    chosen, total = _weighted_choice(x, labels, weights, ignored)
    return _weighted_reduction(xp, -xp.sum(chosen * x, axis=1, keepdims=False), total, reduction)


def _weighted_choice(
    x: Any, labels: Ints, weights: Floats, ignored: int
) -> tuple[np.ndarray, float]:
    """For each entry of x the weight with which its place chooses it, and the sum of weights."""
    classes, places = x.shape[1], (x.shape[0], *x.shape[2:])
    if len(labels) != math.prod(places) or len(weights) != classes:
        raise ValueError(f"{len(labels)} labels and weights {weights} for the shape {x.shape}")
    if any(k != ignored and not 0 <= k < classes for k in labels):
        raise ValueError(f"labels {labels} of {classes} classes")
    table = np.array([weights[k] if k != ignored else 0.0 for k in labels])
    rows = np.eye(classes)[[k if k != ignored else 0 for k in labels]] * table[:, None]
    return np.moveaxis(rows.reshape(*places, classes), -1, 1), float(table.sum())


def _weighted_reduction(xp: Any, values: Any, total: float, reduction: str) -> Any:
    if reduction == "mean":
        if not total:
            raise ValueError("a mean without weight")
        return xp.sum(values, axis=None, keepdims=False) / total
    return reduced(xp, values, reduction)


def cross_entropy_weighted(
    xp: Any,
    x: Any,
    *,
    labels: Ints,
    weights: Floats,
    ignored: int,
    smoothing: float,
    reduction: str,
) -> Any:
    """nll_loss_weighted of log-probabilities over axis 1; all classes, weighted, share
    `smoothing`.
    """
    chosen, total = _weighted_choice(x, labels, weights, ignored)
    kept = np.any(chosen != 0, axis=1, keepdims=True) if 0.0 not in weights else None
    if kept is None:
        raise ValueError("weights of zero")
    classes = x.shape[1]
    every = np.array(weights).reshape(1, -1, *[1] * (len(x.shape) - 2)) * kept
    shares = chosen * (1 - smoothing) + every * (smoothing / classes)
    last = xp.permute_dims(x, axes=(0, *range(2, len(x.shape)), 1))
    top = xp.expand_dims(logsumexp(xp, last), axis=1)
    values = xp.sum(shares * (top - x), axis=1, keepdims=False)
    return _weighted_reduction(xp, values, total, reduction)


def bce_with_logits_weighted(
    xp: Any, x: Any, target: Any, *, weights: Floats, positive: Floats, reduction: str
) -> Any:
    """binary_cross_entropy_with_logits, times weights of the last axis; `positive` weighs what
    the target adds.
    """
    if not len(weights) == len(positive) == (x.shape[-1] if x.shape else 0):
        raise ValueError(f"weights {weights} and {positive} for the shape {x.shape}")
    # -log(sigmoid(x)) and -log(1 - sigmoid(x))
    one, zero = xp.logaddexp(0.0, -x), xp.logaddexp(x, 0.0)
    values = np.array(weights) * (np.array(positive) * target * one + (1.0 - target) * zero)
    return reduced(xp, values, reduction)


def ctc_loss(xp: Any, x: Any, *, labels: tuple[Ints, ...], reduction: str) -> Any:
    """-log of the probability that a path emits the labels of each sequence, after log_softmax.

    x has the axes (time, batch, classes); class 0 is blank. The mean is that of the losses divided
    by the numbers of labels. Graves et al., Connectionist temporal classification (2006).
    """
    times, batch, classes = x.shape
    if len(labels) != batch or not all(0 < k < classes for row in labels for k in row):
        raise ValueError(f"labels {labels} for the shape {x.shape}")
    logs = x - xp.expand_dims(logsumexp(xp, x), axis=-1)
    losses = []
    for n, row in enumerate(labels):
        path = [0, *(k for label in row for k in (label, 0))]
        # The logarithms of probabilities of prefixes; None for probability zero.
        alpha: list[Any] = [logs[0, n, k] if i < 2 else None for i, k in enumerate(path)]
        for t in range(1, times):
            made: list[Any] = []
            for i, k in enumerate(path):
                before = [alpha[i], alpha[i - 1] if i else None]
                if i > 1 and k and k != path[i - 2]:
                    before.append(alpha[i - 2])
                met = [a for a in before if a is not None]
                total = met[0] if met else None
                for other in met[1:]:
                    total = xp.logaddexp(total, other)
                made.append(None if total is None else total + logs[t, n, k])
            alpha = made
        ends = [a for a in alpha[-2:] if a is not None]
        if not ends:
            raise ValueError(f"{times} steps are too few for the labels {row}")
        loss = ends[0] if len(ends) == 1 else xp.logaddexp(*ends)
        losses.append(-loss / float(max(1, len(row))) if reduction == "mean" else -loss)
    return reduced(xp, xp.stack(losses, axis=0), reduction)


_REDUCTION = {"reduction": "name"}
_SIGNED = {"labels": "ints", "margin": "float", **_REDUCTION}
_MARGINS = one_of(1.0, 0.5, 0.0)
_CLASSES = {"labels": "ints", "weights": "array", "ignored": "int"}

ROWS: Sequence[Operation] = (
    derived(
        hinge_embedding_loss,
        family("signed", 1, margin=_MARGINS, reduction=REDUCED),
        params=_SIGNED,
        curvature="linear",
    ),
    derived(
        margin_ranking_loss,
        family("signed", 2, margin=_MARGINS, reduction=REDUCED),
        arity=2,
        params=_SIGNED,
        curvature="linear",
    ),
    derived(
        cosine_embedding_loss,
        family("signed_rows", margin=one_of(0.0, 0.5, -0.5), reduction=REDUCED),
        arity=2,
        params=_SIGNED,
    ),
    derived(
        triplet_margin_loss,
        family("triplets", margin=one_of(1.0, 4.0, 0.5), reduction=REDUCED),
        arity=3,
        params={"margin": "float", "p": "float", "swap": "bool", **_REDUCTION},
    ),
    derived(
        multi_margin_loss,
        family("classes", margin=_MARGINS, p=one_of(1, 2), reduction=REDUCED),
        params={
            "labels": "ints",
            "p": "times",
            "margin": "float",
            "weights": "array",
            **_REDUCTION,
        },
    ),
    derived(
        multilabel_margin_loss,
        family("hot", reduction=REDUCED),
        params={"labels": "ints", **_REDUCTION},
        curvature="linear",
    ),
    derived(
        multilabel_soft_margin_loss,
        family("hot", weighted=True, reduction=REDUCED),
        params={"labels": "ints", "weights": "array", **_REDUCTION},
    ),
    derived(
        nll_loss_weighted,
        family("labelled_places", reduction=REDUCED),
        params={**_CLASSES, **_REDUCTION},
        curvature="linear",
        large=True,
    ),
    derived(
        cross_entropy_weighted,
        family("labelled_places", smoothing=one_of(0.0, 0.25), reduction=REDUCED),
        params={**_CLASSES, "smoothing": "float", **_REDUCTION},
        large=True,
    ),
    derived(
        bce_with_logits_weighted,
        family("weighted_logits", reduction=REDUCED),
        arity=2,
        params={"weights": "array", "positive": "array", **_REDUCTION},
    ),
    derived(
        ctc_loss,
        family("sequences", reduction=REDUCED),
        params={"labels": "indices", **_REDUCTION},
        large=True,
        weight=2,
    ),
)
