"""Certified derivatives by finite differences in ball arithmetic.

A central stencil of step h is evaluated in `arb` balls, which enclose all rounding errors. The
truncation error is enclosed by Cauchy's estimate: if f is analytic and |f| <= M on the polydisc of
radius r around the point, its Taylor coefficients satisfy |c_alpha| <= M / r**|alpha| (e.g. Krantz
and Parks, A Primer of Real Analytic Functions, 2.2). Applied to the coordinate t**p, the stencil of
order j gives s_j(p) h**(p-j) where

    s_1(p) = 1 for odd p,               s_2(p) = 2 for even p >= 2,
    s_3(p) = 2**p - 2 for odd p >= 3,   s_4(p) = 2**(p+1) - 8 for even p >= 4,   else 0,

so that for a mixed derivative of orders j_i, with q = h/r, the error is at most

    M / r**sum(j) * (prod_i S_{j_i}(q) - prod_i j_i!),

    S_1 = 1/(1-q**2),                S_2 = 2/(1-q**2),
    S_3 = 8/(1-4q**2) - 2/(1-q**2),  S_4 = 32/(1-4q**2) - 8/(1-q**2).

If comparisons have different results around the point, every smooth selection that meets there is
differentiated. Only entries of the derivative on which all of them agree are certified
(conformance/reference/selections.py).
"""

from __future__ import annotations

import itertools
import math
import threading
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from ad_conformance.conformance.reference.evaluator import Evaluator
from ad_conformance.conformance.reference.perturbation import Array, Noise
from ad_conformance.conformance.reference.selections import agreement
from ad_conformance.conformance.reference.stencils import (
    STENCILS,
    TARGET_BITS,
    Blocks,
    Neighbourhood,
    Wide,
    telling_directions,
)
from ad_conformance.generators.arithmetic.balls import Decision, to_balls
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.rewrite.identities import rewritten
from flint import ctx

#: The radius of a certified derivative should not exceed this, relative to its largest entry.
RELATIVE_RADIUS = 2.0**-70
#: The radii of the polydisc to try, as powers of two, the largest first.
RADII = (-8, -16, -32, -64)
#: How far apart balls must be, relative to the values that they are computed from, for a comparison
#: to be decided: an engine with rounding errors must get the same result.
MARGIN = {"float64": 2.0**-30, "float32": 2.0**-16}
#: The number of perturbed copies whose spread measures the conditioning.
COPIES = 3
#: The tolerance is SPREAD times the measured spread plus FLOOR rounding units of the largest entry.
SPREAD, FLOOR = 64.0, 256.0
EPSILON = {"float64": 2.0**-53, "float32": 2.0**-24}
#: The relative size of the perturbations. It is well above the rounding unit, so that the measured
#: spread, which is scaled down to the rounding unit, contains effects of second order too.
NOISE = {"float64": 2.0**-40, "float32": 2.0**-20}
#: Engines may replace numbers below this by zero.
TINY = {"float64": 1e-290, "float32": 1e-34}
MAX_ORDER = max(STENCILS)

#: The precision of balls and the current branches are global to the process, so only one thread may
#: certify at a time.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class Truth:
    """The certified derivative of a case, or why there is none.

    kind: "certified", "convention" (the function is not smooth there, and no answer is wrong) or
        "uncertified".
    value: the derivative, in the shape of the answer.
    radius: a bound on the error of each entry of `value`.
    tolerance: how far rounding in the dtype of the case may move a correct answer, for each entry.
    reason: why there is no certified derivative.
    pieces: whether several smooth selections meet at the point; all have this derivative, where it
        is judged.
    judged: the entries of the answer on which all selections agree; None: all. The values of the
        others are conventions. None is true if the kind is "convention".
    finite: the entries in which the derivatives of all selections are finite; None: all.
    """

    kind: str
    value: Array | None = None
    radius: Array | None = None
    tolerance: Array | None = None
    reason: str = ""
    pieces: bool = False
    judged: Array | None = None
    finite: Array | None = None

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The shape of the answer; None if nothing is known about the answer."""
        known = self.judged if self.value is None else self.value
        return None if known is None else known.shape

    @property
    def known(self) -> int:
        """The number of entries that have a certified derivative."""
        if self.value is None:
            return 0
        return self.value.size if self.judged is None else int(np.sum(self.judged))

    @property
    def expected(self) -> Array | None:
        """What an answer is compared with, NaN where its value is a convention; None if nothing is
        known about the answer.
        """
        if self.shape is None or self.judged is None:
            return self.value
        return np.where(self.judged, 0.0 if self.value is None else self.value, np.nan)

    @property
    def must_be_finite(self) -> Array:
        """The entries in which an answer that is NaN or infinite is wrong."""
        return np.ones(self.shape or (), bool) if self.finite is None else self.finite

    def ratios(self, got: Array) -> Array:
        """error / tolerance of an answer of the right shape, by entry; 0 where the value is a
        convention. Raises ValueError if there is no certified derivative.
        """
        if self.value is None or self.tolerance is None:
            raise ValueError(f"no certified derivative: {self.kind}")
        ratios = np.abs(got - self.value) / self.tolerance
        return ratios if self.judged is None else np.where(self.judged, ratios, 0.0)


def certify(case: Case) -> Truth:
    """The certified derivative of a case of order 1 to 4. Only one thread at a time computes.

    Raises ValueError for other orders.
    """
    with _ONE_AT_A_TIME:
        truth = _certify(case)
        if truth.kind == "certified" and truth.judged is None:
            return truth
        # A step may be singular where the function is smooth: a program for the same function may
        # have a derivative in more entries.
        other = rewritten(case)
        better = truth if other is None else _certify(other)
        if better.kind != "certified" or better.known <= truth.known:
            return truth
        # The program itself may be infinite in the other entries.
        return replace(better, finite=better.judged)


def _certify(case: Case) -> Truth:
    if not 1 <= case.order <= MAX_ORDER:
        raise ValueError(
            f"mode {case.mode!r}: derivatives are certified for orders 1 to {MAX_ORDER}"
        )
    # A step that the output does not depend on must not make the derivative uncertain.
    program = case.program.pruned()
    value_ids = (0, *program.arguments)
    evaluate = Evaluator(program, case.input, tuple(value_ids[i] for i in sorted(set(case.inputs))))
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
            if truth.kind != "uncertified":
                break
        return truth
    finally:
        ctx.prec = kept


def _at_precision(question: _Question, evaluate: Evaluator, radius: int, bits: int) -> Truth:
    hood = Neighbourhood(evaluate, radius, question.order, bits)
    ctx.prec = hood.precision
    return _on(hood, question)


def _missing_bits(truth: Truth) -> int:
    """How many more bits of precision make the radius less than RELATIVE_RADIUS times the largest
    entry.

    A derivative can be far smaller than the values that it is computed from. For a derivative of
    zero no precision is enough, and the answer is 0.
    """
    assert truth.value is not None
    assert truth.radius is not None
    assert truth.tolerance is not None
    largest, radius = np.max(np.abs(truth.value)), np.max(truth.radius)
    if radius <= RELATIVE_RADIUS * largest or largest <= RELATIVE_RADIUS * np.max(truth.tolerance):
        return 0
    return 16 + math.ceil(
        math.log2(radius / (RELATIVE_RADIUS * max(largest, radius * RELATIVE_RADIUS)))
    )


class _Question:
    """The coordinates that each letter of a case differentiates by, and the contraction with the
    seed.
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
        """The full derivative, contracted with the seed of the operator."""
        if self.case.asked.seed == "cotangent":
            weights = to_balls(np.asarray(self.case.cotangent, dtype=float).reshape(-1))
            tensor = np.tensordot(weights, tensor, axes=1)
        elif self.case.asked.seed == "tangent":
            weights = to_balls(np.asarray(self.case.tangent, dtype=float).reshape(-1))
            for _ in range(self.case.asked.along):
                tensor = np.tensordot(tensor, weights, axes=((1,), (0,)))
        return np.asarray(tensor, dtype=object).reshape(self.shape)

    def mask(self, entries: Array) -> Array:
        """For each entry of the answer, whether all `entries` of the full derivative that are
        contracted into it with a weight other than zero are true.
        """
        missing = ~entries
        if self.case.asked.seed == "cotangent":
            weights = np.asarray(self.case.cotangent, dtype=float).reshape(-1) != 0
            missing = np.any(missing[weights], axis=0)
        elif self.case.asked.seed == "tangent":
            weights = np.asarray(self.case.tangent, dtype=float).reshape(-1) != 0
            for _ in range(self.case.asked.along):
                missing = np.any(missing[:, weights], axis=1)
        return np.asarray(~missing).reshape(self.shape)

    def lift(self, tolerance: Array) -> Array:
        """The tolerances of the derivatives of each output as tolerances of the answer, in a shape
        that broadcasts with it.
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
    met = agreement(hood, margin, question.blocks, RADII)
    judged = None if met.judged is None else question.mask(met.judged)
    finite = None if met.finite is None else question.mask(met.finite)
    if judged is not None and not np.any(judged):
        reason = f"branches that meet at the point differ at order {met.order}"
        return Truth("convention", reason=reason, judged=judged, finite=finite)
    tensor, script = hood.tensor(met.value, met.script, question.blocks), met.script
    answer = question.answer(tensor)
    truth = np.vectorize(lambda z: float(z.mid()), otypes=[float])(answer)
    radius = np.vectorize(lambda z: float(z.rad()), otypes=[float])(answer)
    if not np.all(np.isfinite(truth)):
        return Truth("uncertified", reason="the stencil has no finite value")
    tolerance = _tolerance(hood, question, tensor, script)
    if not np.all(np.isfinite(tolerance)):
        return Truth("uncertified", reason="the spread of perturbed copies is not finite")
    # The radius must be far below the tolerance, or negligible relative to the values that the
    # derivative is computed from.
    if not np.max(radius) <= max(
        np.max(tolerance) * 2.0**-20, max(hood.evaluate.scales) * 2.0**-64
    ):
        return Truth("uncertified", reason=f"radius {np.max(radius):.1e} is too wide")
    return Truth(
        "certified",
        truth,
        radius,
        question.lift(tolerance) + radius,
        pieces=met.several,
        judged=judged,
        finite=finite,
    )


def _tolerance(
    hood: Neighbourhood, question: _Question, tensor: Array, script: tuple[Decision, ...]
) -> Array:
    """The tolerance of the derivative of each output entry, shape (outputs,)."""
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
    """The derivative along `direction` in each block of coordinates, for a copy perturbed by
    `noise`.

    Different blocks are combined by polarization: k! 2**k T(d_1, ..., d_k) is the sum over signs e
    of prod(e) T(sum(e d), ...).
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
