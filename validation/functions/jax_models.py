"""Models of JAX as people write them, with their parameters in dictionaries."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from validation.functions import Function

#: An array of JAX; operations with arrays of NumPy have no types of their own.
Array = Any
Params = dict[str, Any]

_rng = np.random.default_rng(1919)


def _normal(*shape: int, scale: float = 1.0) -> np.ndarray:
    return np.round(scale * _rng.normal(size=shape), 6)


_X = _normal(6, 4)
_Y = np.array([0, 2, 1, 1, 0, 2])


def mlp_loss(params: list[Params]) -> Array:
    """Cross entropy of a network with two hidden layers."""
    h = jnp.asarray(_X)
    for layer in params[:-1]:
        h = jax.nn.gelu(h @ layer["w"] + layer["b"])
    logits = h @ params[-1]["w"] + params[-1]["b"]
    labels = jax.nn.one_hot(_Y, 3)
    return -jnp.mean(jnp.sum(labels * jax.nn.log_softmax(logits), axis=-1))


def layer_norm(x: Array, scale: Array, shift: Array) -> Array:
    mean = x.mean(-1, keepdims=True)
    variance = jnp.var(x, axis=-1, keepdims=True)
    return (x - mean) * lax.rsqrt(variance + 1e-5) * scale + shift


def attention_block(params: Params, x: Array) -> Array:
    """A block of a transformer: two causal heads and a gated network, each with a residual."""
    n, width = x.shape
    h = layer_norm(x, params["scale1"], params["shift1"])
    q, k, v = jnp.split(h @ params["qkv"], 3, axis=-1)
    q, k, v = (a.reshape(n, 2, width // 2).swapaxes(0, 1) for a in (q, k, v))
    scores = jnp.einsum("hid,hjd->hij", q, k) / jnp.sqrt(width // 2)
    scores = jnp.where(jnp.tril(jnp.ones((n, n), bool)), scores, -1e9)
    mixed = jnp.einsum("hij,hjd->hid", jax.nn.softmax(scores), v)
    x = x + mixed.swapaxes(0, 1).reshape(n, width) @ params["out"]
    h = layer_norm(x, params["scale2"], params["shift2"])
    gate, up = h @ params["gate"], h @ params["up"]
    return x + (jax.nn.silu(gate) * up) @ params["down"]


def flow_likelihood(params: Params, x: Array) -> Array:
    """Log-likelihood of a normalizing flow with two coupling layers."""
    log_det = jnp.zeros(x.shape[0], x.dtype)
    for k in range(2):
        a, b = jnp.split(x, 2, axis=1)
        if k:
            a, b = b, a
        h = jnp.tanh(a @ params[f"w{k}"] + params[f"b{k}"])
        shift, log_scale = jnp.split(h @ params[f"v{k}"], 2, axis=1)
        log_scale = jnp.clip(log_scale, -2.0, 2.0)
        b = b * jnp.exp(log_scale) + shift
        log_det = log_det + log_scale.sum(axis=1)
        x = jnp.concatenate([b, a] if k else [a, b], axis=1)
    return jnp.mean(jax.scipy.stats.norm.logpdf(x).sum(axis=1) + log_det)


_COLLOCATION = _normal(5, 2, scale=0.7)


def pinn_residual(params: Params) -> Array:
    """Mean squared residual of Laplace u + u^3 = f for a network, by its Hessian."""

    def u(x: Array) -> Array:
        return jnp.dot(params["v"], jnp.tanh(params["w"] @ x + params["b"]))

    def residual(x: Array) -> Array:
        laplacian = jnp.trace(jax.hessian(u)(x))
        return laplacian + u(x) ** 3 - jnp.sin(x[0]) * x[1]

    boundary = u(jnp.array([1.0, 0.0])) ** 2
    return jnp.mean(jax.vmap(residual)(jnp.asarray(_COLLOCATION)) ** 2) + boundary


_IMAGES = _normal(2, 8, 8, 1)


def conv_net(params: Params) -> Array:
    """Loss of a network of two convolutions with pooling."""
    x = jnp.asarray(_IMAGES, params["k1"].dtype)
    numbers = ("NHWC", "HWIO", "NHWC")
    x = lax.conv_general_dilated(x, params["k1"], (1, 1), "SAME", dimension_numbers=numbers)
    x = jax.nn.relu(x + params["b1"])
    x = lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    x = lax.conv_general_dilated(x, params["k2"], (2, 2), "SAME", dimension_numbers=numbers)
    x = jax.nn.softplus(x).mean(axis=(1, 2))
    logits = x @ params["w"]
    return -jnp.mean(jax.nn.log_softmax(logits)[jnp.arange(2), jnp.array([0, 1])])


_SEQUENCE = _normal(6, 2)


def lstm_output(params: Params) -> Array:
    """The last state of a long short-term memory, by a scan."""

    def cell(state: Any, x: Array) -> Any:
        h, c = state
        gates = x @ params["wx"] + h @ params["wh"] + params["b"]
        i, f, g, o = jnp.split(gates, 4)
        c = jax.nn.sigmoid(f + 1.0) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    zeros = jnp.zeros(3, params["b"].dtype)
    (h, _), hs = lax.scan(cell, (zeros, zeros), jnp.asarray(_SEQUENCE, zeros.dtype))
    return h + hs.mean(axis=0)


def neural_ode(params: Params, x: Array) -> Array:
    """States of a neural differential equation, with checkpointed steps."""

    def slope(x: Array, t: Array) -> Array:
        h = jnp.tanh(x @ params["w1"] + params["b1"] + t)
        return h @ params["w2"]

    @jax.checkpoint
    def step(x: Array, t: Array) -> Any:
        half = x + 0.05 * slope(x, t)
        return x + 0.1 * slope(half, t + 0.05), None

    final, _ = lax.scan(step, x, jnp.arange(8) * 0.1)
    return final


def vae_bound(params: Params) -> Array:
    """Evidence lower bound of a small autoencoder with a fixed random key."""
    x = jnp.asarray(_X)
    h = jnp.tanh(x @ params["encoder"])
    mean, log_std = jnp.split(h @ params["heads"], 2, axis=1)
    noise = jax.random.normal(jax.random.PRNGKey(3), mean.shape)
    z = mean + jnp.exp(log_std) * noise
    decoded = jax.nn.elu(z @ params["decoder"]) @ params["out"]
    kl = 0.5 * jnp.sum(mean**2 + jnp.exp(2 * log_std) - 1 - 2 * log_std, axis=1)
    return jnp.mean(0.5 * jnp.sum((x - decoded) ** 2, axis=1) + kl)


_SOURCES = np.array([0, 1, 2, 3, 3, 4, 0])
_TARGETS = np.array([1, 2, 0, 1, 4, 3, 4])


def graph_attention(params: Params, features: Array) -> Array:
    """Messages along edges, weighted by a softmax over the edges of each target."""
    h = features @ params["w"]
    scores = jax.nn.leaky_relu(h[_SOURCES] @ params["a"] + h[_TARGETS] @ params["c"], 0.2)
    peak = lax.stop_gradient(jax.ops.segment_max(scores, _TARGETS, 5))
    weights = jnp.exp(scores - peak[_TARGETS])
    total = jax.ops.segment_sum(weights, _TARGETS, 5)
    return jax.ops.segment_sum((weights / total[_TARGETS])[:, None] * h[_SOURCES], _TARGETS, 5)


def leapfrog(position: Array, momentum: Array) -> Array:
    """Five steps of Hamiltonian dynamics, with the force by a gradient."""

    def potential(q: Array) -> Array:
        return 0.5 * jnp.sum(q**2) + 0.1 * jnp.sum(jnp.roll(q, 1) * q) ** 2

    def step(_: Any, state: Any) -> Any:
        q, p = state
        p = p - 0.05 * jax.grad(potential)(q)
        q = q + 0.1 * p
        return q, p - 0.05 * jax.grad(potential)(q)

    q, p = lax.fori_loop(0, 5, step, (position, momentum))
    return jnp.concatenate([q, p, jnp.atleast_1d(potential(q) + 0.5 * p @ p)])


def deep_set_ranking(params: Params, sets: Array) -> Array:
    """Hinge losses of neighbours in the order of scores of pooled sets."""
    h = jax.nn.relu(sets @ params["w1"] + params["b1"])
    pooled = jnp.concatenate([h.mean(axis=1), h.max(axis=1)], axis=-1)
    scores = pooled @ params["w2"]
    ranked = scores[jnp.argsort(scores)]
    return jnp.sum(jnp.maximum(0.0, 1.0 - jnp.diff(ranked)))


@jax.custom_vjp
def _clipped(x: Array) -> Array:
    return jnp.tanh(x)


def _clipped_forward(x: Array) -> tuple[Array, Array]:
    y = jnp.tanh(x)
    return y, y


def _clipped_backward(y: Array, g: Array) -> tuple[Array]:
    return (g * (1 - y**2),)


_clipped.defvjp(_clipped_forward, _clipped_backward)


def meta_learning(params: Params) -> Array:
    """Loss after three gradient steps on a task, through a layer with a rule of its own."""
    x, y = jnp.asarray(_X[:, :3]), jnp.asarray(_X[:, 3])

    def loss(w: Array) -> Array:
        return jnp.mean((_clipped(x @ w) @ params["head"] - y) ** 2)

    w = params["w"]
    for _ in range(3):
        w = w - jnp.exp(params["log_rate"]) * jax.grad(loss)(w)
    return loss(w)


MODELS = (
    Function(
        "mlp loss",
        mlp_loss,
        (
            [
                {"w": _normal(4, 6), "b": _normal(6)},
                {"w": _normal(6, 5), "b": _normal(5)},
                {"w": _normal(5, 3), "b": _normal(3)},
            ],
        ),
    ),
    Function(
        "attention block",
        attention_block,
        (
            {
                "scale1": 1 + _normal(4, scale=0.1),
                "shift1": _normal(4, scale=0.1),
                "qkv": _normal(4, 12, scale=0.5),
                "out": _normal(4, 4, scale=0.5),
                "scale2": 1 + _normal(4, scale=0.1),
                "shift2": _normal(4, scale=0.1),
                "gate": _normal(4, 6, scale=0.5),
                "up": _normal(4, 6, scale=0.5),
                "down": _normal(6, 4, scale=0.5),
            },
            _normal(5, 4),
        ),
    ),
    Function(
        "normalizing flow",
        flow_likelihood,
        (
            {
                "w0": _normal(2, 5),
                "b0": _normal(5),
                "v0": _normal(5, 4, scale=0.3),
                "w1": _normal(2, 5),
                "b1": _normal(5),
                "v1": _normal(5, 4, scale=0.3),
            },
            _normal(5, 4),
        ),
    ),
    Function(
        "pinn residual", pinn_residual, ({"w": _normal(6, 2), "b": _normal(6), "v": _normal(6)},)
    ),
    Function(
        "conv net",
        conv_net,
        (
            {
                "k1": _normal(3, 3, 1, 3, scale=0.4),
                "b1": _normal(3, scale=0.2),
                "k2": _normal(3, 3, 3, 4, scale=0.3),
                "w": _normal(4, 2),
            },
        ),
    ),
    Function(
        "lstm",
        lstm_output,
        ({"wx": _normal(2, 12), "wh": _normal(3, 12, scale=0.5), "b": _normal(12, scale=0.3)},),
    ),
    Function(
        "neural ode",
        neural_ode,
        ({"w1": _normal(2, 5), "b1": _normal(5), "w2": _normal(5, 2)}, _normal(3, 2)),
    ),
    Function(
        "vae bound",
        vae_bound,
        (
            {
                "encoder": _normal(4, 5, scale=0.5),
                "heads": _normal(5, 4, scale=0.5),
                "decoder": _normal(2, 5),
                "out": _normal(5, 4, scale=0.5),
            },
        ),
    ),
    Function(
        "graph attention",
        graph_attention,
        ({"w": _normal(3, 4), "a": _normal(4), "c": _normal(4)}, _normal(5, 3)),
    ),
    Function("leapfrog", leapfrog, (_normal(4), _normal(4))),
    Function(
        "deep set ranking",
        deep_set_ranking,
        ({"w1": _normal(3, 5), "b1": _normal(5), "w2": _normal(10)}, _normal(4, 4, 3)),
    ),
    Function(
        "meta-learning",
        meta_learning,
        ({"w": _normal(3, 4), "head": _normal(4), "log_rate": np.array(-2.0)},),
    ),
)
