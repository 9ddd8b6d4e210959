"""Gathering, scattering, padding and moving by constant indices.

An operation that only moves entries is defined by what the NumPy function does to an array of
indices: the definition takes the entries at the resulting indices. So balls and tracers need no
function of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from ad_conformance.generators.catalogue.operands import OperandFamily, family
from ad_conformance.generators.catalogue.operation import Operation
from ad_conformance.generators.catalogue.row_forms import derived

#: The most entries that are moved at a time, far more than a value has.
MOST = 2**18
Numbers = np.ndarray
Indices = Any


def moved(xp: Any, x: Any, move: Callable[[Numbers], Any], fill: float | None = None) -> Any:
    """The entries of `x`, moved as `move` moves the entries of an array of that shape; index
    `x.size` stands for `fill`.
    """
    numbers = np.asarray(move(np.arange(x.size).reshape(x.shape)))
    if numbers.size > MOST:
        raise ValueError(f"more than {MOST} entries")
    flat = xp.reshape(x, shape=(-1,))
    if fill is not None:
        flat = xp.concat([flat, np.array([fill])], axis=0)
    return xp.reshape(
        xp.take(flat, indices=tuple(numbers.ravel().tolist()), axis=0), shape=numbers.shape
    )


def take_along_axis(xp: Any, x: Any, *, indices: Indices, axis: int) -> Any:
    """As numpy.take_along_axis, with constant indices."""
    return moved(
        xp, x, lambda numbers: np.take_along_axis(numbers, np.asarray(indices, dtype=int), axis)
    )


def unstack(xp: Any, x: Any, *, axis: int, which: int) -> Any:
    """Part `which` of the array, taken apart along `axis`."""
    return moved(xp, x, lambda numbers: np.moveaxis(numbers, axis, 0)[which])


def split(xp: Any, x: Any, *, sections: int, axis: int, which: int) -> Any:
    """Part `which` of numpy.array_split in `sections` parts."""
    return moved(xp, x, lambda numbers: np.array_split(numbers, sections, axis)[which])


def pad_constant(xp: Any, x: Any, *, widths: tuple[int, ...], value: float) -> Any:
    """The array, surrounded by `value`; there may be fewer pairs of `widths` than axes."""
    pairs = _pairs(x, widths)
    return moved(xp, x, lambda numbers: np.pad(numbers, pairs, constant_values=numbers.size), value)


def pad_edge(xp: Any, x: Any, *, widths: tuple[int, ...]) -> Any:
    """As pad_constant, with copies of the entries at the edge."""
    return moved(xp, x, lambda numbers: np.pad(numbers, _pairs(x, widths), mode="edge"))


def pad_reflect(xp: Any, x: Any, *, widths: tuple[int, ...]) -> Any:
    """As pad_constant, with the entries reflected at the edge, which is not repeated."""
    return moved(xp, x, lambda numbers: np.pad(numbers, _pairs(x, widths), mode="reflect"))


def pad_wrap(xp: Any, x: Any, *, widths: tuple[int, ...]) -> Any:
    """As pad_constant, with the entries of the other end."""
    return moved(xp, x, lambda numbers: np.pad(numbers, _pairs(x, widths), mode="wrap"))


def _pairs(x: Any, widths: tuple[int, ...]) -> list[tuple[int, int]]:
    given = list(zip(widths[::2], widths[1::2], strict=True))[::-1]
    return [(0, 0)] * (len(x.shape) - len(given)) + given


def tile(xp: Any, x: Any, *, repetitions: tuple[int, ...]) -> Any:
    """As numpy.tile."""
    return moved(xp, x, lambda numbers: np.tile(numbers, repetitions))


def repeat(xp: Any, x: Any, *, repeats: tuple[int, ...], axis: int) -> Any:
    """As numpy.repeat."""
    return moved(xp, x, lambda numbers: np.repeat(numbers, repeats, axis))


def roll_axes(xp: Any, x: Any, *, shift: tuple[int, ...], axis: tuple[int, ...]) -> Any:
    """numpy.roll along several axes."""
    return moved(xp, x, lambda numbers: np.roll(numbers, shift, axis))


def rot90(xp: Any, x: Any, *, k: int) -> Any:
    """As numpy.rot90: the first two axes are turned `k` times."""
    return moved(xp, x, lambda numbers: np.rot90(numbers, k))


def moveaxis(xp: Any, x: Any, *, source: int, destination: int) -> Any:
    """As numpy.moveaxis, for one axis."""
    return moved(xp, x, lambda numbers: np.moveaxis(numbers, source, destination))


def squeeze(xp: Any, x: Any, *, axis: int) -> Any:
    """Without an axis of length 1."""
    return moved(xp, x, lambda numbers: np.squeeze(numbers, axis))


def unfold(xp: Any, x: Any, *, axis: int, size: int, step: int) -> Any:
    """Windows of `size` entries, `step` apart along `axis`; the last axis of the result holds the
    entries of a window.
    """

    def windows(numbers: Numbers) -> Numbers:
        every = np.lib.stride_tricks.sliding_window_view(numbers, size, axis=axis)
        return np.asarray(
            np.moveaxis(np.moveaxis(every, axis - (axis < 0), 0)[::step], 0, axis - (axis < 0))
        )

    return moved(xp, x, windows)


def diag_embed(xp: Any, x: Any, *, offset: int) -> Any:
    """Matrices with the entries of the last axis on a diagonal, and zeros."""

    def embedded(numbers: Numbers) -> Numbers:
        n = numbers.shape[-1] + abs(offset)
        out = np.full((*numbers.shape[:-1], n, n), numbers.size)
        rows = np.arange(numbers.shape[-1])
        out[..., rows + max(-offset, 0), rows + max(offset, 0)] = numbers
        return out

    return moved(xp, x, embedded, 0.0)


def diagonal_offset(xp: Any, x: Any, *, offset: int) -> Any:
    """A diagonal of the last two axes."""
    return moved(xp, x, lambda numbers: np.diagonal(numbers, offset, -2, -1))


def tril_offset(xp: Any, x: Any, *, k: int) -> Any:
    """As numpy.tril."""
    return moved(
        xp,
        x,
        lambda numbers: np.where(
            np.tri(numbers.shape[-2], numbers.shape[-1], k), numbers, numbers.size
        ),
        0.0,
    )


def triu_offset(xp: Any, x: Any, *, k: int) -> Any:
    """As numpy.triu."""
    return moved(
        xp,
        x,
        lambda numbers: np.where(
            np.tri(numbers.shape[-2], numbers.shape[-1], k - 1), numbers.size, numbers
        ),
        0.0,
    )


def outer_sum(xp: Any, a: Any, b: Any) -> Any:
    """a[..., None] + b[None, ...]: all sums of two entries."""
    return xp.expand_dims(a, axis=-1) + xp.expand_dims(b, axis=0)


def index_set(xp: Any, x: Any, v: Any, *, indices: tuple[int, ...], axis: int) -> Any:
    """`x` with its entries at `indices`, all different, replaced by `v`."""
    numbers = np.arange(x.size).reshape(x.shape)
    np.moveaxis(numbers, axis, 0)[list(indices)] = np.moveaxis(_own(x, v), axis, 0)
    return of_both(xp, x, v, numbers)


def slice_set(xp: Any, x: Any, v: Any, *, axis: int, start: int, stop: int, step: int) -> Any:
    """`x` with the slice start:stop:step along `axis` replaced by `v`."""
    numbers = np.arange(x.size).reshape(x.shape)
    np.moveaxis(numbers, axis, 0)[start:stop:step] = np.moveaxis(_own(x, v), axis, 0)
    return of_both(xp, x, v, numbers)


def _own(x: Any, v: Any) -> Numbers:
    """The indices of v's entries in x and v joined."""
    return np.arange(x.size, x.size + v.size).reshape(v.shape)


def of_both(xp: Any, x: Any, v: Any, numbers: Numbers, fill: float = 0.0) -> Any:
    flat = xp.concat(
        [xp.reshape(x, shape=(-1,)), xp.reshape(v, shape=(-1,)), np.array([fill])], axis=0
    )
    return moved(xp, flat, lambda _: numbers)


def _met(xp: Any, x: Any, v: Any, targets: Numbers, fill: float | None) -> tuple[Any, list[int]]:
    """For each entry of x a row: the entry, the entries of v that are scattered to it, and then
    `fill` (if None, the entry again). And the number of entries in each row before `fill`.
    """
    if targets.shape != v.shape:
        raise ValueError(f"{v.shape} entries cannot go to {targets.shape} indices")
    rows = [[i] for i in range(x.size)]
    for j, target in enumerate(targets.ravel().tolist()):
        rows[target].append(x.size + j)
    width = max(map(len, rows), default=1)
    end = x.size + v.size
    full = [[*row, *[row[0] if fill is None else end] * (width - len(row))] for row in rows]
    return of_both(xp, x, v, np.array(full, dtype=int).reshape(x.size, width), fill or 0.0), [
        len(r) for r in rows
    ]


def _along(x: Any, indices: tuple[int, ...], axis: int) -> Numbers:
    return np.take(np.arange(x.size).reshape(x.shape), np.asarray(indices, dtype=int), axis)


def _among(x: Any, indices: Indices, axis: int) -> Numbers:
    return np.take_along_axis(
        np.arange(x.size).reshape(x.shape), np.asarray(indices, dtype=int), axis
    )


def _added(xp: Any, x: Any, v: Any, targets: Numbers) -> Any:
    return xp.reshape(
        xp.sum(_met(xp, x, v, targets, 0.0)[0], axis=1, keepdims=False), shape=x.shape
    )


def _multiplied(xp: Any, x: Any, v: Any, targets: Numbers) -> Any:
    return xp.reshape(
        xp.prod(_met(xp, x, v, targets, 1.0)[0], axis=1, keepdims=False), shape=x.shape
    )


def _largest(xp: Any, x: Any, v: Any, targets: Numbers) -> Any:
    return xp.reshape(
        xp.max(_met(xp, x, v, targets, None)[0], axis=1, keepdims=False), shape=x.shape
    )


def _averaged(xp: Any, x: Any, v: Any, targets: Numbers) -> Any:
    met, counts = _met(xp, x, v, targets, 0.0)
    means = xp.divide(xp.sum(met, axis=1, keepdims=False), np.array(counts, dtype=float))
    return xp.reshape(means, shape=x.shape)


def index_add(xp: Any, x: Any, v: Any, *, indices: tuple[int, ...], axis: int) -> Any:
    """`x` with `v` added at `indices` along `axis`; they may repeat."""
    return _added(xp, x, v, _along(x, indices, axis))


def index_multiply(xp: Any, x: Any, v: Any, *, indices: tuple[int, ...], axis: int) -> Any:
    """As index_add, with a product."""
    return _multiplied(xp, x, v, _along(x, indices, axis))


def index_max(xp: Any, x: Any, v: Any, *, indices: tuple[int, ...], axis: int) -> Any:
    """As index_add, with the maximum."""
    return _largest(xp, x, v, _along(x, indices, axis))


def scatter_add(xp: Any, x: Any, v: Any, *, indices: Indices, axis: int) -> Any:
    """`x` with `v` added at `indices`, which are those of take_along_axis."""
    return _added(xp, x, v, _among(x, indices, axis))


def scatter_multiply(xp: Any, x: Any, v: Any, *, indices: Indices, axis: int) -> Any:
    """As scatter_add, with a product."""
    return _multiplied(xp, x, v, _among(x, indices, axis))


def scatter_max(xp: Any, x: Any, v: Any, *, indices: Indices, axis: int) -> Any:
    """As scatter_add, with the maximum."""
    return _largest(xp, x, v, _among(x, indices, axis))


def scatter_mean(xp: Any, x: Any, v: Any, *, indices: Indices, axis: int) -> Any:
    """As scatter_add, with the mean of an entry and all that go to it."""
    return _averaged(xp, x, v, _among(x, indices, axis))


def _linear(definition: Callable[..., Any], operands: OperandFamily, /, **params: str) -> Operation:
    return derived(definition, operands, params=params, curvature="linear", exact=True)


def _update(
    definition: Callable[..., Any], operands: OperandFamily, indices: str, /, **more: Any
) -> Operation:
    return derived(
        definition, operands, arity=2, params={"indices": indices, "axis": "int"}, **more
    )


ROWS: Sequence[Operation] = (
    _linear(take_along_axis, family("take_along_axis"), indices="indices", axis="int"),
    _linear(unstack, family("unstack"), axis="int", which="int"),
    _linear(split, family("split"), sections="int", axis="int", which="int"),
    _linear(pad_constant, family("pad_constant"), widths="growth", value="float"),
    _linear(pad_edge, family("pad", "edge"), widths="growth"),
    _linear(pad_reflect, family("pad", "reflect"), widths="growth"),
    _linear(pad_wrap, family("pad", "wrap"), widths="growth"),
    _linear(tile, family("tile"), repetitions="growth"),
    _linear(repeat, family("repeat"), repeats="list of times", axis="int"),
    _linear(roll_axes, family("roll_axes"), shift="ints", axis="ints"),
    _linear(rot90, family("rot90"), k="int"),
    _linear(moveaxis, family("moveaxis"), source="int", destination="int"),
    _linear(squeeze, family("squeeze"), axis="int"),
    _linear(unfold, family("unfold"), axis="int", size="int", step="int"),
    _linear(diag_embed, family("diag_embed"), offset="times"),
    _linear(diagonal_offset, family("matrix_and", "offset"), offset="int"),
    _linear(tril_offset, family("matrix_and", "k"), k="int"),
    _linear(triu_offset, family("matrix_and", "k"), k="int"),
    derived(outer_sum, family("vectors_for_outer_sum"), arity=2, curvature="linear", exact=True),
    _update(index_set, family("update", distinct=True), "ints", curvature="linear", exact=True),
    derived(
        slice_set,
        family("slice_set"),
        arity=2,
        params={"axis": "int", "start": "int", "stop": "int", "step": "int"},
        curvature="linear",
        exact=True,
    ),
    _update(index_add, family("update"), "ints", curvature="linear", exact=True),
    _update(index_multiply, family("update", aim="zeros"), "ints", weight=2),
    _update(index_max, family("update", aim="tie"), "ints", curvature="linear", exact=True),
    _update(scatter_add, family("scatter"), "indices", curvature="linear", exact=True),
    _update(scatter_multiply, family("scatter", aim="zeros"), "indices", weight=2),
    _update(scatter_max, family("scatter", aim="tie"), "indices", curvature="linear", exact=True),
    _update(scatter_mean, family("scatter"), "indices", curvature="linear"),
)
