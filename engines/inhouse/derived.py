"""Operations that the catalogue defines in terms of others: the same definitions, on this engine's namespace."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

import engines.inhouse.numpy_like as namespace
from generators.catalogue import CATALOGUE

_DEFINITIONS = {name: row.definition for name, row in CATALOGUE.items() if row.definition is not None}

__all__ = list(_DEFINITIONS)

for _name, _definition in _DEFINITIONS.items():
    _function: Any = partial(_definition, namespace)
    # Definitions may use each other.
    setattr(namespace, _name, _function)
    setattr(sys.modules[__name__], _name, _function)
