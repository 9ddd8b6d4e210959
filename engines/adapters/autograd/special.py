"""How autograd writes elementwise functions, special functions and distributions."""

from __future__ import annotations

from ad_conformance.engines.adapters.numpy_family import called
from ad_conformance.generators.catalogue.operation import Template

ARITHMETIC: dict[str, Template] = {
    **called("np", "deg2rad", "rad2deg", "nan_to_num", "fmax", "fmin", "logaddexp2"),
    "round_decimals": "np.round({0}, {decimals})",
    "real_angle": "np.angle({0})",
    "clamp_between": "np.clip({0}, {1}, {2})",
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
TEMPLATES: dict[str, Template] = {**ARITHMETIC, **INTEGRALS}
