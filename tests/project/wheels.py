"""The wheel of this checkout, built without a network."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ("generators", "engines", "conformance", "reports")


def built(folder: Path) -> Path:
    """Build the wheel in that empty folder and return its path.

    Skips the test if setuptools is not installed.
    """
    pytest.importorskip("setuptools")
    # Built from a copy, as setuptools leaves folders in the place that it builds in.
    source = folder / "source"
    for name in SOURCES:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, source / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--wheel-dir")
    command = [sys.executable, "-m", "pip", "wheel", *options, str(folder), str(source)]
    subprocess.run(command, check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel
