"""The catalogue: one row per operation.

A row says what an operation computes (on NumPy float64 arrays and, by the same code, on object arrays of balls), which
parameters it takes, where it may be asked, how an engine's language spells it by default, and how the generator
arranges operands for it. Shapes need no rule: NumPy finds them.
"""

from __future__ import annotations

from collections.abc import Mapping

from generators import numerics
from generators.catalogue import (
    detours,
    elementwise,
    indexing,
    layers,
    linalg,
    losses,
    matrices,
    nesting,
    networks,
    reductions,
    shapes,
    special,
    statistics,
)
from generators.operations import Operation

#: The array API standard's operations and NumPy's, that every engine is expected to have.
CORE: Mapping[str, Operation] = {
    row.name: row for part in (elementwise, reductions, shapes, linalg) for row in part.ROWS
}
_EXTRA = (special, indexing, statistics, matrices, networks, losses, layers, detours, nesting)
#: What some engines have and others do not.
EXTRA: Mapping[str, Operation] = {row.name: row for part in _EXTRA for row in part.ROWS}
CATALOGUE: Mapping[str, Operation] = {**CORE, **EXTRA}

numerics.NAMESPACE.rows = CATALOGUE
