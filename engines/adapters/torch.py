"""PyTorch: torch.func, and create_graph with torch.autograd.grad and dual numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engines.contract import Engine
from generators.catalogue.nesting import body_text
from generators.dialects import Dialect
from generators.operations import Call

HEADER = """\
import functools
import itertools

import numpy as np
import torch

torch.set_num_threads(1)
"""

CREATE_GRAPH = """\
import functools
import itertools

import numpy as np
import torch
import torch.utils.checkpoint

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


def grad(f):
    def derivative(x):
        # A variable of its own: what f captures, even x itself, is another.
        t = x.clone()
        y = f(t)
        if not y.requires_grad:
            return torch.zeros_like(t)
        return torch.autograd.grad(y, t, create_graph=True, materialize_grads=True)[0]

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


F = "torch.nn.functional"


def _labels(call: Call) -> str:
    """The labels, as a number where the logits are one row."""
    labels = call.params["labels"]
    return f"torch.tensor({labels if len(call.shapes[0]) > 1 else labels[0]})"


def _cross_entropy(call: Call) -> str:
    return (
        f"{F}.cross_entropy({call.operands[0]}, {_labels(call)}, "
        f"label_smoothing={call.params['smoothing']}, reduction={call.params['reduction']!r})"
    )


def _nll_loss(call: Call) -> str:
    return f"{F}.nll_loss({call.operands[0]}, {_labels(call)}, reduction={call.params['reduction']!r})"


def _scaled(name: str, *values: str, trailing: bool = False) -> Callable[[Call], str]:
    """A normalization with its weight and bias, if it has them; `values` stand before these."""

    def spelling(call: Call) -> str:
        shape = [f"{call.shapes[0][-1:]}"] if trailing else []
        texts = [v.format(**call.params) for v in values]
        scale = [f"{k}={v}" for k, v in zip(("weight", "bias"), call.operands[1:], strict=False)]
        more = ["training=True"] if name == "batch_norm" else []
        arguments = [call.operands[0], *shape, *texts, *scale, *more, f"eps={call.params['eps']}"]
        return f"{F}.{name}({', '.join(arguments)})"

    return spelling


def _rms_norm(call: Call) -> str:
    x, *scale = call.operands
    more = f", weight={scale[0]}" if scale else ""
    text = f"{F}.rms_norm({x}, {call.shapes[0][-1:]}{more}, eps={call.params['eps']})"
    return f"{text} + {scale[1]}" if scale else text


_REDUCED = "reduction={reduction!r})"
NETWORKS: dict[str, str | Callable[[Call], str]] = {
    # Documented to become linear beyond a threshold, and to be an approximation there.
    "softplus": F + ".softplus({0}, threshold=1e6)",
    "logsigmoid": F + ".logsigmoid({0})",
    "silu": F + ".silu({0})",
    "mish": F + ".mish({0})",
    "gelu_tanh": F + ".gelu({0}, approximate='tanh')",
    "softsign": F + ".softsign({0})",
    "tanhshrink": F + ".tanhshrink({0})",
    "relu": F + ".relu({0})",
    "relu6": F + ".relu6({0})",
    "hardsigmoid": F + ".hardsigmoid({0})",
    "hardswish": F + ".hardswish({0})",
    "hardtanh": F + ".hardtanh({0}, {min}, {max})",
    "leaky_relu": F + ".leaky_relu({0}, {slope})",
    "prelu": F + ".prelu({0}, {1})",
    "elu": F + ".elu({0}, {alpha})",
    "celu": F + ".celu({0}, {alpha})",
    "selu": F + ".selu({0})",
    "softshrink": F + ".softshrink({0}, {lambd})",
    "hardshrink": F + ".hardshrink({0}, {lambd})",
    "glu": F + ".glu({0}, dim={axis})",
    "mse_loss": F + ".mse_loss({0}, {1}, " + _REDUCED,
    "l1_loss": F + ".l1_loss({0}, {1}, " + _REDUCED,
    "huber_loss": F + ".huber_loss({0}, {1}, delta={delta}, " + _REDUCED,
    "smooth_l1_loss": F + ".smooth_l1_loss({0}, {1}, beta={beta}, " + _REDUCED,
    # Not binary_cross_entropy, whose second derivative adds 1e-12 to the denominator on purpose.
    "binary_cross_entropy_with_logits": F + ".binary_cross_entropy_with_logits({0}, {1}, " + _REDUCED,
    "soft_margin_loss": F + ".soft_margin_loss({0}, {1}, " + _REDUCED,
    "poisson_nll_loss": F + ".poisson_nll_loss({0}, {1}, log_input={log_input}, eps={eps}, " + _REDUCED,
    "gaussian_nll_loss": F + ".gaussian_nll_loss({0}, {1}, {2}, " + _REDUCED,
    "kl_div": F + ".kl_div({0}, {1}, " + _REDUCED,
    "kl_div_log": F + ".kl_div({0}, {1}, log_target=True, " + _REDUCED,
    "cross_entropy": _cross_entropy,
    "cross_entropy_probabilities": F + ".cross_entropy({0}, {1}, " + _REDUCED,
    "nll_loss": _nll_loss,
    "layer_norm": _scaled("layer_norm", trailing=True),
    "rms_norm": _rms_norm,
    "batch_norm": _scaled("batch_norm", "None", "None"),
    "instance_norm": _scaled("instance_norm"),
    "group_norm": _scaled("group_norm", "{groups}"),
    "normalize": F + ".normalize({0}, dim={axis})",
    "cosine_similarity": F + ".cosine_similarity({0}, {1}, dim={axis})",
    "pairwise_distance": F + ".pairwise_distance({0}, {1}, p={p}, eps=0.0)",
    "cdist": "torch.cdist({0}, {1}, p={p})",
    "pdist": F + ".pdist({0}, p={p})",
    "scaled_dot_product_attention": (
        F + ".scaled_dot_product_attention({0}, {1}, {2}, is_causal={causal}, scale={scale})"
    ),
    "linear": F + ".linear({0}, {1}, {2})",
    "bilinear": F + ".bilinear({0}, {1}, {2})",
    "conv1d": (
        F + ".conv1d({0}[None, None], {1}[None, None], stride={stride}, padding={padding}, dilation={dilation})[0, 0]"
    ),
    "avg_pool1d": F + ".avg_pool1d({0}[None], {window}, {stride})[0]",
    "max_pool1d": F + ".max_pool1d({0}[None], {window}, {stride})[0]",
}


def _nesting(grad: str) -> dict[str, str | Callable[[Call], str]]:
    """Derivatives inside a program, by the `grad` that differentiates the program too."""

    def inner(call: Call) -> str:
        return f"{grad}(lambda t: torch.sum({body_text(call)}))"

    def descent(call: Call) -> str:
        rate, count = call.params["rate"], call.params["count"]
        return f"functools.reduce(lambda q, k: q - {rate} * {inner(call)}(q), range({count}), {call.operands[0]})"

    return {
        "inner_derivative": lambda call: f"{inner(call)}({call.operands[0]})",
        "inner_second_derivative": lambda call: f"{grad}(lambda s: torch.sum({inner(call)}(s)))({call.operands[0]})",
        "descent": descent,
    }


NESTING: dict[str, str | Callable[[Call], str]] = {
    "newton_sqrt": "functools.reduce(lambda t, k: (t + {0} / t) / 2, range({count}), torch.ones_like({0}))",
    "logistic_map": "functools.reduce(lambda t, k: {rate} * t * (1 - t), range({count}), {0})",
    "scan_decay": "torch.stack(list(itertools.accumulate({0}, lambda h, v: {decay} * h + v)))",
    "scan_tanh": (
        "torch.stack(list(itertools.accumulate({0}, lambda h, v: torch.tanh({1} * h + v), initial=0.0))[1:])"
    ),
    "branch": "({0} * torch.sin({0}) if torch.sum({0}) > {threshold} else {0} * {0})",
    "inner_pushforward": lambda call: (
        f"torch.func.jvp(lambda t: {body_text(call)}, ({call.operands[0]},), ({call.operands[1]},))[1]"
    ),
    **_nesting("torch.func.grad"),
}

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
            "vector_norm": "torch.linalg.vector_norm({0}, dim={axis})",
            **NETWORKS,
            **NESTING,
        },
    ),
    levels={"R": "torch.func.jacrev({f})", "F": "torch.func.jacfwd({f})"},
    # torch.func returns ZeroTensors for derivatives that vanish, whose .numpy() raises and whose .tolist() and
    # .numpy(force=True) read unmapped memory; a clone is an ordinary tensor.
    run="got = derivative(x).detach().clone().numpy()",
    environment={"OMP_NUM_THREADS": "1"},
    unsupported=(
        ("NotImplementedError", r"^the derivative for .* is not implemented"),
        ("RuntimeError", r"^derivative for .* is not implemented"),
        ("NotImplementedError", r"^Trying to use forward AD with .* that does not support it"),
        ("RuntimeError", r"^The function '.*' is not differentiable with respect to argument"),
        ("RuntimeError", r"^vmap: It looks like you're attempting to use a Tensor in some data-dependent control flow"),
        ("RuntimeError", r"^vmap over .* isn't supported yet"),
        ("RuntimeError", r"^Batching rule not implemented for"),
    ),
)

_OWN: dict[str, str | Callable[[Call], str] | None] = {
    **_nesting("grad"),
    "inner_pushforward": None,
    "checkpointed": (
        "torch.utils.checkpoint.checkpoint(lambda t: torch.sin(t) * torch.exp(-t * t), {0}, use_reentrant=False)"
    ),
}
create_graph = replace(
    torch,
    name="torch-autograd",
    header=CREATE_GRAPH,
    dialect=replace(torch.dialect, spellings={**torch.dialect.spellings, **_OWN}),
    levels={"R": "jacobian({f})"},
)
