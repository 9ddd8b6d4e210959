"""Families of powers, polynomials and special functions, near zeros and in tails."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from validation.ill_conditioned.draws import Draw, Family, family

FAMILIES: list[Family] = []


@family("powers", FAMILIES)
def large_exponents(d: Draw) -> Any:
    x = d.input(d.uniform(0.7, 1.4, *d.pick((), (2,))))
    xp = d.xp
    n = d.integer(20, 180) * d.pick(1, -1)
    return d.pick(
        lambda: xp.pow_int(x, exponent=n),
        lambda: xp.pow_float(x, exponent=n + 0.5),
        lambda: xp.pow(x, d.uniform(50, 90)),
        lambda: xp.pow(d.uniform(0.5, 2), 40.0 * x),
        lambda: xp.pow(x, 60.0 * x),
        lambda: xp.pow_int(x - 1.0, exponent=abs(n) // 8),
    )()


@family("powers", FAMILIES)
def powers_that_undo_each_other(d: Draw) -> Any:
    x = d.input(np.abs(d.sized(-1.0, 1.0)))
    p = float(d.integer(8, 30))
    y = d.xp.pow(d.xp.pow(x, p), 1.0 / p)
    return d.pick(lambda: y, lambda: d.xp.log(d.xp.pow(x, p)) / p, lambda: y - x)()


@family("polynomials", FAMILIES)
def expanded_polynomials_near_roots(d: Draw) -> Any:
    n = d.integer(3, 8)
    x = d.input(1.0 + d.sized(-6, -1))
    coefficients = np.array([(-1.0) ** k * math.comb(n, k) for k in range(n + 1)])
    return d.xp.polyval(coefficients, x)


@family("polynomials", FAMILIES)
def products_of_roots(d: Draw) -> Any:
    """Wilkinson's polynomial, and quotients of such products."""
    n = d.integer(5, 12)
    x = d.input(d.integer(1, n) + d.sized(-12, -1))
    y = x - 1.0
    for k in range(2, n + 1):
        y = y * (x - float(k))
    return d.pick(lambda: y, lambda: d.xp.log(d.xp.abs(y)), lambda: y / (x - float(n + 1)))()


@family("polynomials", FAMILIES)
def chebyshev_polynomials(d: Draw) -> Any:
    x = d.input(d.uniform(-1, 1) if d.pick(True, False) else d.pick(1, -1) * (1 - d.sized(-9, -2)))
    before, y = d.constant(1.0), x
    for _ in range(d.integer(4, 12)):
        before, y = y, 2.0 * x * y - before
    return y


@family("special functions", FAMILIES)
def special_functions_near_zeros(d: Draw) -> Any:
    name, at = d.pick(
        ("lgamma", 1.0),
        ("lgamma", 2.0),
        ("digamma", 1.4616321449683623),
        ("j0", 2.404825557695773),
        ("j0", 30.634606468431976),
        ("j1", 3.8317059702075125),
        ("j1", 31.189),
        ("sinc", 3.0),
        ("sinc", 20.0),
        ("expi", 0.37250741078136663),
        ("log_ndtr", 0.0),
        ("erfinv", 0.0),
        ("ndtri", 0.5),
        ("logit", 0.5),
        ("sin", 3.141592653589793),
        ("cos", 20.420352248333657),
        ("tan", 0.0),
        ("log", 1.0),
        ("expm1", 0.0),
        ("log1p", 0.0),
        ("acosh", 1.5),
    )
    x = d.input(at + d.sized(-15, -2))
    y = getattr(d.xp, name)(x)
    return d.pick(lambda: y, lambda: y * d.sized(0, 9), lambda: y * y)()


@family("special functions", FAMILIES)
def special_functions_in_their_tails(d: Draw) -> Any:
    tiny = 10.0 ** d.uniform(-14 if d.dtype == "float64" else -6, -2)
    big = 10.0 ** d.uniform(1, 5)
    name, at = d.pick(
        ("lgamma", big),
        ("digamma", big),
        ("lgamma", tiny),
        ("digamma", tiny),
        ("erfinv", 1 - tiny),
        ("ndtri", tiny),
        ("logit", tiny),
        ("logit", 1 - tiny),
        ("log_ndtr", -(10.0 ** d.uniform(0, 2))),
        ("log_ndtr", 10.0 ** d.uniform(0, 0.8)),
        ("erfc", 10.0 ** d.uniform(0, 0.9)),
        ("erfcx", 10.0 ** d.uniform(0, 3)),
        ("exp1", 10.0 ** d.uniform(0, 1.8)),
        ("i0e", 10.0 ** d.uniform(0, 3)),
        ("i1e", 10.0 ** d.uniform(0, 3)),
        ("j0", 10.0 ** d.uniform(0, 2)),
        ("atanh", 1 - tiny),
        ("acosh", 1 + tiny),
        ("asin", 1 - tiny),
        ("acos", 1 - tiny),
        ("log1p", -1 + tiny),
        ("log1mexp", tiny),
        ("log1mexp", 10.0 ** d.uniform(0, 1.5)),
        ("entr", tiny),
    )
    x = d.input(at)
    return getattr(d.xp, name)(x)


@family("special functions", FAMILIES)
def functions_of_gamma_with_large_arguments(d: Draw) -> Any:
    x = d.input(10.0 ** d.uniform(0, 4, 2))
    xp = d.xp
    return d.pick(
        lambda: xp.betaln(x[0], x[1]),
        lambda: xp.lgamma(x[0] + 1.0) - xp.lgamma(x[0]),
        lambda: xp.digamma(x[0] + 1.0) - xp.digamma(x[0]),
        lambda: xp.polygamma(x[0], n=d.integer(1, 3)),
        lambda: xp.zeta(x[1], s=3),
        lambda: xp.exp(xp.lgamma(x[0]) - xp.lgamma(x[0] + 0.5)),
    )()
