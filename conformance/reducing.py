"""Findings made smaller, with the same kind of failure."""

from __future__ import annotations

import math

from conformance.failures import kind
from conformance.panel import truth_of
from conformance.verdicts import Judgement, judge
from engines.sandbox import Sandbox
from generators import reduction
from generators.programs import Case


def judged(case: Case, sandbox: Sandbox) -> Judgement:
    """What becomes of the case in the sandbox's engine. Raises EngineUnavailable."""
    return judge(case, sandbox.engine.name, sandbox.ask(case), truth_of(case))


def reduced(finding: Judgement, sandbox: Sandbox, *, seconds: float = math.inf) -> Judgement:
    """The smallest finding of the same kind that was met within so many seconds. Raises EngineUnavailable."""
    wanted = kind(finding)

    def fails(candidate: Case) -> bool:
        try:
            sandbox.engine.script(candidate)
        except Exception:
            # A candidate that the adapter cannot write is none; the case itself it could.
            return False
        other = judged(candidate, sandbox)
        return other.is_finding and kind(other) == wanted

    return judged(reduction.reduce(finding.case, fails, seconds=seconds), sandbox)
