"""`explain` names the step at fault, in engines with one known bug."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ad_conformance.conformance.triage.ask import judged
from ad_conformance.conformance.triage.explanation import Explanation
from ad_conformance.conformance.triage.locate import explain
from ad_conformance.engines.contract import Engine
from ad_conformance.engines.process.sandbox import Sandbox
from ad_conformance.generators.ir.case_io import parse_case
from ad_conformance.generators.ir.program import Case, Program, Step
from ad_conformance.generators.rewrite.program_builder import BARE, SMOOTH
from ad_conformance.generators.rewrite.slicing import Slicer
from ad_conformance.generators.rewrite.variants import modes_within
from ad_conformance.generators.strategies.sampling import draw
from ad_conformance.reports.cli.commands import app
from typer.testing import CliRunner

from tests import broken_engines as broken
from validation.explaining import outcome, planted
from validation.mutants import mutants

MUTANTS = {mutant.name: mutant for mutant in mutants()}
OVERALL = {"axis": None, "keepdims": False}


def case(steps: Sequence[tuple[Any, ...]], point: Any, mode: str, **more: Any) -> Case:
    """A case with steps (operation, operands, params). It is read back, which checks it."""
    made = (
        Step(name, tuple(operands), tuple(sorted(dict(*params).items())))
        for name, operands, *params in steps
    )
    return parse_case(Case(Program(tuple(made)), point, mode, **more).json)


def explained(asked: Case, engine: Engine, *, timeout: float = 60.0) -> Explanation:
    with Sandbox(engine, timeout=timeout) as sandbox:
        return explain(judged(asked, sandbox), sandbox)


def test_a_step_is_wrong_alone() -> None:
    asked = case([("multiply", (0, 0)), ("sin", (1,)), ("exp", (2,))], 0.5, "RR")
    found = explained(asked, broken.sign)
    assert (found.operation, found.steps, found.way, found.needed) == ("sin", (2,), "alone", True)
    assert found.lines == (
        "sin (step 2 of 3) in mode R: its derivative alone is wrong: "
        "got -0.968912, expected 0.968912: relative error 2, "
        "5.8e13 times the tolerance for rounding",
        "level: R, first of 2 in RR from the innermost outwards",
        "with a constant in place of its value, the derivative is correct",
        f"{found.asked} cases asked",
    )
    assert found.lines == explained(asked, broken.sign).lines


def test_the_order_and_the_level_of_the_wrong_derivative_are_named() -> None:
    asked = case([("exp", (0,)), ("sin", (1,)), ("square", (2,))], 0.5, "FRR")
    found = explained(asked, broken.dropped)
    assert (found.operation, found.way, found.right) == ("sin", "alone", 1)
    assert "in mode RR" in found.lines[0]
    assert found.lines[0].endswith("; the first order is correct")
    assert found.lines[1] == "level: R over R, second of 3 in FRR from the innermost outwards"


def test_the_operand_of_the_wrong_derivative_is_named() -> None:
    asked = case(
        [("exp", (0,)), ("constant", (), {"value": 3.0}), ("atan2", (2, 1)), ("exp", (3,))],
        0.5,
        "FR",
    )
    found = explained(asked, planted(MUTANTS["atan2[1]: taken for constant"]))
    assert found.lines[0].startswith(
        "atan2 (step 2 of 3) in mode R: its derivative by operand 2 alone is wrong"
    )


def test_a_bug_that_shows_only_in_composition_is_found() -> None:
    """A factor that is used twice counts once, unless it is the input itself."""
    asked = case([("exp", (0,)), ("multiply", (1, 1)), ("sin", (2,))], 0.5, "R")
    found = explained(asked, broken.once)
    assert (found.operation, found.steps, found.way) == ("multiply", (2,), "composed")
    assert (
        "multiply (step 2 of 3) in mode R: not found wrong alone, but its derivative between "
        "expm1 and exp is wrong" in (found.lines[0])
    )


def test_a_rule_that_is_wrong_only_for_a_varying_cotangent_is_found() -> None:
    """The sum as the output is right at every order. The step after it ends the first prefix that
    fails.
    """
    asked = case(
        [("sin", (0,)), ("sum", (1,), OVERALL), ("exp", (2,)), ("negative", (3,))],
        (0.5, -1.0, 2.0),
        "RR",
    )
    found = explained(asked, planted(MUTANTS["sum R: second order dropped"]))
    assert (found.operation, found.way) == ("sum", "composed")
    assert (
        "sum (step 2 of 4) in mode RR: not found wrong alone, but its derivative followed by"
        in found.lines[0]
    )
    assert found.lines[0].endswith("; the first order is correct")


def test_a_wrong_first_derivative_of_a_linear_step_is_found_at_second_order() -> None:
    """A linear step has no second derivative that could be wrong. The step after it has one."""
    asked = case(
        [("cumulative_sum", (0,), {"axis": 0}), ("exp", (1,)), ("sum", (2,), OVERALL)],
        (0.5, -1.0),
        "RR",
    )
    found = explained(asked, broken.axis)
    assert (found.operation, found.way) == ("cumulative_sum", "alone")
    assert "in mode R:" in found.lines[0]


def test_steps_that_are_wrong_only_together_are_accused_together() -> None:
    """The engine simplifies abs of abs wrongly, and nothing else."""
    asked = case(
        [("exp", (0,)), ("sin", (1,)), ("abs", (2,)), ("abs", (3,)), ("square", (4,))], 0.5, "R"
    )
    found = explained(asked, planted(MUTANTS["identities.abs: identity: factor 2"]))
    assert (found.operations, found.way) == (("abs", "abs"), "together")
    assert found.lines[0].startswith(
        "abs (step 3 of 5) and abs (step 4 of 5) in mode R: none found wrong alone, but "
    )
    assert "their derivative together is wrong" in found.lines[0]


def test_a_second_wrong_step_is_named() -> None:
    asked = case([("sin", (0,)), ("exp", (0,)), ("sin", (2,)), ("add", (1, 3))], 0.5, "R")
    found = explained(asked, broken.sign)
    assert (found.steps, found.needed, found.others) == ((1,), False, (3,))
    assert (
        "with a constant in place of its value, the derivative still fails, at sin (step 3 of 4)"
        in found.lines
    )


def test_a_wrong_step_that_does_no_harm_is_not_accused() -> None:
    """Both sines are wrong; the factor of the first is zero."""
    zero = ("constant", (), {"value": 0.0})
    steps = [
        ("sin", (0,)),
        zero,
        ("multiply", (1, 2)),
        ("exp", (0,)),
        ("sin", (4,)),
        ("add", (3, 5)),
    ]
    found = explained(case(steps, 0.5, "R"), broken.sign)
    assert (found.steps, found.needed) == ((5,), True)


@pytest.mark.parametrize(
    ("engine", "said"),
    [
        (broken.nan, "is not finite: got nan, expected 1"),
        (broken.shape, "has a wrong shape: got (1,), expected ()"),
        (broken.dtype, "has a wrong dtype: got float32, expected float64"),
        (broken.compiling, "does not compile: RuntimeError: no rule"),
        (broken.running, "does not run: RuntimeError: out of registers"),
        (broken.segfault, "kills the process: SIGSEGV"),
        (broken.hang, "times out: no answer in time"),
    ],
)
def test_no_step_is_accused_if_the_input_itself_fails(engine: Engine, said: str) -> None:
    asked = case([("exp", (0,)), ("sin", (1,))], 0.5, "R")
    found = explained(asked, engine, timeout=0.5 if engine is broken.hang else 60.0)
    assert (found.operation, found.way) == ("", "question")
    line = found.lines[0].partition(" (used ")[0]
    # A late answer is late in processor time or, on a busy machine, on the wall.
    line = re.sub(r"within \S+ s (of processor time|on the wall)$", "in time", line)
    assert line == f"no step is at fault: in mode R the derivative of the input itself {said}"


def test_a_program_without_steps_has_no_step_at_fault() -> None:
    found = explained(case([], 0.5, "R"), broken.nan)
    assert (found.steps, found.way) == ((), "question")


def _dying(name: str, body: str) -> Engine:
    """The in-house engine with this derivative of sin."""
    header = (
        f"{broken.honest.header}\n{broken.RULES}\ndef partial(y, x):\n    "
        f"{body}\nRULES['sin'] = each(partial)\n"
    )
    return replace(broken.honest, name=name, header=header)


@pytest.mark.parametrize(
    ("engine", "said"),
    [
        (
            _dying("raising", "raise TypeError('no rule for sin')"),
            "does not compile: TypeError: no rule for sin",
        ),
        (_dying("crashing", "import ctypes; ctypes.string_at(0)"), "kills the process: SIGSEGV"),
        (_dying("hanging", "[None for _ in iter(int, 1)]"), "times out: no answer within 1 s"),
        (_dying("infinite", "return x * float('inf')"), "is not finite"),
    ],
)
def test_a_step_that_raises_dies_or_hangs_is_accused(engine: Engine, said: str) -> None:
    asked = case([("exp", (0,)), ("sin", (1,)), ("square", (2,))], 0.5, "R")
    found = explained(asked, engine, timeout=1.0)
    assert (found.operation, found.way, found.needed) == ("sin", "alone", True)
    assert said in found.lines[0]


def test_a_step_that_the_output_does_not_need_can_be_accused() -> None:
    asked = case([("sin", (0,)), ("exp", (0,)), ("square", (2,))], 0.5, "R")
    engine = replace(
        broken.honest,
        name="tracing",
        header=f"{broken.honest.header}\ndef refuse(x):\n    raise TypeError('no "
        f"sin')\ninhouse.sin = refuse\n",
    )
    found = explained(asked, engine)
    assert (found.operation, found.way) == ("sin", "alone")


def test_the_plain_question_is_searched_if_it_fails_too() -> None:
    asked = case(
        [("argument", (), {"value": 2.0}), ("multiply", (0, 1)), ("sin", (2,)), ("exp", (3,))],
        0.5, "RF", wrt="10", dtype="float32",
    )  # fmt: skip
    found = explained(asked, broken.sign)
    assert found.operation == "sin"
    assert "not needed for the failure: dtype float32" in found.lines
    plain = case(
        [("exp", (0,)), ("sin", (1,))],
        0.5,
        "R",
        operator="pullback",
        cotangent=1.0,
        warmup_point=2.0,
    )
    found = explained(plain, broken.sign)
    assert "not needed for the failure: operator pullback and warmup_point" in found.lines
    assert found.question.case == plain.plain


def test_no_step_is_accused_if_the_output_is_an_input() -> None:
    """The derivative by the second input, which is the output, is wrong."""
    asked = case([("sin", (0,)), ("argument", (), {"value": 2.0})], 0.5, "R", wrt="1")
    found = explained(
        asked, replace(broken.honest, name="off", run=f"{broken.honest.run}\ngot = got + 1.0")
    )
    assert (found.way, found.steps) == ("question", ())


def test_a_special_question_is_kept_if_the_plain_one_is_right() -> None:
    """A pullback of any function is twice too large, so no step is at fault."""
    doubled = replace(
        broken.honest,
        name="doubled",
        operators={
            **broken.honest.operators,
            "pullback": "lambda x: 2.0 * inhouse.vjp({f})(x, {w})",
        },
    )
    asked = case(
        [("exp", (0,)), ("sin", (1,))], (0.5, 1.0), "R", operator="pullback", cotangent=(1.0, -1.0)
    )
    found = explained(asked, doubled)
    assert found.way == "question"
    assert "needed for the failure: operator pullback" in found.lines
    single = replace(
        broken.honest,
        name="single",
        header=f"{broken.honest.header}\n{broken.RULES}\n"
        "RULES['sin'] = each(lambda y, x: (-1.0 if x.dtype == np.float32 else 1.0) * f('cos', "
        "x))\n",
    )
    found = explained(case([("exp", (0,)), ("sin", (1,))], 0.5, "R", dtype="float32"), single)
    assert (found.operation, found.way) == ("sin", "alone")
    assert "needed for the failure: dtype float32" in found.lines


def test_a_step_without_certified_derivative_is_not_accused() -> None:
    """abs has no derivative at its kink, but zero times abs has one: the step after it is the first
    that can be wrong.
    """
    zero = ("constant", (), {"value": 0.0})
    asked = case(
        [("sin", (0,)), ("abs", (1,)), zero, ("multiply", (2, 3)), ("add", (0, 4)), ("exp", (5,))],
        0.0,
        "R",
    )
    engine = replace(
        broken.honest,
        name="third",
        header=f"{broken.honest.header}\n{broken.RULES}\nRULES['exp'] = each(lambda y, x: 2.0 * "
        f"y)\n",
    )
    found = explained(asked, engine)
    assert (found.operation, found.unjudged) == ("exp", (2,))
    assert "not known: whether abs (step 2 of 5) before it is correct" in found.lines


def test_a_step_behind_an_uncertified_value_is_asked_alone() -> None:
    """sin is applied to abs at its kink. Only the square of that has a derivative, which is 0."""
    steps = [("abs", (0,)), ("sin", (1,)), ("square", (2,))]
    rule = "RULES['sin'] = each(lambda y, x: f('cos', x) * float('inf'))"
    engine = replace(
        broken.honest, name="infinite", header=f"{broken.honest.header}\n{broken.RULES}\n{rule}\n"
    )
    found = explained(case(steps, 0.0, "R"), engine)
    assert (found.operation, found.way) == ("sin", "alone")


def test_time_is_bounded() -> None:
    asked = case([("exp", (0,)), ("sin", (1,)), ("square", (2,))], 0.5, "RR")
    with Sandbox(broken.sign) as sandbox:
        found = explain(judged(asked, sandbox), sandbox, seconds=0.0)
        with pytest.raises(ValueError, match="agree is no finding"):
            explain(judged(case([("exp", (0,))], 0.5, "R"), sandbox), sandbox)
    assert found.late
    assert found.asked == 0
    assert found.lines[-1] == "0 cases asked until the time limit"


def test_the_operation_of_a_planted_fault_is_named() -> None:
    """One fault for each way; `python -m validation.explaining` does this for a sample of all."""
    asked = case(
        [
            ("log1p", (0,)),
            ("cumulative_sum", (1,), {"axis": 0}),
            ("tanh", (2,)),
            ("sum", (3,), OVERALL),
            ("exp", (4,)),
        ],
        (0.5, 1.0, 2.0),
        "FR",
    )
    for name, operation in (
        ("tanh: factor 1.001", "tanh"),
        ("cumsum R: wrong order along an axis", "cumulative_sum"),
        ("log1p: second order dropped", "log1p"),
        ("sum F: sign", "sum"),
    ):
        found = outcome(MUTANTS[name], explained(asked, planted(MUTANTS[name])))
        assert found.explanation.operation == operation, name
        assert found.uses, name
        assert found.made_of, name
        assert found.chance_made_of == 1 / 5


def test_partial_programs_are_valid() -> None:
    for drawn in draw(["RR", "F"], 60):
        slicer = Slicer(drawn)
        for k in slicer.steps:
            for follower in ("", *SMOOTH, *BARE):
                made = slicer.prefix(k, follower)
                assert made is None or parse_case(made.json) == made
            for mode in modes_within(drawn.mode):
                for part in slicer.alone(k, mode):
                    steps = [step.operation for step in part.case.program.steps if step.operands]
                    assert slicer.step(k).operation in steps
                    assert set(part.operands) <= set(slicer.step(k).operands)
                    assert part.case.mode == mode


def test_modes_within_a_mode() -> None:
    assert modes_within("FR") == ["R", "F", "FR"]
    assert modes_within("RFR") == ["R", "F", "FR", "RF", "RR", "RFR"]


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    asked = case([("exp", (0,)), ("sin", (1,)), ("square", (2,))], 0.5, "R")
    (tmp_path / "case.json").write_text(asked.json)
    done = CliRunner().invoke(
        app, ["explain", "case.json", "--engine", "tests.broken_engines:sign"]
    )
    assert done.exit_code == 0
    (kept,) = (tmp_path / "findings").iterdir()
    lines = done.output.splitlines()
    assert lines[0].startswith("sin (step 2 of 3) in mode R: its derivative alone is wrong: got")
    assert lines[-1] == f"the smallest case that shows it: findings/{kept.name}"
    done = CliRunner().invoke(
        app, ["explain", "case.json", "--engine", "tests.broken_engines:honest"]
    )
    assert (done.exit_code, done.output) == (
        1,
        f"honest {broken.honest.version()} R: agree; the case does not fail\n",
    )
    assert (
        CliRunner().invoke(app, ["explain", "nonesuch.json", "--engine", "inhouse"]).exit_code == 2
    )
