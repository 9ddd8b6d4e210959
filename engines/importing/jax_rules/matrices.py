"""Primitives of JAX that factor matrices or solve systems of equations."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.extend.core
import numpy as np
from ad_conformance.engines.importing.eigenvectors import eigenvectors
from ad_conformance.engines.importing.jax_rules.moves import stacked
from ad_conformance.engines.importing.jax_rules.values import (
    Pair,
    Reader,
    Shape,
    Value,
    is_known,
)
from ad_conformance.engines.importing.recorder import Recorder

Rule = Callable[..., Value]


def each(to: Reader, x: Value, shape: Shape, rule: Callable[[Any], tuple[Any, ...]]) -> Any:
    """A rule for one matrix, applied to each of a stack: its results, stacked."""
    if len(shape) == 2:
        return rule(to.full(x, shape))
    parts = []
    for i in range(shape[0]):
        part = to.moved(x, shape, partial(np.take, indices=i, axis=0))
        parts.append(each(to, part, shape[1:], rule))
    return tuple(stacked(to, part, part[0].shape) for part in zip(*parts, strict=True))


def cholesky(to: Reader, eqn: Any, x: Value) -> Value:
    made = to.recorder.cholesky(symmetric(to, x, eqn.invars[0].aval.shape))
    to.triangles.add(made.value_id)
    return made


def symmetric(to: Reader, x: Value, shape: Shape) -> Any:
    """A matrix whose symmetric part is that of the lower triangle of x."""
    found = to.full(x, shape)
    if (whole := to.symmetrized(found)) is not None:
        return whole
    return found if to.is_symmetric(found) else mirrored(to, found, shape)


def mirrored(to: Reader, x: Any, shape: Shape) -> Any:
    """The symmetric matrix of the lower triangle of x."""
    n = shape[-1]
    rows, columns = np.indices((n, n))
    lower, upper = np.maximum(rows, columns), np.minimum(rows, columns)
    return to.full(to.moved(x, shape, lambda a: a[..., lower, upper]), shape)


def triangular_solve(to: Reader, eqn: Any, a: Value, b: Value) -> Value:
    params = eqn.params
    matrix, right = (to.full(p, v.aval.shape) for p, v in zip((a, b), eqn.invars, strict=True))
    return to.recorder.triangular_solve(
        matrix,
        right,
        left=bool(params["left_side"]),
        upper=not params["lower"],
        unit_diagonal=bool(params["unit_diagonal"]),
        transpose=bool(params["transpose_a"]),
    )


def lu(to: Reader, eqn: Any, x: Value) -> Value:
    """Both factors in one matrix. The order of the rows is that at the point: it is no part of
    what products of both factors are.
    """
    shape = eqn.invars[0].aval.shape
    _, pivots, order = eqn.primitive.bind(to.at_point(x, eqn.invars[0].aval), **eqn.params)
    orders = iter(np.asarray(order).reshape(-1, shape[-2]).tolist())
    (made,) = each(
        to, x, shape, lambda one: (to.recorder.lu_compact(one, rows=tuple(next(orders))),)
    )
    return made, np.asarray(pivots), np.asarray(order)


def qr(to: Reader, eqn: Any, x: Value) -> Value:
    """Both factors, with the signs that the library chooses."""
    shape = eqn.invars[0].aval.shape
    if eqn.params.get("pivoting") or (eqn.params["full_matrices"] and shape[-2] > shape[-1]):
        raise to.refuse("qr with pivots, or of more rows than columns with all columns of Q")
    theirs = eqn.primitive.bind(to.at_point(x, eqn.invars[0].aval), **eqn.params)
    diagonal = np.diagonal(np.asarray(theirs[1]), axis1=-2, axis2=-1)
    signs = np.where(diagonal < 0, -1.0, 1.0)
    found = to.full(x, shape)
    q, r = to.recorder.qr_q(found), to.recorder.qr_r(found)
    if np.any(signs < 0):
        q = to.recorder.multiply(q, signs[..., None, :])
        r = to.recorder.multiply(r, signs[..., :, None])
    return q, r


def householder_product(to: Reader, eqn: Any, a: Value, tau: Value) -> Value:
    matrix, factors = (to.full(p, v.aval.shape) for p, v in zip((a, tau), eqn.invars, strict=True))
    return to.recorder.householder_product(matrix, factors)


def eigh(to: Reader, eqn: Any, x: Value) -> Value:
    """Eigenvectors and eigenvalues of a symmetric matrix."""
    shape, n = eqn.invars[0].aval.shape, eqn.invars[0].aval.shape[-1]
    theirs = [
        np.asarray(v) for v in eqn.primitive.bind(to.at_point(x, eqn.invars[0].aval), **eqn.params)
    ]
    if theirs[1].shape[-1] != n or theirs[0].ndim != len(shape):
        raise to.refuse("eigh of some eigenvalues")
    values = to.recorder.eigvalsh(symmetric(to, x, shape))
    if not to.needs(eqn, 0):
        return np.zeros(shape), values
    found = to.full(x, shape)
    matrix = found if to.is_symmetric(found) else mirrored(to, found, shape)
    rows_at_point = iter(np.swapaxes(theirs[0], -2, -1).reshape(-1, n, n))

    def one(part: Any) -> tuple[Any, ...]:
        own = to.recorder.eigvalsh(part)
        rows = eigenvectors(to.recorder, part, own, next(rows_at_point))
        return (to.recorder.matrix_transpose(rows),)

    return each(to, matrix, shape, one)[0], values


def svd(to: Reader, eqn: Any, x: Value) -> Value:
    """Singular values, and the singular vectors of matrices whose singular values differ."""
    shape = eqn.invars[0].aval.shape
    params = eqn.params
    found = to.full(x, shape)
    values = to.recorder.svdvals(found)
    if not params["compute_uv"]:
        return (values,)
    if not (to.needs(eqn, 1) or to.needs(eqn, 2)):
        return values, np.zeros(eqn.outvars[1].aval.shape), np.zeros(eqn.outvars[2].aval.shape)
    m, n = shape[-2:]
    if params["full_matrices"] and m != n:
        raise to.refuse("svd with full matrices")
    theirs = eqn.primitive.bind(to.at_point(x, eqn.invars[0].aval), **params)
    k = min(m, n)
    left = iter(np.swapaxes(np.asarray(theirs[1]), -2, -1).reshape(-1, k, m))
    right = iter(np.asarray(theirs[2]).reshape(-1, k, n))

    def one(part: Any) -> tuple[Any, ...]:
        ours, other = next(right), next(left)
        single = to.recorder.svdvals(part)
        turned = to.recorder.matrix_transpose(part)
        tall = m >= n
        gram = to.recorder.matmul(turned, part) if tall else to.recorder.matmul(part, turned)
        # Rows: of V if the matrix is tall, else of U.
        squares = to.recorder.square(single)
        rows = eigenvectors(to.recorder, gram, squares, ours if tall else other)
        scale = to.recorder.shaped(single, (k, 1))
        mapped = to.recorder.matmul(rows, turned if tall else part)
        others = to.recorder.divide(mapped, scale)
        u, v = (others, rows) if tall else (rows, others)
        return to.recorder.matrix_transpose(u), v

    return (values, *each(to, found, shape, one))


def tridiagonal_solve(to: Reader, eqn: Any, *operands: Value) -> Value:
    shapes = [v.aval.shape for v in eqn.invars]
    if len(shapes[0]) != 1:
        raise to.refuse("tridiagonal_solve of stacks")
    return to.recorder.tridiagonal_solve(
        *(to.full(x, shape) for x, shape in zip(operands, shapes, strict=True))
    )


def custom_linear_solve(to: Reader, eqn: Any, *operands: Value) -> Value:
    """The solution of matvec(x) = b: the matrix is what `matvec` makes of unit vectors."""
    count = eqn.params["const_lengths"].matvec
    total = sum(n for n in eqn.params["const_lengths"])
    matvec = eqn.params["jaxprs"].matvec
    consts, right = operands[:count], operands[total:]
    shapes = [v.aval.shape for v in eqn.invars[total:]]
    if len(right) != 1 or isinstance(right[0], Pair):
        raise to.refuse("custom_linear_solve of several arrays")
    if (made := _dense(to, matvec.jaxpr, consts, right[0], shapes[0])) is not None:
        return (made,)
    n = math.prod(shapes[0])
    units = np.eye(n).reshape(n, *shapes[0])
    function = jax.vmap(jax.extend.core.jaxpr_as_fun(matvec), (*[None] * count, 0))
    given = [np.zeros(v.aval.shape, v.aval.dtype) for v in matvec.jaxpr.invars[:count]]
    columns = jax.make_jaxpr(function)(*given, units.astype(eqn.invars[-1].aval.dtype))
    (found,) = to.run(columns.jaxpr, columns.consts, [*consts, units])
    rows = to.moved(found, (n, *shapes[0]), lambda a: a.reshape(n, n).T)
    flat = to.full(to.moved(right[0], shapes[0], lambda a: a.reshape(-1)), (n,))
    return (to.recorder.shaped(to.recorder.solve(to.full(rows, (n, n)), flat), shapes[0]),)


def _dense(to: Reader, jaxpr: Any, consts: Any, right: Value, shape: Shape) -> Value | None:
    """The solution if `matvec` is the product with one matrix, or with one of a stack each."""
    names = [e.primitive.name for e in jaxpr.eqns]
    if names not in (["dot_general"], ["dot_general", "transpose"]) or len(consts) != 1:
        return None
    eqn = jaxpr.eqns[0]
    if eqn.invars[0] is not jaxpr.invars[0] or eqn.invars[1] is not jaxpr.invars[1]:
        return None
    (over_a, over_x), (batch_a, batch_x) = eqn.params["dimension_numbers"]
    size = len(eqn.invars[0].aval.shape)
    if tuple(over_a) != (size - 1,) or tuple(batch_a) != tuple(range(size - 2)):
        return None
    matrix = to.full(consts[0], eqn.invars[0].aval.shape)
    axes = [*batch_x, *over_x, *(a for a in range(len(shape)) if a not in (*batch_x, *over_x))]
    turned = tuple(shape[a] for a in axes)
    columns = to.full(to.moved(right, shape, lambda a: a.transpose(axes)), turned)
    if size > 2:
        wide = (*turned[: size - 1], math.prod(turned[size - 1 :]))
        made = to.recorder.solve_stack(matrix, to.recorder.shaped(columns, wide), left=True)
        made = to.recorder.shaped(made, turned)
    elif len(turned) <= 2:
        made = to.recorder.solve(matrix, columns)
    else:
        return None
    return to.moved(made, turned, lambda a: a.transpose(np.argsort(axes)))


#: Functions of JAX on one matrix that are followed as one operation, given the matrix and the
#: results of the library at the point: the steps that JAX takes are singular where the function is
#: smooth, or many.
FUNCTIONS: dict[str, Callable[[Recorder, Any, Callable[[], list[Any]]], Any]] = {
    "_pinv": lambda recorder, x, theirs: (recorder.pinv(x),),
    "det": lambda recorder, x, theirs: (recorder.det(x),),
    "expm": lambda recorder, x, theirs: (recorder.matrix_exp(x),),
    "slogdet": lambda recorder, x, theirs: (theirs()[0], recorder.slogdet(x)),
}


def shortcut(to: Reader, name: str, x: Value, shape: Shape, theirs: Callable[[], list[Any]]) -> Any:
    """The results of one of `FUNCTIONS` at a matrix, or None if the operation does something else.

    `theirs` computes the results of the library at the point.
    """
    if is_known(x) or len(shape) != 2 or isinstance(x, Pair):
        return None
    made = FUNCTIONS[name](to.recorder, to.full(x, shape), theirs)
    if name == "expm":
        # It takes JAX seconds to compile, and its options change no value.
        return made
    for ours, their in zip(made, theirs(), strict=True):
        if not np.allclose(to.recorder.at_point(ours), their, rtol=1e-5, atol=1e-8):
            return None
    return made


MATRICES: dict[str, Rule] = {
    "cholesky": cholesky,
    "custom_linear_solve": custom_linear_solve,
    "eigh": eigh,
    "householder_product": householder_product,
    "lu": lu,
    "qr": qr,
    "svd": svd,
    "triangular_solve": triangular_solve,
    "tridiagonal_solve": tridiagonal_solve,
}
