"""Tables in Markdown, and documents in which each benchmark writes its own section."""

from __future__ import annotations

import platform
import re
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

TITLE = "# Speed of the engines\n"


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with aligned columns; all but the first are aligned to the right."""
    table = [list(header), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = [
            c.ljust(w) if i == 0 else c.rjust(w)
            for i, (c, w) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"

    rule = ["-" * w if i == 0 else "-" * (w - 1) + ":" for i, w in enumerate(widths)]
    return "\n".join([line(table[0]), f"| {' | '.join(rule)} |", *map(line, table[1:])]) + "\n"


def duration(seconds: float) -> str:
    for unit, scale in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= scale:
            return f"{_three(seconds / scale)} {unit}"
    return f"{_three(seconds / 1e-6)} µs"


def ratio(value: float) -> str:
    return f"{_three(value)}x"


def _three(value: float) -> str:
    """Three significant digits, without an exponent."""
    if value < 10:
        return f"{value:.2f}"
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"


def write_section(path: Path, name: str, text: str, title: str = TITLE) -> None:
    """Replace the text between the two marks of a section; make the section or document if new."""
    first, last = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    section = f"{first}\n{text.strip()}\n{last}\n"
    document = path.read_text(encoding="utf-8") if path.exists() else title
    pattern = re.compile(f"{re.escape(first)}.*?{re.escape(last)}\n", re.DOTALL)
    if pattern.search(document):
        document = pattern.sub(lambda _: section, document)
    else:
        document = f"{document.rstrip()}\n\n{section}"
    path.write_text(document, encoding="utf-8")


def versions(names: Sequence[str]) -> str:
    """Python and the installed releases of these distributions, in one line."""
    found = [f"Python {platform.python_version()}"]
    for name in names:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    return ", ".join(found)
