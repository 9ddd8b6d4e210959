"""What the benchmarks time is right: the in-house answers against those written by hand."""

from __future__ import annotations

import numpy as np
import pytest
from ad_conformance.engines import inhouse as xp

from benchmarks import contestants, tables
from benchmarks.problems import logistic, mixture, programs

US = contestants.inhouse()
PROBLEMS = [p for p in [*programs(), *mixture(20, 3, 2), logistic(30, 4)] if p.by_hand is not None]


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: p.name)
def test_as_by_hand(problem) -> None:
    arguments = [US.library.array(a) for a in problem.further]
    ours = problem.question(US, problem.fresh(US))(*arguments)
    hand = problem.by_hand(*arguments)
    assert np.shape(ours) == np.shape(hand)
    np.testing.assert_allclose(ours, hand, rtol=1e-12, atol=1e-12 * np.abs(hand).max())


def test_fifty_steps_in_every_mode() -> None:
    (steps,) = (p for p in programs() if p.name.startswith("50 steps"))
    f, (x,) = steps.fresh(US), steps.first
    expected = xp.nest(f, "FF")(x)
    for mode in ("RR", "FR", "RF"):
        np.testing.assert_allclose(xp.nest(f, mode)(x), expected, rtol=1e-10)


def test_a_section_is_replaced_and_others_stay(tmp_path) -> None:
    page = tmp_path / "page.md"
    tables.write_section(page, "one", "first")
    tables.write_section(page, "two", "second")
    tables.write_section(page, "one", "third")
    text = page.read_text(encoding="utf-8")
    assert "first" not in text
    assert text.index("third") < text.index("second")
    assert text.count("begin") == 2
