"""Functions of JAX that use each primitive of the importer's tables, each with a point."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy as jsp
import numpy as np
from jax import lax
from jax.ad_checkpoint import checkpoint_name

Array = np.ndarray
Cases = dict[str, tuple[Callable[[Any], Any], Array]]

VECTOR = np.array([0.3, 0.7, 0.55, 0.2])
MATRIX = np.round(np.random.default_rng(0).normal(size=(4, 4)), 3)
DEFINITE = MATRIX @ MATRIX.T + np.eye(4)
WEIGHTS = np.array([0.5, -1.0, 2.0, 1.5])

_UNARY = """
    abs acos asin asinh atan atanh bessel_i0e bessel_i1e cbrt ceil cos cosh digamma erf erf_inv erfc
    exp exp2 expm1 floor is_finite lgamma log log1p logistic neg round rsqrt sign sin sinh sqrt
    square tan tanh
"""
_BINARY = """
    add atan2 div eq ge gt igamma igammac le lt max min mul ne pow rem sub
"""


def _unary(name: str) -> Callable[[Any], Any]:
    return lambda x: 1.0 * getattr(lax, name)(x)


def _binary(name: str) -> Callable[[Any], Any]:
    return lambda x: 1.0 * getattr(lax, name)(x, x[::-1] + 0.1)


def _integers(x: Any) -> Any:
    i = (10 * x + 0.3).astype(int)
    shifted = (i << 1) + (i >> 1) + lax.shift_right_logical(i, 1)
    return x * (shifted + lax.population_count(i) + lax.clz(i) + (i & 6) + (i // 2) + i % 3)


ELEMENTWISE: Cases = {
    **{name: (_unary(name), VECTOR) for name in _UNARY.split()},
    **{name: (_binary(name), VECTOR) for name in _BINARY.split()},
    "acosh": (jnp.arccosh, VECTOR + 1),
    "accumulated gradients": (jax.grad(lambda x: jnp.sum(x * jnp.sin(x))), VECTOR),
    "betainc": (lambda x: lax.betainc(x, x + 1, 0.3), VECTOR),
    "clamp by numbers": (lambda x: lax.clamp(0.25, x, 0.6), VECTOR),
    "clamp by arrays": (lambda x: lax.clamp(x[::-1] - 0.2, x, x + 1), VECTOR),
    "conversions": (lambda x: (3 * x).astype(int) * x + (x > 0.4) + x.astype(bool), VECTOR),
    "copies": (lambda x: lax.reduce_precision(jnp.array(x, copy=True), 11, 52), VECTOR),
    "device": (lambda x: jax.device_put(x * 2, jax.devices()[0]), VECTOR),
    "barrier": (lambda x: lax.optimization_barrier(x * 2), VECTOR),
    "integers": (_integers, VECTOR),
    "logic": (
        lambda x: jnp.where((x > 0.25) & (x < 0.6) | ~(x > 0.1) ^ (x > 5), x, -x),
        VECTOR,
    ),
    "named": (lambda x: checkpoint_name(jnp.sin(x), "s"), VECTOR),
    "gamma": (lambda x: jsp.special.gamma(x - 0.5), VECTOR),
    "neighbours": (lambda x: lax.nextafter(x, x + 1) * lax.nextafter(x, x[::-1]), VECTOR),
    "polygamma": (lambda x: lax.polygamma(1.0, x) + lax.zeta(2.5, x), VECTOR),
    "powers": (lambda x: x**3 + x**2 + x**-1 + x**2.5 + x**x + 2.0**x, VECTOR),
    "search": (lambda x: jnp.searchsorted(x * 0 + WEIGHTS.cumsum() + 1, x) * x, VECTOR),
    "search on the right": (lambda x: jnp.searchsorted(VECTOR.cumsum(), x, "right") * x, VECTOR),
    "select": (lambda x: lax.select_n((3 * x).astype("int32"), x, x**2, x**3), VECTOR),
    "sharding": (
        lambda x: lax.with_sharding_constraint(
            x * 2, jax.sharding.SingleDeviceSharding(jax.devices()[0])
        ),
        VECTOR,
    ),
    "stopped": (lambda x: jsp.special.logsumexp(x) + jax.nn.softmax(x), VECTOR),
}

_AT = np.array([[1, 2], [0, 3]])
MOVES: Cases = {
    "broadcast": (lambda x: jnp.broadcast_to(x[:, None], (4, 3)) * x[:, None], VECTOR),
    "concatenate": (lambda a: jnp.concatenate([a, WEIGHTS[None], a**2]), MATRIX),
    "concatenate of moves": (lambda x: jnp.concatenate([x[:2], x[1:], x[::-1]]), VECTOR),
    "dynamic slice": (lambda a: lax.dynamic_slice(a, (1, 7), (2, 3)), MATRIX),
    "dynamic slice at an index of the input": (
        lambda x: lax.dynamic_slice(x, (jnp.argmin(x) - 2,), (2,)),
        VECTOR,
    ),
    "dynamic update": (lambda a: lax.dynamic_update_slice(a, a[:2, :2] ** 2, (2, 1)), MATRIX),
    "gather": (lambda a: a[_AT] + a[:, _AT[0]][:2, None, :1], MATRIX),
    "gather along": (lambda a: jnp.take_along_axis(a[:, :2], _AT, axis=0), MATRIX),
    "gather in batches": (lambda a: jax.vmap(lambda r, i: r[i])(a[:2], _AT), MATRIX),
    "gather outside": (
        lambda x: (
            x.at[np.array([1, 9])].get(mode="fill", fill_value=2.0)
            + x.at[np.array([1, 9])].get(mode="clip")
        ),
        VECTOR,
    ),
    "gather of windows": (
        lambda x: jax.vmap(lambda i: lax.dynamic_slice(x, (i,), (2,)))(jnp.array([0, 2, 3])),
        VECTOR,
    ),
    "indexing": (lambda a: a[1, 2] * a[-1] + a[:, 1] + a[::2, 3].sum(), MATRIX),
    "pad": (lambda a: lax.pad(a, 1.5, [(1, -1, 1), (-1, 2, 0)]), MATRIX),
    "pad by a value": (lambda x: lax.pad(x, x[0] ** 2, [(1, 2, 0)]), VECTOR),
    "pad at edges": (lambda x: jnp.pad(x, 2, mode="reflect") + jnp.pad(x, 2), VECTOR),
    "reshape": (lambda a: a.reshape(2, 8) * a.T.reshape(2, 8), MATRIX),
    "rev": (lambda a: a[::-1, ::-1] * a, MATRIX),
    "scatter": (lambda x: x.at[np.array([2, 0])].set(x[:2] ** 2), VECTOR),
    "scatter of moves": (lambda x: x.at[1].set(x[0]).at[3].set(0.0), VECTOR),
    "scatter into constants": (lambda x: jnp.ones((2, 4)).at[1].set(x), VECTOR),
    "scatter outside": (lambda x: x.at[np.array([2, 9])].set(x[:2], mode="drop"), VECTOR),
    "scatter into a part": (lambda a: a.at[1:3, ::2].set(a[:2, :2] ** 2), MATRIX),
    "scatter-add": (lambda x: x.at[np.array([0, 0, 3])].add(x[1:]), VECTOR),
    "scatter-add into zeros": (lambda x: jnp.zeros(6).at[np.array([0, 5])].add(x[1:3]), VECTOR),
    "scatter-max": (lambda x: x.at[np.array([0, 0])].max(x[1:3]), VECTOR),
    "scatter-min": (lambda x: x.at[np.array([1, 1])].min(x[2:]), VECTOR),
    "scatter-mul": (lambda x: x.at[np.array([1, 1])].multiply(x[2:]), VECTOR),
    "scatter-sub": (lambda x: x.at[np.array([1, 1])].subtract(x[2:]), VECTOR),
    "slice": (lambda a: a[1:3, ::2] * lax.slice(a, (0, 1), (4, 4), (2, 2)), MATRIX),
    "split": (lambda a: jnp.split(a, [1, 3])[1] * jnp.split(a, 2)[0], MATRIX),
    "stack": (lambda x: jnp.stack([x, x**2], axis=1) * jnp.stack([x, x[::-1]], axis=1), VECTOR),
    "tile": (lambda x: jnp.tile(x, (2, 2)) + lax.tile(x[None], (2, 2)), VECTOR),
    "transpose": (lambda a: a.T * a, MATRIX),
    "unstack": (lambda a: jnp.unstack(a, axis=1)[2] * jnp.unstack(a)[0], MATRIX),
}

_IMAGE = MATRIX.reshape(1, 4, 4, 1)
_PLANE = MATRIX.reshape(1, 1, 4, 4)
_KERNEL = np.arange(18.0).reshape(3, 3, 1, 2) / 10


def _pooled(x: Any) -> Any:
    return lax.reduce_window(x, -jnp.inf, lax.max, (2, 3), (2, 1), "SAME")


def _convolved(x: Any, stride: int = 1, padding: Any = "SAME") -> Any:
    return lax.conv_general_dilated(
        x, _KERNEL, (stride, 1), padding, dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


REDUCTIONS: Cases = {
    "argmax": (lambda a: a[jnp.argmax(a, axis=0), jnp.arange(4)] * jnp.argmin(a), MATRIX),
    "argmax of truth values": (lambda x: x * jnp.argmax(x > 0.6), VECTOR),
    "convolution": (_convolved, _IMAGE),
    "convolution in groups": (
        lambda x: lax.conv_general_dilated(
            x.reshape(1, 2, 8), _KERNEL.reshape(6, 1, 3), (1,), [(1, 2)], feature_group_count=2
        ),
        MATRIX,
    ),
    "gradient of a convolution": (
        jax.grad(lambda x: jnp.sum(_convolved(x, 2, [(2, 0), (0, -1)]) ** 2)),
        _IMAGE,
    ),
    "gradient by a kernel": (
        jax.grad(
            lambda k: jnp.sum(lax.conv(jnp.asarray(MATRIX)[None, None], k, (1, 1), "VALID") ** 2)
        ),
        MATRIX[:2, :2].reshape(1, 1, 2, 2),
    ),
    "cumulative": (
        lambda a: jnp.cumsum(a, 1) + jnp.cumprod(a, 0) + lax.cummax(a, 1) + lax.cummin(a),
        MATRIX,
    ),
    "cumulative from the end": (lambda a: lax.cumlogsumexp(a, 1, reverse=True), MATRIX),
    "einsum": (lambda a: jnp.einsum("ij,kj,k->i", a, a, WEIGHTS), MATRIX),
    "outer": (lambda x: jnp.outer(x, x) + jnp.tensordot(x, x, 0), VECTOR),
    "product of stacks": (lambda a: a.reshape(2, 2, 4) @ a.reshape(2, 4, 2), MATRIX),
    "product of groups": (
        lambda a: lax.ragged_dot(a, a.reshape(2, 4, 2), jnp.array([1, 3])),
        MATRIX,
    ),
    "reductions": (
        lambda a: a.sum() * a.prod(0) + a.max(1) - a.reshape(2, 2, 4).min((0, 1)),
        MATRIX,
    ),
    "reductions of truth values": (
        lambda a: jnp.where((a > 0).all(0) | (a > 1).any(0), a, 2 * a),
        MATRIX,
    ),
    "pooling": (
        lambda a: _pooled(a) * lax.reduce_window(a, 0.0, lax.add, (2, 3), (2, 1), "SAME"),
        MATRIX,
    ),
    "pooling by minima": (
        lambda a: lax.reduce_window(a, jnp.inf, lax.min, (2, 2), (1, 1), "VALID"),
        MATRIX,
    ),
    "gradient of pooling": (jax.grad(lambda a: jnp.sum(_pooled(a) ** 2)), MATRIX),
    "derivative of pooling": (lambda a: jax.jvp(_pooled, (a,), (a**2,))[1], MATRIX),
    "sort": (lambda a: jnp.sort(a, axis=0) * MATRIX, MATRIX),
    "argsort": (lambda x: x[jnp.argsort(x)] * WEIGHTS, VECTOR),
    "sort by keys": (lambda x: lax.sort((x, x**2), num_keys=1)[1] * WEIGHTS, VECTOR),
    "top_k": (lambda x: lax.top_k(x, 2)[0] * x[lax.top_k(x, 3)[1][1:]], VECTOR),
}

MATRICES: Cases = {
    "cholesky": (jnp.linalg.cholesky, DEFINITE),
    "cholesky of a triangle": (lambda a: jsp.linalg.cholesky(a, lower=True), DEFINITE),
    "determinants": (lambda a: jnp.linalg.det(a) + jnp.linalg.slogdet(a)[1], MATRIX),
    "determinant of a stack": (lambda a: jnp.linalg.det(jnp.stack([a, 2 * a])), MATRIX),
    "exponential": (jsp.linalg.expm, MATRIX),
    "eigenvalues": (jnp.linalg.eigvalsh, DEFINITE),
    "eigenvectors": (lambda a: jnp.linalg.eigh(a)[1], DEFINITE),
    "eigenvectors of a stack": (
        lambda a: jnp.linalg.eigh(jnp.stack([a + a.T, a @ a.T]))[1],
        MATRIX,
    ),
    "inverse": (jnp.linalg.inv, MATRIX),
    "lu": (lambda a: jsp.linalg.lu(a)[1] + jsp.linalg.lu(a)[2], MATRIX),
    "pseudoinverse": (jnp.linalg.pinv, MATRIX[:, :3]),
    "qr": (lambda a: jnp.concatenate(jnp.linalg.qr(a)), MATRIX[:, :3]),
    "reflections": (lambda a: lax.linalg.householder_product(a, a[0, :3] / 9), MATRIX[:, :3]),
    "singular values": (lambda a: jnp.linalg.svd(a, compute_uv=False), MATRIX),
    "singular vectors": (
        lambda a: jnp.concatenate(jnp.linalg.svd(a, full_matrices=False)[::2]),
        MATRIX[:, :3],
    ),
    "right vectors of a wide matrix": (lambda a: jnp.linalg.svd(a[:2], False)[2], MATRIX),
    "solve": (lambda a: jnp.linalg.solve(a, a[0]), MATRIX),
    "solve stacks": (
        lambda a: jax.vmap(lambda s: jnp.linalg.solve(s * a, a[0]))(jnp.arange(1.0, 3)),
        MATRIX,
    ),
    "solve by an operator": (
        lambda x: lax.custom_linear_solve(
            lambda v: x * v + 0.1 * v.sum(),
            x**2,
            lambda _, b: jnp.linalg.solve(jnp.diag(x) + 0.1, b),
            symmetric=True,
        ),
        VECTOR,
    ),
    "solve by conjugate gradients": (
        lambda x: jsp.sparse.linalg.cg(lambda v: x * v, x**2, tol=1e-14)[0],
        VECTOR,
    ),
    "triangular solve": (lambda a: jsp.linalg.solve_triangular(a, a[0], lower=True), MATRIX),
    "tridiagonal solve": (
        lambda x: lax.linalg.tridiagonal_solve(
            x.at[0].set(0.0), x + 2, x.at[-1].set(0.0), x[:, None] ** 2
        ),
        VECTOR,
    ),
}


def _complex(x: Any) -> Any:
    return lax.complex(x, x[::-1] ** 2)


def _product(z: Any) -> Any:
    return jnp.sum(jnp.abs(z * (z + 1j) * jnp.exp(z)))


COMPLEX: Cases = {
    "arithmetic": (
        lambda x: jnp.real((_complex(x) * (1 + 2j) - x / _complex(x) + 1j) / 2 - (-_complex(x))),
        VECTOR,
    ),
    "functions": (
        lambda x: jnp.imag(jnp.exp(1j * x) + jnp.log(_complex(x)) + jnp.sqrt(_complex(x))),
        VECTOR,
    ),
    "magnitude": (lambda x: jnp.abs(_complex(x)) + jnp.angle(_complex(x)), VECTOR),
    "powers": (lambda x: jnp.real(_complex(x) ** 3 + jnp.square(_complex(x)).conj()), VECTOR),
    "products": (lambda a: jnp.imag((a + 1j * a.T) @ (a - 2j)), MATRIX),
    "gradient": (jax.grad(lambda x: _product(_complex(x))), VECTOR),
    "comparisons": (lambda x: jnp.where((x + 1j * x != 0) & (x + 1j == 1j), 1.0, x), VECTOR),
    "moves": (
        lambda x: jnp.real(
            jnp.where(x > 0.4, _complex(x)[::-1], 1j).at[0].set(2j)
            * jnp.concatenate([_complex(x)[:2], x[2:].astype(complex)]).sum()
        ),
        VECTOR,
    ),
    "transforms": (lambda x: jnp.abs(jnp.fft.fft(x)) + jnp.real(jnp.fft.ifft(x)), VECTOR),
    "real transforms": (lambda x: jnp.fft.irfft(jnp.fft.rfft(x) * WEIGHTS[:3], n=4), VECTOR),
}


@jax.custom_jvp
def _ruled(x: Any) -> Any:
    return jnp.sin(x)


_ruled.defjvp(lambda primals, tangents: (_ruled(*primals), 2.0 * tangents[0]))


@jax.custom_vjp
def _reversed(x: Any) -> Any:
    return jnp.cos(x)


_reversed.defvjp(lambda x: (jnp.cos(x), x), lambda x, g: (3.0 * g,))


@jax.custom_batching.custom_vmap
def _batched(x: Any) -> Any:
    return x**2


_batched.def_vmap(lambda size, batched, x: (x**2, True))


_branches = (jnp.sin, jnp.cos, lambda x: x * 2)


def _keys() -> Any:
    return jax.random.split(jax.random.key(0), 3)


CALLS: Cases = {
    "jit": (jax.jit(lambda x: jnp.sin(x) * x), VECTOR),
    "rules": (lambda x: _ruled(x) + _reversed(x) + _batched(x), VECTOR),
    "composite": (lambda x: lax.composite(lambda y: y**3, "user.cube")(x), VECTOR),
    "checkpoint": (jax.grad(lambda x: jnp.sum(jax.checkpoint(jnp.sin)(x) ** 2)), VECTOR),
    "scan": (lambda x: lax.scan(lambda c, t: (c * t + 1, c + t), 0.5, x)[1], VECTOR),
    "scan from the end": (
        lambda a: lax.scan(lambda c, t: (c + t, (c, 2.0)), a[0], a, reverse=True)[1][0],
        MATRIX,
    ),
    "scan of constants": (
        lambda x: lax.scan(lambda c, t: (c * x, t), x, jnp.arange(3))[0],
        VECTOR,
    ),
    "gradient of a scan": (
        jax.grad(lambda x: lax.scan(lambda c, t: (jnp.tanh(c * t), c), x[0], x)[1].sum()),
        VECTOR,
    ),
    "fori": (lambda x: lax.fori_loop(0, 3, lambda i, c: c + x[i] * i, 0.0), VECTOR),
    "while": (lambda x: lax.while_loop(lambda c: c < 5, lambda c: c * (1 + x[0]), x[1]), VECTOR),
    "while under vmap": (
        jax.vmap(lambda t: lax.while_loop(lambda c: c < 2, lambda c: c * (1 + t), t)),
        VECTOR,
    ),
    "cond": (lambda x: lax.cond(x[0] > 0.1, jnp.sin, jnp.cos, x), VECTOR),
    "cond with a loop": (
        lambda x: lax.cond(
            x[0] > 0.1,
            lambda y: lax.while_loop(lambda c: c.sum() < 5, lambda c: c * 2, y),
            lambda y: jnp.linalg.solve(jnp.zeros((4, 4)) * y, y),
            x,
        ),
        VECTOR,
    ),
    "switch": (lambda x: lax.switch((4 * x[0]).astype(int), _branches, x), VECTOR),
    "known branch": (lambda x: lax.switch(2, _branches, x), VECTOR),
    "random numbers": (lambda x: x * jax.random.normal(jax.random.key(1), (4,)), VECTOR),
    "random keys in a scan": (
        lambda x: lax.scan(
            lambda c, k: (c * jax.random.uniform(k), None),
            x,
            jax.random.split(jax.random.key(0), 3),
        )[0],
        VECTOR,
    ),
}
