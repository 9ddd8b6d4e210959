"""Primitives of JAX that move, repeat or select entries.

Most of these are applied to the numbers of entries, so they cost no step until the result is used.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import numpy as np
from ad_conformance.engines.importing.jax_rules.arrays import (
    MOVED,
    gathered,
    padded,
    scattered,
)
from ad_conformance.engines.importing.jax_rules.values import (
    Array,
    Pair,
    Reader,
    Shape,
    Value,
    View,
    compact,
    is_key,
    is_known,
    paired,
)

Rule = Callable[..., Value]


def _move(move: Callable[[Array, dict[str, Any]], Any]) -> Rule:
    """The rule of a primitive with one operand, which `move` applies to an array of numbers."""

    def rule(to: Reader, eqn: Any, x: Value) -> Value:
        return to.moved(x, eqn.invars[0].aval.shape, lambda a: move(a, eqn.params))

    return rule


def pad(to: Reader, eqn: Any, x: Value, value: Value) -> Value:
    shape, config = eqn.invars[0].aval.shape, eqn.params["padding_config"]
    if isinstance(x, Pair) or isinstance(value, Pair):
        parts, fills = paired(x), paired(value)
        return Pair(pad(to, eqn, parts.re, fills.re), pad(to, eqn, parts.im, fills.im))
    if not is_known(value):
        low, high, interior = zip(*config, strict=True)
        given = {"low": tuple(low), "high": tuple(high), "interior": tuple(interior)}
        return to.recorder.lax_pad(to.full(x, shape), to.get(value), **given)
    fill = float(np.asarray(value))

    return _filled(to, x, shape, lambda a: padded(a, 0, config), fill)


def _filled(to: Reader, x: Value, shape: Any, move: Callable[[Array], Array], fill: float) -> Value:
    """As `Reader.moved`, with `fill` in place of zeros."""
    if is_known(x):
        entries = np.append(fill, np.broadcast_to(np.asarray(x), shape)).astype(x.dtype)
        return entries[np.asarray(move(np.arange(1, entries.size).reshape(shape)))]
    if fill and isinstance(x, View) and x.fill is not None:
        x = to.placed(x)
    found = to.moved(x, shape, move)
    if fill and isinstance(found, View) and np.any(found.indices < 0):
        return View(found.base, found.indices, fill, found.line)
    return np.full(found.shape, fill) if fill and is_known(found) else found


def concatenate(to: Reader, eqn: Any, *parts: Value) -> Value:
    shapes = [v.aval.shape for v in eqn.invars]
    return joined(to, parts, shapes, int(eqn.params["dimension"]))


def joined(to: Reader, parts: Sequence[Value], shapes: Sequence[Shape], axis: int) -> Value:
    """Values of these shapes, one after the other along an axis."""
    if any(isinstance(part, Pair) for part in parts):
        pairs = [*map(paired, parts)]
        return Pair(
            joined(to, [pair.re for pair in pairs], shapes, axis),
            joined(to, [pair.im for pair in pairs], shapes, axis),
        )
    kept = [(p, s) for p, s in zip(parts, shapes, strict=True) if 0 not in s]
    if len(kept) == 1:
        return kept[0][0]
    if all(is_known(p) for p, _ in kept):
        return np.concatenate([np.broadcast_to(np.asarray(p), s) for p, s in kept], axis)
    if not any(is_known(p) for p, _ in kept):
        views = [to.view(p, s) for p, s in kept]
        fills = {v.fill for v in views} - {None}
        if len({v.base.value_id for v in views}) == 1 and len(fills) < 2:
            found = compact(np.concatenate([v.indices for v in views], axis))
            return View(views[0].base, found, fills.pop() if fills else None, views[0].line)
    return to.recorder.concat([to.full(p, s) for p, s in kept], axis=axis)


def stacked(to: Reader, parts: Sequence[Value], shape: Shape, dtype: Any = float) -> Value:
    """Values of this shape along a new first axis."""
    if not parts:
        return np.zeros((0, *shape), dtype)
    if all(map(is_known, parts)):
        if is_key(parts[0]):
            return jax.numpy.stack(list(parts))
        return np.stack([np.broadcast_to(np.asarray(p), shape) for p in parts])
    pair = any(isinstance(p, Pair) for p in parts)
    if pair or len({None if is_known(p) else to.view(p, shape).base.value_id for p in parts}) == 1:
        taller = (1, *shape)
        wide = [to.moved(p, shape, lambda a: a[None]) for p in parts]
        return joined(to, wide, [taller] * len(parts), 0)
    if len(parts) == 1:
        return to.moved(parts[0], shape, lambda a: a[None])
    return to.recorder.stack([to.full(p, shape) for p in parts], axis=0)


def stack(to: Reader, eqn: Any, *parts: Value) -> Value:
    shape, axis = eqn.invars[0].aval.shape, int(eqn.params["axis"])
    made = stacked(to, parts, shape)
    return to.moved(made, (len(parts), *shape), lambda a: np.moveaxis(a, 0, axis))


def unstack(to: Reader, eqn: Any, x: Value) -> Value:
    shape, axis = eqn.invars[0].aval.shape, int(eqn.params["axis"])
    return tuple(
        to.moved(x, shape, partial(np.take, indices=i, axis=axis)) for i in range(shape[axis])
    )


def split(to: Reader, eqn: Any, x: Value) -> Value:
    shape, axis, ends = eqn.invars[0].aval.shape, eqn.params["axis"], np.cumsum(eqn.params["sizes"])
    starts = [0, *ends[:-1].tolist()]

    def part(start: int, end: int) -> Value:
        at = (slice(None),) * axis + (slice(start, end),)
        return to.moved(x, shape, lambda a: a[at])

    return tuple(part(start, int(end)) for start, end in zip(starts, ends, strict=True))


def _indices(to: Reader, var: Any, x: Value) -> Array:
    """The value of a variable that holds indices."""
    return to.decided(x, var.aval.shape, var.aval.dtype)


def gather(to: Reader, eqn: Any, x: Value, indices: Value) -> Value:
    places = _indices(to, eqn.invars[1], indices)
    shape, fill = eqn.invars[0].aval.shape, eqn.params["fill_value"]
    numbers = gathered(shape, places, eqn.params) + 1
    outside = np.nan if fill is None else float(fill)
    return _filled(to, x, shape, lambda a: np.append(0, a)[numbers], outside)


def dynamic_slice(to: Reader, eqn: Any, x: Value, *starts: Value) -> Value:
    shape, sizes = eqn.invars[0].aval.shape, eqn.params["slice_sizes"]
    first = _starts([*map(partial(_indices, to), eqn.invars[1:], starts)], shape, sizes)
    at = tuple(slice(i, i + n) for i, n in zip(first, sizes, strict=True))
    return to.moved(x, shape, lambda a: a[at])


def _starts(starts: list[Array], shape: Any, sizes: Any) -> list[int]:
    """The first index along each axis, moved so that the part lies within the shape."""
    return [
        min(max(int(i), 0), length - size)
        for i, length, size in zip(starts, shape, sizes, strict=True)
    ]


def dynamic_update_slice(to: Reader, eqn: Any, x: Value, v: Value, *starts: Value) -> Value:
    shape, sizes = eqn.invars[0].aval.shape, eqn.invars[1].aval.shape
    first = _starts([*map(partial(_indices, to), eqn.invars[2:], starts)], shape, sizes)
    at = tuple(slice(i, i + n) for i, n in zip(first, sizes, strict=True))
    return replaced(to, x, v, shape, np.arange(math.prod(shape)).reshape(shape)[at])


def replaced(to: Reader, x: Value, v: Value, shape: Shape, targets: Array) -> Value:
    """`x`, which has this shape, with entry k of `v` at index `targets[k]` of all entries; -1 drops
    it.
    """
    other = targets.shape
    if isinstance(x, Pair) or isinstance(v, Pair):
        a, b = paired(x), paired(v)
        return Pair(
            replaced(to, a.re, b.re, shape, targets), replaced(to, a.im, b.im, shape, targets)
        )
    count = math.prod(shape)
    source = np.arange(count)
    flat = targets.reshape(-1)
    source[flat[flat >= 0]] = count + np.flatnonzero(flat >= 0)
    if is_known(x):
        # Where the rest is one number, entries of v are moved and the number is filled in.
        rest = np.broadcast_to(np.asarray(x), shape).reshape(-1)[source < count]
        if not rest.size or np.all(rest == rest[0]):
            numbers = np.where(source < count, 0, source - count + 1).reshape(shape)
            fill = float(rest[0]) if rest.size else 0.0
            return _filled(to, v, other, lambda a: np.append(0, a)[numbers], fill)
    if not is_known(x) and not is_known(v):
        ours, theirs = to.view(x, shape), to.view(v, other)
        fills = {ours.fill, theirs.fill} - {None}
        if ours.base.value_id == theirs.base.value_id and len(fills) < 2:
            numbers = np.append(ours.indices.reshape(-1), theirs.indices.reshape(-1))
            found = numbers[source].reshape(shape)
            return View(ours.base, found, fills.pop() if fills else None, ours.line)
    flat_x = to.recorder.shaped(_value(to, to.full(x, shape)), (count,))
    flat_v = to.recorder.shaped(_value(to, to.full(v, other)), (math.prod(other),))
    both = to.recorder.concat([flat_x, flat_v], axis=0)
    return View(both, source.reshape(shape), None, to.recorder.line)


def _value(to: Reader, x: Value) -> Any:
    return to.recorder.value(x) if is_known(x) else x


def _targets(eqn: Any, indices: Array) -> Array:
    shape, updates = eqn.invars[0].aval.shape, eqn.invars[2].aval.shape
    return scattered(shape, indices, updates, eqn.params)


def scatter(to: Reader, eqn: Any, x: Value, indices: Value, updates: Value) -> Value:
    places = _indices(to, eqn.invars[1], indices)
    return replaced(to, x, updates, eqn.invars[0].aval.shape, _targets(eqn, places))


#: Scatters that combine an entry with those that go to it.
_COMBINED = {
    "scatter-add": "index_add",
    "scatter_add": "index_add",
    "scatter-mul": "index_multiply",
    "scatter_mul": "index_multiply",
    "scatter-min": "index_min",
    "scatter_min": "index_min",
    "scatter-max": "index_max",
    "scatter_max": "index_max",
    "scatter-sub": "index_subtract",
    "scatter_sub": "index_subtract",
}


def scatter_combined(to: Reader, eqn: Any, x: Value, indices: Value, updates: Value) -> Value:
    places = _indices(to, eqn.invars[1], indices)
    found = _targets(eqn, places)
    targets = found.reshape(-1)
    name = eqn.primitive.name
    if isinstance(x, Pair) or isinstance(updates, Pair):
        raise to.refuse(f"{name} of complex numbers")
    shape, other = eqn.invars[0].aval.shape, eqn.invars[2].aval.shape
    unique = len(set(targets.tolist())) == targets.size
    if name in ("scatter-add", "scatter_add") and is_known(x) and unique and not np.any(x):
        return replaced(to, x, updates, shape, found)
    kept = np.flatnonzero(targets >= 0)
    chosen = to.moved(updates, other, lambda a: a.reshape(-1)[kept])
    flat_x = to.recorder.shaped(_value(to, to.full(x, shape)), (math.prod(shape),))
    flat_v = _value(to, to.full(chosen, (kept.size,)))
    at = tuple(targets[kept].tolist())
    made = getattr(to.recorder, _COMBINED[name])(flat_x, flat_v, indices=at, axis=0)
    return View(made, np.arange(math.prod(shape)).reshape(shape), None, to.recorder.line)


MOVES: dict[str, Rule] = {
    **{name: _move(move) for name, move in MOVED.items()},
    **dict.fromkeys(_COMBINED, scatter_combined),
    "concatenate": concatenate,
    "dynamic_slice": dynamic_slice,
    "dynamic_update_slice": dynamic_update_slice,
    "gather": gather,
    "pad": pad,
    "scatter": scatter,
    "split": split,
    "stack": stack,
    "unstack": unstack,
}
