"""How PyTorch writes layers on batches: convolutions, pools, resampling, embeddings."""

from __future__ import annotations

from collections.abc import Callable

from ad_conformance.engines.adapters.numpy_calls import indexed, unless
from ad_conformance.engines.adapters.torch.batch_losses import LOSSES
from ad_conformance.engines.adapters.torch.batch_networks import NETWORKS
from ad_conformance.generators.catalogue.operation import Call, Template
from ad_conformance.generators.render.dialect import UnsupportedOperation

F = "torch.nn.functional"


def _axes(call: Call) -> int:
    """The number of spatial axes of a batch."""
    return len(call.shapes[0]) - 2


def _number(values: tuple[int, ...]) -> str:
    """One number if all are equal, as most programs have it; else all of them."""
    return str(values[0]) if len(set(values)) == 1 else str(values)


def _named(call: Call, *names: str) -> str:
    return ", ".join(f"{name}={_number(call.params[name])}" for name in names)


def _convolution(call: Call) -> str:
    axes, padding = _axes(call), call.params["padding"]
    text = _number(padding) if len(padding) == axes else "'same'"
    return (
        f"{F}.conv{axes}d({', '.join(call.operands)}, {_named(call, 'stride', 'dilation')}, "
        f"padding={text}, groups={call.params['groups']})"
    )


def _convolution_transpose(call: Call) -> str:
    names = _named(call, "stride", "padding", "output_padding", "dilation")
    return (
        f"{F}.conv_transpose{_axes(call)}d({', '.join(call.operands)}, {names}, "
        f"groups={call.params['groups']})"
    )


CONVOLUTION: dict[str, Template] = {
    "convolution": _convolution,
    "convolution_transpose": _convolution_transpose,
    "im2col": unless(
        lambda call: _axes(call) != 2,
        "im2col of other than two spatial axes",
        F + ".unfold({0}, {window}, dilation={dilation}, padding={padding}, stride={stride})",
    ),
    "col2im": (
        F + ".fold({0}, {size}, {window}, dilation={dilation}, padding={padding}, stride={stride})"
    ),
}


def _pooled(name: str, *params: str) -> Callable[[Call], str]:
    """A pool, with these parameters besides the window."""

    def write_pool(call: Call) -> str:
        axes = _axes(call)
        texts = [call.operands[0], _number(call.params["window"]), _named(call, "stride")]
        for param in params:
            value = call.params[param]
            texts.append(f"{param}={_number(value) if isinstance(value, tuple) else value}")
        if call.params.get("divisor"):
            texts.append(f"divisor_override={call.params['divisor']}")
        return f"{F}.{name}{axes}d({', '.join(texts)})"

    return write_pool


def _lp_pool(call: Call) -> str:
    p = call.params
    return (
        f"{F}.lp_pool{_axes(call)}d({call.operands[0]}, {p['p']}, {_number(p['window'])}, "
        f"{_named(call, 'stride')}, ceil_mode={p['ceil_mode']})"
    )


def _adaptive(name: str) -> Callable[[Call], str]:
    return lambda call: (
        f"{F}.{name}{_axes(call)}d({call.operands[0]}, {_number(call.params['size'])})"
    )


def _max_unpool(call: Call) -> str:
    p = call.params
    indices = f"torch.tensor({list(p['indices'])}).reshape({call.shapes[0]})"
    return (
        f"{F}.max_unpool{_axes(call)}d({call.operands[0]}, {indices}, {p['window']}, "
        f"{p['stride']}, {p['padding']}, {p['size']})"
    )


POOLING: dict[str, Template] = {
    "max_pool": _pooled("max_pool", "padding", "dilation", "ceil_mode"),
    "avg_pool": _pooled("avg_pool", "padding", "ceil_mode", "count_include_pad"),
    "lp_pool": _lp_pool,
    "adaptive_avg_pool": _adaptive("adaptive_avg_pool"),
    "adaptive_max_pool": _adaptive("adaptive_max_pool"),
    "max_unpool": _max_unpool,
}
_MODES = {
    "nearest": "nearest",
    "nearest_exact": "nearest-exact",
    "area": "area",
    "cubic": "bicubic",
    "linear1": "linear",
    "linear2": "bilinear",
    "linear3": "trilinear",
}


def _interpolate(call: Call) -> str:
    p, axes = call.params, _axes(call)
    mode = p["mode"]
    size = f"scale_factor={p['scales']}" if p["scales"] else f"size={p['size']}"
    more = f", align_corners={p['align_corners']}" if mode in ("linear", "cubic") else ""
    if p["antialias"]:
        more += ", antialias=True"
    name = _MODES[f"linear{axes}" if mode == "linear" else mode]
    return f"{F}.interpolate({call.operands[0]}, {size}, mode='{name}'{more})"


def _affine_grid(call: Call) -> str:
    size = (call.shapes[0][0], 1, *call.params["size"])
    return f"{F}.affine_grid({call.operands[0]}, {size}, {call.params['align_corners']})"


_PADS = {"reflect": "reflect", "edge": "replicate", "wrap": "circular", "constant": "constant"}


def _pad(call: Call) -> str:
    mode = call.params["mode"]
    if mode not in _PADS:
        raise UnsupportedOperation(f"pad_batch with {mode}")
    return f"{F}.pad({call.operands[0]}, {call.params['widths']}, mode='{_PADS[mode]}')"


RESAMPLING: dict[str, Template] = {
    "interpolate": _interpolate,
    "grid_sample": (
        F + ".grid_sample({0}, {1}, mode={mode!r}, padding_mode={padding_mode!r}, "
        "align_corners={align_corners})"
    ),
    "affine_grid": _affine_grid,
    "pixel_shuffle": F + ".pixel_shuffle({0}, {factor})",
    "pixel_unshuffle": F + ".pixel_unshuffle({0}, {factor})",
    "channel_shuffle": F + ".channel_shuffle({0}, {groups})",
    "pad_batch": _pad,
}


def _indexed(template: str) -> Callable[[Call], str]:
    return indexed(template, "torch.tensor({list}, dtype=torch.long)")


LAX: dict[str, Template] = {
    "clamp": "torch.clamp({0}, {1}, {2})",
    "index_subtract": _indexed("torch.index_add({0}, {axis}, {indices}, {1}, alpha=-1)"),
    "index_min": _indexed("torch.index_reduce({0}, {axis}, {indices}, {1}, 'amin')"),
}
BATCHES: dict[str, Template] = {**CONVOLUTION, **POOLING, **RESAMPLING, **LAX, **LOSSES, **NETWORKS}
