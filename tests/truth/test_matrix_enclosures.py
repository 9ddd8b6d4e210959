"""Functions of matrices of balls: on complex discs they enclose the values that mpmath computes,
and they are not finite where they are not analytic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from ad_conformance.generators.arithmetic import matrices, matrix_balls, numpy_ops
from flint import acb, arb, ctx

from tests.oracle.matrices import cholesky
from tests.oracle.numbers import exact, mp
from tests.truth.test_enclosures import encloses

Array = np.ndarray
SYMMETRIC = (
    ((2.0, 0.5), (0.5, 1.0)),
    ((4.0, 1.0, 0.5), (1.0, 2.0, -0.25), (0.5, -0.25, 1.0)),
    ((0.0625, 0.0), (0.0, 0.25)),
    ((3.0,),),
)
RADIUS = 2.0**-12


@pytest.fixture(autouse=True)
def precision() -> Iterator[None]:
    kept = ctx.prec
    ctx.prec = 700
    yield
    ctx.prec = kept


def discs(centre: Any, radius: float = RADIUS, real: bool = False) -> Array:
    wide = arb(0, radius)
    out = np.empty(np.shape(centre), dtype=object)
    for index, value in np.ndenumerate(np.asarray(centre)):
        ball = arb(float(value)) + wide
        out[index] = ball if real else acb(ball, wide)
    return out


def inside(centre: Any, real: bool = False) -> Iterator[Array]:
    """Symmetric matrices of mpmath numbers, some of them corners of the discs."""
    rng = np.random.default_rng(0)
    for _ in range(6):
        moved = exact(centre)
        for i, j in np.ndindex(moved.shape):
            a, b = rng.choice([-1, 1, 0.5], 2) * RADIUS
            moved[i, j] = moved[i, j] + (a if real else mp.mpc(a, b))
            moved[j, i] = moved[i, j] if i <= j else moved[j, i]
        yield np.where(np.tri(len(moved), dtype=bool), moved.T, moved)


def _mapped(function: Callable[[Any], Any]) -> Callable[[Array], Array]:
    """A function of mpmath matrices as one of object arrays."""
    return lambda s: np.array(function(mp.matrix(s.tolist())).tolist(), dtype=object)


def _eigen(s: Array) -> tuple[list[Any], Any, list[int]]:
    values, vectors = mp.eig(mp.matrix(s.tolist()))
    return values, vectors, sorted(range(len(s)), key=lambda k: mp.re(values[k]))


def _eigenvalues(s: Array) -> Array:
    values, _, order = _eigen(s)
    return np.array([values[k] for k in order], dtype=object)


def _weights(s: Array) -> Array:
    _, vectors, order = _eigen(s)
    out = np.empty(s.shape, dtype=object)
    for column, k in enumerate(order):
        squares = [vectors[i, k] ** 2 for i in range(len(s))]
        out[:, column] = [square / sum(squares) for square in squares]
    return out


FUNCTIONS: dict[str, tuple[Callable[[Array], Any], Callable[[Array], Array]]] = {
    "cholesky": (matrices.cholesky, cholesky),
    "sqrtm": (matrices.sqrtm, _mapped(mp.sqrtm)),
    "matrix_exp": (matrices.matrix_exp, _mapped(mp.expm)),
    "eigvalsh": (matrices.eigvalsh, _eigenvalues),
    "eigenvector_weights": (matrices.eigenvector_weights, _weights),
    "inv": (numpy_ops.inv, _mapped(lambda m: m**-1)),
    "det": (lambda a: np.array([numpy_ops.det(a)]), lambda s: np.array([mp.det(s.tolist())])),
}


@pytest.mark.parametrize("real", [False, True])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_discs_enclose_the_values_at_their_points(name: str, real: bool) -> None:
    function, same = FUNCTIONS[name]
    for centre in SYMMETRIC:
        image = function(discs(centre, real=real))
        for point in inside(centre, real):
            for ball, value in zip(image.reshape(-1), same(point).reshape(-1), strict=True):
                assert ball.is_finite(), centre
                assert encloses(ball, value), centre
                # An enclosure that is far too wide would hide errors.
                assert float(ball.rad()) < 2.0**-2


@pytest.mark.parametrize("real", [False, True])
@pytest.mark.parametrize("name", ["matrix_exp", "inv"])
def test_functions_of_a_general_matrix_are_not_those_of_its_transpose(
    name: str, real: bool
) -> None:
    function, same = FUNCTIONS[name]
    centre = np.array([[1.0, 2.0], [-0.5, 0.25]])
    image = function(discs(centre, real=real))
    for value, ball in zip(same(exact(centre)).reshape(-1), image.reshape(-1), strict=True):
        assert encloses(ball, value)


@pytest.mark.parametrize("real", [False, True])
@pytest.mark.parametrize("name", ["inv", "det"])
def test_discs_enclose_the_values_for_more_rows_than_minors_are_expanded(
    name: str, real: bool
) -> None:
    function, same = FUNCTIONS[name]
    rows = numpy_ops.MAX_SIDE + 2
    centre = np.eye(rows) + 0.25 * (np.eye(rows, k=1) + np.eye(rows, k=-1))
    image = function(discs(centre, 2.0**-16, real=real))
    for value, ball in zip(same(exact(centre)).reshape(-1), image.reshape(-1), strict=True):
        assert encloses(ball, value)
        assert float(ball.rad()) < 2.0**-6
    assert np.allclose(function(centre), same(exact(centre)).astype(float))
    assert not any(ball.is_finite() for ball in numpy_ops.inv(discs(np.ones((rows, rows)))).flat)
    assert np.all(np.isnan(numpy_ops.inv(np.ones((rows, rows)))))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_result_at_a_point_has_its_digits(name: str) -> None:
    function, _ = FUNCTIONS[name]
    for centre in SYMMETRIC:
        for ball in function(discs(centre, 0.0)).reshape(-1):
            assert float(ball.rad()) < 2.0**-300


ROTATED = ((1.0, 1.0), (1.0, 1.0))
#: Matrices around which a function is not analytic, with radii of discs.
SINGULAR: tuple[tuple[str, Any, float], ...] = (
    ("cholesky", ROTATED, RADIUS),
    ("cholesky", ((1.0, 0.0), (0.0, RADIUS / 2)), RADIUS),
    ("sqrtm", ROTATED, RADIUS),
    ("sqrtm", ((1.0, 0.0), (0.0, -1.0)), RADIUS),
    ("sqrtm", ((1.0, 0.0), (0.0, RADIUS / 2)), RADIUS),
    ("sqrtm", ((1.0, 0.5), (0.5, 0.5)), 2.0**-4),
    ("sqrtm", ((1.0, 0.5), (0.5, 0.5)), 2.0**-3),
    ("eigvalsh", ((1.0, 0.0), (0.0, 1.0)), RADIUS),
    ("eigvalsh", ((1.0, 0.0), (0.0, 1.0 + RADIUS)), RADIUS),
    ("eigvalsh", ((2.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 2.0)), RADIUS),
    ("eigenvector_weights", ((1.0, 0.0), (0.0, 1.0)), RADIUS),
    ("eigenvector_weights", ((1.0, 0.0), (0.0, 1.0 + RADIUS)), RADIUS),
    ("inv", ROTATED, RADIUS),
)


@pytest.mark.parametrize(("name", "centre", "radius"), SINGULAR)
def test_a_function_has_no_bound_where_it_is_not_analytic(
    name: str, centre: Any, radius: float
) -> None:
    try:
        image = FUNCTIONS[name][0](discs(centre, radius))
    except ZeroDivisionError:
        return
    assert not all(ball.is_finite() for ball in np.reshape(image, -1))


def test_eigenvalues_without_an_order_have_no_bound() -> None:
    """1 + i and 1 - i."""
    s = np.array([[acb(1), acb(0, 1)], [acb(0, 1), acb(1)]], dtype=object) + discs(np.zeros((2, 2)))
    assert not any(ball.is_finite() for ball in matrices.eigvalsh(s))


def test_the_root_of_a_matrix_is_in_its_enclosure_up_to_the_widest_discs() -> None:
    """The widest discs with a finite result, by bisection, and a corner of them."""
    for centre in (((1.0, 0.5), (0.5, 0.5)), ((0.25, 0.0), (0.0, 0.25))):
        low, high = RADIUS, 0.5
        for _ in range(20):
            middle = (low + high) / 2
            root = matrix_balls.sqrtm(discs(centre, middle))
            finite = all(ball.is_finite() for ball in root.reshape(-1))
            low, high = (middle, high) if finite else (low, middle)
        image = matrix_balls.sqrtm(discs(centre, low))
        for a in (low, -low):
            for b in (low, -low, 0.0):
                moved = _mapped(mp.sqrtm)(exact(centre) + mp.mpc(a, b))
                for ball, value in zip(image.reshape(-1), moved.reshape(-1), strict=True):
                    assert encloses(ball, value)
