"""The last rewriting before code is printed, of what NumPy does faster in another form.

Powers with small whole exponents become products, which share their squares. Sums of products, and
products of a matrix and a column, become `dot`: NumPy's `@` with a vector on one side. The graph
that is differentiated keeps the other form: the derivative of a product of ten factors has ten
terms, and that of a power has one.
"""

from __future__ import annotations

from ad_conformance.engines.inhouse.core.graph import Node, Shape, make
from ad_conformance.engines.inhouse.core.passes import reachable
from ad_conformance.engines.inhouse.rules import ops

LARGEST_EXPONENT = 8


def lower(out: Node) -> Node:
    """The same value, for printing only: the result cannot be differentiated."""
    uses: dict[Node, int] = {}
    nodes = reachable(out)
    for node in nodes:
        for arg in node.args:
            uses[arg] = uses.get(arg, 0) + 1
    lowered: dict[Node, Node] = {}
    for node in nodes:
        args = tuple([lowered[a] for a in node.args])
        lowered[node] = _power(node, args) or _dot(node, uses, lowered) or _again(node, args)
    return lowered[out]


def _again(node: Node, args: tuple[Node, ...]) -> Node:
    """The operation on new operands, without identities: they have been applied."""
    if args == node.args:
        return node
    key = (node.op, args, node.params)
    there = node.graph.nodes.get(key)
    if there is None:
        there = node.graph.nodes[key] = node.graph.add(
            node.primitive, args, node.params, node.shape, node.dtype
        )
    return there


def _power(node: Node, args: tuple[Node, ...]) -> Node | None:
    if node.op != "power" or node.dtype.kind != "f" or args[0].dtype != node.dtype:
        return None
    n = args[1].uniform
    if n is None or not 2 < n <= LARGEST_EXPONENT or n != int(n) or args[0].shape != node.shape:
        return None
    square, result = args[0], None
    left = int(n)
    while left:
        if left % 2:
            result = square if result is None else make("multiply", result, square)
        left //= 2
        square = make("multiply", square, square) if left else square
    return result


def _dot(node: Node, uses: dict[Node, int], lowered: dict[Node, Node]) -> Node | None:
    """`a @ b` where a or b is a vector."""
    arg = node.args[0] if node.args else node
    if uses.get(arg, 0) != 1 or node.dtype.kind != "f":
        return None
    if node.op == "sum" and node.params[0] == (-1,) and arg.op == "multiply":
        a, b = arg.args if arg.args[1].ndim == 1 else arg.args[::-1]
        if b.ndim != 1 or not a.shape or a.shape[-1] != b.shape[0] or a.dtype != b.dtype:
            return None
        product = _made(node, lowered[a], lowered[b], arg.shape[:-1])
        return ops.reshape(product, node.shape)
    if node.op == "reshape" and arg.op == "matmul" and arg.args[0].ndim == arg.args[1].ndim == 2:
        a, b = arg.args
        if node.shape == a.shape[:1] and b.shape[1] == 1 and uses[b] == 1:
            return _made(node, lowered[a], _vector(lowered[b], b.shape[:1]), node.shape)
        if node.shape == b.shape[1:] and a.shape[0] == 1 and uses[a] == 1:
            return _made(node, _vector(lowered[a], a.shape[1:]), lowered[b], node.shape)
    return None


def _vector(column: Node, shape: Shape) -> Node:
    return make("reshape", column, params=(column.ndim, shape))


def _made(node: Node, a: Node, b: Node, shape: Shape) -> Node:
    return node.graph.add(node.graph.primitives["dot"], (a, b), None, shape, node.dtype)
