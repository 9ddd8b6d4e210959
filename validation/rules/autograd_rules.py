"""The rules of HIPS autograd: `primitive_vjps` and `primitive_jvps`.

autograd makes a node for each primitive that is applied to a value that depends on the input. A
node of this module only keeps which primitive that was.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

from ad_conformance.engines import registry
from autograd.core import VJPNode, primitive_jvps, primitive_vjps
from autograd.tracer import Node, notrace_primitives, toposort, trace

from validation.rules.record import Function, Rule

TABLES = {"R": "vjp", "F": "jvp"}

# These modules add their rules to the tables.
for _module in ("integrate", "linalg", "signal", "special", "stats"):
    importlib.import_module(f"autograd.scipy.{_module}")


class _PrimitiveNode(Node):  # type: ignore[misc]
    """A primitive, and the nodes of its operands."""

    __slots__ = ["parents", "primitive"]

    def __init__(
        self,
        value: Any,
        fun: Function,
        args: Any,
        kwargs: Any,
        parent_argnums: Any,
        parents: Sequence[Node],
    ) -> None:
        self.primitive: Function | None = fun
        self.parents = parents

    def initialize_root(self) -> None:
        self.primitive, self.parents = None, ()


# Primitives through which autograd does not differentiate.
notrace_primitives[_PrimitiveNode] = notrace_primitives[VJPNode]


@cache
def _names() -> dict[Function, str]:
    """The shortest name of each primitive in autograd's modules, such as numpy.linalg.det."""
    known = {*primitive_vjps, *primitive_jvps}
    paths: dict[Function, list[str]] = {}
    for module in [name for name in sys.modules if name.startswith("autograd.")]:
        for name, value in vars(sys.modules[module]).items():
            if callable(value) and value in known:
                path = f"{module.removeprefix('autograd.')}.{name}"
                paths.setdefault(value, []).append(path)
    # The methods of vector spaces are in no module.
    return {f: min(paths.get(f, [f"core.{f.__name__}"]), key=_by_length(f)) for f in known}


def _by_length(primitive: Function) -> Callable[[str], tuple[int, bool, str]]:
    """The order of names: few dots first, then the primitive's own name, then the others."""
    own = primitive.__name__
    return lambda path: (path.count("."), not path.endswith(f".{own}"), path)


class AutogradRules:
    """The tables of autograd."""

    engines = (registry.find("autograd"),)

    def rules(self) -> frozenset[Rule]:
        tables = {"vjp": primitive_vjps, "jvp": primitive_jvps}
        return frozenset(
            Rule("autograd", table, _names()[primitive])
            for table, rules in tables.items()
            for primitive in rules
        )

    def observe(
        self, f: Function, operands: tuple[Any, ...], letter: str
    ) -> tuple[Any, Callable[[], Iterable[Rule]]]:
        (x,) = operands
        _, end = trace(_PrimitiveNode.new_root(), f, x)
        primitives = {node.primitive for node in toposort(end)} - {None} if end else set()
        return f(x), lambda: (Rule("autograd", TABLES[letter], _names()[p]) for p in primitives)
