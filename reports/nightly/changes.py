"""Group the findings of a run into buckets and compare them with an earlier run.

Each bucket gets a status: new, regressed, changed, flaky, fixed, still there, not compared or
known.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ad_conformance.conformance.known_failures import KnownFailure, load
from ad_conformance.conformance.severity import rank_of
from ad_conformance.conformance.standings.standing import Standing, agreeing, news, release_named
from ad_conformance.conformance.verdicts import Verdict
from ad_conformance.reports.campaign.store import Folder, record, sessions
from ad_conformance.reports.campaign.tables import tables
from ad_conformance.reports.issues.bucket_files import BucketFile, doubt
from ad_conformance.reports.nightly.counts import compared
from ad_conformance.reports.nightly.findings import (
    Answers,
    Engines,
    Files,
    Finding,
    answers_to,
    base,
    compared_engines,
    files_of,
    findings,
    grouped,
)
from ad_conformance.reports.nightly.headline import STATUSES
from ad_conformance.reports.nightly.run_report import Bucket, RunReport
from ad_conformance.reports.nightly.validity import invalidities


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


def buckets(folder: Folder, previous: Folder | None, void: Collection[str] = ()) -> list[Bucket]:
    """The buckets of a run, the buckets of the earlier run that are fixed or not compared, and the
    known failures that are fixed in the releases of this run.

    `void` are engines whose answers in this run count for nothing; "" stands for all engines.
    Raises StoreError, MalformedEntry or MalformedBucket.
    """
    entries = {entry.name: entry for entry in load()}
    files = files_of(folder)
    no_evidence = {base(engine) for engine in void}
    met = [f for f in findings(folder) if not no_evidence & {"", f.base}]
    now = grouped(met, files)
    then = files_of(previous) if previous else {}
    before = grouped(findings(previous), then) if previous else {}
    answers = (
        answers_to(previous, {f.id for group in now.values() for f in group}) if previous else None
    )
    since = (
        answers_to(folder, {f.id for group in before.values() for f in group}) if previous else {}
    )
    since = {key: verdicts for key, verdicts in since.items() if not no_evidence & {"", key[0]}}
    asked = compared_engines(folder, {group[0].number for group in now.values()})
    made = [
        _bucket(key, group, _status(key, group, answers, before), entries, files, asked)
        for key, group in now.items()
    ]
    for key, group in before.items():
        failed, agreed = _seen(group, since)
        if failed or key in now:
            continue
        if not agreed:
            made.append(_bucket(key, group, "not compared", entries, then))
        elif group[0].steady:
            made.append(_bucket(key, group, "fixed", entries, then))
    told = {(base(bucket.engine), bucket.known) for bucket in made}
    made += [
        b
        for b in _fixed(folder, entries)
        if (base(b.engine), b.known) not in told and not no_evidence & {"", base(b.engine)}
    ]
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
            wrong_modes=(),
            right_engines=(),
            wrong_engines=(),
            rewritten=(),
            suspect="",
        )


def _id(key: tuple[str, ...]) -> str:
    return hashlib.sha256(json.dumps(key).encode()).hexdigest()[:12]


def _bucket(
    key: tuple[str, ...],
    group: list[Finding],
    status: str,
    entries: Mapping[str, KnownFailure],
    files: Files,
    asked: Engines | None = None,
) -> Bucket:
    """A bucket; `asked` are the engines that were asked its cases, too, and right or wrong."""
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
    engines = asked[first.number] if asked else {True: (), False: ()}
    failing = tuple(engine for engine in engines[False] if engine != first.engine)
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
        wrong_modes=(),
        right_engines=engines[True],
        wrong_engines=failing,
        rewritten=(),
        # A person has looked at the case of a known failure.
        suspect="" if entry or engines[True] else doubt(first.engine, failing),
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
        wrong_modes=file.wrong_modes,
        right_engines=file.right_engines,
        wrong_engines=file.wrong_engines,
        rewritten=file.rewritten,
        suspect=file.suspect,
    )


def run_report(folder: Folder, previous: Folder | None = None) -> RunReport:
    """The report about a run. Raises StoreError, MalformedEntry or MalformedBucket.

    The answers of an engine for which the run is invalid count for nothing, since its failures may
    be caused by the machine: its buckets in the earlier run are not compared.
    """
    run: dict[str, Any] = record(folder, "run.json")
    times = tuple(record(folder, name) for _, name in sorted(sessions(folder).items()))
    invalid = invalidities(folder, run, times, previous)
    found = buckets(folder, previous, invalid)
    with tables(folder) as connection:
        counted = compared(connection)
    order = list(STATUSES)
    found.sort(key=lambda b: (order.index(b.status), rank_of(b.severity), b.engine, b.name, b.id))
    return RunReport(
        folder,
        run,
        times,
        previous.url if previous else None,
        tuple(found),
        invalid,
        {engine: counted.get(engine, 0) for engine in run["engines"]},
    )
