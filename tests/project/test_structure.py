"""The structure of the code: layers, no import cycles, small folders, files and lines."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from validation import structure

MODULES = structure.project()
#: Modules in a folder, without `__init__.py`, and lines in a file.
MOST_MODULES, MOST_LINES = 12, 400


def test_packages_import_only_those_to_their_left() -> None:
    """The contract `layers` of pyproject.toml, which covers imports in functions, too."""
    pytest.importorskip("importlinter")
    command = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    assert command
    ran = subprocess.run(
        [command, "--no-cache"],
        cwd=structure.ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout


def test_no_modules_import_each_other() -> None:
    assert structure.cycles(MODULES) == []


def test_a_cycle_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "a.py").write_text("from typing import TYPE_CHECKING\nfrom made import b\n")
    (folder / "b.py").write_text("from .c import x\n")
    (folder / "c.py").write_text("import made.a\nimport made.d\n")
    (folder / "d.py").write_text(
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    import made.a\n"
        "def f():\n    import made.b\n"
    )
    assert structure.cycles(structure.modules([folder])) == [["made.a", "made.b", "made.c"]]


def test_folders_are_small() -> None:
    sizes = structure.folder_sizes(MODULES)
    assert {str(k): v for k, v in sizes.items() if v > MOST_MODULES} == {}


def test_files_are_short() -> None:
    lengths = {name: len(module.lines) for name, module in MODULES.items()}
    assert {name: n for name, n in lengths.items() if n > MOST_LINES} == {}


def test_lines_are_short() -> None:
    long = {name: structure.long_lines(module) for name, module in MODULES.items()}
    assert {name: lines for name, lines in long.items() if lines} == {}
