"""Elementwise functions of an array and a plain number, and further names of others.

Engines have rules of their own for an operand that is a number, and for each name.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ad_conformance.generators.catalogue.operands import ANY, Domain, family, one_of
from ad_conformance.generators.catalogue.operation import Operation
from ad_conformance.generators.catalogue.row_forms import derived


def clamp_min_array(xp: Any, x: Any, low: Any) -> Any:
    """max(x, low), written as a bound."""
    return xp.maximum(x, low)


def clamp_max_array(xp: Any, x: Any, high: Any) -> Any:
    """min(x, high), written as a bound."""
    return xp.minimum(x, high)


def copysign_number(xp: Any, x: Any, *, number: float) -> Any:
    """The magnitude of x with the sign of the number."""
    return -xp.abs(x) if number < 0 else xp.abs(x)


def remainder_number(xp: Any, x: Any, *, number: float) -> Any:
    """x - floor(x / number) * number."""
    return x - xp.floor(x / number) * number


def fmod_number(xp: Any, x: Any, *, number: float) -> Any:
    """x - trunc(x / number) * number."""
    return x - xp.trunc(x / number) * number


def xlogy_factor(xp: Any, x: Any, *, number: float) -> Any:
    """number * log(x), 0 if the number is 0."""
    return number * xp.log(x) if number else 0.0 * x


def xlogy_argument(xp: Any, x: Any, *, number: float) -> Any:
    """x * log(number)."""
    return x * math.log(number)


def xlog1py_factor(xp: Any, x: Any, *, number: float) -> Any:
    """number * log(1 + x), 0 if the number is 0."""
    return number * xp.log1p(x) if number else 0.0 * x


def xlog1py_argument(xp: Any, x: Any, *, number: float) -> Any:
    """x * log(1 + number)."""
    return x * math.log1p(number)


def subtract_from(xp: Any, x: Any, y: Any, *, factor: float) -> Any:
    """y - factor * x."""
    return y - factor * x


def next_number(xp: Any, x: Any, *, number: float) -> Any:
    """The next floating-point number from x towards a number that is far away."""
    return xp.positive(x)


def fabs(xp: Any, x: Any) -> Any:
    """The magnitude of x."""
    return xp.abs(x)


def sgn(xp: Any, x: Any) -> Any:
    """The sign of x."""
    return xp.sign(x)


def float_power(xp: Any, x: Any, *, exponent: float) -> Any:
    """x ** exponent, in float64 whatever the dtype of x."""
    return xp.pow(x, exponent)


NUMBER, DIVISORS = {"number": "float"}, (1.5, -0.75, 2.5)
FACTORS = one_of(2.0, -0.5, 0.0)
ROWS: Sequence[Operation] = (
    derived(clamp_min_array, family("binary"), arity=2, curvature="linear"),
    derived(clamp_max_array, family("binary"), arity=2, curvature="linear"),
    derived(
        copysign_number,
        family("cornered", ANY, number=one_of(1.0, -2.0)),
        params=NUMBER,
        curvature="linear",
    ),
    derived(
        remainder_number,
        family("order", "number", DIVISORS, family("rounding")),
        params=NUMBER,
        curvature="linear",
    ),
    derived(
        fmod_number,
        family("order", "number", DIVISORS, family("rounding")),
        params=NUMBER,
        curvature="linear",
    ),
    derived(xlogy_factor, family("arguments", Domain(low=1 / 8), number=FACTORS), params=NUMBER),
    derived(
        xlogy_argument,
        family("arguments", ANY, number=one_of(2.0, 0.5, 1.0)),
        params=NUMBER,
        curvature="linear",
    ),
    derived(xlog1py_factor, family("arguments", Domain(low=-7 / 8), number=FACTORS), params=NUMBER),
    derived(
        xlog1py_argument,
        family("arguments", ANY, number=one_of(2.0, -0.5, 0.0)),
        params=NUMBER,
        curvature="linear",
    ),
    derived(
        subtract_from,
        family("arguments", ANY, ANY, factor=one_of(0.5, -2.0, 1.0)),
        arity=2,
        params={"factor": "float"},
        curvature="linear",
    ),
    derived(
        next_number,
        family("arguments", Domain(gap=1 / 16), number=one_of(2.0**24, -(2.0**24))),
        params=NUMBER,
        curvature="linear",
    ),
    derived(fabs, family("unary", ANY), curvature="linear"),
    derived(sgn, family("unary", ANY), curvature="linear"),
    derived(float_power, family("float_power"), params={"exponent": "float"}),
)
