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

import math
import threading
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from ad_conformance.conformance.reference.dtype_range import MANTISSA, has_value_outside, outside
from ad_conformance.conformance.reference.evaluator import Evaluator
from ad_conformance.conformance.reference.selections import agreement
from ad_conformance.conformance.reference.stencils import (
    STENCILS,
    TARGET_BITS,
    Blocks,
    Neighbourhood,
    Wide,
)
from ad_conformance.conformance.reference.tolerance import (
    LARGE_COPIES,
    MANY_COPIES,
    TINY,
    Copies,
    leaves_domain,
    tolerances,
)
from ad_conformance.conformance.reference.visitors import Array, Rounded
from ad_conformance.generators.arithmetic.balls import Branches, following, to_balls
from ad_conformance.generators.arithmetic.numpy_ops import as_array
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.rewrite.directions import along
from ad_conformance.generators.rewrite.identities import rewritten
from flint import acb, arb, ctx

#: The radius of a certified derivative should not exceed these, relative to its largest entry, and
#: relative to each entry that is not zero.
RELATIVE_RADIUS, ENTRY_RADIUS = 2.0**-70, 2.0**-66
#: The radii of the polydisc to try, as powers of two, the largest first.
RADII = (-8, -16, -32, -64)
#: The size of rounding errors for which comparisons must be decided, relative, as a power of two.
LOG_ERROR = {"float64": -40, "float32": -18}
#: The radius around the point in which comparisons are decided.
NEAR = 2.0**-200
MAX_ORDER = max(STENCILS)
#: A reason why a case has no certified derivative.
LEAVES_DOMAIN = "rounding may leave the domain of an operation"

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


def certify(case: Case, *, copies: int = LARGE_COPIES) -> Truth:
    """The certified derivative of a case of order 1 to 4. Only one thread at a time computes.

    `copies` is the number of perturbed copies of the program that the tolerance is measured with.
    Raises ValueError for other orders.
    """
    if case.direction is not None:
        return _last_entry(certify(along(case), copies=copies), case)
    with _ONE_AT_A_TIME:
        truth = _certify(case, copies)
        if truth.kind == "certified" and truth.judged is None:
            return truth
        # What rounding does to this program says nothing about that of another one.
        if truth.reason in (_beyond(case.dtype), LEAVES_DOMAIN):
            return truth
        # A step may be singular where the function is smooth: a program for the same function may
        # have a derivative in more entries.
        other = rewritten(case)
        if other is None or has_value_outside(case.program, case.input, case.dtype):
            return truth
        better = _certify(other, copies)
        if better.kind != "certified" or better.known <= truth.known:
            return truth
        # The program itself may be infinite in the other entries.
        return replace(better, finite=better.judged)


@lru_cache(maxsize=256)
def measured_again(case: Case) -> Truth:
    """The same with a tolerance that is measured with many more copies."""
    return certify(case, copies=MANY_COPIES)


def _last_entry(truth: Truth, case: Case) -> Truth:
    """Of the derivative along one direction for each letter, the one along all of them."""
    if truth.shape is None:
        return truth
    entry = (..., *range(case.order))

    def taken(array: Array | None) -> Array | None:
        return None if array is None else np.asarray(array[entry])

    found = replace(
        truth,
        value=taken(truth.value),
        radius=taken(truth.radius),
        tolerance=taken(truth.tolerance),
        judged=taken(truth.judged),
        finite=taken(truth.finite),
    )
    if found.judged is not None and not np.any(found.judged):
        return replace(found, kind="convention", value=None, radius=None, tolerance=None)
    return found


def _beyond(dtype: str) -> str:
    return f"a value on the way is outside the range of {dtype}"


def _certify(case: Case, copies: int) -> Truth:
    if not 1 <= case.order <= MAX_ORDER:
        raise ValueError(
            f"mode {case.mode!r}: derivatives are certified for orders 1 to {MAX_ORDER}"
        )
    # A step that the output does not depend on must not make the derivative uncertain.
    program = case.program.pruned()
    value_ids = (0, *program.arguments)
    varied = tuple(value_ids[i] for i in sorted(set(case.inputs)))
    evaluate = Evaluator(program, case.input, varied)
    question = _Question(case, evaluate)
    if not evaluate.depends[-1] or not all(
        (math.prod(question.shape), math.prod(evaluate.shape), evaluate.point.size)
    ):
        zero = np.zeros(question.shape)
        return Truth("certified", zero, zero, zero + TINY[case.dtype])
    truth = _on_some_radius(question, evaluate, copies)
    # In units of 1, a polydisc around 1e-100 has zero in it, and steps from 1e100 have no effect.
    if not evaluate.is_extreme:
        return truth
    scaled = Evaluator(program, case.input, varied, scaled=True)
    return max(_on_some_radius(question, scaled, copies), truth, key=_told)


def _told(truth: Truth) -> tuple[int, int, float]:
    """How much is known about the answer."""
    kinds = ("uncertified", "convention", "certified")
    judged = ... if truth.judged is None else truth.judged
    coarse = 0.0 if truth.tolerance is None else float(np.max(truth.tolerance[judged]))
    return kinds.index(truth.kind), truth.known, -coarse


def _on_some_radius(question: _Question, evaluate: Evaluator, copies: int) -> Truth:
    """The result on the first polydisc on which there is one."""
    kept = ctx.prec
    truth = Truth("uncertified", reason="no bound on any neighbourhood of the point")
    try:
        for radius in RADII:
            try:
                truth = _on(question, evaluate, radius, copies)
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


def _missing_bits(answer: Array) -> int:
    """How many more bits of precision make the radii as small as they should be.

    A derivative can be far smaller than the values that it is computed from. For a derivative of
    zero no precision is enough.
    """
    value, radius = np.abs(_middle(answer)).reshape(-1), _radius(answer).reshape(-1)
    largest = np.max(value)
    wanted = np.where(value > radius, np.maximum(ENTRY_RADIUS * value, 1e-300), np.inf)
    wanted = np.minimum(wanted, RELATIVE_RADIUS * np.maximum(largest, radius * RELATIVE_RADIUS))
    missing = radius > wanted
    if largest == 0 or not np.any(missing) or not np.all(np.isfinite(radius)):
        return 0
    return 16 + math.ceil(math.log2(np.max(radius[missing] / wanted[missing])))


def _middle(balls: Array) -> Array:
    return np.asarray(np.vectorize(lambda z: float(z.mid()), otypes=[float])(balls))


def _radius(balls: Array) -> Array:
    return np.asarray(np.vectorize(lambda z: float(z.rad()), otypes=[float])(balls))


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
        self.shape = case.shape(evaluate.shape, [shapes[i] for i in case.inputs])

        self.tangent = (
            np.asarray(case.tangent, dtype=float).reshape(-1)
            if case.asked.seed == "tangent"
            else None
        )

    def along(self, tensor: Array) -> Array:
        """The full derivative, contracted with the tangent: an axis of outputs, then one for each
        letter, of length 1 for letters that the tangent takes the place of.
        """
        if self.tangent is not None:
            weights = to_balls(self.tangent)
            for axis in range(1, self.case.asked.along + 1):
                tensor = np.expand_dims(np.tensordot(tensor, weights, axes=((axis,), (0,))), axis)
        return tensor

    def directions(self, n: int) -> Blocks:
        """The directions of each axis of `along`; n stands for the tangent."""
        if self.tangent is None:
            return self.blocks
        count = self.case.asked.along
        return (range(n, n + 1),) * count + self.blocks[count:]

    def answer(self, along: Array) -> Array:
        """The answer: the result of `along`, contracted with the cotangent."""
        if self.case.asked.seed == "cotangent":
            weights = to_balls(np.asarray(self.case.cotangent, dtype=float).reshape(-1))
            along = np.tensordot(weights, along, axes=1)
        return np.asarray(along, dtype=object).reshape(self.shape)

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
        """The tolerances of the entries of `along` as tolerances of the answer."""
        if self.case.asked.seed == "cotangent":
            weights = np.abs(np.asarray(self.case.cotangent, dtype=float).reshape(-1))
            tolerance = np.tensordot(weights, tolerance, axes=1) + TINY[self.case.dtype]
        return np.asarray(tolerance).reshape(self.shape)


def _on(question: _Question, evaluate: Evaluator, radius: int, count: int) -> Truth:
    dtype = question.case.dtype
    # A derivative by an entry with another unit than 1 can be smaller than values by that unit.
    bits = TARGET_BITS + question.order * int(np.max(np.abs(evaluate.exponents)))
    hood = Neighbourhood(evaluate, radius, question.order, bits)
    ctx.prec = hood.precision
    rounded = Rounded(MANTISSA[dtype], LOG_ERROR[dtype])
    # What depends on the input is not exact, so that it is not taken for a constant.
    near = as_array(hood.x + acb(arb(0, NEAR), arb(0, NEAR)))

    def decide(branches: Branches) -> None:
        with following(branches):
            evaluate.visited(near, rounded)

    met = agreement(hood, decide, question.blocks, RADII)
    judged = None if met.judged is None else question.mask(met.judged)
    finite = None if met.finite is None else question.mask(met.finite)
    if judged is not None and not np.any(judged):
        reason = f"branches that meet at the point differ at order {met.order}"
        return Truth("convention", reason=reason, judged=judged, finite=finite)
    script = met.script
    along = question.along(hood.tensor(met.value, script, question.blocks))
    if more := _missing_bits(question.answer(along)):
        hood = Neighbourhood(evaluate, radius, question.order, bits + more)
        ctx.prec = hood.precision
        along = question.along(hood.tensor(met.value, script, question.blocks))
    answer = question.answer(along)
    truth, radii = _middle(answer), _radius(answer)
    beyond = _beyond(dtype)
    if not np.all(np.isfinite(truth)):
        overflow = all(z.is_finite() for z in answer.flat)
        return Truth(
            "uncertified", reason=beyond if overflow else "the stencil has no finite value"
        )
    if outside(evaluate, script, radius, question.order, dtype, float(np.max(np.abs(truth)))):
        return Truth("uncertified", reason=beyond)
    if leaves_domain(evaluate, script, dtype):
        return Truth("uncertified", reason=LEAVES_DOMAIN)
    copies = Copies(evaluate, script, radius, question.order, question.tangent)
    found = tolerances(copies, along, question.directions(hood.n), dtype, count)
    if not np.all(np.isfinite(found)):
        return Truth("uncertified", reason="the spread of perturbed copies is not finite")
    tolerance = question.lift(found)
    # The radius must be far below the tolerance, or negligible relative to the values that the
    # derivative is computed from.
    asked = np.ones(truth.shape, bool) if judged is None else judged
    enough = np.maximum(tolerance * 2.0**-16, (evaluate.size or 1.0) * 2.0**-64)
    if not np.all(radii[asked] <= enough[asked]):
        return Truth("uncertified", reason=f"radius {np.max(radii[asked]):.1e} is too wide")
    return Truth(
        "certified",
        truth,
        radii,
        tolerance + radii,
        pieces=met.several,
        judged=judged,
        finite=finite,
    )
