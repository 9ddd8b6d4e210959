"""How PyTorch writes functions of complex numbers."""

from __future__ import annotations

from ad_conformance.engines.adapters.complex_calls import complex_values
from ad_conformance.engines.adapters.numpy_calls import norm
from ad_conformance.generators.catalogue.operation import Template

_Z, _W = "torch.complex({0}, {1})", "torch.complex({2}, {3})"

COMPLEX: dict[str, Template] = {
    **complex_values("torch.complex({0}, {1})", "{0}.mH"),
    "complex_sign": f"torch.{{part}}(torch.sgn({_Z}))",
    "polar": "torch.{part}(torch.polar({0}, {1}))",
    "complex_pairs_product": (
        "torch.view_as_real(torch.view_as_complex({0}.contiguous()) * "
        "torch.view_as_complex({1}.contiguous()))"
    ),
    "complex_prod": f"torch.{{part}}(torch.prod({_Z}, dim={{axis}}))",
    "complex_cumprod": f"torch.{{part}}(torch.cumprod({_Z}, dim={{axis}}))",
    "complex_var": f"torch.var({_Z}, dim={{axis}}, correction={{correction}})",
    "complex_norm": norm(f"torch.linalg.vector_norm({_Z}, {{ord}}, dim={{axis}})"),
    "complex_nuclear_norm": f"torch.linalg.matrix_norm({_Z}, 'nuc')",
    "complex_logsumexp": f"torch.{{part}}(torch.logsumexp({_Z}, dim={{axis}}))",
    "complex_expm": f"torch.{{part}}(torch.linalg.matrix_exp({_Z}))",
    "complex_solve_triangular": (
        f"torch.{{part}}(torch.linalg.solve_triangular({_Z}, {_W}, upper={{upper}}))"
    ),
}
