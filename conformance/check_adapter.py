"""Checks of an adapter: they find mistakes in the adapter before it is used for engine tests.

All checks run in the sandbox, like cases. Templates are checked by the values that they compute,
without any derivative: in these checks, the mode_transforms of the adapter are not used.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from ad_conformance.conformance.adapter_mistakes import Mistake, of_derivative, of_value
from ad_conformance.conformance.known_failures import KnownFailure
from ad_conformance.conformance.pool import truth_of
from ad_conformance.conformance.standalone_script import standalone_finding, standalone_value
from ad_conformance.conformance.standings.standing import Standings
from ad_conformance.conformance.verdicts import Result, Verdict, judge, repeated
from ad_conformance.engines.contract import Answer, Engine
from ad_conformance.engines.process.sandbox import EVERY, TIMEOUT, Sandbox
from ad_conformance.engines.process.worker import LONG
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
    wrong ones, the names of those for which there was no time, of those that could not be checked
    because others are wrong, and of those that are wrong as a known failure says.
    """

    name: str
    right: int
    absent: tuple[str, ...] = ()
    wrong: tuple[Wrong, ...] = ()
    left: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    known: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The counts, in one line."""
        counts = {
            "unsupported": self.absent,
            "known failures": self.known,
            "wrong": self.wrong,
            "blocked by wrong ones": self.blocked,
            "not checked": self.left,
        }
        parts = [f"{len(items)} {what}" for what, items in counts.items() if items]
        return f"{self.name}: {', '.join([f'{self.right} correct', *parts])}"


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
    entries: Iterable[KnownFailure] = (),
    watch: Watch = lambda name, done, count, label: None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Check]:
    """The checks of an adapter, one after the other.

    `checks` are names of CHECKS. Of the templates, only those of `operations` are checked, if there
    are any. After `seconds` of `clock`, no case is begun; one case may take as long as that, and at
    most TIMEOUT. Findings that one of `entries` covers are faults of the engine and not of the
    adapter. Raises EngineUnavailable if the header of the adapter does not run.
    """
    limits = _Limits(clock() + seconds, clock, watch)
    # A limit of zero is for the whole run; a sandbox needs a positive one.
    with Sandbox(engine, timeout=min(TIMEOUT, max(seconds, 1.0))) as sandbox:
        wrong_modes: frozenset[str] = frozenset()
        standings = Standings(entries, lambda case, _: _asked(sandbox, case))
        for name in checks:
            # Values of programs are computed once; side effects are those of derivatives.
            sandbox.every = EVERY if name == "templates" else 1
            if name != "templates":
                done = _judged(sandbox, limits, name, standings, wrong_modes)
                if name == "modes":
                    wrong_modes = frozenset(wrong.case.mode for wrong in done.wrong)
                yield done
            elif has_templates(engine):
                yield _Templates(engine, sandbox).check(limits, operations)


def has_templates(engine: Engine) -> bool:
    """Whether the scripts of the engine are made of templates alone, so that these can be checked
    by their values.
    """
    return engine.writer is write


class _Templates:
    """The check of templates: each operation in a few programs, by their values.

    A wrong value is blamed on the first step that has one. Programs with an operation that is known
    to be wrong are no use for others.
    """

    def __init__(self, engine: Engine, sandbox: Sandbox) -> None:
        self._engine, self._sandbox = engine, sandbox
        self._values = replace(engine, mode_transforms={"R": "{f}"}, operators={}, modes="R")
        self._wrong: dict[str, Wrong] = {}

    def check(self, limits: _Limits, operations: Collection[str]) -> Check:
        names = tuple(name for name in CHECKED if not operations or name in operations)
        found: dict[str, list[str]] = {"right": [], "absent": [], "blocked": []}
        done = 0
        self._sandbox.engine = self._values
        try:
            for name in limits.while_time("templates", names):
                done += 1
                outcome = self._outcome(name)
                if outcome != "wrong":
                    found[outcome].append(name)
        finally:
            self._sandbox.engine = self._engine
        wrong = tuple(self._wrong.values())
        if not found["right"] and not operations:
            wrong = tuple(replace(one, mistake=Mistake.NOTHING_RUNS) for one in wrong)
        core = [name for name in found["absent"] if name in CORE]
        absent = sorted(core) + sorted(set(found["absent"]) - set(core))
        # An operation may be found to be wrong after it has been right in some programs.
        right = len(set(found["right"]) - self._wrong.keys())
        blocked = tuple(name for name in found["blocked"] if name not in self._wrong)
        return Check(CHECKS["templates"], right, tuple(absent), wrong, names[done:], blocked)

    def _outcome(self, name: str) -> str:
        """ "right", "wrong", "absent" if the engine does not have the operation, or "blocked" if
        there was no program without another operation that is wrong.
        """
        asked, blocked = 0, False
        for case in self._cases(name):
            if name in self._wrong:
                return "wrong"
            if asked == ASKED:
                break
            if self._wrong.keys() & case.program.operations:
                blocked = True
                continue
            answer, fault = self._compared(case)
            if answer.outcome == "unsupported":
                continue
            if fault is None:
                asked += 1
                continue
            blamed, one = self._blamed(name, case, fault)
            self._wrong[blamed] = one
            blocked = blamed != name
        if name in self._wrong:
            return "wrong"
        return "right" if asked else "blocked" if blocked else "absent"

    def _cases(self, name: str) -> Iterator[Case]:
        """Cases whose programs end in the operation, with numbers that the engine has exactly.

        Those with different operands come first: they tell whether operands are exchanged.
        """
        drawn = operation_examples(name, "R", DRAWN)
        endings = (self._ending(name, case) for case in drawn)
        found = (case for case in endings if case is not None)
        if CATALOGUE[name].arity == 1:
            yield from found
        else:
            yield from sorted(found, key=lambda case: -len(set(case.program.steps[-1].operands)))

    def _ending(self, name: str, drawn: Case) -> Case | None:
        case = replace(drawn.plain, dtype=self._engine.dtype)
        steps = case.program.steps
        last = max((k for k, s in enumerate(steps, 1) if s.operation == name), default=0)
        if last and (self._engine.dtype == "float64" or is_single(case)):
            return replace(case, program=Program(steps[:last]).pruned())
        return None

    def _compared(self, case: Case) -> tuple[Answer, tuple[Mistake, str] | None]:
        """The value of a program, and what is wrong with it."""
        answer = self._sandbox.ask(case)
        if answer.outcome == "unsupported":
            return answer, None
        return answer, of_value(answer, *_expected(case), case.input)

    def _blamed(self, name: str, case: Case, fault: tuple[Mistake, str]) -> tuple[str, Wrong]:
        """The operation of the first step with a wrong value, and what is wrong with it; `name`
        with `fault` if no step has one by itself.
        """
        steps, values = case.program.steps, evaluate_steps(case.program, case.input)
        for k, step in enumerate(steps, start=1):
            if step.operation not in CHECKED or values[k].dtype == bool:
                continue
            part = replace(case, program=Program(steps[:k]).pruned())
            _, found = self._compared(part)
            if found is not None:
                name, case, fault = step.operation, part, found
                break
        mistake, told = fault
        script = standalone_value(case, self._values, *_expected(case))
        kept = replace(case, mode=next(iter(self._engine.mode_transforms)))
        file = f"{self._engine.name}-value-{name}"
        return name, Wrong(name, told, mistake, kept, script, file)


def _expected(case: Case) -> tuple[np.ndarray, float]:
    """The value of a program, and a tolerance."""
    values = evaluate_steps(case.program, case.input)
    size = max(float(np.max(np.abs(value), initial=0.0)) for value in values)
    return values[-1], ROUGH[case.dtype] * size


def _judged(
    sandbox: Sandbox,
    limits: _Limits,
    name: str,
    standings: Standings,
    wrong_modes: Collection[str],
) -> Check:
    """A check of derivatives. In `wrong_modes`, even plain derivatives are wrong, so that a mistake
    there is not about operators or inputs.
    """
    engine, done, right = sandbox.engine, 0, 0
    absent: list[str] = []
    known: list[str] = []
    wrong: list[Wrong] = []
    agreed: dict[str, Result] = {}
    cases = _CASES[name](engine)
    for label in limits.while_time(CHECKS[name], cases):
        case, done = cases[label], done + 1
        result = _asked(sandbox, case)
        if result.verdict is Verdict.AGREE:
            right += 1
            agreed[label] = result
        elif not result.is_finding:
            absent.append(label)
        elif (match := standings.match(result, engine)) is not None and match.is_known:
            known.append(f"{label} ({match.entry.name})")
        else:
            kind = _OF_ONE_THING.get(label, _KIND[name])
            if case.mode in wrong_modes or (kind is Mistake.OPERATOR and not engine.operators):
                kind = None
            wrong.append(_wrong(engine, label, result, kind))
    if name == "modes":
        # After other cases, each must give the same again.
        quick = [label for label, result in agreed.items() if result.answer.seconds < LONG]
        for label in limits.while_time(f"{CHECKS[name]}, again", quick):
            result = repeated(agreed[label], _asked(sandbox, agreed[label].case))
            if result.is_finding:
                right -= 1
                wrong.append(_wrong(engine, label, result, None))
    left = tuple(cases)[done:]
    return Check(CHECKS[name], right, tuple(absent), tuple(wrong), left, known=tuple(known))


def _asked(sandbox: Sandbox, case: Case) -> Result:
    return judge(case, sandbox.engine.name, sandbox.ask(case), truth_of(case))


def _wrong(engine: Engine, label: str, result: Result, kind: Mistake | None) -> Wrong:
    mistake, told = of_derivative(result, kind)
    script = standalone_finding(result, engine)
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
