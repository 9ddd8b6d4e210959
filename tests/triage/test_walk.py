"""Triage of a campaign: files are written as causes are found, no finding is lost, and the known
failures that it proposes cover the cases that they pin.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ad_conformance.conformance.known_failures import OWN, load
from ad_conformance.conformance.pool import EnginePool, WaysAround, truth_of
from ad_conformance.conformance.triage.workarounds import Workarounds, workarounds
from ad_conformance.conformance.verdicts import judge
from ad_conformance.engines import registry
from ad_conformance.engines.contract import Engine
from ad_conformance.engines.process.sandbox import EngineUnavailable, Sandbox
from ad_conformance.engines.script import Script, write
from ad_conformance.generators.ir.case_io import read_case
from ad_conformance.generators.ir.program import Case, Program, Step
from ad_conformance.reports.campaign.store import Folder
from ad_conformance.reports.cli.commands import app
from ad_conformance.reports.issues import triage_pipeline as pipeline
from ad_conformance.reports.issues.bucket_files import BucketFile, bucket_at, bucket_files
from ad_conformance.reports.issues.triage_pipeline import CampaignTriage
from ad_conformance.reports.nightly.changes import Finding as Recorded
from typer.testing import CliRunner

from tests import broken_engines as broken
from tests.reports.test_campaign import BROKEN, ask, plan

pytest.importorskip("duckdb")


def called(*arguments: Any) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def triaged(folder: Path, *options: Any) -> Any:
    """Run `triage`. The command must name the engines of the tests."""
    asked = json.loads((folder / "run.json").read_text())["asked"].values()
    return called("triage", folder, *options, "--engine", ",".join(asked))


def issued(bucket: Path, *options: Any) -> Any:
    return called("issue", bucket, "--engine", json.loads(bucket.read_text())["engine"], *options)


def program(*steps: tuple[Any, ...]) -> Program:
    return Program(
        tuple(
            Step(name, operands, tuple(sorted(more[0].items())) if more else ())
            for name, operands, *more in steps
        )
    )


def campaign(folder: Path, *engines: str, cases: list[Case]) -> Path:
    """A campaign that asks these cases, and one that every engine gets right."""
    named = tuple(("seed", f"case {n}", case.json) for n, case in enumerate(cases))
    ask(folder, plan(*engines, named=named), cases=0)
    return folder


def files(folder: Path) -> list[BucketFile]:
    return bucket_files(Folder(str(folder)))


def covered(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every proposed entry covers the case that it pins, and every finding of its bucket."""
    monkeypatch.setenv(OWN, str(folder / "proposed"))
    entries = load.__wrapped__()[-len(files(folder)) :]
    engine = registry.find(name)
    with Sandbox(engine) as sandbox:
        for file in files(folder):
            for case in (
                file.case,
                *(read_case(folder / "findings" / finding) for finding in file.findings),
            ):
                found = judge(case, engine.name, sandbox.ask(case), truth_of(case))
                covering = [
                    entry.name for entry in entries if entry.names(engine) and entry.covers(found)
                ]
                assert covering, (file.name, found.verdict)
                assert case != file.case or file.name.lower().replace(".", "-") in covering


def test_the_case_of_a_file_shows_its_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another bug may fail in the same way, in a smaller case."""
    steps = program(
        ("tanh", (0,)),
        ("constant", (), {"value": 3.0}),
        ("divide", (0, 2)),
        ("constant", (), {"value": 0.0}),
        ("multiply", (3, 4)),
        ("add", (1, 5)),
    )
    folder = campaign(tmp_path, f"{BROKEN}two", cases=[Case(steps, 0.5, "R")])
    done = triaged(folder)
    assert done.exit_code == 0, done.output
    (file,) = files(folder)
    assert file.cause.operations == ("tanh",)
    assert [s.operation for s in file.case.program.steps] == ["tanh"]
    covered(folder, f"{BROKEN}two", monkeypatch)


def test_wrong_values_exceptions_and_crashes_each_get_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [
        Case(program(("exp", (0,)), (name, (1,))), point, mode)
        for name in ("sin", "tan", "erf")
        for point, mode in ((0.25, "R"), ((0.5, 0.125), "FR"))
    ]
    folder = campaign(tmp_path, f"{BROKEN}several", cases=cases)
    done = triaged(folder)
    assert done.exit_code == 0, done.output
    found = {file.cause.failure: file for file in files(folder)}
    assert {failure: len(file.findings) for failure, file in found.items()} == {
        "wrong": 2,
        "raised": 2,
        "crash": 2,
    }
    covered(folder, f"{BROKEN}several", monkeypatch)
    told = {
        failure: issued(folder / "buckets" / file.file).output for failure, file in found.items()
    }
    assert "cannot be compiled: TypeError" in told["raised"].splitlines()[0]
    assert "kills the process (SIGABRT)" in told["crash"].splitlines()[0]
    assert "last words" in told["crash"].partition("## Actual")[2].partition("## Expected")[0]
    assert "What it printed" not in told["raised"]
    entry = (folder / "proposed" / f"{found['raised'].name}.toml").read_text()
    assert "give" in entry
    assert '"compile_failure", "runtime_failure"' in entry


def test_a_failure_in_float32_only_gets_an_entry_for_float32(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [
        Case(program(("exp", (0,)), ("sin", (1,))), 0.25, "R", dtype=dtype)
        for dtype in ("float32", "float64")
    ]
    folder = campaign(tmp_path, f"{BROKEN}single", cases=cases)
    assert triaged(folder).exit_code == 0
    (file,) = files(folder)
    assert file.cause.questions == ("float32",)
    assert 'dtype = "float32"' in (folder / "proposed" / f"{file.name}.toml").read_text()
    covered(folder, f"{BROKEN}single", monkeypatch)


def test_two_releases_of_one_engine_share_a_file(tmp_path: Path) -> None:
    cases = [Case(program(("exp", (0,)), ("sin", (1,))), point, "R") for point in (0.25, 0.5)]
    folder = campaign(tmp_path, f"{BROKEN}first_release", cases=cases)
    record = json.loads((folder / "run.json").read_text())
    assert triaged(folder).exit_code == 0
    (before,) = files(folder)
    assert len(before.findings) == 2
    # Some of the findings as if another release's.
    path = folder / "buckets" / before.file
    path.write_bytes(
        path.read_bytes().replace(before.findings[0].encode(), b"made@2-R-000000000000.json")
    )
    lines: list[str] = []
    (name,) = record["asked"]
    CampaignTriage(Folder(str(folder)), each=30.0, imported=record["asked"].values()).triage(
        name, known=False, seconds=60.0, report=lines.append
    )
    assert lines[0].endswith("2 different, 1 in files already")
    assert lines[1:] == [f"  1 findings: {before.cause.name}"]
    (after,) = files(folder)
    assert set(after.findings) == {*before.findings, "made@2-R-000000000000.json"}


def test_findings_that_no_longer_or_not_always_fail_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = Case(program(("exp", (0,)), ("sin", (1,))), 0.25, "R")
    folder = campaign(tmp_path, f"{BROKEN}mendable", f"{BROKEN}unsteady", cases=[case])
    monkeypatch.setenv("MENDED", "1")
    done = triaged(folder)
    assert done.exit_code == 0, done.output
    assert "1 findings do not fail any more: mendable-R-" in done.output
    assert "1 findings not the same when they were asked again: unsteady-R-" in done.output
    assert files(folder) == []


def test_files_are_copied_from_an_earlier_run(tmp_path: Path) -> None:
    """They keep the name that a person gave them and what was written into them, and so does the
    proposed entry.
    """
    case = Case(program(("exp", (0,)), ("sin", (1,))), 0.25, "R")
    monday, tuesday = (
        campaign(tmp_path / day, f"{BROKEN}sign", cases=[case]) for day in ("monday", "tuesday")
    )
    assert triaged(monday).exit_code == 0
    (made,) = files(monday)
    edited = json.loads(made.text)
    (monday / "buckets" / made.file).unlink()
    renamed = monday / "buckets" / "sine-sign.json"
    renamed.write_text(
        json.dumps({**edited, "issue": "https://example.org/1", "release": "first bad: 2, after 1"})
    )
    done = triaged(tuesday, "--previous", monday)
    assert f"  1 findings: {made.cause.name}\n" in done.output, done.output
    assert "steps in" not in done.output
    (file,) = files(tuesday)
    assert (file.file, file.issue, file.findings) == (
        "sine-sign.json",
        "https://example.org/1",
        made.findings,
    )
    assert "https://example.org/1" in (tuesday / "proposed" / "sine-sign.toml").read_text()
    assert "- first bad: 2, after 1" in issued(tuesday / "buckets" / "sine-sign.json").output
    # What is in a file is not asked again, and a file keeps its name.
    assert "1 in files already" in triaged(tuesday).output
    assert [path.name for path in (tuesday / "buckets").iterdir()] == ["sine-sign.json"]


def test_files_are_kept_if_triage_is_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine that cannot be asked does not stop the triage of others."""
    cases = [Case(program(("exp", (0,)), (name, (1,))), 0.25, "R") for name in ("sin", "tan")]
    folder = campaign(tmp_path, f"{BROKEN}several", f"{BROKEN}sign", cases=cases)
    whole, names = pipeline.described, iter(["first"])

    def described(file: BucketFile, *rest: Any, **options: Any) -> BucketFile:
        if next(names, None) is None and file.cause.engine == "several":
            raise EngineUnavailable("several: gone")
        return whole(file, *rest, **options)

    monkeypatch.setattr(pipeline, "described", described)
    done = triaged(folder)
    assert done.exit_code == 2
    assert done.stderr == "ad-conformance: engine several: gone\n"
    assert sorted((file.cause.engine, len(file.findings)) for file in files(folder)) == [
        ("several", 1),
        ("sign", 1),
    ]
    monkeypatch.setattr(pipeline, "described", whole)
    done = triaged(folder)
    assert done.exit_code == 0
    assert "2 different, 1 in files already" in done.output
    assert len(files(folder)) == 3


def test_a_rewrite_that_the_adapter_cannot_write_is_no_workaround(tmp_path: Path) -> None:
    """Triage goes on if the adapter fails at a rewrite, or if an engine cannot be imported."""

    def write_some(engine: Engine, case: Case) -> Script:
        if "multiply" in case.program.operations:
            raise KeyError("multiply")
        return write(engine, case)

    partial, gone = replace(broken.sign, name="partial", writer=write_some), broken.unimportable
    case = Case(program(("square", (0,)), ("sin", (1,))), 0.5, "R")
    pool = EnginePool([partial, gone, broken.honest])
    try:
        finding = pool.judge(case, "partial")
        assert finding.is_finding
        found = WaysAround(wrong_modes=("F",), right_engines=("honest",))
        assert workarounds(finding, pool, ["F"]) == Workarounds(found, None)
        # What is not asked is not called wrong.
        assert workarounds(finding, pool, ["F"], seconds=0.0) == Workarounds(WaysAround(), None)
    finally:
        pool.close()


def test_two_files_of_one_cause_are_refused(tmp_path: Path) -> None:
    """A person may have edited both, so neither is skipped or written."""
    folder = campaign(
        tmp_path, f"{BROKEN}sign", cases=[Case(program(("exp", (0,)), ("sin", (1,))), 0.25, "R")]
    )
    assert triaged(folder).exit_code == 0
    (file,) = files(folder)
    (folder / "buckets" / "copy.json").write_bytes(file.text)
    for options in ([], ["--previous", folder]):
        done = triaged(folder, *options)
        assert done.exit_code == 2
        assert done.stderr.count("\n") == 1
        assert f"copy.json and {file.file} have the same cause" in done.stderr


def test_an_engine_is_imported_only_if_the_command_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file may name an engine to import; that is not enough."""
    case = Case(program(("exp", (0,)), ("sin", (1,))), 0.25, "R")
    folder = campaign(tmp_path / "run", f"{BROKEN}sign", cases=[case])
    assert triaged(folder).exit_code == 0
    (bucket,) = (folder / "buckets").iterdir()
    (tmp_path / "trap.py").write_text("open(__file__ + '.sprung', 'w')")
    monkeypatch.syspath_prepend(tmp_path)
    for path in (bucket, folder / "run.json"):
        path.write_text(path.read_text().replace(f'"{BROKEN}sign"', '"trap:engine"'))
    for command, path, field in (
        ("issue", bucket, "engine"),
        ("triage", folder, "run.json: asked"),
    ):
        done = called(command, path)
        assert done.exit_code == 2
        assert done.stderr.endswith(
            f"{field}: 'trap:engine' is imported only if --engine names it\n"
        )
        assert done.stderr.count("\n") == 1
    assert not (tmp_path / "trap.py.sprung").exists()
    assert called("triage", folder, "--engine", "trap:engine").exit_code == 2
    assert (tmp_path / "trap.py.sprung").exists()


def test_a_malformed_finding_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = campaign(tmp_path, "inhouse", cases=[])
    rest: list[Any] = [None] * 13
    found = Recorded(0, "", None, "", "{", "R", [], 0, "inhouse", "wrong", *rest, "cut.json")
    monkeypatch.setattr(pipeline, "findings", lambda _: [found])
    done = triaged(folder)
    assert done.exit_code == 2
    assert "cut.json: json: not JSON" in done.stderr


def test_an_issue_for_another_engine_has_the_answer_and_workarounds_of_that_engine(
    tmp_path: Path,
) -> None:
    case = Case(program(("exp", (0,)), ("sin", (1,))), 0.25, "FR")
    folder = campaign(tmp_path, f"{BROKEN}dropped", "inhouse", cases=[case])
    assert triaged(folder).exit_code == 0, folder
    (file,) = files(folder)
    other = called("issue", folder / "buckets" / file.file, "--engine", f"{BROKEN}nan")
    assert other.exit_code == 0, other.output
    assert "is NaN or infinite" in other.output.splitlines()[0]
    assert "gets the same case right" not in other.output
    # The issue names no workaround in the in-house engine, which is no library of its own.
    assert "inhouse" not in other.output.partition("## Workarounds")[2].partition("## Versions")[0]
    assert bucket_at(folder / "buckets" / file.file).engine.endswith("dropped")
