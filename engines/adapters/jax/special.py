"""How JAX writes elementwise functions, special functions and distributions."""

from __future__ import annotations

from ad_conformance.engines.adapters.numpy_family import called, distribution
from ad_conformance.generators.catalogue.operation import Template

ARITHMETIC: dict[str, Template] = {
    **called("jnp", "fmod", "deg2rad", "rad2deg", "nan_to_num", "fmax", "fmin", "logaddexp2"),
    **called("jax.lax", "rsqrt"),
    "frac": "jnp.modf({0})[0]",
    "round_decimals": "jnp.round({0}, {decimals})",
    "frexp_mantissa": "jnp.frexp({0})[0]",
    "ldexp_constant": "jnp.ldexp({0}, {exponent})",
    "real_angle": "jnp.angle({0})",
    "clamp_min": "jnp.clip({0}, min={min})",
    "clamp_max": "jnp.clip({0}, max={max})",
}
SCALARS: dict[str, Template] = {
    **called("jnp", "fabs"),
    "clamp_min_array": "jnp.clip({0}, min={1})",
    "clamp_max_array": "jnp.clip({0}, max={1})",
    "copysign_number": "jnp.copysign({0}, {number})",
    "remainder_number": "jnp.remainder({0}, {number})",
    "fmod_number": "jnp.fmod({0}, {number})",
    "xlogy_factor": "jax.scipy.special.xlogy({number}, {0})",
    "xlogy_argument": "jax.scipy.special.xlogy({0}, {number})",
    "xlog1py_factor": "jax.scipy.special.xlog1py({number}, {0})",
    "xlog1py_argument": "jax.scipy.special.xlog1py({0}, {number})",
    "float_power": "jnp.float_power({0}, {exponent})",
}
INTEGRALS: dict[str, Template] = {
    **called(
        "jax.scipy.special",
        *("gammainc", "gammaincc", "betainc", "hyp1f1", "hyp2f1", "owens_t", "boxcox", "boxcox1p"),
        *("poch", "comb", "factorial", "gammasgn", "spence", "dawsn"),
    ),
    "zeta_of_order": "jax.scipy.special.zeta({0}, {1})",
    "multigammaln": "jax.scipy.special.multigammaln({0}, {dimension})",
    "kl_divergence": "jax.scipy.special.kl_div({0}, {1})",
    "expn": "jax.scipy.special.expn({n}, {0})",
    "jv": "jax.scipy.special.bessel_jn({0}, v={n})[{n}]",
    "sine_integral": "jax.scipy.special.sici({0})[0]",
    "cosine_integral": "jax.scipy.special.sici({0})[1]",
    "fresnel_s": "jax.scipy.special.fresnel({0})[0]",
    "fresnel_c": "jax.scipy.special.fresnel({0})[1]",
    "faddeeva_real": "jnp.real(jax.scipy.special.wofz({0} + 1j * {1}))",
    "faddeeva_imag": "jnp.imag(jax.scipy.special.wofz({0} + 1j * {1}))",
}
STATS = "jax.scipy.stats"
_MEAN_2 = "({2} + {2}.mT) / 2"


def _of_counts(name: str, *functions: str, counts: str = "{count}") -> dict[str, Template]:
    """Functions of counts, with whole numbers before their operands."""
    return {f"{name}_{f}": f"{STATS}.{name}.{f}({counts}, {{args}})" for f in functions}


DISTRIBUTIONS: dict[str, Template] = {
    **distribution(STATS, "norm", "logpdf", "pdf", "cdf", "sf", "logcdf", "logsf", "ppf"),
    **distribution(STATS, "laplace", "logpdf", "cdf"),
    **distribution(STATS, "logistic", "logpdf", "cdf", "sf", "ppf"),
    **distribution(STATS, "cauchy", "logpdf", "cdf", "logcdf", "sf", "ppf"),
    **distribution(STATS, "gumbel_r", "logpdf", "cdf", "logcdf", "logsf", "ppf"),
    **distribution(STATS, "gumbel_l", "logpdf", "logcdf", "ppf"),
    **distribution(STATS, "expon", "logpdf", "cdf", "logcdf", "ppf"),
    **distribution(STATS, "t", "logpdf", "pdf"),
    **distribution(STATS, "beta", "logpdf", "pdf", "cdf", "sf", "logcdf"),
    **distribution(STATS, "gamma", "logpdf", "pdf", "cdf", "sf", "logcdf"),
    **distribution(STATS, "chi2", "logpdf", "pdf", "cdf", "sf"),
    **distribution(STATS, "gennorm", "logpdf", "cdf"),
    **distribution(STATS, "truncnorm", "logpdf", "cdf", "logsf"),
    **distribution(STATS, "vonmises", "logpdf"),
    **distribution(STATS, "wrapcauchy", "logpdf"),
    **distribution(STATS, "dirichlet", "logpdf", "pdf"),
    **{
        f"pareto_{name}": f"{STATS}.pareto.{name}({{0}}, {{1}}, 0.0, {{2}})"
        for name in ("logpdf", "cdf", "logcdf")
    },
    **{
        f"multivariate_normal_{name}": (
            f"{STATS}.multivariate_normal.{name}({{0}}, {{1}}, {_MEAN_2})"
        )
        for name in ("logpdf", "pdf")
    },
    **_of_counts("poisson", "logpmf", "pmf", "cdf"),
    **_of_counts("bernoulli", "logpmf"),
    **_of_counts("geom", "logpmf"),
    **_of_counts("nbinom", "logpmf"),
    **_of_counts("binom", "logpmf", counts="{count}, {n}"),
    **_of_counts("betabinom", "logpmf", counts="{count}, {n}"),
}
TEMPLATES: dict[str, Template] = {**ARITHMETIC, **SCALARS, **INTEGRALS, **DISTRIBUTIONS}
