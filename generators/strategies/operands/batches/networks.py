"""Operands of embeddings, normalizations, attention and recurrent cells."""

from __future__ import annotations

import math

import numpy as np
from ad_conformance.generators.catalogue.operands import EPS, Domain
from ad_conformance.generators.strategies.builder import Abandon, Builder
from ad_conformance.generators.strategies.operands.basic import (
    DrawnOperands,
    OperandStrategy,
    aimed,
    fit,
    shaped,
)
from ad_conformance.generators.strategies.operands.batches.large import (
    grown,
    grown_or_constant,
    pattern,
)
from ad_conformance.generators.strategies.operands.batches.pooling import batch_shape

#: The largest magnitude of scores, whose exponentials must not overflow.
LARGEST = 24.0


def _table(b: Builder) -> int:
    value_id = b.pick(lambda v: v.ndim == 2 and v.size > 0)
    if value_id is None or b.flag(4):
        return shaped(b, (b.choose([3, 2, 4]), b.choose([2, 1, 3])))
    return value_id


def embedding(b: Builder) -> DrawnOperands:
    x = _table(b)
    rows, width = b.values[x].shape
    most = max(1, 24 // width)
    shape = b.choose([s for s in ((2,), (3,), (2, 2), (1,), ()) if math.prod(s) <= most])
    drawn = np.array(b.integers(0, rows - 1, math.prod(shape)), dtype=int).reshape(shape)
    return [x], {"indices": _nested(drawn.tolist())}


def _nested(value: object) -> object:
    return tuple(map(_nested, value)) if isinstance(value, list) else value


def embedding_bag(b: Builder) -> DrawnOperands:
    """Rows, indices that may repeat, and bags of them, some of them empty."""
    x = _table(b)
    rows, width = b.values[x].shape
    count = b.choose([3, 4, 2, 1])
    indices = b.integers(0, rows - 1, count)
    bags = b.choose([n for n in (2, 1, 3) if n * width <= 24])
    offsets = sorted([0, *b.integers(0, count, bags - 1)])
    last = b.flag(4)
    mode = b.choose(["sum", "mean", "max"])
    operands = [x]
    if mode == "sum" and b.flag():
        operands.append(grown_or_constant(b, (count,), 3))
    if mode == "max":
        operands = [aimed(b, x, "tie")]
    params = {"mode": mode, "padding_index": b.choose([-1, -1, 0]), "last_offset": last}
    ends = (*offsets, count) if last else tuple(offsets)
    return operands, {"indices": indices, "offsets": ends, **params}


def _affine(b: Builder, x: int, shape: tuple[int, ...], always: bool = False) -> list[int]:
    """The value, alone or with a weight and a bias."""
    if not always and b.flag():
        return [x]
    return [x, grown_or_constant(b, shape), grown_or_constant(b, shape)]


def _images(b: Builder) -> tuple[int, ...]:
    axes = b.choose([2, 1, 3, 0])
    size = tuple(b.choose([2, 1, 3] if axes < 3 else [1, 2]) for _ in range(axes))
    return batch_shape(b, size)


def normalized_axes(b: Builder) -> DrawnOperands:
    """A value of two to four axes, normalized over some of the last ones."""
    shape = _images(b)
    axes = b.choose([n for n in (2, 1, 3) if n < len(shape)])
    if math.prod(shape[-axes:]) < 2:
        raise Abandon("one entry alone is constant")
    x = grown(b, shape)
    return _affine(b, x, shape[-axes:]), {"axes": axes, "eps": EPS(b)}


def normalized_running(b: Builder) -> DrawnOperands:
    shape = _images(b)
    x = grown_or_constant(b, shape, 4)
    operands = _affine(b, x, shape[1:2], always=True)
    if not any(b.depends[i] for i in operands):
        raise Abandon("constants alone")
    means = pattern(b, shape[1:2])
    variances = np.square(pattern(b, shape[1:2])) + 0.25
    return operands, {
        "means": tuple(means.tolist()),
        "variances": tuple(variances.tolist()),
        "eps": EPS(b),
    }


def responses(b: Builder) -> DrawnOperands:
    params = {
        "size": b.choose([2, 3, 1]),
        "alpha": b.choose([1.0, 0.5]),
        "beta": b.choose([0.75, 1.0, 0.5]),
        "k": b.choose([1.0, 2.0]),
    }
    axes = b.choose([1, 2])
    shape = (b.choose([1, 2]), b.choose([3, 2, 4]), *(b.choose([1, 2]) for _ in range(axes)))
    return [fit(b, grown(b, shape), Domain(low=-64, high=64))], params


def weight_norm(b: Builder) -> DrawnOperands:
    axes = b.choose([2, 3, 4])
    shape = tuple(b.choose([2, 1, 3] if axes < 4 else [1, 2]) for _ in range(axes))
    axis = b.choose([0, axes - 1])
    v = grown_or_constant(b, shape, 4)
    g = (
        grown_or_constant(b, shape[axis : axis + 1], 2)
        if b.depends[v]
        else grown(b, (shape[axis],))
    )
    others = tuple(k for k in range(axes) if k != axis)
    if np.min(np.sum(np.square(b.values[v]), axis=others)) < 1 / 16:
        raise Abandon("zeros have no direction")
    return [v, g], {"axis": axis}


def attention_batch(b: Builder) -> DrawnOperands:
    """Queries, keys and values with the axes (batch, heads, length, width), at times a bias."""
    batch, shared, groups = b.choose([1, 2]), b.choose([1, 2]), b.choose([1, 1, 2])
    length, keys, width, own = (b.choose(n) for n in ([2, 1, 3], [2, 3, 1], [2, 1], [2, 1]))
    query = grown_or_constant(b, (batch, shared * groups, length, width), 6)
    same = b.values[query].shape == (batch, shared, keys, width) and b.flag(3)
    key = query if same else grown_or_constant(b, (batch, shared, keys, width), 3)
    value = (
        key if own == width and b.flag(4) else grown_or_constant(b, (batch, shared, keys, own), 3)
    )
    operands = [query, key, value]
    scale = b.choose([1.0, 0.5])
    params = {"scale": scale, "causal": False, "masked": ()}
    scores = scale * np.max(np.abs(b.values[query])) * np.max(np.abs(b.values[key])) * width
    match b.choose(["none", "causal", "mask", "bias"]):
        case "causal":
            params["causal"] = True
        case "mask":
            table = np.array(b.choices([0, 1, 0], length * keys)).reshape(length, keys)
            # Each query sees a key.
            table[:, 0] *= ~np.all(table, axis=1)
            params["masked"] = tuple(table.ravel().tolist())
        case "bias":
            shape = b.choose([(length, keys), (1, 1, length, keys), (batch, 1, length, keys)])
            operands.append(grown_or_constant(b, shape, 3))
            scores += np.max(np.abs(b.values[operands[-1]]))
    if scores > LARGEST or not any(b.depends[i] for i in operands):
        raise Abandon("scores are too large, or constant")
    return operands, params


_GATES = {"tanh": 1, "relu": 1, "gru": 3, "lstm": 4}


def recurrent(*kinds: str, layer: bool = False) -> OperandStrategy:
    """The input, the state, the memory of "lstm", weights and biases."""

    def strategy(b: Builder) -> DrawnOperands:
        kind = b.choose(kinds)
        batch, inner, size = b.choose([1, 2]), b.choose([2, 1]), b.choose([1, 2])
        gates = _GATES[kind] * size
        lead = (b.choose([2, 1, 3]),) if layer else ()
        operands = [grown(b, (*lead, batch, inner)), grown_or_constant(b, (batch, size))]
        if kind == "lstm":
            operands.append(grown_or_constant(b, (batch, size)))
        for shape in ((gates, inner), (gates, size), (gates,), (gates,)):
            operands.append(grown_or_constant(b, shape))
        if layer:
            return operands, {"kind": kind}
        return operands, {"kind": kind, "which": int(kind == "lstm" and b.flag())}

    return strategy


def sloped_channels(b: Builder) -> DrawnOperands:
    shape = _images(b)
    x = grown_or_constant(b, shape, 4)
    slope = grown_or_constant(b, shape[1:2]) if b.depends[x] else grown(b, shape[1:2])
    return [x, slope], {}
