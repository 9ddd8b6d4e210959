"""Operand strategies for functions of complex numbers: their real and their imaginary parts."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
from ad_conformance.generators.catalogue.operands import NONZERO, POSITIVE, Domain
from ad_conformance.generators.strategies.builder import Abandon, Builder
from ad_conformance.generators.strategies.operands.basic import (
    DrawnOperands,
    OperandStrategy,
    aimed,
    axis_of,
    fit,
    shaped,
    some,
    with_axes,
)
from ad_conformance.generators.strategies.operands.decompositions import SMALLEST
from ad_conformance.generators.strategies.operands.linear.products import of_shape, one_varies
from ad_conformance.generators.strategies.operands.networks import like

SMALL = Domain(low=-4, high=4)


def parted(strategy: OperandStrategy) -> OperandStrategy:
    """Which part of the result, in addition."""

    def with_part(b: Builder) -> DrawnOperands:
        operands, params = strategy(b)
        return operands, {**params, "part": b.choose(["real", "imag"])}

    return with_part


def away_from_real(swapped: bool) -> OperandStrategy:
    """A part away from zero, so that tangents have no pole nearby."""

    def strategy(b: Builder) -> DrawnOperands:
        first = fit(b, some(b, lambda v: v.size > 0), SMALL)
        second = fit(b, fit(b, like(b, first), SMALL), Domain(low=1 / 4))
        if np.max(b.values[second], initial=0.0) > 8:
            raise Abandon
        return ([second, first] if swapped else [first, second]), {}

    return strategy


def four(kind: str) -> OperandStrategy:
    """Two complex numbers of one shape. The second is away from zero as a "denominator"; for a
    "power", the real part of the first is positive and the second is small.
    """

    def strategy(b: Builder) -> DrawnOperands:
        first = some(b, lambda v: v.size > 0)
        shape = b.values[first].shape
        rest = [of_shape(b, shape) for _ in range(3)]
        if kind == "denominator":
            rest[b.choose([1, 2])] = fit(b, rest[1], NONZERO)
        if kind == "power":
            first = fit(b, first, POSITIVE)
            if np.max(b.values[first], initial=0.0) > 16:
                raise Abandon
            rest[1:] = [fit(b, value_id, SMALL) for value_id in rest[1:]]
        return one_varies(b, [first, *rest]), {}

    return strategy


def complex_exponents(b: Builder) -> DrawnOperands:
    """Off the negative real axis, where powers have a cut; integers as exponents have none."""
    exponent = b.choose([2.0, 0.5, -1.0, 1.5, 3.0, 1.0, -0.5])
    first = fit(b, some(b, lambda v: v.size > 0), Domain(low=1 / 8))
    second = like(b, first)
    if max(np.max(np.abs(b.values[i]), initial=0.0) for i in (first, second)) > 32:
        raise Abandon
    return [first, second], {"exponent": exponent}


def pairs(b: Builder) -> DrawnOperands:
    shape = b.choose([(2,), (2, 2), (3, 2), (2, 2, 2)])
    return one_varies(b, [of_shape(b, shape), of_shape(b, shape)]), {}


def complex_factors(b: Builder) -> DrawnOperands:
    m, k, n = (b.choose([2, 3, 1]) for _ in range(3))
    one, two = b.choose([((m, k), (k, n)), ((m, k), (k,)), ((k,), (k, n)), ((2, m, k), (k, n))])
    return one_varies(b, [of_shape(b, s) for s in (one, one, two, two)]), {}


def complex_line(kind: str = "") -> OperandStrategy:
    """Entries along an axis: with exact zeros of both parts at times, or small, or varied."""

    def strategy(b: Builder) -> DrawnOperands:
        first = with_axes(b, 1, nonempty=True)
        axis = axis_of(b, first)
        if kind == "small":
            first = fit(b, first, SMALL)
            second = fit(b, like(b, first), Domain(low=-1, high=1))
            return [first, second], {"axis": axis}
        second = like(b, first)
        n = b.values[first].shape[axis]
        if kind == "correction":
            return [first, second], {"axis": axis, "correction": int(n > 1 and b.flag())}
        if b.flag(3):
            # One complex number is exactly zero, and both parts change with the input.
            first, second = (aimed(b, i, "zeros") for i in (first, second))
        return [first, second], {"axis": axis}

    return strategy


def complex_norm(b: Builder) -> DrawnOperands:
    order = b.choose([2.0, 1.0, 3.0, "inf", "-inf", 4.0, 0.5, 1.5])
    first = with_axes(b, 1, nonempty=True)
    second = like(b, first)
    axis = None if b.flag() else axis_of(b, first)
    sizes = np.hypot(b.values[first], b.values[second])
    if order != 2.0 and np.any(sizes < SMALLEST):
        second = fit(b, second, Domain(low=1 / 2))
        sizes = np.hypot(b.values[first], b.values[second])
    if np.max(sizes) > 64 or np.any(np.sum(np.square(sizes), axis=axis) < 1 / 16):
        raise Abandon
    return [first, second], {"ord": order, "axis": axis}


def _both(b: Builder, shape: tuple[int, ...]) -> list[int]:
    return [shaped(b, shape), of_shape(b, shape)]


def _scaled(b: Builder, value_ids: list[int], most: float) -> list[int]:
    """The parts of a matrix, divided by a power of two so that sums of rows are below `most`."""
    size = max(float(np.max(np.sum(np.abs(b.values[i]), axis=-1))) for i in value_ids)
    if size <= most:
        return value_ids
    scale = b.constant(2.0 ** math.floor(math.log2(most / size)))
    return [b.must("multiply", (i, scale)) for i in value_ids]


def hermitian(kind: str = "") -> OperandStrategy:
    """A small matrix whose Hermitian part has eigenvalues that are apart, or is definite."""

    def strategy(b: Builder) -> DrawnOperands:
        n = b.choose([2, 3, 1])
        value_ids = _scaled(b, _both(b, (n, n)), 3.0)
        if kind == "definite":
            a, c = (b.values[i] for i in value_ids)
            shift = math.ceil(float(np.max(np.sum(np.abs(a) + np.abs(c), axis=-1)))) * 2 + 1.0
            value_ids[0] = b.must("add", (value_ids[0], b.constant(shift * np.eye(n))))
            return value_ids, {}
        z = b.values[value_ids[0]] + 1j * b.values[value_ids[1]]
        if np.any(np.diff(np.linalg.eigvalsh((z + z.conj().T) / 2)) < SMALLEST):
            ramp = 2.0 * np.arange(n) - 1.0
            value_ids[0] = b.must("add", (value_ids[0], b.constant(np.diag(ramp))))
            z = z + np.diag(ramp)
            if np.any(np.diff(np.linalg.eigvalsh((z + z.conj().T) / 2)) < SMALLEST):
                raise Abandon
        return value_ids, {}

    return strategy


def complex_spectrum(b: Builder) -> DrawnOperands:
    """A small matrix with eigenvalues that are apart."""
    n = b.choose([2, 3, 1])
    value_ids = _scaled(b, _both(b, (n, n)), 2.0)
    value_ids[0] = b.must("add", (value_ids[0], b.constant(np.diag(2.0 * np.arange(n) - 1.0))))
    values, vectors = np.linalg.eig(b.values[value_ids[0]] + 1j * b.values[value_ids[1]])
    gaps = np.abs(values[:, None] - values) + np.eye(n)
    if np.any(gaps < 1 / 4) or np.linalg.cond(vectors) > 64:
        raise Abandon
    return value_ids, {}


def complex_tall(b: Builder) -> DrawnOperands:
    """A matrix with independent columns, at most three, and at least as many rows."""
    m, n = b.choose([(2, 2), (3, 2), (2, 1), (3, 3), (1, 1), (4, 2)])
    value_ids = _scaled(b, _both(b, (m, n)), 4.0)
    if b.flag():
        value_ids[0] = b.must("add", (value_ids[0], b.constant(4.0 * np.eye(m, n))))
    singular = np.linalg.svd(b.values[value_ids[0]] + 1j * b.values[value_ids[1]], compute_uv=False)
    if singular[-1] < 1 / 4 or singular[0] > 64 * singular[-1]:
        raise Abandon
    return value_ids, {}


def complex_triangular(b: Builder) -> DrawnOperands:
    n, k = b.choose([2, 3, 1]), b.choose([1, 2])
    value_ids = _scaled(b, _both(b, (n, n)), 4.0)
    value_ids[0] = b.must("add", (value_ids[0], b.constant(5.0 * np.eye(n))))
    return [*value_ids, of_shape(b, (n, k)), of_shape(b, (n, k))], {"upper": b.flag()}


STRATEGIES: Mapping[str, OperandStrategy] = {
    "complex_exponents": complex_exponents,
    "pairs": pairs,
    "complex_factors": complex_factors,
    "complex_norm": complex_norm,
    "complex_spectrum": complex_spectrum,
    "complex_tall": complex_tall,
    "complex_triangular": complex_triangular,
}
FACTORIES: Mapping[str, Callable[..., OperandStrategy]] = {
    "parted": parted,
    "away_from_real": away_from_real,
    "four": four,
    "complex_line": complex_line,
    "hermitian": hermitian,
}
