"""Embeddings, normalizations, attention, recurrent cells and activations of whole batches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from ad_conformance.generators.catalogue.batches.windows import gathered, numbered, reduced_groups
from ad_conformance.generators.catalogue.operands import ANY, SATURATING, family, one_of
from ad_conformance.generators.catalogue.operation import MAX_SIZE, Operation
from ad_conformance.generators.catalogue.row_forms import derived

Ints = tuple[int, ...]
Floats = tuple[float, ...]


def _channels(x: Any) -> Ints:
    """The shape in which a value for each channel, the entries of axis 1, broadcasts."""
    return (1, x.shape[1]) + (1,) * (len(x.shape) - 2)


# Embeddings


def embedding(xp: Any, x: Any, *, indices: Any) -> Any:
    """The rows of x at an array of indices."""
    places = np.array(indices, dtype=int)
    if len(x.shape) != 2 or not np.all((places >= 0) & (places < x.shape[0])):
        raise ValueError(f"indices {indices} of rows of shape {x.shape}")
    return gathered(xp, x, numbered(x)[places])


def _bags(indices: Ints, offsets: Ints, last: bool) -> list[range]:
    """The positions of the indices of each bag, which begins at its offset."""
    ends = [*offsets[1:], *([] if last else [len(indices)])]
    bags = [range(a, z) for a, z in zip(offsets, ends, strict=False)]
    if not offsets or offsets[0] != 0 or any(a > z for a, z in zip(offsets, ends, strict=False)):
        raise ValueError(f"offsets {offsets} of {len(indices)} indices")
    if last and offsets[-1] != len(indices):
        raise ValueError(f"the last of the offsets {offsets} is not the end")
    return bags


def embedding_bag(
    xp: Any,
    x: Any,
    weights: Any = None,
    *,
    indices: Ints,
    offsets: Ints,
    mode: str,
    padding_index: int,
    last_offset: bool,
) -> Any:
    """The "sum", "mean" or "max" of the rows of each bag, zeros for an empty bag. A bag begins at
    its offset; rows at `padding_index` are not in any bag. A sum can be weighted.
    """
    rows, width = x.shape
    if mode not in ("sum", "mean", "max") or (weights is not None and mode != "sum"):
        raise ValueError(f"mode={mode!r}: use sum, mean or max, and weights only with sum")
    if not all(0 <= i < rows for i in indices):
        raise ValueError(f"indices {indices} of {rows} rows")
    bags = [
        [k for k in bag if indices[k] != padding_index]
        for bag in _bags(indices, offsets, last_offset)
    ]
    if mode == "max":
        numbers = numbered(x)
        size = rows * width
        flat = xp.concat([xp.reshape(x, shape=(-1,)), np.zeros(1)], axis=0)
        members = [
            [int(numbers[indices[k], j]) for k in bag] or [size]
            for bag in bags
            for j in range(width)
        ]
        return reduced_groups(
            xp, flat, members, (len(bags), width), lambda r: xp.max(r, axis=1, keepdims=False)
        )
    chosen = np.zeros((len(bags), len(indices)))
    for row, bag in enumerate(bags):
        chosen[row, bag] = 1.0
    taken = gathered(xp, x, numbered(x)[list(indices)])
    if weights is not None:
        taken = taken * xp.expand_dims(weights, axis=-1)
    total = xp.matmul(chosen, taken)
    if mode == "sum":
        return total
    counts = np.array([max(1, len(bag)) for bag in bags], dtype=float)
    return xp.divide(total, counts[:, None])


# Normalizations


def layer_norm_axes(
    xp: Any, x: Any, weight: Any = None, bias: Any = None, *, axes: int, eps: float
) -> Any:
    """Normalization over the last `axes` axes together, then scale and shift if they are given."""
    if not 1 <= axes <= len(x.shape):
        raise ValueError(f"{axes} axes of the shape {x.shape}")
    rows = xp.reshape(x, shape=(-1, math.prod(x.shape[-axes:])))
    centred = rows - xp.mean(rows, axis=1, keepdims=True)
    variance = xp.mean(centred * centred, axis=1, keepdims=True)
    made = xp.reshape(centred / xp.sqrt(variance + eps), shape=x.shape)
    return made if weight is None else made * weight + bias


def batch_norm_running(
    xp: Any, x: Any, weight: Any, bias: Any, *, means: Floats, variances: Floats, eps: float
) -> Any:
    """Each channel (axis 1) less its constant mean, divided by sqrt(variance + eps), then scaled
    and shifted.
    """
    if not len(means) == len(variances) == x.shape[1] or min(variances) < 0:
        raise ValueError(f"means {means} and variances {variances} for {x.shape[1]} channels")
    shape = _channels(x)
    # Roots of the kind that the operands are: of balls, they are exact.
    scale = xp.sqrt(np.array(variances) + eps + 0.0 * weight)
    made = (x - np.array(means).reshape(shape)) / xp.reshape(scale, shape=shape)
    return made * xp.reshape(weight, shape=shape) + xp.reshape(bias, shape=shape)


def local_response_norm(xp: Any, x: Any, *, size: int, alpha: float, beta: float, k: float) -> Any:
    """x / (k + alpha s / size)**beta, with s the sum of squares of `size` neighbouring channels."""
    channels = x.shape[1]
    if size < 1 or channels > MAX_SIZE // 4:
        raise ValueError(f"size={size}: use 1 or more")
    before = size // 2
    near = np.array(
        [
            [float(-before <= j - c < size - before) for j in range(channels)]
            for c in range(channels)
        ]
    )
    flat = xp.reshape(x, shape=(x.shape[0], channels, -1))
    sums = xp.matmul(near, flat * flat) / float(size)
    return xp.reshape(flat / xp.pow(alpha * sums + k, beta), shape=x.shape)


def weight_norm(xp: Any, v: Any, g: Any, *, axis: int) -> Any:
    """g v / norm(v), with a norm for each index of the first or the last axis."""
    if axis not in (0, len(v.shape) - 1) or g.shape != (v.shape[axis],):
        raise ValueError(f"axis={axis} of the shapes {v.shape} and {g.shape}")
    squares = v * v
    for other in range(len(v.shape)):
        if other != axis:
            squares = xp.sum(squares, axis=other, keepdims=True)
    shape = [1] * len(v.shape)
    shape[axis] = -1
    return v * (xp.reshape(g, shape=tuple(shape)) / xp.sqrt(squares))


# Attention


def attention_batch(
    xp: Any,
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    *,
    scale: float,
    causal: bool,
    masked: Ints,
) -> Any:
    """softmax(scale query key^T + bias) value, for each head (axis 1) of each batch (axis 0).

    `causal`: row i sees keys up to i. `masked`: for each query and key, whether it is not seen.
    Heads of keys serve as many successive heads of queries.
    """
    heads, length = query.shape[1:3]
    keys = key.shape[2]
    if heads % key.shape[1] or key.shape[:3] != value.shape[:3]:
        raise ValueError(f"{key.shape[1]} heads of keys and values for {heads} of queries")
    if masked and (len(masked) != length * keys or not set(masked) <= {0, 1}):
        raise ValueError(f"{len(masked)} entries of a mask for {length} queries and {keys} keys")
    numbers = [i * key.shape[1] // heads for i in range(heads)]
    key, value = (xp.take(v, indices=tuple(numbers), axis=1) for v in (key, value))
    scores = scale * xp.matmul(query, xp.matrix_transpose(key))
    if bias is not None:
        scores = scores + bias
    seen = np.ones((length, keys))
    if causal:
        seen = seen * np.tri(length, keys)
    if masked:
        seen = seen * (1.0 - np.array(masked).reshape(length, keys))
    if not np.all(np.any(seen, axis=1)):
        raise ValueError("a query that sees no key")
    weights = xp.exp(scores) * seen
    return xp.matmul(weights / xp.sum(weights, axis=-1, keepdims=True), value)


# Recurrent cells


def _gates(xp: Any, x: Any, weight: Any, bias: Any, count: int) -> list[Any]:
    """The parts of x weight^T + bias."""
    made = xp.matmul(x, xp.matrix_transpose(weight)) + bias
    n = made.shape[-1] // count
    return [made[:, k * n : (k + 1) * n] for k in range(count)]


def _cell(kind: str, xp: Any, x: Any, state: list[Any], weights: Sequence[Any]) -> list[Any]:
    """The next state: the output, and for "lstm" also the memory."""
    w, u, b, c = weights
    match kind:
        case "tanh" | "relu":
            (one,), (two,) = _gates(xp, x, w, b, 1), _gates(xp, state[0], u, c, 1)
            return [xp.tanh(one + two) if kind == "tanh" else xp.maximum(one + two, 0.0)]
        case "gru":
            of_x, of_h = _gates(xp, x, w, b, 3), _gates(xp, state[0], u, c, 3)
            reset, update = (xp.expit(of_x[k] + of_h[k]) for k in range(2))
            new = xp.tanh(of_x[2] + reset * of_h[2])
            return [(1.0 - update) * new + update * state[0]]
        case "lstm":
            gates = [
                p + q
                for p, q in zip(_gates(xp, x, w, b, 4), _gates(xp, state[0], u, c, 4), strict=True)
            ]
            enter, forget, leave = (xp.expit(gates[k]) for k in (0, 1, 3))
            memory = forget * state[1] + enter * xp.tanh(gates[2])
            return [leave * xp.tanh(memory), memory]
        case _:
            raise ValueError(f"kind={kind!r}: use tanh, relu, gru or lstm")


def recurrent_cell(xp: Any, x: Any, state: Any, *weights: Any, kind: str, which: int) -> Any:
    """One step of a network with tanh or relu, of a gated recurrent unit ("gru") or of a long
    short-term memory ("lstm").

    The operands are x, the state, for "lstm" the memory, and the weights and biases of x and of the
    state, those of x first. `which` is 0 for the new state, 1 for the new memory.
    """
    states = [state, weights[0]] if kind == "lstm" else [state]
    rest = weights[len(states) - 1 :]
    if len(rest) != 4:
        raise ValueError(f"{len(weights) + 2} operands of kind {kind}")
    return _cell(kind, xp, x, states, rest)[which]


def recurrent_layer(xp: Any, x: Any, state: Any, *weights: Any, kind: str) -> Any:
    """The states of recurrent_cell for each entry of axis 0 of x, one after the other."""
    states = [state, weights[0]] if kind == "lstm" else [state]
    rest = weights[len(states) - 1 :]
    if len(rest) != 4 or not x.shape[0]:
        raise ValueError(f"{len(weights) + 2} operands of kind {kind}")
    made = []
    for t in range(x.shape[0]):
        states = _cell(kind, xp, x[t], states, rest)
        made.append(states[0])
    return xp.stack(made, axis=0)


# Activations


def threshold(xp: Any, x: Any, *, limit: float, otherwise: float) -> Any:
    """x where it is above `limit`, else `otherwise`."""
    return xp.where(xp.greater(x, limit), x, 0.0 * x + otherwise)


def rrelu(xp: Any, x: Any, *, lower: float, upper: float) -> Any:
    """x if positive, else x times the mean of `lower` and `upper`."""
    slope = (lower + upper) / 2
    return xp.where(xp.greater(x, 0.0), x, slope * x)


def prelu_channels(xp: Any, x: Any, slope: Any) -> Any:
    """x if positive, else slope * x, with a slope for each channel (axis 1)."""
    return xp.where(xp.greater(x, 0.0), x, xp.reshape(slope, shape=_channels(x)) * x)


def softplus_scaled(xp: Any, x: Any, *, beta: float) -> Any:
    """log(1 + exp(beta x)) / beta."""
    return xp.logaddexp(beta * x, 0.0) / beta


def softmin(xp: Any, x: Any, *, axis: int) -> Any:
    """softmax(-x)."""
    return xp.softmax(-x, axis=axis)


def sparse_sigmoid(xp: Any, x: Any) -> Any:
    """0 up to -1, 1 from 1, linear in between."""
    return 0.5 * xp.minimum(xp.maximum(x + 1.0, 0.0), 2.0)


def logmeanexp(xp: Any, x: Any, *, axis: int) -> Any:
    """The logarithm of the mean of exp(x)."""
    # The logarithm of the number of entries, which is no float64 number.
    count = xp.logsumexp(0.0 * x, axis=axis, keepdims=False)
    return xp.logsumexp(x, axis=axis, keepdims=False) - count


_LARGE: dict[str, Any] = {"large": True}
_AFFINE: dict[str, Any] = {"arity": None, "large": True}

ROWS: Sequence[Operation] = (
    derived(
        embedding,
        family("embedding"),
        params={"indices": "indices"},
        curvature="linear",
        exact=True,
    ),
    derived(
        embedding_bag,
        family("embedding_bag"),
        arity=None,
        params={
            "indices": "ints",
            "offsets": "ints",
            "mode": "name",
            "padding_index": "int",
            "last_offset": "bool",
        },
        curvature="multilinear",
        weight=2,
    ),
    derived(
        layer_norm_axes,
        family("normalized_axes"),
        params={"axes": "times", "eps": "float"},
        **_AFFINE,
    ),
    derived(
        batch_norm_running,
        family("normalized_running"),
        arity=3,
        params={"means": "array", "variances": "array", "eps": "float"},
        curvature="multilinear",
        **_LARGE,
    ),
    derived(
        local_response_norm,
        family("responses"),
        params={"size": "times", "alpha": "float", "beta": "float", "k": "float"},
        **_LARGE,
    ),
    derived(weight_norm, family("weight_norm"), arity=2, params={"axis": "int"}, **_LARGE),
    derived(
        attention_batch,
        family("attention_batch"),
        params={"scale": "float", "causal": "bool", "masked": "ints"},
        weight=2,
        **_AFFINE,
    ),
    derived(
        recurrent_cell,
        family("recurrent", "tanh", "relu", "gru", "lstm"),
        params={"kind": "name", "which": "times"},
        weight=2,
        **_AFFINE,
    ),
    derived(
        recurrent_layer,
        family("recurrent", "tanh", "relu", "gru", "lstm", layer=True),
        params={"kind": "name"},
        **_AFFINE,
    ),
    derived(
        threshold,
        family(
            "cornered", ANY, ("limit",), limit=one_of(0.0, 1.0, -0.5), otherwise=one_of(0.0, 2.0)
        ),
        params={"limit": "float", "otherwise": "float"},
        curvature="linear",
        exact=True,
    ),
    derived(
        rrelu,
        family("cornered", ANY, (0.0,), lower=one_of(0.125, 0.0), upper=one_of(0.25, 0.375)),
        params={"lower": "float", "upper": "float"},
        curvature="linear",
    ),
    derived(prelu_channels, family("sloped_channels"), arity=2, **_LARGE),
    derived(
        softplus_scaled,
        family("cornered", SATURATING, (), beta=one_of(2.0, 0.5, 1.0)),
        params={"beta": "float"},
    ),
    derived(softmin, family("along_axis", nonempty=True), params={"axis": "int"}),
    derived(sparse_sigmoid, family("cornered", ANY, (1.0, -1.0)), curvature="linear", exact=True),
    derived(logmeanexp, family("along_axis", nonempty=True), params={"axis": "int"}),
)
