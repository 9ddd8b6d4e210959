"""Operations that the catalogue defines in terms of others: the same definitions, on this engine's namespace."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

import engines.inhouse.numpy_like as namespace
from engines.inhouse import linalg
from generators.catalogue import CATALOGUE

_DEFINITIONS = {name: row.definition for name, row in CATALOGUE.items() if row.definition is not None}

__all__ = list(_DEFINITIONS)

# Definitions have one namespace; this engine's linear algebra is in one of its own.
for _name in ("det", "inv", "solve"):
    setattr(namespace, _name, getattr(linalg, _name))

for _name, _definition in _DEFINITIONS.items():
    _function: Any = partial(_definition, namespace)
    # Definitions may use each other.
    setattr(namespace, _name, _function)
    setattr(sys.modules[__name__], _name, _function)
