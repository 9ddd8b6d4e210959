"""Linear systems and factors of matrices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tests.oracle import matrices
from tests.oracle.arrays import total
from tests.oracle.numbers import Array, exact, mp


def _pairs(function: Callable[..., Array]) -> Callable[..., Array]:
    """`function` of a matrix and right-hand sides, or of stacks of both."""

    def apply(a: Array, b: Array, **params: Any) -> Array:
        if a.ndim == 2 and b.ndim == 2:
            return function(a, b, **params)
        left = a if a.ndim == 3 else [a] * len(b)
        right = b if b.ndim == 3 else [b] * len(a)
        return np.stack([apply(p, q, **params) for p, q in zip(left, right, strict=True)])

    return apply


def solve_flags(a: Array, b: Array, *, left: bool, transpose: bool = False) -> Array:
    matrix = a.T if transpose else a
    return matrices.solve(matrix, b) if left else matrices.solve(matrix.T, b.T).T


def triangular_solve(
    a: Array, b: Array, *, left: bool, upper: bool, unit_diagonal: bool, transpose: bool
) -> Array:
    flags = {"upper": upper, "unit_diagonal": unit_diagonal}
    if left:
        return matrices.solve_triangular(a, b, transpose=transpose, **flags)
    return matrices.solve_triangular(a, b.T, transpose=not transpose, **flags).T


def _product_of_factor(factor: Array, upper: bool) -> Array:
    n = len(factor)
    return exact(
        [
            [
                total(
                    [
                        factor[k, i] * factor[k, j] if upper else factor[i, k] * factor[j, k]
                        for k in range(min(i, j) + 1)
                    ]
                )
                for j in range(n)
            ]
            for i in range(n)
        ]
    )


def tensorsolve(a: Array, b: Array) -> Array:
    n = b.size
    return matrices.solve(a.reshape(n, n), b.reshape(n)).reshape(a.shape[b.ndim :])


def tensorinv(a: Array, *, ind: int) -> Array:
    n = int(np.prod(a.shape[:ind]))
    return matrices.inverse(a.reshape(n, n)).reshape(a.shape[ind:] + a.shape[:ind])


def solve_sylvester(a: Array, b: Array, q: Array) -> Array:
    """The linear equations of all entries of a x + x b = q."""
    n, m = q.shape
    system = exact(np.zeros((n * m, n * m)))
    for i, j in np.ndindex(n, m):
        for k in range(n):
            system[i * m + j, k * m + j] += a[i, k]
        for k in range(m):
            system[i * m + j, i * m + k] += b[k, j]
    return matrices.solve(system, q.reshape(-1)).reshape(n, m)


def solve_banded(bands: Array, b: Array, *, lower: int, upper: int) -> Array:
    n = bands.shape[1]
    a = exact(np.zeros((n, n)))
    for k in range(lower + upper + 1):
        for j in range(n):
            if 0 <= j + k - upper < n:
                a[j + k - upper, j] = bands[k, j]
    return matrices.solve(a, b)


def tridiagonal_solve(below: Array, middle: Array, above: Array, b: Array) -> Array:
    a = exact(np.diag(np.zeros(len(middle))))
    for i in range(len(middle)):
        a[i, i] = middle[i]
        if i:
            a[i, i - 1] = below[i]
        if i + 1 < len(middle):
            a[i, i + 1] = above[i]
    return matrices.solve(a, b)


def lu(a: Array) -> tuple[Array, Array]:
    """By elimination; of all candidates, the largest is the pivot."""
    m, n = a.shape
    k = min(m, n)
    rest, lower = a.copy(), exact(np.zeros((m, k)))
    for j in range(k):
        pivot = max(range(j, m), key=lambda i: abs(rest[i, j]))
        rest[[j, pivot]], lower[[j, pivot]] = rest[[pivot, j]], lower[[pivot, j]]
        lower[j, j] = mp.mpf(1)
        for i in range(j + 1, m):
            lower[i, j] = rest[i, j] / rest[j, j]
            rest[i] = rest[i] - lower[i, j] * rest[j]
            rest[i, j] = mp.mpf(0)
    return lower, rest[:k]


def lu_compact(a: Array, *, rows: Sequence[int]) -> Array:
    lower, upper = lu(a)
    out = a.copy()
    for i, j in np.ndindex(a.shape):
        out[i, j] = lower[i, j] if i > j else upper[i, j]
    return out


def lu_unpacked(a: Array) -> Array:
    out = a.copy()
    for i, j in np.ndindex(a.shape):
        below = [a[i, k] * a[k, j] for k in range(min(i, j + 1))]
        out[i, j] = total([*below, a[i, j]] if i <= j else below)
    return out


def reflection(a: Array, tau: Array, k: int) -> Array:
    v = np.array([mp.mpf(0)] * k + [mp.mpf(1), *a[k + 1 :, k]], dtype=object)
    return np.asarray(matrices.identity(len(a)) - tau[k] * matrices.outer(v, v))


def reflections(a: Array, tau: Array) -> Array:
    result = matrices.identity(len(a))
    for k in range(len(tau)):
        result = matrices.dot(result, reflection(a, tau, k))
    return result


def ormqr(a: Array, tau: Array, c: Array, *, left: bool, transpose: bool) -> Array:
    q = reflections(a, tau)
    q = q.T if transpose else q
    return matrices.dot(q, c) if left else matrices.dot(c, q)


def expm_frechet(a: Array, e: Array) -> Array:
    """By the series: sums of a^i e a^j / (i + j + 1)!."""
    n, powers, result = len(a), [matrices.identity(len(a))], exact(np.zeros(a.shape))
    for _ in range(160):
        powers.append(matrices.dot(powers[-1], a))
    # D_k = sum of a^i e a^j over i + j = k obeys D_k = a D_(k-1) + e a^k.
    term, factorial = exact(np.zeros((n, n))), mp.mpf(1)
    for k in range(160):
        term = matrices.dot(a, term) + matrices.dot(e, powers[k])
        factorial = factorial * (k + 1)
        result = result + term / factorial
    return np.asarray(result)


def _stacked(function: Callable[[Array], Any]) -> Callable[..., Array]:
    return lambda a, **_: matrices._stacked(function)(a)


def _pinv_of_product(a: Array) -> Array:
    inverse = matrices.pinv(a)
    return matrices.dot(inverse.T, inverse)


OPERATIONS: Mapping[str, Callable[..., Array]] = {
    "solve_stack": _pairs(solve_flags),
    "lu_solve_flags": _pairs(solve_flags),
    "triangular_solve": _pairs(triangular_solve),
    "factor_solve": lambda f, b, *, upper: matrices.solve(_product_of_factor(f, upper), b),
    "factor_inverse": lambda f, *, upper: matrices.inverse(_product_of_factor(f, upper)),
    "tensorsolve": tensorsolve,
    "tensorinv": tensorinv,
    "solve_sylvester": solve_sylvester,
    "solve_banded": solve_banded,
    "tridiagonal_solve": tridiagonal_solve,
    "lu_l": lambda a, *, rows: lu(a)[0],
    "lu_u": lambda a, *, rows: lu(a)[1],
    "lu_compact": lu_compact,
    "lu_unpacked": lu_unpacked,
    "cholesky_upper": _stacked(lambda a: matrices.cholesky(a).T),
    "householder_product": lambda a, tau: reflections(a, tau)[:, : a.shape[1]],
    "ormqr": ormqr,
    "eig_exp": _stacked(matrices.matrix_exp),
    "eigvals_exp": _stacked(lambda a: total(list(np.diagonal(matrices.matrix_exp(a))))),
    "expm_frechet": expm_frechet,
    "matrix_exp_upper": _stacked(
        lambda a: matrices.matrix_exp(np.where(np.tri(len(a), k=-1) > 0, mp.mpf(0), a))
    ),
    "polar_symmetric": lambda a, *, left: matrices.of_symmetric(
        mp.sqrt, matrices.dot(a, a.T) if left else matrices.dot(a.T, a)
    ),
    "pinv_of_product": _stacked(_pinv_of_product),
}
