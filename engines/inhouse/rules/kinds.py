"""The three kinds of derivative rule.

    Elementwise(partials)           partial derivatives, from which both modes follow
    Linear(pullback)                the pushforward is the operation itself, on the tangent
    General(pullback, pushforward)  both written out

The formulas make nodes of the same graph as the program, so that they are differentiated like any
other part of it. Nothing else is needed for nested derivatives.

Rules with `masks` produce cotangents that are exactly zero in entries that were not selected
(core/passes.py). The backward pass keeps account of them and asks a rule to multiply such a
cotangent by `safe_multiply`. That is a bilinear primitive with a rule of its own, so that the same
holds at the next order, when the masked zero has become the other factor. Forward tangents need
nothing of the kind, because selection discards the entries that were not selected.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from ad_conformance.engines.inhouse.core.graph import DType, Node, Shape, make, stretch
from ad_conformance.engines.inhouse.rules import ops

Tangents = tuple[Node | None, ...]
Partial = Callable[..., Node | float]


@dataclass(frozen=True, slots=True)
class Scaling:
    """Multiplies cotangents; if `masked`, then with care for zeros that selection made."""

    masked: bool

    def is_plain(self, d: Node | float) -> bool:
        """Whether an ordinary product with d is right.

        A variable d needs care even if it is finite. At the next order its product with a masked
        zero is differentiated, and there the zero meets a cotangent that may be infinite.
        """
        return not self.masked or not isinstance(d, Node) or (d.value is not None and d.finite)

    def times(self, ct: Node, d: Node | float) -> Node:
        return make("multiply" if self.is_plain(d) else "safe_multiply", ct, d)

    def matmul(self, a: Node, b: Node, ct_first: bool) -> Node:
        """a @ b, of which the cotangent is the first or the second operand."""
        if self.is_plain(b if ct_first else a):
            return make("matmul", a, b)
        left, right = ops.expand(a, (-1,)), ops.expand(b, (-3,))
        product = self.times(left, right) if ct_first else self.times(right, left)
        return ops.reduce_sum(product, (-2,))


PLAIN, MASKED = Scaling(False), Scaling(True)


@dataclass(frozen=True, slots=True)
class Missing:
    """In place of a partial derivative for which the engine has no formula."""

    op: str
    operand: int

    def __call__(self, *_nodes: Node) -> Node:
        raise NotImplementedError(f"{self.op} has no derivative by operand {self.operand}")


@dataclass(frozen=True, slots=True)
class Elementwise:
    """partials[i](out, *operands) is the derivative to operand i."""

    partials: tuple[Partial, ...]
    masks: ClassVar[bool] = False

    def pull(self, masked: bool, i: int, ct: Node, node: Node) -> Node:
        scaling = MASKED if masked else PLAIN
        term = scaling.times(ct, self.partials[i](node, *node.args))
        return fitted(stretch(term, node.shape), node.args[i])

    def push(self, node: Node, tangents: Tangents) -> Node:
        result = None
        for t, partial in zip(tangents, self.partials, strict=True):
            if t is not None:
                term = make("multiply", t, partial(node, *node.args))
                result = term if result is None else result + term
        assert result is not None
        return _cast(stretch(result, node.shape), node.dtype)


@dataclass(frozen=True, slots=True)
class Linear:
    """pullback(ct, operand, params) is the cotangent of the operand."""

    pullback: Callable[..., Node]
    masks: bool = False

    def pull(self, masked: bool, i: int, ct: Node, node: Node) -> Node:
        return fitted(self.pullback(ct, node.args[i], node.params), node.args[i])

    def push(self, node: Node, tangents: Tangents) -> Node:
        assert tangents[0] is not None
        result = make(node.op, tangents[0], params=node.params)
        return _cast(stretch(result, node.shape), node.dtype)


@dataclass(frozen=True, slots=True)
class General:
    """pullback(scaling, i, ct, out, *operands) is the cotangent of operand i, and
    pushforward(out, operands, tangents) the tangent of out.
    """

    pullback: Callable[..., Node]
    pushforward: Callable[..., Node]
    masks: bool = False

    def pull(self, masked: bool, i: int, ct: Node, node: Node) -> Node:
        scaling = MASKED if masked else PLAIN
        return fitted(self.pullback(scaling, i, ct, node, *node.args), node.args[i])

    def push(self, node: Node, tangents: Tangents) -> Node:
        result = self.pushforward(node, node.args, tangents)
        return _cast(stretch(result, node.shape), node.dtype)


Rule = Elementwise | Linear | General


def each(*partials: Partial) -> Elementwise:
    return Elementwise(partials)


def f(name: str, *operands: Node | float) -> Node:
    """An operation in a formula."""
    return make(name, *operands)


def fitted(term: Node, operand: Node) -> Node:
    """A cotangent in the dtype and shape of its operand."""
    term = _cast(term, operand.dtype)
    return term if term.shape == operand.shape else sum_to(term, operand.shape)


def _cast(x: Node, dtype: DType) -> Node:
    return x if x.dtype == dtype else make("astype", x, params=dtype.name)


def sum_to(ct: Node, shape: Shape) -> Node:
    """ct summed over the axes along which an operand of this shape was broadcast."""
    n = len(shape)
    if ct.ndim > n:
        ct = ops.reduce_sum(ct, tuple(range(-ct.ndim, -n)))
    if ct.shape != shape:
        axes = tuple([i - n for i, k in enumerate(shape) if k == 1 and ct.shape[i] != 1])
        ct = ops.reduce_sum(ct, axes, True)
    return ct
