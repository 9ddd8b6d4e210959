"""Distributions: densities, distribution functions and quantiles.

Of those with a location and a scale, the standard form is written, and the point is moved.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tests.oracle.matrices import determinant, solve, symmetric, vecdot
from tests.oracle.numbers import (
    Array,
    beta,
    entrywise,
    erfinv,
    exact,
    log_ndtr,
    logistic,
    mp,
    number,
)

Entry = Callable[..., Any]
#: Constants that are float64 numbers by definition.
_LOG_NORMAL, _ROOT_TWO_PI = number(math.log(2 * math.pi) / 2), number(math.sqrt(2 * math.pi))
_PI, _LOG_TWO = number(math.pi), number(math.log(2.0))
_TWO_PI, _LOG_TWO_PI = number(2 * math.pi), number(math.log(2 * math.pi))
_HALF_PI = number(math.pi / 2)


def _lost(n: int, k: int) -> Any:
    """A logarithm that is rounded to float64."""
    return number(math.log(math.comb(n, k)))


def _quantile(q: Any) -> Any:
    return mp.sqrt(2) * erfinv(2 * q - 1)


def _cauchy(z: Any) -> Any:
    return mp.mpf(1) / 2 + mp.atan(z) / _PI


def _student(z: Any, df: Any) -> Any:
    """The density, with the constant in the other order."""
    constant = mp.gamma((df + 1) / 2) / (mp.gamma(df / 2) * mp.sqrt(_PI * df))
    return constant * (1 + z * z / df) ** (-(df + 1) / 2)


def _student_cdf(z: Any, df: Any) -> Any:
    constant = mp.gamma((df + 1) / 2) / (mp.gamma(df / 2) * mp.sqrt(_PI * df))
    half = mp.mpf(1) / 2
    return half + z * constant * mp.hyp2f1(half, (df + 1) / 2, mp.mpf(3) / 2, -z * z / df)


def _moved(entry: Entry, *, log_density: bool = False, density: bool = False) -> Entry:
    """A function of z and further parameters, as a function of x, these, location and scale."""

    def function(x: Any, *rest: Any) -> Any:
        *parameters, loc, scale = rest
        value = entry((x - loc) / scale, *parameters)
        return value - mp.log(scale) if log_density else value / scale if density else value

    return function


def _at(entry: Entry) -> Entry:
    """A quantile of the standard form."""
    return lambda q, loc, scale: loc + scale * entry(q)


_LOCATED: Mapping[str, tuple[int, Entry]] = {
    "norm_logpdf": (3, _moved(lambda z: -z * z / 2 - _LOG_NORMAL, log_density=True)),
    "norm_pdf": (3, _moved(lambda z: mp.exp(-z * z / 2) / _ROOT_TWO_PI, density=True)),
    "norm_cdf": (3, _moved(mp.ncdf)),
    "norm_sf": (3, _moved(lambda z: mp.ncdf(-z))),
    "norm_logcdf": (3, _moved(log_ndtr)),
    "norm_logsf": (3, _moved(lambda z: log_ndtr(-z))),
    "norm_ppf": (3, _at(_quantile)),
    "laplace_logpdf": (3, _moved(lambda z: -abs(z) - mp.log(2), log_density=True)),
    "laplace_cdf": (3, _moved(lambda z: mp.exp(z) / 2 if z < 0 else 1 - mp.exp(-z) / 2)),
    "logistic_logpdf": (
        3,
        _moved(lambda z: mp.log(logistic(z)) + mp.log(logistic(-z)), log_density=True),
    ),
    "logistic_cdf": (3, _moved(logistic)),
    "logistic_sf": (3, _moved(lambda z: logistic(-z))),
    "logistic_ppf": (3, _at(lambda q: mp.log(q / (1 - q)))),
    "cauchy_logpdf": (3, _moved(lambda z: -mp.log(_PI * (1 + z * z)), log_density=True)),
    "cauchy_cdf": (3, _moved(_cauchy)),
    "cauchy_logcdf": (3, _moved(lambda z: mp.log(_cauchy(z)))),
    "cauchy_sf": (3, _moved(lambda z: _cauchy(-z))),
    "cauchy_ppf": (3, _at(lambda q: mp.tan(_PI * q - _HALF_PI))),
    "gumbel_r_logpdf": (3, _moved(lambda z: -z - mp.exp(-z), log_density=True)),
    "gumbel_r_cdf": (3, _moved(lambda z: mp.exp(-mp.exp(-z)))),
    "gumbel_r_logcdf": (3, _moved(lambda z: -mp.exp(-z))),
    "gumbel_r_logsf": (3, _moved(lambda z: mp.log(-mp.expm1(-mp.exp(-z))))),
    "gumbel_r_ppf": (3, _at(lambda q: -mp.log(-mp.log(q)))),
    "gumbel_l_logpdf": (3, _moved(lambda z: z - mp.exp(z), log_density=True)),
    "gumbel_l_logcdf": (3, _moved(lambda z: mp.log(-mp.expm1(-mp.exp(z))))),
    "gumbel_l_ppf": (3, _at(lambda q: mp.log(-mp.log1p(-q)))),
    "expon_logpdf": (3, _moved(lambda z: -z, log_density=True)),
    "expon_cdf": (3, _moved(lambda z: -mp.expm1(-z))),
    "expon_logcdf": (3, _moved(lambda z: mp.log(-mp.expm1(-z)))),
    "expon_ppf": (3, _at(lambda q: -mp.log1p(-q))),
    "t_logpdf": (4, _moved(lambda z, df: mp.log(_student(z, df)), log_density=True)),
    "t_pdf": (4, _moved(_student, density=True)),
    "t_cdf": (4, _moved(_student_cdf)),
    "t_logcdf": (4, _moved(lambda z, df: mp.log(_student_cdf(z, df)))),
}


def _beta_density(x: Any, a: Any, b: Any) -> Any:
    return x ** (a - 1) * (1 - x) ** (b - 1) / beta(a, b)


def _beta_cdf(x: Any, a: Any, b: Any) -> Any:
    return mp.betainc(a, b, 0, x, regularized=True)


def _gamma_density(x: Any, a: Any) -> Any:
    return x ** (a - 1) * mp.exp(-x) / mp.gamma(a)


def _gamma_cdf(x: Any, a: Any) -> Any:
    return mp.gammainc(a, 0, x, regularized=True)


def _chi2_density(x: Any, df: Any) -> Any:
    return x ** (df / 2 - 1) * mp.exp(-x / 2) * mp.exp(-df / 2 * _LOG_TWO) / mp.gamma(df / 2)


def _pareto_sf(x: Any, b: Any, scale: Any) -> Any:
    return (scale / x) ** b


def _poisson_logpmf(mu: Any, count: int) -> Any:
    return count * mp.log(mu) - mu - number(math.lgamma(count + 1))


def _binom_logpmf(p: Any, count: int, n: int) -> Any:
    return _lost(n, count) + count * mp.log(p) + (n - count) * mp.log(1 - p)


def _nbinom_logpmf(n: Any, p: Any, count: int) -> Any:
    ways = mp.log(mp.rf(n, count)) - number(math.lgamma(count + 1))
    return ways + n * mp.log(p) + count * mp.log(1 - p)


def _betabinom_logpmf(a: Any, b: Any, count: int, n: int) -> Any:
    return _lost(n, count) + mp.log(beta(a + count, b + n - count) / beta(a, b))


_SHAPED: Mapping[str, tuple[int, Entry]] = {
    "beta_logpdf": (3, lambda x, a, b: mp.log(_beta_density(x, a, b))),
    "beta_pdf": (3, _beta_density),
    "beta_cdf": (3, _beta_cdf),
    "beta_sf": (3, lambda x, a, b: 1 - _beta_cdf(x, a, b)),
    "beta_logcdf": (3, lambda x, a, b: mp.log(_beta_cdf(x, a, b))),
    "gamma_logpdf": (2, lambda x, a: mp.log(_gamma_density(x, a))),
    "gamma_pdf": (2, _gamma_density),
    "gamma_cdf": (2, _gamma_cdf),
    "gamma_sf": (2, lambda x, a: mp.gammainc(a, x, regularized=True)),
    "gamma_logcdf": (2, lambda x, a: mp.log(_gamma_cdf(x, a))),
    "chi2_logpdf": (2, lambda x, df: mp.log(_chi2_density(x, df))),
    "chi2_pdf": (2, _chi2_density),
    "chi2_cdf": (2, lambda x, df: _gamma_cdf(x / 2, df / 2)),
    "chi2_sf": (2, lambda x, df: mp.gammainc(df / 2, x / 2, regularized=True)),
    "pareto_logpdf": (
        3,
        lambda x, b, scale: mp.log(b / x * _pareto_sf(x, b, scale)),
    ),
    "pareto_cdf": (3, lambda x, b, scale: 1 - _pareto_sf(x, b, scale)),
    "pareto_logcdf": (3, lambda x, b, scale: mp.log(1 - _pareto_sf(x, b, scale))),
    "gennorm_logpdf": (
        2,
        lambda x, shape: mp.log(shape / (2 * mp.gamma(1 / shape))) - abs(x) ** shape,
    ),
    "gennorm_cdf": (
        2,
        lambda x, shape: (1 + mp.sign(x) * _gamma_cdf(abs(x) ** shape, 1 / shape)) / 2,
    ),
    "truncnorm_logpdf": (
        3,
        lambda x, a, b: -x * x / 2 - _LOG_NORMAL - mp.log(mp.ncdf(b) - mp.ncdf(a)),
    ),
    "truncnorm_cdf": (
        3,
        lambda x, a, b: (mp.ncdf(x) - mp.ncdf(a)) / (mp.ncdf(b) - mp.ncdf(a)),
    ),
    "truncnorm_logsf": (
        3,
        lambda x, a, b: mp.log((mp.ncdf(b) - mp.ncdf(x)) / (mp.ncdf(b) - mp.ncdf(a))),
    ),
    "vonmises_logpdf": (
        2,
        lambda x, kappa: kappa * mp.cos(x) - mp.log(_TWO_PI * mp.besseli(0, kappa)),
    ),
    "wrapcauchy_logpdf": (
        2,
        lambda x, c: mp.log((1 - c * c) / (1 + c * c - 2 * c * mp.cos(x))) - _LOG_TWO_PI,
    ),
    "poisson_logpmf": (1, _poisson_logpmf),
    "poisson_pmf": (1, lambda mu, count: mp.exp(_poisson_logpmf(mu, count))),
    "poisson_cdf": (1, lambda mu, count: mp.gammainc(count + 1, mu, regularized=True)),
    "bernoulli_logpmf": (1, lambda p, count: mp.log(p if count else 1 - p)),
    "geom_logpmf": (1, lambda p, count: mp.log(p * (1 - p) ** (count - 1))),
    "binom_logpmf": (1, _binom_logpmf),
    "nbinom_logpmf": (2, _nbinom_logpmf),
    "betabinom_logpmf": (2, _betabinom_logpmf),
}


def dirichlet_logpdf(x: Array, alpha: Array) -> Array:
    total = sum(alpha, mp.mpf(0))
    entries = [*x, 1 - sum(x, mp.mpf(0))]
    product = mp.gamma(total)
    for entry, a in zip(entries, alpha, strict=True):
        product = product * entry ** (a - 1) / mp.gamma(a)
    return exact(mp.log(product))


def _log_normal(x: Array, mean: Array, cov: Array) -> Any:
    s, moved = symmetric(cov), x - mean
    distance = vecdot(moved, solve(s, moved))[()]
    return -distance / 2 - mp.log(determinant(s)) / 2 - number(len(x) * (math.log(2 * math.pi) / 2))


def _normal_entropy(cov: Array) -> Array:
    constant = number(len(cov) * (math.log(2 * math.pi) / 2 + 0.5))
    return exact(mp.log(determinant(symmetric(cov))) / 2 + constant)


def _exponential(value: Any) -> Array:
    return exact(mp.exp(np.asarray(value)[()]))


def _entrywise(entry: Entry, count: int) -> Callable[..., Array]:
    """Entry by entry; the parameters by name."""
    return lambda *operands, **params: entrywise(lambda *values: entry(*values, **params), count)(
        *operands
    )


OPERATIONS: Mapping[str, Callable[..., Array]] = {
    **{
        name: _entrywise(entry, count)
        for table in (_LOCATED, _SHAPED)
        for name, (count, entry) in table.items()
    },
    "dirichlet_logpdf": dirichlet_logpdf,
    "dirichlet_pdf": lambda x, alpha: _exponential(dirichlet_logpdf(x, alpha)),
    "multivariate_normal_logpdf": lambda x, mean, cov: exact(_log_normal(x, mean, cov)),
    "multivariate_normal_pdf": lambda x, mean, cov: _exponential(_log_normal(x, mean, cov)),
    "multivariate_normal_entropy": _normal_entropy,
}
