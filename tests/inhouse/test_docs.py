"""The documentation shows what the engine prints and answers today."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import numpy as np
import pytest
from ad_conformance.engines import inhouse as xp

PAGE = Path(__file__).parents[2] / "docs" / "inhouse.md"
TEXT = PAGE.read_text(encoding="utf-8")
POINTS = {"num_to_mat": 0.42, "wave": np.zeros(3), "root": np.zeros(3)}
EXPLAINED = re.findall(r'<!-- explain: (\w+) "(\w*)" -->\n```python\n(.*?)```', TEXT, re.DOTALL)
PLAIN = re.findall(r"(?<!-->\n)```python\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture(scope="module")
def names() -> dict:
    namespace: dict = {}
    for block in PLAIN:
        exec(block, namespace)
    return namespace


@pytest.mark.parametrize(
    ("name", "mode", "shown"), EXPLAINED, ids=[f"{n}-{w}" for n, w, _ in EXPLAINED]
)
def test_sources_are_what_explain_prints(names, name, mode, shown) -> None:
    assert shown == xp.explain(names[name], POINTS[name], mode=mode)


def test_every_identity_is_checked() -> None:
    assert len(EXPLAINED) == 5
    assert len(PLAIN) == 6


def test_answers_are_what_is_shown(names) -> None:
    blocks = re.findall(r"```pycon\n(.*?)```", TEXT, re.DOTALL)
    assert len(blocks) == 11
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner(verbose=False)
    for i, block in enumerate(blocks):
        examples = parser.get_doctest(block, names, f"block {i}", str(PAGE), 0)
        examples.globs = names  # what one block defines, later ones use
        runner.run(examples, clear_globs=False)
    assert runner.failures == 0
