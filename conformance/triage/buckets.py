"""Buckets: findings grouped by root cause.

Root causes are found by asking the engine (`root_cause.py`). The smallest findings come first. Most
later findings then have a root cause that is known already. A few cases show which one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from ad_conformance.conformance.triage.ask import Asker, OutOfTime, shorter_timeout
from ad_conformance.conformance.triage.causes import Cause, Finding
from ad_conformance.conformance.triage.failure_key import Symptom
from ad_conformance.conformance.triage.root_cause import Vanished, matching_cause, root_cause
from ad_conformance.engines.process.sandbox import Sandbox
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.rewrite import reduction

#: Seconds for the root cause of one finding.
EACH = 30.0


@dataclass
class Bucket:
    """One root cause, a case that shows it (None if it was known before), and its findings.

    For the findings in `searched`, the root cause was searched from the start. For those in
    `matched`, a few cases showed that they have this one.
    """

    cause: Cause
    case: Case | None = None
    searched: list[Finding] = field(default_factory=list)
    matched: list[Finding] = field(default_factory=list)

    @property
    def findings(self) -> list[Finding]:
        return [*self.searched, *self.matched]


@dataclass(frozen=True)
class Provisional:
    """Findings whose root cause was not found in time: those with one symptom and the same
    operations.
    """

    symptom: Symptom
    operations: tuple[str, ...]
    findings: list[Finding]


@dataclass(frozen=True)
class Buckets:
    """All findings. Each is in one bucket or one provisional group, or it no longer fails."""

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
    begun: Callable[[Bucket, Asker], None] = lambda bucket, asker: None,
) -> Buckets:
    """Group the findings of the sandbox's engine by root cause; `known` causes come first.

    `seconds` is the limit in all, `each` that of one finding. If time suffices, the result is the
    same every time. `begun` is called with a new bucket and the asker, as soon as the root cause of
    its first finding is known. It may ask further cases; they count towards `seconds`. Raises
    EngineUnavailable.
    """
    end = time.monotonic() + seconds
    asker = Asker(sandbox)
    buckets = [Bucket(cause) for cause in known]
    left: list[Finding] = []
    vanished: list[Finding] = []
    for finding in sorted(findings, key=lambda f: (reduction.size(f.case), f.case.id)):
        limit = min(each, end - time.monotonic())
        if limit <= 0:
            left.append(finding)
            continue
        case = None
        try:
            with shorter_timeout(sandbox, finding.verdict, finding.case.mode):
                causes = [bucket.cause for bucket in buckets]
                cause = matched = matching_cause(finding, causes, asker, seconds=limit)
                if cause is None:
                    cause, case = root_cause(finding, asker, seconds=limit)
        except OutOfTime:
            left.append(finding)
            continue
        except Vanished:
            vanished.append(finding)
            continue
        own = next((bucket for bucket in buckets if bucket.cause.alike(cause)), None)
        if own is not None:
            (own.searched if matched is None else own.matched).append(finding)
            continue
        buckets.append(Bucket(cause, case, [finding]))
        begun(buckets[-1], asker)
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
