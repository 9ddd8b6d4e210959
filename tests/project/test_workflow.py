"""The workflows: the steps of the nightly one, run for two nights, and the checks of the others."""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml")
pytest.importorskip("jinja2")
ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / ".github" / "workflows" / "nightly.yml"
BROKEN = "tests.broken_engines:"


def step(name: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a step of the job as the runner does, in that folder."""
    steps = yaml.safe_load(WORKFLOW.read_text())["jobs"]["night"]["steps"]
    (script,) = [s["run"] for s in steps if s.get("name") == name]
    told = folder / "environment"
    told.touch()
    told_before = dict(line.split("=", 1) for line in told.read_text().splitlines())
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("GITHUB_")}
    path = os.pathsep.join((str(ROOT), inherited.get("PYTHONPATH", "")))
    every = {
        **inherited,
        "MODES": "R,FR",
        "LIMIT": "--cases 20",
        "GITHUB_ENV": str(told),
        "GITHUB_STEP_SUMMARY": str(folder / "posted"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": path,
        **told_before,
        **environment,
    }
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(
        command, cwd=folder, env=every, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_two_campaigns_are_compared(tmp_path: Path) -> None:
    for engines, failed in (("inhouse", False), (f"inhouse,{BROKEN}sign", True)):
        asked = step("Ask", tmp_path, ENGINES=engines)
        assert asked.returncode == 0, asked.stdout + asked.stderr
        triaged = step("Triage", tmp_path, ENGINES=engines)
        assert triaged.returncode == 0, triaged.stdout + triaged.stderr
        reported = step("Report", tmp_path, ENGINES=engines)
        assert (reported.returncode == 1) is failed, reported.stdout + reported.stderr
        assert step("Post", tmp_path).returncode == 0
    assert "<html" in (tmp_path / "page" / "index.html").read_text()
    assert "sign" in (tmp_path / "posted").read_text()
    assert list((tmp_path / "runs").glob("*/buckets/sign-x-wrong-sin-*.json"))
    assert {path.name for path in (tmp_path / "page").iterdir()} == {
        "index.html", "summary.md", "junit.xml", "night.json",
    }  # fmt: skip


def test_what_fails_is_reported_first() -> None:
    steps = yaml.safe_load(WORKFLOW.read_text())["jobs"]["night"]["steps"]
    names = [s.get("name") or s["uses"].partition("@")[0] for s in steps]
    assert names.index("actions/deploy-pages") < names.index("Fail on what is new")
    assert steps[names.index("Report")]["continue-on-error"] is True
    assert steps[names.index("Fail on what is new")]["if"] == "steps.report.outcome == 'failure'"


def test_every_lint_command_is_run_everywhere() -> None:
    tox = configparser.ConfigParser()
    tox.read(ROOT / "tox.ini")
    commands = tox["testenv:lint"]["commands"].split("\n")[1:]
    assert len(commands) == 4
    for file in (".ci/run", ".github/workflows/pull-request.yml"):
        lines = [line.strip() for line in (ROOT / file).read_text().splitlines()]
        assert [command for command in commands if command not in lines] == []


@pytest.mark.parametrize("file", sorted((ROOT / ".github").rglob("*.yml")), ids=lambda p: p.stem)
def test_files_for_github_can_be_read(file: Path) -> None:
    assert isinstance(yaml.safe_load(file.read_text()), dict)
