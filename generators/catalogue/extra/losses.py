"""Losses: of pairs of entries, or of classes along the last axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from ad_conformance.generators.catalogue.operands import (
    ANY,
    EPS,
    POSITIVE,
    REDUCED,
    SATURATING,
    Domain,
    family,
    one_of,
)
from ad_conformance.generators.catalogue.operation import Operation
from ad_conformance.generators.catalogue.row_forms import derived


def reduced(xp: Any, values: Any, reduction: str) -> Any:
    """All of `values`, their mean or their sum. Raises ValueError for another reduction."""
    if reduction == "none":
        return values
    if reduction not in ("mean", "sum"):
        raise ValueError(f"reduction={reduction!r}: use none, mean or sum")
    return (xp.mean if reduction == "mean" else xp.sum)(values, axis=None, keepdims=False)


def logsumexp(xp: Any, x: Any) -> Any:
    """log(sum(exp(x))) over the last axis, one entry after the other: without overflow and without
    the ties of a maximum.
    """
    total = x[..., 0]
    for i in range(1, x.shape[-1]):
        total = xp.logaddexp(total, x[..., i])
    return total


def mse_loss(xp: Any, x: Any, target: Any, *, reduction: str) -> Any:
    """(x - target)**2."""
    return reduced(xp, (x - target) * (x - target), reduction)


def l1_loss(xp: Any, x: Any, target: Any, *, reduction: str) -> Any:
    """abs(x - target)."""
    return reduced(xp, xp.abs(x - target), reduction)


def _huber(xp: Any, gap: Any, width: float) -> Any:
    """gap**2 / 2 within `width`, its tangent beyond. It avoids abs, which has a kink at zero."""
    upper = xp.where(xp.less(gap, width), 0.5 * (gap * gap), width * (gap - 0.5 * width))
    return xp.where(xp.less(gap, -width), -width * (gap + 0.5 * width), upper)


def huber_loss(xp: Any, x: Any, target: Any, *, delta: float, reduction: str) -> Any:
    """gap**2 / 2 up to delta, linear beyond, with gap = x - target."""
    return reduced(xp, _huber(xp, x - target, delta), reduction)


def smooth_l1_loss(xp: Any, x: Any, target: Any, *, beta: float, reduction: str) -> Any:
    """huber_loss / beta, with delta = beta."""
    return reduced(xp, _huber(xp, x - target, beta) / beta, reduction)


def binary_cross_entropy(xp: Any, x: Any, target: Any, *, reduction: str) -> Any:
    """-(target log(x) + (1 - target) log(1 - x))."""
    return reduced(xp, -(target * xp.log(x) + (1.0 - target) * xp.log1p(-x)), reduction)


def binary_cross_entropy_with_logits(xp: Any, x: Any, target: Any, *, reduction: str) -> Any:
    """binary_cross_entropy of sigmoid(x)."""
    return reduced(xp, xp.logaddexp(x, 0.0) - target * x, reduction)


def soft_margin_loss(xp: Any, x: Any, target: Any, *, reduction: str) -> Any:
    """log(1 + exp(-target * x))."""
    return reduced(xp, xp.logaddexp(0.0, -(target * x)), reduction)


def poisson_nll_loss(
    xp: Any, x: Any, target: Any, *, log_input: bool, eps: float, reduction: str
) -> Any:
    """exp(x) - target x with `log_input`, else x - target log(x + eps)."""
    return reduced(
        xp, xp.exp(x) - target * x if log_input else x - target * xp.log(x + eps), reduction
    )


def gaussian_nll_loss(xp: Any, x: Any, target: Any, variance: Any, *, reduction: str) -> Any:
    """(log(variance) + (x - target)**2 / variance) / 2."""
    return reduced(xp, 0.5 * (xp.log(variance) + (x - target) * (x - target) / variance), reduction)


def kl_div(xp: Any, x: Any, target: Any, *, reduction: str) -> Any:
    """The divergence of log-probabilities x from the target; a target of zero adds nothing."""
    positive = xp.greater(target, 0.0)
    return reduced(
        xp,
        xp.where(positive, target * (xp.log(xp.where(positive, target, 1.0)) - x), 0.0 * x),
        reduction,
    )


def kl_div_log(xp: Any, x: Any, target: Any, *, reduction: str) -> Any:
    """As kl_div, for the logarithm of the target."""
    return reduced(xp, xp.exp(target) * (target - x), reduction)


def cross_entropy(
    xp: Any, x: Any, *, labels: Sequence[int], smoothing: float, reduction: str
) -> Any:
    """The cross entropy of logits with one label per row; the mean is taken over rows."""
    classes = x.shape[-1]
    if len(labels) != int(np.prod(x.shape[:-1])) or not all(0 <= k < classes for k in labels):
        raise ValueError(f"labels {labels} do not fit the shape {x.shape}")
    chosen = np.eye(classes)[list(labels)].reshape(x.shape) * (1 - smoothing) + smoothing / classes
    return cross_entropy_probabilities(xp, x, chosen, reduction=reduction)


def cross_entropy_probabilities(xp: Any, x: Any, target: Any, *, reduction: str) -> Any:
    """The cross entropy of logits with a probability for every class; they need not add up to 1."""
    if not len(x.shape) or not x.shape[-1] or x.shape != target.shape:
        raise ValueError(f"logits of shape {x.shape} and probabilities of shape {target.shape}")
    total = xp.expand_dims(logsumexp(xp, x), axis=-1)
    return reduced(xp, xp.sum(target * (total - x), axis=-1, keepdims=False), reduction)


def nll_loss(xp: Any, x: Any, *, labels: Sequence[int], reduction: str) -> Any:
    """The negative entry of each row at its label."""
    classes = x.shape[-1]
    if len(labels) != int(np.prod(x.shape[:-1])) or not all(0 <= k < classes for k in labels):
        raise ValueError(f"labels {labels} do not fit the shape {x.shape}")
    chosen = np.eye(classes)[list(labels)].reshape(x.shape)
    return reduced(xp, -xp.sum(chosen * x, axis=-1, keepdims=False), reduction)


_REDUCTION = {"reduction": "name"}
_GAPS = one_of(1.0, 0.5, 2.0)

ROWS: Sequence[Operation] = (
    derived(mse_loss, family("alike", ANY, ANY, reduction=REDUCED), arity=2, params=_REDUCTION),
    derived(
        l1_loss,
        family("alike", ANY, ANY, apart=one_of(0.0), reduction=REDUCED),
        arity=2,
        params=_REDUCTION,
        curvature="linear",
    ),
    derived(
        huber_loss,
        family("alike", ANY, ANY, apart=one_of(1.0, 0.5, -1.0), delta=_GAPS, reduction=REDUCED),
        arity=2,
        params={"delta": "float", **_REDUCTION},
    ),
    derived(
        smooth_l1_loss,
        family("alike", ANY, ANY, apart=one_of(1.0, 0.5, -1.0), beta=_GAPS, reduction=REDUCED),
        arity=2,
        params={"beta": "float", **_REDUCTION},
    ),
    derived(
        binary_cross_entropy,
        family("chances", reduction=REDUCED),
        arity=2,
        params=_REDUCTION,
    ),
    derived(
        binary_cross_entropy_with_logits,
        family("alike", SATURATING, ANY, saturate=True, reduction=REDUCED),
        arity=2,
        params=_REDUCTION,
    ),
    derived(
        soft_margin_loss,
        family("alike", SATURATING, Domain(low=-4, high=4), saturate=True, reduction=REDUCED),
        arity=2,
        params=_REDUCTION,
    ),
    derived(
        poisson_nll_loss,
        family("alike", POSITIVE, ANY, log_input=one_of(True, False), eps=EPS, reduction=REDUCED),
        arity=2,
        params={"log_input": "bool", "eps": "float", **_REDUCTION},
    ),
    derived(
        gaussian_nll_loss,
        family("alike", ANY, ANY, POSITIVE, reduction=REDUCED),
        arity=3,
        params=_REDUCTION,
    ),
    derived(kl_div, family("alike", ANY, POSITIVE, reduction=REDUCED), arity=2, params=_REDUCTION),
    derived(
        kl_div_log,
        family("alike", ANY, Domain(low=-32, high=12), reduction=REDUCED),
        arity=2,
        params=_REDUCTION,
    ),
    derived(
        cross_entropy,
        family("logits", smoothing=one_of(0.0, 0.25), reduction=REDUCED),
        params={"labels": "ints", "smoothing": "float", **_REDUCTION},
    ),
    derived(
        cross_entropy_probabilities,
        family("logits", targets=True, reduction=REDUCED),
        arity=2,
        params=_REDUCTION,
    ),
    derived(nll_loss, family("logits", reduction=REDUCED), params={"labels": "ints", **_REDUCTION}),
)
