"""Workarounds for a finding: other modes, other engines, and the same function written in another
way.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ad_conformance.conformance.pool import EnginePool, WaysAround
from ad_conformance.conformance.triage.ask import Asker, shorter_timeout
from ad_conformance.conformance.verdicts import Result
from ad_conformance.generators.ir.case_io import valid
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.rewrite.expansion import expanded


@dataclass(frozen=True)
class Workarounds:
    """The workarounds of a finding.

    `ways` are the modes and engines that were asked. `rewrite` is the smallest program in which one
    step is replaced by its definition and on which this engine agrees.
    """

    ways: WaysAround
    rewrite: Case | None


def workarounds(
    finding: Result, pool: EnginePool, modes: Iterable[str], *, seconds: float = math.inf
) -> Workarounds:
    """The workarounds of a finding among these modes and the engines of the pool.

    After `seconds`, no further case is asked. Engines that cannot be imported are left out.
    Raises EngineUnavailable if the finding's own engine cannot be imported.
    """
    case, engine = finding.case, finding.engine
    asker = Asker(pool.sandbox(engine), seconds=seconds)
    with shorter_timeout(asker.sandbox, finding.verdict, case.mode):
        ways = pool.ways_around(case, engine, modes, asker.deadline)
        found = [rewrite for rewrite in _rewrites(case) if asker.agrees(rewrite)]
    smallest = min(
        found, key=lambda rewrite: (len(rewrite.program.steps), rewrite.id), default=None
    )
    return Workarounds(ways, smallest)


def _rewrites(case: Case) -> Iterator[Case]:
    for k, step in enumerate(case.program.steps, start=1):
        for candidate in expanded(case, k) if step.operands else ():
            if (rewrite := valid(candidate)) is not None:
                yield rewrite
