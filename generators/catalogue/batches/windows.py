"""Windows that slide over arrays: which entries each of them has."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from ad_conformance.generators.catalogue.extra.indexing import MOST

#: Before and after each axis.
Pairs = Sequence[tuple[int, int]]


def pairs_of(padding: Sequence[int], axes: int) -> list[tuple[int, int]]:
    """Padding as given, one number for each axis or (before, after) for each, in pairs.

    Raises ValueError for another number of them.
    """
    given = list(padding)
    if len(given) == axes:
        return [(n, n) for n in given]
    if len(given) == 2 * axes:
        return list(zip(given[::2], given[1::2], strict=True))
    raise ValueError(f"padding {padding} does not fit {axes} axes")


def spread(numbers: np.ndarray, dilation: Sequence[int], fill: int) -> np.ndarray:
    """The array with `fill` between neighbouring entries of its last axes."""
    _positive(dilation=dilation)
    _as_many(numbers.ndim, dilation)
    lead = numbers.ndim - len(dilation)
    shape = tuple(
        max(0, d * (n - 1) + 1) for n, d in zip(numbers.shape[lead:], dilation, strict=True)
    )
    _bounded(math.prod(numbers.shape[:lead]) * math.prod(shape))
    out = np.full((*numbers.shape[:lead], *shape), fill)
    key: list[Any] = [..., *(slice(None, None, d) for d in dilation)]
    out[tuple(key)] = numbers
    return out


def padded(numbers: np.ndarray, pairs: Pairs, fill: int) -> np.ndarray:
    """The array with `fill` around its last axes; negative widths cut off entries."""
    lead = numbers.ndim - len(pairs)
    for axis, (before, after) in enumerate(pairs, start=lead):
        n = numbers.shape[axis]
        start, stop = max(0, -before), n - max(0, -after)
        kept = np.take(numbers, range(start, max(start, stop)), axis)
        _bounded(numbers.size // max(n, 1) * (n + abs(before) + abs(after)))
        widths = [(0, 0)] * numbers.ndim
        widths[axis] = (max(0, before), max(0, after))
        numbers = np.pad(kept, widths, constant_values=fill)
    return numbers


def windows(
    numbers: np.ndarray,
    window: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
    lead: int,
) -> np.ndarray:
    """The entries of every window: axes of `numbers` before `lead`, one for each spatial axis of
    positions, one for each of the window. Raises ValueError if there is no position.
    """
    _positive(window=window, stride=stride, dilation=dilation)
    _as_many(numbers.ndim - lead, window, stride, dilation)
    reach = [d * (k - 1) + 1 for k, d in zip(window, dilation, strict=True)]
    if any(r > n for r, n in zip(reach, numbers.shape[lead:], strict=True)):
        raise ValueError(f"a window of reach {reach} on shape {numbers.shape}")
    axes = tuple(range(lead, numbers.ndim))
    every = np.lib.stride_tricks.sliding_window_view(numbers, reach, axis=axes)
    _bounded(math.prod(every.shape[: numbers.ndim]) * math.prod(window))
    key = [slice(None)] * lead + [slice(None, None, s) for s in stride]
    return np.asarray(every[(*key, *(slice(None, None, d) for d in dilation))])


def gathered(xp: Any, x: Any, numbers: np.ndarray, fill: float | None = None) -> Any:
    """The entries of x with these numbers, in the shape of `numbers`; `x.size` means `fill`."""
    _bounded(numbers.size)
    flat = xp.reshape(x, shape=(-1,))
    if fill is not None and np.any(numbers == x.size):
        flat = xp.concat([flat, np.array([fill])], axis=0)
    taken = xp.take(flat, indices=tuple(numbers.ravel().tolist()), axis=0)
    return xp.reshape(taken, shape=numbers.shape)


def numbered(x: Any) -> np.ndarray:
    """The numbers of the entries of x, in its shape."""
    return np.arange(math.prod(x.shape)).reshape(x.shape)


def reduced_groups(
    xp: Any,
    x: Any,
    members: Sequence[Sequence[int]],
    shape: tuple[int, ...],
    reduce: Callable[[Any], Any],
) -> Any:
    """For each list of members, `reduce` of these entries of x, in that shape.

    `reduce` makes a vector of a matrix, whose rows have the members of some lists. Lists of one
    length are reduced together.
    """
    lengths = sorted({len(m) for m in members})
    if not lengths or not lengths[0]:
        raise ValueError("a window without entries")
    order = [[k for k, m in enumerate(members) if len(m) == n] for n in lengths]
    parts = [reduce(gathered(xp, x, np.array([members[k] for k in ks]))) for ks in order]
    together = parts[0] if len(parts) == 1 else xp.concat(parts, axis=0)
    back = np.argsort(np.concatenate(order)).reshape(shape)
    return gathered(xp, together, back)


def _positive(**named: Sequence[int]) -> None:
    for name, values in named.items():
        if any(v < 1 for v in values):
            raise ValueError(f"{name} {tuple(values)}: use 1 or more")


def _as_many(count: int, *lists: Sequence[int]) -> None:
    if any(len(values) > count for values in lists) or len({len(v) for v in lists}) > 1:
        raise ValueError(f"{lists} do not fit {count} axes")


def _bounded(size: int) -> None:
    if size > MOST:
        raise ValueError(f"more than {MOST} entries")
