"""Identities of operations that move, sum and order entries. Each returns an equal and simpler
node, or None.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from ad_conformance.engines.inhouse.core.graph import Node, Shape, promoted, stretch
from ad_conformance.engines.inhouse.optimize.contraction import same_axes
from ad_conformance.engines.inhouse.optimize.joining import joined
from ad_conformance.engines.inhouse.optimize.tiling import interval
from ad_conformance.engines.inhouse.rules import ops


def reshape(params: Any, shape: Shape, x: Node) -> Node | None:
    if x.shape == shape:
        return x
    if x.uniform is not None:
        return x.graph.full(shape, x.uniform, x.dtype)
    k, new = params
    if k and new and x.size and x.shape[-k] == new[0]:  # one form: no axis that stays as it is
        return ops.reshape_tail(x, k, new)
    if x.op == "reshape":
        return ops.reshape(x.args[0], shape)
    if (
        x.op == "multiply"
        and x.args[0].value is not None
        and shape != (1,) * (len(shape) - x.ndim) + x.shape
    ):
        c, y = x.args
        if not c.shape:
            return c * ops.reshape(y, shape)
        if c.shape == y.shape and y.op == "reshape":
            return ops.reshape(c, shape) * ops.reshape(y.args[0], shape)
    if x.op == "broadcast":
        # Where only axes of length 1 come and go, the small array can be reshaped and stretched
        # after that.
        places = same_axes(x.shape, shape)
        if places is not None:
            inner = [1] * len(shape)
            for old, new in places:
                inner[new] = x.args[0].shape[old]
            return stretch(ops.reshape(x.args[0], tuple(inner)), shape)
    return None


def broadcast(params: Any, shape: Shape, x: Node) -> Node | None:
    if x.shape == shape:
        return x
    if x.uniform is not None:
        return x.graph.full(shape, x.uniform, x.dtype)
    if x.op == "broadcast":
        return stretch(x.args[0], shape) if x.args[0].ndim == len(shape) else None
    return None


def transpose(perm: Any, shape: Shape, x: Node) -> Node | None:
    if not perm or perm[0] == -len(perm):  # one form: no leading axis that stays in its place
        return ops.transpose(x, perm)
    if x.uniform is not None:
        return x.graph.full(shape, x.uniform, x.dtype)
    if x.op == "transpose":
        k = max(len(perm), len(x.params))
        outer = tuple(range(-k, -len(perm))) + perm
        inner = tuple(range(-k, -len(x.params))) + x.params
        return ops.transpose(x.args[0], tuple(inner[p] for p in outer))
    if x.op == "broadcast":
        return stretch(ops.transpose(x.args[0], perm), shape)
    moved = [p for p in perm if x.shape[p] != 1]
    if moved == sorted(moved):
        return ops.reshape(x, shape)
    return None


def index(key: Any, shape: Shape, x: Node) -> Node | None:
    if x.uniform is not None:
        return x.graph.full(shape, x.uniform, x.dtype)
    if x.op == "pad" and x.params[0] == key:
        return x.args[0]
    if x.op == "concat" and len(key) >= -x.params:
        entry = key[x.params]
        part_of = interval(entry, x.shape[x.params])
        if part_of is not None:
            at = 0
            for part in x.args:
                n = part.shape[x.params]
                if at <= part_of[0] and part_of[1] <= at + n:
                    lo, hi = part_of[0] - at, part_of[1] - at
                    inner = lo if isinstance(entry, int) else (lo, hi, 1)
                    position = len(key) + x.params
                    return ops.index(part, (*key[:position], inner, *key[position + 1 :]))
                at += n
    return None


def pad(params: Any, shape: Shape, x: Node) -> Node | None:
    key = params[0]
    if ops.is_zero(x):
        return ops.zeros_like(x, shape)
    if x.size and x.shape == shape and all(isinstance(k, tuple) and k[2] in (1, -1) for k in key):
        return ops.index(x, key)  # whole axes, some of them reversed: that undoes itself
    return None


def take(params: Any, shape: Shape, x: Node) -> Node | None:
    if x.uniform is not None:
        return x.graph.full(shape, x.uniform, x.dtype)
    if params[1] == tuple(range(x.shape[params[0]])):
        return x
    return None


def scatter(params: Any, shape: Shape, x: Node) -> Node | None:
    if ops.is_zero(x):
        return ops.zeros_like(x, shape)
    axis, indices, size = params
    repeats, rest = divmod(len(indices), size) if size else (0, 1)
    if repeats and not rest and sorted(indices) == [i for i in range(size) for _ in range(repeats)]:
        # Every target is met equally often: gathering and summing is faster than scattering.
        x = ops.take(x, tuple(sorted(range(len(indices)), key=indices.__getitem__)), axis)
        tail = x.shape[x.ndim + axis + 1 :]
        return (
            ops.reduce_sum(ops.reshape_tail(x, -axis, (size, repeats, *tail)), (axis,))
            if repeats > 1
            else x
        )
    return None


def concat(axis: int, shape: Shape, *parts: Node) -> Node | None:
    kept = [p for p in parts if p.shape[axis]] or [parts[0]]
    dtype = promoted(*[p.dtype for p in parts])
    if len(kept) < len(parts) and all(p.dtype == dtype for p in kept):
        return ops.concat(kept, axis)
    if all(p.uniform is not None and p.uniform == parts[0].uniform for p in parts):
        return parts[0].graph.full(shape, parts[0].uniform or 0.0, dtype)
    together = joined(parts, axis) if all(p.dtype == dtype for p in parts) else None
    return together if together is None or together.shape == shape else None


def cumsum(axis: int, shape: Shape, x: Node) -> Node | None:
    return x if ops.is_zero(x) or shape[axis] == 1 else None


def argsort(axis: int, shape: Shape, x: Node) -> Node | None:
    """The order that sorts a permutation is its inverse, and the inverse of an inverse the
    permutation.
    """
    return (
        x.args[0]
        if x.op == "argsort"
        and x.params == axis
        and x.args[0].op == "argsort"
        and x.args[0].params == axis
        else None
    )


def reorder(axis: int, shape: Shape, x: Node, order: Node) -> Node | None:
    return x if x.uniform is not None else None


def astype(name: str, shape: Shape, x: Node) -> Node | None:
    if x.dtype == np.dtype(name):
        return x
    if x.uniform is not None:
        return x.graph.full(shape, x.uniform, np.dtype(name))
    return None
