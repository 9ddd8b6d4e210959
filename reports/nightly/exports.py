"""A night for machines and for chats: JSON, JUnit and a summary in Markdown."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import asdict
from typing import Any
from xml.etree import ElementTree as Xml

from ad_conformance.generators.ir.file_keys import file_key
from ad_conformance.reports.campaign.store import tables
from ad_conformance.reports.nightly.counts import Tally, tally, verdicts
from ad_conformance.reports.nightly.headline import STATUSES, headline, meaning, state
from ad_conformance.reports.nightly.run_report import Bucket, Night

#: Statuses that make a run fail.
BROKEN = ("new", "regressed")
#: Characters that XML 1.0 does not have.
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def broken(night: Night) -> list[Bucket]:
    """The buckets that make a run fail: new ones that no known failure covers."""
    return [bucket for bucket in night.buckets if bucket.status in BROKEN and not bucket.known]


def _matrix(night: Night) -> dict[tuple[str, str], Tally]:
    """Tallies by engine and mode word. Raises StoreError."""
    counts = defaultdict(list)
    with tables(night.folder) as connection:
        for count in verdicts(connection):
            counts[count.engine, count.mode].append(count)
    return {key: tally(found) for key, found in counts.items()}


def as_json(night: Night) -> str:
    """Everything but the page's figures. Raises StoreError."""
    matrix = [
        {"engine": engine, "word": mode, **asdict(found)}
        for (engine, mode), found in _matrix(night).items()
    ]
    document: dict[str, Any] = {
        "format": 1,
        "headline": headline(night),
        "state": state(night),
        "run": {key: value for key, value in night.run.items() if key != "named"},
        "sessions": night.sessions,
        "previous": night.previous,
        "invalid": night.invalid,
        "matrix": matrix,
        "buckets": [
            {file_key(name): value for name, value in asdict(bucket).items()}
            for bucket in night.buckets
        ],
    }
    return json.dumps(document, indent=1) + "\n"


def as_junit(night: Night) -> str:
    """A suite per engine: a case per mode word and per bucket; what breaks a run is a failure,
    invalid: an error.

    Raises StoreError.
    """
    root = Xml.Element("testsuites", name="ad-conformance")
    matrix = _matrix(night)
    for engine in [
        *night.run["engines"],
        *(name for name in night.invalid if name not in night.run["engines"]),
    ]:
        suite = Xml.SubElement(root, "testsuite", name=engine or "the run")
        for (asked, mode), found in matrix.items():
            if asked == engine:
                name = (
                    f"{mode}: {found.right} right, {found.known} known, {found.unsupported} "
                    f"unsupported"
                )
                Xml.SubElement(suite, "testcase", classname=engine, name=_text(name))
        for reason in night.invalid.get(engine, ()):
            case = Xml.SubElement(suite, "testcase", classname=engine or "the run", name="valid")
            Xml.SubElement(case, "error", message=_text(reason))
        for bucket in night.buckets:
            if bucket.engine == engine:
                _junit_case(suite, bucket, failed=bucket in broken(night))
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
        told = f"{bucket.status}: {bucket.summary} {bucket.issue}".strip()
        Xml.SubElement(case, "skipped", message=_text(told))


def _text(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def as_markdown(night: Night) -> str:
    """What a nightly run posts: the sentence, what changed, and the table of engines. Raises
    StoreError.
    """
    lines = [f"**{_plain(headline(night))}**", ""]
    for status, (mark, _) in STATUSES.items():
        found = [bucket for bucket in night.buckets if bucket.status == status]
        if status == "known":
            if found:
                lines += [f"{mark} {len(found)} known failures were met.", ""]
            continue
        if not found:
            continue
        lines += [
            f"### {mark} {status.capitalize()}",
            f"{meaning(status, night).capitalize()}.",
            "",
        ]
        for bucket in found:
            modes = ", ".join(bucket.modes)
            told = f"- `{_code(bucket.engine)}` {modes}: {_plain(bucket.summary)}"
            told += f" ({_plain(bucket.issue)})" if bucket.issue else ""
            if bucket.finding:
                told += f"; `ad-conformance replay {_code(night.told(bucket))}`"
            lines.append(told)
        lines.append("")
    lines += [
        "| engine | release | cases | right | known | not known | flaky | unsupported | no truth |"
    ]
    lines += ["| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"]
    counts = defaultdict(list)
    with tables(night.folder) as connection:
        for count in verdicts(connection):
            counts[count.engine].append(count)
    for engine, release in night.run["engines"].items():
        t = tally(counts[engine])
        cells = (t.asked, t.right, t.known, t.not_known, t.flaky, t.unsupported, t.no_truth)
        told = " (invalid)" if engine in night.invalid or "" in night.invalid else ""
        lines.append(
            f"| {_plain(engine)}{told} | {_plain(release)} | {' | '.join(map(str, cells))} |"
        )
    for engine, reasons in night.invalid.items():
        lines += ["", f"Invalid: {_plain(engine or 'the run')}: {_plain('; '.join(reasons))}"]
    seed, begun = night.run["seed"], night.run["begun"]
    lines += ["", f"Seed {seed}, modes {', '.join(night.run['words'])}, begun {begun}."]
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """One line of Markdown that means just the text, whatever an engine wrote."""
    line = " ".join(text.split())[:300]
    return (
        re.sub(r"([\\`*_{}\[\]<>#|~@])", r"\\\1", line) if not line.startswith("https://") else line
    )


def _code(text: str) -> str:
    return text.replace("`", "'")
