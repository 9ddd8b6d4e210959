"""The tolerance: at least what rounding does to derivatives of known functions, and little more."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ad_conformance.conformance.reference.certify import certify
from ad_conformance.generators.ir.program import Case, Program, Step

UNIT = {"float64": 2.0**-53, "float32": 2.0**-24}
#: Any entry may be off by this many rounding units.
LEAST = 64.0


def program(*rows: tuple[Any, ...]) -> Program:
    return Program(tuple(Step(n, o, tuple(p[0].items()) if p else ()) for n, o, *p in rows))


def relative(case: Case) -> np.ndarray:
    """The tolerance of each entry in rounding units of the entry."""
    truth = certify(case)
    assert truth.kind == "certified", truth.reason
    assert truth.value is not None
    assert truth.tolerance is not None
    return np.asarray(truth.tolerance / np.abs(truth.value) / UNIT[case.dtype])


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", UNIT)
@pytest.mark.parametrize("log_factor", [0, 10, 20, 30])
def test_the_tolerance_is_relative_to_the_derivative(
    log_factor: int, dtype: str, order: int
) -> None:
    """-K exp(x), which is well conditioned at every K, and K + exp(x)."""
    constant = ("constant", (), {"value": -(2.0**log_factor)})
    for step in (("multiply", (1, 2)), ("subtract", (1, 2))):
        steps = program(("exp", (0,)), constant, step)
        units = relative(Case(steps, 0.75, "R" * order, dtype=dtype))
        assert LEAST < units < 4096


@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_small_entry_has_its_own_tolerance(order: int) -> None:
    steps = program(
        ("constant", (), {"value": (2.0**40, 1.0)}), ("exp", (0,)), ("multiply", (1, 2))
    )
    case = Case(steps, (0.5, 0.75), "R" * order)
    truth = certify(case)
    assert truth.value is not None
    assert truth.tolerance is not None
    for i in range(2):
        entry = (i,) * (order + 1)
        units = truth.tolerance[entry] / truth.value[entry] / UNIT["float64"]
        assert LEAST < units < 4096


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("dtype", UNIT)
def test_amplified_rounding_is_in_the_tolerance(dtype: str, order: int) -> None:
    """sin(K x): a rounding error of K x moves the derivative by K**order times as much."""
    factor, point = 64.0, 1.28125
    steps = program(("constant", (), {"value": factor}), ("multiply", (0, 1)), ("sin", (2,)))
    truth = certify(Case(steps, point, "R" * order, dtype=dtype))
    assert truth.tolerance is not None
    phase = factor * point + order * math.pi / 2
    moved = UNIT[dtype] * factor**order * factor * point * abs(math.cos(phase))
    assert 16 * moved < float(truth.tolerance) < 1024 * moved + 1024 * UNIT[dtype] * factor**order


@pytest.mark.parametrize("order", [1, 3])
def test_terms_of_a_derivative_that_cancel_are_rounded(order: int) -> None:
    """2**20 sin(x) - (2**20 - 1) sin(x) at 0, where all values are exact."""
    steps = program(
        ("sin", (0,)),
        ("constant", (), {"value": 2.0**20}),
        ("multiply", (1, 2)),
        ("constant", (), {"value": 2.0**20 - 1}),
        ("multiply", (1, 4)),
        ("subtract", (3, 5)),
    )
    assert 16 * 2.0**20 < relative(Case(steps, 0.0, "R" * order)) < 1024 * 2.0**20


def test_tolerances_of_products_are_those_of_their_terms() -> None:
    """A pullback adds up the tolerances of the Jacobian; a pushforward has one of its own."""
    steps = program(("exp", (0,)), ("cumulative_sum", (1,), {"axis": 0}))
    full = Case(steps, (0.5, 0.75, -0.5), "R")
    whole = certify(full)
    assert whole.tolerance is not None
    w = np.array([2.0, -3.0, 0.5])
    pulled = certify(replace(full, operator="pullback", cotangent=tuple(w)))
    pushed = certify(replace(full, mode="F", operator="pushforward", tangent=tuple(w)))
    assert pulled.tolerance is not None
    assert pushed.tolerance is not None
    summed = np.abs(w) @ whole.tolerance
    assert np.all((0.25 * summed < pulled.tolerance) & (pulled.tolerance < 4 * summed))
    summed = whole.tolerance @ np.abs(w)
    assert np.all((0.05 * summed < pushed.tolerance) & (pushed.tolerance < 4 * summed))


def test_a_derivative_of_zero_has_a_tolerance() -> None:
    """An engine may have a number too small to be held instead."""
    for dtype, tiny in (("float64", 1e-290), ("float32", 1e-34)):
        truth = certify(Case(program(("floor", (0,))), 0.5, "R", dtype=dtype))
        assert truth.value == 0
        assert truth.tolerance is not None
        assert tiny / 1e3 < float(truth.tolerance) < tiny * 1e3
