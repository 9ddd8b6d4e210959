"""Operands of loops, branches and derivatives inside a program."""

from __future__ import annotations

import ast
import re

from ad_conformance.generators.catalogue.operands import Domain
from ad_conformance.generators.strategies.builder import Builder
from ad_conformance.generators.strategies.operands.basic import (
    DrawnOperands,
    OperandStrategy,
    fit,
    shaped,
    some,
)
from ad_conformance.generators.strategies.operands.networks import Draw, drawn, like


def captured(bodies: tuple[str, ...], **params: Draw) -> OperandStrategy:
    """An operand and a captured value of the same shape, in half of the draws the operand itself.

    `bodies` are the names of the functions that capture the value.
    """
    domain = Domain(low=-2, high=2)

    def strategy(b: Builder) -> DrawnOperands:
        first = fit(b, some(b, lambda v: v.size > 0), domain)
        second = first if b.flag() else fit(b, like(b, first), domain)
        return [first, second], {
            "body": b.choose(bodies),
            **drawn(b, params),
        }

    return strategy


def fitted(domain: Domain, **params: Draw) -> OperandStrategy:
    return lambda b: (
        [fit(b, some(b, lambda v: v.size > 0), domain)],
        drawn(b, params),
    )


def nonempty_vector(*, weight: bool, **params: Draw) -> OperandStrategy:
    def strategy(b: Builder) -> DrawnOperands:
        value_id = b.pick(lambda v: v.ndim == 1 and v.size > 0)
        if value_id is None:
            value_id = shaped(b, (b.choose([3, 2, 1, 4]),))
        rest = (
            [b.pick(lambda v: v.ndim == 0) or b.must("sum", (value_id,), axis=None, keepdims=False)]
            if weight
            else []
        )
        return [value_id, *rest], drawn(b, params)

    return strategy


def branched(b: Builder) -> DrawnOperands:
    """The sum is sometimes exactly at the threshold, where the two branches meet."""
    value_id = some(b, lambda v: v.size > 0)
    return [value_id], {"threshold": float(b.choose([0.0, 1.0, -1.0]))}


#: What bodies compute, the simplest first: `{0}` and `{1}` are expressions, `{0}` with a
#: name. No denominator is 0, and no exponent is large.
_FORMS = (
    *("sin({0})", "({0}) * ({1})", "({0}) + ({1})", "cos({0})", "({0}) - ({1})"),
    *("({1}) / (2.0 + cos({0}))", "exp(0.5 * sin({0}))"),
)
_DEPTH = 2
_SMALL = Domain(low=-2, high=2)


def body(b: Builder, first: str, *others: str) -> str:
    """An expression in which the first name occurs, and the others may (catalogue/bodies.py)."""

    def expression(depth: int) -> str:
        if not depth or b.flag(5):
            return str(b.choose([first, *others, *others, "0.5", "-1.25"]))
        form = str(b.choose(_FORMS))
        inner = expression(depth - 1)
        if not re.search(r"\b[tvc]\b", inner):
            inner = f"{first} * {inner}"
        return form.format(inner, expression(depth - 1))

    text = expression(_DEPTH)
    if not re.search(rf"\b{first}\b", text):
        text = f"{first} {b.choose('+*')} ({text})"
    # Without needless parentheses.
    return ast.unparse(ast.parse(text))


def with_body(*, second: bool = False, **params: Draw) -> OperandStrategy:
    """An operand and a captured value of the same shape; with `second`, there are two bodies."""

    def strategy(b: Builder) -> DrawnOperands:
        first = fit(b, some(b, lambda v: v.size > 0), _SMALL)
        captured = fit(b, like(b, first), _SMALL)
        bodies = {"body": body(b, "t", "c")}
        if second:
            bodies["other"] = body(b, "t", "c")
        return [first, captured], {**bodies, **drawn(b, params)}

    return strategy


def _rows(b: Builder) -> int:
    """A value with entries along a first axis."""
    value_id = b.pick(lambda v: v.ndim > 0 and v.size > 0)
    if value_id is None:
        value_id = shaped(b, (b.choose([3, 2, 1]),))
    return fit(b, value_id, _SMALL)


def scanned_body(b: Builder) -> DrawnOperands:
    """What a scan goes through, its start and a captured value, and its two bodies."""
    rows = _rows(b)
    shape = b.values[rows].shape[1:]
    start, captured = (fit(b, shaped(b, shape), _SMALL) for _ in range(2))
    bodies = {"body": body(b, "t", "v", "c"), "output": body(b, b.choose("tv"), "t", "c")}
    return [rows, start, captured], bodies


def mapped_body(b: Builder) -> DrawnOperands:
    """What a map goes through, and a captured value."""
    rows = _rows(b)
    captured = fit(b, shaped(b, b.values[rows].shape[1:]), _SMALL)
    return [rows, captured], {"body": body(b, "t", "c")}
