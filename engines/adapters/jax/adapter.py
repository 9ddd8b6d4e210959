"""JAX: the derivative of a case is compiled by one `jax.jit`; the engine `jax-eager` runs it
without compilation.
"""

from __future__ import annotations

from dataclasses import replace

from ad_conformance.engines.adapters.jax import bodies, special
from ad_conformance.engines.adapters.jax.batches import BATCHES
from ad_conformance.engines.adapters.jax.complex_values import COMPLEX
from ad_conformance.engines.adapters.jax.fourier import FOURIER
from ad_conformance.engines.adapters.jax.linear import LINEAR
from ad_conformance.engines.adapters.jax.moves import MOVES
from ad_conformance.engines.adapters.jax.names import NAMES
from ad_conformance.engines.adapters.jax.reductions import REDUCTIONS
from ad_conformance.engines.adapters.jax.templates import (
    CONTROL_FLOW,
    INDEXING,
    LINEAR_ALGEBRA,
    NETWORKS,
    SPECIAL,
    STATISTICS,
)
from ad_conformance.engines.adapters.wrappers.jax import CLOSED, FUNCTIONS, WRAPPERS
from ad_conformance.engines.contract import Engine
from ad_conformance.engines.process.devices import nvidia_or_amd
from ad_conformance.generators.render.dialect import Dialect

HEADER = """\
import jax
import jax.ad_checkpoint
import jax.numpy as jnp
import jax.scipy.fft
import jax.scipy.linalg
import jax.scipy.special
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
        templates={
            **LINEAR_ALGEBRA,
            **NETWORKS,
            **CONTROL_FLOW,
            **SPECIAL,
            **INDEXING,
            **BATCHES,
            **STATISTICS,
            **special.TEMPLATES,
            **LINEAR,
            **MOVES,
            **REDUCTIONS,
            **FOURIER,
            **COMPLEX,
            **bodies.BODIES,
        },
        names={**NAMES, **bodies.NAMES},
    ),
    mode_transforms={"R": "jax.jacrev({f})", "F": "jax.jacfwd({f})"},
    operators={
        "gradient": "jax.grad({f})",
        "pushforward": "lambda x: jax.jvp({f}, (x,), ({v},))[1]",
        "pullback": "lambda x: jax.vjp({f}, x)[1]({w})[0]",
    },
    wrappers=WRAPPERS,
    wrapper_functions=FUNCTIONS,
    closed_wrappers=CLOSED,
    compile="derivative = jax.jit({nested}).lower(x).compile()",
    compile_all="derivatives = jax.jit(lambda x: [d(x) for d in ({all},)]).lower(x).compile()",
    environment={"JAX_PLATFORMS": "cpu"},
    unsupported=(
        ("NotImplementedError", r"^Differentiation rule for '\w+' not implemented"),
        ("NotImplementedError", r"^Batching rule for '(linear_call|free_ref)' not implemented"),
        (
            "ValueError",
            r"^Reverse-mode differentiation does not work for lax\.while_loop",
            r"jax\.lax\.while_loop|jax\.lax\.fori_loop\(0, jnp\.asarray",
        ),
        (
            "ValueError",
            r"^Linearization failed .* does not support reverse-mode autodiff",
            r"jax\.custom_batching",
        ),
        ("ValueError", r"^Betainc gradient with respect to a and b not supported"),
        ("NotImplementedError", r"^scatter_mul gradients are only implemented if"),
        ("NotImplementedError", r"^Derivatives of non-symmetric eigenvectors are only valid under"),
        ("NotImplementedError", r"^ragged_dot vmap over any dim but 0 - NYI"),
        ("NotImplementedError", r"^Unimplemented grad_._dims for ragged dot general"),
        ("NotImplementedError", r"^VJP not implemented for select_and_gather \(MaxPool\) with"),
        ("TypeError", r"^can't apply forward-mode autodiff \(jvp\) to a custom_vjp function"),
        # Before 0.10.1, standardize has no argument `algorithm`.
        ("TypeError", r"^Error interpreting argument to <function standardize .*<class 'str'>"),
    ),
)

eager = replace(jax, name="jax-eager", compile="derivative = {nested}", compile_all="")

#: Products in float32 otherwise have the precision of TF32, ten bits.
CUDA = """jax.config.update("jax_default_matmul_precision", "highest")
"""
cuda = replace(
    jax,
    name="jax-cuda",
    header=HEADER + CUDA,
    # JAX takes most of the device's memory by default, and a second process then gets none.
    environment={"JAX_PLATFORMS": "cuda", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"},
    device_check=nvidia_or_amd(
        "import jax\ntry:\n    jax.devices()\nexcept Exception:\n"
        "    sys.exit(f'jax {jax.__version__} finds no CUDA device')"
    ),
)
