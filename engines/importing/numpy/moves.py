"""Functions of NumPy that select, repeat, permute, join or make entries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from ad_conformance.engines.importing.recorder import Recorder
from ad_conformance.generators.rewrite.recording import Recorded

Function = Callable[..., Any]


def recorded_list(rec: Recorder, x: Any) -> Any:
    """A list of values as one."""
    return (
        rec.stack(*(recorded_list(rec, part) for part in x), axis=0) if isinstance(x, list) else x
    )


def as_value(rec: Recorder, x: Any) -> Recorded:
    found = recorded_list(rec, x)
    return found if isinstance(found, Recorded) else rec.value(np.asarray(found, dtype=float))


def _move(function: Callable[..., Any]) -> Function:
    """A function of NumPy that selects, repeats or permutes entries."""

    def moved(rec: Recorder, a: Any, *args: Any, **kwargs: Any) -> Any:
        x = as_value(rec, a)
        found = function(np.arange(x.size).reshape(x.shape), *args, **kwargs)
        if isinstance(found, (list, tuple)):
            return [rec.moved(x, part) for part in found]
        return rec.moved(x, found)

    return moved


def _fill(function: Callable[..., Any]) -> Function:
    """A function of NumPy that selects entries and puts zeros beside them."""

    def moved(rec: Recorder, a: Any, *args: Any, **kwargs: Any) -> Any:
        x = as_value(rec, a)
        return rec.moved(x, function(1 + np.arange(x.size).reshape(x.shape), *args, **kwargs) - 1)

    return moved


def _join(function: Callable[..., Any]) -> Function:
    """A function of NumPy that puts several arrays into one."""

    def joined(rec: Recorder, arrays: Any, *args: Any, **kwargs: Any) -> Any:
        values = [as_value(rec, part) for part in arrays]
        ends = np.cumsum([0, *(value.size for value in values)])
        places = [
            start + np.arange(value.size).reshape(value.shape)
            for start, value in zip(ends, values, strict=False)
        ]
        flat = [rec.shaped(value, (value.size,)) for value in values]
        return rec.moved(rec.concat(*flat, axis=0), function(places, *args, **kwargs))

    return joined


def _concatenate(rec: Recorder, arrays: Any, axis: int | None = 0) -> Any:
    values = [as_value(rec, part) for part in arrays]
    if axis is None:
        values, axis = [rec.shaped(value, (value.size,)) for value in values], 0
    return rec.concat(*values, axis=int(axis))


def _stack(rec: Recorder, arrays: Any, axis: int = 0) -> Any:
    return rec.stack(*(as_value(rec, part) for part in arrays), axis=int(axis))


def _pad(rec: Recorder, a: Any, pad_width: Any, mode: str = "constant", **options: Any) -> Any:
    if mode != "constant":
        return _move(np.pad)(rec, a, pad_width, mode=mode, **options)
    x = as_value(rec, a)
    places = np.pad(1 + np.arange(x.size).reshape(x.shape), pad_width) - 1
    return rec.moved(x, places, float(options.get("constant_values", 0.0)))


def _like(function: Callable[..., Any]) -> Function:
    def filled(rec: Recorder, a: Any, *args: Any, **_: Any) -> Any:
        """A traced array: the function may assign to its entries."""
        return rec.value(np.asarray(function(np.zeros(np.shape(a)), *args), dtype=float))

    return filled


def _broadcast_arrays(rec: Recorder, *arrays: Any) -> Any:
    values = [as_value(rec, part) for part in arrays]
    shape = np.broadcast_shapes(*(value.shape for value in values))
    return [rec.broadcast_to(value, shape=shape) for value in values]


def _meshgrid(rec: Recorder, *arrays: Any, indexing: str = "xy") -> Any:
    values = [as_value(rec, part) for part in arrays]
    places: Any = [np.arange(value.size) for value in values]
    how: Any = indexing
    grids = np.meshgrid(*places, indexing=how)
    return [rec.moved(value, grid) for value, grid in zip(values, grids, strict=True)]


def _reshape(rec: Recorder, a: Any, shape: Any = None, newshape: Any = None) -> Any:
    x = as_value(rec, a)
    given = np.zeros(x.shape).reshape(newshape if shape is None else shape).shape
    return rec.shaped(x, given)


_MOVES = (
    "transpose", "swapaxes", "moveaxis", "rollaxis", "flip", "fliplr", "flipud", "roll", "rot90",
    "tile", "repeat", "broadcast_to", "ravel", "squeeze", "expand_dims", "atleast_1d", "atleast_2d",
    "atleast_3d", "take", "take_along_axis", "diagonal", "split", "array_split", "vsplit", "hsplit",
    "resize", "delete", "permute_dims", "matrix_transpose", "unstack",
)  # fmt: skip
TABLE: dict[str, Function] = {
    **{name: _move(getattr(np, name)) for name in _MOVES if hasattr(np, name)},
    **{name: _fill(getattr(np, name)) for name in ("tril", "triu", "diag", "diagflat")},
    **{name: _join(getattr(np, name)) for name in ("vstack", "hstack", "dstack", "column_stack")},
    "reshape": _reshape,
    "concatenate": _concatenate,
    "concat": _concatenate,
    "stack": _stack,
    "pad": _pad,
    "zeros_like": _like(np.zeros_like),
    "ones_like": _like(np.ones_like),
    "empty_like": _like(np.zeros_like),
    "full_like": _like(np.full_like),
    "broadcast_arrays": _broadcast_arrays,
    "meshgrid": _meshgrid,
}
