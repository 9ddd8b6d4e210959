"""A failing case becomes a small one that fails in the same way, the same every time."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from ad_conformance.conformance.pool import truth_of
from ad_conformance.conformance.reference.certify import Truth
from ad_conformance.conformance.triage import ask as asking
from ad_conformance.conformance.triage import reduce as reducing
from ad_conformance.conformance.triage.ask import Asker, judged
from ad_conformance.conformance.triage.reduce import reduced
from ad_conformance.conformance.verdicts import Result, Verdict, judge
from ad_conformance.engines.contract import Answer
from ad_conformance.engines.process.sandbox import Sandbox
from ad_conformance.generators.ir.case_io import read_case
from ad_conformance.generators.ir.program import Case, MalformedCase, Program, Step
from ad_conformance.generators.rewrite import reduction
from ad_conformance.generators.rewrite.reduction import reduce, size
from ad_conformance.generators.strategies.sampling import draw
from ad_conformance.reports.cli.commands import app
from typer.testing import CliRunner

from tests import broken_engines as broken


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:  # type: ignore[misc]
    with Sandbox(broken.sign) as sandbox:
        yield sandbox


def wrong(sandbox: Sandbox, case: Case) -> bool:
    return (
        judge(case, sandbox.engine.name, sandbox.ask(case), truth_of(case)).verdict is Verdict.WRONG
    )


def failing(sandbox: Sandbox, count: int) -> list[Case]:
    found = []
    for case in draw(["RR", "R", "RF"], 1500):
        operations = case.program.operations
        inside = any(name.startswith("inner") for name in operations)
        if (
            "sin" in operations
            and not inside
            and len(case.program.steps) > 4
            and wrong(sandbox, case)
        ):
            found.append(case)
            if len(found) == count:
                return found
    raise AssertionError("too few")


def test_only_the_planted_fault_is_left(sandbox: Sandbox) -> None:
    for case in failing(sandbox, 4):
        small = reduce(case, lambda candidate: wrong(sandbox, candidate))
        steps = [step.operation for step in small.program.steps if step.operands]
        assert steps == ["sin"], small.json
        assert (small.mode, small.operator, small.dtype, small.warmup_point, small.wrt) == (
            "R",
            "jacobian",
            "float64",
            None,
            "",
        )
        assert small.input.size == 1
        assert size(small) < size(case)
        assert small == reduce(case, lambda candidate: wrong(sandbox, candidate))


@pytest.mark.parametrize("needed", [True, False])
def test_further_names_stay_only_if_they_are_needed(needed: bool) -> None:
    """The dtype is needed, so the plain case does not fail."""
    steps = (Step("sin", (0,)), Step("exp", (1,)))
    case = Case(Program(steps), (0.5, 2.0), "R", dtype="float32", names=3)
    found = reduce(case, lambda c: c.dtype == "float32" and (bool(c.names) or not needed))
    assert (found.dtype, found.names) == ("float32", 3 if needed else 0)


def test_a_case_that_cannot_get_smaller_stays(sandbox: Sandbox) -> None:
    case = failing(sandbox, 1)[0]
    assert reduce(case, lambda candidate: False) == case
    assert reduce(case, lambda candidate: True, seconds=0.0) == case


def test_only_valid_cases_are_asked_and_no_case_twice() -> None:
    for case in draw(["R", "FR"], 60):
        asked: list[str] = []

        def fails(candidate: Case) -> bool:
            asked.append(candidate.id)  # noqa: B023
            truth_of(candidate)
            return len(asked) % 3 == 0  # noqa: B023

        reduce(case, fails)
        assert len(asked) == len(set(asked))


def test_reduction_continues_from_its_progress_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    """In many short calls no case is asked twice, and the result is the same."""
    finding = judged(failing(sandbox, 1)[0], sandbox)
    whole = reduced(finding, sandbox)
    progress = tmp_path / "progress.json"
    # A clock that goes on by a second with every question.
    seconds = itertools.count()
    monkeypatch.setattr(reduction, "time", SimpleNamespace(monotonic=lambda: float(next(seconds))))
    met: list[int] = []
    while len(met) < 2 or met[-1] > met[-2]:
        small = reduced(finding, sandbox, seconds=2.0, progress=progress)
        met.append(len(json.loads(progress.read_text())["asked"]))
    assert len(met) > 3
    assert small.case == whole.case


def test_progress_of_another_finding_is_refused(tmp_path: Path, sandbox: Sandbox) -> None:
    one, other = (judged(case, sandbox) for case in failing(sandbox, 2))
    progress = tmp_path / "progress.json"
    reduced(one, sandbox, seconds=0.0, progress=progress)
    with pytest.raises(
        MalformedCase, match=f"progress.json: finding: '{one.case.id}' is not '{other.case.id}'"
    ):
        reduced(other, sandbox, progress=progress)
    kept = json.loads(progress.read_text())
    other_engine = Sandbox(replace(broken.sign, name="renamed"))
    with (
        other_engine,
        pytest.raises(MalformedCase, match=r"progress.json: engine: 'sign' is not 'renamed'"),
    ):
        reduced(one, other_engine, progress=progress)
    for change, said in (
        ({"asked": 3}, "asked: a list of ids"),
        ({"case": {}}, "is missing"),
        ({"odd": 1}, "'odd'"),
    ):
        progress.write_text(json.dumps({**kept, **change}))
        with pytest.raises(MalformedCase, match=said):
            reduced(one, sandbox, progress=progress)
    progress.write_text("{")
    with pytest.raises(MalformedCase, match=r"progress\.json"):
        reduced(one, sandbox, progress=progress)


def test_progress_is_kept_however_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    finding = judged(failing(sandbox, 1)[0], sandbox)
    progress, questions = tmp_path / "progress.json", itertools.count()

    ask = Asker._ask

    def interrupted(asker: Asker, case: Case) -> Result | None:
        if next(questions) == 3:
            raise KeyboardInterrupt
        return ask(asker, case)

    with monkeypatch.context() as patched:
        patched.setattr(Asker, "_ask", interrupted)
        with pytest.raises(KeyboardInterrupt):
            reduced(finding, sandbox, progress=progress)
    assert len(json.loads(progress.read_text())["asked"]) == 4
    assert reduced(finding, sandbox, progress=progress).case == reduced(finding, sandbox).case
    assert [path.name for path in tmp_path.iterdir()] == [progress.name]
    with pytest.raises(OSError, match="nowhere"):
        reduced(finding, sandbox, progress=tmp_path / "nowhere" / "progress.json")


def test_numbers_that_float32_cannot_hold_are_no_candidates() -> None:
    steps = (Step("exp", (0,)), Step("log", (1,)), Step("sin", (2,)))
    case = Case(Program(steps), 80.0, "R", dtype="float32")
    large = replace(case, point=100.0)
    assert reduce(large, lambda candidate: False) == large
    assert len(reduce(large, lambda candidate: True).program.steps) < 3


def test_a_hang_is_reduced_with_a_shorter_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "HANG_SECONDS", 0.5)
    steps = (Step("sin", (0,)), Step("exp", (1,)))
    case = Case(Program(steps), 0.0, "R")
    with Sandbox(broken.stuck, timeout=20.0) as sandbox:
        finding = Result(
            case,
            "stuck",
            Verdict.TIMEOUT,
            Answer("timeout", message="no answer within 20 s"),
            Truth("uncertified"),
        )
        waited: list[float] = []

        ask = Asker._ask

        def asked(asker: Asker, candidate: Case) -> Result | None:
            waited.append(asker.sandbox.timeout)
            return ask(asker, candidate)

        def last(candidate: Case, sandbox: Sandbox) -> Result:
            waited.append(sandbox.timeout)
            return replace(finding, case=candidate)

        monkeypatch.setattr(Asker, "_ask", asked)
        monkeypatch.setattr(reducing, "judged", last)
        small = reduced(finding, sandbox)
        assert [step.operation for step in small.case.program.steps] == ["exp"]
        assert waited[-1] == sandbox.timeout == 20.0
        assert max(waited[:-1]) < 10.0


def test_a_slow_case_is_not_taken_for_a_hang(
    monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    """With the whole timeout the reduced case does answer: the finding stays."""
    case = failing(sandbox, 1)[0]
    finding = Result(
        case,
        "sign",
        Verdict.TIMEOUT,
        Answer("timeout", message="no answer within 60 s"),
        Truth("uncertified"),
    )
    monkeypatch.setattr(reducing.reduction, "reduce", lambda case, fails, seconds, asked: case)
    assert reduced(finding, sandbox) is finding


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    monkeypatch.chdir(tmp_path)
    case = failing(sandbox, 1)[0]
    (tmp_path / "case.json").write_text(case.json)
    done = CliRunner().invoke(app, ["reduce", "case.json", "--engine", "tests.broken_engines:sign"])
    assert done.exit_code == 0
    (kept,) = (tmp_path / "findings").iterdir()
    assert f"wrong, wrong sign; kept as findings/{kept.name}" in done.output
    assert [step.operation for step in read_case(kept).program.steps if step.operands] == ["sin"]
    done = CliRunner().invoke(
        app, ["reduce", "case.json", "--engine", "tests.broken_engines:honest"]
    )
    assert (done.exit_code, done.output) == (
        1,
        f"honest {broken.honest.version()} {case.mode}: agree; the case does not fail\n",
    )
    assert (
        CliRunner().invoke(app, ["reduce", "nonesuch.json", "--engine", "inhouse"]).exit_code == 2
    )
