"""Solutions of linear systems: stacks, both sides, triangles, bands, and other equations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from ad_conformance.generators.catalogue.extra.indexing import moved
from ad_conformance.generators.catalogue.operands import family
from ad_conformance.generators.catalogue.operation import Operation
from ad_conformance.generators.catalogue.row_forms import derived


def solve_stack(xp: Any, a: Any, b: Any, *, left: bool) -> Any:
    """The solutions of a x = b, or of x a = b if not `left`, for stacks of matrices."""
    inverse = xp.inv(a)
    return xp.matmul(inverse, b) if left else xp.matmul(b, inverse)


def lu_solve_flags(xp: Any, a: Any, b: Any, *, left: bool, transpose: bool) -> Any:
    """As solve_stack, of a or its transpose, by a factorization of a."""
    return solve_stack(xp, xp.matrix_transpose(a) if transpose else a, b, left=left)


def triangular_solve(
    xp: Any, a: Any, b: Any, *, left: bool, upper: bool, unit_diagonal: bool, transpose: bool
) -> Any:
    """As solve_stack, for a triangle of a or the transpose of this triangle."""
    n = a.shape[-1]
    offset = int(unit_diagonal)
    triangle = xp.triu_offset(a, k=offset) if upper else xp.tril_offset(a, k=-offset)
    if unit_diagonal:
        triangle = triangle + np.eye(n)
    return solve_stack(xp, xp.matrix_transpose(triangle) if transpose else triangle, b, left=left)


def factor_solve(xp: Any, factor: Any, b: Any, *, upper: bool) -> Any:
    """The solution of l l^T x = b for the lower triangle l of `factor`, or of u^T u x = b for the
    upper triangle u.
    """
    return xp.matmul(factor_inverse(xp, factor, upper=upper), b)


def factor_inverse(xp: Any, factor: Any, *, upper: bool) -> Any:
    """The inverse of the matrix with this Cholesky factor."""
    root = xp.inv(xp.matrix_transpose(xp.triu(factor)) if upper else xp.tril(factor))
    return xp.matmul(xp.matrix_transpose(root), root)


def tensorsolve(xp: Any, a: Any, b: Any) -> Any:
    """As numpy.linalg.tensorsolve."""
    n = b.size
    shape = a.shape[len(b.shape) :]
    if a.shape[: len(b.shape)] != b.shape or math.prod(shape) != n:
        raise ValueError(f"no equations of shapes {a.shape} and {b.shape}")
    return xp.reshape(xp.solve(xp.reshape(a, shape=(n, n)), xp.reshape(b, shape=(n,))), shape=shape)


def tensorinv(xp: Any, a: Any, *, ind: int) -> Any:
    """As numpy.linalg.tensorinv."""
    if not 0 < ind < len(a.shape):
        raise ValueError(f"ind={ind} of an array of shape {a.shape}")
    rows, columns = a.shape[:ind], a.shape[ind:]
    matrix = xp.reshape(a, shape=(math.prod(rows), math.prod(columns)))
    return xp.reshape(xp.inv(matrix), shape=(*columns, *rows))


def solve_sylvester(xp: Any, a: Any, b: Any, q: Any) -> Any:
    """The solution x of a x + x b = q."""
    n, m = q.shape
    if a.shape != (n, n) or b.shape != (m, m):
        raise ValueError(f"no equation of shapes {a.shape}, {b.shape} and {q.shape}")
    system = xp.kron(a, np.eye(m)) + xp.kron(np.eye(n), xp.matrix_transpose(b))
    return xp.reshape(xp.solve(system, xp.reshape(q, shape=(n * m,))), shape=(n, m))


def solve_banded(xp: Any, bands: Any, b: Any, *, lower: int, upper: int) -> Any:
    """As scipy.linalg.solve_banded: row `upper` of `bands` is the diagonal, the rows above it are
    the diagonals above.
    """
    count, n = bands.shape
    if count != lower + upper + 1 or min(lower, upper) < 0:
        raise ValueError(f"{count} diagonals, not {lower} + {upper} + 1")

    def placed(numbers: np.ndarray) -> np.ndarray:
        out = np.full((n, n), numbers.size)
        for i, j in np.ndindex(n, n):
            if -lower <= j - i <= upper:
                out[i, j] = numbers[upper + i - j, j]
        return out

    return xp.solve(moved(xp, bands, placed, 0.0), b)


def tridiagonal_solve(xp: Any, below: Any, middle: Any, above: Any, b: Any) -> Any:
    """The solution for a tridiagonal matrix, given by the entries below, on and above the diagonal
    in each row.
    """
    n = middle.shape[-1]
    if not below.shape == middle.shape == above.shape == (n,):
        raise ValueError("three vectors of one length are needed")
    rows = xp.reshape(xp.stack([below, middle, above], axis=1), shape=(3 * n,))

    def placed(numbers: np.ndarray) -> np.ndarray:
        out = np.full((n, n), numbers.size)
        for i, j in np.ndindex(n, n):
            if abs(i - j) <= 1:
                out[i, j] = 3 * i + 1 + j - i
        return out

    return xp.solve(moved(xp, rows, placed, 0.0), b)


ROWS: Sequence[Operation] = (
    derived(
        solve_stack, family("solve_stack"), arity=2, params={"left": "bool"}, mixes=True, weight=2
    ),
    derived(
        lu_solve_flags,
        family("solve_stack", "transpose"),
        arity=2,
        params={"left": "bool", "transpose": "bool"},
        mixes=True,
    ),
    derived(
        triangular_solve,
        family("solve_stack", "upper", "unit_diagonal", "transpose", triangular=True),
        arity=2,
        params=dict.fromkeys(("left", "upper", "unit_diagonal", "transpose"), "bool"),
        mixes=True,
        weight=2,
    ),
    derived(
        factor_solve, family("factor_and_right"), arity=2, params={"upper": "bool"}, mixes=True
    ),
    derived(factor_inverse, family("factor"), params={"upper": "bool"}, mixes=True),
    derived(tensorsolve, family("tensorsolve"), arity=2, mixes=True),
    derived(tensorinv, family("tensorinv"), params={"ind": "times"}, mixes=True),
    derived(solve_sylvester, family("sylvester"), arity=3, mixes=True),
    derived(
        solve_banded,
        family("banded"),
        arity=2,
        params={"lower": "times", "upper": "times"},
        mixes=True,
    ),
    derived(tridiagonal_solve, family("tridiagonal"), arity=4, mixes=True),
)
