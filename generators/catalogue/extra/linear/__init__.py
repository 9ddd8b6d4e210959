"""Linear algebra, transforms, and moves of entries, with all options of the engines' functions."""

from __future__ import annotations

from ad_conformance.generators.catalogue.extra.linear import (
    complex_values,
    factors,
    fourier,
    moves,
    placing,
    products,
    reductions,
    scatter,
    solves,
)

MODULES = (products, solves, factors, scatter, placing, moves, reductions, fourier, complex_values)
