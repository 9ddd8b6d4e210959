"""Layers on batches, and operations on values of more than three axes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.oracle.batches import convolution, lax, losses, networks, pooling, resampling
from tests.oracle.numbers import Array

OPERATIONS: Mapping[str, Callable[..., Array]] = {
    **convolution.OPERATIONS,
    **pooling.OPERATIONS,
    **resampling.OPERATIONS,
    **lax.OPERATIONS,
    **losses.OPERATIONS,
    **networks.OPERATIONS,
}
