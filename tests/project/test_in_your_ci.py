"""The reusable workflow in the repository of an engine, tests/project/engine_repository.

The engine has one wrong rule. The `run:` lines of the workflow are executed there, as the runner of
GitHub does.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.project.wheels import ROOT, built

yaml = pytest.importorskip("yaml")
pytest.importorskip("jinja2")

WORKFLOW = ROOT / ".github" / "workflows" / "conformance.yml"
REPOSITORY = Path(__file__).parent / "engine_repository"
CALLING = Path(".github", "workflows", "conformance.yml")
DOCUMENT = ROOT / "docs" / "in-your-ci.md"


def read(path: Path) -> dict[Any, Any]:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def inputs() -> dict[str, dict[str, Any]]:
    """The inputs of the workflow. YAML reads the key `on` as true."""
    found: dict[str, dict[str, Any]] = read(WORKFLOW)[True]["workflow_call"]["inputs"]
    return found


class Runner:
    """Runs steps of the workflow in a repository that calls it, with some other inputs."""

    def __init__(self, repository: Path, site: Path, **others: str) -> None:
        call = read(repository / CALLING)["jobs"]["conformance"]["with"]
        given = {name: row.get("default", "") for name, row in inputs().items()} | call | others
        environment = {
            name: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: given[found[1]], value)
            for name, value in read(WORKFLOW)["env"].items()
        }
        assert not any("${{" in value for value in environment.values())
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "GITHUB"))}
        bins = (str(site / "bin"), str(Path(sys.executable).parent), os.environ["PATH"])
        self.repository = repository
        self.environment = {
            **inherited,
            **environment,
            # pip installs into a folder of its own, without a network.
            "PIP_TARGET": str(site),
            "PIP_NO_INDEX": "1",
            "PIP_NO_DEPS": "1",
            "PIP_NO_BUILD_ISOLATION": "0",  # pip reads it as "no build isolation", whatever it says
            "PATH": os.pathsep.join(bins),
            "PYTHONPATH": os.pathsep.join((str(site), environment["PYTHONPATH"])),
            "GITHUB_STEP_SUMMARY": str(repository / "summary"),
        }

    def run(self, name: str) -> subprocess.CompletedProcess[str]:
        """The step of that name."""
        steps = read(WORKFLOW)["jobs"]["conformance"]["steps"]
        (script,) = [step["run"] for step in steps if step.get("name") == name]
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=self.repository,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )


def told(ran: subprocess.CompletedProcess[str]) -> str:
    return ran.stdout + ran.stderr


@pytest.mark.slow
def test_the_workflow_from_nothing_to_green(tmp_path: Path) -> None:
    wheel = built(tmp_path / "wheel")
    repository = Path(shutil.copytree(REPOSITORY, tmp_path / "repository"))
    subprocess.run(["git", "init", "--quiet", str(repository)], check=True)
    runner = Runner(
        repository,
        tmp_path / "site",
        package=wheel.as_uri(),
        arguments="--modes=F --examples=20",
        campaign="--cases 300 --modes F",
    )
    for name in ("Install the engine", "Install ad-conformance", "Check the adapter"):
        ran = runner.run(name)
        assert ran.returncode == 0, told(ran)
    assert "modes on the seed family: 8 correct" in ran.stdout

    red = runner.run("Suite")
    assert red.returncode == 1, told(red)
    assert re.search(r"^duals +F .* [1-9]\d*$", red.stdout, re.MULTILINE)
    paged = runner.run("Page")
    assert paged.returncode == 0, told(paged)
    assert "duals" in (repository / "campaign" / "index.html").read_text(encoding="utf-8")
    assert "duals" in (repository / "summary").read_text(encoding="utf-8")

    (entry,) = (repository / "campaign" / "proposed").glob("*.toml")
    assert 'operations = ["index"]' in entry.read_text(encoding="utf-8")
    for path in (entry, entry.with_suffix(".json")):
        shutil.copy(path, repository / "known_failures")
    green = runner.run("Suite")
    assert green.returncode == 0, told(green)
    assert f"known: {entry.stem.lower()}: " in green.stdout


def test_the_call_is_short_and_gives_the_inputs_that_there_are() -> None:
    lines = (REPOSITORY / CALLING).read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 15
    given = read(REPOSITORY / CALLING)["jobs"]["conformance"]["with"]
    assert given.keys() <= inputs().keys()
    assert {name for name, row in inputs().items() if row.get("required")} <= given.keys()


def test_the_document_shows_what_is_tried_here() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    call = (REPOSITORY / CALLING).read_text(encoding="utf-8")
    adapter = (REPOSITORY / "duals_conformance.py").read_text(encoding="utf-8")
    assert call in text
    assert adapter in text
    lines = [len(shown.splitlines()) for shown in (call, adapter)]
    assert f"the workflow has {lines[0]} lines and the adapter {lines[1]} lines" in text
    for name in inputs():
        assert f"| `{name}` |" in text


def test_the_document_has_the_commands_of_the_workflow() -> None:
    """Shell commands for other systems: the same ones, with values instead of variables."""
    text = DOCUMENT.read_text(encoding="utf-8")
    for step in read(WORKFLOW)["jobs"]["conformance"]["steps"]:
        if "run" in step and not step["name"].startswith("Install the"):
            for line in step["run"].splitlines():
                command = line.split()[:2]
                assert line.startswith(("#", "cat")) or " ".join(command) in text, line
