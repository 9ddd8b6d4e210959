"""Inputs that are very large or very small have certified derivatives with relative tolerances."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from ad_conformance.conformance.reference.certify import Truth, certify
from ad_conformance.generators.ir.program import Case, Program, Step
from flint import arb, ctx

SIZES = (1e-300, 1e-100, 1e-50, -1e-50, 1e-15, 1e15, 1e50, -1e50, 1e100, 1e300)
#: What derivatives of these functions are at x.
DERIVATIVES: dict[str, tuple[Any, Any]] = {
    "log": (lambda x: 1 / x, lambda x: -1 / x**2),
    "sqrt": (lambda x: 1 / (2 * x.sqrt()), lambda x: -1 / (4 * x * x.sqrt())),
    "reciprocal": (lambda x: -1 / x**2, lambda x: 2 / x**3),
    "relu": (lambda x: arb(x > 0), lambda x: arb(0)),
    "abs": (lambda x: arb(1) if x > 0 else arb(-1), lambda x: arb(0)),
    "atan": (lambda x: 1 / (1 + x * x), lambda x: -2 * x / (1 + x * x) ** 2),
}


def program(*rows: tuple[Any, ...]) -> Program:
    return Program(tuple(Step(n, o, tuple(p[0].items()) if p else ()) for n, o, *p in rows))


def of(truth: Truth) -> tuple[float, float]:
    assert truth.value is not None
    assert truth.tolerance is not None
    return float(truth.value), float(truth.tolerance)


@pytest.mark.parametrize("name", DERIVATIVES)
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("x", SIZES)
def test_functions_have_their_derivatives_at_every_size(name: str, order: int, x: float) -> None:
    if x < 0 and name in ("log", "sqrt"):
        return
    truth = certify(Case(program((name, (0,))), x, "R" * order))
    if truth.kind == "uncertified":
        # A power of the argument is no number of float64, or almost none.
        assert truth.reason == "a value on the way is outside the range of float64"
        assert abs(math.log10(abs(x))) * (order + 1) >= 300
        return
    with ctx.workprec(4096):
        expected = float(DERIVATIVES[name][order - 1](arb(x)))
    value, tolerance = of(truth)
    assert value == pytest.approx(expected, rel=1e-14, abs=1e-300)
    # abs is a curve to the tolerance: its second derivative may be off by rounding units of 1 / x.
    curve = 1e-13 / abs(x) if name == "abs" else 0.0
    assert tolerance < max(1e-12 * abs(expected), curve, 1e-28 * abs(x) ** (1 - order), 2e-290)


@pytest.mark.parametrize("mode", ["RR", "FR", "RF", "FF"])
def test_entries_of_several_sizes_have_units_of_their_own(mode: str) -> None:
    """x y**2 / z at (1e-40, 3, 1e40)."""
    rows = [("index", (0,), {"index": (i,)}) for i in range(3)]
    steps = program(*rows, ("multiply", (1, 2)), ("multiply", (4, 2)), ("divide", (5, 3)))
    x, y, z = 1e-40, 3.0, 1e40
    hessian = [
        [0, 2 * y / z, -(y**2) / z**2],
        [2 * y / z, 2 * x / z, -2 * x * y / z**2],
        [-(y**2) / z**2, -2 * x * y / z**2, 2 * x * y**2 / z**3],
    ]
    truth = certify(Case(steps, (x, y, z), mode))
    assert truth.value is not None
    assert truth.tolerance is not None
    assert truth.radius is not None
    known = np.array(hessian) != 0
    assert abs(truth.value[0, 0]) <= truth.radius[0, 0] < 1e-100
    np.testing.assert_allclose(truth.value[known], np.array(hessian)[known], rtol=1e-13)
    assert np.all(truth.tolerance[known] < 1e-11 * np.abs(np.array(hessian)[known]))


def test_a_tangent_is_counted_in_units() -> None:
    """The pushforward of (log x, x y) at (1e-60, 1e60) along (1, 2)."""
    rows = [("index", (0,), {"index": (i,)}) for i in range(2)]
    steps = program(*rows, ("log", (1,)), ("multiply", (1, 2)), ("stack", (3, 4), {"axis": 0}))
    truth = certify(Case(steps, (1e-60, 1e60), "F", operator="pushforward", tangent=(1.0, 2.0)))
    assert truth.value is not None
    assert truth.tolerance is not None
    np.testing.assert_allclose(truth.value, [1e60, 1e60], rtol=1e-13)
    assert np.all(truth.tolerance < 1e-11 * np.abs(truth.value))


def test_a_kink_between_small_numbers_is_not_at_each_of_them() -> None:
    """max(x, 2e-200 - x) at 1e-200 is a tie; at 3e-200 it is none."""
    steps = program(("constant", (), {"value": 2e-200}), ("subtract", (1, 0)), ("maximum", (0, 2)))
    assert certify(Case(steps, 1e-200, "R")).kind == "convention"
    assert of(certify(Case(steps, 3e-200, "R")))[0] == 1.0
