"""Special functions, under SciPy's names."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ad_conformance.engines.inhouse.namespace.elementwise import binary, unary
from ad_conformance.engines.inhouse.namespace.tracer import emit, is_traced
from ad_conformance.engines.inhouse.rules.table import PRIMITIVES

__all__ = [
    "cbrt", "digamma", "erf", "erfc", "erfcx", "erfinv", "exp1", "exp2", "expi", "expit", "gamma",
    "i0", "i0e", "i1", "i1e", "j0", "j1", "lgamma", "log_ndtr", "logit", "ndtr", "ndtri",
    "polygamma", "sinc", "xlog1py", "xlogy", "zeta",
]  # fmt: skip


def _family(op: str) -> Callable[[float, Any], Any]:
    function = partial(PRIMITIVES[op].evaluate, None)

    def apply(n: float, x: Any) -> Any:
        return emit(op, float(n), x) if is_traced(x) else function(float(n), x)

    return apply


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


def polygamma(x: Any, *, n: int) -> Any:
    """The n-th derivative of digamma."""
    return _family("polygamma")(n, x)


def zeta(x: Any, *, s: int) -> Any:
    """Hurwitz's zeta function of x, for a constant s > 1."""
    return _family("zeta")(s, x)
