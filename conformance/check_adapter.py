"""Checks of an adapter: they find mistakes in the adapter before it is used for engine tests.

All checks run in the sandbox, like cases. Templates are checked by the values that they compute,
without any derivative: in these checks, the mode_transforms of the adapter are not used.
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
from ad_conformance.generators.ir.mode import UP_TO_SECOND_ORDER, USUAL_MODES
from ad_conformance.generators.ir.operator import OPERATORS
from ad_conformance.generators.ir.program import Case, Program, Step
from ad_conformance.generators.scenarios.seed_programs import SEED_FAMILY, seed_case
from ad_conformance.generators.strategies.sampling import operation_examples

#: Cases that are drawn and cases that are asked, for each operation.
DRAWN, ASKED = 12, 3
#: Tolerance for values, relative to the largest value of the program. It is generous, because some
#: libraries compute with few digits, and a template with another meaning is off by more.
ROUGH = {"float64": 1e-6, "float32": 1e-3}


@dataclass(frozen=True)
class Check:
    """The result of one check: the number of correct items, the names of unsupported ones, and a
    line for each wrong one.
    """

    name: str
    right: int
    absent: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The counts, in one line."""
        parts = [f"{self.right} correct"]
        if self.absent:
            parts.append(f"{len(self.absent)} unsupported")
        if self.wrong:
            parts.append(f"{len(self.wrong)} wrong")
        return f"{self.name}: {', '.join(parts)}"


def check(engine: Engine) -> Iterator[Check]:
    """The checks of an adapter, one after the other. Raises EngineUnavailable if its header does
    not run.
    """
    with Sandbox(engine) as sandbox:
        if engine.writer is write:
            yield _templates(sandbox)
        yield _modes(sandbox)
        yield _operators(sandbox)
        yield _several_inputs(sandbox)


def _plain(case: Case, engine: Engine) -> Case | None:
    """A case of the same program and point and nothing else, in the engine's precision.

    None if the engine computes in float32 and the numbers of the case are not exact in float32.
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
        "templates",
        right,
        tuple(sorted(missing) + sorted(set(absent) - set(missing))),
        tuple(wrong),
    )


def _off(case: Case, answer: Answer) -> str:
    """What is wrong with the value that the engine computed for the program, or ""."""
    values = evaluate_steps(case.program, case.input)
    if answer.value is None:
        return (
            f"{answer.error or answer.outcome} in {answer.stage or 'run'}: "
            f"{answer.message.partition(chr(10))[0]}"
        )
    if answer.value.shape != values[-1].shape:
        return f"got shape {answer.value.shape}, expected {values[-1].shape}"
    scale = max(float(np.max(np.abs(v), initial=0.0)) for v in values)
    finite = np.isfinite(values[-1])
    if np.allclose(
        answer.value[finite], values[-1][finite], rtol=0, atol=ROUGH[case.dtype] * scale
    ):
        return ""
    point = np.array2string(case.input, separator=", ").replace("\n", "")
    return (
        f"got {answer.value.reshape(-1)[:4]}, expected {values[-1].reshape(-1)[:4]}, in a program "
        f"with input {point}"
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
                f"got shape {answer.value.shape}, expected {truth.value.shape}: axes of the output "
                f"first, axes of the input last"
            )
        case Verdict.WRONG_DTYPE if answer.value is not None:
            return f"got dtype {answer.value.dtype}, expected {result.case.dtype}"
        case Verdict.WRONG if answer.value is not None and truth.value is not None:
            return f"got {answer.value.reshape(-1)[:4]}, expected {truth.value.reshape(-1)[:4]}"
        case _:
            return f"{result.verdict}: {answer.error}: {answer.message.partition(chr(10))[0]}"


def _modes(sandbox: Sandbox) -> Check:
    """The seed family in all modes up to order 2, and in RRR."""
    engine = sandbox.engine
    cases = {
        f"{m} {w}": seed_case(m, w, engine.dtype)
        for m in SEED_FAMILY
        for w in USUAL_MODES
        if engine.answers(w)
    }
    return _judged(sandbox, cases, "modes on the seed family")


#: sum(x * x * x) of a number or a vector: its derivatives differ from entry to entry.
_CUBES = Program(
    (
        Step("multiply", (0, 0)),
        Step("multiply", (1, 0)),
        Step("sum", (2,), (("axis", None), ("keepdims", False))),
    )
)


def _operators(sandbox: Sandbox) -> Check:
    """The engine's own operators, a case compiled at another point, and a case in float32."""
    engine, vector, slope = sandbox.engine, (1.0, 2.0, -0.5), (0.5, -1.0, 2.0)
    cases: dict[str, Case] = {}
    for name, operator in OPERATORS.items():
        point = 2.0 if operator.of_number else vector
        for letter in operator.innermost:
            case = Case(_CUBES, point, letter * operator.order, name, dtype=engine.dtype)
            case = replace(case, **operator.seeds(lambda shape: slope if shape else 2.0, (3,), ()))
            if engine.answers(case.mode):
                cases[f"{name} {case.mode}"] = case
    mode = next(iter(engine.mode_transforms))
    cases["compiled at another point"] = Case(
        _CUBES, vector, mode, dtype=engine.dtype, warmup_point=slope
    )
    cases["float32"] = Case(_CUBES, vector, mode, dtype="float32")
    return _judged(sandbox, cases, "operators")


def _several_inputs(sandbox: Sandbox) -> Check:
    """Mixed partial derivatives of sum(x * sin(y)).

    Each level must differentiate by its own input and treat captured inputs as constants.
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
        for mode in UP_TO_SECOND_ORDER
        for wrt in ("01"[:: 1 if len(mode) == 2 else 2], "10", "11")
        if len(wrt) == len(mode) and engine.answers(mode)
    }
    return _judged(sandbox, cases, "several inputs")
