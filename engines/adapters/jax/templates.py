"""How JAX writes operations."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from ad_conformance.engines.adapters.numpy_calls import axis_from_0, norm, repeat, selected, solver
from ad_conformance.engines.adapters.numpy_family import (
    ACTIVATIONS,
    NUMPY,
    TORCH,
    called,
    decompositions,
    derivatives,
    shared,
    symmetric,
)
from ad_conformance.generators.catalogue.operation import Call, Template, padded, whole_index

TRANSPOSE = "{0}.mT"
SYMMETRIC = symmetric(TRANSPOSE)


def _layer_norm(call: Call) -> str:
    x, *scale = call.operands
    text = f"jax.nn.standardize({x}, algorithm='stable', epsilon={call.params['eps']})"
    return f"{text} * {scale[0]} + {scale[1]}" if scale else text


_WINDOW = "({window},), ({stride},), 'VALID')"
NETWORKS: dict[str, Template] = {
    **shared(ACTIVATIONS, *ACTIVATIONS, namespace="jax.nn"),
    **shared(
        TORCH,
        *("silu", "mish", "relu", "relu6", "leaky_relu", "elu", "celu", "selu", "glu"),
        namespace="jax.nn",
    ),
    "squareplus": "jax.nn.squareplus({0}, {b})",
    "log1mexp": "jax.nn.log1mexp({0})",
    "hardsigmoid": "jax.nn.hard_sigmoid({0})",
    "hardswish": "jax.nn.hard_swish({0})",
    "prelu": "jax.nn.leaky_relu({0}, {1})",
    "sparse_plus": "jax.nn.sparse_plus({0})",
    "standardize": "jax.nn.standardize({0}, axis={axis}, epsilon={eps})",
    "layer_norm": _layer_norm,
    "correlate": "jnp.correlate({0}, {1}, mode={mode!r})",
    "conv1d": (
        "jax.lax.conv_general_dilated({0}[None, None], {1}[None, None], ({stride},), "
        "[({padding}, {padding})], rhs_dilation=({dilation},))[0, 0]"
    ),
    "avg_pool1d": "jax.lax.reduce_window({0}, 0.0, jax.lax.add, " + _WINDOW + " / {window}",
    "max_pool1d": "jax.lax.reduce_window({0}, -jnp.inf, jax.lax.max, " + _WINDOW,
}
CONTROL_FLOW: dict[str, Template] = {
    "newton_sqrt": (
        "jax.lax.fori_loop(0, {count}, lambda k, t: (t + {0} / t) / 2, jnp.ones_like({0}))"
    ),
    "logistic_map": "jax.lax.fori_loop(0, {count}, lambda k, t: {rate} * t * (1 - t), {0})",
    "scan_decay": "jax.lax.scan(lambda h, v: ({decay} * h + v,) * 2, 0.0, {0})[1]",
    "scan_tanh": "jax.lax.scan(lambda h, v: (jnp.tanh({1} * h + v),) * 2, 0.0, {0})[1]",
    "branch": (
        "jax.lax.cond(jnp.sum({0}) > {threshold}, lambda t: t * jnp.sin(t), lambda t: t * t, {0})"
    ),
    "associative_product": "jax.lax.associative_scan(jnp.multiply, {0}, axis={axis})",
    "implicit_sqrt": (
        "jax.lax.custom_root(lambda t: t * t - {0}, jnp.ones_like({0}), "
        "lambda f, t: jax.lax.fori_loop(0, 40, lambda k, t: t - f(t) / (2 * t), t), "
        "lambda g, y: y / g(jnp.ones_like(y)))"
    ),
    "checkpointed": "jax.checkpoint(lambda t: jnp.sin(t) * jnp.exp(-t * t))({0})",
    **derivatives(
        first="jax.grad(lambda t: jnp.sum({body}))",
        second="jax.grad(lambda s: jnp.sum({first}(s)))",
        pushforward="jax.jvp(lambda t: {body}, ({0},), ({1},))[1]",
        descent="jax.lax.fori_loop(0, {count}, lambda k, q: q - {rate} * {first}(q), {operand})",
    ),
}


def _unique(method: str, indices: Sequence[object]) -> str:
    """The argument that says that all indices differ.

    JAX differentiates products only if the call says that the indices are unique.
    """
    different = len(set(indices)) == len(indices)
    return ", unique_indices=True" if method == "multiply" and different else ""


def _update(method: str) -> Callable[[Call], str]:
    """`x.at[..., indices, ...].method(v)`, the indices of one axis."""

    def write_update(call: Call) -> str:
        indices = call.params["indices"]
        unique = _unique(method, [i % call.shapes[0][call.params["axis"]] for i in indices])
        return selected(f"{{entries}}.{method}({{1}}{unique})", "np.array({indices})", ".at")(call)

    return write_update


def _scatter(method: str) -> Callable[[Call], str]:
    """`x.at[rows, columns].method(v)`, each entry with indices of its own."""

    def write_update(call: Call) -> str:
        grid = whole_index(call)
        text = ", ".join(f"np.array({indices})" for indices in grid)
        entries = list(zip(*(np.ravel(indices).tolist() for indices in grid), strict=True))
        unique = _unique(method, entries)
        return f"{call.operands[0]}.at[{text}].{method}({call.operands[1]}{unique})"

    return write_update


def _diag_embed(call: Call) -> str:
    x, offset = call.operands[0], call.params["offset"]
    if len(call.shapes[0]) == 1:
        return f"jnp.diag({x}, {offset})"
    return f"jax.vmap(lambda v: jnp.diag(v, {offset}))({x})"


def _kth_value(call: Call) -> str:
    k, axis = call.params["k"] - 1, call.params["axis"]
    return f"jnp.take(jnp.partition({call.operands[0]}, {k}, axis={axis}), {k}, axis={axis})"


def _running(name: str) -> Callable[[Call], str]:
    """A scan of `jax.lax`, which takes axes counted from 0 only."""
    return lambda call: f"jax.lax.{name}({call.operands[0]}, axis={axis_from_0(call)})"


def _masked(name: str, below: bool = False) -> Callable[[Call], str]:
    """A reduction of the entries above the threshold.

    With `below`, the result is the threshold less 1 if there are no such entries.
    """

    def write_reduction(call: Call) -> str:
        x, (threshold, axis) = call.operands[0], (call.params["threshold"], call.params["axis"])
        initial = f", initial={threshold - 1.0}" if below else ""
        return f"jnp.{name}({x}, axis={axis}{initial}, where={x} > {threshold})"

    return write_reduction


INDEXING: dict[str, Template] = {
    "take_along_axis": "jnp.take_along_axis({0}, np.array({indices}), axis={axis})",
    **shared(
        NUMPY,
        *("unstack", "split", "tile", "roll_axes", "rot90", "moveaxis", "squeeze"),
        *("diagonal_offset", "tril_offset", "triu_offset"),
    ),
    **{f"pad_{m}": padded("jnp.pad", m) for m in ("constant", "edge", "reflect", "wrap")},
    "repeat": repeat("jnp.repeat({0}, {count}, axis={axis})", "np.array({list}, dtype=int)"),
    "diag_embed": _diag_embed,
    "outer_sum": "jnp.add.outer({0}, {1})",
    "index_set": _update("set"),
    "slice_set": selected("{entries}.set({1})", "{start}:{stop}:{step}", ".at"),
    "index_add": _update("add"),
    "index_multiply": _update("multiply"),
    "index_max": _update("max"),
    "scatter_add": _scatter("add"),
    "scatter_multiply": _scatter("multiply"),
    "scatter_max": _scatter("max"),
    "masked_sum": _masked("sum"),
    "masked_prod": _masked("prod"),
    "masked_max": _masked("max", below=True),
}
STATISTICS: dict[str, Template] = {
    **shared(
        NUMPY,
        *("median", "ptp", "var", "std", "nanmean", "cov", "corrcoef", "diff", "trapezoid"),
    ),
    "sort_by": "jnp.take_along_axis({1}, jnp.argsort({0}, axis={axis}), axis={axis})",
    "top_k": "jax.lax.top_k({0}, {k})[0]",
    "kth_value": _kth_value,
    "quantile": "jnp.quantile({0}, jnp.array({q}, dtype={0}.dtype), axis={axis})",
    "cumulative_max": _running("cummax"),
    "cumulative_min": _running("cummin"),
    "interp": (
        "jnp.interp({0}, jnp.array({knots}, dtype={0}.dtype), "
        "jnp.array({heights}, dtype={0}.dtype))"
    ),
}
SPECIAL: dict[str, Template] = {
    **called(
        "jax.scipy.special",
        *("beta", "betaln", "digamma", "entr", "erf", "erfc", "erfcx", "erfinv", "exp1", "expi"),
        *("expit", "gamma", "i0", "i0e", "i1", "i1e", "logit", "ndtr", "ndtri", "rel_entr"),
        *("xlog1py", "xlogy"),
    ),
    **shared(NUMPY, "lgamma", "polygamma", "logsumexp", namespace="jax.scipy.special"),
    **shared(TORCH, "zeta", namespace="jax.scipy.special"),
    # By default JAX takes three terms of the expansion in the tail, as it documents.
    "log_ndtr": "jax.scipy.special.log_ndtr({0}, series_order=12)",
    **shared(NUMPY, "exp2", "cbrt", "sinc"),
    "logcumsumexp": _running("cumlogsumexp"),
    **shared(NUMPY, "softmax", "log_softmax", namespace="jax.nn"),
}
LINEAR_ALGEBRA: dict[str, Template] = {
    **decompositions(
        *("cholesky", "eigvalsh", "eigenvector_weights", "eigh_exp", "eigh_sqrt", "qr_r", "qr_q"),
        *("polar_factor", "column_projection"),
        transpose=TRANSPOSE,
        eigenvectors=".eigenvectors",
        diagonal="jnp.linalg.diagonal(r)",
    ),
    "cholesky_solve": (
        f"jax.scipy.linalg.cho_solve(jax.scipy.linalg.cho_factor({SYMMETRIC}), {{1}})"
    ),
    "lu_solve": "jax.scipy.linalg.lu_solve(jax.scipy.linalg.lu_factor({0}), {1})",
    "solve_triangular": solver(
        "jax.scipy.linalg.solve_triangular({0}, {1}, lower={lower}, "
        "unit_diagonal={unit_diagonal}, trans={trans})"
    ),
    **shared(NUMPY, "matrix_exp", namespace="jax.scipy"),
    **shared(TORCH, "svdvals", "slogdet"),
    "lstsq": "jnp.linalg.lstsq({0}, {1})[0]",
    **shared(NUMPY, "pinv", "matrix_power", "multi_dot", "kron", "cross", "inner"),
    **shared(NUMPY, "convolve", "polyval"),
    "vander": "jnp.vander({0}, {columns}, increasing={increasing})",
    "vector_norm_ord": norm(
        "jnp.linalg.vector_norm({0}, ord={ord}, axis={axis}, keepdims={keepdims})"
    ),
    "matrix_norm_ord": norm("jnp.linalg.matrix_norm({0}, ord={ord})"),
}
