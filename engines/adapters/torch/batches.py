"""How PyTorch writes layers on batches: convolutions, pools, resampling, embeddings."""

from __future__ import annotations

from ad_conformance.engines.adapters.numpy_calls import unless
from ad_conformance.generators.catalogue.operation import Call, Template

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
BATCHES: dict[str, Template] = {**CONVOLUTION}
