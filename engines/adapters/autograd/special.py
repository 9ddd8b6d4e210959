"""How autograd writes elementwise functions, special functions and distributions."""

from __future__ import annotations

from ad_conformance.engines.adapters.numpy_family import called, distribution, symmetric
from ad_conformance.generators.catalogue.operation import Template

_TRANSPOSE = "np.swapaxes({0}, -1, -2)"
_MEAN_2 = "({2} + np.swapaxes({2}, -1, -2)) / 2"

ARITHMETIC: dict[str, Template] = {
    **called("np", "deg2rad", "rad2deg", "nan_to_num", "fmax", "fmin", "logaddexp2", "fabs"),
    "round_decimals": "np.round({0}, {decimals})",
    "real_angle": "np.angle({0})",
    "clamp": "np.clip({0}, {1}, {2})",
    "clamp_min": "np.clip({0}, {min}, None)",
    "clamp_max": "np.clip({0}, None, {max})",
}
INTEGRALS: dict[str, Template] = {
    **called(
        "special",
        *("gammainc", "gammaincc", "betainc", "rgamma", "erfcinv", "gammasgn", "y0", "y1"),
    ),
    "multigammaln": "special.multigammaln({0}, {dimension})",
    "jv": "special.jn({n}, {0})",
    "yv": "special.yn({n}, {0})",
    "iv": "special.iv({n}, {0})",
    "ive": "special.ive({n}, {0})",
}


def _of_counts(name: str, *functions: str) -> dict[str, Template]:
    """Functions of counts, with whole numbers among their arguments."""
    return {f"{name}_{f}": f"stats.{name}.{f}({{count}}, {{args}})" for f in functions}


DISTRIBUTIONS: dict[str, Template] = {
    **distribution("stats", "norm", "logpdf", "pdf", "cdf", "sf", "logcdf", "logsf"),
    **distribution("stats", "t", "logpdf", "pdf", "cdf", "logcdf"),
    **distribution("stats", "beta", "logpdf", "pdf", "cdf"),
    **distribution("stats", "gamma", "logpdf", "pdf", "cdf"),
    **distribution("stats", "chi2", "logpdf", "pdf", "cdf"),
    **_of_counts("poisson", "logpmf", "pmf", "cdf"),
    "multivariate_normal_logpdf": f"stats.multivariate_normal.logpdf({{0}}, {{1}}, {_MEAN_2})",
    "multivariate_normal_pdf": f"stats.multivariate_normal.pdf({{0}}, {{1}}, {_MEAN_2})",
    "multivariate_normal_entropy": (
        f"stats.multivariate_normal.entropy(np.zeros(len({{0}})), {symmetric(_TRANSPOSE)})"
    ),
    # SciPy's rule is for the whole point, whose entries add up to 1.
    **{
        f"dirichlet_{name}": (
            f"stats.dirichlet.{name}("
            "np.concatenate([{0}, 1 - np.sum({0}, keepdims=True)]), {1})"
        )
        for name in ("logpdf", "pdf")
    },
}
TEMPLATES: dict[str, Template] = {**ARITHMETIC, **INTEGRALS, **DISTRIBUTIONS}
