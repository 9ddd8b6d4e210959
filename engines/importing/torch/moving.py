"""Operators that move entries or add them at indices, and gradients of linear operators."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from ad_conformance.engines.importing.recorder import CannotImport
from ad_conformance.engines.importing.torch.entries import tuple_of
from ad_conformance.engines.importing.torch.entrywise import converted, where
from ad_conformance.engines.importing.torch.rule import Rule, is_option, tensors
from ad_conformance.engines.importing.torch.tracking import Moved, Tracking, as_numpy
from ad_conformance.generators.catalogue.operation import MAX_ENTRIES

Array = np.ndarray
#: The names of reductions that are not those of operations.
REDUCED_BY = {"amax": "max", "amin": "min"}


def _mover(*places: int) -> Rule:
    """A row of an operator that moves the entries of the arguments at `places`, which are tensors,
    lists of tensors or numbers. The operator itself is applied to codes.
    """

    def record(t: Tracking, func: Any, args: list[Any], made: Any) -> Any:
        given = [a if k in places else _fixed(t, a) for k, a in enumerate(args)]
        parts = [_codes(t, a, made) if k in places else [a] for k, a in enumerate(given)]
        packet = getattr(torch.ops.aten, func._schema.name.partition("::")[2].removesuffix("_"))
        plain = getattr(packet, func._overloadname)
        found = []
        for part in range(max(map(len, parts))):
            found.append(_applied(plain, [p[part] if len(p) > 1 else p[0] for p in parts]))
        arrays = [as_numpy(x).astype(np.int64) for x in found]
        return Moved(arrays[0] if len(arrays) == 1 else np.stack(arrays, axis=-1))

    return Rule(record, moves=True)


def _applied(plain: Any, values: list[Any]) -> Any:
    """The operator on codes."""
    arguments = [argument for argument in plain._schema.arguments if not is_option(argument)]
    given = list(zip(arguments, values, strict=True))
    named = {argument.name: value for argument, value in given if argument.kwarg_only}
    return plain(*(value for argument, value in given if not argument.kwarg_only), **named)


def _codes(t: Tracking, given: Any, made: torch.Tensor) -> list[Any]:
    """The codes in the place of entries; for complex numbers, those of both parts."""
    if isinstance(given, (list, tuple)):
        lists = [_codes(t, part, made) for part in given]
        return [list(parts) for parts in zip(*lists, strict=True)]
    if isinstance(given, torch.Tensor):
        found = t.codes(given)
        if given.dtype != made.dtype and (given.is_complex() or made.is_complex()):
            found = converted(t, given, made.dtype).codes
        if made.is_complex():
            return [torch.from_numpy(found[..., k].copy()) for k in (0, 1)]
        return [torch.from_numpy(np.array(found))]
    number = complex(given or 0)
    parts = (number.real, number.imag) if made.is_complex() else (number.real,)
    return [int(t.entries.codes(np.array(part))) for part in parts]


def _fixed(t: Tracking, given: Any) -> Any:
    if isinstance(given, (list, tuple)):
        return [_fixed(t, part) for part in given]
    return t.fixed(given) if isinstance(given, torch.Tensor) else given


def _put(t: Tracking, made: Any, x: Any, places: Any, values: Any, adding: bool = False) -> Any:
    """index_put: entries replaced by values, or the values added to them."""
    mask = places[0] if len(places) == 1 else None
    if not adding and mask is not None and mask.dtype == torch.bool and values.numel() == 1:
        mask = mask.reshape(*mask.shape, *[1] * (x.ndim - mask.ndim))
        shadow = values.reshape(())
        return where(t, made, mask, shadow, x)
    fixed = [_fixed(t, place) if place is not None else None for place in places]
    among = torch.arange(x.numel()).reshape(x.shape)
    at = torch.ops.aten.index.Tensor(among, fixed)
    if not adding:
        codes = t.codes(x).reshape(-1)
        codes[as_numpy(at)] = np.broadcast_to(t.codes(values), at.shape)
        return Moved(codes.reshape(x.shape))
    return added(t, x, t.codes(values), at)


def added(t: Tracking, x: Any, values: Array, at: Any) -> Any:
    """Values, given by their codes, added to entries of x, whose indices among all are `at`."""
    r, indices = t.recorder, tuple(as_numpy(at).reshape(-1).tolist())
    if not indices:
        return t.moved(x)
    start = t.entries.numbers(t.entries.read(t.codes(x).reshape(-1)))
    flat = t.entries.read(np.broadcast_to(values, tuple(at.shape)).reshape(-1))
    made = r.called(
        "put", (start, t.entries.numbers(flat)), {"indices": indices, "accumulate": True}
    )
    return Moved(t.entries.codes(made).reshape(tuple(x.shape)))


def _scattered(
    t: Tracking, _made: Any, x: Any, dim: int, index: Any, source: Any, *_how: Any
) -> Any:
    """scatter_add: values added at indices along an axis."""
    index = t.fixed(index)
    at = torch.gather(torch.arange(x.numel()).reshape(x.shape), dim, index)
    part = t.codes(source)[tuple(slice(n) for n in index.shape)]
    return added(t, x, part, at)


def constant(t: Tracking, made: Any, *_args: Any) -> Moved:
    """A result that does not depend on the values of operands."""
    return Moved(t.entries.codes(as_numpy(made)))


def _scattered_in(t: Tracking, func: Any, args: list[Any], made: Any) -> Any:
    """scatter: values put at indices along an axis, or added there."""
    if "reduce" not in func._overloadname:
        return _mover(0, 3).record(t, func, args, made)
    x, dim, index, source, how = args
    if how != "add" or not isinstance(source, torch.Tensor):
        raise CannotImport(f"{func} with reduce={how!r}", t.recorder.line)
    return _scattered(t, made, x, dim, index, source)


def _reduced_into(
    t: Tracking, _made: Any, x: Any, dim: int, index: Any, source: Any, how: str, own: bool = True
) -> Any:
    """scatter_reduce by sums, means, products, maxima or minima."""
    index, codes = t.fixed(index), t.codes(x)
    axis = dim % max(x.ndim, 1)
    reached = tuple(slice(None) if k == axis else slice(n) for k, n in enumerate(index.shape))
    values = t.codes(source)[tuple(slice(n) for n in index.shape)]
    operands = [t.entries.numbers(t.entries.read(c)) for c in (codes[reached], values)]
    row = getattr(t.recorder, f"scatter_reduce_{REDUCED_BY.get(how, how)}")
    given = {"indices": tuple_of(as_numpy(index)), "axis": axis, "include_self": own}
    codes[reached] = t.entries.codes(row(*operands, **given))
    return Moved(codes)


def _index_reduced(
    t: Tracking, _made: Any, x: Any, dim: int, index: Any, source: Any, how: str, own: bool = True
) -> Any:
    """index_reduce by means, products, maxima or minima."""
    row = getattr(t.recorder, f"index_reduce_{REDUCED_BY.get(how, how)}")
    indices = tuple_of(as_numpy(t.fixed(index)))
    return row(t.numbers(x), t.numbers(source), indices=indices, axis=dim, include_self=own)


def _put_flat(
    t: Tracking, _made: Any, x: Any, index: Any, source: Any, adding: bool = False
) -> Any:
    at = torch.arange(x.numel())[t.fixed(index)]
    if adding:
        return added(t, x, t.codes(source), at)
    codes = t.codes(x)
    codes.reshape(-1)[as_numpy(at)] = t.codes(source)
    return Moved(codes)


def _index_added(
    t: Tracking, _made: Any, x: Any, dim: int, index: Any, source: Any, alpha: Any = 1
) -> Any:
    at = torch.arange(x.numel()).reshape(x.shape).index_select(dim, t.fixed(index))
    values = t.codes(source)
    if alpha != 1:
        values = t.entries.codes(t.recorder.multiply(t.numbers(source), float(alpha)))
    return added(t, x, values, at)


def _embedding_gradient(
    t: Tracking, made: Any, values: Any, index: Any, rows: int, padding: int, *_options: Any
) -> Any:
    """The gradient of `embedding`: rows of values added at their indices, but for `padding`."""
    kept = index != padding
    at = torch.arange(made.numel()).reshape(made.shape)[index[kept]]
    return added(t, torch.zeros_like(made), t.codes(values)[as_numpy(kept)], at)


def _triangle(name: str) -> Rule:
    def rule(t: Tracking, _made: Any, x: Any, diagonal: int = 0) -> Any:
        codes = t.codes(x)
        return Moved(getattr(np, name)(codes, diagonal))

    return tensors(rule)


def _filled(t: Tracking, made: Any, x: Any, value: Any) -> Any:
    is_tensor = isinstance(value, torch.Tensor)
    codes = t.codes(value) if is_tensor else t.entries.codes(as_numpy(made))
    return Moved(np.broadcast_to(codes, (*x.shape, 2) if x.is_complex() else x.shape))


def _emptied(_t: Tracking, _made: Any, x: Any) -> Moved:
    return Moved(np.zeros((*x.shape, 2) if x.is_complex() else tuple(x.shape), dtype=int))


def _copied(t: Tracking, made: Any, x: Any, source: Any, *_options: Any) -> Any:
    return converted(t, source, x.dtype)


def _linear_back(t: Tracking, func: Any, args: list[Any], made: Any) -> Any:
    """The gradient of an operator that is linear: by the matrix of the map, which is constant."""
    gradient, *others = args
    count, size = gradient.numel(), made.numel()
    if count * size > MAX_ENTRIES:
        raise CannotImport(f"{func} of {count} entries", t.recorder.line)
    # The input stands for its shape only.
    others = [torch.zeros_like(a) if t.depends(a) else a for a in others]
    basis = torch.eye(count, dtype=gradient.dtype).reshape(count, *gradient.shape)
    rows = np.stack([as_numpy(func(unit, *others)).reshape(-1) for unit in basis])
    flat = t.entries.numbers(t.entries.read(t.codes(gradient).reshape(-1)))
    return Moved(t.entries.codes(t.recorder.matmul(flat, rows)).reshape(tuple(made.shape)))


MOVING: dict[str, Rule] = {
    "cat": _mover(0),
    "stack": _mover(0),
    "clone": _mover(0),
    "flip": _mover(0),
    "roll": _mover(0),
    "repeat": _mover(0),
    "rot90": _mover(0),
    "take": _mover(0),
    "gather": _mover(0),
    "index": _mover(0),
    "index_select": _mover(0),
    "masked_select": _mover(0),
    "embedding": _mover(0),
    "diag_embed": _mover(0),
    "pixel_shuffle": _mover(0),
    "pixel_unshuffle": _mover(0),
    "channel_shuffle": _mover(0),
    "block_diag": _mover(0),
    "expand_copy": _mover(0),
    "view_copy": _mover(0),
    "permute_copy": _mover(0),
    "_reshape_copy": _mover(0),
    "slice_scatter": _mover(0, 1),
    "select_scatter": _mover(0, 1),
    "diagonal_scatter": _mover(0, 1),
    "as_strided_scatter": _mover(0, 1),
    "select_backward": _mover(0),
    "slice_backward": _mover(0),
    "diagonal_backward": _mover(0),
    "masked_scatter": _mover(0, 2),
    "index_copy": _mover(0, 3),
    "index_fill": _mover(0, 3),
    "scatter": Rule(_scattered_in, moves=True),
    "constant_pad_nd": _mover(0, 2),
    "reflection_pad1d": _mover(0),
    "reflection_pad2d": _mover(0),
    "reflection_pad3d": _mover(0),
    "replication_pad1d": _mover(0),
    "replication_pad2d": _mover(0),
    "replication_pad3d": _mover(0),
    "tril": _triangle("tril"),
    "triu": _triangle("triu"),
    "fill": tensors(_filled, moves=True),
    "zero": tensors(_emptied, moves=True),
    "copy": tensors(_copied, moves=True),
    "index_put": tensors(_put),
    "_unsafe_index_put": tensors(_put),
    "_index_put_impl": tensors(lambda t, made, *args: _put(t, made, *args[:4])),
    "scatter_add": tensors(_scattered),
    "scatter_reduce": tensors(_reduced_into),
    "index_reduce": tensors(_index_reduced),
    "put": tensors(_put_flat),
    "index_add": tensors(_index_added),
    "embedding_dense_backward": tensors(_embedding_gradient),
    **{
        name: tensors(constant, moves=True)
        for name in (
            *("zeros_like", "ones_like", "full_like", "empty_like", "new_zeros"),
            *("new_ones", "new_full", "new_empty", "new_empty_strided"),
            "_new_zeros_with_same_feature_meta",
        )
    },
    **{
        f"{name}_backward": Rule(_linear_back)
        for name in (
            *("avg_pool2d", "avg_pool3d", "_adaptive_avg_pool2d", "_adaptive_avg_pool3d"),
            *("replication_pad1d", "replication_pad2d", "replication_pad3d"),
            *("reflection_pad1d", "reflection_pad2d", "reflection_pad3d"),
            *("upsample_linear1d", "upsample_bilinear2d", "upsample_trilinear3d"),
            *("upsample_bicubic2d", "upsample_nearest1d", "upsample_nearest2d"),
        )
    },
}
