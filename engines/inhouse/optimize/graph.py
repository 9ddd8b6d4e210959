"""The graph of the optimizer: constants merge and fold, and identities apply as nodes are made.

There is no separate clean-up pass, and a derivative of a derivative does not carry along what the
first one left behind.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from ad_conformance.engines.inhouse.core.graph import (
    CONSTANT,
    DType,
    Graph,
    Mismatch,
    Node,
    Primitive,
    Shape,
    make,
    stretch,
)
from ad_conformance.engines.inhouse.errors import CompileError
from ad_conformance.engines.inhouse.optimize import tiling
from ad_conformance.engines.inhouse.optimize.identities import IDENTITIES

# Larger constants are computed when the program runs, not stored with it.
LARGEST_FOLDED = 1 << 24
# Larger stretched constants stay small until an operation needs them.
LARGEST_STRETCHED = 1 << 14
# Larger constants are merged only if they are the same object, since comparing them takes longer
# than it saves.
LARGEST_COMPARED = 1 << 12


class OptimizedGraph(Graph):
    def full(self, shape: Shape, value: float, dtype: DType) -> Node:
        """A constant that is the same number throughout; it takes no memory."""
        number = dtype.type(value)
        key = ("full", shape, dtype, number.tobytes())
        node = self.nodes.get(key)
        if node is None:
            node = self.nodes[key] = self.add(CONSTANT, (), None, shape, dtype)
            node.value = np.broadcast_to(np.asarray(number), shape)
            node.uniform = number.item()
            node.finite = bool(np.isfinite(number))
        return node

    def constant(self, value: Any) -> Node:
        array = np.asarray(value)
        if array.size == 0:
            return self.full(array.shape, 0.0, array.dtype)
        first = array.item(0)
        if bool((array == first).all()) and (
            first != 0 or array.dtype.kind != "f" or _zeros_have_one_sign(array)
        ):
            return self.full(array.shape, first, array.dtype)
        small = array.size <= LARGEST_COMPARED
        key = ("constant", array.shape, array.dtype, array.tobytes() if small else id(array))
        node = self.nodes.get(key)
        if node is None:
            # The node keeps a large array alive, so that no other array gets its id. A small one is
            # copied, because the caller may write to it.
            node = self.nodes[key] = self.add(CONSTANT, (), None, array.shape, array.dtype)
            node.value = np.ascontiguousarray(array) if not small else array.copy()
            if not small and node.value is not array:
                self.nodes["keep", id(array)] = node
                node.params = array
            node.finite = array.dtype.kind != "f" or bool(np.isfinite(array).all())
        return node

    def build(self, primitive: Primitive, args: tuple[Node, ...], params: Any) -> Node:
        """An equal and cheaper node if an identity finds one, else a new node.

        Raises CompileError if the shapes do not fit.
        """
        try:
            shape = primitive.shape(params, *[a.shape for a in args])
        except Mismatch as error:
            shapes = tuple(a.shape for a in args)
            raise CompileError(primitive.name, shapes, str(error), self.step) from None
        dtype = primitive.dtype(params, *[a.dtype for a in args])
        if primitive.elementwise:
            node = self._elementwise(primitive, args, shape, dtype)
        else:
            node = self._structural(primitive, args, params, shape)
        return node or self.add(primitive, args, params, shape, dtype)

    def _structural(
        self, primitive: Primitive, args: tuple[Node, ...], params: Any, shape: Shape
    ) -> Node | None:
        identity = IDENTITIES.get(primitive.name)
        node = identity(params, shape, *args) if identity is not None else None
        if node is None and _is_constant(args):
            stretched = primitive.name == "broadcast"
            if math.prod(shape) <= (LARGEST_STRETCHED if stretched else LARGEST_FOLDED):
                return self.constant(_evaluate(primitive, params, args))
        return node

    def _elementwise(
        self, primitive: Primitive, args: tuple[Node, ...], shape: Shape, dtype: DType
    ) -> Node | None:
        # Stretched operands are taken unstretched, since NumPy broadcasts. The result is stretched.
        bare = tuple([_bare(a) if a.shape else a for a in args])
        if bare != args:
            inner = make(primitive.name, *bare)
            return inner if inner.shape == shape else stretch(inner, shape)
        if _is_constant(args):
            value = _evaluate(primitive, None, args)
            if primitive.name == "select" or any(a.dtype != dtype for a in args):
                value = np.asarray(value).astype(dtype)
            return self.constant(value)
        identity = IDENTITIES.get(primitive.name)
        node = identity(*args) if identity is not None else None
        if node is None:
            return None
        if node.dtype != dtype:
            node = make("astype", node, params=dtype.name)
        return node if node.shape == shape else stretch(node, shape)

    def cover(self, terms: list[Node]) -> list[Node] | None:
        return tiling.cover(terms)


def _is_constant(args: tuple[Node, ...]) -> bool:
    # The last operand is looked at first: it is mostly no constant, and that saves the loop.
    return args[-1].value is not None and all(a.value is not None for a in args)


def _evaluate(primitive: Primitive, params: Any, args: tuple[Node, ...]) -> Any:
    with np.errstate(all="ignore"):
        return primitive.evaluate(params, *[a.value for a in args])


def _zeros_have_one_sign(array: np.ndarray[Any, Any]) -> bool:
    signs = np.signbit(array)
    return bool(signs.all() == signs.any())


def _bare(node: Node) -> Node:
    """The node without reshaping and stretching that broadcasting does anyway."""
    while True:
        if node.op == "broadcast":
            node = node.args[0]
        elif node.uniform is not None and node.shape:
            return node.graph.full((), node.uniform, node.dtype)
        elif (
            node.op == "reshape"
            and node.shape == (1,) * (node.ndim - node.args[0].ndim) + node.args[0].shape
        ):
            node = node.args[0]
        else:
            return node
