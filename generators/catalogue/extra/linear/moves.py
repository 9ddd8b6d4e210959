"""Joining, turning, cutting and repeating arrays, with all options."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from ad_conformance.generators.catalogue.extra.indexing import MOST, moved, of_both
from ad_conformance.generators.catalogue.extra.linear.placing import replaced
from ad_conformance.generators.catalogue.extra.linear.scatter import numbered
from ad_conformance.generators.catalogue.operands import family
from ad_conformance.generators.catalogue.operation import MAX_SIZE, Operation
from ad_conformance.generators.catalogue.row_forms import derived

Ints = tuple[int, ...]


def block_diag(xp: Any, *blocks: Any) -> Any:
    """The matrix with these blocks on its diagonal; a vector is a row."""
    sizes = [np.atleast_2d(np.empty(x.shape)).shape for x in blocks]
    out = np.full(np.sum(sizes, axis=0), sum(x.size for x in blocks))
    row = column = first = 0
    for x, (m, n) in zip(blocks, sizes, strict=True):
        out[row : row + m, column : column + n] = first + np.arange(x.size).reshape(m, n)
        row, column, first = row + m, column + n, first + x.size
    flat = xp.concat([xp.reshape(x, shape=(-1,)) for x in blocks], axis=0)
    return moved(xp, flat, lambda _: out, 0.0)


def cartesian_prod(xp: Any, *vectors: Any) -> Any:
    """All tuples with an entry of each vector, as rows; the entries of a single vector."""
    if math.prod(max(x.size, 1) for x in vectors) * len(vectors) > MOST:
        raise ValueError("too many tuples")
    firsts = list(itertools.accumulate((x.size for x in vectors), initial=0))
    parts = [range(a, b) for a, b in itertools.pairwise(firsts)]
    rows = np.array(list(itertools.product(*parts)), dtype=int).reshape(-1, len(vectors))
    return moved(
        xp, xp.concat([*vectors], axis=0), lambda _: rows[:, 0] if len(vectors) == 1 else rows
    )


def combinations(xp: Any, x: Any, *, r: int, repeated: bool) -> Any:
    """All combinations of `r` entries of a vector, as rows, entries `repeated` or not."""
    if not 1 <= r <= 4 or x.size > 16 or len(x.shape) != 1:
        raise ValueError(f"no combinations of {r} entries of shape {x.shape}")
    choose = itertools.combinations_with_replacement if repeated else itertools.combinations
    return moved(
        xp,
        x,
        lambda numbers: np.array(list(choose(numbers.tolist(), r)), dtype=int).reshape(-1, r),
    )


def toeplitz(xp: Any, c: Any, r: Any) -> Any:
    """The matrix with the first column c and, but for its first entry, the first row r."""
    flat = xp.concat([c, r], axis=0)
    i, j = np.indices((c.size, r.size))
    return moved(xp, flat, lambda _: np.where(i >= j, i - j, c.size + j - i))


def diagonal_axes(xp: Any, x: Any, *, offset: int, axis1: int, axis2: int) -> Any:
    """As numpy.diagonal."""
    return moved(xp, x, lambda numbers: np.diagonal(numbers, offset, axis1, axis2))


def trace_axes(xp: Any, x: Any, *, offset: int, axis1: int, axis2: int) -> Any:
    """As numpy.trace."""
    diagonal = diagonal_axes(xp, x, offset=offset, axis1=axis1, axis2=axis2)
    return xp.sum(diagonal, axis=-1, keepdims=False)


def flip_axes(xp: Any, x: Any, *, axes: Ints) -> Any:
    """As numpy.flip along several axes."""
    return moved(xp, x, lambda numbers: np.flip(numbers, axes))


def rot90_axes(xp: Any, x: Any, *, k: int, axes: Ints) -> Any:
    """As numpy.rot90 in the plane of two axes."""
    first, second = axes
    return moved(xp, x, lambda numbers: np.rot90(numbers, k, (first, second)))


def roll_flat(xp: Any, x: Any, *, shift: int) -> Any:
    """As numpy.roll of all entries, row by row."""
    return moved(xp, x, lambda numbers: np.roll(numbers, shift))


def swapaxes(xp: Any, x: Any, *, axis1: int, axis2: int) -> Any:
    """As numpy.swapaxes."""
    return moved(xp, x, lambda numbers: np.swapaxes(numbers, axis1, axis2))


def move_axes(xp: Any, x: Any, *, sources: Ints, destinations: Ints) -> Any:
    """As numpy.moveaxis, for several axes."""
    return moved(xp, x, lambda numbers: np.moveaxis(numbers, sources, destinations))


def reshape_columns(xp: Any, x: Any, *, shape: Ints) -> Any:
    """As numpy.reshape with order "F": entries are read and placed column by column."""
    return moved(xp, x, lambda numbers: np.reshape(numbers, shape, order="F"))


def split_at(xp: Any, x: Any, *, indices: Ints, axis: int, which: int) -> Any:
    """Part `which` of numpy.split at `indices`."""
    return moved(xp, x, lambda numbers: np.split(numbers, list(indices), axis)[which])


def resize(xp: Any, x: Any, *, shape: Ints) -> Any:
    """As numpy.resize: the entries, repeated until the shape is full."""
    if not x.size or math.prod(shape) > MAX_SIZE:
        raise ValueError(f"no resizing of {x.shape} to {shape}")
    return moved(xp, x, lambda numbers: np.resize(numbers, shape))


def delete(xp: Any, x: Any, *, indices: Ints, axis: int) -> Any:
    """As numpy.delete."""
    return moved(xp, x, lambda numbers: np.delete(numbers, list(indices), axis))


def insert(xp: Any, x: Any, v: Any, *, indices: Ints, axis: int) -> Any:
    """As numpy.insert: parts of v before those at `indices`."""
    own = np.arange(x.size, x.size + v.size).reshape(v.shape)
    return of_both(xp, x, v, np.insert(numbered(x), list(indices), own, axis))


def fill_diagonal(xp: Any, x: Any, v: Any) -> Any:
    """As numpy.fill_diagonal, for a matrix and a number or a vector."""
    if len(x.shape) != 2:
        raise ValueError(f"a matrix is needed, not shape {x.shape}")
    return replaced(xp, x, v, numbered(x), np.diagonal(numbered(x)))


def compress(xp: Any, x: Any, *, condition: Ints, axis: int) -> Any:
    """As numpy.compress, with a condition of zeros and ones."""
    return moved(xp, x, lambda numbers: np.compress([c == 1 for c in condition], numbers, axis))


def take_flat(xp: Any, x: Any, *, indices: Any) -> Any:
    """As numpy.take without an axis: the shape is that of `indices`."""
    return moved(xp, x, lambda numbers: numbers.ravel()[np.asarray(indices, dtype=int)])


def pad_inside(xp: Any, x: Any, v: Any, *, low: Ints, high: Ints, interior: Ints) -> Any:
    """The array with the number v between its entries along each axis (`interior`) and at both
    ends; negative widths at the ends cut entries off.
    """
    if v.shape or not len(x.shape) == len(low) == len(high) == len(interior):
        raise ValueError(f"widths {low}, {high}, {interior} of shape {x.shape}")
    if min(interior, default=0) < 0:
        raise ValueError("negative widths between entries")

    numbers = numbered(x)
    for axis, (before, after, between) in enumerate(zip(low, high, interior, strict=True)):
        rows = np.moveaxis(numbers, axis, 0)
        n = len(rows)
        wide = np.full((max(n + (n - 1) * between, 0), *rows.shape[1:]), x.size)
        wide[:: between + 1] = rows
        edges = [(max(before, 0), max(after, 0))] + [(0, 0)] * (rows.ndim - 1)
        wide = np.pad(wide, edges, constant_values=x.size)
        wide = wide[max(-before, 0) : len(wide) - max(-after, 0)]
        numbers = np.moveaxis(wide, 0, axis)
        if numbers.size > MOST:
            raise ValueError(f"more than {MOST} entries")
    return of_both(xp, x, v, numbers)


def linspace(xp: Any, a: Any, b: Any, *, count: int, endpoint: bool, new_axis: int) -> Any:
    """As numpy.linspace."""
    if count < 1:
        raise ValueError(f"count={count}: use 1 or more")
    last = max(count - 1 if endpoint else count, 1)
    parts = [a + (b - a) * (k / last) for k in range(count)]
    shape = np.broadcast_shapes(a.shape, b.shape)
    return xp.stack([xp.broadcast_to(p, shape=shape) for p in parts], axis=new_axis)


_LINEAR: dict[str, Any] = {"curvature": "linear", "exact": True}
_AXES = {"axis1": "int", "axis2": "int"}

ROWS: Sequence[Operation] = (
    derived(block_diag, family("blocks"), arity=None, **_LINEAR),
    derived(cartesian_prod, family("vectors"), arity=None, **_LINEAR),
    derived(
        combinations, family("combinations"), params={"r": "times", "repeated": "bool"}, **_LINEAR
    ),
    derived(toeplitz, family("vectors", 2), arity=2, **_LINEAR),
    derived(diagonal_axes, family("plane", "offset"), params={"offset": "int", **_AXES}, **_LINEAR),
    derived(trace_axes, family("plane", "offset"), params={"offset": "int", **_AXES}, **_LINEAR),
    derived(swapaxes, family("plane"), params=_AXES, **_LINEAR),
    derived(flip_axes, family("flip_axes"), params={"axes": "some ints"}, **_LINEAR),
    derived(rot90_axes, family("rot90_axes"), params={"k": "int", "axes": "ints"}, **_LINEAR),
    derived(roll_flat, family("roll_flat"), params={"shift": "int"}, **_LINEAR),
    derived(
        move_axes,
        family("move_axes"),
        params={"sources": "ints", "destinations": "ints"},
        **_LINEAR,
    ),
    derived(reshape_columns, family("reshape_columns"), params={"shape": "ints"}, **_LINEAR),
    derived(
        split_at,
        family("split_at"),
        params={"indices": "ints", "axis": "int", "which": "int"},
        **_LINEAR,
    ),
    derived(resize, family("resize"), params={"shape": "ints"}, **_LINEAR),
    derived(delete, family("delete"), params={"indices": "ints", "axis": "int"}, **_LINEAR),
    derived(
        insert, family("insert"), arity=2, params={"indices": "ints", "axis": "int"}, **_LINEAR
    ),
    derived(fill_diagonal, family("fill_diagonal"), arity=2, **_LINEAR),
    derived(compress, family("compress"), params={"condition": "ints", "axis": "int"}, **_LINEAR),
    derived(take_flat, family("take_flat"), params={"indices": "indices"}, **_LINEAR),
    derived(
        pad_inside,
        family("pad_inside"),
        arity=2,
        params=dict.fromkeys(("low", "high", "interior"), "ints"),
        **_LINEAR,
    ),
    derived(
        linspace,
        family("linspace"),
        arity=2,
        params={"count": "times", "endpoint": "bool", "new_axis": "int"},
        curvature="linear",
    ),
)
