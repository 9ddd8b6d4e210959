"""A proposed entry covers what has the cause of its bucket, and nothing else."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ad_conformance.conformance.known_failures import KnownFailure, load
from ad_conformance.conformance.pool import truth_of
from ad_conformance.conformance.triage.causes import Cause
from ad_conformance.conformance.verdicts import judge
from ad_conformance.engines import registry
from ad_conformance.engines.contract import Answer
from ad_conformance.generators.ir.program import Case, Program, Step
from ad_conformance.reports.issues.bucket_files import BucketFile
from ad_conformance.reports.issues.proposed import NOT_LOOKED_UP, proposed

INHOUSE = registry.find("inhouse")
BOTH = Program((Step("sin", (0,)), Step("exp", (1,))))
SINE, EXP = Program((Step("sin", (0,)),)), Program((Step("exp", (0,)),))


@pytest.fixture
def entry(tmp_path: Path) -> Any:
    """A function that makes the entry for a cause and a case."""

    def made(cause: Cause, case: Case, **more: Any) -> KnownFailure:
        file = BucketFile(cause, "inhouse", "0.1.0", more.pop("verdict", "wrong"), case, **more)
        text, pinned = proposed(file, INHOUSE)
        (known / "entry.toml").write_text(text)
        (regressions / tomllib.loads(text)["failure"][0]["case"]).write_text(pinned)
        (found,) = load.__wrapped__(known)
        return found  # type: ignore[no-any-return]

    known, regressions = tmp_path / "known", tmp_path / "regressions"
    known.mkdir()
    regressions.mkdir()
    return made


def covers(entry: KnownFailure, case: Case, answer: Answer | None = None) -> bool:
    given = answer or Answer("answered", value=np.asarray(truth_of(case).expected) + 1.0)
    found = judge(case, "inhouse", given, truth_of(case))
    assert found.is_finding
    return entry.covers(found)


def test_two_operations_that_fail_together_are_needed_both(entry: Any) -> None:
    case = Case(BOTH, 0.5, "R")
    found = entry(Cause("inhouse", "wrong", ("R",), ("exp", "sin")), case)
    assert (found.operations, found.beside) == (("exp",), {"sin"})
    assert covers(found, case)
    assert not covers(found, Case(SINE, 0.5, "R"))
    assert not covers(found, Case(EXP, 0.5, "R"))
    # So it is if the engine raised and the cause names none.
    raised = Answer("raised", stage="run", error="TypeError", message="")
    cause = Cause("inhouse", "raised", ("R",), error="TypeError")
    found = entry(cause, case, verdict="runtime_failure", error="TypeError")
    assert covers(found, case, raised)
    assert not covers(found, Case(EXP, 0.5, "R"), raised)


def test_the_operation_with_the_features_of_the_cause_has_them(entry: Any) -> None:
    case = Case(BOTH, 0.0, "R")
    found = entry(Cause("inhouse", "wrong", ("R",), ("exp", "sin"), ("zero base",)), case)
    assert covers(found, case)
    assert not covers(found, Case(BOTH, 0.5, "R"))


def test_lost_digits_are_not_wrong_numbers(entry: Any) -> None:
    case = Case(SINE, 0.5, "R")
    found = entry(Cause("inhouse", "wrong", ("R",), ("sin",)), case)
    expected = np.asarray(truth_of(case).expected)
    assert not covers(found, case, Answer("answered", value=expected * (1 + 1e-9)))
    for value in (-expected, 2 * expected, expected * 0, expected + 0.1, expected * np.nan):
        assert covers(found, case, Answer("answered", value=value))


def test_what_the_case_needs_beside_its_program_is_needed(entry: Any) -> None:
    case = Case(SINE, 0.5, "R", operator="gradient")
    found = entry(Cause("inhouse", "wrong", ("R",), ("sin",), questions=("operator",)), case)
    assert covers(found, case)
    assert not covers(found, case.plain)


def test_the_whole_message_of_an_exception_is_needed(entry: Any) -> None:
    case = Case(SINE, 0.5, "R")
    cause = Cause("inhouse", "raised", ("R",), ("sin",), (), (), "TypeError", "rule # of a vjp")
    more = {"verdict": "runtime_failure", "error": "TypeError"}
    found = entry(cause, case, message="rule 12 of a vjp", **more)
    for message, covered in (("rule 3 of a vjp", True), ("rule 3 of a jvp", False)):
        answer = Answer("raised", stage="run", error="TypeError", message=message)
        assert covers(found, case, answer) is covered
    empty = entry(replace(cause, message=""), case, message="", **more)
    for message in ("", "anything"):
        answer = Answer("raised", stage="run", error="TypeError", message=message)
        assert covers(empty, case, answer) == (not message)


def test_an_issue_that_nobody_looked_up_is_not_called_none_found(entry: Any) -> None:
    cause, case = Cause("inhouse", "wrong", ("R",), ("sin",)), Case(SINE, 0.5, "R")
    assert entry(cause, case).issue == NOT_LOOKED_UP
    assert entry(cause, case, issue="https://example.org/1").issue == "https://example.org/1"


def test_somebody_has_looked_up_the_issue_of_every_entry() -> None:
    assert [entry.name for entry in load() if entry.issue == NOT_LOOKED_UP] == []
