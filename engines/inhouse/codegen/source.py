"""From the graph to NumPy source that a person can read, and from there to a function.

Only nodes that the result needs are printed. A value that is used once is printed where it is used,
if the expression stays short.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from ad_conformance.engines.inhouse.codegen import runtime
from ad_conformance.engines.inhouse.codegen.printing import ATOM, UNARY, key_text
from ad_conformance.engines.inhouse.core.graph import Node
from ad_conformance.engines.inhouse.core.passes import reachable

#: Where generated code imports from.
MODULES = {
    "numpy": "numpy",
    "runtime": "ad_conformance.engines.inhouse.codegen.runtime",
    "special": "ad_conformance.engines.inhouse.codegen.special_values",
}
LONGEST_INLINE = 56
#: Operations whose result may share memory with their operand.
VIEWS = frozenset({"reshape", "transpose", "index", "broadcast", "fresh_variable"})
#: Operations that use some entries only.
SELECTING = frozenset({"select", "safe_multiply", "index", "take", "pad", "maximum", "minimum"})
#: Names of intermediate values, where the operation's own name is no noun.
NAMES = {
    "multiply": "product",
    "divide": "ratio",
    "add": "total",
    "select": "chosen",
    "index": "part",
    "concat": "joined",
    "max": "largest",
    "safe_multiply": "masked",
    "equal": "same",
    "astype": "cast",
}


@dataclass
class Source:
    """A generated program: its text, its number of operations, and the constants of the text."""

    text: str
    operations: int
    constants: dict[str, Any] = field(default_factory=dict)

    def load(self) -> Callable[..., Any]:
        """The function that the text defines."""
        namespace: dict[str, Any] = dict(self.constants)
        exec(compile(self.text, "<ad_conformance.engines.inhouse>", "exec"), namespace)
        function: Callable[..., Any] = namespace["derivative"]
        return function


class _Printer:
    def __init__(self, inputs: Sequence[Node], names: Sequence[str], out: Node) -> None:
        self.text: dict[Node, str] = dict(zip(inputs, names, strict=True))
        self.strength: dict[Node, int] = dict.fromkeys(inputs, ATOM)
        self.out = out
        self.lines: list[str] = []
        self.constants: dict[str, Any] = {}
        self.bound: dict[Any, str] = {}
        self.imported: dict[str, set[str]] = {"numpy": set(), "runtime": set(), "special": set()}
        self.counts: dict[str, int] = {}
        self.nodes = reachable(out)
        self.uses: dict[Node, int] = {out: 1}
        for node in self.nodes:
            for arg in node.args:
                self.uses[arg] = self.uses.get(arg, 0) + 1

    def number(self, value: float, dtype: np.dtype[Any]) -> str | None:
        """A literal for the number, or None if there is none that NumPy treats as weakly typed."""
        if dtype.kind == "b":
            return str(bool(value))
        if dtype.kind == "f" and math.isfinite(value):
            return repr(float(value))
        return repr(int(value)) if dtype.kind == "i" else None

    def constant(self, node: Node) -> str:
        name = f"c{len(self.constants)}"
        assert node.value is not None
        self.constants[name] = np.ascontiguousarray(node.value).reshape(node.shape)
        return name

    def numpy(self, name: str) -> str:
        self.imported["numpy"].add(name)
        return name

    def runtime(self, name: str) -> str:
        self.imported["runtime"].add(name)
        return name

    def special(self, name: str) -> str:
        self.imported["special"].add(name)
        return name

    def at(self, node: Node, strength: int) -> str:
        """The node as an operand of an operator of this strength."""
        text = self.text[node]
        return f"({text})" if self.strength[node] < strength else text

    def bind(self, array: Any) -> str:
        return self.named("c", (array.dtype, array.shape, array.tobytes()), array)

    def bind_key(self, key: tuple[Any, ...]) -> str:
        return self.named("k", key, runtime.slices(key))

    def named(self, letter: str, key: Any, value: Any) -> str:
        """The name of a constant; equal ones share theirs."""
        if key not in self.bound:
            self.bound[key] = f"{letter}{len(self.constants)}"
            self.constants[self.bound[key]] = value
        return self.bound[key]

    def visit(self, node: Node) -> None:
        if node in self.text:
            return
        if node.op == "input":
            raise AssertionError("a tracer of another compilation has leaked into this one")
        if node.op == "fresh_variable":
            operand = node.args[0]
            self.text[node], self.strength[node] = self.text[operand], self.strength[operand]
        elif node.value is not None:
            self.visit_constant(node)
        else:
            self.visit_operation(node)

    def visit_constant(self, node: Node) -> None:
        literal = None
        if not node.shape and node.uniform is not None:
            literal = self.number(node.uniform, node.dtype)
        self.text[node] = self.constant(node) if literal is None else literal
        self.strength[node] = ATOM if literal is None or not literal.startswith("-") else UNARY

    def visit_operation(self, node: Node) -> None:
        choices = node.args[1:] if node.op == "select" else ()
        if all(a.value is not None for a in node.args) or (
            choices and all(a.uniform is not None and not a.shape for a in choices)
        ):
            # Literals alone would give a Python number, or another dtype.
            for a in node.args:
                if a.value is not None and not a.shape:
                    self.text[a], self.strength[a] = self.constant(a), ATOM
        assert node.primitive.print is not None, node.op
        text, strength = node.primitive.print(self, node)
        if self.uses[node] == 1 and (len(text) <= LONGEST_INLINE or node is self.out):
            self.text[node], self.strength[node] = text, strength
        else:
            base = NAMES.get(node.op, node.op)
            self.counts[base] = self.counts.get(base, 0) + 1
            name = f"{base}_{self.counts[base]}"
            self.lines.append(f"{name} = {text}")
            self.text[node], self.strength[node] = name, ATOM


def _borrowed(node: Node) -> bool:
    """Whether the result would share memory with an input or a constant."""
    while node.op in VIEWS:
        node = node.args[0]
    return node.op in ("input", "constant")


def _described(name: str, value: Any) -> str:
    if not isinstance(value, np.ndarray):
        shown = "..." if len(value) == 1 else ", ".join(_shown(k) for k in value)
        return f"# {name} = [{shown}]"
    if value.size <= 16:
        return f"# {name} = {value.tolist()}  {value.dtype}"
    return f"# {name}: {value.dtype} of shape {value.shape}"


def _shown(k: Any) -> str:
    if not isinstance(k, slice):
        return "..." if k is Ellipsis else str(k)
    return key_text(((k.start, k.stop, 1 if k.step is None else k.step),), 1)


def generate(inputs: Sequence[Node], out: Node, title: str = "") -> Source:
    """The program that computes out from inputs, as a function named `derivative`."""
    names = ["x"] if len(inputs) == 1 else [f"x{i}" for i in range(len(inputs))]
    printer = _Printer(inputs, names, out)
    for node in printer.nodes:
        printer.visit(node)
    result = printer.text[out]
    if out.value is not None and not out.shape:
        result = printer.bind(out.value)
    if _borrowed(out):
        result = f"{printer.numpy('array')}({result})"
    elif not out.shape:
        result = f"{printer.numpy('asarray')}({result})"
    body = [*printer.lines, f"return {result}"]
    # Entries that are not selected may become infinite on the way; that is no cause for a warning.
    if any(n.op in SELECTING for n in printer.nodes) and not all(n.finite for n in printer.nodes):
        quiet = printer.numpy("errstate") + '(all="ignore")'
        body = [f"with {quiet}:", *["    " + line for line in body]]
    head = [f"# {title}"] if title else []
    for module, names_used in printer.imported.items():
        if names_used:
            head.append(f"from {MODULES[module]} import {', '.join(sorted(names_used))}")
    head += [_described(name, value) for name, value in printer.constants.items()]
    lines = [
        *head,
        "",
        "",
        f"def derivative({', '.join(names)}):",
        *["    " + line for line in body],
        "",
    ]
    operations = sum(
        n.value is None and n.op not in ("input", "fresh_variable") for n in printer.nodes
    )
    return Source("\n".join(lines), operations, printer.constants)
