"""The graph: nodes that are merged as they are made.

A node is made once per (operation, operands, parameters) and graph, so common subexpressions are
the same object. Constants fold and algebraic identities apply at the same moment, so there is no
separate clean-up pass, and a derivative of a derivative never drags along what the first one left
behind. Operands are always older than the node that uses them: sorting by `index` is a topological
order, and no traversal recurses.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Union, cast

import numpy as np
from ad_conformance.engines.inhouse import primitives
from ad_conformance.engines.inhouse.primitives import (
    BOOLEAN,
    COMMUTATIVE,
    ELEMENTWISE,
    KEEPS_FINITE,
    SHAPES,
    Mismatch,
    Shape,
)

Array = np.ndarray[Any, np.dtype[Any]]
Operand = Union["Node", float]

# Constants beyond this size are computed when the program runs, not stored with it.
LARGEST_FOLDED = 1 << 24
# Stretched constants beyond this size stay small until an operation needs them.
LARGEST_STRETCHED = 1 << 14
# Constants beyond this size are merged by identity, because comparing them would cost more than it
# saves.
LARGEST_COMPARED = 1 << 12

BOOL = np.dtype(bool)


class CompileError(Exception):
    """Tracing or transforming failed: says the operation, the operand shapes, and the traced step
    if there is one.
    """

    def __init__(
        self, operation: str, shapes: tuple[Shape, ...], why: str, step: int | None = None
    ) -> None:
        self.operation, self.shapes, self.why, self.step = operation, shapes, why, step
        operands = " and ".join(map(str, shapes))
        text = f"{operation}: {why}"
        text += f"; operand shapes {operands}" if shapes else ""
        if step is not None:
            text += (
                f" ({f'traced step {step}' if step else 'before the first traced step'}{_caller()})"
            )
        super().__init__(text)


def _caller() -> str:
    """The innermost line outside this package, for error messages only."""
    frame = sys._getframe(2)
    while frame is not None and frame.f_globals.get("__package__") == __package__:
        frame = frame.f_back  # type: ignore[assignment]
    return f", {frame.f_code.co_filename}:{frame.f_lineno}" if frame is not None else ""


class Node:
    """One value of the program: an operation, its operands, and what is known of the result
    beforehand.
    """

    __slots__ = (
        "args",
        "dtype",
        "finite",
        "graph",
        "index",
        "op",
        "params",
        "shape",
        "uniform",
        "value",
    )

    graph: Graph
    op: str
    args: tuple[Node, ...]
    params: Any
    shape: Shape
    dtype: np.dtype[Any]
    index: int
    value: Array | None  # of a constant
    uniform: float | None  # the one number that a constant consists of
    finite: bool  # surely finite whenever the inputs are

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        n = 1
        for s in self.shape:
            n *= s
        return n

    # Operators let the derivative rules be written as formulas.
    def __add__(self, other: Operand) -> Node:
        return make("add", self, other)

    def __mul__(self, other: Operand) -> Node:
        return make("multiply", self, other)

    def __truediv__(self, other: Operand) -> Node:
        return make("divide", self, other)

    def __sub__(self, other: Operand) -> Node:
        return make("add", self, make("multiply", -1.0, self.graph.lift(other, self.dtype)))

    def __neg__(self) -> Node:
        return make("multiply", -1.0, self)

    def __radd__(self, other: float) -> Node:
        return make("add", other, self)

    def __rmul__(self, other: float) -> Node:
        return make("multiply", other, self)

    def __rtruediv__(self, other: float) -> Node:
        return make("divide", other, self)

    def __rsub__(self, other: float) -> Node:
        return make("add", other, -self)

    def __repr__(self) -> str:
        return f"<{self.op} {self.shape} #{self.index}>"


def _one_zero(array: Array) -> bool:
    """Whether zeros are all of one sign."""
    signs = np.signbit(array)
    return bool(signs.all() == signs.any())


class Graph:
    """The nodes of one compilation."""

    def __init__(self) -> None:
        self.nodes: dict[Any, Node] = {}
        self.count = 0
        self.step = 0  # how many operations the user's function has asked for so far

    def _node(
        self, op: str, args: tuple[Node, ...], params: Any, shape: Shape, dtype: np.dtype[Any]
    ) -> Node:
        node = Node.__new__(Node)
        node.graph, node.op, node.args, node.params = self, op, args, params
        node.shape, node.dtype, node.value, node.uniform = shape, dtype, None, None
        node.index = self.count
        self.count += 1
        node.finite = op in KEEPS_FINITE and False not in [a.finite for a in args]
        return node

    def input(self, shape: Shape, dtype: np.dtype[Any]) -> Node:
        node = self._node("input", (), None, shape, dtype)
        node.finite = True
        return node

    def mark(self, node: Node) -> Node:
        """A fresh stand-in for node, equal to it and the same as nothing else.

        A nested derivative is taken with respect to its own mark. A closure that captured the very
        same value holds the node and not the mark, so levels of differentiation cannot be confused.
        """
        return self._node("mark", (node,), None, node.shape, node.dtype)

    def full(self, shape: Shape, value: float, dtype: np.dtype[Any]) -> Node:
        """A constant that is the same number throughout; takes no memory."""
        number = dtype.type(value)
        key = ("full", shape, dtype, number.tobytes())
        node = self.nodes.get(key)
        if node is None:
            node = self.nodes[key] = self._node("constant", (), None, shape, dtype)
            node.value = np.broadcast_to(np.asarray(number), shape)
            node.uniform = number.item()
            node.finite = bool(np.isfinite(number))
        return node

    def constant(self, value: Any) -> Node:
        array: Array = np.asarray(value)
        if array.size == 0:
            return self.full(array.shape, 0.0, array.dtype)
        first = array.item(0)
        if bool((array == first).all()) and (
            first != 0 or array.dtype.kind != "f" or _one_zero(array)
        ):
            return self.full(array.shape, first, array.dtype)
        small = array.size <= LARGEST_COMPARED
        key = ("constant", array.shape, array.dtype, array.tobytes() if small else id(array))
        node = self.nodes.get(key)
        if node is None:
            # The node keeps the array alive, so that an identity in a key is never used twice.
            # Small ones are copied because the caller may write to theirs.
            node = self.nodes[key] = self._node("constant", (), None, array.shape, array.dtype)
            node.value = np.ascontiguousarray(array) if not small else array.copy()
            if not small and node.value is not array:
                self.nodes["keep", id(array)] = node
                node.params = array
            node.finite = array.dtype.kind != "f" or bool(np.isfinite(array).all())
        return node

    def lift(self, value: Operand, dtype: np.dtype[Any]) -> Node:
        """Numbers are weak: they take the dtype of the operand beside them."""
        if isinstance(value, Node):
            return value
        return self.full((), value, dtype)


# An operation's algebraic identities: a node that is equal and simpler, or None. Filled by
# folding.py.
FOLDS: dict[str, Callable[..., Node | None]] = {}


def make(op: str, *operands: Operand, params: Any = None) -> Node:
    """The node for this operation, simplified. Raises CompileError if the shapes do not fit."""
    first = operands[0]
    if (
        type(first) is Node
        and type(operands[-1]) is Node
        and (len(operands) < 3 or _all_nodes(operands))
    ):
        graph, args = first.graph, cast(tuple[Node, ...], operands)
    else:
        # Numbers take their dtype from the first node; the condition of a select has none to give.
        like = next(
            a for a in (operands[1:] if op == "select" else operands) if isinstance(a, Node)
        )
        graph = like.graph
        args = tuple(
            [a if isinstance(a, Node) else graph.full((), a, like.dtype) for a in operands]
        )
    if op in COMMUTATIVE and args[0].index > args[1].index:
        args = (args[1], args[0])
    key = (op, args, params)
    node = graph.nodes.get(key)
    if node is None:
        try:
            node = (
                _elementwise(graph, op, args)
                if op in ELEMENTWISE
                else _structural(graph, op, args, params)
            )
        except Mismatch as error:
            raise CompileError(op, tuple(a.shape for a in args), str(error), graph.step) from None
        graph.nodes[key] = node
    return node


def _all_nodes(operands: tuple[Operand, ...]) -> bool:
    return all(isinstance(a, Node) for a in operands)


def _elementwise(graph: Graph, op: str, args: tuple[Node, ...]) -> Node:
    shape = primitives.broadcast_shapes(*[a.shape for a in args])
    # Stretching is left to NumPy: the operation happens on the small operands, and the stretching
    # after it.
    bare = tuple([_bare(graph, a) if a.shape else a for a in args])
    if bare != args:
        if op in COMMUTATIVE and bare[0].index > bare[1].index:
            bare = (bare[1], bare[0])
        inner = make(op, *bare)
        return inner if inner.shape == shape else stretch(inner, shape)
    dtype = BOOL if op in BOOLEAN else result_dtype(args[1:] if op == "select" else args)
    values = [a.value for a in args]
    if all(v is not None for v in values):
        if op == "select" or any(a.dtype != dtype for a in args):
            return graph.constant(np.asarray(primitives.evaluate(op, None, *values)).astype(dtype))
        return graph.constant(primitives.evaluate(op, None, *values))
    fold = FOLDS.get(op)
    if fold is not None:
        node = fold(*args)
        if node is not None:
            if node.dtype != dtype:
                node = make("astype", node, params=dtype.name)
            return node if node.shape == shape else stretch(node, shape)
    return graph._node(op, args, None, shape, dtype)


def _bare(graph: Graph, node: Node) -> Node:
    """The node without stretching that broadcasting would bring back."""
    while True:
        if node.op == "broadcast":
            node = node.args[0]
        elif node.uniform is not None and node.shape:
            return graph.full((), node.uniform, node.dtype)
        elif (
            node.op == "reshape"
            and node.shape == (1,) * (node.ndim - node.args[0].ndim) + node.args[0].shape
        ):
            node = node.args[0]
        else:
            return node


def _structural(graph: Graph, op: str, args: tuple[Node, ...], params: Any) -> Node:
    shape = SHAPES[op](params, *[a.shape for a in args])
    dtype = _structural_dtype(op, args, params)
    fold = FOLDS.get(op)
    if fold is not None:
        node = fold(params, shape, *args)
        if node is not None:
            return node
    if all(a.value is not None for a in args):
        size = 1
        for n in shape:
            size *= n
        if size <= (LARGEST_STRETCHED if op == "broadcast" else LARGEST_FOLDED):
            return graph.constant(primitives.evaluate(op, params, *[a.value for a in args]))
    return graph._node(op, args, params, shape, dtype)


def _named_dtype(name: str) -> np.dtype[Any]:
    return np.dtype(name)


def _structural_dtype(op: str, args: tuple[Node, ...], params: Any) -> np.dtype[Any]:
    match op:
        case "astype":
            return _named_dtype(params)
        case "argsort":
            return np.dtype(np.intp)
        case "reorder":
            return args[0].dtype
        case _:
            return result_dtype(args)


_DTYPES: dict[Any, np.dtype[Any]] = {}


def result_dtype(args: tuple[Node, ...]) -> np.dtype[Any]:
    first = args[0].dtype
    for a in args:
        if a.dtype is not first and a.dtype != first:
            break
    else:
        return first
    key = tuple([a.dtype for a in args])
    if key not in _DTYPES:
        _DTYPES[key] = np.result_type(*key)
    return _DTYPES[key]


def stretch(node: Node, shape: Shape) -> Node:
    """node broadcast to shape. Raises CompileError."""
    if node.shape == shape:
        return node
    if node.uniform is not None:
        return node.graph.full(shape, node.uniform, node.dtype)
    if node.ndim < len(shape):
        node = make(
            "reshape", node, params=(node.ndim, (1,) * (len(shape) - node.ndim) + node.shape)
        )
    return make("broadcast", node, params=shape)
