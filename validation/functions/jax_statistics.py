"""Statistics in JAX as people write it: likelihoods, regressions, distances of distributions."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy as jsp
import numpy as np
from jax import lax

from validation.functions import Function

#: An array of JAX; operations with arrays of NumPy have no types of their own.
Array = Any

_rng = np.random.default_rng(23)


def _normal(*shape: int, scale: float = 1.0) -> np.ndarray:
    return np.round(scale * _rng.normal(size=shape), 6)


def _uniform(low: float, high: float, *shape: int) -> np.ndarray:
    return np.round(_rng.uniform(low, high, size=shape), 6)


_INPUTS = _normal(14, 2)
_OUTPUTS = np.sin(2 * _INPUTS[:, 0]) + 0.3 * _INPUTS[:, 1]


def gp_likelihood(params: dict[str, Array]) -> Array:
    """Negative log marginal likelihood of a Gaussian process with a length for each input."""
    scaled = _INPUTS / jnp.exp(params["log_lengths"])
    sq = jnp.sum((scaled[:, None, :] - scaled[None, :, :]) ** 2, axis=-1)
    n = len(_OUTPUTS)
    cov = jnp.exp(2 * params["log_amplitude"]) * jnp.exp(-0.5 * sq)
    cov = cov + (jnp.exp(2 * params["log_noise"]) + 1e-6) * jnp.eye(n)
    chol = jnp.linalg.cholesky(cov)
    alpha = jsp.linalg.cho_solve((chol, True), _OUTPUTS)
    half_log_det = jnp.log(jnp.diag(chol)).sum()
    return 0.5 * _OUTPUTS @ alpha + half_log_det + 0.5 * n * jnp.log(2 * jnp.pi)


_TRACK = np.array([[0.1, 0.3], [0.4, 0.2], [0.9, 0.1], [1.1, -0.2], [1.4, -0.1], [1.9, 0.2]])


def kalman_filter(params: dict[str, Array]) -> Array:
    """Log-likelihood of a constant-velocity model, by a scan over observations."""
    step = jnp.eye(4).at[0, 2].set(0.5).at[1, 3].set(0.5)
    seen = jnp.eye(4)[:2]
    noise = jnp.exp(params["log_q"]) * jnp.eye(4)
    error_cov = jnp.diag(jnp.exp(params["log_r"]))

    def update(state: Any, z: Array) -> Any:
        mean, cov = state
        mean, cov = step @ mean, step @ cov @ step.T + noise
        residual = z - seen @ mean
        s = seen @ cov @ seen.T + error_cov
        gain = jnp.linalg.solve(s, seen @ cov).T
        logp = -0.5 * (residual @ jnp.linalg.solve(s, residual) + jnp.linalg.slogdet(s)[1])
        return (mean + gain @ residual, (jnp.eye(4) - gain @ seen) @ cov), logp

    start = jnp.concatenate([jnp.zeros(2), params["velocity"]]), jnp.eye(4)
    _, logps = lax.scan(update, start, _TRACK)
    return logps.sum() - len(_TRACK) * jnp.log(2 * jnp.pi)


_FEATURES = _normal(30, 8)
_LABELS = (_FEATURES @ np.array([1.0, -2, 0.5, 0, 1, -1, 0.2, 0]) > 0.1).astype(float)


def logistic_regression(params: dict[str, Array]) -> Array:
    """Mean cross entropy of labels, with a ridge penalty."""
    logits = _FEATURES @ params["w"] + params["b"]
    losses = -_LABELS * jax.nn.log_sigmoid(logits) - (1 - _LABELS) * jax.nn.log_sigmoid(-logits)
    return losses.mean() + 0.01 * jnp.vdot(params["w"], params["w"])


_RETURNS = _normal(25, scale=0.8)


def garch_likelihood(raw: Array) -> Array:
    """Negative log-likelihood of returns whose variance follows a GARCH(1, 1) process."""
    omega = jax.nn.softplus(raw[0])
    weights = jax.nn.softmax(jnp.append(raw[1:], 0.0))
    alpha, beta = weights[0], weights[1]

    def step(variance: Array, r: Array) -> Any:
        logp = -0.5 * (jnp.log(2 * jnp.pi * variance) + r**2 / variance)
        return omega + alpha * r**2 + beta * variance, logp

    _, logps = lax.scan(step, jnp.var(_RETURNS) + 0.0 * omega, _RETURNS)
    return -jnp.sum(logps)


_SYMBOLS = np.array([0, 2, 1, 1, 0, 2, 2, 1])


def hmm_forward(params: dict[str, Array]) -> Array:
    """Log-likelihood of symbols of a hidden Markov model, by the forward algorithm."""
    log_a = jax.nn.log_softmax(params["transition"], axis=1)
    log_b = jax.nn.log_softmax(params["emission"], axis=1)
    log_pi = jax.nn.log_softmax(params["start"])

    def step(alpha: Array, symbol: Array) -> Any:
        alpha = jsp.special.logsumexp(alpha[:, None] + log_a, axis=0) + log_b[:, symbol]
        return alpha, None

    alpha, _ = lax.scan(step, log_pi + log_b[:, _SYMBOLS[0]], _SYMBOLS[1:])
    return jsp.special.logsumexp(alpha)


def sinkhorn(x: Array, y: Array) -> Array:
    """Entropic transport cost of two clouds of points, by iterations on logarithms."""
    cost = jnp.sum((x[:, None] - y[None]) ** 2, axis=-1)
    eps, n, m = 0.5, x.shape[0], y.shape[0]

    def body(_: Any, potentials: Any) -> Any:
        f, g = potentials
        f = -eps * jsp.special.logsumexp((g[None] - cost) / eps - jnp.log(m), axis=1)
        g = -eps * jsp.special.logsumexp((f[:, None] - cost) / eps - jnp.log(n), axis=0)
        return f, g

    f, g = lax.fori_loop(0, 12, body, (jnp.zeros(n, cost.dtype), jnp.zeros(m, cost.dtype)))
    return f.mean() + g.mean()


def svgd_direction(particles: Array) -> Array:
    """The update of Stein variational gradient descent towards a bent density."""

    def logp(x: Array) -> Array:
        return -0.5 * x[0] ** 2 - 2.0 * (x[1] - 0.5 * x[0] ** 2) ** 2

    def kernel(x: Array, y: Array) -> Array:
        return jnp.exp(-jnp.sum((x - y) ** 2))

    scores = jax.vmap(jax.grad(logp))(particles)

    def direction(x: Array) -> Array:
        k = jax.vmap(kernel, (0, None))(particles, x)
        dk = jax.vmap(jax.grad(kernel), (0, None))(particles, x)
        return jnp.mean(k[:, None] * scores + dk, axis=0)

    return jax.vmap(direction)(particles)


def student_t_regression(w: Array, log_scale: Array, log_df: Array) -> Array:
    """Negative log-likelihood of a regression whose errors have Student's distribution."""
    residuals = _OUTPUTS - _INPUTS @ w
    df, scale = 2.0 + jnp.exp(log_df), jnp.exp(log_scale)
    return -jsp.stats.t.logpdf(residuals, df, loc=0.0, scale=scale).sum()


def huber_regression(w: Array) -> Array:
    """Huber's loss of a linear model."""
    r = _FEATURES @ w - (_LABELS - 0.5)
    small = jnp.abs(r) < 0.7
    return jnp.mean(jnp.where(small, 0.5 * r**2, 0.7 * (jnp.abs(r) - 0.35)))


def gaussian_mixture(params: dict[str, Array]) -> Array:
    """Mean log-likelihood of a mixture with full covariances, given by Cholesky factors."""

    def component(mean: Array, raw: Array) -> Array:
        chol = jnp.tril(raw, -1) + jnp.diag(jax.nn.softplus(jnp.diag(raw)))
        white = jsp.linalg.solve_triangular(chol, (_INPUTS - mean).T, lower=True)
        return -0.5 * jnp.sum(white**2, axis=0) - jnp.sum(jnp.log(jnp.diag(chol)))

    logps = jax.vmap(component)(params["means"], params["factors"])
    weights = jax.nn.log_softmax(params["logits"])
    return jsp.special.logsumexp(logps + weights[:, None], axis=0).mean()


STATISTICS = (
    Function(
        "gp likelihood",
        gp_likelihood,
        (
            {
                "log_lengths": np.array([-0.3, 0.4]),
                "log_amplitude": np.array(0.2),
                "log_noise": np.array(-1.1),
            },
        ),
    ),
    Function(
        "kalman filter",
        kalman_filter,
        (
            {
                "log_q": np.array(-2.0),
                "log_r": np.array([-1.5, -1.2]),
                "velocity": np.array([0.7, -0.1]),
            },
        ),
    ),
    Function("logistic regression", logistic_regression, ({"w": _normal(8), "b": np.array(0.3)},)),
    Function("garch", garch_likelihood, (np.array([-1.5, -0.3, 1.2]),)),
    Function(
        "hidden markov",
        hmm_forward,
        ({"transition": _normal(3, 3), "emission": _normal(3, 3), "start": _normal(3)},),
    ),
    Function("sinkhorn", sinkhorn, (_normal(5, 2), _normal(4, 2))),
    Function("svgd", svgd_direction, (_normal(6, 2),)),
    Function("student t", student_t_regression, (_normal(2), np.array(-0.2), np.array(0.5))),
    Function("huber", huber_regression, (_normal(8),)),
    Function(
        "gaussian mixture",
        gaussian_mixture,
        ({"means": _normal(3, 2), "factors": _normal(3, 2, 2), "logits": _normal(3)},),
    ),
)
