"""Truth: derivatives by finite differences in ball arithmetic, with a certificate.

A central stencil of step h is evaluated in `arb` balls, so that every rounding is enclosed. What the stencil cuts
off is enclosed by Cauchy's estimate: if f is analytic and |f| <= M on the polydisc of radius r around the point,
its Taylor coefficients satisfy |c_alpha| <= M / r**|alpha| (e.g. Krantz and Parks, A Primer of Real Analytic
Functions, 2.2). Applied to the coordinate t**p, the stencil of order j gives s_j(p) h**(p-j) where

    s_1(p) = 1 for odd p,               s_2(p) = 2 for even p >= 2,
    s_3(p) = 2**p - 2 for odd p >= 3,   s_4(p) = 2**(p+1) - 8 for even p >= 4,   else 0,

so that for a mixed derivative of orders j_i, with q = h/r, the error is at most

    M / r**sum(j) * (prod_i S_{j_i}(q) - prod_i j_i!),

    S_1 = 1/(1-q**2),                S_2 = 2/(1-q**2),
    S_3 = 8/(1-4q**2) - 2/(1-q**2),  S_4 = 32/(1-4q**2) - 8/(1-q**2).

Where comparisons come out differently around the point, every smooth selection that meets there is differentiated,
and all of them must agree to every order asked; otherwise the function is not smooth there.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from flint import acb, arb, ctx

from conformance.evaluation import Array, Evaluator, Noise
from generators.balls import Branches, Decision, following, selections, to_balls
from generators.numerics import as_array
from generators.programs import Case

#: Bits that a certified derivative should have, relative to the largest entry.
TARGET_BITS = 80
#: Radii of the polydisc to try, as powers of two, largest first.
RADII = (-8, -16, -32, -64)
#: How far apart balls must be, relative to what they were made from, before a comparison counts as decided: an
#: engine that rounds must come to the same answer.
MARGIN = 2.0**-30
MAX_SELECTIONS = 64
#: Perturbed copies whose spread measures the conditioning.
COPIES = 3
#: The allowance: SPREAD times the measured spread, plus FLOOR units of float64 rounding of the largest entry.
SPREAD, FLOOR = 64.0, 256.0
EPSILON = 2.0**-53
#: Below this an engine may flush to zero.
TINY = 1e-290

_STENCILS: dict[int, tuple[tuple[int, int], ...]] = {
    0: ((0, 1),),
    1: ((1, 1), (-1, -1)),
    2: ((1, 1), (0, -2), (-1, 1)),
    3: ((2, 1), (1, -2), (-1, 2), (-2, -1)),
    4: ((2, 1), (1, -4), (0, 6), (-1, -4), (-2, 1)),
}
#: What the integer weights above must be divided by, besides h**order.
_DIVISORS = {0: 1, 1: 2, 2: 1, 3: 2, 4: 1}
MAX_ORDER = max(_STENCILS)


@dataclass(frozen=True)
class Truth:
    """The derivative of a case, or why there is none.

    `kind` is "certified", "convention" (not smooth there: no engine can be wrong) or "uncertified". `value` has
    shape output.shape + order * input.shape, `radius` bounds its error, `allowance` is how far rounding may carry
    an honest float64 engine; `reason` says in words why a truth is not certified.
    """

    kind: str
    value: Array | None = None
    radius: Array | None = None
    allowance: Array | None = None
    reason: str = ""


class _Wide(Exception):
    """No finite bound on this polydisc."""


@lru_cache(maxsize=256)
def _stencil(orders: tuple[tuple[int, int], ...]) -> tuple[tuple[tuple[tuple[int, int], ...], int], ...]:
    """Offsets (coordinate, steps) and integer weights of the product of one-dimensional stencils."""
    terms = []
    for combination in itertools.product(*(_STENCILS[j] for _, j in orders)):
        offsets = tuple((i, o) for (i, _), (o, _) in zip(orders, combination, strict=True) if o)
        terms.append((offsets, math.prod(w for _, w in combination)))
    return tuple(terms)


def _mixed(n: int, order: int) -> Iterator[tuple[tuple[int, ...], tuple[tuple[int, int], ...]]]:
    for directions in itertools.combinations_with_replacement(range(n), order):
        yield directions, tuple(sorted(Counter(directions).items()))


def _excess(orders: tuple[tuple[int, int], ...], q: arb) -> arb:
    """prod_i S_{j_i}(q) - prod_i j_i!"""
    q2 = q * q
    one, four = 1 / (1 - q2), 1 / (1 - 4 * q2)
    sums = {1: one, 2: 2 * one, 3: 8 * four - 2 * one, 4: 32 * four - 8 * one}
    total, exact = arb(1), 1
    for _, j in orders:
        total, exact = total * sums[j], exact * math.factorial(j)
    return total - exact


class _Neighbourhood:
    """The program on one polydisc, along one smooth selection."""

    def __init__(self, evaluate: Evaluator, radius: int, order: int) -> None:
        self.evaluate = evaluate
        self.n = evaluate.point.size
        # With q = h/r the error is about M r**-k q**2: q makes up for small radii, precision for small steps.
        self.log_q = -(TARGET_BITS // 2 + 8 - radius * order // 2)
        self.log_h = radius + self.log_q
        self.radius = radius
        self.precision = 64 + TARGET_BITS - order * self.log_h

    def disc(self, branches: Branches) -> Array:
        """The program on the polydisc, as complex balls."""
        disc = arb(0, 2.0**self.radius)
        x = to_balls(self.evaluate.point)
        wide = np.empty(x.shape, dtype=object)
        for index, centre in np.ndenumerate(x):
            wide[index] = acb(centre + disc, disc)
        with following(branches):
            return self.evaluate(wide)

    def tensor(self, value: Array, script: tuple[Decision, ...], order: int) -> Array:
        """The derivative of that order, as an object array of balls of shape (outputs, n, ..., n).

        Raises _Wide where `value`, the program on the polydisc, is not finite.
        """
        flat = value.reshape(-1)
        bounds = [abs(z).upper() for z in flat]
        if not all(b.is_finite() for b in bounds):
            raise _Wide
        q, h = arb(2) ** self.log_q, arb(2) ** self.log_h
        at: dict[tuple[tuple[int, int], ...], Array] = {}
        tensor = np.empty((flat.size,) + (self.n,) * order, dtype=object)
        for directions, mixed in _mixed(self.n, order):
            total: Any = 0
            for offsets, weight in _stencil(mixed):
                if offsets not in at:
                    at[offsets] = self._at(offsets, h, script)
                total = total + at[offsets] * weight
            scale = 1 / (math.prod(_DIVISORS[j] for _, j in mixed) * h**order)
            excess = _excess(mixed, q) / (arb(2) ** (self.radius * order))
            permutations = set(itertools.permutations(directions))
            for o in range(flat.size):
                entry = total[o] * scale + arb(0, (bounds[o] * excess).abs_upper())
                for permuted in permutations:
                    tensor[(o, *permuted)] = entry
        return tensor

    def _at(self, offsets: tuple[tuple[int, int], ...], h: arb, script: tuple[Decision, ...]) -> Array:
        x = to_balls(self.evaluate.point)
        flat = x.reshape(-1)
        for i, steps in offsets:
            flat[i] = flat[i] + steps * h
        with following(Branches(script=script)):
            return self.evaluate(x).reshape(-1)

    def along(self, direction: Array, order: int, script: tuple[Decision, ...], noise: Noise | None = None) -> Array:
        """The derivative of that order (from 0) along one direction, one ball per output entry.

        Of a copy perturbed by `noise`, where given. What the stencil cuts off is not enclosed here.
        """
        h = arb(2) ** self.log_h
        x = to_balls(self.evaluate.point)
        step = as_array(to_balls(direction).reshape(x.shape) * h)
        total: Any = 0
        for offset, weight in _STENCILS[order]:
            at = as_array(x + step * offset)
            with following(Branches(script=script)):
                value = self.evaluate(at) if noise is None else self.evaluate.perturbed(at, noise)
            total = total + weight * value.reshape(-1)
        return np.asarray(total / (_DIVISORS[order] * h**order), dtype=object)


def certify(case: Case) -> Truth:
    """The truth of a case of order 1 to 4. Raises ValueError for longer mode words."""
    if not 1 <= case.order <= MAX_ORDER:
        raise ValueError(f"word {case.word!r}: truth is certified for orders 1 to {MAX_ORDER}")
    # Steps that the output does not need cannot make a truth uncertain.
    evaluate = Evaluator(case.program.pruned(), case.input)
    shape = evaluate.shape + case.order * case.input.shape
    if not math.prod(shape) or not evaluate.depends[-1]:
        zero = np.zeros(shape)
        return Truth("certified", zero, zero, zero + TINY)
    kept = ctx.prec
    truth = Truth("uncertified", reason="no bound on any neighbourhood of the point")
    try:
        for radius in RADII:
            hood = _Neighbourhood(evaluate, radius, case.order)
            ctx.prec = hood.precision
            try:
                truth = _on(hood, case, shape)
            except _Wide:
                continue
            except OverflowError as error:
                truth = Truth("uncertified", reason=str(error))
                continue
            except ZeroDivisionError:
                continue
            if truth.kind == "certified":
                break
        return truth
    finally:
        ctx.prec = kept


def _on(hood: _Neighbourhood, case: Case, shape: tuple[int, ...]) -> Truth:
    margin = MARGIN * max(hood.evaluate.scales)
    met = selections(hood.disc, margin, MAX_SELECTIONS)
    branches, value = next(met)
    script = tuple(branches.taken)
    if branches.open and (order := _differ(hood, script, met, case.order)) is not None:
        return Truth("convention", reason=f"branches that meet at the point differ at order {order}")
    tensor = hood.tensor(value, script, case.order)
    truth = np.vectorize(lambda z: float(z.mid()), otypes=[float])(tensor)
    radius = np.vectorize(lambda z: float(z.rad()), otypes=[float])(tensor)
    largest = float(np.max(np.abs(truth)))
    if not np.all(np.isfinite(truth)):
        return Truth("uncertified", reason="the stencil has no finite value")
    allowance = _allowance(hood, case, tensor, script, largest)
    if not np.all(np.isfinite(allowance)):
        return Truth("uncertified", reason="the spread of perturbed copies is not finite")
    # Either far below what rounding may do, or nothing beside the values that the derivative was made from.
    if not np.max(radius) <= max(np.max(allowance) * 2.0**-20, max(hood.evaluate.scales) * 2.0**-64):
        return Truth("uncertified", reason=f"radius {np.max(radius):.1e} is too wide")
    lifted = allowance.reshape((-1,) + (1,) * case.order) + radius
    return Truth("certified", truth.reshape(shape), radius.reshape(shape), lifted.reshape(shape))


def _differ(
    hood: _Neighbourhood, script: tuple[Decision, ...], others: Iterator[tuple[Branches, Array]], order: int
) -> int | None:
    """The first order, from 0, at which two smooth selections that meet at the point differ, if they do.

    Compared along random directions: two different forms agree at a random point with probability zero.
    """
    directions = [_direction(hood.n, order, copy) for copy in range(2)]
    first = [hood.along(d, j, script) for d in directions for j in range(order + 1)]
    size = max(1.0, *(float(abs(z).upper()) for part in first for z in part))
    for other, _ in others:
        theirs = [hood.along(d, j, tuple(other.taken)) for d in directions for j in range(order + 1)]
        for i, (one, two) in enumerate(zip(first, theirs, strict=True)):
            if not all(bool(abs(z).upper() <= size * 2.0**-60) for z in one - two):
                return i % (order + 1)
    return None


def _direction(n: int, order: int, copy: int) -> Array:
    rng = np.random.default_rng((n, order, copy))
    return rng.choice([-1.0, 1.0], n) * rng.uniform(0.5, 1.5, n)


def _allowance(hood: _Neighbourhood, case: Case, tensor: Array, script: tuple[Decision, ...], largest: float) -> Array:
    """How far rounding may carry each output's derivative: one number per output entry."""
    spread = np.zeros(len(tensor))
    for copy in range(COPIES):
        direction = _direction(hood.n, case.order, copy)
        exact = tensor
        for _ in range(case.order):
            exact = np.asarray(exact @ to_balls(direction), dtype=object)
        noisy = hood.along(direction, case.order, script, Noise(copy, case.order))
        difference = np.array([float(abs(z).upper()) for z in noisy - exact])
        spread = np.maximum(spread, difference)
    return SPREAD * spread * (EPSILON / Noise.SIZE) + FLOOR * EPSILON * largest + TINY
