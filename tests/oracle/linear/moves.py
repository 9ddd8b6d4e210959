"""Scattering and moving, entry by entry, or by NumPy's functions on the entries themselves."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tests.oracle.arrays import mean, product, total
from tests.oracle.numbers import Array, exact, mp, number

Reduce = Callable[[list[Any]], Any]


def _combined(x: Array, pairs: Sequence[tuple[Any, Any]], reduce: Reduce, own: bool) -> Array:
    """`x`, with each entry combined with all that a pair of index and entry sends to it."""
    out = x.copy()
    for index in np.ndindex(x.shape):
        sent = [entry for target, entry in pairs if target == index]
        if sent or own:
            out[index] = reduce([x[index], *sent] if own else sent)
    return out


def _scatter(reduce: Reduce) -> Callable[..., Array]:
    def apply(x: Array, v: Array, *, indices: Any, axis: int, include_self: bool) -> Array:
        at, axis = np.asarray(indices, dtype=int), axis % x.ndim
        pairs = [((*i[:axis], int(at[i]), *i[axis + 1 :]), v[i]) for i in np.ndindex(v.shape)]
        return _combined(x, pairs, reduce, include_self)

    return apply


def _index(reduce: Reduce) -> Callable[..., Array]:
    def apply(
        x: Array, v: Array, *, indices: Sequence[int], axis: int, include_self: bool = True
    ) -> Array:
        axis = axis % x.ndim
        pairs = [
            ((*i[:axis], indices[i[axis]] % x.shape[axis], *i[axis + 1 :]), v[i])
            for i in np.ndindex(v.shape)
        ]
        return _combined(x, pairs, reduce, include_self)

    return apply


def index_add_mode(x: Array, v: Array, *, indices: Sequence[int], axis: int, mode: str) -> Array:
    n = x.shape[axis]
    out, parts = np.moveaxis(x.copy(), axis, 0), np.moveaxis(v, axis, 0)
    for i, part in zip(indices, parts, strict=True):
        at = i + n if i < 0 else i
        if mode == "clip":
            at = 0 if at < 0 else min(at, n - 1)
        if 0 <= at < n:
            out[at] = out[at] + part
    return np.moveaxis(out, 0, axis)


def take_mode(x: Array, *, indices: Sequence[int], axis: int, mode: str, fill: float) -> Array:
    if mode != "fill":
        return np.take(x, list(indices), axis=axis, mode=mode)  # type: ignore[call-overload]
    rows, n = np.moveaxis(x, axis, 0), x.shape[axis]
    empty = np.full(rows.shape[1:], number(fill), dtype=object)
    chosen = [rows[i] if -n <= i < n else empty for i in indices]
    return np.moveaxis(np.stack([np.asarray(part, dtype=object) for part in chosen]), 0, axis)


def _segment(reduce: Reduce) -> Callable[..., Array]:
    def apply(x: Array, *, ids: Sequence[int], count: int) -> Array:
        out = np.empty((count, *x.shape[1:]), dtype=object)
        for index in np.ndindex(out.shape):
            members = [x[(k, *index[1:])] for k, i in enumerate(ids) if i == index[0]]
            out[index] = reduce(members)
        return out

    return apply


def index_put(
    x: Array, v: Array, *, rows: Sequence[int], columns: Sequence[int], accumulate: bool
) -> Array:
    out = x.copy()
    for i, j, entry in zip(rows, columns, np.broadcast_to(v, (len(rows),)), strict=True):
        out[i, j] = out[i, j] + entry if accumulate else entry
    return out


def put(x: Array, v: Array, *, indices: Sequence[int], accumulate: bool) -> Array:
    out = x.reshape(-1).copy()
    for i, entry in zip(indices, v, strict=True):
        out[i] = out[i] + entry if accumulate else entry
    return out.reshape(x.shape)


def scatter_set(x: Array, v: Array, *, indices: Any, axis: int) -> Array:
    out = x.copy()
    np.put_along_axis(out, np.asarray(indices, dtype=int), v, axis)
    return out


def index_fill(x: Array, v: Array, *, indices: Sequence[int], axis: int) -> Array:
    out = x.copy()
    for i in indices:
        np.moveaxis(out, axis, 0)[i] = v.item()
    return out


def _mask(x: Array, mask: Any) -> Array:
    return np.broadcast_to(np.array(mask, dtype=bool), x.shape)


def masked_scatter(x: Array, v: Array, *, mask: Any) -> Array:
    out, rest = x.copy(), iter(v.reshape(-1))
    for index in np.ndindex(x.shape):
        if _mask(x, mask)[index]:
            out[index] = next(rest)
    return out


def select_scatter(x: Array, v: Array, *, axis: int, which: int) -> Array:
    out = x.copy()
    np.moveaxis(out, axis, 0)[which] = v[()]
    return out


def diagonal_scatter(x: Array, v: Array, *, offset: int, axis1: int, axis2: int) -> Array:
    out = x.copy()
    turned = np.moveaxis(out, (axis1, axis2), (-2, -1))
    for index in np.ndindex(v.shape):
        k = index[-1]
        turned[(*index[:-1], k + max(-offset, 0), k + max(offset, 0))] = v[index]
    return out


def _places(shape: Sequence[int], strides: Sequence[int], offset: int) -> list[int]:
    return [
        offset + sum(i * k for i, k in zip(index, strides, strict=True))
        for index in itertools.product(*map(range, shape))
    ]


def as_strided(x: Array, *, shape: Sequence[int], strides: Sequence[int], offset: int) -> Array:
    return x.reshape(-1)[_places(shape, strides, offset)].reshape(shape)


def as_strided_scatter(
    x: Array, v: Array, *, shape: Sequence[int], strides: Sequence[int], offset: int
) -> Array:
    out = x.reshape(-1).copy()
    for place, entry in zip(_places(shape, strides, offset), v.reshape(-1), strict=True):
        out[place] = entry
    return out.reshape(x.shape)


def _window(x: Array, start: Sequence[int], sizes: Sequence[int]) -> tuple[slice, ...]:
    low = [
        max(0, min(i + n if i < 0 else i, n - k))
        for i, n, k in zip(start, x.shape, sizes, strict=True)
    ]
    return tuple(slice(i, i + k) for i, k in zip(low, sizes, strict=True))


def dynamic_update_slice(x: Array, v: Array, *, start: Sequence[int]) -> Array:
    out = x.copy()
    out[_window(x, start, v.shape)] = v
    return out


def block_diag(*blocks: Array) -> Array:
    made = [np.atleast_2d(x) for x in blocks]
    out = exact(np.zeros(np.sum([x.shape for x in made], axis=0)))
    row = column = 0
    for x in made:
        out[row : row + x.shape[0], column : column + x.shape[1]] = x
        row, column = row + x.shape[0], column + x.shape[1]
    return out


def _rows(made: Any, width: int) -> Array:
    rows = [list(row) for row in made]
    out = np.empty((len(rows), width), dtype=object)
    for index in np.ndindex(out.shape):
        out[index] = rows[index[0]][index[1]]
    return out


def combinations(x: Array, *, r: int, repeated: bool) -> Array:
    choose = itertools.combinations_with_replacement if repeated else itertools.combinations
    return _rows(choose(list(x), r), r)


def pad_inside(
    x: Array, v: Array, *, low: Sequence[int], high: Sequence[int], interior: Sequence[int]
) -> Array:
    shape = [
        n + (n - 1) * k + a + b for n, a, b, k in zip(x.shape, low, high, interior, strict=True)
    ]
    out = np.full([max(n, 0) for n in shape], v.item(), dtype=object)
    for index in np.ndindex(x.shape):
        place = tuple(i * (k + 1) + a for i, k, a in zip(index, interior, low, strict=True))
        if all(0 <= i < n for i, n in zip(place, shape, strict=True)):
            out[place] = x[index]
    return out


def linspace(a: Array, b: Array, *, count: int, endpoint: bool, new_axis: int) -> Array:
    a, b = np.broadcast_arrays(a, b)
    last = max(count - 1 if endpoint else count, 1)
    # The fractions are rounded to float64.
    parts = [np.asarray(a + (b - a) * number(k / last), dtype=object) for k in range(count)]
    return np.stack(parts, axis=new_axis)


def fill_diagonal(x: Array, v: Array) -> Array:
    out = x.copy()
    for k in range(min(x.shape)):
        out[k, k] = v.item() if v.ndim == 0 else v[k]
    return out


OPERATIONS: Mapping[str, Callable[..., Array]] = {
    "scatter_reduce_sum": _scatter(total),
    "scatter_reduce_mean": _scatter(mean),
    "scatter_reduce_prod": _scatter(product),
    "scatter_reduce_max": _scatter(max),
    "scatter_reduce_min": _scatter(min),
    "index_reduce_mean": _index(mean),
    "index_reduce_prod": _index(product),
    "index_reduce_max": _index(max),
    "index_reduce_min": _index(min),
    "index_subtract": _index(lambda line: line[0] - total(line[1:])),
    "index_divide": _index(lambda line: line[0] / product(line[1:])),
    "index_add_mode": index_add_mode,
    "take_mode": take_mode,
    "segment_sum": _segment(total),
    "segment_mean": _segment(mean),
    "segment_prod": _segment(product),
    "segment_max": _segment(max),
    "segment_min": _segment(min),
    "bincount": _segment(total),
    "index_put": index_put,
    "put": put,
    "scatter_set": scatter_set,
    "index_fill": index_fill,
    "masked_fill": lambda x, v, *, mask: np.where(_mask(x, mask), v, x),
    "masked_select": lambda x, *, mask: x[_mask(x, mask)],
    "masked_scatter": masked_scatter,
    "select_scatter": select_scatter,
    "diagonal_scatter": diagonal_scatter,
    "as_strided": as_strided,
    "as_strided_scatter": as_strided_scatter,
    "dynamic_slice": lambda x, *, start, sizes: x[_window(x, start, sizes)],
    "dynamic_update_slice": dynamic_update_slice,
    "block_diag": block_diag,
    "cartesian_prod": lambda *vectors: (
        vectors[0] if len(vectors) == 1 else _rows(itertools.product(*vectors), len(vectors))
    ),
    "combinations": combinations,
    "toeplitz": lambda c, r: _rows(
        [[c[i - j] if i >= j else r[j - i] for j in range(len(r))] for i in range(len(c))], len(r)
    ),
    "diagonal_axes": lambda x, *, offset, axis1, axis2: np.diagonal(x, offset, axis1, axis2),
    "trace_axes": lambda x, *, offset, axis1, axis2: exact(
        np.sum(np.diagonal(x, offset, axis1, axis2), axis=-1, initial=mp.mpf(0))
    ),
    "swapaxes": lambda x, *, axis1, axis2: np.swapaxes(x, axis1, axis2),
    "flip_axes": lambda x, *, axes: np.flip(x, axes),
    "rot90_axes": lambda x, *, k, axes: np.rot90(x, k, axes),
    "roll_flat": lambda x, *, shift: np.roll(x, shift),
    "move_axes": lambda x, *, sources, destinations: np.moveaxis(x, sources, destinations),
    "reshape_columns": lambda x, *, shape: np.reshape(x, shape, order="F"),
    "split_at": lambda x, *, indices, axis, which: np.split(x, list(indices), axis)[which],
    "resize": lambda x, *, shape: np.resize(x, shape),
    "delete": lambda x, *, indices, axis: np.delete(x, list(indices), axis),
    "insert": lambda x, v, *, indices, axis: np.insert(x, list(indices), v, axis),
    "fill_diagonal": fill_diagonal,
    "compress": lambda x, *, condition, axis: np.compress([bool(c) for c in condition], x, axis),
    "take_flat": lambda x, *, indices: np.take(x, np.array(indices, dtype=int)),
    "pad_inside": pad_inside,
    "linspace": linspace,
}
