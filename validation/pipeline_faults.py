"""Faults outside the derivative rules: in algebraic identities and in the last rewriting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ad_conformance.engines.inhouse.folding  # noqa: F401  (fills the table of identities)
from ad_conformance.engines.inhouse import lowering, passes
from ad_conformance.engines.inhouse.graph import FOLDS, Node

#: Identities whose results are truth values or indices.
FLAT_IDENTITIES = frozenset({"logical_and", "logical_or", "logical_not", "argsort"})
#: The sites of these faults: a table and its key.
SITES: dict[str, tuple[Any, str]] = {
    **{f"folding.{op}": (FOLDS, op) for op in FOLDS},
    "lowering._power": (vars(lowering), "_power"),
    "lowering._dot": (vars(lowering), "_dot"),
    "passes._fit": (vars(passes), "_fit"),
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
