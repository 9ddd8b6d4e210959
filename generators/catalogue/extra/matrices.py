"""Decompositions and functions of matrices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from ad_conformance.generators.arithmetic import matrices as decompositions
from ad_conformance.generators.catalogue.operands import family
from ad_conformance.generators.catalogue.operation import MAX_SIZE, Operation
from ad_conformance.generators.catalogue.row_forms import derived


def qr_r(xp: Any, a: Any) -> Any:
    """The factor R of the reduced decomposition with positive diagonal; the leading columns must be
    independent.
    """
    k = min(a.shape[-2:])
    square = xp.matrix_transpose(_factor(xp, a))
    if a.shape[-1] == k:
        return square
    leading = a[..., :, :k]
    return xp.matmul(
        xp.inv(xp.matrix_transpose(square)), xp.matmul(xp.matrix_transpose(leading), a)
    )


def qr_q(xp: Any, a: Any) -> Any:
    """The factor Q that belongs to `qr_r`."""
    return xp.matmul(a[..., :, : min(a.shape[-2:])], xp.inv(xp.matrix_transpose(_factor(xp, a))))


def _factor(xp: Any, a: Any) -> Any:
    leading = a[..., :, : min(a.shape[-2:])]
    return xp.cholesky(xp.matmul(xp.matrix_transpose(leading), leading))


def eigh_exp(xp: Any, a: Any) -> Any:
    """V exp(w) V^T of the symmetric part: smooth at equal eigenvalues, although V is not."""
    if a.shape[-1:] != a.shape[-2:-1]:
        raise ValueError(f"a square matrix is needed, not shape {a.shape}")
    return xp.matrix_exp((a + xp.matrix_transpose(a)) / 2.0)


def eigh_sqrt(xp: Any, a: Any) -> Any:
    """V sqrt(w) V^T of the symmetric part."""
    return xp.sqrtm(a)


def _gram(xp: Any, x: Any) -> Any:
    """x^T x or x x^T, whichever is smaller."""
    other = xp.matrix_transpose(x)
    return xp.matmul(other, x) if x.shape[-2] >= x.shape[-1] else xp.matmul(x, other)


def svdvals(xp: Any, x: Any) -> Any:
    """The singular values, the largest first."""
    return xp.flip(xp.sqrt(xp.eigvalsh(_gram(xp, x))), axis=-1)


def polar_factor(xp: Any, x: Any) -> Any:
    """U V^T of the singular value decomposition: smooth at equal singular values."""
    root = xp.inv(xp.sqrtm(_gram(xp, x)))
    return xp.matmul(x, root) if x.shape[-2] >= x.shape[-1] else xp.matmul(root, x)


def column_projection(xp: Any, x: Any) -> Any:
    """U U^T, the projection onto the column space; there must be fewer columns than rows."""
    return xp.matmul(x, xp.pinv(x))


def slogdet(xp: Any, a: Any) -> Any:
    """The logarithm of the magnitude of the determinant."""
    return xp.log(xp.abs(xp.det(a)))


def logdet(xp: Any, a: Any) -> Any:
    """The logarithm of the determinant."""
    return xp.log(xp.det(a))


def pinv(xp: Any, a: Any) -> Any:
    """The pseudoinverse of a matrix of full rank."""
    if a.shape[-2] == a.shape[-1]:
        return xp.inv(a)
    inverse, other = xp.inv(_gram(xp, a)), xp.matrix_transpose(a)
    return xp.matmul(inverse, other) if a.shape[-2] >= a.shape[-1] else xp.matmul(other, inverse)


def lstsq(xp: Any, a: Any, b: Any) -> Any:
    """The least-squares solution x of a x = b, for a matrix of full rank."""
    return xp.matmul(xp.pinv(a), b)


def cholesky_solve(xp: Any, a: Any, b: Any) -> Any:
    """The solution for the symmetric part of a, which must be positive definite."""
    factor = xp.cholesky(a)
    return xp.solve(xp.matrix_transpose(factor), xp.solve(factor, b))


def cholesky_inverse(xp: Any, a: Any) -> Any:
    """The inverse of the symmetric part, by its Cholesky factor."""
    root = xp.inv(xp.cholesky(a))
    return xp.matmul(xp.matrix_transpose(root), root)


def lu_solve(xp: Any, a: Any, b: Any) -> Any:
    """The solution x of a x = b, by a factorization."""
    return xp.solve(a, b)


def solve_triangular(
    xp: Any, a: Any, b: Any, *, upper: bool, unit_diagonal: bool, transpose: bool
) -> Any:
    """The solution of a x = b for a triangle of a; other entries are not used."""
    n = a.shape[-1]
    triangle = xp.triu(a, k=int(unit_diagonal)) if upper else xp.tril(a, k=-int(unit_diagonal))
    if unit_diagonal:
        triangle = triangle + np.eye(n)
    return xp.solve(xp.matrix_transpose(triangle) if transpose else triangle, b)


def matrix_power(xp: Any, a: Any, *, n: int) -> Any:
    """a to the power `n`, which may be negative."""
    if n == 0:
        return a * 0.0 + np.eye(a.shape[-1])
    base = a if n > 0 else xp.inv(a)
    result = base
    for _ in range(abs(n) - 1):
        result = xp.matmul(result, base)
    return result


def kron(xp: Any, a: Any, b: Any) -> Any:
    """The Kronecker product."""
    (m, n), (p, q) = ((1,) * (2 - x.ndim) + x.shape for x in (a, b))
    product = xp.reshape(a, shape=(m, 1, n, 1)) * xp.reshape(b, shape=(1, p, 1, q))
    return xp.reshape(product, shape=(m * p, n * q)[2 - max(a.ndim, b.ndim) :])


def cross(xp: Any, a: Any, b: Any, *, axis: int) -> Any:
    """The cross product; `axis` has length 3."""

    def rolled(x: Any, shift: int) -> Any:
        return xp.roll(x, shift=shift, axis=axis)

    return rolled(a, -1) * rolled(b, -2) - rolled(a, -2) * rolled(b, -1)


def inner(xp: Any, a: Any, b: Any) -> Any:
    """Sums of products over the last axes, as numpy.inner."""
    last = b.ndim - 1
    return xp.tensordot(a, xp.permute_dims(b, axes=(last, *range(last))), axes=1)


def multi_dot(xp: Any, *factors: Any) -> Any:
    """The product of matrices; the first and the last operand may be vectors."""
    product = factors[0]
    for factor in factors[1:]:
        product = xp.matmul(product, factor)
    return product


def _powers(xp: Any, x: Any, *, columns: int, increasing: bool) -> Any:
    """The Vandermonde matrix by products, whose derivatives engines compute as product / factor."""
    ones = xp.pow(x[:, None], np.zeros(1))
    rows = xp.cumulative_prod(xp.concat([ones, *[x[:, None]] * (columns - 1)], axis=1), axis=1)
    return rows if increasing else xp.flip(rows, axis=1)


def vander(xp: Any, x: Any, *, columns: int, increasing: bool) -> Any:
    """The Vandermonde matrix of a vector."""
    powers = np.arange(columns, dtype=float)
    return xp.pow(x[:, None], powers if increasing else powers[::-1].copy())


def corrcoef(xp: Any, x: Any) -> Any:
    """The correlations of the rows of a matrix."""
    c = xp.cov(x, correction=1)
    deviation = xp.sqrt(xp.diagonal(c))
    return c / (deviation[:, None] * deviation)


def vector_norm_ord(xp: Any, x: Any, *, ord: float | str, axis: int | None, keepdims: bool) -> Any:
    """The norm of vectors along `axis`."""
    if isinstance(ord, str):
        extremum = xp.max if ord == "inf" else xp.min
        return extremum(xp.abs(x), axis=axis, keepdims=keepdims)
    if ord == 1.0:
        return xp.sum(xp.abs(x), axis=axis, keepdims=keepdims)
    size = x if ord % 2.0 == 0.0 else xp.abs(x)
    return xp.pow(xp.sum(xp.pow(size, ord), axis=axis, keepdims=keepdims), 1.0 / ord)


def matrix_norm_ord(xp: Any, x: Any, *, ord: float | str) -> Any:
    """The norms induced by norms of vectors, and the nuclear norm; a negative order takes the
    minimum instead of the maximum.
    """
    if ord == "nuc":
        return xp.trace(xp.sqrtm(_gram(xp, x)))
    if ord in (2.0, -2.0):
        return xp.svdvals(x)[..., 0 if ord == 2.0 else -1]
    sums = xp.sum(xp.abs(x), axis=-2 if ord in (1.0, -1.0) else -1, keepdims=False)
    extremum = xp.max if ord in (1.0, "inf") else xp.min
    return extremum(sums, axis=-1, keepdims=False)


def cdist(xp: Any, a: Any, b: Any, *, p: float | str) -> Any:
    """The distances of the rows of `a` from those of `b`."""
    return xp.vector_norm_ord(a[:, None, :] - b[None, :, :], ord=p, axis=-1, keepdims=False)


ORDER = {"ord": "order"}


def _einsum(*xs: np.ndarray, subscripts: str) -> Any:
    letters = subscripts.partition("->")[0].split(",")
    lengths = {
        k: n
        for group, x in zip(letters, xs, strict=False)
        for k, n in zip(group, x.shape, strict=False)
    }
    if math.prod(lengths.values()) > MAX_SIZE**2:
        raise ValueError(f"{subscripts!r} is too large a sum")
    return np.einsum(subscripts, *xs)


ROWS: Sequence[Operation] = (
    Operation(
        name="cholesky",
        summary="The lower triangular factor of the symmetric part.",
        evaluate=decompositions.cholesky,
        mixes=True,
        term_scale=decompositions.from_semidefinite,
        template=None,
        operands=family("definite"),
        weight=2,
    ),
    Operation(
        name="matrix_exp",
        evaluate=decompositions.matrix_exp,
        mixes=True,
        terms=decompositions.matrix_exp_terms,
        # Its derivatives are of its own size.
        term_scale=lambda a: np.ones(()),
        template=None,
        operands=family("small"),
        weight=2,
    ),
    Operation(
        name="sqrtm",
        summary="The square root of the symmetric part, which must be positive definite.",
        evaluate=decompositions.sqrtm,
        mixes=True,
        term_scale=decompositions.from_semidefinite,
        template=None,
        operands=family("definite"),
    ),
    Operation(
        name="eigvalsh",
        summary="The eigenvalues of the symmetric part, in ascending order.",
        evaluate=decompositions.eigvalsh,
        mixes=True,
        term_scale=decompositions.from_equal_eigenvalues,
        template=None,
        operands=family("simple_spectrum"),
    ),
    Operation(
        name="eigenvector_weights",
        summary="The squared entries of the eigenvectors of the symmetric part, as columns.",
        evaluate=decompositions.eigenvector_weights,
        mixes=True,
        term_scale=decompositions.from_equal_eigenvalues,
        template=None,
        operands=family("simple_spectrum"),
    ),
    Operation(
        name="einsum",
        evaluate=_einsum,
        template="xp.einsum('{subscripts}', {args})",
        operands=family("einsum"),
        arity=None,
        params={"subscripts": "subscripts"},
        exact=True,
        curvature="multilinear",
        weight=3,
    ),
    derived(qr_r, family("full_rank"), weight=2, mixes=True),
    derived(qr_q, family("full_rank"), weight=2, mixes=True),
    derived(
        eigh_exp, family("small"), mixes=True, term_scale=decompositions.from_equal_eigenvalues
    ),
    derived(
        eigh_sqrt,
        family("definite"),
        mixes=True,
        term_scale=decompositions.from_equal_or_zero_eigenvalues,
    ),
    derived(
        svdvals,
        family("simple_singular_values"),
        mixes=True,
        term_scale=decompositions.from_equal_singular_values,
    ),
    derived(
        polar_factor,
        family("full_rank"),
        mixes=True,
        term_scale=decompositions.from_equal_singular_values,
    ),
    derived(
        column_projection,
        family("tall"),
        mixes=True,
        term_scale=decompositions.from_equal_singular_values,
    ),
    derived(slogdet, family("regular"), weight=2, mixes=True),
    derived(logdet, family("definite"), mixes=True),
    derived(
        pinv, family("full_rank"), weight=2, mixes=True, term_scale=decompositions.from_dependent
    ),
    derived(
        lstsq,
        family("with_right_side", family("full_rank")),
        arity=2,
        weight=2,
        mixes=True,
        term_scale=decompositions.of_system(decompositions.from_dependent),
    ),
    derived(cholesky_solve, family("with_right_side", family("definite")), arity=2, mixes=True),
    derived(cholesky_inverse, family("definite"), mixes=True),
    derived(lu_solve, family("with_right_side", family("regular")), arity=2, mixes=True),
    derived(
        solve_triangular,
        family("triangular"),
        arity=2,
        params={"upper": "bool", "unit_diagonal": "bool", "transpose": "bool"},
        weight=2,
        mixes=True,
    ),
    derived(matrix_power, family("matrix_power"), params={"n": "times"}, weight=2),
    derived(kron, family("kron"), arity=2, exact=True, curvature="multilinear"),
    derived(
        cross,
        family("cross"),
        arity=2,
        params={"axis": "int"},
        exact=True,
        curvature="multilinear",
    ),
    derived(inner, family("inner"), arity=2, exact=True, curvature="multilinear"),
    derived(multi_dot, family("multi_dot"), arity=None, exact=True, curvature="multilinear"),
    derived(
        vander,
        family("vander"),
        params={"columns": "times", "increasing": "bool"},
        in_steps=_powers,
        exact=True,
    ),
    derived(corrcoef, family("varied_observations")),
    derived(
        vector_norm_ord,
        family("vector_norm_ord"),
        params={**ORDER, "axis": "axis", "keepdims": "bool"},
        weight=3,
    ),
    derived(matrix_norm_ord, family("matrix_norm_ord"), params=ORDER, weight=2),
    derived(cdist, family("cdist"), arity=2, params={"p": "order"}),
)
