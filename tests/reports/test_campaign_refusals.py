"""Campaigns refuse, in one line, what was not asked for or what another release recorded."""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ad_conformance.engines.process.interpreters import checked
from ad_conformance.generators.strategies.source import SEED_VERSION
from ad_conformance.reports.campaign.plan import planned
from ad_conformance.reports.campaign.runner import Campaign, CampaignError, run
from ad_conformance.reports.campaign.store import Folder, StoreError, record
from ad_conformance.reports.campaign.tables import tables
from ad_conformance.reports.issues.triage_pipeline import CampaignTriage
from rich.console import Console

from tests.reports.test_campaign import BROKEN, ask, plan, refused, rows, threads

pytest.importorskip("duckdb")


def test_an_interpreter_is_recorded_and_used_only_if_the_user_names_it(tmp_path: Path) -> None:
    # This interpreter, as another one: nothing of it is on the path of its workers.
    python = checked(sys.executable)
    folder = ask(tmp_path, replace(plan("inhouse", "autograd"), python=python), cases=2)
    recorded = record(folder, "run.json")["interpreter"]
    assert (recorded["path"], recorded["numpy"]) == (python, np.__version__)
    for named, reason in (
        ("", "is used only if --python names it"),
        ("/another", f"the campaign ran in {python!r}, not in '/another'"),
    ):
        with pytest.raises(StoreError, match=f"run.json: interpreter: .*{re.escape(reason)}$"):
            Campaign.resume(folder, named)
        with pytest.raises(StoreError, match=f"run.json: interpreter: .*{re.escape(reason)}$"):
            CampaignTriage(folder, each=1.0, python=named)
    campaign = Campaign.resume(folder, python)
    assert {engine.name for engine in map(campaign.plan.find, campaign.plan.engines)} == {
        "inhouse",
        "autograd",
    }
    # A campaign without an interpreter does not get one later.
    without = ask(tmp_path / "without", plan("inhouse"), cases=1)
    with pytest.raises(StoreError, match="the campaign ran without --python"):
        Campaign.resume(without, python)


def test_another_python_there_is_another_release(tmp_path: Path) -> None:
    python = checked(sys.executable)
    folder = ask(tmp_path, replace(plan("inhouse"), python=python), cases=1)
    found = record(folder, "run.json")
    found["interpreter"]["python"] = "3.10.1"
    (tmp_path / "run.json").write_text(json.dumps(found))
    with pytest.raises(CampaignError, match=f"^{re.escape(python)} is .* here, 3.10.1 in the"):
        Campaign.resume(folder, python)


@pytest.mark.parametrize(("kind", "name"), [("engines", "inhouse"), ("harness", "seeding")])
def test_a_worker_with_another_release_is_refused(tmp_path: Path, kind: str, name: str) -> None:
    campaign = Campaign.begin(Folder(str(tmp_path)), plan("inhouse"))
    found = json.loads((tmp_path / "run.json").read_text())
    found[kind][name] = "9"
    (tmp_path / "run.json").write_text(json.dumps(found))
    with pytest.raises(StoreError, match=f"{name} is [0-9.]+ here, 9 in the campaign"):
        run(campaign, threads(1), 1, cases=1, seconds=None, console=Console(quiet=True))


def test_a_record_of_the_first_seed_version_is_read_but_not_continued(tmp_path: Path) -> None:
    """Such a record has the release of Hypothesis and no version of the map from seed to cases."""
    folder = Folder(str(tmp_path))
    Campaign.begin(folder, plan("inhouse"))
    found = json.loads((tmp_path / "run.json").read_text())
    del found["harness"]["seeding"]
    found["harness"]["hypothesis"] = "6.170.15"
    (tmp_path / "run.json").write_text(json.dumps(found))
    assert planned(record(folder, "run.json"), "run.json") == plan("inhouse")
    with pytest.raises(
        CampaignError, match=rf"^seeding is {SEED_VERSION} here, 1 in the campaign$"
    ):
        Campaign.resume(folder)


def test_refusals(tmp_path: Path) -> None:
    out = ["--out", str(tmp_path / "out"), "--cases", "1"]
    assert "give --budget or --cases" in refused("--out", str(tmp_path / "out"))
    assert "'5x' is not a duration" in refused(*out, "--budget", "5x")
    assert "engine 'nothing' is not known" in refused(*out, "--engines", "nothing")
    assert "'RX' is not a mode;" in refused(*out, "--modes", "RX")
    assert "there is no run.json" in refused(*out, "--resume")
    assert "not installed" in refused(*out, "--engines", f"{BROKEN}missing")
    (tmp_path / "file").write_text("")
    assert "file" in refused("--out", str(tmp_path / "file" / "out"), "--cases", "1")
    assert not (tmp_path / "out").exists()


def test_a_record_that_was_spoilt_is_refused(tmp_path: Path) -> None:
    folder = ask(tmp_path, plan("inhouse"), cases=1)
    whole = (tmp_path / "run.json").read_text()
    again = ["--out", str(tmp_path), "--resume", "--cases", "1"]
    assert "there is a campaign here" in refused("--out", str(tmp_path), "--cases", "1")
    for spoilt, said in (
        (whole[: len(whole) // 2], "run.json"),
        (whole.replace('"seed"', '"sead"'), "run.json: seed is missing"),
        (whole.replace('"inhouse": "', '"inhouse": "9', 1), "in the campaign"),
        (whole.replace('"format": 1', '"format": 99'), "format 1 is needed"),
    ):
        (tmp_path / "run.json").write_text(spoilt)
        assert said in refused(*again)
    (tmp_path / "run.json").write_text(whole)
    shard = tmp_path / "verdicts" / "00000001.parquet"
    shard.write_bytes(shard.read_bytes()[:-10])
    assert "00000001.parquet" in refused(*again)
    assert folder.exists("run.json")


@pytest.mark.slow
def test_a_full_disk_is_one_line_and_loses_nothing(tmp_path: Path) -> None:
    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    out = [
        "--out",
        str(tmp_path),
        "--cases",
        "300",
        "--modes",
        "R,FR",
        "--engines",
        "inhouse",
        "--workers",
        "1",
    ]
    assert "File too large" in refused(*out, preexec_fn=limited)
    with tables(Folder(str(tmp_path))) as connection:
        kept = connection.sql("SELECT count(*) FROM verdicts").fetchall()[0][0]
    assert kept > 0
    done = subprocess.run(
        [sys.executable, "-m", "ad_conformance.reports", "campaign", *out, "--resume"], check=False
    )
    assert done.returncode == 0
    assert rows(Folder(str(tmp_path)), "SELECT count(*) FROM cases WHERE number >= 0") == [(300,)]
