"""The cases that the suite generates, and how its tests are divided among workers."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import pytest
from ad_conformance.conformance.pool import EnginePool
from ad_conformance.conformance.suite.drawing import Drawing
from ad_conformance.conformance.suite.options import EXAMPLES, profile_settings
from ad_conformance.conformance.suite.run import Run
from ad_conformance.conformance.test_generated import ONE_NAME_IN, names_asked
from ad_conformance.engines.contract import Answer
from ad_conformance.engines.process.sandbox import Sandbox
from ad_conformance.generators.ir.mode import FURTHER_MODES, UP_TO_SECOND_ORDER
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.strategies.programs import cases

from tests import broken_engines

CASES = cases(signature="vec_to_num", mode="RR")


def made(profile: str = "ci") -> Run:
    return Run(
        engines={},
        named={},
        absent={},
        modes=("RR",),
        signatures=("vec_to_num",),
        wrappers=(),
        examples=EXAMPLES["ci"],
        seed=0,
        profile=profile,
        settings=profile_settings(profile),
        pool=EnginePool([]),
        entries=(),
    )


def test_all_engines_get_the_same_cases_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    run = made()
    first = Drawing(run, "vec_to_num RR", CASES).cases()
    assert len({case.id for case in first}) > EXAMPLES["ci"] // 2
    with monkeypatch.context() as patched:
        patched.setattr(Drawing, "each", lambda *_: pytest.fail("drawn again"))
        assert Drawing(run, "vec_to_num RR", CASES).cases() == first
    assert Drawing(made(), "vec_to_num RR", CASES).cases() == first
    assert Drawing(run, "vec_to_num FR", CASES).cases() != first


def test_cases_of_one_engine_are_not_taken_for_another() -> None:
    run = made()
    jit = Drawing(run, "jit RR", CASES, 3, shared=False).cases()
    other = Drawing(run, "jit RR", cases(signature="num_to_num", mode="RR"), 3, shared=False)
    assert other.cases() != jit
    assert not run.drawn


def test_a_finding_is_looked_for_among_the_same_cases_and_made_smaller() -> None:
    run = made()
    drawing = Drawing(run, "vec_to_num RR", CASES)
    drawn, seen = drawing.cases(), list[Case]()

    def fail(case: Case) -> None:
        seen.append(case)
        if len(case.program.steps) > 2:
            raise AssertionError(len(case.program.steps))

    with pytest.raises(AssertionError) as found:
        drawing.each(fail)
    failing = next(k for k, case in enumerate(drawn) if len(case.program.steps) > 2)
    assert tuple(seen[: failing + 1]) == drawn[: failing + 1]
    assert 2 < found.value.args[0] <= len(drawn[failing].program.steps)
    assert len(seen) > failing + 1


def test_only_a_profile_with_targets_is_steered_by_answers() -> None:
    assert not Drawing(made(), "RR", CASES).is_steered
    assert Drawing(made("explore"), "RR", CASES).is_steered


def test_cases_that_were_submitted_ahead_are_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = Drawing(made(), "vec_to_num RR", CASES).cases()[:3]
    pool = EnginePool([broken_engines.honest, broken_engines.sign])
    pool.ahead = ("honest", "sign")
    asked: Counter[tuple[str, str]] = Counter()
    submit = Sandbox.submit

    def counted(sandbox: Sandbox, case: Case, **options: Any) -> Future[Answer]:
        asked[sandbox.engine.name, case.id] += 1
        return submit(sandbox, case, **options)

    monkeypatch.setattr(Sandbox, "submit", counted)
    try:
        pool.ask_ahead(drawn)
        everything = {(engine, case.id) for engine in pool.ahead for case in drawn}
        assert set(asked) == everything
        for case in drawn:
            assert not pool.judge(case, "honest").is_finding
            pool.judge(case, "sign")
        assert asked == dict.fromkeys(everything, 1)
    finally:
        pool.close()


def test_each_further_name_is_asked_in_one_mode_of_the_first_two_orders() -> None:
    turns = [names_asked(mode) for mode in UP_TO_SECOND_ORDER]
    assert sorted(turns) == [(turn, ONE_NAME_IN) for turn in range(ONE_NAME_IN)]
    assert names_asked("RRR")[1] == ONE_NAME_IN
    further = [names_asked(mode) for mode in FURTHER_MODES]
    assert len({turn % every for turn, every in further}) == len(further)


def test_fewer_cases_are_drawn_in_further_modes_by_default() -> None:
    assert [made().examples_in(mode) for mode in ("R", "RRR", "FFF")] == [10, 10, 3]
    assert replace(made(), only=frozenset({"--examples"})).examples_in("FFF") == 10
    assert replace(made(), examples=1).examples_in("FRR") == 1
