"""The command that checks an adapter, and its progress."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterable
from typing import Annotated, TextIO

import typer
from ad_conformance.conformance.adapter_mistakes import Mistake
from ad_conformance.conformance.check_adapter import (
    CHECKED,
    CHECKS,
    Wrong,
    check,
    has_templates,
)
from ad_conformance.conformance.known_failures import MalformedEntry, load
from ad_conformance.conformance.suite.failure_report import FINDINGS
from ad_conformance.engines.contract import Engine
from ad_conformance.engines.process.sandbox import EngineUnavailable
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.suggestion import did_you_mean
from ad_conformance.reports.cli.shared import (
    ENGINE,
    Python,
    app,
    complain,
    engine_named,
    listed,
    refuse,
)

#: Seconds between lines of progress that is not shown on a terminal.
EVERY = 20.0
#: Names that a line of advice quotes, and that a line on items without a result lists.
QUOTED, LISTED = 3, 8


class Progress:
    """Shows which item is checked: a line that is updated on a terminal, else a line now and then.

    `clock` gives seconds.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._clock, self._last = stream, clock, clock()

    def __call__(self, name: str, done: int, count: int, label: str) -> None:
        """Show that an item is checked, after `done` items of `count`."""
        text = f"{name}: {done + 1} of {count}: {label}"
        if self._stream.isatty():
            columns = shutil.get_terminal_size().columns
            print(f"\r\x1b[K{text[: columns - 1]}", end="", file=self._stream, flush=True)
        elif self._clock() - self._last >= EVERY:
            self._last = self._clock()
            print(text, file=self._stream, flush=True)

    def clear(self) -> None:
        """Make room for a line of output."""
        if self._stream.isatty():
            print("\r\x1b[K", end="", file=self._stream, flush=True)


@app.command()
def check_adapter(
    engine: Annotated[str, typer.Argument(metavar="ENGINE", help=ENGINE)],
    checks: Annotated[
        str | None,
        typer.Option(
            "--check",
            metavar="NAMES",
            help=f"only these checks: one or more of {', '.join(CHECKS)}",
        ),
    ] = None,
    operation: Annotated[
        str | None,
        typer.Option(metavar="NAMES", help="only the templates of these operations"),
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(min=0.0, help="time limit of all checks together; default: none"),
    ] = None,
    python: Python = "",
) -> None:
    """Test an adapter itself: its templates, transforms and operators.

    The case and the script of whatever is wrong are written into findings/. Exit status 1 if
    something is wrong, or was not checked within --seconds.
    """
    adapter = engine_named(engine, python)
    chosen, names = _chosen(checks, operation, adapter)
    if reason := adapter.absent():
        refuse(f"{adapter.name}: {reason}")
    print(f"{adapter.name} {adapter.version()}".rstrip())
    found: list[Wrong] = []
    left = 0
    progress = Progress(sys.stderr)
    limit = float("inf") if seconds is None else seconds
    try:
        for done in check(adapter, chosen, names, limit, entries=load(), watch=progress):
            progress.clear()
            print(done.line, flush=True)
            for wrong in done.wrong:
                print(f"  {wrong.label}: {wrong.told}{_saved(wrong, adapter)}")
            if done.absent:
                print(f"  unsupported: {', '.join(done.absent)}")
            if done.known:
                print(f"  known failures: {', '.join(done.known)}")
            for what, items in (("blocked", done.blocked), ("not checked", done.left)):
                if items:
                    more = f" and {len(items) - LISTED} more" if len(items) > LISTED else ""
                    print(f"  {what}: {', '.join(items[:LISTED])}{more}")
            found += done.wrong
            left += len(done.left)
    except MalformedEntry as error:
        refuse(str(error))
    except EngineUnavailable as error:
        progress.clear()
        refuse(f"engine {error}")
    for line in _advice(found):
        print(line)
    if left:
        complain(f"{left} items were not checked within {seconds:g} seconds")
    if found or left:
        raise typer.Exit(1)


def _chosen(
    checks: str | None, operation: str | None, engine: Engine
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The checks and the operations to check; exit status 2 if there are none of that name."""
    names = listed("--operation", operation) if operation is not None else ()
    for name in names:
        if name not in CATALOGUE:
            hint = did_you_mean(name, CATALOGUE)
            refuse(f"--operation: {name!r} is not in the catalogue{hint}")
        if name not in CHECKED:
            refuse(f"--operation: {name} is not checked: only other operations need it")
    every = ("templates",) if names else tuple(CHECKS)
    chosen = listed("--check", checks) if checks is not None else every
    for name in chosen:
        if name not in CHECKS:
            hint = did_you_mean(name, CHECKS)
            refuse(f"--check: {name!r} is not one of {', '.join(CHECKS)}{hint}")
    if names and chosen != ("templates",):
        refuse("--operation: it is for the check of templates only")
    if chosen == ("templates",) and not has_templates(engine):
        refuse(f"{engine.name} has a writer of its own: its templates cannot be checked alone")
    return chosen, names


def _saved(wrong: Wrong, engine: Engine) -> str:
    """Where the script of a wrong item was written, with its case beside it; "" if they cannot be
    written.
    """
    script = FINDINGS / f"{wrong.file}{engine.dialect.language.suffix}"
    try:
        FINDINGS.mkdir(parents=True, exist_ok=True)
        script.write_text(wrong.script, encoding="utf-8")
        (FINDINGS / f"{wrong.file}.json").write_text(f"{wrong.case.json}\n", encoding="utf-8")
    except OSError as error:
        complain(f"{script}: {error.strerror}")
        return ""
    return f" ({script})"


def _advice(found: Iterable[Wrong]) -> list[str]:
    """A line for each kind of mistake that occurred."""
    labels: dict[Mistake, list[str]] = {}
    for wrong in found:
        labels.setdefault(wrong.mistake, []).append(wrong.label)
    lines = ["What to do:"] if labels else []
    for mistake in Mistake:
        if some := labels.get(mistake):
            more = f", {len(some) - QUOTED} more" if len(some) > QUOTED else ""
            lines.append(f"  {mistake} ({', '.join(some[:QUOTED])}{more}): {mistake.advice}.")
    return lines
