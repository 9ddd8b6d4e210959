"""Identities of elementwise operations. Each returns an equal and simpler node, or None.

A factor of exact zero makes a product zero, whatever the other operand is. Everything else here is
an identity of real arithmetic that holds wherever the original has a finite value.
"""

from __future__ import annotations

import math

from ad_conformance.engines.inhouse.core.graph import DType, Node, make, promoted
from ad_conformance.engines.inhouse.rules import ops
from ad_conformance.engines.inhouse.rules.shape_rules import broadcast_shapes


def result_dtype(*args: Node) -> DType:
    return promoted(*[a.dtype for a in args])


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
        return ops.zeros_like(a if a.dtype == result_dtype(a, b) else b, ())
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
        primitive = a.graph.primitives[op]
        node = a.graph.nodes[key] = a.graph.add(primitive, (a, b), None, shape, result_dtype(a, b))
    return node


def _nonnegative(x: Node) -> bool:
    while x.op in ("sum", "reshape", "broadcast", "transpose", "index"):
        x = x.args[0]
    return x.op in ("abs", "exp", "sqrt", "cosh", "sech", "logistic") or (
        x.op == "multiply" and x.args[0] is x.args[1]
    )


def divide(a: Node, b: Node) -> Node | None:
    if a.uniform == 0:
        return ops.zeros_like(a if a.dtype == result_dtype(a, b) else b, ())
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
        return x.graph.full((), 1.0, result_dtype(x, n))
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


def safe_multiply(a: Node, b: Node) -> Node | None:
    for x, y in ((a, b), (b, a)):
        if x.uniform == 0:
            return x
        if x.value is not None and x.finite and x.uniform is not None:
            return make("multiply", x, y)
    return None
