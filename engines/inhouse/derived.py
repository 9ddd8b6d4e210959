"""Operations that the catalogue defines in terms of others: the same definitions, on this engine's
namespace.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any

import ad_conformance.engines.inhouse.numpy_like as namespace
import numpy as np
from ad_conformance.engines.inhouse import decompositions, linalg
from ad_conformance.engines.inhouse.tracer import DOUBLE, SINGLE, TRACING, is_traced
from ad_conformance.generators.catalogue import CATALOGUE

_DEFINITIONS = {
    name: row.definition for name, row in CATALOGUE.items() if row.definition is not None
}
# What the engine has a rule for needs no definition.
for _name in set(_DEFINITIONS) & set(decompositions.__all__):
    del _DEFINITIONS[_name]

__all__ = [*_DEFINITIONS, *decompositions.__all__]


def _floats(operands: Iterable[Any]) -> set[np.dtype[Any]]:
    return {v.dtype for v in operands if hasattr(v, "dtype") and v.dtype.kind == "f"}


def _on_tracers(definition: Callable[..., Any]) -> Callable[..., Any]:
    """The definition on this engine's namespace. Its own constants are weak: operands in float32
    give float32.
    """

    def function(*operands: Any, **params: Any) -> Any:
        # Within another definition, its operands decide.
        if TRACING.floating == SINGLE or _floats(operands) != {SINGLE}:
            return definition(namespace, *operands, **params)
        TRACING.floating = SINGLE
        try:
            result = definition(namespace, *operands, **params)
        finally:
            TRACING.floating = DOUBLE
        # Constants alone have met in NumPy, where no array is weak.
        return result if is_traced(result) else np.asarray(result).astype(SINGLE, copy=False)[()]

    return function


# What definitions may use beside the functions of the namespace.
for _module in (linalg, decompositions):
    for _name in _module.__all__:
        setattr(namespace, _name, getattr(_module, _name))
        if _module is decompositions:
            setattr(sys.modules[__name__], _name, getattr(_module, _name))

for _name, _definition in _DEFINITIONS.items():
    _function: Any = _on_tracers(_definition)
    # Definitions may use each other.
    setattr(namespace, _name, _function)
    setattr(sys.modules[__name__], _name, _function)
