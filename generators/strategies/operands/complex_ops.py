"""Operands of operations on complex numbers: their real and their imaginary parts."""

from __future__ import annotations

import numpy as np
from ad_conformance.generators.catalogue.operands import ANY, NONZERO
from ad_conformance.generators.strategies.builder import Abandon, Builder
from ad_conformance.generators.strategies.operands.basic import (
    DrawnOperands,
    OperandStrategy,
    aimed,
    fit,
    shaped,
    some,
)
from ad_conformance.generators.strategies.operands.matrices import matrix
from ad_conformance.generators.strategies.operands.networks import Draw, alike, drawn, like
from hypothesis import strategies as st


def complex_power(b: Builder) -> DrawnOperands:
    value_ids, _ = alike(ANY, ANY)(b)
    if b.flag(3):
        value_ids = [aimed(b, value_id, "zeros") for value_id in value_ids]
    return value_ids, {"exponent": b.choose([2, 3, 4, 1])}


def away_from_zero(b: Builder) -> DrawnOperands:
    """Two operands, the second away from zero; the first may be zero."""
    first = some(b, lambda v: v.size > 0)
    return [aimed(b, first, "zeros"), fit(b, like(b, first), NONZERO)], {}


def signal(**params: Draw) -> OperandStrategy:
    def arranged(b: Builder) -> DrawnOperands:
        value_id = b.pick(lambda v: v.ndim == 1 and v.size > 0)
        if value_id is None or b.flag(3):
            value_id = shaped(b, (b.draw(st.integers(1, 6)),))
        return [value_id], drawn(b, params)

    return arranged


def two_signals(b: Builder) -> DrawnOperands:
    (first,), _ = signal()(b)
    return [first, like(b, first)], {}


def complex_matrix(count: int, regular: bool = True) -> OperandStrategy:
    """The real and the imaginary part of a matrix of at most 3 rows, and for `count` 3 a vector.

    With `regular`, the complex matrix and its real part are regular.
    """

    def arranged(b: Builder) -> DrawnOperands:
        (one,), _ = matrix(square=True, regular=regular, aim=None if regular else "singular")(b)
        n = b.values[one].shape[0]
        if n > 3:
            raise Abandon
        two = like(b, one)
        if regular:
            # A determinant near zero makes the inverse large, and rounding errors with it.
            a, c = b.values[one], b.values[two]
            if (
                abs(np.linalg.det(a + 1j * c)) < 0.25
                or abs(np.linalg.det(a + c @ np.linalg.solve(a, c))) < 0.25
            ):
                raise Abandon
        rest = [shaped(b, (n,))] if count == 3 else []
        return [one, two, *rest], {}

    return arranged
