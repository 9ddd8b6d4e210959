"""Numbers of 640 bits, and the functions of single entries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import mpmath
import numpy as np
from scipy import special

Array = np.ndarray
#: A context of its own: others may change the precision of `mpmath.mp`.
mp = mpmath.mp.clone()
mp.prec = 640
NAN = mp.mpf("nan")


def number(value: Any) -> Any:
    """The value with 640 bits; numbers that have them unchanged."""
    return value if isinstance(value, (mp.mpf, mp.mpc)) else mp.mpf(float(value))


def exact(value: Any) -> Array:
    """An object array of numbers; an array of truth values unchanged."""
    array = np.asarray(value)
    if array.dtype == bool:
        return array
    out = np.empty(array.shape, dtype=object)
    for index, entry in np.ndenumerate(array):
        out[index] = number(entry)
    return out


def entrywise(function: Callable[..., Any], count: int = 1) -> Callable[..., Array]:
    """`function` of real numbers, entry by entry with broadcasting; NaN where it is not real."""

    def real(*values: Any) -> Any:
        try:
            result = function(*values)
        except (ValueError, ZeroDivisionError):
            return NAN
        return NAN if isinstance(result, mp.mpc) else result

    ufunc = np.frompyfunc(real, count, 1)
    return lambda *operands: np.asarray(ufunc(*map(exact, operands)), dtype=object)


def power(base: Any, exponent: Any) -> Any:
    """base ** exponent, real; zero to a positive power is zero, to a negative one infinite."""
    if base == 0 and exponent < 0:
        return mp.inf
    if exponent == mp.floor(exponent):
        return base ** int(exponent)
    if base == 0 and exponent > 0:
        return mp.mpf(0)
    return NAN if base <= 0 else mp.exp(exponent * mp.log(base))


def quotient(a: Any, b: Any) -> Any:
    """a / b; infinite for b = 0, where another value may be selected."""
    return a / b if b != 0 or a == 0 else mp.sign(a) * mp.inf


def rounded(x: Any) -> Any:
    """The nearest integer, of two the even one."""
    below = mp.floor(x)
    if x - below == mp.mpf(0.5):
        return below + (int(below) % 2)
    return mp.floor(x + mp.mpf(0.5))


def sinc(x: Any) -> Any:
    return mp.mpf(1) if x == 0 else mp.sin(mp.pi * x) / (mp.pi * x)


def erfinv(z: Any) -> Any:
    """Newton's iteration from the float64 value."""
    if not -1 < z < 1:
        return NAN
    x = mp.mpf(float(special.erfinv(float(z))))
    for _ in range(9):
        x -= (mp.erf(x) - z) * mp.sqrt(mp.pi) / 2 * mp.exp(x * x)
    return x


def log_ndtr(x: Any) -> Any:
    """The logarithm of the normal distribution function; log1p keeps the digits near 0."""
    if x > 0:
        return mp.log1p(-mp.erfc(x / mp.sqrt(2)) / 2)
    return mp.log(mp.erfc(-x / mp.sqrt(2)) / 2)


def xlogy(x: Any, y: Any) -> Any:
    return mp.mpf(0) if x == 0 else x * mp.log(y)


def logistic(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def softplus(x: Any) -> Any:
    return mp.log1p(mp.exp(x)) if x < 0 else x + mp.log1p(mp.exp(-x))


def log_gamma(x: Any) -> Any:
    return mp.log(abs(mp.gamma(x)))


def beta(a: Any, b: Any) -> Any:
    return mp.gamma(a) * mp.gamma(b) / mp.gamma(a + b)


def logsumexp_of(entries: Sequence[Any]) -> Any:
    """log(sum(exp(x))), relative to the largest entry."""
    largest = max(entries)
    return largest + mp.log(sum((mp.exp(z - largest) for z in entries), mp.mpf(0)))


def log_softmax_of(entries: Sequence[Any]) -> list[Any]:
    common = logsumexp_of(entries)
    return [z - common for z in entries]


def clipped(x: Any, low: Any, high: Any) -> Any:
    return min(max(x, low), high)


_UNARY: Mapping[str, Callable[[Any], Any]] = {
    **{
        name: getattr(mp, name)
        for name in (
            "sin", "cos", "tan", "exp", "log", "sqrt", "sinh", "cosh", "tanh", "asin", "acos",
            "atan", "asinh", "acosh", "atanh", "floor", "ceil", "sign", "erf", "erfc", "gamma",
            "digamma",
        )
    },
    "log2": lambda x: mp.log(x) / mp.log(2),
    "log10": lambda x: mp.log(x) / mp.log(10),
    "log1p": lambda x: mp.log(1 + x),
    "expm1": lambda x: mp.exp(x) - 1,
    "square": lambda x: x**2,
    "reciprocal": lambda x: quotient(mp.mpf(1), x),
    "negative": lambda x: -x,
    "positive": lambda x: x,
    "abs": abs,
    "trunc": lambda x: mp.sign(x) * mp.floor(abs(x)),
    "round": rounded,
    "exp2": lambda x: mp.mpf(2) ** x,
    "cbrt": lambda x: mp.sign(x) * mp.cbrt(abs(x)),
    "erfcx": lambda x: mp.exp(x * x) * mp.erfc(x),
    "erfinv": erfinv,
    "ndtr": lambda x: mp.erfc(-x / mp.sqrt(2)) / 2,
    "log_ndtr": log_ndtr,
    "ndtri": lambda x: mp.sqrt(2) * erfinv(2 * x - 1),
    "lgamma": log_gamma,
    "i0": lambda x: mp.besseli(0, x),
    "i1": lambda x: mp.besseli(1, x),
    "i0e": lambda x: mp.besseli(0, x) * mp.exp(-abs(x)),
    "i1e": lambda x: mp.besseli(1, x) * mp.exp(-abs(x)),
    "j0": lambda x: mp.besselj(0, x),
    "j1": lambda x: mp.besselj(1, x),
    "sinc": sinc,
    "expit": logistic,
    "logit": lambda x: mp.log(x / (1 - x)),
    "exp1": mp.e1,
    "expi": mp.ei,
    "entr": lambda x: -xlogy(x, x),
    "implicit_sqrt": mp.sqrt,
    "checkpointed": lambda x: mp.sin(x) * mp.exp(-(x * x)),
}  # fmt: skip
_BINARY: Mapping[str, Callable[[Any, Any], Any]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": quotient,
    "pow": power,
    "maximum": max,
    "minimum": min,
    "hypot": lambda a, b: mp.sqrt(a * a + b * b),
    "atan2": lambda y, x: mp.arg(mp.mpc(x, y)),
    "logaddexp": lambda a, b: max(a, b) + mp.log1p(mp.exp(-abs(a - b))),
    "remainder": lambda a, b: a - b * mp.floor(a / b),
    "floor_divide": lambda a, b: mp.floor(a / b),
    "copysign": lambda a, b: -abs(a) if b < 0 else abs(a),
    "betaln": lambda a, b: mp.log(beta(a, b)),
    "beta": beta,
    "xlogy": xlogy,
    "xlog1py": lambda x, y: xlogy(x, 1 + y),
    "rel_entr": lambda x, y: xlogy(x, x / y) if x != 0 else mp.mpf(0),
}
_COMPARED: Mapping[str, Callable[[Any, Any], Any]] = {
    "less": lambda a, b: a < b,
    "greater": lambda a, b: a > b,
    "less_equal": lambda a, b: a <= b,
    "greater_equal": lambda a, b: a >= b,
    "equal": lambda a, b: a == b,
    "not_equal": lambda a, b: a != b,
}


def _truths(function: Callable[..., Any], *operands: Any) -> Array:
    return np.asarray(np.frompyfunc(function, len(operands), 1)(*operands)).astype(bool)


def _compared(function: Callable[[Any, Any], Any]) -> Callable[..., Array]:
    return lambda a, b: _truths(function, exact(a), exact(b))


def where(condition: Array, a: Array, b: Array) -> Array:
    return np.asarray(np.where(np.asarray(condition, dtype=bool), exact(a), exact(b)))


OPERATIONS: Mapping[str, Callable[..., Array]] = {
    **{name: entrywise(function) for name, function in _UNARY.items()},
    **{name: entrywise(function, 2) for name, function in _BINARY.items()},
    **{name: _compared(function) for name, function in _COMPARED.items()},
    "logical_and": lambda a, b: _truths(lambda p, q: p and q, a, b),
    "logical_or": lambda a, b: _truths(lambda p, q: p or q, a, b),
    "logical_xor": lambda a, b: _truths(lambda p, q: p != q, a, b),
    "logical_not": lambda a: _truths(lambda p: not p, a),
    "where": where,
    "pow_int": lambda x, *, exponent: entrywise(power, 2)(x, float(exponent)),
    "pow_float": lambda x, *, exponent: entrywise(power, 2)(x, exponent),
    "clip": lambda x, *, min, max: entrywise(clipped, 3)(x, min, max),
    "polygamma": lambda x, *, n: entrywise(lambda z: mp.polygamma(n, z))(x),
    "zeta": lambda x, *, s: entrywise(lambda z: mp.zeta(s, z))(x),
}
