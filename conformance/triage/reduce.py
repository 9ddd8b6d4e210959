"""Findings made smaller, with the same kind of failure."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ad_conformance.conformance.pool import can_be_written, truth_of
from ad_conformance.conformance.suite.failure_report import kind
from ad_conformance.conformance.verdicts import Result, Verdict, judge
from ad_conformance.engines.contract import Engine
from ad_conformance.engines.process.sandbox import Sandbox
from ad_conformance.generators.ir.case_io import parse_case
from ad_conformance.generators.ir.program import Case, MalformedCase, Program, Step, expect_keys
from ad_conformance.generators.rewrite import reduction

#: What passes for a hang while smaller ones are looked for: so many times what the engine takes for
#: next to nothing, and at least so many seconds.
MULTIPLE, LEAST = 20.0, 2.0
#: Seconds after which it is written down at the latest how far a reduction came.
OFTEN = 5.0


def judged(case: Case, sandbox: Sandbox) -> Result:
    """What becomes of the case in the sandbox's engine. Raises EngineUnavailable."""
    return judge(case, sandbox.engine.name, sandbox.ask(case), truth_of(case))


@contextmanager
def hurried(sandbox: Sandbox, verdict: Verdict, mode: str) -> Iterator[None]:
    """Where the finding is a hang, the sandbox with a timeout that a hundred questions can be
    waited for.

    Raises EngineUnavailable.
    """
    kept = sandbox.timeout
    if verdict is Verdict.TIMEOUT:
        nothing = Case(Program((Step("positive", (0,)),)), 1.0, mode)
        # The first question may have to wait for the process.
        usual = [sandbox.ask(nothing).seconds for _ in range(2)][1]
        sandbox.timeout = min(kept, max(LEAST, MULTIPLE * usual))
    try:
        yield
    finally:
        sandbox.timeout = kept


def reduced(
    finding: Result, sandbox: Sandbox, *, seconds: float = math.inf, progress: Path | None = None
) -> Result:
    """The smallest finding of the same kind that was met within so many seconds.

    `progress` is a file that keeps how far it came, however it ends: a later call with it goes on
    from there and asks nothing again. Raises EngineUnavailable; MalformedCase, naming the file,
    where it is not one of this finding in this release of the engine; OSError.
    """
    wanted = kind(finding)
    kept = None if progress is None else _Progress(progress, finding, sandbox.engine)
    start, asked = (finding.case, set[str]()) if kept is None else (kept.case, kept.asked)

    def fails(candidate: Case) -> bool:
        if not can_be_written(candidate, sandbox.engine):
            return False
        other = judged(candidate, sandbox)
        failed = other.is_finding and kind(other) == wanted
        if kept is not None:
            kept.answered(candidate, failed)
        return failed

    try:
        with hurried(sandbox, finding.verdict, finding.case.mode):
            smallest = reduction.reduce(start, fails, seconds=seconds, asked=asked)
    finally:
        if kept is not None:
            kept.write()
    small = judged(smallest, sandbox)
    # What was slow only may pass for a hang while it is reduced.
    return small if small.is_finding and kind(small) == wanted else finding


class _Progress:
    """How far a reduction came, in a file that is whole at any time."""

    def __init__(self, path: Path, finding: Result, engine: Engine) -> None:
        """Raises MalformedCase, or OSError where the file cannot be written."""
        self._path = path
        self._of = {"finding": finding.case.id, "engine": engine.name, "version": engine.version()}
        self._of["verdict"], self._of["error"], self._of["message"] = kind(finding)
        self.case, self.asked = finding.case, set[str]()
        if path.exists():
            self._read()
        self.write()

    def _read(self) -> None:
        try:
            document: Any = json.loads(self._path.read_text(encoding="utf-8"))
            expect_keys(document, "progress", required={*self._of, "case", "asked"})
            for field, own in self._of.items():
                if document[field] != own:
                    raise MalformedCase(
                        f"{field}: {document[field]!r} is not {own!r}, which is reduced here"
                    )
            if not isinstance(document["asked"], list) or not all(
                isinstance(item, str) for item in document["asked"]
            ):
                raise MalformedCase("asked: a list of ids is needed")
            self.case, self.asked = parse_case(json.dumps(document["case"])), set(document["asked"])
        except (ValueError, RecursionError) as error:
            raise MalformedCase(f"{self._path}: {error}") from None

    def answered(self, candidate: Case, failed: bool) -> None:
        """Keeps it now and then, and whenever a smaller one is met."""
        if failed:
            self.case = candidate
        if failed or time.monotonic() > self._written + OFTEN:
            self.write()

    def write(self) -> None:
        """All of it or nothing. Raises OSError."""
        document = {**self._of, "case": json.loads(self.case.json), "asked": sorted(self.asked)}
        new = self._path.with_name(f".{self._path.name}.new")
        new.write_text(json.dumps(document, sort_keys=True) + "\n", encoding="utf-8")
        new.replace(self._path)
        self._written = time.monotonic()
