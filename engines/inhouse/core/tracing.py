"""From a function to a graph, and from a graph to numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ad_conformance.engines.inhouse.core.graph import Node, make
from ad_conformance.engines.inhouse.core.passes import reachable


class Tracer:
    """The argument of a function that is traced. namespace/tracer.py adds the operators."""

    __slots__ = ("node",)

    def __init__(self, node: Node) -> None:
        self.node = node


def emit(op: str, *values: Any, params: Any = None) -> Tracer:
    """The operation on tracers and constants."""
    graph = next(v.node.graph for v in values if isinstance(v, Tracer))
    args = [v.node if isinstance(v, Tracer) else graph.constant(v) for v in values]
    return Tracer(make(op, *args, params=params))


def evaluate(out: Node, inputs: Mapping[Node, Any]) -> Any:
    """The value of out, given those of the inputs. Generated code does the same, faster."""
    values = dict(inputs)
    for node in reachable(out):
        if node not in values:
            operands = [values[a] for a in node.args]
            computed = node.primitive.evaluate(node.params, *operands)
            values[node] = computed if node.value is None else node.value
    return values[out]
