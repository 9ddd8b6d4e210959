"""Environments of single releases of an engine.

Each is made once and kept in the user's cache folder. What old releases need besides themselves is
data, in releases.toml.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ad_conformance.engines.process.interpreters import ENVIRONMENT, Interpreter, facts
from ad_conformance.engines.process.runners import WORKER, python_reason
from filelock import FileLock
from packaging.specifiers import SpecifierSet
from platformdirs import user_cache_path

NEEDS = Path(__file__).with_name("releases.toml")
#: Last lines of the installer's output that are reported if it fails.
LAST_LINES = 4
#: Seconds that the installer may take.
PATIENCE = 1800.0


class NoEnvironment(Exception):
    """The release cannot be installed; the message has the last lines of the installer's output."""


@lru_cache
def _needs() -> tuple[tuple[str, SpecifierSet, tuple[str, ...]], ...]:
    tables = tomllib.loads(NEEDS.read_text(encoding="utf-8"))["needs"]
    return tuple(
        (t["distribution"], SpecifierSet(t["releases"]), tuple(t["requirements"])) for t in tables
    )


def requirements(distribution: str, release: str) -> tuple[str, ...]:
    """Requirements of an environment of the release: the release itself first."""
    more = (
        r
        for name, releases, r in _needs()
        if name == distribution and releases.contains(release, True)
    )
    return (f"{distribution}=={release}", *next(more, ()))


def cache() -> Path:
    """The folder of the environments: `$AD_CONFORMANCE_CACHE`, or else ad-conformance in the user's
    cache folder (on Linux `$XDG_CACHE_HOME` or ~/.cache).
    """
    given = os.environ.get("AD_CONFORMANCE_CACHE")
    return Path(given) if given else user_cache_path("ad-conformance", appauthor=False)


@dataclass(frozen=True)
class Release:
    """The runner of one release of a distribution, in a separate environment.

    `base` is the interpreter that makes the environment: an absolute path, or "" for this one.
    """

    distribution: str
    release: str
    base: str = ""

    @property
    def python(self) -> Path:
        """Path of the environment's interpreter, which need not exist yet."""
        build = facts(self.base).build if self.base else sys.version
        wanted = " ".join((*requirements(self.distribution, self.release), build))
        name = (
            f"{self.distribution}-{self.release}-{hashlib.sha256(wanted.encode()).hexdigest()[:8]}"
        )
        return cache() / "environments" / name / "bin" / "python"

    @property
    def made(self) -> bool:
        """Whether the environment exists and is complete."""
        return _complete(self.python)

    def command(self, descriptor: int) -> list[str]:
        """The command that starts a worker; the environment is made first if needed.

        `descriptor` is the number of the file descriptor that the worker talks through. Raises
        NoEnvironment.
        """
        python = self.python
        if not self.made:
            _make(python, self.distribution, self.release, self.base or sys.executable)
        return [str(python), str(WORKER), str(descriptor)]

    def environment(self) -> Mapping[str, str]:
        return ENVIRONMENT

    def installed(self, module: str) -> bool:
        """Always True: the release is installed when a worker is started."""
        return True

    def version(self, distribution: str) -> str:
        return self.release

    def below(self) -> tuple[str, ...]:
        _, *more = requirements(self.distribution, self.release)
        version = Interpreter(self.base).python_version if self.base else platform.python_version()
        return (f"Python {version}", *more)

    def where(self) -> str:
        return ""

    def reason_against(self, statements: str, environment: Mapping[str, str]) -> str:
        """As of every runner; the environment is made first if needed."""
        try:
            python = self.command(0)[0]
        except NoEnvironment:
            # Whoever asks the engine is told why.
            return ""
        return python_reason(python, statements, {**ENVIRONMENT, **environment})


def _mark(python: Path) -> Path:
    return python.parent.parent / "complete"


def _complete(python: Path) -> bool:
    return _mark(python).exists()


def _make(python: Path, distribution: str, release: str, base: str) -> None:
    folder = python.parent.parent
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Another process may be at it: both commands of the installer may take PATIENCE.
        with FileLock(folder.with_name(f"{folder.name}.lock"), timeout=2 * PATIENCE):
            if _complete(python):
                return
            shutil.rmtree(folder, ignore_errors=True)
            try:
                create, install = _commands(distribution, folder, base)
                _run(*create, str(folder))
                _run(*install, *requirements(distribution, release))
            except NoEnvironment:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            _mark(python).touch()
    except OSError as error:
        raise NoEnvironment(f"{folder}: {error.strerror or error}") from None


def _commands(distribution: str, folder: Path, base: str) -> tuple[list[str], list[str]]:
    """The command that makes an environment of the interpreter `base`, and the one that installs
    into it.
    """
    python = str(folder / "bin" / "python")
    # pip can be configured to find local CPU builds of torch; uv does not see them.
    if importlib.util.find_spec("uv") and distribution != "torch":
        uv = [sys.executable, "-m", "uv"]
        create = [*uv, "venv", "-q", "--python", base]
        return create, [*uv, "pip", "install", "-q", "--python", python]
    install = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    return [base, "-m", "venv"], install


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
