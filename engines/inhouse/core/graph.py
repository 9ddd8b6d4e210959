"""The graph of a program. A node is made once per operation, operands and parameters.

Operands are older than the nodes that use them: sorting by `index` gives a topological order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

Shape = tuple[int, ...]
DType = np.dtype[Any]
promoted: Callable[..., DType] = lru_cache(None)(np.result_type)


class Mismatch(Exception):
    """Operand shapes that do not fit."""


@dataclass(frozen=True, slots=True)
class Primitive:
    """The record of one operation. Parameters count axes from the end."""

    name: str
    shape: Callable[..., Shape]  # (params, *shapes); raises Mismatch
    evaluate: Callable[..., Any]  # (params, *arrays)
    rule: Any = None  # the derivative, see passes.py; None if the result is piecewise constant
    print: Callable[..., Any] | None = None  # (printer, node), for generated code only
    dtype: Callable[..., DType] = lambda params, *dtypes: promoted(*dtypes)
    elementwise: bool = False
    broadcasts: bool = False  # leading axes of the operands broadcast
    commutative: bool = False
    keeps_finite: bool = False  # the result is finite if the operands are
    family: bool = False  # the first operand is one number, which chooses the function
    omits: Callable[[Node], bool] = lambda node: True  # whether an index leaves entries out


INPUT = Primitive("input", lambda p: (), lambda p: None, keeps_finite=True)
CONSTANT = Primitive("constant", lambda p: (), lambda p: None)


@dataclass(slots=True, eq=False, repr=False)
class Node:
    """One value of the program. Operators make nodes, so that derivative rules read as formulas."""

    graph: Graph
    primitive: Primitive
    op: str  # the name of the primitive
    args: tuple[Node, ...]
    params: Any
    shape: Shape
    dtype: DType
    index: int
    finite: bool  # the value is finite if the inputs are
    value: Any = None  # of a constant
    uniform: float | None = None  # the one number that a constant consists of

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def __add__(self, other: Node | float) -> Node:
        return make("add", self, other)

    def __mul__(self, other: Node | float) -> Node:
        return make("multiply", self, other)

    def __truediv__(self, other: Node | float) -> Node:
        return make("divide", self, other)

    def __rtruediv__(self, other: float) -> Node:
        return make("divide", other, self)

    def __neg__(self) -> Node:
        return make("multiply", -1.0, self)

    def __sub__(self, other: Node | float) -> Node:
        return make("add", self, -other)

    def __rsub__(self, other: float) -> Node:
        return make("add", other, -self)

    __radd__, __rmul__ = __add__, __mul__


class Graph:
    """The nodes of one compilation. The optimizer is a subclass that builds cheaper nodes."""

    def __init__(self, primitives: Mapping[str, Primitive]) -> None:
        self.primitives = primitives
        self.nodes: dict[Any, Node] = {}
        self.count = self.step = 0  # nodes; operations that the traced function has called

    def build(self, primitive: Primitive, args: tuple[Node, ...], params: Any) -> Node:
        shape = primitive.shape(params, *[a.shape for a in args])
        dtype = primitive.dtype(params, *[a.dtype for a in args])
        return self.add(primitive, args, params, shape, dtype)

    def cover(self, terms: list[Node]) -> list[Node] | None:
        """The terms, with pieces of one array joined if they cover it; the optimizer does so."""

    def add(
        self, primitive: Primitive, args: tuple[Node, ...], params: Any, shape: Shape, dtype: DType
    ) -> Node:
        """A new node, even if an equal one exists."""
        finite = primitive.keeps_finite and False not in [a.finite for a in args]
        self.count += 1
        return Node(self, primitive, primitive.name, args, params, shape, dtype, self.count, finite)

    def input(self, shape: Shape, dtype: DType) -> Node:
        return self.add(INPUT, (), None, shape, dtype)

    def fresh_variable(self, node: Node) -> Node:
        """A new node with the same value, so that nested levels cannot be confused."""
        fresh = self.primitives["fresh_variable"]
        return self.add(fresh, (node,), None, node.shape, node.dtype)

    def full(self, shape: Shape, value: float, dtype: DType) -> Node:
        return self.constant(np.broadcast_to(dtype.type(value), shape))

    def constant(self, value: Any) -> Node:
        array = np.array(value)
        node = self.add(CONSTANT, (), None, array.shape, array.dtype)
        node.value, node.finite = array, array.dtype.kind != "f" or bool(np.isfinite(array).all())
        if array.size and (array == array.item(0)).all():
            node.uniform = array.item(0)
        return node


def make(op: str, *operands: Node | float, params: Any = None) -> Node:
    """The node of this operation. Numbers take the dtype of the last node. Raises Mismatch."""
    nodes = [a for a in operands if isinstance(a, Node)]
    graph, like = nodes[-1].graph, nodes[-1].dtype
    if len(nodes) < len(operands):
        nodes = [a if isinstance(a, Node) else graph.full((), a, like) for a in operands]
    args, primitive = tuple(nodes), graph.primitives[op]
    if primitive.commutative and args[0].index > args[1].index:
        args = (args[1], args[0])
    key = (op, args, params)
    node = graph.nodes.get(key)
    if node is None:
        node = graph.nodes[key] = graph.build(primitive, args, params)
    return node


def reshape(x: Node, shape: Shape) -> Node:
    return x if x.shape == shape else make("reshape", x, params=(x.ndim, shape))


def stretch(x: Node, shape: Shape) -> Node:
    """x broadcast to shape."""
    x = reshape(x, (1,) * (len(shape) - x.ndim) + x.shape)
    return x if x.shape == shape else make("broadcast", x, params=shape)
