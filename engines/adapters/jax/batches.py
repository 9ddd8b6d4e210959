"""How JAX writes layers on batches, and functions of `jax.lax`."""

from __future__ import annotations

import numpy as np
from ad_conformance.engines.adapters.numpy_calls import axis_from_0, selected, unless
from ad_conformance.generators.catalogue.batches.windows import pairs_of
from ad_conformance.generators.catalogue.operation import Call, Template, padded
from ad_conformance.generators.render.dialect import UnsupportedOperation


def _axes(call: Call) -> int:
    """The number of spatial axes of a batch."""
    return len(call.shapes[0]) - 2


def _pairs(call: Call) -> str:
    return str(pairs_of(call.params["padding"], _axes(call)))


def _plus_bias(call: Call, text: str) -> str:
    if len(call.operands) < 3:
        return text
    return f"{text} + jnp.reshape({call.operands[2]}, {(1, -1) + (1,) * _axes(call)})"


def _convolution(call: Call) -> str:
    p = call.params
    return _plus_bias(
        call,
        f"jax.lax.conv_general_dilated({call.operands[0]}, {call.operands[1]}, {p['stride']}, "
        f"{_pairs(call)}, rhs_dilation={p['dilation']}, feature_group_count={p['groups']})",
    )


_LETTERS = {"channels_first": "{0}{1}{2}", "channels_last": "{0}{2}{1}", "batch_last": "{1}{2}{0}"}


def _layout(call: Call) -> tuple[str, str, str]:
    """The names of axes of x, the kernel and the result."""
    order, spatial = _LETTERS[call.params.get("layout", "channels_first")], "DHW"[-_axes(call) :]
    image = order.format("N", "C", spatial)
    return image, order.format("O", "I", spatial), image


def _convolution_transpose(call: Call) -> str:
    p = call.params
    numbers = zip(call.shapes[1][2:], p["padding"], p["dilation"], p["output_padding"], strict=True)
    pairs = [(d * (k - 1) - n, d * (k - 1) - n + more) for k, n, d, more in numbers]
    return _plus_bias(
        call,
        f"jax.lax.conv_transpose({call.operands[0]}, {call.operands[1]}, {p['stride']}, {pairs}, "
        f"rhs_dilation={p['dilation']}, dimension_numbers={_layout(call)}, transpose_kernel=True)",
    )


def _convolution_general(call: Call) -> str:
    p = call.params
    return (
        f"jax.lax.conv_general_dilated({call.operands[0]}, {call.operands[1]}, {p['stride']}, "
        f"{_pairs(call)}, lhs_dilation={p['x_dilation']}, rhs_dilation={p['dilation']}, "
        f"dimension_numbers={_layout(call)}, feature_group_count={p['groups']}, "
        f"batch_group_count={p['batch_groups']})"
    )


def _im2col(call: Call) -> str:
    p = call.params
    return (
        f"jax.lax.conv_general_dilated_patches({call.operands[0]}, {p['window']}, {p['stride']}, "
        f"{_pairs(call)}, rhs_dilation={p['dilation']})"
        f".reshape({call.shapes[0][0]}, {call.shapes[0][1]} * {_size(p['window'])}, -1)"
    )


def _size(window: tuple[int, ...]) -> str:
    return f"({' * '.join(map(str, window))})"


CONVOLUTION: dict[str, Template] = {
    "convolution": _convolution,
    "convolution_transpose": unless(
        lambda call: call.params["groups"] != 1,
        "convolution_transpose in groups",
        _convolution_transpose,
    ),
    "convolution_general": _convolution_general,
    "im2col": _im2col,
}


def _window(call: Call, *names: str) -> str:
    """Arguments of a window along every axis, those of the batch and channels of length 1."""
    return ", ".join(str((1, 1, *call.params[name])) for name in names)


def _max_pool(call: Call) -> str:
    if call.params["ceil_mode"]:
        raise UnsupportedOperation("max_pool with ceil_mode")
    pairs = [(0, 0), (0, 0), *pairs_of(call.params["padding"], _axes(call))]
    return (
        f"jax.lax.reduce_window({call.operands[0]}, -jnp.inf, jax.lax.max, "
        f"{_window(call, 'window', 'stride')}, {pairs}, "
        f"window_dilation={_window(call, 'dilation')})"
    )


def _avg_pool(call: Call) -> str:
    p = call.params
    if p["ceil_mode"] or (any(p["padding"]) and not p["count_include_pad"]):
        raise UnsupportedOperation("avg_pool with windows of different size")
    pairs = [(0, 0), (0, 0), *pairs_of(p["padding"], _axes(call))]
    return (
        f"jax.lax.reduce_window({call.operands[0]}, 0.0, jax.lax.add, "
        f"{_window(call, 'window', 'stride')}, {pairs}) / {p['divisor'] or _size(p['window'])}"
    )


#: Only of the functions that have primitives of their own, JAX takes the number in any dtype.
_IDENTITIES = {
    "add": "0.0",
    "mul": "jnp.ones((), {0}.dtype)",
    "max": "-jnp.inf",
    "min": "jnp.inf",
}


def _reduce_window(call: Call) -> str:
    p, axes = call.params, len(call.shapes[0])
    identity = _IDENTITIES[p["kind"]].format(*call.operands)
    return (
        f"jax.lax.reduce_window({call.operands[0]}, {identity}, jax.lax.{p['kind']}, "
        f"{p['window']}, {p['stride']}, {pairs_of(p['padding'], axes)}, "
        f"base_dilation={p['x_dilation']}, window_dilation={p['dilation']})"
    )


POOLING: dict[str, Template] = {
    "max_pool": _max_pool,
    "avg_pool": _avg_pool,
    "reduce_window": _reduce_window,
}
_METHODS = {"nearest_exact": "nearest", "linear": "linear", "cubic": "cubic"}


def _interpolate(call: Call) -> str:
    p = call.params
    # JAX has another cubic kernel without antialiasing.
    same = p["mode"] != "cubic" or p["antialias"]
    if p["mode"] not in _METHODS or p["scales"] or p["align_corners"] or not same:
        raise UnsupportedOperation("interpolate in another way than jax.image.resize")
    shape = (*call.shapes[0][:2], *p["size"])
    return (
        f"jax.image.resize({call.operands[0]}, {shape}, '{_METHODS[p['mode']]}', "
        f"antialias={p['antialias']})"
    )


def _pad(call: Call) -> str:
    if min(call.params["widths"]) < 0:
        raise UnsupportedOperation("pad_batch with negative widths")
    return padded("jnp.pad", call.params["mode"])(call)


RESAMPLING: dict[str, Template] = {"interpolate": _interpolate, "pad_batch": _pad}


def _lax_pad(call: Call) -> str:
    p = call.params
    config = list(zip(p["low"], p["high"], p["interior"], strict=True))
    return f"jax.lax.pad({call.operands[0]}, {call.operands[1]}, {config})"


def _cumulative(call: Call) -> str:
    name = f"cum{call.params['kind']}"
    return f"jax.lax.{name}({call.operands[0]}, axis={axis_from_0(call)}, reverse=True)"


def _attention(call: Call) -> str:
    """JAX has the axes (batch, length, heads, width), and values as wide as keys."""
    p = call.params
    if call.shapes[1] != call.shapes[2]:
        raise UnsupportedOperation("attention_batch with values of another width")
    turned = [f"jnp.swapaxes({x}, 1, 2)" for x in call.operands[:3]]
    more = f", bias={call.operands[3]}" if len(call.operands) > 3 else ""
    if more and len(call.shapes[3]) == 2:
        more += "[None, None]"
    if p["masked"]:
        table = np.reshape(p["masked"], (1, 1, call.shapes[0][2], call.shapes[1][2])) == 0
        more += f", mask=np.array({table.tolist()})"
    return (
        f"jnp.swapaxes(jax.nn.dot_product_attention({', '.join(turned)}{more}, "
        f"is_causal={p['causal']}, scale={p['scale']}), 1, 2)"
    )


NETWORKS: dict[str, Template] = {
    "attention_batch": _attention,
    "sparse_sigmoid": "jax.nn.sparse_sigmoid({0})",
    "logmeanexp": "jax.nn.logmeanexp({0}, axis={axis})",
}
LAX: dict[str, Template] = {
    "lax_pad": _lax_pad,
    "dot_general": (
        "jax.lax.dot_general({0}, {1}, (({contract_x}, {contract_y}), ({batch_x}, {batch_y})))"
    ),
    "ragged_dot": "jax.lax.ragged_dot({0}, {1}, jnp.array({sizes}))",
    "clamp": "jax.lax.clamp({1}, {0}, {2})",
    "cumulative_reverse": _cumulative,
    "reduce_custom": lambda call: (
        f"jax.lax.reduce({call.operands[0]}, jnp.zeros((), {call.operands[0]}.dtype), "
        f"lambda a, b: a * b + a + b, ({axis_from_0(call)},))"
    ),
    "reduce_precision": "jax.lax.reduce_precision({0}, 11, 52)",
    "index_min": selected("{entries}.min({1})", "np.array({list})", ".at"),
}
BATCHES: dict[str, Template] = {**CONVOLUTION, **POOLING, **RESAMPLING, **NETWORKS, **LAX}
