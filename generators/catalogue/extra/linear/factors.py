"""Factors of matrices, and functions of matrices by way of their factors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from ad_conformance.generators.arithmetic import matrices as decompositions
from ad_conformance.generators.catalogue.operands import family
from ad_conformance.generators.catalogue.operation import Operation
from ad_conformance.generators.catalogue.row_forms import derived

Rows = tuple[int, ...]


def _eliminated(xp: Any, a: Any, rows: Rows) -> tuple[Any, Any]:
    """The factors of a[rows] without further exchanges; `rows` must be those of partial pivoting.

    On numbers, ValueError is raised if they are not.
    """
    m, n = a.shape
    if sorted(rows) != list(range(m)):
        raise ValueError(f"rows {rows} of a matrix of shape {a.shape}")
    if isinstance(a, np.ndarray) and a.dtype == float and list(rows) != pivots(a):
        raise ValueError(f"rows {rows} are not those of partial pivoting")
    rest = xp.take(a, indices=tuple(rows), axis=0)
    lower: Any = np.eye(m, min(m, n))
    upper: Any = 0.0
    for k in range(min(m, n)):
        below = (np.arange(m) > k).astype(float)[:, None]
        # The column has a 1 at its own place already.
        column = rest[:, k : k + 1] / rest[k, k] * below
        lower = lower + column * np.eye(min(m, n))[k]
        upper = upper + np.eye(min(m, n))[k][:, None] * rest[k]
        rest = rest - column * rest[k]
    return lower, xp.triu(upper)


def pivots(a: np.ndarray) -> list[int]:
    """The order of rows by partial pivoting."""
    order, rest = list(range(len(a))), a.copy()
    for k in range(min(a.shape)):
        other = k + int(np.argmax(np.abs(rest[k:, k])))
        if not rest[other, k]:
            raise ValueError("the matrix has no full rank")
        rest[[k, other]] = rest[[other, k]]
        order[k], order[other] = order[other], order[k]
        rest[k + 1 :] -= np.outer(rest[k + 1 :, k] / rest[k, k], rest[k])
    return order


def lu_l(xp: Any, a: Any, *, rows: Rows) -> Any:
    """The lower factor by partial pivoting, which takes the rows in the order `rows`."""
    return _eliminated(xp, a, rows)[0]


def lu_u(xp: Any, a: Any, *, rows: Rows) -> Any:
    """The upper factor by partial pivoting, which takes the rows in the order `rows`."""
    return _eliminated(xp, a, rows)[1]


def lu_compact(xp: Any, a: Any, *, rows: Rows) -> Any:
    """Both factors by partial pivoting in one matrix; the diagonal is that of the upper one."""
    lower, upper = _eliminated(xp, a, rows)
    m, n = a.shape
    padding = np.zeros((m, max(n - m, 0))), np.zeros((max(m - n, 0), n))
    wide = xp.concat([lower, padding[0]], axis=1) if n > m else lower
    tall = xp.concat([upper, padding[1]], axis=0) if m > n else upper
    return xp.tril_offset(wide, k=-1) + tall


def lu_unpacked(xp: Any, a: Any) -> Any:
    """The product of the unit lower and the upper triangle of a square matrix."""
    return xp.matmul(xp.tril_offset(a, k=-1) + np.eye(a.shape[-1]), xp.triu(a))


def cholesky_upper(xp: Any, a: Any) -> Any:
    """The upper triangular factor of the symmetric part."""
    return xp.matrix_transpose(xp.cholesky(a))


def householder_product(xp: Any, a: Any, tau: Any) -> Any:
    """The first columns of the product of reflections 1 - tau v v^T, where v has a 1 on the
    diagonal of a and the entries of a below.
    """
    m, n = a.shape
    return _reflected(xp, a, tau, np.eye(m, n), transpose=False)


def _reflected(xp: Any, a: Any, tau: Any, c: Any, transpose: bool) -> Any:
    m, n = a.shape
    count = tau.shape[0]
    if n > m or count > n or len(tau.shape) != 1 or c.shape[0] != m:
        raise ValueError(f"no reflections of shapes {a.shape}, {tau.shape} and {c.shape}")
    vectors = xp.tril_offset(a, k=-1) + np.eye(m, n)
    for k in range(count) if transpose else reversed(range(count)):
        v = vectors[:, k : k + 1]
        c = c - v * (tau[k] * xp.matmul(xp.matrix_transpose(v), c))
    return c


def ormqr(xp: Any, a: Any, tau: Any, c: Any, *, left: bool, transpose: bool) -> Any:
    """The product of the reflections of householder_product, or of its transpose, with c."""
    if left:
        return _reflected(xp, a, tau, c, transpose)
    return xp.matrix_transpose(_reflected(xp, a, tau, xp.matrix_transpose(c), not transpose))


def eig_exp(xp: Any, a: Any) -> Any:
    """V exp(w) V^-1 for the eigenvalues w, which may be complex, and the eigenvectors V."""
    return xp.matrix_exp(a)


def eigvals_exp(xp: Any, a: Any) -> Any:
    """The sum of exp(w) over all eigenvalues w."""
    return xp.trace(xp.matrix_exp(a))


def expm_frechet(xp: Any, a: Any, e: Any) -> Any:
    """The derivative of the exponential of a along e."""
    n = a.shape[-1]
    if a.shape != (n, n) or e.shape != a.shape:
        raise ValueError(f"two square matrices are needed, not {a.shape} and {e.shape}")
    top = xp.concat([a, e], axis=1)
    bottom = xp.concat([np.zeros((n, n)), a], axis=1)
    return xp.matrix_exp(xp.concat([top, bottom], axis=0))[:n, n:]


def matrix_exp_upper(xp: Any, a: Any) -> Any:
    """The exponential of the upper triangle."""
    return xp.matrix_exp(xp.triu(a))


def polar_symmetric(xp: Any, a: Any, *, left: bool) -> Any:
    """The symmetric factor p of the polar decomposition a = p u if `left`, else a = u p."""
    other = xp.matrix_transpose(a)
    return xp.sqrtm(xp.matmul(a, other) if left else xp.matmul(other, a))


def pinv_of_product(xp: Any, a: Any, *, hermitian: bool) -> Any:
    """The pseudoinverse of a a^T, for fewer columns than rows: its rank is the number of columns.

    `hermitian` only says how engines compute it.
    """
    inverse, other = xp.inv(xp.matmul(xp.matrix_transpose(a), a)), xp.matrix_transpose(a)
    return xp.matmul(a, xp.matmul(inverse, xp.matmul(inverse, other)))


ROWS: Sequence[Operation] = (
    *(
        derived(one, family("pivoted"), params={"rows": "ints"}, mixes=True)
        for one in (lu_l, lu_u, lu_compact)
    ),
    derived(lu_unpacked, family("factor_matrix"), mixes=True),
    derived(cholesky_upper, family("definite"), mixes=True),
    derived(householder_product, family("reflections"), arity=2, mixes=True, weight=2),
    derived(
        ormqr,
        family("reflected"),
        arity=3,
        params={"left": "bool", "transpose": "bool"},
        mixes=True,
    ),
    *(
        derived(
            one,
            family("simple_eigenvalues"),
            mixes=True,
            term_scale=decompositions.of_several_eigenvalues,
        )
        for one in (eig_exp, eigvals_exp)
    ),
    derived(
        expm_frechet,
        family("small_and_direction"),
        arity=2,
        mixes=True,
        term_scale=lambda a, e: (np.ones(()), np.abs(e)),
    ),
    # As those of the exponential itself, its derivatives are of its own size.
    derived(matrix_exp_upper, family("small"), mixes=True, term_scale=lambda a: np.ones(())),
    derived(polar_symmetric, family("square_full_rank"), params={"left": "bool"}, mixes=True),
    derived(pinv_of_product, family("tall_product"), params={"hermitian": "bool"}, mixes=True),
)
