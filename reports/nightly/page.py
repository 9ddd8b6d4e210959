"""The page about one run: a single HTML file that loads nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shlex
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ad_conformance.conformance.pool import EnginePool, truth_of
from ad_conformance.conformance.standalone_script import standalone
from ad_conformance.engines import registry
from ad_conformance.generators.ir.case_io import parse_case
from ad_conformance.generators.ir.program import MalformedCase
from ad_conformance.generators.render.dialect import UnsupportedOperation
from ad_conformance.reports.campaign.tables import tables
from ad_conformance.reports.nightly import counts, figures
from ad_conformance.reports.nightly.headline import (
    STATES,
    STATUSES,
    behind,
    headline,
    meaning,
    state,
)
from ad_conformance.reports.nightly.legend import LEGEND
from ad_conformance.reports.nightly.run_report import Bucket, RunReport
from ad_conformance.reports.nightly.template_filters import FILTERS, seconds
from ad_conformance.reports.nightly.trends import Point, trend
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

_SOURCES = Path(__file__).parent / "templates"
#: The style of the page.
STYLE = _SOURCES / "page.css"
#: The page has at most a megabyte. So the first buckets, the most important ones, are shown whole:
#: so many, and with so many characters together. Later ones have a line each, up to LISTED.
SCRIPTS, ROOM, LISTED = 300, 450_000, 500
#: Characters of a bucket on the page beside those of its texts.
FRAME = 1600
#: Most characters of an engine's message, and of an array.
LONGEST_MESSAGE, LONGEST_ARRAY = 4000, 1200
#: Most characters of a script, and of a case to download; longer ones have thousands of numbers.
LONGEST_SCRIPT, LONGEST_CASE = 20_000, 8_000


@dataclass(frozen=True)
class Shown:
    """A bucket with what the page shows of it."""

    bucket: Bucket
    anchor: str
    whole: bool  # whether more than a line is shown
    script: str
    no_script: str  # why there is no script
    named: str  # the case and the engine, as arguments of a command
    file: str  # the name of the case that can be downloaded
    data: str  # the case as a data URL, "" if it is too long
    engine: str  # the engine, as an option of a command

    @property
    def size(self) -> int:
        """About how many characters it has on the page."""
        if not self.whole:
            return 0
        texts = (self.bucket.message, self.bucket.printed, self.bucket.got, self.bucket.wanted)
        shown = sum(len(text[:LONGEST_MESSAGE]) for text in texts if text)
        return FRAME + shown + len(self.script) + len(self.data)


@dataclass(frozen=True)
class Group:
    """The buckets of one status."""

    status: str
    mark: str
    meaning: str
    anchor: str
    shown: tuple[Shown, ...]
    left: int  # buckets that are not listed
    findings: int

    @property
    def count(self) -> int:
        return len(self.shown) + self.left


@dataclass(frozen=True)
class Row:
    """Counts of one engine, by mode and over all modes."""

    engine: str
    cells: tuple[counts.Tally | None, ...]
    total: counts.Tally


def render(report: RunReport, imported: Collection[str] = ()) -> str:
    """The page as HTML; the same run gives the same characters.

    `imported` are engines, as package.module:attribute, that the user has named: their scripts are
    shown, too. Raises StoreError if the tables of the run cannot be read.
    """
    with tables(report.folder) as connection, tables(report.folder, at_work=False) as whole:
        by_mode = counts.verdicts(connection)
        engines = _ordered(report.run["engines"], (c.engine for c in by_mode))
        modes = _ordered(report.run["words"], (c.mode for c in by_mode))
        place = {engine: k for k, engine in enumerate(engines)}
        by_operation = counts.verdicts(connection, "operation")
        by_signature = counts.verdicts(connection, "signature")
        accuracy = sorted(counts.accuracy(connection), key=lambda row: place[row.engine])
        cost = sorted(counts.cost(connection), key=lambda row: place[row.engine])
        values = {
            "origins": counts.origins(connection),
            "phases": counts.phases(whole),
            "kinks": counts.kinks(connection),
            "unsupported": {
                e: [u for u in counts.unsupported(connection) if u.engine == e] for e in engines
            },
        }
    points = trend(report.folder)
    script = (_SOURCES / "page.js").read_text(encoding="utf-8")
    text = (
        environment(_SOURCES)
        .get_template("page.html")
        .render(
            report=report,
            state=state(report),
            mark=STATES[state(report)],
            headline=headline(report),
            behind=behind(report),
            legend=LEGEND,
            longest=LONGEST_MESSAGE,
            longest_array=LONGEST_ARRAY,
            statuses=STATUSES,
            groups=tuple(_groups(report, imported)),
            seconds=sum(float(session["seconds"]) for session in report.sessions),
            engines=engines,
            modes=modes,
            matrix=[_row(engine, modes, by_mode) for engine in engines],
            signatures=_by_subject(by_signature, engines),
            operations=_by_subject(by_operation, engines, findings=True),
            data=_data(engines, modes, by_signature, by_operation),
            accuracy=accuracy,
            accuracy_figure=Markup(
                figures.accuracy(
                    accuracy, "Errors of correct answers by engine; the table below has the values"
                )
            )
            if accuracy
            else "",
            cost=cost,
            cost_figure=Markup(
                figures.cost(cost, "Seconds per case by engine; the table below has the values")
            )
            if cost
            else "",
            points=points,
            trends=_trends(points, engines),
            style=Markup(STYLE.read_text(encoding="utf-8")),
            script=Markup(script),
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
            **values,
        )
    )
    # Text from an engine may have unpaired surrogates, which UTF-8 cannot encode.
    return text.encode("utf-8", "replace").decode("utf-8")


def _ordered(planned: Iterable[str], found: Iterable[str]) -> list[str]:
    """The names of the plan, then further names found in the tables."""
    return list(dict.fromkeys((*planned, *sorted(set(found)))))


def environment(sources: Path) -> Environment:
    """The templates of a folder, with the filters of the page. All text is escaped."""
    environment = Environment(
        loader=FileSystemLoader(sources),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    return environment


# Buckets.


def _groups(report: RunReport, imported: Collection[str]) -> Iterator[Group]:
    scripts, room, listed = SCRIPTS, ROOM, LISTED
    for status, (mark, _) in STATUSES.items():
        buckets = [bucket for bucket in report.buckets if bucket.status == status]
        shown: list[Shown] = []
        for bucket in buckets:
            if scripts > 0 and room > 0:
                shown.append(_whole(report, bucket, imported))
                room -= shown[-1].size
                scripts -= 1
            elif listed > 0:
                named = report.case_and_engine(bucket)
                shown.append(Shown(bucket, _anchor(bucket), False, "", "", named, "", "", ""))
                listed -= 1
        yield Group(
            status,
            mark,
            meaning(status, report),
            status.replace(" ", "-"),
            tuple(shown),
            len(buckets) - len(shown),
            sum(bucket.count for bucket in buckets),
        )


def _whole(report: RunReport, bucket: Bucket, imported: Collection[str]) -> Shown:
    named, anchor = report.case_and_engine(bucket), _anchor(bucket)
    script, why = _script(bucket, report.asked(bucket), imported)
    if len(script) > LONGEST_SCRIPT:
        why = f"it has {len(script)} characters; ad-conformance show {named} writes it"
        script = ""
    file, data = f"{anchor.replace('bucket', 'case', 1)}.json", ""
    if len(bucket.case) <= LONGEST_CASE:
        content = base64.b64encode(f"{bucket.case}\n".encode("utf-8", "replace")).decode()
        data = f"data:application/json;base64,{content}"
    option = f"--engine {shlex.quote(report.asked(bucket))}{report.python}"
    return Shown(bucket, anchor, True, script, why, named, file, data, option)


def _anchor(bucket: Bucket) -> str:
    if re.fullmatch(r"[\w.-]+", bucket.id, re.ASCII):
        return f"bucket-{bucket.id}"
    return f"bucket-{hashlib.sha256(bucket.id.encode('utf-8', 'replace')).hexdigest()[:12]}"


def _script(bucket: Bucket, asked: str, imported: Collection[str]) -> tuple[str, str]:
    """The script, and why there is none. `asked` is how the campaign named the engine."""
    # An engine that is named by its module would be imported: a file alone must not cause that.
    if registry.is_import(asked) and asked not in imported:
        return "", f"{asked} is imported only if ad-conformance report has --engine {asked}"
    if not registry.is_import(asked) and asked.partition("@")[0] not in registry.names():
        return "", f"{asked} is not known here"
    try:
        engine = registry.find(asked)
        case = EnginePool([engine]).asked(parse_case(bucket.case), engine.name)
        return standalone(case, engine, truth_of(case)), ""
    except UnsupportedOperation as error:
        return "", f"the adapter has no {error}"
    except (MalformedCase, registry.UnknownEngine, ValueError) as error:
        return "", str(error)


# The matrix.


def _row(engine: str, modes: list[str], by_mode: tuple[counts.Count, ...]) -> Row:
    own = [c for c in by_mode if c.engine == engine]
    cells = []
    for mode in modes:
        met = [c for c in own if c.mode == mode]
        cells.append(counts.tally(met) if met else None)
    return Row(engine, tuple(cells), counts.tally(own))


def _by_subject(
    counted: tuple[counts.Count, ...], engines: list[str], *, findings: bool = False
) -> list[tuple[str, list[tuple[str, counts.Tally]]]]:
    """Tallies by engine and subject, over all modes.

    With `findings`, only subjects that have findings, the ones with most findings first.
    """
    found = []
    for engine in engines:
        own: dict[str, list[counts.Count]] = {}
        for count in counted:
            if count.engine == engine:
                own.setdefault(count.subject, []).append(count)
        rows = [(subject, counts.tally(of_subject)) for subject, of_subject in own.items()]
        if findings:
            rows = [row for row in rows if row[1].verdicts]
            rows.sort(key=lambda row: (-row[1].not_known, -row[1].flaky, -row[1].known, row[0]))
        found.append((engine, rows))
    return found


def _data(
    engines: list[str],
    modes: list[str],
    by_signature: tuple[counts.Count, ...],
    by_operation: tuple[counts.Count, ...],
) -> Markup:
    """The counts behind the cells, as JSON for a script element.

    Names and kinds are replaced by their index in a list, to keep the page small.
    """
    kinds = sorted(
        {(c.verdict, c.cover) for c in (*by_signature, *by_operation)},
        key=lambda k: counts.kind_order(*k),
    )
    names = sorted({c.subject for c in (*by_signature, *by_operation)})
    name_index, kind_index = ({item: k for k, item in enumerate(items)} for items in (names, kinds))
    cells: dict[str, dict[str, list[int]]] = {}
    for title, counted in (("signature", by_signature), ("operation", by_operation)):
        for c in sorted(counted, key=lambda c: kind_index[c.verdict, c.cover]):
            cell = cells.setdefault(f"{engines.index(c.engine)}-{modes.index(c.mode)}", {})
            cell.setdefault(title, []).extend(
                (name_index[c.subject], kind_index[c.verdict, c.cover], c.count)
            )
    data = {"engines": engines, "modes": modes, "kinds": kinds, "names": names, "cells": cells}
    return embedded(data)


def embedded(data: Any) -> Markup:
    """JSON for a script element, without characters that could end the element or a line."""
    text = json.dumps(data, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


# Trends.


def _trends(points: tuple[Point, ...], engines: list[str]) -> list[tuple[str, str, Markup]]:
    """Title, name and figure of each quantity."""
    if not points:
        return []
    begun = sorted({point.begun for point in points})
    days = "%d %b" if begun[0].date() != begun[-1].date() else "%H:%M"
    dates = begun[0].strftime(days), begun[-1].strftime(days)
    kinds = (
        ("new", "New findings", "not_known", lambda value: f"{value:.0f}", "from 0"),
        ("share", "Share of correct answers", "share", lambda value: f"{value:.1%}", "between"),
        ("time", "Median seconds per case", "seconds", seconds, "factors"),
    )
    drawn = []
    for name, title, field, written, scale in kinds:
        series: dict[str, list[tuple[float, float]]] = {}
        for engine in engines:
            values = [
                (p.begun.timestamp(), getattr(p, field)) for p in points if p.engine == engine
            ]
            if known := [(when, float(value)) for when, value in values if value is not None]:
                series[engine] = known
        if series:
            figure = figures.trend(
                f"trend-{name}",
                f"{title} by engine and date; the table below has the values",
                series,
                dates,
                written,
                scale=scale,
            )
            drawn.append((title, name, Markup(figure)))
    return drawn
