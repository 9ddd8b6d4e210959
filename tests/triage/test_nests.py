"""Failures that need a wrapper: they are found, and reduced to the wrappers that they need."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

import pytest
from ad_conformance.conformance.pool import EnginePool
from ad_conformance.conformance.standalone_script import standalone_finding
from ad_conformance.conformance.triage.ask import Asker
from ad_conformance.conformance.triage.causes import Finding
from ad_conformance.conformance.triage.locate import explain
from ad_conformance.conformance.triage.reduce import reduced
from ad_conformance.conformance.triage.root_cause import root_cause
from ad_conformance.conformance.verdicts import Result
from ad_conformance.engines.contract import Engine
from ad_conformance.engines.process.sandbox import Sandbox
from ad_conformance.generators.ir.nest import WRAPPERS, names_of, parse_nest
from ad_conformance.generators.ir.program import Case, Program, Step
from ad_conformance.reports.issues.proposed import _nest_pattern

from tests import broken_engines as broken
from validation.wrapper_faults import FAULTS, Fault, outcome
from validation.wrappers import askable

PROGRAM = Program((Step("sin", (0,)), Step("exp", (1,)), Step("multiply", (1, 2))))
#: Engines with a wrapper that is wrong, that wrapper, and a nest that shows it.
WRONG = (
    (broken.lanes, "vmap", "R(jit(vmap(f)))"),
    (broken.forgetful, "custom_vjp", "checkpoint(F(R(jit(custom_vjp(f)))))"),
    (broken.overwritten, "alias", "R(vmap(jit(alias(f))))"),
)


def wrapped(nest: str) -> Case:
    mode, wrappers = parse_nest(nest)
    return Case(PROGRAM, 0.5, mode, wrappers=wrappers)


@pytest.fixture
def finding() -> Callable[[Engine, str], Result]:
    def asked(engine: Engine, nest: str) -> Result:
        pool = EnginePool([engine])
        try:
            result = pool.judge(wrapped(nest), engine.name)
        finally:
            pool.close()
        assert result.is_finding
        return result

    return asked


@pytest.mark.parametrize(("engine", "wrapper", "nest"), WRONG, ids=[f[1] for f in WRONG])
def test_generated_cases_catch_a_wrong_wrapper(engine: Engine, wrapper: str, nest: str) -> None:
    pool, caught = EnginePool([engine]), 0
    try:
        for case in itertools.islice(askable(engine, ["FR"], 3), 60):
            result = pool.judge(case, engine.name)
            if result.is_finding:
                caught += 1
                assert wrapper in names_of(case.wrappers)
    finally:
        pool.close()
    assert caught


def test_wrong_lane_is_caught_if_the_batch_is_around_the_whole(
    finding: Callable[[Engine, str], Result],
) -> None:
    engine = broken.last_lane
    pool = EnginePool([engine])
    try:
        assert not pool.judge(wrapped("R(vmap(f))"), engine.name).is_finding
    finally:
        pool.close()
    found = finding(engine, "jit(vmap(R(checkpoint(f))))")
    assert found.answer.lane == 2
    assert found.case.point == 0.5
    assert "got = got[2]" in standalone_finding(found, engine)
    sandbox = Sandbox(engine)
    try:
        small = reduced(found, sandbox)
    finally:
        sandbox.close()
    assert small.case.nest == "vmap(R(f))"


def test_stale_cache_is_caught() -> None:
    pool = EnginePool([broken.stale])
    cases = [wrapped("R(jit(f))"), Case(PROGRAM, 0.5, "R", wrappers=(("jit", "vmap"),))]
    other = Case(Program((Step("sin", (0,)),)), 0.5, "R", wrappers=(("jit",),))
    try:
        verdicts = [pool.judge(case, "stale").verdict for case in (*cases, other)]
    finally:
        pool.close()
    assert [verdict.is_finding for verdict in verdicts] == [False, False, True]


@pytest.mark.parametrize(
    ("engine", "nest", "needed"),
    [
        (broken.lanes, "R(jit(vmap(checkpoint(f))))", "R(vmap(f))"),
        (broken.lanes, "jit(F(R(checkpoint(vmap(f)))))", "R(vmap(f))"),
        (broken.forgetful, "checkpoint(F(R(jit(custom_vjp(f)))))", "F(R(custom_vjp(f)))"),
        (broken.overwritten, "jit(R(vmap(jit(alias(f)))))", "R(vmap(alias(f)))"),
    ],
)
def test_reduction_keeps_the_wrappers_that_are_needed(
    engine: Engine, nest: str, needed: str, finding: Callable[[Engine, str], Result]
) -> None:
    sandbox = Sandbox(engine)
    try:
        small = reduced(finding(engine, nest), sandbox)
    finally:
        sandbox.close()
    fewer = small.case.nest.replace("F(", "R(") if "R(vmap" in needed else small.case.nest
    assert fewer == needed


def test_reduction_takes_wrappers_away_from_a_plain_failure(
    finding: Callable[[Engine, str], Result],
) -> None:
    sandbox = Sandbox(broken.sign)
    try:
        small = reduced(finding(broken.sign, "jit(R(checkpoint(vmap(f))))"), sandbox)
        cause, case = root_cause(
            Finding.of(finding(broken.sign, "R(vmap(f))")), Asker(sandbox), seconds=60
        )
    finally:
        sandbox.close()
    assert small.case.wrappers == ()
    assert case.wrappers == ()
    assert cause.questions == ()


def test_cause_and_explanation_name_the_wrapper(
    finding: Callable[[Engine, str], Result],
) -> None:
    failed = finding(broken.lanes, "R(jit(vmap(checkpoint(f))))")
    sandbox = Sandbox(broken.lanes)
    try:
        cause, case = root_cause(Finding.of(failed), Asker(sandbox), seconds=60)
        told = "\n".join(explain(failed, sandbox).lines)
    finally:
        sandbox.close()
    assert cause.questions == ("vmap",)
    assert case.nest == "R(vmap(f))"
    assert "needed for the failure: nest R(vmap(f))" in told


def test_proposed_entry_needs_the_wrappers_in_their_order() -> None:
    pattern = re.compile(_nest_pattern(wrapped("R(vmap(jit(alias(f))))")))
    assert pattern.search("R(checkpoint(vmap(F(jit(alias(f))))))")
    assert not pattern.search("R(alias(jit(vmap(f))))")
    assert not pattern.search("R(vmap_twice(jit(alias(f))))")


@pytest.mark.parametrize(
    ("kind", "needed"),
    [("no second derivative", ("custom_jvp",)), ("no derivative", ("jit", "alias"))],
)
def test_planted_fault_is_caught_and_reduced_to_its_wrappers(
    kind: str, needed: tuple[str, ...]
) -> None:
    assert Fault(kind, needed) in FAULTS
    found = outcome(Fault(kind, needed))
    assert found.asked
    assert found.exact


def test_every_wrapper_has_planted_faults() -> None:
    assert len(FAULTS) >= 100
    assert {fault.needed[0] for fault in FAULTS if len(fault.needed) == 1} == set(WRAPPERS)
