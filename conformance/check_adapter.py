"""Checks of an adapter: they find mistakes in the adapter before it is used for engine tests.

All checks run in the sandbox, like cases. Templates are checked by the values that they compute,
without any derivative: in these checks, the mode_transforms of the adapter are not used.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from ad_conformance.conformance.adapter_mistakes import Mistake, of_derivative, of_value
from ad_conformance.conformance.pool import truth_of
from ad_conformance.conformance.standalone_script import standalone, standalone_value
from ad_conformance.conformance.verdicts import Result, Verdict, judge
from ad_conformance.engines.contract import Engine
from ad_conformance.engines.process.sandbox import TIMEOUT, Sandbox
from ad_conformance.engines.script import write
from ad_conformance.generators.catalogue import CATALOGUE, CORE
from ad_conformance.generators.ir.evaluate import evaluate_steps, is_single
from ad_conformance.generators.ir.mode import UP_TO_SECOND_ORDER, USUAL_MODES
from ad_conformance.generators.ir.operator import OPERATORS
from ad_conformance.generators.ir.program import Case, Program, Step
from ad_conformance.generators.scenarios.seed_programs import SEED_FAMILY, seed_case
from ad_conformance.generators.strategies.sampling import operation_examples

#: The checks, in the order in which they run: the name of each, and what it checks.
CHECKS: Mapping[str, str] = {
    "templates": "templates",
    "modes": "modes on the seed family",
    "operators": "operators",
    "inputs": "several inputs",
}
#: The operations whose templates are checked. The others only help other operations.
CHECKED = tuple(name for name, row in CATALOGUE.items() if row.weight)
#: Cases that are drawn and cases that are asked, for each operation.
DRAWN, ASKED = 12, 3
#: Tolerance for values, relative to the largest value of the program. It is generous, because some
#: libraries compute with few digits, and a template with another meaning is off by more.
ROUGH = {"float64": 1e-6, "float32": 1e-3}


@dataclass(frozen=True)
class Wrong:
    """One item that is wrong: its name, what is wrong in a line, the kind of mistake, the case that
    shows it, and a script that needs only the engine. `file` is a name for both, without a suffix.
    """

    label: str
    told: str
    mistake: Mistake
    case: Case
    script: str
    file: str


@dataclass(frozen=True)
class Check:
    """The result of one check: the number of correct items, the names of unsupported ones, the
    wrong ones, and the names of those for which there was no time.
    """

    name: str
    right: int
    absent: tuple[str, ...] = ()
    wrong: tuple[Wrong, ...] = ()
    left: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The counts, in one line."""
        parts = [f"{self.right} correct"]
        if self.absent:
            parts.append(f"{len(self.absent)} unsupported")
        if self.wrong:
            parts.append(f"{len(self.wrong)} wrong")
        if self.left:
            parts.append(f"{len(self.left)} not checked")
        return f"{self.name}: {', '.join(parts)}"


#: Called before each item: the check, the number of items before this one and of all, its name.
Watch = Callable[[str, int, int, str], None]


@dataclass
class _Limits:
    """How long checks may take, and who is told which item is checked."""

    until: float
    clock: Callable[[], float]
    watch: Watch

    def while_time(self, name: str, items: Collection[str]) -> Iterator[str]:
        """The items one after the other, until the time is over."""
        for done, item in enumerate(items):
            if self.clock() >= self.until:
                return
            self.watch(name, done, len(items), item)
            yield item


def check(
    engine: Engine,
    checks: Iterable[str] = CHECKS,
    operations: Collection[str] = (),
    seconds: float = math.inf,
    *,
    watch: Watch = lambda name, done, count, label: None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Check]:
    """The checks of an adapter, one after the other.

    `checks` are names of CHECKS. Of the templates, only those of `operations` are checked, if there
    are any. After `seconds` of `clock`, no case is begun; one case may take as long as that, and at
    most TIMEOUT. Raises EngineUnavailable if the header of the adapter does not run.
    """
    limits = _Limits(clock() + seconds, clock, watch)
    # A limit of zero is for the whole run; a sandbox needs a positive one.
    with Sandbox(engine, timeout=min(TIMEOUT, max(seconds, 1.0))) as sandbox:
        wrong_modes: frozenset[str] = frozenset()
        for name in checks:
            if name != "templates":
                done = _judged(sandbox, limits, name, _CASES[name](engine), wrong_modes)
                if name == "modes":
                    wrong_modes = frozenset(wrong.case.mode for wrong in done.wrong)
                yield done
            elif has_templates(engine):
                yield _templates(sandbox, limits, operations)


def has_templates(engine: Engine) -> bool:
    """Whether the scripts of the engine are made of templates alone, so that these can be checked
    by their values.
    """
    return engine.writer is write


@dataclass
class _Tally:
    """What a check has found so far."""

    right: int = 0
    absent: list[str] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)

    def result(self, name: str, items: Iterable[str]) -> Check:
        """The result of the check of `items`, the first of which have been checked."""
        done = self.right + len(self.absent) + len(self.wrong)
        left = tuple(items)[done:]
        core = sorted(name for name in self.absent if name in CORE)
        absent = core + sorted(set(self.absent) - set(core))
        return Check(CHECKS[name], self.right, tuple(absent), tuple(self.wrong), left)


def _templates(sandbox: Sandbox, limits: _Limits, operations: Collection[str]) -> Check:
    engine = sandbox.engine
    values = replace(engine, mode_transforms={"R": "{f}"}, operators={}, modes="R")
    names = tuple(name for name in CHECKED if not operations or name in operations)
    tally = _Tally()
    sandbox.engine = values
    try:
        for name in limits.while_time("templates", names):
            found: Wrong | bool = False
            asked = 0
            for case in _value_cases(name, engine):
                answer = sandbox.ask(case)
                if answer.outcome == "unsupported":
                    continue
                found, asked = True, asked + 1
                computed = evaluate_steps(case.program, case.input)
                size = max(float(np.max(np.abs(v), initial=0.0)) for v in computed)
                tolerance = ROUGH[case.dtype] * size
                if wrong := of_value(answer, computed[-1], tolerance, case.input):
                    mistake, told = wrong
                    script = standalone_value(case, values, computed[-1], tolerance)
                    kept = replace(case, mode=next(iter(engine.mode_transforms)))
                    file = f"{engine.name}-value-{name}"
                    found = Wrong(name, told, mistake, kept, script, file)
                    break
                if asked == ASKED:
                    break
            if isinstance(found, Wrong):
                tally.wrong.append(found)
            elif found:
                tally.right += 1
            else:
                tally.absent.append(name)
    finally:
        sandbox.engine = engine
    if not tally.right and not operations:
        tally.wrong = [replace(w, mistake=Mistake.NOTHING_RUNS) for w in tally.wrong]
    return tally.result("templates", names)


def _value_cases(name: str, engine: Engine) -> Iterator[Case]:
    """Cases whose programs have the operation, at points that are exact in the engine's dtype."""
    for drawn in operation_examples(name, "R", DRAWN):
        case = replace(drawn.plain, dtype=engine.dtype)
        if name in case.program.operations and (engine.dtype == "float64" or is_single(case)):
            yield case


def _judged(
    sandbox: Sandbox,
    limits: _Limits,
    name: str,
    cases: Mapping[str, Case],
    wrong_modes: Collection[str],
) -> Check:
    """A check of derivatives. In `wrong_modes`, even plain derivatives are wrong, so that a mistake
    there is not about operators or inputs.
    """
    engine, tally = sandbox.engine, _Tally()
    for label in limits.while_time(CHECKS[name], cases):
        case = cases[label]
        result = judge(case, engine.name, sandbox.ask(case), truth_of(case))
        if result.verdict is Verdict.AGREE:
            tally.right += 1
        elif result.is_finding:
            kind = _OF_ONE_THING.get(label, _KIND[name])
            if case.mode in wrong_modes or (kind is Mistake.OPERATOR and not engine.operators):
                kind = None
            tally.wrong.append(_wrong(engine, label, result, kind))
        else:
            tally.absent.append(label)
    return tally.result(name, cases)


def _wrong(engine: Engine, label: str, result: Result, kind: Mistake | None) -> Wrong:
    mistake, told = of_derivative(result, kind)
    script = standalone(result.case, engine, result.truth)
    file = f"{engine.name}-{result.case.mode}-{result.case.id}"
    return Wrong(label, told, mistake, result.case, script, file)


def _modes(engine: Engine) -> dict[str, Case]:
    """The seed family in all modes up to order 2, and in RRR."""
    return {
        f"{m} {w}": seed_case(m, w, engine.dtype)
        for m in SEED_FAMILY
        for w in USUAL_MODES
        if engine.answers(w)
    }


#: sum(x * x * x) of a number or a vector: its derivatives differ from entry to entry.
_CUBES = Program(
    (
        Step("multiply", (0, 0)),
        Step("multiply", (1, 0)),
        Step("sum", (2,), (("axis", None), ("keepdims", False))),
    )
)


#: Items of the check of operators that are about something else.
_FIRST_POINT, _SINGLE = "compiled at another point", "float32"


def _operators(engine: Engine) -> dict[str, Case]:
    """The engine's own operators, a case compiled at another point, and a case in float32."""
    vector, slope = (1.0, 2.0, -0.5), (0.5, -1.0, 2.0)
    cases: dict[str, Case] = {}
    for name, operator in OPERATORS.items():
        point = 2.0 if operator.of_number else vector
        for letter in operator.innermost:
            case = Case(_CUBES, point, letter * operator.order, name, dtype=engine.dtype)
            case = replace(case, **operator.seeds(lambda shape: slope if shape else 2.0, (3,), ()))
            if engine.answers(case.mode):
                cases[f"{name} {case.mode}"] = case
    mode = next(iter(engine.mode_transforms))
    cases[_FIRST_POINT] = Case(_CUBES, vector, mode, dtype=engine.dtype, warmup_point=slope)
    cases[_SINGLE] = Case(_CUBES, vector, mode, dtype="float32")
    return cases


def _several_inputs(engine: Engine) -> dict[str, Case]:
    """Mixed partial derivatives of sum(x * sin(y)).

    Each level must differentiate by its own input and treat captured inputs as constants.
    """
    program = Program(
        (
            Step("argument", (), (("value", (0.5, 1.5)),)),
            Step("sin", (1,)),
            Step("multiply", (0, 2)),
            Step("sum", (3,), (("axis", None), ("keepdims", False))),
        )
    )
    point = (2.0, -1.0)
    return {
        f"{mode} by {wrt}": Case(program, point, mode, wrt=wrt, dtype=engine.dtype)
        for mode in UP_TO_SECOND_ORDER
        for wrt in ("01"[:: 1 if len(mode) == 2 else 2], "10", "11")
        if len(wrt) == len(mode) and engine.answers(mode)
    }


_CASES: Mapping[str, Callable[[Engine], dict[str, Case]]] = {
    "modes": _modes,
    "operators": _operators,
    "inputs": _several_inputs,
}
#: The mistake that wrong numbers, shapes and exceptions show: in a check, and for single items.
_KIND = {"modes": None, "operators": Mistake.OPERATOR, "inputs": Mistake.CAPTURED}
_OF_ONE_THING = {_FIRST_POINT: Mistake.FIRST_POINT, _SINGLE: Mistake.SINGLE}
