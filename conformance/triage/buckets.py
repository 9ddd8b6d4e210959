"""Buckets: findings that have one cause, together.

The cause of a finding is found by asking (`conformance/triage/root_cause.py`). The smallest
findings come first, so that later ones mostly meet causes that are known already, which takes a few
questions to see.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from ad_conformance.conformance.triage.causes import Cause, Finding, Symptom
from ad_conformance.conformance.triage.reduce import hurried
from ad_conformance.conformance.triage.root_cause import Inquiry, OutOfTime, Vanished
from ad_conformance.engines.process.sandbox import Sandbox
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.rewrite import reduction

#: Seconds for the cause of one finding.
EACH = 30.0


@dataclass
class Bucket:
    """One cause, a case that shows it (None where it was known before), and the findings that it
    explains.

    `inquired` are those whose cause was looked for from the start, `matched` those that a few
    questions showed to have this one.
    """

    cause: Cause
    case: Case | None = None
    inquired: list[Finding] = field(default_factory=list)
    matched: list[Finding] = field(default_factory=list)

    @property
    def findings(self) -> list[Finding]:
        return [*self.inquired, *self.matched]


@dataclass(frozen=True)
class Provisional:
    """Findings whose cause was not found in time, together where symptom and operations are the
    same.
    """

    symptom: Symptom
    operations: tuple[str, ...]
    findings: list[Finding]


@dataclass(frozen=True)
class Buckets:
    """What became of all findings: every one is in one bucket, in one provisional group, or fails
    no more.
    """

    buckets: list[Bucket]
    provisional: list[Provisional]
    vanished: list[Finding]


def bucket(
    findings: Iterable[Finding],
    sandbox: Sandbox,
    *,
    seconds: float,
    each: float = EACH,
    known: Sequence[Cause] = (),
    begun: Callable[[Bucket, Inquiry], None] = lambda bucket, inquiry: None,
) -> Buckets:
    """The findings of the sandbox's engine by cause; those that `known` causes explain first.

    The same every time while there is time: `seconds` in all, `each` for one finding. A bucket goes
    to `begun` with its first finding, as soon as its cause is known; what is done there is done
    within the time, and may ask on in the same inquiry. Raises EngineUnavailable.
    """
    end = time.monotonic() + seconds
    inquiry = Inquiry(sandbox)
    buckets = [Bucket(cause) for cause in known]
    left: list[Finding] = []
    vanished: list[Finding] = []
    for finding in sorted(findings, key=lambda f: (reduction.size(f.case), f.case.id)):
        limit = min(each, end - time.monotonic())
        try:
            if limit <= 0:
                raise OutOfTime
            with hurried(sandbox, finding.verdict, finding.case.mode):
                found = inquiry.matching(finding, [b.cause for b in buckets], seconds=limit)
                cause, case = (
                    inquiry.cause(finding, seconds=limit) if found is None else (found, None)
                )
        except OutOfTime:
            left.append(finding)
            continue
        except Vanished:
            vanished.append(finding)
            continue
        own = next((b for b in buckets if b.cause.alike(cause)), None)
        new = own is None
        if own is None:
            own = Bucket(cause, case)
            buckets.append(own)
        (own.inquired if found is None else own.matched).append(finding)
        if new:
            begun(own, inquiry)
    return Buckets(buckets, _provisional(left), vanished)


def _provisional(findings: Iterable[Finding]) -> list[Provisional]:
    groups: dict[tuple[Symptom, tuple[str, ...]], list[Finding]] = {}
    for finding in findings:
        program = finding.case.program.pruned()
        operations = tuple(sorted({step.operation for step in program.steps if step.operands}))
        groups.setdefault((finding.symptom, operations), []).append(finding)
    return [
        Provisional(symptom, operations, group) for (symptom, operations), group in groups.items()
    ]
