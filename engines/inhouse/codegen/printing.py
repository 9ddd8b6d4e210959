"""How primitives are printed as NumPy source.

A print function takes the printer and a node and returns an expression with its binding strength.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from ad_conformance.engines.inhouse.core.graph import Node

# Binding strengths of Python's operators, as far as they are printed.
COMPARISON, SUM, PRODUCT, UNARY, POWER, ATOM = range(6)

Printed = tuple[str, int]
Print = Callable[["Printer", Node], Printed]


class Printer(Protocol):
    """What print functions ask of the code generator (codegen/source.py)."""

    text: dict[Node, str]
    strength: dict[Node, int]

    def at(self, node: Node, strength: int) -> str:
        """The node as an operand of an operator of this strength."""

    def numpy(self, name: str) -> str:
        """The name of a NumPy function, which the program then imports."""

    def runtime(self, name: str) -> str:
        """The same for a function of codegen/runtime.py."""

    def special(self, name: str) -> str:
        """The same for a function of codegen/special_values.py."""

    def bind(self, array: Any) -> str:
        """The name of a constant array."""

    def bind_key(self, key: tuple[Any, ...]) -> str:
        """The name of a constant index."""


def arguments(printer: Printer, node: Node, *further: Any) -> str:
    return ", ".join([*[printer.text[a] for a in node.args], *map(str, further)])


def numpy_call(name: str) -> Print:
    return lambda printer, node: (f"{printer.numpy(name)}({arguments(printer, node)})", ATOM)


def runtime_call(name: str) -> Print:
    return lambda printer, node: (f"{printer.runtime(name)}({arguments(printer, node)})", ATOM)


def runtime_call_with_params(name: str) -> Print:
    """The function takes the parameters of the operation after its operands."""

    def show(printer: Printer, node: Node) -> Printed:
        return f"{printer.runtime(name)}({arguments(printer, node, node.params)})", ATOM

    return show


def special_call(name: str) -> Print:
    return lambda printer, node: (f"{printer.special(name)}({arguments(printer, node)})", ATOM)


def comparison(sign: str) -> Print:
    def show(printer: Printer, node: Node) -> Printed:
        a, b = node.args
        return f"{printer.at(a, SUM)} {sign} {printer.at(b, SUM)}", COMPARISON

    return show


def method(name: str, arguments: Callable[[Any], str]) -> Print:
    """A method of the operand, whose arguments are made of the parameters."""

    def show(printer: Printer, node: Node) -> Printed:
        return f"{printer.at(node.args[0], ATOM)}.{name}({arguments(node.params)})", ATOM

    return show


def add(printer: Printer, node: Node) -> Printed:
    a, b = node.args
    left, right = printer.at(a, SUM), printer.at(b, PRODUCT)
    if left.startswith("-") and not right.startswith("-") and printer.strength[a] > SUM:
        left, right = right, left
    if right.startswith("-"):
        return f"{left} - {right[1:]}", SUM
    return f"{left} + {right}", SUM


def multiply(printer: Printer, node: Node) -> Printed:
    a, b = node.args
    if a.uniform == -1:
        return f"-{printer.at(b, PRODUCT)}".replace("--", ""), PRODUCT
    return _product(printer, "*", a, b)


def divide(printer: Printer, node: Node) -> Printed:
    return _product(printer, "/", *node.args)


def _product(printer: Printer, sign: str, a: Node, b: Node) -> Printed:
    left, right = printer.at(a, PRODUCT), printer.at(b, PRODUCT + 1)
    return f"{left} {sign} {f'({right})' if right.startswith('-') else right}", PRODUCT


def matmul(printer: Printer, node: Node) -> Printed:
    a, b = node.args
    return f"{printer.at(a, PRODUCT)} @ {printer.at(b, UNARY)}", PRODUCT


def power(printer: Printer, node: Node) -> Printed:
    x, n = node.args
    whole = n.uniform is not None and n.uniform == int(n.uniform) and node.dtype.kind == "f"
    exponent = repr(int(n.uniform or 0)) if whole else printer.at(n, ATOM)
    return f"{printer.at(x, ATOM)} ** {exponent}", POWER


def reduction(function: str) -> Print:
    """`function.reduce` of NumPy along axes."""

    def show(printer: Printer, node: Node) -> Printed:
        axes, keepdims = node.params
        arg = node.args[0]
        axis: Any = axes[0] if len(axes) == 1 else axes
        if len(axes) == arg.ndim:
            axis = None
        kept = ", keepdims=True" if keepdims else ""
        return f"{printer.numpy(function)}.reduce({printer.text[arg]}, {axis}{kept})", ATOM

    return show


def key_text(key: tuple[Any, ...], ndim: int) -> str:
    """A key on the trailing axes, as it stands in square brackets."""
    parts = ["..."] if len(key) < ndim else []
    for k in key:
        if isinstance(k, int):
            parts.append(str(k))
        else:
            start, stop, step = k
            first = "" if (start in (0, None) and step > 0) or start is None else str(start)
            last = "" if stop is None else stop
            parts.append(f"{first}:{last}" + (f":{step}" if step != 1 else ""))
    return ", ".join(parts)
