"""Special functions, under SciPy's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ad_conformance.engines.inhouse.elementwise import _binary, _unary
from ad_conformance.engines.inhouse.primitives import FUNCTIONS
from ad_conformance.engines.inhouse.tracer import emit, is_traced

__all__ = [
    "cbrt", "digamma", "erf", "erfc", "erfcx", "erfinv", "exp1", "exp2", "expi", "expit", "gamma", "i0", "i0e", "i1",
    "i1e", "j0", "j1", "lgamma", "log_ndtr", "logit", "ndtr", "ndtri", "polygamma", "sinc", "xlog1py", "xlogy",
    "zeta",
]  # fmt: skip


def _family(op: str) -> Callable[[float, Any], Any]:
    function = FUNCTIONS[op]

    def apply(n: float, x: Any) -> Any:
        return emit(op, float(n), x) if is_traced(x) else function(float(n), x)

    return apply


def _member(op: str, n: float) -> Callable[[Any], Any]:
    family = _family(op)
    return lambda x: family(n, x)


erf, erfc, erfinv = _unary("erf"), _unary("erfc"), _unary("erfinv")
ndtr, ndtri, log_ndtr = _unary("ndtr"), _unary("ndtri"), _unary("log_ndtr")
gamma, lgamma, cbrt, exp2 = _unary("gamma"), _unary("gammaln"), _unary("cbrt"), _unary("exp2")
exp1, expi, expit, logit = _unary("exp1"), _unary("expi"), _unary("logistic"), _unary("logit")
xlogy, xlog1py = _binary("xlogy"), _binary("xlog1py")
erfcx, sinc, digamma = _member("erfcx", 0), _member("sinc", 0), _member("polygamma", 0)
i0, i1, i0e, i1e = _member("iv", 0), _member("iv", 1), _member("ive", 0), _member("ive", 1)
j0, j1 = _member("jv", 0), _member("jv", 1)


def polygamma(x: Any, *, n: int) -> Any:
    """The n-th derivative of digamma."""
    return _family("polygamma")(n, x)


def zeta(x: Any, *, s: int) -> Any:
    """Hurwitz's zeta function of x, for a constant s > 1."""
    return _family("zeta")(s, x)
