"""Large values for layers, made of the small values of a program, and small values made of them.

Most entries are constants of a regular pattern, so that a large constant takes two choices.
"""

from __future__ import annotations

import math

import numpy as np
from ad_conformance.generators.strategies.builder import MAX_ENTRIES, Builder, is_small
from ad_conformance.generators.strategies.operands.basic import some

#: The numbers of the pattern are (k - 6) / 4 for k below this prime.
_PERIOD = 13


def pattern(b: Builder, shape: tuple[int, ...]) -> np.ndarray:
    """An array of multiples of 1/4 from -1.5 to 1.5; any 13 entries in a row are different."""
    start, step = b.choose(range(_PERIOD)), b.choose(range(1, 6))
    numbers = (start + step * np.arange(math.prod(shape))) % _PERIOD
    return np.asarray((numbers - 6) / 4).reshape(shape)


def grown(b: Builder, shape: tuple[int, ...]) -> int:
    """A value of that shape, made of a small value that depends on the input: its entries,
    repeated, times or plus constants; or all products of two entries.
    """
    value_id = some(b, lambda v: v.size > 0)
    if b.values[value_id].shape == shape:
        return value_id
    size = math.prod(shape)
    if b.values[value_id].ndim != 1:
        value_id = b.must("reshape", (value_id,), shape=(-1,))
    n = b.values[value_id].size
    if n > 1 and n * n <= MAX_ENTRIES and n != size and b.flag(4):
        value_id = b.must("outer", (value_id, value_id))
        value_id = b.must("reshape", (value_id,), shape=(n * n,))
        n *= n
    if n == size:
        return b.must("reshape", (value_id,), shape=shape)
    start, step = b.choose(range(n)), b.choose([1, 1, n - 1, 2])
    indices = (start + step * np.arange(size)) % n
    value_id = b.must("take", (value_id,), indices=tuple(indices.tolist()), axis=0)
    value_id = b.must("reshape", (value_id,), shape=shape)
    if not b.flag(4):
        value_id = b.must("multiply", (value_id, b.constant(pattern(b, shape))))
    if b.flag():
        value_id = b.must("add", (value_id, b.constant(pattern(b, shape))))
    return value_id


def grown_or_constant(b: Builder, shape: tuple[int, ...], one_in: int = 2) -> int:
    """A value made of the input; one time in `one_in` a constant."""
    return b.constant(pattern(b, shape)) if b.flag(one_in) else grown(b, shape)


def summary(b: Builder, value_id: int) -> int:
    """The value itself if it is small; else weighted sums of its entries, or some of them."""
    value = b.values[value_id]
    if is_small(value):
        return value_id
    if value.size <= MAX_ENTRIES and b.flag():
        return b.must("reshape", (value_id,), shape=(-1,))
    if b.flag(3):
        flat = b.must("reshape", (value_id,), shape=(-1,))
        first, step = b.choose(range(min(value.size, 32))), b.choose([1, 5, 7, 11])
        indices = (first + step * np.arange(b.choose([4, 3, 6]))) % value.size
        return b.must("take", (flat,), indices=tuple(indices.tolist()), axis=0)
    rows = b.choose([n for n in (2, 1, 3, 4) if value.size % n == 0])
    table = b.must("reshape", (value_id,), shape=(rows, value.size // rows))
    weights = pattern(b, (value.size // rows, b.choose([1, 2])))
    return b.must("matmul", (table, b.constant(weights)))
