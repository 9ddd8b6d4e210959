"""Perturbed copies of a program, which show how much rounding errors are amplified."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from ad_conformance.generators.arithmetic.balls import to_balls
from ad_conformance.generators.arithmetic.numpy_ops import as_array
from ad_conformance.generators.catalogue import CATALOGUE, NAMESPACE
from flint import acb, arb

Array = np.ndarray


def coerced(value: Array) -> Array:
    """The value as an object array of balls; truth values as they are."""
    # The sum over an empty axis and the zeros of diag and tril are Python integers in an object
    # array. They have no methods of balls.
    if value.dtype == bool or all(isinstance(entry, (arb, acb)) for entry in value.flat):
        return value if value.dtype in (bool, object) else value.astype(object)
    out = np.empty(value.shape, dtype=object)
    for index, entry in np.ndenumerate(value):
        out[index] = entry if isinstance(entry, (arb, acb)) else arb(float(entry))
    return out


@lru_cache(maxsize=2**14)
def _drawn(seed: tuple[int, ...], shape: tuple[int, ...], size: float) -> Array:
    rng = np.random.default_rng(seed)
    return to_balls(
        np.asarray(rng.choice([-1.0, 1.0], shape) * rng.uniform(0.5, 1.0, shape) * size)
    )


class Noise:
    """Smooth perturbations of a relative size. They are drawn once per step and are the same at
    every evaluation.

    An operand v near v0, of scale S = max|v0|, becomes v + size S (c0 + c1 u + c2 u**2 + ...) with
    u = (v - v0)/S and random c. This is an error in the value and in each of its derivatives, as
    rounding in a derivative program is.

    A result is perturbed by a polynomial of its operands, not of itself: if a function is almost
    constant (tanh far out), its value does not move, but the rounding of its derivative
    (1 - tanh**2) matters. The size of the perturbation is that of the terms that were added up,
    because these may cancel (a singular determinant) while their rounding errors do not.
    """

    def __init__(self, seed: int, degree: int, size: float) -> None:
        self.seed = seed
        self.degree = degree
        self.size = size

    def _coefficients(self, k: int, slot: int, shape: tuple[int, ...]) -> Array:
        return _drawn((self.seed, k, slot + 64), (self.degree + 1, *shape), self.size)

    @staticmethod
    def _polynomial(coefficients: Array, u: Any) -> Array:
        total = as_array(coefficients[-1])
        for c in coefficients[-2::-1]:
            total = as_array(c + u * total)
        return total

    def operand(self, k: int, slot: int, value: Array, at: Array) -> Array:
        if value.dtype != object or value.size == 0 or not np.all(np.isfinite(at)):
            return value
        scale = _scale(at)
        u = (value - at) / scale
        return as_array(
            value + scale * self._polynomial(self._coefficients(k, slot, value.shape), u)
        )

    def result(
        self,
        k: int,
        value: Array,
        size: float,
        moved: Sequence[tuple[Array, Array]],
        elementwise: bool,
        slot: int = -16,
    ) -> Array:
        if value.size == 0:
            return value
        u: Any = arb(0)
        for operand_slot, (operand, operand_at) in enumerate(moved, start=slot + 1):
            if operand.dtype != object or operand.size == 0:
                continue
            weights = as_array(self._coefficients(k, operand_slot, operand.shape)[0])
            # Entries that are infinite near the point, such as a root of zero, may not enter the
            # result.
            entries = zip(weights.flat, operand.flat, operand_at.flat, strict=True)
            moves = [
                w * (z - at) if z.is_finite() and math.isfinite(at) else arb(0)
                for w, z, at in entries
            ]
            # The entries are used one by one if possible: their sum may cancel by chance.
            moved_by: Any = (
                as_array(moves).reshape(operand.shape) if elementwise else sum(moves, arb(0))
            )
            u = u + moved_by / (self.size * min(_scale(operand_at[np.isfinite(operand_at)]), 1.0))
        return as_array(
            value + (size or 1.0) * self._polynomial(self._coefficients(k, slot, value.shape), u)
        )


@dataclass(frozen=True)
class Kept:
    """One call in a definition, at the point itself: the operands, and the size of the terms of
    the result.
    """

    operands: list[Array]
    size: float


class Calls:
    """The operations of the catalogue as a definition calls them.

    Without `noise`, each call is recorded in `kept`. With `noise`, each call is perturbed, and
    `kept` holds the calls at the point itself. An engine rounds inside a derived operation as it
    does between operations, and terms there may be far larger than the result.
    """

    def __init__(
        self, noise: Noise | None = None, k: int = 0, kept: list[Kept] | None = None
    ) -> None:
        self.noise, self.k = noise, k
        self.kept = kept or []
        self.count = 0

    def __getattr__(self, name: str) -> Callable[..., Array]:
        function = getattr(NAMESPACE, name)

        def called(*operands: Any, **params: Any) -> Array:
            listed = len(operands) == 1 and isinstance(operands[0], list)
            given = [as_array(v) for v in (operands[0] if listed else operands)]
            if self.noise is None:
                result = as_array(
                    function(given, **params) if listed else function(*given, **params)
                )
                size = 0.0 if result.dtype == bool else CATALOGUE[name].size_of_terms(given, result)
                self.kept.append(Kept(given, size))
                return result
            own, slot = self.kept[self.count], 128 + 32 * self.count
            self.count += 1
            pairs = list(zip(given, own.operands, strict=True))
            off = [self.noise.operand(self.k, slot + j, v, at) for j, (v, at) in enumerate(pairs)]
            result = coerced(
                as_array(function(off, **params) if listed else function(*off, **params))
            )
            if result.dtype != object or not math.isfinite(own.size):
                return result
            return self.noise.result(
                self.k, result, own.size, pairs, CATALOGUE[name].elementwise, slot + 16
            )

        return called


def largest(value: Array) -> float:
    """The largest magnitude of an entry, 0 for truth values and empty arrays."""
    return float(np.max(np.abs(value), initial=0.0)) if value.dtype != bool else 0.0


def _scale(value: Array) -> float:
    """The largest magnitude of an entry; 1 if all entries are zero."""
    return largest(value) or 1.0
