"""The rules of TensorFlow: the gradient registry, which both modes use.

The function at each level is traced to a graph of its own. The rules that its derivative uses are
those of the operations between the operands and the result, also inside of the functions that such
an operation calls: the branches of `cond`, the bodies of loops.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

import tensorflow as tf
from ad_conformance.engines import registry
from tensorflow.python.framework import ops

from validation.rules.record import Function, Rule


@cache
def _table() -> frozenset[str]:
    """The types of operations that have a rule. Some entries only say that there is none."""
    registered = ops.gradient_registry
    return frozenset(name for name in registered.list() if registered.lookup(name) is not None)


class TensorflowRules:
    """The gradient registry."""

    engines = (registry.find("tensorflow"),)

    def __init__(self) -> None:
        # Functions with custom gradients add names of their own while they run.
        _table()

    def rules(self) -> frozenset[Rule]:
        return frozenset(Rule("tensorflow", "gradient", name) for name in _table())

    def observe(
        self, f: Function, operands: tuple[Any, ...], letter: str
    ) -> tuple[Any, Callable[[], Iterable[Rule]]]:
        value = f(*operands)
        specs = [tf.TensorSpec(t.shape, t.dtype) for t in operands]
        graph = tf.function(f, autograph=False).get_concrete_function(*specs).graph
        found = set(_types(graph, graph.inputs[: len(specs)], graph.outputs))
        return value, lambda: (
            Rule("tensorflow", "gradient", name) for name in found if name in _table()
        )


def _types(graph: Any, inputs: Iterable[Any], outputs: Iterable[Any]) -> Iterator[str]:
    """The types of the operations between inputs and outputs of a graph."""
    after, waiting = set(), [use for tensor in inputs for use in tensor.consumers()]
    while waiting:
        op = waiting.pop()
        if op not in after:
            after.add(op)
            waiting += [use for tensor in op.outputs for use in tensor.consumers()]
    before, waiting = set(), [tensor.op for tensor in outputs]
    while waiting:
        op = waiting.pop()
        if op not in before:
            before.add(op)
            waiting += [tensor.op for tensor in op.inputs]
    for op in after & before:
        yield op.type
        for called in _called(graph, op):
            yield from _types(called, called.inputs, called.outputs)


def _called(graph: Any, op: Any) -> Iterator[Any]:
    """The graphs of the functions that an operation calls."""
    for name in op.node_def.attr:
        value = op.node_def.attr[name]
        for called in (value.func.name, *(f.name for f in value.list.func)):
            found = graph._get_function(called) if called else None
            if found is not None and getattr(found, "graph", None) is not None:
                yield found.graph
