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
