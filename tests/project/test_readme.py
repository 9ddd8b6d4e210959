"""The finding in the README still shows, if PyTorch is installed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"


def test_the_finding_of_the_readme() -> None:
    pytest.importorskip("torch")
    code = re.search(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert code
    ran = subprocess.run(
        [sys.executable, "-c", code.group(1)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert re.findall(r"0\.\d{4}", ran.stdout) == ["0.6667"] * 2 + ["0.3333"] * 2
