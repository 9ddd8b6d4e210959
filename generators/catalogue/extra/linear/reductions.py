"""Reductions over several axes, of some entries only, with weights, and scans from the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from ad_conformance.generators.catalogue.extra.linear.products import joined_axes
from ad_conformance.generators.catalogue.extra.statistics import part
from ad_conformance.generators.catalogue.operands import family
from ad_conformance.generators.catalogue.operation import Operation
from ad_conformance.generators.catalogue.row_forms import REDUCTION, derived

Axes = tuple[int, ...]


def _of_result(f: np.ndarray, *_: Any, **__: Any) -> Any:
    """Usual formulas take exp(x - f) of the result f."""
    return np.abs(f)


def sum_axes(xp: Any, x: Any, *, axes: Axes, keepdims: bool) -> Any:
    """The sum over several axes."""
    return joined_axes(xp, x, axes, keepdims, lambda v: xp.sum(v, axis=-1, keepdims=False))


def mean_axes(xp: Any, x: Any, *, axes: Axes, keepdims: bool) -> Any:
    """The mean over several axes."""
    return joined_axes(xp, x, axes, keepdims, lambda v: xp.mean(v, axis=-1, keepdims=False))


def prod_axes(xp: Any, x: Any, *, axes: Axes, keepdims: bool) -> Any:
    """The product over several axes."""
    return joined_axes(xp, x, axes, keepdims, lambda v: xp.prod(v, axis=-1, keepdims=False))


def max_axes(xp: Any, x: Any, *, axes: Axes, keepdims: bool) -> Any:
    """The maximum over several axes."""
    return joined_axes(xp, x, axes, keepdims, lambda v: xp.max(v, axis=-1, keepdims=False))


def min_axes(xp: Any, x: Any, *, axes: Axes, keepdims: bool) -> Any:
    """The minimum over several axes."""
    return joined_axes(xp, x, axes, keepdims, lambda v: xp.min(v, axis=-1, keepdims=False))


def logsumexp_axes(xp: Any, x: Any, *, axes: Axes, keepdims: bool) -> Any:
    """log(sum(exp(x))) over several axes."""
    return joined_axes(xp, x, axes, keepdims, lambda v: xp.logsumexp(v, axis=-1, keepdims=False))


def var_axes(xp: Any, x: Any, *, axes: Axes, keepdims: bool, correction: int) -> Any:
    """The variance over several axes."""
    return joined_axes(
        xp, x, axes, keepdims, lambda v: xp.var(v, axis=-1, keepdims=False, correction=correction)
    )


def std_axes(xp: Any, x: Any, *, axes: Axes, keepdims: bool, correction: int) -> Any:
    """The square root of var_axes."""
    return xp.sqrt(var_axes(xp, x, axes=axes, keepdims=keepdims, correction=correction))


def _where(
    xp: Any,
    x: Any,
    axis: int | None,
    keepdims: bool,
    mask: Any,
    start: float | None,
    function: Callable[[Any], Any],
) -> Any:
    """`function` of the entries along the axis where `mask` is 1, and of `start`."""
    chosen = np.broadcast_to(np.asarray(mask, dtype=int) == 1, x.shape)
    rows = np.arange(x.size).reshape(x.shape)
    wide = rows.reshape(1, -1) if axis is None else np.moveaxis(rows, axis, -1)
    flat = xp.reshape(x, shape=(-1,))
    if start is not None:
        flat = xp.concat([flat, np.array([start])], axis=0)
    found = []
    for line in wide.reshape(-1, wide.shape[-1]) if wide.size else []:
        kept = [int(i) for i in line if chosen.ravel()[i]]
        kept += [x.size] if start is not None else []
        if not kept:
            raise ValueError("nothing is left to reduce")
        found.append(function(xp.take(flat, indices=tuple(kept), axis=0)))
    if not found:
        raise ValueError("nothing to reduce")
    shape = tuple(x.shape) if axis is not None else ()
    if axis is not None:
        at = axis % len(x.shape)
        shape = (*shape[:at], *([1] if keepdims else []), *shape[at + 1 :])
    elif keepdims:
        shape = (1,) * len(x.shape)
    return xp.reshape(xp.stack(found, axis=0), shape=shape)


def sum_where(
    xp: Any, x: Any, *, axis: int | None, keepdims: bool, mask: Any, initial: float
) -> Any:
    """The sum of `initial` and the entries where `mask` is 1."""
    return _where(xp, x, axis, keepdims, mask, initial, lambda v: xp.sum(v, axis=0, keepdims=False))


def prod_where(
    xp: Any, x: Any, *, axis: int | None, keepdims: bool, mask: Any, initial: float
) -> Any:
    """The product of `initial` and the entries where `mask` is 1."""
    return _where(
        xp, x, axis, keepdims, mask, initial, lambda v: xp.prod(v, axis=0, keepdims=False)
    )


def max_where(
    xp: Any, x: Any, *, axis: int | None, keepdims: bool, mask: Any, initial: float
) -> Any:
    """The largest of `initial` and the entries where `mask` is 1."""
    return _where(xp, x, axis, keepdims, mask, initial, lambda v: xp.max(v, axis=0, keepdims=False))


def min_where(
    xp: Any, x: Any, *, axis: int | None, keepdims: bool, mask: Any, initial: float
) -> Any:
    """The smallest of `initial` and the entries where `mask` is 1."""
    return _where(xp, x, axis, keepdims, mask, initial, lambda v: xp.min(v, axis=0, keepdims=False))


def mean_where(xp: Any, x: Any, *, axis: int | None, keepdims: bool, mask: Any) -> Any:
    """The mean of the entries where `mask` is 1."""
    return _where(xp, x, axis, keepdims, mask, None, lambda v: xp.mean(v, axis=0, keepdims=False))


def var_where(
    xp: Any, x: Any, *, axis: int | None, keepdims: bool, mask: Any, correction: int
) -> Any:
    """The variance of the entries where `mask` is 1."""
    return _where(
        xp,
        x,
        axis,
        keepdims,
        mask,
        None,
        lambda v: xp.var(v, axis=0, keepdims=False, correction=correction),
    )


def std_where(
    xp: Any, x: Any, *, axis: int | None, keepdims: bool, mask: Any, correction: int
) -> Any:
    """The square root of var_where."""
    return xp.sqrt(var_where(xp, x, axis=axis, keepdims=keepdims, mask=mask, correction=correction))


def logsumexp_where(xp: Any, x: Any, *, axis: int | None, keepdims: bool, mask: Any) -> Any:
    """log(sum(exp(x))) of the entries where `mask` is 1."""
    return _where(
        xp, x, axis, keepdims, mask, None, lambda v: xp.logsumexp(v, axis=0, keepdims=False)
    )


def average(xp: Any, x: Any, w: Any, *, axis: int) -> Any:
    """The mean with weights, which are those of all entries or of the parts along `axis`."""
    if w.shape != x.shape:
        if w.shape != (x.shape[axis],):
            raise ValueError(f"weights of shape {w.shape} for shape {x.shape}")
        at = axis % len(x.shape)
        w = xp.reshape(w, shape=tuple(n if k == at else 1 for k, n in enumerate(x.shape)))
    total = xp.sum(w, axis=axis, keepdims=False)
    return xp.sum(x * w, axis=axis, keepdims=False) / total


def cov_weighted(xp: Any, x: Any, w: Any, *, correction: int) -> Any:
    """The covariances of the rows of a matrix, whose columns have the weights w."""
    rows, n = x.shape
    if rows < 2 or w.shape != (n,) or correction not in (0, 1):
        raise ValueError(f"no covariances of shapes {x.shape} and {w.shape}")
    total = xp.sum(w, axis=0, keepdims=False)
    centred = x - xp.sum(x * w, axis=1, keepdims=True) / total
    divisor = total - xp.sum(w * w, axis=0, keepdims=False) / total if correction else total
    return xp.matmul(centred * w, xp.matrix_transpose(centred)) / divisor


def sum_from_end(xp: Any, x: Any, *, axis: int) -> Any:
    """The sum of each entry and all after it."""
    return xp.flip(xp.cumulative_sum(xp.flip(x, axis=axis), axis=axis), axis=axis)


def prod_from_end(xp: Any, x: Any, *, axis: int) -> Any:
    """The product of each entry and all after it."""
    return xp.flip(xp.cumulative_prod(xp.flip(x, axis=axis), axis=axis), axis=axis)


def max_from_end(xp: Any, x: Any, *, axis: int) -> Any:
    """The maximum of each entry and all after it."""
    return xp.flip(xp.cumulative_max(xp.flip(x, axis=axis), axis=axis), axis=axis)


def min_from_end(xp: Any, x: Any, *, axis: int) -> Any:
    """The minimum of each entry and all after it."""
    return xp.flip(xp.cumulative_min(xp.flip(x, axis=axis), axis=axis), axis=axis)


def logsumexp_from_end(xp: Any, x: Any, *, axis: int) -> Any:
    """log(sum(exp(x))) of each entry and all after it."""
    return xp.flip(xp.logcumsumexp(xp.flip(x, axis=axis), axis=axis), axis=axis)


def _after_first(xp: Any, x: Any, axis: int, first: float, scanned: Any) -> Any:
    shape = tuple(1 if k == axis % len(x.shape) else n for k, n in enumerate(x.shape))
    return xp.concat([np.full(shape, first), scanned], axis=axis)


def cumulative_sum_initial(xp: Any, x: Any, *, axis: int) -> Any:
    """As cumulative_sum, with the empty sum first."""
    return _after_first(xp, x, axis, 0.0, xp.cumulative_sum(x, axis=axis))


def cumulative_prod_initial(xp: Any, x: Any, *, axis: int) -> Any:
    """As cumulative_prod, with the empty product first."""
    return _after_first(xp, x, axis, 1.0, xp.cumulative_prod(x, axis=axis))


def cumulative_trapezoid(xp: Any, y: Any, x: Any, *, axis: int) -> Any:
    """The integrals of y over x, up to each point but the first, by the trapezoidal rule."""
    if y.shape != x.shape:
        raise ValueError(f"heights of shape {y.shape} over points of shape {x.shape}")
    heights = part(y, axis, slice(1, None)) + part(y, axis, slice(0, -1))
    return xp.cumulative_sum(xp.diff(x, n=1, axis=axis) * heights * 0.5, axis=axis)


def var_and_mean(xp: Any, x: Any, *, axis: int, correction: int) -> Any:
    """The variance and the mean along `axis`, stacked along the first axis."""
    return xp.stack(
        [
            xp.var(x, axis=axis, keepdims=False, correction=correction),
            xp.mean(x, axis=axis, keepdims=False),
        ],
        axis=0,
    )


def std_and_mean(xp: Any, x: Any, *, axis: int, correction: int) -> Any:
    """The standard deviation and the mean along `axis`, stacked along the first axis."""
    return xp.stack(
        [
            xp.std(x, axis=axis, keepdims=False, correction=correction),
            xp.mean(x, axis=axis, keepdims=False),
        ],
        axis=0,
    )


def top_k_along(xp: Any, x: Any, *, k: int, axis: int, largest: bool) -> Any:
    """The k largest entries along `axis`, largest first; else the smallest, smallest first."""
    return part(xp.sort(x, axis=axis, descending=largest), axis, slice(0, k))


def mode_entry(xp: Any, x: Any, *, indices: Axes, axis: int) -> Any:
    """The most frequent of the parts at `indices`; one index must be the most frequent one."""
    counts = [indices.count(i) for i in indices]
    if counts.count(max(counts)) > max(counts):
        raise ValueError(f"no most frequent index in {indices}")
    return part(x, axis, indices[counts.index(max(counts))])


def numerical_gradient(xp: Any, x: Any, *, spacing: float, axis: int, edge: int) -> Any:
    """As numpy.gradient along one axis, with edge_order `edge`."""
    n = x.shape[axis]
    if n < edge + 1 or edge not in (1, 2) or not spacing:
        raise ValueError(f"no gradient of {n} entries with edge_order {edge}")

    def at(i: int) -> Any:
        return part(x, axis, slice(i % n, i % n + 1))

    if edge == 1:
        first, last = at(1) - at(0), at(-1) - at(-2)
    else:
        first = 2.0 * at(1) - 1.5 * at(0) - 0.5 * at(2)
        last = 1.5 * at(-1) - 2.0 * at(-2) + 0.5 * at(-3)
    middle = (part(x, axis, slice(2, None)) - part(x, axis, slice(0, -2))) * 0.5
    return xp.concat([first, middle, last], axis=axis) / spacing


def diff_joined(xp: Any, x: Any, before: Any, after: Any, *, n: int, axis: int) -> Any:
    """As diff, with `before` and `after` joined to x."""
    return xp.diff(xp.concat([before, x, after], axis=axis), n=n, axis=axis)


_AXES = {"axes": "some ints", "keepdims": "bool"}
_MASK = {**REDUCTION, "mask": "indices"}
_STEPS: dict[str, Any] = {"curvature": "linear", "exact": True}
_LINEAR: dict[str, Any] = {"curvature": "linear"}

ROWS: Sequence[Operation] = (
    *(
        derived(one, family("over_axes", **aim), params=_AXES, **more)
        for one, aim, more in (
            (sum_axes, {}, _STEPS),
            (mean_axes, {}, _LINEAR),
            (prod_axes, {"aim": "zeros"}, {"exact": True, "weight": 2}),
            (max_axes, {"aim": "tie"}, _STEPS),
            (min_axes, {"aim": "tie"}, _STEPS),
            (logsumexp_axes, {"aim": "tie"}, {"exponent": _of_result}),
        )
    ),
    *(
        derived(one, family("over_axes", varied=True), params={**_AXES, "correction": "int"})
        for one in (var_axes, std_axes)
    ),
    *(
        derived(one, family("masked_parts", **aim), params={**_MASK, "initial": "float"}, **more)
        for one, aim, more in (
            (sum_where, {"initial": (0.0, 1.0, -2.0)}, _STEPS),
            (prod_where, {"initial": (1.0, 2.0, 0.0), "aim": "zeros"}, {"exact": True}),
            (max_where, {"initial": (-64.0, 0.25)}, _STEPS),
            (min_where, {"initial": (64.0, -0.25)}, _STEPS),
        )
    ),
    derived(mean_where, family("masked_parts"), params=_MASK, **_LINEAR),
    derived(logsumexp_where, family("masked_parts"), params=_MASK, exponent=_of_result),
    *(
        derived(one, family("masked_parts", varied=True), params={**_MASK, "correction": "int"})
        for one in (var_where, std_where)
    ),
    derived(average, family("weighted"), arity=2, params={"axis": "int"}),
    derived(cov_weighted, family("weighted_rows"), arity=2, params={"correction": "int"}),
    *(
        derived(one, family("along_axis", nonempty=True, **aim), params={"axis": "int"}, **more)
        for one, aim, more in (
            (sum_from_end, {}, _STEPS),
            (prod_from_end, {"aim": "zeros"}, {"exact": True}),
            (max_from_end, {"aim": "tie"}, _STEPS),
            (min_from_end, {"aim": "tie"}, _STEPS),
            (logsumexp_from_end, {}, {"exponent": _of_result}),
            (cumulative_sum_initial, {}, _STEPS),
            (cumulative_prod_initial, {"aim": "zeros"}, {"exact": True}),
        )
    ),
    derived(
        cumulative_trapezoid,
        family("trapezoid"),
        arity=2,
        params={"axis": "int"},
        curvature="multilinear",
        exact=True,
    ),
    *(
        derived(one, family("varied_axis"), params={"axis": "int", "correction": "int"})
        for one in (var_and_mean, std_and_mean)
    ),
    derived(
        top_k_along,
        family("top_k_along"),
        params={"k": "int", "axis": "int", "largest": "bool"},
        **_STEPS,
    ),
    derived(mode_entry, family("mode_entry"), params={"indices": "ints", "axis": "int"}, **_STEPS),
    derived(
        numerical_gradient,
        family("numerical_gradient"),
        params={"spacing": "float", "axis": "int", "edge": "int"},
        **_LINEAR,
    ),
    derived(
        diff_joined,
        family("diff_joined"),
        arity=3,
        params={"n": "times", "axis": "int"},
        **_STEPS,
    ),
)
