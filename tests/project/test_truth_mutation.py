"""Faults planted in the reference: all can be planted, and the tool tells which are caught.

`python -m validation.truth_mutation` plants all of them.
"""

from __future__ import annotations

import ast
from dataclasses import replace

import pytest

from validation.structure import ROOT
from validation.truth_mutation import Fault, Unusable, check, faults, measure, planted, table

FAULTS = {fault.name: fault for fault in faults()}
MADE = Fault("made", "a.py", "x + 1", "x + 2", "")
CAUGHT = FAULTS["asin everywhere"]
#: A fault in another function than the one that its test is about.
MISSED = replace(FAULTS["atan everywhere"], test=CAUGHT.test)


def test_every_fault_can_be_planted() -> None:
    for fault in FAULTS.values():
        planted(fault, (ROOT / fault.file).read_text(encoding="utf-8"))


def test_there_are_enough_in_every_part() -> None:
    assert len(FAULTS) == len(faults()) >= 60
    parts = {fault.file.rpartition("/")[0] for fault in FAULTS.values()}
    assert parts == {"generators/arithmetic", "conformance/reference"}


def test_every_named_test_is_a_function() -> None:
    named = {fault.test.partition("[")[0] for fault in FAULTS.values()}
    for file in {test.partition("::")[0] for test in named}:
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        functions = {f"{file}::{f.name}" for f in tree.body if isinstance(f, ast.FunctionDef)}
        assert {test for test in named if test.startswith(file)} <= functions


@pytest.mark.parametrize(
    ("text", "new", "message"),
    [
        ("y", "x + 2", "'made': a.py contains its text 0 times"),
        ("x + 1, x + 1", "x + 2", "'made': a.py contains its text 2 times"),
        ("x + 1", "x +", "'made': invalid syntax"),
        ("x + 1", "x  + 1", "'made' changes nothing"),
    ],
)
def test_a_fault_that_cannot_be_planted_is_named(text: str, new: str, message: str) -> None:
    assert planted(MADE, "y = x + 1") == "y = x + 2"
    with pytest.raises(Unusable, match=message):
        planted(replace(MADE, new=new), text)


@pytest.mark.slow
def test_faults_are_caught_and_missed() -> None:
    some = [CAUGHT, MISSED, FAULTS["the bound is a thousandth"], FAULTS["few bits"]]
    check(some)
    before = (ROOT / CAUGHT.file).read_bytes()
    found = measure(some)
    assert [hit for _, hit in found] == [True, False, True, True]
    assert (ROOT / CAUGHT.file).read_bytes() == before
    assert " 4 | 3 | 75.0% |" in " ".join(table(found).split())


@pytest.mark.slow
def test_a_test_that_fails_without_a_fault_proves_nothing() -> None:
    with pytest.raises(Unusable, match="without a fault"):
        check([replace(CAUGHT, test="tests/truth/test_enclosures.py::test_of_nothing")])
