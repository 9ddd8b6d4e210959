"""Functions of JAX as people write them: statistics, physics, geometry, finance."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy as jsp
import numpy as np
from jax import lax

from validation.functions import Function

Array = jax.Array

_rng = np.random.default_rng(19)


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


def pair_potential(positions: Array, sigma: Array) -> Array:
    """Lennard-Jones energy with a smooth cutoff; the diagonal is masked."""
    n = positions.shape[0]
    mask = ~jnp.eye(n, dtype=bool)
    gaps = positions[:, None] - positions[None, :]
    r2 = jnp.where(mask, jnp.sum(gaps**2, -1), 1.0)
    s6 = (sigma**2 / r2) ** 3
    energy = 4.0 * (s6**2 - s6)
    inside = (r2 < 9.0) & mask
    switch = jnp.where(inside, (1 - r2 / 9.0) ** 2, 0.0)
    return 0.5 * jnp.sum(energy * switch)


def robot_arm(angles: Array, lengths: Array, target: Array) -> Array:
    """Squared distance of the hand of an arm in space from a target, and a joint penalty."""

    def joint(frame: Array, part: Any) -> Any:
        angle, length, k = part
        c, s, zero, one = jnp.cos(angle), jnp.sin(angle), 0.0 * angle, 1.0 + 0.0 * angle
        about_z = jnp.array([[c, -s, zero], [s, c, zero], [zero, zero, one]])
        about_x = jnp.array([[one, zero, zero], [zero, c, -s], [zero, s, c]])
        frame = frame @ jnp.where(k % 2 == 0, about_z, about_x)
        return frame, frame @ jnp.array([1.0, 0.0, 0.0]) * length

    start = jnp.eye(3, dtype=angles.dtype)
    _, bones = lax.scan(joint, start, (angles, lengths, jnp.arange(len(angles))))
    hand = bones.sum(axis=0)
    return jnp.sum((hand - target) ** 2) + 0.01 * jnp.sum(jnp.tan(angles / 3) ** 2)


def lotka_volterra(rates: Array) -> Array:
    """The populations after 20 Runge-Kutta steps."""

    def slope(y: Array) -> Array:
        prey, predator = y
        a, b, c, d = rates
        return jnp.stack([prey * (a - b * predator), predator * (d * prey - c)])

    def step(y: Array, _: Any) -> Any:
        h = 0.05
        k1 = slope(y)
        k2 = slope(y + 0.5 * h * k1)
        k3 = slope(y + 0.5 * h * k2)
        k4 = slope(y + h * k3)
        return y + h * (k1 + 2 * k2 + 2 * k3 + k4) / 6, None

    final, _ = lax.scan(step, jnp.array([1.0, 0.5]), None, length=20)
    return final


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


def rotate_by_quaternion(q: Array, points: Array) -> Array:
    """Points, rotated by a quaternion of any length."""
    w, x, y, z = q / jnp.linalg.norm(q)
    axis = jnp.stack([x, y, z])
    return jax.vmap(
        lambda p: p + 2 * w * jnp.cross(axis, p) + 2 * jnp.cross(axis, jnp.cross(axis, p))
    )(points)


_KNOTS = np.array([0, 0, 0, 0, 0.3, 0.6, 1, 1, 1, 1])


def bspline_curve(control: Array, t: Array) -> Array:
    """Points of a cubic B-spline curve, by the recursion of Cox and de Boor."""
    basis = jnp.where((_KNOTS[:-1] <= t[:, None]) & (t[:, None] < _KNOTS[1:]), 1.0, 0.0)
    for degree in range(1, 4):
        left, right = _KNOTS[: -degree - 1], _KNOTS[degree + 1 :]
        up = _KNOTS[degree:-1] - left
        down = right - _KNOTS[1:-degree]
        rising = jnp.where(up > 0, (t[:, None] - left) / jnp.where(up > 0, up, 1.0), 0.0)
        falling = jnp.where(down > 0, (right - t[:, None]) / jnp.where(down > 0, down, 1.0), 0.0)
        basis = rising * basis[:, :-1] + falling * basis[:, 1:]
    return basis @ control


def masked_softmax(scores: Array, values: Array) -> Array:
    """Causal weights times values; masked scores are minus infinity."""
    n = scores.shape[0]
    masked = jnp.where(jnp.tril(jnp.ones((n, n), bool)), scores, -jnp.inf)
    return jax.nn.softmax(masked, axis=-1) @ values


def generator_exponential(rates: Array) -> Array:
    """Log-likelihood of transitions of a Markov chain in continuous time."""
    n = 4
    q = jnp.zeros((n, n), rates.dtype).at[np.nonzero(~np.eye(n, dtype=bool))].set(jnp.exp(rates))
    q = q - jnp.diag(q.sum(axis=1))
    p = jsp.linalg.expm(0.5 * q)
    return jnp.log(p[jnp.array([0, 1, 1, 3, 2]), jnp.array([1, 1, 2, 0, 2])]).sum()


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


def spectral_norm(w: Array) -> Array:
    """The largest singular value, by power iterations, less that of the library."""
    start = jnp.ones(w.shape[1], w.dtype)

    def body(_: Any, v: Array) -> Array:
        u = w @ v
        v = w.T @ (u / jnp.linalg.norm(u))
        return v / jnp.linalg.norm(v)

    v = lax.fori_loop(0, 8, body, start)
    return jnp.linalg.norm(w @ v) + 0.1 * jnp.linalg.norm(w, ord=2)


def ray_sphere(origin: Array, direction: Array, center: Array, radius: Array) -> Array:
    """Distance to a sphere along a ray, and the shade of the point that is hit."""
    d = direction / jnp.linalg.norm(direction)
    oc = origin - center
    b = jnp.dot(oc, d)
    disc = b**2 - (jnp.dot(oc, oc) - radius**2)

    def hit() -> Array:
        t = -b - jnp.sqrt(disc)
        normal = (origin + t * d - center) / radius
        light = jnp.array([0.3, 0.5, -0.8])
        return jnp.stack([t, jnp.maximum(jnp.dot(normal, light), 0.0)])

    return lax.cond(disc > 0, hit, lambda: jnp.zeros(2, disc.dtype))


def nbody_energy(x: Array, v: Array, mass: Array) -> Array:
    """Energy of bodies that attract each other."""
    i, j = jnp.triu_indices(x.shape[0], k=1)
    distances = jnp.linalg.norm(x[i] - x[j], axis=-1)
    kinetic = 0.5 * jnp.einsum("i,ij,ij->", mass, v, v)
    return kinetic - jnp.sum(mass[i] * mass[j] / jnp.sqrt(distances**2 + 1e-4))


def ising_mean_field(couplings: Array, fields: Array) -> Array:
    """Free energy of an Ising model at the mean field after ten rounds."""
    j = jnp.triu(couplings, 1)
    j = j + j.T
    m = lax.fori_loop(0, 10, lambda _, m: 0.5 * m + 0.5 * jnp.tanh(j @ m + fields), 0.1 * fields)
    p = 0.5 * (1 + m)
    entropy = -(jsp.special.xlogy(p, p) + jsp.special.xlogy(1 - p, 1 - p)).sum()
    return -0.5 * m @ j @ m - fields @ m - entropy


_TRIANGLES = np.array([[0, 1, 2], [1, 3, 2]])
_REST = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])


def elastic_energy(positions: Array) -> Array:
    """Neo-Hookean energy of a square of two triangles, by F^T F."""

    def edges(points: Array, triangle: Array) -> Array:
        a, b, c = points[triangle[0]], points[triangle[1]], points[triangle[2]]
        return jnp.stack([b - a, c - a], axis=1)

    def energy(triangle: Array) -> Array:
        rest = edges(jnp.asarray(_REST), triangle)
        f = edges(positions, triangle) @ jnp.linalg.inv(rest)
        log_j = jnp.log(jnp.linalg.det(f))
        return 0.5 * (jnp.trace(f.T @ f) - 2) - log_j + 0.7 * log_j**2

    return 0.5 * jax.vmap(energy)(jnp.asarray(_TRIANGLES)).sum()


def portfolio_risk(logits: Array, loadings: Array, log_vols: Array) -> Array:
    """Volatility of a portfolio in a factor model, and the shares that its assets have in it."""
    w = jax.nn.softmax(logits)
    cov = loadings @ loadings.T + jnp.diag(jnp.exp(2 * log_vols))
    risk = jnp.sqrt(w @ cov @ w)
    return jnp.append(w * (cov @ w) / risk, risk)


def black_scholes_greeks(spot: Array, vol: Array, rate: Array) -> Array:
    """Price of a call, with its delta and vega, by derivatives inside the function."""

    def price(s: Array, sigma: Array) -> Array:
        d1 = (jnp.log(s / 1.1) + (rate + 0.5 * sigma**2) * 0.75) / (sigma * jnp.sqrt(0.75))
        d2 = d1 - sigma * jnp.sqrt(0.75)
        discount = 1.1 * jnp.exp(-0.75 * rate)
        return s * jsp.stats.norm.cdf(d1) - discount * jsp.stats.norm.cdf(d2)

    value, (delta, vega) = jax.value_and_grad(price, argnums=(0, 1))(spot, vol)
    return jnp.stack([value, delta, vega])


def total_variation(image: Array) -> Array:
    """Smoothed total variation of an image, and its distance from a blurred copy."""
    dx = jnp.diff(image, axis=0)[:, :-1]
    dy = jnp.diff(image, axis=1)[:-1, :]
    blurred = jsp.signal.convolve2d(image, jnp.ones((3, 3)) / 9, mode="same")
    return jnp.sqrt(dx**2 + dy**2 + 1e-3).sum() + 0.5 * jnp.mean((image - blurred) ** 2)


def procrustes_loss(source: Array, target: Array) -> Array:
    """Distance of two clouds of points after the best rotation, by a decomposition."""
    a, b = source - source.mean(0), target - target.mean(0)
    u, _, vt = jnp.linalg.svd(a.T @ b)
    sign = jnp.sign(jnp.linalg.det(u @ vt))
    rotation = u @ jnp.diag(jnp.array([1.0, 1.0, 1.0])).at[2, 2].set(sign) @ vt
    return jnp.sum((a @ rotation - b) ** 2)


def fft_filter(signal: Array, cutoff: Array) -> Array:
    """A signal, with high frequencies damped, and the logarithm of its power."""
    spectrum = jnp.fft.rfft(signal)
    frequencies = jnp.fft.rfftfreq(signal.shape[0], d=0.1)
    gains = 1.0 / (1.0 + (frequencies / cutoff) ** 4)
    power = jnp.abs(spectrum) ** 2
    smooth = jnp.fft.irfft(spectrum * gains, n=signal.shape[0])
    return jnp.append(smooth, jnp.log(power + 1e-3).mean())


def gaussian_mixture(params: dict[str, Array]) -> Array:
    """Mean log-likelihood of a mixture with full covariances, given by Cholesky factors."""

    def component(mean: Array, raw: Array) -> Array:
        chol = jnp.tril(raw, -1) + jnp.diag(jax.nn.softplus(jnp.diag(raw)))
        white = jsp.linalg.solve_triangular(chol, (_INPUTS - mean).T, lower=True)
        return -0.5 * jnp.sum(white**2, axis=0) - jnp.sum(jnp.log(jnp.diag(chol)))

    logps = jax.vmap(component)(params["means"], params["factors"])
    weights = jax.nn.log_softmax(params["logits"])
    return jsp.special.logsumexp(logps + weights[:, None], axis=0).mean()


FUNCTIONS = (
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
    Function("pair potential", pair_potential, (1.3 * _normal(6, 3), np.array(0.9))),
    Function(
        "robot arm", robot_arm, (_uniform(-1, 1, 5), _uniform(0.5, 1, 5), np.array([1.5, 1, 0.2]))
    ),
    Function("lotka-volterra", lotka_volterra, (np.array([1.1, 0.7, 0.4, 0.9]),)),
    Function("logistic regression", logistic_regression, ({"w": _normal(8), "b": np.array(0.3)},)),
    Function("garch", garch_likelihood, (np.array([-1.5, -0.3, 1.2]),)),
    Function("quaternion", rotate_by_quaternion, (np.array([0.7, -0.2, 0.5, 0.3]), _normal(4, 3))),
    Function("b-spline", bspline_curve, (_normal(6, 2), np.array([0.1, 0.35, 0.5, 0.77, 0.93]))),
    Function("masked softmax", masked_softmax, (_normal(5, 5), _normal(5, 3))),
    Function("generator exponential", generator_exponential, (_normal(12, scale=0.5),)),
    Function(
        "hidden markov",
        hmm_forward,
        ({"transition": _normal(3, 3), "emission": _normal(3, 3), "start": _normal(3)},),
    ),
    Function("sinkhorn", sinkhorn, (_normal(5, 2), _normal(4, 2))),
    Function("svgd", svgd_direction, (_normal(6, 2),)),
    Function("student t", student_t_regression, (_normal(2), np.array(-0.2), np.array(0.5))),
    Function("huber", huber_regression, (_normal(8),)),
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
    Function("ising", ising_mean_field, (_normal(5, 5, scale=0.4), _normal(5))),
    Function(
        "elastic energy", elastic_energy, (np.array([[0, 0.1], [1.2, 0], [-0.1, 1], [1, 1.3]]),)
    ),
    Function("portfolio", portfolio_risk, (_normal(6), _normal(6, 2), _normal(6, scale=0.3))),
    Function(
        "black-scholes", black_scholes_greeks, (np.array(1.05), np.array(0.3), np.array(0.02))
    ),
    Function("total variation", total_variation, (_normal(9, 9),)),
    Function("procrustes", procrustes_loss, (_normal(7, 3), _normal(7, 3))),
    Function("fft filter", fft_filter, (_normal(16), np.array(1.0))),
    Function(
        "gaussian mixture",
        gaussian_mixture,
        ({"means": _normal(3, 2), "factors": _normal(3, 2, 2), "logits": _normal(3)},),
    ),
)
