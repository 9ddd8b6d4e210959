"""What pages of an atlas say of failures: where, and what to use instead."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ad_conformance.reports.atlas.documents import advice, worst
from ad_conformance.reports.atlas.failures import where
from ad_conformance.reports.atlas.site import write_site

from tests.reports.atlas import made
from tests.reports.atlas.made import document


def test_a_failure_says_where_and_what_to_use_instead(site: Path) -> None:
    failures = {f["anchor"]: f for f in document(site, "operations/det")["failures"]}
    singular = failures["torch-wrong"]
    assert singular["where"] == "only at singular: 4 of 4 such cases fail, none of 6 others"
    assert singular["scope"] == "singular"
    assert singular["limited"] is True
    assert singular["modes"] == ["RR"]
    assert singular["issue"] == ""
    assert singular["instead"] == [
        "other engines that are right in the cases that fail: inhouse (4 of 4)"
    ]
    known = failures[f"torch-{made.KNOWN}"]
    assert known["limited"] is False
    assert known["issue"].startswith("https://github.com/pytorch/pytorch/issues/")
    assert "fixed in 2.15.0" in known["since"]
    assert known["instead"][0] == (
        "torch in mode RR (6 of 6; it fails at other points): right in other cases like those "
        "that fail"
    )
    raised = failures["torch-raises-16a21d77"]
    assert raised["title"] == "RuntimeError: no rule"


@pytest.mark.parametrize(
    ("right", "said"),
    [
        (("FR", "RF"), "torch in mode FR: right in the smallest case below"),
        (
            ("RF",),
            "torch in mode RF: right in the smallest case below, but it fails at other points",
        ),
    ],
)
def test_a_mode_that_fails_at_other_points_is_not_what_to_use_instead(
    tmp_path: Path, right: tuple[str, ...], said: str
) -> None:
    """In RF, torch fails as the known failure of the made atlas."""
    folder, entry = made.write(tmp_path), "torch-det-two-zero-singular-values"
    failing = {"verdict": "not_finite", "severity": "not finite", "known": entry}
    asked = [("known", "RR", failing), *(("around", mode, {"verdict": "agree"}) for mode in right)]
    rows = []
    for number, (origin, mode, told) in enumerate(asked, start=1):
        case = made.case(20 + number, mode)
        rows += [
            {"cases": {"number": -number, "origin": origin, "name": entry, "situations": None,
                       "id": case.id, "json": case.json, "word": mode, "operator": "jacobian",
                       "dtype": "float64", "signature": "mat_to_num", "operations": ["det"],
                       "steps": 1, "truth": "certified", "reason": ""}},
            {"verdicts": {"number": -number, "engine": "torch", "finding": None, **told}},
        ]  # fmt: skip
    journal = tmp_path / "campaign" / "journal" / "00000000.jsonl"
    journal.parent.mkdir(exist_ok=True)
    journal.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    write_site(folder, tmp_path)
    failures = {f["anchor"]: f for f in document(tmp_path, "operations/det")["failures"]}
    assert failures[f"torch-{entry}"]["instead"][0] == said


def test_an_operation_is_unsupported_only_if_all_modes_are() -> None:
    assert worst(["unsupported", "unsupported"]) == "unsupported"
    assert worst(["unsupported", "untested"]) == "untested"
    assert worst(["untested", "right", "unsupported"]) == "right"
    assert worst(["right", "inaccurate", "raises"]) == "raises"


def test_nothing_is_said_to_be_only_somewhere_without_cases_elsewhere() -> None:
    assert where([], []) == (
        "",
        "no drawn case failed so, only the pinned case of the known failure",
    )


def test_a_failure_of_another_operation_of_the_program_does_not_count(tmp_path: Path) -> None:
    folder = made.write(tmp_path)
    journal = tmp_path / "campaign" / "journal" / "00000002.jsonl"
    case = made.case(7, "RF", "sin")
    rows = [
        {"cases": {"number": 900, "origin": "atlas", "name": "sin", "situations": ["general"],
                   "id": case.id, "json": case.json, "word": "RF", "operator": "jacobian",
                   "dtype": "float64", "signature": "num_to_num", "operations": ["sin", "det"],
                   "steps": 2, "truth": "certified", "reason": ""}},
        {"verdicts": {"number": 900, "engine": "torch", "verdict": "wrong", "known": made.KNOWN,
                      "severity": "value", "finding": "torch-900.json"}},
    ]  # fmt: skip
    journal.parent.mkdir(exist_ok=True)
    journal.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    write_site(folder, tmp_path)
    found = document(tmp_path, "operations/sin")
    assert found["by_mode"]["torch"]["RF"]["word"] == "untested"
    assert found["by_mode"]["torch"]["RF"]["counts"] == {"elsewhere": 1}
    assert not [f for f in found["failures"] if "RF" in f["modes"]]


def test_advice_names_the_modes_that_fail_least(site: Path) -> None:
    advice = document(site, "operations/det")["advice"]
    assert advice["inhouse"]["2"] == (
        "RR, RF: right so far, in 5 certified cases or more each; untested: FR, FF"
    )
    assert advice["torch"]["2"] == (
        "RR: fails least, in 40% of the cases (singular); worse: RF (4 of 5 cases, 1 of 5 cases); "
        "untested: FR; untested: FF (a known failure covers it)"
    )
    assert advice["torch"]["3"].startswith("untested: RRR, RFR, FRR, FFR; untested: RRF, ")
    assert advice["torch"]["1"] == "untested"


def test_modes_that_fail_at_known_points_only_are_better_than_others() -> None:
    def cell(word: str, *failures: tuple[str, bool], right: int = 0) -> dict[str, Any]:
        told = [{"anchor": s, "scope": s, "limited": limited} for s, limited in failures]
        counts = {"right": right} if right else {}
        return {
            "word": word,
            "certified": right,
            "counts": counts,
            "failures": told,
            "expected": [],
        }

    told = advice(
        {
            "RR": cell("wrong", ("singular", True), right=3),
            "FR": cell("wrong", ("singular", True), right=2),
            "RF": cell("wrong", ("general points", False)),
            "FF": cell("wrong", ("4 of 5 cases", False)),
            "R": cell("untested"),
            "F": cell("unsupported"),
        }
    )
    assert told == {
        "1": "unsupported: F; untested: R",
        "2": "RR, FR: right in 2 certified cases or more each; known to fail at: singular; "
        "worse: RF (general points); worse: FF (4 of 5 cases)",
    }
