"""Modes of a program that an engine compiles at once."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ad_conformance.engines.contract import Answer
from ad_conformance.engines.process.sandbox import Sandbox
from ad_conformance.engines.together import alike, together
from ad_conformance.generators.ir.mode import modes_of_order
from ad_conformance.generators.ir.program import Case, Program, Step
from ad_conformance.generators.scenarios.cells import Grid
from ad_conformance.reports.campaign.plan import Plan

from tests import broken_engines
from tests.reports.test_campaign import BROKEN, ask, rows

pytest.importorskip("duckdb")
MODES = modes_of_order(2)
SINE = Case(Program((Step("sin", (0,)), Step("multiply", (0, 1)))), (0.5, -1.25), "RR")
OTHER = Step("argument", (), (("value", (2.0, 0.75)),))
#: Of two inputs, of which the first is differentiated by first.
TWO = replace(SINE, program=Program((OTHER, Step("sin", (0,)), Step("multiply", (1, 2)))), wrt="10")


def plan(*engines: str) -> Plan:
    names = tuple(f"{BROKEN}{name}" for name in engines)
    return Plan(names, MODES, 0, 1, 20.0, grid=Grid(("sin", "cos"), 2))


@pytest.mark.parametrize("case", [SINE, TWO, replace(SINE, warmup_point=(0.25, 1.0))])
def test_answers_at_once_are_those_of_each_case(case: Case) -> None:
    cases = [case.with_mode(mode) for mode in MODES]
    with Sandbox(broken_engines.at_once) as sandbox:
        found = [future.result() for future in sandbox.submit_together(cases)]
        alone = [sandbox.ask(one) for one in cases]
    for answer, one in zip(found, alone, strict=True):
        assert answer.together
        assert not one.together
        assert answer.value is not None
        assert one.value is not None
        assert (answer.value.dtype, answer.value.shape) == (one.value.dtype, one.value.shape)
        np.testing.assert_array_equal(answer.value, one.value)


def test_what_raises_at_once_is_asked_one_by_one() -> None:
    cases = [SINE.with_mode(mode) for mode in MODES]
    with Sandbox(broken_engines.raising_at_once) as sandbox:
        found = [future.result() for future in sandbox.submit_together(cases)]
    assert [(answer.outcome, answer.together) for answer in found] == [("answered", False)] * 4


def test_some_cases_have_no_script_for_all() -> None:
    pair = [SINE.with_mode("RR"), SINE.with_mode("FF")]
    assert together(broken_engines.at_once, pair) is not None
    assert together(broken_engines.honest, pair) is None
    assert together(broken_engines.at_once, pair[:1]) is None
    assert together(replace(broken_engines.at_once, modes="R+"), pair) is None
    assert alike(pair[0]) == alike(pair[1]) != alike(SINE.with_mode("R"))


def test_a_right_engine_is_right_at_once(tmp_path: Path) -> None:
    folder = ask(tmp_path, plan("at_once", "honest"), cases=12)
    found = rows(folder, "SELECT engine, verdict, count(*) FROM verdicts GROUP BY ALL ORDER BY ALL")
    assert found == [("at-once", "agree", 12), ("honest", "agree", 12)]


def test_what_is_wrong_only_at_once_is_no_finding(tmp_path: Path) -> None:
    folder = ask(tmp_path, plan("wrong_at_once"), cases=12)
    assert rows(folder, "SELECT DISTINCT verdict, again FROM verdicts") == [("agree", None)]


def test_a_wrong_rule_is_found_in_each_mode(tmp_path: Path) -> None:
    folder = ask(tmp_path, plan("sign_at_once", "sign"), cases=12)
    query = (
        "SELECT number, verdict, again FROM verdicts WHERE engine = '{}' "
        "AND number IN (SELECT number FROM cases WHERE name = 'sin') ORDER BY ALL"
    )
    found = rows(folder, query.format("sign-at-once"))
    assert found == rows(folder, query.format("sign"))
    assert {verdict for _, verdict, _ in found} == {"wrong"}


def test_a_template_that_cannot_be_filled_in_is_named() -> None:
    with pytest.raises(ValueError, match="compile_all of at-once: KeyError"):
        replace(broken_engines.at_once, compile_all="derivatives = {every}")


def test_an_atlas_asks_the_modes_of_an_order_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []
    submit = Sandbox.submit_together

    def noted(sandbox: Sandbox, cases: Sequence[Case]) -> list[Future[Answer]]:
        asked.append(tuple(case.mode for case in cases))
        return submit(sandbox, cases)

    monkeypatch.setattr(Sandbox, "submit_together", noted)
    ask(tmp_path, plan("at_once"), cases=12)
    assert asked == [modes_of_order(1)] * 2 + [MODES] * 2
