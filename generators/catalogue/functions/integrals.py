"""Special functions of several arguments or with an order: incomplete gamma and beta functions,
Bessel functions, hypergeometric functions, integrals.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from ad_conformance.generators.arithmetic import numpy_ops
from ad_conformance.generators.arithmetic.lazy import function_balls
from ad_conformance.generators.arithmetic.lazy import scipy_special as special
from ad_conformance.generators.catalogue.operands import (
    ANY,
    NONZERO,
    UNIT,
    Domain,
    OperandFamily,
    family,
)
from ad_conformance.generators.catalogue.operation import MAX_SIZE, Operation
from ad_conformance.generators.catalogue.row_forms import derived, unary

#: Arguments of functions that decrease or grow exponentially.
RIGHT, SIDES = Domain(low=1 / 8, high=24), Domain(low=-12, high=12)
PARAMETER = Domain(low=1 / 4, high=8)
#: The most entries of an operand of a function whose balls take long.
FEW = 3


def _several(
    name: str, ufunc: Any, ball: Any, count: int, operands: OperandFamily, **more: Any
) -> Operation:
    """A function of `count` operands, elementwise with broadcasting."""
    return Operation(
        name=name,
        evaluate=numpy_ops.elementwise(ufunc, ball, operands=count),
        template=None,
        operands=operands,
        arity=count,
        broadcasts=True,
        **more,
    )


def _of_order(
    name: str,
    ufunc: Any,
    ball: Any,
    orders: tuple[int, ...],
    domain: Domain,
    most: int = FEW,
    **more: Any,
) -> Operation:
    """A function of one operand, `ufunc(n, x)` or `ball(x, n)` for a parameter n."""

    def evaluate(x: np.ndarray, *, n: int) -> Any:
        return numpy_ops.elementwise(lambda v: ufunc(n, v), lambda z: ball(z, n), operands=1)(x)

    return Operation(
        name=name,
        evaluate=evaluate,
        template=None,
        operands=family("order", "n", orders, family("arguments", domain, most=most)),
        elementwise=True,
        params={"n": "times"},
        **more,
    )


def _integral(name: str, index: int) -> Callable[[Any], Any]:
    """One of the two results of a function of SciPy."""
    return lambda x: getattr(special, name)(x)[index]


def _faddeeva_scale(x: np.ndarray, y: np.ndarray) -> Any:
    """1 / (2 |z|): each order of the derivative -2 z w(z) + 2 i / sqrt(pi), whose terms cancel,
    multiplies by 2 z.
    """
    return 0.5 / np.sqrt(1.0 + x * x + y * y)


_LONE: dict[str, Any] = {"template": None, "operands": family("arguments", RIGHT, most=FEW)}

_SHORT = {
    **_LONE,
    "operands": family("arguments", Domain(low=-4, high=4), most=FEW),
    # The argument of the sine, pi / 2 x**2, is rounded.
    "terms": lambda x: np.maximum(x * x, 1.0),
    "term_scale": lambda x: 0.25 / np.maximum(np.abs(x), 1.0),
}


def rgamma(xp: Any, x: Any) -> Any:
    """1 / gamma(x), for x > -4: zero at the poles of gamma."""
    rising = x * (x + 1.0) * (x + 2.0) * (x + 3.0)
    return rising * xp.exp(-xp.lgamma(x + 4.0))


def erfcinv(xp: Any, x: Any) -> Any:
    """The inverse of erfc."""
    return -xp.ndtri(0.5 * x) / math.sqrt(2.0)


def multigammaln(xp: Any, x: Any, *, dimension: int) -> Any:
    """The logarithm of the multivariate gamma function."""
    if not 1 <= dimension <= 8:
        raise ValueError(f"dimension {dimension} is not from 1 to 8")
    value = xp.lgamma(x) + dimension * (dimension - 1) / 4 * math.log(math.pi)
    for k in range(1, dimension):
        value = value + xp.lgamma(x - k / 2)
    return value


def poch(xp: Any, x: Any, m: Any) -> Any:
    """gamma(x + m) / gamma(x)."""
    return xp.exp(xp.lgamma(x + m) - xp.lgamma(x))


def comb(xp: Any, x: Any, k: Any) -> Any:
    """gamma(x + 1) / (gamma(k + 1) gamma(x - k + 1))."""
    return xp.exp(xp.lgamma(x + 1.0) - xp.lgamma(k + 1.0) - xp.lgamma(x - k + 1.0))


def factorial(xp: Any, x: Any) -> Any:
    """gamma(x + 1)."""
    return xp.exp(xp.lgamma(x + 1.0))


def gammasgn(xp: Any, x: Any) -> Any:
    """The sign of gamma, also where gamma overflows or underflows."""
    # Between the poles at -n - 1 and -n it is (-1)**(n + 1).
    return xp.where(xp.greater(x, 0.0), 1.0, xp.sign(xp.cos(math.pi * xp.floor(x))))


# (exp(u) - 1) / u is the hypergeometric function 1F1(1, 2, u).
def boxcox(xp: Any, x: Any, power: Any) -> Any:
    """(x**power - 1) / power, and log(x) for the power 0."""
    log = xp.log(x)
    return log * xp.hyp1f1(1.0, 2.0, power * log)


def boxcox1p(xp: Any, x: Any, power: Any) -> Any:
    """boxcox of 1 + x."""
    log = xp.log1p(x)
    return log * xp.hyp1f1(1.0, 2.0, power * log)


def kl_divergence(xp: Any, x: Any, y: Any) -> Any:
    """x log(x / y) - x + y."""
    return xp.xlogy(x, x / y) - x + y


ROWS: Sequence[Operation] = (
    _several(
        "gammainc",
        special.gammainc,
        function_balls.gammainc,
        2,
        family("arguments", PARAMETER, RIGHT, steady=(0,), most=FEW),
        summary="The regularized lower incomplete gamma function of order x1.",
        weight=2,
    ),
    _several(
        "gammaincc",
        special.gammaincc,
        function_balls.gammaincc,
        2,
        family("arguments", PARAMETER, RIGHT, steady=(0,), most=FEW),
        summary="The regularized upper incomplete gamma function of order x1.",
        weight=2,
    ),
    _several(
        "betainc",
        special.betainc,
        function_balls.betainc,
        3,
        family(
            "arguments",
            PARAMETER,
            PARAMETER,
            Domain(low=1 / 16, high=15 / 16),
            steady=(0, 1),
            most=FEW,
        ),
        summary="The regularized incomplete beta function of x3.",
        weight=2,
    ),
    _several(
        "zeta_of_order",
        special.zeta,
        function_balls.zeta_of_order,
        2,
        family("arguments", Domain(low=1.25, high=6), Domain(low=1 / 8), most=FEW),
        summary="The Hurwitz zeta function of order x1.",
    ),
    _several(
        "hyp1f1",
        special.hyp1f1,
        function_balls.hyp1f1,
        3,
        family("arguments", PARAMETER, PARAMETER, Domain(low=-8, high=8), steady=(0, 1), most=FEW),
        summary="The hypergeometric function 1F1 of x3.",
    ),
    _several(
        "hyp2f1",
        special.hyp2f1,
        function_balls.hyp2f1,
        4,
        family(
            "arguments",
            *(Domain(low=1 / 4, high=4),) * 2,
            Domain(low=1 / 4, high=4),
            UNIT,
            steady=(0, 1, 2),
            most=FEW,
        ),
        summary="The hypergeometric function 2F1 of x4.",
    ),
    _several(
        "owens_t",
        special.owens_t,
        function_balls.owens_t,
        2,
        family("arguments", Domain(low=-6, high=6), Domain(low=-4, high=4), most=1),
    ),
    _several(
        "faddeeva_real",
        lambda x, y: np.real(special.wofz(x + 1j * y)),
        function_balls.faddeeva_real,
        2,
        family("arguments", Domain(low=-4, high=4), Domain(low=0, high=4), most=FEW),
        summary="The real part of the Faddeeva function of x1 + i x2.",
        terms=lambda x, y: np.ones(np.broadcast_shapes(x.shape, y.shape)),
        term_scale=_faddeeva_scale,
    ),
    _several(
        "faddeeva_imag",
        lambda x, y: np.imag(special.wofz(x + 1j * y)),
        function_balls.faddeeva_imag,
        2,
        family("arguments", Domain(low=-4, high=4), Domain(low=0, high=4), most=FEW),
        summary="The imaginary part of the Faddeeva function of x1 + i x2.",
        terms=lambda x, y: np.ones(np.broadcast_shapes(x.shape, y.shape)),
        term_scale=_faddeeva_scale,
    ),
    _of_order("jv", special.jv, function_balls.jv, (0, 1, 2, 3), SIDES, most=MAX_SIZE),
    _of_order("yv", special.yv, function_balls.yv, (0, 1, 2, 3), RIGHT),
    _of_order("iv", special.iv, function_balls.iv, (0, 1, 2, 3), SIDES, most=MAX_SIZE),
    _of_order(
        "ive",
        special.ive,
        function_balls.ive,
        (0, 1, 2, 3),
        NONZERO,
        terms=lambda x, *, n: special.i0e(x),
    ),
    _of_order("kv", special.kv, function_balls.kv, (0, 1), RIGHT),
    _of_order(
        "kve", special.kve, function_balls.kve, (0, 1), RIGHT, terms=lambda x, *, n: special.k1e(x)
    ),
    _of_order("expn", special.expn, function_balls.expn, (2, 3, 1, 0), RIGHT),
    unary("y0", special.y0, lambda z: function_balls.yv(z, 0), RIGHT, **_LONE),
    unary("y1", special.y1, lambda z: function_balls.yv(z, 1), RIGHT, **_LONE),
    unary(
        "spence",
        special.spence,
        function_balls.spence,
        ANY,
        template=None,
        operands=family("cornered", Domain(low=1 / 8), (1.0, 2.0, 0.5)),
        summary="The dilogarithm of 1 - x.",
    ),
    unary(
        "dawsn",
        special.dawsn,
        function_balls.dawsn,
        SIDES,
        template=None,
        # Its derivative is 1 - 2 x dawsn(x); each further order multiplies by 2 x.
        terms=np.ones_like,
        term_scale=lambda x: 0.5 / np.maximum(np.abs(x), 1.0),
    ),
    unary(
        "sine_integral",
        _integral("sici", 0),
        function_balls.sine_integral,
        SIDES,
        template=None,
        operands=family("at_zeros", SIDES),
        # Its derivatives are those of sin(x) / x, whose terms cancel at zero.
        terms=np.ones_like,
        summary="The integral of sin(t) / t from 0 to x.",
    ),
    unary(
        "cosine_integral",
        _integral("sici", 1),
        function_balls.cosine_integral,
        NONZERO,
        template=None,
        summary="The cosine integral of the magnitude of x.",
    ),
    unary("fresnel_s", _integral("fresnel", 0), function_balls.fresnel_s, ANY, **_SHORT),
    unary("fresnel_c", _integral("fresnel", 1), function_balls.fresnel_c, ANY, **_SHORT),
    derived(rgamma, family("at_zeros", Domain(low=-3.75, high=24))),
    derived(erfcinv, family("doubled", family("probability", 0))),
    derived(
        multigammaln,
        family("order", "dimension", (2, 3, 1), family("unary", Domain(low=1.25))),
        params={"dimension": "times"},
    ),
    derived(poch, family("arguments", Domain(low=1 / 4), Domain(low=0, high=6)), arity=2),
    derived(
        comb,
        family("beyond", Domain(low=0, high=6), edge=1, reach=Domain(low=0, high=6)),
        arity=2,
    ),
    # Engines give 0 for negative numbers.
    derived(factorial, family("arguments", Domain(low=1 / 8, high=12))),
    derived(gammasgn, family("gamma_argument"), curvature="linear"),
    derived(boxcox, family("arguments", Domain(low=1 / 8), Domain(low=-3, high=3)), arity=2),
    derived(boxcox1p, family("arguments", Domain(low=-7 / 8), Domain(low=-3, high=3)), arity=2),
    derived(
        kl_divergence,
        family("beside_zero", 0.0, positive=True),
        arity=2,
        # The terms cancel where the operands are equal.
        terms=lambda x, y: np.maximum(np.abs(x), np.abs(y)),
        broadcasts=True,
    ),
)
