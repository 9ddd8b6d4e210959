"""Templates of functions of complex numbers, for engines with the names of NumPy."""

from __future__ import annotations

from ad_conformance.engines.adapters.numpy_calls import norm
from ad_conformance.generators.catalogue.operation import Template


def complex_values(make: str, transpose: str) -> dict[str, Template]:
    """The functions that engines write alike. `make` makes a complex number of two real ones, and
    `transpose` is the template of the conjugate transpose.
    """
    z, w = make.format("{0}", "{1}"), make.format("{2}", "{3}")
    second = make.format("{1}", "{2}")
    mean = f"({z} + {transpose.format(z)}) / 2"
    exp_of = "(v * xp.exp(w)[..., None, :])"
    parts = {
        **{f"complex_{name}": f"xp.{name}({z})" for name in ("sin", "cos", "tan", "expm1")},
        **{f"complex_{name}": f"xp.{name}({z})" for name in ("sinh", "cosh", "tanh", "log1p")},
        "complex_atan": f"xp.arctan({z})",
        "complex_divide": f"{z} / {w}",
        "complex_pow": f"{z} ** {w}",
        "complex_float_power": f"{z} ** {{exponent}}",
        "complex_exponent": f"{{0}} ** {second}",
        "complex_vdot": f"xp.vdot(xp.ravel({z}), xp.ravel({w}))",
        "complex_matmul": f"xp.matmul({z}, {w})",
        "complex_prod": f"xp.prod({z}, axis={{axis}})",
        "complex_cumprod": f"xp.cumprod({z}, axis={{axis}})",
        "hermitian_exp": (
            f"(lambda w, v: {exp_of} @ {transpose.format('v')})(*xp.linalg.eigh({mean}))"
        ),
        "hermitian_cholesky": f"xp.linalg.cholesky({mean})",
        "complex_qr_r": (
            "(lambda q, r: r * (xp.conj(xp.diagonal(r)) / xp.abs(xp.diagonal(r)))[:, None])"
            f"(*xp.linalg.qr({z}))"
        ),
        "complex_pinv": f"xp.linalg.pinv({z})",
        "complex_eigvals_exp": f"xp.sum(xp.exp(xp.linalg.eigvals({z})))",
    }
    made: dict[str, Template] = {name: f"xp.{{part}}({text})" for name, text in parts.items()}
    return {
        **made,
        "hermitian_eigvals_exp": f"xp.sum(xp.exp(xp.linalg.eigvalsh({mean})))",
        "complex_logabsdet": f"xp.linalg.slogdet({z})[1]",
        "complex_norm": norm(f"xp.linalg.norm({z}, {{ord}}, {{axis}})"),
        "complex_nuclear_norm": f"xp.linalg.norm({z}, 'nuc')",
    }
