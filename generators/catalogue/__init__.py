"""The catalogue: one row per operation.

A row says what an operation computes (on NumPy float64 arrays and, by the same code, on object
arrays of balls), which parameters it takes, where it may be asked, how a dialect writes it by
default, and which family of operands the generator draws for it. NumPy finds the shapes of results.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import ModuleType

from ad_conformance.generators.catalogue.batches import BATCHES
from ad_conformance.generators.catalogue.core import elementwise, linalg, reductions, shapes
from ad_conformance.generators.catalogue.extra import (
    complex_ops,
    control_flow,
    free_bodies,
    indexing,
    layers,
    linear,
    losses,
    masking,
    matrices,
    networks,
    special,
    statistics,
)
from ad_conformance.generators.catalogue.functions import (
    arithmetic,
    distributions,
    integrals,
    location_scale,
    scalars,
)
from ad_conformance.generators.catalogue.namespace import Namespace
from ad_conformance.generators.catalogue.operation import Operation

_CORE = (elementwise, reductions, shapes, linalg)
_EXTRA = (
    special,
    indexing,
    masking,
    statistics,
    matrices,
    networks,
    losses,
    layers,
    complex_ops,
    control_flow,
    free_bodies,
    arithmetic,
    integrals,
    location_scale,
    distributions,
    scalars,
    *BATCHES,
    *linear.MODULES,
)


def _rows(modules: tuple[ModuleType, ...], namespace: Namespace) -> dict[str, Operation]:
    return {op.name: op.bound_to(namespace) for module in modules for op in module.ROWS}


def _within(module: ModuleType) -> str:
    return module.__name__.removeprefix(f"{__name__}.")


_operations: dict[str, Operation] = {}
#: All operations as functions, as definitions call them.
NAMESPACE = Namespace(_operations)
#: The operations of the array API standard and of NumPy, which every engine is expected to have.
CORE: Mapping[str, Operation] = _rows(_CORE, NAMESPACE)
#: The operations that some engines have and others do not.
EXTRA: Mapping[str, Operation] = _rows(_EXTRA, NAMESPACE)
_operations.update({**CORE, **EXTRA})
CATALOGUE: Mapping[str, Operation] = _operations
#: The names of the operations of each module of this package, by the name of the module in it.
MODULES: Mapping[str, tuple[str, ...]] = {
    _within(module): tuple(op.name for op in module.ROWS) for module in (*_CORE, *_EXTRA)
}
#: What the operations of each module are.
SUBJECTS: Mapping[str, str] = {
    _within(module): re.split(r"[.:;]", module.__doc__ or "")[0] for module in (*_CORE, *_EXTRA)
}
