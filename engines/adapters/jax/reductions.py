"""How JAX writes reductions over several axes, of some entries, and scans from the end."""

from __future__ import annotations

from ad_conformance.engines.adapters.numpy_calls import (
    axis_from_0,
    broadcast_mask,
    text_of,
    unless,
)
from ad_conformance.generators.catalogue.operation import Call, Template

_KEPT = "axis={axes}, keepdims={keepdims}"


def _masked(function: str, *more: str) -> Template:
    def write_call(call: Call) -> str:
        options = "".join(f", {text}" for text in more).format(**call.params)
        return (
            f"{function}({call.operands[0]}, axis={call.params['axis']}, "
            f"keepdims={call.params['keepdims']}, where={broadcast_mask(call)}{options})"
        )

    return write_call


def _from_end(name: str) -> Template:
    """A scan of `jax.lax`, which takes axes counted from 0 only."""
    return lambda call: (
        f"jax.lax.{name}({call.operands[0]}, axis={axis_from_0(call)}, reverse=True)"
    )


def _top_k(call: Call) -> str:
    return text_of("jax.lax.top_k({0}, {k}, axis={axis})[0]", call)


REDUCTIONS: dict[str, Template] = {
    **{
        f"{name}_axes": f"jnp.{name}({{0}}, {_KEPT})"
        for name in ("sum", "mean", "prod", "max", "min")
    },
    "logsumexp_axes": f"jax.scipy.special.logsumexp({{0}}, {_KEPT})",
    "var_axes": f"jnp.var({{0}}, {_KEPT}, ddof={{correction}})",
    "std_axes": f"jnp.std({{0}}, {_KEPT}, ddof={{correction}})",
    **{
        f"{name}_where": _masked(f"jnp.{name}", "initial={initial}")
        for name in ("sum", "prod", "max", "min")
    },
    "mean_where": _masked("jnp.mean"),
    "var_where": _masked("jnp.var", "ddof={correction}"),
    "std_where": _masked("jnp.std", "ddof={correction}"),
    "logsumexp_where": _masked("jax.nn.logsumexp"),
    "average": "jnp.average({0}, axis={axis}, weights={1})",
    "cov_weighted": "jnp.cov({0}, ddof={correction}, aweights={1})",
    "sum_from_end": _from_end("cumsum"),
    "prod_from_end": _from_end("cumprod"),
    "max_from_end": _from_end("cummax"),
    "min_from_end": _from_end("cummin"),
    "logsumexp_from_end": _from_end("cumlogsumexp"),
    "cumulative_sum_initial": "jnp.cumulative_sum({0}, axis={axis}, include_initial=True)",
    "cumulative_prod_initial": "jnp.cumulative_prod({0}, axis={axis}, include_initial=True)",
    "top_k_along": unless(lambda call: not call.params["largest"], "smallest entries", _top_k),
    "numerical_gradient": unless(
        lambda call: call.params["edge"] != 1,
        "edge_order",
        "jnp.gradient({0}, {spacing}, axis={axis})",
    ),
    "diff_joined": "jnp.diff({0}, n={n}, axis={axis}, prepend={1}, append={2})",
}
