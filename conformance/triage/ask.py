"""Asks one engine cases, each case once, until a time limit."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from ad_conformance.conformance.pool import can_be_written, truth_of
from ad_conformance.conformance.reference.certify import MAX_ORDER, Truth
from ad_conformance.conformance.triage.failure_key import FailureKey
from ad_conformance.conformance.verdicts import Result, Verdict, judge
from ad_conformance.engines.process.sandbox import Sandbox
from ad_conformance.generators.ir.case_io import valid
from ad_conformance.generators.ir.program import Case, Program, Step

#: Relative difference up to which two wrong answers count as the same, for each dtype.
SAME_ANSWER = {"float64": 1e-6, "float32": 1e-4}
#: The timeout while a hang is triaged: a multiple of the time that the engine takes for a trivial
#: program, and a least number of seconds.
HANG_MULTIPLE, HANG_SECONDS = 20.0, 2.0


class OutOfTime(Exception):
    """The time limit is reached, and the case was not asked before."""


def judged(case: Case, sandbox: Sandbox) -> Result:
    """Ask the sandbox's engine the case, without a memo, and judge the answer.

    Raises EngineUnavailable.
    """
    return judge(case, sandbox.engine.name, sandbox.ask(case), truth_of(case))


@contextmanager
def shorter_timeout(sandbox: Sandbox, verdict: Verdict, mode: str) -> Iterator[None]:
    """If the finding is a hang, give the sandbox a timeout that is short enough for a hundred
    cases.

    Raises EngineUnavailable.
    """
    kept = sandbox.timeout
    if verdict is Verdict.TIMEOUT:
        trivial = Case(Program((Step("positive", (0,)),)), 1.0, mode)
        # The first case may have to wait for the process to start.
        usual = [sandbox.ask(trivial).seconds for _ in range(2)][1]
        sandbox.timeout = min(kept, max(HANG_SECONDS, HANG_MULTIPLE * usual))
    try:
        yield
    finally:
        sandbox.timeout = kept


class Asker:
    """Asks one engine and judges its answers.

    A memo by case id keeps every result, so that no case is asked twice. `asked` counts the cases
    that the engine was asked. After `seconds`, no further case is asked; results that the memo
    holds are still given. `late` says that a case was not asked for this reason.
    """

    def __init__(self, sandbox: Sandbox, *, seconds: float = math.inf) -> None:
        self.sandbox = sandbox
        self.asked = 0
        self._results: dict[str, Result | None] = {}
        self.allow(seconds)

    def allow(self, seconds: float) -> None:
        """Start a new time limit, from now on. The memo stays."""
        self.deadline = time.monotonic() + seconds
        self.late = False

    def remember(self, result: Result) -> None:
        """Put a known result into the memo."""
        self._results[result.case.id] = result

    def result(self, case: Case) -> Result | None:
        """The result, or None if the case cannot be asked of this engine.

        A case cannot be asked if it is not valid, if its order is too high for a reference, or if
        the engine's adapter cannot write it. If the engine gave no value, the reference of the
        result is not computed. Raises OutOfTime, EngineUnavailable.
        """
        try:
            case_id = case.id
        except ValueError:
            # One of its numbers is not finite, for instance because float32 cannot hold it.
            return None
        if case_id not in self._results:
            if time.monotonic() > self.deadline:
                self.late = True
                raise OutOfTime
            self._results[case_id] = self._ask(case)
        return self._results[case_id]

    def _ask(self, case: Case) -> Result | None:
        question, engine = valid(case), self.sandbox.engine
        if question is None or question.order > MAX_ORDER or not can_be_written(question, engine):
            return None
        self.asked += 1
        answer = self.sandbox.ask(question)
        # Without a value nothing is compared, and a reference takes time.
        truth = truth_of(question) if answer.outcome == "answered" else Truth("uncertified")
        return judge(question, engine.name, answer, truth)

    def in_time(self, case: Case | None) -> Result | None:
        """As `result`, but also None if there is no case or time is up.

        Raises EngineUnavailable.
        """
        try:
            return None if case is None else self.result(case)
        except OutOfTime:
            return None

    def failure(self, case: Case) -> FailureKey | None:
        """How the case fails, or None if it does not. Raises OutOfTime, EngineUnavailable."""
        result = self.result(case)
        return FailureKey.of(result) if result is not None and result.is_finding else None

    def value(self, case: Case) -> np.ndarray | None:
        """The engine's value, or None if it gave none. Raises OutOfTime, EngineUnavailable."""
        result = self.result(case)
        return None if result is None else result.answer.value

    def agrees(self, case: Case | None) -> bool:
        """Whether the engine is known to be right, within the time. Raises EngineUnavailable."""
        result = self.in_time(case)
        return result is not None and result.verdict is Verdict.AGREE

    def same_value(self, case: Case, other: Case) -> bool:
        """Whether the engine gives both cases the same numbers up to rounding, or no value to
        either.

        Raises OutOfTime, EngineUnavailable.
        """
        one, two = self.value(case), self.value(other)
        if one is None or two is None:
            return one is two
        return one.shape == two.shape and bool(
            np.allclose(one, two, rtol=SAME_ANSWER[case.dtype], atol=0.0, equal_nan=True)
        )
