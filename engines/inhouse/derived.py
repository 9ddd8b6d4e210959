"""Operations that the catalogue defines in terms of others: the same definitions, on this engine's namespace."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

import engines.inhouse.numpy_like as namespace
from engines.inhouse import decompositions, linalg
from generators.catalogue import CATALOGUE

_DEFINITIONS = {name: row.definition for name, row in CATALOGUE.items() if row.definition is not None}
# What the engine has a rule for needs no definition.
for _name in set(_DEFINITIONS) & set(decompositions.__all__):
    del _DEFINITIONS[_name]

__all__ = [*_DEFINITIONS, *decompositions.__all__]

# What definitions may use beside the functions of the namespace.
for _module in (linalg, decompositions):
    for _name in _module.__all__:
        setattr(namespace, _name, getattr(_module, _name))
        if _module is decompositions:
            setattr(sys.modules[__name__], _name, getattr(_module, _name))

for _name, _definition in _DEFINITIONS.items():
    _function: Any = partial(_definition, namespace)
    # Definitions may use each other.
    setattr(namespace, _name, _function)
    setattr(sys.modules[__name__], _name, _function)
