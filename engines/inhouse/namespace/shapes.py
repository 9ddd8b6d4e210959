"""Functions that move entries around, and sorting.

The order of entries is piecewise constant: a sorted array has the derivatives of the moved entries.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from ad_conformance.engines.inhouse.codegen import runtime
from ad_conformance.engines.inhouse.core.graph import Node, make
from ad_conformance.engines.inhouse.errors import CompileError
from ad_conformance.engines.inhouse.namespace import on_nodes
from ad_conformance.engines.inhouse.namespace.on_nodes import error, normalized
from ad_conformance.engines.inhouse.namespace.tracer import Tracer, begin, begun, is_traced, nodes
from ad_conformance.engines.inhouse.rules import ops

__all__ = [
    "broadcast_to", "concat", "diag", "expand_dims", "flip", "getitem", "matrix_transpose",
    "permute_dims", "reshape", "roll", "sort", "sort_by", "squeeze", "stack", "take", "tril",
    "triu",
]  # fmt: skip


def _parts(op: str, arrays: Sequence[Any]) -> tuple[Node, ...]:
    parts = begun(*arrays)
    if len({p.ndim for p in parts}) > 1:
        raise CompileError(
            op, tuple(p.shape for p in parts), "the numbers of axes differ", parts[0].graph.step
        )
    return parts


def stack(arrays: Sequence[Any], axis: int = 0) -> Any:
    if not is_traced(*arrays):
        return np.stack(arrays, axis)
    parts = _parts("stack", arrays)
    if len({p.shape for p in parts}) > 1:
        raise CompileError(
            "stack", tuple(p.shape for p in parts), "the shapes differ", parts[0].graph.step
        )
    ndim = parts[0].ndim + 1
    if not -ndim <= axis < ndim:
        raise error("stack", parts[0], f"axis {axis} is out of range")
    at = axis % ndim - ndim
    return Tracer(ops.concat([ops.expand(p, (at,)) for p in parts], at))


def concat(arrays: Sequence[Any], axis: int | None = 0) -> Any:
    if not is_traced(*arrays):
        return np.concatenate(arrays, axis)
    if axis is None:
        return Tracer(ops.concat([ops.reshape(p, (p.size,)) for p in nodes(*arrays)], -1))
    parts = _parts("concat", arrays)
    return Tracer(ops.concat(parts, normalized("concat", parts[0], axis)[0]))


def reshape(x: Any, shape: int | tuple[int, ...]) -> Any:
    return Tracer(on_nodes.reshape(begin(x), shape)) if is_traced(x) else np.reshape(x, shape)


def permute_dims(x: Any, axes: tuple[int, ...]) -> Any:
    return Tracer(on_nodes.permute_dims(begin(x), axes)) if is_traced(x) else np.transpose(x, axes)


def matrix_transpose(x: Any) -> Any:
    return Tracer(on_nodes.matrix_transpose(begin(x))) if is_traced(x) else np.matrix_transpose(x)


def flip(x: Any, axis: int | tuple[int, ...] | None = None) -> Any:
    if not is_traced(x):
        return np.flip(x, axis)
    node = begin(x)
    axes = normalized("flip", node, axis)
    return Tracer(
        ops.index(
            node, tuple((None, None, -1) if a in axes else ops.FULL for a in range(-node.ndim, 0))
        )
    )


def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    if not is_traced(x):
        return np.roll(x, shift, axis)
    node = begin(x)
    if axis is None:
        return Tracer(
            ops.reshape(_rolled(ops.reshape(node, (node.size,)), int(shift), -1), node.shape)
        )
    axes = [axis] if isinstance(axis, (int, np.integer)) else list(axis)
    shifts = [shift] * len(axes) if isinstance(shift, (int, np.integer)) else list(shift)
    for a, s in zip(axes, shifts, strict=True):
        node = _rolled(node, int(s), normalized("roll", node, int(a))[0])
    return Tracer(node)


def _rolled(node: Node, shift: int, axis: int) -> Node:
    n = node.shape[axis]
    return ops.take(node, tuple((i - shift) % n for i in range(n)), axis)


def broadcast_to(x: Any, shape: tuple[int, ...]) -> Any:
    if not is_traced(x):
        return np.broadcast_to(x, shape)
    node = begin(x)
    if len(shape) < node.ndim:
        raise error("broadcast_to", node, f"cannot be broadcast to {tuple(shape)}")
    return Tracer(ops.broadcast_to(node, tuple(shape)))


def expand_dims(x: Any, axis: int | tuple[int, ...] = 0) -> Any:
    if not is_traced(x):
        return np.expand_dims(x, axis)
    node = begin(x)
    axes = [axis] if isinstance(axis, (int, np.integer)) else list(axis)
    ndim = node.ndim + len(axes)
    if any(not -ndim <= a < ndim for a in axes):
        raise error("expand_dims", node, f"axis {axis} is out of range")
    return Tracer(ops.expand(node, tuple(a % ndim - ndim for a in axes)))


def squeeze(x: Any, axis: int | tuple[int, ...] | None = None) -> Any:
    if not is_traced(x):
        return np.squeeze(x, axis)
    node = begin(x)
    if axis is None:
        return Tracer(ops.reshape(node, tuple(n for n in node.shape if n != 1)))
    axes = normalized("squeeze", node, axis)
    if any(node.shape[a] != 1 for a in axes):
        raise error("squeeze", node, f"axis {axis} is not of length 1")
    return Tracer(
        ops.reshape(node, tuple(n for i, n in enumerate(node.shape) if i - node.ndim not in axes))
    )


def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """The entries at constant integer indices, which may repeat and count from the end."""
    if not is_traced(x):
        return np.take(x, indices, axis)
    return Tracer(on_nodes.take(begin(x), indices, axis))


def _triangle(op: str, x: Any, mask: Any) -> Any:
    node = begin(x)
    if node.ndim < 2:
        raise error(op, node, "two axes are needed")
    return Tracer(ops.select(node.graph.constant(mask(node.shape[-2:])), node, 0.0))


def tril(x: Any, k: int = 0) -> Any:
    if not is_traced(x):
        return np.tril(x, k)
    return _triangle("tril", x, lambda shape: np.tri(shape[0], shape[1], k, dtype=bool))


def triu(x: Any, k: int = 0) -> Any:
    if not is_traced(x):
        return np.triu(x, k)
    return _triangle("triu", x, lambda shape: ~np.tri(shape[0], shape[1], k - 1, dtype=bool))


def diag(x: Any) -> Any:
    """The matrix with the vector x on its diagonal; of a matrix, its diagonal."""
    if not is_traced(x):
        return np.diag(x)
    node = begin(x)
    if node.ndim == 2:
        return Tracer(diagonal_of(node))
    if node.ndim != 1:
        raise error("diag", node, "a vector is needed")
    n = node.shape[0]
    if n == 0:
        return Tracer(ops.zeros_like(node, (0, 0)))
    return Tracer(ops.reshape(ops.pad(node, ((0, None, n + 1),), (n * n,)), (n, n)))


def diagonal_of(node: Node, offset: int = 0) -> Node:
    """The diagonals of the matrices in node."""
    rows, columns = node.shape[-2:]
    first = offset if offset >= 0 else -offset * columns
    n = max(0, min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns))
    flat = ops.reshape_tail(node, 2, (rows * columns,))
    if n == 0:
        return ops.index(flat, ((0, 0, 1),))
    return ops.index(flat, ((first, first + (n - 1) * (columns + 1) + 1, columns + 1),))


def getitem(x: Any, key: Any) -> Any:
    """Indexing by integers, slices, None, an ellipsis; a lone list of integers takes along the
    first axis.
    """
    return Tracer(on_nodes.getitem(begin(x), key)) if is_traced(x) else x[key]


def sort(x: Any, axis: int = -1, descending: bool = False) -> Any:
    """The entries along an axis in order. Equal ones keep their order, or reverse it if
    `descending`.
    """
    ordered = sort_by(x, x, axis)
    return flip(ordered, axis) if descending else ordered


def sort_by(keys: Any, x: Any, axis: int = -1) -> Any:
    """x in the order of keys, an array of the same shape."""
    if not is_traced(keys, x):
        keys, x = np.asarray(keys), np.asarray(x)
        at = axis if axis < 0 else axis - x.ndim
        return runtime.reorder(x, keys.argsort(axis, "stable"), at)
    key, node = begun(keys, x)
    if key.shape != node.shape or not node.ndim:
        raise CompileError(
            "sort_by", (key.shape, node.shape), "the shapes differ or have no axis", key.graph.step
        )
    at = normalized("sort_by", node, axis)[0]
    return Tracer(make("reorder", node, make("argsort", key, params=at), params=at))
