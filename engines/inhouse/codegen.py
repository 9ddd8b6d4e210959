"""From the graph to NumPy source that a person can read, and from there to a function.

Only what the result needs is printed. A value used once is written where it is used, as long as the
line stays short.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from ad_conformance.engines.inhouse import runtime, special_values
from ad_conformance.engines.inhouse.graph import Node
from ad_conformance.engines.inhouse.lowering import lower
from ad_conformance.engines.inhouse.passes import reachable
from ad_conformance.engines.inhouse.primitives import NUMPY_NAMES, OF_MATRICES, full_perm

# Binding strengths of Python's operators, as far as they are printed.
COMPARISON, SUM, PRODUCT, UNARY, POWER, ATOM = range(6)
LONGEST_INLINE = 56
INFIX = {"add": ("+", SUM), "multiply": ("*", PRODUCT), "divide": ("/", PRODUCT)}
COMPARISONS = {"greater": ">", "greater_equal": ">=", "equal": "=="}
VIEWS = frozenset({"reshape", "transpose", "index", "broadcast", "mark"})
SELECTING = frozenset({"select", "guarded", "index", "take", "pad", "maximum", "minimum"})
NAMES = {"multiply": "product", "divide": "ratio", "add": "total", "select": "chosen", "index": "part",
         "concat": "joined", "max": "largest", "guarded": "masked", "equal": "same",
         "astype": "cast"}  # fmt: skip


@dataclass
class Source:
    """A generated program: its text, how many operations it has, and the arrays that the text
    names.
    """

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
        self.numpy: set[str] = set()
        self.runtime: set[str] = set()
        self.special: set[str] = set()
        self.counts: dict[str, int] = {}
        self.nodes = reachable([out])
        self.uses: dict[Node, int] = {out: 1}
        for node in self.nodes:
            for arg in node.args:
                self.uses[arg] = self.uses.get(arg, 0) + 1

    def number(self, value: float, dtype: np.dtype[Any]) -> str | None:
        """A literal for the number, if there is one that NumPy takes for weak."""
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

    def function(self, name: str) -> str:
        self.numpy.add(name)
        return name

    def helper(self, name: str) -> str:
        self.runtime.add(name)
        return name

    def at(self, node: Node, strength: int) -> str:
        """The node as an operand of an operator of this strength."""
        text = self.text[node]
        return f"({text})" if self.strength[node] < strength else text

    def expression(self, node: Node) -> tuple[str, int]:
        op, args = node.op, node.args
        if op in INFIX:
            return self.infix(node)
        if op == "power":
            n = args[1].uniform
            exponent = (
                repr(int(n))
                if n is not None and n == int(n) and node.dtype.kind == "f"
                else self.at(args[1], ATOM)
            )
            return f"{self.at(args[0], ATOM)} ** {exponent}", POWER
        if op in COMPARISONS:
            return f"{self.at(args[0], SUM)} {COMPARISONS[op]} {self.at(args[1], SUM)}", COMPARISON
        if op in NUMPY_NAMES:
            return (
                f"{self.function(NUMPY_NAMES[op])}({', '.join([self.text[a] for a in args])})",
                ATOM,
            )
        if op in special_values.FUNCTIONS:
            self.special.add(op)
            return f"{op}({', '.join([self.text[a] for a in args])})", ATOM
        if op in ("sech", "logistic", "guarded", "inv", "solve") or op in OF_MATRICES:
            return f"{self.helper(op)}({', '.join([self.text[a] for a in args])})", ATOM
        return self.structural(node)

    def infix(self, node: Node) -> tuple[str, int]:
        sign, strength = INFIX[node.op]
        a, b = node.args
        if node.op == "multiply" and a.uniform == -1:
            return f"-{self.at(b, PRODUCT)}".replace("--", ""), PRODUCT
        left, right = self.at(a, strength), self.at(b, strength + 1)
        if node.op == "add":
            right = self.at(b, PRODUCT)
            if left.startswith("-") and not right.startswith("-") and self.strength[a] > SUM:
                left, right = right, left
            if right.startswith("-"):
                return f"{left} - {right[1:]}", SUM
        elif right.startswith("-"):
            right = f"({right})"
        return f"{left} {sign} {right}", strength

    def structural(self, node: Node) -> tuple[str, int]:
        op, p = node.op, node.params
        if op in ("sum", "max", "logsumexp"):
            return self.reduction(node)
        x = self.at(node.args[0], ATOM)
        ndim = node.args[0].ndim
        if op == "reshape":
            return f"{x}.reshape({', '.join(map(str, node.shape)) or '()'})", ATOM
        if op == "broadcast":
            return f"{self.function('broadcast_to')}({self.text[node.args[0]]}, {node.shape})", ATOM
        if op == "transpose":
            return (
                f"{x}.T" if p == (-1, -2) and ndim == 2 else f"{x}.transpose{full_perm(p, ndim)}"
            ), ATOM
        if op == "index":
            return f"{x}[{_key(p, ndim)}]", ATOM
        if op == "pad":
            key, tail = p
            lead = node.ndim - len(tail)
            where = self.index_constant(key)
            return f"{self.helper('pad')}({self.text[node.args[0]]}, {where}, {tail}, {lead})", ATOM
        if op in ("take", "scatter"):
            name = self.bind(np.array(p[1], np.intp))
            if op == "take":
                return f"{x}.take({name}, {p[0]})", ATOM
            return (
                f"{self.helper('scatter')}({self.text[node.args[0]]}, {name}, {p[0]}, {p[2]})",
                ATOM,
            )
        if op == "concat":
            parts = ", ".join([self.text[a] for a in node.args])
            return f"{self.function('concatenate')}(({parts}), {p})", ATOM
        if op == "cumsum":
            return f"{x}.cumsum({p})", ATOM
        if op == "argsort":
            return f"{x}.argsort({p}, 'stable')", ATOM
        if op == "reorder":
            return (
                f"{self.helper('reorder')}({', '.join([self.text[a] for a in node.args])}, {p})",
                ATOM,
            )
        if op == "softmax":
            return f"{self.helper('softmax')}({self.text[node.args[0]]}, {p})", ATOM
        if op == "astype":
            return f"{x}.astype({self.function(p)})", ATOM
        assert op in ("matmul", "dot"), op
        return f"{self.at(node.args[0], PRODUCT)} @ {self.at(node.args[1], UNARY)}", PRODUCT

    def reduction(self, node: Node) -> tuple[str, int]:
        axes, keepdims = node.params
        arg = node.args[0]
        if node.op == "logsumexp":
            return (
                f"{self.helper('logsumexp')}({self.text[arg]}, "
                f"{axes}{', True' if keepdims else ''})",
                ATOM,
            )
        axis = "None" if len(axes) == arg.ndim else str(axes[0] if len(axes) == 1 else axes)
        kept = ", keepdims=True" if keepdims else ""
        name = self.function("add" if node.op == "sum" else "maximum")
        return f"{name}.reduce({self.text[arg]}, {axis}{kept})", ATOM

    def bind(self, array: Any) -> str:
        return self.named("c", (array.dtype, array.shape, array.tobytes()), array)

    def index_constant(self, key: tuple[Any, ...]) -> str:
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
        if node.op == "mark":
            self.text[node], self.strength[node] = (
                self.text[node.args[0]],
                self.strength[node.args[0]],
            )
            return
        if node.value is not None:
            literal = None
            if not node.shape and node.uniform is not None:
                literal = self.number(node.uniform, node.dtype)
            self.text[node] = self.constant(node) if literal is None else literal
            self.strength[node] = ATOM if literal is None or not literal.startswith("-") else UNARY
            return
        if all(a.value is not None for a in node.args) or (
            node.op == "select"
            and all(a.uniform is not None and not a.shape for a in node.args[1:])
        ):
            # Python numbers alone would give a Python number, or lose the dtype.
            for a in node.args:
                if a.value is not None and not a.shape:
                    self.text[a], self.strength[a] = self.constant(a), ATOM
        text, strength = self.expression(node)
        if self.uses[node] == 1 and (len(text) <= LONGEST_INLINE or node is self.out):
            self.text[node], self.strength[node] = text, strength
        else:
            base = NAMES.get(node.op, node.op)
            self.counts[base] = self.counts.get(base, 0) + 1
            name = f"{base}_{self.counts[base]}"
            self.lines.append(f"{name} = {text}")
            self.text[node], self.strength[node] = name, ATOM


def _key(key: tuple[Any, ...], ndim: int) -> str:
    parts = ["..."] if len(key) < ndim else []
    for k in key:
        if isinstance(k, int):
            parts.append(str(k))
        else:
            start, stop, step = k
            first = "" if (start in (0, None) and step > 0) or start is None else str(start)
            parts.append(
                f"{first}:{'' if stop is None else stop}" + (f":{step}" if step != 1 else "")
            )
    return ", ".join(parts)


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
    return _key(((k.start, k.stop, 1 if k.step is None else k.step),), 1)


def generate(inputs: Sequence[Node], out: Node, title: str = "") -> Source:
    """The program that computes out from inputs, as a function named `derivative`."""
    names = ["x"] if len(inputs) == 1 else [f"x{i}" for i in range(len(inputs))]
    out = lower(out)
    printer = _Printer(inputs, names, out)
    for node in printer.nodes:
        printer.visit(node)
    result = printer.text[out]
    if out.value is not None and not out.shape:
        result = printer.bind(out.value)
    if _borrowed(out):
        result = f"{printer.function('array')}({result})"
    elif not out.shape:
        result = f"{printer.function('asarray')}({result})"
    body = [*printer.lines, f"return {result}"]
    # What is not selected may compute infinities on the way; they are no cause for a warning.
    if any(n.op in SELECTING for n in printer.nodes) and not all(n.finite for n in printer.nodes):
        quiet = printer.function("errstate") + '(all="ignore")'
        body = [f"with {quiet}:", *["    " + line for line in body]]
    head = [f"# {title}"] if title else []
    if printer.numpy:
        head.append(f"from numpy import {', '.join(sorted(printer.numpy))}")
    if printer.runtime:
        head.append(
            f"from ad_conformance.engines.inhouse.runtime import "
            f"{', '.join(sorted(printer.runtime))}"
        )
    if printer.special:
        head.append(
            f"from ad_conformance.engines.inhouse.special_values import "
            f"{', '.join(sorted(printer.special))}"
        )
    head += [_described(name, value) for name, value in printer.constants.items()]
    lines = [
        *head,
        "",
        "",
        f"def derivative({', '.join(names)}):",
        *["    " + line for line in body],
        "",
    ]
    operations = sum(n.value is None and n.op not in ("input", "mark") for n in printer.nodes)
    return Source("\n".join(lines), operations, printer.constants)
