"""Dependencies are ranges without an end, and constraints.txt has one release within each."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
#: Files with a command that installs the project for its own runs.
INSTALLING = (
    ".ci/run",
    ".github/workflows/pull-request.yml",
    ".github/workflows/nightly.yml",
    "CONTRIBUTING.md",
    "README.md",
)


def ranges() -> list[Requirement]:
    """All requirements of pyproject.toml, except the extras that name other extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    found = [Requirement(text) for texts in lists for text in texts]
    return [need for need in found if need.name != project["name"]]


def constraints() -> list[Requirement]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize("need", ranges(), ids=str)
def test_a_range_has_a_beginning_and_no_end(need: Requirement) -> None:
    assert [specifier.operator for specifier in need.specifier] == [">="]


def test_each_dependency_has_one_release_in_the_constraints() -> None:
    named = [canonicalize_name(constraint.name) for constraint in constraints()]
    assert sorted(named) == sorted({canonicalize_name(need.name) for need in ranges()})


@pytest.mark.parametrize("constraint", constraints(), ids=str)
def test_a_constraint_is_one_release_within_the_range(constraint: Requirement) -> None:
    (specifier,) = constraint.specifier
    assert specifier.operator == "=="
    within = [need for need in ranges() if need.name == constraint.name]
    assert within
    assert all(specifier.version in need.specifier for need in within)


@pytest.mark.parametrize("file", INSTALLING)
def test_own_runs_are_installed_with_the_constraints(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    commands = re.findall(r"pip install (?:-q )?(?:-e )?'\.\[.*engines.*\]'.*", text)
    assert commands
    assert [command for command in commands if "-c constraints.txt" not in command] == []


def test_tox_installs_with_the_constraints() -> None:
    assert "PIP_CONSTRAINT = {tox_root}/constraints.txt" in (ROOT / "tox.ini").read_text()


def test_the_hooks_have_the_ruff_of_the_constraints() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    (release,) = re.findall(r"ruff-pre-commit\s+rev: v(\S+)", hooks)
    assert f"ruff=={release}" in map(str, constraints())
