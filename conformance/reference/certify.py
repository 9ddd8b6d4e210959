"""Truth: derivatives by finite differences in ball arithmetic, with a certificate.

A central stencil of step h is evaluated in `arb` balls, so that every rounding is enclosed. What
the stencil cuts off is enclosed by Cauchy's estimate: if f is analytic and |f| <= M on the polydisc
of radius r around the point, its Taylor coefficients satisfy |c_alpha| <= M / r**|alpha| (e.g.
Krantz and Parks, A Primer of Real Analytic Functions, 2.2). Applied to the coordinate t**p, the
stencil of order j gives s_j(p) h**(p-j) where

    s_1(p) = 1 for odd p,               s_2(p) = 2 for even p >= 2,
    s_3(p) = 2**p - 2 for odd p >= 3,   s_4(p) = 2**(p+1) - 8 for even p >= 4,   else 0,

so that for a mixed derivative of orders j_i, with q = h/r, the error is at most

    M / r**sum(j) * (prod_i S_{j_i}(q) - prod_i j_i!),

    S_1 = 1/(1-q**2),                S_2 = 2/(1-q**2),
    S_3 = 8/(1-4q**2) - 2/(1-q**2),  S_4 = 32/(1-4q**2) - 8/(1-q**2).

Where comparisons come out differently around the point, every smooth selection that meets there is
differentiated, and all of them must agree to every order asked; otherwise the function is not
smooth there.
"""

from __future__ import annotations

import itertools
import math
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
from ad_conformance.conformance.reference.evaluator import Evaluator
from ad_conformance.conformance.reference.perturbation import Array, Noise
from ad_conformance.conformance.reference.stencils import (
    STENCILS,
    TARGET_BITS,
    Blocks,
    Neighbourhood,
    Wide,
    differ,
    magnitude,
    telling_directions,
)
from ad_conformance.generators.arithmetic.balls import Decision, selections, to_balls
from ad_conformance.generators.ir.program import Case
from flint import ctx

#: What the radius of a truth should not exceed, relative to its largest entry.
RELATIVE_RADIUS = 2.0**-70
#: Radii of the polydisc to try, as powers of two, largest first.
RADII = (-8, -16, -32, -64)
#: How far apart balls must be, relative to what they were made from, before a comparison counts as
#: decided: an engine that rounds must come to the same answer.
MARGIN = {"float64": 2.0**-30, "float32": 2.0**-16}
MAX_SELECTIONS = 64
#: Perturbed copies whose spread measures the conditioning.
COPIES = 3
#: The allowance: SPREAD times the measured spread, plus FLOOR units of rounding of the largest
#: entry.
SPREAD, FLOOR = 64.0, 256.0
EPSILON = {"float64": 2.0**-53, "float32": 2.0**-24}
#: The size of the perturbations: somewhat above the rounding, since what is of second order in it
#: grows faster than the spread that is scaled down to it.
NOISE = {"float64": 2.0**-40, "float32": 2.0**-20}
#: Below this an engine may flush to zero.
TINY = {"float64": 1e-290, "float32": 1e-34}
MAX_ORDER = max(STENCILS)

#: The precision of balls and the comparisons that they have met so far belong to the process, not
#: to a thread.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class Truth:
    """The derivative of a case, or why there is none.

    `kind` is "certified", "convention" (not smooth there: no engine can be wrong) or "uncertified".
    `value` has the shape of the case's answer, `radius` bounds its error, `allowance` is how far
    rounding may carry an honest engine of the case's dtype; `reason` says in words why a truth is
    not certified. `pieces`: several smooth selections meet at the point, and all have this
    derivative.
    """

    kind: str
    value: Array | None = None
    radius: Array | None = None
    tolerance: Array | None = None
    reason: str = ""
    pieces: bool = False


def certify(case: Case) -> Truth:
    """The truth of a case of order 1 to 4, one at a time whatever the threads. Raises ValueError
    beyond.
    """
    with _ONE_AT_A_TIME:
        return _certify(case)


def _certify(case: Case) -> Truth:
    if not 1 <= case.order <= MAX_ORDER:
        raise ValueError(f"word {case.mode!r}: truth is certified for orders 1 to {MAX_ORDER}")
    # Steps that the output does not need cannot make a truth uncertain.
    program = case.program.pruned()
    places = (0, *program.arguments)
    evaluate = Evaluator(program, case.input, tuple(places[i] for i in sorted(set(case.inputs))))
    question = _Question(case, evaluate)
    if not evaluate.depends[-1] or not all(
        (math.prod(question.shape), math.prod(evaluate.shape), evaluate.point.size)
    ):
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
            except Wide:
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
    hood = Neighbourhood(evaluate, radius, question.order, bits)
    ctx.prec = hood.precision
    return _on(hood, question)


def _missing_bits(truth: Truth) -> int:
    """How many more bits make the radius less than RELATIVE_RADIUS of the largest entry, for all
    that can be seen.

    A derivative can be far smaller than the values that it is made from, and one that vanishes has
    no size.
    """
    largest, radius = np.max(np.abs(truth.value)), np.max(truth.radius)  # type: ignore[arg-type]
    if radius <= RELATIVE_RADIUS * largest or largest <= RELATIVE_RADIUS * np.max(truth.tolerance):  # type: ignore[arg-type]
        return 0
    return 16 + math.ceil(
        math.log2(radius / (RELATIVE_RADIUS * max(largest, radius * RELATIVE_RADIUS)))
    )


class _Question:
    """What the answer to a case is made of: blocks of coordinates, one per letter, and the
    operator's contraction.
    """

    def __init__(self, case: Case, evaluate: Evaluator) -> None:
        self.case = case
        self.order = case.order
        shapes, blocks, start = {}, {}, 0
        for i, k in zip(sorted(set(case.inputs)), evaluate.varied, strict=True):
            shapes[i] = evaluate.values[k].shape
            blocks[i] = range(start, start := start + evaluate.values[k].size)
        self.blocks: Blocks = tuple(blocks[i] for i in case.inputs)
        self.shape = case.asked.shape(evaluate.shape, [shapes[i] for i in case.inputs])

    def answer(self, tensor: Array) -> Array:
        """The full derivative contracted as the operator asks."""
        if self.case.asked.seed == "cotangent":
            weights = to_balls(np.asarray(self.case.cotangent, dtype=float).reshape(-1))
            tensor = np.tensordot(weights, tensor, axes=1)
        elif self.case.asked.seed == "tangent":
            weights = to_balls(np.asarray(self.case.tangent, dtype=float).reshape(-1))
            for _ in range(self.case.asked.along):
                tensor = np.tensordot(tensor, weights, axes=((1,), (0,)))
        return np.asarray(tensor, dtype=object).reshape(self.shape)

    def lift(self, tolerance: Array) -> Array:
        """Allowances of each output's derivatives as allowances of the answer, or shaped to
        broadcast with it.
        """
        tiny = TINY[self.case.dtype]
        if self.case.asked.seed == "cotangent":
            return np.asarray(
                np.abs(np.asarray(self.case.cotangent, dtype=float).reshape(-1)) @ tolerance + tiny
            )
        for _ in range(self.case.asked.along):
            tolerance = tolerance * float(np.sum(np.abs(self.case.tangent))) + tiny
        outputs = len(tolerance)
        rest = np.broadcast_to(tolerance[:, None], (outputs, math.prod(self.shape) // outputs))
        return rest.reshape(self.shape)


def _on(hood: Neighbourhood, question: _Question) -> Truth:
    dtype = question.case.dtype
    margin = MARGIN[dtype] * max(hood.evaluate.scales)
    met = selections(hood.disc, margin, MAX_SELECTIONS)
    branches, value = next(met)
    script = tuple(branches.taken)
    if branches.open:
        others = ((tuple(other.taken), magnitude(there)) for other, there in met)
        if (order := differ(hood, (script, magnitude(value)), others, question.order)) is not None:
            return Truth(
                "convention", reason=f"branches that meet at the point differ at order {order}"
            )
    tensor = hood.tensor(value, script, question.blocks)
    answer = question.answer(tensor)
    truth = np.vectorize(lambda z: float(z.mid()), otypes=[float])(answer)
    radius = np.vectorize(lambda z: float(z.rad()), otypes=[float])(answer)
    if not np.all(np.isfinite(truth)):
        return Truth("uncertified", reason="the stencil has no finite value")
    tolerance = _tolerance(hood, question, tensor, script)
    if not np.all(np.isfinite(tolerance)):
        return Truth("uncertified", reason="the spread of perturbed copies is not finite")
    # Either far below what rounding may do, or nothing beside the values that the derivative was
    # made from.
    if not np.max(radius) <= max(
        np.max(tolerance) * 2.0**-20, max(hood.evaluate.scales) * 2.0**-64
    ):
        return Truth("uncertified", reason=f"radius {np.max(radius):.1e} is too wide")
    return Truth(
        "certified", truth, radius, question.lift(tolerance) + radius, pieces=bool(branches.open)
    )


def _tolerance(
    hood: Neighbourhood, question: _Question, tensor: Array, script: tuple[Decision, ...]
) -> Array:
    """How far rounding may carry each output's derivative: one number per output entry."""
    spread = np.zeros(len(tensor))
    epsilon, size = EPSILON[question.case.dtype], NOISE[question.case.dtype]
    middle = np.vectorize(lambda z: float(z.mid()), otypes=[float])(tensor)
    for copy, direction in enumerate(telling_directions(middle, question.blocks, hood.n, COPIES)):
        exact = tensor
        for block in reversed(question.blocks):
            exact = np.asarray(exact @ to_balls(direction[block.start : block.stop]), dtype=object)
        noisy = _contracted(
            hood, question.blocks, direction, script, Noise(copy, question.order, size)
        )
        difference = np.array([float(abs(z).upper()) for z in noisy - exact])
        spread = np.maximum(spread, difference)
    largest = float(np.max(np.abs(middle)))
    return (
        SPREAD * spread * (epsilon / size) + FLOOR * epsilon * largest + TINY[question.case.dtype]
    )


def _contracted(
    hood: Neighbourhood,
    blocks: Blocks,
    direction: Array,
    script: tuple[Decision, ...],
    noise: Noise,
) -> Array:
    """The derivative along `direction` in each block of coordinates, of a copy perturbed by
    `noise`.

    Different blocks by polarization: k! 2**k T(d_1, ..., d_k) is the sum over signs e of prod(e)
    T(sum(e d), ...).
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
