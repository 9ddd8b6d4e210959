"""The worked example of docs/add-an-engine.md is an adapter that check-adapter finds nothing wrong with."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from conformance.checking import check

PAGE = Path(__file__).parents[1] / "docs" / "add-an-engine.md"


def test_the_worked_example_works() -> None:
    if importlib.util.find_spec("autograd") is None:
        pytest.skip("autograd is not installed")
    code = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[0]
    assert len(code.splitlines()) < 40
    names: dict[str, object] = {}
    exec(code, names)
    checks = list(check(names["mylib"]))  # type: ignore[arg-type]
    assert [line for done in checks for line in done.wrong] == []
    assert [done.right > 3 for done in checks] == [True] * 4
