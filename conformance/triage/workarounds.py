"""Ways around a finding: the same question in other words and engines, and the same function
spelled otherwise.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ad_conformance.conformance.pool import EnginePool
from ad_conformance.conformance.triage.reduce import hurried
from ad_conformance.conformance.verdicts import Result
from ad_conformance.generators.ir.case_io import valid
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.rewrite.expansion import expanded


@dataclass(frozen=True)
class Ways:
    """Mode words of the same order that this engine gets right, engines that get the case right,
    and the smallest rewrite of the program, one step by its definition, that this engine gets
    right.
    """

    modes: tuple[str, ...]
    engines: tuple[str, ...]
    rewrite: Case | None


def ways_around(
    finding: Result, pool: EnginePool, modes: Iterable[str], *, seconds: float = math.inf
) -> Ways:
    """What works instead, of these words and the panel's engines, as far as it was asked in so many
    seconds.

    An engine that cannot be imported is passed over. Raises EngineUnavailable where that is the
    finding's own.
    """
    until = time.monotonic() + seconds
    case, engine = finding.case, finding.engine
    with hurried(pool.sandbox(engine), finding.verdict, case.mode):
        right_modes, right_engines = pool.ways_around(case, engine, modes, until)
        found = [r for r in _rewrites(case) if time.monotonic() < until and pool.agrees(r, engine)]
    smallest = min(
        found, key=lambda rewrite: (len(rewrite.program.steps), rewrite.id), default=None
    )
    return Ways(right_modes, right_engines, smallest)


def _rewrites(case: Case) -> Iterator[Case]:
    for k, step in enumerate(case.program.steps, start=1):
        for candidate in expanded(case, k) if step.operands else ():
            if (rewrite := valid(candidate)) is not None:
                yield rewrite
