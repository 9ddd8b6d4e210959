"""Sorting, statistics along an axis, and functions of neighbouring entries."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from ad_conformance.generators.arithmetic import numpy_ops
from ad_conformance.generators.catalogue.operands import family
from ad_conformance.generators.catalogue.operation import Operation
from ad_conformance.generators.catalogue.row_forms import REDUCTION, derived

Heights = tuple[float, ...]


def part(x: Any, axis: int, key: Any) -> Any:
    """x[..., key, ...], with the key at `axis`."""
    return x[(slice(None),) * (axis % len(x.shape)) + (key,)]


def _kept(
    xp: Any, x: Any, axis: int | None, keepdims: bool, reduce: Callable[[Any, int], Any]
) -> Any:
    """`reduce(x, axis)`, which drops the axis, with the arguments of a reduction."""
    if axis is None:
        whole = reduce(xp.reshape(x, shape=(-1,)), 0)
        return xp.reshape(whole, shape=(1,) * len(x.shape)) if keepdims else whole
    reduced = reduce(x, axis)
    return xp.expand_dims(reduced, axis=axis) if keepdims else reduced


def top_k(xp: Any, x: Any, *, k: int) -> Any:
    """The k largest entries along the last axis, largest first."""
    return xp.sort(x, axis=-1, descending=True)[..., :k]


def kth_value(xp: Any, x: Any, *, k: int, axis: int) -> Any:
    """The k-th smallest entry, counted from 1."""
    return part(xp.sort(x, axis=axis, descending=False), axis, k - 1)


def _between(ordered: Any, axis: int, q: float) -> Any:
    """The value at the fraction q of the sorted entries, by linear interpolation."""
    n = ordered.shape[axis]
    if n == 0:
        raise ValueError("no quantile of an empty axis")
    low = math.floor(q * (n - 1))
    fraction = q * (n - 1) - low
    below = part(ordered, axis, low)
    return below + (part(ordered, axis, low + 1) - below) * fraction if fraction else below


def median(xp: Any, x: Any, *, axis: int | None, keepdims: bool) -> Any:
    """The median: the middle entry, or the mean of the two middle ones."""
    return _kept(
        xp, x, axis, keepdims, lambda v, a: _between(xp.sort(v, axis=a, descending=False), a, 0.5)
    )


def quantile(xp: Any, x: Any, *, q: Heights, axis: int) -> Any:
    """The quantiles; the first axis of the result is that of the fractions."""
    ordered = xp.sort(x, axis=axis, descending=False)
    return xp.stack([_between(ordered, axis, one) for one in q], axis=0)


def _running(xp: Any, x: Any, axis: int, larger: Callable[[Any, Any], Any]) -> Any:
    entries = [part(x, axis, i) for i in range(x.shape[axis])]
    for i in range(1, len(entries)):
        entries[i] = larger(entries[i - 1], entries[i])
    return xp.stack(entries, axis=axis) if entries else x


def cumulative_max(xp: Any, x: Any, *, axis: int) -> Any:
    """The maximum of each entry and all before it."""
    return _running(xp, x, axis, xp.maximum)


def cumulative_min(xp: Any, x: Any, *, axis: int) -> Any:
    """The minimum of each entry and all before it."""
    return _running(xp, x, axis, xp.minimum)


def ptp(xp: Any, x: Any, *, axis: int | None, keepdims: bool) -> Any:
    """The largest entry minus the smallest."""
    return xp.max(x, axis=axis, keepdims=keepdims) - xp.min(x, axis=axis, keepdims=keepdims)


def var(xp: Any, x: Any, *, axis: int | None, keepdims: bool, correction: int) -> Any:
    """The variance: sum((x - mean)**2) / (n - correction)."""
    n = x.size if axis is None else x.shape[axis]
    if n <= correction:
        raise ValueError(f"no variance of {n} entries with correction {correction}")
    centred = x - xp.mean(x, axis=axis, keepdims=True)
    return xp.sum(centred * centred, axis=axis, keepdims=keepdims) / float(n - correction)


def _deviation(x: np.ndarray, *, axis: int | None, keepdims: bool, **_: Any) -> Any:
    return np.std(x, axis=axis, keepdims=keepdims)


def _offset_terms(x: np.ndarray, *, axis: int | None, keepdims: bool, **_: Any) -> Any:
    """The derivative of var is x - mean times 2 / n, whose sum is not zero after rounding."""
    size = np.max(np.abs(x), axis=axis, keepdims=keepdims, initial=0.0)
    return size * _deviation(x, axis=axis, keepdims=keepdims)


def std(xp: Any, x: Any, *, axis: int | None, keepdims: bool, correction: int) -> Any:
    """The square root of var."""
    return xp.sqrt(xp.var(x, axis=axis, keepdims=keepdims, correction=correction))


def nanmean(xp: Any, x: Any, *, axis: int | None, keepdims: bool) -> Any:
    """The mean of the entries that are numbers: here all are."""
    return xp.mean(x, axis=axis, keepdims=keepdims)


def cov(xp: Any, x: Any, *, correction: int) -> Any:
    """The covariances of the rows of a matrix."""
    rows, n = x.shape
    if n <= correction or rows < 2:
        raise ValueError(f"no covariances of shape {x.shape} with correction {correction}")
    centred = x - xp.mean(x, axis=1, keepdims=True)
    return xp.matmul(centred, xp.matrix_transpose(centred)) / float(n - correction)


def diff(xp: Any, x: Any, *, n: int, axis: int) -> Any:
    """The n-th differences of neighbouring entries."""
    for _ in range(n):
        x = part(x, axis, slice(1, None)) - part(x, axis, slice(0, -1))
    return x


def trapezoid(xp: Any, y: Any, x: Any, *, axis: int) -> Any:
    """The integral of y over x by the trapezoidal rule."""
    if y.shape != x.shape:
        raise ValueError(f"heights of shape {y.shape} over points of shape {x.shape}")
    heights = part(y, axis, slice(1, None)) + part(y, axis, slice(0, -1))
    return xp.sum(xp.diff(x, n=1, axis=axis) * heights, axis=axis, keepdims=False) * 0.5


def interp(xp: Any, x: Any, *, knots: Heights, heights: Heights) -> Any:
    """The piecewise linear function through `heights` at increasing `knots`, constant beyond the
    first and the last.
    """
    if len(knots) != len(heights) or any(b <= a for a, b in itertools.pairwise(knots)):
        raise ValueError("knots must increase, one for each height")
    y = x * 0.0 + heights[0]
    for (k, h), (next_k, next_h) in itertools.pairwise(zip(knots, heights, strict=True)):
        y = xp.where(xp.greater(x, k), (x - k) * (next_h - h) / (next_k - k) + h, y)
    return xp.where(xp.greater(x, knots[-1]), heights[-1], y)


_DEVIATION = {**REDUCTION, "correction": "int"}

ROWS: Sequence[Operation] = (
    Operation(
        name="sort",
        curvature="linear",
        evaluate=numpy_ops.sort,
        template="xp.sort({0}, axis={axis}, descending={descending})",
        operands=family("sort"),
        params={"axis": "int", "descending": "bool"},
        exact=True,
    ),
    Operation(
        name="sort_by",
        summary="`x` in the order of `keys`, which have the same shape.",
        curvature="linear",
        evaluate=numpy_ops.sort_by,
        template=None,
        operands=family("sort_by"),
        arity=2,
        params={"axis": "int"},
        exact=True,
    ),
    derived(top_k, family("top_k"), params={"k": "int"}, curvature="linear", exact=True),
    derived(
        kth_value,
        family("kth_value"),
        params={"k": "int", "axis": "int"},
        curvature="linear",
        exact=True,
    ),
    derived(
        median,
        family("reduction", nonempty=True, aim="tie"),
        params=REDUCTION,
        curvature="linear",
    ),
    derived(quantile, family("quantile"), params={"q": "array", "axis": "int"}, curvature="linear"),
    derived(
        cumulative_max,
        family("along_axis", nonempty=True, aim="tie"),
        params={"axis": "int"},
        curvature="linear",
        exact=True,
    ),
    derived(
        cumulative_min,
        family("along_axis", nonempty=True, aim="tie"),
        params={"axis": "int"},
        curvature="linear",
        exact=True,
    ),
    derived(
        ptp,
        family("reduction", nonempty=True, aim="tie"),
        params=REDUCTION,
        curvature="linear",
        exact=True,
    ),
    derived(
        var,
        family("deviation"),
        params=_DEVIATION,
        terms=_offset_terms,
        term_scale=_deviation,
    ),
    derived(std, family("deviation", nonzero=True), params=_DEVIATION, weight=2),
    derived(nanmean, family("reduction", nonempty=True), params=REDUCTION, curvature="linear"),
    derived(cov, family("cov"), params={"correction": "int"}),
    derived(
        diff, family("diff"), params={"n": "times", "axis": "int"}, curvature="linear", exact=True
    ),
    derived(
        trapezoid,
        family("trapezoid"),
        arity=2,
        params={"axis": "int"},
        curvature="multilinear",
        exact=True,
    ),
    derived(
        interp, family("interp"), params={"knots": "array", "heights": "array"}, curvature="linear"
    ),
)
