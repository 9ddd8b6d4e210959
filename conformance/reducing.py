"""Findings made smaller, with the same kind of failure."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from conformance.failures import kind
from conformance.panel import truth_of
from conformance.verdicts import Judgement, Verdict, judge
from engines.sandbox import Sandbox
from generators import reduction
from generators.programs import Case, MalformedCase, Program, Step, expect_keys
from generators.reading import parse_case

#: What passes for a hang while smaller ones are looked for: so many times what the engine takes for next to nothing,
#: and at least so many seconds.
MULTIPLE, LEAST = 20.0, 2.0


def judged(case: Case, sandbox: Sandbox) -> Judgement:
    """What becomes of the case in the sandbox's engine. Raises EngineUnavailable."""
    return judge(case, sandbox.engine.name, sandbox.ask(case), truth_of(case))


@contextmanager
def hurried(sandbox: Sandbox, verdict: Verdict, word: str) -> Iterator[None]:
    """Where the finding is a hang, the sandbox with a timeout that a hundred questions can be waited for.

    Raises EngineUnavailable.
    """
    kept = sandbox.timeout
    if verdict is Verdict.TIMEOUT:
        nothing = Case(Program((Step("positive", (0,)),)), 1.0, word)
        # The first question may have to wait for the process.
        usual = [sandbox.ask(nothing).seconds for _ in range(2)][1]
        sandbox.timeout = min(kept, max(LEAST, MULTIPLE * usual))
    try:
        yield
    finally:
        sandbox.timeout = kept


def reduced(
    finding: Judgement, sandbox: Sandbox, *, seconds: float = math.inf, progress: Path | None = None
) -> Judgement:
    """The smallest finding of the same kind that was met within so many seconds.

    `progress` is a file that keeps how far it came: a later call with it goes on from there and asks nothing again.
    Raises EngineUnavailable; MalformedCase, naming the file, where it is not one of this finding; OSError.
    """
    wanted = kind(finding)

    def fails(candidate: Case) -> bool:
        try:
            sandbox.engine.script(candidate)
        except Exception:
            # A candidate that the adapter cannot write is none; the case itself it could.
            return False
        other = judged(candidate, sandbox)
        return other.is_finding and kind(other) == wanted

    start, asked = _resumed(finding, progress)
    with hurried(sandbox, finding.verdict, finding.case.word):
        smallest = reduction.reduce(start, fails, seconds=seconds, asked=asked)
    if progress is not None:
        kept = {"finding": finding.case.id, "case": json.loads(smallest.json), "asked": sorted(asked)}
        progress.write_text(json.dumps(kept, sort_keys=True) + "\n", encoding="utf-8")
    small = judged(smallest, sandbox)
    # What was slow only may pass for a hang while it is reduced.
    return small if small.is_finding and kind(small) == wanted else finding


def _resumed(finding: Judgement, progress: Path | None) -> tuple[Case, set[str]]:
    if progress is None or not progress.exists():
        return finding.case, set()
    try:
        document: Any = json.loads(progress.read_text(encoding="utf-8"))
        expect_keys(document, "progress", required={"finding", "case", "asked"})
        if document["finding"] != finding.case.id:
            raise MalformedCase(f"finding: {document['finding']!r} is not {finding.case.id}, the case that is reduced")
        if not isinstance(document["asked"], list) or not all(isinstance(item, str) for item in document["asked"]):
            raise MalformedCase("asked: a list of ids is needed")
        return parse_case(json.dumps(document["case"])), set(document["asked"])
    except (ValueError, UnicodeDecodeError) as error:
        raise MalformedCase(f"{progress}: {error}") from None
