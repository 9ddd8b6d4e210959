"""PyTorch: torch.func, and create_graph with torch.autograd.grad and dual numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

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


def _logsumexp(call: Call) -> str:
    x, axis, keepdims = call.operands[0], call.params["axis"], call.params["keepdims"]
    dim = tuple(range(len(call.shapes[0]))) if axis is None else axis
    return f"torch.logsumexp({x}, dim={dim}, keepdim={keepdims})"


SPECIAL = (
    "digamma", "entr", "erf", "erfc", "erfcx", "erfinv", "exp2", "expit", "i0", "i0e", "i1", "i1e", "log_ndtr", "logit",
    "ndtr", "ndtri", "sinc", "xlog1py", "xlogy",
)  # fmt: skip

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
            **{name: f"torch.special.{name}({{args}})" for name in SPECIAL},
            "lgamma": "torch.lgamma({0})",
            "polygamma": "torch.special.polygamma({n}, {0})",
            "zeta": "torch.special.zeta({s}.0, {0})",
            "logsumexp": _logsumexp,
            "logcumsumexp": "torch.logcumsumexp({0}, dim={axis})",
            "softmax": "torch.softmax({0}, dim={axis})",
            "log_softmax": "torch.log_softmax({0}, dim={axis})",
            "logsigmoid": "torch.nn.functional.logsigmoid({0})",
            "softplus": "torch.nn.functional.softplus({0})",
            "silu": "torch.nn.functional.silu({0})",
            "vector_norm": "torch.linalg.vector_norm({0}, dim={axis})",
        },
    ),
    levels={"R": "torch.func.jacrev({f})", "F": "torch.func.jacfwd({f})"},
    unsupported=(
        ("RuntimeError", r"^derivative for aten::\w+ is not implemented"),
        ("NotImplementedError", r"^Trying to use forward AD with \w+ that does not support it"),
    ),
    # torch.func returns ZeroTensors for derivatives that vanish, whose .numpy() raises and whose .tolist() and
    # .numpy(force=True) read unmapped memory; a clone is an ordinary tensor.
    run="got = derivative(x).detach().clone().numpy()",
    environment={"OMP_NUM_THREADS": "1"},
)

create_graph = replace(torch, name="torch-autograd", header=CREATE_GRAPH, levels={"R": "jacobian({f})"})
