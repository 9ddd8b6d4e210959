"""The functions of neural networks, and signals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from generators import arrange
from generators.catalogue.rows import SATURATING, derived
from generators.operations import Operation


def softplus(xp: Any, x: Any) -> Any:
    return xp.logaddexp(x, 0.0)


def silu(xp: Any, x: Any) -> Any:
    return x / (1.0 + xp.exp(-x))


ROWS: Sequence[Operation] = (
    derived(softplus, arrange.unary(SATURATING)),
    derived(silu, arrange.unary(arrange.Domain(low=-32, high=32))),
)
