"""Functions of NumPy and autograd as people write them."""

from __future__ import annotations

import math
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd.scipy.special import gammaln, logsumexp

from validation.functions import Function

_RNG = np.random.default_rng(20)
SERIES = _RNG.normal(size=40) * 0.8
DESIGN = _RNG.normal(size=(30, 5))
LABELS = (_RNG.random(30) > 0.5) * 1.0
COUNTS = _RNG.integers(0, 9, size=30).astype(float)


def logistic_loss(beta: Any) -> Any:
    scores = anp.dot(DESIGN, beta)
    return anp.mean(anp.logaddexp(0.0, -(2.0 * LABELS - 1.0) * scores)) + 0.1 * anp.dot(beta, beta)


def garch_likelihood(parameters: Any) -> Any:
    omega, alpha, beta = anp.exp(parameters)
    variance, total = np.var(SERIES), 0.0
    for shock in SERIES:
        total = total + 0.5 * (anp.log(variance) + shock**2 / variance)
        variance = omega + alpha * shock**2 + beta * variance
    return total


def poisson_regression(beta: Any) -> Any:
    rate = anp.exp(anp.dot(DESIGN, beta) * 0.3)
    return anp.sum(rate - COUNTS * anp.log(rate) + gammaln(COUNTS + 1.0))


def negative_binomial(parameters: Any) -> Any:
    mean, size = anp.exp(parameters[0]), anp.exp(parameters[1])
    return -anp.sum(
        gammaln(COUNTS + size) - gammaln(size)
        + size * anp.log(size / (size + mean)) + COUNTS * anp.log(mean / (size + mean))
    )  # fmt: skip


def mixture_likelihood(means: Any, log_weights: Any) -> Any:
    weights = log_weights - logsumexp(log_weights)
    terms = weights - 0.5 * (SERIES[:, None] - means[None, :]) ** 2
    return -anp.sum(logsumexp(terms, axis=1))


def gaussian_process(log_scales: Any) -> Any:
    points = np.linspace(0.0, 1.0, 12)
    gaps = points[:, None] - points[None, :]
    kernel = anp.exp(log_scales[1]) * anp.exp(-(gaps**2) / (2 * anp.exp(2 * log_scales[0])))
    covariance = kernel + anp.exp(log_scales[2]) * np.eye(12)
    values = np.sin(6 * points)
    sign, log_det = anp.linalg.slogdet(covariance)
    return 0.5 * anp.dot(values, anp.linalg.solve(covariance, values)) + 0.5 * sign * log_det


def robot_arm(angles: Any) -> Any:
    lengths = np.array([1.0, 0.8, 0.5])
    total = anp.cumsum(angles)
    tip = anp.array([anp.sum(lengths * anp.cos(total)), anp.sum(lengths * anp.sin(total))])
    return anp.sum((tip - np.array([1.2, 0.9])) ** 2)


def lotka_volterra(parameters: Any) -> Any:
    prey, predator = 1.0, 0.5
    for _ in range(20):
        a = parameters[0] * prey - parameters[1] * prey * predator
        b = parameters[2] * prey * predator - parameters[3] * predator
        prey, predator = prey + 0.05 * a, predator + 0.05 * b
    return anp.array([prey, predator])


def rosenbrock(x: Any) -> Any:
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def trajectory_with_math(speed: float, angle: float) -> float:
    time = 2.0 * speed * math.sin(angle) / 9.81
    return speed * math.cos(angle) * time * math.exp(-0.01 * time)


def quaternion_rotation(q: Any, points: Any) -> Any:
    w, x, y, z = q / np.sqrt(np.sum(q**2))
    matrix = np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ])  # fmt: skip
    return np.sum((points @ matrix.T)[:, 0] ** 3)


def portfolio_risk(weights: Any) -> Any:
    covariance = DESIGN.T @ DESIGN / len(DESIGN)
    shares = anp.exp(weights) / anp.sum(anp.exp(weights))
    risk = anp.sqrt(shares @ covariance @ shares)
    contributions = shares * (covariance @ shares) / risk
    return anp.sum((contributions - risk / 5) ** 2) * 100.0


def pair_potential(positions: Any) -> Any:
    first, second = np.triu_indices(len(positions), 1)
    gaps = positions[first] - positions[second]
    inverse = 1.0 / anp.sum(gaps**2, axis=1) ** 3
    return 4.0 * anp.sum(inverse**2 - inverse)


def huber_regression(beta: Any) -> Any:
    residual = DESIGN @ beta - COUNTS / 4
    small = anp.abs(residual) < 1.0
    return anp.sum(anp.where(small, 0.5 * residual**2, anp.abs(residual) - 0.5))


FUNCTIONS = [
    Function("logistic loss", logistic_loss, (_RNG.normal(size=5),)),
    Function("GARCH likelihood", garch_likelihood, (np.array([-2.0, -1.5, -0.5]),)),
    Function("Poisson regression", poisson_regression, (_RNG.normal(size=5),)),
    Function("negative binomial likelihood", negative_binomial, (np.array([1.0, 0.5]),)),
    Function("mixture likelihood", mixture_likelihood, (np.array([-1.0, 0.0, 1.5]), np.zeros(3))),
    Function("Gaussian process", gaussian_process, (np.array([-1.0, 0.0, -2.0]),)),
    Function("robot arm", robot_arm, (np.array([0.3, -0.5, 0.8]),)),
    Function("Lotka-Volterra by Euler steps", lotka_volterra, (np.array([1.1, 0.4, 0.3, 0.6]),)),
    Function("Rosenbrock, 100 inputs", rosenbrock, (_RNG.normal(size=100),)),
    Function("trajectory, math", trajectory_with_math, (12.0, 0.7)),
    Function("quaternion rotation", quaternion_rotation,
             (np.array([1.0, 0.2, -0.3, 0.4]), _RNG.normal(size=(6, 3)))),
    Function("portfolio risk", portfolio_risk, (_RNG.normal(size=5) * 0.2,)),
    Function("pair potential", pair_potential, (_RNG.normal(size=(6, 3)) * 2.0,)),
    Function("Huber regression", huber_regression, (_RNG.normal(size=5),)),
]  # fmt: skip
