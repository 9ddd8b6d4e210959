"""Another Python interpreter, which the user names: what is installed there, and workers in it.

Nothing of this project has to be installed there, or importable.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from ad_conformance.engines.process.runners import WORKER, python_reason, run_python
from packaging.utils import canonicalize_name

#: The oldest Python that can run `worker.py`.
OLDEST = (3, 9)
#: Seconds that the interpreter may take to say what is installed.
PATIENCE = 60.0
#: What the interpreter is asked. Python 2 can run this, too, and so says that it is too old.
QUESTION = """\
import json
found = {"version": list(sys.version_info[:3]), "build": sys.version, "releases": {}}
if sys.version_info >= (3, 8):
    import importlib.metadata
    for distribution in importlib.metadata.distributions():
        name = distribution.metadata["Name"]
        if name and distribution.version:
            found["releases"].setdefault(name, distribution.version)
print(json.dumps(found))
"""
FIND = """\
import importlib.util
sys.exit(importlib.util.find_spec(sys.argv[1]) is None)
"""
#: The interpreter must not import packages of this process.
ENVIRONMENT: Mapping[str, str] = {"PYTHONPATH": ""}


class BadInterpreter(ValueError):
    """There is no interpreter at the path that can be used; the message says why, in one line."""


@dataclass(frozen=True)
class _Facts:
    """The version of an interpreter, its `sys.version`, and the releases installed there."""

    version: tuple[int, ...]
    build: str
    releases: Mapping[str, str]


def checked(path: str) -> str:
    """The absolute path of an interpreter. `path` may also be a command, such as `python3.12`.

    Raises BadInterpreter if there is none, or if it is older than OLDEST.
    """
    found = os.path.expanduser(path)
    if not os.path.exists(found):
        # Not resolved further: in a virtual environment, the interpreter is a link.
        found = shutil.which(path) or found
    if not os.path.exists(found):
        raise BadInterpreter(f"{path}: there is no such file")
    if os.path.isdir(found):
        raise BadInterpreter(f"{path}: is a folder; name its interpreter, such as bin/python")
    if not os.access(found, os.X_OK):
        raise BadInterpreter(f"{path}: is not executable")
    found = os.path.abspath(found)
    version = facts(found).version
    if version < OLDEST:
        raise BadInterpreter(
            f"{path}: is Python {_dotted(version)}; {_dotted(OLDEST)} or later is needed"
        )
    return found


@lru_cache
def facts(path: str) -> _Facts:
    """What the interpreter says of itself. It is asked once. Raises BadInterpreter."""
    said = ""
    try:
        done = run_python(path, QUESTION, environment=ENVIRONMENT, timeout=PATIENCE)
        said = "".join(f": {line}" for line in done.stderr.strip().splitlines()[-1:])
        # Something else may print when Python starts.
        found = json.loads((done.stdout.strip().splitlines() or [""])[-1])
        releases = {str(canonicalize_name(n)): str(r) for n, r in found["releases"].items()}
        return _Facts(tuple(found["version"]), str(found["build"]), releases)
    except subprocess.TimeoutExpired:
        raise BadInterpreter(f"{path}: no answer within {PATIENCE:g} s") from None
    except OSError as error:
        raise BadInterpreter(f"{path}: {error.strerror or error}") from None
    except (ValueError, LookupError, TypeError, AttributeError):
        raise BadInterpreter(f"{path}: is not a Python interpreter{said}") from None


@lru_cache
def _can_import(path: str, module: str) -> bool:
    try:
        done = run_python(path, FIND, module, environment=ENVIRONMENT, timeout=PATIENCE)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


@dataclass(frozen=True)
class Interpreter:
    """The runner of an interpreter at an absolute path, with what is installed there.

    All methods that ask it raise BadInterpreter if there is none.
    """

    path: str

    def command(self, descriptor: int) -> list[str]:
        return [self.path, str(WORKER), str(descriptor)]

    def environment(self) -> Mapping[str, str]:
        return ENVIRONMENT

    def installed(self, module: str) -> bool:
        return _can_import(self.path, module)

    def version(self, distribution: str) -> str:
        return facts(self.path).releases.get(canonicalize_name(distribution), "")

    def below(self) -> tuple[str, ...]:
        return (f"Python {self.python_version}", f"NumPy {self.version('numpy')}")

    def where(self) -> str:
        return f" in {self.path}"

    def reason_against(self, statements: str, environment: Mapping[str, str]) -> str:
        return python_reason(self.path, statements, {**ENVIRONMENT, **environment})

    @property
    def python_version(self) -> str:
        """The version of Python, such as 3.12.1."""
        return _dotted(facts(self.path).version)
