"""The command that lists the operations of the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from ad_conformance.generators.catalogue import CATALOGUE, CORE
from ad_conformance.generators.catalogue.parameters import TYPES, meaning
from ad_conformance.generators.suggestion import did_you_mean
from ad_conformance.reports.cli.shared import app, refuse

#: The lines of a document between which `--markdown` writes.
MARKS = ("<!-- operations: begin -->\n", "<!-- operations: end -->\n")
Row = tuple[str, ...]


@app.command()
def operations(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="names of operations, or parts of names"),
    ] = None,
    markdown: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="write all operations into this document, between its two marks"
        ),
    ] = None,
) -> None:
    """List the operations of the catalogue, their operands and their parameters."""
    if markdown:
        if names:
            refuse("--markdown: it is for all operations; leave out the names")
        _write(markdown)
        return
    chosen = tuple(CATALOGUE)
    if names:
        chosen = tuple(dict.fromkeys(found for part in names for found in _named(part)))
    for table in (operation_rows(chosen), parameter_rows(chosen), type_rows(chosen)):
        if len(table) > 1:
            print("\n".join(_aligned(table)), end="\n\n")


def operation_rows(chosen: Iterable[str]) -> list[Row]:
    """A header, and a row for each operation of these names."""
    header = ("operation", "operands", "parameters", "group", "derived", "meaning")
    rows = [
        (
            row.name,
            ", ".join(row.operand_names),
            ", ".join(f"{name}: {kind}" for name, kind in row.params.items()),
            "core" if row.name in CORE else "extra",
            "yes" if row.definition else "",
            row.meaning,
        )
        for row in map(CATALOGUE.__getitem__, chosen)
    ]
    return [header, *rows]


def parameter_rows(chosen: Iterable[str]) -> list[Row]:
    """A header, and a row for all parameters of these operations with one type and meaning."""
    users: dict[Row, list[str]] = {}
    for operation in chosen:
        for name, kind in CATALOGUE[operation].params.items():
            users.setdefault((name, kind, meaning(operation, name)), []).append(operation)
    rows = [(*key, ", ".join(users[key])) for key in sorted(users)]
    return [("parameter", "type", "meaning", "operations"), *rows]


def type_rows(chosen: Iterable[str]) -> list[Row]:
    """A header, and a row for each type that a parameter of these operations has."""
    used = {kind for operation in chosen for kind in CATALOGUE[operation].params.values()}
    return [("type", "value in JSON"), *((kind, TYPES[kind]) for kind in sorted(used))]


def markdown_tables() -> str:
    """All operations, their parameters, and the types of these, as three tables in Markdown."""
    tables = (
        _tabled(operation_rows(CATALOGUE), code=(0, 1, 2)),
        _tabled(parameter_rows(CATALOGUE), code=(0, 3)),
        _tabled(type_rows(CATALOGUE), code=()),
    )
    return "\n".join(tables)


def _named(part: str) -> list[str]:
    """The operations whose names contain `part`; exit status 2 if there are none."""
    found = [name for name in CATALOGUE if part in name]
    hint = did_you_mean(part, CATALOGUE)
    return found or refuse(f"{part!r} is in no name of an operation{hint}")


def _aligned(table: Sequence[Row]) -> list[str]:
    """The rows with columns of one width, without columns in which no row has anything."""
    kept = [i for i in range(len(table[0])) if any(row[i] for row in table[1:])]
    widths = {i: max(len(row[i]) for row in table) for i in kept}
    return ["  ".join(row[i].ljust(widths[i]) for i in kept).rstrip() for row in table]


def _tabled(table: Sequence[Row], code: Sequence[int]) -> str:
    """The table in Markdown; the cells of the columns `code` are names."""
    lines = [table[0], ("---",) * len(table[0])]
    for row in table[1:]:
        lines.append(
            tuple(
                ", ".join(f"`{name}`" for name in cell.split(", ") if name)
                if i in code
                else _escaped(cell)
                for i, cell in enumerate(row)
            )
        )
    return "\n".join(f"| {' | '.join(row)} |" for row in lines) + "\n"


def _escaped(text: str) -> str:
    """The text without characters that mean something in Markdown, except backquotes."""
    parts = re.split(r"(`[^`]*`)", text)
    parts[::2] = [re.sub(r"([\\*_|<\[\]])", r"\\\1", part) for part in parts[::2]]
    return "".join(parts)


def _write(path: Path) -> None:
    """Replace what is between the marks of a document; exit status 2 if that cannot be done."""
    begin, end = MARKS
    try:
        text = path.read_text(encoding="utf-8")
        if text.count(begin) != 1 or text.count(end) != 1 or text.find(begin) > text.find(end):
            refuse(f"{path}: the lines {begin.strip()} and {end.strip()} are needed, once each")
        before, after = text.partition(begin)[0], text.partition(end)[2]
        path.write_text(f"{before}{begin}{markdown_tables()}{end}{after}", encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        refuse(f"{path}: {getattr(error, 'strerror', None) or error}")
