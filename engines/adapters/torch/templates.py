"""How PyTorch writes the layers, activations and losses of networks, and operations that gather,
scatter or move entries.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from ad_conformance.engines.adapters.numpy_calls import axis_from_0, indexed, repeat
from ad_conformance.engines.adapters.numpy_family import NUMPY, TORCH, shared
from ad_conformance.generators.catalogue.operation import Call, Template

F = "torch.nn.functional"


def _labels(call: Call) -> str:
    """The labels, as a number if the logits are one row."""
    labels = call.params["labels"]
    return f"torch.tensor({labels if len(call.shapes[0]) > 1 else labels[0]})"


def _cross_entropy(call: Call) -> str:
    return (
        f"{F}.cross_entropy({call.operands[0]}, {_labels(call)}, "
        f"label_smoothing={call.params['smoothing']}, reduction={call.params['reduction']!r})"
    )


def _nll_loss(call: Call) -> str:
    return (
        f"{F}.nll_loss({call.operands[0]}, {_labels(call)}, reduction={call.params['reduction']!r})"
    )


def _scaled(name: str, *values: str, trailing: bool = False) -> Callable[[Call], str]:
    """A normalization with its weight and bias, if it has them.

    `values` stand before these two; with `trailing`, so does the length of the last axis.
    """

    def write_layer(call: Call) -> str:
        shape = [f"{call.shapes[0][-1:]}"] if trailing else []
        texts = [v.format(**call.params) for v in values]
        scale = [f"{k}={v}" for k, v in zip(("weight", "bias"), call.operands[1:], strict=False)]
        more = ["training=True"] if name == "batch_norm" else []
        arguments = [call.operands[0], *shape, *texts, *scale, *more, f"eps={call.params['eps']}"]
        return f"{F}.{name}({', '.join(arguments)})"

    return write_layer


def _rms_norm(call: Call) -> str:
    x, *scale = call.operands
    more = f", weight={scale[0]}" if scale else ""
    text = f"{F}.rms_norm({x}, {call.shapes[0][-1:]}{more}, eps={call.params['eps']})"
    return f"{text} + {scale[1]}" if scale else text


_REDUCED = "reduction={reduction!r})"
NETWORKS: dict[str, Template] = {
    **shared(
        TORCH,
        *("gelu", "softplus", "silu", "mish", "softsign", "tanhshrink", "relu", "relu6", "selu"),
        *("leaky_relu", "elu", "celu", "softshrink", "hardtanh", "glu"),
        *("mse_loss", "l1_loss", "soft_margin_loss", "kl_div"),
        # Not binary_cross_entropy: its second derivative adds 1e-12 to the denominator on purpose.
        "binary_cross_entropy_with_logits",
        namespace=F,
        axis="dim",
    ),
    "logsigmoid": F + ".logsigmoid({0})",
    "gelu_tanh": F + ".gelu({0}, approximate='tanh')",
    "hardsigmoid": F + ".hardsigmoid({0})",
    "hardswish": F + ".hardswish({0})",
    "prelu": F + ".prelu({0}, {1})",
    "hardshrink": F + ".hardshrink({0}, {lambd})",
    "huber_loss": F + ".huber_loss({0}, {1}, delta={delta}, " + _REDUCED,
    "smooth_l1_loss": F + ".smooth_l1_loss({0}, {1}, beta={beta}, " + _REDUCED,
    "poisson_nll_loss": (
        F + ".poisson_nll_loss({0}, {1}, log_input={log_input}, eps={eps}, " + _REDUCED
    ),
    "gaussian_nll_loss": F + ".gaussian_nll_loss({0}, {1}, {2}, " + _REDUCED,
    "kl_div_log": F + ".kl_div({0}, {1}, log_target=True, " + _REDUCED,
    "cross_entropy": _cross_entropy,
    "cross_entropy_probabilities": F + ".cross_entropy({0}, {1}, " + _REDUCED,
    "nll_loss": _nll_loss,
    "layer_norm": _scaled("layer_norm", trailing=True),
    "rms_norm": _rms_norm,
    "batch_norm": _scaled("batch_norm", "None", "None"),
    "instance_norm": _scaled("instance_norm"),
    "group_norm": _scaled("group_norm", "{groups}"),
    "normalize": F + ".normalize({0}, dim={axis}, eps=0.0)",
    "cosine_similarity": F + ".cosine_similarity({0}, {1}, dim={axis}, eps=0.0)",
    "pairwise_distance": F + ".pairwise_distance({0}, {1}, p={p}, eps=0.0)",
    "pdist": F + ".pdist({0}, p={p})",
    "scaled_dot_product_attention": (
        F + ".scaled_dot_product_attention({0}, {1}, {2}, is_causal={causal}, scale={scale})"
    ),
    "linear": F + ".linear({0}, {1}, {2})",
    "bilinear": F + ".bilinear({0}, {1}, {2})",
    "conv1d": (
        F + ".conv1d({0}[None, None], {1}[None, None], stride={stride}, padding={padding}, "
        "dilation={dilation})[0, 0]"
    ),
    "avg_pool1d": F + ".avg_pool1d({0}[None], {window}, {stride})[0]",
    "max_pool1d": F + ".max_pool1d({0}[None], {window}, {stride})[0]",
}


def _indexed(template: str) -> Callable[[Call], str]:
    return indexed(template, "torch.tensor({list}, dtype=torch.long)")


def _gather(call: Call) -> str:
    negative = np.any(np.array(call.params["indices"]) < 0)
    if negative:
        return _indexed("torch.take_along_dim({0}, {indices}, {axis})")(call)
    return _indexed("torch.gather({0}, {axis}, {indices})")(call)


def _index_set(call: Call) -> str:
    if axis_from_0(call) == 0:
        return _indexed("torch.index_put({0}, ({indices},), {1})")(call)
    return _indexed("torch.index_copy({0}, {axis}, {indices}, {1})")(call)


def _pad(mode: str) -> Callable[[Call], str]:
    """PyTorch pads a vector in these modes only as one of a batch."""

    def write_pad(call: Call) -> str:
        x, widths = call.operands[0], call.params["widths"]
        if len(call.shapes[0]) == 1:
            return f"{F}.pad({x}[None], {widths}, mode='{mode}')[0]"
        return f"{F}.pad({x}, {widths}, mode='{mode}')"

    return write_pad


def _masked(name: str, otherwise: float | None) -> Callable[[Call], str]:
    """A reduction with `otherwise` in place of the entries below the threshold.

    None stands for the threshold less 1.
    """

    def write_reduction(call: Call) -> str:
        x, (threshold, axis) = call.operands[0], (call.params["threshold"], call.params["axis"])
        rest = threshold - 1.0 if otherwise is None else otherwise
        dim = "" if axis is None else f", dim={axis}"
        return f"torch.{name}(torch.where({x} > {threshold}, {x}, {rest}){dim})"

    return write_reduction


INDEXING: dict[str, Template] = {
    **shared(TORCH, "unstack", axis="dim"),
    **shared(NUMPY, "tile", "squeeze", "tril_offset", "triu_offset", axis="dim"),
    **shared(NUMPY, "roll_axes", axis="dims"),
    "take_along_axis": _gather,
    "split": "torch.tensor_split({0}, {sections}, dim={axis})[{which}]",
    "pad_constant": F + ".pad({0}, {widths}, value={value})",
    "pad_edge": _pad("replicate"),
    "pad_reflect": _pad("reflect"),
    "pad_wrap": _pad("circular"),
    "repeat": repeat(
        "torch.repeat_interleave({0}, {count}, dim={axis})",
        "torch.tensor({list}, dtype=torch.long)",
    ),
    "rot90": "torch.rot90({0}, {k}, dims=(0, 1))",
    "moveaxis": "torch.movedim({0}, {source}, {destination})",
    "unfold": "{0}.unfold({axis}, {size}, {step})",
    "diag_embed": "torch.diag_embed({0}, offset={offset})",
    "diagonal_offset": "torch.diagonal({0}, offset={offset}, dim1=-2, dim2=-1)",
    "outer_sum": "torch.add(*torch.meshgrid({0}, {1}, indexing='ij'))",
    "index_set": _index_set,
    "slice_set": "torch.slice_scatter({args}, dim={axis}, start={start}, end={stop}, step={step})",
    "index_add": _indexed("torch.index_add({0}, {axis}, {indices}, {1})"),
    "index_multiply": _indexed("torch.index_reduce({0}, {axis}, {indices}, {1}, 'prod')"),
    "index_max": _indexed("torch.index_reduce({0}, {axis}, {indices}, {1}, 'amax')"),
    "scatter_add": _indexed("torch.scatter_add({0}, {axis}, {indices}, {1})"),
    "scatter_multiply": _indexed("torch.scatter_reduce({0}, {axis}, {indices}, {1}, 'prod')"),
    "scatter_max": _indexed("torch.scatter_reduce({0}, {axis}, {indices}, {1}, 'amax')"),
    "scatter_mean": _indexed("torch.scatter_reduce({0}, {axis}, {indices}, {1}, 'mean')"),
    "masked_sum": _masked("sum", 0.0),
    "masked_prod": _masked("prod", 1.0),
    "masked_max": _masked("amax", None),
}
