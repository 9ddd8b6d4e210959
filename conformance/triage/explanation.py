"""The explanation of a finding, and its text in lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ad_conformance.conformance.suite.failure_report import first_line, listed
from ad_conformance.conformance.suite.wording import largest_error
from ad_conformance.conformance.verdicts import Result, Verdict
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.rewrite.program_builder import CURVES

_ORDERS = ("first", "second", "third", "fourth")
#: Characters of a message that are printed.
MESSAGE = 120


@dataclass(frozen=True)
class Explanation:
    """The step at which the wrong value of a finding first appears, with evidence.

    `question` is the finding that was searched: the finding itself, or the same without operator,
    float32 or warmup_point. Values and steps are named by their value_id in its program.

    `steps` are the steps at fault. The wrong value appears at the last of them, which fails only
    together with the others. `way` says how they fail:

    - "alone": the step fails as a program of its operands;
    - "composed": it does not, but it fails between smooth functions or with a function after it;
    - "together": the steps fail only together;
    - "question": a program whose output is its input fails, so no step is at fault.

    `evidence` is the smallest case that fails; it differentiates with respect to `operands`.
    `smooth` names the function around the step. `right` is the highest order in which the answer to
    the evidence is correct. `needed` says whether `question` agrees if the value of the step is
    replaced by a constant; None if that is not known. If it does not agree, `others` are further
    steps at fault. `unjudged` are earlier values of which it is not known whether they are correct.
    `asked` is the number of cases asked. `late` says that the time limit ended the search.
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
        """The operation at which the wrong value appears, or "" if no step is at fault."""
        return self.operations[-1] if self.steps else ""

    @property
    def operations(self) -> tuple[str, ...]:
        """The operations of all steps at fault; the wrong value appears at the last of them."""
        return tuple(self.question.case.program.steps[k - 1].operation for k in self.steps)

    @property
    def lines(self) -> tuple[str, ...]:
        """The explanation in lines: the step and its wrong value, then what else is known."""
        lines = (self._headline, self._level, self._necessity, *self._notes)
        return tuple(line for line in lines if line)

    def _named(self, value_ids: tuple[int, ...]) -> str:
        steps = self.question.case.program.steps
        numbers = [k for k, step in enumerate(steps, start=1) if step.operands]
        return listed(
            [
                f"{steps[k - 1].operation} (step {numbers.index(k) + 1} of {len(numbers)})"
                for k in value_ids
            ]
        )

    @property
    def _headline(self) -> str:
        mode, error = self.evidence.case.mode, _error(self.evidence)
        if not self.steps:
            return f"no step is at fault: in mode {mode} the derivative of the input itself {error}"
        line = f"{self._named(self.steps)} in mode {mode}: {self._isolation} {error}"
        if self.right == 1:
            line += "; the first order is correct"
        elif self.right:
            line += f"; up to {_ORDERS[self.right - 1]} order is correct"
        return line

    @property
    def _isolation(self) -> str:
        """The derivative that is wrong, in words."""
        if self.way == "alone":
            operands = self.question.case.program.steps[self.steps[-1] - 1].operands
            if len(operands) == 1:
                return "its derivative alone"
            slots = [str(n) for n, i in enumerate(operands, start=1) if i in self.operands]
            plural = "s" if len(slots) > 1 else ""
            return f"its derivative by operand{plural} {listed(slots)} alone"
        if self.way == "together":
            return "none found wrong alone, but their derivative together"
        if not self.smooth:
            around = "in this program"
        elif self.operands:
            around = f"between {CURVES[self.smooth][0]} and {self.smooth}"
        else:
            around = f"followed by {self.smooth}"
        return f"not found wrong alone, but its derivative {around}"

    @property
    def _level(self) -> str:
        """The level of the nesting that is wrong, if there are several."""
        whole, mode = self.question.case.mode, self.evidence.case.mode
        if len(whole) == 1:
            return ""
        if not whole.endswith(mode):
            return f"{mode} is {whole} without the levels that are not needed"
        level = mode[0] + (f" over {mode[1:]}" if mode[1:] else "")
        ordinal = _ORDERS[len(mode) - 1]
        return f"level: {level}, {ordinal} of {len(whole)} in {whole} from the innermost outwards"

    @property
    def _necessity(self) -> str:
        if self.needed is None:
            return ""
        if self.needed:
            return "with a constant in place of its value, the derivative is correct"
        others = self._named(self.others)
        return f"with a constant in place of its value, the derivative still fails, at {others}"

    @property
    def _notes(self) -> tuple[str, ...]:
        given, asked = _special(self.finding.case), _special(self.question.case)
        notes = []
        if left := [name for name in given if name not in asked]:
            notes.append(f"not needed for the failure: {listed(left)}")
        if asked:
            notes.append(f"needed for the failure: {listed(list(asked))}")
        if self.unjudged:
            notes.append(f"not known: whether {self._named(self.unjudged)} before it is correct")
        counted = f"{self.asked} cases asked"
        return (*notes, f"{counted} until the time limit" if self.late else counted)


def _special(case: Case) -> tuple[str, ...]:
    """What the case has besides program, point and mode, in words."""
    found = [f"operator {case.operator}"] if case.operator != "jacobian" else []
    found += [f"dtype {case.dtype}"] if case.dtype != "float64" else []
    found += [f"nest {case.nest}"] if case.wrappers else []
    found += ["warmup_point"] if case.warmup_point is not None else []
    return tuple(found)


def _error(evidence: Result) -> str:
    """What is wrong with the answer."""
    verdict, answer = evidence.verdict, evidence.answer
    message = first_line(answer.message, MESSAGE)
    if verdict is Verdict.CRASH:
        return f"kills the process: {answer.error}"
    if verdict is Verdict.TIMEOUT:
        return f"times out: {message}"
    if not verdict.returned:
        return f"does not {answer.stage or 'run'}: {answer.error}: {message}"
    if verdict is Verdict.IMPURE:
        return f"is not a pure function: {message}"
    if verdict is Verdict.WRONG:
        return f"is wrong: {largest_error(evidence)}"
    got, expected = answer.value, evidence.truth.expected
    assert got is not None
    assert expected is not None
    if verdict is Verdict.WRONG_SHAPE:
        return f"has a wrong shape: got {got.shape}, expected {expected.shape}"
    if verdict is Verdict.WRONG_DTYPE:
        return f"has a wrong dtype: got {got.dtype}, expected {evidence.case.dtype}"
    at_fault = ~np.isfinite(got) & evidence.truth.must_be_finite
    index = tuple(int(i) for i in np.argwhere(at_fault)[0])
    at = f" at {list(index)}" if got.size > 1 else ""
    wanted = "a finite number" if np.isnan(expected[index]) else f"{expected[index]:.6g}"
    return f"is not finite: got {got[index]}, expected {wanted}{at}"
