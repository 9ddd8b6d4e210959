"""Environments of single releases: made once, kept in the user's cache, with what old releases need
kept as data.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ad_conformance.engines.process.runners import WORKER
from packaging.specifiers import SpecifierSet

NEEDS = Path(__file__).with_name("releases.toml")
#: Lines of the installer that are kept when it fails, and seconds that it may take.
LAST_LINES, PATIENCE = 4, 1800.0


class NoEnvironment(Exception):
    """The release cannot be installed; the message has the installer's last lines."""


@lru_cache
def _needs() -> tuple[tuple[str, SpecifierSet, tuple[str, ...]], ...]:
    tables = tomllib.loads(NEEDS.read_text(encoding="utf-8"))["needs"]
    return tuple(
        (t["distribution"], SpecifierSet(t["releases"]), tuple(t["requirements"])) for t in tables
    )


def requirements(distribution: str, release: str) -> tuple[str, ...]:
    """What an environment of the release is made of, itself first."""
    beside = (
        r
        for name, releases, r in _needs()
        if name == distribution and releases.contains(release, True)
    )
    return (f"{distribution}=={release}", *next(beside, ()))


def cache() -> Path:
    """Where environments are kept: `$AD_CONFORMANCE_CACHE`, or ad-conformance in the user's cache."""
    given = os.environ.get("AD_CONFORMANCE_CACHE")
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ad-conformance"


@dataclass(frozen=True)
class Release:
    """The runner of one release of a distribution, in an environment of its own."""

    distribution: str
    release: str

    @property
    def python(self) -> Path:
        """The environment's interpreter, which need not be there yet."""
        wanted = " ".join((*requirements(self.distribution, self.release), sys.version))
        name = (
            f"{self.distribution}-{self.release}-{hashlib.sha256(wanted.encode()).hexdigest()[:8]}"
        )
        return cache() / "environments" / name / "bin" / "python"

    @property
    def made(self) -> bool:
        """Whether its environment is there."""
        return _complete(self.python)

    def command(self, descriptor: int) -> list[str]:
        """Makes the environment where it is not there. Raises NoEnvironment."""
        python = self.python
        if not self.made:
            _make(python, self.distribution, self.release)
        return [str(python), str(WORKER), str(descriptor)]

    def environment(self) -> Mapping[str, str]:
        # Nothing of this process's own packages.
        return {"PYTHONPATH": ""}

    def installed(self, module: str) -> bool:
        """True: it is installed when it is asked."""
        return True

    def version(self, distribution: str) -> str:
        return self.release

    def below(self) -> tuple[str, ...]:
        _, *beside = requirements(self.distribution, self.release)
        return (f"Python {platform.python_version()}", *beside)


def _mark(python: Path) -> Path:
    return python.parent.parent / "complete"


def _complete(python: Path) -> bool:
    return _mark(python).exists()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _make(python: Path, distribution: str, release: str) -> None:
    folder = python.parent.parent
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _locked(folder.with_name(f"{folder.name}.lock")):
            if _complete(python):
                return
            shutil.rmtree(folder, ignore_errors=True)
            try:
                create, install = _commands(distribution, folder)
                _run(*create, str(folder))
                _run(*install, *requirements(distribution, release))
            except NoEnvironment:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            _mark(python).touch()
    except OSError as error:
        raise NoEnvironment(f"{folder}: {error.strerror or error}") from None


def _commands(distribution: str, folder: Path) -> tuple[list[str], list[str]]:
    """What makes an environment, and what installs into it."""
    python = str(folder / "bin" / "python")
    # uv does not see the local CPU builds of torch that pip can be given.
    if importlib.util.find_spec("uv") and distribution != "torch":
        uv = [sys.executable, "-m", "uv"]
        return [*uv, "venv", "-q", "--python", sys.executable], [
            *uv,
            "pip",
            "install",
            "-q",
            "--python",
            python,
        ]
    return [sys.executable, "-m", "venv"], [
        python,
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
    ]


def _run(*command: str) -> None:
    try:
        done = subprocess.run(
            command,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NoEnvironment(f"{command[0]}: not done within {PATIENCE:g} s") from None
    if done.returncode:
        raise NoEnvironment(
            "; ".join(line.strip() for line in done.stdout.strip().splitlines()[-LAST_LINES:])
        )
