"""Further names of operations in PyTorch. Each has a derivative formula or code of its own."""

from __future__ import annotations

from ad_conformance.engines.adapters.torch.names import arrays, functions, later, layers
from ad_conformance.generators.render.dialect import joined_names

NAMES = joined_names(functions.NAMES, arrays.NAMES, layers.NAMES, later.NAMES)
