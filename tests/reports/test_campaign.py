"""Campaigns record the same with any workers, and through kills."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ad_conformance.generators.scenarios.seed_programs import seed_case
from ad_conformance.reports.campaign.plan import Plan
from ad_conformance.reports.campaign.runner import (
    Campaign,
    pool,
    previous_findings,
    run,
)
from ad_conformance.reports.campaign.shards import _Shard, as_text
from ad_conformance.reports.campaign.store import Folder
from ad_conformance.reports.campaign.tables import tables
from ad_conformance.reports.campaign.totals import totals
from rich.console import Console

from validation.kills import differences, disturbed, lost, start

pytest.importorskip("duckdb")
BROKEN = "tests.broken_engines:"


def plan(
    *engines: str, modes: tuple[str, ...] = ("R", "FR"), seed: int = 0, named: Any = ()
) -> Plan:
    return Plan(engines, modes, seed, 1, 20.0, named)


@contextmanager
def threads(workers: int) -> Iterator[Callable[[], Executor]]:
    with ThreadPoolExecutor(workers) as executor:
        yield lambda: executor


def ask(out: str | Path, asked: Plan, *, cases: int, workers: int = 1) -> Folder:
    folder = Folder(str(out))
    run(
        Campaign.begin(folder, asked),
        threads(workers),
        workers,
        cases=cases,
        seconds=None,
        console=Console(quiet=True),
    )
    return folder


def rows(folder: Folder, query: str) -> list[tuple[Any, ...]]:
    with tables(folder) as connection:
        return connection.sql(query).fetchall()


def refused(*arguments: str, **options: Any) -> str:
    command = [sys.executable, "-m", "ad_conformance.reports", "campaign", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def test_every_verdict_is_recorded(tmp_path: Path) -> None:
    folder = ask(tmp_path, plan("inhouse", f"{BROKEN}sign"), cases=100)
    assert rows(folder, "SELECT count(*), count(DISTINCT id) FROM cases") == [(100, 100)]
    assert rows(
        folder, "SELECT engine, count(*) FROM verdicts GROUP BY engine ORDER BY engine"
    ) == [
        ("inhouse", 100),
        ("sign", 100),
    ]
    found = rows(folder, "SELECT finding, again, got, wanted FROM verdicts WHERE verdict = 'wrong'")
    assert found
    for finding, again, got, wanted in found:
        assert Path(tmp_path, "findings", finding).exists()
        assert again == "wrong"
        assert json.loads(got) != json.loads(wanted)
    assert rows(folder, "SELECT DISTINCT how_wrong FROM verdicts WHERE severity = 'sign'")
    assert rows(
        folder, "SELECT count(*) FROM verdicts WHERE (severity IS NULL) = (finding IS NOT NULL)"
    ) == [(0,)]
    phases = {phase for (phase,) in rows(folder, "SELECT DISTINCT phase FROM timings")}
    assert phases == {"generate", "truth", "compile", "run", "judge", "shard"}


def test_some_cases_are_asked_again_after_the_others(tmp_path: Path) -> None:
    folder = ask(tmp_path, plan("inhouse", f"{BROKEN}ageing", modes=("R",)), cases=90)
    found = rows(
        folder,
        "SELECT engine, verdict, severity, again, how_wrong FROM verdicts JOIN cases USING "
        "(number) WHERE ('0x' || right(id, 8))::UBIGINT % 16 = 1 AND verdict IN ('agree', "
        "'impure') ORDER BY ALL",
    )
    said = "after other cases, the engine gives another answer"
    assert ("inhouse", "agree", None, None, None) in found
    assert ("ageing", "impure", "impure", None, said) in found
    assert rows(folder, "SELECT count(*) FROM verdicts") == [(180,)]


def test_workers_do_not_matter(tmp_path: Path) -> None:
    asked = plan("inhouse", f"{BROKEN}sign")
    for workers in (1, 2):
        ask(tmp_path / str(workers), asked, cases=200, workers=workers)
    assert differences(tmp_path / "1", tmp_path / "2") == []
    ask(tmp_path / "other", plan("inhouse", f"{BROKEN}sign", seed=1), cases=200)
    assert "cases/00000001.parquet" in differences(tmp_path / "1", tmp_path / "other")


@pytest.mark.slow
def test_killed_campaigns_record_what_undisturbed_ones_do(tmp_path: Path) -> None:
    arguments = [
        "--engines",
        f"inhouse,{BROKEN}sign",
        "--cases",
        "450",
        "--modes",
        "R,FR",
        "--workers",
        "2",
    ]
    start(tmp_path / "calm", *arguments).communicate()
    printed = disturbed(tmp_path / "killed", arguments, 3, random.Random(1), (1.0, 2.5))
    assert differences(tmp_path / "calm", tmp_path / "killed") == []
    assert "findings/" in printed
    assert not lost(tmp_path / "killed", printed)
    assert not list(tmp_path.glob("killed/journal/*"))


def test_what_was_recorded_is_not_asked_again(tmp_path: Path) -> None:
    """A journal that was cut short in its last line: what stands before it stays, the rest is
    asked.
    """
    whole = ask(tmp_path / "whole", plan(f"{BROKEN}sign"), cases=60)
    folder = Folder(str(tmp_path / "cut"))
    campaign = Campaign.begin(folder, plan(f"{BROKEN}sign"))
    journal = tmp_path / "cut" / "journal" / "00000001.jsonl"
    journal.parent.mkdir()
    kept = rows(whole, "SELECT number, json FROM cases ORDER BY number LIMIT 1")[0]
    recorded = {
        "number": kept[0],
        "engine": "sign",
        "verdict": "timeout",
        "again": None,
        "known": None,
    }
    journal.write_text(
        json.dumps({"verdicts": recorded}) + "\n" + json.dumps({"verdicts": recorded})[:-7]
    )
    run(campaign, threads(1), 1, cases=60, seconds=None, console=Console(quiet=True))
    assert rows(folder, "SELECT verdict FROM verdicts WHERE number = 0") == [("timeout",)]
    assert rows(folder, "SELECT count(*), count(DISTINCT number) FROM verdicts") == [(60, 60)]
    others = "SELECT number, verdict FROM verdicts WHERE number > 0 ORDER BY number"
    assert rows(folder, others) == rows(whole, others)


def test_a_campaign_out_of_time_keeps_what_it_has(tmp_path: Path) -> None:
    folder = Folder(str(tmp_path))
    campaign = Campaign.begin(folder, plan(f"{BROKEN}hang", "inhouse"))
    # How long it takes to start is the machine's to say.
    for seconds in (4.0, 16.0, 64.0):
        assert (
            run(
                campaign, pool(folder, 1), 1, cases=90, seconds=seconds, console=Console(quiet=True)
            )
            == "out of time"
        )
        if kept := rows(folder, "SELECT count(*) FROM verdicts WHERE engine = 'inhouse'")[0][0]:
            break
    assert kept
    assert json.loads((tmp_path / "sessions" / "0001.json").read_text())["ended"] == "out of time"


def test_an_unsteady_finding_is_told(tmp_path: Path) -> None:
    named = (("seed", "num_to_num", seed_case("num_to_num", "R").json),)
    folder = ask(tmp_path, plan(f"{BROKEN}unsteady", named=named), cases=1)
    assert rows(folder, "SELECT verdict, again FROM verdicts WHERE number < 0") == [
        ("wrong", "agree")
    ]
    assert totals(folder).new == len(rows(folder, "FROM verdicts WHERE again = verdict"))


def test_a_late_case_is_asked_again_when_no_other_engine_is_at_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone: list[bool] = []
    feed = _Shard._feed

    def fed(shard: _Shard, engine: str) -> None:
        waiting = shard.waiting[engine]
        if waiting and (waiting[0], engine) in shard.doubted:
            alone.append(not shard.pending)
        feed(shard, engine)

    monkeypatch.setattr(_Shard, "_feed", fed)
    monkeypatch.setenv("MARK", str(tmp_path / "mark"))
    named = (("seed", "num_to_num", seed_case("num_to_num", "R").json),)
    engines = ("inhouse", f"{BROKEN}slow_once", f"{BROKEN}hang")
    asked = replace(plan(*engines, seed=1), timeout=0.5)
    folder = ask(tmp_path / "out", replace(asked, named=named), cases=1)
    assert (tmp_path / "mark").exists(), "it was late once"
    assert alone == [True] * 3
    assert rows(
        folder, "SELECT engine, verdict, again, finding IS NULL FROM verdicts ORDER BY ALL"
    ) == [
        *[("hang", "timeout", "timeout", False)] * 2,
        *[("inhouse", "agree", None, True)] * 2,
        *[("slow-once", "agree", None, True)] * 2,
    ]
    assert {name.partition("-")[0] for name in folder.names("findings")} == {"hang"}


def test_an_engine_that_does_not_import_is_a_trouble(tmp_path: Path) -> None:
    folder = ask(tmp_path, plan("inhouse", f"{BROKEN}unimportable", f"{BROKEN}missing"), cases=10)
    ((engine, kind, detail),) = rows(folder, "SELECT DISTINCT engine, kind, detail FROM troubles")
    assert (engine, kind) == ("unimportable", "unavailable")
    assert "no_such_module_of_an_engine" in detail
    assert rows(folder, "SELECT DISTINCT engine FROM verdicts") == [("inhouse",)]
    assert json.loads((tmp_path / "run.json").read_text())["absent"] == {
        "missing": "ad-conformance is not installed"
    }


def test_previous_findings_are_asked_first(tmp_path: Path) -> None:
    before = ask(tmp_path / "before", plan(f"{BROKEN}sign"), cases=60)
    named = previous_findings(before)
    assert named
    after = ask(tmp_path / "after", plan("inhouse", seed=1, named=tuple(named)), cases=1)
    asked = rows(
        after,
        "SELECT origin, name, verdict FROM cases JOIN verdicts USING (number) WHERE number < 0",
    )
    assert {origin for origin, _, _ in asked} == {"previous"}
    assert {verdict for _, _, verdict in asked} == {"agree"}
    assert {name for _, name, _ in asked} == {name for _, name, _ in named}


def test_a_campaign_elsewhere_than_on_disk(tmp_path: Path) -> None:
    folder = ask("memory://night", plan("inhouse", f"{BROKEN}sign"), cases=20)
    ask(tmp_path, plan("inhouse", f"{BROKEN}sign"), cases=20)
    for table in ("cases", "verdicts"):
        assert (
            folder.read(f"{table}/00000001.parquet")
            == (tmp_path / table / "00000001.parquet").read_bytes()
        )


def test_elsewhere_shards_at_work_are_waited_for_when_the_time_is_over() -> None:
    """Where no journal can be seen, what is not complete is lost."""
    folder = Folder("memory://late")
    campaign = Campaign.begin(folder, plan("inhouse"))
    ended = run(campaign, threads(2), 2, cases=None, seconds=1.0, console=Console(quiet=True))
    session = json.loads(folder.read("sessions/0001.json"))
    assert (ended, session["ended"]) == ("out of time", "out of time")
    assert session["shards"] == len(folder.names("verdicts")) >= 2


def test_a_worker_of_an_earlier_campaign_asks_what_this_one_asks() -> None:
    """Workers of a cluster outlive campaigns, of which another may lie at the same place."""
    for engine in ("inhouse", f"{BROKEN}sign"):
        folder = ask("memory://again", plan(engine), cases=2)
        assert rows(folder, "SELECT DISTINCT engine FROM verdicts") == [
            (engine.rpartition(":")[2],)
        ]
        folder._fs.rm(folder.path, recursive=True)


def test_plans_cut_the_same_cases_whatever_the_shards() -> None:
    small, large = plan("inhouse"), Plan(("inhouse",), ("R", "FR"), 0, 2, 20.0)
    of_small = [case for shard, n in small.shards(200) for case in small.cases(shard, n)]
    of_large = [case for shard, n in large.shards(200) for case in large.cases(shard, n)]
    assert of_small == of_large
    assert [number for number, *_ in of_small] == list(range(200))


def test_complex_answers_are_recorded() -> None:
    assert as_text(np.array([0.5 + 1j])) == '["(0.5+1j)"]'
    assert as_text(np.array([[0.5, np.nan]])) == "[[0.5, NaN]]"
    assert as_text(None) is None
