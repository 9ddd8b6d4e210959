"""Operators, several inputs, float32, and another point to compile at."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ad_conformance.conformance.pool import truth_of
from ad_conformance.conformance.verdicts import Result, Verdict, judge
from ad_conformance.engines import registry
from ad_conformance.engines.adapters.inhouse import inhouse
from ad_conformance.engines.contract import Engine
from ad_conformance.engines.process.sandbox import Sandbox
from ad_conformance.generators.ir.case_io import parse_case
from ad_conformance.generators.ir.operator import OPERATORS
from ad_conformance.generators.ir.program import Case, Program, Step
from ad_conformance.generators.strategies.sampling import draw

from validation.coverage import cells, smooth_case

NUM = Program((Step("sin", (0,)), Step("exp", (1,))))
CELLS = cells(("R", "F", "RR", "RF", "FR", "FF", "RRR", "FRF"))


def judged(engine: Engine, case: Case) -> Result:
    with Sandbox(engine) as sandbox:
        return judge(case, engine.name, sandbox.ask(case), truth_of(case))


@pytest.mark.parametrize("name", ["inhouse", "torch", "torch-autograd", "autograd"])
def test_every_cell_that_an_engine_has_is_answered(name: str) -> None:
    """For all signatures, operators and modes, engines are right or do not have the operator."""
    engine = registry.find(name)
    if not engine.installed():
        pytest.skip(f"{name} is not installed")
    answered = 0
    with Sandbox(engine) as sandbox:
        cases = [smooth_case(*cell) for cell in CELLS]
        for case, pending in [(case, sandbox.submit(case)) for case in cases]:
            verdict = judge(case, name, pending.result(), truth_of(case)).verdict
            assert verdict in (Verdict.AGREE, Verdict.UNSUPPORTED), (case.json, verdict)
            assert (verdict is Verdict.AGREE) == engine.answers(case.mode), case.json
            answered += verdict is Verdict.AGREE
    assert answered >= len(CELLS) // 5


@pytest.mark.parametrize("operator", ["pushforward", "pullback", "hvp"])
def test_a_wrong_direction_is_caught(operator: str) -> None:
    """An engine whose operator ignores the tangent or cotangent that it is given is found."""
    wrong = {"pushforward": "{v}", "pullback": "{w}"}
    broken = replace(
        inhouse,
        name="broken",
        operators={
            "gradient": "inhouse.grad({f})",
            "pushforward": "lambda x: inhouse.jvp({f})(x, np.sum("
            + wrong["pushforward"]
            + ") + 0 * x)",
            "pullback": "lambda x: inhouse.vjp({f})(x, -" + wrong["pullback"] + ")",
        },
    )
    mode = {"pushforward": "RF", "pullback": "FR", "hvp": "FR"}[operator]
    case = smooth_case("vec_to_num", operator, mode)
    assert judged(inhouse, case).verdict is Verdict.AGREE
    assert judged(broken, case).verdict is Verdict.WRONG


def two_inputs(mode: str, wrt: str) -> Case:
    """x . (y * y) * sin(x): all its mixed partial derivatives differ."""
    return Case(
        Program(
            (
                Step("argument", (), (("value", (0.5, 1.5)),)),
                Step("square", (1,)),
                Step("multiply", (0, 2)),
                Step("sin", (3,)),
                Step("sum", (4,), (("axis", None), ("keepdims", False))),
            )
        ),
        (0.25, -1.0),
        mode,
        wrt=wrt,
    )


def test_mixed_partial_derivatives_are_certified() -> None:
    x, y = np.array([0.25, -1.0]), np.array([0.5, 1.5])
    s, c = np.sin(x * y**2), np.cos(x * y**2)
    expected = {
        "0": y**2 * c,
        "1": 2 * x * y * c,
        "00": np.diag(-(y**4) * s),
        "01": np.diag(2 * y * c - 2 * x * y**3 * s),
        "11": np.diag(2 * x * c - 4 * x**2 * y**2 * s),
    }
    for wrt, value in expected.items():
        truth = truth_of(two_inputs("R" * len(wrt), wrt))
        assert truth.value is not None
        np.testing.assert_allclose(truth.value, value, rtol=1e-13)
        assert np.max(truth.radius) < 1e-20  # type: ignore[type-var]


@pytest.mark.parametrize("mode", ["R", "FR", "RF", "RRF"])
def test_the_inhouse_engine_is_right_on_mixed_partial_derivatives(mode: str) -> None:
    for wrt in itertools.product("01", repeat=len(mode)):
        case = two_inputs(mode, "".join(wrt))
        assert judged(inhouse, case).verdict is Verdict.AGREE
        assert parse_case(case.json) == case


@pytest.mark.parametrize(
    ("operator", "mode", "seeds"),
    [
        ("gradient", "R", {}),
        ("pullback", "FR", {"cotangent": 2.0}),
        ("pushforward", "RF", {"tangent": (1.0, -0.5)}),
        ("hvp", "FR", {"tangent": (1.0, -0.5)}),
    ],
)
def test_an_operator_by_the_first_of_several_inputs(
    operator: str, mode: str, seeds: dict[str, Any]
) -> None:
    case = replace(two_inputs(mode, ""), operator=operator, **seeds)
    assert parse_case(case.json) == case
    assert judged(inhouse, case).verdict is Verdict.AGREE


def test_an_engine_that_differentiates_by_the_wrong_input_is_caught() -> None:
    swapped = replace(
        inhouse,
        name="swapped",
        mode_transforms={"R": "(lambda g: lambda x: inhouse.nest(g, 'R')(x[::-1]))({f})"},
    )
    assert judged(swapped, two_inputs("RR", "01")).verdict is Verdict.WRONG


def test_an_engine_that_confuses_perturbations_is_caught() -> None:
    """An engine that confuses the captured input with the one it differentiates by, as in x * d/dy
    (x + y).
    """
    case = Case(
        Program(
            (
                Step("argument", (), (("value", 0.5),)),
                Step("multiply", (0, 1)),
                Step("square", (2,)),
            )
        ),
        0.5,
        "RR",
        wrt="01",
    )
    confused = replace(
        inhouse,
        name="confused",
        mode_transforms={"R": "inhouse.nest(lambda z: ({f})(z) + 0 * z * x, 'R')"},
    )
    assert judged(inhouse, case).verdict is Verdict.AGREE
    assert judged(confused, case).verdict is Verdict.AGREE
    really = replace(inhouse, name="really", compile="derivative = lambda x: ({nested})(x) + x")
    assert judged(really, case).verdict is Verdict.WRONG


def test_engine_that_specializes_on_values_is_caught() -> None:
    frozen = replace(
        inhouse, name="frozen", compile="answer = ({nested})(x)\nderivative = lambda x: answer"
    )
    here = Case(NUM, 0.75, "RR")
    moved = replace(here, warmup_point=0.5)
    assert judged(frozen, here).verdict is Verdict.AGREE
    assert judged(frozen, moved).verdict is Verdict.WRONG
    assert judged(inhouse, moved).verdict is Verdict.AGREE


def test_float32_is_judged_by_its_own_tolerance() -> None:
    single = Case(NUM, 0.75, "RR", dtype="float32")
    assert judged(inhouse, single).verdict is Verdict.AGREE
    double = replace(inhouse, name="double", run=f"{inhouse.run}\ngot = got.astype(np.float64)")
    assert judged(double, single).verdict is Verdict.WRONG_DTYPE
    sloppy = replace(
        inhouse, name="sloppy", run=f"{inhouse.run}\ngot = np.asarray(got * np.float32(1.001))"
    )
    assert judged(sloppy, single).verdict is Verdict.WRONG
    # Rounding errors of float32 are wrong values in float64.
    rounded = replace(
        inhouse,
        name="rounded",
        run=f"{inhouse.run}\ngot = got.astype(np.float32).astype(np.float64)",
    )
    assert judged(rounded, Case(NUM, 0.75, "RR")).verdict is Verdict.WRONG


def test_every_operator_dtype_and_option_is_drawn() -> None:
    cases = list(draw(("R", "F", "RR", "FR"), 1200))
    assert {case.operator for case in cases} == set(OPERATORS)
    assert {case.dtype for case in cases} == {"float64", "float32"}
    assert any(case.warmup_point is not None for case in cases)
    assert {digit for case in cases for digit in case.wrt} == set("012")
    for case in cases:
        assert parse_case(case.json) == case
