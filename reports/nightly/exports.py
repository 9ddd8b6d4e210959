"""A report for machines and chats: JSON, JUnit XML, and a summary in Markdown."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import asdict
from typing import Any
from xml.etree import ElementTree as Xml

from ad_conformance.generators.ir.file_keys import file_key
from ad_conformance.reports.campaign.tables import tables
from ad_conformance.reports.nightly.counts import Tally, tally, verdicts
from ad_conformance.reports.nightly.headline import (
    STATES,
    STATUSES,
    behind,
    few,
    headline,
    meaning,
    state,
)
from ad_conformance.reports.nightly.run_report import Bucket, RunReport
from ad_conformance.reports.nightly.validity import FEWEST

#: Statuses that make a run fail.
BROKEN = ("new", "regressed")
#: Characters that XML 1.0 cannot hold.
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def broken(report: RunReport) -> list[Bucket]:
    """The buckets that make a run fail: new or regressed, and not covered by a known failure."""
    return [bucket for bucket in report.buckets if bucket.status in BROKEN and not bucket.known]


def _matrix(report: RunReport) -> dict[tuple[str, str], Tally]:
    """Tallies by engine and mode. Raises StoreError."""
    counts = defaultdict(list)
    with tables(report.folder) as connection:
        for count in verdicts(connection):
            counts[count.engine, count.mode].append(count)
    return {key: tally(found) for key, found in counts.items()}


def as_json(report: RunReport) -> str:
    """The report as JSON: everything except the figures of the page. Raises StoreError."""
    matrix = [
        {"engine": engine, "word": mode, **asdict(found)}
        for (engine, mode), found in _matrix(report).items()
    ]
    document: dict[str, Any] = {
        "format": 1,
        "headline": headline(report),
        "state": state(report),
        "run": {key: value for key, value in report.run.items() if key != "named"},
        "sessions": report.sessions,
        "previous": report.previous,
        "invalid": report.invalid,
        "compared": report.compared,
        "matrix": matrix,
        "buckets": [
            {file_key(name): value for name, value in asdict(bucket).items()}
            for bucket in report.buckets
        ],
    }
    return json.dumps(document, indent=1) + "\n"


def as_junit(report: RunReport) -> str:
    """The report as JUnit XML: a suite per engine, with a test case per mode and per bucket.

    A bucket that makes the run fail is a failure, a reason for an invalid run is an error, other
    buckets are skipped. Raises StoreError.
    """
    root = Xml.Element("testsuites", name="ad-conformance")
    matrix = _matrix(report)
    for engine in [
        *report.run["engines"],
        *(name for name in report.invalid if name not in report.run["engines"]),
    ]:
        suite = Xml.SubElement(root, "testsuite", name=engine or "the run")
        for (asked, mode), found in matrix.items():
            if asked == engine:
                name = (
                    f"{mode}: {found.right} correct, {found.known} known, {found.unsupported} "
                    f"unsupported"
                )
                Xml.SubElement(suite, "testcase", classname=engine, name=_text(name))
        for reason in report.invalid.get(engine, ()):
            case = Xml.SubElement(suite, "testcase", classname=engine or "the run", name="valid")
            Xml.SubElement(case, "error", message=_text(reason))
        if engine in few(report):
            case = Xml.SubElement(suite, "testcase", classname=engine, name="enough cases")
            thin = f"only {report.compared[engine]} cases were compared, fewer than {FEWEST}"
            Xml.SubElement(case, "error", message=_text(thin))
        for bucket in report.buckets:
            if bucket.engine == engine:
                _junit_case(suite, bucket, failed=bucket in broken(report))
        cases = suite.findall("testcase")
        for kind, tag in (
            ("tests", None),
            ("failures", "failure"),
            ("errors", "error"),
            ("skipped", "skipped"),
        ):
            suite.set(kind, str(sum(tag is None or case.find(tag) is not None for case in cases)))
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _junit_case(suite: Xml.Element, bucket: Bucket, *, failed: bool) -> None:
    case = Xml.SubElement(
        suite, "testcase", classname=bucket.engine, name=_text(f"{bucket.name} [{bucket.id}]")
    )
    if failed:
        failure = Xml.SubElement(
            case, "failure", type=bucket.verdict, message=_text(bucket.summary)
        )
        parts = (
            bucket.message,
            bucket.printed,
            f"got: {bucket.got}",
            f"expected: {bucket.wanted}",
            bucket.case,
        )
        failure.text = _text("\n".join(part for part in parts if part))
    elif bucket.status != "fixed":
        reason = f"{bucket.status}: {bucket.summary} {bucket.issue}".strip()
        Xml.SubElement(case, "skipped", message=_text(reason))


def _text(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def as_markdown(report: RunReport) -> str:
    """A summary for a chat: the headline, what changed, and a table of engines.

    Raises StoreError.
    """
    word = STATES[state(report)][1]
    lines = [f"**{word}: {_plain(headline(report))}**", "", f"{_plain(behind(report))}.", ""]
    for status, (mark, _) in STATUSES.items():
        found = [bucket for bucket in report.buckets if bucket.status == status]
        if status == "known":
            if found:
                lines += [f"{mark} {len(found)} known failures occurred.", ""]
            continue
        if not found:
            continue
        lines += [
            f"### {mark} {status.capitalize()}",
            f"{meaning(status, report).capitalize()}.",
            "",
        ]
        for bucket in found:
            modes = ", ".join(bucket.modes)
            line = f"- `{_code(bucket.engine)}` {modes}: {_plain(bucket.summary)}"
            line += f" [{_plain(bucket.how_wrong)}]" if bucket.how_wrong else ""
            line += f" (suspect: {_plain(bucket.suspect)})" if bucket.suspect else ""
            line += f" ({_plain(bucket.issue)})" if bucket.issue else ""
            if bucket.finding:
                line += f"; `ad-conformance replay {_code(report.case_and_engine(bucket))}`"
            lines.append(line)
        lines.append("")
    lines += [
        "| engine | release | cases | correct | known | new | flaky | unsupported | no reference |"
    ]
    lines += ["| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"]
    counts = defaultdict(list)
    with tables(report.folder) as connection:
        for count in verdicts(connection):
            counts[count.engine].append(count)
    for engine, release in report.run["engines"].items():
        t = tally(counts[engine])
        cells = (t.asked, t.right, t.known, t.not_known, t.flaky, t.unsupported, t.no_truth)
        note = " (invalid)" if engine in report.invalid or "" in report.invalid else ""
        lines.append(
            f"| {_plain(engine)}{note} | {_plain(release)} | {' | '.join(map(str, cells))} |"
        )
    for engine, reasons in report.invalid.items():
        lines += ["", f"Invalid: {_plain(engine or 'the run')}: {_plain('; '.join(reasons))}"]
    seed, begun = report.run["seed"], report.run["begun"]
    lines += ["", f"Seed {seed}, modes {', '.join(report.run['words'])}, started {begun}."]
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """The text as one line of Markdown, with special characters escaped."""
    line = " ".join(text.split())[:300]
    return (
        re.sub(r"([\\`*_{}\[\]<>#|~@])", r"\\\1", line) if not line.startswith("https://") else line
    )


def _code(text: str) -> str:
    return text.replace("`", "'")
