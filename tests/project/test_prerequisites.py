"""Where the project cannot run, every entry point says why in one line, with exit status 2."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from ad_conformance.engines import EngineUnavailable, Sandbox, find
from ad_conformance.generators.prerequisites import obstacle, outdated

ROOT = Path(__file__).parents[2]
#: Modules of Python that Windows lacks.
POSIX = ("fcntl", "grp", "pwd", "resource", "termios")
#: What the commands of a user run: the command line, and the suite.
ENTRIES = (("ad_conformance.reports", "engines"), ("pytest", "conformance/", "--engine=inhouse"))
#: Makes this process look like one on Windows, where some modules do not exist. Modules of Python
#: that choose their parts by the system are imported before that.
WINDOWS = f"""
import importlib.metadata, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name in {POSIX}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())
sys.platform = "win32"
"""
#: The same for pytest, once it has started.
WINDOWS_PLUGIN = """
import sys, pytest

@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests():
    sys.platform = "win32"
"""


def installed(folder: Path, **releases: str) -> Path:
    """A folder for `sys.path` with the metadata of distributions, before those really installed.

    This project is among them, and needs some releases.
    """
    needs = ("numpy>=2.1", "scipy>=1.13", "python-flint>=0.8; extra == 'x'")
    for name, release in {"ad-conformance": "1.0", **releases}.items():
        metadata = folder / f"{name.replace('-', '_')}-1.dist-info" / "METADATA"
        metadata.parent.mkdir(parents=True)
        lines = ["Metadata-Version: 2.1", f"Name: {name}"]
        lines += [f"Version: {release}"] if release else []
        lines += [f"Requires-Dist: {need}" for need in needs if name == "ad-conformance"]
        metadata.write_text("\n".join(lines) + "\n")
    return folder


def run(*arguments: str, before: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run Python in the repository, with a folder before all others on its path."""
    paths = [str(before or ""), os.environ.get("PYTHONPATH", "")]
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def refused(ran: subprocess.CompletedProcess[str]) -> str:
    """The only line that was printed."""
    assert ran.returncode == 2, ran.stdout + ran.stderr
    assert ran.stdout == ""
    (line,) = ran.stderr.splitlines()
    return line.removeprefix("ad-conformance: ")


@pytest.mark.parametrize(
    ("releases", "found"),
    [
        ({"numpy": "1.26.4", "scipy": "1.13.0"}, "needs 'numpy>=2.1', found numpy 1.26.4: run pip"),
        (
            {"numpy": "2.0.9", "scipy": "1.9"},
            "needs 'numpy>=2.1' 'scipy>=1.13', found numpy 2.0.9, scipy 1.9: run pip",
        ),
        ({"numpy": "", "scipy": "2"}, "found no numpy: run pip"),
        ({"numpy": "two", "scipy": "2"}, "found numpy two: run pip"),
        ({"numpy": "2.1.0rc1", "scipy": "2"}, "found numpy 2.1.0rc1: run pip"),
    ],
)
def test_releases_below_those_needed_are_named(
    releases: dict[str, str], found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(installed(tmp_path, **releases))
    assert found in outdated()


def test_newer_releases_and_those_of_extras_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    releases = {"numpy": "2.9.0.dev0+git1", "scipy": "1.13", "python-flint": "0.1"}
    monkeypatch.syspath_prepend(installed(tmp_path, **releases))
    assert outdated() == ""


def test_the_packages_installed_here_will_do() -> None:
    assert obstacle() == ""


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry[0])
def test_an_older_numpy_is_refused(entry: tuple[str, ...], tmp_path: Path) -> None:
    ran = run("-m", *entry, before=installed(tmp_path, numpy="1.26.4"))
    assert refused(ran).startswith("needs 'numpy>=2.1', found numpy 1.26.4: run pip install")


def test_an_older_numpy_does_not_disturb_other_runs_of_pytest(tmp_path: Path) -> None:
    site = installed(tmp_path, numpy="1.26.4")
    ran = run("-m", "pytest", "-p", "no:cacheprovider", __file__, "-k", "will_do", before=site)
    # That test fails there, which shows that it ran.
    assert ran.returncode == 1, ran.stdout + ran.stderr


def test_windows_is_refused_by_the_command_line() -> None:
    code = f"{WINDOWS}\nfrom ad_conformance.reports.__main__ import main\nmain()"
    assert refused(run("-c", code)).startswith("Windows is not supported, only Linux and macOS are")


def test_windows_is_refused_by_the_suite_alone(tmp_path: Path) -> None:
    (tmp_path / "windows.py").write_text(WINDOWS_PLUGIN)
    options = ("-m", "pytest", "-p", "windows")
    ran = run(*options, "conformance/", "--engine=inhouse", before=tmp_path)
    assert refused(ran).startswith("Windows is not supported, only Linux and macOS are")
    other = run(*options, __file__, "-k", "will_do", before=tmp_path)
    assert other.returncode == 1, other.stdout + other.stderr


def test_windows_is_refused_by_a_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(EngineUnavailable, match=r"^Windows is not supported"):
        Sandbox(find("inhouse"))


@pytest.mark.parametrize("module", ["engines.process.sandbox", "conformance.suite.plugin"])
def test_modules_that_windows_lacks_are_not_imported(module: str) -> None:
    code = (
        # psutil does without them on Windows.
        f"import psutil, pytest, sys; before = set(sys.modules); import ad_conformance.{module}\n"
        f"print(*({set(POSIX)} & sys.modules.keys() - before))"
    )
    ran = run("-c", code)
    assert (ran.returncode, ran.stdout.split()) == (0, []), ran.stderr
