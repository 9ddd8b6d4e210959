"""How wrong a finding is: each kind is told from the others, and the worst come first."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from ad_conformance.conformance.pool import truth_of
from ad_conformance.conformance.severity import Kind, Severity, rank_of, severity, severity_of
from ad_conformance.conformance.triage.causes import Finding
from ad_conformance.conformance.triage.failure_key import FailureKey
from ad_conformance.conformance.verdicts import Verdict, judge
from ad_conformance.engines.contract import Answer
from ad_conformance.engines.process.sandbox import Sandbox
from ad_conformance.generators.scenarios.seed_programs import seed_case

from tests import broken_engines as broken

EXPECTED = np.array([1.0, -1.64, 4e-3, 25.0])


def of(
    got: object,
    expected: object = EXPECTED,
    *,
    dtype: str = "float64",
    terms: np.ndarray | None = None,
    judged: np.ndarray | None = None,
) -> tuple[Kind, str]:
    """Kind and text of a wrong or not finite answer, with a tolerance of 1e-13 per entry."""
    value, wanted = np.asarray(got), np.asarray(expected, float)
    verdict = Verdict.WRONG if np.all(np.isfinite(value)) else Verdict.NOT_FINITE
    tolerance = np.full(wanted.shape, 1e-13 if dtype == "float64" else 1e-6)
    found = severity(
        Answer("answered", value), wanted, tolerance, verdict, dtype=dtype, terms=terms,
        judged=judged,
    )  # fmt: skip
    assert found is not None
    return found.kind, found.text


@pytest.mark.parametrize(
    ("got", "kind", "text"),
    [
        (-EXPECTED, Kind.SIGN, "wrong sign in 4 of 4 entries"),
        (EXPECTED * [1, -1, 1, 1], Kind.SIGN, "wrong sign in 1 of 4 entries"),
        (2 * EXPECTED, Kind.FACTOR, "2 x the expected value in 4 of 4 entries"),
        (EXPECTED / 3, Kind.FACTOR, "1/3 x the expected value in 4 of 4 entries"),
        (EXPECTED * -1.5, Kind.FACTOR, "-3/2 x the expected value in 4 of 4 entries"),
        (EXPECTED * 1.001, Kind.FACTOR, "1.001 x the expected value in 4 of 4 entries"),
        (EXPECTED * 0, Kind.ZERO, "0 in 4 of 4 entries"),
        (EXPECTED * [1, 0, 1, 1], Kind.ZERO, "0 instead of -1.64 in 1 of 4 entries"),
        (EXPECTED * [np.nan, 1, np.inf, 1], Kind.NOT_FINITE, "NaN in 2 of 4 entries"),
        (EXPECTED * [1, 1, np.inf, 1], Kind.NOT_FINITE, "infinite in 1 of 4 entries"),
        (
            np.add(EXPECTED, [0, 0, 0.5, 0]),
            Kind.VALUE,
            "0.504 instead of 0.004 (relative error 1.2e+02), wrong in 1 of 4 entries",
        ),
        (
            EXPECTED * (1 + 4.8e-9),
            Kind.DIGITS,
            "8 digits left (relative error 4.8e-09) in 4 of 4 entries",
        ),
        # Lost digits in one entry do not hide a wrong sign in another one.
        (EXPECTED * [1 + 1e-9, -1, 1, 1], Kind.SIGN, "wrong sign in 1 of 4 entries"),
    ],
)
def test_numbers(got: np.ndarray, kind: Kind, text: str) -> None:
    assert of(got) == (kind, text)


@pytest.mark.parametrize(
    ("got", "expected", "kind", "text"),
    [
        (0.0, -1.64, Kind.ZERO, "0 instead of -1.64"),
        (1.64, -1.64, Kind.SIGN, "wrong sign"),
        (3.0, 2.0, Kind.FACTOR, "3/2 x the expected value"),
        # A single entry always has a factor: only a simple one is named.
        (3.0, 2.05, Kind.VALUE, "3 instead of 2.05 (relative error 0.46)"),
        (1e-3, 0.0, Kind.VALUE, "0.001 instead of 0"),
        (float("nan"), 1.0, Kind.NOT_FINITE, "NaN"),
        (1 + 3e-11, 1.0, Kind.DIGITS, "10 digits left (relative error 3.0e-11)"),
    ],
)
def test_a_number(got: float, expected: float, kind: Kind, text: str) -> None:
    assert of(got, expected) == (kind, text)


def test_an_error_that_is_small_beside_the_terms_is_lost_digits() -> None:
    """Such as sigmoid's tail, computed as 1 - s."""
    tail, terms = 4e-13, np.array(1.0)
    assert of(0.0, tail)[0] is Kind.ZERO
    assert of(0.0, tail, terms=terms) == (
        Kind.DIGITS,
        "no digit left beside larger terms (0 instead of 4e-13)",
    )
    assert of(0.0, tail, terms=terms * 1e-3)[0] is Kind.ZERO


def test_few_digits_are_enough_in_float32() -> None:
    assert of(np.float32(1.0005), 1.0, dtype="float32")[0] is Kind.DIGITS
    assert of(1.0005, 1.0)[0] is Kind.VALUE


def test_entries_that_are_not_judged_are_not_looked_at() -> None:
    got = EXPECTED * [7, -1, 5, 1]
    judged = np.array([False, True, False, True])
    assert of(got, judged=judged) == (Kind.SIGN, "wrong sign in 1 of 2 entries")


def test_rounding_to_float32_is_suspected() -> None:
    expected = np.random.default_rng(0).standard_normal(50)
    assert "rounded to float32 on the way?" in of(expected.astype(np.float32), expected)[1]
    assert "float32" not in of(expected * (1 + 1e-10), expected)[1]


@pytest.mark.parametrize(
    ("engine", "kind", "text"),
    [
        (broken.segfault, Kind.KILLED, "kills the process (SIGSEGV)"),
        (broken.running, Kind.RAISED, "raises RuntimeError"),
        (broken.compiling, Kind.RAISED, "raises RuntimeError"),
        (broken.dtype, Kind.DTYPE, "float32 instead of float64"),
        (broken.shape, Kind.SHAPE, "shape (1,) instead of ()"),
        (broken.nan, Kind.NOT_FINITE, "NaN"),
        (broken.overwriting, Kind.IMPURE, "the input x is changed"),
        (broken.honest, None, ""),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_engines(engine: object, kind: Kind | None, text: str) -> None:
    case = seed_case("num_to_num", "R")
    with Sandbox(engine) as sandbox:  # type: ignore[arg-type]
        found = severity_of(judge(case, "e", sandbox.ask(case), truth_of(case)))
    assert found == (Severity(kind, text) if kind else None)


def test_a_hang() -> None:
    late = severity(Answer("timeout"), None, None, Verdict.TIMEOUT)
    assert late == Severity(Kind.NO_END, "does not return")


def test_the_worst_come_first() -> None:
    kinds = [Kind.DIGITS, Kind.RAISED, Kind.NOT_FINITE, Kind.ZERO, Kind.SIGN]
    assert sorted(kinds, key=rank_of) == kinds[::-1]
    assert rank_of(None) > rank_of(Kind.DIGITS)
    few, many = Severity(Kind.DIGITS, "", 5), Severity(Kind.DIGITS, "", 9)
    assert few.rank < many.rank


def test_every_kind_is_explained() -> None:
    text = (Path(__file__).parents[2] / "docs" / "read-a-report.md").read_text(encoding="utf-8")
    rows = text.partition("| severity |")[2].partition("\n\n")[0].splitlines()
    named = [kind for row in rows for kind in re.findall(r"`([^`]*)`", row.split("|")[1])]
    assert named == [str(kind) for kind in Kind]


def test_lost_digits_are_another_failure_than_a_wrong_rule() -> None:
    case = seed_case("num_to_num", "R")
    truth = truth_of(case)
    assert truth.value is not None
    results = [
        judge(case, "e", Answer("answered", truth.value * factor), truth)
        for factor in (1 + 1e-9, 1 - 1e-8, 2.0, -1.0)
    ]
    keys = [FailureKey.of(result) for result in results]
    assert keys[0] == keys[1] != keys[2] == keys[3]
    assert [key.symptom[0] for key in keys] == ["digits", "digits", "wrong", "wrong"]
    assert [Finding.of(result).key for result in results] == keys
    # For the step at which a wrong value enters, both are one.
    assert len({key.entry for key in keys}) == 1
