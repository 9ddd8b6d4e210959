"""Scalar functions on python-flint balls, and the branches that comparisons of balls choose.

Every function takes `arb` (real) or `acb` (complex) balls. On a complex ball the result encloses
the *analytic* continuation of the real function, or is NaN where the ball meets a branch cut or a
pole: a bound taken from it is therefore a bound on a function that is analytic on the whole ball,
which is what Cauchy's estimate needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from flint import acb, arb

Ball = arb | acb

NAN = arb("nan")
# One object, so that two comparisons of one ball with zero are seen to be the same comparison.
ZERO = arb(0)


def _inside(certain: bool, value: Callable[[], Ball]) -> Ball:
    return value() if certain else NAN


def _unit_disc(z: Ball) -> bool:
    return bool(z.abs_upper() < 1)


def _off_imaginary_cut(z: Ball) -> bool:
    return bool(abs(z.imag).upper() < 1)


def log(z: Ball) -> Ball:
    return z.log(analytic=True) if isinstance(z, acb) else z.log()


def sqrt(z: Ball) -> Ball:
    return z.sqrt(analytic=True) if isinstance(z, acb) else z.sqrt()


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
    """The angle of (x, y), away from the cut at y = 0, x < 0."""
    if x.real > 0:
        return atan(y / x)
    if y.real > 0:
        return arb.pi() / 2 - atan(x / y)
    return _inside(bool(y.real < 0), lambda: -arb.pi() / 2 - atan(x / y))


def integer_value(z: Ball) -> int | None:
    """The integer that an exact ball holds, if it holds one."""
    if z.is_exact() and z.imag.is_zero() and z.real.is_integer():
        n = z.real.unique_fmpz()
        return None if n is None else int(n)
    return None


def integer_power(base: Ball, n: int) -> Ball:
    """base ** n. Through complex balls, since a real ball around zero that is not exact has no
    `**`.
    """
    return (acb(base) ** n).real if isinstance(base, arb) else base**n


def power(base: Ball, exponent: Ball) -> Ball:
    """base ** exponent: by products where the exponent is an exact integer, else through the
    logarithm.

    An exactly zero base stays zero under any exponent with positive real part, as 0 ** y does for y
    > 0.
    """
    n = integer_value(exponent)
    if n is not None:
        return integer_power(base, n)
    if base.is_zero() and exponent.real > 0:
        return base * 0
    return (exponent * log(base)).exp()


#: What a comparison of a and b can say: a < b, not, or (where they meet) neither, so that the mean
#: is taken; and what rounding down can give.
Decision = bool | int | None


@dataclass
class Branches:
    """The answers to "is a < b?" in the order in which a program asks.

    With `script` the answers are replayed unseen, so that every evaluation follows one smooth
    selection. Without, an answer is taken where the balls are further apart than `margin`; where
    they are not, it is taken from `forced` or is False, and its place is noted in `open`, with the
    other answers that are possible there.
    """

    script: tuple[Decision, ...] | None = None
    forced: Mapping[int, Decision] = field(default_factory=dict)
    margin: float = 0.0
    taken: list[Decision] = field(default_factory=list)
    open: dict[int, tuple[Decision, ...]] = field(default_factory=dict)

    def less(self, a: Ball, b: Ball, *, mean: bool) -> Decision:
        value_id = len(self.taken)
        answer = (
            self.script[value_id] if self.script is not None else self._decide(value_id, a, b, mean)
        )
        self.taken.append(answer)
        return answer

    def floor(self, a: Ball, *, even: bool) -> Decision:
        """The greatest integer up to a, None where the ball is too wide; with `even`, of an integer
        the even one.
        """
        value_id = len(self.taken)
        answer = (
            self.script[value_id]
            if self.script is not None
            else self._round_down(value_id, a, even)
        )
        self.taken.append(answer)
        return answer

    def _round_down(self, value_id: int, a: Ball, even: bool) -> Decision:
        middle = a.real.mid()
        nearest = (middle + 0.5).floor().unique_fmpz()
        if nearest is None or not a.real.rad() < 0.25:
            return None
        n = int(nearest)
        if even and integer_value(a) is not None:
            return n - n % 2
        if a.is_exact() or abs(a.real - n).lower() > self.margin:
            return n if middle >= n else n - 1
        self.open[value_id] = (n - 1,)
        return self.forced.get(value_id, n)

    def _decide(self, value_id: int, a: Ball, b: Ball, mean: bool) -> Decision:
        if a is b:
            return False
        if a.is_exact() and b.is_exact():
            return None if mean and a.real == b.real else bool(a.real < b.real)
        gap = (b - a).real
        if abs(gap).lower() > self.margin:
            return bool(gap > 0)
        self.open[value_id] = (True, None) if mean else (True,)
        return self.forced.get(value_id, False)


#: The branches that the evaluation now under way follows.
_current: list[Branches] = []


class following:  # noqa: N801 (used as a verb, like contextlib.suppress)
    """Context in which comparisons of balls are answered by `branches`."""

    def __init__(self, branches: Branches) -> None:
        self.branches = branches

    def __enter__(self) -> Branches:
        _current.append(self.branches)
        return self.branches

    def __exit__(self, *exc: object) -> None:
        _current.pop()


def less(a: Ball, b: Ball) -> bool:
    """Whether a < b, as the current branches say. For real points of the ball: imaginary parts do
    not count.
    """
    return bool(_current[-1].less(a, b, mean=False))


def floor(a: Ball, even: bool = False) -> Ball:
    n = _current[-1].floor(a, even=even)
    return NAN if n is None else arb(int(n))


def ceil(a: Ball) -> Ball:
    return -floor(-a)


def trunc(a: Ball) -> Ball:
    return ceil(a) if less(a, ZERO) else floor(a)


def round(a: Ball) -> Ball:
    """The nearest integer, and of two the even one."""
    return floor(a + arb(0.5), even=True)


def sign(a: Ball) -> Ball:
    negative = _current[-1].less(a, ZERO, mean=True)
    return ZERO if negative is None else arb(-1 if negative else 1)


def floor_divide(a: Ball, b: Ball) -> Ball:
    return floor(a / b)


def remainder(a: Ball, b: Ball) -> Ball:
    """a less the multiple of b below it, so that the sign is that of b."""
    return a - floor(a / b) * b


def copysign(a: Ball, b: Ball) -> Ball:
    size = absolute(a)
    return -size if less(b, ZERO) else size


def absolute(a: Ball) -> Ball:
    negative = _current[-1].less(a, ZERO, mean=True)
    return a * 0 if negative is None else -a if negative else a


def maximum(a: Ball, b: Ball) -> Ball:
    second = _current[-1].less(a, b, mean=True)
    return (a + b) / 2 if second is None else b if second else a


def minimum(a: Ball, b: Ball) -> Ball:
    second = _current[-1].less(b, a, mean=True)
    return (a + b) / 2 if second is None else b if second else a


def selections(
    evaluate: Callable[[Branches], np.ndarray], margin: float, limit: int
) -> Iterator[tuple[Branches, np.ndarray]]:
    """Every smooth selection of a program whose branches meet at the point, with its value.

    Besides either side of a kink, the mean of the two counts: engines differ in which they take,
    and none is wrong. Raises OverflowError when there are more than `limit`.
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
        for value_id, others in branches.open.items():
            if value_id not in forced:
                pending.extend({**forced, **seen, value_id: other} for other in others)
            seen[value_id] = branches.taken[value_id]
        yield branches, value


def to_balls(array: np.ndarray) -> np.ndarray:
    """A float64 array as an object array of exact real balls; a Boolean array as it is."""
    if array.dtype == bool:
        return array
    out = np.empty(array.shape, dtype=object)
    for index, value in np.ndenumerate(array):
        out[index] = arb(float(value))
    return out
