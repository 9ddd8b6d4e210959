"""How JAX writes products, linear systems and factors of matrices, with all their options."""

from __future__ import annotations

from ad_conformance.engines.adapters.numpy_calls import norm, unless
from ad_conformance.generators.catalogue.operation import Call, Template

SYMMETRIC = "({0} + {0}.mT) / 2"


def _by_flags(template: str) -> Template:
    """A solver with the names and values of SciPy's flags."""

    def write_call(call: Call) -> str:
        upper, transpose = call.params.get("upper", False), call.params.get("transpose", False)
        flags = {"lower": not upper, "trans": int(transpose)}
        return template.format(*call.operands, **flags, **call.params)

    return write_call


def _left(template: Template) -> Template:
    """JAX has no option for the right side of a product."""
    return unless(lambda call: not call.params["left"], "solution from the right", template)


def _of_factor(template: str) -> Template:
    """A function of a triangular factor; the other triangle is not used."""
    return _by_flags(template)


LINEAR: dict[str, Template] = {
    "batched_matmul": "jnp.matmul({0}, {1})",
    "dot": "jnp.dot({0}, {1})",
    "tensordot_axes": "jnp.tensordot({0}, {1}, axes=({axes_a}, {axes_b}))",
    "vector_norm_axes": norm(
        "jnp.linalg.vector_norm({0}, ord={ord}, axis={axes}, keepdims={keepdims})"
    ),
    "matrix_norm_axes": norm("jnp.linalg.norm({0}, {ord}, axis={axes}, keepdims={keepdims})"),
    "cond": norm("jnp.linalg.cond({0}, {ord})"),
    "solve_stack": _left("jnp.linalg.solve({0}, {1})"),
    "lu_solve_flags": _left(
        _by_flags("jax.scipy.linalg.lu_solve(jax.scipy.linalg.lu_factor({0}), {1}, trans={trans})")
    ),
    "triangular_solve": _by_flags(
        "jax.lax.linalg.triangular_solve({0}, {1}, left_side={left}, lower={lower}, "
        "transpose_a={transpose}, unit_diagonal={unit_diagonal})"
    ),
    "factor_solve": _of_factor("jax.scipy.linalg.cho_solve(({0}, {lower}), {1})"),
    "tensorsolve": "jnp.linalg.tensorsolve({0}, {1})",
    "tensorinv": "jnp.linalg.tensorinv({0}, ind={ind})",
    "solve_sylvester": "jax.scipy.linalg.solve_sylvester({0}, {1}, {2})",
    "tridiagonal_solve": "jax.lax.linalg.tridiagonal_solve({0}, {1}, {2}, {3})",
    "lu_l": "jax.scipy.linalg.lu({0})[1]",
    "lu_u": "jax.scipy.linalg.lu({0})[2]",
    "lu_compact": "jax.scipy.linalg.lu_factor({0})[0]",
    "cholesky_upper": f"jnp.linalg.cholesky({SYMMETRIC}, upper=True)",
    "eig_exp": (
        "(lambda w, v: jnp.real((v * jnp.exp(w)[..., None, :]) @ jnp.linalg.inv(v)))"
        "(*jax.lax.linalg.eig({0}, compute_left_eigenvectors=False, enable_eigvec_derivs=True))"
    ),
    "eigvals_exp": "jnp.real(jnp.sum(jnp.exp(jnp.linalg.eigvals({0})), axis=-1))",
    "expm_frechet": "jax.scipy.linalg.expm_frechet({0}, {1}, compute_expm=False)",
    "matrix_exp_upper": "jax.scipy.linalg.expm(jnp.triu({0}), upper_triangular=True)",
    "polar_symmetric": lambda call: (
        f"jax.scipy.linalg.polar({call.operands[0]}, "
        f"side='{'left' if call.params['left'] else 'right'}', method='svd')[1]"
    ),
    "pinv_of_product": "jnp.linalg.pinv({0} @ {0}.mT, rtol=1e-6, hermitian={hermitian})",
}
