"""Enzyme on StableHLO: JAX's vjp and jvp of a function that is decorated at every level, so that
Enzyme takes each derivative.

If only the innermost function were decorated, JAX would take the outer derivatives. Two limits of
Enzyme's primitive in JAX shape the header. It has no batching rule: a Jacobian is a loop over its
rows or columns. It cannot capture a value that an outer level differentiates by: each level is a
function of all inputs.
"""

from __future__ import annotations

from dataclasses import replace

from ad_conformance.engines.adapters.jax.adapter import jax

HEADER = f"""\
{jax.header}
import math

from enzyme_ad.jax import JaXPipeline, enzyme_jax_ir

enzyme = enzyme_jax_ir()


def jacrev(f, argument=0):
    def derivative(*inputs):
        x = inputs[argument]
        y = jax.eval_shape(f, *inputs)
        pullback = lambda w: jax.vjp(enzyme(f), *inputs)[1](w)[argument]
        if y.ndim == 0:
            return pullback(jnp.ones((), y.dtype))
        basis = jnp.eye(math.prod(y.shape), dtype=y.dtype).reshape(math.prod(y.shape), *y.shape)
        return jax.lax.map(pullback, basis).reshape(y.shape + x.shape)

    return derivative


def jacfwd(f, argument=0):
    def derivative(*inputs):
        x = inputs[argument]
        tangents = lambda v: tuple(
            v if k == argument else jnp.zeros_like(z) for k, z in enumerate(inputs)
        )
        pushforward = lambda v: jax.jvp(enzyme(f), inputs, tangents(v))[1]
        if x.ndim == 0:
            return pushforward(jnp.ones((), x.dtype))
        basis = jnp.eye(x.size, dtype=x.dtype).reshape(x.size, *x.shape)
        columns = jax.lax.map(pushforward, basis)
        return jnp.moveaxis(columns, 0, -1).reshape(columns.shape[1:] + x.shape)

    return derivative
"""

enzyme_mlir = replace(
    jax,
    name="enzyme-mlir",
    distribution="enzyme-ad",
    module="enzyme_ad.jax",
    header=HEADER,
    # Further names in JAX have rules of their own there, which Enzyme does not use.
    dialect=replace(jax.dialect, names={}),
    mode_transforms={"R": "jacrev({f}, {i})", "F": "jacfwd({f}, {i})"},
    operators={
        "gradient": "jax.grad(enzyme({f}))",
        "pushforward": "lambda x: jax.jvp(enzyme({f}), (x,), ({v},))[1]",
        "pullback": "lambda x: jax.vjp(enzyme({f}), x)[1]({w})[0]",
    },
    # Messages of Enzyme's passes about operations without a rule: calls of LAPACK, Bessel
    # functions, tan, and some reductions and scatters.
    unsupported=(
        ("ValueError", "could not compute the adjoint for this operation"),
        ("ValueError", r"Unsupported (operation in reduction|reduce window)( \w+)? autodiff"),
        ("ValueError", r"AutoDiffScatter\w+ only supports|This is currently unsupported"),
        *jax.unsupported,
    ),
)
#: The same without the optimisations between one level and the next.
plain = replace(
    enzyme_mlir,
    name="enzyme-mlir-plain",
    header=HEADER.replace("enzyme_jax_ir()", 'enzyme_jax_ir(pipeline_options=JaXPipeline(""))'),
)
