"""Where an engine's scripts run: in this interpreter's environment, or in another language's."""

from __future__ import annotations

import importlib.metadata
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
from typing import Protocol

FOLDER = Path(__file__).parent
WORKER, JULIA_WORKER = FOLDER / "worker.py", FOLDER / "worker.jl"


class Runner(Protocol):
    """Starts the process of an engine, and knows which packages are installed there.

    The process is a worker, which follows the protocol of `engines/process/worker.py`.
    """

    def command(self, descriptor: int) -> list[str]:
        """The command line of a worker that answers on the file descriptor."""

    def environment(self) -> Mapping[str, str]:
        """Environment variables of the worker, in addition to those of this process."""

    def installed(self, module: str) -> bool:
        """Whether scripts can import the module."""

    def version(self, distribution: str) -> str:
        """The installed release of a distribution, or "" if it is not installed."""

    def below(self) -> tuple[str, ...]:
        """The interpreter and libraries that the engine runs on, each with its release."""

    def where(self) -> str:
        """How a sentence about what is not installed there ends; "" for this interpreter."""

    def reason_against(self, statements: str, environment: Mapping[str, str]) -> str:
        """The last line of the error of Python statements that are run there; "" if none is raised.

        `environment` has additional environment variables.
        """


#: Without it, `python -c` also imports from the folder in which it is started.
_ONLY_INSTALLED = "import sys\nsys.path[:] = [entry for entry in sys.path if entry]\n"
#: Seconds that a check of `python_reason` may take: it may import the engine.
PATIENCE = 300.0


def run_python(
    python: str, statements: str, *arguments: str, environment: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """Run statements in an interpreter; they may use `sys`. Raises OSError or TimeoutExpired."""
    return subprocess.run(
        [python, "-c", _ONLY_INSTALLED + statements, *arguments],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=timeout,
        check=False,
    )


def python_reason(python: str, statements: str, environment: Mapping[str, str]) -> str:
    """The last line of the error of statements in an interpreter, "" if they raise none.

    Each question is asked once in a process.
    """
    return _reason(python, statements, tuple(sorted(environment.items())))


@lru_cache
def _reason(python: str, statements: str, environment: tuple[tuple[str, str], ...]) -> str:
    try:
        done = run_python(python, statements, environment=dict(environment), timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return f"no answer within {PATIENCE:g} s"
    except OSError as error:
        return f"{python}: {error.strerror or error}"
    if not done.returncode:
        return ""
    return (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]


@dataclass(frozen=True)
class Here:
    """This interpreter, with everything that it can import."""

    def command(self, descriptor: int) -> list[str]:
        return [sys.executable, str(WORKER), str(descriptor)]

    def environment(self) -> Mapping[str, str]:
        # In `sys.path`, "" stands for the folder in which the interpreter was started.
        return {"PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)}

    def installed(self, module: str) -> bool:
        try:
            return importlib.util.find_spec(module) is not None
        except Exception:
            # To find a submodule, Python imports its parents, which may raise anything.
            return False

    def version(self, distribution: str) -> str:
        try:
            return importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            return ""

    def below(self) -> tuple[str, ...]:
        return (f"Python {platform.python_version()}", f"NumPy {self.version('numpy')}")

    def where(self) -> str:
        return ""

    def reason_against(self, statements: str, environment: Mapping[str, str]) -> str:
        return python_reason(sys.executable, statements, {**self.environment(), **environment})


HERE = Here()


@dataclass(frozen=True)
class Julia:
    """The `julia` on the path, with the packages of the folder `project`."""

    project: Path = FOLDER.parent / "adapters" / "julia"

    def command(self, descriptor: int) -> list[str]:
        return [
            "julia",
            f"--project={self.project}",
            "--startup-file=no",
            str(JULIA_WORKER),
            str(descriptor),
        ]

    def environment(self) -> Mapping[str, str]:
        return {}

    def installed(self, module: str) -> bool:
        return shutil.which("julia") is not None and bool(self.version(module))

    def version(self, distribution: str) -> str:
        """The release in the project's manifest, which Julia writes when it installs packages."""
        try:
            manifest = tomllib.loads((self.project / "Manifest.toml").read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError):
            return ""
        # In manifests before version 2 the entries are at the top level.
        entries = manifest.get("deps", manifest).get(distribution, [{}])
        return str(entries[0].get("version", ""))

    def below(self) -> tuple[str, ...]:
        done = subprocess.run(["julia", "--version"], capture_output=True, text=True, check=False)
        return (done.stdout.strip().replace("julia version", "Julia"),)

    def where(self) -> str:
        return ""

    def reason_against(self, statements: str, environment: Mapping[str, str]) -> str:
        """Always "": Julia does not run Python's statements."""
        return ""
