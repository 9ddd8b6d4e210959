"""JAX: one jit per case, and the same without jit."""

from __future__ import annotations

from dataclasses import replace

from engines.contract import Engine
from generators.dialects import Dialect

HEADER = """\
import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)
"""

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
