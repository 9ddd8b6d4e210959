"""Engines whose numbers are right and that are wrong besides: they change their input, or depend on
earlier calls. Each is caught, and no honest engine is.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from ad_conformance.conformance.pool import LATER, EnginePool, asked_later, truth_of
from ad_conformance.conformance.reference.certify import Truth
from ad_conformance.conformance.standalone_script import standalone_finding
from ad_conformance.conformance.triage.failure_key import FailureKey
from ad_conformance.conformance.verdicts import Result, Verdict, judge, repeated
from ad_conformance.engines import registry
from ad_conformance.engines.contract import Answer, Engine
from ad_conformance.engines.process.sandbox import EVERY, Sandbox, is_chosen
from ad_conformance.generators.ir.program import Case, Program, Step
from ad_conformance.generators.scenarios.seed_programs import seed_case
from ad_conformance.generators.strategies.sampling import draw

from tests import broken_engines as broken

NUMBER, VECTOR = seed_case("num_to_num", "RR"), seed_case("vec_to_vec", "R")
MODES = ("R", "F", "RR", "FR", "RF", "FF", "RRR")
#: The answer of a second call has one axis more.
growing = replace(
    broken.honest,
    name="growing",
    header=f"{broken.honest.header}\nseen = []\n",
    run="got = np.asarray(derivative(x))\nseen.append(1)\n"
    "got = got if len(seen) == 1 else got[None]",
)


def judged(engine: Engine, case: Case, every: int = 1) -> Result:
    with Sandbox(engine, every=every) as sandbox:
        return judge(case, engine.name, sandbox.ask(case), truth_of(case))


@pytest.mark.parametrize("case", [NUMBER, VECTOR], ids=["number", "vector"])
@pytest.mark.parametrize(
    ("engine", "said"),
    [
        (broken.overwriting, "the input x is changed"),
        (broken.lending, "a later call changes the array of the first answer"),
        (broken.adding, "a second call gives another answer"),
        (broken.single_use, "a second call raises IndexError: pop from empty list"),
        (broken.fatal_use, "a further call kills the process (SIGABRT)"),
        (growing, "a second call gives another shape or dtype"),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_side_effects(engine: Engine, said: str, case: Case) -> None:
    result = judged(engine, case)
    assert (result.verdict, result.answer.message) == (Verdict.IMPURE, said)
    assert result.answer.value is not None
    expected = truth_of(case).value
    assert expected is not None
    assert np.allclose(result.answer.value, expected)


@pytest.mark.parametrize("name", ["inhouse", "autograd", "torch"])
def test_honest_engines_have_no_side_effects(name: str) -> None:
    engine = registry.find(name)
    if not engine.installed():
        pytest.skip(f"{name} is not installed")
    with Sandbox(engine, every=1) as sandbox:
        pending = [(case, sandbox.submit(case)) for case in draw(MODES, 100)]
        found = [(case, answer.result()) for case, answer in pending]
    assert [
        answer.message for _, answer in found if answer.value is not None and answer.message
    ] == []


def test_an_input_is_watched_in_every_case_and_at_every_point() -> None:
    """Other faults show in cases with further calls only."""
    unchosen = (c for c in draw(MODES, 50) if not is_chosen(c, EVERY) and c.warmup_point is None)
    case = next(c for c in unchosen if not c.wrt and truth_of(c).kind == "certified")
    assert judged(broken.overwriting, case, EVERY).verdict is Verdict.IMPURE
    assert judged(broken.adding, case, EVERY).verdict is Verdict.AGREE
    warm = replace(VECTOR, warmup_point=tuple(x + 1 for x in VECTOR.point))
    only_at_first = broken._wrapped(
        "only-at-first",
        "def wrapped(f, point):\n    left = [0.0]\n    def derivative(x):\n"
        "        got = np.array(f(x))\n        if left:\n            x[...] = left.pop()\n"
        "        return got\n    return derivative\n",
    )
    assert judged(only_at_first, warm, EVERY).answer.message == "the input x is changed"


@pytest.mark.parametrize("name", ["v", "w"])
def test_tangents_and_cotangents_are_watched(name: str) -> None:
    program, point, seed = Program((Step("sin", (0,)),)), (1.0, 2.0), (1.0, 0.5)
    case = Case(program, point, "F", "pushforward", tangent=seed)
    if name == "w":
        case = Case(program, point, "R", "pullback", cotangent=seed)
    engine = replace(broken.honest, run=f"got = np.asarray(derivative(x))\n{name} *= 2.0")
    assert judged(engine, case).answer.message == f"the input {name} is changed"


def test_a_process_that_dies_at_the_first_call_is_a_crash() -> None:
    assert judged(broken.segfault, NUMBER).verdict is Verdict.CRASH


def test_a_further_call_that_is_late_is_no_finding() -> None:
    body = (
        "def wrapped(f, point):\n    left = [f]\n    def derivative(x):\n"
        "        while not left:\n            pass\n        return np.asarray(left.pop()(x))\n"
        "    return derivative\n"
    )
    engine = broken._wrapped("late-use", body)
    with Sandbox(engine, timeout=1.0, every=1) as sandbox:
        answer = sandbox.ask(NUMBER)
    assert (answer.outcome, answer.message) == ("answered", "")


def test_another_answer_is_no_finding_if_rounding_explains_it() -> None:
    truth = truth_of(VECTOR)
    assert truth.value is not None
    assert truth.tolerance is not None
    for off, verdict in ((1.9, Verdict.AGREE), (2.1, Verdict.IMPURE)):
        answer = Answer(
            "answered",
            truth.value,
            message="a second call gives another answer",
            second=truth.value + off * truth.tolerance,
        )
        assert judge(VECTOR, "e", answer, truth).verdict is verdict
    nan = np.array([np.nan, 1.0])
    for second, verdict in ((nan, Verdict.CONVENTION), (nan + 1, Verdict.IMPURE)):
        answer = Answer("answered", nan, message="a second call", second=second)
        assert judge(VECTOR, "e", answer, Truth("convention")).verdict is verdict


def test_side_effects_of_a_wrong_answer_are_no_other_failure() -> None:
    truth = truth_of(NUMBER)
    assert truth.value is not None
    plain, more = (
        judge(NUMBER, "e", Answer("answered", -truth.value, message=message), truth)
        for message in ("", "the input x is changed")
    )
    assert FailureKey.of(plain) == FailureKey.of(more)
    right = judge(NUMBER, "e", Answer("answered", truth.value, message="changes x"), truth)
    assert FailureKey.of(right) == FailureKey(Verdict.IMPURE, message="changes x")


def test_what_is_asked_later() -> None:
    drawn = list(draw(MODES, 1000))
    again = [
        case
        for case in drawn
        if asked_later(Result(case, "e", Verdict.AGREE, Answer(""), Truth("")))
    ]
    called = [case for case in drawn if is_chosen(case, EVERY)]
    assert 0.5 < len(again) * LATER / len(drawn) < 1.5
    assert 0.5 < len(called) * EVERY / len(drawn) < 1.5
    assert not set(again) & set(called)


def test_a_case_that_is_asked_again_gives_the_same() -> None:
    pool = EnginePool([broken.honest, broken.ageing])
    found = []
    for name in pool.engines:
        first = pool.judge(NUMBER, name)
        pool.judge(VECTOR, name)
        found.append(pool.repeat(first))
    pool.close()
    honest, ageing = found
    assert honest.verdict is Verdict.AGREE
    assert ageing.verdict is Verdict.IMPURE
    assert ageing.answer.message == ("after other cases, the engine gives another answer")


def test_what_a_second_try_says() -> None:
    truth = truth_of(NUMBER)
    first = judge(NUMBER, "e", Answer("answered", truth.value), truth)
    for answer, said in (
        (Answer("timeout"), ""),
        (Answer("raised", error="KeyError", stage="run"), "the engine raises KeyError"),
        (Answer("crashed", error="SIGSEGV"), "the engine kills the process (SIGSEGV)"),
    ):
        result = repeated(first, judge(NUMBER, "e", answer, truth))
        assert result.is_finding == bool(said)
        assert said in result.answer.message


@pytest.mark.parametrize(
    ("engine", "said"),
    [
        (broken.overwriting, "the input is changed"),
        (broken.lending, "the array of the first answer is changed"),
        (broken.adding, "a second call gives another answer"),
        (broken.single_use, "IndexError"),
        (broken.honest, ""),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_the_script_of_a_finding_fails_as_the_engine_did(engine: Engine, said: str) -> None:
    result = judged(engine, VECTOR)
    script = standalone_finding(replace(result, verdict=Verdict.IMPURE), engine)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert bool(done.returncode) == bool(said)
    assert said in done.stderr
