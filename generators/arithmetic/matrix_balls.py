"""Functions of matrices enclosed on object arrays of balls; arithmetic/matrices.py calls them.

All functions take stacks of square matrices. On complex balls they enclose the analytic
continuation from symmetric real matrices (transposed, not conjugated). The result is NaN where the
function is not analytic: at a singular pivot, and where eigenvalues coincide.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from ad_conformance.generators.arithmetic import balls
from ad_conformance.generators.arithmetic.numpy_ops import as_array, sqrt
from flint import acb, acb_mat, arb, arb_mat, ctx

Array = np.ndarray
#: The most Newton steps for a square root: half of them take an eigenvalue from 2**20 to 1, the
#: others double the digits.
MAX_STEPS = 64


def _each(function: Callable[[Array], Array], a: Array, axes: int = 2) -> Array:
    """`function` of each matrix of the stack; its result has `axes` axes."""
    if a.shape[-1] == 0 or a.size == 0:
        raise ValueError("a matrix with entries is needed")
    out = np.empty(a.shape[:-2] + a.shape[-1:] * axes, dtype=object)
    for index in np.ndindex(a.shape[:-2]):
        out[index] = function(a[index])
    return out


def _complex(a: Array) -> bool:
    return any(isinstance(z, acb) for z in a.flat)


def _matrix(a: Array) -> Any:
    return (acb_mat if _complex(a) else arb_mat)([list(row) for row in a])


def _entries(matrix: Any) -> Array:
    rows = matrix.tolist()
    out = np.empty((len(rows), len(rows[0])), dtype=object)
    for index in np.ndindex(out.shape):
        out[index] = rows[index[0]][index[1]]
    return out


def det(a: Array) -> Array:
    """The determinant, shape (...)."""
    out = np.empty(a.shape[:-2], dtype=object)
    for index in np.ndindex(out.shape):
        out[index] = _matrix(a[index]).det()
    return out


def inv(a: Array) -> Array:
    """The inverse, shape (..., n, n); NaN if a matrix may be singular."""

    def one(m: Array) -> Array:
        matrix = _matrix(m)
        try:
            return _entries(matrix.inv())
        except ZeroDivisionError:
            unknown = (acb if _complex(m) else arb)("nan")
            return np.full(m.shape, unknown, dtype=object)

    return _each(one, a)


def cholesky(s: Array) -> Array:
    """The lower triangular factor, shape (..., n, n), of symmetric matrices."""
    factor = np.full(s.shape, arb(0), dtype=object)
    for j in range(s.shape[-1]):
        for i in range(j, s.shape[-1]):
            rest = s[..., i, j] - sum(factor[..., i, k] * factor[..., j, k] for k in range(j))
            factor[..., i, j] = sqrt(as_array(rest)) if i == j else rest / factor[..., j, j]
    return factor


def matrix_exp(a: Array) -> Array:
    """The exponential of a matrix, shape (..., n, n)."""
    return _each(lambda m: _entries(_matrix(m).exp()), a)


def sqrtm(s: Array) -> Array:
    """The positive definite root, shape (..., n, n), of symmetric positive definite matrices."""
    return _each(_root, s)


def _root(s: Array) -> Array:
    """An approximate root R of the centre, with a radius such that the root of every matrix in s is
    enclosed.

    The root is R + X with X = L(E - X X), where E = s - R R and L solves L(Y) R + R L(Y) = Y. Let k
    be the norm of L and e that of E (largest entries, so that |X X| <= n |X|**2). The right side
    maps the ball |X| <= 2 k e into itself and is a contraction if 4 k**2 n e < 1. It depends
    analytically on E, and so does its fixed point.
    """
    n = len(s)
    centre = arb_mat([[z.real.mid() for z in row] for row in s])
    root = _approximate_root(centre)
    if root is None:
        return np.full((n, n), balls.NAN, dtype=object)
    r = _entries(root)
    residue = s - r @ r
    error = _largest(residue.reshape(-1))
    eye = np.eye(n)
    sylvester = np.einsum("ij,kl->ikjl", r, eye) + np.einsum("ij,kl->ikjl", eye, r)
    solved = _entries(arb_mat([list(row) for row in sylvester.reshape(n * n, n * n)]).inv())
    norm = _largest([sum(abs(z) for z in row) for row in solved])
    if not 4 * norm * norm * n * error < 1:
        return np.full((n, n), balls.NAN, dtype=object)
    radius = (2 * norm * error).upper()
    disc = arb(0, radius)
    return as_array(r + (acb(disc, disc) if _complex(s) else disc))


def _largest(values: Any) -> arb:
    """An upper bound of the magnitudes; NaN if any value is NaN."""
    return arb(max((abs(z).upper() for z in values), key=lambda v: (not v.is_finite(), v)))


def _approximate_root(centre: arb_mat) -> arb_mat | None:
    """The square root by E. D. Denman and A. N. Beavers, "The matrix sign function" (1976), or None
    if the iteration does not converge.
    """
    n = centre.nrows()
    root, inverse = centre, arb_mat(n, n, [int(i == j) for i in range(n) for j in range(n)])
    for _ in range(MAX_STEPS):
        try:
            following = ((root + inverse.inv()) * arb(0.5)).mid()
            inverse = ((inverse + root.inv()) * arb(0.5)).mid()
        except ZeroDivisionError:
            return None
        moved = _largest((following - root).entries())
        root = following
        if not moved.is_finite():
            return None
        if moved < _largest(root.entries()) * arb(2) ** (16 - ctx.prec):
            break
    else:
        return None
    symmetric = ((root + root.transpose()) * arb(0.5)).mid()
    positive = (
        np.linalg.eigvalsh(np.array([[float(z) for z in row] for row in symmetric.tolist()])) > 0
    )
    return symmetric if positive.all() else None


def eigvalsh(s: Array) -> Array:
    """The eigenvalues, shape (..., n), ascending, of symmetric matrices; NaN if any is multiple."""
    return _each(_eigenvalues, s, axes=1)


def _eigenvalues(s: Array) -> Array:
    values = np.full(len(s), balls.NAN, dtype=object)
    try:
        found = acb_mat([list(row) for row in s]).eig()
    except ValueError:
        return values
    found.sort(key=lambda z: z.real.mid())
    # Eigenvalues are followed by their order, so they must be disjoint on the whole ball.
    if any(not low.real < high.real for low, high in itertools.pairwise(found)):
        return values
    values[:] = found if _complex(s) else [z.real for z in found]
    return values


def eigenvector_weights(s: Array) -> Array:
    """The squares of the entries of the orthonormal eigenvectors of symmetric matrices, shape
    (..., n, n).

    Column k belongs to the k-th smallest eigenvalue, which must be simple. Computed from the
    projections prod_j (s - w_j) / (w_k - w_j), which need no vectors.
    """
    return _each(_weights, s)


def _weights(s: Array) -> Array:
    n = len(s)
    values, eye = _eigenvalues(s), np.eye(n)
    out = np.empty((n, n), dtype=object)
    for k in range(n):
        projection = eye.astype(object) * arb(1)
        for j in range(n):
            if j != k:
                projection = projection @ (s - values[j] * eye) / (values[k] - values[j])
        out[:, k] = np.diagonal(projection)
    return out
