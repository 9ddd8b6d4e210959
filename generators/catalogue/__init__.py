"""The catalogue: one row per operation.

A row says what an operation computes (on NumPy float64 arrays and, by the same code, on object
arrays of balls), which parameters it takes, where it may be asked, how an engine's language spells
it by default, and how the generator arranges operands for it. Shapes need no rule: NumPy finds
them.
"""

from __future__ import annotations

from collections.abc import Mapping

from ad_conformance.generators.arithmetic import numpy_ops as numerics
from ad_conformance.generators.catalogue.core import elementwise, linalg, reductions, shapes
from ad_conformance.generators.catalogue.extra import complex_ops as detours
from ad_conformance.generators.catalogue.extra import control_flow as nesting
from ad_conformance.generators.catalogue.extra import (
    indexing,
    layers,
    losses,
    matrices,
    networks,
    special,
    statistics,
)
from ad_conformance.generators.catalogue.operation import Operation

#: The array API standard's operations and NumPy's, that every engine is expected to have.
CORE: Mapping[str, Operation] = {
    row.name: row for part in (elementwise, reductions, shapes, linalg) for row in part.ROWS
}
_EXTRA = (special, indexing, statistics, matrices, networks, losses, layers, detours, nesting)
#: What some engines have and others do not.
EXTRA: Mapping[str, Operation] = {row.name: row for part in _EXTRA for row in part.ROWS}
CATALOGUE: Mapping[str, Operation] = {**CORE, **EXTRA}

numerics.NAMESPACE.rows = CATALOGUE
