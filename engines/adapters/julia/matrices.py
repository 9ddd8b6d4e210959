"""How Julia writes decompositions, products and norms of matrices that only some engines have."""

from __future__ import annotations

from ad_conformance.engines.adapters.julia.language import dims
from ad_conformance.engines.adapters.julia.templates import contracted, kept, of_matrix, only
from ad_conformance.generators.catalogue.operation import Call, Template
from ad_conformance.generators.render.dialect import UnsupportedOperation

#: The mean of a matrix and its transpose: engines differ in which triangle they read.
SYMMETRIC = "LinearAlgebra.Symmetric(({0} .+ transpose({0})) ./ 2)"


def _solve_triangular(call: Call) -> str:
    upper, unit, transposed = (call.params[k] for k in ("upper", "unit_diagonal", "transpose"))
    triangle = (
        f"LinearAlgebra.{'Unit' * unit}{'Upper' if upper else 'Lower'}Triangular({only(call, 2)})"
    )
    return f"{f'transpose({triangle})' if transposed else triangle} \\ {call.operands[1]}"


def _kron(call: Call) -> str:
    axes = tuple(map(len, call.shapes))
    if not set(axes) <= {1, 2}:
        raise UnsupportedOperation("kron of more than vectors and matrices")
    # A vector beside a matrix is a row.
    parts = [
        f"permutedims({x})" if n < max(axes) else x
        for x, n in zip(call.operands, axes, strict=True)
    ]
    return f"kron({', '.join(parts)})"


def _cross(call: Call) -> str:
    if call.shapes != ((3,), (3,)):
        raise UnsupportedOperation("cross of more than vectors")
    return f"LinearAlgebra.cross({', '.join(call.operands)})"


def _inner(call: Call) -> str:
    a, b = call.operands
    match tuple(map(len, call.shapes)):
        case 2, 2:
            return f"{a} * transpose({b})"
        case 1, 2:
            return f"{b} * {a}"
        case (1, 1) | (2, 1):
            return contracted(call, 1)
    raise UnsupportedOperation("inner product of more than vectors and matrices")


def _multi_dot(call: Call) -> str:
    if {*map(len, call.shapes[:-1]), 2} != {2} or len(call.shapes[-1]) not in (1, 2):
        raise UnsupportedOperation("multi_dot that begins with a vector")
    return " * ".join(call.operands)


def _vander(call: Call) -> str:
    powers = range(call.params["columns"])
    shown = list(powers if call.params["increasing"] else reversed(powers))
    return f"{only(call, 1)} .^ reshape(Int[{dims(shown)}], 1, {len(shown)})"


def _order(value: object) -> str:
    return str(value).replace("inf", "Inf")


def _vector_norm_ord(call: Call) -> str:
    if call.params["axis"] is not None and len(call.shapes[0]) != 1:
        raise UnsupportedOperation("vector norm along an axis")
    return kept(
        f"LinearAlgebra.norm({call.operands[0]}, {_order(call.params['ord'])})",
        call,
        call.params["keepdims"],
    )


def _matrix_norm_ord(call: Call) -> str:
    x, order = only(call, 2), call.params["ord"]
    if order == "nuc":
        return f"sum(LinearAlgebra.svdvals({x}))"
    if order not in (1.0, 2.0, "inf"):
        raise UnsupportedOperation(f"matrix norm of order {order}")
    return f"LinearAlgebra.opnorm({x}, {_order(order)})"


MATRIX_TEMPLATES: dict[str, Template | None] = {
    "cholesky": of_matrix(f"Matrix(LinearAlgebra.cholesky({SYMMETRIC}).L)"),
    "matrix_exp": of_matrix("exp({0})"),
    "sqrtm": of_matrix(f"Matrix(sqrt({SYMMETRIC}))"),
    "eigvalsh": of_matrix(f"LinearAlgebra.eigvals({SYMMETRIC})"),
    "eigenvector_weights": of_matrix(f"LinearAlgebra.eigvecs({SYMMETRIC}) .^ 2"),
    "eigh_exp": of_matrix(f"Matrix(exp({SYMMETRIC}))"),
    "eigh_sqrt": of_matrix(f"Matrix(sqrt({SYMMETRIC}))"),
    "qr_r": of_matrix("(F -> sign.(LinearAlgebra.diag(F.R)) .* F.R)(LinearAlgebra.qr({0}))"),
    "qr_q": of_matrix(
        "(F -> Matrix(F.Q) .* transpose(sign.(LinearAlgebra.diag(F.R))))(LinearAlgebra.qr({0}))"
    ),
    "svdvals": of_matrix("LinearAlgebra.svdvals({0})"),
    "polar_factor": of_matrix("(F -> F.U * F.Vt)(LinearAlgebra.svd({0}))"),
    "column_projection": of_matrix("(F -> F.U * transpose(F.U))(LinearAlgebra.svd({0}))"),
    "slogdet": of_matrix("LinearAlgebra.logabsdet({0})[1]"),
    "logdet": of_matrix("LinearAlgebra.logdet({0})"),
    "pinv": of_matrix("LinearAlgebra.pinv({0})"),
    "lstsq": of_matrix("{0} \\ {1}"),
    "cholesky_solve": of_matrix(f"LinearAlgebra.cholesky({SYMMETRIC}) \\ {{1}}"),
    "cholesky_inverse": of_matrix(f"inv(LinearAlgebra.cholesky({SYMMETRIC}))"),
    "lu_solve": of_matrix("LinearAlgebra.lu({0}) \\ {1}"),
    "solve_triangular": _solve_triangular,
    "matrix_power": of_matrix("{0} ^ {n}"),
    "kron": _kron,
    "cross": _cross,
    "inner": _inner,
    "multi_dot": _multi_dot,
    "vander": _vander,
    "vector_norm_ord": _vector_norm_ord,
    "matrix_norm_ord": _matrix_norm_ord,
}
