"""How PyTorch writes elementwise functions, special functions and distributions."""

from __future__ import annotations

from ad_conformance.engines.adapters.numpy_family import called
from ad_conformance.generators.catalogue.operation import Template

F = "torch.nn.functional"

ARITHMETIC: dict[str, Template] = {
    **called("torch", "rsqrt", "frac", "fmod", "ldexp", "deg2rad", "rad2deg", "nan_to_num"),
    **called("torch", "fmax", "fmin", "logaddexp2", "lerp"),
    "add_scaled": "torch.add({0}, {1}, alpha={factor})",
    "addcmul": "torch.addcmul({args}, value={factor})",
    "addcdiv": "torch.addcdiv({args}, value={factor})",
    "lerp_constant": "torch.lerp({0}, {1}, {factor})",
    "trunc_divide": "torch.div({0}, {1}, rounding_mode='trunc')",
    "round_decimals": "torch.round({0}, decimals={decimals})",
    "frexp_mantissa": "torch.frexp({0}).mantissa",
    "ldexp_constant": "torch.ldexp({0}, torch.tensor({exponent}))",
    "real_angle": "torch.angle({0})",
    "clamp_min": "torch.clamp_min({0}, {min})",
    "clamp_max": "torch.clamp_max({0}, {max})",
    "above_threshold": F + ".threshold({0}, {threshold}, {otherwise})",
    # PyTorch documents that softplus is linear, an approximation, above its threshold.
    "softplus_beta": F + ".softplus({0}, {beta}, threshold=40.0)",
    "logit_clamped": "torch.logit({0}, {eps})",
}
_NUMBER = "torch.tensor({number}, dtype={0}.dtype)"
SCALARS: dict[str, Template] = {
    **called("torch", "sgn"),
    "clamp_min_array": "torch.clamp({0}, min={1})",
    "clamp_max_array": "torch.clamp({0}, max={1})",
    "copysign_number": "torch.copysign({0}, {number})",
    "remainder_number": "torch.remainder({0}, {number})",
    "fmod_number": "torch.fmod({0}, {number})",
    "xlogy_factor": "torch.special.xlogy({number}, {0})",
    "xlogy_argument": "torch.special.xlogy({0}, {number})",
    "xlog1py_factor": "torch.special.xlog1py({number}, {0})",
    "xlog1py_argument": "torch.special.xlog1py({0}, {number})",
    "subtract_from": "torch.rsub({0}, {1}, alpha={factor})",
    "next_number": f"torch.nextafter({{0}}, {_NUMBER})",
    # PyTorch documents that float_power computes in float64.
    "float_power": "torch.float_power({0}, {exponent}).to({0}.dtype)",
}
INTEGRALS: dict[str, Template] = {
    **called("torch.special", "gammainc", "gammaincc"),
    "zeta_of_order": "torch.special.zeta({0}, {1})",
    "multigammaln": "torch.special.multigammaln({0}, {dimension})",
}
D = "torch.distributions"


def _distribution(
    name: str, torch_name: str, parameters: str, functions: dict[str, str]
) -> dict[str, Template]:
    """Functions of a distribution, its checks of the values switched off.

    `parameters` are those that PyTorch takes, and `functions` its names of the functions.
    """
    made = f"{D}.{torch_name}({parameters}, validate_args=False)"
    return {f"{name}_{f}": f"{made}.{method}({{0}})" for f, method in functions.items()}


_DENSITY = {"logpdf": "log_prob"}
_LOCATED = {"logpdf": "log_prob", "cdf": "cdf", "ppf": "icdf"}
DISTRIBUTIONS: dict[str, Template] = {
    **_distribution("norm", "Normal", "{1}, {2}", _LOCATED),
    **_distribution("laplace", "Laplace", "{1}, {2}", {"logpdf": "log_prob", "cdf": "cdf"}),
    **_distribution("cauchy", "Cauchy", "{1}, {2}", _LOCATED),
    **_distribution("gumbel_r", "Gumbel", "{1}, {2}", _DENSITY),
    **_distribution("t", "StudentT", "{1}, {2}, {3}", _DENSITY),
    **_distribution("beta", "Beta", "{1}, {2}", _DENSITY),
    **_distribution("gamma", "Gamma", "{1}, 1.0", {"logpdf": "log_prob", "cdf": "cdf"}),
    **_distribution("chi2", "Chi2", "{1}", {"logpdf": "log_prob", "cdf": "cdf"}),
    **_distribution("pareto", "Pareto", "{2}, {1}", _DENSITY),
    **_distribution("vonmises", "VonMises", "0.0, {1}", _DENSITY),
    "dirichlet_logpdf": (
        f"{D}.Dirichlet({{1}}, validate_args=False)"
        ".log_prob(torch.cat([{0}, 1 - torch.sum({0}, dim=0, keepdim=True)]))"
    ),
    "multivariate_normal_logpdf": (
        f"{D}.MultivariateNormal({{1}}, ({{2}} + {{2}}.mT) / 2, validate_args=False)"
        ".log_prob({0})"
    ),
    "multivariate_normal_entropy": (
        f"{D}.MultivariateNormal(torch.zeros(len({{0}}), dtype={{0}}.dtype), "
        "({0} + {0}.mT) / 2, validate_args=False).entropy()"
    ),
    "poisson_logpmf": (
        f"{D}.Poisson({{0}}, validate_args=False)"
        ".log_prob(torch.tensor({count}, dtype={0}.dtype))"
    ),
    "bernoulli_logpmf": (
        f"{D}.Bernoulli(probs={{0}}, validate_args=False)"
        ".log_prob(torch.tensor({count}, dtype={0}.dtype))"
    ),
}
TEMPLATES: dict[str, Template] = {**ARITHMETIC, **SCALARS, **INTEGRALS, **DISTRIBUTIONS}
