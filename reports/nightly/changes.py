"""What is new, fixed, still there, flaky or known since the run before: findings put together, and
compared.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from ad_conformance.conformance.known_failures import KnownFailure, load
from ad_conformance.conformance.verdicts import Verdict
from ad_conformance.generators.ir.file_keys import file_key
from ad_conformance.reports.campaign.store import Folder, StoreError, record, sessions
from ad_conformance.reports.campaign.tables import tables
from ad_conformance.reports.issues.bucket_files import BucketFile, bucket_files
from ad_conformance.reports.nightly.run_report import Bucket, RunReport
from ad_conformance.reports.nightly.validity import invalidities


@dataclass(frozen=True)
class Finding:
    """A row of findings, as the store has it."""

    number: int
    origin: str
    name: str | None
    id: str
    json: str
    mode: str
    operations: list[str]
    steps: int
    engine: str
    verdict: str
    error_ratio: float | None
    stage: str | None
    error: str | None
    message: str | None
    printed: str | None
    got: str | None
    wanted: str | None
    again: str | None
    known: str | None
    regressed: str | None
    finding: str

    @property
    def base(self) -> str:
        return base(self.engine)

    @property
    def steady(self) -> bool:
        """Whether it was the same when it was asked again; what is known is not."""
        return self.again in (None, self.verdict)

    def key(self, files: Files) -> tuple[str, ...]:
        """What findings of one cause have in common; those whose cause nobody looked for, what they
        look like.
        """
        if self.known:
            return self.base, self.known
        if self.finding in files:
            return self.base, "cause", files[self.finding].cause.id
        operations = ",".join(o for o in self.operations if o not in ("constant", "argument"))
        return self.base, self.verdict, self.error or "", operations, "" if self.steady else "flaky"

    @property
    def size(self) -> tuple[bool, int, int, str]:
        """Pinned cases first, since they are minimal; then the shortest."""
        return (
            self.origin != "known" or self.name != self.known,
            self.steps,
            len(self.json),
            self.id,
        )


def base(engine: str) -> str:
    """An engine's name without its release."""
    return engine.partition("@")[0]


def findings(folder: Folder) -> list[Finding]:
    """Every finding of a run. Raises StoreError."""
    columns = ", ".join(file_key(field.name) for field in fields(Finding))
    query = f"SELECT {columns} FROM verdicts JOIN cases USING (number) WHERE finding IS NOT NULL"
    with tables(folder) as connection:
        rows = connection.sql(query).fetchall()
    found = [Finding(*row) for row in rows]
    for finding in found:
        for field in fields(Finding):
            value = getattr(finding, field.name)
            if value is None and "None" not in str(field.type):
                raise StoreError(f"{folder.url}: {finding.finding}: {field.name} is missing")
        if None in finding.operations:
            raise StoreError(f"{folder.url}: {finding.finding}: operations: one has no name")
    return found


Files = Mapping[str, BucketFile]
"""The files of buckets, by the names of their findings."""


def _files(folder: Folder) -> Files:
    return {finding: file for file in bucket_files(folder) for finding in file.findings}


def _grouped(found: Iterable[Finding], files: Files) -> dict[tuple[str, ...], list[Finding]]:
    groups: dict[tuple[str, ...], list[Finding]] = defaultdict(list)
    for finding in sorted(found, key=lambda f: f.size):
        groups[finding.key(files)].append(finding)
    return dict(groups)


Answers = Mapping[tuple[str, str], Collection[str]]


def _answers(folder: Folder, ids: Collection[str]) -> Answers:
    """The verdicts that a run gave on these cases, by engine without release and case. Raises
    StoreError.
    """
    query = (
        "SELECT engine, id, verdict, again FROM verdicts JOIN cases USING (number) WHERE id "
        "IN (SELECT unnest(?))"
    )
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    with tables(folder) as connection:
        for engine, case, verdict, again in connection.execute(query, [list(ids)]).fetchall():
            found[base(engine), case].update({verdict} if again is None else {verdict, again})
    return found


def _right_engines(folder: Folder, numbers: Collection[int]) -> dict[int, tuple[str, ...]]:
    query = (
        "SELECT number, engine FROM verdicts WHERE verdict = 'agree' AND number IN (SELECT "
        "unnest(?)) ORDER BY ALL"
    )
    found: dict[int, tuple[str, ...]] = defaultdict(tuple)
    with tables(folder) as connection:
        for number, engine in connection.execute(query, [list(numbers)]).fetchall():
            found[number] += (engine,)
    return found


def _seen(group: Iterable[Finding], answers: Answers) -> tuple[int, int]:
    """How many of the cases were findings in another run, and how many agreed there."""
    verdicts = [answers.get((f.base, f.id), ()) for f in group]
    failed = sum(
        any(Verdict(v).is_finding for v in found if v != "unavailable") for found in verdicts
    )
    return failed, sum(
        "agree" in found and not any(Verdict(v).is_finding for v in found) for found in verdicts
    )


def _status(
    key: tuple[str, ...],
    group: list[Finding],
    before: Answers | None,
    earlier: Collection[tuple[str, ...]],
) -> str:
    known = group[0].known
    if not known and not any(f.steady for f in group):
        return "flaky"
    if any(f.regressed for f in group):
        return "regressed"
    if before is None:
        return "known" if known else "new"
    failed, agreed = _seen(group, before)
    if failed or (not agreed and key in earlier):
        return "known" if known else "still there"
    # What is known but was right before is news too; what was not asked before is none.
    return "new" if agreed or not known else "known"


def buckets(folder: Folder, previous: Folder | None) -> list[Bucket]:
    """The findings of a run and what became of those of the previous one.

    Raises StoreError, MalformedEntry or MalformedBucket.
    """
    entries = {entry.name: entry for entry in load()}
    files = _files(folder)
    now = _grouped(findings(folder), files)
    then = _files(previous) if previous else {}
    before = _grouped(findings(previous), then) if previous else {}
    answers = (
        _answers(previous, {f.id for group in now.values() for f in group}) if previous else None
    )
    since = _answers(folder, {f.id for group in before.values() for f in group}) if previous else {}
    right = _right_engines(folder, {group[0].number for group in now.values()})
    made = [
        _bucket(
            key, group, _status(key, group, answers, before), entries, right[group[0].number], files
        )
        for key, group in now.items()
    ]
    for key, group in before.items():
        failed, agreed = _seen(group, since)
        if failed or key in now or group[0].again not in (None, group[0].verdict):
            continue
        if agreed:
            made.append(_bucket(key, group, "fixed", entries, (), then))
        elif not group[0].known:
            made.append(_bucket(key, group, "not compared", entries, (), then))
    return made


def _bucket(
    key: tuple[str, ...],
    group: list[Finding],
    status: str,
    entries: Mapping[str, KnownFailure],
    right: tuple[str, ...],
    files: Files,
) -> Bucket:
    first = group[0]
    entry = entries.get(first.known or first.regressed or "")
    operations = tuple(sorted({o for o in first.operations if o not in ("constant", "argument")}))
    of = first.name if first.origin == "seed" and first.name else ", ".join(operations)
    told = (
        f"{first.error}: {(first.message or '').partition(chr(10))[0]}"
        if first.error
        else f"{of}: {first.verdict}"
    )
    gone = status in ("fixed", "not compared")
    made = Bucket(
        id=hashlib.sha256(json.dumps(key).encode()).hexdigest()[:12],
        engine=first.engine,
        name=first.known or f"{of}: {first.verdict}",
        status=status,
        verdict=first.verdict,
        known=first.known,
        summary=entry.summary if entry else told,
        issue=entry.issue if entry else "",
        modes=tuple(sorted({f.mode for f in group}, key=lambda w: (len(w), w))),
        operations=operations,
        count=0 if gone else len(group),
        case=first.json,
        finding="" if gone else first.finding,
        error=first.error or "",
        message=first.message or "",
        printed=first.printed or "",
        stage=first.stage or "",
        got=first.got,
        wanted=first.wanted,
        error_ratio=first.error_ratio,
        right_modes=(),
        right_engines=right,
    )
    file = None if first.known else files.get(first.finding)
    return made if file is None else _triaged(made, file)


def _triaged(bucket: Bucket, file: BucketFile) -> Bucket:
    """The bucket with what triage found out: its smallest case, and what is known of that."""
    return replace(
        bucket,
        name=file.cause.name,
        verdict=file.verdict,
        summary=file.explanation[0] if file.explanation else bucket.summary,
        issue=file.issue,
        operations=tuple(sorted({s.operation for s in file.case.program.steps if s.operands})),
        case=file.case.json,
        error=file.error,
        message=file.message,
        printed=file.printed,
        stage=file.stage,
        got=file.got or None,
        wanted=file.wanted or None,
        error_ratio=None,
        right_modes=file.right_modes,
        right_engines=file.right_engines,
    )


def run_report(folder: Folder, previous: Folder | None = None) -> RunReport:
    """All that a report tells of a run. Raises StoreError or MalformedEntry.

    An engine of which the run is invalid has no buckets: what it seems to do may be the machine's
    fault.
    """
    run: dict[str, Any] = record(folder, "run.json")
    times = tuple(record(folder, name) for _, name in sorted(sessions(folder).items()))
    invalid = invalidities(folder, run, times, previous)
    found = (
        [] if "" in invalid else [b for b in buckets(folder, previous) if b.engine not in invalid]
    )
    order = ("new", "regressed", "flaky", "fixed", "still there", "not compared", "known")
    found.sort(key=lambda b: (order.index(b.status), b.engine, b.name, b.id))
    return RunReport(folder, run, times, previous.url if previous else None, tuple(found), invalid)
