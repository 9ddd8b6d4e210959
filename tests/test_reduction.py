"""A case that fails becomes a small one that fails too, the same every time."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from conformance.panel import truth_of
from conformance.verdicts import Verdict, judge
from engines.sandbox import Sandbox
from generators.drawing import draw
from generators.programs import Case
from generators.reading import read_case
from generators.reduction import reduce, size
from reports.__main__ import app
from tests import broken_engines as broken


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:  # type: ignore[misc]
    with Sandbox(broken.sign) as sandbox:
        yield sandbox


def wrong(sandbox: Sandbox, case: Case) -> bool:
    return judge(case, sandbox.engine.name, sandbox.ask(case), truth_of(case)).verdict is Verdict.WRONG


def failing(sandbox: Sandbox, count: int) -> list[Case]:
    found = []
    for case in draw(["RR", "R", "RF"], 1500):
        operations = case.program.operations
        inside = any(name.startswith("inner") for name in operations)
        if "sin" in operations and not inside and len(case.program.steps) > 4 and wrong(sandbox, case):
            found.append(case)
            if len(found) == count:
                return found
    raise AssertionError("too few")


def test_a_planted_fault_is_all_that_is_left(sandbox: Sandbox) -> None:
    for case in failing(sandbox, 4):
        small = reduce(case, lambda candidate: wrong(sandbox, candidate))
        steps = [step.operation for step in small.program.steps if step.operands]
        assert steps == ["sin"], small.json
        assert (small.word, small.operator, small.dtype, small.elsewhere, small.wrt) == (
            "R",
            "jacobian",
            "float64",
            None,
            "",
        )
        assert small.input.size == 1
        assert size(small) < size(case)
        assert small == reduce(case, lambda candidate: wrong(sandbox, candidate))


def test_what_does_not_get_smaller_stays(sandbox: Sandbox) -> None:
    case = failing(sandbox, 1)[0]
    assert reduce(case, lambda candidate: False) == case
    assert reduce(case, lambda candidate: True, seconds=0.0) == case


def test_only_valid_cases_are_asked_and_none_twice() -> None:
    for case in draw(["R", "FR"], 60):
        asked: list[str] = []

        def fails(candidate: Case) -> bool:
            asked.append(candidate.id)  # noqa: B023
            truth_of(candidate)
            return len(asked) % 3 == 0  # noqa: B023

        reduce(case, fails)
        assert len(asked) == len(set(asked))


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    monkeypatch.chdir(tmp_path)
    case = failing(sandbox, 1)[0]
    (tmp_path / "case.json").write_text(case.json)
    done = CliRunner().invoke(app, ["reduce", "case.json", "--engine", "tests.broken_engines:sign"])
    assert done.exit_code == 0
    (kept,) = (tmp_path / "findings").iterdir()
    assert f"wrong; kept as findings/{kept.name}" in done.output
    assert [step.operation for step in read_case(kept).program.steps if step.operands] == ["sin"]
    done = CliRunner().invoke(app, ["reduce", "case.json", "--engine", "tests.broken_engines:honest"])
    assert (done.exit_code, done.output) == (1, f"honest {case.word}: agree, which is no finding\n")
    assert CliRunner().invoke(app, ["reduce", "nonesuch.json"]).exit_code == 2
