"""The asker asks each case once and stops in time; failure keys follow their rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from ad_conformance.conformance.triage.ask import Asker, OutOfTime
from ad_conformance.conformance.triage.failure_key import FailureKey
from ad_conformance.conformance.triage.step_search import Isolation, SameFailure, isolated
from ad_conformance.conformance.verdicts import Verdict
from ad_conformance.engines.process.sandbox import Sandbox
from ad_conformance.generators.ir.program import Case, Program, Step

from tests import broken_engines as broken

RIGHT = Case(Program((Step("exp", (0,)),)), 0.5, "R")
WRONG = Case(Program((Step("sin", (0,)),)), 0.5, "R")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(broken.sign) as sandbox:
        yield sandbox


def test_a_case_is_asked_once(sandbox: Sandbox) -> None:
    asker = Asker(sandbox)
    first = asker.result(WRONG)
    assert asker.result(replace(WRONG)) is first
    assert asker.failure(WRONG) == FailureKey(Verdict.WRONG)
    assert asker.failure(RIGHT) is None
    assert asker.agrees(RIGHT)
    assert not asker.agrees(None)
    assert asker.asked == 2


def test_no_case_is_asked_when_time_is_up_but_results_stay_known(sandbox: Sandbox) -> None:
    asker = Asker(sandbox)
    known = asker.result(WRONG)
    asker.allow(-1.0)
    assert asker.result(WRONG) is known
    assert not asker.late
    with pytest.raises(OutOfTime):
        asker.result(RIGHT)
    assert asker.in_time(RIGHT) is None
    assert asker.late
    assert asker.asked == 1
    asker.allow(60.0)
    assert asker.agrees(RIGHT)
    assert not asker.late


def test_a_remembered_result_is_not_asked(sandbox: Sandbox) -> None:
    known, asker = Asker(sandbox).result(WRONG), Asker(sandbox)
    assert known is not None
    asker.remember(known)
    assert asker.result(WRONG) is known
    assert asker.asked == 0


def test_values_are_the_same_up_to_rounding(sandbox: Sandbox) -> None:
    asker = Asker(sandbox)
    near = replace(RIGHT, point=0.5 + 2.0**-40)
    assert asker.same_value(RIGHT, near)
    assert not asker.same_value(RIGHT, replace(RIGHT, point=0.75))
    assert not asker.same_value(RIGHT, RIGHT.with_mode("RRRRR"))


def test_the_symptom_joins_verdicts_that_one_bug_gives() -> None:
    wrong, infinite = FailureKey(Verdict.WRONG), FailureKey(Verdict.NOT_FINITE)
    compiling = FailureKey(Verdict.COMPILE_FAILURE, "TypeError", "no rule")
    running = FailureKey(Verdict.RUNTIME_FAILURE, "TypeError", "no rule")
    for one, other in ((wrong, infinite), (compiling, running)):
        assert one != other
        assert one.symptom == other.symptom
    assert wrong.symptom != FailureKey(Verdict.WRONG_SHAPE).symptom
    assert running.symptom != replace(running, message="other").symptom


def test_the_entry_joins_all_wrong_values_and_forgets_messages() -> None:
    wrong, shape = FailureKey(Verdict.WRONG), FailureKey(Verdict.WRONG_SHAPE)
    raised = FailureKey(Verdict.RUNTIME_FAILURE, "TypeError", "no rule")
    assert wrong.entry == shape.entry
    assert raised.entry == replace(raised, message="other").entry
    assert raised.entry != replace(raised, error="ValueError").entry
    assert raised.entry != wrong.entry
    assert (wrong.has_value, raised.has_value) == (True, False)


@pytest.mark.parametrize(("control", "accused"), [(RIGHT, True), (WRONG, False), (None, False)])
def test_an_isolation_accuses_its_step_only_if_the_control_is_right(
    sandbox: Sandbox, control: Case | None, accused: bool
) -> None:
    same = SameFailure(Asker(sandbox), FailureKey(Verdict.WRONG), lambda key: key.symptom)
    found = list(isolated([Isolation(1, WRONG, control=lambda: control)], same))
    assert [isolation.step for isolation, _ in found] == [1] * accused
    assert list(isolated([Isolation(1, RIGHT), Isolation(1, None)], same)) == []
