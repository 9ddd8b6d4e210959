"""Operand strategies for decompositions: regular, definite and full-rank matrices, with simple or
multiple eigenvalues.

One matrix in two gets a structure (identity, triangular, of rank one ...), by adding a constant, so
that it still changes with the input.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from ad_conformance.generators.strategies.builder import Abandon, Builder
from ad_conformance.generators.strategies.operands.basic import (
    DrawnOperands,
    OperandStrategy,
    shaped,
)
from ad_conformance.generators.strategies.operands.matrices import right_side

Array = np.ndarray
#: Lower bound of singular values and distances, and upper bound of condition numbers.
SMALLEST, LARGEST_CONDITION = 1 / 4, 64.0


def one_of(b: Builder, shapes: Sequence[tuple[int, ...]], accept: Callable[[Array], bool]) -> int:
    """A value that `accept` takes, or one of the shapes."""
    value_id = b.pick(accept)
    return shaped(b, b.choose(shapes)) if value_id is None or b.flag(3) else value_id


def _square(b: Builder) -> int:
    """A square matrix; one time in eight a stack of two."""
    if b.flag(8):
        n = b.choose([2, 3, 1])
        return shaped(b, (2, n, n))
    shapes = [(2, 2), (3, 3), (1, 1), (4, 4)]
    return one_of(
        b, shapes, lambda v: v.ndim == 2 and v.shape[0] == v.shape[1] and 0 < v.size <= 16
    )


def _moved(b: Builder, value_id: int, target: Array) -> int:
    """The value plus the constant that makes it `target`, exactly so if the value is exact."""
    value = b.values[value_id]
    return b.must("add", (value_id, b.constant(np.broadcast_to(target, value.shape) - value)))


def _structured(b: Builder, value_id: int, targets: Callable[[int], list[Array]]) -> int:
    """The value; one time in two changed to one of the targets of its size, or with some entries
    set to zero.
    """
    n = b.values[value_id].shape[-1]
    if not b.flag():
        return value_id
    if b.flag(3):
        mask = b.choose([np.eye(n), np.tri(n), np.tri(n).T])
        return b.must("multiply", (value_id, b.constant(mask)))
    return _moved(b, value_id, b.choose(targets(n)))


def _definite_targets(n: int) -> list[Array]:
    """Symmetric, positive definite matrices. All but the last have an eigenvalue of multiplicity n
    or n - 1.
    """
    first = np.eye(n)[0]
    return [
        np.eye(n),
        2.0 * np.eye(n),
        np.eye(n) + np.ones((n, n)),
        np.eye(n) + 3.0 * np.outer(first, first),
        np.diag(np.arange(1.0, n + 1)),
    ]


def _regular_targets(n: int) -> list[Array]:
    """Regular matrices, some orthogonal, some with a negative determinant."""
    signs = np.where(np.arange(n) == 0, -1.0, 1.0)
    return [
        np.eye(n),
        -np.eye(n),
        np.diag(signs * np.arange(1.0, n + 1)),
        np.eye(n)[::-1].copy(),
        np.diag(signs),
    ]


def _small_targets(n: int) -> list[Array]:
    """Small matrices: zero, identity, nilpotent, of rank one, skew-symmetric, a permutation."""
    return [
        np.zeros((n, n)),
        np.eye(n),
        np.eye(n, k=1),
        np.ones((n, n)),
        np.eye(n, k=1) - np.eye(n, k=-1),
        np.eye(n)[::-1].copy(),
    ]


def _condition_holds(value: Array) -> bool:
    singular = np.linalg.svd(value, compute_uv=False)
    low, high = singular[..., -1], singular[..., 0]
    return bool(np.all(low >= SMALLEST) and np.all(high <= LARGEST_CONDITION * low))


def _row_sums(value: Array) -> float:
    return float(np.max(np.sum(np.abs(value), axis=-1)))


def _far(b: Builder, value_id: int) -> int:
    """The value plus a multiple of the identity, so that it is definite with a margin."""
    value = b.values[value_id]
    shift = math.ceil(_row_sums((value + np.swapaxes(value, -1, -2)) / 2)) + b.choose([1.0, 2.0])
    return b.must("add", (value_id, b.constant(shift * np.eye(*value.shape[-2:]))))


def regular(b: Builder) -> DrawnOperands:
    value_id = _structured(b, _square(b), _regular_targets)
    if not _condition_holds(b.values[value_id]):
        value = b.values[value_id]
        shift = (math.ceil(_row_sums(value)) + 1.0) * b.choose([1.0, -1.0])
        value_id = b.must("add", (value_id, b.constant(shift * np.eye(value.shape[-1]))))
    return [_checked(b, value_id)], {}


def _checked(b: Builder, value_id: int) -> int:
    if not _condition_holds(b.values[value_id]):
        raise Abandon
    return value_id


def definite(b: Builder) -> DrawnOperands:
    """A matrix with a definite symmetric part; itself symmetric one time in two."""
    value_id = _structured(b, _square(b), _definite_targets)
    if b.flag():
        value_id = b.must("add", (value_id, b.must("matrix_transpose", (value_id,))))

    def holds(value_id: int) -> bool:
        value = b.values[value_id]
        values = np.linalg.eigvalsh((value + np.swapaxes(value, -1, -2)) / 2)
        low, high = values[..., 0], values[..., -1]
        return bool(np.all(low >= SMALLEST) and np.all(high <= LARGEST_CONDITION * low))

    if not holds(value_id):
        value_id = _far(b, value_id)
        if not holds(value_id):
            raise Abandon
    return [value_id], {}


def small(b: Builder) -> DrawnOperands:
    """A square matrix with a norm so small that its exponential does not overflow."""
    value_id = _structured(b, _square(b), _small_targets)
    sums = _row_sums(b.values[value_id])
    if sums > 4:
        value_id = b.must(
            "multiply", (value_id, b.constant(2.0 ** math.floor(math.log2(4 / sums))))
        )
    return [value_id], {}


def _apart(values: Array) -> bool:
    # With one value the array of differences is empty, so all of them hold.
    return bool(np.all(np.diff(values, axis=-1) >= SMALLEST))


def simple_spectrum(b: Builder) -> DrawnOperands:
    """A matrix whose symmetric part has eigenvalues that differ by SMALLEST at least."""
    value_id = _structured(
        b,
        _square(b),
        lambda n: [np.diag(np.arange(n) - 1.0), np.diag(np.arange(n) - 1.0)[::-1, ::-1]],
    )

    def holds(value_id: int) -> bool:
        value = b.values[value_id]
        return _apart(np.linalg.eigvalsh((value + np.swapaxes(value, -1, -2)) / 2))

    if not holds(value_id):
        value = b.values[value_id]
        spread = 2 * math.ceil(_row_sums((value + np.swapaxes(value, -1, -2)) / 2)) + 1.0
        value_id = b.must(
            "add", (value_id, b.constant(np.diag(spread * np.arange(value.shape[-1]))))
        )
        if not holds(value_id):
            raise Abandon
    return [value_id], {}


def full_rank(b: Builder) -> DrawnOperands:
    """A matrix of full rank whose leading square block is regular too."""
    shapes = [(2, 2), (3, 2), (2, 3), (4, 2), (3, 3), (2, 4), (1, 1), (3, 1), (1, 3), (2, 3, 2)]
    return _independent(b, one_of(b, shapes, lambda v: v.ndim == 2 and 0 < v.size <= 16))


def tall(b: Builder) -> DrawnOperands:
    shapes = [(3, 2), (4, 2), (3, 1), (2, 1), (4, 3), (2, 3, 2)]
    return _independent(b, one_of(b, shapes, lambda v: v.ndim == 2 and v.shape[0] > v.shape[1] > 0))


def _independent(b: Builder, value_id: int) -> DrawnOperands:
    m, n = b.values[value_id].shape[-2:]
    k = min(m, n)
    if b.flag():
        rotated = np.eye(m, n)[::-1] if m == n else np.eye(m, n)
        targets = [np.eye(m, n), 2.0 * rotated, np.eye(m, n) + np.ones((m, n)), -np.eye(m, n)]
        value_id = _moved(b, value_id, b.choose(targets))

    def holds(value_id: int) -> bool:
        value = b.values[value_id]
        return _condition_holds(value) and _condition_holds(value[..., :, :k])

    if not holds(value_id):
        shift = math.ceil(float(np.max(np.sum(np.abs(b.values[value_id]), axis=(-2, -1))))) + 1.0
        value_id = b.must("add", (value_id, b.constant(shift * np.eye(m, n))))
        if not holds(value_id):
            raise Abandon
    return [value_id], {}


def simple_singular_values(b: Builder) -> DrawnOperands:
    (value_id,), _ = full_rank(b)

    def holds(value_id: int) -> bool:
        return _apart(np.linalg.svd(b.values[value_id], compute_uv=False)[..., ::-1])

    if not holds(value_id):
        m, n = b.values[value_id].shape[-2:]
        scale = 2.0 * math.ceil(float(np.max(np.abs(b.values[value_id]))) * max(m, n)) + 1.0
        diagonal = np.eye(m, n) * scale * np.arange(1, m + 1)[:, None]
        value_id = b.must("add", (value_id, b.constant(diagonal)))
        if not holds(value_id):
            raise Abandon
    return [_checked(b, value_id)], {}


def with_right_side(left: OperandStrategy) -> OperandStrategy:
    def strategy(b: Builder) -> DrawnOperands:
        (a,), _ = left(b)
        if b.values[a].ndim != 2:
            raise Abandon
        return [a, right_side(b, a)], {}

    return strategy


def triangular(b: Builder) -> DrawnOperands:
    """A triangular system. Both triangles of the matrix are nonzero, so that an engine must read
    the right one. The diagonal is away from zero.
    """
    (a,), _ = regular(b)
    value = b.values[a]
    if value.ndim != 2 or not np.all(np.abs(np.diagonal(value)) >= SMALLEST):
        raise Abandon
    params = {name: b.flag() for name in ("upper", "unit_diagonal", "transpose")}
    return [a, right_side(b, a)], params


def matrix_power(b: Builder) -> DrawnOperands:
    n = b.choose([2, 3, -1, -2, 1, 0, 4])
    if n < 0:
        return regular(b)[0], {"n": n}
    value_id = _structured(b, _square(b), _small_targets)
    return [value_id], {"n": n}


def observations(b: Builder) -> DrawnOperands:
    shapes = [(2, 3), (2, 2), (1, 3), (3, 4)]
    return [one_of(b, shapes, lambda v: v.ndim == 2 and v.shape[0] > 0 and v.shape[1] > 1)], {}


def varied_observations(b: Builder) -> DrawnOperands:
    (value_id,), _ = observations(b)
    value = b.values[value_id]
    if not np.all(np.var(value, axis=-1) >= 1 / 16):
        value_id = b.must(
            "add",
            (value_id, b.constant(np.broadcast_to(np.arange(value.shape[1]) ** 2.0, value.shape))),
        )
    if not np.all(np.var(b.values[value_id], axis=-1) >= 1 / 16):
        raise Abandon
    return [value_id], {}
