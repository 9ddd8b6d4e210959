"""Functions of jax.lax and their counterparts: slices, pads, products and folds along axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from ad_conformance.generators.catalogue.batches.windows import (
    gathered,
    numbered,
    padded,
    spread,
)
from ad_conformance.generators.catalogue.operands import family
from ad_conformance.generators.catalogue.operation import MAX_SIZE, Operation
from ad_conformance.generators.catalogue.row_forms import derived

Ints = tuple[int, ...]


def lax_pad(xp: Any, x: Any, value: Any, *, low: Ints, high: Ints, interior: Ints) -> Any:
    """`x` with `value` before, after and between the entries along each axis; negative widths cut
    entries off.
    """
    if value.shape or not len(low) == len(high) == len(interior) == len(x.shape):
        raise ValueError(f"a number, and widths for each axis of {x.shape}")
    size = math.prod(x.shape)
    stretched = spread(numbered(x), [k + 1 for k in interior], size)
    numbers = padded(stretched, list(zip(low, high, strict=True)), size)
    both = xp.concat([xp.reshape(x, shape=(-1,)), xp.reshape(value, shape=(1,))], axis=0)
    return gathered(xp, both, numbers)


def dot_general(
    xp: Any, x: Any, y: Any, *, contract_x: Ints, contract_y: Ints, batch_x: Ints, batch_y: Ints
) -> Any:
    """Sums of products over pairs of axes, for each index of pairs of batch axes, which come first
    in the result.
    """

    def arranged(v: Any, batch: Ints, contract: Ints) -> tuple[Any, Ints]:
        axes = len(v.shape)
        if len({*batch, *contract}) < len(batch) + len(contract) or not all(
            0 <= a < axes for a in (*batch, *contract)
        ):
            raise ValueError(f"axes {batch} and {contract} of shape {v.shape}")
        free = tuple(a for a in range(axes) if a not in (*batch, *contract))
        turned = xp.permute_dims(v, axes=(*batch, *free, *contract))
        sizes = [math.prod(v.shape[a] for a in group) for group in (batch, free, contract)]
        return xp.reshape(turned, shape=tuple(sizes)), tuple(v.shape[a] for a in free)

    pairs = [*zip(contract_x, contract_y, strict=True), *zip(batch_x, batch_y, strict=True)]
    if any(x.shape[i] != y.shape[j] for i, j in pairs):
        raise ValueError(f"axes of {x.shape} and {y.shape} do not match")
    left, left_free = arranged(x, batch_x, contract_x)
    right, right_free = arranged(y, batch_y, contract_y)
    shape = (*(x.shape[a] for a in batch_x), *left_free, *right_free)
    if math.prod(shape) > MAX_SIZE:
        raise ValueError("too large")
    return xp.reshape(xp.matmul(left, xp.matrix_transpose(right)), shape=shape)


def ragged_dot(xp: Any, x: Any, y: Any, *, sizes: Ints) -> Any:
    """The product of successive groups of rows of x, of these sizes, each with its matrix of y."""
    if len(x.shape) != 2 or len(y.shape) != 3 or len(sizes) != y.shape[0] or min(sizes) < 0:
        raise ValueError(f"groups {sizes} of shapes {x.shape} and {y.shape}")
    if sum(sizes) != x.shape[0] or x.shape[1] != y.shape[1]:
        raise ValueError(f"groups {sizes} of shapes {x.shape} and {y.shape}")
    ends = np.cumsum(sizes).tolist()
    parts = [
        xp.matmul(x[end - n : end, :], y[g, :, :])
        for g, (n, end) in enumerate(zip(sizes, ends, strict=True))
        if n
    ]
    return parts[0] if len(parts) == 1 else xp.concat(parts, axis=0)


def clamp(xp: Any, x: Any, low: Any, high: Any) -> Any:
    """min(max(x, low), high), with bounds that can vary."""
    return xp.minimum(xp.maximum(x, low), high)


_CUMULATIVE = {
    "sum": "cumulative_sum",
    "prod": "cumulative_prod",
    "max": "cumulative_max",
    "min": "cumulative_min",
    "logsumexp": "logcumsumexp",
}


def cumulative_reverse(xp: Any, x: Any, *, kind: str, axis: int) -> Any:
    """The fold of each entry with all later ones along the axis: "sum", "prod", "max", "min" or
    "logsumexp".
    """
    if kind not in _CUMULATIVE:
        raise ValueError(f"kind={kind!r}: use {', '.join(_CUMULATIVE)}")
    flipped = xp.flip(x, axis=axis)
    return xp.flip(getattr(xp, _CUMULATIVE[kind])(flipped, axis=axis), axis=axis)


def reduce_custom(xp: Any, x: Any, *, axis: int) -> Any:
    """The fold of the entries along the axis by a b + a + b, which is prod(1 + x) - 1."""
    return xp.prod(x + 1.0, axis=axis, keepdims=False) - 1.0


def reduce_precision(xp: Any, x: Any) -> Any:
    """x, rounded to 11 bits of exponent and 52 of mantissa, those of float64."""
    return gathered(xp, x, numbered(x))


def index_min(xp: Any, x: Any, v: Any, *, indices: Ints, axis: int) -> Any:
    """As index_add, with the minimum."""
    return -xp.index_max(-x, -v, indices=indices, axis=axis)


_LARGE: dict[str, Any] = {"large": True, "exact": True}
_INDEXED = {"indices": "ints", "axis": "int"}

ROWS: Sequence[Operation] = (
    derived(
        lax_pad,
        family("lax_pad"),
        arity=2,
        params={"low": "list of times", "high": "list of times", "interior": "list of times"},
        curvature="linear",
        **_LARGE,
    ),
    derived(
        dot_general,
        family("dot_general"),
        arity=2,
        params=dict.fromkeys(("contract_x", "contract_y", "batch_x", "batch_y"), "ints"),
        curvature="multilinear",
        **_LARGE,
    ),
    derived(
        ragged_dot,
        family("ragged_dot"),
        arity=2,
        params={"sizes": "list of times"},
        curvature="multilinear",
        **_LARGE,
    ),
    derived(clamp, family("bounded"), arity=3, curvature="linear", exact=True),
    derived(
        cumulative_reverse,
        family("cumulative", *_CUMULATIVE),
        params={"kind": "name", "axis": "int"},
        weight=2,
    ),
    derived(
        reduce_custom, family("along_axis", nonempty=True, aim="zeros"), params={"axis": "int"}
    ),
    derived(reduce_precision, family("copied"), curvature="linear", exact=True),
    derived(
        index_min,
        family("update", aim="tie"),
        arity=2,
        params=_INDEXED,
        curvature="linear",
        exact=True,
    ),
)
