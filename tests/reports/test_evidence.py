"""The result of a report rests on cases: how many, and what was not compared."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
from ad_conformance.reports.campaign.store import Folder
from ad_conformance.reports.cli.commands import app
from ad_conformance.reports.nightly.changes import run_report
from ad_conformance.reports.nightly.exports import as_json, as_junit, as_markdown
from ad_conformance.reports.nightly.headline import behind, headline, state
from ad_conformance.reports.nightly.page import render
from ad_conformance.reports.nightly.run_report import RunReport
from typer.testing import CliRunner

from tests.made_runs import bucket
from tests.reports.test_report import answers, made, statuses

ENOUGH = answers("inhouse", "agree", 60) + answers("torch", "agree", 60, 100)


def run(tmp_path: Path, rows: list[dict[str, object]], **more: object) -> Folder:
    machine = {"machine": "x86_64", "cores": 2}
    return made(tmp_path, [dict(row) for row in rows], **{"platform": machine, **more})


@pytest.mark.parametrize(
    ("rows", "word", "said"),
    [
        ([], "few", "fewer than 50 cases of inhouse, torch were compared"),
        (answers("inhouse", "agree", 60), "few", "fewer than 50 cases of torch were compared"),
        (
            answers("inhouse", "agree", 60) + answers("torch", "agree", 5, 100),
            "few",
            "fewer than 50 cases of torch were compared",
        ),
        (
            # What is not compared does not count.
            answers("inhouse", "agree", 60)
            + answers("torch", "unsupported", 60, 100, finding=None),
            "few",
            "fewer than 50 cases of torch were compared",
        ),
        (ENOUGH, "good", "no findings"),
        (ENOUGH + answers("torch", "wrong", 1, 900), "bad", "1 new bucket in torch"),
    ],
    ids=["empty", "none of torch", "five of torch", "unsupported", "enough", "bad"],
)
def test_next_to_nothing_is_not_called_nothing_new(
    tmp_path: Path, rows: list[dict[str, object]], word: str, said: str
) -> None:
    found = run_report(run(tmp_path, rows))
    assert state(found) == word
    assert said in headline(found)
    text = render(found)
    assert ("Nothing new" in text) == (word == "good")
    assert ("Too few cases" in text) == (word == "few")
    assert behind(found) in text.replace("Cases compared", "cases compared")


def test_the_banner_tells_the_cases_of_each_engine(tmp_path: Path) -> None:
    rows = (
        ENOUGH
        + answers("torch", "unsupported", 7, 200, finding=None)
        + answers("torch", "wrong", 2, 300)
    )
    found = run_report(run(tmp_path, rows))
    assert behind(found) == "cases compared with certified derivatives: 60 of inhouse, 62 of torch"
    assert json.loads(as_json(found))["compared"] == {"inhouse": 60, "torch": 62}
    assert behind(found) in as_markdown(found)
    done = CliRunner().invoke(app, ["report", str(tmp_path)])
    assert done.stdout.startswith("Broken: 1 new bucket in torch; cases compared with certified")


def test_too_few_cases_are_an_error_in_junit(tmp_path: Path) -> None:
    rows = answers("inhouse", "agree", 60) + answers("torch", "agree", 5, 100)
    suites = Xml.fromstring(as_junit(run_report(run(tmp_path, rows))))
    assert suites.findall("testsuite[@name='inhouse']//error") == []
    (error,) = suites.findall("testsuite[@name='torch']//error")
    assert error.attrib["message"] == "only 5 cases were compared, fewer than 50"


def test_buckets_that_were_not_met_are_not_compared(tmp_path: Path) -> None:
    """Known ones and flaky ones, those of an engine that this run does not have, and those of one
    for which this run is invalid.
    """
    before = [
        *ENOUGH,
        *answers("torch", "wrong", 1, 900, known="torch-det-over-forward", again=None),
        *answers("torch", "crash", 1, 901, again="agree"),
        *answers("inhouse", "wrong", 1, 902),
        *answers("jax", "wrong", 1, 903),
    ]
    one = run(
        tmp_path / "1", before, engines={"inhouse": "0.1.0", "torch": "2.13.0", "jax": "0.10.2"}
    )
    for folder, more in ((tmp_path / "2", {}), (tmp_path / "3", {"absent": {"jax": "gone"}})):
        found = run_report(run(folder, ENOUGH, **more), one)
        engines = sorted(b.engine for b in found.buckets if b.status == "not compared")
        assert engines == ["inhouse", "jax", "torch", "torch"]
        assert set(statuses(found)) == {"not compared"}


def test_an_invalid_run_compares_nothing(tmp_path: Path) -> None:
    """What its engine answers is not called known, still there or fixed."""
    one = run(tmp_path / "1", ENOUGH + answers("torch", "wrong", 1, 900))
    killed = answers("torch", "crash", 1, 500, error="SIGKILL")
    for k, again in enumerate(("wrong", "agree")):
        rows = ENOUGH + answers("torch", again, 1, 900) + killed
        found = run_report(run(tmp_path / f"2-{k}", rows), one)
        assert set(found.invalid) == {"torch"}
        assert statuses(found) == {"not compared": {"sin"}}
    # The same rows in a valid run.
    assert statuses(run_report(run(tmp_path / "3", ENOUGH + answers("torch", "agree", 1, 900)), one)
                    ) == {"fixed": {"sin"}}  # fmt: skip


def test_the_engines_that_fail_too_are_known_without_triage(tmp_path: Path) -> None:
    """Case 900 fails in both engines, case 901 in one. A third engine did not answer."""
    rows = [
        *ENOUGH,
        *(
            row
            for row in answers("torch", "wrong", 1, 900) + answers("inhouse", "wrong", 1, 900)
            if row["table"] == "verdicts"
        ),
        *answers("torch", "wrong_shape", 1, 901),
        *(row for row in answers("inhouse", "agree", 1, 901) if row["table"] == "verdicts"),
        *(row for row in answers("jax", "unsupported", 1, 901) if row["table"] == "verdicts"),
        *(row for row in answers("torch", "agree", 1, 900) if row["table"] == "cases"),
    ]
    found = {(b.engine, b.verdict): b for b in run_report(run(tmp_path, rows)).buckets}
    alone, both = found["torch", "wrong_shape"], found["torch", "wrong"]
    assert (alone.right_engines, alone.wrong_engines, alone.suspect) == (("inhouse",), (), "")
    assert (both.right_engines, both.wrong_engines) == ((), ("inhouse",))
    assert both.suspect.endswith("also failing: inhouse")
    assert found["inhouse", "wrong"].suspect.endswith("also failing: torch")


def test_a_suspect_bucket_says_so_everywhere(tmp_path: Path) -> None:
    report = run_report(run(tmp_path, ENOUGH))
    doubted = bucket(suspect="no engine that was asked gives it; also failing: jax")
    told: RunReport = replace(report, buckets=(doubted, bucket(id="other")))
    assert headline(told) == "2 new buckets in torch (1 suspect)"
    text = render(told)
    assert text.count('<span class="suspect">suspect</span>') == 1
    assert "also failing: jax. The case itself may be at fault" in text
    assert "suspect: no engine that was asked" in as_markdown(told)
