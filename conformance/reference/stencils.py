"""Finite-difference stencils in ball arithmetic on one polydisc, and bounds on their truncation
errors.

The formulas are in the docstring of conformance/reference/certify.py.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

import numpy as np
from ad_conformance.conformance.reference.evaluator import Evaluator
from ad_conformance.conformance.reference.visitors import Array
from ad_conformance.generators.arithmetic.balls import Branches, Decision, following, to_balls
from ad_conformance.generators.arithmetic.numpy_ops import as_array
from flint import acb, arb

#: Bits that a certified derivative should have, relative to its largest entry.
TARGET_BITS = 80
#: Bits of a stencil whose truncation error is some 1e-290, where engines may replace numbers by
#: zero. It decides whether derivatives that are almost zero differ.
FINE_BITS = 960

STENCILS: dict[int, tuple[tuple[int, int], ...]] = {
    0: ((0, 1),),
    1: ((1, 1), (-1, -1)),
    2: ((1, 1), (0, -2), (-1, 1)),
    3: ((2, 1), (1, -2), (-1, 2), (-2, -1)),
    4: ((2, 1), (1, -4), (0, 6), (-1, -4), (-2, 1)),
}
#: The divisors of the integer weights above, besides h**order.
DIVISORS = {0: 1, 1: 2, 2: 1, 3: 2, 4: 1}

#: The points of a stencil, as steps by coordinate, each with its weight.
Stencil = tuple[tuple[tuple[tuple[int, int], ...], int], ...]
#: For each letter of the mode, the innermost first, the coordinates that it differentiates by.
Blocks = tuple[range, ...]


class Wide(Exception):
    """There is no finite bound on this polydisc."""


@lru_cache(maxsize=256)
def _stencil(orders: tuple[tuple[int, int], ...]) -> Stencil:
    """Offsets (coordinate, steps) and integer weights of a product of one-dimensional stencils."""
    terms = []
    for combination in itertools.product(*(STENCILS[j] for _, j in orders)):
        offsets = tuple((i, o) for (i, _), (o, _) in zip(orders, combination, strict=True) if o)
        terms.append((offsets, math.prod(w for _, w in combination)))
    return tuple(terms)


def _excess(orders: tuple[tuple[int, int], ...], q: arb) -> arb:
    """prod_i S_{j_i}(q) - prod_i j_i!, the factor of the truncation error."""
    q2 = q * q
    one, four = 1 / (1 - q2), 1 / (1 - 4 * q2)
    sums = {1: one, 2: 2 * one, 3: 8 * four - 2 * one, 4: 32 * four - 8 * one}
    total, exact = arb(1), 1
    for _, j in orders:
        total, exact = total * sums[j], exact * math.factorial(j)
    return total - exact


class Neighbourhood:
    """The program on one polydisc, along one smooth selection."""

    def __init__(
        self, evaluate: Evaluator, radius: int, order: int, bits: int = TARGET_BITS
    ) -> None:
        self.evaluate = evaluate
        self.bits = bits
        self.n = evaluate.point.size
        self.x = to_balls(evaluate.point)
        # With q = h/r, the truncation error is about M r**-k q**2. A smaller q compensates for a
        # smaller radius, and a higher precision for a smaller step.
        self.log_q = -(bits // 2 + 8 - radius * order // 2)
        self.log_h = radius + self.log_q
        self.radius = radius
        self.precision = 64 + bits - order * self.log_h

    def disc(self, branches: Branches) -> Array:
        """The program on the polydisc, as complex balls, along a selection of the point.

        Raises Wide if a comparison that is decided at the point is not on the whole polydisc.
        """
        disc = arb(0, 2.0**self.radius)
        wide = np.empty(self.x.shape, dtype=object)
        for index, centre in np.ndenumerate(self.x):
            wide[index] = acb(centre + disc, disc)
        followed = Branches(script=tuple(branches.taken), confirm=branches.open)
        with following(followed):
            value = self.evaluate(wide)
        if followed.doubtful:
            raise Wide
        return value

    def tensor(
        self,
        value: Array,
        script: tuple[Decision, ...],
        blocks: Blocks,
        *,
        partial: bool = False,
    ) -> Array:
        """The derivative, as an object array of balls of shape (outputs, n, ..., n): one axis per
        block of coordinates.

        Raises Wide if `value`, the program on the polydisc, is not finite. If `partial`, only
        derivatives of outputs that are not finite there are not finite.
        """
        order = len(blocks)
        flat = value.reshape(-1)
        bounds = magnitudes(value)
        if not partial and not all(b.is_finite() for b in bounds):
            raise Wide
        q, h = arb(2) ** self.log_q, arb(2) ** self.log_h
        at: dict[tuple[tuple[int, int], ...], Array] = {}
        entries: dict[tuple[int, ...], Array] = {}
        tensor = np.empty((flat.size, *map(len, blocks)), dtype=object)

        def derivative(orders: tuple[tuple[int, int], ...], stencil: Stencil) -> Array:
            total: Any = 0
            for offsets, weight in stencil:
                if offsets not in at:
                    at[offsets] = self._at(offsets, h, script)
                total = total + at[offsets] * weight
            scale = 1 / (math.prod(DIVISORS[j] for _, j in orders) * h**order)
            excess = _excess(orders, q) / (arb(2) ** (self.radius * order))
            return np.array(
                [
                    t * scale + arb(0, (b * excess).abs_upper())
                    for t, b in zip(total, bounds, strict=True)
                ],
                object,
            )

        def entry(directions: tuple[int, ...]) -> Array:
            if directions not in entries:
                mixed = tuple(sorted(Counter(directions).items()))
                if len(mixed) == order == 2:
                    # Polarization takes two points instead of four: 2 f_ij is the second derivative
                    # along e_i + e_j minus f_ii and f_jj. The points on that line by less than the
                    # radius are in the polydisc.
                    i, j = directions
                    both = derivative(
                        ((i, 2),), tuple((((i, o), (j, o)) if o else (), w) for o, w in STENCILS[2])
                    )
                    entries[directions] = np.asarray(
                        (both - entry((i, i)) - entry((j, j))) / 2, dtype=object
                    )
                else:
                    entries[directions] = derivative(mixed, _stencil(mixed))
            return entries[directions]

        for index in np.ndindex(*map(len, blocks)):
            directions = tuple(sorted(block[i] for block, i in zip(blocks, index, strict=True)))
            tensor[:, *index] = entry(directions)
            # Every division widens a ball.
            if self.evaluate.is_scaled:
                tensor[:, *index] /= self.evaluate.unit(directions)
        return tensor

    def _at(
        self, offsets: tuple[tuple[int, int], ...], h: arb, script: tuple[Decision, ...]
    ) -> Array:
        x = self.x.copy()
        flat = x.reshape(-1)
        for i, steps in offsets:
            flat[i] = flat[i] + steps * h
        with following(Branches(script=script)):
            return self.evaluate(x).reshape(-1)

    def jet(
        self, direction: Array, orders: Iterable[int], script: tuple[Decision, ...]
    ) -> list[Array]:
        """The derivatives of these orders (from 0) along one direction, for each one ball per
        output entry. The truncation error is not enclosed.
        """
        h = arb(2) ** self.log_h
        step = as_array(to_balls(direction).reshape(self.x.shape) * h)

        @cache
        def value(offset: int) -> Array:
            at = as_array(self.x + step * offset)
            with following(Branches(script=script)):
                return self.evaluate(at).reshape(-1)

        return [
            np.asarray(
                sum(w * value(o) for o, w in STENCILS[order]) / (DIVISORS[order] * h**order),
                dtype=object,
            )
            for order in orders
        ]


def magnitudes(value: Array) -> list[arb]:
    """An upper bound on the magnitude of each entry; infinite or NaN if there is none."""
    return [abs(z).upper() for z in value.reshape(-1)]


def cut_off(hood: Neighbourhood, bound: arb, order: int) -> arb:
    """The truncation error of a derivative along a direction with entries up to 1.5, if `bound`
    bounds the function on the polydisc.
    """
    # The step is at most 1.5 h.
    q, radius = arb(2) ** hood.log_q * 1.5, arb(2) ** hood.radius / 1.5
    return bound * _excess(((0, order),), q) / radius**order


def random_direction(n: int, order: int, copy: int) -> Array:
    rng = np.random.default_rng((n, order, copy))
    return rng.choice([-1.0, 1.0], n) * rng.uniform(0.5, 1.5, n)
