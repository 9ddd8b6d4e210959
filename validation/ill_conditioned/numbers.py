"""Families of functions of numbers: cancellation, saturation, long chains, magnitudes."""

from __future__ import annotations

from typing import Any

import numpy as np
from ad_conformance.generators.rewrite.recording import Recorded

from validation.ill_conditioned.draws import Draw, Family, family

FAMILIES: list[Family] = []

SMOOTH = ("sin", "cos", "exp", "atan", "tanh", "square", "expm1", "asinh")


def _smooth(d: Draw, x: Recorded) -> Any:
    return getattr(d.xp, d.pick(*SMOOTH))(x)


@family("cancellation", FAMILIES)
def constants_that_cancel(d: Draw) -> Any:
    x = d.input(d.uniform(-2, 2, *d.pick((), (3,))))
    c = d.constant(d.uniform(0.25, 4))
    function, size = d.pick("exp", "sqrt", "log", "sin"), d.sized(0, 12)
    off = getattr(d.xp, function)(c)
    rest = off * size - getattr(np, function)(float(d.xp.values[c.value_id])) * size
    return _smooth(d, x) * (rest + d.pick(0.0, 1.0, 2.0**-20))


@family("cancellation", FAMILIES)
def inputs_not_differentiated_that_cancel(d: Draw) -> Any:
    x = d.input(d.uniform(-2, 2))
    y = d.argument(d.uniform(-20, 20))
    one = d.xp.square(d.xp.sin(y)) + d.xp.square(d.xp.cos(y))
    return _smooth(d, x * ((one - 1.0) * d.sized(0, 14) + d.pick(0.0, 1.0)))


@family("cancellation", FAMILIES)
def digits_lost_to_a_large_summand(d: Draw) -> Any:
    x = d.input(d.uniform(-2, 2, *d.pick((), (2,))))
    size = d.sized(2, 14)
    inner = _smooth(d, x) if d.pick(True, False) else x
    return _smooth(d, (inner + size) - size)


@family("cancellation", FAMILIES)
def difference_quotients(d: Draw) -> Any:
    x = d.input(d.uniform(-2, 2))
    h = 2.0 ** -d.integer(4, 26)
    name = d.pick(*SMOOTH)
    f = getattr(d.xp, name)
    if d.pick(True, False):
        return (f(x + h) - f(x - h)) / (2 * h)
    return (f(x + h) - 2.0 * f(x) + f(x - h)) / (h * h)


@family("cancellation", FAMILIES)
def roots_of_a_quadratic(d: Draw) -> Any:
    b, c = d.sized(1, 7), d.uniform(0.5, 2)
    b = np.abs(b)
    x = d.input(np.array([b, c]))
    root = d.xp.sqrt(x[0] * x[0] - 4.0 * x[1])
    small = (root - x[0]) / 2.0
    return d.pick(lambda: small, lambda: x[1] / small, lambda: d.xp.log(-small))()


@family("cancellation", FAMILIES)
def quotients_of_small_numbers(d: Draw) -> Any:
    x = d.input(d.sized(-6, -1, *d.pick((), (3,))))
    xp = d.xp
    return d.pick(
        lambda: (1.0 - xp.cos(x)) / (x * x),
        lambda: (xp.exp(x) - 1.0) / x,
        lambda: xp.log(1.0 + x) / x,
        lambda: (x - xp.sin(x)) / (x * x * x),
        lambda: (xp.tan(x) - x) / (x * x * x),
        lambda: (xp.sqrt(1.0 + x) - 1.0) / x,
    )()


@family("cancellation", FAMILIES)
def differences_of_large_functions(d: Draw) -> Any:
    x = d.input(np.abs(d.sized(0, 1.2 if d.dtype == "float64" else 0.8)))
    xp = d.xp
    return d.pick(
        lambda: xp.square(xp.cosh(x)) - xp.square(xp.sinh(x)),
        lambda: xp.cosh(x) - xp.sinh(x),
        lambda: xp.exp(x) * xp.exp(-x),
        lambda: xp.log(xp.cosh(x)) - x,
        lambda: xp.sqrt(x * x + 1.0) - x,
        lambda: xp.atanh(xp.tanh(x)),
        lambda: (x + 1.0) ** 8.0 - x**8.0,
    )()


@family("cancellation", FAMILIES)
def logarithms_of_small_differences(d: Draw) -> Any:
    x = d.input(-np.abs(d.sized(0, 7)))
    xp = d.xp
    return d.pick(
        lambda: xp.log(x + xp.sqrt(x * x + 1.0)),
        lambda: xp.sqrt(xp.sqrt(x * x + 1.0) + x),
        lambda: 1.0 / (xp.sqrt(x * x + 1.0) + x),
    )()


@family("saturation", FAMILIES)
def saturated_functions(d: Draw) -> Any:
    x = d.input(d.uniform(-25, 25, *d.pick((), (3,))))
    xp = d.xp
    y = getattr(xp, d.pick("tanh", "expit", "erf", "ndtr", "atan", "softsign"))(x)
    return d.pick(lambda: 1.0 - y * y, lambda: xp.exp(y), lambda: y * (1.0 - y), lambda: y)()


@family("saturation", FAMILIES)
def inverses_of_saturated_functions(d: Draw) -> Any:
    top = 12.0 if d.dtype == "float64" else 5.0
    x = d.input(d.uniform(-top, top))
    xp = d.xp
    return d.pick(
        lambda: xp.atanh(xp.tanh(x)),
        lambda: xp.logit(xp.expit(x)),
        lambda: xp.erfinv(xp.erf(x / 3.0)),
        lambda: xp.tan(xp.atan(x * x * x)),
        lambda: xp.log(1.0 - xp.expit(x)),
        lambda: 1.0 / (1.0 - xp.square(xp.tanh(x))),
        lambda: xp.log1p(-xp.erf(x / 3.0)),
    )()


@family("saturation", FAMILIES)
def networks_with_large_weights(d: Draw) -> Any:
    x = d.input(d.uniform(-2, 2, 2))
    xp = d.xp
    unit = d.pick("tanh", "expit", "erf", "softplus", "silu", "gelu", "mish", "logsigmoid")
    size = d.pick(1.0, 8.0, 40.0)
    hidden = getattr(xp, unit)(xp.matmul(d.uniform(-size, size, 3, 2), x))
    return getattr(xp, unit)(xp.matmul(d.uniform(-size, size, 2, 3), hidden))


@family("saturation", FAMILIES)
def tails_times_their_growth(d: Draw) -> Any:
    x = d.input(d.uniform(1, 9 if d.dtype == "float32" else 20))
    xp = d.xp
    return d.pick(
        lambda: xp.erfc(x / 2.0) * xp.exp(x * x / 4.0),
        lambda: xp.ndtr(-x / 2.0) * xp.exp(x * x / 8.0) * x,
        lambda: xp.log(xp.erfc(x / 2.0)),
        lambda: xp.exp1(x) * xp.exp(x),
        lambda: xp.i0(x / 2.0) * xp.exp(-x / 2.0),
        lambda: xp.exp(xp.log_ndtr(-x)) / xp.exp(-x * x / 2.0),
    )()


@family("long chains", FAMILIES)
def long_chains(d: Draw) -> Any:
    """10 to 40 steps whose values stay near one."""
    x = d.input(d.uniform(-1.5, 1.5, *d.pick((), (2,))))
    xp, y = d.xp, x
    for _ in range(d.integer(8, 24)):
        c = d.uniform(0.5, 2)
        y = d.pick(
            lambda y=y, c=c: xp.sin(y * c),
            lambda y=y, c=c: xp.tanh(y + c),
            lambda y=y: xp.exp(-y * y),
            lambda y=y: xp.log1p(y * y),
            lambda y=y, c=c: xp.sqrt(y * y + c),
            lambda y=y, c=c: y / (y * y + c),
            lambda y=y: xp.asinh(y) - x,
            lambda y=y: y * xp.cos(x),
            lambda y=y, c=c: xp.atan(y * c + x),
        )()
    return y


@family("long chains", FAMILIES)
def products_of_many_factors(d: Draw) -> Any:
    x = d.input(d.uniform(0.25, 1.75))
    y = d.constant(d.uniform(0.5, 2))
    for k in range(d.integer(10, 20)):
        y = y * d.pick(lambda k=k: x + float(k) / 8, lambda: x * x, lambda: d.xp.exp(-x))()
    return y


@family("long chains", FAMILIES)
def recurrences(d: Draw) -> Any:
    kind = d.pick("logistic", "newton", "muller", "fraction", "doubling", "henon")
    steps = d.integer(6, 14)
    if kind == "logistic":
        return _logistic(d, steps)
    if kind == "newton":
        x = d.input(np.abs(d.sized(-6, 6)))
        return d.xp.newton_sqrt(x, count=steps)
    x = d.input(d.uniform(0.25, 1.25))
    xp = d.xp
    a, b = x, 1.0 - x * x
    for _ in range(steps):
        if kind == "muller":
            # It has a second fixed point, which takes over what rounding puts there.
            a, b = b, 11.1 - 113.0 / (b + 10.0) * 0.01 - 0.3 / (a * b + 40.0)
        elif kind == "fraction":
            b = x / (b + 1.5)
        elif kind == "doubling":
            b = 2.0 * b * xp.cos(x) * 0.9
        else:
            a, b = 1.0 - 1.4 * (a * a) + b, 0.3 * a
    return b


def _logistic(d: Draw, steps: int) -> Any:
    x = d.input(d.uniform(0.1, 0.9))
    return d.xp.logistic_map(x, rate=float(d.uniform(3.5, 4)), count=steps)


@family("long chains", FAMILIES)
def repeated_roots_and_squares(d: Draw) -> Any:
    x = d.input(np.abs(d.sized(-1, 1)))
    y = x
    count = d.integer(4, 12)
    for _ in range(count):
        y = d.xp.sqrt(y)
    for _ in range(count):
        y = d.xp.square(y)
    return y


@family("magnitudes", FAMILIES)
def factors_that_undo_each_other(d: Draw) -> Any:
    x = d.input(d.sized(-2, 2, *d.pick((), (2,))))
    top = d.rng.uniform(0.2, 0.95) * d.reach
    size = 10.0**top
    y = x * d.pick(size, 1 / size)
    y = _smooth(d, y) if d.pick(True, False, False) else y * d.uniform(1, 2)
    return y / d.constant(d.pick(size, 1 / size))


@family("magnitudes", FAMILIES)
def functions_of_tiny_and_huge_numbers(d: Draw) -> Any:
    x = d.input(d.sized(-0.98 * d.reach, 0.98 * d.reach, *d.pick((), (3,))))
    xp = d.xp
    return d.pick(
        lambda: xp.atan(x),
        lambda: xp.asinh(x),
        lambda: x / (1.0 + xp.abs(x)),
        lambda: xp.log(xp.abs(x)),
        lambda: xp.sqrt(xp.abs(x)),
        lambda: xp.cbrt(x),
        lambda: xp.tanh(x),
        lambda: 1.0 / x,
        lambda: xp.sin(1.0 / (1.0 + xp.abs(x))),
        lambda: xp.log1p(xp.abs(x)),
        lambda: x * 3.0 - x,
    )()


@family("magnitudes", FAMILIES)
def squares_outside_the_range(d: Draw) -> Any:
    """sqrt(x**2 + y**2) and quotients, whose squares underflow or overflow."""
    size = d.rng.uniform(-0.9, 0.9) * d.reach
    x = d.input(d.sized(size - 2, size, 2))
    xp = d.xp
    return d.pick(
        lambda: xp.hypot(x[0], x[1]),
        lambda: xp.sqrt(x[0] * x[0] + x[1] * x[1]),
        lambda: x[0] * x[1] / (x[0] * x[0] + x[1] * x[1]),
        lambda: xp.atan2(x[0], x[1]),
        lambda: x[0] / xp.hypot(x[0], x[1]),
        lambda: xp.sqrt(xp.abs(x[0] * x[1])),
        lambda: x[0] * x[0] / x[1],
    )()


@family("magnitudes", FAMILIES)
def exponents_far_apart(d: Draw) -> Any:
    top = 300.0 if d.dtype == "float64" else 40.0
    x = d.input(d.uniform(-top, top, 2))
    xp = d.xp
    return d.pick(
        lambda: xp.log(xp.exp(x[0]) + xp.exp(x[1])),
        lambda: xp.logaddexp(x[0], x[1]),
        lambda: xp.exp(x[0]) / (xp.exp(x[0]) + xp.exp(x[1])),
        lambda: xp.exp(x[0] - x[1]) * xp.exp(x[1] - x[0]),
        lambda: xp.log(xp.expm1(xp.abs(x[0])) * xp.exp(-xp.abs(x[1]))),
    )()
