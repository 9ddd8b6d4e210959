"""Scalar functions on python-flint balls, and the branches that comparisons of balls choose.

Every function takes `arb` (real) or `acb` (complex) balls. On a complex ball, the result encloses
the *analytic* continuation of the real function; it is NaN if the ball meets a branch cut or a
pole. So a bound that is computed from the result holds for a function that is analytic on the whole
ball, as Cauchy's estimate requires.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from flint import acb, arb

Ball = arb | acb

NAN = arb("nan")
# One object: a comparison of a ball with zero is recognized by the identity of the zero.
ZERO, ONE = arb(0), arb(1)


def _inside(certain: bool, value: Callable[[], Ball]) -> Ball:
    return value() if certain else NAN


def _unit_disc(z: Ball) -> bool:
    return bool(z.abs_upper() < 1)


def _off_imaginary_cut(z: Ball) -> bool:
    return bool(abs(z.imag).upper() < 1) or not z.real.contains(0)


class Ranged(acb):
    """A complex ball with bounds on the real values that a function takes on the real part of its
    operand, wherever it is defined there.

    The value is NaN if the function is not analytic on the operand. A comparison may be decided by
    the bounds all the same: close to zero, a logarithm is below any bound of `clip`.
    """

    low: arb
    high: arb


def ranged(value: acb, low: arb, high: arb) -> Ranged:
    """The value with these bounds."""
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
    return ranged(found, arb("-inf"), z.abs_upper().log().upper())


def sqrt(z: Ball) -> Ball:
    if not isinstance(z, acb):
        return z.sqrt()
    found = z.sqrt(analytic=True)
    if found.is_finite() or 0 not in z:
        return found
    return ranged(found, arb(0), z.abs_upper().sqrt().upper())


def square(z: Ball) -> Ball:
    found = z * z
    if not isinstance(found, acb) or not found.is_finite():
        return found
    return ranged(found, arb(0), found.abs_upper())


def reciprocal(z: Ball) -> Ball:
    found = 1 / z
    if isinstance(z, Ranged) and not found.is_finite() and z.low >= 0 and z.is_finite():
        return ranged(acb(found), (1 / z.high).lower(), arb("inf"))
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


#: The result of a comparison a < b, or of rounding down. None: a and b are equal, and the mean of
#: the two branches is taken. A float is the weight of the branch for a < b in a mean of both.
Decision = bool | int | float | None


@dataclass
class Branches:
    """The results of comparisons in the order in which a program makes them.

    Without `script`, a comparison is decided if the balls are disjoint, or exact and so constant.
    If the balls enclose rounding errors, every engine must get the same result. Otherwise the
    result is taken from `forced`, or is False, and its index is stored in `open` with the other
    possible results.

    With `script`, the results are given in advance: every evaluation follows the same smooth
    selection. With `confirm` too, `doubtful` tells afterwards whether any result that is not of an
    index in `confirm` is not certain for these balls.

    A comparison is continuous if at a tie both branches have the same value. With `blend`, an open
    continuous comparison that is not forced has an arbitrary weight as result.
    """

    script: tuple[Decision, ...] | None = None
    forced: Mapping[int, Decision] = field(default_factory=dict)
    blend: bool = False
    confirm: Container[int] | None = None
    taken: list[Decision] = field(default_factory=list)
    open: dict[int, tuple[Decision, ...]] = field(default_factory=dict)
    continuous: set[int] = field(default_factory=set)
    doubtful: bool = False

    def less(
        self,
        a: Ball,
        b: Ball,
        *,
        mean: bool = False,
        continuous: bool = False,
        signed_zero: bool = False,
    ) -> Decision:
        """Whether a < b. Both `mean` and `continuous` give None for equal exact numbers. In an
        open comparison, None is a selection of its own, unless it is continuous. With
        `signed_zero`, a zero is not equal to itself: its sign is not known.
        """
        index = len(self.taken)
        if self.script is None:
            answer = self._decide(index, a, b, mean or continuous, signed_zero)
            # A mean of values without a bound has no bounds; each of them may have some.
            if continuous and index in self.open and a.is_finite() and b.is_finite():
                self.open[index] = (True,)
                self.continuous.add(index)
                if self.blend and index not in self.forced:
                    answer = _weight(index)
        else:
            answer = self.script[index]
            if self.confirm is not None and index not in self.confirm and not _constant(a, b):
                self.doubtful |= _certainly_less(a, b) is not bool(answer)
        self.taken.append(answer)
        return answer

    def floor(self, a: Ball, *, even: bool) -> Decision:
        """The greatest integer up to a, or None if the ball is too wide; with `even`, for an exact
        integer the even one.
        """
        index = len(self.taken)
        if self.script is None:
            answer = self._round_down(index, a, even)
        else:
            answer = self.script[index]
            if self.confirm is not None and index not in self.confirm and not a.is_exact():
                self.doubtful |= answer is None or not answer < a.real < answer + 1
        self.taken.append(answer)
        return answer

    def forget(self, count: int) -> None:
        """Go back to the state after `count` comparisons."""
        del self.taken[count:]

    def _round_down(self, index: int, a: Ball, even: bool) -> Decision:
        middle = a.real.mid()
        nearest = (middle + 0.5).floor().unique_fmpz()
        if nearest is None or not a.real.rad() < 0.25:
            return None
        n = int(nearest)
        if integer_value(a) is not None:
            return n - n % 2 if even else n
        if not a.real.contains_integer():
            return n if middle >= n else n - 1
        self.open[index] = (n - 1,)
        return self.forced.get(index, n)

    def _decide(self, index: int, a: Ball, b: Ball, mean: bool, signed_zero: bool) -> Decision:
        if a is b and not signed_zero:
            return None if mean else False
        if a.is_exact() and b.is_exact() and not (signed_zero and a.is_zero()):
            return None if mean and a.real == b.real else bool(a.real < b.real)
        if (certain := _certainly_less(a, b)) is not None:
            return certain
        mean = mean and a.is_finite() and b.is_finite()
        self.open[index] = (True, None) if mean else (True,)
        return self.forced.get(index, False)


def _certainly_less(a: Ball, b: Ball) -> bool | None:
    """True if a < b for all real values of both, False if a > b for all; None if neither."""
    if isinstance(a, Ranged) or isinstance(b, Ranged):
        first, second = _bounds(a), _bounds(b)
        if first and second and second[0] > first[1]:
            return True
        if first and second and first[0] > second[1]:
            return False
    gap = (b - a).real
    return bool(gap > 0) if gap > 0 or gap < 0 else None


def _constant(a: Ball, b: Ball) -> bool:
    """Whether the result of a comparison does not depend on the input, which is not exact."""
    return a is b or (a.is_exact() and b.is_exact())


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


@cache
def _weight(index: int) -> float:
    """A random dyadic number between 1/4 and 3/4, another one for each index."""
    return 0.25 + random.Random(index).getrandbits(24) / 2**25


def less(a: Ball, b: Ball) -> bool:
    """Whether a < b, decided by the current branches. Only real parts are compared."""
    return bool(_current[-1].less(a, b))


def floor(a: Ball, even: bool = False) -> Ball:
    n = _current[-1].floor(a, even=even)
    return NAN if n is None else arb(int(n))


def ceil(a: Ball) -> Ball:
    return -floor(-a)


def trunc(a: Ball) -> Ball:
    # Between -1 and 1 it is zero. There is no jump at zero, where floor and ceil have one.
    if less(a * a, ONE):
        return ZERO
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
    """|a| with the sign of b. Balls have no negative zero, so both signs meet at b = 0."""
    size = absolute(a)
    return -size if _current[-1].less(b, ZERO, signed_zero=True) else size


def absolute(a: Ball) -> Ball:
    negative = _current[-1].less(a, ZERO, continuous=True)
    if negative is None:
        return a * 0
    if type(negative) is float:
        return a * (1 - 2 * negative)
    return -a if negative else a


def maximum(a: Ball, b: Ball) -> Ball:
    second = _current[-1].less(a, b, continuous=True)
    if second is None:
        return (a + b) / 2
    if type(second) is float:
        return a * (1 - second) + b * second
    return b if second else a


def minimum(a: Ball, b: Ball) -> Ball:
    second = _current[-1].less(b, a, continuous=True)
    if second is None:
        return (a + b) / 2
    if type(second) is float:
        return a * (1 - second) + b * second
    return b if second else a


def to_balls(array: np.ndarray) -> np.ndarray:
    """A float64 array as an object array of exact real balls; a Boolean array unchanged."""
    if array.dtype == bool:
        return array
    out = np.empty(array.shape, dtype=object)
    for index, value in np.ndenumerate(array):
        out[index] = arb(float(value))
    return out
