"""The derivatives of special functions, in terms of each other.

Formulas: Abramowitz and Stegun 5.1.1, 5.1.2, 6.3.1, 6.4.1, 7.1.1, 7.2.8, 9.1.27, 9.6.26; NIST DLMF
25.11.17 (zeta).
"""

from __future__ import annotations

import math

from ad_conformance.engines.inhouse.graph import Node, make
from ad_conformance.engines.inhouse.ops import select
from ad_conformance.engines.inhouse.rules import RULES, Elementwise, Partial, each, f


def _density(x: Node, scale: float) -> Node:
    return scale * f("exp", -(x * x))


def _normal_density(x: Node) -> Node:
    return 1 / math.sqrt(2 * math.pi) * f("exp", -0.5 * (x * x))


def _family(partial: Partial) -> Elementwise:
    """Members are chosen by the first operand, a constant."""
    return each(lambda y, n, x: 0.0, lambda y, n, x: partial(n, x))


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
    """x / y, and 0 where both are zero: a zero whose logarithm is taken counts for nothing beside a
    zero factor.
    """
    both = make("logical_and", make("equal", x, 0.0), make("equal", y, 0.0))
    return x / select(both, 1.0, y)


RULES |= {
    "exp2": each(lambda y, x: math.log(2) * y),
    "cbrt": each(lambda y, x: 1.0 / (3.0 * (y * y))),
    "erf": each(lambda y, x: _density(x, 2 / math.sqrt(math.pi))),
    "erfc": each(lambda y, x: _density(x, -2 / math.sqrt(math.pi))),
    "erfinv": each(lambda y, x: math.sqrt(math.pi) / 2 * f("exp", y * y)),
    "ndtr": each(lambda y, x: _normal_density(x)),
    "ndtri": each(lambda y, x: math.sqrt(2 * math.pi) * f("exp", 0.5 * (y * y))),
    "log_ndtr": each(lambda y, x: f("hazard", x)),
    "hazard": each(_hazard_slope),
    "gammaln": each(lambda y, x: f("polygamma", _number(x, 0.0), x)),
    "gamma": each(lambda y, x: y * f("polygamma", _number(x, 0.0), x)),
    "logit": each(lambda y, x: 1.0 / (x * (1.0 - x))),
    "exp1": each(lambda y, x: -(f("exp", -x) / x)),
    "expi": each(lambda y, x: f("exp", x) / x),
    "xlogy": each(lambda y, a, b: _log_of(b, 1.0, 0.0, "log"), lambda y, a, b: _ratio(a, b)),
    "xlog1py": each(
        lambda y, a, b: _log_of(b, 0.0, -1.0, "log1p"), lambda y, a, b: _ratio(a, 1.0 + b)
    ),
    # families
    "erfcx": _family(lambda n, x: f("erfcx", n + 1.0, x)),
    "sinc": _family(lambda n, x: f("sinc", n + 1.0, x)),
    "polygamma": _family(lambda n, x: f("polygamma", n + 1.0, x)),
    "zeta": _family(lambda s, x: -s * f("zeta", s + 1.0, x)),
    "jv": _family(lambda n, x: 0.5 * (f("jv", n - 1.0, x) - f("jv", n + 1.0, x))),
    "iv": _family(lambda n, x: 0.5 * (f("iv", n - 1.0, x) + f("iv", n + 1.0, x))),
    "ive": _family(
        lambda n, x: (
            0.5 * (f("ive", n - 1.0, x) + f("ive", n + 1.0, x)) - f("sign", x) * f("ive", n, x)
        )
    ),
}
