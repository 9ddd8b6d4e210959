"""The examples of docs/your-own-function.md run as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("jax")

PAGE = Path(__file__).parents[2] / "docs" / "your-own-function.md"


def test_examples_of_the_page_run(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 5
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)
    printed = capsys.readouterr().out
    # The table of the page is what is printed, but for digits and for release.
    for line in re.findall(
        r"^(torch +(?:RR|FR|RF|FF) +\w+)", PAGE.read_text(encoding="utf-8"), re.M
    ):
        assert re.search(re.sub(r" +", " +", line), printed)
