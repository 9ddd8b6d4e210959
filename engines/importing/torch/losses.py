"""Losses."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from ad_conformance.engines.importing.recorder import CannotImport, Recorder
from ad_conformance.engines.importing.torch.entries import tuple_of
from ad_conformance.engines.importing.torch.rule import Rule, tensors, whole
from ad_conformance.engines.importing.torch.tracking import Tracking, as_numpy

#: The names of reductions of losses, by their numbers.
KINDS = ("none", "mean", "sum")


def _loss(name: str, *numbers: str) -> Rule:
    """A loss of x and its target with a reduction; `numbers` are the parameters after it."""

    def rule(r: Recorder, x: Any, target: Any, reduction: int = 1, *given: Any) -> Any:
        params = {
            key: float(v) for key, v in zip(numbers, given or (1.0,) * len(numbers), strict=True)
        }
        kind = KINDS[reduction]
        return getattr(r, name)(x, target, **params, reduction=kind)

    return whole(rule)


def _binary_cross_entropy(
    r: Recorder, x: Any, target: Any, weight: Any = None, reduction: int = 1
) -> Any:
    kind = KINDS[reduction]
    if weight is None:
        return r.binary_cross_entropy(x, target, reduction=kind)
    found = r.multiply(r.binary_cross_entropy(x, target, reduction="none"), weight)
    if kind == "none":
        return found
    return getattr(r, kind)(found, axis=None, keepdims=False)


def _picked(
    t: Tracking, made: Any, x: Any, target: Any, weight: Any, reduction: int, ignored: int
) -> Any:
    """nll_loss: minus the entry of each label; weighted means."""
    r, labels = t.recorder, as_numpy(t.fixed(target))
    axis = 0 if x.ndim == 1 else 1
    codes, used = t.codes(x), labels != ignored
    index = np.expand_dims(np.where(used, labels, 0), axis)
    taken = np.take_along_axis(codes, index, axis).squeeze(axis)
    chosen = r.negative(t.entries.read(np.where(used, taken, 0)))
    if weight is not None:
        chosen = r.multiply(
            chosen, t.entries.read(np.where(used, t.codes(weight)[labels * used], 0))
        )
    kind = KINDS[reduction]
    if kind != "none" and chosen.ndim:
        chosen = r.sum(chosen, axis=None, keepdims=False)
    if kind == "mean":
        chosen = r.divide(chosen, as_numpy(made[1]).astype(float))
    if weight is not None and t.depends(weight) and kind == "mean":
        raise CannotImport("weights of classes that depend on the input", r.line)
    return [chosen, None]


def _ctc(
    t: Tracking,
    _made: Any,
    x: Any,
    targets: Any,
    lengths: Any,
    label_lengths: Any,
    blank: int = 0,
    *_: Any,
) -> Any:
    r, steps = t.recorder, x.shape[0]
    times, sizes = (
        [int(n) for n in (as_numpy(v) if isinstance(v, torch.Tensor) else v)]
        for v in (lengths, label_lengths)
    )
    labels = as_numpy(targets)
    if blank or any(n != steps for n in times) or labels.ndim != 2 or len(set(sizes)) > 1:
        raise CannotImport("ctc_loss of sequences of different lengths", r.line)
    return [
        r.ctc_loss(t.numbers(x), labels=tuple_of(labels[:, : sizes[0]]), reduction="none"),
        None,
    ]


LOSSES: dict[str, Rule] = {
    "mse_loss": _loss("mse_loss"),
    "huber_loss": _loss("huber_loss", "delta"),
    "smooth_l1_loss": _loss("smooth_l1_loss", "beta"),
    "soft_margin_loss": _loss("soft_margin_loss"),
    "binary_cross_entropy": whole(_binary_cross_entropy),
    "nll_loss_forward": tensors(_picked),
    "nll_loss2d_forward": tensors(_picked),
    "_ctc_loss": tensors(_ctc),
}
