"""Products of vectors and matrices."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from ad_conformance.engines.inhouse.errors import CompileError
from ad_conformance.engines.inhouse.namespace import on_nodes
from ad_conformance.engines.inhouse.namespace.shapes import diagonal_of
from ad_conformance.engines.inhouse.namespace.tracer import Tracer, begun, is_traced
from ad_conformance.engines.inhouse.rules import ops

__all__ = ["einsum", "matmul", "outer", "tensordot", "vecdot"]


def matmul(a: Any, b: Any) -> Any:
    return Tracer(on_nodes.matmul(*begun(a, b))) if is_traced(a, b) else np.matmul(a, b)


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """The sum of products over pairs of axes: the last `axes` of a with the first of b, or two
    sequences.
    """
    if not is_traced(a, b):
        return np.tensordot(a, b, axes)
    x, y = begun(a, b)
    if isinstance(axes, (int, np.integer)):
        left, right = list(range(x.ndim - axes, x.ndim)), list(range(axes))
    else:
        left, right = ([int(i) for i in np.ravel(s)] for s in axes)
    bad = len(left) != len(right) or any(not -x.ndim <= i < x.ndim for i in left)
    if bad or any(not -y.ndim <= i < y.ndim for i in right):
        raise CompileError("tensordot", (x.shape, y.shape), f"axes {axes} do not fit", x.graph.step)
    left, right = [i % x.ndim for i in left], [i % y.ndim for i in right]
    if any(x.shape[i] != y.shape[j] for i, j in zip(left, right, strict=True)):
        raise CompileError(
            "tensordot", (x.shape, y.shape), f"the lengths along axes {axes} differ", x.graph.step
        )
    free_x = [i for i in range(x.ndim) if i not in left]
    free_y = [i for i in range(y.ndim) if i not in right]
    shape = tuple(x.shape[i] for i in free_x) + tuple(y.shape[i] for i in free_y)
    m, n = math.prod(x.shape[i] for i in free_x), math.prod(y.shape[i] for i in free_y)
    k = math.prod(x.shape[i] for i in left)
    p = ops.reshape(ops.transpose(x, tuple(i - x.ndim for i in free_x + left)), (m, k))
    q = ops.reshape(ops.transpose(y, tuple(i - y.ndim for i in right + free_y)), (k, n))
    return Tracer(ops.reshape(ops.matmul(p, q), shape))


def outer(a: Any, b: Any) -> Any:
    if not is_traced(a, b):
        return np.outer(a, b)
    x, y = begun(a, b)
    return Tracer(ops.reshape(x, (x.size, 1)) * ops.reshape(y, (1, y.size)))


def vecdot(a: Any, b: Any, axis: int = -1) -> Any:
    """The sum of products along an axis, the others broadcast."""
    if not is_traced(a, b):
        return np.vecdot(a, b, axis=axis)  # type: ignore[call-overload]
    x, y = begun(a, b)
    ndim = max(x.ndim, y.ndim)
    at = axis if axis < 0 else axis - ndim
    if not -min(x.ndim, y.ndim) <= at < 0 or x.shape[at] != y.shape[at]:
        raise CompileError("vecdot", (x.shape, y.shape), f"axis {axis} does not fit", x.graph.step)
    return Tracer(ops.reduce_sum(x * y, (at,)))


def einsum(subscripts: str, *operands: Any) -> Any:
    """The sum of products that "ab,bc->ac" says; a letter may repeat within an operand, for its
    diagonal.
    """
    if not is_traced(*operands):
        return np.einsum(subscripts, *operands)
    terms, result = subscripts.replace(" ", "").split("->")
    parts = begun(*operands)
    shapes = tuple(p.shape for p in parts)
    letters = sorted(set(terms) - {","})
    if [len(term) for term in terms.split(",")] != [p.ndim for p in parts] or not set(
        result
    ) <= set(letters):
        raise CompileError("einsum", shapes, f"{subscripts!r} does not fit", parts[0].graph.step)
    product = None
    for term, part in zip(terms.split(","), parts, strict=True):
        for letter in dict.fromkeys(term):
            while term.count(letter) > 1:
                # The two axes last, as a matrix, of which the diagonal is left.
                i, j = term.index(letter), term.rindex(letter)
                rest = [k for k in range(len(term)) if k not in (i, j)]
                part = diagonal_of(ops.transpose(part, tuple(k - len(term) for k in [*rest, i, j])))
                term = "".join(term[k] for k in rest) + letter
        order = sorted(range(len(term)), key=lambda k, term=term: term[k])  # type: ignore[misc]
        part = ops.transpose(part, tuple(k - len(term) for k in order))
        present = iter(part.shape)
        part = ops.reshape(part, tuple(next(present) if k in term else 1 for k in letters))
        product = part if product is None else product * part
    assert product is not None
    total = ops.reduce_sum(
        product, tuple(i - len(letters) for i, k in enumerate(letters) if k not in result)
    )
    left = [k for k in letters if k in result]
    return Tracer(ops.transpose(total, tuple(left.index(k) - len(left) for k in result)))
