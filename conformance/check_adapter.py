"""An adapter's own mistakes: what must hold before anything that it reports can be the engine's
fault.

Every check runs through the sandbox, as questions do. Spellings are asked for their values at order
zero: the adapter's script with levels that do nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from ad_conformance.conformance.pool import truth_of
from ad_conformance.conformance.verdicts import Result, Verdict, judge
from ad_conformance.engines.contract import Answer, Engine
from ad_conformance.engines.process.sandbox import Sandbox
from ad_conformance.engines.script import write
from ad_conformance.generators.catalogue import CATALOGUE, CORE
from ad_conformance.generators.ir.evaluate import evaluate_steps, is_single
from ad_conformance.generators.ir.program import OPERATORS, Case, Program, Step
from ad_conformance.generators.scenarios.seed_programs import SEED_FAMILY, seed_case
from ad_conformance.generators.strategies.sampling import operation_examples

MODES = ("R", "F", "RR", "FR", "RF", "FF", "RRR")
#: Cases drawn and asked of each operation, and how far its values may be off, relative to the
#: largest of the program: libraries may compute with fewer digits than they could, a spelling that
#: means something else is off by more.
DRAWN, ASKED, ROUGH = 12, 3, {"float64": 1e-6, "float32": 1e-3}


@dataclass(frozen=True)
class Check:
    """One thing that was checked: what it was, what is not there, and what is wrong, each in one
    line.
    """

    name: str
    right: int
    absent: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """How it came out, in one line."""
        parts = [f"{self.right} right"]
        parts += [f"{len(self.absent)} not there"] if self.absent else []
        parts += [f"{len(self.wrong)} wrong"] if self.wrong else []
        return f"{self.name}: {', '.join(parts)}"


def check(engine: Engine) -> Iterator[Check]:
    """The checks of an adapter, one after the other. Raises EngineUnavailable where its header does
    not run.
    """
    with Sandbox(engine) as sandbox:
        if engine.writer is write:
            yield _templates(sandbox)
        yield _modes(sandbox)
        yield _operators(sandbox)
        yield _several_inputs(sandbox)


def _plain(case: Case, engine: Engine) -> Case | None:
    """The case without anything but its program and point, in the engine's precision, if it can be
    asked so.
    """
    asked = replace(case.plain, mode="R", dtype=engine.dtype)
    return asked if engine.dtype == "float64" or is_single(asked) else None


def _templates(sandbox: Sandbox) -> Check:
    engine = sandbox.engine
    values = replace(engine, mode_transforms={"R": "{f}"}, operators={}, modes="R")
    right, absent, wrong = 0, [], []
    sandbox.engine = values
    try:
        for name, row in CATALOGUE.items():
            if not row.weight:
                continue
            problem, met = "", 0
            for case in operation_examples(name, "R", DRAWN):
                asked = _plain(case, engine)
                if problem or met == ASKED or asked is None or name not in asked.program.operations:
                    continue
                answer = sandbox.ask(asked)
                if answer.outcome == "unsupported":
                    continue
                met += 1
                problem = _off(asked, answer)
            if problem:
                wrong.append(f"{name}: {problem}")
            elif met:
                right += 1
            else:
                absent.append(name)
    finally:
        sandbox.engine = engine
    missing = [name for name in absent if name in CORE]
    return Check(
        "spellings",
        right,
        tuple(sorted(missing) + sorted(set(absent) - set(missing))),
        tuple(wrong),
    )


def _off(case: Case, answer: Answer) -> str:
    """What is wrong with the value of the program that came back, or nothing."""
    values = evaluate_steps(case.program, case.input)
    if answer.value is None:
        return (
            f"{answer.error or answer.outcome} in {answer.stage or 'run'}: "
            f"{answer.message.partition(chr(10))[0]}"
        )
    if answer.value.shape != values[-1].shape:
        return f"shape {answer.value.shape} where it is {values[-1].shape}"
    scale = max(float(np.max(np.abs(v), initial=0.0)) for v in values)
    finite = np.isfinite(values[-1])
    if np.allclose(
        answer.value[finite], values[-1][finite], rtol=0, atol=ROUGH[case.dtype] * scale
    ):
        return ""
    point = np.array2string(case.input, separator=", ").replace("\n", "")
    return (
        f"{answer.value.reshape(-1)[:4]} where it is {values[-1].reshape(-1)[:4]}, in a "
        f"program at {point}"
    )


def _judged(sandbox: Sandbox, cases: Mapping[str, Case], name: str) -> Check:
    right, absent, wrong = 0, [], []
    for label, case in cases.items():
        result = judge(case, sandbox.engine.name, sandbox.ask(case), truth_of(case))
        if result.verdict is Verdict.AGREE:
            right += 1
        elif result.is_finding:
            wrong.append(f"{label}: {_told(result)}")
        else:
            absent.append(label)
    return Check(name, right, tuple(absent), tuple(wrong))


def _told(result: Result) -> str:
    answer, truth = result.answer, result.truth
    match result.verdict:
        case Verdict.WRONG_SHAPE if answer.value is not None and truth.value is not None:
            return (
                f"shape {answer.value.shape} where it is {truth.value.shape}: axes of outputs "
                f"first, of inputs last"
            )
        case Verdict.WRONG_DTYPE if answer.value is not None:
            return f"dtype {answer.value.dtype} where it is {result.case.dtype}"
        case Verdict.WRONG if answer.value is not None and truth.value is not None:
            return f"{answer.value.reshape(-1)[:4]} where it is {truth.value.reshape(-1)[:4]}"
        case _:
            return f"{result.verdict}: {answer.error}: {answer.message.partition(chr(10))[0]}"


def _modes(sandbox: Sandbox) -> Check:
    """The seed family, in every word to order 2 and RRR."""
    engine = sandbox.engine
    cases = {
        f"{m} {w}": seed_case(m, w, engine.dtype)
        for m in SEED_FAMILY
        for w in MODES
        if engine.answers(w)
    }
    return _judged(sandbox, cases, "mode words on the seed family")


#: sum(x * x * x) of a number or a vector: derivatives of every order that differ from entry to
#: entry.
_CUBES = Program(
    (
        Step("multiply", (0, 0)),
        Step("multiply", (1, 0)),
        Step("sum", (2,), (("axis", None), ("keepdims", False))),
    )
)


def _operators(sandbox: Sandbox) -> Check:
    """The engine's own forms, and another point than the one it compiles at, and the other
    precision.
    """
    engine, vector, slope = sandbox.engine, (1.0, 2.0, -0.5), (0.5, -1.0, 2.0)
    cases: dict[str, Case] = {}
    for operator, (_, _, innermost, order) in OPERATORS.items():
        number = operator in ("derivative", "second_derivative")
        for letter in innermost:
            case = Case(
                _CUBES, 2.0 if number else vector, letter * order, operator, dtype=engine.dtype
            )
            if operator in ("pushforward", "hvp"):
                case = replace(case, tangent=slope)
            elif operator == "pullback":
                case = replace(case, cotangent=2.0)
            if engine.answers(case.mode):
                cases[f"{operator} {case.mode}"] = case
    mode = next(iter(engine.mode_transforms))
    cases["compiled elsewhere"] = Case(_CUBES, vector, mode, dtype=engine.dtype, warmup_point=slope)
    cases["float32"] = Case(_CUBES, vector, mode, dtype="float32")
    return _judged(sandbox, cases, "operators")


def _several_inputs(sandbox: Sandbox) -> Check:
    """Mixed partials of sum(x * sin(y)): levels must keep apart what they differentiate by and what
    they capture.
    """
    engine = sandbox.engine
    program = Program(
        (
            Step("argument", (), (("value", (0.5, 1.5)),)),
            Step("sin", (1,)),
            Step("multiply", (0, 2)),
            Step("sum", (3,), (("axis", None), ("keepdims", False))),
        )
    )
    point = (2.0, -1.0)
    cases = {
        f"{mode} by {wrt}": Case(program, point, mode, wrt=wrt, dtype=engine.dtype)
        for mode in ("R", "F", "RR", "FR", "RF", "FF")
        for wrt in ("01"[:: 1 if len(mode) == 2 else 2], "10", "11")
        if len(wrt) == len(mode) and engine.answers(mode)
    }
    return _judged(sandbox, cases, "several inputs")
