"""Short forms of rows that are alike, and the domains that several of them name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ad_conformance.generators.arithmetic import numpy_ops as numerics
from ad_conformance.generators.catalogue.operation import Operation
from ad_conformance.generators.strategies.operands import basic as draw_operands
from ad_conformance.generators.strategies.operands.basic import Domain, OperandStrategy

ANY, POSITIVE, NONZERO = Domain(), Domain(low=1 / 16), Domain(gap=1 / 16)
UNIT, OPEN_UNIT = Domain(low=-7 / 8, high=7 / 8), Domain(low=-15 / 16, high=15 / 16)
SATURATING = Domain(low=-512, high=512, saturate=True)

REDUCTION = {"axis": "axis", "keepdims": "bool"}


def unary(
    name: str, ufunc: Any, ball: Callable[..., Any] | None, domain: Domain, **more: Any
) -> Operation:
    """An elementwise operation; `ball` None takes the method of that name."""
    return Operation(
        name=name,
        evaluate=numerics.elementwise(ufunc, ball or numerics.method(name), operands=1),
        elementwise=True,
        **{"template": f"xp.{name}({{0}})", "draw_operands": draw_operands.unary(domain), **more},
    )


def binary(
    name: str, evaluate: Any, template: str | None, arranged: OperandStrategy, **more: Any
) -> Operation:
    return Operation(
        name=name, evaluate=evaluate, template=template, draw_operands=arranged, arity=2, **more
    )


def comparison(name: str, operator: str, evaluate: Any) -> Operation:
    """Truth values, which only conditions ask for."""
    return binary(
        name, evaluate, f"{{0}} {operator} {{1}}", draw_operands.comparison, literals=True, weight=0
    )


def logical(name: str, ufunc: Any) -> Operation:
    """Truth values from truth values, which only conditions ask for."""
    return Operation(
        name=f"logical_{name}",
        evaluate=ufunc,
        template=f"xp.logical_{name}({{args}})",
        draw_operands=draw_operands.comparison,
        arity=ufunc.nin,
        truth_values=tuple(range(ufunc.nin)),
        weight=0,
    )


def reduction(name: str, evaluate: Any, arranged: OperandStrategy, **more: Any) -> Operation:
    template = f"xp.{name}({{0}}, axis={{axis}}, keepdims={{keepdims}})"
    return Operation(
        name=name,
        evaluate=evaluate,
        draw_operands=arranged,
        params=REDUCTION,
        **{"template": template, **more},
    )


def derived(
    definition: Callable[..., Any],
    arranged: OperandStrategy,
    *,
    arity: int | None = 1,
    params: Mapping[str, str] | None = None,
    enclosed: Callable[..., Any] | None = None,
    **more: Any,
) -> Operation:
    """An operation defined in terms of other rows, and named as its definition is.

    `definition(xp, *operands, **params)` computes with the functions of `xp`, a namespace of the
    catalogue's other rows, and with the arithmetic operators. It serves float64 arrays, balls and
    the in-house engine; another engine is asked only where its dialect has a spelling of its own
    for the operation.
    """
    return Operation(
        name=definition.__name__,
        evaluate=numerics.bound(enclosed or definition),
        definition=definition,
        enclosed=enclosed,
        draw_operands=arranged,
        arity=arity,
        params=params or {},
        **{"template": None, **more},
    )
