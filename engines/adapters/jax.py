"""JAX: one jit per case, and the same without jit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from ad_conformance.engines.contract import Engine
from ad_conformance.generators.catalogue.extra.control_flow import body_text
from ad_conformance.generators.catalogue.operation import (
    Call,
    along,
    order_text,
    padded,
    whole_index,
)
from ad_conformance.generators.render.dialect import Dialect

HEADER = """\
import jax
import jax.numpy as jnp
import jax.scipy.linalg
import jax.scipy.special
import numpy as np

jax.config.update("jax_enable_x64", True)
"""

# Whatever triangle an engine reads.
SYMMETRIC = "({0} + {0}.mT) / 2"
EIGH = (
    "(lambda w, v: (v * jnp.{f}(w)[..., None, :]) @ v.mT)(*jnp.linalg.eigh(({{0}} + {{0}}.mT) / 2))"
)


def _solve_triangular(call: Call) -> str:
    upper, unit, transposed = (call.params[k] for k in ("upper", "unit_diagonal", "transpose"))
    options = f"lower={not upper}, unit_diagonal={unit}, trans={int(transposed)}"
    return f"jax.scipy.linalg.solve_triangular({', '.join(call.operands)}, {options})"


def _norm(template: str) -> Callable[[Call], str]:
    return lambda call: template.format(
        *call.operands, **{k: order_text(v) for k, v in call.params.items()}
    )


def _layer_norm(call: Call) -> str:
    x, *scale = call.operands
    text = f"jax.nn.standardize({x}, algorithm='stable', epsilon={call.params['eps']})"
    return f"{text} * {scale[0]} + {scale[1]}" if scale else text


NETWORKS: dict[str, str | Callable[[Call], str]] = {
    "gelu": "jax.nn.gelu({0}, approximate=False)",
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
        "jax.lax.conv_general_dilated({0}[None, None], {1}[None, None], ({stride},), [({padding}, "
        "{padding})], "
        "rhs_dilation=({dilation},))[0, 0]"
    ),
    "avg_pool1d": "jax.lax.reduce_window({0}, 0.0, jax.lax.add, ({window},), ({stride},), "
    "'VALID') / {window}",
    "max_pool1d": "jax.lax.reduce_window({0}, -jnp.inf, jax.lax.max, ({window},), ({stride},), "
    "'VALID')",
    "polyval": "jnp.polyval({0}, {1})",
}


def _inner(call: Call) -> str:
    return f"jax.grad(lambda t: jnp.sum({body_text(call)}))"


def _descent(call: Call) -> str:
    step = f"lambda k, q: q - {call.params['rate']} * {_inner(call)}(q)"
    return f"jax.lax.fori_loop(0, {call.params['count']}, {step}, {call.operands[0]})"


NESTING: dict[str, str | Callable[[Call], str]] = {
    "newton_sqrt": "jax.lax.fori_loop(0, {count}, lambda k, t: (t + {0} / t) / 2, jnp.ones_like("
    "{0}))",
    "logistic_map": "jax.lax.fori_loop(0, {count}, lambda k, t: {rate} * t * (1 - t), {0})",
    "scan_decay": "jax.lax.scan(lambda h, v: ({decay} * h + v,) * 2, 0.0, {0})[1]",
    "scan_tanh": "jax.lax.scan(lambda h, v: (jnp.tanh({1} * h + v),) * 2, 0.0, {0})[1]",
    "branch": "jax.lax.cond(jnp.sum({0}) > {threshold}, lambda t: t * jnp.sin(t), lambda t: t * t,"
    " {0})",
    "associative_product": "jax.lax.associative_scan(jnp.multiply, {0}, axis={axis})",
    "implicit_sqrt": (
        "jax.lax.custom_root(lambda t: t * t - {0}, jnp.ones_like({0}), "
        "lambda f, t: jax.lax.fori_loop(0, 40, lambda k, t: t - f(t) / (2 * t), t), "
        "lambda g, y: y / g(jnp.ones_like(y)))"
    ),
    "checkpointed": "jax.checkpoint(lambda t: jnp.sin(t) * jnp.exp(-t * t))({0})",
    "inner_derivative": lambda call: f"{_inner(call)}({call.operands[0]})",
    "inner_second_derivative": lambda call: (
        f"jax.grad(lambda s: jnp.sum({_inner(call)}(s)))({call.operands[0]})"
    ),
    "inner_pushforward": lambda call: (
        f"jax.jvp(lambda t: {body_text(call)}, ({call.operands[0]},), ({call.operands[1]},))[1]"
    ),
    "descent": _descent,
}


def _unique(method: str, places: Sequence[object]) -> str:
    """JAX differentiates products only of indices that it is told to be all different."""
    return (
        ", unique_indices=True" if method == "multiply" and len(set(places)) == len(places) else ""
    )


def _update(method: str) -> Callable[[Call], str]:
    """`x.at[..., indices, ...].method(v)`, the indices of one axis."""

    def write(call: Call) -> str:
        indices = call.params["indices"]
        unique = _unique(method, [i % call.shapes[0][call.params["axis"]] for i in indices])
        return f"{along(call, f'np.array({indices})', '.at')}.{method}({call.operands[1]}{unique})"

    return write


def _scatter(method: str) -> Callable[[Call], str]:
    """`x.at[rows, columns].method(v)`, each entry with indices of its own."""

    def write(call: Call) -> str:
        grid = whole_index(call)
        text = ", ".join(f"np.array({places})" for places in grid)
        unique = _unique(
            method, list(zip(*(np.ravel(places).tolist() for places in grid), strict=True))
        )
        return f"{call.operands[0]}.at[{text}].{method}({call.operands[1]}{unique})"

    return write


def _slice_set(call: Call) -> str:
    start, stop, step = (call.params[k] for k in ("start", "stop", "step"))
    return f"{along(call, f'{start}:{stop}:{step}', '.at')}.set({call.operands[1]})"


def _repeat(call: Call) -> str:
    repeats = call.params["repeats"]
    count = repeats[0] if len(repeats) == 1 else f"np.array({list(repeats)}, dtype=int)"
    return f"jnp.repeat({call.operands[0]}, {count}, axis={call.params['axis']})"


def _diag_embed(call: Call) -> str:
    x, offset = call.operands[0], call.params["offset"]
    return (
        f"jnp.diag({x}, {offset})"
        if len(call.shapes[0]) == 1
        else f"jax.vmap(lambda v: jnp.diag(v, {offset}))({x})"
    )


def _kth_value(call: Call) -> str:
    k, axis = call.params["k"] - 1, call.params["axis"]
    return f"jnp.take(jnp.partition({call.operands[0]}, {k}, axis={axis}), {k}, axis={axis})"


def _running(name: str) -> Callable[[Call], str]:
    return lambda call: (
        f"jax.lax.{name}({call.operands[0]}, axis={call.params['axis'] % len(call.shapes[0])})"
    )


def _masked(name: str, below: bool = False) -> Callable[[Call], str]:
    """A reduction of what lies above the threshold; `below`: or what lies one below it where
    nothing does.
    """

    def write(call: Call) -> str:
        x, (threshold, axis) = call.operands[0], (call.params["threshold"], call.params["axis"])
        initial = f", initial={threshold - 1.0}" if below else ""
        return f"jnp.{name}({x}, axis={axis}{initial}, where={x} > {threshold})"

    return write


SPECIAL = (
    "beta", "betaln", "digamma", "entr", "erf", "erfc", "erfcx", "erfinv", "exp1", "expi", "expit", "gamma", "i0",
    "i0e", "i1", "i1e", "logit", "ndtr", "ndtri", "rel_entr", "xlog1py", "xlogy",
)  # fmt: skip

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
            "take": "jnp.take({0}, jnp.asarray({indices}), axis={axis})",
            "atan2": "jnp.atan2({0}, {1})",
            "cholesky": f"jnp.linalg.cholesky({SYMMETRIC})",
            "cholesky_solve": f"jax.scipy.linalg.cho_solve(jax.scipy.linalg.cho_factor("
            f"{SYMMETRIC}), {{1}})",
            "lu_solve": "jax.scipy.linalg.lu_solve(jax.scipy.linalg.lu_factor({0}), {1})",
            "matrix_exp": "jax.scipy.linalg.expm({0})",
            "eigvalsh": f"jnp.linalg.eigvalsh({SYMMETRIC})",
            "eigenvector_weights": f"jnp.linalg.eigh({SYMMETRIC}).eigenvectors ** 2",
            "eigh_exp": EIGH.format(f="exp"),
            "eigh_sqrt": EIGH.format(f="sqrt"),
            "einsum": "jnp.einsum('{subscripts}', {args})",
            "qr_r": "(lambda q, r: r * jnp.sign(jnp.linalg.diagonal(r))[..., :, None])("
            "*jnp.linalg.qr({0}))",
            "qr_q": "(lambda q, r: q * jnp.sign(jnp.linalg.diagonal(r))[..., None, :])("
            "*jnp.linalg.qr({0}))",
            "svdvals": "jnp.linalg.svdvals({0})",
            "polar_factor": "(lambda u, s, vh: u @ vh)(*jnp.linalg.svd({0}, full_matrices=False))",
            "column_projection": "(lambda u, s, vh: u @ u.mT)(*jnp.linalg.svd({0}, "
            "full_matrices=False))",
            "slogdet": "jnp.linalg.slogdet({0}).logabsdet",
            "pinv": "jnp.linalg.pinv({0})",
            "lstsq": "jnp.linalg.lstsq({0}, {1})[0]",
            "solve_triangular": _solve_triangular,
            "matrix_power": "jnp.linalg.matrix_power({0}, {n})",
            "kron": "jnp.kron({0}, {1})",
            "cross": "jnp.cross({0}, {1}, axis={axis})",
            "inner": "jnp.inner({0}, {1})",
            "multi_dot": "jnp.linalg.multi_dot([{args}])",
            "vander": "jnp.vander({0}, {columns}, increasing={increasing})",
            "corrcoef": "jnp.corrcoef({0}).reshape({0}.shape[0], {0}.shape[0])",
            "vector_norm_ord": _norm(
                "jnp.linalg.vector_norm({0}, ord={ord}, axis={axis}, keepdims={keepdims})"
            ),
            "matrix_norm_ord": _norm("jnp.linalg.matrix_norm({0}, ord={ord})"),
            **NETWORKS,
            **NESTING,
            **{name: f"jax.scipy.special.{name}({{args}})" for name in SPECIAL},
            "lgamma": "jax.scipy.special.gammaln({0})",
            # By default the expansion in the tail has three terms, as documented.
            "log_ndtr": "jax.scipy.special.log_ndtr({0}, series_order=12)",
            "polygamma": "jax.scipy.special.polygamma({n}, {0})",
            "zeta": "jax.scipy.special.zeta({s}.0, {0})",
            "exp2": "jnp.exp2({0})",
            "cbrt": "jnp.cbrt({0})",
            "sinc": "jnp.sinc({0})",
            "logsumexp": "jax.scipy.special.logsumexp({0}, axis={axis}, keepdims={keepdims})",
            "logcumsumexp": lambda call: (
                f"jax.lax.cumlogsumexp({call.operands[0]}, "
                f"axis={call.params['axis'] % len(call.shapes[0])})"
            ),
            "softmax": "jax.nn.softmax({0}, axis={axis})",
            "log_softmax": "jax.nn.log_softmax({0}, axis={axis})",
            # gathering, scattering, moving
            "take_along_axis": "jnp.take_along_axis({0}, np.array({indices}), axis={axis})",
            "unstack": "jnp.unstack({0}, axis={axis})[{which}]",
            "split": "jnp.array_split({0}, {sections}, axis={axis})[{which}]",
            "pad_constant": padded("jnp.pad", "constant"),
            "pad_edge": padded("jnp.pad", "edge"),
            "pad_reflect": padded("jnp.pad", "reflect"),
            "pad_wrap": padded("jnp.pad", "wrap"),
            "tile": "jnp.tile({0}, {repetitions})",
            "repeat": _repeat,
            "roll_axes": "jnp.roll({0}, {shift}, axis={axis})",
            "rot90": "jnp.rot90({0}, {k})",
            "moveaxis": "jnp.moveaxis({0}, {source}, {destination})",
            "squeeze": "jnp.squeeze({0}, axis={axis})",
            "diag_embed": _diag_embed,
            "diagonal_offset": "jnp.diagonal({0}, {offset}, -2, -1)",
            "tril_offset": "jnp.tril({0}, {k})",
            "triu_offset": "jnp.triu({0}, {k})",
            "outer_sum": "jnp.add.outer({0}, {1})",
            "index_set": _update("set"),
            "slice_set": _slice_set,
            "index_add": _update("add"),
            "index_multiply": _update("multiply"),
            "index_max": _update("max"),
            "scatter_add": _scatter("add"),
            "scatter_multiply": _scatter("multiply"),
            "scatter_max": _scatter("max"),
            "masked_sqrt": "jnp.where({0} > {threshold}, jnp.sqrt({0}), 0.0)",
            "masked_log": "jnp.where({0} > {threshold}, jnp.log({0}), 0.0)",
            "masked_reciprocal": "jnp.where({0} > {threshold}, jnp.reciprocal({0}), 0.0)",
            "taken_sqrt": "jnp.take(jnp.sqrt({0}), jnp.array({indices}), axis=-1)",
            "sliced_log": "jnp.log({0})[..., {start}:]",
            "root_at_least": "jnp.maximum(jnp.sqrt(jnp.square({0})), {least})",
            "reciprocal_at_most": "jnp.minimum(jnp.reciprocal(jnp.square({0})), {most})",
            "largest_root": "jnp.max(jnp.sqrt(jnp.square({0})), axis={axis})",
            "masked_sum": _masked("sum"),
            "masked_prod": _masked("prod"),
            "masked_max": _masked("max", below=True),
            # statistics
            "sort_by": "jnp.take_along_axis({1}, jnp.argsort({0}, axis={axis}), axis={axis})",
            "top_k": "jax.lax.top_k({0}, {k})[0]",
            "kth_value": _kth_value,
            "median": "jnp.median({0}, axis={axis}, keepdims={keepdims})",
            "quantile": "jnp.quantile({0}, jnp.array({q}, dtype={0}.dtype), axis={axis})",
            "cumulative_max": _running("cummax"),
            "cumulative_min": _running("cummin"),
            "ptp": "jnp.ptp({0}, axis={axis}, keepdims={keepdims})",
            "var": "jnp.var({0}, axis={axis}, keepdims={keepdims}, ddof={correction})",
            "std": "jnp.std({0}, axis={axis}, keepdims={keepdims}, ddof={correction})",
            "nanmean": "jnp.nanmean({0}, axis={axis}, keepdims={keepdims})",
            "cov": "jnp.cov({0}, ddof={correction})",
            "diff": "jnp.diff({0}, n={n}, axis={axis})",
            "trapezoid": "jnp.trapezoid({0}, {1}, axis={axis})",
            "interp": "jnp.interp({0}, jnp.array({knots}, dtype={0}.dtype), jnp.array({heights}, "
            "dtype={0}.dtype))",
        },
    ),
    mode_transforms={"R": "jax.jacrev({f})", "F": "jax.jacfwd({f})"},
    operators={
        "gradient": "jax.grad({f})",
        "pushforward": "lambda x: jax.jvp({f}, (x,), ({v},))[1]",
        "pullback": "lambda x: jax.vjp({f}, x)[1]({w})[0]",
    },
    compile="derivative = jax.jit({nested}).lower(x).compile()",
    environment={"JAX_PLATFORMS": "cpu"},
    unsupported=(("NotImplementedError", r"^scatter_mul gradients are only implemented if"),),
)

eager = replace(jax, name="jax-eager", compile="derivative = {nested}")
