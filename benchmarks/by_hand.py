"""Hand-written derivatives in NumPy; what does not depend on the point is computed beforehand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.objectives import GAMMA, Logistic, M, Mixture

Array = np.ndarray[Any, np.dtype[Any]]
Derivative = Callable[..., Any]

C = np.array([1.0, 2.0])
C2, C4 = C**2, C**4
TRIPLE = 3 * C
TRIPLE2 = TRIPLE**2


def num_to_num(x: float) -> Any:
    return -np.sin(x)


def num_to_vec(x: float) -> Array:
    return -C2 * np.sin(C * x)


def num_to_vec_4(x: float) -> Array:
    return C4 * np.sin(C * x)


def num_to_mat(x: float) -> Array:
    return np.stack([-C2 * np.sin(C * x), -TRIPLE2 * np.sin(TRIPLE * x)], axis=1)


STACKED = np.stack([C, TRIPLE], axis=1)
STACKED2 = -(STACKED**2)


def num_to_mat_stacked(x: float) -> Any:
    """The same with a single sine, of a matrix."""
    return STACKED2 * np.sin(STACKED * x)


def vec_to_num(x: Array) -> Array:
    """The Hessian of sum(x**4) * sum(x**6)."""
    x2 = x * x
    x3, x4 = x2 * x, x2 * x2
    x5 = x4 * x
    cross = np.outer(4 * x3, 6 * x5)
    return cross + cross.T + np.diag(12 * x2 * np.sum(x2 * x4) + 30 * x4 * np.sum(x4))


def mat_to_num(x: Array) -> Array:
    return vec_to_num(x.ravel()).reshape(x.shape * 2)


def vec_to_vec(x: Array) -> Array:
    """Of concat(sin(x), cos(x)); entry j and entry n + j depend on x[j] alone."""
    n = x.size
    i = np.arange(n)
    out = np.zeros((2 * n, n, n))
    out[i, i, i] = -np.sin(x)
    out[n + i, i, i] = -np.cos(x)
    return out


def vec_to_mat(x: Array) -> Array:
    n = x.size
    i = np.arange(n)
    out = np.zeros((n, 2, n, n))
    out[i, 0, i, i] = -np.sin(x)
    out[i, 1, i, i] = -np.cos(x)
    return out


def mat_to_vec(x: Array) -> Array:
    """The input is read column by column."""
    (m, n), size = x.shape, x.size
    j, i = np.divmod(np.arange(size), m)
    out = np.zeros((2 * size, m, n, m, n))
    out[np.arange(size), i, j, i, j] = -np.sin(x.T.ravel())
    out[size + np.arange(size), i, j, i, j] = -np.cos(x.T.ravel())
    return out


def mat_to_mat(x: Array) -> Array:
    (m, n), size = x.shape, x.size
    k = np.arange(size)
    j, i = np.divmod(k, m)
    out = np.zeros((size, 2, m, n, m, n))
    out[k, 0, i, j, i, j] = -np.sin(x.T.ravel())
    out[k, 1, i, j, i, j] = -np.cos(x.T.ravel())
    return out


SEEDS: dict[str, Derivative] = {
    "num_to_num": num_to_num,
    "num_to_vec": num_to_vec,
    "num_to_mat": num_to_mat,
    "vec_to_num": vec_to_num,
    "mat_to_num": mat_to_num,
    "vec_to_vec": vec_to_vec,
    "vec_to_mat": vec_to_mat,
    "mat_to_vec": mat_to_vec,
    "mat_to_mat": mat_to_mat,
}


def logistic_hessian(problem: Logistic) -> Derivative:
    a = problem.signed
    penalty = 0.1 * np.eye(problem.dimensions)

    def hessian(w: Array) -> Any:
        p = 1 / (1 + np.exp(-(a @ w)))
        return (a.T * (p * (1 - p))) @ a + penalty

    return hessian


def _softmax(x: Array) -> Any:
    e = np.exp(x - x.max(axis=0))
    return e / e.sum(axis=0)


def _factors(problem: Mixture, diagonal: Array, below: Array) -> Array:
    k, d = diagonal.shape
    factors = np.zeros((k, d, d))
    factors[:, np.arange(d), np.arange(d)] = diagonal
    rows, columns = np.tril_indices(d, -1)
    factors[:, rows, columns] = below
    return factors


def mixture_gradient(problem: Mixture) -> Derivative:
    n, d = problem.points, problem.dimensions
    i = np.arange(d)
    rows, columns = np.tril_indices(d, -1)

    def gradient(theta: Array) -> Array:
        logits, means, log_diagonal, below = problem.split(theta)
        diagonal = np.exp(log_diagonal)
        factors = _factors(problem, diagonal, below)
        centred = problem.data - means[:, None, :]
        z = centred @ factors.mT
        inside = (logits + log_diagonal.sum(axis=1))[:, None] - 0.5 * np.einsum("kni,kni->kn", z, z)
        weights = _softmax(inside)
        total = weights.sum(axis=1)
        weighted = weights[:, :, None] * z
        to_factors = -(weighted.mT @ centred)
        to_means = (weighted.sum(axis=1)[:, None, :] @ factors)[:, 0]
        to_diagonal = total[:, None] + to_factors[:, i, i] * diagonal - GAMMA**2 * diagonal**2 + M
        to_below = to_factors[:, rows, columns] - GAMMA**2 * below
        return np.concatenate(
            [total - n * _softmax(logits), to_means.ravel(), to_diagonal.ravel(), to_below.ravel()]
        )

    return gradient


def mixture_hvp(problem: Mixture) -> Derivative:
    """Each line of the gradient, then its derivative along the vector (names ending in _v)."""
    n, d = problem.points, problem.dimensions
    i = np.arange(d)
    rows, columns = np.tril_indices(d, -1)

    def product(theta: Array, vector: Array) -> Array:
        logits, means, log_diagonal, below = problem.split(theta)
        logits_v, means_v, log_diagonal_v, below_v = problem.split(vector)
        diagonal = np.exp(log_diagonal)
        diagonal_v = diagonal * log_diagonal_v
        factors = _factors(problem, diagonal, below)
        factors_v = _factors(problem, diagonal_v, below_v)
        centred = problem.data - means[:, None, :]
        z = centred @ factors.mT
        z_v = centred @ factors_v.mT - means_v[:, None, :] @ factors.mT
        inside = (logits + log_diagonal.sum(axis=1))[:, None] - 0.5 * np.einsum("kni,kni->kn", z, z)
        inside_v = (logits_v + log_diagonal_v.sum(axis=1))[:, None] - np.einsum(
            "kni,kni->kn", z, z_v
        )
        weights = _softmax(inside)
        weights_v = weights * (inside_v - (weights * inside_v).sum(axis=0))
        total_v = weights_v.sum(axis=1)
        weighted = weights[:, :, None] * z
        weighted_v = weights_v[:, :, None] * z + weights[:, :, None] * z_v
        sums, sums_v = weighted.sum(axis=1), weighted_v.sum(axis=1)
        to_factors = -(weighted.mT @ centred)
        to_factors_v = -(weighted_v.mT @ centred) + sums[:, :, None] * means_v[:, None, :]
        to_means_v = (sums_v[:, None, :] @ factors + sums[:, None, :] @ factors_v)[:, 0]
        to_diagonal_v = (
            total_v[:, None]
            + to_factors_v[:, i, i] * diagonal
            + to_factors[:, i, i] * diagonal_v
            - 2 * GAMMA**2 * diagonal * diagonal_v
        )
        to_below_v = to_factors_v[:, rows, columns] - GAMMA**2 * below_v
        shares = _softmax(logits)
        to_logits_v = total_v - n * shares * (logits_v - shares @ logits_v)
        return np.concatenate(
            [to_logits_v, to_means_v.ravel(), to_diagonal_v.ravel(), to_below_v.ravel()]
        )

    return product
