"""How PyTorch writes products, linear systems and factors of matrices, with all their options."""

from __future__ import annotations

from ad_conformance.engines.adapters.numpy_calls import norm
from ad_conformance.generators.catalogue.operation import Call, Template

SYMMETRIC = "({0} + {0}.mT) / 2"
_SUM = "({args}, beta={beta}, alpha={alpha})"
_FACTORED = "torch.linalg.lu_solve(*torch.linalg.lu_factor({0}), {1}, left={left}, adjoint="


def _triangular_solve(call: Call) -> str:
    """PyTorch cannot transpose the matrix: the transposed triangle is the other one."""
    upper, transposed = call.params["upper"], call.params["transpose"]
    matrix = f"{call.operands[0]}.mT" if transposed else call.operands[0]
    return (
        f"torch.linalg.solve_triangular({matrix}, {call.operands[1]}, "
        f"upper={upper != transposed}, left={call.params['left']}, "
        f"unitriangular={call.params['unit_diagonal']})"
    )


def _of_factor(template: str) -> Template:
    """A function of a triangular factor, whose other triangle is zero."""

    def write_call(call: Call) -> str:
        triangle = "triu" if call.params["upper"] else "tril"
        factor = f"torch.{triangle}({call.operands[0]})"
        return template.format(factor, *call.operands[1:], upper=call.params["upper"])

    return write_call


def _lu_unpacked(call: Call) -> str:
    n = call.shapes[0][-1]
    pivots = f"torch.arange(1, {n + 1}, dtype=torch.int32)"
    return f"torch.matmul(*torch.lu_unpack({call.operands[0]}, {pivots})[1:])"


LINEAR: dict[str, Template] = {
    **{f: f"torch.{f}{_SUM}" for f in ("addmm", "addmv", "addr", "baddbmm", "addbmm")},
    "batched_matmul": "torch.matmul({0}, {1})",
    "tensordot_axes": "torch.tensordot({0}, {1}, dims=({axes_a}, {axes_b}))",
    "vector_norm_axes": norm(
        "torch.linalg.vector_norm({0}, {ord}, dim={axes}, keepdim={keepdims})"
    ),
    "matrix_norm_axes": norm(
        "torch.linalg.matrix_norm({0}, {ord}, dim={axes}, keepdim={keepdims})"
    ),
    "cond": lambda call: (
        f"torch.linalg.cond({call.operands[0]}, 'nuc')"
        if call.params["ord"] == "nuc"
        else norm("torch.linalg.cond({0}, {ord})")(call)
    ),
    "dist": norm("torch.dist({0}, {1}, {p})"),
    # PyTorch adds 1e-7 to the norm.
    "renorm": "torch.renorm({0}, {p}, {axis}, {max})",
    "solve_stack": "torch.linalg.solve({0}, {1}, left={left})",
    "lu_solve_flags": _FACTORED + "{transpose})",
    "triangular_solve": _triangular_solve,
    "factor_solve": _of_factor("torch.cholesky_solve({1}, {0}, upper={upper})"),
    "factor_inverse": _of_factor("torch.cholesky_inverse({0}, upper={upper})"),
    "tensorsolve": "torch.linalg.tensorsolve({0}, {1})",
    "tensorinv": "torch.linalg.tensorinv({0}, ind={ind})",
    "lu_l": "torch.linalg.lu({0}).L",
    "lu_u": "torch.linalg.lu({0}).U",
    "lu_compact": "torch.linalg.lu_factor({0}).LU",
    "lu_unpacked": _lu_unpacked,
    "cholesky_upper": f"torch.linalg.cholesky({SYMMETRIC}, upper=True)",
    "householder_product": "torch.linalg.householder_product({0}, {1})",
    "ormqr": "torch.ormqr({0}, {1}, {2}, left={left}, transpose={transpose})",
    "eig_exp": (
        "(lambda w, v: torch.linalg.solve(v, v * torch.exp(w)[..., None, :], left=False).real)"
        "(*torch.linalg.eig({0}))"
    ),
    "eigvals_exp": "torch.sum(torch.exp(torch.linalg.eigvals({0})), dim=-1).real",
    "pinv_of_product": ("torch.linalg.pinv({0} @ {0}.mT, rtol=1e-6, hermitian={hermitian})"),
}
