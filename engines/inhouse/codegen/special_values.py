"""Special functions on NumPy arrays: SciPy's, and a few whose derivatives are there as well.

Functions of `n` are families closed under differentiation; `n` is one whole number.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special
from scipy.special import (
    dawsn,
    erf,
    erfc,
    erfinv,
    exp1,
    expi,
    gamma,
    gammaln,
    iv,
    jv,
    kv,
    kve,
    log_ndtr,
    logit,
    ndtr,
    ndtri,
    spence,
    yv,
)

__all__ = [
    "betainc", "cosine_integral", "dawsn", "erf", "erfc", "erfcx", "erfinv", "exp1", "expi", "expn",
    "faddeeva_imag", "faddeeva_real", "fresnel_c", "fresnel_s", "gamma", "gammainc",
    "gammaincc", "gammaln", "hazard", "hyp1f1", "hyp2f1", "iv", "ive", "jv", "kv", "kve",
    "log_ndtr", "logit", "ndtr", "ndtri", "owens_t", "polygamma", "sinc", "sine_integral", "spence",
    "spence_slope", "xlog1py", "xlogy", "yv", "zeta",
]  # fmt: skip

Array = np.ndarray[Any, np.dtype[Any]]

# Nodes and weights of Gauss's quadrature on the unit interval.
_NODES, _WEIGHTS = (
    (v + s) / 2 for v, s in zip(np.polynomial.legendre.leggauss(64), (1, 0), strict=True)
)


def _order(n: Any) -> int:
    return int(np.asarray(n).flat[0])


def ive(n: Any, x: Array) -> Any:
    """exp(-abs(x)) I_n(x). SciPy has no values from 2**31 on; the first terms of A&S 9.7.1 are
    exact there.
    """
    order, x = _order(n), np.asarray(x)
    size = np.maximum(np.abs(x), 2.0**28)
    far = (1 - (4 * order * order - 1) / (8 * size)) / np.sqrt(2 * math.pi * size)
    sign = np.where(x < 0, (-1) ** order, 1)
    near = special.ive(n, np.where(np.abs(x) < 2.0**30, x, 0))
    return np.where(np.abs(x) < 2.0**30, near, sign * far).astype(x.dtype)[()]


def erfcx(n: Any, x: Array) -> Any:
    """The n-th derivative of exp(x**2) erfc(x).

    For x > 0 it is the integral of 2/sqrt(pi) (-2t)**n exp(-t**2 - 2xt) over t > 0 (A&S 7.4.2), in
    which nothing cancels. For other x it comes from the recurrence of A&S 7.2.5, whose terms have
    one sign there.
    """
    order, x = _order(n), np.asarray(x)
    last, value = np.asarray(2 / math.sqrt(math.pi)), special.erfcx(x)
    for k in range(order):
        last, value = value, 2 * x * value + (2 * k * last if k else -last)
    if not order:
        return value
    right = np.maximum(x, 0)
    # The integrand is negligible where the exponent exceeds 48; t**n moves that a little further.
    reach = 48 / (right + np.sqrt(right * right + 48)) + order / (right + 2)
    t = reach[..., None] * _NODES
    integral = reach * np.sum(
        _WEIGHTS * t**order * np.exp(-t * (t + 2 * right[..., None])), axis=-1
    )
    return np.where(x > 0, (-2.0) ** order * 2 / math.sqrt(math.pi) * integral, value).astype(
        x.dtype
    )[()]


def sinc(n: Any, x: Array) -> Any:
    """The n-th derivative of sin(pi x) / (pi x).

    Near zero it is the integral of (pi t)**n cos(pi x t + n pi/2) over the unit interval. Elsewhere
    it comes from x sinc(x) = sin(pi x) / pi, differentiated n times.
    """
    order, x = _order(n), np.asarray(x)
    value = np.sinc(x)
    if not order:
        return value
    near = np.abs(x) < 4
    safe = np.where(near, 4, x)
    value = np.sinc(safe)
    for k in range(1, order + 1):
        value = (math.pi ** (k - 1) * np.sin(math.pi * safe + k * math.pi / 2) - k * value) / safe
    angle = math.pi * np.where(near, x, 0)[..., None] * _NODES + order % 4 * math.pi / 2
    integral = np.sum(_WEIGHTS * (math.pi * _NODES) ** order * np.cos(angle), axis=-1)
    return np.where(near, integral, value).astype(x.dtype)[()]


def polygamma(n: Any, x: Array) -> Any:
    """SciPy's function, in the dtype of x; SciPy gives float64 for float32."""
    return special.polygamma(_order(n), x).astype(np.asarray(x).dtype)[()]


def _narrow(function: Callable[..., Any]) -> Callable[..., Any]:
    """SciPy's function in the dtype of its operands, among which are Python numbers.

    SciPy itself promotes a float32 array beside a Python number to float64, or always computes in
    float64.
    """

    def apply(*operands: Any) -> Any:
        value = function(*operands)
        return value.astype(np.float32) if np.result_type(*operands) == np.float32 else value

    return apply


def expn(n: Any, x: Array) -> Any:
    """The exponential integral of order n, also for n <= 0, by recurrence upwards from there."""
    order = _order(n)
    if order > 0:
        return _narrow(special.expn)(order, x)
    value = np.exp(-x) / x
    for k in range(1, 1 - order):
        # E(-k) = (exp(-x) + k E(1 - k)) / x, all of one sign (A&S 5.1.14).
        value = (np.exp(-x) + k * value) / x
    return value


def spence_slope(n: Any, x: Array) -> Any:
    """The n-th derivative of log(x) / (1 - x), that of the dilogarithm of 1 - x.

    Near 1 it is the integral of -(-t)**n n! / (1 + t (x - 1))**(n + 1) over the unit interval.
    Elsewhere it comes from (1 - x) g(x) = log(x), differentiated n times.
    """
    order, x = _order(n), np.asarray(x)
    near = (x > 1 / 4) & (x < 4)
    safe = np.where(near, 8, x)
    value = np.log(safe) / (1 - safe)
    for k in range(1, order + 1):
        power = (-1) ** (k - 1) * math.factorial(k - 1) / safe**k
        value = (power + k * value) / (1 - safe)
    reach = 1 + _NODES * (np.where(near, x, 1)[..., None] - 1)
    scale = -((-1) ** order) * math.factorial(order)
    integral = scale * np.sum(_WEIGHTS * _NODES**order / reach ** (order + 1), axis=-1)
    return np.where(near, integral, value).astype(x.dtype)[()]


def sine_integral(x: Array) -> Any:
    """The integral of sin(t) / t from 0 to x."""
    return special.sici(x)[0]


def cosine_integral(x: Array) -> Any:
    """The cosine integral of the magnitude of x; SciPy has complex values to the left of 0."""
    return special.sici(np.abs(x))[1]


def fresnel_s(x: Array) -> Any:
    """The integral of sin(pi t**2 / 2) from 0 to x."""
    return special.fresnel(x)[0]


def fresnel_c(x: Array) -> Any:
    """The integral of cos(pi t**2 / 2) from 0 to x."""
    return special.fresnel(x)[1]


def faddeeva_real(x: Array, y: Array) -> Any:
    """The real part of exp(-z**2) erfc(-i z) for z = x + i y."""
    return np.real(special.wofz(x + 1j * y))


def faddeeva_imag(x: Array, y: Array) -> Any:
    """The imaginary part of the same."""
    return np.imag(special.wofz(x + 1j * y))


xlogy, xlog1py, zeta = _narrow(special.xlogy), _narrow(special.xlog1py), _narrow(special.zeta)
gammainc, gammaincc = _narrow(special.gammainc), _narrow(special.gammaincc)
betainc, owens_t = _narrow(special.betainc), _narrow(special.owens_t)
hyp1f1, hyp2f1 = _narrow(special.hyp1f1), _narrow(special.hyp2f1)


def hazard(x: Array) -> Any:
    """The normal density over the normal distribution function, the derivative of log_ndtr."""
    return math.sqrt(2 / math.pi) / special.erfcx(-x / math.sqrt(2))
