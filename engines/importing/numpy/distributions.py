"""Functions of `scipy.stats` as operations of the catalogue.

A function of a distribution takes the value, the parameters of its shape, `loc` and `scale`. If the
operation has no location or scale, it takes (x - loc) / scale instead, and a density is divided by
the scale.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from ad_conformance.engines.importing.recorder import CannotImport, Recorder
from ad_conformance.generators.catalogue import CATALOGUE

#: The parameters of the shape of each distribution, in SciPy's order.
SHAPES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("norm", "laplace", "logistic", "cauchy", "gumbel_r", "gumbel_l", "expon"), ()),
    "t": ("df",),
    "chi2": ("df",),
    "gamma": ("a",),
    "beta": ("a", "b"),
    "pareto": ("b",),
    "gennorm": ("beta",),
    "truncnorm": ("a", "b"),
    "vonmises": ("kappa",),
    "wrapcauchy": ("c",),
}
FUNCTIONS = ("pdf", "logpdf", "cdf", "logcdf", "sf", "logsf", "ppf")


def distribution(name: str, function: str) -> Callable[..., Any]:
    """The function of a distribution, such as ("norm", "logpdf")."""
    operation = f"{name}_{function}"

    def called(rec: Recorder, x: Any, *args: Any, **kwargs: Any) -> Any:
        given = {"loc": 0.0, "scale": 1.0, **kwargs}
        given.update(zip((*SHAPES[name], "loc", "scale"), args, strict=False))
        if operation not in CATALOGUE:
            raise CannotImport(f"scipy.stats.{name}.{function}", rec.line)
        _, *wanted = CATALOGUE[operation].operand_names
        located, scaled = "loc" in wanted, "scale" in wanted
        inverse = function == "ppf"
        if not inverse and not located:
            x = _applied(rec.subtract, x, given["loc"], 0.0)
        if not inverse and not scaled:
            x = _applied(rec.divide, x, given["scale"], 1.0)
        found = getattr(rec, operation)(x, *(given[parameter] for parameter in wanted))
        if not scaled and function in ("pdf", "ppf"):
            how = rec.multiply if inverse else rec.divide
            found = _applied(how, found, given["scale"], 1.0)
        if not scaled and function == "logpdf" and not _is(given["scale"], 1.0):
            found = rec.subtract(found, rec.log(given["scale"]))
        return _applied(rec.add, found, given["loc"], 0.0) if inverse and not located else found

    return called


def _is(value: Any, number: float) -> bool:
    return isinstance(value, (int, float, np.ndarray)) and bool(np.all(np.asarray(value) == number))


def _applied(operation: Callable[..., Any], x: Any, by: Any, neutral: float) -> Any:
    return x if _is(by, neutral) else operation(x, by)


def _poisson(rec: Recorder, k: Any, mu: Any, loc: Any = 0) -> Any:
    """The logarithm of the probability of counts."""
    counts = _applied(rec.subtract, k, loc, 0.0)
    return rec.subtract(rec.subtract(rec.xlogy(counts, mu), mu), rec.lgamma(rec.add(counts, 1.0)))


TABLE: dict[str, Callable[..., Any]] = {
    **{
        f"stats.{name}.{function}": distribution(name, function)
        for name in SHAPES
        for function in FUNCTIONS
        if f"{name}_{function}" in CATALOGUE
    },
    "stats.poisson.logpmf": _poisson,
}
