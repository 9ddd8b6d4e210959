"""Each function of balls: on complex discs it encloses the values of the analytic continuation, and
it is not finite where the disc meets a cut or a pole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ad_conformance.generators.arithmetic import balls, function_balls, special_balls
from ad_conformance.generators.arithmetic.balls import Branches, following
from flint import acb, arb, ctx

from tests.oracle.numbers import mp

Function = Callable[..., Any]
WIDE = 2.0**-8
#: Points of a disc, as multiples of its radius: the corners and some others.
INSIDE = ((1, 1), (-1, 1), (1, -1), (-1, -1), (1, 0), (0, -1), (0.5, 0.25), (-0.25, 0.75))


@pytest.fixture(autouse=True)
def precision() -> Iterator[None]:
    kept = ctx.prec
    ctx.prec = 700
    yield
    ctx.prec = kept


def disc(centre: float, radius: float = WIDE) -> acb:
    wide = arb(0, radius)
    return acb(arb(centre) + wide, wide)


def method(name: str) -> Function:
    return lambda z: getattr(z, name)()


def _erfinv(z: Any) -> Any:
    x = mp.mpc(0) + mp.mpf(float(mp.erfinv(z.real)))
    for _ in range(12):
        x -= (mp.erf(x) - z) * mp.sqrt(mp.pi) / 2 * mp.exp(x * x)
    return x


def _angle(y: Any, x: Any) -> Any:
    """The continuation of the angle of (x, y) from real numbers."""
    return -1j * mp.log((x + 1j * y) / mp.sqrt(x * x + y * y))


def _faddeeva(z: Any) -> Any:
    return mp.exp(-z * z) * mp.erfc(-1j * z)


#: Each function of balls, the same function of mpmath numbers, and centres of discs on which it is
#: analytic.
UNARY: dict[str, tuple[Function, Function, tuple[float, ...]]] = {
    "log": (balls.log, mp.log, (0.5, 3.0)),
    "log1p": (balls.log1p, lambda z: mp.log(1 + z), (-0.5, 2.0)),
    "log2": (special_balls.log2, lambda z: mp.log(z) / mp.log(2), (0.5, 3.0)),
    "log10": (special_balls.log10, lambda z: mp.log(z) / mp.log(10), (0.5, 3.0)),
    "exp2": (special_balls.exp2, lambda z: mp.mpf(2) ** z, (-1.5, 3.0)),
    "sqrt": (balls.sqrt, mp.sqrt, (0.5, 3.0)),
    "cbrt": (special_balls.cbrt, lambda z: z ** (mp.mpf(1) / 3), (0.5, 3.0)),
    "cbrt below 0": (special_balls.cbrt, lambda z: -((-z) ** (mp.mpf(1) / 3)), (-0.5, -3.0)),
    "asin": (balls.asin, mp.asin, (0.0, 0.75, -0.875)),
    "acos": (balls.acos, mp.acos, (0.0, 0.75, -0.875)),
    "atan": (balls.atan, mp.atan, (0.0, 0.75, -8.0)),
    "asinh": (balls.asinh, mp.asinh, (0.0, 0.75, -8.0)),
    "acosh": (balls.acosh, mp.acosh, (1.25, 8.0)),
    "atanh": (balls.atanh, mp.atanh, (0.0, 0.75, -0.875)),
    "tan": (method("tan"), mp.tan, (0.0, 1.25)),
    "gamma": (method("gamma"), mp.gamma, (0.5, 3.0, -1.5)),
    "digamma": (method("digamma"), mp.digamma, (0.5, 3.0)),
    "erfcx": (special_balls.erfcx, lambda z: mp.exp(z * z) * mp.erfc(z), (-1.0, 0.0, 4.0)),
    "ndtr": (special_balls.ndtr, lambda z: mp.erfc(-z / mp.sqrt(2)) / 2, (-3.0, 0.0, 3.0)),
    "log_ndtr": (
        special_balls.log_ndtr,
        lambda z: mp.log(mp.erfc(-z / mp.sqrt(2)) / 2),
        (-8.0, -1.0, 0.0, 3.0),
    ),
    "erfinv": (special_balls.erfinv, _erfinv, (0.0, 0.5, -0.875)),
    "ndtri": (special_balls.ndtri, lambda z: mp.sqrt(2) * _erfinv(2 * z - 1), (0.25, 0.5, 0.875)),
    "lgamma": (special_balls.lgamma, mp.loggamma, (0.5, 1.0, 3.0)),
    "lgamma from -1 to 0": (special_balls.lgamma, lambda z: mp.log(-mp.gamma(z)), (-0.5,)),
    "lgamma from -2 to -1": (special_balls.lgamma, lambda z: mp.log(mp.gamma(z)), (-1.5,)),
    "polygamma 0": (lambda z: special_balls.polygamma(z, 0), mp.digamma, (0.5, 3.0)),
    "polygamma 2": (
        lambda z: special_balls.polygamma(z, 2),
        lambda z: -2 * mp.zeta(3, z),
        (0.5, 3.0),
    ),
    "zeta 3": (lambda z: special_balls.zeta(z, 3), lambda z: mp.zeta(3, z), (0.5, 3.0)),
    "i0": (special_balls.i0, lambda z: mp.besseli(0, z), (0.0, -2.0, 5.0)),
    "i1": (special_balls.i1, lambda z: mp.besseli(1, z), (0.0, -2.0, 5.0)),
    "j0": (special_balls.j0, lambda z: mp.besselj(0, z), (0.0, -2.0, 5.0)),
    "j1": (special_balls.j1, lambda z: mp.besselj(1, z), (0.0, -2.0, 5.0)),
    "i0e": (special_balls.i0e, lambda z: mp.besseli(0, z) * mp.exp(-z), (0.5, 5.0)),
    "i0e below 0": (special_balls.i0e, lambda z: mp.besseli(0, z) * mp.exp(z), (-0.5, -5.0)),
    "i1e": (special_balls.i1e, lambda z: mp.besseli(1, z) * mp.exp(-z), (0.5, 5.0)),
    "i1e below 0": (special_balls.i1e, lambda z: mp.besseli(1, z) * mp.exp(z), (-0.5, -5.0)),
    "sinc": (
        special_balls.sinc,
        lambda z: mp.sin(mp.pi * z) / (mp.pi * z) if z else mp.mpf(1),
        (0.0, 0.5, 1.0, 7.5),
    ),
    "expit": (special_balls.expit, lambda z: 1 / (1 + mp.exp(-z)), (-30.0, 0.0, 3.0)),
    "logit": (special_balls.logit, lambda z: mp.log(z / (1 - z)), (0.125, 0.5, 0.875)),
    "exp1": (special_balls.exp1, mp.e1, (0.5, 3.0)),
    "expi": (
        special_balls.expi,
        lambda z: -mp.e1(-z) if z.real < 0 else mp.ei(z),
        (-1.5, 0.5, 3.0),
    ),
    "gammainc of x": (
        lambda z: function_balls.gammainc(arb(1.5), z),
        lambda z: mp.gammainc(1.5, 0, z, regularized=True),
        (0.5, 3.0),
    ),
    "gammainc of a": (
        lambda a: function_balls.gammainc(a, arb(0.75)),
        lambda a: mp.gammainc(a, 0, 0.75, regularized=True),
        (0.5, 3.0),
    ),
    "gammaincc of x": (
        lambda z: function_balls.gammaincc(arb(1.5), z),
        lambda z: mp.gammainc(1.5, z, regularized=True),
        (0.5, 3.0),
    ),
    "gammaincc of a": (
        lambda a: function_balls.gammaincc(a, arb(0.75)),
        lambda a: mp.gammainc(a, 0.75, regularized=True),
        (0.5, 3.0),
    ),
    "betainc of x": (
        lambda z: function_balls.betainc(arb(1.5), arb(0.5), z),
        lambda z: mp.betainc(1.5, 0.5, 0, z, regularized=True),
        (0.25, 0.875),
    ),
    "betainc of a": (
        lambda a: function_balls.betainc(a, arb(0.5), arb(0.25)),
        lambda a: mp.betainc(a, 0.5, 0, 0.25, regularized=True),
        (0.5, 3.0),
    ),
    "zeta of s": (
        lambda s: function_balls.zeta_of_order(s, arb(0.75)),
        lambda s: mp.zeta(s, 0.75),
        (1.5, 4.0),
    ),
    "zeta of q": (
        lambda q: function_balls.zeta_of_order(arb(2.5), q),
        lambda q: mp.zeta(2.5, q),
        (0.5, 3.0),
    ),
    "hyp1f1": (
        lambda z: function_balls.hyp1f1(arb(1.5), arb(0.75), z),
        lambda z: mp.hyp1f1(1.5, 0.75, z),
        (-1.0, 0.0, 3.0),
    ),
    "hyp2f1": (
        lambda z: function_balls.hyp2f1(arb(1.5), arb(0.75), arb(2.25), z),
        lambda z: mp.hyp2f1(1.5, 0.75, 2.25, z),
        (-2.0, 0.0, 0.875),
    ),
    "jv 2": (lambda z: function_balls.jv(z, 2), lambda z: mp.besselj(2, z), (-2.0, 0.0, 5.0)),
    "iv 3": (lambda z: function_balls.iv(z, 3), lambda z: mp.besseli(3, z), (-2.0, 0.0, 5.0)),
    "ive 2": (
        lambda z: function_balls.ive(z, 2),
        lambda z: mp.besseli(2, z) * mp.exp(-z),
        (0.5, 5.0),
    ),
    "ive 2 below 0": (
        lambda z: function_balls.ive(z, 2),
        lambda z: mp.besseli(2, z) * mp.exp(z),
        (-0.5, -5.0),
    ),
    "yv 1": (lambda z: function_balls.yv(z, 1), lambda z: mp.bessely(1, z), (0.5, 5.0)),
    "kv 1": (lambda z: function_balls.kv(z, 1), lambda z: mp.besselk(1, z), (0.5, 5.0)),
    "kve 0": (
        lambda z: function_balls.kve(z, 0),
        lambda z: mp.besselk(0, z) * mp.exp(z),
        (0.5, 5.0),
    ),
    "spence": (function_balls.spence, lambda z: mp.polylog(2, 1 - z), (0.25, 1.0, 1.875)),
    "expn 2": (lambda z: function_balls.expn(z, 2), lambda z: mp.expint(2, z), (0.5, 5.0)),
    "dawsn": (
        function_balls.dawsn,
        lambda z: mp.sqrt(mp.pi) / 2 * mp.exp(-z * z) * mp.erfi(z),
        (-2.0, 0.0, 3.0),
    ),
    "sine integral": (function_balls.sine_integral, mp.si, (-2.0, 0.0, 5.0)),
    "cosine integral": (function_balls.cosine_integral, mp.ci, (0.5, 5.0)),
    "cosine integral below 0": (
        function_balls.cosine_integral,
        lambda z: mp.ci(-z),
        (-0.5, -5.0),
    ),
    "fresnel S": (function_balls.fresnel_s, mp.fresnels, (-1.0, 0.0, 2.0)),
    "fresnel C": (function_balls.fresnel_c, mp.fresnelc, (-1.0, 0.0, 2.0)),
    "abs above 0": (balls.absolute, lambda z: z, (0.5,)),
    "abs below 0": (balls.absolute, lambda z: -z, (-0.5,)),
    "integer power": (lambda z: balls.power(z, arb(3)), lambda z: z**3, (0.0, -2.0, 1.5)),
    "negative power": (lambda z: balls.power(z, arb(-2)), lambda z: z**-2, (-2.0, 1.5)),
    "power 1.5": (lambda z: balls.power(z, arb(1.5)), lambda z: z ** mp.mpf(1.5), (0.5, 3.0)),
    "exponent": (lambda z: balls.power(arb(1.5), z), lambda z: mp.mpf(1.5) ** z, (-0.5, 2.0)),
    "zero to a power": (lambda z: balls.power(arb(0), z), lambda z: mp.mpf(0), (0.5, 2.0)),
}
BINARY: dict[str, tuple[Function, Function, tuple[tuple[float, float], ...]]] = {
    "atan2": (
        balls.atan2,
        _angle,
        ((0.0, 2.0), (1.0, 2.0), (1.0, 0.0), (1.0, -2.0), (-1.0, -2.0), (-1.0, 0.0)),
    ),
    "hypot": (balls.hypot, lambda a, b: mp.sqrt(a * a + b * b), ((0.0, 1.0), (-3.0, 4.0))),
    "logaddexp": (
        balls.logaddexp,
        lambda a, b: mp.log(mp.exp(a) + mp.exp(b)),
        ((0.0, 0.0), (-3.0, 4.0)),
    ),
    "xlogy": (special_balls.xlogy, lambda x, y: x * mp.log(y), ((0.0, 0.5), (-2.0, 3.0))),
    "xlog1py": (special_balls.xlog1py, lambda x, y: x * mp.log(1 + y), ((0.0, -0.5), (2.0, 3.0))),
    "faddeeva real": (
        function_balls.faddeeva_real,
        lambda x, y: (_faddeeva(x + 1j * y) + _faddeeva(1j * y - x)) / 2,
        ((0.5, 1.5), (-3.0, 0.0)),
    ),
    "faddeeva imag": (
        function_balls.faddeeva_imag,
        lambda x, y: (_faddeeva(x + 1j * y) - _faddeeva(1j * y - x)) / 2j,
        ((0.5, 1.5), (-3.0, 0.0)),
    ),
    "maximum": (balls.maximum, lambda a, b: b, ((0.5, 1.5), (-3.0, -2.0))),
    "minimum": (balls.minimum, lambda a, b: a, ((0.5, 1.5), (-3.0, -2.0))),
    "copysign": (balls.copysign, lambda a, b: -a, ((0.5, -1.5), (3.0, -2.0))),
    "remainder": (balls.remainder, lambda a, b: a + 2 * b, ((-2.75, 1.5), (-3.25, 2.0))),
    "power": (balls.power, lambda a, b: a**b, ((0.5, 1.5), (2.0, -0.5))),
}


def points(centre: float, real: bool = False) -> list[Any]:
    scale = mp.mpf(WIDE)
    return [mp.mpc(centre + a * scale, 0 if real else b * scale) for a, b in INSIDE]


def encloses(image: Any, value: Any) -> bool:
    # The value has 640 bits.
    near = arb(0, float(abs(value)) * 2.0**-600 + 2.0**-600)
    return bool(acb(image).overlaps(acb(value) + acb(near, near)))


@pytest.mark.parametrize("name", UNARY)
def test_a_disc_encloses_the_values_at_its_points(name: str) -> None:
    function, same, centres = UNARY[name]
    with following(Branches()):
        for centre in centres:
            image = function(disc(centre))
            assert image.is_finite(), centre
            for z in points(centre):
                assert encloses(image, same(z)), (centre, z)
                # Not the whole plane: the image of a point is the value.
                exact = function(acb(z))
                assert encloses(exact, same(z)), (centre, z)
                assert exact.rad() < 2.0**-200, (centre, z)
            interval = function(arb(centre, WIDE))
            assert isinstance(interval, arb)
            assert interval.is_finite(), centre
            for z in points(centre, real=True):
                assert encloses(interval, mp.re(same(z))), (centre, z)


@pytest.mark.parametrize("name", BINARY)
def test_two_discs_enclose_the_values_at_their_points(name: str) -> None:
    function, same, centres = BINARY[name]
    with following(Branches()):
        for first, second in centres:
            image = function(disc(first), disc(second))
            assert image.is_finite(), (first, second)
            for z in points(first):
                for w in points(second):
                    assert encloses(image, same(z, w)), (z, w)
                    # The point may be beyond a cut of the formula that is used there.
                    exact = function(acb(z), acb(w))
                    assert encloses(exact, same(z, w)) or not exact.is_finite(), (z, w)


def _of(function: Function, *others: float) -> Function:
    return lambda z: function(z, *map(arb, others))


#: Functions with centres of discs that meet a cut, a pole or a branch point, and the radius.
SINGULAR: dict[str, tuple[Function, tuple[float, ...], float]] = {
    "log": (balls.log, (0.0, -1.0), WIDE),
    "log1p": (balls.log1p, (-1.0, -2.0), WIDE),
    "log2": (special_balls.log2, (0.0, -1.0), WIDE),
    "log10": (special_balls.log10, (0.0, -1.0), WIDE),
    "sqrt": (balls.sqrt, (0.0, -1.0), WIDE),
    "cbrt": (special_balls.cbrt, (0.0, WIDE / 2), WIDE),
    "asin": (balls.asin, (1.0, -1.0, 1.5, -2.0), WIDE),
    "acos": (balls.acos, (1.0, -1.0, 1.5, -2.0), WIDE),
    "atanh": (balls.atanh, (1.0, -1.0, 1.5, -2.0), WIDE),
    "atan": (balls.atan, (0.0, 0.5), 1.25),
    "asinh": (balls.asinh, (0.0, 0.5), 1.25),
    # Discs around 1.5 i, which meet the cut and no branch point.
    "atan on the cut": (lambda z: balls.atan(z + acb(0, 1.5)), (0.0,), WIDE),
    "asinh on the cut": (lambda z: balls.asinh(z + acb(0, 1.5)), (0.0,), WIDE),
    "acosh": (balls.acosh, (1.0, 0.5, -1.0, -2.0), WIDE),
    "tan": (method("tan"), (1.5707963,), WIDE),
    "gamma": (method("gamma"), (0.0, -1.0), WIDE),
    "digamma": (method("digamma"), (0.0, -1.0), WIDE),
    "lgamma": (special_balls.lgamma, (0.0, -1.0, -2.0), WIDE),
    "polygamma": (lambda z: special_balls.polygamma(z, 1), (0.0, -1.0), WIDE),
    "zeta": (lambda z: special_balls.zeta(z, 2), (0.0, -1.0), WIDE),
    "erfinv": (special_balls.erfinv, (1.0, -1.0, 1.5, 1 - WIDE / 2), WIDE),
    "erfinv on a wide disc": (special_balls.erfinv, (0.0, 0.5), 0.5),
    "ndtri": (special_balls.ndtri, (0.0, 1.0, -0.5), WIDE),
    "logit": (special_balls.logit, (0.0, 1.0, -0.5, 1.5), WIDE),
    "expit": (special_balls.expit, (0.0,), 4.0),
    "log_ndtr": (special_balls.log_ndtr, (0.0,), 4.0),
    # The normal distribution function is negative at -3 + 0.9583 i.
    "log_ndtr beside the axis": (
        lambda z: special_balls.log_ndtr(z + acb(0, 0.9583)),
        (-3.0,),
        WIDE,
    ),
    "exp1": (special_balls.exp1, (0.0, -1.0), WIDE),
    "expi": (special_balls.expi, (0.0, -0.001), WIDE),
    "expi above the axis": (lambda z: special_balls.expi(z + acb(0, 1.5)), (0.0,), WIDE),
    "power 1.5": (_of(balls.power, 1.5), (0.0, -1.0), WIDE),
    "power -1": (_of(balls.power, -1.0), (0.0,), WIDE),
    "power of a negative base": (lambda z: balls.power(arb(-2), z), (0.5, 2.0), WIDE),
    "zero to a power around 0": (lambda z: balls.power(arb(0), z), (0.0, -1.0), WIDE),
    "atan2 of y at the cut": (_of(balls.atan2, -1.0), (0.0,), WIDE),
    "atan2 of x at the cut": (lambda z: balls.atan2(arb(0), z), (0.0, -1.0), WIDE),
    "hypot": (_of(balls.hypot, 0.0), (0.0,), WIDE),
    "hypot of a wide disc": (_of(balls.hypot, 1.0), (0.0,), 1.25),
    "logaddexp": (_of(balls.logaddexp, 0.0), (0.0,), 4.0),
    # Around 1 + pi i, where exp is negative.
    "logaddexp on the cut": (
        lambda z: balls.logaddexp(z + acb(0, arb.pi()), arb(0)),
        (1.0,),
        WIDE,
    ),
    "xlogy": (lambda z: special_balls.xlogy(arb(2), z), (0.0, -1.0), WIDE),
    "xlogy of zero in a disc": (lambda z: special_balls.xlogy(z, arb(0)), (0.0,), WIDE),
    "xlog1py": (lambda z: special_balls.xlog1py(arb(2), z), (-1.0, -2.0), WIDE),
    "gammainc": (lambda z: function_balls.gammainc(arb(1.5), z), (0.0, -1.0), WIDE),
    "gammainc of a": (lambda a: function_balls.gammainc(a, arb(1.5)), (0.0,), WIDE),
    "gammaincc": (lambda z: function_balls.gammaincc(arb(1.5), z), (0.0, -1.0), WIDE),
    "betainc": (lambda z: function_balls.betainc(arb(1.5), arb(2), z), (0.0, 1.0, 2.0), WIDE),
    "zeta of s": (lambda s: function_balls.zeta_of_order(s, arb(0.5)), (1.0,), WIDE),
    "zeta of q": (lambda q: function_balls.zeta_of_order(arb(2.5), q), (0.0, -1.0), WIDE),
    "hyp1f1": (lambda b: function_balls.hyp1f1(arb(1.5), b, arb(1)), (0.0, -1.0), WIDE),
    "hyp2f1": (
        lambda z: function_balls.hyp2f1(arb(1.5), arb(0.5), arb(2), z),
        (1.0, 2.0),
        WIDE,
    ),
    "ive": (lambda z: function_balls.ive(z, 1), (0.0,), WIDE),
    "yv": (lambda z: function_balls.yv(z, 1), (0.0, -1.0), WIDE),
    "kv": (lambda z: function_balls.kv(z, 1), (0.0, -1.0), WIDE),
    "kve": (lambda z: function_balls.kve(z, 1), (0.0, -1.0), WIDE),
    "spence": (function_balls.spence, (0.0, -1.0), WIDE),
    "expn": (lambda z: function_balls.expn(z, 2), (0.0, -1.0), WIDE),
    "cosine integral": (function_balls.cosine_integral, (0.0,), WIDE),
    # The integrand has a pole at u = i, which the path reaches for the slope i.
    "owens_t": (lambda a: function_balls.owens_t(arb(0.5), a + acb(0, 1)), (0.0,), WIDE),
    "rounding": (lambda z: balls.floor(z), (0.25,), 0.5),
}


@pytest.mark.parametrize("name", SINGULAR)
def test_a_disc_that_meets_a_singularity_has_no_bound(name: str) -> None:
    function, centres, radius = SINGULAR[name]
    with following(Branches()):
        for centre in centres:
            assert not function(disc(centre, radius)).is_finite(), centre


def test_an_exact_zero_hides_a_singularity() -> None:
    assert special_balls.xlogy(arb(0), arb(0)) == 0
    assert special_balls.xlog1py(arb(0), arb(-1)) == 0
    assert balls.power(arb(0), disc(0.5)) == 0
    assert special_balls.cbrt(arb(0)) == 0
    # Zero to the power 0 is a product without factors.
    assert balls.power(arb(0), arb(0)) == 1


def test_the_inverse_of_erf_passes_its_own_inclusion_test_only_where_it_holds() -> None:
    """The widest disc with a finite result, by bisection: it must not reach the singularities."""
    for centre in (0.0, 0.5, 0.875):
        low, high = WIDE, 1.0 - centre
        for _ in range(30):
            middle = (low + high) / 2
            finite = special_balls.erfinv(disc(centre, middle)).is_finite()
            low, high = (middle, high) if finite else (low, middle)
        image = special_balls.erfinv(disc(centre, low))
        for a, b in INSIDE:
            z = mp.mpc(centre + a * mp.mpf(low), b * mp.mpf(low))
            assert encloses(image, _erfinv(z)), (centre, low)
