"""Distributions with parameters of shape, of several dimensions, and of counts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ad_conformance.generators.catalogue.functions.location_scale import (
    HALF_LOG_TWO_PI,
    SCALE,
)
from ad_conformance.generators.catalogue.operands import ANY, NONZERO, Domain, family
from ad_conformance.generators.catalogue.operation import Operation
from ad_conformance.generators.catalogue.row_forms import derived


def beta_logpdf(xp: Any, x: Any, a: Any, b: Any) -> Any:
    """The logarithm of the density of the beta distribution."""
    return xp.xlogy(a - 1.0, x) + xp.xlog1py(b - 1.0, -x) - xp.betaln(a, b)


def beta_pdf(xp: Any, x: Any, a: Any, b: Any) -> Any:
    """The density of the beta distribution."""
    return xp.exp(beta_logpdf(xp, x, a, b))


def beta_cdf(xp: Any, x: Any, a: Any, b: Any) -> Any:
    """The beta distribution function."""
    return xp.betainc(a, b, x)


def beta_sf(xp: Any, x: Any, a: Any, b: Any) -> Any:
    """1 minus the beta distribution function."""
    return xp.betainc(b, a, 1.0 - x)


def beta_logcdf(xp: Any, x: Any, a: Any, b: Any) -> Any:
    """The logarithm of the beta distribution function."""
    return xp.log(xp.betainc(a, b, x))


def gamma_logpdf(xp: Any, x: Any, a: Any) -> Any:
    """The logarithm of the density of the gamma distribution."""
    return xp.xlogy(a - 1.0, x) - x - xp.lgamma(a)


def gamma_pdf(xp: Any, x: Any, a: Any) -> Any:
    """The density of the gamma distribution."""
    return xp.exp(gamma_logpdf(xp, x, a))


def gamma_cdf(xp: Any, x: Any, a: Any) -> Any:
    """The gamma distribution function."""
    return xp.gammainc(a, x)


def gamma_sf(xp: Any, x: Any, a: Any) -> Any:
    """1 minus the gamma distribution function."""
    return xp.gammaincc(a, x)


def gamma_logcdf(xp: Any, x: Any, a: Any) -> Any:
    """The logarithm of the gamma distribution function."""
    return xp.log(xp.gammainc(a, x))


def chi2_logpdf(xp: Any, x: Any, df: Any) -> Any:
    """The logarithm of the density of the chi-squared distribution."""
    half = df / 2
    return (half - 1.0) * xp.log(x) - x / 2 - xp.lgamma(half) - half * math.log(2.0)


def chi2_pdf(xp: Any, x: Any, df: Any) -> Any:
    """The density of the chi-squared distribution."""
    return xp.exp(chi2_logpdf(xp, x, df))


def chi2_cdf(xp: Any, x: Any, df: Any) -> Any:
    """The chi-squared distribution function."""
    return xp.gammainc(df / 2, x / 2)


def chi2_sf(xp: Any, x: Any, df: Any) -> Any:
    """1 minus the chi-squared distribution function."""
    return xp.gammaincc(df / 2, x / 2)


def pareto_logpdf(xp: Any, x: Any, b: Any, scale: Any) -> Any:
    """The logarithm of the density of the Pareto distribution."""
    return xp.log(b / scale) - (b + 1.0) * xp.log(x / scale)


def pareto_cdf(xp: Any, x: Any, b: Any, scale: Any) -> Any:
    """The Pareto distribution function."""
    return 1.0 - xp.pow(x / scale, -b)


def pareto_logcdf(xp: Any, x: Any, b: Any, scale: Any) -> Any:
    """The logarithm of the Pareto distribution function."""
    return xp.log1p(-xp.pow(x / scale, -b))


def gennorm_logpdf(xp: Any, x: Any, beta: Any) -> Any:
    """The logarithm of the density of the generalized normal distribution."""
    return xp.log(0.5 * beta) - xp.lgamma(1.0 / beta) - xp.pow(xp.abs(x), beta)


def gennorm_cdf(xp: Any, x: Any, beta: Any) -> Any:
    """The generalized normal distribution function."""
    return 0.5 + 0.5 * (xp.sign(x) * xp.gammainc(1.0 / beta, xp.pow(xp.abs(x), beta)))


def truncnorm_logpdf(xp: Any, x: Any, a: Any, b: Any) -> Any:
    """The logarithm of the density of the normal distribution between a and b."""
    return -0.5 * (x * x) - HALF_LOG_TWO_PI - xp.log(xp.ndtr(b) - xp.ndtr(a))


def truncnorm_cdf(xp: Any, x: Any, a: Any, b: Any) -> Any:
    """The distribution function of the normal distribution between a and b."""
    return (xp.ndtr(x) - xp.ndtr(a)) / (xp.ndtr(b) - xp.ndtr(a))


def truncnorm_logsf(xp: Any, x: Any, a: Any, b: Any) -> Any:
    """The logarithm of 1 minus the same distribution function."""
    return xp.log((xp.ndtr(b) - xp.ndtr(x)) / (xp.ndtr(b) - xp.ndtr(a)))


def vonmises_logpdf(xp: Any, x: Any, kappa: Any) -> Any:
    """The logarithm of the density of the von Mises distribution."""
    return kappa * (xp.cos(x) - 1.0) - xp.log(2 * math.pi * xp.i0e(kappa))


def wrapcauchy_logpdf(xp: Any, x: Any, c: Any) -> Any:
    """The logarithm of the density of the wrapped Cauchy distribution."""
    around = xp.log(1.0 + c * c - 2.0 * (c * xp.cos(x)))
    return xp.log(1.0 - c * c) - math.log(2 * math.pi) - around


def dirichlet_logpdf(xp: Any, x: Any, alpha: Any) -> Any:
    """The logarithm of the density of the Dirichlet distribution; x is all but the last entry of
    the point, whose sum is 1.
    """
    if len(x.shape) != 1 or alpha.shape != (x.shape[0] + 1,):
        raise ValueError(f"{alpha.shape} are no parameters for a point of shape {x.shape}")
    last = 1.0 - xp.sum(x, axis=0, keepdims=True)
    terms = xp.xlogy(alpha - 1.0, xp.concat([x, last], axis=0)) - xp.lgamma(alpha)
    return xp.sum(terms, axis=0, keepdims=False) + xp.lgamma(xp.sum(alpha, axis=0, keepdims=False))


def dirichlet_pdf(xp: Any, x: Any, alpha: Any) -> Any:
    """The density of the Dirichlet distribution; x is all but the last entry of the point."""
    return xp.exp(dirichlet_logpdf(xp, x, alpha))


def multivariate_normal_logpdf(xp: Any, x: Any, mean: Any, cov: Any) -> Any:
    """The logarithm of the density of the normal distribution of several dimensions.

    The covariance is the mean of `cov` and its transpose.
    """
    if len(x.shape) != 1 or mean.shape != x.shape or cov.shape != x.shape * 2:
        raise ValueError(f"shapes {x.shape}, {mean.shape} and {cov.shape} do not match")
    moved, symmetric = x - mean, (cov + xp.matrix_transpose(cov)) / 2
    distance = xp.vecdot(moved, xp.solve(symmetric, moved))
    return -0.5 * distance - 0.5 * xp.log(xp.det(symmetric)) - x.shape[0] * HALF_LOG_TWO_PI


def multivariate_normal_pdf(xp: Any, x: Any, mean: Any, cov: Any) -> Any:
    """The density of the normal distribution of several dimensions."""
    return xp.exp(multivariate_normal_logpdf(xp, x, mean, cov))


def multivariate_normal_entropy(xp: Any, cov: Any) -> Any:
    """The entropy of the normal distribution of several dimensions."""
    if len(cov.shape) != 2:
        raise ValueError(f"a matrix is needed, not shape {cov.shape}")
    symmetric = (cov + xp.matrix_transpose(cov)) / 2
    return 0.5 * xp.log(xp.det(symmetric)) + cov.shape[0] * (HALF_LOG_TWO_PI + 0.5)


def poisson_logpmf(xp: Any, mu: Any, *, count: int) -> Any:
    """The logarithm of the probability of a count in the Poisson distribution."""
    return count * xp.log(mu) - mu - math.lgamma(_whole(count) + 1)


def poisson_pmf(xp: Any, mu: Any, *, count: int) -> Any:
    """The probability of a count in the Poisson distribution."""
    return xp.exp(poisson_logpmf(xp, mu, count=count))


def poisson_cdf(xp: Any, mu: Any, *, count: int) -> Any:
    """The probability of at most that count in the Poisson distribution."""
    return xp.gammaincc(float(_whole(count) + 1), mu)


def bernoulli_logpmf(xp: Any, p: Any, *, count: int) -> Any:
    """The logarithm of the probability of 0 or 1 in the Bernoulli distribution."""
    return xp.log(p) if _whole(count, 1) else xp.log1p(-p)


def binom_logpmf(xp: Any, p: Any, *, count: int, n: int) -> Any:
    """The logarithm of the probability of a count among n in the binomial distribution."""
    ways = math.log(math.comb(n, _whole(count, n)))
    value = ways + 0.0 * p
    value = value + count * xp.log(p) if count else value
    return value + (n - count) * xp.log1p(-p) if count < n else value


def geom_logpmf(xp: Any, p: Any, *, count: int) -> Any:
    """The logarithm of the probability of a count, 1 or more, in the geometric distribution."""
    failures = _whole(count - 1)
    return failures * xp.log1p(-p) + xp.log(p) if failures else xp.log(p)


def nbinom_logpmf(xp: Any, n: Any, p: Any, *, count: int) -> Any:
    """The logarithm of the probability of a count in the negative binomial distribution."""
    ways = xp.lgamma(n + count) - xp.lgamma(n) - math.lgamma(_whole(count) + 1)
    value = ways + n * xp.log(p)
    return value + count * xp.log1p(-p) if count else value


def betabinom_logpmf(xp: Any, a: Any, b: Any, *, count: int, n: int) -> Any:
    """The logarithm of the probability of a count among n in the beta-binomial distribution."""
    ways = math.log(math.comb(n, _whole(count, n)))
    return ways + xp.betaln(a + count, b + (n - count)) - xp.betaln(a, b)


def _whole(count: int, most: int = 64) -> int:
    """The count. Raises ValueError if it is negative or above the most."""
    if not 0 <= count <= most:
        raise ValueError(f"{count} is not from 0 to {most}")
    return count


SHAPE, BETWEEN = Domain(low=1 / 4, high=8), Domain(low=1 / 16, high=15 / 16)
UP, COUNTED = Domain(low=1 / 8, high=24), family("arguments", BETWEEN)
BETA = family("arguments", BETWEEN, SHAPE, SHAPE)
BETA_SUMS = family("arguments", BETWEEN, SHAPE, SHAPE, steady=(1, 2), most=3)
GAMMA = family("arguments", UP, SHAPE)
GAMMA_SUMS = family("arguments", UP, SHAPE, steady=(1,), most=3)
PARETO = family("beyond", SHAPE, SCALE, edge=2, reach=Domain(low=1 / 8))
COUNT, AMONG = {"count": "times"}, {"count": "times", "n": "times"}
ROWS: Sequence[Operation] = (
    *(derived(f, BETA, arity=3) for f in (beta_logpdf, beta_pdf)),
    *(derived(f, BETA_SUMS, arity=3) for f in (beta_cdf, beta_sf, beta_logcdf)),
    *(derived(f, GAMMA, arity=2) for f in (gamma_logpdf, gamma_pdf, chi2_logpdf, chi2_pdf)),
    *(
        derived(f, GAMMA_SUMS, arity=2)
        for f in (gamma_cdf, gamma_sf, gamma_logcdf, chi2_cdf, chi2_sf)
    ),
    *(derived(f, PARETO, arity=3) for f in (pareto_logpdf, pareto_cdf, pareto_logcdf)),
    derived(gennorm_logpdf, family("arguments", NONZERO, Domain(low=1, high=4)), arity=2),
    derived(
        gennorm_cdf,
        family("arguments", NONZERO, Domain(low=1, high=4), steady=(1,), most=3),
        arity=2,
    ),
    *(
        derived(f, family("inside", Domain(low=1 / 4)), arity=3)
        for f in (truncnorm_logpdf, truncnorm_cdf, truncnorm_logsf)
    ),
    derived(vonmises_logpdf, family("arguments", ANY, UP), arity=2),
    derived(wrapcauchy_logpdf, family("arguments", Domain(low=1 / 4, high=6), BETWEEN), arity=2),
    *(derived(f, family("simplex"), arity=2) for f in (dirichlet_logpdf, dirichlet_pdf)),
    *(
        derived(f, family("point_and_covariance"), arity=3, mixes=True)
        for f in (multivariate_normal_logpdf, multivariate_normal_pdf)
    ),
    derived(multivariate_normal_entropy, family("definite"), mixes=True),
    *(
        derived(
            f,
            family("order", "count", (2, 0, 1, 5), family("arguments", UP, most=3)),
            params=COUNT,
        )
        for f in (poisson_logpmf, poisson_pmf, poisson_cdf)
    ),
    derived(bernoulli_logpmf, family("order", "count", (1, 0), COUNTED), params=COUNT),
    derived(geom_logpmf, family("order", "count", (2, 1, 4), COUNTED), params=COUNT),
    derived(
        binom_logpmf,
        family("order", "n", (4, 5), family("order", "count", (2, 0, 4), COUNTED)),
        params=AMONG,
    ),
    derived(
        nbinom_logpmf,
        family("order", "count", (2, 0, 1), family("arguments", SHAPE, BETWEEN)),
        arity=2,
        params=COUNT,
    ),
    derived(
        betabinom_logpmf,
        family(
            "order",
            "n",
            (4, 5),
            family("order", "count", (2, 0, 4), family("arguments", SHAPE, SHAPE)),
        ),
        arity=2,
        params=AMONG,
    ),
)
