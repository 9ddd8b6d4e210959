"""Operations that move, add up, select and sort entries."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tests.oracle.numbers import Array, exact, log_softmax_of, logsumexp_of, mp, number


def _reduced(
    x: Array, axis: int | None, keepdims: bool, function: Callable[[list[Any]], Any]
) -> Array:
    """`function` of the list of entries along the axis, or of all entries."""
    if axis is None:
        whole = exact(function(list(x.reshape(-1))))
        return whole.reshape((1,) * x.ndim) if keepdims else whole
    rows = np.moveaxis(x, axis, -1)
    out = np.empty(rows.shape[:-1], dtype=object)
    for index in np.ndindex(out.shape):
        out[index] = function(list(rows[index]))
    return np.expand_dims(out, axis) if keepdims else out


def _reduction(function: Callable[[list[Any]], Any]) -> Callable[..., Array]:
    return lambda x, *, axis, keepdims: _reduced(x, axis, keepdims, function)


def _lines(x: Array, axis: int, function: Callable[[list[Any]], Sequence[Any]]) -> Array:
    """`function` of each list of entries along the axis, which gives a list of any one length."""
    rows = np.moveaxis(x, axis, -1)
    made = {index: function(list(rows[index])) for index in np.ndindex(rows.shape[:-1])}
    length = len(next(iter(made.values()))) if made else len(function([number(0)] * x.shape[axis]))
    out = np.empty((*rows.shape[:-1], length), dtype=object)
    for index, line in made.items():
        for k, entry in enumerate(line):
            out[(*index, k)] = entry
    return np.moveaxis(out, -1, axis)


def total(entries: Sequence[Any]) -> Any:
    return sum(entries, mp.mpf(0))


def product(entries: Sequence[Any]) -> Any:
    return math.prod(entries, start=mp.mpf(1))


def mean(entries: Sequence[Any]) -> Any:
    return total(entries) / len(entries)


def variance(entries: Sequence[Any], correction: int = 0) -> Any:
    """By the pairwise formula: the sum of all squared differences / (2 n (n - correction))."""
    n = len(entries)
    pairs = total([(a - b) ** 2 for a in entries for b in entries])
    return pairs / (2 * n * (n - correction))


def _prefixes(function: Callable[[list[Any]], Any]) -> Callable[..., Array]:
    """`function` of every prefix along an axis."""
    return lambda x, *, axis: _lines(
        x, axis, lambda line: [function(line[: k + 1]) for k in range(len(line))]
    )


def _quantile(entries: Sequence[Any], q: float) -> Any:
    ordered, at = sorted(entries), q * (len(entries) - 1)
    low = math.floor(at)
    high = min(low + 1, len(entries) - 1)
    return ordered[low] * (1 - number(at - low)) + ordered[high] * number(at - low)


def quantile(x: Array, *, q: Sequence[float], axis: int) -> Array:
    return np.stack(
        [_reduced(x, axis, False, lambda line, f=f: _quantile(line, f)) for f in q]  # type: ignore[misc]
    )


def sort_by(keys: Array, x: Array, *, axis: int) -> Array:
    out = np.moveaxis(x, axis, -1).copy()
    ordered = np.moveaxis(keys, axis, -1)
    for index in np.ndindex(out.shape[:-1]):
        pairs = list(zip(ordered[index], out[index], strict=True))
        out[index] = [pair[1] for pair in sorted(pairs, key=lambda pair: pair[0])]
    return np.moveaxis(out, -1, axis)


def difference(x: Array, *, n: int, axis: int) -> Array:
    """By binomial coefficients."""

    def line(entries: list[Any]) -> list[Any]:
        signs = [(-1) ** (n - j) * math.comb(n, j) for j in range(n + 1)]
        return [
            total([s * entries[i + j] for j, s in enumerate(signs)])
            for i in range(len(entries) - n)
        ]

    return _lines(x, axis, line)


def trapezoid(y: Array, x: Array, *, axis: int) -> Array:
    heights, places = np.moveaxis(y, axis, -1), np.moveaxis(x, axis, -1)
    out = np.empty(heights.shape[:-1], dtype=object)
    for index in np.ndindex(out.shape):
        h, p = heights[index], places[index]
        out[index] = total([(p[k + 1] - p[k]) * (h[k + 1] + h[k]) / 2 for k in range(len(h) - 1)])
    return out


def interp(x: Array, *, knots: Sequence[float], heights: Sequence[float]) -> Array:
    ks, hs = exact(knots), exact(heights)

    def at(z: Any) -> Any:
        if z <= ks[0]:
            return hs[0]
        for k in range(len(ks) - 1):
            if z <= ks[k + 1]:
                return hs[k] + (z - ks[k]) * (hs[k + 1] - hs[k]) / (ks[k + 1] - ks[k])
        return hs[-1]

    return exact(np.frompyfunc(at, 1, 1)(x))


def covariance(x: Array, correction: int) -> Array:
    means = [mean(row) for row in x]
    out = np.empty((len(x), len(x)), dtype=object)
    for i, j in np.ndindex(out.shape):
        terms = zip(x[i], x[j], strict=True)
        out[i, j] = total([(a - means[i]) * (b - means[j]) for a, b in terms])
    return np.asarray(out / number(x.shape[1] - correction))


def correlation(x: Array) -> Array:
    c = covariance(x, 1)
    out = np.empty(c.shape, dtype=object)
    for i, j in np.ndindex(c.shape):
        out[i, j] = c[i, j] / mp.sqrt(c[i, i] * c[j, j])
    return out


# Moving and selecting: the functions of NumPy, which the catalogue calls on indices or on balls,
# act on the entries here.


def _pairs(x: Array, widths: Sequence[int]) -> list[tuple[int, int]]:
    pairs = [(widths[i], widths[i + 1]) for i in range(0, len(widths), 2)]
    return [(0, 0)] * (x.ndim - len(pairs)) + pairs[::-1]


def _padded(mode: str) -> Callable[..., Array]:
    return lambda x, *, widths: np.pad(x, _pairs(x, widths), mode=mode)  # type: ignore[call-overload]


def unfold(x: Array, *, axis: int, size: int, step: int) -> Array:
    rows = np.moveaxis(x, axis, -1)
    starts = range(0, rows.shape[-1] - size + 1, step)
    windows = np.stack([rows[..., s : s + size] for s in starts], axis=-2)
    return np.moveaxis(windows, -2, axis if axis >= 0 else axis - 1)


def _band(x: Array, kept: Callable[[int, int], bool]) -> Array:
    out = x.copy()
    for index in np.ndindex(x.shape):
        if not kept(index[-2], index[-1]):
            out[index] = mp.mpf(0)
    return out


def diag_embed(x: Array, *, offset: int) -> Array:
    n = x.shape[-1] + abs(offset)
    out = exact(np.zeros((*x.shape[:-1], n, n)))
    for index in np.ndindex(x.shape):
        i = index[-1]
        out[(*index[:-1], i + max(-offset, 0), i + max(offset, 0))] = x[index]
    return out


def sliced(axis: int, start: int, stop: int, step: int) -> tuple[slice, ...]:
    return (slice(None),) * axis + (slice(start, stop, step),)


def slice_(x: Array, *, axis: int, start: int, stop: int, step: int) -> Array:
    return x[sliced(axis % x.ndim, start, stop, step)]


def slice_set(x: Array, v: Array, *, axis: int, start: int, stop: int, step: int) -> Array:
    out = x.copy()
    out[sliced(axis % x.ndim, start, stop, step)] = v
    return out


def index_set(x: Array, v: Array, *, indices: Sequence[int], axis: int) -> Array:
    out = x.copy()
    for k, i in enumerate(indices):
        np.moveaxis(out, axis, 0)[i] = np.moveaxis(v, axis, 0)[k]
    return out


def _met(x: Array, v: Array, indices: Any, axis: int) -> dict[tuple[int, ...], list[Any]]:
    """For each entry of x, the entries of v that go to it; `indices` along the axis or, with as
    many axes as x, as those of take_along_axis.
    """
    met: dict[tuple[int, ...], list[Any]] = {index: [] for index in np.ndindex(x.shape)}
    targets, axis = np.asarray(indices, dtype=int), axis % x.ndim
    for index in np.ndindex(v.shape):
        along = targets[index[axis]] if targets.ndim != x.ndim or x.ndim == 1 else targets[index]
        met[(*index[:axis], int(along) % x.shape[axis], *index[axis + 1 :])].append(v[index])
    return met


def _scattered(combine: Callable[[list[Any]], Any]) -> Callable[..., Array]:
    def scatter(x: Array, v: Array, *, indices: Any, axis: int) -> Array:
        out = x.copy()
        for index, entries in _met(x, v, indices, axis).items():
            out[index] = combine([x[index], *entries])
        return out

    return scatter


def _outer_sum(a: Array, b: Array) -> Array:
    out = np.empty(a.shape + b.shape, dtype=object)
    for i, j in np.ndindex(a.shape[0], b.shape[0]):
        out[i, j] = a[i] + b[j]
    return out


def _masked(x: Array, threshold: float, other: float) -> Array:
    one = np.frompyfunc(lambda z: z if z > number(threshold) else number(other), 1, 1)
    return exact(one(x))


def _masked_reduction(
    function: Callable[[list[Any]], Any], other: Callable[[float], float]
) -> Callable[..., Array]:
    return lambda x, *, threshold, axis: _reduced(
        _masked(x, threshold, other(threshold)), axis, False, function
    )


OPERATIONS: Mapping[str, Callable[..., Array]] = {
    "constant": lambda *, value: exact(np.asarray(value, dtype=float)),
    "argument": lambda *, value: exact(np.asarray(value, dtype=float)),
    "sum": _reduction(total),
    "prod": _reduction(product),
    "mean": _reduction(mean),
    "nanmean": _reduction(mean),
    "max": _reduction(max),
    "min": _reduction(min),
    "ptp": _reduction(lambda line: max(line) - min(line)),
    "median": _reduction(lambda line: _quantile(line, 0.5)),
    "logsumexp": _reduction(logsumexp_of),
    "var": lambda x, *, axis, keepdims, correction: _reduced(
        x, axis, keepdims, lambda line: variance(line, correction)
    ),
    "std": lambda x, *, axis, keepdims, correction: _reduced(
        x, axis, keepdims, lambda line: mp.sqrt(variance(line, correction))
    ),
    "cumulative_sum": _prefixes(total),
    "cumulative_prod": _prefixes(product),
    "associative_product": _prefixes(product),
    "cumulative_max": _prefixes(max),
    "cumulative_min": _prefixes(min),
    "logcumsumexp": _prefixes(logsumexp_of),
    "log_softmax": lambda x, *, axis: _lines(x, axis, log_softmax_of),
    "softmax": lambda x, *, axis: _lines(
        x, axis, lambda line: [mp.exp(z) for z in log_softmax_of(line)]
    ),
    "sort": lambda x, *, axis, descending: _lines(
        x, axis, lambda line: sorted(line, reverse=descending)
    ),
    "sort_by": sort_by,
    "top_k": lambda x, *, k: _lines(x, -1, lambda line: sorted(line)[::-1][:k]),
    "kth_value": lambda x, *, k, axis: _reduced(x, axis, False, lambda line: sorted(line)[k - 1]),
    "quantile": quantile,
    "diff": difference,
    "trapezoid": trapezoid,
    "interp": interp,
    "cov": lambda x, *, correction: covariance(x, correction),
    "corrcoef": correlation,
    "stack": lambda *xs, axis: np.stack(xs, axis=axis),
    "concat": lambda *xs, axis: np.concatenate(xs, axis=axis),
    "reshape": lambda x, *, shape: np.reshape(x, shape),
    "expand_dims": lambda x, *, axis: np.expand_dims(x, axis),
    "permute_dims": lambda x, *, axes: np.transpose(x, axes),
    "matrix_transpose": lambda x: np.swapaxes(x, -1, -2),
    "flip": lambda x, *, axis: np.flip(x, axis),
    "roll": lambda x, *, shift, axis: np.roll(x, shift, axis),
    "roll_axes": lambda x, *, shift, axis: np.roll(x, shift, axis),
    "broadcast_to": lambda x, *, shape: np.broadcast_to(x, shape),
    "index": lambda x, *, index: np.asarray(x[tuple(index)], dtype=object),
    "slice": slice_,
    "take": lambda x, *, indices, axis: np.take(x, list(indices), axis=axis),
    "take_along_axis": lambda x, *, indices, axis: np.take_along_axis(
        x, np.asarray(indices, dtype=int), axis
    ),
    "tril": lambda x: _band(x, lambda i, j: j <= i),
    "triu": lambda x: _band(x, lambda i, j: j >= i),
    "tril_offset": lambda x, *, k: _band(x, lambda i, j: j - i <= k),
    "triu_offset": lambda x, *, k: _band(x, lambda i, j: j - i >= k),
    "diag": lambda x: diag_embed(x, offset=0),
    "diag_embed": diag_embed,
    "diagonal": lambda x: np.diagonal(x, 0, -2, -1),
    "diagonal_offset": lambda x, *, offset: np.diagonal(x, offset, -2, -1),
    "unstack": lambda x, *, axis, which: np.take(x, which, axis=axis),
    "split": lambda x, *, sections, axis, which: np.array_split(x, sections, axis)[which],
    "pad_constant": lambda x, *, widths, value: np.pad(
        x, _pairs(x, widths), constant_values=number(value)
    ),
    "pad_edge": _padded("edge"),
    "pad_reflect": _padded("reflect"),
    "pad_wrap": _padded("wrap"),
    "tile": lambda x, *, repetitions: np.tile(x, repetitions),
    "repeat": lambda x, *, repeats, axis: np.repeat(x, repeats, axis),
    "rot90": lambda x, *, k: np.rot90(x, k),
    "moveaxis": lambda x, *, source, destination: np.moveaxis(x, source, destination),
    "squeeze": lambda x, *, axis: np.squeeze(x, axis),
    "unfold": unfold,
    "outer_sum": _outer_sum,
    "index_set": index_set,
    "slice_set": slice_set,
    "index_add": _scattered(total),
    "index_multiply": _scattered(product),
    "index_max": _scattered(max),
    "scatter_add": _scattered(total),
    "scatter_multiply": _scattered(product),
    "scatter_max": _scattered(max),
    "scatter_mean": _scattered(mean),
    "masked_sum": _masked_reduction(total, lambda t: 0.0),
    "masked_prod": _masked_reduction(product, lambda t: 1.0),
    "masked_max": _masked_reduction(max, lambda t: t - 1.0),
}
