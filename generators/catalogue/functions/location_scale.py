"""Distributions with a location and a scale: densities, distribution functions and quantiles."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ad_conformance.generators.catalogue.operands import (
    ANY,
    SATURATING,
    Domain,
    OperandFamily,
    family,
)
from ad_conformance.generators.catalogue.operation import Operation
from ad_conformance.generators.catalogue.row_forms import derived

SCALE, CHANCE = Domain(low=1 / 4), Domain(low=1 / 32, high=31 / 32)
HALF_LOG_TWO_PI, ROOT_TWO_PI = math.log(2 * math.pi) / 2, math.sqrt(2 * math.pi)


def norm_logpdf(xp: Any, x: Any, loc: Any, scale: Any) -> Any:
    """The logarithm of the density of the normal distribution."""
    z = (x - loc) / scale
    return -0.5 * (z * z) - xp.log(scale) - HALF_LOG_TWO_PI


def norm_pdf(xp: Any, x: Any, loc: Any, scale: Any) -> Any:
    """The density of the normal distribution."""
    z = (x - loc) / scale
    return xp.exp(-0.5 * (z * z)) / (scale * ROOT_TWO_PI)


def norm_cdf(xp: Any, x: Any, loc: Any, scale: Any) -> Any:
    """The normal distribution function."""
    return xp.ndtr((x - loc) / scale)


def norm_sf(xp: Any, x: Any, loc: Any, scale: Any) -> Any:
    """1 minus the normal distribution function."""
    return xp.ndtr((loc - x) / scale)


def norm_logcdf(xp: Any, x: Any, loc: Any, scale: Any) -> Any:
    """The logarithm of the normal distribution function."""
    return xp.log_ndtr((x - loc) / scale)


def norm_logsf(xp: Any, x: Any, loc: Any, scale: Any) -> Any:
    """The logarithm of 1 minus the normal distribution function."""
    return xp.log_ndtr((loc - x) / scale)


def norm_ppf(xp: Any, q: Any, loc: Any, scale: Any) -> Any:
    """The quantile of the normal distribution."""
    return loc + scale * xp.ndtri(q)


def laplace_logpdf(xp: Any, x: Any, loc: Any, scale: Any) -> Any:
    """The logarithm of the density of the Laplace distribution."""
    return -xp.abs(x - loc) / scale - xp.log(2.0 * scale)


def laplace_cdf(xp: Any, x: Any, loc: Any, scale: Any) -> Any:
    """The Laplace distribution function."""
    z = (x - loc) / scale
    return 0.5 + 0.5 * xp.where(xp.less(z, 0.0), xp.expm1(z), -xp.expm1(-z))


def logistic_logpdf(xp: Any, x: Any, loc: Any, scale: Any) -> Any:
    """The logarithm of the density of the logistic distribution."""
    half = 0.5 * (x - loc) / scale
    return -2.0 * xp.logaddexp(half, -half) - xp.log(scale)


def logistic_cdf(xp: Any, x: Any, loc: Any, scale: Any) -> Any:
    """The logistic distribution function."""
    return xp.expit((x - loc) / scale)


def logistic_sf(xp: Any, x: Any, loc: Any, scale: Any) -> Any:
    """1 minus the logistic distribution function."""
    return xp.expit((loc - x) / scale)


def logistic_ppf(xp: Any, q: Any, loc: Any, scale: Any) -> Any:
    """The quantile of the logistic distribution."""
    return loc + scale * xp.logit(q)


def cauchy_logpdf(xp: Any, x: Any, loc: Any, scale: Any) -> Any:
    """The logarithm of the density of the Cauchy distribution."""
    z = (x - loc) / scale
    return -xp.log(math.pi * scale) - xp.log1p(z * z)


def cauchy_cdf(xp: Any, x: Any, loc: Any, scale: Any) -> Any:
    """The Cauchy distribution function."""
    return 0.5 + xp.atan((x - loc) / scale) / math.pi


def cauchy_logcdf(xp: Any, x: Any, loc: Any, scale: Any) -> Any:
    """The logarithm of the Cauchy distribution function."""
    return xp.log(0.5 + xp.atan((x - loc) / scale) / math.pi)


def cauchy_sf(xp: Any, x: Any, loc: Any, scale: Any) -> Any:
    """1 minus the Cauchy distribution function."""
    return 0.5 + xp.atan((loc - x) / scale) / math.pi


def cauchy_ppf(xp: Any, q: Any, loc: Any, scale: Any) -> Any:
    """The quantile of the Cauchy distribution."""
    return loc + scale * xp.tan(math.pi * q - math.pi / 2)


def gumbel_r_logpdf(xp: Any, x: Any, loc: Any, scale: Any) -> Any:
    """The logarithm of the density of the Gumbel distribution of maxima."""
    z = (x - loc) / scale
    return -z - xp.exp(-z) - xp.log(scale)


def gumbel_r_cdf(xp: Any, x: Any, loc: Any, scale: Any) -> Any:
    """The Gumbel distribution function of maxima."""
    return xp.exp(-xp.exp((loc - x) / scale))


def gumbel_r_logcdf(xp: Any, x: Any, loc: Any, scale: Any) -> Any:
    """The logarithm of the Gumbel distribution function of maxima."""
    return -xp.exp((loc - x) / scale)


def gumbel_r_logsf(xp: Any, x: Any, loc: Any, scale: Any) -> Any:
    """The logarithm of 1 minus the Gumbel distribution function of maxima."""
    return xp.log(-xp.expm1(-xp.exp((loc - x) / scale)))


def gumbel_r_ppf(xp: Any, q: Any, loc: Any, scale: Any) -> Any:
    """The quantile of the Gumbel distribution of maxima."""
    return loc - scale * xp.log(-xp.log(q))


def gumbel_l_logpdf(xp: Any, x: Any, loc: Any, scale: Any) -> Any:
    """The logarithm of the density of the Gumbel distribution of minima."""
    z = (x - loc) / scale
    return z - xp.exp(z) - xp.log(scale)


def gumbel_l_logcdf(xp: Any, x: Any, loc: Any, scale: Any) -> Any:
    """The logarithm of the Gumbel distribution function of minima."""
    return xp.log(-xp.expm1(-xp.exp((x - loc) / scale)))


def gumbel_l_ppf(xp: Any, q: Any, loc: Any, scale: Any) -> Any:
    """The quantile of the Gumbel distribution of minima."""
    return loc + scale * xp.log(-xp.log1p(-q))


def expon_logpdf(xp: Any, x: Any, loc: Any, scale: Any) -> Any:
    """The logarithm of the density of the exponential distribution."""
    return (loc - x) / scale - xp.log(scale)


def expon_cdf(xp: Any, x: Any, loc: Any, scale: Any) -> Any:
    """The exponential distribution function."""
    return -xp.expm1((loc - x) / scale)


def expon_logcdf(xp: Any, x: Any, loc: Any, scale: Any) -> Any:
    """The logarithm of the exponential distribution function."""
    return xp.log(-xp.expm1((loc - x) / scale))


def expon_ppf(xp: Any, q: Any, loc: Any, scale: Any) -> Any:
    """The quantile of the exponential distribution."""
    return loc - scale * xp.log1p(-q)


def t_logpdf(xp: Any, x: Any, df: Any, loc: Any, scale: Any) -> Any:
    """The logarithm of the density of Student's distribution."""
    z = (x - loc) / scale
    constant = xp.lgamma((df + 1.0) / 2) - xp.lgamma(df / 2) - 0.5 * xp.log(math.pi * df)
    return constant - xp.log(scale) - (df + 1.0) / 2 * xp.log1p(z * z / df)


def t_pdf(xp: Any, x: Any, df: Any, loc: Any, scale: Any) -> Any:
    """The density of Student's distribution."""
    return xp.exp(t_logpdf(xp, x, df, loc, scale))


def t_cdf(xp: Any, x: Any, df: Any, loc: Any, scale: Any) -> Any:
    """Student's distribution function."""
    z = (x - loc) / scale
    constant = xp.exp(xp.lgamma((df + 1.0) / 2) - xp.lgamma(df / 2)) / xp.sqrt(math.pi * df)
    series = xp.hyp2f1(0.5, (df + 1.0) / 2, 1.5, -(z * z) / df)
    return 0.5 + z * constant * series


def t_logcdf(xp: Any, x: Any, df: Any, loc: Any, scale: Any) -> Any:
    """The logarithm of Student's distribution function."""
    return xp.log(t_cdf(xp, x, df, loc, scale))


WIDE = family("arguments", SATURATING, ANY, SCALE)
TAILED = family("arguments", Domain(low=-12, high=12), ANY, SCALE)
#: Where the exponential of the exponential does not overflow.
MILD = family("arguments", Domain(low=-4, high=4), Domain(low=-2, high=2), Domain(low=1))
QUANTILE = family("arguments", CHANCE, ANY, SCALE)
ABOVE = family("beyond", ANY, SCALE, edge=1, reach=Domain(low=1 / 8))
DEGREES = Domain(low=1 / 2, high=16)
STUDENT = family("arguments", ANY, DEGREES, ANY, SCALE)
#: The engines' rules are for the point and the location.
STEADY = family(
    "arguments",
    Domain(low=-8, high=8),
    DEGREES,
    Domain(low=-2, high=2),
    SCALE,
    steady=(1, 3),
    most=3,
)
_TABLE: Sequence[tuple[OperandFamily, Sequence[Callable[..., Any]]]] = (
    (WIDE, (norm_logpdf, norm_pdf, laplace_logpdf, laplace_cdf)),
    (WIDE, (logistic_logpdf, logistic_cdf, logistic_sf)),
    (WIDE, (cauchy_logpdf, cauchy_cdf, cauchy_logcdf, cauchy_sf)),
    (TAILED, (norm_cdf, norm_sf, norm_logcdf, norm_logsf)),
    (MILD, (gumbel_r_logpdf, gumbel_r_cdf, gumbel_r_logcdf, gumbel_r_logsf)),
    (MILD, (gumbel_l_logpdf, gumbel_l_logcdf)),
    (QUANTILE, (norm_ppf, logistic_ppf, cauchy_ppf, expon_ppf, gumbel_r_ppf, gumbel_l_ppf)),
    (ABOVE, (expon_logpdf, expon_cdf, expon_logcdf)),
    (STUDENT, (t_logpdf, t_pdf)),
    (STEADY, (t_cdf, t_logcdf)),
)
ROWS: Sequence[Operation] = tuple(
    derived(definition, operands, arity=4 if operands in (STUDENT, STEADY) else 3)
    for operands, definitions in _TABLE
    for definition in definitions
)
