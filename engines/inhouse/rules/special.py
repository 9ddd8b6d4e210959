"""Special functions, with derivatives in terms of each other.

Formulas: Abramowitz and Stegun 5.1.1, 5.1.2, 6.3.1, 6.4.1, 7.1.1, 7.2.8, 9.1.27, 9.6.26; NIST DLMF
25.11.17 (zeta).
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from ad_conformance.engines.inhouse.codegen import printing
from ad_conformance.engines.inhouse.core.graph import Node, Primitive, make
from ad_conformance.engines.inhouse.rules.elementary import elementwise, ufunc
from ad_conformance.engines.inhouse.rules.kinds import Missing, Partial, f
from ad_conformance.engines.inhouse.rules.ops import select


def _scipy(name: str, *partials: Partial, keeps_finite: bool = False) -> Primitive:
    """The function of this name in codegen/special_values.py, imported at first use with SciPy."""

    def function(*arrays: Any) -> Any:
        from ad_conformance.engines.inhouse.codegen import special_values

        return getattr(special_values, name)(*arrays)

    shown = printing.special_call(name)
    return elementwise(name, function, shown, *partials, keeps_finite=keeps_finite)


def _family(name: str, partial: Partial, keeps_finite: bool = False) -> Primitive:
    """Functions of which the first operand, a constant, chooses one."""
    partials = lambda y, n, x: 0.0, lambda y, n, x: partial(n, x)
    return replace(_scipy(name, *partials, keeps_finite=keeps_finite), family=True)


def _density(x: Node, scale: float) -> Node:
    return scale * f("exp", -(x * x))


def _normal_density(x: Node) -> Node:
    return 1 / math.sqrt(2 * math.pi) * f("exp", -0.5 * (x * x))


def _hazard_slope(y: Node, x: Node) -> Node:
    """-hazard * (x + hazard), whose sum cancels far to the left."""
    t = -1 / math.sqrt(2) * x
    left = -1 / math.sqrt(2) * (f("erfcx", _number(t, 1.0), t) / f("erfcx", _number(t, 0.0), t))
    return -(y * select(make("greater", 0.0, x), left, x + y))


def _number(like: Node, value: float) -> Node:
    return like.graph.full((), value, like.dtype)


def _log_of(argument: Node, harmless: float, lowest: float, log: str) -> Node:
    """The logarithm where there is one; elsewhere its factor is exactly zero."""
    return f(log, select(make("greater", argument, lowest), argument, harmless))


def _ratio(x: Node, y: Node) -> Node:
    """x / y, and 0 where both are zero: 0 * log(0) counts as 0."""
    both = make("logical_and", make("equal", x, 0.0), make("equal", y, 0.0))
    return x / select(both, 1.0, y)


def _gamma_density(y: Node, a: Node, x: Node) -> Node:
    return f("exp", f("xlogy", a - 1.0, x) - x - f("gammaln", a))


def _beta_density(y: Node, a: Node, b: Node, x: Node) -> Node:
    scale = f("gammaln", a + b) - f("gammaln", a) - f("gammaln", b)
    return f("exp", f("xlogy", a - 1.0, x) + f("xlog1py", b - 1.0, -x) + scale)


def _owens_by_h(y: Node, h: Node, a: Node) -> Node:
    scale = -1 / (2 * math.sqrt(2 * math.pi))
    return scale * (f("exp", -0.5 * (h * h)) * f("erf", 1 / math.sqrt(2) * (a * h)))


def _owens_by_a(y: Node, h: Node, a: Node) -> Node:
    growth = 1.0 + a * a
    return 1 / (2 * math.pi) * (f("exp", -0.5 * (h * h) * growth) / growth)


# With w(z) the function of z = x + i y, w'(z) = -2 z w(z) + 2 i / sqrt(pi) (A&S 7.1.20).
def _faddeeva_slope_real(x: Node, y: Node) -> Node:
    return -2.0 * (x * f("faddeeva_real", x, y) - y * f("faddeeva_imag", x, y))


def _faddeeva_slope_imag(x: Node, y: Node) -> Node:
    turned = x * f("faddeeva_imag", x, y) + y * f("faddeeva_real", x, y)
    return 2 / math.sqrt(math.pi) - 2.0 * turned


PRIMITIVES = (
    ufunc("exp2", "exp2", lambda y, x: math.log(2) * y),
    ufunc("cbrt", "cbrt", lambda y, x: 1.0 / (3.0 * (y * y)), keeps_finite=True),
    _scipy("erf", lambda y, x: _density(x, 2 / math.sqrt(math.pi)), keeps_finite=True),
    _scipy("erfc", lambda y, x: _density(x, -2 / math.sqrt(math.pi)), keeps_finite=True),
    _scipy("erfinv", lambda y, x: math.sqrt(math.pi) / 2 * f("exp", y * y)),
    _scipy("ndtr", lambda y, x: _normal_density(x), keeps_finite=True),
    _scipy("ndtri", lambda y, x: math.sqrt(2 * math.pi) * f("exp", 0.5 * (y * y))),
    _scipy("log_ndtr", lambda y, x: f("hazard", x)),
    _scipy("hazard", _hazard_slope),
    _scipy("gammaln", lambda y, x: f("polygamma", _number(x, 0.0), x)),
    _scipy("gamma", lambda y, x: y * f("polygamma", _number(x, 0.0), x)),
    _scipy("logit", lambda y, x: 1.0 / (x * (1.0 - x))),
    _scipy("exp1", lambda y, x: -(f("exp", -x) / x)),
    _scipy("expi", lambda y, x: f("exp", x) / x),
    _scipy("xlogy", lambda y, a, b: _log_of(b, 1.0, 0.0, "log"), lambda y, a, b: _ratio(a, b)),
    _scipy(
        "xlog1py",
        lambda y, a, b: _log_of(b, 0.0, -1.0, "log1p"),
        lambda y, a, b: _ratio(a, 1.0 + b),
    ),
    _family("erfcx", lambda n, x: f("erfcx", n + 1.0, x)),
    _family("sinc", lambda n, x: f("sinc", n + 1.0, x), keeps_finite=True),
    _family("polygamma", lambda n, x: f("polygamma", n + 1.0, x)),
    _scipy("zeta", Missing("zeta", 0), lambda y, s, x: -s * f("zeta", s + 1.0, x)),
    _scipy("gammainc", Missing("gammainc", 0), _gamma_density),
    _scipy("gammaincc", Missing("gammaincc", 0), lambda y, a, x: -_gamma_density(y, a, x)),
    _scipy("betainc", Missing("betainc", 0), Missing("betainc", 1), _beta_density),
    _scipy(
        "hyp1f1",
        Missing("hyp1f1", 0),
        Missing("hyp1f1", 1),
        lambda y, a, b, x: a / b * f("hyp1f1", a + 1.0, b + 1.0, x),
    ),
    _scipy(
        "hyp2f1",
        *(Missing("hyp2f1", i) for i in range(3)),
        lambda y, a, b, c, x: a * b / c * f("hyp2f1", a + 1.0, b + 1.0, c + 1.0, x),
    ),
    _scipy("owens_t", _owens_by_h, _owens_by_a),
    _scipy(
        "faddeeva_real",
        lambda w, x, y: _faddeeva_slope_real(x, y),
        lambda w, x, y: -_faddeeva_slope_imag(x, y),
    ),
    _scipy(
        "faddeeva_imag",
        lambda w, x, y: _faddeeva_slope_imag(x, y),
        lambda w, x, y: _faddeeva_slope_real(x, y),
    ),
    _scipy("spence", lambda y, x: f("spence_slope", _number(x, 0.0), x)),
    _scipy("dawsn", lambda y, x: 1.0 - 2.0 * (x * y)),
    _scipy("sine_integral", lambda y, x: f("sinc", _number(x, 0.0), 1 / math.pi * x)),
    _scipy("cosine_integral", lambda y, x: f("cos", x) / x),
    _scipy("fresnel_s", lambda y, x: f("sin", math.pi / 2 * (x * x))),
    _scipy("fresnel_c", lambda y, x: f("cos", math.pi / 2 * (x * x))),
    _family("spence_slope", lambda n, x: f("spence_slope", n + 1.0, x)),
    _family("expn", lambda n, x: -f("expn", n - 1.0, x)),
    _family("yv", lambda n, x: 0.5 * (f("yv", n - 1.0, x) - f("yv", n + 1.0, x))),
    _family("kv", lambda n, x: -0.5 * (f("kv", n - 1.0, x) + f("kv", n + 1.0, x))),
    _family(
        "kve", lambda n, x: f("kve", n, x) - 0.5 * (f("kve", n - 1.0, x) + f("kve", n + 1.0, x))
    ),
    _family(
        "jv", lambda n, x: 0.5 * (f("jv", n - 1.0, x) - f("jv", n + 1.0, x)), keeps_finite=True
    ),
    _family("iv", lambda n, x: 0.5 * (f("iv", n - 1.0, x) + f("iv", n + 1.0, x))),
    _family(
        "ive",
        lambda n, x: (
            0.5 * (f("ive", n - 1.0, x) + f("ive", n + 1.0, x)) - f("sign", x) * f("ive", n, x)
        ),
    ),
)
