"""Special functions, under SciPy's names."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ad_conformance.engines.inhouse.namespace.elementwise import binary, unary
from ad_conformance.engines.inhouse.namespace.tracer import emit, is_traced
from ad_conformance.engines.inhouse.rules.table import PRIMITIVES

__all__ = [
    "betainc", "cbrt", "cosine_integral", "dawsn", "digamma", "erf", "erfc", "erfcx", "erfinv",
    "exp1", "exp2", "expi", "expit", "expn", "faddeeva_imag", "faddeeva_real", "fresnel_c",
    "fresnel_s", "gamma", "gammainc", "gammaincc", "hyp1f1", "hyp2f1", "i0", "i0e", "i1", "i1e",
    "iv", "ive", "j0", "j1", "jv", "kv", "kve", "lgamma", "log_ndtr", "logit", "ndtr", "ndtri",
    "owens_t", "polygamma", "sinc", "sine_integral", "spence", "xlog1py", "xlogy", "y0", "y1",
    "yv", "zeta", "zeta_of_order",
]  # fmt: skip


def _family(op: str) -> Callable[[float, Any], Any]:
    function = partial(PRIMITIVES[op].evaluate, None)

    def apply(n: float, x: Any) -> Any:
        return emit(op, float(n), x) if is_traced(x) else function(float(n), x)

    return apply


def _several(op: str) -> Callable[..., Any]:
    function = partial(PRIMITIVES[op].evaluate, None)

    def apply(*operands: Any) -> Any:
        return emit(op, *operands) if any(map(is_traced, operands)) else function(*operands)

    return apply


def _ordered(op: str) -> Callable[..., Any]:
    family = _family(op)
    return lambda x, *, n: family(n, x)


def _member(op: str, n: float) -> Callable[[Any], Any]:
    family = _family(op)
    return lambda x: family(n, x)


erf, erfc, erfinv = unary("erf"), unary("erfc"), unary("erfinv")
ndtr, ndtri, log_ndtr = unary("ndtr"), unary("ndtri"), unary("log_ndtr")
gamma, lgamma, cbrt, exp2 = unary("gamma"), unary("gammaln"), unary("cbrt"), unary("exp2")
exp1, expi, expit, logit = unary("exp1"), unary("expi"), unary("logistic"), unary("logit")
xlogy, xlog1py = binary("xlogy"), binary("xlog1py")
erfcx, sinc, digamma = _member("erfcx", 0), _member("sinc", 0), _member("polygamma", 0)
i0, i1, i0e, i1e = _member("iv", 0), _member("iv", 1), _member("ive", 0), _member("ive", 1)
j0, j1 = _member("jv", 0), _member("jv", 1)


gammainc, gammaincc, betainc = _several("gammainc"), _several("gammaincc"), _several("betainc")
hyp1f1, hyp2f1 = _several("hyp1f1"), _several("hyp2f1")
owens_t, zeta_of_order = _several("owens_t"), _several("zeta")
faddeeva_real, faddeeva_imag = _several("faddeeva_real"), _several("faddeeva_imag")
jv, yv, iv, ive = _ordered("jv"), _ordered("yv"), _ordered("iv"), _ordered("ive")
kv, kve, expn = _ordered("kv"), _ordered("kve"), _ordered("expn")
y0, y1 = _member("yv", 0), _member("yv", 1)
spence, dawsn = unary("spence"), unary("dawsn")
sine_integral, cosine_integral = unary("sine_integral"), unary("cosine_integral")
fresnel_s, fresnel_c = unary("fresnel_s"), unary("fresnel_c")


def polygamma(x: Any, *, n: int) -> Any:
    """The n-th derivative of digamma."""
    return _family("polygamma")(n, x)


def zeta(x: Any, *, s: int) -> Any:
    """Hurwitz's zeta function of x, for a constant s > 1."""
    return _family("zeta")(s, x)
