"""Taylor coefficients of operations on entries, of order 2 and higher."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from ad_conformance.generators.arithmetic.balls import Branches, following
from ad_conformance.generators.arithmetic.numpy_ops import as_array
from ad_conformance.generators.catalogue.operation import Operation
from flint import arb

Array = np.ndarray
#: The step of the differences, relative to the operand, as a power of two.
LOG_STEP = -96
#: The order of the derivative by each operand.
Orders = tuple[int, ...]


def has_coefficients(op: Operation) -> bool:
    """Whether each entry of the result is a function of one entry of each operand, which is not
    linear and not computed in steps.
    """
    stepwise = op.definition is not None or op.in_steps is not None
    return (op.elementwise or op.broadcasts) and op.curvature != "linear" and not stepwise


def coefficients(
    op: Operation, params: Mapping[str, Any], operands: Sequence[Array], order: int
) -> dict[Orders, Array]:
    """The Taylor coefficients of orders 2 to `order` at the operands, those that are not all zero.

    They are forward differences, so they have few digits. Entries without a finite coefficient are
    zero.
    """
    steps = [_steps(operand) for operand in operands]
    grid: dict[Orders, Array] = {}
    for times in itertools.product(range(order + 1), repeat=len(operands)):
        if sum(times) <= order:
            moved = [as_array(u + s * t) for u, s, t in zip(operands, steps, times, strict=True)]
            with following(Branches()):
                grid[times] = as_array(op.evaluate(*moved, **params))
    found = {}
    for orders in grid:
        if sum(orders) < 2:
            continue
        difference: Any = np.array(arb(0), dtype=object)
        for times in itertools.product(*(range(n + 1) for n in orders)):
            weight = math.prod(math.comb(n, t) for n, t in zip(orders, times, strict=True))
            difference = difference + grid[times] * ((-1) ** (sum(orders) - sum(times)) * weight)
        for n, s in zip(orders, steps, strict=True):
            difference = difference / (s**n * math.factorial(n))
        found[orders] = np.vectorize(_known, otypes=[object])(difference)
    return {orders: c for orders, c in found.items() if np.any(c != 0)}


def _known(coefficient: arb) -> arb:
    doubtful = not coefficient.is_finite() or coefficient.contains(0)
    return arb(0) if doubtful else coefficient.mid()


def _steps(operand: Array) -> Array:
    """The steps of the entries of an operand."""
    out = np.empty(operand.shape, dtype=object)
    for index, entry in np.ndenumerate(operand):
        size = abs(float(entry.mid())) if entry.is_finite() else 0.0
        out[index] = arb(2) ** (LOG_STEP + (math.frexp(size)[1] if size else 0))
    return out
