"""The operations of generators/catalogue/extra/linear in mpmath."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.oracle.linear import complex_values, factors, fourier, moves, products, reductions
from tests.oracle.numbers import Array

OPERATIONS: Mapping[str, Callable[..., Array]] = {
    **products.OPERATIONS,
    **factors.OPERATIONS,
    **moves.OPERATIONS,
    **reductions.OPERATIONS,
    **fourier.OPERATIONS,
    **complex_values.OPERATIONS,
}
