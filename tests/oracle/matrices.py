"""Products, decompositions and functions of matrices."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tests.oracle.arrays import product, total
from tests.oracle.numbers import Array, exact, mp, number, power


def _stacked(function: Callable[[Array], Any]) -> Callable[[Array], Array]:
    """`function` of one matrix, made a function of stacks of matrices."""

    def apply(a: Array) -> Array:
        if a.ndim == 2:
            return np.asarray(function(a), dtype=object)
        return np.stack([apply(part) for part in a])

    return apply


def dot(a: Array, b: Array) -> Array:
    """The matrix product of two matrices."""
    out = np.empty((a.shape[0], b.shape[1]), dtype=object)
    for i, j in np.ndindex(out.shape):
        out[i, j] = total([a[i, k] * b[k, j] for k in range(a.shape[1])])
    return out


def matmul(a: Array, b: Array) -> Array:
    left, right = a.reshape(1, -1) if a.ndim == 1 else a, b.reshape(-1, 1) if b.ndim == 1 else b
    batch = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    left = np.broadcast_to(left, batch + left.shape[-2:])
    right = np.broadcast_to(right, batch + right.shape[-2:])
    out = np.empty((*batch, left.shape[-2], right.shape[-1]), dtype=object)
    for index in np.ndindex(batch):
        out[index] = dot(left[index], right[index])
    out = out.reshape(out.shape[:-1]) if b.ndim == 1 else out
    return (
        out.reshape(out.shape[: len(batch)] + out.shape[len(batch) + 1 :]) if a.ndim == 1 else out
    )


def einsum(*operands: Array, subscripts: str) -> Array:
    inputs, _, output = subscripts.partition("->")
    terms = inputs.split(",")
    # An axis of length 1 is broadcast.
    length: dict[str, int] = {}
    for term, x in zip(terms, operands, strict=True):
        for letter, n in zip(term, x.shape, strict=True):
            length[letter] = max(n, length.get(letter, n)) if n != 0 else 0
    summed = [letter for letter in length if letter not in output]
    out = np.empty([length[letter] for letter in output], dtype=object)
    for index in np.ndindex(out.shape):
        sums = []
        for rest in itertools.product(*(range(length[letter]) for letter in summed)):
            at = {**dict(zip(output, index, strict=True)), **dict(zip(summed, rest, strict=True))}
            factors = []
            for term, x in zip(terms, operands, strict=True):
                place = (at[c] if n != 1 else 0 for c, n in zip(term, x.shape, strict=True))
                factors.append(x[tuple(place)])
            sums.append(product(factors))
        out[index] = total(sums)
    return out


def tensordot(a: Array, b: Array, *, axes: int) -> Array:
    kept, rest = a.shape[: a.ndim - axes], b.shape[axes:]
    inner = math.prod(b.shape[:axes])
    return dot(a.reshape(math.prod(kept), inner), b.reshape(inner, math.prod(rest))).reshape(
        kept + rest
    )


def inner(a: Array, b: Array) -> Array:
    out = np.empty(a.shape[:-1] + b.shape[:-1], dtype=object)
    for i in np.ndindex(a.shape[:-1]):
        for j in np.ndindex(b.shape[:-1]):
            out[i + j] = total([p * q for p, q in zip(a[i], b[j], strict=True)])
    return out


def vecdot(a: Array, b: Array) -> Array:
    a, b = np.broadcast_arrays(a, b)
    out = np.empty(a.shape[:-1], dtype=object)
    for i in np.ndindex(out.shape):
        out[i] = total([p * q for p, q in zip(a[i], b[i], strict=True)])
    return out


def outer(a: Array, b: Array) -> Array:
    return dot(a.reshape(-1, 1), b.reshape(1, -1))


def determinant(a: Array) -> Any:
    """The sum over all permutations."""
    n, sums = len(a), []
    for p in itertools.permutations(range(n)):
        swaps = sum(p[i] > p[j] for i in range(n) for j in range(i + 1, n))
        sums.append((-1) ** swaps * product([a[i, p[i]] for i in range(n)]))
    return total(sums)


def solve(a: Array, b: Array) -> Array:
    """By elimination with row exchanges; `a` is one matrix or a stack."""
    if a.ndim > 2:
        return np.stack([solve(part, b) for part in a])
    n = len(a)
    rows = np.concatenate([a, b.reshape(n, -1)], axis=1).copy()
    for i in range(n):
        pivot = max(range(i, n), key=lambda r: abs(rows[r, i]))
        if rows[pivot, i] == 0:
            return np.full(b.shape, mp.mpf("nan"), dtype=object)
        rows[[i, pivot]] = rows[[pivot, i]]
        rows[i] = rows[i] / rows[i, i]
        for r in range(n):
            if r != i:
                rows[r] = rows[r] - rows[r, i] * rows[i]
    return rows[:, n:].reshape(b.shape)


def identity(n: int) -> Array:
    return exact(np.eye(n))


def inverse(a: Array) -> Array:
    return solve(a, identity(len(a)))


def symmetric(a: Array) -> Array:
    return np.asarray((a + a.T) / 2)


def cholesky(a: Array) -> Array:
    """Row by row (Cholesky and Banachiewicz)."""
    s, n = symmetric(a), len(a)
    out = exact(np.zeros((n, n)))
    for i in range(n):
        for j in range(i + 1):
            rest = s[i, j] - total([out[i, k] * out[j, k] for k in range(j)])
            out[i, j] = mp.sqrt(rest) if i == j else rest / out[j, j]
    return out


def eigh(s: Array) -> tuple[list[Any], Array]:
    """Ascending eigenvalues, and eigenvectors as columns, of a symmetric matrix."""
    values, vectors = mp.eigsy(mp.matrix(s.tolist()))
    order = sorted(range(len(s)), key=lambda k: values[k])
    columns = np.empty(s.shape, dtype=object)
    for i, k in np.ndindex(s.shape):
        columns[i, k] = vectors[i, order[k]]
    return [values[k] for k in order], columns


def of_symmetric(function: Callable[[Any], Any], s: Array) -> Array:
    """V function(w) V^T."""
    values, vectors = eigh(s)
    scaled = vectors * np.array([function(w) for w in values], dtype=object)
    return dot(scaled, vectors.T)


def matrix_exp(a: Array) -> Array:
    """By the series, of a divided by 2**32, and 32 squarings."""
    small, n = a / mp.mpf(2) ** 32, len(a)
    term, result = identity(n), identity(n)
    for k in range(1, 40):
        term = dot(term, small) / k
        result = result + term
    for _ in range(32):
        result = dot(result, result)
    return result


def gram_schmidt(a: Array) -> tuple[Array, Array]:
    """Q and R of the reduced decomposition with a positive diagonal."""
    k = min(a.shape)
    q = np.empty((a.shape[0], k), dtype=object)
    for j in range(k):
        column = a[:, j]
        for i in range(j):
            column = column - total(list(q[:, i] * a[:, j])) * q[:, i]
        q[:, j] = column / mp.sqrt(total(list(column * column)))
    return q, dot(q.T, a)


def pinv(a: Array) -> Array:
    if a.shape[0] < a.shape[1]:
        return pinv(a.T).T
    q, r = gram_schmidt(a)
    return solve(r, q.T)


def singular_values(a: Array) -> list[Any]:
    """The largest first."""
    gram = dot(a.T, a) if a.shape[0] >= a.shape[1] else dot(a, a.T)
    return [mp.sqrt(w) for w in reversed(eigh(gram)[0])]


def polar(a: Array) -> Array:
    if a.shape[0] < a.shape[1]:
        return polar(a.T).T
    return dot(a, of_symmetric(lambda w: 1 / mp.sqrt(w), dot(a.T, a)))


def solve_triangular(
    a: Array, b: Array, *, upper: bool, unit_diagonal: bool, transpose: bool
) -> Array:
    """By substitution."""
    n = len(a)
    t = a.T if transpose else a
    right = b.reshape(n, -1)
    out = np.empty(right.shape, dtype=object)
    backward = upper != transpose
    done: list[int] = []
    for i in reversed(range(n)) if backward else range(n):
        rest = right[i] - sum((t[i, k] * out[k] for k in done), exact(np.zeros(right.shape[1])))
        out[i] = rest if unit_diagonal else rest / t[i, i]
        done.append(i)
    return out.reshape(b.shape)


def matrix_power(a: Array, n: int) -> Array:
    result = identity(len(a))
    for _ in range(abs(n)):
        result = dot(result, a)
    return result if n >= 0 else inverse(result)


def kron(a: Array, b: Array) -> Array:
    axes = max(a.ndim, b.ndim)
    left, right = (
        a.reshape((1,) * (axes - a.ndim) + a.shape),
        b.reshape((1,) * (axes - b.ndim) + b.shape),
    )
    shape = tuple(m * n for m, n in zip(left.shape, right.shape, strict=True))
    out = np.empty(shape, dtype=object)
    for index in np.ndindex(shape):
        parts = [divmod(i, n) for i, n in zip(index, right.shape, strict=True)]
        out[index] = left[tuple(p for p, _ in parts)] * right[tuple(q for _, q in parts)]
    return out


def cross(a: Array, b: Array, *, axis: int) -> Array:
    a, b = np.moveaxis(a, axis, 0), np.moveaxis(b, axis, 0)
    parts = [a[(i + 1) % 3] * b[(i + 2) % 3] - a[(i + 2) % 3] * b[(i + 1) % 3] for i in range(3)]
    return np.moveaxis(np.stack([np.asarray(part, dtype=object) for part in parts]), 0, axis)


def multi_dot(*factors: Array) -> Array:
    """From the right."""
    result = factors[-1]
    for factor in reversed(factors[:-1]):
        result = matmul(factor, result)
    return result


def norm(entries: Sequence[Any], order: float | str) -> Any:
    sizes = [abs(z) for z in entries]
    if order == "inf":
        return max(sizes)
    if order == "-inf":
        return min(sizes)
    # The root is taken by the float64 nearest to 1 / order.
    return power(total([power(z, number(order)) for z in sizes]), number(1.0 / float(order)))


def vector_norm_ord(x: Array, *, ord: float | str, axis: int | None, keepdims: bool) -> Array:
    if axis is None:
        whole = exact(norm(list(x.reshape(-1)), ord))
        return whole.reshape((1,) * x.ndim) if keepdims else whole
    rows = np.moveaxis(x, axis, -1)
    out = np.empty(rows.shape[:-1], dtype=object)
    for index in np.ndindex(out.shape):
        out[index] = norm(list(rows[index]), ord)
    return np.expand_dims(out, axis) if keepdims else out


def matrix_norm_ord(x: Array, *, ord: float | str) -> Any:
    if ord == "nuc":
        return total(singular_values(x))
    if ord in (2.0, -2.0):
        return singular_values(x)[0 if ord == 2.0 else -1]
    lines = x.T if ord in (1.0, -1.0) else x
    sums = [total([abs(z) for z in line]) for line in lines]
    return max(sums) if ord in (1.0, "inf") else min(sums)


def cdist(a: Array, b: Array, *, p: float | str) -> Array:
    out = np.empty((len(a), len(b)), dtype=object)
    for i, j in np.ndindex(out.shape):
        out[i, j] = norm(list(a[i] - b[j]), p)
    return out


def vander(x: Array, *, columns: int, increasing: bool) -> Array:
    powers = range(columns) if increasing else range(columns - 1, -1, -1)
    return exact([[z**k for k in powers] for z in x]).reshape(len(x), columns)


def _entries(x: Array) -> list[Any]:
    return list(x.reshape(-1))


OPERATIONS: Mapping[str, Callable[..., Array]] = {
    "matmul": matmul,
    "einsum": einsum,
    "tensordot": tensordot,
    "inner": inner,
    "outer": outer,
    "vecdot": vecdot,
    "multi_dot": multi_dot,
    "kron": kron,
    "cross": cross,
    "vander": vander,
    "trace": _stacked(lambda a: total([a[i, i] for i in range(min(a.shape))])),
    "det": _stacked(determinant),
    "slogdet": _stacked(lambda a: mp.log(abs(determinant(a)))),
    "logdet": _stacked(lambda a: mp.log(determinant(a))),
    "inv": _stacked(inverse),
    "solve": solve,
    "lu_solve": solve,
    "cholesky_solve": lambda a, b: solve(symmetric(a), b),
    "cholesky_inverse": _stacked(lambda a: inverse(symmetric(a))),
    "solve_triangular": solve_triangular,
    "matrix_power": lambda a, *, n: _stacked(lambda m: matrix_power(m, n))(a),
    "cholesky": _stacked(cholesky),
    "matrix_exp": _stacked(matrix_exp),
    "eigh_exp": _stacked(lambda a: of_symmetric(mp.exp, symmetric(a))),
    "sqrtm": _stacked(lambda a: of_symmetric(mp.sqrt, symmetric(a))),
    "eigh_sqrt": _stacked(lambda a: of_symmetric(mp.sqrt, symmetric(a))),
    "eigvalsh": _stacked(lambda a: eigh(symmetric(a))[0]),
    "eigenvector_weights": _stacked(lambda a: eigh(symmetric(a))[1] ** 2),
    "svdvals": _stacked(singular_values),
    "polar_factor": _stacked(polar),
    "qr_q": _stacked(lambda a: gram_schmidt(a)[0]),
    "qr_r": _stacked(lambda a: gram_schmidt(a)[1]),
    "column_projection": _stacked(lambda a: dot(gram_schmidt(a)[0], gram_schmidt(a)[0].T)),
    "pinv": _stacked(pinv),
    "lstsq": lambda a, b: matmul(pinv(a), b),
    "vector_norm": lambda x, *, axis: vector_norm_ord(x, ord=2.0, axis=axis, keepdims=False),
    "vector_norm_ord": vector_norm_ord,
    "matrix_norm": _stacked(lambda a: norm(_entries(a), 2.0)),
    "matrix_norm_ord": lambda x, *, ord: _stacked(lambda a: matrix_norm_ord(a, ord=ord))(x),
    "cdist": cdist,
}
