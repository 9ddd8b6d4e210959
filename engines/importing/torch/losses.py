"""Losses, distances, attention, and bags of embeddings."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from ad_conformance.engines.importing.recorder import CannotImport, Recorder
from ad_conformance.engines.importing.torch.entries import tuple_of
from ad_conformance.engines.importing.torch.matrices import by_pair
from ad_conformance.engines.importing.torch.rule import Rule, tensors, whole
from ad_conformance.engines.importing.torch.tracking import Moved, Tracking, as_numpy

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


def _binary_cross_entropy_of_logits(
    t: Tracking,
    _made: Any,
    x: Any,
    target: Any,
    weight: Any = None,
    positive: Any = None,
    reduction: int = 1,
) -> Any:
    """(1 - target) x + (1 + (positive - 1) target) log(1 + exp(-x)), times the weight."""
    r, value, wanted = t.recorder, t.numbers(x), t.numbers(target)
    if positive is None and weight is None:
        return r.binary_cross_entropy_with_logits(value, wanted, reduction=KINDS[reduction])
    found = r.negative(r.logsigmoid(value))
    if positive is not None:
        more = r.multiply(r.subtract(t.numbers(positive), 1.0), wanted)
        found = r.multiply(r.add(more, 1.0), found)
    found = r.add(r.multiply(r.subtract(1.0, wanted), value), found)
    found = found if weight is None else r.multiply(found, t.numbers(weight))
    if KINDS[reduction] == "none":
        return found
    return getattr(r, KINDS[reduction])(found, axis=None, keepdims=False)


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
    return [chosen, Moved(t.entries.codes(as_numpy(made[1])))]


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


def _attention(
    t: Tracking,
    _made: Any,
    query: Any,
    key: Any,
    value: Any,
    _dropout: float = 0.0,
    causal: bool = False,
    attn_mask: Any = None,
    scale: float | None = None,
) -> Any:
    """Attention of all heads in one operation; a mask with -infinity names keys that none sees."""
    r, operands = t.recorder, [t.numbers(v) for v in (query, key, value)]
    masked: tuple[int, ...] = ()
    if attn_mask is not None:
        codes = np.broadcast_to(t.codes(attn_mask), (*query.shape[:-1], key.shape[-2]))
        endless = codes == t.entries.codes(np.array(-np.inf))
        if np.any(endless):
            if np.any(endless != endless[:1, :1]):
                raise CannotImport("attention with a mask for each head", r.line)
            masked = tuple(endless[0, 0].astype(int).reshape(-1).tolist())
        bias = np.where(endless, 0, codes)
        if np.any(bias):
            operands.append(t.entries.numbers(t.entries.read(bias)))
    size = float(query.shape[-1]) ** -0.5 if scale is None else float(scale)
    return [r.attention_batch(*operands, scale=size, causal=causal, masked=masked), None]


def _bags(
    t: Tracking,
    _made: Any,
    rows: Any,
    indices: Any,
    offsets: Any,
    _scale: bool = False,
    mode: int = 0,
    _sparse: bool = False,
    weights: Any = None,
    last_offset: bool = False,
    padding: int = -1,
) -> Any:
    operands = [rows] if weights is None else [rows, weights]
    found = t.recorder.embedding_bag(
        *(t.numbers(x) for x in operands),
        indices=tuple_of(as_numpy(indices)),
        offsets=tuple_of(as_numpy(offsets)),
        mode=("sum", "mean", "max")[mode],
        padding_index=padding,
        last_offset=last_offset,
    )
    return [found, None, None, None]


def _distances(t: Tracking, _made: Any, x: Any, y: Any, p: float = 2, *_options: Any) -> Any:
    order = "inf" if p == np.inf else float(p)
    return by_pair(t, x, y, False, lambda a, b: t.recorder.cdist(a, b, p=order))


def _distances_back(
    t: Tracking, _made: Any, gradient: Any, x: Any, y: Any, p: float, distances: Any
) -> Any:
    """The gradient of Euclidean distances by the first points; 0 where points are the same."""
    if p != 2:
        raise CannotImport(f"the gradient of distances with p={p}", t.recorder.line)
    r, apart = t.recorder, as_numpy(distances) != 0
    lengths = t.entries.codes(t.numbers(distances))
    ones = t.entries.codes(np.array(1.0))
    lengths = t.entries.numbers(t.entries.read(np.where(apart, lengths, ones)))
    ratio = r.multiply(r.divide(t.numbers(gradient), lengths), apart.astype(float))
    own = r.multiply(r.sum(ratio, axis=ratio.ndim - 1, keepdims=True), t.numbers(x))
    return r.subtract(own, r.matmul(ratio, t.numbers(y)))


LOSSES: dict[str, Rule] = {
    "mse_loss": _loss("mse_loss"),
    "huber_loss": _loss("huber_loss", "delta"),
    "smooth_l1_loss": _loss("smooth_l1_loss", "beta"),
    "soft_margin_loss": _loss("soft_margin_loss"),
    "binary_cross_entropy": whole(_binary_cross_entropy),
    "binary_cross_entropy_with_logits": tensors(_binary_cross_entropy_of_logits),
    "nll_loss_forward": tensors(_picked),
    "nll_loss2d_forward": tensors(_picked),
    "_ctc_loss": tensors(_ctc),
    "_embedding_bag": tensors(_bags),
    "_scaled_dot_product_flash_attention_for_cpu": tensors(_attention),
    "_cdist_forward": tensors(_distances),
    "_euclidean_dist": tensors(_distances),
    "_cdist_backward": tensors(_distances_back),
    "_pdist_forward": whole(lambda r, x, p=2: r.pdist(x, p=float(p))),
}
