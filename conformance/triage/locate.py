"""Which step of a program a wrong value enters at: a finding asked again in parts, until one step
is left.

1. The *plain question* instead of an operator, float32 or another point, where that fails too; and the input itself as
   the output, which no step can be blamed for.
2. *Prefixes*: the values of the program one after the other as its output. The first that fails is suspect, as the
   step that gives it is what is new in it.
3. The suspect *alone*, in every word within the mode word, by each operand and by several.
4. If it is right there, an earlier step may be wrong in what its prefix cannot show, because nothing that curves
   follows it: in a first derivative where the second is asked, in how it passes on a cotangent that varies. So each
   earlier value is asked again with a smooth function after it, of which no derivative vanishes; the function alone
   must be right at that value, or another is taken.
5. If that is right too, earlier steps of whose prefix nothing is known are asked alone; these and the suspect are asked
   between two such functions; and else the least that the suspect needs before it is looked for: those steps together.

A failure is a finding of the same sort. Where there is no certified truth nothing is a finding, and
the step is not accused.
"""

from __future__ import annotations

import itertools
import math
import time
from dataclasses import dataclass, replace

import numpy as np
from ad_conformance.conformance.pool import can_be_written, truth_of
from ad_conformance.conformance.suite.failure_report import first_line, listed
from ad_conformance.conformance.triage.reduce import hurried
from ad_conformance.conformance.verdicts import Result, Verdict, judge
from ad_conformance.engines.process.sandbox import Sandbox
from ad_conformance.generators.ir.case_io import valid
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.rewrite.slicing import BARE, CURVES, SMOOTH, Parts, modes_within

_VALUE = ("value", "")
_ORDERS = ("first", "second", "third", "fourth")
#: Characters of a message that are shown.
MESSAGE = 120
#: Entries of an answer that are shown.
_SHOWN = 6


@dataclass(frozen=True)
class Explanation:
    """What a finding comes from.

    `question` is the finding that was taken apart, the finding itself or a plainer one. `steps` are
    the places, in its program, of the results of the steps that are accused: the last is where the
    wrong value enters, those before are needed for it. `way` is "alone" (wrong as a program of its
    operands), "composed" (not found wrong alone, but between smooth functions or with something
    after it), "together" (only with the steps before it) or "question": what is asked is wrong of
    the input itself, and no step is to blame. `evidence` is the smallest question that shows it, by
    the operands at the places `operands`; `smooth` names the function around the step. `right` is
    up to which order the evidence is answered rightly. `needed`: with the accused value a constant,
    the question is; None where that was not asked. `others` are the places of steps that are wrong
    as well when it is. `unjudged` are places of values before it that could not be judged, `asked`
    counts questions, and `late` says that time was up before all were asked.
    """

    finding: Result
    question: Result
    steps: tuple[int, ...]
    way: str
    evidence: Result
    operands: tuple[int, ...] = ()
    smooth: str = ""
    right: int = 0
    needed: bool | None = None
    others: tuple[int, ...] = ()
    unjudged: tuple[int, ...] = ()
    asked: int = 0
    late: bool = False

    @property
    def operation(self) -> str:
        """The name of the operation at which the wrong value enters, or "" where no step is to
        blame.
        """
        return self.operations[-1] if self.steps else ""

    @property
    def operations(self) -> tuple[str, ...]:
        """The names of all that are accused, the one at which the wrong value enters last."""
        return tuple(self.question.case.program.steps[k - 1].operation for k in self.steps)

    @property
    def lines(self) -> tuple[str, ...]:
        """The explanation in plain lines: the step and what is off, then what else is known of it."""
        return tuple(
            line for line in (self._headline, self._level, self._weight, *self._notes) if line
        )

    def _named(self, places: tuple[int, ...]) -> str:
        steps = self.question.case.program.steps
        numbers = [k for k, step in enumerate(steps, start=1) if step.operands]
        return listed(
            [
                f"{steps[k - 1].operation} (step {numbers.index(k) + 1} of {len(numbers)})"
                for k in places
            ]
        )

    @property
    def _headline(self) -> str:
        mode = self.evidence.case.mode
        if not self.steps:
            return (
                f"no step of it: in mode word {mode} the derivative of the input itself "
                f"{_said(self.evidence)}"
            )
        step = self.question.case.program.steps[self.steps[-1] - 1]
        match self.way:
            case "alone":
                numbers = [
                    str(n) for n, i in enumerate(step.operands, start=1) if i in self.operands
                ]
                by = (
                    ""
                    if len(step.operands) == 1
                    else f" by operand{'s'[: len(numbers) > 1]} {listed(numbers)}"
                )
                what = f"its derivative{by} alone"
            case "composed" if self.smooth:
                around = (
                    f"between {CURVES[self.smooth][0]} and {self.smooth}"
                    if self.operands
                    else f"followed by {self.smooth}"
                )
                what = f"not found wrong alone; its derivative {around}"
            case "composed":
                what = "not found wrong alone; its derivative in this program"
            case _:
                what = "none found wrong alone; the derivative of them together"
        said = f"{self._named(self.steps)} in mode word {mode}: {what} {_said(self.evidence)}"
        if self.right:
            said += (
                f"; {_ORDERS[0] if self.right == 1 else f'up to {_ORDERS[self.right - 1]}'} "
                f"order is right"
            )
        return said

    @property
    def _level(self) -> str:
        """Where in the nesting it goes wrong, if there is more than one place where it could."""
        whole, mode = self.question.case.mode, self.evidence.case.mode
        if len(whole) == 1:
            return ""
        if not whole.endswith(mode):
            return f"{mode} is what is left of {whole} without the levels that are not needed"
        level = mode[0] + (f" over {mode[1:]}" if mode[1:] else "")
        return f"level: {level}, {_ORDERS[len(mode) - 1]} of {len(whole)} in {whole}"

    @property
    def _weight(self) -> str:
        match self.needed:
            case True:
                return "with its value a constant, the program is answered rightly"
            case False:
                return (
                    f"with its value a constant, the program still fails, by "
                    f"{self._named(self.others)}"
                )
            case _:
                return ""

    @property
    def _notes(self) -> tuple[str, ...]:
        given, asked = _special(self.finding.case), _special(self.question.case)
        notes = []
        if left := [name for name in given if name not in asked]:
            notes.append(f"not for being asked {listed(left)}: it fails without, too")
        if asked:
            notes.append(f"only where it is asked {listed(list(asked))}")
        if self.unjudged:
            notes.append(
                f"nothing is known of what comes before it up to {self._named(self.unjudged)}"
            )
        counted = f"{self.asked} questions asked"
        return (*notes, f"{counted}; time was up before all were" if self.late else counted)


def _special(case: Case) -> tuple[str, ...]:
    """What is not plain about the question, in words."""
    found = [f"as {case.operator}"] if case.operator != "jacobian" else []
    found += [f"in {case.dtype}"] if case.dtype != "float64" else []
    found += ["after it was compiled elsewhere"] if case.warmup_point is not None else []
    return tuple(found)


def _said(evidence: Result) -> str:
    """What is wrong with the answer."""
    got, truth, answer = evidence.answer.value, evidence.truth.value, evidence.answer
    message = first_line(answer.message, MESSAGE)
    match evidence.verdict:
        case Verdict.CRASH:
            return f"ends the process: {answer.error}"
        case Verdict.TIMEOUT:
            return f"does not come: {message}"
        case verdict if not verdict.returned:
            return f"does not {answer.stage or 'run'}: {answer.error}: {message}"
    assert got is not None
    assert truth is not None
    if evidence.verdict is Verdict.WRONG_SHAPE:
        return f"has another shape: got {got.shape}, truth {truth.shape}"
    if evidence.verdict is Verdict.WRONG_DTYPE:
        return f"has another dtype: got {got.dtype}, truth {evidence.case.dtype}"
    if evidence.verdict is Verdict.NOT_FINITE:
        return f"is not finite: {_entries(got, truth, ~np.isfinite(got))}"
    return (
        f"is off: {_entries(got, truth, np.abs(got - truth))}, {evidence.error_ratio:.2g} times the "
        f"allowance"
    )


def _entries(got: np.ndarray, truth: np.ndarray, error: np.ndarray) -> str:
    """What came and what is true: all of it where it is little, else where the error is largest."""
    if got.size <= _SHOWN:
        return f"got {_numbers(got)}, truth {_numbers(truth)}"
    place = tuple(int(i) for i in np.unravel_index(int(np.argmax(error)), got.shape))
    return f"got {got[place]:.6g}, truth {truth[place]:.6g} at {list(place)} of shape {got.shape}"


def _numbers(array: np.ndarray) -> str:
    if array.ndim == 0:
        return f"{float(array):.6g}"
    return f"[{', '.join(map(_numbers, array))}]"


class _Asking:
    """Questions to one engine, counted, until time is up; then nothing fails any more."""

    def __init__(self, finding: Result, sandbox: Sandbox, seconds: float) -> None:
        self._sandbox = sandbox
        self._sort = _sort(finding)
        self._until = time.monotonic() + seconds
        self._known: dict[str, Result | None] = {finding.case.id: finding}
        self.asked = 0
        self.late = False

    def judged(self, case: Case | None) -> Result | None:
        """What becomes of the case, or None where it cannot be asked."""
        if case is None:
            return None
        if case.id not in self._known:
            if time.monotonic() > self._until:
                self.late = True
                return None
            self._known[case.id] = self._judged(case)
        return self._known[case.id]

    def _judged(self, case: Case) -> Result | None:
        if not can_be_written(case, self._sandbox.engine):
            return None
        self.asked += 1
        return judge(case, self._sandbox.engine.name, self._sandbox.ask(case), truth_of(case))

    def failing(self, case: Case | None) -> Result | None:
        """The judgement where it is a finding of the same sort."""
        found = self.judged(case)
        return (
            found if found is not None and found.is_finding and _sort(found) == self._sort else None
        )

    def right(self, case: Case | None) -> bool:
        found = self.judged(case)
        return found is not None and found.verdict is Verdict.AGREE

    def clears(self, control: Case | None) -> bool:
        """Whether the control shows that what it is made of is not to blame: right, or failing in
        another way where failures can be told apart.
        """
        found = self.judged(control)
        if found is None or self.failing(control) is not None:
            return False
        return found.verdict is Verdict.AGREE or (found.is_finding and self._sort != _VALUE)


def _sort(finding: Result) -> tuple[str, str]:
    """Findings of one sort may come from one fault: all wrong values are, and failures of one type."""
    if not finding.verdict.failed:
        return _VALUE
    return str(finding.verdict), finding.answer.error


def explain(finding: Result, sandbox: Sandbox, *, seconds: float = math.inf) -> Explanation:
    """Which step of the finding's program it comes from, as far as can be told in `seconds`, after
    which no question is begun; the same every time, if time is enough. Raises ValueError where it
    is no finding, EngineUnavailable.
    """
    if not finding.is_finding:
        raise ValueError(f"{finding.case.id}: {finding.verdict} is no finding")
    with hurried(sandbox, finding.verdict, finding.case.mode):
        asking = _Asking(finding, sandbox, seconds)
        question = _plainer(finding, asking)
        live = asking.failing(valid(replace(question.case, program=question.case.program.pruned())))
        parts = Parts(question.case, dead=live is None)
        explanation = replace(_accused(question, parts, asking), finding=finding)
        if explanation.way in ("alone", "composed"):
            explanation = _weighed(explanation, parts, asking)
        right = _right_orders(explanation.evidence.case, asking)
    return replace(explanation, right=right, asked=asking.asked, late=asking.late)


def _plainer(finding: Result, asking: _Asking) -> Result:
    """The finding without what is special about its question, as far as it stays a finding."""
    for change in (
        {"warmup_point": None},
        {"dtype": "float64"},
        {"operator": "jacobian", "tangent": None, "cotangent": None},
    ):
        finding = asking.failing(valid(replace(finding.case, **change))) or finding
    return finding


def _accused(question: Result, parts: Parts, asking: _Asking) -> Explanation:
    itself = asking.failing(parts.prefix(0))
    # Nothing to blame where the output is the input, or a constant.
    if itself is not None or not any(s.operands for s in parts.case.program.steps[-1:]):
        return Explanation(question, question, (), "question", itself or question)
    suspect, shown, unjudged = _first_prefix(question, parts, asking)
    base = Explanation(question, question, (suspect,), "alone", shown, unjudged=unjudged)
    if (found := _alone(suspect, parts, asking)) is not None:
        return replace(base, evidence=found[0], operands=found[1])
    for k in sorted(parts.ancestors(suspect) & set(parts.steps) - {suspect}):
        if not parts.depends[k]:
            continue
        for smooth in (*SMOOTH, *BARE):
            later = asking.failing(parts.prefix(k, smooth))
            if later is None or not asking.clears(parts.control(k, smooth)):
                continue
            base = replace(base, steps=(k,), unjudged=tuple(j for j in unjudged if j < k))
            if (found := _alone(k, parts, asking)) is not None:
                return replace(base, evidence=found[0], operands=found[1])
            return replace(base, way="composed", evidence=later, smooth=smooth)
    hidden = [k for k in unjudged if k in parts.ancestors(suspect)]
    for k in hidden:
        if (found := _alone(k, parts, asking)) is not None:
            return replace(base, steps=(k,), evidence=found[0], operands=found[1])
    for k, smooth in itertools.product((suspect, *hidden), SMOOTH):
        for part, control in parts.between(k, smooth):
            if (between := asking.failing(part.case)) is not None and asking.clears(control):
                composed = replace(
                    base, way="composed", evidence=between, operands=part.operands, smooth=smooth
                )
                return replace(composed, steps=(k,))
    return _together(base, suspect, parts, asking)


def _first_prefix(
    question: Result, parts: Parts, asking: _Asking
) -> tuple[int, Result, tuple[int, ...]]:
    """The first value that fails as the output, its judgement, and the values before it that
    nothing is known of.
    """
    last = parts.steps[-1]
    unjudged: list[int] = []
    candidates = parts.steps if parts.dead else sorted(parts.ancestors(last) & set(parts.steps))
    for k in candidates:
        if (
            k == last
            or not (parts.depends[k] or question.verdict.failed)
            or parts.values[k].dtype == bool
        ):
            continue
        case = parts.prefix(k)
        if (found := asking.failing(case)) is not None:
            return k, found, tuple(unjudged)
        if not asking.right(case):
            unjudged.append(k)
    return last, question, tuple(unjudged)


def _alone(k: int, parts: Parts, asking: _Asking) -> tuple[Result, tuple[int, ...]] | None:
    """The step alone in the shortest word in which it fails, and the operands that it is
    differentiated by.
    """
    for mode in modes_within(parts.case.mode):
        for part in parts.alone(k, mode):
            if (found := asking.failing(part.case)) is not None:
                return found, part.operands
    return None


def _together(base: Explanation, k: int, parts: Parts, asking: _Asking) -> Explanation:
    """The step with the fewest before it that are enough for it to fail, unless one of these is
    wrong alone.
    """
    starts = sorted(
        (parts.ancestors(k) - {k}) & {i for i, varies in enumerate(parts.depends) if varies},
        reverse=True,
    )
    for start in starts:
        path = parts.path(start, k)
        if len(path) > 1 and (shown := asking.failing(parts.entered(start, k))) is not None:
            base = replace(base, evidence=shown, operands=(start,))
            break
    else:
        path = tuple(j for j in sorted(parts.ancestors(k)) if j in parts.steps)
    for j in path[:-1]:
        if (found := _alone(j, parts, asking)) is not None:
            return replace(base, steps=(j,), evidence=found[0], operands=found[1])
    return replace(base, steps=path, way="together" if len(path) > 1 else "composed")


def _weighed(explanation: Explanation, parts: Parts, asking: _Asking) -> Explanation:
    """With what becomes of the question where the accused value is a constant: if it still fails,
    by what.
    """
    k = explanation.steps[-1]
    case = parts.frozen(k)
    if case is None:
        return explanation
    rest = asking.failing(parts.lively(case))
    if rest is None:
        return replace(explanation, needed=asking.right(parts.lively(case)) or None)
    other = _accused(rest, Parts(case, dead=parts.dead), asking)
    again = parts.frozen(other.steps[-1]) if other.way in ("alone", "composed") else None
    if again is None or asking.failing(parts.lively(again)) is not None:
        return replace(explanation, needed=False, others=other.steps[-1:])
    # Without the other step all is right: the first is wrong too, but nothing comes of it.
    return replace(
        other, question=explanation.question, finding=explanation.finding, needed=True, others=()
    )


def _right_orders(case: Case, asking: _Asking) -> int:
    """How many of the innermost levels of the case are answered rightly, before the first that is
    not.
    """
    right = 0
    for order in range(1, case.order):
        inner = replace(case, mode=case.mode[-order:], wrt=case.wrt[-order:] if case.wrt else "")
        if not asking.right(valid(inner)):
            break
        right = order
    return right
