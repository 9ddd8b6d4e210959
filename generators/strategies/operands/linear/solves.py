"""Operand strategies for linear systems with several options, and for factors of matrices."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from ad_conformance.generators.catalogue.extra.linear.factors import pivots
from ad_conformance.generators.strategies.builder import Abandon, Builder
from ad_conformance.generators.strategies.operands.basic import (
    DrawnOperands,
    OperandStrategy,
    shaped,
)
from ad_conformance.generators.strategies.operands.decompositions import (
    LARGEST_CONDITION,
    SMALLEST,
    full_rank,
    regular,
    small,
    tall,
)
from ad_conformance.generators.strategies.operands.linear.products import of_shape, one_varies
from ad_conformance.generators.strategies.operands.matrices import matrix

#: The least distance of two eigenvalues, and of the candidates for a pivot.
APART = 1 / 4


def solve_stack(*flags: str, triangular: bool = False) -> OperandStrategy:
    """A regular matrix or a stack, and right-hand sides in a matrix or a stack, on either side."""

    def strategy(b: Builder) -> DrawnOperands:
        if b.flag():
            a = regular(b)[0][0]
        else:
            n = b.choose([2, 3, 1])
            a = _moved_to_regular(b, shaped(b, (2, n, n)))
        value, n = b.values[a], b.values[a].shape[-1]
        diagonal = np.diagonal(value, axis1=-2, axis2=-1)
        if triangular and not np.all(np.abs(diagonal) >= SMALLEST):
            raise Abandon
        left, k = not b.flag(3), b.choose([1, 2, 3])
        sides = (n, k) if left else (k, n)
        # A matrix with several right-hand sides is ambiguous beside a stack of systems.
        two = of_shape(b, (2, *sides) if value.ndim == 3 else sides)
        return one_varies(b, [a, two]), {"left": left, **{name: b.flag() for name in flags}}

    return strategy


def _moved_to_regular(b: Builder, value_id: int) -> int:
    """The stack plus a multiple of the identity."""
    value = b.values[value_id]
    shift = np.ceil(np.max(np.sum(np.abs(value), axis=-1))) + 1.0
    return b.must("add", (value_id, b.constant(shift * np.eye(value.shape[-1]))))


def factor_matrix(b: Builder) -> DrawnOperands:
    """A square matrix with a diagonal away from zero; both triangles are nonzero."""
    (a,), _ = regular(b)
    value = b.values[a]
    if value.ndim != 2 or not np.all(np.abs(np.diagonal(value)) >= SMALLEST):
        raise Abandon
    return [a], {}


def factor(b: Builder) -> DrawnOperands:
    return factor_matrix(b)[0], {"upper": b.flag()}


def factor_and_right(b: Builder) -> DrawnOperands:
    (a,), params = factor(b)
    n = b.values[a].shape[-1]
    return one_varies(b, [a, of_shape(b, (n, b.choose([1, 2, 3])))]), params


def _regular_of_shape(b: Builder, n: int, shape: tuple[int, ...]) -> int:
    """A value of that shape which is a regular matrix of n rows if it is reshaped."""
    square = shaped(b, (n, n))
    shift = np.ceil(np.max(np.sum(np.abs(b.values[square]), axis=-1))) + 1.0
    regular = b.must("add", (square, b.constant(shift * np.eye(n)[:: b.choose([1, -1])])))
    return b.must("reshape", (regular,), shape=shape)


def tensorsolve(b: Builder) -> DrawnOperands:
    left, right = b.choose(
        [((4,), (2, 2)), ((2, 2), (4,)), ((2,), (2, 1)), ((3,), (3,)), ((2, 1), (2,))]
    )
    a = _regular_of_shape(b, int(np.prod(left)), (*left, *right))
    return [a, of_shape(b, left)], {}


def tensorinv(b: Builder) -> DrawnOperands:
    n, shape, ind = b.choose(
        [(4, (4, 2, 2), 1), (4, (2, 2, 4), 2), (2, (2, 2), 1), (2, (2, 1, 2), 1), (3, (3, 1, 3), 2)]
    )
    return [_regular_of_shape(b, n, shape)], {"ind": ind}


def sylvester(b: Builder) -> DrawnOperands:
    """Definite matrices, so that no eigenvalue of one is the negative of one of the other."""
    n, m = b.choose([(2, 2), (2, 1), (1, 2), (1, 1), (3, 2), (2, 3)])
    one, two = (matrix_of(b, k) for k in (n, m))
    operands = [one, two, of_shape(b, (n, m))]
    system = np.kron(b.values[one], np.eye(m)) + np.kron(np.eye(n), b.values[two].T)
    if np.linalg.cond(system) > LARGEST_CONDITION:
        raise Abandon
    return one_varies(b, operands), {}


def matrix_of(b: Builder, n: int) -> int:
    """A regular matrix with n rows, at times a constant."""
    value_id = of_shape(b, (n, n))
    value = b.values[value_id]
    shift = np.ceil(np.max(np.sum(np.abs(value), axis=-1))) + 1.0
    return b.must("add", (value_id, b.constant(shift * np.eye(n))))


def banded(b: Builder) -> DrawnOperands:
    lower, upper = b.choose([(1, 1), (0, 1), (1, 0), (1, 2), (2, 1), (0, 0)])
    n = b.choose([3, 2, 4])
    n = max(n, lower + 1, upper + 1)
    value_id = of_shape(b, (lower + upper + 1, n))
    shift = np.zeros((lower + upper + 1, n))
    shift[upper] = np.ceil(np.max(np.sum(np.abs(b.values[value_id]), axis=0))) * 2 + 1.0
    bands = b.must("add", (value_id, b.constant(shift)))
    right = of_shape(b, b.choose([(n,), (n, 2)]))
    return one_varies(b, [bands, right]), {"lower": lower, "upper": upper}


def tridiagonal(b: Builder) -> DrawnOperands:
    n = b.choose([3, 2, 4])
    below, middle, above = (of_shape(b, (n,)) for _ in range(3))
    around = np.abs(b.values[below]) + np.abs(b.values[above]) + np.abs(b.values[middle])
    middle = b.must("add", (middle, b.constant(float(np.ceil(np.max(around))) + 1.0)))
    right = of_shape(b, (n, b.choose([1, 2])))
    return one_varies(b, [below, middle, above, right]), {}


def pivoted(b: Builder) -> DrawnOperands:
    """A matrix with its rows in any order, without two candidates for a pivot of nearly equal
    size.
    """
    (value_id,), _ = full_rank(b)
    if b.values[value_id].ndim != 2:
        raise Abandon
    m, n = b.values[value_id].shape
    if b.flag(3):
        value_id = b.must("take", (value_id,), indices=tuple(b.permutation(m)), axis=0)
    rows = pivots(b.values[value_id])
    rest = b.values[value_id][rows].copy()
    for k in range(min(m, n)):
        column = np.abs(rest[k:, k])
        if column[0] < SMALLEST or np.any(column[1:] > 0.875 * column[0]):
            raise Abandon
        rest[k + 1 :] -= np.outer(rest[k + 1 :, k] / rest[k, k], rest[k])
    return [value_id], {"rows": tuple(rows)}


def reflections(b: Builder, fewer: bool = True) -> DrawnOperands:
    """Vectors and factors of reflections. None of these is singular: engines divide by 1 - tau
    v^T v, as PyTorch documents. None is so large that such a division loses many digits.
    """
    m, n = b.choose([(2, 2), (3, 2), (3, 3), (2, 1), (3, 1), (4, 2)])
    a, tau = of_shape(b, (m, n)), of_shape(b, (b.integer(1, n) if fewer else n,))
    vectors = np.tril(b.values[a], -1) + np.eye(m, n)
    sizes = np.sum(np.square(vectors), axis=0)[: len(b.values[tau])]
    if np.any(np.abs(b.values[tau] * sizes - 1) < APART):
        tau = b.must("add", (tau, b.constant(float(np.ceil(np.max(np.abs(b.values[tau])))) + 1.5)))
        if np.any(np.abs(b.values[tau] * sizes - 1) < APART):
            raise Abandon
    if np.any(np.abs(b.values[tau] * sizes) > 16) or np.any(sizes > 64):
        raise Abandon
    return one_varies(b, [a, tau]), {}


def reflected(b: Builder) -> DrawnOperands:
    operands, _ = reflections(b, fewer=False)
    m, k, left = len(b.values[operands[0]]), b.choose([1, 2, 3]), b.flag()
    other = of_shape(b, (m, k) if left else (k, m))
    return [*operands, other], {"left": left, "transpose": b.flag()}


def simple_eigenvalues(b: Builder) -> DrawnOperands:
    """A small matrix with eigenvalues that are apart, some of them complex, and independent
    eigenvectors.
    """
    (value_id,), _ = small(b)
    n = b.values[value_id].shape[-1]

    def holds(value: np.ndarray) -> bool:
        values, vectors = np.linalg.eig(value)
        gaps = np.abs(values[..., :, None] - values[..., None, :]) + np.eye(n)
        return bool(np.all(gaps >= APART) and np.all(np.linalg.cond(vectors) < LARGEST_CONDITION))

    if not holds(b.values[value_id]):
        rotation = np.eye(n, k=1) - np.eye(n, k=-1)
        target = b.choose([np.diag(np.arange(n) - 1.0), rotation, 2.0 * rotation + np.eye(n)[0]])
        value_id = b.must("add", (value_id, b.constant(target)))
        if not holds(b.values[value_id]):
            raise Abandon
    return [value_id], {}


def small_and_direction(b: Builder) -> DrawnOperands:
    (value_id,), _ = small(b)
    shape = b.values[value_id].shape
    if len(shape) > 2 or shape[0] > 3:
        raise Abandon
    return [value_id, value_id if b.flag(6) else of_shape(b, shape)], {}


def square_full_rank(b: Builder) -> DrawnOperands:
    (value_id,), _ = matrix(square=True, regular=True)(b)
    return [value_id], {"left": b.flag()}


def tall_product(b: Builder) -> DrawnOperands:
    return tall(b)[0], {"hermitian": b.flag()}


STRATEGIES: Mapping[str, OperandStrategy] = {
    "factor_matrix": factor_matrix,
    "factor": factor,
    "factor_and_right": factor_and_right,
    "tensorsolve": tensorsolve,
    "tensorinv": tensorinv,
    "sylvester": sylvester,
    "banded": banded,
    "tridiagonal": tridiagonal,
    "pivoted": pivoted,
    "reflections": reflections,
    "reflected": reflected,
    "simple_eigenvalues": simple_eigenvalues,
    "small_and_direction": small_and_direction,
    "square_full_rank": square_full_rank,
    "tall_product": tall_product,
}
FACTORIES: Mapping[str, Callable[..., OperandStrategy]] = {"solve_stack": solve_stack}
