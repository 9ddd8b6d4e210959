"""Linear algebra, on matrices and stacks of matrices."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from ad_conformance.engines.inhouse.core.graph import Node
from ad_conformance.engines.inhouse.errors import CompileError
from ad_conformance.engines.inhouse.namespace import creation, elementwise, reductions
from ad_conformance.engines.inhouse.namespace.products import matmul as matmul
from ad_conformance.engines.inhouse.namespace.shapes import diagonal_of
from ad_conformance.engines.inhouse.namespace.tracer import Tracer, begin, begun, emit, is_traced
from ad_conformance.engines.inhouse.rules import ops

__all__ = ["det", "diagonal", "inv", "matrix_norm", "solve", "trace", "vector_norm"]

# Determinants up to this size expand into minors. That takes n 2^(n-1) products, and rounding
# errors stay as small as those of the entries.
LARGEST_EXPANDED = 7


def _square(op: str, node: Node) -> int:
    if node.ndim < 2 or node.shape[-1] != node.shape[-2]:
        raise CompileError(op, (node.shape,), "the matrix is not square", node.graph.step)
    return node.shape[-1]


def det(x: Any) -> Any:
    """The determinant as a polynomial, without division, so that its derivatives are right at
    singular matrices.

    Small matrices expand row by row into the minors of all column subsets (Laplace); larger ones
    use R. S. Bird, "A simple division-free algorithm for computing determinants" (2011).
    """
    if not is_traced(x):
        return np.linalg.det(x)
    node = begin(x)
    n = _square("det", node)
    if n == 0:
        return Tracer(node.graph.full(node.shape[:-2], 1.0, node.dtype))
    return Tracer(_minors(node, n) if n <= LARGEST_EXPANDED else _bird(node, n))


def _minors(a: Node, n: int) -> Node:
    minors = ops.index(a, (0, ops.FULL))
    before: dict[tuple[int, ...], int] = {(j,): j for j in range(n)}
    for k in range(2, n + 1):
        subsets = list(combinations(range(n), k))
        columns = tuple(j for s in subsets for j in s)
        without = tuple(before[s[:i] + s[i + 1 :]] for s in subsets for i in range(k))
        signs = np.array([(-1.0) ** (k - 1 + i) for i in range(k)] * len(subsets), a.dtype)
        row = ops.take(ops.index(a, (k - 1, ops.FULL)), columns, -1)
        terms = a.graph.constant(signs) * row * ops.take(minors, without, -1)
        minors = ops.reduce_sum(ops.reshape_tail(terms, 1, (len(subsets), k)), (-1,))
        before = {s: i for i, s in enumerate(subsets)}
    return ops.reshape(minors, a.shape[:-2])


def _bird(a: Node, n: int) -> Node:
    above = a.graph.constant(~np.tri(n, dtype=bool))
    # Entry i of the new diagonal is minus the sum of the diagonal entries below i.
    below = a.graph.constant(-np.tri(n, k=-1, dtype=a.dtype).T)
    eye = a.graph.constant(np.eye(n, dtype=a.dtype))
    f = a
    for _ in range(n - 1):
        tail = ops.matmul(below, ops.expand(diagonal_of(f), (-1,)))
        f = ops.matmul(ops.select(above, f, 0.0) + eye * tail, a)
    corner = ops.index(f, (0, 0))
    return corner if n % 2 else -corner


def inv(x: Any) -> Any:
    if not is_traced(x):
        return np.linalg.inv(x)
    return emit("inv", x)


def solve(a: Any, b: Any) -> Any:
    """The solution of a @ x = b; b is one vector, or matrices whose columns are the right-hand
    sides.
    """
    if not is_traced(a, b):
        return np.linalg.solve(a, b)
    x, y = begun(a, b)
    _square("solve", x)
    if y.ndim == 1:
        if y.shape[0] != x.shape[-1]:
            why = "the right-hand side has another length than the matrix"
            raise CompileError("solve", (x.shape, y.shape), why, x.graph.step)
        solution = ops.solve(x, ops.expand(y, (-1,)))
        return Tracer(ops.reshape(solution, solution.shape[:-1]))
    return Tracer(ops.solve(x, y))


def diagonal(x: Any, offset: int = 0) -> Any:
    if not is_traced(x):
        return np.linalg.diagonal(x, offset=offset)
    node = begin(x)
    if node.ndim < 2:
        raise CompileError("diagonal", (node.shape,), "two axes are needed", node.graph.step)
    return Tracer(diagonal_of(node, offset))


def trace(x: Any, offset: int = 0) -> Any:
    if not is_traced(x):
        return np.linalg.trace(x, offset=offset)
    return Tracer(ops.reduce_sum(diagonal(x, offset).node, (-1,)))


def vector_norm(x: Any, axis: Any = None, keepdims: bool = False, ord: float = 2) -> Any:
    """The norm of the vectors along axis, by default of all entries. It is not smooth at zero."""

    def total(entries: Any) -> Any:
        return reductions.sum(entries, axis=axis, keepdims=keepdims)

    if ord == 2:
        return elementwise.sqrt(total(x * x if is_traced(x) else np.square(x)))
    magnitudes = elementwise.abs(x)
    if ord == float("inf"):
        return reductions.max(magnitudes, axis=axis, keepdims=keepdims)
    if ord == -float("inf"):
        return reductions.min(magnitudes, axis=axis, keepdims=keepdims)
    if ord == 0:
        is_zero = elementwise.equal(x, 0)
        return total(elementwise.where(is_zero, 0.0, creation.ones_like(x)))
    if ord == 1:
        return total(magnitudes)
    return elementwise.pow(total(elementwise.pow(magnitudes, ord)), 1 / ord)


def matrix_norm(x: Any, keepdims: bool = False, ord: str = "fro") -> Any:
    """The Frobenius norm."""
    if ord != "fro":
        raise NotImplementedError(f"matrix_norm of order {ord!r}: only 'fro' is there")
    return vector_norm(x, axis=(-2, -1), keepdims=keepdims)
