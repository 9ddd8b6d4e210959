"""Entries of an array replaced by those of another one, and parts at strides or bounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from ad_conformance.generators.catalogue.extra.indexing import moved, of_both
from ad_conformance.generators.catalogue.extra.linear.scatter import (
    SUM,
    Ints,
    Numbers,
    along,
    among,
    numbered,
    scattered,
)
from ad_conformance.generators.catalogue.operands import family
from ad_conformance.generators.catalogue.operation import Operation
from ad_conformance.generators.catalogue.row_forms import derived


def replaced(xp: Any, x: Any, v: Any, numbers: Numbers, targets: Numbers) -> Any:
    """`x` with v, which is broadcast, at `targets`, all different."""
    wide = np.broadcast_to(np.arange(x.size, x.size + v.size).reshape(v.shape), targets.shape)
    flat = numbers.ravel().copy()
    flat[targets.ravel()] = wide.ravel()
    return of_both(xp, x, v, flat.reshape(numbers.shape))


def _placed(xp: Any, x: Any, v: Any, targets: Numbers, accumulate: bool) -> Any:
    if not accumulate:
        return replaced(xp, x, v, numbered(x), targets)
    wide = moved(xp, v, lambda numbers: np.broadcast_to(numbers, targets.shape))
    return scattered(xp, x, wide, targets, SUM)


def index_put(xp: Any, x: Any, v: Any, *, rows: Ints, columns: Ints, accumulate: bool) -> Any:
    """The matrix `x` with v at pairs of indices: added if `accumulate`, else in their place, and
    then all are different.
    """
    return _placed(xp, x, v, numbered(x)[list(rows), list(columns)], accumulate)


def put(xp: Any, x: Any, v: Any, *, indices: Ints, accumulate: bool) -> Any:
    """As index_put, with indices among all entries."""
    return _placed(xp, x, v, numbered(x).ravel()[list(indices)], accumulate)


def scatter_set(xp: Any, x: Any, v: Any, *, indices: Any, axis: int) -> Any:
    """`x` with v at `indices`, which are those of take_along_axis and all different."""
    return replaced(xp, x, v, numbered(x), among(x, indices, axis))


def index_fill(xp: Any, x: Any, v: Any, *, indices: Ints, axis: int) -> Any:
    """`x` with the number v at `indices` along `axis`."""
    return replaced(xp, x, _number(v), numbered(x), along(x, indices, axis))


def _number(v: Any) -> Any:
    if v.shape:
        raise ValueError(f"a number is needed, not shape {v.shape}")
    return v


def masked_fill(xp: Any, x: Any, v: Any, *, mask: Any) -> Any:
    """`x` with the number v where `mask` is 1."""
    return replaced(xp, x, _number(v), numbered(x), numbered(x)[_of_mask(x, mask)])


def _of_mask(x: Any, mask: Any) -> Numbers:
    return np.broadcast_to(np.asarray(mask, dtype=int) == 1, x.shape)


def masked_select(xp: Any, x: Any, *, mask: Any) -> Any:
    """The entries of `x` where `mask` is 1, in one vector."""
    return moved(xp, x, lambda numbers: numbers[_of_mask(x, mask)])


def masked_scatter(xp: Any, x: Any, v: Any, *, mask: Any) -> Any:
    """`x` with the first entries of v, in order, where `mask` is 1."""
    chosen = numbered(x)[_of_mask(x, mask)]
    first = moved(xp, v, lambda numbers: numbers.ravel()[: chosen.size])
    if first.size < chosen.size:
        raise ValueError(f"{v.size} entries for {chosen.size} places")
    return replaced(xp, x, first, numbered(x), chosen)


def select_scatter(xp: Any, x: Any, v: Any, *, axis: int, which: int) -> Any:
    """`x` with v as its part `which` along `axis`."""
    return replaced(xp, x, v, numbered(x), np.moveaxis(numbered(x), axis, 0)[which])


def diagonal_scatter(xp: Any, x: Any, v: Any, *, offset: int, axis1: int, axis2: int) -> Any:
    """`x` with v as a diagonal of two axes."""
    return replaced(xp, x, v, numbered(x), np.diagonal(numbered(x), offset, axis1, axis2))


def _strided(x: Any, shape: Ints, strides: Ints, offset: int) -> Numbers:
    found = np.full(shape, offset)
    for axis, stride in enumerate(strides):
        steps = np.arange(shape[axis]) * stride
        found = found + steps.reshape([-1 if k == axis else 1 for k in range(len(shape))])
    if found.size and (found.min() < 0 or found.max() >= x.size):
        raise ValueError("outside of the array")
    return found


def as_strided(xp: Any, x: Any, *, shape: Ints, strides: Ints, offset: int) -> Any:
    """The entries at offset + i strides, counted through all entries of `x` row by row."""
    return moved(xp, x, lambda _: _strided(x, shape, strides, offset))


def as_strided_scatter(xp: Any, x: Any, v: Any, *, shape: Ints, strides: Ints, offset: int) -> Any:
    """`x` with v at the entries of as_strided, all different."""
    targets = _strided(x, shape, strides, offset)
    if len(set(targets.ravel().tolist())) < targets.size:
        raise ValueError("an entry is replaced twice")
    return replaced(xp, x, v, numbered(x), targets)


def _clamped(x: Any, start: Ints, sizes: Ints) -> tuple[slice, ...]:
    """Slices of these sizes, moved so that they lie within the array; negative starts count from
    the end.
    """
    low = [
        min(max(i + n if i < 0 else i, 0), n - k)
        for i, n, k in zip(start, x.shape, sizes, strict=True)
    ]
    return tuple(slice(i, i + k) for i, k in zip(low, sizes, strict=True))


def dynamic_slice(xp: Any, x: Any, *, start: Ints, sizes: Ints) -> Any:
    """The part of these sizes from `start`, which is moved so that the part lies within x."""
    return moved(xp, x, lambda numbers: numbers[_clamped(x, start, sizes)])


def dynamic_update_slice(xp: Any, x: Any, v: Any, *, start: Ints) -> Any:
    """`x` with v in the place of such a part."""
    return replaced(xp, x, v, numbered(x), numbered(x)[_clamped(x, start, v.shape)])


_PLAIN: dict[str, Any] = {"curvature": "linear", "exact": True}
_STRIDES = {"shape": "ints", "strides": "ints", "offset": "int"}

ROWS: Sequence[Operation] = (
    derived(
        index_put,
        family("index_put"),
        arity=2,
        params={"rows": "ints", "columns": "ints", "accumulate": "bool"},
        **_PLAIN,
    ),
    derived(
        put, family("put"), arity=2, params={"indices": "ints", "accumulate": "bool"}, **_PLAIN
    ),
    derived(
        scatter_set,
        family("scatter_set"),
        arity=2,
        params={"indices": "indices", "axis": "int"},
        **_PLAIN,
    ),
    derived(
        index_fill,
        family("index_fill"),
        arity=2,
        params={"indices": "ints", "axis": "int"},
        **_PLAIN,
    ),
    derived(masked_fill, family("masked", "number"), arity=2, params={"mask": "indices"}, **_PLAIN),
    derived(masked_select, family("masked", ""), params={"mask": "indices"}, **_PLAIN),
    derived(
        masked_scatter, family("masked", "entries"), arity=2, params={"mask": "indices"}, **_PLAIN
    ),
    derived(
        select_scatter,
        family("select_scatter"),
        arity=2,
        params={"axis": "int", "which": "int"},
        **_PLAIN,
    ),
    derived(
        diagonal_scatter,
        family("diagonal_scatter"),
        arity=2,
        params={"offset": "int", "axis1": "int", "axis2": "int"},
        **_PLAIN,
    ),
    derived(as_strided, family("as_strided"), params=_STRIDES, **_PLAIN),
    derived(as_strided_scatter, family("as_strided_scatter"), arity=2, params=_STRIDES, **_PLAIN),
    derived(
        dynamic_slice, family("dynamic_slice"), params={"start": "ints", "sizes": "ints"}, **_PLAIN
    ),
    derived(
        dynamic_update_slice,
        family("dynamic_update_slice"),
        arity=2,
        params={"start": "ints"},
        **_PLAIN,
    ),
)
