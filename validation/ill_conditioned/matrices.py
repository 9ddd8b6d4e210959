"""Families of functions of matrices: nearly singular ones, and nearly equal eigenvalues."""

from __future__ import annotations

from typing import Any

import numpy as np

from validation.ill_conditioned.draws import Array, Draw, Family, family

FAMILIES: list[Family] = []


def _nearly_singular(d: Draw, n: int, low: float = -11.0) -> Array:
    """Well-scaled matrices of which one singular value is small, and some known ones."""
    if d.dtype == "float32":
        low = low / 3
    u, _ = np.linalg.qr(d.rng.normal(size=(n, n)))
    v, _ = np.linalg.qr(d.rng.normal(size=(n, n)))
    values = d.uniform(0.5, 2, n)
    values[-1] = np.abs(d.sized(low, -1))
    i = np.arange(n)
    return np.asarray(
        d.pick(
            u * values @ v,
            1.0 / (1 + i[:, None] + i + float(d.uniform(0, 1))),
            np.ones((n, n)) + d.sized(low, -1, n, n),
            (1.0 + float(d.uniform(0, 1)) * i[:, None] / n) ** i,
        )
    )


@family("near-singular matrices", FAMILIES)
def solutions_of_nearly_singular_systems(d: Draw) -> Any:
    n = d.pick(2, 2, 3)
    a, b = _nearly_singular(d, n), d.uniform(-2, 2, n)
    if d.pick(True, False):
        x = d.input(a)
        return d.pick(lambda: d.xp.solve(x, b), lambda: d.xp.inv(x), lambda: d.xp.lstsq(x, b))()
    x = d.input(b)
    return d.pick(lambda: d.xp.solve(a, x), lambda: d.xp.solve(d.constant(a) * x, np.ones(n)))()


@family("near-singular matrices", FAMILIES)
def determinants_of_nearly_singular_matrices(d: Draw) -> Any:
    n = d.pick(2, 2, 3)
    x = d.input(_nearly_singular(d, n))
    xp = d.xp
    return d.pick(
        lambda: xp.det(x),
        lambda: xp.slogdet(x),
        lambda: xp.trace(xp.inv(x)) * xp.det(x),
        lambda: xp.matmul(xp.inv(x), x),
        lambda: xp.matrix_power(x, n=-2),
    )()


@family("near-singular matrices", FAMILIES)
def nearly_semidefinite_matrices(d: Draw) -> Any:
    name = d.pick("cholesky", "logdet", "cholesky_solve", "cholesky_inverse", "sqrtm", "eigvalsh")
    # Third derivatives of sqrtm take minutes in autograd if there are three rows.
    n = 2 if name == "sqrtm" else d.pick(2, 2, 3)
    a = _nearly_singular(d, n, -6.0)
    x = d.input(a @ a.T + np.eye(n) * np.abs(d.sized(-6 if d.dtype == "float64" else -2, -1)))
    given = (x, d.uniform(-2, 2, n)) if name == "cholesky_solve" else (x,)
    return getattr(d.xp, name)(*given)


@family("near-singular matrices", FAMILIES)
def nearly_equal_eigenvalues(d: Draw) -> Any:
    n = d.pick(2, 2, 3)
    q, _ = np.linalg.qr(d.rng.normal(size=(n, n)))
    low = -8.0 if d.dtype == "float64" else -2.5
    values = float(d.uniform(0.5, 2)) * (1 + np.arange(n) * 10.0 ** d.uniform(low, -1))
    x = d.input(q * values @ q.T)
    xp = d.xp
    return d.pick(
        lambda: xp.eigvalsh(x),
        lambda: xp.sum(xp.exp(xp.eigvalsh(x)), axis=None, keepdims=False),
        lambda: xp.eigenvector_weights(x),
        lambda: xp.eigh_exp(x),
        lambda: xp.eigh_sqrt(x),
        lambda: xp.svdvals(x),
    )()


@family("near-singular matrices", FAMILIES)
def nearly_dependent_columns(d: Draw) -> Any:
    low = -6.0 if d.dtype == "float64" else -2.0
    column = d.uniform(0.5, 2, 3)
    a = np.stack([column, column * 1.5 + d.sized(low, -1, 3)], axis=1)
    x = d.input(a)
    xp = d.xp
    return d.pick(
        lambda: xp.qr_r(x),
        lambda: xp.qr_q(x),
        lambda: xp.pinv(x),
        lambda: xp.lstsq(x, d.uniform(-2, 2, 3)),
        lambda: xp.svdvals(x),
        lambda: xp.column_projection(x),
        lambda: xp.polar_factor(x),
    )()


@family("near-singular matrices", FAMILIES)
def exponentials_and_powers_of_matrices(d: Draw) -> Any:
    size = d.pick(0.1, 1.0, 4.0)
    x = d.input(d.uniform(-size, size, 2, 2) - d.pick(0.0, 1.0) * 2 * size * np.eye(2))
    xp = d.xp
    return d.pick(
        lambda: xp.matrix_exp(x),
        lambda: xp.matmul(xp.matrix_exp(x), xp.matrix_exp(-x)),
        lambda: xp.matrix_power(x, n=d.integer(4, 9)),
        lambda: xp.matrix_exp(x) - xp.matrix_power(x, n=2),
    )()


@family("near-singular matrices", FAMILIES)
def triangles_with_small_diagonals(d: Draw) -> Any:
    a = d.uniform(-2, 2, 3, 3)
    a[np.arange(3), np.arange(3)] = d.sized(-4 if d.dtype == "float64" else -1.5, 0, 3)
    x = d.input(a)
    return d.xp.solve_triangular(
        x,
        d.uniform(-2, 2, 3),
        upper=d.pick(True, False),
        unit_diagonal=d.pick(True, False),
        transpose=d.pick(True, False),
    )
