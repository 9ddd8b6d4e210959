"""Two objective functions from the literature on AD benchmarks, written once for all libraries.

The Gaussian mixture is the objective of ADBench (Srajer, Kukelova, Fitzgibbon, 2018): the
log-likelihood of points under a mixture whose inverse covariances are given by triangular factors,
with a Wishart prior on these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from benchmarks.contestants import Library

Function = Callable[[Any], Any]
GAMMA, M = 1.0, 2.0


@dataclass(frozen=True)
class Mixture:
    """A Gaussian mixture. The parameters are one vector.

    It holds the logits of the weights (K), the means (K, D), the logarithms of the diagonals of the
    factors (K, D), and the entries of the factors below the diagonal (K, D (D - 1) / 2), by rows.
    """

    points: int
    dimensions: int
    components: int

    @cached_property
    def data(self) -> np.ndarray:
        return np.random.default_rng(0).normal(size=(self.points, self.dimensions))

    @property
    def below(self) -> int:
        return self.dimensions * (self.dimensions - 1) // 2

    @property
    def parameters(self) -> int:
        return self.components * (1 + 2 * self.dimensions + self.below)

    @cached_property
    def layout(self) -> np.ndarray:
        """For each entry of a factor, its index in (diagonal, below, 0)."""
        d = self.dimensions
        places = np.full((d, d), d + self.below)
        places[np.diag_indices(d)] = np.arange(d)
        places[np.tril_indices(d, -1)] = d + np.arange(self.below)
        return places.ravel()

    def start(self, seed: int = 1) -> np.ndarray:
        return 0.3 * np.random.default_rng(seed).normal(size=self.parameters)

    def split(self, theta: Any) -> tuple[Any, Any, Any, Any]:
        k, d = self.components, self.dimensions
        return (
            theta[:k],
            theta[k : k + k * d].reshape((k, d)),
            theta[k + k * d : k + 2 * k * d].reshape((k, d)),
            theta[k + 2 * k * d :].reshape((k, self.below)),
        )

    def log_likelihood(self, lib: Library) -> Function:
        k, d, n = self.components, self.dimensions, self.points
        data = lib.array(self.data[None])
        zeros = lib.array(np.zeros((k, 1)))

        def f(theta: Any) -> Any:
            logits, means, log_diagonal, below = self.split(theta)
            diagonal = lib.exp(log_diagonal)
            factors = lib.take(lib.concat([diagonal, below, zeros], 1), self.layout).reshape(
                (k, d, d)
            )
            z = lib.matmul(data - means[:, None, :], lib.transposed(factors))
            inside = (logits + lib.sum(log_diagonal, 1))[:, None] - 0.5 * lib.sum(z * z, 2)
            prior = 0.5 * GAMMA**2 * (
                lib.sum(diagonal * diagonal) + lib.sum(below * below)
            ) - M * lib.sum(log_diagonal)
            return lib.sum(lib.logsumexp(inside)) - n * lib.logsumexp(logits) - prior

        return f


@dataclass(frozen=True)
class Logistic:
    """Logistic regression: the sum of log(1 + exp(-y x.w)), plus a quadratic penalty."""

    points: int
    dimensions: int

    @cached_property
    def signed(self) -> np.ndarray:
        """Minus the label times the features, for each point."""
        rng = np.random.default_rng(2)
        labels = rng.choice([-1.0, 1.0], size=(self.points, 1))
        return -labels * rng.normal(size=(self.points, self.dimensions))

    def start(self, seed: int = 3) -> np.ndarray:
        return 0.3 * np.random.default_rng(seed).normal(size=self.dimensions)

    def loss(self, lib: Library) -> Function:
        signed = lib.array(self.signed)
        return lambda w: lib.sum(lib.softplus(lib.matmul(signed, w))) + 0.05 * lib.sum(w * w)
