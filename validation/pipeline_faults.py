"""Faults outside the derivative rules: in algebraic identities and in the last rewriting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ad_conformance.engines.inhouse.core.graph import Node
from ad_conformance.engines.inhouse.optimize import lowering
from ad_conformance.engines.inhouse.optimize.identities import IDENTITIES
from ad_conformance.engines.inhouse.rules import kinds

#: Identities whose results are truth values or indices.
FLAT_IDENTITIES = frozenset({"logical_and", "logical_or", "logical_not", "argsort"})
#: Identities that apply only to arrays of a known number.
CONSTANT_IDENTITIES = frozenset({"reorder"})
#: The sites of these faults: a table and its key.
SITES: dict[str, tuple[Any, str]] = {
    **{f"identities.{op}": (IDENTITIES, op) for op in IDENTITIES},
    "lowering._power": (vars(lowering), "_power"),
    "lowering._dot": (vars(lowering), "_dot"),
    "kinds.sum_to": (vars(kinds), "sum_to"),
}

#: Not empty while a faulty identity runs, so that the identities it uses itself are correct.
_busy: list[None] = []


def changed(
    honest: Callable[..., Node | None], change: Callable[[Node], Node]
) -> Callable[..., Node | None]:
    """The identity with its result changed, if it has one of floats."""

    def faulty(*args: Any) -> Node | None:
        if _busy:
            return honest(*args)
        _busy.append(None)
        try:
            result = honest(*args)
            return result if result is None or result.dtype.kind != "f" else change(result)
        finally:
            _busy.pop()

    return faulty
