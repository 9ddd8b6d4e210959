"""Sorting. The order is piecewise constant: only the entries that it moves have a derivative."""

from __future__ import annotations

from typing import Any

import numpy as np
from ad_conformance.engines.inhouse import runtime
from ad_conformance.engines.inhouse.graph import CompileError, Node, make
from ad_conformance.engines.inhouse.reductions import normalized
from ad_conformance.engines.inhouse.shapes import flip
from ad_conformance.engines.inhouse.tracer import Tracer, is_traced, nodes

__all__ = ["sort", "sort_by"]


def sort(x: Any, axis: int = -1, descending: bool = False) -> Any:
    """The entries along an axis in order; equal ones stay in the order in which they stood, or its
    reverse.
    """
    ordered = sort_by(x, x, axis)
    return flip(ordered, axis) if descending else ordered


def sort_by(keys: Any, x: Any, axis: int = -1) -> Any:
    """x in the order of keys, an array of the same shape."""
    if not is_traced(keys, x):
        keys, x = np.asarray(keys), np.asarray(x)
        return runtime.reorder(x, keys.argsort(axis, "stable"), axis if axis < 0 else axis - x.ndim)
    key, node = nodes(keys, x)
    key.graph.step += 1
    if key.shape != node.shape or not node.ndim:
        raise CompileError(
            "sort_by", (key.shape, node.shape), "the shapes differ or have no axis", key.graph.step
        )
    at = normalized("sort_by", node, axis)[0]
    return Tracer(reorder(node, make("argsort", key, params=at), at))


def reorder(x: Node, order: Node, axis: int) -> Node:
    return make("reorder", x, order, params=axis)
