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
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np
from flint import acb, arb, ctx

from conformance.evaluation import Array, Evaluator, Noise
from generators.balls import Branches, Decision, following, selections, to_balls
from generators.numerics import as_array
from generators.programs import Case

#: Bits that a certified derivative should have, relative to the largest entry.
TARGET_BITS = 80
#: What the radius of a truth should not exceed, relative to its largest entry.
RELATIVE_RADIUS = 2.0**-70
#: Radii of the polydisc to try, as powers of two, largest first.
RADII = (-8, -16, -32, -64)
#: How far apart balls must be, relative to what they were made from, before a comparison counts as decided: an
#: engine that rounds must come to the same answer.
MARGIN = {"float64": 2.0**-30, "float32": 2.0**-16}
MAX_SELECTIONS = 64
#: Bits of the stencil that tells a kink between values that vanish from none: to some 1e-290, where engines may flush.
FINE_BITS = 960
#: Perturbed copies whose spread measures the conditioning.
COPIES = 3
#: The allowance: SPREAD times the measured spread, plus FLOOR units of rounding of the largest entry.
SPREAD, FLOOR = 64.0, 256.0
EPSILON = {"float64": 2.0**-53, "float32": 2.0**-24}
#: The size of the perturbations: somewhat above the rounding, since what is of second order in it grows faster than
#: the spread that is scaled down to it.
NOISE = {"float64": 2.0**-40, "float32": 2.0**-20}
#: Below this an engine may flush to zero.
TINY = {"float64": 1e-290, "float32": 1e-34}

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


#: Points as steps by coordinate, each with its weight.
_Stencil = tuple[tuple[tuple[tuple[int, int], ...], int], ...]
#: For each letter of the word, innermost first, the coordinates that it differentiates by.
Blocks = tuple[range, ...]


@dataclass(frozen=True)
class Truth:
    """The derivative of a case, or why there is none.

    `kind` is "certified", "convention" (not smooth there: no engine can be wrong) or "uncertified". `value` has the
    shape of the case's answer, `radius` bounds its error, `allowance` is how far rounding may carry an honest engine
    of the case's dtype; `reason` says in words why a truth is not certified.
    """

    kind: str
    value: Array | None = None
    radius: Array | None = None
    allowance: Array | None = None
    reason: str = ""


#: A smooth selection: its script, and its bound on the polydisc.
_Side = tuple[tuple[Decision, ...], arb]


class _Wide(Exception):
    """No finite bound on this polydisc."""


@lru_cache(maxsize=256)
def _stencil(orders: tuple[tuple[int, int], ...]) -> _Stencil:
    """Offsets (coordinate, steps) and integer weights of the product of one-dimensional stencils."""
    terms = []
    for combination in itertools.product(*(_STENCILS[j] for _, j in orders)):
        offsets = tuple((i, o) for (i, _), (o, _) in zip(orders, combination, strict=True) if o)
        terms.append((offsets, math.prod(w for _, w in combination)))
    return tuple(terms)


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

    def __init__(self, evaluate: Evaluator, radius: int, order: int, bits: int = TARGET_BITS) -> None:
        self.evaluate = evaluate
        self.n = evaluate.point.size
        self.x = to_balls(evaluate.point)
        # With q = h/r the error is about M r**-k q**2: q makes up for small radii, precision for small steps.
        self.log_q = -(bits // 2 + 8 - radius * order // 2)
        self.log_h = radius + self.log_q
        self.radius = radius
        self.precision = 64 + bits - order * self.log_h

    def disc(self, branches: Branches) -> Array:
        """The program on the polydisc, as complex balls."""
        disc = arb(0, 2.0**self.radius)
        wide = np.empty(self.x.shape, dtype=object)
        for index, centre in np.ndenumerate(self.x):
            wide[index] = acb(centre + disc, disc)
        with following(branches):
            return self.evaluate(wide)

    def tensor(self, value: Array, script: tuple[Decision, ...], blocks: Blocks) -> Array:
        """The derivative, as an object array of balls of shape (outputs, n, ..., n): one axis per block of coordinates.

        Raises _Wide where `value`, the program on the polydisc, is not finite.
        """
        order = len(blocks)
        flat = value.reshape(-1)
        bounds = [abs(z).upper() for z in flat]
        if not all(b.is_finite() for b in bounds):
            raise _Wide
        q, h = arb(2) ** self.log_q, arb(2) ** self.log_h
        at: dict[tuple[tuple[int, int], ...], Array] = {}
        entries: dict[tuple[int, ...], Array] = {}
        tensor = np.empty((flat.size, *map(len, blocks)), dtype=object)

        def derivative(orders: tuple[tuple[int, int], ...], stencil: _Stencil) -> Array:
            total: Any = 0
            for offsets, weight in stencil:
                if offsets not in at:
                    at[offsets] = self._at(offsets, h, script)
                total = total + at[offsets] * weight
            scale = 1 / (math.prod(_DIVISORS[j] for _, j in orders) * h**order)
            excess = _excess(orders, q) / (arb(2) ** (self.radius * order))
            return np.array(
                [t * scale + arb(0, (b * excess).abs_upper()) for t, b in zip(total, bounds, strict=True)], object
            )

        def entry(directions: tuple[int, ...]) -> Array:
            if directions not in entries:
                mixed = tuple(sorted(Counter(directions).items()))
                if len(mixed) == order == 2:
                    # By polarization, which takes two points instead of four: 2 f_ij is the second derivative along
                    # e_i + e_j, whose multiples by less than the radius are in the polydisc too, less f_ii and f_jj.
                    i, j = directions
                    both = derivative(((i, 2),), tuple((((i, o), (j, o)) if o else (), w) for o, w in _STENCILS[2]))
                    entries[directions] = np.asarray((both - entry((i, i)) - entry((j, j))) / 2, dtype=object)
                else:
                    entries[directions] = derivative(mixed, _stencil(mixed))
            return entries[directions]

        for places in np.ndindex(*map(len, blocks)):
            tensor[:, *places] = entry(tuple(sorted(block[i] for block, i in zip(blocks, places, strict=True))))
        return tensor

    def _at(self, offsets: tuple[tuple[int, int], ...], h: arb, script: tuple[Decision, ...]) -> Array:
        x = self.x.copy()
        flat = x.reshape(-1)
        for i, steps in offsets:
            flat[i] = flat[i] + steps * h
        with following(Branches(script=script)):
            return self.evaluate(x).reshape(-1)

    def along(self, direction: Array, order: int, script: tuple[Decision, ...], noise: Noise | None = None) -> Array:
        """The derivative of that order (from 0) along one direction, one ball per output entry.

        Of a copy perturbed by `noise`, where given. What the stencil cuts off is not enclosed here.
        """
        return self.jet(direction, (order,), script, noise)[0]

    def jet(
        self, direction: Array, orders: Iterable[int], script: tuple[Decision, ...], noise: Noise | None = None
    ) -> list[Array]:
        """`along` for several orders, from the same points."""
        h = arb(2) ** self.log_h
        step = as_array(to_balls(direction).reshape(self.x.shape) * h)

        @cache
        def value(offset: int) -> Array:
            at = as_array(self.x + step * offset)
            with following(Branches(script=script)):
                return (self.evaluate(at) if noise is None else self.evaluate.perturbed(at, noise)).reshape(-1)

        return [
            np.asarray(sum(w * value(o) for o, w in _STENCILS[order]) / (_DIVISORS[order] * h**order), dtype=object)
            for order in orders
        ]


def certify(case: Case) -> Truth:
    """The truth of a case of order 1 to 4. Raises ValueError for longer mode words."""
    if not 1 <= case.order <= MAX_ORDER:
        raise ValueError(f"word {case.word!r}: truth is certified for orders 1 to {MAX_ORDER}")
    # Steps that the output does not need cannot make a truth uncertain.
    program = case.program.pruned()
    places = (0, *program.arguments)
    evaluate = Evaluator(program, case.input, tuple(places[i] for i in sorted(set(case.inputs))))
    question = _Question(case, evaluate)
    if not evaluate.depends[-1] or not all((math.prod(question.shape), math.prod(evaluate.shape), evaluate.point.size)):
        zero = np.zeros(question.shape)
        return Truth("certified", zero, zero, zero + TINY[case.dtype])
    kept = ctx.prec
    truth = Truth("uncertified", reason="no bound on any neighbourhood of the point")
    try:
        for radius in RADII:
            try:
                truth = _at_precision(question, evaluate, radius, TARGET_BITS)
                if truth.kind == "certified" and (more := _missing_bits(truth)):
                    truth = _at_precision(question, evaluate, radius, TARGET_BITS + more)
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


def _at_precision(question: _Question, evaluate: Evaluator, radius: int, bits: int) -> Truth:
    hood = _Neighbourhood(evaluate, radius, question.order, bits)
    ctx.prec = hood.precision
    return _on(hood, question)


def _missing_bits(truth: Truth) -> int:
    """How many more bits make the radius less than RELATIVE_RADIUS of the largest entry, for all that can be seen.

    A derivative can be far smaller than the values that it is made from, and one that vanishes has no size.
    """
    largest, radius = np.max(np.abs(truth.value)), np.max(truth.radius)  # type: ignore[arg-type]
    if radius <= RELATIVE_RADIUS * largest or largest <= RELATIVE_RADIUS * np.max(truth.allowance):  # type: ignore[arg-type]
        return 0
    return 16 + math.ceil(math.log2(radius / (RELATIVE_RADIUS * max(largest, radius * RELATIVE_RADIUS))))


class _Question:
    """What the answer to a case is made of: blocks of coordinates, one per letter, and the operator's contraction."""

    def __init__(self, case: Case, evaluate: Evaluator) -> None:
        self.case = case
        self.order = case.order
        shapes, blocks, start = {}, {}, 0
        for i, k in zip(sorted(set(case.inputs)), evaluate.varied, strict=True):
            shapes[i] = evaluate.values[k].shape
            blocks[i] = range(start, start := start + evaluate.values[k].size)
        self.blocks: Blocks = tuple(blocks[i] for i in case.inputs)
        inputs = [n for i in case.inputs for n in shapes[i]]
        match case.operator:
            case "pushforward":
                self.shape = (*evaluate.shape, *inputs[case.input.ndim :])
            case "hvp":
                self.shape = tuple(inputs[case.input.ndim :])
            case "pullback":
                self.shape = tuple(inputs)
            case _:
                self.shape = (*evaluate.shape, *inputs)

    def answer(self, tensor: Array) -> Array:
        """The full derivative contracted as the operator asks."""
        if self.case.operator == "pullback":
            weights = to_balls(np.asarray(self.case.cotangent, dtype=float).reshape(-1))
            return np.asarray(np.tensordot(weights, tensor, axes=1), dtype=object).reshape(self.shape)
        if self.case.tangent is not None:
            weights = to_balls(np.asarray(self.case.tangent, dtype=float).reshape(-1))
            tensor = np.tensordot(tensor, weights, axes=((1,), (0,)))
        return np.asarray(tensor, dtype=object).reshape(self.shape)

    def lift(self, allowance: Array) -> Array:
        """Allowances of each output's derivatives as allowances of the answer, or shaped to broadcast with it."""
        tiny = TINY[self.case.dtype]
        if self.case.operator == "pullback":
            return np.asarray(np.abs(np.asarray(self.case.cotangent, dtype=float).reshape(-1)) @ allowance + tiny)
        if self.case.tangent is not None:
            allowance = allowance * float(np.sum(np.abs(self.case.tangent))) + tiny
        outputs = len(allowance)
        rest = np.broadcast_to(allowance[:, None], (outputs, math.prod(self.shape) // outputs))
        return rest.reshape(self.shape)


def _on(hood: _Neighbourhood, question: _Question) -> Truth:
    dtype = question.case.dtype
    margin = MARGIN[dtype] * max(hood.evaluate.scales)
    met = selections(hood.disc, margin, MAX_SELECTIONS)
    branches, value = next(met)
    script = tuple(branches.taken)
    if branches.open:
        others = ((tuple(other.taken), _bound(there)) for other, there in met)
        if (order := _differ(hood, (script, _bound(value)), others, question.order)) is not None:
            return Truth("convention", reason=f"branches that meet at the point differ at order {order}")
    tensor = hood.tensor(value, script, question.blocks)
    answer = question.answer(tensor)
    truth = np.vectorize(lambda z: float(z.mid()), otypes=[float])(answer)
    radius = np.vectorize(lambda z: float(z.rad()), otypes=[float])(answer)
    if not np.all(np.isfinite(truth)):
        return Truth("uncertified", reason="the stencil has no finite value")
    allowance = _allowance(hood, question, tensor, script)
    if not np.all(np.isfinite(allowance)):
        return Truth("uncertified", reason="the spread of perturbed copies is not finite")
    # Either far below what rounding may do, or nothing beside the values that the derivative was made from.
    if not np.max(radius) <= max(np.max(allowance) * 2.0**-20, max(hood.evaluate.scales) * 2.0**-64):
        return Truth("uncertified", reason=f"radius {np.max(radius):.1e} is too wide")
    return Truth("certified", truth, radius, question.lift(allowance) + radius)


def _bound(value: Array) -> arb:
    """The largest magnitude of complex balls; infinite where one is."""
    return max((abs(z).upper() for z in value.reshape(-1)), default=arb(0))


def _differ(hood: _Neighbourhood, side: _Side, others: Iterable[_Side], order: int) -> int | None:
    """The first order, from 0, at which two smooth selections that meet at the point differ, if they do.

    Compared along random directions: two different forms agree at a random point with probability zero. Where all that
    is compared vanishes, what the stencil cuts off does not; then a finer one must tell, with next to nothing of it.
    """
    kept = ctx.prec
    try:
        found, doubtful = _compared(hood, side, others, order)
        if found is None and doubtful:
            fine = _Neighbourhood(hood.evaluate, hood.radius, order, FINE_BITS)
            ctx.prec = fine.precision
            found, _ = _compared(fine, side, doubtful, order)
        return found
    finally:
        ctx.prec = kept


def _compared(hood: _Neighbourhood, side: _Side, others: Iterable[_Side], order: int) -> tuple[int | None, list[_Side]]:
    """The first order at which another side differs for sure, if any does, and those of which that cannot be told."""
    directions = [_direction(hood.n, order, copy) for copy in range(2)]
    script, bound = side
    first = [hood.jet(d, range(order + 1), script) for d in directions]
    size = max(abs(z).upper() for jet in first for part in jet for z in part)
    # No entry of a direction exceeds 1.5.
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


def _direction(n: int, order: int, copy: int) -> Array:
    rng = np.random.default_rng((n, order, copy))
    return rng.choice([-1.0, 1.0], n) * rng.uniform(0.5, 1.5, n)


def _allowance(hood: _Neighbourhood, question: _Question, tensor: Array, script: tuple[Decision, ...]) -> Array:
    """How far rounding may carry each output's derivative: one number per output entry."""
    spread = np.zeros(len(tensor))
    epsilon, size = EPSILON[question.case.dtype], NOISE[question.case.dtype]
    for copy in range(COPIES):
        direction = _direction(hood.n, question.order, copy)
        exact = tensor
        for block in reversed(question.blocks):
            exact = np.asarray(exact @ to_balls(direction[block.start : block.stop]), dtype=object)
        noisy = _contracted(hood, question.blocks, direction, script, Noise(copy, question.order, size))
        difference = np.array([float(abs(z).upper()) for z in noisy - exact])
        spread = np.maximum(spread, difference)
    largest = max(float(abs(z.mid())) for z in tensor.flat)
    return SPREAD * spread * (epsilon / size) + FLOOR * epsilon * largest + TINY[question.case.dtype]


def _contracted(
    hood: _Neighbourhood, blocks: Blocks, direction: Array, script: tuple[Decision, ...], noise: Noise
) -> Array:
    """The derivative along `direction` in each block of coordinates, of a copy perturbed by `noise`.

    Different blocks by polarization: k! 2**k T(d_1, ..., d_k) is the sum over signs e of prod(e) T(sum(e d), ...).
    """
    if len(set(blocks)) == 1 and len(blocks[0]) == hood.n:
        return hood.along(direction, len(blocks), script, noise)
    parts = [np.where(np.isin(np.arange(hood.n), block), direction, 0.0) for block in blocks]
    total: Any = 0
    for signs in itertools.product((1, -1), repeat=len(blocks)):
        combined = np.sum([e * part for e, part in zip(signs, parts, strict=True)], axis=0)
        if np.any(combined):
            total = total + math.prod(signs) * hood.along(combined, len(blocks), script, noise)
    return np.asarray(total / (math.factorial(len(blocks)) * 2 ** len(blocks)), dtype=object)
