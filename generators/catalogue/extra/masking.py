"""Reductions of the entries above a threshold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ad_conformance.generators.catalogue.operands import family
from ad_conformance.generators.catalogue.operation import Operation
from ad_conformance.generators.catalogue.row_forms import derived


def masked_sum(xp: Any, x: Any, *, threshold: float, axis: int | None) -> Any:
    """The sum of the entries above the threshold."""
    return xp.sum(xp.where(xp.greater(x, threshold), x, 0.0), axis=axis, keepdims=False)


def masked_prod(xp: Any, x: Any, *, threshold: float, axis: int | None) -> Any:
    """The product of the entries above the threshold."""
    return xp.prod(xp.where(xp.greater(x, threshold), x, 1.0), axis=axis, keepdims=False)


def masked_max(xp: Any, x: Any, *, threshold: float, axis: int | None) -> Any:
    """The largest entry above the threshold, or the threshold less 1 if there is none."""
    return xp.max(xp.where(xp.greater(x, threshold), x, threshold - 1.0), axis=axis, keepdims=False)


_REDUCED = {"threshold": "float", "axis": "axis"}

ROWS: Sequence[Operation] = (
    derived(
        masked_sum, family("masked_reduction"), params=_REDUCED, curvature="linear", exact=True
    ),
    derived(
        masked_prod,
        family("masked_reduction", "zeros"),
        params=_REDUCED,
        exact=True,
    ),
    derived(
        masked_max,
        family("masked_reduction", "tie"),
        params=_REDUCED,
        curvature="linear",
        exact=True,
    ),
)
