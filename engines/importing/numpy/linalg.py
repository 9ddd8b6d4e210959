"""Linear algebra of NumPy and SciPy as operations of the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from ad_conformance.engines.importing.eigenvectors import eigenvectors
from ad_conformance.engines.importing.numpy.moves import as_value
from ad_conformance.engines.importing.recorder import CannotImport, Recorder


def _ndim(x: Any) -> int:
    return len(np.shape(x))


def dot(rec: Recorder, a: Any, b: Any) -> Any:
    """numpy.dot: a product of numbers, or the sum over the last axis of `a` and the second to last
    of `b`.
    """
    a, b = as_value(rec, a), as_value(rec, b)
    if not a.ndim or not b.ndim:
        return rec.multiply(a, b)
    if b.ndim <= 2 and a.ndim <= 2:
        return rec.matmul(a, b)
    other = b.ndim - 2 if b.ndim > 1 else 0
    return rec.tensordot_axes(a, b, axes_a=(a.ndim - 1,), axes_b=(other,))


def _vdot(rec: Recorder, a: Any, b: Any) -> Any:
    a, b = as_value(rec, a), as_value(rec, b)
    return rec.vecdot(rec.shaped(a, (a.size,)), rec.shaped(b, (b.size,)))


def _outer(rec: Recorder, a: Any, b: Any) -> Any:
    a, b = as_value(rec, a), as_value(rec, b)
    return rec.outer(rec.shaped(a, (a.size,)), rec.shaped(b, (b.size,)))


def _inner(rec: Recorder, a: Any, b: Any) -> Any:
    a, b = as_value(rec, a), as_value(rec, b)
    if not a.ndim or not b.ndim:
        return rec.multiply(a, b)
    return rec.tensordot_axes(a, b, axes_a=(a.ndim - 1,), axes_b=(b.ndim - 1,))


def _tensordot(rec: Recorder, a: Any, b: Any, axes: Any = 2) -> Any:
    if isinstance(axes, (int, np.integer)):
        return rec.tensordot(a, b, axes=int(axes))
    first, second = (tuple(np.atleast_1d(part).tolist()) for part in axes)
    return rec.tensordot_axes(a, b, axes_a=first, axes_b=second)


def _einsum(rec: Recorder, subscripts: str, *operands: Any, **_: Any) -> Any:
    """The letters are renamed a to h; the output is written out."""
    text = subscripts.replace(" ", "")
    if "." in text:
        raise CannotImport(f"numpy.einsum({subscripts!r}) with an ellipsis", rec.line, "einsum")
    given, arrow, output = text.partition("->")
    if not arrow:
        letters = given.replace(",", "")
        output = "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    names = {c: "abcdefgh"[k] for k, c in enumerate(dict.fromkeys(given.replace(",", "")))}
    renamed = "".join(names.get(c, c) for c in f"{given}->{output}")
    return rec.einsum(*(as_value(rec, x) for x in operands), subscripts=renamed)


def _trace(rec: Recorder, a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    if _ndim(a) == 2 and not offset:
        return rec.trace(a)
    return rec.trace_axes(a, offset=int(offset), axis1=int(axis1), axis2=int(axis2))


def _cross(rec: Recorder, a: Any, b: Any, axis: int = -1) -> Any:
    a, b = as_value(rec, a), as_value(rec, b)
    return rec.cross(a, b, axis=axis % a.ndim)


def _norm(rec: Recorder, x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    x = as_value(rec, x)
    if axis is None and ord is None:
        flat = rec.shaped(x, (x.size,))
        norm = rec.vector_norm(flat, axis=None)
        return rec.shaped(norm, (1,) * x.ndim) if keepdims else norm
    if (axis is None and x.ndim == 2) or isinstance(axis, tuple):
        axes = tuple(int(k) % x.ndim for k in axis or (0, 1))
        if len(axes) == 2 and ord in (None, "fro"):
            squares = rec.sum_axes(rec.square(x), axes=axes, keepdims=bool(keepdims))
            return rec.sqrt(squares)
        return rec.matrix_norm_axes(x, ord=_order(ord), axes=axes, keepdims=bool(keepdims))
    if axis is not None:
        axis = int(axis) % x.ndim
    if ord in (None, 2) and not keepdims:
        return rec.vector_norm(x, axis=axis)
    return rec.vector_norm_ord(x, ord=_order(2 if ord is None else ord), axis=axis,
                               keepdims=bool(keepdims))  # fmt: skip


def _order(ord: Any) -> Any:
    if ord in (np.inf, -np.inf):
        return "inf" if ord > 0 else "-inf"
    return ord if isinstance(ord, str) else float(ord)


def _vector_norm(
    rec: Recorder, x: Any, axis: Any = None, ord: Any = 2, keepdims: bool = False
) -> Any:
    return _norm(rec, x, ord, axis, keepdims)


def _solve(rec: Recorder, a: Any, b: Any, **options: Any) -> Any:
    """A vector counts as one column, unless it is a stack as in the array API."""
    if options.pop("assume_a", "gen") not in ("gen", "sym", "pos") or options:
        raise CannotImport(f"solve with {', '.join(options)}", rec.line, "solve")
    return rec.solve(as_value(rec, a), as_value(rec, b))


def _lower(rec: Recorder, a: Any, lower: bool = True, upper: bool = False, **_: Any) -> Any:
    factor = rec.cholesky(as_value(rec, a))
    return factor if lower and not upper else rec.matrix_transpose(factor)


def _solve_triangular(
    rec: Recorder, a: Any, b: Any, trans: Any = 0, lower: bool = False,
    unit_diagonal: bool = False, **_: Any,
) -> Any:  # fmt: skip
    options = {"upper": not lower, "unit_diagonal": bool(unit_diagonal),
               "transpose": trans not in (0, "N")}  # fmt: skip
    return rec.solve_triangular(as_value(rec, a), as_value(rec, b), **options)


def _cho_solve(rec: Recorder, factor: Any, b: Any, **_: Any) -> Any:
    c, lower = factor
    half = _solve_triangular(rec, c, b, trans=0 if lower else 1, lower=lower)
    return _solve_triangular(rec, c, half, trans=1 if lower else 0, lower=lower)


def _slogdet(rec: Recorder, a: Any) -> Any:
    a = as_value(rec, a)
    sign = np.linalg.slogdet(rec.at_point(a))[0]
    # The determinant keeps its sign as long as the matrix stays regular.
    return sign, rec.slogdet(a)


def _svd(
    rec: Recorder, a: Any, full_matrices: bool = True, compute_uv: bool = True, **_: Any
) -> Any:
    a = as_value(rec, a)
    values = rec.svdvals(a)
    if not compute_uv:
        return values
    if a.ndim != 2 or (full_matrices and a.shape[0] != a.shape[1]):
        what = "numpy.linalg.svd of a stack, or with full_matrices of a matrix that is not square"
        raise CannotImport(what, rec.line, "svdvals")
    # The vectors of the smaller product; the others are their images.
    tall, turned = a.shape[0] >= a.shape[1], rec.matrix_transpose(a)
    u, _values, vt = np.linalg.svd(rec.at_point(a), full_matrices=False)
    gram = rec.matmul(turned, a) if tall else rec.matmul(a, turned)
    rows = eigenvectors(rec, gram, rec.square(values), vt if tall else u.T)
    images = rec.matmul(rows, turned if tall else a)
    images = rec.divide(images, rec.shaped(values, (values.size, 1)))
    left, right = (images, rows) if tall else (rows, images)
    return rec.matrix_transpose(left), values, right


def _qr(rec: Recorder, a: Any, mode: str = "reduced") -> Any:
    """Q and R with the signs that NumPy's have at the point; the catalogue's are positive."""
    a = as_value(rec, a)
    signs = np.sign(np.diagonal(np.linalg.qr(rec.at_point(a)).R))
    r = rec.multiply(rec.qr_r(a), signs[:, None])
    return r if mode == "r" else (rec.multiply(rec.qr_q(a), signs), r)


def _lower_triangle(rec: Recorder, a: Any, uplo: str) -> Any:
    """The symmetric matrix of one triangle, which is all that NumPy reads."""
    rows, columns = np.indices(a.shape)
    first, second = np.maximum(rows, columns), np.minimum(rows, columns)
    row, column = (first, second) if uplo.upper() == "L" else (second, first)
    return rec.moved(a, row * a.shape[1] + column)


def _eigh(rec: Recorder, a: Any, UPLO: str = "L", **_: Any) -> Any:  # noqa: N803
    a = as_value(rec, a)
    if a.ndim != 2:
        raise CannotImport("numpy.linalg.eigh of a stack", rec.line, "eigvalsh")
    matrix = _lower_triangle(rec, a, UPLO)
    values = rec.eigvalsh(matrix)
    at_point = np.linalg.eigh(rec.at_point(matrix))
    return values, rec.matrix_transpose(eigenvectors(rec, matrix, values, at_point[1].T))


def _matrix(name: str) -> Callable[..., Any]:
    return lambda rec, a, **_: getattr(rec, name)(as_value(rec, a))


TABLE: dict[str, Callable[..., Any]] = {
    "dot": dot,
    "matmul": lambda rec, a, b: rec.matmul(as_value(rec, a), as_value(rec, b)),
    "vdot": _vdot,
    "vecdot": lambda rec, a, b, axis=-1: rec.sum(rec.multiply(a, b), axis=axis, keepdims=False),
    "outer": _outer,
    "inner": _inner,
    "tensordot": _tensordot,
    "einsum": _einsum,
    "kron": lambda rec, a, b: rec.kron(as_value(rec, a), as_value(rec, b)),
    "trace": _trace,
    "cross": _cross,
    "linalg.norm": _norm,
    "linalg.vector_norm": _vector_norm,
    "linalg.matrix_norm": lambda rec, x, ord="fro", **_: _norm(rec, x, ord, (-2, -1)),
    "linalg.solve": _solve,
    "linalg.cholesky": _lower,
    "linalg.slogdet": _slogdet,
    "linalg.svd": _svd,
    "linalg.svdvals": _matrix("svdvals"),
    "linalg.qr": _qr,
    "linalg.eigh": _eigh,
    "linalg.eigvalsh": _matrix("eigvalsh"),
    "linalg.det": _matrix("det"),
    "linalg.inv": _matrix("inv"),
    "linalg.pinv": _matrix("pinv"),
    "linalg.matrix_power": lambda rec, a, n: rec.matrix_power(as_value(rec, a), n=int(n)),
    "linalg.multi_dot": lambda rec, arrays: rec.multi_dot(*(as_value(rec, a) for a in arrays)),
    "linalg.lstsq": lambda rec, a, b, **_: (rec.lstsq(as_value(rec, a), as_value(rec, b)),),
    "linalg.trace": _trace,
    "linalg.diagonal": lambda rec, a: rec.diagonal(as_value(rec, a)),
    "linalg.matrix_transpose": _matrix("matrix_transpose"),
    "linalg.outer": _outer,
    "linalg.cross": _cross,
    "linalg.matmul": lambda rec, a, b: rec.matmul(as_value(rec, a), as_value(rec, b)),
    "linalg.tensordot": _tensordot,
    "linalg.vecdot": lambda rec, a, b: rec.vecdot(a, b),
    "linalg.expm": _matrix("matrix_exp"),
    "linalg.sqrtm": _matrix("sqrtm"),
    "linalg.solve_triangular": _solve_triangular,
    "linalg.cho_factor": lambda rec, a, lower=False, **_: (
        _lower(rec, a, lower=lower), bool(lower)
    ),
    "linalg.cho_solve": _cho_solve,
}  # fmt: skip
