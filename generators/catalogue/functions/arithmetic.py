"""Elementwise functions that are short formulas, for which engines have rules of their own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ad_conformance.generators.catalogue.operands import (
    ANY,
    NONZERO,
    POSITIVE,
    SATURATING,
    Domain,
    family,
    one_of,
)
from ad_conformance.generators.catalogue.operation import Operation
from ad_conformance.generators.catalogue.row_forms import derived

FACTOR = one_of(0.5, -2.0, 1.0, 0.0)


def add_scaled(xp: Any, x: Any, y: Any, *, factor: float) -> Any:
    """x + factor * y."""
    return x + factor * y


def addcmul(xp: Any, x: Any, y: Any, z: Any, *, factor: float) -> Any:
    """x + factor * y * z."""
    return x + factor * y * z


def addcdiv(xp: Any, x: Any, y: Any, z: Any, *, factor: float) -> Any:
    """x + factor * y / z."""
    return x + factor * y / z


def lerp(xp: Any, x: Any, y: Any, w: Any) -> Any:
    """x + w * (y - x)."""
    return x + w * (y - x)


def lerp_constant(xp: Any, x: Any, y: Any, *, factor: float) -> Any:
    """x + factor * (y - x)."""
    return x + factor * (y - x)


def rsqrt(xp: Any, x: Any) -> Any:
    """1 / sqrt(x)."""
    return 1.0 / xp.sqrt(x)


def frac(xp: Any, x: Any) -> Any:
    """x - trunc(x)."""
    return x - xp.trunc(x)


def fmod(xp: Any, x: Any, y: Any) -> Any:
    """x - trunc(x / y) * y, which has the sign of x."""
    return x - xp.trunc(x / y) * y


def trunc_divide(xp: Any, x: Any, y: Any) -> Any:
    """trunc(x / y)."""
    return xp.trunc(x / y)


def round_decimals(xp: Any, x: Any, *, decimals: int) -> Any:
    """x rounded to that many decimals."""
    scale = 10.0**decimals
    return xp.round(x * scale) / scale


def frexp_mantissa(xp: Any, x: Any) -> Any:
    """x divided by the power of two for which the result is between 1/2 and 1 in size."""
    return x * xp.exp2(-1.0 - xp.floor(xp.log2(xp.abs(x))))


def ldexp(xp: Any, x: Any, y: Any) -> Any:
    """x * 2**y."""
    return x * xp.exp2(y)


def ldexp_constant(xp: Any, x: Any, *, exponent: int) -> Any:
    """x * 2**exponent."""
    return x * 2.0**exponent


def deg2rad(xp: Any, x: Any) -> Any:
    """x * pi / 180."""
    return x * (math.pi / 180)


def rad2deg(xp: Any, x: Any) -> Any:
    """x * 180 / pi."""
    return x * (180 / math.pi)


def nan_to_num(xp: Any, x: Any) -> Any:
    """x, where it is finite."""
    return xp.positive(x)


def real_angle(xp: Any, x: Any) -> Any:
    """The angle of a real number: 0, or pi if it is negative."""
    return xp.where(xp.less(x, 0.0), math.pi + 0.0 * x, 0.0 * x)


def clamp_min(xp: Any, x: Any, *, min: float) -> Any:
    """max(x, min)."""
    return xp.maximum(x, min)


def clamp_max(xp: Any, x: Any, *, max: float) -> Any:
    """min(x, max)."""
    return xp.minimum(x, max)


def fmax(xp: Any, x: Any, y: Any) -> Any:
    """max(x, y)."""
    return xp.maximum(x, y)


def fmin(xp: Any, x: Any, y: Any) -> Any:
    """min(x, y)."""
    return xp.minimum(x, y)


def logaddexp2(xp: Any, x: Any, y: Any) -> Any:
    """log2(2**x + 2**y)."""
    log_two = math.log(2.0)
    return xp.logaddexp(log_two * x, log_two * y) / log_two


def above_threshold(xp: Any, x: Any, *, threshold: float, otherwise: float) -> Any:
    """x where it is above the threshold, a constant elsewhere."""
    return xp.where(xp.greater(x, threshold), x, otherwise + 0.0 * x)


def softplus_beta(xp: Any, x: Any, *, beta: float) -> Any:
    """log(1 + exp(beta * x)) / beta."""
    return xp.logaddexp(beta * x, 0.0) / beta


def logit_clamped(xp: Any, x: Any, *, eps: float) -> Any:
    """logit of x, clamped to between eps and 1 - eps."""
    inside = xp.minimum(xp.maximum(x, eps), 1.0 - eps)
    return xp.log(inside) - xp.log(1.0 - inside)


ROWS: Sequence[Operation] = (
    derived(
        add_scaled,
        family("arguments", ANY, ANY, factor=FACTOR),
        arity=2,
        params={"factor": "float"},
        curvature="linear",
    ),
    derived(
        addcmul,
        family("arguments", ANY, ANY, ANY, factor=FACTOR),
        arity=3,
        params={"factor": "float"},
        curvature="multilinear",
    ),
    derived(
        addcdiv,
        family("arguments", ANY, ANY, NONZERO, factor=FACTOR),
        arity=3,
        params={"factor": "float"},
    ),
    derived(lerp, family("arguments", ANY, ANY, ANY), arity=3, curvature="multilinear"),
    derived(
        lerp_constant,
        family("arguments", ANY, ANY, factor=one_of(0.25, 0.75, 1.0, 0.0, 0.5, -1.0)),
        arity=2,
        params={"factor": "float"},
        curvature="linear",
    ),
    derived(rsqrt, family("unary", POSITIVE)),
    derived(frac, family("rounding"), curvature="linear"),
    derived(fmod, family("quotient"), arity=2, curvature="multilinear"),
    derived(trunc_divide, family("quotient"), arity=2, curvature="linear"),
    derived(
        round_decimals,
        family("order", "decimals", (1, 2, 0, -1), family("rounding")),
        params={"decimals": "times"},
        curvature="linear",
    ),
    derived(frexp_mantissa, family("within_octaves"), curvature="linear"),
    derived(ldexp, family("arguments", ANY, Domain(low=-8, high=8)), arity=2),
    derived(
        ldexp_constant,
        family("order", "exponent", (1, 0, -2, 5), family("unary", ANY)),
        params={"exponent": "times"},
        curvature="linear",
    ),
    derived(deg2rad, family("unary", ANY), curvature="linear"),
    derived(rad2deg, family("unary", ANY), curvature="linear"),
    derived(nan_to_num, family("unary", ANY), curvature="linear"),
    derived(real_angle, family("unary", NONZERO), curvature="linear"),
    derived(
        clamp_min,
        family("cornered", ANY, ("min",), min=one_of(0.0, 1.0, -0.5)),
        params={"min": "float"},
        curvature="linear",
    ),
    derived(
        clamp_max,
        family("cornered", ANY, ("max",), max=one_of(0.0, 1.0, -0.5)),
        params={"max": "float"},
        curvature="linear",
    ),
    derived(fmax, family("binary"), arity=2, curvature="linear"),
    derived(fmin, family("binary"), arity=2, curvature="linear"),
    derived(logaddexp2, family("arguments", SATURATING, SATURATING), arity=2),
    derived(
        above_threshold,
        family(
            "cornered",
            ANY,
            ("threshold",),
            threshold=one_of(0.0, 1.0, -0.5),
            otherwise=one_of(0.0, 1.0, -2.0),
        ),
        params={"threshold": "float", "otherwise": "float"},
        curvature="linear",
    ),
    derived(
        softplus_beta,
        family("cornered", SATURATING, beta=one_of(2.0, 0.5, 1.0)),
        params={"beta": "float"},
    ),
    derived(
        logit_clamped,
        family("cornered", ANY, ("eps", 0.5), eps=one_of(0.25, 0.0625, 2.0**-10)),
        params={"eps": "float"},
    ),
)
