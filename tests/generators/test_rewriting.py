"""Partial programs and rewrites: steps alone, general numbers, definitions and formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ad_conformance.conformance.pool import truth_of
from ad_conformance.generators.catalogue.extra.control_flow import BODIES
from ad_conformance.generators.ir.case_io import parse_case, valid
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.program import Case, MalformedCase
from ad_conformance.generators.rewrite.derivative_formulas import (
    NESTED,
    PARTIALS,
    PULLBACKS,
    PUSHFORWARDS,
)
from ad_conformance.generators.rewrite.expansion import (
    as_polynomial,
    differentiated,
    expanded,
    unnested,
)
from ad_conformance.generators.rewrite.slicing import Slicer
from ad_conformance.generators.rewrite.variants import (
    general,
    numbers,
    varying,
    with_exchanged,
    with_numbers,
)
from ad_conformance.generators.strategies.sampling import draw

from tests.triage.test_buckets import AT_ZERO, VECTOR, constant, program


def test_steps_alone_keep_their_values_and_general_numbers_are_general() -> None:
    met = 0
    for case in draw(["R", "FR"], 30):
        values = evaluate_steps(case.program, case.input)
        for together in (False, True):
            for k, candidate in Slicer(case).plain_steps(curved=True, together=together):
                met += 1
                alone = evaluate_steps(candidate.program, candidate.input)[-1]
                # The operands, which may cancel, are rounded to the dtype of the case.
                rounding = 1e-12 if case.dtype == "float64" else 1e-6
                assert alone.reshape(-1).tolist() == pytest.approx(
                    values[k].reshape(-1).tolist(), rel=1e-6, abs=rounding, nan_ok=True
                )
                assert candidate.mode == case.mode
                # No input or constant can hold what is infinite or NaN.
                finite = all(bool(np.all(np.isfinite(v))) for v in values)
                assert Slicer(case).surroundings(k) is not None or not finite
        for given in general(case):
            assert all(isinstance(v, np.ndarray) for v in given.values())
            assert {k: v.shape for k, v in given.items()} == {
                k: v.shape for k, v in numbers(case).items()
            }
            assert numbers(with_numbers(case, given))[0].tolist() == given[0].tolist()
    assert met > 100


def test_a_definition_gives_the_same_values() -> None:
    met = set()
    for case in draw(["R"], 60):
        for k, step in enumerate(case.program.steps, start=1):
            for whole in expanded(case, k) if step.operands else ():
                try:
                    parse_case(whole.json)
                except MalformedCase:
                    # What a definition does not select may be infinite; numbers may not be exact in
                    # float32.
                    continue
                met.add(step.operation)
                one, two = (evaluate_steps(c.program, c.input)[-1] for c in (case, whole))
                # Constants of a definition are rounded to the dtype of the case.
                rounding = 1e-9 if case.dtype == "float64" else 1e-6
                assert one.reshape(-1).tolist() == pytest.approx(
                    two.reshape(-1).tolist(), rel=rounding, abs=rounding
                )
                # A definition may use the operation itself, after a broadcast.
                assert whole.program != case.program
    assert len(met) > 25
    assert not list(expanded(AT_ZERO, 1))


@pytest.mark.parametrize(
    ("operation", "may"), [("hypot", True), ("multiply", True), ("divide", False), ("pow", False)]
)
def test_operands_are_exchanged_only_if_their_order_does_not_matter(
    operation: str, may: bool
) -> None:
    exchanged = with_exchanged(Case(program(constant(2.0), (operation, (0, 1), {})), 2.0, "R"), 2)
    assert (exchanged is not None) == may
    if exchanged is not None:
        assert exchanged.program.steps[-1].operands == (1, 0)


def test_operands_are_broadcast_to_one_shape() -> None:
    """An operation that broadcasts is also asked without broadcasting, which may be at fault."""
    steps = (constant((1.0, 2.0, 3.0)), ("hypot", (0, 1), {}))
    (whole,) = expanded(Case(program(*steps), 0.5, "R"), 2)
    assert [step.operation for step in whole.program.steps] == ["constant", "broadcast_to", "hypot"]
    assert not list(expanded(Case(program(*steps), (0.5, 1.0, 1.5), "R"), 2))


#: Operations with jumps.
JUMPS = {"floor", "ceil", "trunc", "round", "sign", "floor_divide", "remainder"}


@pytest.mark.slow
def test_a_polynomial_has_the_derivatives_of_the_step() -> None:
    met = 0
    for case in draw(["RR", "FR"], 40):
        depends = varying(case)
        for k, step in enumerate(case.program.steps, start=1):
            entered = tuple(dict.fromkeys(i for i in step.operands if depends[i]))
            own = Slicer(case).plain_alone(k, entered) if entered else None
            truths = (
                [truth_of(own.with_mode(mode)) for mode in ("R", "RR")] if own is not None else []
            )
            tensors = [t.value for t in truths if t.value is not None and t.judged is None]
            whole = as_polynomial(case, k, entered, tensors) if len(tensors) == 2 else None
            expected = truth_of(case)
            if whole is None or valid(whole) is None or expected.judged is not None:
                continue
            if expected.value is None:
                continue
            got = truth_of(whole)
            # A step may hide a jump of an earlier step (corrcoef does not depend on a factor); its
            # polynomial does not.
            before = {earlier.operation for earlier in case.program.steps[: k - 1]}
            shows_jump = got.kind == "convention" and bool(before & JUMPS)
            # Numbers that are rounded to float32 need not be such that rounding can be measured.
            assert got.value is not None or case.dtype == "float32" or shows_jump
            if got.value is not None:
                met += 1
                assert expected.tolerance is not None
                # In float32 the numbers of both are rounded, each to its own.
                rounding = expected.tolerance if case.dtype == "float32" else 0.0
                largest = np.max(np.abs(expected.value), initial=0)
                assert np.all(np.abs(got.value - expected.value) <= rounding + 1e-9 * (1 + largest))
    assert met > 40


@pytest.mark.parametrize("operation", [*PARTIALS, *PUSHFORWARDS])
def test_a_derivative_has_the_answer_of_its_formula(operation: str) -> None:
    """The certified derivative of the formula is that of the step at one order higher."""
    params = {"n": 1} if operation == "polygamma" else {}
    point: Any = (1.5, 2.5) if operation == "acosh" else (0.25, 0.75)
    if operation in PUSHFORWARDS:
        point = ((2.0, 0.5), (0.25, 1.5))
    several = len(PARTIALS.get(operation, (None,) * (1 + (operation == "solve")))) > 1
    for operands in [(0, 1), (1, 0), (0, 0)] if several else [(0,)]:
        other = ((1.0, 0.5), (0.0, 2.0)) if operation == "solve" else 0.5
        case = Case(program(constant(other), (operation, operands, params)), point, "FR")
        pairs = list(differentiated(case, 2))
        assert len(pairs) == (1 + (operation in PULLBACKS) if operation in PUSHFORWARDS else 2)
        for one, formula in pairs:
            assert (one.mode, formula.mode) == ("FR", "F")
            assert truth_of(formula).value == pytest.approx(truth_of(one).value, rel=1e-12)


@pytest.mark.parametrize("shape", [(3, 2), (2, 3)])
def test_formulas_hold_for_polar_factors_of_rectangular_matrices(shape: tuple[int, int]) -> None:
    rows = np.array([(2.0, 0.5), (0.25, 1.5), (-0.5, 0.75)])
    point = tuple(map(tuple, (rows if shape == (3, 2) else rows.T).tolist()))
    pairs = list(differentiated(Case(program(("polar_factor", (0,), {})), point, "RR"), 1))
    assert len(pairs) == 2
    for one, formula in pairs:
        assert truth_of(formula).value == pytest.approx(truth_of(one).value, rel=1e-12)


@pytest.mark.parametrize("operation", NESTED)
@pytest.mark.parametrize("body", BODIES)
def test_a_derivative_inside_the_program_equals_one_of_the_whole_program(
    operation: str, body: str
) -> None:
    for operands in ((0, 1), (1, 0), (0, 0)):
        case = Case(program(constant(0.75), (operation, operands, {"body": body})), 0.5, "F")
        ((one, whole),) = unnested(case, 2)
        assert whole.mode == "F" + "R" * NESTED[operation]
        assert truth_of(whole).value == pytest.approx(truth_of(one).value, rel=1e-12)
    assert not list(unnested(AT_ZERO, 1))


def test_formulas_hold_in_float32_and_for_stacks() -> None:
    case = Case(program(("erf", (0,), {})), 0.5, "FR", dtype="float32")
    ((one, formula),) = differentiated(case, 1)
    assert parse_case(formula.json) == formula
    assert truth_of(formula).value == pytest.approx(truth_of(one).value, rel=1e-6)
    point = (3.0, 0.5, 0.5, 2.0, 2.0, 0.25, 0.25, 1.5)
    stack = Case(
        program(("reshape", (0,), {"shape": (2, 2, 2)}), ("cholesky", (1,), {})), point, "FR"
    )
    for one, formula in differentiated(stack, 2):
        assert truth_of(formula).value == pytest.approx(truth_of(one).value, rel=1e-12)


def test_formulas_are_tried_at_special_numbers_first() -> None:
    """Also if there are many others."""
    point = (*(k / 16 for k in range(1, 12)), 0.0)
    pairs = list(differentiated(Case(program(("sin", (0,), {})), point, "RR"), 1))
    assert len(pairs) == 8
    (constant,) = (step for step in pairs[0][0].program.steps[:1])
    assert constant.arguments["value"] == 0.0


def test_without_formula_or_second_derivative_nothing_is_replaced() -> None:
    assert list(differentiated(AT_ZERO, 1)) == []
    assert (
        list(
            differentiated(
                Case(program(("sort", (0,), {"axis": 0, "descending": False})), VECTOR, "RR"), 1
            )
        )
        == []
    )
