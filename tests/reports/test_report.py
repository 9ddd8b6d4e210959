"""Reports: what is new, fixed, flaky or known since another run, what makes a run invalid, and what
is posted.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from ad_conformance.generators.ir.program import Case, Program, Step
from ad_conformance.generators.scenarios.seed_programs import seed_case
from ad_conformance.reports.campaign.store import Folder, write_record
from ad_conformance.reports.campaign.tables import Journal
from ad_conformance.reports.cli.commands import app
from ad_conformance.reports.nightly.changes import run_report
from ad_conformance.reports.nightly.exports import as_json, as_junit, as_markdown, broken
from ad_conformance.reports.nightly.headline import headline
from ad_conformance.reports.nightly.run_report import RunReport
from typer.testing import CliRunner

from tests.reports.test_campaign import BROKEN, ask, plan

pytest.importorskip("duckdb")
SCAN = Program((Step("cumulative_sum", (0,), (("axis", 0),)), Step("exp", (1,))))
NAMED = (
    ("seed", "num_to_num", seed_case("num_to_num", "R").json),
    ("seed", "scan", Case(SCAN, (1.0, 2.0, 0.5), "R").json),
)


def statuses(found: RunReport) -> dict[str, set[str]]:
    told: dict[str, set[str]] = {}
    for bucket in found.buckets:
        told.setdefault(bucket.status, set()).update(bucket.operations)
    return told


def test_what_is_new_and_what_is_fixed_between_two_releases(tmp_path: Path) -> None:
    one = ask(tmp_path / "1", plan(f"{BROKEN}first_release", named=NAMED), cases=1)
    two = ask(tmp_path / "2", plan(f"{BROKEN}second_release", named=NAMED), cases=1)
    assert statuses(run_report(one)) == {"new": {"sin"}}
    found = run_report(two, one)
    assert statuses(found) == {"new": {"cumulative_sum", "exp"}, "fixed": {"sin"}}
    assert [bucket.engine for bucket in broken(found)] == ["made@2"]
    assert "1 new bucket in made@2" in headline(found)
    assert statuses(run_report(one, one)) == {"still there": {"sin"}}
    assert broken(run_report(one, one)) == []


def test_what_was_not_asked_again_is_not_called_fixed(tmp_path: Path) -> None:
    one = ask(tmp_path / "1", plan(f"{BROKEN}first_release", named=NAMED), cases=1)
    two = ask(tmp_path / "2", plan(f"{BROKEN}second_release", named=NAMED[1:]), cases=1)
    assert statuses(run_report(two, one)) == {
        "new": {"cumulative_sum", "exp"},
        "not compared": {"sin"},
    }


def test_unsteady_finding_is_flaky_and_does_not_fail_the_run(tmp_path: Path) -> None:
    run = ask(tmp_path, plan(f"{BROKEN}unsteady", named=NAMED[:1]), cases=1)
    found = run_report(run)
    assert "flaky" in statuses(found)
    assert NAMED[0][2] in {bucket.case for bucket in found.buckets if bucket.status == "flaky"}
    assert not broken(found)


def made(tmp_path: Path, rows: list[dict[str, Any]], **run: Any) -> Folder:
    """A run that never was, of one shard."""
    folder = Folder(str(tmp_path))
    fields = {
        "engines": {"inhouse": "0.1.0", "torch": "2.13.0"},
        "asked": {},
        "absent": {},
        "words": ["R"],
        "seed": 0,
        "shard": 1,
        "timeout": 60.0,
        "begun": "2026-01-01T00:00:00+00:00",
        "harness": {},
        "platform": {},
        "named": [],
    }
    write_record(folder, "run.json", {**fields, **run})
    write_record(
        folder, "sessions/0001.json", {"lost": [], "ended": "done", "seconds": 1.0, "workers": 1}
    )
    journal = Journal(folder, 1)
    for row in rows:
        table = row.pop("table")
        journal.write(table, **row)
    journal.finish()
    journal.close()
    return folder


def answers(
    engine: str, verdict: str, count: int, start: int = 0, **more: Any
) -> list[dict[str, Any]]:
    case = seed_case("num_to_num", "R")
    finding = None if verdict in ("agree", "uncertified") else f"{engine}.json"
    again = verdict if finding else None
    told = {"engine": engine, "verdict": verdict, "finding": finding, "again": again, **more}
    return [{"table": "verdicts", "number": start + n, **told} for n in range(count)] + [
        {
            "table": "cases",
            "number": start + n,
            "origin": "generated",
            "id": f"{start + n}",
            "json": case.json,
            "word": "R",
            "operations": ["sin"],
            "steps": 1,
            "signature": "num_to_num",
            "truth": verdict if verdict == "uncertified" else "certified",
        }
        for n in range(count)
    ]


def test_the_worst_findings_come_first_and_a_bucket_has_that_of_its_worst(tmp_path: Path) -> None:
    rows = [
        *answers("torch", "wrong", 1, severity="digits", how_wrong="8 digits left"),
        *answers("torch", "wrong", 1, 1, severity="zero", how_wrong="0 instead of 1"),
        *answers("torch", "wrong", 1, 2, severity="sign", how_wrong="wrong sign"),
        *answers("inhouse", "runtime_failure", 1, 3, severity="raised", how_wrong="raises E"),
        # As an earlier version wrote it.
        *answers("inhouse", "wrong_shape", 1, 4),
        *answers("inhouse", "agree", 1000, 5),
        *answers("torch", "agree", 1000, 1005),
    ]
    found = run_report(made(tmp_path, rows))
    assert [(b.severity, b.how_wrong, b.count) for b in found.buckets] == [
        ("sign", "wrong sign", 2),
        ("raised", "raises E", 1),
        ("digits", "8 digits left", 1),
        (None, None, 1),
    ]
    assert "[wrong sign]" in as_markdown(found)


@pytest.mark.parametrize(
    ("rows", "run", "engine", "said"),
    [
        ([], {"absent": {"jax": "jax is not installed"}}, "jax", "not installed"),
        (
            [
                {
                    "table": "troubles",
                    "engine": "torch",
                    "kind": "unavailable",
                    "detail": "torch: ImportError: x",
                }
            ],
            {},
            "torch",
            "ImportError: x",
        ),
        (
            [
                {
                    "table": "troubles",
                    "engine": None,
                    "kind": "out_of_memory",
                    "detail": "2 processes killed",
                }
            ],
            {},
            "",
            "out of memory",
        ),
        (
            answers("torch", "agree", 100) + answers("torch", "crash", 1, 100, error="SIGKILL"),
            {},
            "torch",
            "outside",
        ),
        (
            answers("torch", "agree", 90) + answers("torch", "timeout", 10, 90),
            {},
            "torch",
            "too late",
        ),
        (
            answers("torch", "agree", 40)
            + answers("torch", "runtime_failure", 60, 40, error="ImportError"),
            {},
            "torch",
            "same new failure",
        ),
        (
            answers("torch", "agree", 90) + answers("torch", "uncertified", 10, 90),
            {},
            "",
            "no certified derivative",
        ),
    ],
    ids=["absent", "import", "memory", "killed", "late", "alike", "truth"],
)
def test_run_without_evidence_is_invalid(
    tmp_path: Path, rows: list[dict[str, Any]], run: dict[str, Any], engine: str, said: str
) -> None:
    sound = answers("inhouse", "agree", 60, 1000) + answers("inhouse", "wrong", 1, 2000)
    found = run_report(made(tmp_path, [dict(row) for row in sound + rows], **run))
    assert said in found.invalid[engine][0]
    assert set(found.invalid) == {engine}
    assert {bucket.engine for bucket in found.buckets} == ({"inhouse"} if engine else set())
    assert said in headline(found)
    assert "<error" in as_junit(found)
    assert "Invalid" in as_markdown(found)


def test_a_sound_run_is_valid(tmp_path: Path) -> None:
    rows = answers("torch", "agree", 99) + answers("torch", "uncertified", 1, 99)
    assert run_report(made(tmp_path, rows)).invalid == {}


def test_early_end_shows_as_abandoned_shards(tmp_path: Path) -> None:
    folder = made(tmp_path, answers("torch", "agree", 10))
    write_record(
        folder, "sessions/0001.json", {"lost": [7], "ended": "done", "seconds": 1.0, "workers": 1}
    )
    assert "shards 7 were given up" in run_report(folder).invalid[""][0]


def test_known_failure_names_its_issue_and_does_not_fail_the_run(tmp_path: Path) -> None:
    rows = answers("torch", "wrong", 3, known="torch-det-over-forward", again=None) + answers(
        "torch", "agree", 60, 10
    )
    (bucket,) = run_report(made(tmp_path, rows)).buckets
    assert (bucket.status, bucket.count) == ("known", 3)
    assert bucket.issue.startswith("https://")
    before = made(tmp_path / "before", answers("torch", "agree", 63))
    (news,) = run_report(Folder(str(tmp_path)), before).buckets
    assert (news.status, news.known) == ("new", "torch-det-over-forward")
    assert broken(run_report(Folder(str(tmp_path)), before)) == []


def test_failure_known_only_for_other_releases_is_a_regression(tmp_path: Path) -> None:
    rows = answers("torch", "wrong", 2, regressed="torch-det-over-forward") + answers(
        "torch", "agree", 60, 10
    )
    (bucket,) = broken(run_report(made(tmp_path, rows)))
    assert bucket.status == "regressed"
    assert bucket.issue.startswith("https://")


def test_exports_agree_and_escape_engine_messages(tmp_path: Path) -> None:
    run = ask(tmp_path / "run", plan("inhouse", f"{BROKEN}hostile", named=NAMED), cases=1)
    outputs = {name: tmp_path / f"out.{name}" for name in ("json", "junit", "markdown")}
    options = [part for name, path in outputs.items() for part in (f"--{name}", str(path))]
    done = CliRunner().invoke(app, ["report", str(run.url), *options])
    assert done.exit_code == 1
    assert "new bucket" in done.stdout
    assert f"ad-conformance triage {run.url} --engine {BROKEN}hostile\n" in done.stdout
    found = json.loads(outputs["json"].read_text())
    assert {b["engine"] for b in found["buckets"] if b["status"] == "new"} == {"hostile"}
    suites = Xml.fromstring(outputs["junit"].read_text())
    failures = suites.findall("testsuite[@name='hostile']//failure")
    assert len(failures) == len([b for b in found["buckets"] if b["status"] == "new"])
    assert "<script>" in failures[0].attrib["message"]
    posted = outputs["markdown"].read_text()
    assert "<script>" not in posted.replace("\\<script\\>", "")
    assert "\\[a\\](http" in posted
    calm = ask(tmp_path / "calm", plan("inhouse", named=NAMED), cases=1)
    assert CliRunner().invoke(app, ["report", str(calm.url)]).exit_code == 0


def test_reports_on_what_is_no_run_are_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["report", str(tmp_path)])
    assert done.exit_code == 2
    assert "there is no run.json" in done.stderr
    run = ask(tmp_path / "run", plan("inhouse"), cases=1)
    done = CliRunner().invoke(
        app, ["report", str(run.url), "--json", str(tmp_path / "nowhere" / "out.json")]
    )
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1


def test_the_json_of_a_report_is_complete(tmp_path: Path) -> None:
    found = run_report(made(tmp_path, answers("torch", "wrong", 1)))
    document = json.loads(as_json(replace(found, previous="before")))
    assert document["previous"] == "before"
    assert document["matrix"][0]["not_known"] == 1
