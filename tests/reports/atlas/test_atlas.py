"""The command `atlas`: rounds, kills, wrong engines, and what it refuses."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ad_conformance.engines import registry
from ad_conformance.generators.scenarios.cells import GOAL, OPERATIONS, Grid
from ad_conformance.reports.atlas.plan import CAMPAIGN, atlas_plan
from ad_conformance.reports.atlas.site import write_site
from ad_conformance.reports.campaign.plan import Plan
from ad_conformance.reports.campaign.runner import Campaign, run
from ad_conformance.reports.campaign.store import Folder
from rich.console import Console

from tests.reports.atlas import made
from tests.reports.test_campaign import BROKEN, ask, plan, rows, threads

pytest.importorskip("duckdb")
#: A plan without pinned cases, of few operations.
SMALL = Plan(
    ("inhouse", f"{BROKEN}sign"), ("R",), 0, 1, 20.0, grid=Grid(("sin", "cos", "hypot"), 3)
)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "ad_conformance.reports", "atlas", *arguments]


def refused(*arguments: str) -> str:
    done = subprocess.run(command(*arguments), capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def document(out: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / f"{name}.json").read_text(encoding="utf-8"))
    return found


def test_a_wrong_engine_is_wrong_where_it_is_and_right_elsewhere(tmp_path: Path) -> None:
    folder = ask(tmp_path / CAMPAIGN, SMALL, cases=54)
    write_site(folder, tmp_path, SMALL.engines)
    assert rows(folder, "SELECT DISTINCT origin FROM cases") == [("atlas",)]
    sine = document(tmp_path, "operations/sin")
    words = {engine: {c["word"] for c in of.values()} for engine, of in sine["by_mode"].items()}
    assert words == {"inhouse": {"right", "untested"}, "sign": {"wrong", "untested"}}
    failure = sine["failures"][0]
    assert (failure["engine"], failure["word"], failure["entry"]) == ("sign", "wrong", "")
    assert "inhouse" in failure["instead"][-1]
    assert "inhouse.sin(" in failure["example"]["script"]
    cosine = document(tmp_path, "operations/cos")
    assert {c["word"] for c in cosine["by_mode"]["inhouse"].values()} == {"right", "untested"}


def test_rounds_are_asked_one_after_the_other() -> None:
    shards = list(SMALL.shards(None))
    grid = SMALL.grid
    assert grid is not None
    assert sum(n for _, n in shards if n) == GOAL * grid.size
    numbers = [number for shard, n in shards[:2] for number, *_ in SMALL.cases(shard, n)]
    assert numbers == sorted(numbers)
    assert numbers[0] == 0


def test_cases_do_not_depend_on_the_size_of_shards() -> None:
    larger = replace(SMALL, shard=2)
    small = [case for shard, n in SMALL.shards(180) for case in SMALL.cases(shard, n)]
    assert small == [case for shard, n in larger.shards(180) for case in larger.cases(shard, n)]


def test_only_the_inhouse_engine_is_asked_the_fourth_order(tmp_path: Path) -> None:
    deep = replace(SMALL, grid=Grid(("sin",), 4), engines=("inhouse", f"{BROKEN}sign"))
    grid = deep.grid
    assert grid is not None
    first = next(n for n, cell in enumerate(grid.cells()) if len(cell.mode) == 4)
    number, _, _, case = next(
        found
        for shard, n in deep.shards(None)
        for found in deep.cases(shard, n)
        if found[0] >= first
    )
    assert number >= first
    assert deep.asks("inhouse", case)
    assert deep.asks("inhouse@0.1.0", case)
    assert not deep.asks("sign", case)
    assert replace(deep, grid=None).asks("sign", case)


def test_the_plan_has_all_operations_and_the_pinned_cases() -> None:
    asked = atlas_plan(("inhouse", "torch"), 60.0)
    assert asked.grid is not None
    assert (asked.grid.operations, asked.grid.order) == (OPERATIONS, 4)
    origins = {origin for origin, _, _ in asked.named}
    if registry.find("torch").installed():
        assert origins == {"known", "around"}
        names = {name for origin, name, _ in asked.named if origin == "known"}
        assert {name for origin, name, _ in asked.named if origin == "around"} <= names
    without = atlas_plan(("autograd",), 60.0)
    assert without.grid is not None
    assert without.grid.order == 3


def test_what_is_killed_continues_without_a_loss(tmp_path: Path) -> None:
    undisturbed = ask(tmp_path / "whole", SMALL, cases=90)
    folder = Folder(str(tmp_path / "killed"))
    begun = Campaign.begin(folder, SMALL)
    ended = run(begun, threads(1), 1, cases=90, seconds=0.0, console=Console(quiet=True))
    assert ended == "out of time"
    resumed = Campaign.resume(folder)
    assert resumed.plan == begun.plan
    run(resumed, threads(1), 1, cases=90, seconds=None, console=Console(quiet=True))
    for table in ("cases", "verdicts"):
        query = f"SELECT * FROM {table} ORDER BY ALL"
        assert rows(folder, query) == rows(undisturbed, query)


@pytest.mark.slow
def test_a_killed_command_is_resumed(tmp_path: Path) -> None:
    out = tmp_path / "site"
    arguments = ("--engines", "inhouse", "--out", str(out), "--workers", "1")
    process = subprocess.Popen(command(*arguments, "--budget", "10m"))
    deadline = time.monotonic() + 240
    journals = out / CAMPAIGN / "journal"
    while time.monotonic() < deadline:
        if any(path.stat().st_size > 4000 for path in journals.glob("*.jsonl")):
            break
        time.sleep(0.2)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = rows(
        Folder(str(out / CAMPAIGN)),
        "SELECT id, engine, verdict FROM verdicts JOIN cases USING (number)",
    )
    assert before
    done = subprocess.run(
        command(*arguments, "--budget", "20s", "--resume"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    after = rows(
        Folder(str(out / CAMPAIGN)),
        "SELECT id, engine, verdict FROM verdicts JOIN cases USING (number)",
    )
    assert set(before) <= set(after)
    assert len(after) > len(before)
    assert "out of time: " in done.stdout
    found = document(out, "index")
    assert found["totals"]["certified_cases"] + found["totals"]["untested"] > 0
    assert (out / "operations" / "det.html").is_file()


def test_pages_are_written_again_without_asking(tmp_path: Path) -> None:
    made.write(tmp_path)
    done = subprocess.run(
        command("--out", str(tmp_path), "--pages"), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "pages only: " in done.stdout
    assert "6 pages" in done.stdout
    assert document(tmp_path, "operations/det")["by_mode"]["torch"]["RR"]["word"] == "wrong"


def test_bad_input_gets_one_line(tmp_path: Path) -> None:
    out = str(tmp_path / "site")
    told = refused("--engines", "inhouse,tor", "--out", out, "--budget", "1m")
    assert "engine 'tor' is not known" in told
    assert "torch" in told
    assert "Write 5s, 5m or 5h" in refused("--out", out, "--budget", "5")
    assert "give --budget" in refused("--out", out)
    assert "there is no run.json" in refused("--out", out, "--resume", "--budget", "1m")
    assert not Path(out).exists()


def test_folders_of_other_things_are_refused(tmp_path: Path) -> None:
    ask(tmp_path / "night", plan("inhouse"), cases=1)
    assert "this is the folder of a campaign" in refused(
        "--out", str(tmp_path / "night"), "--budget", "1m"
    )
    ask(tmp_path / "odd" / CAMPAIGN, plan("inhouse"), cases=1)
    assert "this is a campaign, not an atlas" in refused(
        "--out", str(tmp_path / "odd"), "--budget", "1m", "--resume"
    )
    full = tmp_path / "full"
    full.mkdir()
    (full / "letter.txt").write_text("mine")
    assert "not an empty folder" in refused("--out", str(full), "--budget", "1m")


def test_an_atlas_is_continued_only_with_its_engines(tmp_path: Path) -> None:
    made.write(tmp_path)
    assert "there is an atlas here; --resume continues it" in refused(
        "--out", str(tmp_path), "--budget", "1m"
    )
    told = refused("--out", str(tmp_path), "--resume", "--budget", "1m", "--engines", "inhouse")
    assert f"the atlas in {tmp_path} has inhouse, torch" in told
    run_json = tmp_path / CAMPAIGN / "run.json"
    text = run_json.read_text()
    run_json.write_text(text.replace('"sort"', '"no_such_operation"'))
    told = refused("--out", str(tmp_path), "--pages")
    assert "grid: operation 'no_such_operation' is not in the catalogue" in told
    run_json.write_text(text.replace('"order": 3', '"order": 300'))
    assert "grid.order" in refused("--out", str(tmp_path), "--pages")
