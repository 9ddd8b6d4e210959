"""How operands of the operations of generators/catalogue/extra/linear are drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ad_conformance.generators.strategies.operands.basic import OperandStrategy
from ad_conformance.generators.strategies.operands.linear import (
    complex_values,
    fourier,
    moves,
    products,
    reductions,
    scatter,
    solves,
)

STRATEGIES: Mapping[str, OperandStrategy] = {
    **products.STRATEGIES,
    **solves.STRATEGIES,
    **scatter.STRATEGIES,
    **moves.STRATEGIES,
    **reductions.STRATEGIES,
    **fourier.STRATEGIES,
    **complex_values.STRATEGIES,
}
FACTORIES: Mapping[str, Callable[..., OperandStrategy]] = {
    **products.FACTORIES,
    **solves.FACTORIES,
    **scatter.FACTORIES,
    **moves.FACTORIES,
    **reductions.FACTORIES,
    **fourier.FACTORIES,
    **complex_values.FACTORIES,
}
