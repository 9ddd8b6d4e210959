"""Operations that the catalogue defines in terms of others: the same definitions, on this engine's
namespace.

The reference evaluates the same definition in interval arithmetic. So a mistake in a definition is
in both, and such a row checks this engine's derivatives, not its definition.

The catalogue is imported when the first of these operations is used, not with the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import numpy as np
from ad_conformance.engines.inhouse.namespace import decompositions, functions, linalg
from ad_conformance.engines.inhouse.namespace.tracer import DOUBLE, SINGLE, TRACING, is_traced


@cache
def _definitions() -> dict[str, Callable[..., Any]]:
    from ad_conformance.generators.catalogue import CATALOGUE

    return {
        name: row.definition
        for name, row in CATALOGUE.items()
        # A function that the engine has a rule for needs no definition.
        if row.definition is not None and name not in decompositions.__all__
    }


def names() -> list[str]:
    """The names of all operations that have a definition here. Imports the catalogue."""
    return list(_definitions())


@cache
def function(name: str) -> Callable[..., Any]:
    """The operation of this name. Raises AttributeError if the catalogue does not define it."""
    if name not in _definitions():
        raise AttributeError(f"the in-house engine has no function {name!r}")
    return _on_tracers(_definitions()[name])


class _Namespace:
    """The functions that definitions are written with, among them the defined ones."""

    def __getattr__(self, name: str) -> Any:
        for module in (functions, linalg, decompositions):
            if name in module.__all__:
                found = getattr(module, name)
                break
        else:
            found = function(name)
        setattr(self, name, found)
        return found


_NAMESPACE = _Namespace()


def _floats(operands: Iterable[Any]) -> set[np.dtype[Any]]:
    return {v.dtype for v in operands if hasattr(v, "dtype") and v.dtype.kind == "f"}


def _on_tracers(definition: Callable[..., Any]) -> Callable[..., Any]:
    """The definition on this engine's namespace. Its own constants are weak: operands in float32
    give float32.
    """

    def apply(*operands: Any, **params: Any) -> Any:
        # Within another definition, its operands decide.
        if TRACING.floating == SINGLE or _floats(operands) != {SINGLE}:
            return definition(_NAMESPACE, *operands, **params)
        TRACING.floating = SINGLE
        try:
            result = definition(_NAMESPACE, *operands, **params)
        finally:
            TRACING.floating = DOUBLE
        # Constants alone have met in NumPy, where no array is weak.
        return result if is_traced(result) else np.asarray(result).astype(SINGLE, copy=False)[()]

    return apply
