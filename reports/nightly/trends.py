"""Trends over the runs in one folder: new findings, right answers and seconds, by engine."""

from __future__ import annotations

import datetime
from contextlib import suppress
from dataclasses import dataclass

from ad_conformance.conformance.verdicts import Verdict
from ad_conformance.reports.campaign.store import Folder, StoreError, record
from ad_conformance.reports.campaign.tables import tables


@dataclass(frozen=True)
class Point:
    """One engine in one stored run."""

    run: str  # name of its folder
    begun: datetime.datetime
    engine: str
    release: str
    answers: int
    not_known: int  # findings that no known failure covers
    share: float | None  # of right answers among the judged generated cases
    seconds: float | None  # median of compiling and running a generated case


def stored(folder: Folder) -> list[Folder]:
    """The runs in the parent folder that started no later than this one, the oldest first.

    This run is among them. Raises StoreError.
    """
    parent, _, _ = (folder.path if folder.local else folder.url.rstrip("/")).rpartition("/")
    latest = _begun(folder)
    found = []
    for name in Folder(parent or "/").names(""):
        beside = Folder(f"{parent}/{name}")
        try:
            begun = _begun(beside)
        except StoreError:
            continue
        if begun <= latest:
            found.append((begun, name, beside))
    return [beside for _, _, beside in sorted(found, key=lambda item: item[:2])]


def _begun(folder: Folder) -> datetime.datetime:
    found = datetime.datetime.fromisoformat(record(folder, "run.json")["begun"])
    return found if found.tzinfo else found.replace(tzinfo=datetime.UTC)


def trend(folder: Folder) -> tuple[Point, ...]:
    """Points of each stored run, the oldest first. Raises StoreError.

    A run whose tables cannot be read is left out.
    """
    found: list[Point] = []
    for run in stored(folder):
        # A damaged old run must not prevent the report about a new one.
        with suppress(StoreError):
            found += _points(run)
    return tuple(found)


def _points(folder: Folder) -> list[Point]:
    query = f"""
        WITH seconds AS (
            SELECT number, engine, sum(seconds::DOUBLE) AS seconds FROM timings
            WHERE phase IN ('compile', 'run') AND number >= 0 GROUP BY ALL
        ), cost AS (SELECT engine, median(seconds) AS seconds FROM seconds GROUP BY engine)
        SELECT engine, count(*),
            count(*) FILTER (finding IS NOT NULL AND known IS NULL AND again = verdict),
            count(*) FILTER (number >= 0 AND verdict = '{Verdict.AGREE}')
                / nullif(count(*) FILTER (
                    number >= 0 AND (verdict = '{Verdict.AGREE}' OR finding IS NOT NULL)
                ), 0),
            any_value(cost.seconds)
        FROM verdicts LEFT JOIN cost USING (engine) GROUP BY engine ORDER BY engine
    """
    begun, name = _begun(folder), folder.path.rpartition("/")[2]
    releases = record(folder, "run.json")["engines"]
    with tables(folder) as connection:
        rows = connection.sql(query).fetchall()
    return [
        Point(name, begun, engine, str(releases.get(engine, "")), *row) for engine, *row in rows
    ]
