"""Sums, products and extrema along axes."""

from __future__ import annotations

from typing import Any

import numpy as np
from ad_conformance.engines.inhouse.codegen import runtime
from ad_conformance.engines.inhouse.core.graph import Node, make
from ad_conformance.engines.inhouse.errors import CompileError
from ad_conformance.engines.inhouse.namespace.on_nodes import Axis, normalized
from ad_conformance.engines.inhouse.namespace.tracer import TRACING, Tracer, begin, is_traced
from ad_conformance.engines.inhouse.rules import ops

__all__ = [
    "cumulative_prod",
    "cumulative_sum",
    "logcumsumexp",
    "logsumexp",
    "max",
    "mean",
    "min",
    "prod",
    "sum",
]


def _numeric(node: Node) -> Node:
    return ops.astype(node, TRACING.floating) if node.dtype.kind == "b" else node


def sum(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    if not is_traced(x):
        return np.sum(x, axis, keepdims=keepdims)
    node = _numeric(begin(x))
    return Tracer(ops.reduce_sum(node, normalized("sum", node, axis), keepdims))


def mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    if not is_traced(x):
        return np.mean(x, axis, keepdims=keepdims)
    node = _numeric(begin(x))
    axes = normalized("mean", node, axis)
    return Tracer(ops.reduce_sum(node, axes, keepdims) / float(ops.count(node.shape, axes)))


def max(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    if not is_traced(x):
        return np.max(x, axis, keepdims=keepdims)
    node = begin(x)
    return Tracer(ops.reduce_max(node, normalized("max", node, axis), keepdims))


def min(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    if not is_traced(x):
        return np.min(x, axis, keepdims=keepdims)
    node = begin(x)
    return Tracer(-ops.reduce_max(-node, normalized("min", node, axis), keepdims))


def logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """log(sum(exp(x))) along axis, without overflow. Its derivative is the softmax."""
    if not is_traced(x):
        x = np.asarray(x)
        if axis is None:
            axis = tuple(range(x.ndim))
        axes = axis if isinstance(axis, tuple) else (axis,)
        return runtime.logsumexp(x, axes, keepdims)
    node = _numeric(begin(x))
    return Tracer(ops.logsumexp(node, normalized("logsumexp", node, axis), keepdims))


def prod(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The product, by a tree of multiplications: no division, so zeros are fine at every order."""
    if not is_traced(x):
        return np.prod(x, axis, keepdims=keepdims)
    node = _numeric(begin(x))
    axes = normalized("prod", node, axis)
    if not axes:
        return x
    rest = tuple(a for a in range(-node.ndim, 0) if a not in axes)
    kept = tuple(node.shape[a] for a in rest)
    y = ops.reshape(ops.transpose(node, rest + axes), (*kept, ops.count(node.shape, axes)))
    left_over = []
    while (n := y.shape[-1]) > 1:
        half = n // 2
        if n % 2:
            left_over.append(ops.index(y, ((n - 1, n, 1),)))
        y = ops.index(y, ((0, half, 1),)) * ops.index(y, ((half, 2 * half, 1),))
    for factor in left_over:
        y = y * factor
    if n == 0:
        y = y.graph.full((*kept, 1), 1.0, y.dtype)
    shape = (
        tuple(1 if i - node.ndim in axes else s for i, s in enumerate(node.shape))
        if keepdims
        else kept
    )
    return Tracer(ops.reshape(y, shape))


def _along(op: str, x: Tracer, axis: int | None) -> tuple[Node, int]:
    node = _numeric(begin(x))
    if axis is None:
        if node.ndim > 1:
            raise CompileError(
                op, (node.shape,), "an axis is needed beyond one dimension", node.graph.step
            )
        return ops.reshape(node, (node.size,)), -1
    return node, normalized(op, node, axis)[0]


def cumulative_sum(x: Any, axis: int | None = None) -> Any:
    if not is_traced(x):
        return np.cumsum(x, axis)
    node, at = _along("cumulative_sum", x, axis)
    return Tracer(ops.cumsum(node, at))


def cumulative_prod(x: Any, axis: int | None = None) -> Any:
    """Running products: no division, so zeros are fine at every order."""
    if not is_traced(x):
        return np.cumprod(x, axis)
    return Tracer(_scan("multiply", *_along("cumulative_prod", x, axis)))


def logcumsumexp(x: Any, axis: int | None = None) -> Any:
    """Running sums of exp(x), in logarithms."""
    if not is_traced(x):
        return np.logaddexp.accumulate(x, 0 if axis is None else axis)
    return Tracer(_scan("logaddexp", *_along("logcumsumexp", x, axis)))


def _scan(op: str, node: Node, at: int) -> Node:
    """Running results of an associative operation, in doubling steps."""
    rest = (ops.FULL,) * (-at - 1)
    step = 1
    while step < node.shape[at]:
        head = ops.index(node, ((0, step, 1), *rest))
        tail = make(
            op, ops.index(node, ((step, None, 1), *rest)), ops.index(node, ((0, -step, 1), *rest))
        )
        node, step = ops.concat([head, tail], at), 2 * step
    return node
