"""The engines of one run: all engines are asked each case once, at the same time."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace
from functools import lru_cache

from ad_conformance.conformance.reference.certify import Truth, certify
from ad_conformance.conformance.verdicts import Result, Verdict, judge, repeated
from ad_conformance.engines.contract import Answer, Engine
from ad_conformance.engines.process.sandbox import EVERY, EngineUnavailable, Sandbox, is_chosen
from ad_conformance.generators.ir.evaluate import is_single
from ad_conformance.generators.ir.program import Case

#: Number of cases whose certified derivatives and answers are cached. All engines are asked the
#: same cases in the same order.
KEPT = 4096
#: One agreeing case of so many is asked again after other cases.
LATER = 16


def truth_of(case: Case) -> Truth:
    """The certified derivative of a case, computed once for all modes of an order, whatever the
    names of its operations and the wrappers.
    """
    return _truth(replace(case, names=0, wrappers=(), mode="R" * case.order))


@lru_cache(maxsize=KEPT)
def _truth(case: Case) -> Truth:
    return certify(case)


def asked_later(result: Result) -> bool:
    """Whether the case is to be asked again after other cases: one agreeing case of LATER.

    These are other cases than those with further calls.
    """
    return result.verdict is Verdict.AGREE and is_chosen(result.case, LATER, 1)


def can_be_written(case: Case, engine: Engine) -> bool:
    """Whether the engine's adapter can write the script of the case without an exception."""
    try:
        engine.script(case)
    except Exception:
        return False
    return True


@dataclass(frozen=True)
class WaysAround:
    """What was asked instead of a finding, and what came of it.

    `right_modes` are modes of the same order in which the engine agrees, `wrong_modes` those in
    which it fails too. `right_engines` agree on the case, `wrong_engines` fail too. What is in none
    of them was not asked, or its answer was not compared.
    """

    right_modes: tuple[str, ...] = ()
    wrong_modes: tuple[str, ...] = ()
    right_engines: tuple[str, ...] = ()
    wrong_engines: tuple[str, ...] = ()


class EnginePool:
    """Sandboxes of several engines. Each is started when its engine is first asked.

    `ahead` names engines that will all be asked the same cases: a case for one of them is submitted
    to all of them at once, so that they work at the same time. `timeout` is in seconds of processor
    time, as for `Sandbox`. After a timeout, the engine is asked again while no other engine of the
    pool is at work, and only the second answer counts. In one case of `every`, and for probes, a
    derivative is called more than once, as `Sandbox` describes.
    """

    def __init__(
        self, engines: Iterable[Engine], *, timeout: float = 60.0, every: int = EVERY
    ) -> None:
        self.engines = {engine.name: engine for engine in engines}
        self.timeout = timeout
        self.every = every
        self.ahead: tuple[str, ...] = ()
        self._sandboxes: dict[str, Sandbox] = {}
        self._pending: dict[tuple[str, str], Future[Answer]] = {}
        self._asked_alone: set[tuple[str, str]] = set()

    def sandbox(self, engine: str) -> Sandbox:
        """The sandbox of an engine. Raises EngineUnavailable if it cannot be imported."""
        if engine not in self._sandboxes:
            self._sandboxes[engine] = Sandbox(
                self.engines[engine], timeout=self.timeout, every=self.every
            )
        return self._sandboxes[engine]

    def asked(self, case: Case, engine: str) -> Case:
        """The case in the dtype in which the engine is asked.

        An engine without float64 is asked in float32 if the numbers of the case are exact in it.
        """
        own = self.engines[engine].dtype
        return (
            replace(case, dtype=own) if own == "float32" != case.dtype and is_single(case) else case
        )

    def submit(self, case: Case, engine: str, *, always: bool = False) -> Future[Answer]:
        """Ask without waiting; `always` is that of the sandbox."""
        case = self.asked(case, engine)
        key = (engine, case.id)
        if key not in self._pending:
            while len(self._pending) >= KEPT * max(1, len(self.engines)):
                self._pending.pop(next(iter(self._pending)))
            self._pending[key] = self.sandbox(engine).submit(case, always=always)
        return self._pending[key]

    def ask_ahead(self, cases: Iterable[Case]) -> None:
        """Submit cases to all engines of `ahead`, so that these work while results are awaited."""
        for case in cases:
            for engine in self.ahead:
                self.submit(case, engine)

    def repeat(self, first: Result) -> Result:
        """Ask the case of a result again; a finding if the second answer is another one."""
        answer = self.sandbox(first.engine).submit(first.case).result()
        return repeated(first, judge(first.case, first.engine, answer, first.truth))

    def judge(self, case: Case, engine: str, *, probe: bool = False) -> Result:
        """The result of one case in one engine. A `probe` is not submitted to the other engines."""
        pending = self.submit(case, engine, always=probe)
        if not probe:
            for other in self.ahead:
                self.submit(case, other)
        case = self.asked(case, engine)
        truth = truth_of(case)
        answer = pending.result()
        if answer.outcome == "timeout":
            answer = self._alone(case, engine)
        return judge(case, engine, answer, truth)

    def _alone(self, case: Case, engine: str) -> Answer:
        """The answer of the engine while no other engine of the pool is at work."""
        key = (engine, case.id)
        if key not in self._asked_alone:
            wait(self._pending.values())
            self._pending[key] = self.sandbox(engine).submit(case)
            self._asked_alone.add(key)
        return self._pending[key].result()

    def probe(self, case: Case, engine: str) -> Result:
        """The result of a case outside the run, which no other engine is asked."""
        return self.judge(case, engine, probe=True)

    def ways_around(
        self, case: Case, engine: str, modes: Iterable[str], until: float = math.inf
    ) -> WaysAround:
        """Ask this engine the case in other modes of the same order, and other engines the case.

        No case is asked after `until`, a time of the monotonic clock. Engines that cannot be
        imported are left out.
        """
        answers = self.engines[engine].answers
        alike = [
            mode
            for mode in modes
            if len(mode) == case.order and mode != case.mode and answers(mode)
        ]
        of_modes = {mode: self._agrees(case.with_mode(mode), engine, until) for mode in alike}
        others = [other for other in self.engines if other != engine]
        of_engines = {other: self._agrees(case, other, until) for other in others}
        return WaysAround(
            *(
                tuple(name for name, agrees in asked.items() if agrees is wanted)
                for asked in (of_modes, of_engines)
                for wanted in (True, False)
            )
        )

    def _agrees(self, case: Case, engine: str, until: float) -> bool | None:
        """Whether the engine agrees, or fails; None if nothing was asked or compared."""
        if time.monotonic() >= until:
            return None
        try:
            found = self.probe(case, engine)
        except EngineUnavailable:
            return None
        return found.verdict is Verdict.AGREE if found.verdict.compared else None

    def close(self) -> None:
        for sandbox in self._sandboxes.values():
            sandbox.close()
        self._sandboxes.clear()
