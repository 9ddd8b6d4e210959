"""Progress counts every case, leaves its table on a terminal, and the last line has totals."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import pytest
from ad_conformance.generators.scenarios.seed_programs import seed_case
from ad_conformance.reports.campaign.progress import Progress
from ad_conformance.reports.campaign.shards import Tally
from ad_conformance.reports.campaign.store import Folder
from ad_conformance.reports.campaign.totals import Totals, totals
from ad_conformance.reports.cli.commands import app
from rich.console import Console
from typer.testing import CliRunner

from tests.reports.test_campaign import BROKEN, ask, plan

pytest.importorskip("duckdb")
NAMED = (("seed", "num_to_num", seed_case("num_to_num", "R").json),)
#: What clears a line of a terminal.
ERASE = "\x1b[2K"


def progress(console: Console, cases: int | None = 90) -> Progress:
    return Progress(
        Folder("memory://progress"),
        Tally(-1),
        engines=2,
        named=10,
        cases=cases,
        seconds=None,
        console=console,
    )


def shard(number: int, cases: int) -> Tally:
    counts = Counter({("torch", "agree"): cases - 1, ("torch", "wrong"): 1})
    return Tally(number, cases, counts)


def test_named_cases_count_too() -> None:
    shown = progress(Console(file=io.StringIO()))
    shown.ended(shard(0, 10))
    assert shown.cases == 10
    assert shown.line().startswith("10 of 100 cases, ")
    shown.ended(shard(1, 90))
    assert shown.line().startswith("100 of 100 cases, ")
    endless = progress(Console(file=io.StringIO()), cases=None)
    endless.ended(shard(0, 10))
    assert endless.line().startswith("10 cases, ")


def test_the_table_stays_on_a_terminal() -> None:
    file = io.StringIO()
    shown = progress(Console(file=file, force_terminal=True, width=120))
    with shown:
        shown.ended(shard(1, 90))
        shown.look((), last=True)
    last = file.getvalue().rpartition(ERASE)[2]
    assert "torch" in last
    assert "89" in last
    assert "90 of 100 cases" in last


def test_a_pipe_gets_one_line_at_the_end() -> None:
    file = io.StringIO()
    shown = progress(Console(file=file, width=200))
    with shown:
        shown.ended(shard(1, 90))
        shown.look((), last=True)
    assert file.getvalue().count("\n") == 1


def test_the_last_line_has_totals(tmp_path: Path) -> None:
    folder = ask(tmp_path / "run", plan("inhouse", f"{BROKEN}sign", named=NAMED), cases=30)
    found = totals(folder)
    assert (found.cases, found.named, found.answers) == (31, 1, 62)
    assert found.findings == found.new > 0
    arguments = ["campaign", "--resume", "--out", str(tmp_path / "run"), "--cases", "30"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 1
    last = done.output.splitlines()[-1]
    assert last == f"done: {found.line}; next: ad-conformance triage {tmp_path / 'run'}"


def test_totals_in_one_line() -> None:
    assert Totals(100, 10, 200, 150, 30, 20, 9).line == (
        "100 cases, 10 of them named; 200 answers: 150 correct, 30 findings (9 new, 20 known, "
        "1 flaky), 20 not compared"
    )
