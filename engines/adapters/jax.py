"""JAX: one jit per case, and the same without jit."""

from __future__ import annotations

from dataclasses import replace

from engines.contract import Engine
from generators.dialects import Dialect

HEADER = """\
import jax
import jax.numpy as jnp
import jax.scipy.special
import numpy as np

jax.config.update("jax_enable_x64", True)
"""

SPECIAL = (
    "beta", "betaln", "digamma", "entr", "erf", "erfc", "erfcx", "erfinv", "exp1", "expi", "expit", "gamma", "i0",
    "i0e", "i1", "i1e", "log_ndtr", "logit", "ndtr", "ndtri", "rel_entr", "xlog1py", "xlogy",
)  # fmt: skip

jax = Engine(
    name="jax",
    distribution="jax",
    module="jax",
    header=HEADER,
    dialect=Dialect(
        namespace="jnp",
        array="jnp.asarray({value}, dtype=jnp.float64)",
        spellings={
            "take": "jnp.take({0}, jnp.asarray({indices}), axis={axis})",
            "atan2": "jnp.atan2({0}, {1})",
            **{name: f"jax.scipy.special.{name}({{args}})" for name in SPECIAL},
            "lgamma": "jax.scipy.special.gammaln({0})",
            "polygamma": "jax.scipy.special.polygamma({n}, {0})",
            "zeta": "jax.scipy.special.zeta({s}.0, {0})",
            "exp2": "jnp.exp2({0})",
            "cbrt": "jnp.cbrt({0})",
            "sinc": "jnp.sinc({0})",
            "logsumexp": "jax.scipy.special.logsumexp({0}, axis={axis}, keepdims={keepdims})",
            "logcumsumexp": lambda call: (
                f"jax.lax.cumlogsumexp({call.operands[0]}, axis={call.params['axis'] % len(call.shapes[0])})"
            ),
            "softmax": "jax.nn.softmax({0}, axis={axis})",
            "log_softmax": "jax.nn.log_softmax({0}, axis={axis})",
            "logsigmoid": "jax.nn.log_sigmoid({0})",
            "softplus": "jax.nn.softplus({0})",
            "silu": "jax.nn.silu({0})",
        },
    ),
    levels={"R": "jax.jacrev({f})", "F": "jax.jacfwd({f})"},
    compile="derivative = jax.jit({nested}).lower(x).compile()",
    environment={"JAX_PLATFORMS": "cpu"},
)

eager = replace(jax, name="jax-eager", compile="derivative = {nested}")
