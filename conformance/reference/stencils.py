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
from ad_conformance.conformance.reference.perturbation import Array
from ad_conformance.generators.arithmetic.balls import Branches, Decision, following, to_balls
from ad_conformance.generators.arithmetic.numpy_ops import as_array
from flint import acb, arb, ctx

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


#: A smooth selection: the results of its comparisons, and its bound on the polydisc.
Side = tuple[tuple[Decision, ...], arb]


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

    def tensor(self, value: Array, script: tuple[Decision, ...], blocks: Blocks) -> Array:
        """The derivative, as an object array of balls of shape (outputs, n, ..., n): one axis per
        block of coordinates.

        Raises Wide if `value`, the program on the polydisc, is not finite.
        """
        order = len(blocks)
        flat = value.reshape(-1)
        bounds = [abs(z).upper() for z in flat]
        if not all(b.is_finite() for b in bounds):
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
            tensor[:, *index] = entry(
                tuple(sorted(block[i] for block, i in zip(blocks, index, strict=True)))
            )
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


def magnitude(value: Array) -> arb:
    """The largest magnitude of complex balls; infinite if one is."""
    return max((abs(z).upper() for z in value.reshape(-1)), default=arb(0))


def differ(hood: Neighbourhood, side: Side, others: Iterable[Side], order: int) -> int | None:
    """The first order, from 0, at which smooth selections that meet at the point differ, or None.

    They are compared along random directions: two different forms agree at a random point with
    probability zero. If all compared derivatives are zero, the comparison is repeated with a step
    so small that the truncation error is negligible.
    """
    kept = ctx.prec
    try:
        found, doubtful = _compared(hood, side, others, order)
        if found is None and doubtful:
            fine = Neighbourhood(hood.evaluate, hood.radius, order, FINE_BITS)
            ctx.prec = fine.precision
            found, _ = _compared(fine, side, doubtful, order)
        return found
    finally:
        ctx.prec = kept


def _compared(
    hood: Neighbourhood, side: Side, others: Iterable[Side], order: int
) -> tuple[int | None, list[Side]]:
    """The first order at which another side certainly differs, or None, and the sides for which
    that is not decided.
    """
    directions = [random_direction(hood.n, order, copy) for copy in range(2)]
    script, bound = side
    first = [hood.jet(d, range(order + 1), script) for d in directions]
    size = max(abs(z).upper() for jet in first for part in jet for z in part)
    # No entry of a direction exceeds 1.5, so the step is at most 1.5 h.
    q, radius = arb(2) ** hood.log_q * 1.5, arb(2) ** hood.radius / 1.5
    doubtful = []
    for other, there in others:
        certain = True
        for d, jet in zip(directions, first, strict=True):
            theirs = hood.jet(d, range(order + 1), other)
            for j, (one, two) in enumerate(zip(jet, theirs, strict=True)):
                cut_off = (bound + there) * _excess(((0, j),), q) / radius**j if j else arb(0)
                for z in one - two:
                    largest = abs(z).upper()
                    if largest <= size * 2.0**-60 or (0 in z and largest <= 2.0**-60):
                        continue
                    if not largest <= cut_off.abs_upper():
                        return j, []
                    certain = False
        if not certain:
            doubtful.append((other, there))
    return None, doubtful


def random_direction(n: int, order: int, copy: int) -> Array:
    rng = np.random.default_rng((n, order, copy))
    return rng.choice([-1.0, 1.0], n) * rng.uniform(0.5, 1.5, n)
