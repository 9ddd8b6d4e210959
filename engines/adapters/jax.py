"""JAX: one jit per case, and the same without jit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from engines.contract import Engine
from generators.dialects import Dialect
from generators.operations import Call, along, whole_index

HEADER = """\
import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)
"""


def _unique(method: str, places: Sequence[object]) -> str:
    """JAX differentiates products only of indices that it is told to be all different."""
    return ", unique_indices=True" if method == "multiply" and len(set(places)) == len(places) else ""


def _update(method: str) -> Callable[[Call], str]:
    """`x.at[..., indices, ...].method(v)`, the indices of one axis."""

    def spelling(call: Call) -> str:
        indices = call.params["indices"]
        unique = _unique(method, [i % call.shapes[0][call.params["axis"]] for i in indices])
        return f"{along(call, f'np.array({indices})', '.at')}.{method}({call.operands[1]}{unique})"

    return spelling


def _scatter(method: str) -> Callable[[Call], str]:
    """`x.at[rows, columns].method(v)`, each entry with indices of its own."""

    def spelling(call: Call) -> str:
        grid = whole_index(call)
        text = ", ".join(f"np.array({places})" for places in grid)
        unique = _unique(method, list(zip(*(np.ravel(places).tolist() for places in grid), strict=True)))
        return f"{call.operands[0]}.at[{text}].{method}({call.operands[1]}{unique})"

    return spelling


def _slice_set(call: Call) -> str:
    start, stop, step = (call.params[k] for k in ("start", "stop", "step"))
    return f"{along(call, f'{start}:{stop}:{step}', '.at')}.set({call.operands[1]})"


def _pad(mode: str) -> Callable[[Call], str]:
    def spelling(call: Call) -> str:
        given = call.params["widths"]
        pairs = [(0, 0)] * (len(call.shapes[0]) - len(given) // 2)
        pairs += list(zip(given[::2], given[1::2], strict=True))[::-1]
        value = f", constant_values={call.params['value']}" if mode == "constant" else ""
        return f"jnp.pad({call.operands[0]}, {pairs}, mode='{mode}'{value})"

    return spelling


def _repeat(call: Call) -> str:
    repeats = call.params["repeats"]
    count = repeats[0] if len(repeats) == 1 else f"np.array({list(repeats)}, dtype=int)"
    return f"jnp.repeat({call.operands[0]}, {count}, axis={call.params['axis']})"


def _diag_embed(call: Call) -> str:
    x, offset = call.operands[0], call.params["offset"]
    return f"jnp.diag({x}, {offset})" if len(call.shapes[0]) == 1 else f"jax.vmap(lambda v: jnp.diag(v, {offset}))({x})"


def _kth_value(call: Call) -> str:
    k, axis = call.params["k"] - 1, call.params["axis"]
    return f"jnp.take(jnp.partition({call.operands[0]}, {k}, axis={axis}), {k}, axis={axis})"


def _running(name: str) -> Callable[[Call], str]:
    return lambda call: f"jax.lax.{name}({call.operands[0]}, axis={call.params['axis'] % len(call.shapes[0])})"


def _masked(name: str, below: bool = False) -> Callable[[Call], str]:
    """A reduction of what lies above the threshold; `below`: or what lies one below it where nothing does."""

    def spelling(call: Call) -> str:
        x, (threshold, axis) = call.operands[0], (call.params["threshold"], call.params["axis"])
        initial = f", initial={threshold - 1.0}" if below else ""
        return f"jnp.{name}({x}, axis={axis}{initial}, where={x} > {threshold})"

    return spelling


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
            "softplus": "jax.nn.softplus({0})",
            "silu": "jax.nn.silu({0})",
            # gathering, scattering, moving
            "take_along_axis": "jnp.take_along_axis({0}, np.array({indices}), axis={axis})",
            "unstack": "jnp.unstack({0}, axis={axis})[{which}]",
            "split": "jnp.array_split({0}, {sections}, axis={axis})[{which}]",
            "pad_constant": _pad("constant"),
            "pad_edge": _pad("edge"),
            "pad_reflect": _pad("reflect"),
            "pad_wrap": _pad("wrap"),
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
            "masked_sum": _masked("sum"),
            "masked_prod": _masked("prod"),
            "masked_max": _masked("max", below=True),
            # statistics
            "sort_by": "jnp.take_along_axis({1}, jnp.argsort({0}, axis={axis}), axis={axis})",
            "top_k": "jax.lax.top_k({0}, {k})[0]",
            "kth_value": _kth_value,
            "median": "jnp.median({0}, axis={axis}, keepdims={keepdims})",
            "quantile": "jnp.quantile({0}, jnp.array({q}), axis={axis})",
            "cumulative_max": _running("cummax"),
            "cumulative_min": _running("cummin"),
            "ptp": "jnp.ptp({0}, axis={axis}, keepdims={keepdims})",
            "var": "jnp.var({0}, axis={axis}, keepdims={keepdims}, ddof={correction})",
            "std": "jnp.std({0}, axis={axis}, keepdims={keepdims}, ddof={correction})",
            "nanmean": "jnp.nanmean({0}, axis={axis}, keepdims={keepdims})",
            "cov": "jnp.cov({0}, ddof={correction})",
            "diff": "jnp.diff({0}, n={n}, axis={axis})",
            "trapezoid": "jnp.trapezoid({0}, {1}, axis={axis})",
            "interp": "jnp.interp({0}, jnp.array({knots}), jnp.array({heights}))",
        },
    ),
    levels={"R": "jax.jacrev({f})", "F": "jax.jacfwd({f})"},
    compile="derivative = jax.jit({nested}).lower(x).compile()",
    environment={"JAX_PLATFORMS": "cpu"},
    unsupported=(("NotImplementedError", r"^scatter_mul gradients are only implemented if"),),
)

eager = replace(jax, name="jax-eager", compile="derivative = {nested}")
