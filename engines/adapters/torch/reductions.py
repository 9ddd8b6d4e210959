"""How PyTorch writes reductions over several axes, of some entries, and other statistics."""

from __future__ import annotations

from ad_conformance.engines.adapters.numpy_calls import axis_from_0, broadcast_mask, unless
from ad_conformance.generators.catalogue.operation import Call, Template

_KEPT = "dim={axes}, keepdim={keepdims}"
_SPREAD = _KEPT + ", correction={correction}"


def _masked(name: str, neutral: float | None = None) -> Template:
    """A reduction of torch.masked, which has no initial value."""

    def write_call(call: Call) -> str:
        axis = call.params["axis"]
        ndim = len(call.shapes[0])
        dim = tuple(range(ndim)) if axis is None else axis
        mask = broadcast_mask(call).replace("np.array", "torch.tensor")
        more = ""
        if "correction" in call.params:
            more = f", unbiased={call.params['correction'] == 1}"
        return (
            f"torch.masked.{name}({call.operands[0]}, dim={dim}, "
            f"keepdim={call.params['keepdims']}{more}, mask={mask})"
        )

    if neutral is None:
        return write_call
    return unless(lambda call: call.params["initial"] != neutral, "initial value", write_call)


def _mode(call: Call) -> str:
    axis, indices = call.params["axis"], list(call.params["indices"])
    taken = f"torch.index_select({call.operands[0]}, {axis}, torch.tensor({indices}))"
    return f"torch.mode({taken}, dim={axis}).values"


def _gradient(call: Call) -> str:
    spacing, edge = call.params["spacing"], call.params["edge"]
    return (
        f"torch.gradient({call.operands[0]}, spacing={spacing}, dim={axis_from_0(call)}, "
        f"edge_order={edge})[0]"
    )


REDUCTIONS: dict[str, Template] = {
    "sum_axes": f"torch.sum({{0}}, {_KEPT})",
    "mean_axes": f"torch.mean({{0}}, {_KEPT})",
    "max_axes": f"torch.amax({{0}}, {_KEPT})",
    "min_axes": f"torch.amin({{0}}, {_KEPT})",
    "logsumexp_axes": f"torch.logsumexp({{0}}, {_KEPT})",
    "var_axes": f"torch.var({{0}}, {_SPREAD})",
    "std_axes": f"torch.std({{0}}, {_SPREAD})",
    "sum_where": _masked("sum", 0.0),
    "prod_where": _masked("prod", 1.0),
    "mean_where": _masked("mean"),
    "var_where": _masked("var"),
    "std_where": _masked("std"),
    "logsumexp_where": _masked("logsumexp"),
    "cov_weighted": "torch.cov({0}, correction={correction}, aweights={1})",
    "cumulative_trapezoid": "torch.cumulative_trapezoid({0}, {1}, dim={axis})",
    "var_and_mean": "torch.stack(torch.var_mean({0}, dim={axis}, correction={correction}))",
    "std_and_mean": "torch.stack(torch.std_mean({0}, dim={axis}, correction={correction}))",
    "top_k_along": "torch.topk({0}, {k}, dim={axis}, largest={largest}).values",
    "mode_entry": _mode,
    "numerical_gradient": _gradient,
    "diff_joined": "torch.diff({0}, n={n}, dim={axis}, prepend={1}, append={2})",
}
