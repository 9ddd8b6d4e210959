"""Engines in an interpreter that the user names, with nothing of this project beside them."""

from __future__ import annotations

import ast
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ad_conformance.conformance.reference.certify import Truth
from ad_conformance.conformance.triage.releases import bisect as bisecting
from ad_conformance.conformance.verdicts import Result, Verdict
from ad_conformance.engines import registry
from ad_conformance.engines.contract import Answer, Engine
from ad_conformance.engines.process import environments, interpreters, releases
from ad_conformance.engines.process.environments import Release
from ad_conformance.engines.process.interpreters import BadInterpreter, Interpreter, checked
from ad_conformance.engines.process.runners import HERE, WORKER
from ad_conformance.engines.process.sandbox import Sandbox
from ad_conformance.generators.ir.program import Case, Program, Step
from ad_conformance.reports.campaign.store import Folder
from ad_conformance.reports.cli.commands import app
from ad_conformance.reports.nightly.run_report import RunReport
from typer.testing import CliRunner

from tests.tiny import publish

ROOT = Path(__file__).parents[2]
TINY = "tests.tiny:tiny"
SQUARE = Case(Program((Step("multiply", (0, 0)),)), 0.5, "R")


def environment(folder: Path) -> Path:
    """A new environment of this Python without any package; its interpreter."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return folder / "bin" / "python"


def packages(python: Path) -> Path:
    (found,) = python.parent.parent.glob("lib/python*/site-packages")
    return found


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return environment(tmp_path_factory.mktemp("bare") / "env")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with NumPy and a build of the tiny library that is no release."""
    folder = tmp_path_factory.mktemp("built")
    python = environment(folder / "env")
    publish(folder, "3.0.dev1", sign="-")
    (wheel,) = folder.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(packages(python))
    for found in Path(np.__file__).parents[1].glob("numpy*"):
        (packages(python) / found.name).symlink_to(found)
    return python


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_an_engine_runs_there_and_nothing_of_this_project_does(built: Path) -> None:
    engine = registry.find(TINY, str(built))
    assert (engine.version(), engine.installed()) == ("3.0.dev1", True)
    assert engine.runner.below()[1] == f"NumPy {np.__version__}"
    alone = (
        "import importlib.util, sys\n"
        "assert not any(map(importlib.util.find_spec, ('ad_conformance', 'flint', 'tests')))\n"
        f"assert sys.executable == {str(built)!r}\n"
    )
    with Sandbox(replace(engine, header=engine.header + alone)) as sandbox:
        answer = sandbox.ask(SQUARE)
    assert answer.value is not None, answer
    assert answer.value.round(6) == -1.0, "the build there has the wrong sign"


def test_engines_that_pip_does_not_install_stay_where_they_are(built: Path) -> None:
    for name in ("inhouse", "zygote.jl"):
        assert registry.find(name, str(built)) is registry.find(name)
    assert registry.find("inhouse").runner == HERE


def test_an_engine_that_is_not_installed_there_is_absent(built: Path) -> None:
    engine = registry.find("autograd", str(built))
    assert engine.absent() == f"autograd is not installed in {built}"
    assert not engine.installed()


def test_a_folder_of_the_run_is_not_searched(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a checkout of torch, the folder torch/ cannot be imported."""
    (tmp_path / "autograd").mkdir()
    (tmp_path / "autograd" / "__init__.py").touch()
    monkeypatch.chdir(tmp_path)
    # Not the path of another test: answers are kept.
    link = tmp_path / "env"
    link.symlink_to(built.parent.parent)
    assert not registry.find("autograd", str(link / "bin" / "python")).installed()


def test_a_path_that_is_no_interpreter_is_refused_in_one_line(tmp_path: Path, bare: Path) -> None:
    (tmp_path / "text").write_text("text")
    old = '{"version": [3, 8, 19], "build": "3.8", "releases": {}}'
    for path, reason in (
        (tmp_path / "nowhere", "there is no such file"),
        (tmp_path, "is a folder; name its interpreter, such as bin/python"),
        (tmp_path / "text", "is not executable"),
        (script(tmp_path / "hello", "echo hello"), "is not a Python interpreter"),
        (
            script(tmp_path / "shim", "echo 'python3.12: no such version' >&2; exit 1"),
            "is not a Python interpreter: python3.12: no such version",
        ),
        (script(tmp_path / "list", "echo '[]'"), "is not a Python interpreter"),
        (script(tmp_path / "old", f"echo '{old}'"), "is Python 3.8.19; 3.9 or later is needed"),
    ):
        with pytest.raises(BadInterpreter) as caught:
            checked(str(path))
        assert str(caught.value) == f"{path}: {reason}"
        done = CliRunner().invoke(app, ["engines", "--python", str(path)])
        assert done.exit_code == 2
        assert done.stderr.splitlines()[-1].endswith(reason)
    with pytest.raises(registry.UnknownEngine, match=r"^[^\n]*NumPy is not installed there[^\n]*$"):
        registry.find("autograd", str(bare))
    # Asked for all engines, the reason is the same: it is told once.
    done = CliRunner().invoke(app, ["engines", "--python", str(bare)])
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)


def test_a_command_and_a_home_folder_name_an_interpreter(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(built.parent))
    assert checked("python") == str(built)
    monkeypatch.setenv("HOME", str(built.parent))
    assert checked("~/python") == str(built)
    monkeypatch.chdir(built.parent.parent)
    assert checked("bin/python") == str(built), "a link is not followed: it is the environment"


def test_what_is_printed_when_python_starts_does_not_matter(built: Path, tmp_path: Path) -> None:
    noisy = script(tmp_path / "noisy", f'echo "welcome"\nexec {built} "$@"')
    assert Interpreter(str(noisy)).version("Ad_Conformance.Tiny") == "3.0.dev1"


def test_an_environment_of_a_release_is_made_with_that_interpreter(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AD_CONFORMANCE_CACHE", str(tmp_path))
    commands: list[tuple[str, ...]] = []

    def run(*command: str) -> None:
        commands.append(command)
        if "venv" in command:
            Path(command[-1]).mkdir(parents=True)

    monkeypatch.setattr(environments, "_run", run)
    engine = registry.find(f"{TINY}@1.0", str(bare))
    assert isinstance(engine.runner, Release)
    assert engine.installed(), "NumPy comes with the environment"
    engine.runner.command(0)
    assert str(bare) in commands[0]
    assert registry.python_option(engine) == f" --python {bare}"
    # Another build of Python has another environment.
    here = Release("tiny", "1.0")
    facts = interpreters.facts(str(bare))
    assert Release("tiny", "1.0", str(bare)).python == here.python
    monkeypatch.setattr(environments, "facts", lambda path: replace(facts, build="another"))
    assert Release("tiny", "1.0", str(bare)).python != here.python


def test_releases_are_those_for_that_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def run(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 0, "Available versions: 1.0", "")

    monkeypatch.setattr(releases.subprocess, "run", run)
    for python, expected in (("", []), ("/there/python", ["--python", "/there/python"])):
        assert releases.released("tiny", python=python) == ("1.0",)
        assert asked.pop()[3 : 3 + len(expected) + 1] == [*expected, "index"]


def test_the_suite_runs_in_the_interpreter_and_names_it_in_the_report(
    built: Path, tmp_path: Path
) -> None:
    def suite(python: Path) -> subprocess.CompletedProcess[str]:
        selected = ("--modes=R", "-k", "num_to_num")
        engines = f"--engine={TINY},autograd"
        command = ["pytest", "conformance/test_seed_family.py", engines, f"--python={python}"]
        return subprocess.run(
            [sys.executable, "-m", *command, *selected],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip

    done = suite(built)
    assert done.returncode == 1, done.stdout
    assert f"skipped: autograd: autograd is not installed in {built}\n" in done.stdout
    assert "tiny 3.0.dev1, mode R" in done.stdout
    assert f" --engine {TINY} --python {built}\n" in done.stdout, "the line that repeats the case"
    bad = suite(tmp_path / "nowhere")
    assert bad.returncode == 2
    assert f"ad-conformance: --python: {tmp_path / 'nowhere'}: there is no such file" in bad.stderr


def test_the_commands_for_one_case_take_the_interpreter(built: Path, tmp_path: Path) -> None:
    path = tmp_path / "case.json"
    path.write_text(SQUARE.json)
    named = ["--engine", TINY, "--python", str(built)]
    done = CliRunner().invoke(app, ["replay", str(path), *named])
    assert (done.exit_code, done.stdout.splitlines()[0][:19]) == (1, "tiny 3.0.dev1 R: wr"), done
    done = CliRunner().invoke(app, ["replay", str(path), *named[:2]])
    assert done.exit_code == 2, "it is not installed here"


def test_bisection_asks_a_development_build_where_it_is(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The build there is wrong; all releases are right."""
    asked: list[str] = []

    class Box:
        def __init__(self, engine: Engine, **_options: object) -> None:
            self.engine = engine

        def __enter__(self) -> Box:
            return self

        def __exit__(self, *exc: object) -> None:
            pass

    def judged(case: Case, box: Box) -> Result:
        asked.append(registry.python_option(box.engine))
        wrong = box.engine.runner == Interpreter(str(built))
        verdict = Verdict.WRONG if wrong else Verdict.AGREE
        return Result(case, box.engine.name, verdict, Answer("answered"), Truth("certified"))

    listed: list[str] = []

    def released(distribution: str, *, prereleases: bool, python: str) -> tuple[str, ...]:
        listed.append(python)
        return ("1.0", "2.0")

    monkeypatch.setattr(bisecting, "Sandbox", Box)
    monkeypatch.setattr(bisecting, "judged", judged)
    monkeypatch.setattr(bisecting, "released", released)
    found = bisecting.find_boundary(SQUARE, TINY, repeats=1, python=str(built))
    assert found.line == "first bad: 3.0.dev1, after 2.0"
    assert listed == [str(built)]
    assert set(asked) == {f" --python {built}"}, "environments are made with it, too"


def test_a_report_names_the_interpreter_in_its_commands() -> None:
    run = {"asked": {"torch": "torch"}, "interpreter": {"path": "/a b/python"}}
    report = RunReport(Folder("."), run, (), None, (), {})
    assert report.imports == " --python '/a b/python'"
    assert replace(report, run={"asked": {}}).imports == ""


def test_the_worker_runs_on_the_oldest_python() -> None:
    for text in (WORKER.read_text(), interpreters.QUESTION, interpreters.FIND):
        ast.parse(text, feature_version=interpreters.OLDEST)
