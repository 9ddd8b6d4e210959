"""Incomplete, hypergeometric, Bessel and integral functions on python-flint balls.

As in special_balls, a result encloses the analytic continuation of the real function, or it is NaN.
"""

from __future__ import annotations

from collections.abc import Callable

from ad_conformance.generators.arithmetic.balls import NAN, Ball
from flint import acb, arb, ctx

_I = acb(0, 1)


def _of_complex(function: Callable[..., Ball]) -> Callable[..., Ball]:
    """A function of complex balls, made usable for real ones; NaN where flint finds no enclosure.

    Whole numbers among the arguments stay as they are.
    """

    def evaluate(*args: Ball | int) -> Ball:
        try:
            value = function(*(acb(z) if isinstance(z, arb) else z for z in args))
        except ValueError:
            return NAN
        return value if any(isinstance(z, acb) for z in args) else value.real

    return evaluate


def _right(*args: Ball) -> bool:
    """Whether all balls are to the right of zero."""
    return all(z.real > 0 for z in args)


gammainc = _of_complex(lambda a, x: x.gamma_lower(a, regularized=1) if _right(a, x) else NAN)
gammaincc = _of_complex(lambda a, x: x.gamma_upper(a, regularized=1) if _right(a, x) else NAN)
betainc = _of_complex(
    lambda a, b, x: x.beta_lower(a, b, regularized=1) if _right(a, b, x, 1 - x) else NAN
)
zeta_of_order = _of_complex(lambda s, q: s.zeta(q) if _right(s - 1, q) else NAN)
hyp1f1 = _of_complex(lambda a, b, x: x.hypgeom_1f1(a, b))
hyp2f1 = _of_complex(lambda a, b, c, x: x.hypgeom_2f1(a, b, c) if _right(1 - x) else NAN)
jv = _of_complex(lambda x, n: x.bessel_j(n))
iv = _of_complex(lambda x, n: x.bessel_i(n))
yv = _of_complex(lambda x, n: x.bessel_y(n) if _right(x) else NAN)
kv = _of_complex(lambda x, n: x.bessel_k(n) if _right(x) else NAN)
kve = _of_complex(lambda x, n: x.exp() * x.bessel_k(n) if _right(x) else NAN)
#: The dilogarithm of 1 - x.
spence = _of_complex(lambda x: (1 - x).polylog(2) if _right(x) else NAN)
expn = _of_complex(lambda x, n: x.expint(n) if _right(x) else NAN)
dawsn = _of_complex(lambda x: acb.pi().sqrt() / 2 * (-x * x).exp() * x.erfi())
sine_integral = _of_complex(lambda x: x.si())
fresnel_s = _of_complex(lambda x: x.fresnel_s())
fresnel_c = _of_complex(lambda x: x.fresnel_c())


def ive(x: Ball, n: int) -> Ball:
    """exp(-|x|) times the modified Bessel function."""
    if x.real > 0:
        return iv(x, n) * (-x).exp()
    return iv(x, n) * x.exp() if x.real < 0 else NAN


@_of_complex
def cosine_integral(x: acb) -> Ball:
    """Ci(|x|)."""
    if _right(x):
        return x.ci()
    return (-x).ci() if _right(-x) else NAN


@_of_complex
def owens_t(h: acb, a: acb) -> Ball:
    """Owen's function, by its integral from 0 to a in the variable u = a t."""

    def integrand(t: acb, _analytic: bool) -> acb:
        growth = 1 + a * a * t * t
        return (-h * h * growth / 2).exp() / growth

    # Wide balls have no sharp integral, and flint would search for one.
    width = max((h.rad() + a.rad()) / 16, arb(2) ** -ctx.prec)
    return a * acb.integral(integrand, 0, 1, rel_tol=width, abs_tol=width) / (2 * acb.pi())


def _faddeeva(z: acb) -> acb:
    return (-z * z).exp() * (-_I * z).erfc()


# The conjugate of w(x + i y) is w(-x + i y), for real x and y.
faddeeva_real = _of_complex(lambda x, y: (_faddeeva(x + _I * y) + _faddeeva(_I * y - x)) / 2)
faddeeva_imag = _of_complex(lambda x, y: (_faddeeva(x + _I * y) - _faddeeva(_I * y - x)) / (2 * _I))
