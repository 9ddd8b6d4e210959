"""Scalar functions on python-flint balls, and the branches that comparisons of balls choose.

Every function takes `arb` (real) or `acb` (complex) balls. On a complex ball, the result encloses
the *analytic* continuation of the real function; it is NaN if the ball meets a branch cut or a
pole. So a bound that is computed from the result holds for a function that is analytic on the whole
ball, as Cauchy's estimate requires.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from flint import acb, arb

Ball = arb | acb

NAN = arb("nan")
# One object: a comparison of a ball with zero is recognized by the identity of the zero.
ZERO = arb(0)


def _inside(certain: bool, value: Callable[[], Ball]) -> Ball:
    return value() if certain else NAN


def _unit_disc(z: Ball) -> bool:
    return bool(z.abs_upper() < 1)


def _off_imaginary_cut(z: Ball) -> bool:
    return bool(abs(z.imag).upper() < 1)


class Ranged(acb):
    """A complex ball with bounds on the real values that a function takes on the real part of its
    operand, wherever it is defined there.

    The value is NaN if the function is not analytic on the operand. A comparison may be decided by
    the bounds all the same: close to zero, a logarithm is below any bound of `clip`.
    """

    low: arb
    high: arb


def _ranged(value: acb, low: arb, high: arb) -> Ranged:
    found = Ranged(value)
    found.low, found.high = low, high
    return found


def _bounds(z: Ball) -> tuple[arb, arb] | None:
    """Bounds on the real values of a ball, None if there are none."""
    if isinstance(z, Ranged):
        return z.low, z.high
    return (z.real.lower(), z.real.upper()) if z.is_finite() else None


def log(z: Ball) -> Ball:
    if not isinstance(z, acb):
        return z.log()
    found = z.log(analytic=True)
    if found.is_finite() or 0 not in z:
        return found
    return _ranged(found, arb("-inf"), z.abs_upper().log().upper())


def sqrt(z: Ball) -> Ball:
    if not isinstance(z, acb):
        return z.sqrt()
    found = z.sqrt(analytic=True)
    if found.is_finite() or 0 not in z:
        return found
    return _ranged(found, arb(0), z.abs_upper().sqrt().upper())


def square(z: Ball) -> Ball:
    found = z * z
    if not isinstance(found, acb) or not found.is_finite():
        return found
    return _ranged(found, arb(0), found.abs_upper())


def reciprocal(z: Ball) -> Ball:
    found = 1 / z
    if isinstance(z, Ranged) and not found.is_finite() and z.low >= 0 and z.is_finite():
        return _ranged(acb(found), (1 / z.high).lower(), arb("inf"))
    return found


def log1p(z: Ball) -> Ball:
    return log(1 + z)


def asin(z: Ball) -> Ball:
    return _inside(_unit_disc(z), z.asin)


def acos(z: Ball) -> Ball:
    return _inside(_unit_disc(z), z.acos)


def atanh(z: Ball) -> Ball:
    return _inside(_unit_disc(z), z.atanh)


def atan(z: Ball) -> Ball:
    return _inside(_off_imaginary_cut(z), z.atan)


def asinh(z: Ball) -> Ball:
    return _inside(_off_imaginary_cut(z), z.asinh)


def acosh(z: Ball) -> Ball:
    return _inside(bool(z.real > 1), z.acosh)


def hypot(a: Ball, b: Ball) -> Ball:
    return sqrt(a * a + b * b)


def logaddexp(a: Ball, b: Ball) -> Ball:
    return log(a.exp() + b.exp())


def atan2(y: Ball, x: Ball) -> Ball:
    """The angle of (x, y), NaN on the cut at y = 0, x < 0."""
    if x.real > 0:
        return atan(y / x)
    if y.real > 0:
        return arb.pi() / 2 - atan(x / y)
    return _inside(bool(y.real < 0), lambda: -arb.pi() / 2 - atan(x / y))


def integer_value(z: Ball) -> int | None:
    """The integer that an exact ball holds, or None."""
    if z.is_exact() and z.imag.is_zero() and z.real.is_integer():
        n = z.real.unique_fmpz()
        return None if n is None else int(n)
    return None


def integer_power(base: Ball, n: int) -> Ball:
    """base ** n, computed with complex balls: real balls that contain zero and are not exact have
    no `**`.
    """
    return (acb(base) ** n).real if isinstance(base, arb) else base**n


def power(base: Ball, exponent: Ball) -> Ball:
    """base ** exponent: by products if the exponent is an exact integer, else by the logarithm.

    An exact zero as base gives zero for exponents with positive real part.
    """
    n = integer_value(exponent)
    if n is not None:
        return integer_power(base, n)
    if base.is_zero() and exponent.real > 0:
        return base * 0
    return (exponent * log(base)).exp()


#: The result of a comparison a < b (None: a and b are equal, and the mean of the two branches is
#: taken), or of rounding down.
Decision = bool | int | None


@dataclass
class Branches:
    """The results of comparisons in the order in which a program makes them.

    With `script`, the results are given in advance: every evaluation follows the same smooth
    selection. Without, a comparison is decided if the balls are further apart than `margin`. If
    they are not, its result is taken from `forced`, or is False, and its index is stored in `open`
    with the other possible results.
    """

    script: tuple[Decision, ...] | None = None
    forced: Mapping[int, Decision] = field(default_factory=dict)
    margin: float = 0.0
    taken: list[Decision] = field(default_factory=list)
    open: dict[int, tuple[Decision, ...]] = field(default_factory=dict)

    def less(self, a: Ball, b: Ball, *, mean: bool) -> Decision:
        index = len(self.taken)
        answer = self.script[index] if self.script is not None else self._decide(index, a, b, mean)
        self.taken.append(answer)
        return answer

    def floor(self, a: Ball, *, even: bool) -> Decision:
        """The greatest integer up to a, or None if the ball is too wide; with `even`, for an exact
        integer the even one.
        """
        index = len(self.taken)
        answer = self.script[index] if self.script is not None else self._round_down(index, a, even)
        self.taken.append(answer)
        return answer

    def _round_down(self, index: int, a: Ball, even: bool) -> Decision:
        middle = a.real.mid()
        nearest = (middle + 0.5).floor().unique_fmpz()
        if nearest is None or not a.real.rad() < 0.25:
            return None
        n = int(nearest)
        if even and integer_value(a) is not None:
            return n - n % 2
        if a.is_exact() or abs(a.real - n).lower() > self.margin:
            return n if middle >= n else n - 1
        self.open[index] = (n - 1,)
        return self.forced.get(index, n)

    def _decide(self, index: int, a: Ball, b: Ball, mean: bool) -> Decision:
        if a is b:
            return False
        if a.is_exact() and b.is_exact():
            return None if mean and a.real == b.real else bool(a.real < b.real)
        if isinstance(a, Ranged) or isinstance(b, Ranged):
            first, second = _bounds(a), _bounds(b)
            if first and second and second[0] - first[1] > self.margin:
                return True
            if first and second and first[0] - second[1] > self.margin:
                return False
            # The mean of two values has no bounds; either one may be beyond a third.
            mean = mean and a.is_finite() and b.is_finite()
        gap = (b - a).real
        if abs(gap).lower() > self.margin:
            return bool(gap > 0)
        self.open[index] = (True, None) if mean else (True,)
        return self.forced.get(index, False)


#: The branches of the evaluations that are running, the innermost last.
_current: list[Branches] = []


class following:  # noqa: N801 (used as a verb, like contextlib.suppress)
    """Context in which `branches` decides comparisons of balls."""

    def __init__(self, branches: Branches) -> None:
        self.branches = branches

    def __enter__(self) -> Branches:
        _current.append(self.branches)
        return self.branches

    def __exit__(self, *exc: object) -> None:
        _current.pop()


def less(a: Ball, b: Ball) -> bool:
    """Whether a < b, decided by the current branches. Only real parts are compared."""
    return bool(_current[-1].less(a, b, mean=False))


def floor(a: Ball, even: bool = False) -> Ball:
    n = _current[-1].floor(a, even=even)
    return NAN if n is None else arb(int(n))


def ceil(a: Ball) -> Ball:
    return -floor(-a)


def trunc(a: Ball) -> Ball:
    return ceil(a) if less(a, ZERO) else floor(a)


def round(a: Ball) -> Ball:
    """The nearest integer; of two the even one."""
    return floor(a + arb(0.5), even=True)


def sign(a: Ball) -> Ball:
    negative = _current[-1].less(a, ZERO, mean=True)
    if negative is None:
        return ZERO
    return arb(-1 if negative else 1)


def floor_divide(a: Ball, b: Ball) -> Ball:
    return floor(a / b)


def remainder(a: Ball, b: Ball) -> Ball:
    """a - floor(a / b) * b, which has the sign of b."""
    return a - floor(a / b) * b


def copysign(a: Ball, b: Ball) -> Ball:
    size = absolute(a)
    return -size if less(b, ZERO) else size


def absolute(a: Ball) -> Ball:
    negative = _current[-1].less(a, ZERO, mean=True)
    if negative is None:
        return a * 0
    return -a if negative else a


def maximum(a: Ball, b: Ball) -> Ball:
    second = _current[-1].less(a, b, mean=True)
    if second is None:
        return (a + b) / 2
    return b if second else a


def minimum(a: Ball, b: Ball) -> Ball:
    second = _current[-1].less(b, a, mean=True)
    if second is None:
        return (a + b) / 2
    return b if second else a


def selections(
    evaluate: Callable[[Branches], np.ndarray], margin: float, limit: int
) -> Iterator[tuple[Branches, np.ndarray]]:
    """Every smooth selection of a program whose branches meet at the point, with its value.

    At a kink, the mean of the two sides is a selection too: engines choose one of the three by
    convention. Raises OverflowError if there are more than `limit`.
    """
    pending: list[dict[int, Decision]] = [{}]
    count = 0
    while pending:
        if (count := count + 1) > limit:
            raise OverflowError(f"more than {limit} branches meet at the point")
        forced = pending.pop()
        branches = Branches(forced=forced, margin=margin)
        value = evaluate(branches)
        seen: dict[int, Decision] = {}
        for index, others in branches.open.items():
            if index not in forced:
                pending.extend({**forced, **seen, index: other} for other in others)
            seen[index] = branches.taken[index]
        yield branches, value


def to_balls(array: np.ndarray) -> np.ndarray:
    """A float64 array as an object array of exact real balls; a Boolean array unchanged."""
    if array.dtype == bool:
        return array
    out = np.empty(array.shape, dtype=object)
    for index, value in np.ndenumerate(array):
        out[index] = arb(float(value))
    return out
