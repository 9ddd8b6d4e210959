"""Group the findings of a run into buckets and compare them with an earlier run.

Each bucket gets a status: new, regressed, changed, flaky, fixed, still there, not compared or
known.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from ad_conformance.conformance.known_failures import KnownFailure, load
from ad_conformance.conformance.severity import Kind, rank_of
from ad_conformance.conformance.standings.standing import Standing, agreeing, news, release_named
from ad_conformance.conformance.verdicts import Verdict
from ad_conformance.generators.ir.file_keys import file_key
from ad_conformance.reports.campaign.store import Folder, StoreError, record, sessions
from ad_conformance.reports.campaign.tables import tables
from ad_conformance.reports.issues.bucket_files import BucketFile, bucket_files
from ad_conformance.reports.nightly.headline import STATUSES
from ad_conformance.reports.nightly.run_report import Bucket, RunReport
from ad_conformance.reports.nightly.validity import invalidities


@dataclass(frozen=True)
class Finding:
    """A finding, with the columns of the tables."""

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
    severity: str | None
    how_wrong: str | None
    stage: str | None
    error: str | None
    message: str | None
    printed: str | None
    got: str | None
    wanted: str | None
    again: str | None
    known: str | None
    regressed: str | None
    standing: str | None
    finding: str

    @property
    def base(self) -> str:
        return base(self.engine)

    @property
    def steady(self) -> bool:
        """Whether the second try had the same verdict; known findings are asked only once."""
        return self.again in (None, self.verdict)

    def key(self, files: Files) -> tuple[str, ...]:
        """Findings with the same key are in one bucket.

        The key is the known failure, or the root cause if triage found it, or else the engine,
        verdict, exception and operations, and whether digits are lost.
        """
        if entry := self.known or self.regressed:
            return self.base, entry
        if self.finding in files:
            return self.base, "cause", files[self.finding].cause.id
        operations = ",".join(o for o in self.operations if o not in ("constant", "argument"))
        key = self.base, self.verdict, self.error or "", operations
        lost = (Kind.DIGITS,) if self.severity == Kind.DIGITS else ()
        return (*key, "" if self.steady else "flaky", *lost)

    @property
    def size(self) -> tuple[bool, int, int, str]:
        """Sort key: pinned cases first, since they are minimal, then the shortest."""
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
    """All findings of a run. Raises StoreError."""
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
"""The bucket file of each finding, by the file name of the finding."""


def _files(folder: Folder) -> Files:
    return {finding: file for file in bucket_files(folder) for finding in file.findings}


def _grouped(found: Iterable[Finding], files: Files) -> dict[tuple[str, ...], list[Finding]]:
    groups: dict[tuple[str, ...], list[Finding]] = defaultdict(list)
    for finding in sorted(found, key=lambda f: f.size):
        groups[finding.key(files)].append(finding)
    return dict(groups)


Answers = Mapping[tuple[str, str], Collection[str]]


def _answers(folder: Folder, ids: Collection[str]) -> Answers:
    """The verdicts of these cases in a run, by engine (without release) and case id.

    Raises StoreError.
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
    if any(f.standing == Standing.CHANGED for f in group):
        return "changed"
    if before is None:
        return "known" if known else "new"
    failed, agreed = _seen(group, before)
    if failed or (not agreed and key in earlier):
        return "known" if known else "still there"
    # A known failure is new if its case was right in the earlier run, but not if it was not asked.
    return "new" if agreed or not known else "known"


def buckets(folder: Folder, previous: Folder | None) -> list[Bucket]:
    """The buckets of a run, the buckets of the earlier run that are fixed or not compared, and the
    known failures that are fixed in the releases of this run.

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
    told = {(base(bucket.engine), bucket.known) for bucket in made}
    made += [b for b in _fixed(folder, entries) if (base(b.engine), b.known) not in told]
    return made


def _fixed(folder: Folder, entries: Mapping[str, KnownFailure]) -> Iterator[Bucket]:
    """Known failures whose pinned cases agree in this run, if their entries do not say so yet."""
    releases = record(folder, "run.json")["engines"]
    query = (
        "SELECT engine, name, word, json FROM verdicts JOIN cases USING (number) "
        "WHERE origin = 'known' AND verdict = 'agree' ORDER BY ALL"
    )
    with tables(folder) as connection:
        rows = connection.sql(query).fetchall()
    for engine, name, mode, case in rows:
        entry, release = entries.get(name), release_named(releases.get(engine) or "")
        if entry is None or base(engine) not in entry.engines:
            continue
        standing = agreeing(entry, release)
        if standing is not Standing.FIXED or not (edit := news(entry, engine, release, standing)):
            continue
        yield Bucket(
            id=_id((base(engine), name)),
            engine=engine,
            name=name,
            status="fixed",
            verdict=str(entry.verdicts[0]),
            known=name,
            summary=f"{entry.summary}. {edit}",
            issue=entry.issue,
            modes=(mode,),
            operations=entry.operations,
            count=0,
            case=case,
            finding="",
            error="",
            message="",
            printed="",
            stage="",
            got=None,
            wanted=None,
            error_ratio=None,
            severity=None,
            how_wrong=None,
            right_modes=(),
            right_engines=(),
        )


def _id(key: tuple[str, ...]) -> str:
    return hashlib.sha256(json.dumps(key).encode()).hexdigest()[:12]


def _bucket(
    key: tuple[str, ...],
    group: list[Finding],
    status: str,
    entries: Mapping[str, KnownFailure],
    right: tuple[str, ...],
    files: Files,
) -> Bucket:
    first = group[0]
    worst = min(group, key=lambda f: rank_of(f.severity))
    entry = entries.get(first.known or first.regressed or "")
    operations = tuple(sorted({o for o in first.operations if o not in ("constant", "argument")}))
    subject = first.name if first.origin == "seed" and first.name else ", ".join(operations)
    summary = f"{subject}: {first.verdict}"
    if entry:
        summary = entry.summary
    elif first.error:
        summary = f"{first.error}: {(first.message or '').partition(chr(10))[0]}"
    gone = status in ("fixed", "not compared")
    made = Bucket(
        id=_id(key),
        engine=first.engine,
        name=first.known or first.regressed or f"{subject}: {first.verdict}",
        status=status,
        verdict=first.verdict,
        known=first.known,
        summary=summary,
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
        severity=worst.severity,
        how_wrong=worst.how_wrong,
        right_modes=(),
        right_engines=right,
    )
    file = None if first.known else files.get(first.finding)
    return made if file is None else _triaged(made, file)


def _triaged(bucket: Bucket, file: BucketFile) -> Bucket:
    """The bucket with the results of triage: the smallest case, and what is known about it."""
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
    """The report about a run. Raises StoreError, MalformedEntry or MalformedBucket.

    An engine for which the run is invalid has no buckets, since its failures may be caused by the
    machine.
    """
    run: dict[str, Any] = record(folder, "run.json")
    times = tuple(record(folder, name) for _, name in sorted(sessions(folder).items()))
    invalid = invalidities(folder, run, times, previous)
    found = (
        [] if "" in invalid else [b for b in buckets(folder, previous) if b.engine not in invalid]
    )
    order = list(STATUSES)
    found.sort(key=lambda b: (order.index(b.status), rank_of(b.severity), b.engine, b.name, b.id))
    return RunReport(folder, run, times, previous.url if previous else None, tuple(found), invalid)
