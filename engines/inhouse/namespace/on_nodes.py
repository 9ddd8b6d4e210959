"""Operations behind the operators of tracers, on nodes: products, indexing, changes of shape."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from ad_conformance.engines.inhouse.core.graph import Node
from ad_conformance.engines.inhouse.core.tracing import Tracer
from ad_conformance.engines.inhouse.errors import CompileError
from ad_conformance.engines.inhouse.rules import ops

Axis = int | tuple[int, ...] | None


def normalized(op: str, node: Node, axis: Axis) -> tuple[int, ...]:
    """The axes, negative and in order. Raises CompileError if one does not exist or repeats."""
    if axis is None:
        return tuple(range(-node.ndim, 0))
    axes = [axis] if isinstance(axis, (int, np.integer)) else list(axis)
    if any(not -node.ndim <= a < node.ndim for a in axes):
        raise CompileError(op, (node.shape,), f"axis {axis} is out of range", node.graph.step)
    result = sorted((int(a) % node.ndim) - node.ndim for a in axes)
    if len(set(result)) < len(result):
        raise CompileError(op, (node.shape,), f"axis {axis} repeats", node.graph.step)
    return tuple(result)


def error(op: str, node: Node, why: str) -> CompileError:
    return CompileError(op, (node.shape,), why, node.graph.step)


def matmul(x: Node, y: Node) -> Node:
    if not x.ndim or not y.ndim:
        raise CompileError("matmul", (x.shape, y.shape), "a 0-d array is no matrix", x.graph.step)
    if x.ndim == y.ndim == 1 and x.shape == y.shape:
        return ops.reduce_sum(x * y, (-1,))
    if x.shape[-1] != y.shape[-2 if y.ndim > 1 else -1]:
        raise CompileError("matmul", (x.shape, y.shape), "the inner lengths differ", x.graph.step)
    left = ops.expand(x, (-2,)) if x.ndim == 1 else x
    right = ops.expand(y, (-1,)) if y.ndim == 1 else y
    product = ops.matmul(left, right)
    if x.ndim == 1:
        product = ops.reshape(product, product.shape[:-2] + product.shape[-1:])
    if y.ndim == 1:
        product = ops.reshape(product, product.shape[:-1])
    return product


def reshape(node: Node, shape: int | tuple[int, ...]) -> Node:
    new = [shape] if isinstance(shape, (int, np.integer)) else list(shape)
    if -1 in new:
        known = math.prod(n for n in new if n != -1)
        if new.count(-1) > 1 or not known or node.size % known:
            raise error("reshape", node, f"cannot take the shape {tuple(new)}")
        new[new.index(-1)] = node.size // known
    if math.prod(new) != node.size:
        raise error("reshape", node, f"cannot take the shape {tuple(new)}")
    return ops.reshape(node, tuple(int(n) for n in new))


def permute_dims(node: Node, axes: tuple[int, ...]) -> Node:
    if len(axes) != node.ndim:
        raise error("permute_dims", node, f"{tuple(axes)} does not name every axis once")
    normalized("permute_dims", node, tuple(axes))
    return ops.transpose(node, tuple(a % node.ndim - node.ndim for a in axes))


def matrix_transpose(node: Node) -> Node:
    if node.ndim < 2:
        raise error("matrix_transpose", node, "two axes are needed")
    return ops.swap(node)


def take(node: Node, indices: Any, axis: int | None) -> Node:
    if axis is None:
        if node.ndim != 1:
            raise error("take", node, "an axis is needed beyond one dimension")
        axis = 0
    at = normalized("take", node, axis)[0]
    where = np.asarray(indices)
    where = where.astype(np.intp) if where.size == 0 else where
    n = node.shape[at]
    if where.dtype.kind not in "iu" or bool(((where < -n) | (where >= n)).any()):
        raise error("take", node, f"the indices must be integers from {-n} to {n - 1}")
    taken = ops.take(node, tuple((where.ravel() % max(n, 1)).tolist()), at)
    if where.ndim == 1:
        return taken
    before, after = node.shape[: node.ndim + at], node.shape[node.ndim + at + 1 :]
    return ops.reshape(taken, before + where.shape + after)


def getitem(node: Node, key: Any) -> Node:
    """Indexing by integers, slices, None, an ellipsis; a lone list of integers takes along the
    first axis.
    """
    if isinstance(key, (list, np.ndarray)):
        return take(node, key, 0)
    entries = list(key) if isinstance(key, tuple) else [key]
    used = sum(1 for k in entries if k is not None and k is not Ellipsis)
    if sum(1 for k in entries if k is Ellipsis) > 1 or used > node.ndim:
        raise error("index", node, f"too many indices: {key!r}")
    at = next((i for i, k in enumerate(entries) if k is Ellipsis), len(entries))
    entries[at : at + 1] = [slice(None)] * (node.ndim - used)
    plain: list[Any] = []
    shape: list[int] = []
    for k in entries:
        if k is None:
            shape.append(1)
            continue
        n = node.shape[len(plain)]
        if isinstance(k, slice):
            plain.append(_bounds(node, k))
            shape.append(len(range(*k.indices(n))))
        elif isinstance(k, (int, np.integer)) and not isinstance(k, bool):
            if not -n <= k < n:
                raise error("index", node, f"index {k} is out of range for length {n}")
            plain.append(int(k) % n)
        else:
            raise error("index", node, f"cannot index by {type(k).__name__}")
    return ops.reshape(ops.index(node, tuple(plain)), tuple(shape))


def _bounds(node: Node, k: slice) -> tuple[Any, ...]:
    for bound in (k.start, k.stop, k.step):
        if isinstance(bound, Tracer):
            raise error("index", node, "the bounds of a slice must be constant integers")
    return (k.start, k.stop, 1 if k.step is None else k.step)
