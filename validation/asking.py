"""Several engines that are asked the same cases at the same time, and judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import TracebackType

from ad_conformance.conformance.known_failures import load
from ad_conformance.conformance.pool import EnginePool
from ad_conformance.conformance.standings.standing import Match, Standings
from ad_conformance.conformance.verdicts import Result
from ad_conformance.engines.contract import Engine
from ad_conformance.generators.ir.program import Case


class Asking:
    """The engines of one run. As a context manager, it ends their processes.

    Raises EngineUnavailable if an engine cannot be imported.
    """

    def __init__(self, engines: Sequence[Engine]) -> None:
        self.pool = EnginePool(engines)
        self.pool.ahead = tuple(self.pool.engines)
        for name in self.pool.ahead:
            self.pool.sandbox(name)
        self._standings = Standings(load(), self.pool.probe)

    def __enter__(self) -> Asking:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.pool.close()

    def submit(self, case: Case) -> tuple[str, ...]:
        """Ask without waiting; the names of the engines that have the mode of the case."""
        names = tuple(name for name, e in self.pool.engines.items() if e.answers(case.mode))
        for name in names:
            self.pool.submit(case, name)
        return names

    def judged(self, case: Case) -> Iterator[tuple[Result, Match | None]]:
        """The result of each of these engines, and the known failure that it belongs to."""
        for name in self.submit(case):
            result = self.pool.judge(case, name)
            yield result, self._standings.match(result, self.pool.engines[name])

    def report(self, result: Result) -> str:
        """A finding for people: the verdict, the case and the script."""
        answer = result.answer
        return "\n".join(
            (
                f"NEW {result.engine} {result.case.mode} {result.verdict} {answer.error}: "
                f"{answer.message}",
                result.case.json,
                self.pool.engines[result.engine].script(result.case).program,
            )
        )
