"""Reductions over several axes, of some entries, with weights, and scans from the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tests.oracle.arrays import difference, mean, product, total, variance
from tests.oracle.linear.products import parts
from tests.oracle.numbers import Array, exact, logsumexp_of, mp, number

Reduce = Callable[[list[Any]], Any]


def _over(reduce: Reduce) -> Callable[..., Array]:
    return lambda x, *, axes, keepdims: parts(
        x, axes, keepdims, lambda part: reduce(list(np.ravel(part)))
    )


def _spread(root: bool) -> Callable[..., Array]:
    def reduce(entries: list[Any], correction: int) -> Any:
        found = variance(entries, correction)
        return mp.sqrt(found) if root else found

    return lambda x, *, axes, keepdims, correction: _over(lambda e: reduce(e, correction))(
        x, axes=axes, keepdims=keepdims
    )


def _where(reduce: Callable[..., Any]) -> Callable[..., Array]:
    """A reduction of the entries where the mask is 1, and of further arguments."""

    def apply(x: Array, *, axis: int | None, keepdims: bool, mask: Any, **more: Any) -> Array:
        kept = np.where(np.array(mask, dtype=bool), x, None)
        axes = tuple(range(x.ndim)) if axis is None else (axis,)
        return parts(
            kept,
            axes,
            keepdims,
            lambda part: reduce([z for z in np.ravel(part) if z is not None], **more),
        )

    return apply


def average(x: Array, w: Array, *, axis: int) -> Array:
    rows, weights = np.moveaxis(x, axis, -1), w if w.ndim == 1 else np.moveaxis(w, axis, -1)
    out = np.empty(rows.shape[:-1], dtype=object)
    for index in np.ndindex(out.shape):
        line = weights if weights.ndim == 1 else weights[index]
        out[index] = total(list(rows[index] * line)) / total(list(line))
    return out


def cov_weighted(x: Array, w: Array, *, correction: int) -> Array:
    """As numpy.cov with aweights."""
    weight = total(list(w))
    means = [total(list(row * w)) / weight for row in x]
    divisor = weight - (total([z * z for z in w]) / weight if correction else 0)
    out = np.empty((len(x), len(x)), dtype=object)
    for i, j in np.ndindex(out.shape):
        out[i, j] = total(list((x[i] - means[i]) * (x[j] - means[j]) * w)) / divisor
    return out


def _lines(x: Array, axis: int, function: Callable[[list[Any]], list[Any]]) -> Array:
    rows = np.moveaxis(x, axis, -1)
    made = [exact(function(list(rows[index]))) for index in np.ndindex(rows.shape[:-1])]
    return np.moveaxis(np.stack(made).reshape(*rows.shape[:-1], -1), -1, axis)


def _suffixes(reduce: Reduce) -> Callable[..., Array]:
    return lambda x, *, axis: _lines(
        x, axis, lambda line: [reduce(line[k:]) for k in range(len(line))]
    )


def _prefixes(reduce: Reduce) -> Callable[..., Array]:
    """Of every prefix, the empty one included."""
    return lambda x, *, axis: _lines(
        x, axis, lambda line: [reduce(line[:k]) for k in range(len(line) + 1)]
    )


def cumulative_trapezoid(y: Array, x: Array, *, axis: int) -> Array:
    heights, places = np.moveaxis(y, axis, -1), np.moveaxis(x, axis, -1)
    n = heights.shape[-1]
    out = np.empty((*heights.shape[:-1], max(n - 1, 0)), dtype=object)
    for index in np.ndindex(out.shape[:-1]):
        h, p = heights[index], places[index]
        areas = [(p[k + 1] - p[k]) * (h[k + 1] + h[k]) / 2 for k in range(n - 1)]
        for k in range(n - 1):
            out[(*index, k)] = total(areas[: k + 1])
    return np.moveaxis(out, -1, axis)


def _with_mean(root: bool) -> Callable[..., Array]:
    def apply(x: Array, *, axis: int, correction: int) -> Array:
        spread = _spread(root)(x, axes=(axis,), keepdims=False, correction=correction)
        middle = _over(mean)(x, axes=(axis,), keepdims=False)
        return np.stack([np.asarray(v, dtype=object) for v in (spread, middle)])

    return apply


def mode_entry(x: Array, *, indices: Sequence[int], axis: int) -> Array:
    most = Counter(indices).most_common(1)[0][0]
    return np.asarray(np.moveaxis(x, axis, 0)[most], dtype=object)


def numerical_gradient(x: Array, *, spacing: float, axis: int, edge: int) -> Array:
    def line(f: list[Any]) -> list[Any]:
        if edge == 1:
            first, last = f[1] - f[0], f[-1] - f[-2]
        else:
            first = (-3 * f[0] + 4 * f[1] - f[2]) / 2
            last = (3 * f[-1] - 4 * f[-2] + f[-3]) / 2
        middle = [(f[k + 1] - f[k - 1]) / 2 for k in range(1, len(f) - 1)]
        return [z / number(spacing) for z in (first, *middle, last)]

    return _lines(x, axis, line)


def diff_joined(x: Array, before: Array, after: Array, *, n: int, axis: int) -> Array:
    return difference(np.concatenate([before, x, after], axis=axis), n=n, axis=axis)


OPERATIONS: Mapping[str, Callable[..., Array]] = {
    "sum_axes": _over(total),
    "mean_axes": _over(mean),
    "prod_axes": _over(product),
    "max_axes": _over(max),
    "min_axes": _over(min),
    "logsumexp_axes": _over(logsumexp_of),
    "var_axes": _spread(False),
    "std_axes": _spread(True),
    "sum_where": _where(lambda entries, initial: total(entries) + number(initial)),
    "prod_where": _where(lambda entries, initial: product(entries) * number(initial)),
    "max_where": _where(lambda entries, initial: max([*entries, number(initial)])),
    "min_where": _where(lambda entries, initial: min([*entries, number(initial)])),
    "mean_where": _where(mean),
    "logsumexp_where": _where(logsumexp_of),
    "var_where": _where(variance),
    "std_where": _where(lambda entries, correction: mp.sqrt(variance(entries, correction))),
    "average": average,
    "cov_weighted": cov_weighted,
    "sum_from_end": _suffixes(total),
    "prod_from_end": _suffixes(product),
    "max_from_end": _suffixes(max),
    "min_from_end": _suffixes(min),
    "logsumexp_from_end": _suffixes(logsumexp_of),
    "cumulative_sum_initial": _prefixes(total),
    "cumulative_prod_initial": _prefixes(product),
    "cumulative_trapezoid": cumulative_trapezoid,
    "var_and_mean": _with_mean(False),
    "std_and_mean": _with_mean(True),
    "top_k_along": lambda x, *, k, axis, largest: _lines(
        x, axis, lambda line: sorted(line, reverse=largest)[:k]
    ),
    "mode_entry": mode_entry,
    "numerical_gradient": numerical_gradient,
    "diff_joined": diff_joined,
}
