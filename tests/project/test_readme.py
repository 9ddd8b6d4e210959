"""The finding in the README shows in the releases of PyTorch that it names, if one is installed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.version import Version

README = Path(__file__).parents[2] / "README.md"


def test_the_finding_of_the_readme() -> None:
    release = Version(pytest.importorskip("torch").__version__)
    text = README.read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    fixed = re.search(r"A finding in PyTorch \d+\.\d+, fixed in (\d+\.\d+)\.", text)
    assert code
    assert fixed
    ran = subprocess.run(
        [sys.executable, "-c", code[1]],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    second = "0.6667" if release >= Version(fixed[1]) else "0.3333"
    assert re.findall(r"0\.\d{4}", ran.stdout) == ["0.6667"] * 2 + [second] * 2
