"""What rounding does to ill-conditioned programs: the tolerance has it, or nothing is certified."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ad_conformance.conformance.reference.certify import Truth, certify
from ad_conformance.generators.ir.program import Case, Program, Step

UNIT = {"float64": 2.0**-53, "float32": 2.0**-24}


def program(*rows: tuple[Any, ...]) -> Program:
    return Program(tuple(Step(n, o, tuple(p[0].items()) if p else ()) for n, o, *p in rows))


def certified(steps: Program, point: Any, mode: str, dtype: str = "float64") -> Truth:
    truth = certify(Case(steps, point, mode, dtype=dtype))
    assert truth.kind == "certified", truth.reason
    return truth


def units(truth: Truth, dtype: str = "float64") -> np.ndarray:
    """The tolerance of each entry in rounding units."""
    assert truth.tolerance is not None
    return np.asarray(truth.tolerance / UNIT[dtype])


@pytest.mark.parametrize("mode", ["R", "RR"])
def test_arithmetic_operators_in_a_definition_round(mode: str) -> None:
    """polyval is defined with * and +. Near a triple root, terms of 3 and 6 cancel."""
    coefficients = ("constant", (), {"value": (1.0, -3.0, 3.0, -1.0)})
    truth = certified(program(coefficients, ("polyval", (1, 0))), 1.0 + 2.0**-20, mode)
    assert truth.value is not None
    assert np.abs(truth.value) < 1e-4
    assert 16 < units(truth) < 4096


@pytest.mark.parametrize("function", ["log", "sqrt", "reciprocal"])
@pytest.mark.parametrize(
    ("dtype", "inside", "outside"), [("float64", 2.0**10, 2.0**30), ("float32", 4.0, 2.0**13)]
)
def test_rounding_may_leave_the_domain(
    function: str, dtype: str, inside: float, outside: float
) -> None:
    """x + sqrt(x * x + 1) for a large negative x is about -1 / (2 x), and zero after rounding."""
    steps = program(
        ("multiply", (0, 0)),
        ("constant", (), {"value": 1.0}),
        ("add", (1, 2)),
        ("sqrt", (3,)),
        ("add", (0, 4)),
        (function, (5,)),
    )
    certified(steps, -inside, "R", dtype)
    truth = certify(Case(steps, -outside, "R", dtype=dtype))
    assert truth.kind == "uncertified"
    assert truth.reason == "rounding may leave the domain of an operation"


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("name", ["eigh_exp", "eigh_sqrt"])
def test_formulas_with_eigenvectors_divide_by_the_gap(name: str, order: int) -> None:
    """The functions are smooth at equal eigenvalues, where other formulas are asked for."""
    gap = 2.0**-10
    steps = program((name, (0,)))
    near = units(certified(steps, ((1.0 + gap, 0.0), (0.0, 1.0)), "R" * order))
    assert 8 * gap**-order < np.max(near) < 4096 * gap**-order
    tied = units(certified(steps, ((1.0, 0.0), (0.0, 1.0)), "R" * order))
    assert np.max(tied) < 2.0**16


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("name", ["matrix_exp_upper", "eigh_exp", "eig_exp", "eigvals_exp"])
def test_the_exponential_of_a_tiny_number_is_no_quotient(name: str, order: int) -> None:
    """One eigenvalue has no gap, and the derivatives of the exponential are of its size. Of two,
    which are not equal, formulas with eigenvectors divide by the gap.
    """
    steps = program((name, (0,)))
    one = certified(steps, ((2.0**-50,),), "R" * order)
    assert np.max(units(one)) < 2.0**16
    two = certified(steps, ((2.0**-50, 0.0), (0.0, 2.0**-51)), "R" * order)
    assert (np.max(units(two)) > 2.0**40) == (name != "matrix_exp_upper")


def test_least_squares_has_the_condition_of_the_normal_equations() -> None:
    """The inverse of (1, 1; 1, 1 + g) has the size 2 / g, and the condition is 4 / g.

    Derivatives of order k of usual formulas have k inverses of transposed(a) a, of 4 / g**2.
    """
    gap = 2.0**-10
    steps = program(("constant", (), {"value": (1.0, 0.5)}), ("lstsq", (0, 1)))
    truth = certified(steps, ((1.0, 1.0), (1.0, 1.0 + gap)), "RR")
    assert np.max(units(truth)) > (8 / gap**2) ** 2 / gap


def test_inverses_in_a_derivative_round() -> None:
    """inv(g) transposed(a), with g = transposed(a) a: the second derivative is about 1 / gap**3,
    and the sum of terms with three inverses of g, of 1 / gap**6.
    """
    gap = 2.0**-10
    steps = program(
        ("matrix_transpose", (0,)),
        ("matmul", (1, 0)),
        ("inv", (2,)),
        ("matmul", (3, 1)),
    )
    truth = certified(steps, ((1.0, 1.0), (1.0, 1.0), (1.0, 1.0 + gap)), "RR")
    assert np.max(units(truth)) > 200 / gap**6


def test_the_exponential_of_a_matrix_is_a_quotient_of_sums_that_cancel() -> None:
    """Pade's approximation of exp(-8) has terms that are exp(8 / 2) times as large, and more."""
    large, small = (
        units(truth) / np.abs(truth.value)
        for truth in (
            certified(program(("matrix_exp", (0,))), ((-size,),), "R") for size in (8.0, 0.5)
        )
        if truth.value is not None
    )
    assert 20 < np.max(large) / np.max(small) < 10_000


@pytest.mark.parametrize("point", [0.125, 5.25])
def test_derivatives_of_one_operation_must_be_in_the_range(point: float) -> None:
    """The second derivative of u**(1/30) at u = x**30 is too large or too small for float32."""
    steps = program(
        ("constant", (), {"value": 30.0}),
        ("pow", (0, 1)),
        ("constant", (), {"value": float(np.float32(1 / 30))}),
        ("pow", (2, 3)),
    )
    certified(steps, 1.25, "RR", "float32")
    truth = certify(Case(steps, point, "RR", dtype="float32"))
    assert truth.reason == "a value on the way is outside the range of float32"


@pytest.mark.parametrize("order", [2, 3])
def test_exponents_in_derivatives_round(order: int) -> None:
    """u**(1/28) at u = x**28: the exponents 1/28 - 1 and 1/28 - 2 are rounded, and multiplied by
    log(u), about 56. Derivatives of order k have terms of (28 / x)**(k - 1).
    """
    point = 7.5
    steps = program(
        ("pow_int", (0,), {"exponent": 28}),
        ("pow_float", (1,), {"exponent": 1 / 28}),
    )
    found = units(certified(steps, point, "R" * order)) / (28 / point) ** (order - 1)
    assert 16 * 56 < found < 2.0**20


@pytest.mark.parametrize("order", [2, 3])
def test_the_determinant_is_multiplied_by_inverses(order: int) -> None:
    """det(a) inv(a) and its derivatives have terms of det(a) / gap**order, which cancel. At a
    singular matrix, other formulas are asked for.
    """
    gap = 2.0**-12
    steps = program(("det", (0,)))
    near = np.max(units(certified(steps, ((1.0, 1.0), (1.0, 1.0 + gap)), "R" * order)))
    assert 8 * gap ** (1 - order) < near < 2.0**16 * gap ** (1 - order)
    singular = np.max(units(certified(steps, ((1.0, 1.0), (1.0, 1.0)), "R" * order)))
    assert singular < 2.0**16


@pytest.mark.parametrize(("size", "kind"), [(2.0**50, "uncertified"), (2.0**10, "certified")])
def test_denominators_and_powers_in_derivatives_must_be_in_the_range(
    size: float, kind: str
) -> None:
    """(a**2 + b**2)**2 of atan2(a, b), (1 + x**2)**2 of atan, size**2 * size of tanh(size x)."""
    constant = ("constant", (), {"value": size})
    for steps, point in (
        (program(constant, ("atan2", (0, 1))), size),
        (program(("atan", (0,))), size),
        (program(constant, ("multiply", (0, 1)), ("tanh", (2,))), 1.0),
    ):
        assert certify(Case(steps, point, "RRR", dtype="float32")).kind == kind


def test_another_program_for_the_function_does_not_show_that_this_one_is_in_the_range() -> None:
    """The squares in norm(x)**2 underflow before the root is taken."""
    steps = program(("vector_norm", (0,), {"axis": 0}), ("square", (1,)))
    truth = certify(Case(steps, (2.0**-95, 2.0**-94), "RRR", dtype="float32"))
    assert truth.kind == "uncertified"
    assert certify(Case(steps, (0.0, 0.0), "RRR", dtype="float32")).kind == "certified"


def test_a_constant_that_is_computed_is_in_the_range() -> None:
    """x (sqrt(c) K - L), of which sqrt(c) K - L cancels, in float32."""
    steps = program(
        ("constant", (), {"value": 2.5}),
        ("sqrt", (1,)),
        ("constant", (), {"value": 2.0**24}),
        ("multiply", (2, 3)),
        ("constant", (), {"value": float(np.float32(2.5**0.5 * 2.0**24))}),
        ("subtract", (4, 5)),
        ("multiply", (0, 6)),
    )
    certified(steps, 1.25, "R", "float32")
