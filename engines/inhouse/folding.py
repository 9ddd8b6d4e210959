"""Algebraic identities, applied as nodes are made. Each returns an equal and simpler node, or None.

A factor of exact zero makes a product zero, whatever the other operand is. Everything else here is
an identity of real arithmetic that holds wherever the original has a finite value.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from ad_conformance.engines.inhouse import contraction, ops
from ad_conformance.engines.inhouse.contraction import same_axes
from ad_conformance.engines.inhouse.graph import FOLDS, Node, make, result_dtype, stretch
from ad_conformance.engines.inhouse.joining import joined
from ad_conformance.engines.inhouse.primitives import Shape, broadcast_shapes


def _split(x: Node) -> tuple[float, Node]:
    """x as a number times a node."""
    if x.op == "multiply" and x.args[0].uniform is not None:
        return x.args[0].uniform, x.args[1]
    return 1, x


def _constant_first(a: Node, b: Node) -> tuple[Node, Node]:
    return (b, a) if b.value is not None else (a, b)


def add(a: Node, b: Node) -> Node | None:
    a, b = _constant_first(a, b)
    if a.uniform == 0:
        return b
    if a.dtype.kind != "f" or b.dtype.kind != "f":
        return None
    (p, x), (q, y) = _split(a), _split(b)
    if x is y:
        return make("multiply", float(p + q), x)
    if p == q != 1:
        return make("multiply", p, make("add", x, y))
    if p == -q and abs(p) != 1:
        return make("multiply", p, make("add", x, make("multiply", -1.0, y)))
    if a.value is not None and b.op == "add" and b.args[0].value is not None:
        return make("add", make("add", a, b.args[0]), b.args[1])
    return None


def multiply(a: Node, b: Node) -> Node | None:
    a, b = _constant_first(a, b)
    if a.uniform == 1:
        return b
    if a.uniform == 0:
        return ops.zeros_like(a if a.dtype == result_dtype((a, b)) else b, ())
    if a.dtype.kind != "f" or b.dtype.kind != "f":
        return None
    if a.value is not None:
        if b.op == "multiply" and b.args[0].value is not None:
            return make("multiply", make("multiply", a, b.args[0]), b.args[1])
        if a.uniform is not None:
            if b.op == "divide" and b.args[0].value is not None:
                return make("divide", make("multiply", a, b.args[0]), b.args[1])
            if b.op == "select" and b.args[2].uniform == 0:
                return make("select", b.args[0], make("multiply", a, b.args[1]), b.args[2])
        # A constant stays the first operand, which is where the identities look for it.
        return None if a.index < b.index else _ordered("multiply", a, b)
    for x, y in ((a, b), (b, a)):
        p, z = _split(y)
        if p != 1:
            return make("multiply", p, make("multiply", x, z))
        if y.op == "divide" and y.args[0].uniform == 1:
            return make("divide", x, y.args[1])
    if a is b and a.op == "abs":
        return make("multiply", a.args[0], a.args[0])
    if a is b and a.op == "sqrt" and _nonnegative(a.args[0]):
        return a.args[0]
    return None


def _ordered(op: str, a: Node, b: Node) -> Node:
    key = (op, (a, b), None)
    node = a.graph.nodes.get(key)
    if node is None:
        shape = broadcast_shapes(a.shape, b.shape)
        node = a.graph.nodes[key] = a.graph._node(op, (a, b), None, shape, result_dtype((a, b)))
    return node


def _nonnegative(x: Node) -> bool:
    while x.op in ("sum", "reshape", "broadcast", "transpose", "index"):
        x = x.args[0]
    return x.op in ("abs", "exp", "sqrt", "cosh", "sech", "logistic") or (
        x.op == "multiply" and x.args[0] is x.args[1]
    )


def divide(a: Node, b: Node) -> Node | None:
    if a.uniform == 0:
        return ops.zeros_like(a if a.dtype == result_dtype((a, b)) else b, ())
    if b.uniform is not None and b.uniform != 0 and math.frexp(b.uniform)[0] in (0.5, -0.5):
        return make("multiply", 1 / b.uniform, a)  # exact: a power of two
    p, x = _split(a)
    if p != 1:
        return make("multiply", p, make("divide", x, b))
    q, y = _split(b)
    if q != 1 and math.frexp(q)[0] in (0.5, -0.5):
        return make("multiply", 1 / q, make("divide", a, y))
    if a.uniform not in (None, 1):
        return None
    if b.op == "divide" and b.args[0].uniform == 1 and b.args[1].finite:
        return None
    return None


def power(x: Node, n: Node) -> Node | None:
    p = n.uniform
    if p is None or n.dtype.kind == "b":
        return None
    if p == 0:
        return x.graph.full((), 1.0, result_dtype((x, n)))
    if p == 1:
        return x
    if p == 2:
        return make("multiply", x, x)
    if p == -1:
        return make("divide", 1.0, x)
    if p == 0.5:
        return make("sqrt", x)
    if x.op == "abs" and float(p).is_integer() and p % 2 == 0:
        return make("power", x.args[0], n)
    if x.op == "sqrt" and float(p).is_integer() and p % 2 == 0 and _nonnegative(x.args[0]):
        return make("power", x.args[0], p / 2)
    return None


def same_operand(a: Node, b: Node) -> Node | None:
    return a if a is b else None


def select(condition: Node, a: Node, b: Node) -> Node | None:
    if a is b:
        return a
    if condition.uniform is not None:
        return a if condition.uniform else b
    return None


def absolute(x: Node) -> Node | None:
    if x.op in ("abs", "exp", "sqrt"):
        return x
    if x.op == "multiply" and x.args[0].uniform == -1:
        return make("abs", x.args[1])
    return None


def logical_not(x: Node) -> Node | None:
    return x.args[0] if x.op == "logical_not" else None


def guarded(a: Node, b: Node) -> Node | None:
    for x, y in ((a, b), (b, a)):
        if x.uniform == 0:
            return x
        if x.value is not None and x.finite and x.uniform is not None:
            return make("multiply", x, y)
    return None


def reshape(params: Any, shape: Shape, x: Node) -> Node | None:
    if x.shape == shape:
        return x
    if x.uniform is not None:
        return x.graph.full(shape, x.uniform, x.dtype)
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
        interval = ops._interval(entry, x.shape[x.params])
        if interval is not None:
            at = 0
            for part in x.args:
                n = part.shape[x.params]
                if at <= interval[0] and interval[1] <= at + n:
                    lo, hi = interval[0] - at, interval[1] - at
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
    dtype = result_dtype(parts)
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


FOLDS |= {
    "add": add, "multiply": multiply, "divide": divide, "power": power, "maximum": same_operand,
    "minimum": same_operand, "select": select, "abs": absolute, "logical_not": logical_not,
    "guarded": guarded,
    "logical_and": same_operand, "logical_or": same_operand, "reshape": reshape, "broadcast": broadcast,
    "transpose": transpose, "index": index, "pad": pad, "take": take, "scatter": scatter, "concat": concat,
    "cumsum": cumsum, "sum": contraction.reduce_sum, "matmul": contraction.matmul, "astype": astype,
    "argsort": argsort, "reorder": reorder,
}  # fmt: skip
