"""Sorting. The order is piecewise constant; the derivative is that of the moved entries."""

from __future__ import annotations

from typing import Any

import numpy as np
from ad_conformance.engines.inhouse.codegen import runtime
from ad_conformance.engines.inhouse.core.graph import make
from ad_conformance.engines.inhouse.errors import CompileError
from ad_conformance.engines.inhouse.namespace.on_nodes import normalized
from ad_conformance.engines.inhouse.namespace.shapes import flip
from ad_conformance.engines.inhouse.namespace.tracer import Tracer, begun, is_traced

__all__ = ["sort", "sort_by"]


def sort(x: Any, axis: int = -1, descending: bool = False) -> Any:
    """The entries along an axis in order. Equal ones keep their order, or reverse it if
    `descending`.
    """
    ordered = sort_by(x, x, axis)
    return flip(ordered, axis) if descending else ordered


def sort_by(keys: Any, x: Any, axis: int = -1) -> Any:
    """x in the order of keys, an array of the same shape."""
    if not is_traced(keys, x):
        keys, x = np.asarray(keys), np.asarray(x)
        return runtime.reorder(x, keys.argsort(axis, "stable"), axis if axis < 0 else axis - x.ndim)
    key, node = begun(keys, x)
    if key.shape != node.shape or not node.ndim:
        raise CompileError(
            "sort_by", (key.shape, node.shape), "the shapes differ or have no axis", key.graph.step
        )
    at = normalized("sort_by", node, axis)[0]
    return Tracer(make("reorder", node, make("argsort", key, params=at), params=at))
