"""Whether engines can hold all values and derivatives on the way in the dtype of a case."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from ad_conformance.conformance.reference.evaluator import Evaluator
from ad_conformance.conformance.reference.stencils import random_direction
from ad_conformance.conformance.reference.visitors import Array, Recorder, Visitor
from ad_conformance.generators.arithmetic.balls import Branches, Decision, following, to_balls
from ad_conformance.generators.arithmetic.numpy_ops import as_array
from ad_conformance.generators.catalogue.operation import Operation
from ad_conformance.generators.ir.program import Program
from flint import arb, ctx

#: The bits of a value that the dtype can hold.
MANTISSA = {"float64": 53, "float32": 24}
#: The exponent of the largest number.
EXPONENTS = {"float64": 1023, "float32": 127}
#: A program whose values all have exponents of at most this magnitude stays inside the range.
SMALL_EXPONENTS = {"float64": 128, "float32": 20}
#: Bits that formulas for derivatives need beyond the sizes that are looked at here.
SPARE = 4
#: Operations whose derivatives grow without bound as an operand approaches zero.
SINGULAR = {
    *("sqrt", "cbrt", "pow", "pow_int", "pow_float", "reciprocal", "divide", "log", "log2", "log10")
}
#: Derivatives of order k of these have a denominator that is the k-th power of this, if one of the
#: operands with these indices varies.
DENOMINATORS: Mapping[str, tuple[tuple[int, ...], Callable[..., Any]]] = {
    "acosh": ((0,), lambda x: x * x - 1),
    "atan2": ((0, 1), lambda a, b: a * a + b * b),
    "atan": ((0,), lambda x: x * x + 1),
    "asinh": ((0,), lambda x: x * x + 1),
    "divide": ((0,), lambda a, b: b),
}
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
    # The step is as small in each unit as it is in the smallest.
    below = evaluate.exponents - np.min(evaluate.exponents)
    log_h = log_radius + LOG_STEP + int(np.min(evaluate.exponents))
    ctx.prec = 192 - order * (log_radius + LOG_STEP - int(np.max(below)))
    try:
        x, h = to_balls(evaluate.point), arb(2) ** (log_radius + LOG_STEP)
        direction = to_balls(np.ldexp(random_direction(evaluate.point.size, order, 0), -below))
        direction = direction.reshape(x.shape)
        recorders, flushed, flushing = [], [], _Flushing(high)
        for steps in range(order + 1):
            recorders.append(_Values())
            at = as_array(x + direction * (steps * h))
            with following(Branches(script=script)):
                evaluate.visited(at, recorders[-1])
            # Without a value that is too small at the point, there is nothing to compare.
            if steps == 0 or flushing.tiny:
                with following(Branches(script=script)):
                    flushed.append(flushing.last_value(evaluate, at))
        factors = _Factors(order, dtype, recorders[1].seen, log_h)
        with following(Branches(script=script)):
            evaluate.visited(x, factors)
    finally:
        ctx.prec = kept
    if factors.outside:
        return True
    outputs = [r.seen[-1][-1] for r in recorders if r.seen]
    if flushing.tiny and _differ(outputs, flushed, dtype, log_h):
        return True
    seen = [[v for vs in r.seen for v in vs if v.dtype == object] for r in recorders]
    exponents = [_exponents([s[i] for s in seen], log_h) for i in range(len(seen[0]))]
    # A program without steps has no values on the way.
    last = exponents[-1] if exponents else []
    for own in exponents:
        if any(size is not None and size > high - SPARE for size in own):
            return True
        # A value that is too small to be held matters if the output is as sensitive to it.
        if own[1] is not None and last[1] is not None and last[1] - own[1] > high - SPARE:
            return True
    return largest > 2.0 ** (high - SPARE)


def has_value_outside(program: Program, point: Array, dtype: str) -> bool:
    """Whether a value of the program at the point is so, also one inside an operation."""
    recorder, high = _Values(), EXPONENTS[dtype] - SPARE
    with following(Branches()):
        Evaluator(program, point).visited(to_balls(point), recorder)
    values = (z for call in recorder.seen for v in call if v.dtype == object for z in v.flat)
    return any(z.is_finite() and 0 not in z and abs(_exponent(abs(z))) > high for z in values)


class _Shifted(Visitor):
    """Sees the values that engines compute. The steps of logsumexp have exp(x), but engines compute
    exp(x - max(x)), which is in the range.
    """

    def definition(self, op: Operation) -> Callable[..., Any] | None:
        return op.definition if op.exponent is not None else super().definition(op)


class _Values(_Shifted, Recorder):
    """Keeps the operands and results."""


class _Flushing(_Shifted):
    """Takes away what each result is at the point if that is too small for a normal number. Its
    derivatives stay: engines compute them apart.
    """

    def __init__(self, high: int) -> None:
        self.high, self.call = high, 0
        self.at_point: list[Array] = []
        self.value: Any = None
        #: Whether there is such a result.
        self.tiny = False

    def last_value(self, evaluate: Evaluator, x: Array) -> Array:
        """The output at x. The first call is at the point."""
        self.call = 0
        evaluate.visited(x, self)
        return as_array(self.value)

    def result(
        self, op: Operation, operands: list[Array], params: Mapping[str, Any], value: Array
    ) -> Array:
        if value.dtype == object:
            if self.call == len(self.at_point):
                self.at_point.append(np.vectorize(self._too_small, otypes=[object])(value))
            value = as_array(value - self.at_point[self.call])
            self.call += 1
        self.value = value
        return value

    def _too_small(self, z: Any) -> Any:
        if not z.is_finite() or 0 in z or _exponent(abs(z)) >= -self.high:
            return arb(0)
        self.tiny = True
        return z


def _differ(outputs: list[Array], flushed: list[Array], dtype: str, log_h: int) -> bool:
    """Whether derivatives of the highest order differ by more than rounding, along the direction.
    Each list has the outputs at successive steps.
    """
    order = len(outputs) - 1
    for values in zip(*(v.ravel() for v in (*outputs, *flushed)), strict=True):
        exact, other = list(values[: order + 1]), list(values[order + 1 :])
        for _ in range(order):
            exact = [b - a for a, b in itertools.pairwise(exact)]
            other = [b - a for a, b in itertools.pairwise(other)]
        error = exact[0] - other[0]
        if not error.is_finite() or 0 in error:
            continue
        size = _exponent(abs(error)) - order * log_h
        beside = -EXPONENTS[dtype] if 0 in exact[0] else _exponent(abs(exact[0])) - order * log_h
        if size > max(beside - MANTISSA[dtype] + 2 * SPARE, -EXPONENTS[dtype]):
            return True
    return False


class _Factors(_Shifted):
    """Whether a derivative of an operation by an operand, one factor in the chain rule, is larger
    than the dtype can hold, or smaller although its products with derivatives of the operand count.

    `moved` has what a Recorder kept at a step of 2**log_h along a direction.
    """

    def __init__(self, order: int, dtype: str, moved: list[list[Array]], log_h: int) -> None:
        self.order, self.high = order, EXPONENTS[dtype] - SPARE
        self.moved, self.log_h = moved, log_h
        self.call, self.outside = -1, False

    def operands(self, op: Operation, operands: list[Array]) -> list[Array]:
        self.call += 1
        return operands

    def result(
        self, op: Operation, operands: list[Array], params: Mapping[str, Any], value: Array
    ) -> Array:
        self.call += 1
        if op.name in SINGULAR and not self.outside:
            self.outside = any(
                self._cannot_hold(op, operands, params, slot) for slot in range(len(operands))
            )
        if op.name in DENOMINATORS and not self.outside:
            slots, denominator = DENOMINATORS[op.name]
            self.outside = any(self._moves(operands[slot], slot) for slot in slots) and any(
                z.is_finite() and z != 0 and abs(self.order * _exponent(abs(z))) > self.high
                for z in as_array(denominator(*operands)).flat
            )
        if op.elementwise and op.curvature == "nonlinear" and not self.outside:
            self.outside = any(
                self._powers_too_large(v, moved)
                for v, moved in zip(operands, self.moved[self.call], strict=False)
                if v.dtype == object
            )
        return value

    def _moves(self, operand: Array, slot: int) -> bool:
        """Whether the operand with this index may vary along the direction."""
        moves = as_array(self.moved[self.call][slot] - operand)
        return not all(z == 0 for z in moves.flat)

    def _powers_too_large(self, operand: Array, moved: Array) -> bool:
        """Whether the powers of a derivative of the operand are, which are in the chain rule."""
        moves = (z for z in as_array(moved - operand).flat if z.is_finite() and 0 not in z)
        return any(self.order * (_exponent(abs(z)) - self.log_h) > self.high for z in moves)

    def _cannot_hold(
        self, op: Operation, operands: list[Array], params: Mapping[str, Any], slot: int
    ) -> bool:
        """Whether the derivatives by this operand are so, by differences with relative steps."""
        h = arb(2) ** LOG_STEP
        results = []
        for k in range(self.order + 1):
            changed = [*operands]
            changed[slot] = as_array(operands[slot] * (1 + k * h))
            results.append(as_array(op.evaluate(*changed, **params)))
        shape = results[0].shape
        moves = as_array(self.moved[self.call][slot] - operands[slot])
        around = [np.broadcast_to(v, shape).ravel() for v in (operands[slot], moves)]
        for k in range(1, self.order + 1):
            results = [as_array(b - a) for a, b in itertools.pairwise(results)]
            for change, size, move in zip(results[0].ravel(), *around, strict=True):
                if not (change.is_finite() and size.is_finite()) or 0 in change or size == 0:
                    continue
                factor = _exponent(abs(change)) - k * (_exponent(abs(size)) + LOG_STEP)
                if factor > self.high:
                    return True
                if factor < -self.high and move.is_finite() and move != 0:
                    moved = k * (_exponent(abs(move)) - self.log_h)
                    too_small = factor + moved > -self.high
                    if too_small:
                        return True
        return False


def _within(value: Array, exponent: int) -> bool:
    size = np.abs(value[np.isfinite(value) & (value != 0)])
    return bool(np.all((size < 2.0**exponent) & (size > 2.0**-exponent)))


def _exponents(values: list[Array], log_h: int) -> list[int | None]:
    """For each order the binary exponent of the largest derivative of an entry; None if all are
    zero.
    """
    found: list[int | None] = []
    for order in range(len(values)):
        # A difference of zero is a ball around zero if the value itself has no exact ball.
        sizes = [abs(z).upper() for z in values[0].flat if z.is_finite() and 0 not in z]
        largest = max(sizes, default=arb(0))
        found.append(None if largest == 0 else _exponent(largest) - order * log_h)
        values = [as_array(b - a) for a, b in itertools.pairwise(values)]
    return found


def _exponent(size: arb) -> int:
    mantissa, exponent = size.mid().man_exp()
    return int(exponent) + int(abs(mantissa).bit_length())
