"""The operand families of layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ad_conformance.generators.strategies.operands.basic import OperandStrategy
from ad_conformance.generators.strategies.operands.batches import (
    convolution,
    lax,
    losses,
    networks,
    pooling,
    resampling,
)

#: Families without arguments.
STRATEGIES: Mapping[str, OperandStrategy] = {
    "convolution": convolution.convolution,
    "convolution_transpose": convolution.convolution_transpose,
    "convolution_general": convolution.convolution_general,
    "im2col": convolution.im2col,
    "col2im": convolution.col2im,
    "max_unpool": pooling.max_unpool,
    "reduce_window": pooling.reduce_window,
    "interpolate": resampling.interpolate,
    "grid_sample": resampling.grid_sample,
    "affine_grid": resampling.affine_grid,
    "lax_pad": lax.lax_pad,
    "dot_general": lax.dot_general,
    "ragged_dot": lax.ragged_dot,
    "bounded": lax.bounded,
    "copied": lax.copied,
    "embedding": networks.embedding,
    "embedding_bag": networks.embedding_bag,
    "normalized_axes": networks.normalized_axes,
    "normalized_running": networks.normalized_running,
    "responses": networks.responses,
    "weight_norm": networks.weight_norm,
    "attention_batch": networks.attention_batch,
    "sloped_channels": networks.sloped_channels,
}
#: Families with arguments: functions that make a strategy of them.
FACTORIES: Mapping[str, Callable[..., OperandStrategy]] = {
    "batch_pooled": pooling.batch_pooled,
    "adaptive": pooling.adaptive,
    "shuffled": resampling.shuffled,
    "pad_batch": resampling.pad_batch,
    "cumulative": lax.cumulative,
    "signed": losses.signed,
    "signed_rows": losses.signed_rows,
    "triplets": losses.triplets,
    "classes": losses.classes,
    "hot": losses.hot,
    "labelled_places": losses.labelled_places,
    "weighted_logits": losses.weighted_logits,
    "sequences": losses.sequences,
    "recurrent": networks.recurrent,
}
