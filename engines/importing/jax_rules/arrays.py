"""Primitives of JAX on NumPy arrays, where NumPy's result is the same in every bit.

JAX compiles a primitive for each shape, which takes longer than all else when a function is
followed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from jax import lax

Array = np.ndarray
Params = dict[str, Any]


def in_dim(a: Array, params: Params) -> Array:
    """broadcast_in_dim"""
    lengths = [1] * len(params["shape"])
    for axis, length in zip(params["broadcast_dimensions"], a.shape, strict=True):
        lengths[int(axis)] = length
    return np.broadcast_to(a.reshape(lengths), params["shape"])


def sliced(a: Array, params: Params) -> Array:
    strides = params["strides"] or (1,) * a.ndim
    ends = zip(params["start_indices"], params["limit_indices"], strides, strict=True)
    return a[tuple(slice(*given) for given in ends)]


#: Primitives of one array that move its entries.
MOVED: dict[str, Callable[[Array, Params], Array]] = {
    "broadcast_in_dim": in_dim,
    "reshape": lambda a, params: a.reshape(params["new_sizes"]),
    "rev": lambda a, params: np.flip(a, params["dimensions"]),
    "slice": sliced,
    "squeeze": lambda a, params: np.squeeze(a, tuple(map(int, params["dimensions"]))),
    "tile": lambda a, params: np.tile(a, params["reps"]),
    "transpose": lambda a, params: np.transpose(a, params["permutation"]),
}


def padded(a: Array, fill: Any, config: Any) -> Array:
    """pad: with widths before, after and between entries; negative ones cut entries off."""
    for axis, (low, high, interior) in enumerate(config):
        length = a.shape[axis]
        wide = list(a.shape)
        wide[axis] = length + max(length - 1, 0) * interior + max(low, 0) + max(high, 0)
        made = np.full(wide, fill, a.dtype)
        start = max(low, 0)
        at: list[Any] = [slice(None)] * a.ndim
        at[axis] = slice(start, start + (length - 1) * (interior + 1) + 1, interior + 1)
        if length:
            made[tuple(at)] = a
        at[axis] = slice(max(-low, 0), wide[axis] - max(-high, 0))
        a = made[tuple(at)]
    return a


def windows(
    shape: tuple[int, ...],
    indices: Array,
    sizes: tuple[int, ...],
    *,
    window_axes: Any,
    dropped: Any,
    start_map: Any,
    batch_axes: Any,
    index_batch_axes: Any,
    clips: bool,
) -> Array:
    """For gather and scatter: the numbers of entries of an array of this shape, window for window.
    An entry of a window outside of the array is -1, unless `clips` moves the window.
    """
    places, rank = indices.shape[:-1], len(shape)
    starts = np.zeros((*places, rank), int)
    for k, axis in enumerate(start_map):
        starts[..., axis] = indices[..., k]
    for axis, index_axis in zip(batch_axes, index_batch_axes, strict=True):
        along = [1] * len(places)
        along[index_axis] = places[index_axis]
        starts[..., axis] = np.arange(places[index_axis]).reshape(along)
    last = np.array(shape, int) - np.array(sizes, int)
    if clips:
        starts = np.clip(starts, 0, last)
    inside = np.all((starts >= 0) & (starts <= last), axis=-1)
    starts = np.where(inside[..., None], starts, 0)
    kept = [axis for axis in range(rank) if axis not in (*dropped, *batch_axes)]
    coordinates = []
    for axis in range(rank):
        first = starts[..., axis].reshape(places + (1,) * len(kept))
        along = [1] * (len(places) + len(kept))
        if axis in kept:
            along[len(places) + kept.index(axis)] = sizes[axis]
            first = first + np.arange(sizes[axis]).reshape(along)
        coordinates.append(first)
    whole = places + tuple(sizes[axis] for axis in kept)
    if rank:
        numbers = np.ravel_multi_index(tuple(np.broadcast_arrays(*coordinates)), shape)
    else:
        numbers = np.zeros(whole, int)
    numbers = np.broadcast_to(numbers, whole)
    numbers = np.where(inside.reshape(places + (1,) * len(kept)), numbers, -1)
    return np.moveaxis(numbers, range(len(places), numbers.ndim), sorted(window_axes))


def clips(mode: Any) -> bool:
    """Whether indices outside are moved inside: if not, their entries are filled or dropped."""
    return lax.GatherScatterMode.from_any(mode) != lax.GatherScatterMode.FILL_OR_DROP


def gathered(shape: tuple[int, ...], indices: Array, params: Params) -> Array:
    """The numbers of the entries that gather takes; -1 outside."""
    numbers = params["dimension_numbers"]
    return windows(
        shape,
        indices,
        params["slice_sizes"],
        window_axes=numbers.offset_dims,
        dropped=numbers.collapsed_slice_dims,
        start_map=numbers.start_index_map,
        batch_axes=getattr(numbers, "operand_batching_dims", ()),
        index_batch_axes=getattr(numbers, "start_indices_batching_dims", ()),
        clips=clips(params["mode"]),
    )


def scattered(
    shape: tuple[int, ...], indices: Array, updates: tuple[int, ...], params: Params
) -> Array:
    """The number of the entry to which each entry of the updates of a scatter goes; -1 if none."""
    numbers = params["dimension_numbers"]
    batch = tuple(getattr(numbers, "operand_batching_dims", ()))
    dropped = tuple(numbers.inserted_window_dims)
    lengths = iter(updates[axis] for axis in sorted(numbers.update_window_dims))
    sizes = [1 if axis in (*dropped, *batch) else next(lengths) for axis in range(len(shape))]
    return windows(
        shape,
        indices,
        tuple(sizes),
        window_axes=numbers.update_window_dims,
        dropped=dropped,
        start_map=numbers.scatter_dims_to_operand_dims,
        batch_axes=batch,
        index_batch_axes=getattr(numbers, "scatter_indices_batching_dims", ()),
        clips=clips(params["mode"]),
    )


def _selected(params: Params, which: Array, *cases: Array) -> Array:
    return np.choose(np.broadcast_to(which, cases[0].shape).astype(int), cases)


def _simple(function: Callable[..., Any]) -> Callable[..., Array]:
    return lambda params, *operands: function(*operands)


#: Primitives on arrays.
EXACT: dict[str, Callable[..., Array]] = {
    **{name: (lambda params, a, move=move: move(a, params)) for name, move in MOVED.items()},
    "add": _simple(np.add),
    "and": _simple(np.bitwise_and),
    "concatenate": lambda params, *parts: np.concatenate(parts, params["dimension"]),
    "convert_element_type": lambda params, a: a.astype(params["new_dtype"]),
    "eq": _simple(np.equal),
    "gather": lambda params, a, indices: _taken(params, a, indices),
    "ge": _simple(np.greater_equal),
    "gt": _simple(np.greater),
    "iota": lambda params: in_dim(
        np.arange(params["shape"][params["dimension"]], dtype=params["dtype"]),
        {"shape": params["shape"], "broadcast_dimensions": (params["dimension"],)},
    ),
    "le": _simple(np.less_equal),
    "lt": _simple(np.less),
    "mul": _simple(np.multiply),
    "ne": _simple(np.not_equal),
    "neg": _simple(np.negative),
    "not": _simple(np.invert),
    "or": _simple(np.bitwise_or),
    "pad": lambda params, a, fill: padded(a, fill, params["padding_config"]),
    "select_n": _selected,
    "sub": _simple(np.subtract),
}


def _taken(params: Params, a: Array, indices: Array) -> Array:
    numbers = gathered(a.shape, indices, params)
    fill = params["fill_value"]
    if fill is None and np.any(numbers < 0):
        raise NotImplementedError("the fill of this dtype")
    entries: Array = np.append(a, np.zeros(1, a.dtype) if fill is None else fill).astype(a.dtype)
    found: Array = entries[numbers]
    return found


def exact(eqn: Any, operands: list[Any]) -> list[Array] | None:
    """The results of an equation by NumPy; None if JAX must compute them."""
    found = EXACT.get(eqn.primitive.name)
    if found is None or not all(isinstance(x, np.ndarray) for x in operands):
        return None
    if any(x.dtype.kind not in "biuf" for x in operands):
        return None
    try:
        with np.errstate(all="ignore"):
            made = np.asarray(found(eqn.params, *operands))
    except (NotImplementedError, ValueError, TypeError):
        return None
    aval = eqn.outvars[0].aval
    return [made] if (made.shape, made.dtype) == (aval.shape, aval.dtype) else None
