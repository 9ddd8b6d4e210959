"""JAX: one jit per case, and the same without jit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engines.contract import Engine
from generators.catalogue.nesting import body_text
from generators.dialects import Dialect
from generators.operations import Call, order_text

HEADER = """\
import jax
import jax.numpy as jnp
import jax.scipy.linalg
import numpy as np

jax.config.update("jax_enable_x64", True)
"""

# Whatever triangle an engine reads.
SYMMETRIC = "({0} + {0}.mT) / 2"
EIGH = "(lambda w, v: (v * jnp.{f}(w)[..., None, :]) @ v.mT)(*jnp.linalg.eigh(({{0}} + {{0}}.mT) / 2))"


def _solve_triangular(call: Call) -> str:
    upper, unit, transposed = (call.params[k] for k in ("upper", "unit_diagonal", "transpose"))
    options = f"lower={not upper}, unit_diagonal={unit}, trans={int(transposed)}"
    return f"jax.scipy.linalg.solve_triangular({', '.join(call.operands)}, {options})"


def _norm(template: str) -> Callable[[Call], str]:
    return lambda call: template.format(*call.operands, **{k: order_text(v) for k, v in call.params.items()})


def _layer_norm(call: Call) -> str:
    x, *scale = call.operands
    text = f"jax.nn.standardize({x}, algorithm='stable', epsilon={call.params['eps']})"
    return f"{text} * {scale[0]} + {scale[1]}" if scale else text


NETWORKS: dict[str, str | Callable[[Call], str]] = {
    "softplus": "jax.nn.softplus({0})",
    "logsigmoid": "jax.nn.log_sigmoid({0})",
    "silu": "jax.nn.silu({0})",
    "mish": "jax.nn.mish({0})",
    "gelu_tanh": "jax.nn.gelu({0}, approximate=True)",
    "squareplus": "jax.nn.squareplus({0}, {b})",
    "log1mexp": "jax.nn.log1mexp({0})",
    "softsign": "jax.nn.soft_sign({0})",
    "relu": "jax.nn.relu({0})",
    "relu6": "jax.nn.relu6({0})",
    "hardsigmoid": "jax.nn.hard_sigmoid({0})",
    "hardswish": "jax.nn.hard_swish({0})",
    "leaky_relu": "jax.nn.leaky_relu({0}, {slope})",
    "prelu": "jax.nn.leaky_relu({0}, {1})",
    "elu": "jax.nn.elu({0}, {alpha})",
    "celu": "jax.nn.celu({0}, {alpha})",
    "selu": "jax.nn.selu({0})",
    "sparse_plus": "jax.nn.sparse_plus({0})",
    "glu": "jax.nn.glu({0}, axis={axis})",
    "standardize": "jax.nn.standardize({0}, axis={axis}, epsilon={eps})",
    "layer_norm": _layer_norm,
    "convolve": "jnp.convolve({0}, {1}, mode={mode!r})",
    "correlate": "jnp.correlate({0}, {1}, mode={mode!r})",
    "conv1d": (
        "jax.lax.conv_general_dilated({0}[None, None], {1}[None, None], ({stride},), [({padding}, {padding})], "
        "rhs_dilation=({dilation},))[0, 0]"
    ),
    "avg_pool1d": "jax.lax.reduce_window({0}, 0.0, jax.lax.add, ({window},), ({stride},), 'VALID') / {window}",
    "max_pool1d": "jax.lax.reduce_window({0}, -jnp.inf, jax.lax.max, ({window},), ({stride},), 'VALID')",
    "polyval": "jnp.polyval({0}, {1})",
}


def _inner(call: Call) -> str:
    return f"jax.grad(lambda t: jnp.sum({body_text(call)}))"


def _descent(call: Call) -> str:
    step = f"lambda k, q: q - {call.params['rate']} * {_inner(call)}(q)"
    return f"jax.lax.fori_loop(0, {call.params['count']}, {step}, {call.operands[0]})"


NESTING: dict[str, str | Callable[[Call], str]] = {
    "newton_sqrt": "jax.lax.fori_loop(0, {count}, lambda k, t: (t + {0} / t) / 2, jnp.ones_like({0}))",
    "logistic_map": "jax.lax.fori_loop(0, {count}, lambda k, t: {rate} * t * (1 - t), {0})",
    "scan_decay": "jax.lax.scan(lambda h, v: ({decay} * h + v,) * 2, 0.0, {0})[1]",
    "scan_tanh": "jax.lax.scan(lambda h, v: (jnp.tanh({1} * h + v),) * 2, 0.0, {0})[1]",
    "branch": "jax.lax.cond(jnp.sum({0}) > {threshold}, lambda t: t * jnp.sin(t), lambda t: t * t, {0})",
    "associative_product": "jax.lax.associative_scan(jnp.multiply, {0}, axis={axis})",
    "implicit_sqrt": (
        "jax.lax.custom_root(lambda t: t * t - {0}, jnp.ones_like({0}), "
        "lambda f, t: jax.lax.fori_loop(0, 40, lambda k, t: t - f(t) / (2 * t), t), "
        "lambda g, y: y / g(jnp.ones_like(y)))"
    ),
    "checkpointed": "jax.checkpoint(lambda t: jnp.sin(t) * jnp.exp(-t * t))({0})",
    "inner_derivative": lambda call: f"{_inner(call)}({call.operands[0]})",
    "inner_second_derivative": lambda call: f"jax.grad(lambda s: jnp.sum({_inner(call)}(s)))({call.operands[0]})",
    "inner_pushforward": lambda call: (
        f"jax.jvp(lambda t: {body_text(call)}, ({call.operands[0]},), ({call.operands[1]},))[1]"
    ),
    "descent": _descent,
}

jax = Engine(
    name="jax",
    distribution="jax",
    module="jax",
    header=HEADER,
    dialect=Dialect(
        namespace="jnp",
        array="jnp.asarray({value}, dtype=jnp.float64)",
        single="jnp.asarray({value}, dtype=jnp.float32)",
        spellings={
            "take": "jnp.take({0}, jnp.asarray({indices}), axis={axis})",
            "atan2": "jnp.atan2({0}, {1})",
            "cholesky": f"jnp.linalg.cholesky({SYMMETRIC})",
            "cholesky_solve": f"jax.scipy.linalg.cho_solve(jax.scipy.linalg.cho_factor({SYMMETRIC}), {{1}})",
            "lu_solve": "jax.scipy.linalg.lu_solve(jax.scipy.linalg.lu_factor({0}), {1})",
            "matrix_exp": "jax.scipy.linalg.expm({0})",
            "eigvalsh": f"jnp.linalg.eigvalsh({SYMMETRIC})",
            "eigenvector_weights": f"jnp.linalg.eigh({SYMMETRIC}).eigenvectors ** 2",
            "eigh_exp": EIGH.format(f="exp"),
            "eigh_sqrt": EIGH.format(f="sqrt"),
            "einsum": "jnp.einsum('{subscripts}', {args})",
            "qr_r": "(lambda q, r: r * jnp.sign(jnp.linalg.diagonal(r))[..., :, None])(*jnp.linalg.qr({0}))",
            "qr_q": "(lambda q, r: q * jnp.sign(jnp.linalg.diagonal(r))[..., None, :])(*jnp.linalg.qr({0}))",
            "svdvals": "jnp.linalg.svdvals({0})",
            "polar_factor": "(lambda u, s, vh: u @ vh)(*jnp.linalg.svd({0}, full_matrices=False))",
            "column_projection": "(lambda u, s, vh: u @ u.mT)(*jnp.linalg.svd({0}, full_matrices=False))",
            "slogdet": "jnp.linalg.slogdet({0}).logabsdet",
            "pinv": "jnp.linalg.pinv({0})",
            "lstsq": "jnp.linalg.lstsq({0}, {1})[0]",
            "solve_triangular": _solve_triangular,
            "matrix_power": "jnp.linalg.matrix_power({0}, {n})",
            "kron": "jnp.kron({0}, {1})",
            "cross": "jnp.cross({0}, {1}, axis={axis})",
            "tril_k": "jnp.tril({0}, k={k})",
            "triu_k": "jnp.triu({0}, k={k})",
            "inner": "jnp.inner({0}, {1})",
            "multi_dot": "jnp.linalg.multi_dot([{args}])",
            "vander": "jnp.vander({0}, {columns}, increasing={increasing})",
            "cov": "jnp.cov({0}).reshape({0}.shape[0], {0}.shape[0])",
            "corrcoef": "jnp.corrcoef({0}).reshape({0}.shape[0], {0}.shape[0])",
            "vector_norm_ord": _norm("jnp.linalg.vector_norm({0}, ord={ord}, axis={axis}, keepdims={keepdims})"),
            "matrix_norm_ord": _norm("jnp.linalg.matrix_norm({0}, ord={ord})"),
            **NETWORKS,
            **NESTING,
        },
    ),
    levels={"R": "jax.jacrev({f})", "F": "jax.jacfwd({f})"},
    operators={
        "gradient": "jax.grad({f})",
        "pushforward": "lambda x: jax.jvp({f}, (x,), ({v},))[1]",
        "pullback": "lambda x: jax.vjp({f}, x)[1]({w})[0]",
    },
    compile="derivative = jax.jit({nested}).lower(x).compile()",
    environment={"JAX_PLATFORMS": "cpu"},
)

eager = replace(jax, name="jax-eager", compile="derivative = {nested}")
