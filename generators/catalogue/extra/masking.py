"""Masked and selected entries; other entries may be infinite, NaN, or have no derivative.

The result is smooth in all cases, and the derivatives of the other entries must not enter it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ad_conformance.generators.catalogue.operands import family
from ad_conformance.generators.catalogue.operation import Operation
from ad_conformance.generators.catalogue.row_forms import derived


def masked_sqrt(xp: Any, x: Any, *, threshold: float) -> Any:
    """The square root above the threshold, else 0."""
    return xp.where(xp.greater(x, threshold), xp.sqrt(x), 0.0)


def masked_log(xp: Any, x: Any, *, threshold: float) -> Any:
    """The logarithm above the threshold, else 0."""
    return xp.where(xp.greater(x, threshold), xp.log(x), 0.0)


def masked_reciprocal(xp: Any, x: Any, *, threshold: float) -> Any:
    """1 / x above the threshold, else 0."""
    return xp.where(xp.greater(x, threshold), xp.reciprocal(x), 0.0)


def masked_sum(xp: Any, x: Any, *, threshold: float, axis: int | None) -> Any:
    """The sum of the entries above the threshold."""
    return xp.sum(xp.where(xp.greater(x, threshold), x, 0.0), axis=axis, keepdims=False)


def masked_prod(xp: Any, x: Any, *, threshold: float, axis: int | None) -> Any:
    """The product of the entries above the threshold."""
    return xp.prod(xp.where(xp.greater(x, threshold), x, 1.0), axis=axis, keepdims=False)


def masked_max(xp: Any, x: Any, *, threshold: float, axis: int | None) -> Any:
    """The largest entry above the threshold, or the threshold less 1 if there is none."""
    return xp.max(xp.where(xp.greater(x, threshold), x, threshold - 1.0), axis=axis, keepdims=False)


def taken_sqrt(xp: Any, x: Any, *, indices: Sequence[int]) -> Any:
    """The square roots at `indices`; others may be of zero, where the derivative is infinite."""
    return xp.take(xp.sqrt(x), indices=indices, axis=-1)


def sliced_log(xp: Any, x: Any, *, start: int) -> Any:
    """The logarithms of the entries from `start` on; those of other entries may be infinite."""
    return xp.log(x)[..., start:]


def root_at_least(xp: Any, x: Any, *, least: float) -> Any:
    """The magnitude of each entry, but at least `least`: it is constant around zero, where the root
    has no derivative.
    """
    return xp.maximum(xp.sqrt(xp.square(x)), least)


def _root_at_least(xp: Any, x: Any, *, least: float) -> Any:
    return xp.sqrt(xp.maximum(xp.square(x), least**2))


def reciprocal_at_most(xp: Any, x: Any, *, most: float) -> Any:
    """1 / x**2, but at most `most`: constant around zero, where the reciprocal is infinite."""
    return xp.minimum(xp.reciprocal(xp.square(x)), most)


def _reciprocal_at_most(xp: Any, x: Any, *, most: float) -> Any:
    return xp.reciprocal(xp.maximum(xp.square(x), 1.0 / most))


def largest_root(xp: Any, x: Any, *, axis: int | None) -> Any:
    """The largest magnitude of an entry; other roots may be taken of zero."""
    return xp.max(xp.sqrt(xp.square(x)), axis=axis, keepdims=False)


def _largest_root(xp: Any, x: Any, *, axis: int | None) -> Any:
    return xp.sqrt(xp.max(xp.square(x), axis=axis, keepdims=False))


_REDUCED = {"threshold": "float", "axis": "axis"}

ROWS: Sequence[Operation] = (
    derived(masked_sqrt, family("masked"), params={"threshold": "float"}),
    derived(masked_log, family("masked"), params={"threshold": "float"}),
    derived(masked_reciprocal, family("masked"), params={"threshold": "float"}),
    derived(taken_sqrt, family("taken_root"), params={"indices": "ints"}),
    derived(sliced_log, family("sliced_log"), params={"start": "int"}),
    derived(
        root_at_least,
        family("beyond", "least"),
        params={"least": "float"},
        enclosed=_root_at_least,
    ),
    derived(
        reciprocal_at_most,
        family("beyond", "most"),
        params={"most": "float"},
        enclosed=_reciprocal_at_most,
    ),
    derived(largest_root, family("largest_root"), params={"axis": "axis"}, enclosed=_largest_root),
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
