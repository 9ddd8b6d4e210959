"""Short forms of rows that are alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ad_conformance.generators.arithmetic import numpy_ops
from ad_conformance.generators.catalogue.operands import Domain, OperandFamily, family
from ad_conformance.generators.catalogue.operation import Operation, unbound

REDUCTION = {"axis": "axis", "keepdims": "bool"}


def unary(
    name: str, ufunc: Any, ball: Callable[..., Any] | None, domain: Domain, **more: Any
) -> Operation:
    """An elementwise operation; with `ball` None, the method of the ball of that name."""
    return Operation(
        name=name,
        evaluate=numpy_ops.elementwise(ufunc, ball or numpy_ops.method(name), operands=1),
        elementwise=True,
        **{"template": f"xp.{name}({{0}})", "operands": family("unary", domain), **more},
    )


def binary(
    name: str, evaluate: Any, template: str | None, operands: OperandFamily, **more: Any
) -> Operation:
    return Operation(
        name=name, evaluate=evaluate, template=template, operands=operands, arity=2, **more
    )


def broadcasting(
    name: str, evaluate: Any, template: str | None, operands: OperandFamily, **more: Any
) -> Operation:
    """An operation on the entries of two operands, which are broadcast."""
    return binary(name, evaluate, template, operands, broadcasts=True, **more)


def comparison(name: str, operator: str, evaluate: Any) -> Operation:
    """A comparison: weight 0, because only the conditions of `where` need it."""
    return binary(
        name, evaluate, f"{{0}} {operator} {{1}}", family("comparison"), literals=True, weight=0
    )


def logical(name: str, ufunc: Any) -> Operation:
    """A logical operation on truth values: weight 0, because only the conditions of `where` need
    it.
    """
    return Operation(
        name=f"logical_{name}",
        evaluate=ufunc,
        template=f"xp.logical_{name}({{args}})",
        operands=family("comparison"),
        arity=ufunc.nin,
        truth_values=tuple(range(ufunc.nin)),
        weight=0,
    )


def reduction(name: str, evaluate: Any, operands: OperandFamily, **more: Any) -> Operation:
    template = f"xp.{name}({{0}}, axis={{axis}}, keepdims={{keepdims}})"
    return Operation(
        name=name,
        evaluate=evaluate,
        operands=operands,
        params=REDUCTION,
        **{"template": template, **more},
    )


def derived(
    definition: Callable[..., Any],
    operands: OperandFamily,
    *,
    arity: int | None = 1,
    params: Mapping[str, str] | None = None,
    **more: Any,
) -> Operation:
    """An operation that is defined by other rows; it has the name of its definition.

    `definition(xp, *operands, **params)` computes with the functions of `xp`, a namespace of the
    other operations of the catalogue, and with the arithmetic operators. Float64 arrays, balls and
    the in-house engine use it. Another engine is asked only if its dialect has a template for the
    operation.
    """
    return Operation(
        name=definition.__name__,
        evaluate=unbound,
        definition=definition,
        operands=operands,
        arity=arity,
        params=params or {},
        **{"template": None, **more},
    )
