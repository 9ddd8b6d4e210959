"""PyTorch: torch.func, and create_graph with torch.autograd.grad and dual numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from engines.contract import Engine
from generators.dialects import Dialect
from generators.operations import Call

HEADER = """\
import numpy as np
import torch

torch.set_num_threads(1)
"""

CREATE_GRAPH = """\
import numpy as np
import torch

torch.set_num_threads(1)


def jacobian(f):
    def derivative(x):
        x = x if x.requires_grad else x.detach().requires_grad_()
        y = f(x)
        if not y.requires_grad or not y.numel():
            return torch.zeros(y.shape + x.shape, dtype=y.dtype)
        rows = [
            torch.autograd.grad(entry, x, create_graph=True, materialize_grads=True)[0]
            for entry in y.reshape(-1)
        ]
        return torch.stack(rows).reshape(y.shape + x.shape)

    return derivative
"""


def _dims(name: str) -> str:
    return f"torch.{name}({{0}}, dim={{axis}}, keepdim={{keepdims}})"


def _prod(call: Call) -> str:
    x, (axis, keepdims) = call.operands[0], (call.params["axis"], call.params["keepdims"])
    if axis is not None:
        return f"torch.prod({x}, dim={axis}, keepdim={keepdims})"
    shape = (1,) * len(call.shapes[0])
    return f"torch.prod({x}).reshape({shape})" if keepdims else f"torch.prod({x})"


def _extremum(name: str) -> Callable[[Call], str]:
    def spelling(call: Call) -> str:
        x, axis, keepdims = call.operands[0], call.params["axis"], call.params["keepdims"]
        if axis is None and not keepdims:
            return f"torch.{name}({x})"
        return f"torch.a{name}({x}, dim={() if axis is None else axis}, keepdim={keepdims})"

    return spelling


def _trace(call: Call) -> str:
    x = call.operands[0]
    return f"torch.trace({x})" if len(call.shapes[0]) == 2 else f"torch.linalg.diagonal({x}).sum(-1)"


def _wrapped(call: Call) -> str:
    """The indices of the call as a tensor, none counted from the end."""
    indices = np.array(call.params["indices"], dtype=int) % call.shapes[0][call.params["axis"]]
    return f"torch.tensor({indices.tolist()}, dtype=torch.long)"


def _indexed(template: str) -> Callable[[Call], str]:
    """The template with {i} for the indices, {0}, {1} for the operands and {axis} for the axis."""
    return lambda call: template.format(*call.operands, i=_wrapped(call), axis=call.params["axis"])


def _gather(call: Call) -> str:
    negative = np.any(np.array(call.params["indices"]) < 0)
    return _indexed("torch.take_along_dim({0}, {i}, {axis})" if negative else "torch.gather({0}, {axis}, {i})")(call)


def _index_set(call: Call) -> str:
    if call.params["axis"] % len(call.shapes[0]) == 0:
        return _indexed("torch.index_put({0}, ({i},), {1})")(call)
    return _indexed("torch.index_copy({0}, {axis}, {i}, {1})")(call)


def _pad(mode: str) -> Callable[[Call], str]:
    def spelling(call: Call) -> str:
        # Only batches can be padded so.
        x, widths = call.operands[0], call.params["widths"]
        if len(call.shapes[0]) == 1:
            return f"torch.nn.functional.pad({x}[None], {widths}, mode='{mode}')[0]"
        return f"torch.nn.functional.pad({x}, {widths}, mode='{mode}')"

    return spelling


def _repeat(call: Call) -> str:
    repeats = call.params["repeats"]
    count = repeats[0] if len(repeats) == 1 else f"torch.tensor({list(repeats)}, dtype=torch.long)"
    return f"torch.repeat_interleave({call.operands[0]}, {count}, dim={call.params['axis']})"


def _median(call: Call) -> str:
    """Torch's own median takes the lower of two in the middle."""
    x, (axis, keepdims) = call.operands[0], (call.params["axis"], call.params["keepdims"])
    n = math.prod(call.shapes[0]) if axis is None else call.shapes[0][axis]
    if n % 2 and axis is not None:
        return f"torch.median({x}, dim={axis}, keepdim={keepdims}).values"
    if n % 2 and not keepdims:
        return f"torch.median({x})"
    return f"torch.quantile({x}, 0.5, dim={axis}, keepdim={keepdims})"


def _kth_value(call: Call) -> str:
    x, (axis, k) = call.operands[0], (call.params["axis"], call.params["k"])
    if k == (call.shapes[0][axis] + 1) // 2:
        return f"torch.median({x}, dim={axis}).values"
    return f"torch.kthvalue({x}, {k}, dim={axis}).values"


def _ptp(call: Call) -> str:
    x, (axis, keepdims) = call.operands[0], (call.params["axis"], call.params["keepdims"])
    if axis is None and keepdims:
        return f"torch.amax({x}, dim=(), keepdim=True) - torch.amin({x}, dim=(), keepdim=True)"
    dim = "" if axis is None else f", dim={axis}, keepdim={keepdims}"
    return f"torch.sub(*reversed(torch.aminmax({x}{dim})))"


def _masked(name: str, otherwise: float | None) -> Callable[[Call], str]:
    """A reduction of what lies above the threshold; None for what lies one below it otherwise."""

    def spelling(call: Call) -> str:
        x, (threshold, axis) = call.operands[0], (call.params["threshold"], call.params["axis"])
        rest = threshold - 1.0 if otherwise is None else otherwise
        return f"torch.{name}(torch.where({x} > {threshold}, {x}, {rest}){'' if axis is None else f', dim={axis}'})"

    return spelling


torch = Engine(
    name="torch",
    distribution="torch",
    module="torch",
    header=HEADER,
    dialect=Dialect(
        namespace="torch",
        array="torch.tensor({value}, dtype=torch.float64)",
        spellings={
            "sum": _dims("sum"),
            "mean": _dims("mean"),
            "prod": _prod,
            "max": _extremum("max"),
            "min": _extremum("min"),
            "cumulative_sum": "torch.cumsum({0}, dim={axis})",
            "cumulative_prod": "torch.cumprod({0}, dim={axis})",
            "stack": "torch.stack([{args}], dim={axis})",
            "concat": "torch.concat([{args}], dim={axis})",
            "expand_dims": "torch.unsqueeze({0}, dim={axis})",
            "permute_dims": "torch.permute({0}, {axes})",
            "matrix_transpose": "{0}.mT",
            "flip": "torch.flip({0}, ({axis},))",
            "roll": "torch.roll({0}, {shift}, dims={axis})",
            "take": "torch.index_select({0}, {axis}, torch.tensor({indices}))",
            "tensordot": "torch.tensordot({0}, {1}, dims={axes})",
            "outer": "torch.outer({0}, {1})",
            "vecdot": "torch.linalg.vecdot({0}, {1})",
            "trace": _trace,
            "softplus": "torch.nn.functional.softplus({0})",
            "silu": "torch.nn.functional.silu({0})",
            "vector_norm": "torch.linalg.vector_norm({0}, dim={axis})",
            # gathering, scattering, moving
            "take_along_axis": _gather,
            "unstack": "torch.unbind({0}, dim={axis})[{which}]",
            "split": "torch.tensor_split({0}, {sections}, dim={axis})[{which}]",
            "pad_constant": "torch.nn.functional.pad({0}, {widths}, value={value})",
            "pad_edge": _pad("replicate"),
            "pad_reflect": _pad("reflect"),
            "pad_wrap": _pad("circular"),
            "tile": "torch.tile({0}, {repetitions})",
            "repeat": _repeat,
            "roll_axes": "torch.roll({0}, {shift}, dims={axis})",
            "rot90": "torch.rot90({0}, {k}, dims=(0, 1))",
            "moveaxis": "torch.movedim({0}, {source}, {destination})",
            "squeeze": "torch.squeeze({0}, dim={axis})",
            "unfold": "{0}.unfold({axis}, {size}, {step})",
            "diag_embed": "torch.diag_embed({0}, offset={offset})",
            "diagonal_offset": "torch.diagonal({0}, offset={offset}, dim1=-2, dim2=-1)",
            "tril_offset": "torch.tril({0}, {k})",
            "triu_offset": "torch.triu({0}, {k})",
            "outer_sum": "torch.add(*torch.meshgrid({0}, {1}, indexing='ij'))",
            "index_set": _index_set,
            "slice_set": "torch.slice_scatter({args}, dim={axis}, start={start}, end={stop}, step={step})",
            "index_add": _indexed("torch.index_add({0}, {axis}, {i}, {1})"),
            "index_multiply": _indexed("torch.index_reduce({0}, {axis}, {i}, {1}, 'prod')"),
            "index_max": _indexed("torch.index_reduce({0}, {axis}, {i}, {1}, 'amax')"),
            "scatter_add": _indexed("torch.scatter_add({0}, {axis}, {i}, {1})"),
            "scatter_multiply": _indexed("torch.scatter_reduce({0}, {axis}, {i}, {1}, 'prod')"),
            "scatter_max": _indexed("torch.scatter_reduce({0}, {axis}, {i}, {1}, 'amax')"),
            "scatter_mean": _indexed("torch.scatter_reduce({0}, {axis}, {i}, {1}, 'mean')"),
            "masked_sqrt": "torch.where({0} > {threshold}, torch.sqrt({0}), 0.0)",
            "masked_log": "torch.where({0} > {threshold}, torch.log({0}), 0.0)",
            "masked_reciprocal": "torch.where({0} > {threshold}, torch.reciprocal({0}), 0.0)",
            "masked_sum": _masked("sum", 0.0),
            "masked_prod": _masked("prod", 1.0),
            "masked_max": _masked("amax", None),
            # statistics
            "sort": "torch.sort({0}, dim={axis}, descending={descending}).values",
            "sort_by": "torch.gather({1}, {axis}, torch.argsort({0}, dim={axis}, stable=True))",
            "top_k": "torch.topk({0}, {k}).values",
            "kth_value": _kth_value,
            "median": _median,
            "quantile": "torch.quantile({0}, torch.tensor({q}, dtype=torch.float64), dim={axis})",
            "cumulative_max": "torch.cummax({0}, dim={axis}).values",
            "cumulative_min": "torch.cummin({0}, dim={axis}).values",
            "ptp": _ptp,
            "var": "torch.var({0}, dim={axis}, keepdim={keepdims}, correction={correction})",
            "std": "torch.std({0}, dim={axis}, keepdim={keepdims}, correction={correction})",
            "nanmean": "torch.nanmean({0}, dim={axis}, keepdim={keepdims})",
            "cov": "torch.cov({0}, correction={correction})",
            "diff": "torch.diff({0}, n={n}, dim={axis})",
            "trapezoid": "torch.trapezoid({0}, {1}, dim={axis})",
        },
    ),
    levels={"R": "torch.func.jacrev({f})", "F": "torch.func.jacfwd({f})"},
    # torch.func returns ZeroTensors for derivatives that vanish, whose .numpy() raises and whose .tolist() and
    # .numpy(force=True) read unmapped memory; a clone is an ordinary tensor.
    run="got = derivative(x).detach().clone().numpy()",
    environment={"OMP_NUM_THREADS": "1"},
    unsupported=(
        ("NotImplementedError", r"^Trying to use forward AD with \w+ that does not support it"),
        ("RuntimeError", r"Double backward is unsupported for \w+ when >1 zeros"),
    ),
)

create_graph = replace(torch, name="torch-autograd", header=CREATE_GRAPH, levels={"R": "jacobian({f})"})
