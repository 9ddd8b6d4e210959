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
    "clamp_between": "torch.clamp({0}, {1}, {2})",
    "clamp_min": "torch.clamp_min({0}, {min})",
    "clamp_max": "torch.clamp_max({0}, {max})",
    "above_threshold": F + ".threshold({0}, {threshold}, {otherwise})",
    # PyTorch documents that softplus is linear, an approximation, above its threshold.
    "softplus_beta": F + ".softplus({0}, {beta}, threshold=40.0)",
    "logit_clamped": "torch.logit({0}, {eps})",
}
INTEGRALS: dict[str, Template] = {
    **called("torch.special", "gammainc", "gammaincc"),
    "zeta_of_order": "torch.special.zeta({0}, {1})",
    "multigammaln": "torch.special.multigammaln({0}, {dimension})",
}
TEMPLATES: dict[str, Template] = {**ARITHMETIC, **INTEGRALS}
