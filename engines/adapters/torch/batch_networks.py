"""How PyTorch writes embeddings, normalizations, attention, recurrent cells and activations of
whole batches.
"""

from __future__ import annotations

import numpy as np
from ad_conformance.generators.catalogue.operation import Call, Template

F = "torch.nn.functional"


def _embedding_bag(call: Call) -> str:
    p = call.params
    more = f", per_sample_weights={call.operands[1]}" if len(call.operands) > 1 else ""
    if p["padding_index"] >= 0:
        more += f", padding_idx={p['padding_index']}"
    if p["last_offset"]:
        more += ", include_last_offset=True"
    return (
        f"{F}.embedding_bag(torch.tensor({list(p['indices'])}), {call.operands[0]}, "
        f"torch.tensor({list(p['offsets'])}), mode={p['mode']!r}{more})"
    )


def _layer_norm(call: Call) -> str:
    x, *scale = call.operands
    shape = call.shapes[0][-call.params["axes"] :]
    more = f", {scale[0]}, {scale[1]}" if scale else ""
    return f"{F}.layer_norm({x}, {shape}{more}, eps={call.params['eps']})"


def _batch_norm(call: Call) -> str:
    x, weight, bias = call.operands
    stats = [
        f"torch.tensor({list(call.params[n])}, dtype={x}.dtype)" for n in ("means", "variances")
    ]
    return f"{F}.batch_norm({x}, {', '.join(stats)}, {weight}, {bias}, eps={call.params['eps']})"


def _weight_norm(call: Call) -> str:
    v, g = call.operands
    axis, shape = call.params["axis"], [1] * len(call.shapes[0])
    shape[axis] = call.shapes[1][0]
    return f"torch._weight_norm({v}, {g}.reshape({tuple(shape)}), {axis})"


def _attention(call: Call) -> str:
    p = call.params
    mask = call.operands[3] if len(call.operands) > 3 else ""
    if p["masked"]:
        table = np.reshape(p["masked"], (call.shapes[0][2], call.shapes[1][2])) == 0
        mask = f"torch.tensor({table.tolist()})"
    more = f", attn_mask={mask}" if mask else ""
    if call.shapes[0][1] != call.shapes[1][1]:
        more += ", enable_gqa=True"
    return (
        f"{F}.scaled_dot_product_attention({', '.join(call.operands[:3])}{more}, "
        f"is_causal={p['causal']}, scale={p['scale']})"
    )


def _cell(call: Call) -> str:
    kind, (x, *rest) = call.params["kind"], call.operands
    state = f"({rest[0]}, {rest[1]})" if kind == "lstm" else rest[0]
    weights = ", ".join(rest[2 if kind == "lstm" else 1 :])
    name = kind if kind in ("gru", "lstm") else f"rnn_{kind}"
    part = f"[{call.params['which']}]" if kind == "lstm" else ""
    return f"torch.{name}_cell({x}, {state}, {weights}){part}"


def _layer(call: Call) -> str:
    """With biases, one layer, no dropout, no training, one direction, the batch not first."""
    kind, (x, *rest) = call.params["kind"], call.operands
    states = [f"{s}[None]" for s in rest[: 2 if kind == "lstm" else 1]]
    state = f"({', '.join(states)})" if kind == "lstm" else states[0]
    weights = ", ".join(rest[len(states) :])
    name = kind if kind in ("gru", "lstm") else f"rnn_{kind}"
    return f"torch.{name}({x}, {state}, [{weights}], True, 1, 0.0, False, False, False)[0]"


NETWORKS: dict[str, Template] = {
    "embedding": F + ".embedding(torch.tensor({indices}), {0})",
    "embedding_bag": _embedding_bag,
    "layer_norm_axes": _layer_norm,
    "batch_norm_running": _batch_norm,
    "local_response_norm": (
        F + ".local_response_norm({0}, {size}, alpha={alpha}, beta={beta}, k={k})"
    ),
    "weight_norm": _weight_norm,
    "attention_batch": _attention,
    "recurrent_cell": _cell,
    "recurrent_layer": _layer,
    "threshold": F + ".threshold({0}, {limit}, {otherwise})",
    "rrelu": F + ".rrelu({0}, {lower}, {upper})",
    "prelu_channels": F + ".prelu({0}, {1})",
    # PyTorch documents that it is linear, an approximation, above its threshold.
    "softplus_scaled": F + ".softplus({0}, beta={beta}, threshold=40.0)",
    "softmin": F + ".softmin({0}, dim={axis})",
}
