"""How PyTorch spells the layers, activations and losses of networks, and what gathers, scatters and
moves entries.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from ad_conformance.generators.catalogue.operation import Call

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
    return (
        f"{F}.nll_loss({call.operands[0]}, {_labels(call)}, reduction={call.params['reduction']!r})"
    )


def _scaled(name: str, *values: str, trailing: bool = False) -> Callable[[Call], str]:
    """A normalization with its weight and bias, if it has them; `values` stand before these."""

    def write(call: Call) -> str:
        shape = [f"{call.shapes[0][-1:]}"] if trailing else []
        texts = [v.format(**call.params) for v in values]
        scale = [f"{k}={v}" for k, v in zip(("weight", "bias"), call.operands[1:], strict=False)]
        more = ["training=True"] if name == "batch_norm" else []
        arguments = [call.operands[0], *shape, *texts, *scale, *more, f"eps={call.params['eps']}"]
        return f"{F}.{name}({', '.join(arguments)})"

    return write


def _rms_norm(call: Call) -> str:
    x, *scale = call.operands
    more = f", weight={scale[0]}" if scale else ""
    text = f"{F}.rms_norm({x}, {call.shapes[0][-1:]}{more}, eps={call.params['eps']})"
    return f"{text} + {scale[1]}" if scale else text


_REDUCED = "reduction={reduction!r})"
NETWORKS: dict[str, str | Callable[[Call], str]] = {
    "gelu": F + ".gelu({0})",
    # Documented to become linear beyond a threshold, and to be an approximation there.
    "softplus": F + ".softplus({0}, threshold=40.0)",
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
    "binary_cross_entropy_with_logits": F
    + ".binary_cross_entropy_with_logits({0}, {1}, "
    + _REDUCED,
    "soft_margin_loss": F + ".soft_margin_loss({0}, {1}, " + _REDUCED,
    "poisson_nll_loss": F
    + ".poisson_nll_loss({0}, {1}, log_input={log_input}, eps={eps}, "
    + _REDUCED,
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


def _wrapped(call: Call) -> str:
    """The indices of the call as a tensor, none counted from the end."""
    indices = np.array(call.params["indices"], dtype=int) % call.shapes[0][call.params["axis"]]
    return f"torch.tensor({indices.tolist()}, dtype=torch.long)"


def _indexed(template: str) -> Callable[[Call], str]:
    """The template with {i} for the indices, {0}, {1} for the operands and {axis} for the axis."""
    return lambda call: template.format(*call.operands, i=_wrapped(call), axis=call.params["axis"])


def _gather(call: Call) -> str:
    negative = np.any(np.array(call.params["indices"]) < 0)
    return _indexed(
        "torch.take_along_dim({0}, {i}, {axis})" if negative else "torch.gather({0}, {axis}, {i})"
    )(call)


def _index_set(call: Call) -> str:
    if call.params["axis"] % len(call.shapes[0]) == 0:
        return _indexed("torch.index_put({0}, ({i},), {1})")(call)
    return _indexed("torch.index_copy({0}, {axis}, {i}, {1})")(call)


def _pad(mode: str) -> Callable[[Call], str]:
    def write(call: Call) -> str:
        # Only batches can be padded so.
        x, widths = call.operands[0], call.params["widths"]
        if len(call.shapes[0]) == 1:
            return f"torch.nn.functional.pad({x}[None], {widths}, mode='{mode}')[0]"
        return f"torch.nn.functional.pad({x}, {widths}, mode='{mode}')"

    return write


def _repeat(call: Call) -> str:
    repeats = call.params["repeats"]
    count = repeats[0] if len(repeats) == 1 else f"torch.tensor({list(repeats)}, dtype=torch.long)"
    return f"torch.repeat_interleave({call.operands[0]}, {count}, dim={call.params['axis']})"


def _masked(name: str, otherwise: float | None) -> Callable[[Call], str]:
    """A reduction of what lies above the threshold; None for what lies one below it otherwise."""

    def write(call: Call) -> str:
        x, (threshold, axis) = call.operands[0], (call.params["threshold"], call.params["axis"])
        rest = threshold - 1.0 if otherwise is None else otherwise
        return (
            f"torch.{name}(torch.where({x} > {threshold}, {x}, "
            f"{rest}){'' if axis is None else f', dim={axis}'})"
        )

    return write


INDEXING: dict[str, str | Callable[[Call], str]] = {
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
    "taken_sqrt": "torch.index_select(torch.sqrt({0}), -1, torch.tensor({indices}))",
    "sliced_log": "torch.log({0})[..., {start}:]",
    "root_at_least": "torch.clamp(torch.sqrt(torch.square({0})), min={least})",
    "reciprocal_at_most": "torch.clamp(torch.reciprocal(torch.square({0})), max={most})",
    "largest_root": "torch.amax(torch.sqrt(torch.square({0})), dim={axis})",
    "masked_sum": _masked("sum", 0.0),
    "masked_prod": _masked("prod", 1.0),
    "masked_max": _masked("amax", None),
}
