"""Commands that ask engines a single case."""

from __future__ import annotations

from typing import Annotated

import typer
from ad_conformance.conformance.known_failures import MalformedEntry, load
from ad_conformance.conformance.pool import EnginePool, truth_of
from ad_conformance.conformance.reference.certify import MAX_ORDER
from ad_conformance.conformance.severity import severity_of
from ad_conformance.conformance.standalone_script import standalone
from ad_conformance.conformance.standings.standing import Match, Standings
from ad_conformance.conformance.suite.wording import short, worst_entry
from ad_conformance.conformance.verdicts import Result, Verdict
from ad_conformance.engines.contract import Engine
from ad_conformance.engines.process.sandbox import EngineUnavailable
from ad_conformance.generators.ir.case_io import parse_case
from ad_conformance.generators.ir.mode import ANY_MODE, is_mode
from ad_conformance.generators.ir.program import Case, MalformedCase
from ad_conformance.generators.render.dialect import UnsupportedOperation
from ad_conformance.reports.cli.shared import (
    CasePath,
    EngineName,
    Engines,
    Python,
    all_engines,
    app,
    case_at,
    complain,
    engine_named,
    engines_listed,
    refuse,
)


@app.command()
def engines(python: Python = "") -> None:
    """List the engines: the installed release of each, and its modes."""
    rows = [("engine", "installed", "modes")]
    loaded, problems = all_engines(python)
    for name, engine in loaded.items():
        version = (engine.version() or "yes") if engine.installed() else "no"
        if version == "no" and engine.device_check and engine.version():
            version = f"no: {engine.absent()}"
        letters = " and ".join(sorted(engine.mode_transforms, reverse=True))
        modes = (
            f"{letters}, freely nested"
            if engine.modes == ANY_MODE
            else f"{letters}, where {engine.modes} matches"
        )
        rows.append((name, version, modes))
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    for row in rows:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )
    for problem in problems:
        complain(problem)
    if problems:
        raise typer.Exit(2)


@app.command()
def show(case: CasePath, engine: EngineName) -> None:
    """Print a case as a script in the language of the engine.

    The script needs only the engine, not ad-conformance.
    """
    asked = case_at(case)
    adapter = engine_named(engine)
    try:
        print(standalone(asked, adapter, truth_of(asked)), end="")
    except UnsupportedOperation as error:
        refuse(f"{engine} has no {error}")


@app.command()
def replay(
    case: CasePath,
    engine: Engines = None,
    modes: Annotated[
        str, typer.Option("--modes", help="modes to ask, with commas; default: that of the case")
    ] = "",
    python: Python = "",
) -> None:
    """Ask engines a case again and print the verdict of each, with its answer.

    Engines of the default that are not installed are left out. Exit status 1 if there is a finding,
    known or new.
    """
    asked = _in_modes(case_at(case), modes)
    chosen = [engine_named(name, python) for name in engines_listed(engine)]
    if engine is None:
        chosen = [adapter for adapter in chosen if adapter.installed()]
    try:
        entries = load()
    except MalformedEntry as error:
        refuse(str(error))
    pool = EnginePool(chosen, every=1)
    standings = Standings(entries, pool.probe)
    findings = 0
    for one in asked:
        for adapter in chosen:
            try:
                result = pool.judge(one, adapter.name)
                match = standings.match(result, adapter)
            except EngineUnavailable as error:
                refuse(f"engine {error}")
            findings += result.is_finding
            _print(result, match, adapter)
        truth = truth_of(one)
        if truth.kind != "certified":
            print(f"no certified derivative of mode {one.mode}: {truth.kind}: {truth.reason}")
    pool.close()
    if findings:
        raise typer.Exit(1)


def _in_modes(case: Case, modes: str) -> list[Case]:
    """The case in each mode; exit status 2 if one does not fit the case."""
    found = []
    for mode in modes.split(",") if modes else [case.mode]:
        if not is_mode(mode) or len(mode) > MAX_ORDER:
            refuse(
                f"--modes: {mode!r}: give 1 to {MAX_ORDER} letters, R for reverse and F for "
                f"forward mode"
            )
        if case.wrt and len(mode) != case.order:
            refuse(f"--modes: {mode}: wrt of the case has {case.order} digits")
        try:
            found.append(parse_case(case.with_mode(mode).json))
        except MalformedCase as error:
            refuse(f"--modes: {mode}: {error}")
    return found


def _print(result: Result, match: Match | None, adapter: Engine) -> None:
    """The verdict in one line, and the answer beside the certified derivative."""
    found, truth = result.answer, result.truth
    line = f"{adapter.name} {adapter.version()} {result.case.mode}: {result.verdict}"
    if result.verdict.returned and (severity := severity_of(result)):
        line += f", {severity.text}"
    if result.verdict is Verdict.WRONG:
        line += f", error {result.error_ratio:.2g} times the tolerance"
    if found.error:
        line += f": {found.error}: {found.message.partition(chr(10))[0]}"
    elif result.verdict is Verdict.UNSUPPORTED:
        line += f": {found.message.partition(chr(10))[0]}"
    elif result.verdict is Verdict.AGREE and found.value is not None:
        worst, digits = worst_entry(found.value, truth)
        line += f", {digits:.1f} digits" if worst is not None else ""
    if match:
        line += f" ({match.standing}: {match.entry.name}, {match.entry.issue})"
    print(line)
    if found.value is not None and truth.expected is not None:
        print(f"  got      {short(found.value)}")
        print(f"  expected {short(truth.expected)}")
