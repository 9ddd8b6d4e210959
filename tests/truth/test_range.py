"""The range of the dtype: what engines cannot hold is not asked for."""

from __future__ import annotations

from typing import Any

import pytest
from ad_conformance.conformance.reference.certify import certify
from ad_conformance.generators.ir.program import Case, Program, Step

OUTSIDE = "a value on the way is outside the range of "


def program(*rows: tuple[Any, ...]) -> Program:
    return Program(tuple(Step(n, o, tuple(p[0].items()) if p else ()) for n, o, *p in rows))


def scaled(factor: float) -> Program:
    """sin(x), twice multiplied by the factor and twice divided by it."""
    return program(
        ("sin", (0,)),
        ("constant", (), {"value": factor}),
        ("multiply", (1, 2)),
        ("multiply", (3, 2)),
        ("divide", (4, 2)),
        ("divide", (5, 2)),
    )


@pytest.mark.parametrize(
    ("dtype", "inside", "outside"),
    [("float64", 2.0**450, 2.0**600), ("float32", 2.0**50, 2.0**75)],
)
@pytest.mark.parametrize("mode", ["R", "FR"])
def test_values_on_the_way_must_be_in_the_range(
    dtype: str, inside: float, outside: float, mode: str
) -> None:
    assert certify(Case(scaled(inside), 0.75, mode, dtype=dtype)).kind == "certified"
    truth = certify(Case(scaled(outside), 0.75, mode, dtype=dtype))
    assert (truth.kind, truth.reason) == ("uncertified", OUTSIDE + dtype)


@pytest.mark.parametrize("mode", ["RR", "RRR"])
def test_derivatives_on_the_way_must_be_in_the_range(mode: str) -> None:
    """1 / x at 2**-50: the derivative of order k is 2**(50 (k + 1)), in float32 too much."""
    steps = program(("reciprocal", (0,)))
    assert certify(Case(steps, 2.0**-50, mode)).kind == "certified"
    truth = certify(Case(steps, 2.0**-50, mode, dtype="float32"))
    assert (truth.kind, truth.reason) == ("uncertified", OUTSIDE + "float32")


@pytest.mark.parametrize("x", [1e60, 1e100])
def test_denominators_of_acosh_must_be_in_the_range(x: float) -> None:
    """The second derivative of acosh is -x / (x**2 - 1)**1.5."""
    truth = certify(Case(program(("acosh", (0,))), x, "RR"))
    assert truth.kind == ("certified" if x < 1e80 else "uncertified")


def test_a_derivative_that_no_float_holds_is_outside_of_the_range() -> None:
    """exp(1024 x) is about 2**1004, and 2**30 times as much after three derivatives."""
    steps = program(("constant", (), {"value": 1024.0}), ("multiply", (0, 1)), ("exp", (2,)))
    truth = certify(Case(steps, 0.6796875, "RRR"))
    assert (truth.kind, truth.reason) == ("uncertified", OUTSIDE + "float64")


def test_a_program_without_steps_is_certified_at_a_large_point() -> None:
    assert certify(Case(Program(()), 2.0**600, "R")).kind == "certified"


@pytest.mark.parametrize("mode", ["R", "FF"])
def test_a_value_below_the_range_matters_if_derivatives_contain_it(mode: str) -> None:
    """x**2 / y: the derivatives by y contain the value of x**2. At y = 1 they are too small to be
    compared, at y = 2**-75 they are not.
    """
    steps = program(
        ("index", (0,), {"index": (0,)}),
        ("index", (0,), {"index": (1,)}),
        ("multiply", (1, 1)),
        ("divide", (3, 2)),
    )
    assert certify(Case(steps, (2.0**-75, 1.0), mode, dtype="float32")).kind == "certified"
    truth = certify(Case(steps, (2.0**-75, 2.0**-75), mode, dtype="float32"))
    assert truth.kind == "uncertified"
    assert truth.reason == OUTSIDE + "float32"
    assert certify(Case(steps, (2.0**-75, 2.0**-75), mode)).kind == "certified"
    # The derivatives of a product do not contain its value.
    product = program(
        ("index", (0,), {"index": (0,)}),
        ("index", (0,), {"index": (1,)}),
        ("multiply", (1, 2)),
    )
    assert certify(Case(product, (2.0**-75, 2.0**-75), mode, dtype="float32")).kind == "certified"


def test_the_derivatives_of_a_quotient_divide_by_powers_of_its_denominator() -> None:
    """a / b at 2**-450: the derivative by a, twice differentiated by b, is 2 / b**3."""
    a, b = (("index", (0,), {"index": (i,)}) for i in range(2))
    steps = program(a, b, ("multiply", (1, 1)), ("divide", (3, 2)))
    point = (2.0**-450, 2.0**-450)
    assert certify(Case(steps, point, "RF")).kind == "certified"
    truth = certify(Case(steps, point, "RFF"))
    assert (truth.kind, truth.reason) == ("uncertified", OUTSIDE + "float64")
    # A constant has no derivative.
    constant = program(("constant", (), {"value": 2.0**-450}), ("divide", (1, 0)))
    assert certify(Case(constant, 2.0**-350, "RRR")).kind == "certified"
