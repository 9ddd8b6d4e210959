"""Functions of matrices on float64 arrays; object arrays of balls go to matrix_balls.

All functions take stacks of square matrices, shape (..., n, n). Those for symmetric matrices take
the symmetric part of their argument first. Raises ValueError for matrices that are not square.
"""

from __future__ import annotations

import numpy as np
from ad_conformance.generators.arithmetic.lazy import matrix_balls, scipy_linalg
from ad_conformance.generators.arithmetic.numpy_ops import as_array

Array = np.ndarray


def _check_square(a: Array) -> None:
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ValueError(f"a square matrix is needed, not shape {a.shape}")


def symmetric_part(a: Array) -> Array:
    """(a + transposed a) / 2, shape (..., n, n)."""
    _check_square(a)
    return as_array((a + np.swapaxes(a, -1, -2)) / 2)


def cholesky(a: Array) -> Array:
    """The lower triangular factor, shape (..., n, n), of the symmetric part of `a`."""
    s = symmetric_part(a)
    if s.dtype == object:
        return as_array(matrix_balls.cholesky(s))
    return np.linalg.cholesky(s)


def matrix_exp(a: Array) -> Array:
    """The exponential of a matrix, shape (..., n, n)."""
    _check_square(a)
    if a.dtype == object:
        return as_array(matrix_balls.matrix_exp(a))
    return np.asarray(scipy_linalg.expm(a))


def sqrtm(a: Array) -> Array:
    """The positive definite square root, shape (..., n, n), of the symmetric part of `a`.

    Raises ValueError if the symmetric part is not positive definite.
    """
    s = symmetric_part(a)
    if s.dtype == object:
        return as_array(matrix_balls.sqrtm(s))
    values, vectors = np.linalg.eigh(s)
    if not np.all(values > 0):
        raise ValueError("the matrix is not positive definite")
    return np.asarray((vectors * np.sqrt(values)[..., None, :]) @ np.swapaxes(vectors, -1, -2))


def eigvalsh(a: Array) -> Array:
    """The eigenvalues, shape (..., n), in ascending order, of the symmetric part of `a`."""
    s = symmetric_part(a)
    if s.dtype == object:
        return as_array(matrix_balls.eigvalsh(s))
    return np.linalg.eigvalsh(s)


def eigenvector_weights(a: Array) -> Array:
    """The squares of the entries of the orthonormal eigenvectors of the symmetric part of `a`.

    Shape (..., n, n); column k belongs to the k-th smallest eigenvalue, which must be simple.
    """
    s = symmetric_part(a)
    if s.dtype == object:
        return as_array(matrix_balls.eigenvector_weights(s))
    return np.asarray(np.square(np.linalg.eigh(s)[1]))
