"""Functions of matrices on float64 arrays; object arrays of balls go to matrix_balls.

All functions take stacks of square matrices, shape (..., n, n). Those for symmetric matrices take
the symmetric part of their argument first. Raises ValueError for matrices that are not square.
"""

from __future__ import annotations

import math
from collections.abc import Callable

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


def matrix_exp_terms(a: Array) -> Array:
    """The size of terms in Pade's approximation of the exponential, which may cancel.

    The matrix is scaled by a power of two to a norm of at most 5.4. The terms are then as large as
    exp(norm) times the result, and the result is squared until the scaling is undone (Higham, The
    Scaling and Squaring Method for the Matrix Exponential Revisited, 2005).
    """
    norm = float(np.max(np.sum(np.abs(a), axis=-2), initial=0.0))
    largest = np.max(np.abs(matrix_exp(a)), initial=0.0)
    return np.asarray(largest * np.exp(min(norm, 5.4)) * max(norm, 1.0))


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


#: Singular values and gaps of this size, relative to the matrix, may be zero.
TIED = 2.0**-44


def _distance(find: Callable[[Array], float], least: float = TIED) -> Callable[..., Array]:
    """A distance that is the size of the matrix if it is zero up to rounding, below `least`, and 1
    if it is infinite.

    Many functions are smooth at singular matrices or equal eigenvalues, where usual formulas divide
    by zero.
    """

    def found(a: Array) -> Array:
        size = float(np.max(np.abs(a), initial=0.0))
        if not 0 < size < np.inf:
            return np.ones(())
        distance = find(a / size)
        if distance == np.inf:
            return np.ones(())
        return np.asarray(size * (distance if distance > least else 1.0))

    return found


def _gap(ordered: Array) -> float:
    """The smallest difference of several numbers that is not zero up to rounding; infinite for one
    number.
    """
    gaps = np.abs(np.diff(ordered, axis=-1))
    if not gaps.size:
        return math.inf
    return float(np.min(gaps, where=gaps > TIED, initial=1.0))


def _symmetric_values(a: Array) -> Array:
    return np.linalg.eigvalsh(symmetric_part(a))


def _singular_values(a: Array) -> Array:
    return np.linalg.svd(a, compute_uv=False)


def _least_squares(a: Array) -> float:
    values = _singular_values(a)
    return float(np.min(values[..., -1] ** 2 / values[..., 0], initial=1.0))


def of_system(distance: Callable[[Array], Array]) -> Callable[[Array, Array], tuple[Array, Array]]:
    """The distance of the matrix of a system, and the size of its right side."""
    return lambda a, b: (distance(a), np.asarray(np.max(np.abs(b), initial=0.0)))


#: From the next singular matrix.
from_singular = _distance(lambda a: float(np.min(_singular_values(a), initial=1.0)))


def det_terms(a: Array) -> Array:
    """The size of terms of the determinant in formulas for its derivatives: the determinant, which
    is multiplied by inverses; if the matrix is singular, the products of entries in cofactors.
    """
    size = np.max(np.abs(a), initial=0.0)
    regular = 0 < size < np.inf and float(np.min(_singular_values(a))) > TIED * size
    return np.asarray(np.max(np.abs(np.linalg.det(a))) if regular else size ** a.shape[-1])


#: For formulas with the inverse of transposed(a) a: from the next singular matrix, times the ratio
#: of the smallest singular value to the largest.
from_dependent = _distance(_least_squares, TIED**2)
#: From the next matrix whose symmetric part is singular.
from_semidefinite = _distance(lambda a: float(np.min(np.abs(_symmetric_values(a)), initial=1.0)))
#: From the next matrix whose symmetric part has equal eigenvalues that are different here.
from_equal_eigenvalues = _distance(lambda a: _gap(_symmetric_values(a)))
#: The size of a matrix that has several eigenvalues.
of_several_eigenvalues = _distance(lambda a: 1.0 if a.shape[-1] > 1 else math.inf)
from_equal_or_zero_eigenvalues = _distance(
    lambda a: min(_gap(values := _symmetric_values(a)), float(np.min(np.abs(values), initial=1.0)))
)
#: From the next matrix with equal singular values, or with one that is zero.
from_equal_singular_values = _distance(
    lambda a: min(_gap(values := _singular_values(a)), float(np.min(values, initial=1.0)))
)
