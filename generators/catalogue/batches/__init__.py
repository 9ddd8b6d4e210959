"""Layers on batches: values with channels and one to three spatial axes."""

from __future__ import annotations

from types import ModuleType

from ad_conformance.generators.catalogue.batches import (
    convolution,
    lax,
    losses,
    networks,
    pooling,
    resampling,
)

#: The modules with rows.
BATCHES: tuple[ModuleType, ...] = (convolution, pooling, resampling, lax, losses, networks)
