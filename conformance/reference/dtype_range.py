"""Whether engines can hold all values and derivatives on the way in the dtype of a case."""

from __future__ import annotations

import itertools

import numpy as np
from ad_conformance.conformance.reference.evaluator import Evaluator
from ad_conformance.conformance.reference.perturbation import Array, Recorder
from ad_conformance.conformance.reference.stencils import random_direction
from ad_conformance.generators.arithmetic.balls import Branches, Decision, following, to_balls
from ad_conformance.generators.arithmetic.numpy_ops import as_array
from flint import arb, ctx

#: The exponent of the largest number.
EXPONENTS = {"float64": 1023, "float32": 127}
#: A program whose values all have exponents of at most this magnitude stays inside the range.
SMALL_EXPONENTS = {"float64": 128, "float32": 20}
#: Bits that formulas for derivatives need beyond the sizes that are looked at here.
SPARE = 4
LOG_STEP = -64


def outside(
    evaluate: Evaluator,
    script: tuple[Decision, ...],
    log_radius: int,
    order: int,
    dtype: str,
    largest: float,
) -> bool:
    """Whether a value, or a derivative of it or by it, is outside the range of the dtype.

    Values, and their derivatives along one direction, are those of all operations of the program.
    The derivative of the output by a value is estimated by the quotient of their derivatives along
    the direction. `largest` is the largest entry of the answer.
    """
    high = EXPONENTS[dtype]
    sizes = [v for v in evaluate.values if v.dtype != bool]
    if all(_within(v, SMALL_EXPONENTS[dtype]) for v in [*sizes, np.array(largest)]):
        return False
    kept = ctx.prec
    log_h = log_radius + LOG_STEP
    ctx.prec = 192 - order * log_h
    try:
        x, h = to_balls(evaluate.point), arb(2) ** log_h
        direction = to_balls(random_direction(evaluate.point.size, order, 0)).reshape(x.shape)
        seen = []
        for steps in range(order + 1):
            recorder = Recorder()
            with following(Branches(script=script)):
                evaluate.visited(as_array(x + direction * (steps * h)), recorder)
            seen.append([v for vs in recorder.seen for v in vs if v.dtype == object])
    finally:
        ctx.prec = kept
    exponents = [_exponents([s[i] for s in seen], log_h) for i in range(len(seen[0]))]
    last = exponents[-1]
    for own in exponents:
        if any(size is not None and size > high - SPARE for size in own):
            return True
        # A value that is too small to be held matters if the output is as sensitive to it.
        if own[1] is not None and last[1] is not None and last[1] - own[1] > high - SPARE:
            return True
    return largest > 2.0 ** (high - SPARE)


def _within(value: Array, exponent: int) -> bool:
    size = np.abs(value[np.isfinite(value) & (value != 0)])
    return bool(np.all((size < 2.0**exponent) & (size > 2.0**-exponent)))


def _exponents(values: list[Array], log_h: int) -> list[int | None]:
    """For each order the binary exponent of the largest derivative of an entry; None if all are
    zero.
    """
    found: list[int | None] = []
    for order in range(len(values)):
        sizes = [abs(z).upper() for z in values[0].flat if z.is_finite()]
        largest = max(sizes, default=arb(0))
        found.append(None if largest == 0 else _exponent(largest) - order * log_h)
        values = [as_array(b - a) for a, b in itertools.pairwise(values)]
    return found


def _exponent(size: arb) -> int:
    mantissa, exponent = size.mid().man_exp()
    return int(exponent) + int(abs(mantissa).bit_length())
