"""Scattering: entries of one array combined with, or put in the place of, entries of another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from ad_conformance.generators.catalogue.extra.indexing import moved
from ad_conformance.generators.catalogue.operands import family
from ad_conformance.generators.catalogue.operation import Operation
from ad_conformance.generators.catalogue.row_forms import derived

Numbers = np.ndarray
Ints = tuple[int, ...]
#: How entries that meet are combined, and what takes the place of missing ones: None for one of
#: the entries that are there.
Combine = tuple[Callable[..., Any], float | None]


def numbered(x: Any) -> Numbers:
    """The index of each entry among all entries of `x`."""
    return np.arange(x.size).reshape(x.shape)


def _sum(xp: Any, rows: Any, counts: Numbers) -> Any:
    return xp.sum(rows, axis=1, keepdims=False)


def _mean(xp: Any, rows: Any, counts: Numbers) -> Any:
    return xp.divide(xp.sum(rows, axis=1, keepdims=False), counts)


def _prod(xp: Any, rows: Any, counts: Numbers) -> Any:
    return xp.prod(rows, axis=1, keepdims=False)


def _max(xp: Any, rows: Any, counts: Numbers) -> Any:
    return xp.max(rows, axis=1, keepdims=False)


def _min(xp: Any, rows: Any, counts: Numbers) -> Any:
    return xp.min(rows, axis=1, keepdims=False)


SUM, MEAN, PROD = (_sum, 0.0), (_mean, 0.0), (_prod, 1.0)
MAX, MIN = (_max, None), (_min, None)


def combined(xp: Any, flat: Any, rows: list[list[int]], how: Combine) -> Any:
    """For each row of indices of entries of `flat`, these entries combined."""
    function, fill = how
    width = max(map(len, rows), default=1)
    if any(not row for row in rows) and fill is None:
        raise ValueError("nothing to combine")
    full = [
        [*row, *[flat.shape[0] if fill is not None else row[0]] * (width - len(row))]
        for row in rows
    ]
    numbers = np.array(full, dtype=int).reshape(len(rows), width)
    counts = np.array([float(max(len(row), 1)) for row in rows])
    return function(xp, moved(xp, flat, lambda _: numbers, fill or 0.0), counts)


def _flat(xp: Any, *arrays: Any) -> Any:
    return xp.concat([xp.reshape(x, shape=(-1,)) for x in arrays], axis=0)


def scattered(
    xp: Any, x: Any, v: Any, targets: Numbers, how: Combine, include_self: bool = True
) -> Any:
    """`x`, where each entry is combined with the entries of v that have it as target."""
    if targets.shape != v.shape:
        raise ValueError(f"{v.shape} entries cannot go to {targets.shape} indices")
    rows: list[list[int]] = [[i] if include_self else [] for i in range(x.size)]
    for j, target in enumerate(targets.ravel().tolist()):
        rows[target].append(x.size + j)
    found = combined(xp, _flat(xp, x, v), [row or [i] for i, row in enumerate(rows)], how)
    return xp.reshape(found, shape=x.shape)


def among(x: Any, indices: Any, axis: int) -> Numbers:
    return np.take_along_axis(numbered(x), np.asarray(indices, dtype=int), axis)


def along(x: Any, indices: Ints, axis: int) -> Numbers:
    return np.take(numbered(x), np.asarray(indices, dtype=int), axis)


def scatter_reduce_sum(
    xp: Any, x: Any, v: Any, *, indices: Any, axis: int, include_self: bool
) -> Any:
    """The sums of the entries of v that go to an entry of x, with it if `include_self`."""
    return scattered(xp, x, v, among(x, indices, axis), SUM, include_self)


def scatter_reduce_mean(
    xp: Any, x: Any, v: Any, *, indices: Any, axis: int, include_self: bool
) -> Any:
    """As scatter_reduce_sum, with means."""
    return scattered(xp, x, v, among(x, indices, axis), MEAN, include_self)


def scatter_reduce_prod(
    xp: Any, x: Any, v: Any, *, indices: Any, axis: int, include_self: bool
) -> Any:
    """As scatter_reduce_sum, with products."""
    return scattered(xp, x, v, among(x, indices, axis), PROD, include_self)


def scatter_reduce_max(
    xp: Any, x: Any, v: Any, *, indices: Any, axis: int, include_self: bool
) -> Any:
    """As scatter_reduce_sum, with maxima."""
    return scattered(xp, x, v, among(x, indices, axis), MAX, include_self)


def scatter_reduce_min(
    xp: Any, x: Any, v: Any, *, indices: Any, axis: int, include_self: bool
) -> Any:
    """As scatter_reduce_sum, with minima."""
    return scattered(xp, x, v, among(x, indices, axis), MIN, include_self)


def index_reduce_mean(
    xp: Any, x: Any, v: Any, *, indices: Ints, axis: int, include_self: bool
) -> Any:
    """The means of the parts of v that go to a part of x, with it if `include_self`."""
    return scattered(xp, x, v, along(x, indices, axis), MEAN, include_self)


def index_reduce_prod(
    xp: Any, x: Any, v: Any, *, indices: Ints, axis: int, include_self: bool
) -> Any:
    """As index_reduce_mean, with products."""
    return scattered(xp, x, v, along(x, indices, axis), PROD, include_self)


def index_reduce_max(
    xp: Any, x: Any, v: Any, *, indices: Ints, axis: int, include_self: bool
) -> Any:
    """As index_reduce_mean, with maxima."""
    return scattered(xp, x, v, along(x, indices, axis), MAX, include_self)


def index_reduce_min(
    xp: Any, x: Any, v: Any, *, indices: Ints, axis: int, include_self: bool
) -> Any:
    """As index_reduce_mean, with minima."""
    return scattered(xp, x, v, along(x, indices, axis), MIN, include_self)


def index_subtract(xp: Any, x: Any, v: Any, *, indices: Ints, axis: int) -> Any:
    """`x` with v subtracted at `indices` along `axis`; they may repeat."""
    return scattered(xp, x, -v, along(x, indices, axis), SUM)


def index_divide(xp: Any, x: Any, v: Any, *, indices: Ints, axis: int) -> Any:
    """`x` divided by v at `indices` along `axis`, all different."""
    return scattered(xp, x, 1.0 / v, along(x, indices, axis), PROD)


def index_add_mode(xp: Any, x: Any, v: Any, *, indices: Ints, axis: int, mode: str) -> Any:
    """`x` with v added at `indices`; an index outside is dropped ("drop") or takes the nearest
    part ("clip").
    """
    n = x.shape[axis]
    kept = [k for k, i in enumerate(indices) if mode != "drop" or -n <= i < n]
    inside = [_clipped(indices[k], n, mode) for k in kept]
    return scattered(
        xp, x, xp.take(v, indices=tuple(kept), axis=axis), along(x, tuple(inside), axis), SUM
    )


def _clipped(index: int, n: int, mode: str) -> int:
    """An index that may lie outside, as JAX takes it."""
    if mode not in ("drop", "clip"):
        raise ValueError(f"mode={mode!r}: use drop or clip")
    # Negative indices count from the end before they are clipped.
    return min(max(index + n if index < 0 else index, 0), n - 1)


def take_mode(xp: Any, x: Any, *, indices: Ints, axis: int, mode: str, fill: float) -> Any:
    """The parts at `indices`; one outside is `fill` ("fill"), the nearest ("clip"), or the one at
    the remainder ("wrap").
    """
    n = x.shape[axis]

    def taken(numbers: Numbers) -> Numbers:
        wide = np.concatenate(
            [np.moveaxis(numbers, axis, 0), np.full((1, *np.delete(x.shape, axis)), x.size)]
        )
        if mode == "fill":
            chosen = [i % n if -n <= i < n else n for i in indices]
        elif mode == "clip":
            chosen = [min(max(i, 0), n - 1) for i in indices]
        elif mode == "wrap":
            chosen = [i % n for i in indices]
        else:
            raise ValueError(f"mode={mode!r}: use fill, clip or wrap")
        return np.moveaxis(wide[chosen], 0, axis)

    return moved(xp, x, taken, fill)


def _segments(x: Any, ids: Ints, count: int) -> list[list[int]]:
    """The entries of each segment along the first axis; ids outside are dropped."""
    if len(ids) != x.shape[0]:
        raise ValueError(f"{len(ids)} ids for {x.shape[0]} parts")
    parts = numbered(x).reshape(len(ids), -1)
    return [
        [int(parts[k, j]) for k, i in enumerate(ids) if i == segment]
        for segment in range(count)
        for j in range(parts.shape[1])
    ]


def _segmented(xp: Any, x: Any, ids: Ints, count: int, how: Combine) -> Any:
    found = combined(xp, xp.reshape(x, shape=(-1,)), _segments(x, ids, count), how)
    return xp.reshape(found, shape=(count, *x.shape[1:]))


def segment_sum(xp: Any, x: Any, *, ids: Ints, count: int) -> Any:
    """The sums of the parts along the first axis that have the same id; others are dropped."""
    return _segmented(xp, x, ids, count, SUM)


def segment_mean(xp: Any, x: Any, *, ids: Ints, count: int) -> Any:
    """As segment_sum, with means."""
    return _segmented(xp, x, ids, count, MEAN)


def segment_prod(xp: Any, x: Any, *, ids: Ints, count: int) -> Any:
    """As segment_sum, with products."""
    return _segmented(xp, x, ids, count, PROD)


def segment_max(xp: Any, x: Any, *, ids: Ints, count: int) -> Any:
    """As segment_sum, with maxima."""
    return _segmented(xp, x, ids, count, MAX)


def segment_min(xp: Any, x: Any, *, ids: Ints, count: int) -> Any:
    """As segment_sum, with minima."""
    return _segmented(xp, x, ids, count, MIN)


def bincount(xp: Any, weights: Any, *, ids: Ints, count: int) -> Any:
    """As numpy.bincount with weights, of `count` bins; ids outside are dropped."""
    if len(weights.shape) != 1:
        raise ValueError(f"a vector is needed, not shape {weights.shape}")
    return segment_sum(xp, weights, ids=ids, count=count)


_REDUCE = {"axis": "int", "include_self": "bool"}
_PLAIN: dict[str, Any] = {"curvature": "linear", "exact": True}
_SEGMENT = {"ids": "ints", "count": "times"}

ROWS: Sequence[Operation] = (
    *(
        derived(
            definition,
            family("with_self", family(indices, **aim)),
            arity=2,
            params={"indices": "indices" if indices == "scatter" else "ints", **_REDUCE},
            **more,
        )
        for definition, indices, aim, more in (
            (scatter_reduce_sum, "scatter", {}, _PLAIN),
            (scatter_reduce_mean, "scatter", {}, {"curvature": "linear"}),
            (scatter_reduce_prod, "scatter", {"aim": "zeros"}, {"weight": 2}),
            (scatter_reduce_max, "scatter", {"aim": "tie"}, _PLAIN),
            (scatter_reduce_min, "scatter", {"aim": "tie"}, _PLAIN),
            (index_reduce_mean, "update", {}, {"curvature": "linear"}),
            (index_reduce_prod, "update", {"aim": "zeros"}, {"weight": 2}),
            (index_reduce_max, "update", {"aim": "tie"}, _PLAIN),
            (index_reduce_min, "update", {"aim": "tie"}, _PLAIN),
        )
    ),
    derived(
        index_subtract,
        family("update"),
        arity=2,
        params={"indices": "ints", "axis": "int"},
        **_PLAIN,
    ),
    derived(
        index_divide,
        family("divided_update"),
        arity=2,
        params={"indices": "ints", "axis": "int"},
    ),
    derived(
        index_add_mode,
        family("update_outside"),
        arity=2,
        params={"indices": "ints", "axis": "int", "mode": "name"},
        **_PLAIN,
    ),
    derived(
        take_mode,
        family("take_outside"),
        params={"indices": "ints", "axis": "int", "mode": "name", "fill": "float"},
        **_PLAIN,
    ),
    *(
        derived(one, family("segments", **aim), params=_SEGMENT, **more)
        for one, aim, more in (
            (segment_sum, {"empty": True}, _PLAIN),
            (segment_mean, {}, {"curvature": "linear"}),
            (segment_prod, {"empty": True, "aim": "zeros"}, {"weight": 2}),
            (segment_max, {"aim": "tie"}, _PLAIN),
            (segment_min, {"aim": "tie"}, _PLAIN),
        )
    ),
    derived(bincount, family("segments", empty=True, vector=True), params=_SEGMENT, **_PLAIN),
)
