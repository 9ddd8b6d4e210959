"""The command that asks a release the pinned cases of its known failures."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from ad_conformance.conformance.known_failures import KnownFailure, MalformedEntry, load
from ad_conformance.conformance.standings import editing
from ad_conformance.conformance.standings.library import LookedAt, look_at
from ad_conformance.conformance.standings.standing import Standing, news
from ad_conformance.engines import registry
from ad_conformance.engines.contract import Engine
from ad_conformance.engines.process.releases import NoReleases, released
from ad_conformance.engines.process.sandbox import EngineUnavailable
from ad_conformance.reports import releases_page
from ad_conformance.reports.cli.shared import (
    Engines,
    Python,
    app,
    complain,
    engine_named,
    engines_listed,
    refuse,
)


@app.command()
def known(
    engine: Engines = None,
    releases: Annotated[
        int, typer.Option(min=0, help="ask the last N releases of each engine, not the installed")
    ] = 0,
    write: Annotated[
        bool, typer.Option("--write", help="write what was found into the entries")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="exit status 1 if an entry does not say what was found")
    ] = False,
    python: Python = "",
    page: Annotated[
        Path | None, typer.Option(metavar="FILE.md", help="write the page about all releases")
    ] = None,
) -> None:
    """Ask a release the pinned cases of its known failures: which are fixed, changed or back?

    All engines of the same library are asked, such as torch-autograd with torch. With --page and
    without --engine, no engine is asked. Engines of the default that are not installed are left
    out. Exit status 1 if a failure that was fixed is back.
    """
    entries_or_refuse()
    names = engines_listed(engine) if engine or not page else ()
    if engine is None:
        names = tuple(name for name in names if engine_named(name, python).installed())
    failed = False
    for asked in _asked(names, releases, python):
        failed = _look_at(asked, write=write, strict=strict) or failed
    if page:
        entries = entries_or_refuse()
        try:
            page.write_text("\n".join(releases_page.lines(entries)).rstrip() + "\n", "utf-8")
        except OSError as error:
            refuse(f"{page}: {error.strerror}")
    if failed:
        raise typer.Exit(1)


def entries_or_refuse() -> tuple[KnownFailure, ...]:
    """All entries, as the files are now; exit status 2 for a malformed one."""
    load.cache_clear()
    try:
        return load()
    except MalformedEntry as error:
        refuse(str(error))


def _asked(names: Iterable[str], count: int, python: str) -> list[Engine]:
    """The engines to ask: as named, or the last `count` releases of each, for `python`."""
    found = []
    for name in names:
        # For releases, the interpreter needs nothing installed: it only makes environments.
        adapter = engine_named(name, "" if count else python)
        if not count:
            if reason := adapter.absent():
                refuse(f"{adapter.name}: {reason}")
            found.append(adapter)
            continue
        if "@" in name or not registry.has_releases(adapter):
            refuse(f"--releases: {name}: name an engine that pip installs, without a release")
        try:
            last = released(adapter.distribution, python=python)[-count:]
        except NoReleases as error:
            refuse(str(error))
        found += [engine_named(f"{name}@{release}", python) for release in last]
    return found


def _look_at(engine: Engine, *, write: bool, strict: bool) -> bool:
    """Ask, print, and write if wanted; whether the command fails because of what was found."""
    begun = time.monotonic()
    try:
        looked_at = look_at(engine, entries_or_refuse())
    except EngineUnavailable as error:
        complain(f"engine {error}")
        return True
    told = sorted(looked_at, key=lambda one: list(Standing).index(one.standing or Standing.KNOWN))
    for one in told:
        print(one.line)
    counts = Counter(one.standing for one in looked_at)
    split = counts.pop(None, 0)
    counted = ", ".join(f"{counts[standing]} {standing}" for standing in Standing)
    more = f", {split} that differ between its engines" if split else ""
    print(
        f"{engine.base} {engine.version()}: {counted}{more}, in {time.monotonic() - begun:.0f} s\n"
    )
    quiet = () if strict else (Standing.KNOWN, Standing.NOT_YET)
    behind = [
        line
        for one in looked_at
        for name, standing in one.standings
        if standing not in quiet and (line := news(one.entry, name, one.release, standing))
    ]
    if write:
        _write(looked_at)
    else:
        for line in behind:
            print(line)
    return bool(counts[Standing.REGRESSED]) or (strict and bool(behind) and not write)


def _write(looked_at: list[LookedAt]) -> None:
    try:
        for path, count in editing.write(looked_at).items():
            print(f"{path}: {count} entries edited")
    except OSError as error:
        refuse(f"{error.filename}: {error.strerror}")
    except ValueError as error:
        refuse(str(error))
