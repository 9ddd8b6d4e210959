"""How JAX writes functions of complex numbers."""

from __future__ import annotations

from ad_conformance.engines.adapters.complex_calls import complex_values
from ad_conformance.engines.adapters.numpy_calls import norm
from ad_conformance.generators.catalogue.operation import Template

_Z, _W = "jax.lax.complex({0}, {1})", "jax.lax.complex({2}, {3})"

COMPLEX: dict[str, Template] = {
    **complex_values("jax.lax.complex({0}, {1})", "jnp.conj({0}.mT)"),
    "complex_sign": f"jnp.{{part}}(jnp.sign({_Z}))",
    "complex_var": f"jnp.var({_Z}, axis={{axis}}, ddof={{correction}})",
    "complex_norm": norm(f"jnp.linalg.vector_norm({_Z}, ord={{ord}}, axis={{axis}})"),
    "complex_logsumexp": f"jnp.{{part}}(jax.scipy.special.logsumexp({_Z}, axis={{axis}}))",
    "complex_expm": f"jnp.{{part}}(jax.scipy.linalg.expm({_Z}))",
    "complex_solve_triangular": (
        f"jnp.{{part}}(jax.scipy.linalg.solve_triangular({_Z}, {_W}, lower=not {{upper}}))"
    ),
}
