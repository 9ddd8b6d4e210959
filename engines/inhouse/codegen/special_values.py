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
    erf,
    erfc,
    erfinv,
    exp1,
    expi,
    gamma,
    gammaln,
    iv,
    ive,
    jv,
    log_ndtr,
    logit,
    ndtr,
    ndtri,
    zeta,
)

__all__ = [
    "erf", "erfc", "erfcx", "erfinv", "exp1", "expi", "gamma", "gammaln", "hazard", "iv", "ive",
    "jv", "log_ndtr", "logit", "ndtr", "ndtri", "polygamma", "sinc", "xlog1py", "xlogy", "zeta",
]  # fmt: skip

Array = np.ndarray[Any, np.dtype[Any]]

# Nodes and weights of Gauss's quadrature on the unit interval.
_NODES, _WEIGHTS = (
    (v + s) / 2 for v, s in zip(np.polynomial.legendre.leggauss(64), (1, 0), strict=True)
)


def _order(n: Any) -> int:
    return int(np.asarray(n).flat[0])


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


def _of_two(function: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """SciPy's function, with the dtype of the array if the other operand is a Python number.

    SciPy itself promotes a float32 array beside a Python number to float64.
    """

    def apply(a: Any, b: Any) -> Any:
        return function(a, b, dtype=np.float32 if np.result_type(a, b) == np.float32 else None)

    return apply


xlogy, xlog1py = _of_two(special.xlogy), _of_two(special.xlog1py)


def hazard(x: Array) -> Any:
    """The normal density over the normal distribution function, the derivative of log_ndtr."""
    return math.sqrt(2 / math.pi) / special.erfcx(-x / math.sqrt(2))
