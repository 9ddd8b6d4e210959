"""Bodies of loops and branches: small programs that a case gives as an expression.

An expression has names of values, numbers with a decimal point, the operators + - * / and the
functions of FUNCTIONS: `sin(t * c) + 0.5 * v`. Every name stands for an array of the same shape, so
an expression is computed entry by entry, and an engine can write it as it is. No function is of a
number alone, since some libraries have functions of arrays only.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

#: `t` is what a loop carries from one iteration to the next, `v` its entry of the iteration, `c` a
#: value that the body captures.
NAMES = ("t", "v", "c")
FUNCTIONS = ("sin", "cos", "exp")
OPERATORS: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
#: The longest expression.
MAX_LENGTH = 200


@lru_cache(maxsize=4096)
def parsed(text: str) -> ast.expr:
    """The expression as a tree. Raises ValueError in one line if it is none."""
    message = f"{text!r} is not an expression of {', '.join(NAMES)}"
    if len(text) > MAX_LENGTH:
        raise ValueError(f"more than {MAX_LENGTH} letters: {text[:40]!r}...")
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        raise ValueError(message) from None
    names = [node.id for node in _operands(tree, message) if isinstance(node, ast.Name)]
    # Otherwise the result would have no shape.
    if not set(names) & {"t", "v"}:
        raise ValueError(f"{text!r} has neither t nor v")
    return tree


def _operands(node: ast.expr, message: str) -> list[ast.expr]:
    """The names and numbers of a tree. Raises ValueError if there is anything else in it."""
    match node:
        case ast.Name(id=name) if name in NAMES:
            return [node]
        case ast.Constant(value=float()):
            return [node]
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return _operands(inner, message)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            return _operands(left, message) + _operands(right, message)
        case ast.Call(func=ast.Name(id=name), args=[inner], keywords=[]) if name in FUNCTIONS:
            found = _operands(inner, message)
            if not any(isinstance(part, ast.Name) for part in found):
                raise ValueError(f"{ast.unparse(node)} is a number: write it as one")
            return found
    raise ValueError(message)


def is_body(text: object) -> bool:
    """Whether it is the text of an expression."""
    if not isinstance(text, str):
        return False
    try:
        parsed(text)
    except ValueError:
        return False
    return True


def computed(text: str, xp: Any, **values: Any) -> Any:
    """The value of the expression: `xp` has the functions, `values` what the names stand for.

    Raises ValueError for a name that stands for nothing.
    """

    def value(node: ast.expr) -> Any:
        match node:
            case ast.Name(id=name):
                if name not in values:
                    raise ValueError(f"{text!r}: there is no {name} here")
                return values[name]
            case ast.Constant(value=number):
                return number
            case ast.UnaryOp(operand=inner):
                return -value(inner)
            case ast.BinOp(left=left, op=op, right=right):
                return OPERATORS[type(op)](value(left), value(right))
            case ast.Call(func=ast.Name(id=name), args=[inner]):
                return getattr(xp, name)(value(inner))
        raise AssertionError(node)

    return value(parsed(text))


class _Renamed(ast.NodeTransformer):
    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Name(self.names.get(node.id, node.id))

    def visit_Call(self, node: ast.Call) -> ast.expr:
        assert isinstance(node.func, ast.Name)
        function = ast.Attribute(ast.Name("xp"), node.func.id)
        return ast.Call(function, [self.visit(node.args[0])], [])


def written(text: str, **names: str) -> str:
    """The expression as text for an engine like NumPy, in parentheses, with functions of `xp`.

    `names` are other names of the values.
    """
    tree = ast.parse(text, mode="eval").body
    return f"({ast.unparse(_Renamed(names).visit(tree))})"
