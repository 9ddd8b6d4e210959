"""Signs of real functions near a point, to find comparisons that are the same on both sides.

A `Real` stands for a function of real inputs on a small box around the point. It knows an interval
that the function does not leave, and which other function is the same: functions that are computed
by the same operations of the same operands are. So x - x is zero, x * x is at least zero, and
cos(x) is at most 1. All of that holds for rounded numbers too, since rounding is monotone.

Catalogue operations run on object arrays of these as they run on arrays of balls. An operation
that asks for more than is known here raises one of the exceptions of certain.UNKNOWN.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from ad_conformance.generators.arithmetic.balls import NAN, ONE, ZERO
from flint import arb

Array = np.ndarray
INFINITY = arb("inf")
#: Half the side of the box. No input is so near a number that the end of its interval would be
#: that number by chance.
BOX = arb(2) ** -8 + arb(2) ** -90
Interval = tuple[arb, arb]
ANYTHING: Interval = (-INFINITY, INFINITY)
#: Intervals that functions do not leave, for all arguments.
IMAGES: dict[str, Interval] = {
    "exp": (ZERO, INFINITY),
    "sqrt": (ZERO, INFINITY),
    "cosh": (ONE, INFINITY),
    "erfc": (ZERO, arb(2)),
    **dict.fromkeys(("sin", "cos", "tanh", "erf"), (-ONE, ONE)),
}
#: Increasing functions, with a point that they map to an exact number.
INCREASING: dict[str, tuple[arb, arb]] = {
    **dict.fromkeys(("expm1", "sinh", "tanh", "asinh", "atan", "log1p", "erf"), (ZERO, ZERO)),
    **dict.fromkeys(("sqrt",), (ZERO, ZERO)),
    "exp": (ZERO, ONE),
    "log": (ONE, ZERO),
}


def _ends(values: Iterable[arb]) -> Interval:
    """The least interval that contains all values; all numbers if a value is NaN."""
    low, high = INFINITY, -INFINITY
    for value in values:
        if value.is_nan():
            return ANYTHING
        low, high = min(low, value.lower()), max(high, value.upper())
    return low, high


def _product(a: arb, b: arb) -> arb:
    # An end of an interval that is infinite is not in the interval: zero times it is zero.
    return ZERO if a.is_zero() or b.is_zero() else a * b


def _ball(interval: Interval) -> arb:
    low, high = interval
    # Balls are told apart by their identity, so two of which nothing is known must be two objects.
    return low.union(high) if low.is_finite() and high.is_finite() else arb(NAN)


class Facts:
    """What is known of the functions that a program computes."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[Any, ...], int] = {}
        self._intervals: list[Interval] = []
        #: Balls that are not exact are known by their identity. They must live as long as this.
        self._kept: list[object] = []

    def function(self, form: tuple[Any, ...], interval: Interval) -> Real:
        """The function that is computed as `form` says, and lies in the interval."""
        number = self._numbers.setdefault(form, len(self._numbers))
        if number == len(self._intervals):
            self._intervals.append(interval)
        return Real(self, number)

    def variables(self, centres: Array) -> Array:
        """The inputs of a program around the point, an array of exact balls."""
        out = np.empty(centres.shape, dtype=object)
        for index, centre in np.ndenumerate(centres):
            # The number makes the inputs of several arrays different.
            name = ("variable", len(self._numbers), index)
            out[index] = self.function(name, ((centre - BOX).lower(), (centre + BOX).upper()))
        return out

    def unknown(self, shape: tuple[int, ...], interval: Interval = ANYTHING) -> Array:
        """Functions of which only an interval is known."""
        out = np.empty(shape, dtype=object)
        for index in np.ndindex(shape):
            out[index] = self.function(("unknown", len(self._numbers), index), interval)
        return out

    def real(self, value: Any) -> Real:
        """A ball or a Python number as a constant function."""
        if isinstance(value, Real):
            return value
        ball = value if isinstance(value, arb) else arb(value)
        if ball.is_exact() and ball.is_finite():
            return self.function(("constant", *ball.man_exp()), (ball, ball))
        self._kept.append(ball)
        return self.function(("ball", id(ball)), _ends([ball]))

    def interval(self, number: int) -> Interval:
        return self._intervals[number]

    def narrow(self, number: int, low: arb, high: arb) -> None:
        """From now on, the function lies between these, too, unless it cannot."""
        before = self._intervals[number]
        low, high = max(before[0], low), min(before[1], high)
        if before[0] < before[1] and low <= high:
            self._intervals[number] = low, high

    def form(self, value: Array) -> tuple[Any, ...]:
        """What a value, as an operand, was computed by."""
        if value.dtype == bool:
            return value.shape, value.tobytes()
        return value.shape, tuple(self.real(entry).number for entry in value.flat)

    def results(self, form: tuple[Any, ...], value: Array) -> Array:
        """The balls that were computed as `form` says, as functions."""
        if value.dtype == bool:
            return value
        out = np.empty(value.shape, dtype=object)
        for index, ball in np.ndenumerate(value):
            out[index] = self.function((*form, index), _ends([arb(ball)]))
        return out


def enclosed(value: Array) -> Array:
    """The same with balls instead of functions."""
    if value.dtype == bool:
        return value
    out = np.empty(value.shape, dtype=object)
    for index, entry in np.ndenumerate(value):
        out[index] = _ball(entry.interval) if isinstance(entry, Real) else arb(entry)
    return out


class Real:
    """A function, by its number in `facts`."""

    __slots__ = ("facts", "number")

    def __init__(self, facts: Facts, number: int) -> None:
        self.facts, self.number = facts, number

    @property
    def interval(self) -> Interval:
        return self.facts.interval(self.number)

    @property
    def constant(self) -> arb | None:
        low, high = self.interval
        return low if low == high else None

    # What functions of balls ask for.

    @property
    def real(self) -> Real:
        return self

    @property
    def imag(self) -> arb:
        return ZERO

    @property
    def finite(self) -> bool:
        return bool(self.interval[0].is_finite() and self.interval[1].is_finite())

    def is_zero(self) -> bool:
        return self.constant is not None and self.constant.is_zero()

    def is_exact(self) -> bool:
        return self.constant is not None

    def is_integer(self) -> bool:
        return self.constant is not None and self.constant.is_integer()

    def unique_fmpz(self) -> Any:
        return None if self.constant is None else self.constant.unique_fmpz()

    def abs_upper(self) -> arb:
        low, high = self.interval
        return max(-low, high)

    def __lt__(self, other: Any) -> bool:
        return bool(self.interval[1] < self.facts.real(other).interval[0])

    def __gt__(self, other: Any) -> bool:
        return bool(self.interval[0] > self.facts.real(other).interval[1])

    # Arithmetic.

    def _with(self, name: str, other: Any, *, swap: bool = False) -> Real:
        a, b = self, self.facts.real(other)
        a, b = (b, a) if swap else (a, b)
        if a.constant is not None and b.constant is not None:
            exact = EXACT[name](a.constant, b.constant)
            if exact.is_exact() and exact.is_finite():
                return self.facts.real(exact)
        return ARITHMETIC[name](a, b)

    def __add__(self, other: Any) -> Real:
        return self._with("+", other)

    def __radd__(self, other: Any) -> Real:
        return self._with("+", other, swap=True)

    def __sub__(self, other: Any) -> Real:
        return self._with("-", other)

    def __rsub__(self, other: Any) -> Real:
        return self._with("-", other, swap=True)

    def __mul__(self, other: Any) -> Real:
        return self._with("*", other)

    def __rmul__(self, other: Any) -> Real:
        return self._with("*", other, swap=True)

    def __truediv__(self, other: Any) -> Real:
        return self._with("/", other)

    def __rtruediv__(self, other: Any) -> Real:
        return self._with("/", other, swap=True)

    def __neg__(self) -> Real:
        return self.facts.real(0) - self

    def __pow__(self, exponent: int) -> Real:
        if type(exponent) is not int:
            raise TypeError("only integer powers are known")
        low, high = self.interval
        ends = [v ** abs(exponent) if v.is_finite() else v for v in (low, high)]
        if exponent == 1:
            return self
        if exponent < 0 or not all(v.is_finite() for v in ends):
            interval = ANYTHING
        elif exponent % 2 == 0 and low < 0 < high:
            interval = ZERO, _ends(ends)[1]
        else:
            interval = _ends(ends)
        if exponent % 2 == 0:
            interval = max(interval[0], ZERO), interval[1]
        return self.facts.function(("**", self.number, exponent), interval)

    def __getattr__(self, name: str) -> Callable[[], Real]:
        """A function of one number, which is a method of balls."""
        if name.startswith("_") or not hasattr(arb, name):
            raise AttributeError(name)
        return lambda: self._function(name)

    def _function(self, name: str) -> Real:
        ball = _ball(self.interval)
        value = getattr(ball, name)() if ball.is_finite() else NAN
        if not isinstance(value, arb):
            raise TypeError(f"{name} is no function of real numbers")
        low, high = _ends([value])
        if name in IMAGES:
            low, high = max(low, IMAGES[name][0]), min(high, IMAGES[name][1])
        if name in INCREASING:
            at, image = INCREASING[name]
            low = max(low, image) if self.interval[0] >= at else low
            high = min(high, image) if self.interval[1] <= at else high
        return self.facts.function((name, self.number), (low, high))


def _add(a: Real, b: Real) -> Real:
    for one, other in ((a, b), (b, a)):
        if one.is_zero():
            return other
    (low, high), (least, greatest) = a.interval, b.interval
    ends = (low + least).lower(), (high + greatest).upper()
    return a.facts.function(("+", *sorted((a.number, b.number))), ends)


def _subtract(a: Real, b: Real) -> Real:
    if a.number == b.number and a.finite:
        return a.facts.real(0)
    if b.is_zero():
        return a
    (low, high), (least, greatest) = a.interval, b.interval
    ends = (low - greatest).lower(), (high - least).upper()
    return a.facts.function(("-", a.number, b.number), ends)


def _multiply(a: Real, b: Real) -> Real:
    if a.number == b.number:
        return a**2
    for one, other in ((a, b), (b, a)):
        if one.is_zero() and other.finite:
            return one
        if one.constant is not None and one.constant == 1:
            return other
    ends = _ends(_product(v, w) for v in a.interval for w in b.interval)
    return a.facts.function(("*", *sorted((a.number, b.number))), ends)


def _divide(a: Real, b: Real) -> Real:
    low, high = b.interval
    if low > 0 or high < 0:
        ends = _ends(v / w if w.is_finite() else ZERO for v in a.interval for w in b.interval)
    elif low.is_zero() and a.interval[0] >= 0:
        ends = ZERO, INFINITY
    else:
        ends = ANYTHING
    return a.facts.function(("/", a.number, b.number), ends)


ARITHMETIC: dict[str, Callable[[Real, Real], Real]] = {
    "+": _add,
    "-": _subtract,
    "*": _multiply,
    "/": _divide,
}
EXACT: dict[str, Callable[[arb, arb], arb]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
}
