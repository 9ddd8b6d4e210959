"""The rules of PyTensor: the methods `pullback`, `L_op` and `grad` of its classes of operations.

Both modes use them: `pushforward` differentiates the pullback unless it is told to use the
operations' own methods. The function at each level gives a graph; its rules are those of the
operations between the operands and the result, also inside of loops, branches and operations that
work entry by entry or batch by batch.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from ad_conformance.engines import registry
from pytensor.graph.op import Op
from pytensor.graph.traversal import io_toposort

from validation.rules.record import Function, Rule

#: The methods that are rules, the first one that an operation has counts.
METHODS = ("pullback", "L_op", "grad")

# These modules have operations that are not imported otherwise.
for _module in ("ifelse", "scan.op", "tensor.fft", "tensor.fourier", "tensor.optimize"):
    importlib.import_module(f"pytensor.{_module}")


def _subclasses(of: Any) -> Iterator[Any]:
    for one in of.__subclasses__():
        yield one
        yield from _subclasses(one)


@cache
def _definer(kind: Any) -> Any:
    """The class that defines the rule of a class of operations."""
    for method in METHODS:
        for base in kind.__mro__:
            if base is not Op and issubclass(base, Op) and method in vars(base):
                return base
    return None


def _name(kind: Any) -> str:
    """The class with its module, without the name of the package: tensor.math.Dot."""
    return f"{kind.__module__.partition('.')[2]}.{kind.__name__}"


class PytensorRules:
    """The methods of classes of operations."""

    #: The case is traced: its rules run, and nothing is compiled.
    engines = (
        replace(
            registry.find("pytensor"),
            compile="derivative = {nested}",
            run='got = derivative(pt.tensor("x", dtype=x.dtype, shape=x.type.shape))',
        ),
    )

    def rules(self) -> frozenset[Rule]:
        own = [kind for kind in set(_subclasses(Op)) if kind.__module__.startswith("pytensor.")]
        return frozenset(
            Rule("pytensor", "pullback", _name(kind)) for kind in map(_definer, own) if kind
        )

    def observe(
        self, f: Function, operands: tuple[Any, ...], letter: str
    ) -> tuple[Any, Callable[[], Iterable[Rule]]]:
        value = f(*operands)
        return value, lambda: {
            Rule("pytensor", "pullback", _name(kind))
            for op in _operations(operands, [value])
            if (kind := _definer(op.__class__)) is not None
        }


def _operations(inputs: Sequence[Any], outputs: Sequence[Any]) -> Iterator[Any]:
    """The operations of a graph that depend on an input, and those inside of them."""
    depending = set(inputs)
    for node in io_toposort(inputs, outputs):
        if not depending.isdisjoint(node.inputs):
            depending.update(node.outputs)
            yield from _inside(node.op)


def _inside(op: Any) -> Iterator[Any]:
    """An operation, and those that it consists of."""
    yield op
    for part in ("scalar_op", "core_op"):
        if (inner := getattr(op, part, None)) is not None:
            yield from _inside(inner)
    if (graph := getattr(op, "fgraph", None)) is not None and hasattr(graph, "apply_nodes"):
        for node in graph.apply_nodes:
            yield from _inside(node.op)
