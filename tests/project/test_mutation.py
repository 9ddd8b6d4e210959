"""One mutant of each class is found, and the correct engine has no finding.

`python -m validation.mutation` asks all mutants.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import pytest
from ad_conformance.engines import inhouse
from ad_conformance.engines.adapters.inhouse import HEADER
from ad_conformance.engines.inhouse.rules.table import RULES
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.program import Case, Program, Step

from validation.customary import Check, checks
from validation.mutants import (
    OF_DERIVATIVES,
    Mutant,
    consulted,
    left_out,
    mutants,
    partial_varies,
    plant,
    sealing,
    unasked,
)
from validation.mutation import Question, ask, detect, prepared, questions, table

pytestmark = pytest.mark.slow

MUTANTS = {mutant.name: mutant for mutant in mutants()}
CASES = 500
#: One of each class, and those that only derivatives of derivatives show.
SAMPLED = (
    "sin: sign",
    "exp: factor 1.001",
    "multiply[1]: factor 2",
    "divide[1]: taken for constant",
    "multiply[1]: second order dropped",
    "tanh: second order dropped",
    "sech: sign",
    "sin: not finite at zero",
    "multiply[0]: wrong at zero",
    "multiply[0]: wrong at a tie",
    "matmul[0] R: operands not transposed",
    "sum R: second order dropped",
    "sum F: sign",
    "index R: wrong order along an axis",
    "sum R: divided by the count",
    "kinds.sum_to mean for sum",
    "power[0]: exponent zero",
    "identities.multiply: identity: factor 2",
)


@pytest.fixture(scope="module")
def asked() -> list[Question]:
    """Raises AssertionError where the correct engine has a finding."""
    return questions(CASES)


@pytest.fixture(scope="module")
def customary() -> Iterator[list[Check]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield checks(("sin", "exp", "multiply", "divide", "tanh", "sum", "index"))


def test_there_are_enough_of_every_kind() -> None:
    assert len(MUTANTS) == len(mutants()) > 900
    assert {MUTANTS[name].fault for name in SAMPLED} == {m.fault for m in mutants()} - {
        "zeros of masking forgotten"
    }
    assert sum(m.second for m in mutants()) > 150
    made = {m.site for m in MUTANTS.values()}
    assert set(RULES) - made == set(unasked())


def test_sampled_mutants_are_found(asked: list[Question], customary: list[Check]) -> None:
    found = detect([MUTANTS[name] for name in SAMPLED], asked, customary)
    assert [d.mutant.name for d in found if d.cases is None] == []
    for detection in found:
        assert detection.finding is not None
        # First derivatives of a mutant that is wrong at second order only are right.
        assert detection.finding.case.order > 1 or not detection.mutant.second
    by_name = {d.mutant.name: d for d in found}
    assert by_name["sin: sign"].customary
    # Customary checks take random points, where no operand is exactly zero.
    assert not by_name["multiply[0]: wrong at zero"].customary
    assert f"| {len(SAMPLED)} | {len(SAMPLED)} | 100.0% |" in " ".join(table(found).split())


def test_the_honest_engine_is_not_found(asked: list[Question], customary: list[Check]) -> None:
    """A mutant whose fault is none: the rule of the table itself."""
    for op in ("multiply", "sum"):
        honest = Mutant(f"{op}: none", "none", op, False, RULES, op, RULES[op])
        (detection,) = detect([honest], asked, customary)
        assert detection.cases is None
        assert not detection.customary
        assert detection.ran > 100
    assert all(check.passes() for check in customary)


def test_a_situation_by_hand_is_judged_as_drawn_ones_are() -> None:
    """atan2(1, x) at x = 0."""
    steps = (Step("constant", (), (("value", 1.0),)), Step("atan2", (1, 0)))
    (detection,) = detect(
        [MUTANTS["atan2[1]: wrong at zero"]], prepared([Case(Program(steps), 0.0, "R")]), []
    )
    assert detection.cases == 1


def test_every_fault_is_taken_out_again() -> None:
    point = np.array([0.5, 2.0])
    kept = {**RULES}
    expected = inhouse.hessian(lambda x: inhouse.sum(inhouse.sin(x) * x))(point)
    for mutant in mutants():
        with plant(mutant):
            assert mutant.table[mutant.key] is mutant.planted
    assert kept == RULES
    np.testing.assert_array_equal(
        inhouse.hessian(lambda x: inhouse.sum(inhouse.sin(x) * x))(point), expected
    )


def test_a_dropped_second_order_is_right_at_first() -> None:
    mutant = MUTANTS["sin: second order dropped"]
    with plant(mutant):
        assert float(inhouse.nest(inhouse.sin, "R")(0.5)) == np.cos(0.5)
        assert float(inhouse.nest(inhouse.sin, "RR")(0.5)) == 0.0


def test_a_case_that_consults_nothing_of_the_rule_is_passed_over(asked: list[Question]) -> None:
    """And none that would show the mutant is: what is not recorded does not change."""
    mutant = MUTANTS["exp: sign"]
    names: dict[str, object] = {}
    exec(HEADER, names)
    others = [q for q in asked if mutant.site not in q.sites][:60]
    before = [ask(q.pieces, names).value for q in others]
    with plant(mutant):
        after = [ask(q.pieces, names).value for q in others]
    for one, two in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, two)
    with consulted() as sites:
        inhouse.nest(lambda x: inhouse.exp(x) + 0.0, "R")(1.0)
    assert {"exp", "identities.add"} <= sites
    assert "sin" not in sites


def test_what_cannot_show_is_left_out_for_a_reason() -> None:
    with sealing():
        assert partial_varies("multiply", 0)
        assert not partial_varies("add", 0)
        assert not partial_varies("abs", 0)
    assert "add[0]: second order dropped: the second derivative is zero" in left_out()
    assert not any(line.startswith("exp:") for line in left_out())


def test_primitives_of_derivatives_are_in_no_program(asked: list[Question]) -> None:
    assert not OF_DERIVATIVES & set(CATALOGUE)
    assert not any(
        OF_DERIVATIVES & question.sites for question in asked if question.case.order == 1
    )
