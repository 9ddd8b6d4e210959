"""Special functions, distributions, and elementwise functions that are short formulas."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from scipy import special

from tests.oracle.numbers import (
    Array,
    clipped,
    entrywise,
    mp,
    number,
    power,
    rounded,
    softplus,
    xlogy,
)

Entry = Callable[..., Any]
#: Constants that are float64 numbers by definition.
_PI, _LOG_TWO = number(math.pi), number(math.log(2.0))
_LOG_PI, _ROOT_TWO = number(math.log(math.pi)), number(math.sqrt(2.0))
_DEGREE, _RADIAN = number(math.pi / 180), number(180 / math.pi)


def _rounded_to(value: float) -> Any:
    """A constant that is rounded to float64. (`number` is the name of a parameter.)"""
    return mp.mpf(value)


def _cut(x: Any) -> Any:
    """x without its fraction."""
    return mp.sign(x) * mp.floor(abs(x))


def _mantissa(x: Any) -> Any:
    return mp.sign(x) * mp.frexp(abs(x))[0]


def _logit(x: Any) -> Any:
    return mp.log(x / (1 - x))


def _of_params(entry: Entry, count: int = 1) -> Callable[..., Array]:
    """Entry by entry; the parameters by name."""
    return lambda *operands, **params: entrywise(lambda *values: entry(*values, **params), count)(
        *operands
    )


_ARITHMETIC: Mapping[str, tuple[int, Entry]] = {
    "add_scaled": (2, lambda x, y, factor: x + factor * y),
    "addcmul": (3, lambda x, y, z, factor: x + factor * y * z),
    "addcdiv": (3, lambda x, y, z, factor: x + factor * y / z),
    "lerp": (3, lambda x, y, w: (1 - w) * x + w * y),
    "lerp_constant": (2, lambda x, y, factor: (1 - factor) * x + factor * y),
    "rsqrt": (1, lambda x: mp.mpf(1) / mp.sqrt(x)),
    "frac": (1, lambda x: x - _cut(x)),
    "fmod": (2, lambda x, y: x - _cut(x / y) * y),
    "trunc_divide": (2, lambda x, y: _cut(x / y)),
    "round_decimals": (
        1,
        lambda x, decimals: rounded(x * mp.mpf(10) ** decimals) / mp.mpf(10) ** decimals,
    ),
    "frexp_mantissa": (1, _mantissa),
    "ldexp": (2, lambda x, y: x * mp.mpf(2) ** y),
    "ldexp_constant": (1, lambda x, exponent: x * mp.mpf(2) ** exponent),
    "deg2rad": (1, lambda x: x * _DEGREE),
    "rad2deg": (1, lambda x: x * _RADIAN),
    "nan_to_num": (1, lambda x: x),
    "real_angle": (1, lambda x: _PI if x < 0 else mp.mpf(0)),
    "clamp_min": (1, lambda x, min: max(x, mp.mpf(min))),
    "clamp_max": (1, lambda x, max: min(x, mp.mpf(max))),
    "fmax": (2, max),
    "fmin": (2, min),
    "logaddexp2": (2, lambda x, y: (softplus((x - y) * _LOG_TWO) + y * _LOG_TWO) / _LOG_TWO),
    "above_threshold": (
        1,
        lambda x, threshold, otherwise: x if x > threshold else mp.mpf(otherwise),
    ),
    "softplus_beta": (1, lambda x, beta: softplus(x * beta) / beta),
    "logit_clamped": (1, lambda x, eps: _logit(clipped(x, mp.mpf(eps), 1 - mp.mpf(eps)))),
}


def _dilogarithm(x: Any) -> Any:
    """The integral of log(t) / (1 - t) from 1 to x."""
    if x > 1:
        # The inversion formula; the series of mpmath is for arguments below 1.
        return -(mp.log(x) ** 2) / 2 - _dilogarithm(1 / x)
    return mp.re(mp.polylog(2, 1 - x)) if x > 0 else mp.nan


def _faddeeva(x: Any, y: Any) -> Any:
    z = mp.mpc(x, y)
    return mp.exp(-z * z) * mp.erfc(-1j * z)


def _owens_t(h: Any, a: Any) -> Any:
    def integrand(u: Any) -> Any:
        return mp.exp(-h * h * (1 + u * u) / 2) / (1 + u * u)

    return mp.quad(integrand, [0, a / 4, a / 2, 3 * a / 4, a]) / (2 * mp.pi)


def _box_cox(x: Any, power: Any) -> Any:
    return mp.log(x) if power == 0 else mp.expm1(power * mp.log(x)) / power


def _binomial(x: Any, k: Any) -> Any:
    return mp.gamma(x + 1) / (mp.gamma(k + 1) * mp.gamma(x - k + 1))


def _multigammaln(x: Any, dimension: int) -> Any:
    terms = [mp.loggamma(x - mp.mpf(k) / 2) for k in range(dimension)]
    return sum(terms, dimension * (dimension - 1) * _LOG_PI / 4)


def _inverse_erfc(x: Any) -> Any:
    """Newton's iteration from the float64 value."""
    y = mp.mpf(float(special.erfcinv(float(x))))
    for _ in range(9):
        y += (mp.erfc(y) - x) * mp.sqrt(mp.pi) / 2 * mp.exp(y * y)
    return y * mp.sqrt(2) / _ROOT_TWO


_SCALARS: Mapping[str, tuple[int, Entry]] = {
    "clamp_min_array": (2, max),
    "clamp_max_array": (2, min),
    "copysign_number": (1, lambda x, number: abs(x) * (1 if number > 0 else -1)),
    "remainder_number": (1, lambda x, number: x - mp.floor(x / number) * number),
    "fmod_number": (1, lambda x, number: x - _cut(x / number) * number),
    "xlogy_factor": (1, lambda x, number: number * mp.log(x)),
    "xlogy_argument": (1, lambda x, number: x * _rounded_to(math.log(number))),
    "xlog1py_factor": (1, lambda x, number: number * mp.log(1 + x)),
    "xlog1py_argument": (1, lambda x, number: x * _rounded_to(math.log1p(number))),
    "subtract_from": (2, lambda x, y, factor: y - factor * x),
    "next_number": (1, lambda x, number: x),
    "fabs": (1, abs),
    "sgn": (1, mp.sign),
    "float_power": (1, lambda x, exponent: power(x, exponent)),
}
_INTEGRALS: Mapping[str, tuple[int, Entry]] = {
    "gammainc": (2, lambda a, x: mp.gammainc(a, 0, x, regularized=True)),
    "gammaincc": (2, lambda a, x: mp.gammainc(a, x, regularized=True)),
    "betainc": (3, lambda a, b, x: mp.betainc(a, b, 0, x, regularized=True)),
    "zeta_of_order": (2, lambda s, x: mp.zeta(s, x)),
    "hyp1f1": (3, lambda a, b, x: mp.hyp1f1(a, b, x)),
    "hyp2f1": (4, lambda a, b, c, x: mp.hyp2f1(a, b, c, x)),
    "owens_t": (2, _owens_t),
    "faddeeva_real": (2, lambda x, y: mp.re(_faddeeva(x, y))),
    "faddeeva_imag": (2, lambda x, y: mp.im(_faddeeva(x, y))),
    "jv": (1, lambda x, n: mp.besselj(n, x)),
    "yv": (1, lambda x, n: mp.bessely(n, x)),
    "iv": (1, lambda x, n: mp.besseli(n, x)),
    "ive": (1, lambda x, n: mp.besseli(n, x) * mp.exp(-abs(x))),
    "kv": (1, lambda x, n: mp.besselk(n, x)),
    "kve": (1, lambda x, n: mp.besselk(n, x) * mp.exp(x)),
    "y0": (1, lambda x: mp.bessely(0, x)),
    "y1": (1, lambda x: mp.bessely(1, x)),
    "expn": (1, lambda x, n: mp.expint(n, x)),
    "spence": (1, _dilogarithm),
    "dawsn": (1, lambda x: mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x)),
    "sine_integral": (1, lambda x: mp.si(x)),
    "cosine_integral": (1, lambda x: mp.ci(abs(x))),
    "fresnel_s": (1, lambda x: mp.fresnels(x)),
    "fresnel_c": (1, lambda x: mp.fresnelc(x)),
    "rgamma": (1, lambda x: mp.rgamma(x)),
    "erfcinv": (1, _inverse_erfc),
    "multigammaln": (1, _multigammaln),
    "poch": (2, lambda x, m: mp.gamma(x + m) / mp.gamma(x)),
    "comb": (2, _binomial),
    "factorial": (1, lambda x: mp.gamma(x + 1)),
    "gammasgn": (1, lambda x: mp.sign(mp.gamma(x))),
    "boxcox": (2, _box_cox),
    "boxcox1p": (2, lambda x, power: _box_cox(1 + x, power)),
    "kl_divergence": (2, lambda x, y: xlogy(x, x / y) - x + y if x != 0 else y),
}
OPERATIONS: Mapping[str, Callable[..., Array]] = {
    name: _of_params(entry, count)
    for table in (_ARITHMETIC, _SCALARS, _INTEGRALS)
    for name, (count, entry) in table.items()
}
