"""JAX: one jit per case, and the same without jit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engines.contract import Engine
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
            "softplus": "jax.nn.softplus({0})",
            "silu": "jax.nn.silu({0})",
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
