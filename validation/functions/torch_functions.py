"""Functions of PyTorch as people write them: statistics, physics, geometry, finance."""

# mypy: disable-error-code="no-any-return, no-untyped-call"
from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from validation.functions import Function

_rng = np.random.default_rng(20240519)


def _normal(*shape: int, scale: float = 1.0) -> np.ndarray:
    return np.round(scale * _rng.normal(size=shape), 6)


def _uniform(low: float, high: float, *shape: int) -> np.ndarray:
    return np.round(_rng.uniform(low, high, size=shape), 6)


_TIMES = torch.linspace(0.0, 3.0, 12, dtype=torch.float64)
_HEIGHTS = torch.sin(2 * _TIMES) + 0.1 * torch.cos(9 * _TIMES)


def gp_likelihood(params: dict[str, Tensor]) -> Tensor:
    """Negative log marginal likelihood of a Gaussian process with a squared exponential kernel."""
    length, amplitude, noise = (
        torch.exp(params[k]) for k in ("log_length", "log_amplitude", "log_noise")
    )
    x, y = _TIMES.to(length.dtype), _HEIGHTS.to(length.dtype)
    sq = (x[:, None] - x[None, :]) ** 2
    cov = amplitude**2 * torch.exp(-0.5 * sq / length**2)
    cov = cov + (noise**2 + 1e-6) * torch.eye(len(x), dtype=x.dtype)
    chol = torch.linalg.cholesky(cov)
    alpha = torch.cholesky_solve(y[:, None], chol)
    fit = 0.5 * (y[None, :] @ alpha).squeeze()
    return fit + torch.log(torch.diagonal(chol)).sum() + 0.5 * len(x) * math.log(2 * math.pi)


_OBSERVED = torch.tensor([[0.1, 0.3], [0.4, 0.2], [0.9, 0.1], [1.1, -0.2], [1.4, -0.1], [1.9, 0.2]])


def kalman_filter(log_q: Tensor, log_r: Tensor, velocity: Tensor) -> Tensor:
    """Log-likelihood of a constant-velocity model of two coordinates."""
    dtype = log_q.dtype
    step = torch.eye(4, dtype=dtype)
    step[0, 2] = step[1, 3] = 0.5
    seen = torch.eye(4, dtype=dtype)[:2]
    q = torch.exp(log_q) * torch.eye(4, dtype=dtype)
    r = torch.diag(torch.exp(log_r))
    mean = torch.cat([torch.zeros(2, dtype=dtype), velocity])
    cov = torch.eye(4, dtype=dtype)
    total = torch.zeros((), dtype=dtype)
    for z in _OBSERVED.to(dtype):
        mean, cov = step @ mean, step @ cov @ step.T + q
        error = z - seen @ mean
        s = seen @ cov @ seen.T + r
        gain = torch.linalg.solve(s, seen @ cov).T
        total = total - 0.5 * (error @ torch.linalg.solve(s, error) + torch.logdet(s))
        mean = mean + gain @ error
        cov = (torch.eye(4, dtype=dtype) - gain @ seen) @ cov
    return total


def lennard_jones(positions: Tensor, sigma: Tensor) -> Tensor:
    """The energy of all pairs; the diagonal is masked, since the distance of a particle from itself
    is zero.
    """
    n = positions.shape[0]
    delta = positions[:, None, :] - positions[None, :, :]
    mask = torch.eye(n, dtype=torch.bool)
    r2 = (delta**2).sum(-1)
    r2 = torch.where(mask, torch.ones_like(r2), r2)
    s6 = (sigma**2 / r2) ** 3
    pair = 4 * (s6**2 - s6)
    return 0.5 * pair.masked_fill(mask, 0.0).sum()


def robot_arm(angles: Tensor, lengths: Tensor, target: Tensor) -> Tensor:
    """The squared distance of the end of a planar arm from a target, and a cost of bent joints."""
    heading = torch.cumsum(angles, 0)
    tip = torch.stack([(lengths * torch.cos(heading)).sum(), (lengths * torch.sin(heading)).sum()])
    return torch.sum((tip - target) ** 2) + 1e-2 * torch.sum(angles**2)


def lotka_volterra(rates: Tensor) -> Tensor:
    """The populations after 20 steps of a Runge-Kutta method."""

    def slope(state: Tensor) -> Tensor:
        prey, predator = state
        a, b, c, d = rates
        return torch.stack([a * prey - b * prey * predator, c * prey * predator - d * predator])

    state, h = torch.tensor([1.0, 0.5], dtype=rates.dtype), 0.1
    for _ in range(20):
        k1 = slope(state)
        k2 = slope(state + 0.5 * h * k1)
        k3 = slope(state + 0.5 * h * k2)
        k4 = slope(state + h * k3)
        state = state + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return state


_FEATURES = torch.from_numpy(_normal(25, 6))
_LABELS = (_FEATURES @ torch.tensor([1.0, -2, 0.5, 0, 1, -1], dtype=torch.float64) > 0.2).double()


def logistic_regression(weight: Tensor, bias: Tensor) -> Tensor:
    """The mean cross entropy with a ridge penalty."""
    logits = _FEATURES.to(weight.dtype) @ weight + bias
    labels = _LABELS.to(weight.dtype)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, labels)
    return loss + 0.05 * weight.pow(2).sum()


_RETURNS = torch.from_numpy(_normal(40, scale=0.8))


def garch_likelihood(raw: Tensor) -> Tensor:
    """Negative log-likelihood of GARCH(1, 1), with parameters made positive by softplus."""
    omega, alpha, beta = torch.nn.functional.softplus(raw)
    returns = _RETURNS.to(raw.dtype)
    variance = returns.var()
    loss = torch.zeros((), dtype=raw.dtype)
    for value in returns:
        loss = loss + 0.5 * (torch.log(variance) + value**2 / variance)
        variance = omega + alpha * value**2 + beta * variance
    return loss / len(returns)


def rotate_by_quaternion(q: Tensor, points: Tensor) -> Tensor:
    """Points turned by a quaternion, which is normalized first."""
    w, v = q[0] / q.norm(), q[1:] / q.norm()
    crossed = torch.linalg.cross(v.expand_as(points), points)
    return points + 2 * (w * crossed + torch.linalg.cross(v.expand_as(points), crossed))


_KNOTS = torch.tensor([0, 0, 0, 0, 0.3, 0.6, 1, 1, 1, 1], dtype=torch.float64)


def bspline_curve(control: Tensor, t: Tensor) -> Tensor:
    """A cubic B-spline by the recursion of Cox and de Boor."""
    knots = _KNOTS.to(t.dtype)
    t = t[:, None]
    basis = ((knots[:-1] <= t) & (t < knots[1:])).to(t.dtype)
    for degree in range(1, 4):
        width = knots[degree:] - knots[:-degree]
        safe = torch.where(width > 0, width, torch.ones_like(width))
        ratio = torch.where(width > 0, (t - knots[:-degree]) / safe, torch.zeros_like(t))
        basis = ratio[:, :-1] * basis[:, :-1] + (1 - ratio[:, 1:]) * basis[:, 1:] * (width[1:] > 0)
    return basis @ control


def masked_softmax(scores: Tensor, values: Tensor) -> Tensor:
    """Attention with a causal mask, written out."""
    n = scores.shape[0]
    mask = torch.triu(torch.ones(n, n, dtype=torch.bool), diagonal=1)
    weights = torch.softmax(scores.masked_fill(mask, float("-inf")), dim=-1)
    return weights @ values


def generator_exponential(rates: Tensor) -> Tensor:
    """Probabilities of transition of a Markov chain after a time, from its generator."""
    n = 4
    generator = torch.zeros(n, n, dtype=rates.dtype)
    generator[~torch.eye(n, dtype=torch.bool)] = torch.exp(rates)
    generator = generator - torch.diag(generator.sum(1))
    return torch.linalg.matrix_exp(0.3 * generator)


def crf_partition(emissions: Tensor, transitions: Tensor, tags: Any = (0, 2, 1, 1, 0)) -> Tensor:
    """Negative log-likelihood of a chain of tags."""
    alpha = emissions[0]
    score = emissions[0, tags[0]]
    for k in range(1, len(tags)):
        alpha = torch.logsumexp(alpha[:, None] + transitions + emissions[k][None, :], dim=0)
        score = score + transitions[tags[k - 1], tags[k]] + emissions[k, tags[k]]
    return torch.logsumexp(alpha, 0) - score


def sinkhorn(cost: Tensor, log_a: Tensor, log_b: Tensor) -> Tensor:
    """The cost of entropic optimal transport after ten rounds in the log domain."""
    eps = 0.5
    a, b = torch.log_softmax(log_a, 0), torch.log_softmax(log_b, 0)
    f, g = torch.zeros_like(a), torch.zeros_like(b)
    for _ in range(10):
        f = eps * (a - torch.logsumexp((g[None, :] - cost) / eps, dim=1))
        g = eps * (b - torch.logsumexp((f[:, None] - cost) / eps, dim=0))
    plan = torch.exp((f[:, None] + g[None, :] - cost) / eps)
    return (plan * cost).sum()


def svgd_direction(particles: Tensor) -> Tensor:
    """The direction of Stein variational gradient descent for a normal distribution."""
    n = particles.shape[0]
    d2 = ((particles[:, None] - particles[None]) ** 2).sum(-1)
    kernel = torch.exp(-d2 / 2)
    score = torch.func.grad(lambda x: -0.5 * (x**2).sum() - 0.1 * (x**4).sum())(particles)
    repulsion = ((particles[:, None] - particles[None]) * kernel[..., None]).sum(1)
    return (kernel @ score + repulsion) / n


def student_t_regression(weight: Tensor, log_scale: Tensor, log_df: Tensor) -> Tensor:
    """Negative log-likelihood of a linear model with heavy tails."""
    x = _FEATURES.to(weight.dtype)
    y = torch.sin(x.sum(1))
    dist = torch.distributions.StudentT(2 + log_df.exp(), x @ weight, log_scale.exp())
    return -dist.log_prob(y).mean()


def huber_regression(weight: Tensor) -> Tensor:
    """A robust loss of a linear model."""
    x = _FEATURES.to(weight.dtype)
    y = x[:, 0] * 2 + torch.cos(3 * x[:, 1])
    return torch.nn.functional.huber_loss(x @ weight, y, delta=0.7) + 0.01 * weight.abs().sum()


def spectral_norm(weight: Tensor) -> Tensor:
    """The largest singular value by power iteration, and the exact one."""
    v = torch.ones(weight.shape[1], dtype=weight.dtype)
    for _ in range(5):
        u = weight @ v
        u = u / u.norm()
        v = weight.T @ u
        v = v / v.norm()
    return u @ weight @ v + torch.linalg.matrix_norm(weight, 2)


def ray_sphere(origin: Tensor, direction: Tensor, center: Tensor, radius: Tensor) -> Tensor:
    """The point where a ray meets a sphere, and the brightness there."""
    d = direction / torch.linalg.vector_norm(direction)
    to = origin - center
    b, c = torch.dot(to, d), torch.dot(to, to) - radius**2
    disc = b * b - c
    if disc <= 0:
        return torch.zeros(4, dtype=origin.dtype)
    t = -b - torch.sqrt(disc)
    hit = origin + t * d
    normal = (hit - center) / radius
    light = torch.tensor([0.5, 0.8, -0.4], dtype=origin.dtype)
    shade = torch.clamp(torch.dot(normal, light), min=0.0)
    return torch.cat([hit, shade[None]])


def nbody_energy(positions: Tensor, momenta: Tensor, masses: Tensor) -> Tensor:
    """The energy of bodies after two leapfrog steps, with forces by automatic differentiation."""
    upper = torch.triu_indices(len(masses), len(masses), offset=1)

    def potential(q: Tensor) -> Tensor:
        i, j = upper
        gap = torch.linalg.vector_norm(q[i] - q[j], dim=-1)
        return -(masses[i] * masses[j] / torch.sqrt(gap**2 + 0.01)).sum()

    force = torch.func.grad(potential)
    for _ in range(2):
        momenta = momenta - 0.05 * force(positions)
        positions = positions + 0.1 * momenta / masses[:, None]
        momenta = momenta - 0.05 * force(positions)
    return (momenta.pow(2).sum(-1) / (2 * masses)).sum() + potential(positions)


def elastic_energy(displaced: Tensor, young: float = 3.0, poisson: float = 0.3) -> Tensor:
    """The energy of two triangles by the Green strain of their deformation gradients."""
    rest = torch.tensor([[0.0, 0], [1, 0], [0, 1], [1, 1]], dtype=displaced.dtype)
    mu, lam = young / (2 * (1 + poisson)), young * poisson / ((1 + poisson) * (1 - 2 * poisson))
    total = displaced.new_zeros(())
    for i, j, k in ((0, 1, 2), (3, 2, 1)):
        dm = torch.stack([rest[j] - rest[i], rest[k] - rest[i]], dim=1)
        ds = torch.stack([displaced[j] - displaced[i], displaced[k] - displaced[i]], dim=1)
        f = ds @ torch.linalg.inv(dm)
        strain = 0.5 * (f.T @ f - torch.eye(2, dtype=f.dtype))
        total = total + mu * (strain**2).sum() + 0.5 * lam * torch.trace(strain) ** 2
    return 0.5 * total


def portfolio_risk(logits: Tensor, loadings: Tensor, log_specific: Tensor) -> Tensor:
    """The share of each asset in the volatility of a portfolio."""
    w = torch.softmax(logits, dim=0)
    cov = loadings @ loadings.T + torch.diag_embed(log_specific.exp())
    vol = torch.sqrt(w @ cov @ w)
    return w * (cov @ w) / vol


def black_scholes_greeks(spot: Tensor, vol: Tensor, rate: Tensor) -> Tensor:
    """The price of a call, its delta and its gamma."""

    def price(s: Tensor) -> Tensor:
        strike, expiry = 1.1, 0.75
        normal = torch.distributions.Normal(torch.zeros_like(s), torch.ones_like(s))
        root = vol * math.sqrt(expiry)
        d1 = (torch.log(s / strike) + (rate + 0.5 * vol**2) * expiry) / root
        return s * normal.cdf(d1) - strike * torch.exp(-rate * expiry) * normal.cdf(d1 - root)

    delta = torch.func.grad(price)
    return torch.stack([price(spot), delta(spot), torch.func.grad(delta)(spot)])


def total_variation(image: Tensor) -> Tensor:
    """The smoothed total variation of an image."""
    dx = image[1:, :-1] - image[:-1, :-1]
    dy = image[:-1, 1:] - image[:-1, :-1]
    return torch.sqrt(dx**2 + dy**2 + 1e-3).sum()


def procrustes_loss(points: Tensor, target: Tensor) -> Tensor:
    """The distance of two sets of points after the best rotation, by a singular value
    decomposition.
    """
    a, b = points - points.mean(0), target - target.mean(0)
    u, _, vh = torch.linalg.svd(a.T @ b)
    return ((a @ (u @ vh) - b) ** 2).sum()


def fft_filter(signal: Tensor, log_width: Tensor) -> Tensor:
    """A signal smoothed by a Gaussian filter in the frequency domain."""
    spectrum = torch.fft.rfft(signal)
    frequencies = torch.fft.rfftfreq(signal.shape[0], dtype=signal.dtype)
    response = torch.exp(-((frequencies * log_width.exp()) ** 2))
    return torch.fft.irfft(spectrum * response, n=signal.shape[0])


FUNCTIONS = (
    Function(
        "gp likelihood",
        gp_likelihood,
        (
            {
                "log_length": np.array(-0.3),
                "log_amplitude": np.array(0.2),
                "log_noise": np.array(-1.1),
            },
        ),
    ),
    Function(
        "kalman filter",
        kalman_filter,
        (np.array(-2.0), np.array([-1.5, -1.2]), np.array([0.7, -0.1])),
    ),
    Function("lennard-jones", lennard_jones, (1.3 * _normal(5, 3), np.array(0.9))),
    Function(
        "robot arm",
        robot_arm,
        (_uniform(-1, 1, 5), _uniform(0.5, 1, 5), np.array([1.5, 1.0])),
    ),
    Function("lotka-volterra", lotka_volterra, (np.array([1.1, 0.7, 0.4, 0.9]),)),
    Function("logistic regression", logistic_regression, (_normal(6), np.array(0.3))),
    Function("garch", garch_likelihood, (np.array([-1.5, -1.2, 0.3]),)),
    Function("quaternion", rotate_by_quaternion, (np.array([0.7, -0.2, 0.5, 0.3]), _normal(4, 3))),
    Function("b-spline", bspline_curve, (_normal(6, 2), np.array([0.1, 0.35, 0.5, 0.77, 0.93]))),
    Function("masked softmax", masked_softmax, (_normal(5, 5), _normal(5, 3))),
    Function("generator exponential", generator_exponential, (_normal(12, scale=0.5),)),
    Function("crf", crf_partition, (_normal(5, 3), _normal(3, 3))),
    Function("sinkhorn", sinkhorn, (_uniform(0, 2, 4, 5), _normal(4), _normal(5))),
    Function("svgd", svgd_direction, (_normal(6, 2),)),
    Function("student t", student_t_regression, (_normal(6), np.array(-0.2), np.array(0.5))),
    Function("huber", huber_regression, (_normal(6),)),
    Function("spectral norm", spectral_norm, (_normal(4, 3),)),
    Function(
        "ray and sphere",
        ray_sphere,
        (
            np.array([0.1, 0.2, -3.0]),
            np.array([0.05, -0.02, 1.0]),
            np.array([0.2, 0.1, 0.5]),
            np.array(1.2),
        ),
    ),
    Function("n-body", nbody_energy, (_normal(4, 3), _normal(4, 3), _uniform(0.5, 2, 4))),
    Function(
        "elastic energy", elastic_energy, (np.array([[0, 0.1], [1.2, 0], [-0.1, 1], [1, 1.3]]),)
    ),
    Function("portfolio", portfolio_risk, (_normal(6), _normal(6, 2), _normal(6, scale=0.3))),
    Function(
        "black-scholes", black_scholes_greeks, (np.array(1.05), np.array(0.3), np.array(0.02))
    ),
    Function("total variation", total_variation, (_normal(8, 8),)),
    Function("procrustes", procrustes_loss, (_normal(7, 3), _normal(7, 3))),
    Function("fft filter", fft_filter, (_normal(16), np.array(1.0))),
)
