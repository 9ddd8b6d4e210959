"""Functions of JAX as people write them: physics, geometry, images, finance."""

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

_rng = np.random.default_rng(19)


def _normal(*shape: int, scale: float = 1.0) -> np.ndarray:
    return np.round(scale * _rng.normal(size=shape), 6)


def _uniform(low: float, high: float, *shape: int) -> np.ndarray:
    return np.round(_rng.uniform(low, high, size=shape), 6)


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


FUNCTIONS = (
    Function("pair potential", pair_potential, (1.3 * _normal(6, 3), np.array(0.9))),
    Function(
        "robot arm", robot_arm, (_uniform(-1, 1, 5), _uniform(0.5, 1, 5), np.array([1.5, 1, 0.2]))
    ),
    Function("lotka-volterra", lotka_volterra, (np.array([1.1, 0.7, 0.4, 0.9]),)),
    Function("quaternion", rotate_by_quaternion, (np.array([0.7, -0.2, 0.5, 0.3]), _normal(4, 3))),
    Function("b-spline", bspline_curve, (_normal(6, 2), np.array([0.1, 0.35, 0.5, 0.77, 0.93]))),
    Function("masked softmax", masked_softmax, (_normal(5, 5), _normal(5, 3))),
    Function("generator exponential", generator_exponential, (_normal(12, scale=0.5),)),
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
)
