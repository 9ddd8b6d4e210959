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
differentiated. If they do not all agree up to the order asked, the function is not smooth there and
no derivative is certified.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass

import numpy as np
from ad_conformance.conformance.reference.dtype_range import outside
from ad_conformance.conformance.reference.evaluator import Evaluator
from ad_conformance.conformance.reference.perturbation import Array, Rounded
from ad_conformance.conformance.reference.stencils import (
    STENCILS,
    TARGET_BITS,
    Blocks,
    Neighbourhood,
    Wide,
    differ,
    magnitude,
)
from ad_conformance.conformance.reference.tolerance import (
    TINY,
    Copies,
    tolerances,
)
from ad_conformance.generators.arithmetic.balls import Branches, following, selections, to_balls
from ad_conformance.generators.arithmetic.numpy_ops import as_array
from ad_conformance.generators.ir.program import Case
from flint import arb, ctx

#: The radius of a certified derivative should not exceed these, relative to its largest entry, and
#: relative to each entry that is not zero.
RELATIVE_RADIUS, ENTRY_RADIUS = 2.0**-70, 2.0**-66
#: The radii of the polydisc to try, as powers of two, the largest first.
RADII = (-8, -16, -32, -64)
#: The relative size of rounding errors for which comparisons must be decided, as a power of two:
#: 8192 rounding units of float64, 64 of float32.
LOG_ERROR = {"float64": -40, "float32": -18}
#: The bits of a value that the dtype can hold.
MANTISSA = {"float64": 53, "float32": 24}
#: The radius around the point in which comparisons are decided.
NEAR = 2.0**-200
MAX_SELECTIONS = 64
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
    pieces: whether several smooth selections meet at the point; all have this derivative.
    """

    kind: str
    value: Array | None = None
    radius: Array | None = None
    tolerance: Array | None = None
    reason: str = ""
    pieces: bool = False


def certify(case: Case) -> Truth:
    """The certified derivative of a case of order 1 to 4. Only one thread at a time computes.

    Raises ValueError for other orders.
    """
    with _ONE_AT_A_TIME:
        return _certify(case)


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
                truth = _on(question, evaluate, radius)
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


def _missing_bits(answer: Array) -> int:
    """How many more bits of precision make the radii as small as they should be.

    A derivative can be far smaller than the values that it is computed from. For a derivative of
    zero no precision is enough.
    """
    value, radius = np.abs(_middle(answer)), _radius(answer)
    largest = np.max(value)
    wanted = np.where(value > radius, np.maximum(ENTRY_RADIUS * value, 1e-300), np.inf)
    wanted = np.minimum(wanted, RELATIVE_RADIUS * np.maximum(largest, radius * RELATIVE_RADIUS))
    if largest == 0 or np.all(radius <= wanted) or not np.all(np.isfinite(radius)):
        return 0
    return 16 + math.ceil(math.log2(np.max(radius / wanted, where=radius > 0, initial=1.0)))


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
        self.shape = case.asked.shape(evaluate.shape, [shapes[i] for i in case.inputs])

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

    def lift(self, tolerance: Array) -> Array:
        """The tolerances of the entries of `along` as tolerances of the answer."""
        if self.case.asked.seed == "cotangent":
            weights = np.abs(np.asarray(self.case.cotangent, dtype=float).reshape(-1))
            tolerance = np.tensordot(weights, tolerance, axes=1) + TINY[self.case.dtype]
        return np.asarray(tolerance).reshape(self.shape)


def _on(question: _Question, evaluate: Evaluator, radius: int) -> Truth:
    dtype = question.case.dtype
    hood = Neighbourhood(evaluate, radius, question.order, TARGET_BITS)
    ctx.prec = hood.precision
    rounded = Rounded(MANTISSA[dtype], LOG_ERROR[dtype])
    # What depends on the input is not exact, so that it is not taken for a constant.
    near = as_array(hood.x + arb(0, NEAR))

    def decided(branches: Branches) -> None:
        with following(branches):
            evaluate.visited(near, rounded)

    met = selections(decided, MAX_SELECTIONS)
    branches = next(met)
    script, value = tuple(branches.taken), hood.disc(branches)
    if branches.open:
        others = ((tuple(other.taken), magnitude(hood.disc(other))) for other in met)
        if (order := differ(hood, (script, magnitude(value)), others, question.order)) is not None:
            return Truth(
                "convention", reason=f"branches that meet at the point differ at order {order}"
            )
    along = question.along(hood.tensor(value, script, question.blocks))
    if more := _missing_bits(question.answer(along)):
        hood = Neighbourhood(evaluate, radius, question.order, TARGET_BITS + more)
        ctx.prec = hood.precision
        along = question.along(hood.tensor(hood.disc(branches), script, question.blocks))
    answer = question.answer(along)
    truth, radii = _middle(answer), _radius(answer)
    if not np.all(np.isfinite(truth)):
        return Truth("uncertified", reason="the stencil has no finite value")
    if outside(evaluate, script, radius, question.order, dtype, float(np.max(np.abs(truth)))):
        return Truth("uncertified", reason=f"a value on the way is outside the range of {dtype}")
    copies = Copies(evaluate, script, radius, question.order, question.tangent)
    found = tolerances(copies, along, question.directions(hood.n), dtype)
    if not np.all(np.isfinite(found)):
        return Truth("uncertified", reason="the spread of perturbed copies is not finite")
    tolerance = question.lift(found)
    # The radius must be far below the tolerance, or negligible relative to the values that the
    # derivative is computed from.
    if not np.all(radii <= np.maximum(tolerance * 2.0**-16, (evaluate.size or 1.0) * 2.0**-64)):
        return Truth("uncertified", reason=f"radius {np.max(radii):.1e} is too wide")
    return Truth("certified", truth, radii, tolerance + radii, pieces=bool(branches.open))
