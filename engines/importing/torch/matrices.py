"""Linear algebra."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from ad_conformance.engines.importing.recorder import CannotImport, Recorder
from ad_conformance.engines.importing.torch.rule import Rule, tensors, whole
from ad_conformance.engines.importing.torch.tracking import Later, Moved, Tracking, as_numpy
from ad_conformance.generators.rewrite.recording import Recorded

Array = np.ndarray
#: The most rows of a matrix that the catalogue inverts.
MOST_ROWS = 8


def by_matrix(t: Tracking, x: torch.Tensor, rule: Callable[[Any], Any]) -> Moved:
    """The rule for each matrix of a stack."""
    codes = t.codes(x)
    flat = codes.reshape(-1, *codes.shape[-2:])
    found = [t.entries.codes(rule(t.entries.numbers(t.entries.read(part)))) for part in flat]
    return Moved(np.stack(found).reshape((*codes.shape[:-2], *found[0].shape)))


def _rows_of_pivots(pivots: Array, count: int) -> tuple[int, ...]:
    """The order of rows that interchanges, counted from 1, lead to."""
    rows = list(range(count))
    for k, pivot in enumerate(pivots.tolist()):
        rows[k], rows[pivot - 1] = rows[pivot - 1], rows[k]
    return tuple(rows)


def _factored(r: Recorder, a: Any) -> tuple[Any, tuple[int, ...]]:
    """Both factors in one matrix, and the order of the rows at the point."""
    _, pivots = torch.linalg.lu_factor(torch.from_numpy(np.array(r.at_point(a))))
    rows = _rows_of_pivots(pivots.numpy(), a.shape[0])
    return r.lu_compact(a, rows=rows), rows


def _sign_of(rows: tuple[int, ...]) -> float:
    return float(np.round(np.linalg.det(np.eye(len(rows))[list(rows)])))


def _det(r: Recorder, a: Any) -> Any:
    if a.shape[-1] <= MOST_ROWS:
        return r.det(a)
    factors, rows = _factored(r, a)
    return r.multiply(r.prod(r.diagonal(factors), axis=None, keepdims=False), _sign_of(rows))


def _logabsdet(r: Recorder, a: Any) -> Any:
    if a.shape[-1] <= MOST_ROWS:
        return r.slogdet(a)
    factors, _ = _factored(r, a)
    return r.sum(r.log(r.abs(r.diagonal(factors))), axis=None, keepdims=False)


def _triangular(
    r: Recorder, a: Any, b: Any, upper: bool, unit: bool = False, transpose: bool = False
) -> Any:
    """The solution of a x = b for a triangle of a, part by part if there are many rows."""
    n = a.shape[-1]
    given = {"left": True, "upper": upper, "unit_diagonal": unit, "transpose": transpose}
    if n <= MOST_ROWS:
        return r.triangular_solve(a, b, **given)
    count = -(-n // MOST_ROWS)
    bounds = [round(k * n / count) for k in range(count + 1)]
    parts: dict[int, Any] = {}
    downwards = upper == transpose
    for k in range(count) if downwards else reversed(range(count)):
        low, high = bounds[k], bounds[k + 1]
        rest = _rows(r, b, low, high)
        for j, found in parts.items():
            ends = (bounds[j], bounds[j + 1])
            block = _block(r, a, *((*ends, low, high) if transpose else (low, high, *ends)))
            rest = r.subtract(rest, r.matmul(_turned(r, block) if transpose else block, found))
        parts[k] = r.triangular_solve(_block(r, a, low, high, low, high), rest, **given)
    return r.concat([parts[k] for k in range(count)], axis=0)


def _turned(r: Recorder, a: Any) -> Any:
    return r.matrix_transpose(a) if isinstance(a, Recorded) else np.swapaxes(a, -1, -2)


def _rows(r: Recorder, x: Any, low: int, high: int) -> Any:
    if not isinstance(x, Recorded):
        return x[low:high]
    return r.slice(x, axis=0, start=low, stop=high, step=1)


def _block(r: Recorder, a: Any, top: int, bottom: int, left: int, right: int) -> Any:
    rows = _rows(r, a, top, bottom)
    if not isinstance(rows, Recorded):
        return rows[:, left:right]
    return r.slice(rows, axis=1, start=left, stop=right, step=1)


def solve(r: Recorder, a: Any, b: Any) -> Any:
    """The solution x of a x = b, for a vector or a matrix b."""
    if a.shape[-1] <= MOST_ROWS:
        return r.solve(a, b)
    vector = np.ndim(b) == 1
    if vector:
        b = r.shaped(b, (*b.shape, 1)) if isinstance(b, Recorded) else b[:, None]
    if isinstance(a, Recorded):
        factors, rows = _factored(r, a)
    else:
        factors, pivots = (x.numpy() for x in torch.linalg.lu_factor(torch.from_numpy(a)))
        rows = _rows_of_pivots(pivots, len(a))
    ordered = r.take(b, indices=rows, axis=0) if isinstance(b, Recorded) else b[list(rows)]
    found = _triangular(r, factors, _triangular(r, factors, ordered, False, unit=True), True)
    return r.shaped(found, found.shape[:1]) if vector else found


def by_pair(t: Tracking, a: Any, b: Any, is_vector: bool, rule: Callable[[Any, Any], Any]) -> Moved:
    """The rule for each matrix of a stack and the matrix or vector that belongs to it."""
    first, second = t.codes(a), t.codes(b)
    axes = 1 if is_vector else 2
    stack = np.broadcast_shapes(first.shape[:-2], second.shape[:-axes])
    first = np.broadcast_to(first, (*stack, *first.shape[-2:]))
    second = np.broadcast_to(second, (*stack, *second.shape[-axes:]))
    found = [
        t.entries.codes(
            rule(*(t.entries.numbers(t.entries.read(np.array(c[k]))) for c in (first, second)))
        )
        for k in np.ndindex(*stack)
    ]
    return Moved(np.stack(found).reshape((*stack, *found[0].shape)))


def _solved(t: Tracking, made: Any, a: Any, b: Any, left: bool = True, *_options: Any) -> Any:
    r = t.recorder
    is_vector = b.ndim == 1 or (a.ndim - 1 == b.ndim and b.shape == a.shape[:-1])

    def rule(a: Any, b: Any) -> Any:
        return solve(r, a, b) if left else _turned(r, solve(r, _turned(r, a), _turned(r, b)))

    found = by_pair(t, a, b, is_vector, rule)
    return [found, *_factors_later(t, a, made[1:])]


def _factors_later(t: Tracking, a: Any, made: Any) -> list[Any]:
    """The compact factors, if something reads them, with the pivots of the point.

    Some operators factor the transpose of a matrix that is contiguous.
    """
    if a.ndim != 2:
        return [None] * len(made)

    def make() -> Any:
        compact, value = as_numpy(made[0]), t.numbers(a)
        rows = _rows_of_pivots(as_numpy(made[1]), a.shape[0])
        count = min(compact.shape)
        lower = np.tril(compact, -1)[:, :count] + np.eye(compact.shape[0], count)
        there = as_numpy(a)[list(rows)] if compact.shape == tuple(a.shape) else None
        if there is None or not np.allclose(lower @ np.triu(compact)[:count], there, rtol=1e-4):
            value = t.recorder.matrix_transpose(value)
        return t.recorder.lu_compact(value, rows=rows)

    return [Later(make), *[None] * (len(made) - 1)]


def _determined(t: Tracking, made: Any, a: Any) -> Any:
    found = by_matrix(t, a, lambda x: _det(t.recorder, x))
    return [found, *_factors_later(t, a, made[1:])]


def _log_determined(t: Tracking, made: Any, a: Any) -> Any:
    found = by_matrix(t, a, lambda x: _logabsdet(t.recorder, x))
    # The sign changes nowhere near.
    sign = Moved(t.entries.codes(as_numpy(made[0])))
    return [sign, found, *_factors_later(t, a, made[2:])]


def _inverse(t: Tracking, _made: Any, a: Any, *_options: Any) -> Any:
    r = t.recorder

    def rule(x: Any) -> Any:
        return r.inv(x) if x.shape[-1] <= MOST_ROWS else solve(r, x, np.eye(x.shape[-1]))

    return [by_matrix(t, a, rule), None]


def _solved_triangle(
    t: Tracking, _made: Any, a: Any, b: Any, upper: bool, left: bool = True, unit: bool = False
) -> Any:
    r = t.recorder

    def rule(a: Any, b: Any) -> Any:
        if left:
            return _triangular(r, a, b, upper, unit)
        return _turned(r, _triangular(r, a, _turned(r, b), upper, unit, transpose=True))

    return by_pair(t, a, b, False, rule)


def _by_factor(t: Tracking, factor: Any, b: Any, upper: bool) -> Any:
    """The solution for the matrix with this Cholesky factor."""
    first = _triangular(t.recorder, factor, b, upper, transpose=upper)
    return _triangular(t.recorder, factor, first, upper, transpose=not upper)


def _solved_by_factor(t: Tracking, _made: Any, b: Any, factor: Any, upper: bool = False) -> Any:
    return by_pair(t, factor, b, False, lambda a, b: _by_factor(t, a, b, upper))


def _inverse_of_factor(t: Tracking, _made: Any, factor: Any, upper: bool = False) -> Any:
    return by_matrix(t, factor, lambda a: _by_factor(t, a, np.eye(a.shape[-1]), upper))


def _lu_solved(
    t: Tracking, _made: Any, factors: Any, pivots: Any, b: Any, left: bool = True, adj: bool = False
) -> Any:
    r = t.recorder
    if factors.ndim != 2 or b.ndim != 2 or not left:
        raise CannotImport("linalg.lu_solve of stacks or from the right", r.line)
    rows = _rows_of_pivots(as_numpy(pivots), factors.shape[-1])
    lu, value = t.numbers(factors), t.codes(b)
    back = tuple(np.argsort(rows).tolist())
    if adj:
        found = _triangular(r, lu, t.numbers(b), True, transpose=True)
        found = _triangular(r, lu, found, False, unit=True, transpose=True)
        return Moved(t.entries.codes(found)[list(back)])
    ordered = t.entries.numbers(t.entries.read(value[list(rows)]))
    return _triangular(r, lu, _triangular(r, lu, ordered, False, unit=True), True)


def _check_symmetric(t: Tracking, a: Any) -> None:
    """PyTorch reads one triangle, and differentiates as if the matrix stayed symmetric."""
    value = as_numpy(a)
    if not np.allclose(value, np.swapaxes(value, -1, -2), rtol=1e-5):
        raise CannotImport(f"{t.operator} of a matrix that is not symmetric", t.recorder.line)


def _cholesky(t: Tracking, _made: Any, a: Any, upper: bool = False, *_options: Any) -> Any:
    """The factor of a symmetric matrix."""
    _check_symmetric(t, a)
    row = t.recorder.cholesky_upper if upper else t.recorder.cholesky
    return [by_matrix(t, a, row), None]


def _eigen(t: Tracking, made: Any, a: Any, *_options: Any) -> Any:
    _check_symmetric(t, a)
    values = by_matrix(t, a, t.recorder.eigvalsh)
    if made[1].numel() == 0:
        return [values, None]
    vectors = Later(lambda: _vectors(t, t.codes(a), values.codes, as_numpy(made[1])))
    return [values, vectors]


def _vectors(t: Tracking, a: Array, values: Array, there: Array) -> Moved:
    """Eigenvectors of length 1 near those at the point: (a - w) v = 0 and v0 . v = 1, as a system
    that is regular for simple eigenvalues.
    """
    r, n = t.recorder, a.shape[-1]
    found = np.empty(there.shape, dtype=int)
    for at in np.ndindex(*a.shape[:-2]):
        matrix = t.entries.numbers(t.entries.read(a[at]))
        for k in range(there.shape[-1]):
            value = t.entries.read(values[at][k])
            shifted = r.subtract(matrix, r.multiply(value, np.eye(n)))
            close = there[at][:, k]
            bordered = np.zeros((n + 1, n + 1), dtype=int)
            bordered[:n, :n] = t.entries.codes(shifted)
            bordered[:n, n] = bordered[n, :n] = t.entries.codes(close)
            system = t.entries.read(bordered)
            solved = t.entries.codes(solve(r, system, np.eye(n + 1)[n]))[:n]
            vector = t.entries.read(solved)
            unit = r.divide(vector, r.vector_norm(vector, axis=0))
            found[(*at, slice(None), k)] = t.entries.codes(unit)
    return Moved(found)


def _singular(
    t: Tracking, made: Any, a: Any, full: bool = False, compute: bool = True, *_options: Any
) -> Any:
    """The singular values, and vectors from the eigenvectors of the smaller product."""
    values = by_matrix(t, a, t.recorder.svdvals)
    if not compute:
        return [None, values, None]
    if full and a.shape[-1] != a.shape[-2]:
        raise CannotImport("a full singular value decomposition", t.recorder.line)
    tall = a.shape[-2] >= a.shape[-1]
    left, right = as_numpy(made[0]), np.swapaxes(as_numpy(made[2]), -1, -2)
    made_once: list[tuple[Array, Array]] = []

    def both() -> tuple[Array, Array]:
        if not made_once:
            made_once.append(_singular_vectors(t, t.codes(a), values.codes, left, right, tall))
        return made_once[0]

    first = Later(lambda: Moved(both()[0]))
    return [first, values, Later(lambda: Moved(np.swapaxes(both()[1], -1, -2)))]


def _singular_vectors(
    t: Tracking, a: Array, values: Array, left: Array, right: Array, tall: bool
) -> tuple[Array, Array]:
    r = t.recorder
    a = a if tall else np.swapaxes(a, -1, -2)
    matrices = [t.entries.read(a[at]) for at in np.ndindex(*a.shape[:-2])]
    products = [t.entries.codes(r.matmul(r.matrix_transpose(m), m)) for m in matrices]
    squares = t.entries.codes(r.square(t.entries.read(values)))
    stacked = np.stack(products).reshape(*a.shape[:-2], a.shape[-1], a.shape[-1])
    inner = _vectors(t, stacked, squares, right if tall else left).codes
    outer = np.empty(a.shape, dtype=int)
    for matrix, at in zip(matrices, np.ndindex(*a.shape[:-2]), strict=True):
        product = r.matmul(matrix, t.entries.read(inner[at]))
        outer[at] = t.entries.codes(r.divide(product, t.entries.read(values[at])))
    return (outer, inner) if tall else (inner, outer)


def _orthogonal(t: Tracking, made: Any, a: Any, mode: str = "reduced") -> Any:
    """Q and R with the signs that they have at the point."""
    count, width = a.shape[-2:]
    if mode == "complete" and count > width:
        raise CannotImport("a complete QR decomposition", t.recorder.line)
    r, triangles = t.recorder, as_numpy(made[1])
    signs = np.sign(np.diagonal(triangles, axis1=-2, axis2=-1))
    if count < width:
        # The first columns decide; R is Q^T a.
        first = t.entries.numbers(t.entries.read(t.codes(a)[..., :count]))
        q = r.multiply(r.qr_q(first), signs[..., None, :])
        return [None if mode == "r" else q, r.matmul(r.matrix_transpose(q), t.numbers(a))]
    upper = t.entries.read(by_matrix(t, a, r.qr_r).codes)
    found = r.multiply(upper, signs[..., :, None])
    if mode == "r":
        return [None, found]
    if a.shape[-1] <= MOST_ROWS:
        columns = t.entries.read(by_matrix(t, a, r.qr_q).codes)
        return [r.multiply(columns, signs[..., None, :]), found]
    if a.ndim != 2:
        raise CannotImport("the factor Q of a stack of large matrices", r.line)
    turned = _triangular(r, found, _turned(r, t.numbers(a)), True, transpose=True)
    return [r.matrix_transpose(turned), found]


def _lu(t: Tracking, made: Any, a: Any, *_options: Any) -> Any:
    if a.ndim != 2:
        raise CannotImport("linalg.lu of a stack", t.recorder.line)
    rows = tuple(np.argmax(as_numpy(made[0]), axis=0).tolist())
    value = t.numbers(a)
    order = Moved(t.entries.codes(as_numpy(made[0])))
    return [order, t.recorder.lu_l(value, rows=rows), t.recorder.lu_u(value, rows=rows)]


def _unpacked(t: Tracking, made: Any, factors: Any, *_options: Any) -> Any:
    """L and U of factors in one matrix: its triangles, with ones on the diagonal of L."""
    codes, count = t.codes(factors), min(factors.shape[-2:])
    lower, places = np.tril(codes[..., :count], -1), np.arange(count)
    lower[..., places, places] = t.entries.codes(np.array(1.0))
    order = Moved(t.entries.codes(as_numpy(made[0])))
    return [order, Moved(lower), Moved(np.triu(codes[..., :count, :]))]


MATRICES: dict[str, Rule] = {
    "linalg_cholesky_ex": tensors(_cholesky),
    "cholesky": tensors(lambda t, made, a, upper=False: _cholesky(t, made, a, upper)[0]),
    "cholesky_solve": tensors(_solved_by_factor),
    "cholesky_inverse": tensors(_inverse_of_factor),
    "_linalg_det": tensors(_determined),
    "_linalg_slogdet": tensors(_log_determined),
    "linalg_inv_ex": tensors(_inverse),
    "_linalg_solve_ex": tensors(_solved),
    "linalg_solve_triangular": tensors(_solved_triangle),
    "linalg_lu_factor_ex": tensors(lambda t, made, a, *_options: _factors_later(t, a, made)),
    "linalg_lu": tensors(_lu),
    "linalg_lu_solve": tensors(_lu_solved),
    "_linalg_eigh": tensors(_eigen),
    "_linalg_svd": tensors(_singular),
    "linalg_qr": tensors(_orthogonal),
    "linalg_matrix_exp": tensors(lambda t, _made, a: by_matrix(t, a, t.recorder.matrix_exp)),
    "linalg_pinv": tensors(lambda t, _made, a, *_options: by_matrix(t, a, t.recorder.pinv)),
    "linalg_lstsq": whole(lambda r, a, b, *_options: [r.lstsq(a, b), None, None, None]),
    "linalg_householder_product": tensors(
        lambda t, _made, a, tau: by_pair(t, a, tau, True, t.recorder.householder_product)
    ),
    "lu_unpack": tensors(_unpacked),
}
