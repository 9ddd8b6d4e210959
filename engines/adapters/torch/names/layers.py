"""Further names in PyTorch of layers on batches: the kernels that functions of
`torch.nn.functional` choose from, and functions of `torch.masked`.
"""

from __future__ import annotations

from ad_conformance.engines.adapters.numpy_calls import Fitting, text_of
from ad_conformance.generators.catalogue.operation import Call
from ad_conformance.generators.render.dialect import Name

ATEN = "torch.ops.aten"


def _axes(call: Call) -> int:
    """The number of spatial axes of a batch."""
    return len(call.shapes[0]) - 2


def _bias(call: Call) -> str:
    return call.operands[2] if len(call.operands) > 2 else "None"


def _kernel(text: str, axes: int | None, *plain: str) -> Fitting:
    """A convolution without groups, with `{kernel}`, the shape of the kernel, and `{bias}`.

    It has that number of spatial axes, and the parameters `plain` are all 1.
    """

    def write(call: Call) -> str | None:
        p = call.params
        fits = axes in (None, _axes(call)) and len(p["padding"]) == _axes(call)
        if not fits or p["groups"] != 1 or any(set(p[name]) != {1} for name in plain):
            return None
        # These kernels take the memory as it is.
        plain_memory = [f"{x}.contiguous()" for x in call.operands[:2]]
        return text.format(*plain_memory, kernel=call.shapes[1][2:], bias=_bias(call), **p)

    return write


def _general(function: str, transposed: bool, *more: str) -> Fitting:
    """The function that all convolutions call, with the arguments `more` after its own."""

    def write(call: Call) -> str | None:
        p = call.params
        if len(p["padding"]) != _axes(call):
            return None
        added = p["output_padding"] if transposed else (0,) * _axes(call)
        values = (*call.operands[:2], _bias(call), p["stride"], p["padding"], p["dilation"])
        texts = [*map(str, values), str(transposed), str(added), str(p["groups"]), *more]
        return f"{function}({', '.join(texts)})"

    return write


def _conv_tbc(call: Call) -> str | None:
    """A convolution whose axes are length, batch and channels."""
    p = call.params
    plain = p["stride"] == p["dilation"] == (1,) and p["groups"] == 1
    if _axes(call) != 1 or len(p["padding"]) != 1 or not plain:
        return None
    x, w, *bias = call.operands
    b = bias[0] if bias else f"torch.zeros({call.shapes[1][0]}, dtype={x}.dtype)"
    turned = f"{x}.permute(2, 0, 1).contiguous(), {w}.permute(2, 1, 0).contiguous()"
    return f"torch.conv_tbc({turned}, {b}, {p['padding'][0]}).permute(1, 2, 0)"


_LEGACY = ("False", "False", "False", "True")
CONVOLUTION: dict[str, tuple[Name, ...]] = {
    "convolution": (
        _general("torch.convolution", False),
        _general(f"{ATEN}._convolution", False, *_LEGACY),
        _kernel(f"{ATEN}._slow_conv2d_forward({{0}}, {{1}}, {{kernel}}, {{bias}}, {{stride}}, "
                "{padding})", 2, "dilation"),
        _kernel(f"{ATEN}.slow_conv3d({{0}}, {{1}}, {{kernel}}, {{bias}}, {{stride}}, {{padding}})",
                3, "dilation"),
        _kernel(f"{ATEN}.slow_conv_dilated2d({{0}}, {{1}}, {{kernel}}, {{bias}}, {{stride}}, "
                "{padding}, {dilation})", 2),
        _kernel(f"{ATEN}.slow_conv_dilated3d({{0}}, {{1}}, {{kernel}}, {{bias}}, {{stride}}, "
                "{padding}, {dilation})", 3),
        _conv_tbc,
    ),
    "convolution_transpose": (
        _general("torch.convolution", True),
        _kernel(f"{ATEN}.slow_conv_transpose2d({{0}}, {{1}}, {{kernel}}, {{bias}}, {{stride}}, "
                "{padding}, {output_padding}, {dilation})", 2),
        _kernel(f"{ATEN}.slow_conv_transpose3d({{0}}, {{1}}, {{kernel}}, {{bias}}, {{stride}}, "
                "{padding}, {output_padding}, {dilation})", 3),
    ),
}  # fmt: skip


def _normalized(text: str) -> Name:
    """A batch normalization with `{w}` and `{b}`, or None, and `{new}`, new values of running
    statistics.
    """

    def write(call: Call) -> str:
        x, *scale = call.operands
        w, b = scale or ("None", "None")
        return text.format(
            x=x, w=w, b=b, new=f"{x}.new_zeros({call.shapes[0][1]})", eps=call.params["eps"]
        )  # fmt: skip

    return write


def _running(function: str) -> Name:
    def write(call: Call) -> str:
        x, w, b = call.operands
        stats = ", ".join(
            f"torch.tensor({list(call.params[n])}, dtype={x}.dtype)" for n in ("means", "variances")
        )
        return f"{ATEN}.{function}({x}, {w}, {b}, {stats}, 0.1, {call.params['eps']})[0]"

    return write


NORMALIZATION: dict[str, tuple[Name, ...]] = {
    "batch_norm": (
        _normalized(f"{ATEN}._native_batch_norm_legit.no_stats({{x}}, {{w}}, {{b}}, True, 0.0, "
                    "{eps})[0]"),
        _normalized(f"{ATEN}._native_batch_norm_legit({{x}}, {{w}}, {{b}}, {{new}}, {{new}}, "
                    "True, 0.1, {eps})[0]"),
        _normalized(f"{ATEN}._batch_norm_with_update({{x}}, {{w}}, {{b}}, {{new}}, {{new}}, 0.1, "
                    "{eps})[0]"),
        _normalized("torch.native_batch_norm({x}, {w}, {b}, None, None, True, 0.0, {eps})[0]"),
    ),
    "batch_norm_running": (_running("_native_batch_norm_legit_no_training"),
                           _running("_batch_norm_no_update")),
}  # fmt: skip


def _of_axes(axes: int, text: str, **wanted: object) -> Fitting:
    """A kernel for this number of spatial axes, and for calls with the wanted parameters."""

    def write(call: Call) -> str | None:
        fits = all(call.params[key] == value for key, value in wanted.items())
        return text_of(text, call) if fits and _axes(call) == axes else None

    return write


def _resized(kernel: str, axes: int, mode: str, antialias: bool = False) -> Fitting:
    aligned = ", {align_corners}" if mode in ("linear", "cubic") else ""
    text = f"{ATEN}.{kernel}({{0}}, {{size}}{aligned}{', None' * axes})"
    return _of_axes(axes, text, mode=mode, antialias=antialias, scales=())


def _legacy_resized(call: Call) -> str | None:
    p = call.params
    if p["scales"] or p["antialias"]:
        return None
    if p["mode"] == "nearest":
        return f"torch.nn.functional.upsample_nearest({call.operands[0]}, {p['size']})"
    if p["mode"] == "linear" and p["align_corners"] and _axes(call) == 2:
        return f"torch.nn.functional.upsample_bilinear({call.operands[0]}, {p['size']})"
    return None


def _padded(kernel: str, axes: int, mode: str) -> Fitting:
    """A pad of the spatial axes alone."""

    def write(call: Call) -> str | None:
        widths = call.params["widths"]
        if _axes(call) != axes or call.params["mode"] != mode or any(widths[2 * axes :]):
            return None
        every = (*widths, *[0] * (2 * axes))[: 2 * axes]
        return f"{ATEN}.{kernel}_pad{axes}d({call.operands[0]}, {every})"

    return write


def _unpooled(call: Call) -> str | None:
    p = call.params
    if _axes(call) != 3:
        return None
    indices = f"torch.tensor({list(p['indices'])}).reshape({call.shapes[0]})"
    size = tuple(p["size"])[-3:]
    return (
        f"{ATEN}.max_unpool3d({call.operands[0]}, {indices}, {size}, {p['stride']}, {p['padding']})"
    )


def _attention(call: Call) -> str | None:
    p = call.params
    one_size = call.shapes[0][1] == call.shapes[1][1] and call.shapes[1] == call.shapes[2]
    if len(call.operands) > 3 or p["masked"] or not one_size:
        return None
    return (
        f"{ATEN}._scaled_dot_product_flash_attention_for_cpu({', '.join(call.operands)}, 0.0, "
        f"{p['causal']}, scale={p['scale']})[0]"
    )


_GRID_MODES = {"bilinear": 0, "nearest": 1, "bicubic": 2}
_GRID_PADS = {"zeros": 0, "border": 1, "reflection": 2}


def _grid_sampler(call: Call) -> str | None:
    p = call.params
    if _axes(call) != 2:
        return None
    return (
        f"torch.grid_sampler_2d({', '.join(call.operands)}, {_GRID_MODES[p['mode']]}, "
        f"{_GRID_PADS[p['padding_mode']]}, {p['align_corners']})"
    )


def _triplet(call: Call) -> str:
    p = call.params
    distance = f"lambda s, t: torch.nn.functional.pairwise_distance(s, t, {p['p']}, 0.0)"
    return (
        f"torch.nn.functional.triplet_margin_with_distance_loss({', '.join(call.operands)}, "
        f"distance_function={distance}, margin={p['margin']}, swap={p['swap']}, "
        f"reduction={p['reduction']!r})"
    )


_ALL = "mask=torch.ones_like({0}, dtype=torch.bool)"


def _masked(name: str, arguments: str = "{axis}") -> Fitting:
    """A function of torch.masked with a mask that leaves all entries in."""
    text = f"torch.masked.{name}({{0}}, {arguments}, {_ALL})"
    return lambda call: None if call.params["axis"] is None else text_of(text, call)


NAMES: dict[str, tuple[Name, ...]] = {
    **CONVOLUTION,
    **NORMALIZATION,
    "max_pool": tuple(_of_axes(axes, f"{ATEN}.max_pool{axes}d_with_indices({{0}}, {{window}}, "
                               "{stride}, {padding}, {dilation}, {ceil_mode})[0]")
                      for axes in (2, 3)),
    "adaptive_avg_pool": tuple(_of_axes(axes, f"{ATEN}._adaptive_avg_pool{axes}d({{0}}, {{size}})")
                               for axes in (2, 3)),
    "max_unpool": (_unpooled,),
    "pad_batch": tuple(_padded(kernel, axes, mode)
                       for kernel, mode in (("reflection", "reflect"), ("replication", "edge"))
                       for axes in (1, 2, 3) if (kernel, axes) != ("replication", 3)),
    "attention_batch": (_attention,),
    "interpolate": (
        _legacy_resized,
        *(_resized(f"upsample_nearest{axes}d", axes, "nearest") for axes in (1, 2, 3)),
        *(_resized(f"_upsample_nearest_exact{axes}d", axes, "nearest_exact") for axes in (1, 2, 3)),
        _resized("upsample_linear1d", 1, "linear"), _resized("upsample_bilinear2d", 2, "linear"),
        _resized("upsample_trilinear3d", 3, "linear"), _resized("upsample_bicubic2d", 2, "cubic"),
        _resized("_upsample_bilinear2d_aa", 2, "linear", antialias=True),
        _resized("_upsample_bicubic2d_aa", 2, "cubic", antialias=True),
    ),
    "grid_sample": (_grid_sampler,),
    "triplet_margin_loss": (_triplet,),
    "softmax": (_masked("softmax"),
                "torch._masked_softmax({0}, torch.zeros_like({0}, dtype=torch.bool), {axis}, 2)",
                f"{ATEN}._safe_softmax({{0}}, {{axis}})"),
    "log_softmax": (_masked("log_softmax"),),
    "softmin": (_masked("softmin"),),
    "normalize": (_masked("normalize", "2.0, {axis}, eps=0.0"),),
    "cumulative_sum": (_masked("cumsum"),),
    "cumulative_prod": (_masked("cumprod"),),
    "sum": (_masked("sum", "{axis}, keepdim={keepdims}"),),
    "prod": (_masked("prod", "{axis}, keepdim={keepdims}"),),
    "mean": (_masked("mean", "{axis}, keepdim={keepdims}"),),
    "max": (_masked("amax", "{axis}, keepdim={keepdims}"),),
    "min": (_masked("amin", "{axis}, keepdim={keepdims}"),),
    "vector_norm": (_masked("norm", "2.0, {axis}"),),
    "logsumexp": (_masked("logsumexp", "{axis}, keepdim={keepdims}"),),
}  # fmt: skip
