"""Functions of jax.lax, entry by entry."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tests.oracle.arrays import product, total
from tests.oracle.numbers import Array, exact, logsumexp_of, mp

Ints = Sequence[int]


def lax_pad(x: Array, value: Array, *, low: Ints, high: Ints, interior: Ints) -> Array:
    shape = [
        n + (n - 1) * k + a + z for n, k, a, z in zip(x.shape, interior, low, high, strict=True)
    ]
    out = np.full(shape, value.reshape(())[()], dtype=object)
    for index in np.ndindex(x.shape):
        place = [a + i * (k + 1) for a, i, k in zip(low, index, interior, strict=True)]
        if all(0 <= p < n for p, n in zip(place, shape, strict=True)):
            out[tuple(place)] = x[index]
    return out


def dot_general(
    x: Array, y: Array, *, contract_x: Ints, contract_y: Ints, batch_x: Ints, batch_y: Ints
) -> Array:
    free_x = [a for a in range(x.ndim) if a not in (*batch_x, *contract_x)]
    free_y = [a for a in range(y.ndim) if a not in (*batch_y, *contract_y)]
    lengths = [[x.shape[a] for a in axes] for axes in (batch_x, free_x, contract_x)]
    own = [y.shape[a] for a in free_y]
    out = np.empty((*lengths[0], *lengths[1], *own), dtype=object)

    def entry(v: Array, places: Mapping[int, int]) -> Any:
        return v[tuple(places[a] for a in range(v.ndim))]

    for index in np.ndindex(out.shape):
        n, m = len(batch_x), len(batch_x) + len(free_x)
        terms = []
        for summed in itertools.product(*map(range, lengths[2])):
            at_x = {**dict(zip(batch_x, index[:n], strict=True)),
                    **dict(zip(free_x, index[n:m], strict=True)),
                    **dict(zip(contract_x, summed, strict=True))}  # fmt: skip
            at_y = {**dict(zip(batch_y, index[:n], strict=True)),
                    **dict(zip(free_y, index[m:], strict=True)),
                    **dict(zip(contract_y, summed, strict=True))}  # fmt: skip
            terms.append(entry(x, at_x) * entry(y, at_y))
        out[index] = total(terms)
    return out


def ragged_dot(x: Array, y: Array, *, sizes: Ints) -> Array:
    groups = [g for g, n in enumerate(sizes) for _ in range(n)]
    return exact(
        [
            [total([x[i, k] * y[g, k, j] for k in range(x.shape[1])]) for j in range(y.shape[2])]
            for i, g in enumerate(groups)
        ]
    )


def clamp(x: Array, low: Array, high: Array) -> Array:
    return np.asarray(np.frompyfunc(lambda a, b, c: min(max(a, b), c), 3, 1)(x, low, high))


_FOLDS: Mapping[str, Callable[[list[Any]], Any]] = {
    "sum": total,
    "prod": product,
    "max": max,
    "min": min,
    "logsumexp": logsumexp_of,
}


def cumulative_reverse(x: Array, *, kind: str, axis: int) -> Array:
    lines = np.moveaxis(x, axis, -1)
    out = np.empty(lines.shape, dtype=object)
    for *index, k in np.ndindex(lines.shape):
        out[(*index, k)] = _FOLDS[kind](list(lines[tuple(index)][k:]))
    return np.moveaxis(out, -1, axis)


def reduce_custom(x: Array, *, axis: int) -> Array:
    lines = np.moveaxis(x, axis, -1)
    out = np.empty(lines.shape[:-1], dtype=object)
    for index in np.ndindex(out.shape):
        kept = mp.mpf(0)
        for entry in lines[index]:
            kept = kept * entry + kept + entry
        out[index] = kept
    return out


def _met(fold: Callable[[Any, Any], Any]) -> Callable[..., Array]:
    """Each part of v folded into the part of x at its index."""

    def update(x: Array, v: Array, *, indices: Ints, axis: int) -> Array:
        out = np.moveaxis(x, axis, 0).copy()
        for k, i in enumerate(indices):
            out[i] = np.frompyfunc(fold, 2, 1)(out[i], np.moveaxis(v, axis, 0)[k])
        return np.moveaxis(out, 0, axis)

    return update


OPERATIONS: Mapping[str, Callable[..., Array]] = {
    "lax_pad": lax_pad,
    "dot_general": dot_general,
    "ragged_dot": ragged_dot,
    "clamp": clamp,
    "cumulative_reverse": cumulative_reverse,
    "reduce_custom": reduce_custom,
    "reduce_precision": lambda x: x,
    "index_min": _met(min),
}
