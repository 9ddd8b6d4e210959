"""Reports on functions as text and as Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ad_conformance.conformance.suite.wording import factor
from ad_conformance.generators.ir.mode import spoken

if TYPE_CHECKING:
    from ad_conformance.conformance.functions.report import Report, Row

HEADINGS = (
    "engine",
    "mode",
    "verdict",
    "digits",
    "value",
    "expected",
    "error / tolerance",
    "entry",
)
#: Most characters of a reason in a table.
LONGEST = 160


def _cells(row: Row) -> tuple[str, ...]:
    got, expected = _entry(row)
    digits = "" if math.isnan(row.digits) else f"{max(0.0, row.digits):.1f}"
    ratio = "" if math.isnan(row.error_ratio) else factor(row.error_ratio)
    return (row.engine, _mode(row), row.verdict, digits, got, expected, ratio, row.entry)


def _mode(row: Row) -> str:
    return f"{row.mode} {row.wrapper}".rstrip()


def _entry(row: Row) -> tuple[str, str]:
    """The worst entry of the answer, and the one that is expected."""
    if row.value is None or row.truth is None or row.worst is None:
        return "", ""
    got, expected = float(row.value[row.worst]), float(row.truth[row.worst])
    return f"{got:.10g}", f"{expected:.10g}"


def _remarks(report: Report) -> Iterable[str]:
    """The lines below the table: what each finding is, and what was not compared."""
    told: dict[tuple[str, str], list[str]] = {}

    def tell(row: Row, text: str) -> None:
        """Modes of one engine with the same text share a line."""
        told.setdefault((row.engine, text), []).append(_mode(row))

    for row in report.rows:
        if row.reason:
            reason = " ".join(row.reason.split())
            tell(row, reason if len(reason) <= LONGEST else f"{reason[:LONGEST]} ...")
    for row in report.findings:
        if row.known is not None:
            entry = row.known.entry
            tell(row, f"{row.known.standing}: {entry.name}, {entry.issue}: {entry.summary}")
        around = report.ways_around(row)
        tell(
            row,
            f"right instead: {around}"
            if around
            else "no other mode or engine of this table is right",
        )
    yield from (f"{engine} {', '.join(modes)}: {text}" for (engine, text), modes in told.items())
    if not report.findings and not report:
        yield "nothing was compared"
    yield from (f"equal values are compared at the point: {line}" for line in report.kinks)
    yield from report.notes


def _head(report: Report) -> list[str]:
    engines = ", ".join(f"{name} {release}".strip() for name, release in report.versions.items())
    inputs = ", ".join(
        f"{leaf.path} {leaf.value.shape}" if leaf.value.ndim else leaf.path
        for leaf in report.arguments.varied
    )
    lines = [f"{report.name} by {inputs}, {report.arguments.dtype}; {engines}"]
    if report.not_imported:
        lines.append(f"not imported: {report.not_imported}")
        asked_itself = any(row.verdict != "unsupported" for row in report.rows)
        lines.append(
            "derivatives are estimated by finite differences"
            if asked_itself
            else "none of these engines can differentiate it, so nothing is estimated"
        )
    else:
        lines.append(f"imported as {report.imported}; derivatives are certified")
    asked = dict.fromkeys((row.about, row.mode) for row in report.rows if row.about)
    by_about: dict[str, list[str]] = {}
    for about, mode in asked:
        by_about.setdefault(about, []).append(mode)
    lines += [f"asked for {about}: {', '.join(modes)}" for about, modes in by_about.items()]
    return lines


def _columns(rows: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The rows without columns that are empty."""
    kept = [i for i in range(len(HEADINGS)) if any(row[i] for row in rows[1:])]
    return [tuple(row[i] for i in kept) for row in rows]


def text(report: Report) -> str:
    """The table in plain text, without the last newline."""
    rows = _columns([HEADINGS, *map(_cells, report.rows)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    table = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([*_head(report), "", *table, *_separated(_remarks(report))])


def _separated(lines: Iterable[str]) -> list[str]:
    found = list(lines)
    return ["", *found] if found else []


def markdown(report: Report) -> str:
    """The table in Markdown, without the last newline."""
    rows = _columns([HEADINGS, *map(_cells, report.rows)])

    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    table = [line(rows[0]), line("---" for _ in rows[0]), *map(line, rows[1:])]
    modes = dict.fromkeys(row.mode for row in report.rows)
    meaning = "; ".join(f"{mode}: {spoken(mode)}" for mode in modes)
    remarks = [f"- {remark}" for remark in _remarks(report)]
    return "\n".join([*_head(report), "", *table, "", f"Modes: {meaning}.", *_separated(remarks)])
