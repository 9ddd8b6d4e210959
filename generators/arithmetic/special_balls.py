"""Special functions on python-flint balls: enclosures of the analytic continuation, or NaN.

Some real functions are defined in pieces (the logarithm of |gamma|, the real cube root). The
continuation is that of the piece that contains the real part of the ball.
"""

from __future__ import annotations

from collections.abc import Callable

from ad_conformance.generators.arithmetic import balls
from ad_conformance.generators.arithmetic.balls import NAN, Ball, log, sqrt
from flint import acb, arb, ctx


def _through_complex(function: Callable[..., acb]) -> Callable[..., Ball]:
    """A function of complex balls, made usable for real ones."""

    def evaluate(z: Ball, *params: int) -> Ball:
        value = function(acb(z), *params)
        return value.real if isinstance(z, arb) else value

    return evaluate


def exp2(z: Ball) -> Ball:
    return (z * arb(2).log()).exp()


def log2(z: Ball) -> Ball:
    return log(z) / arb(2).log()


def log10(z: Ball) -> Ball:
    return log(z) / arb(10).log()


def cbrt(z: Ball) -> Ball:
    """The real cube root, an odd function."""
    if z.is_zero():
        return z
    third = arb(1) / 3
    if z.real > 0:
        return (third * log(z)).exp()
    return -((third * log(-z)).exp()) if z.real < 0 else NAN


def erfcx(z: Ball) -> Ball:
    return (z * z).exp() * z.erfc()


def _positive(z: Ball) -> Ball:
    """The one of z and -z that has a positive real part; NaN if the ball contains both signs."""
    if z.real > 0:
        return z
    return -z if z.real < 0 else NAN


def lgamma(z: Ball) -> Ball:
    """log(abs(gamma(z))); for negative z by reflection (Abramowitz and Stegun 6.1.17)."""
    if z.real > 0:
        return z.lgamma()
    return log(arb.pi()) - log(_positive(z.sin_pi())) - (1 - z).lgamma()


polygamma = _through_complex(lambda z, n: z.polygamma(n))
zeta = _through_complex(lambda q, s: acb(s).zeta(q))
i0 = _through_complex(lambda z: z.bessel_i(0))
i1 = _through_complex(lambda z: z.bessel_i(1))
j0 = _through_complex(lambda z: z.bessel_j(0))
j1 = _through_complex(lambda z: z.bessel_j(1))


def i0e(z: Ball) -> Ball:
    return i0(z) * (-balls.absolute(z)).exp()


def i1e(z: Ball) -> Ball:
    return i1(z) * (-balls.absolute(z)).exp()


def expit(z: Ball) -> Ball:
    return 1 / (1 + (-z).exp())


def logit(z: Ball) -> Ball:
    return log(z) - log(1 - z)


def xlogy(x: Ball, y: Ball) -> Ball:
    """x * log(y); 0 for every y if x is exactly zero."""
    return x if x.is_zero() else x * log(y)


def xlog1py(x: Ball, y: Ball) -> Ball:
    return xlogy(x, 1 + y)


def ndtr(z: Ball) -> Ball:
    return (-z / arb(2).sqrt()).erfc() / 2


def log_ndtr(z: Ball) -> Ball:
    above = ndtr(-z)
    # For large z, log(1 - above) would lose all digits of `above`.
    return (-above).log1p() if above.abs_upper() < 1 / 2 else log(ndtr(z))


def erfinv(z: Ball) -> Ball:
    """The inverse of erf, by Newton's iteration and one inclusion test.

    With m near the solution, N(Y) = m - (erf(m) - z) / erf'(Y) lies inside Y only if erf(y) = z has
    exactly one solution in Y for each z of the ball (e.g. Neumaier, Interval Methods for Systems of
    Equations, 5.1), and that solution lies in N(Y) and depends analytically on z.
    """
    if not -1 < z.real < 1:
        return NAN
    half_root = arb.pi().sqrt() / 2
    centre = z.mid()
    # A starting point from which the iteration is monotone: erf is concave for positive arguments.
    far = (-((1 - centre.real) * (1 + centre.real)).log()).sqrt()
    m = _descended(acb(far if centre.real > 0 else -far).mid(), centre, half_root)
    residual = acb(m).erf() - z
    step = residual * half_root * (m * m).exp()
    width = arb(2) * step.abs_upper() + arb(2) ** -ctx.prec
    wide = m + acb(arb(0, width), arb(0, width))
    newton = m - residual * half_root * (wide * wide).exp()
    if not wide.contains_interior(newton):
        return NAN
    return newton.real if isinstance(z, arb) else newton


def _descended(m: acb, z: Ball, half_root: arb) -> acb:
    for _ in range(200):
        step = ((m.erf() - z) * half_root * (m * m).exp()).mid()
        # Long steps are shortened, because the factor exp(m * m) may be far too large.
        size = step.abs_upper()
        if not size.is_finite():
            return m
        m = (m - (step if size < 1 / 4 else step / (4 * size))).mid()
        if size < arb(2) ** (-ctx.prec // 2):
            break
    step = ((m.erf() - z) * half_root * (m * m).exp()).mid()
    return (m - step).mid()


def ndtri(z: Ball) -> Ball:
    return sqrt(arb(2)) * erfinv(2 * z - 1)


exp1 = _through_complex(lambda z: z.expint(1) if z.real > 0 else acb(NAN))


def expi(z: Ball) -> Ball:
    """The exponential integral, on either side of zero: Ei(z) = -E1(-z) on the left."""
    if z.real < 0:
        return -exp1(-z)
    if not z.real > 0:
        return NAN
    value = acb(z).ei()
    return value.real if isinstance(z, arb) else value


def sinc(z: Ball) -> Ball:
    return z.sinc_pi()
