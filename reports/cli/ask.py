"""Commands that ask engines a single case."""

from __future__ import annotations

import typer
from ad_conformance.conformance.known_failures import MalformedEntry, load
from ad_conformance.conformance.pool import EnginePool, truth_of
from ad_conformance.conformance.severity import severity_of
from ad_conformance.conformance.standalone_script import standalone
from ad_conformance.conformance.standings.standing import Standings
from ad_conformance.conformance.verdicts import Verdict
from ad_conformance.engines.process.sandbox import EngineUnavailable
from ad_conformance.generators.ir.mode import ANY_MODE
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
    python: Python = "",
) -> None:
    """Ask engines a case again and print the verdict of each. Engines of the default that are not
    installed are left out.

    Exit status 1 if there is a finding, known or new.
    """
    asked = case_at(case)
    chosen = [engine_named(name, python) for name in engines_listed(engine)]
    if engine is None:
        chosen = [adapter for adapter in chosen if adapter.installed()]
    try:
        entries = load()
    except MalformedEntry as error:
        refuse(str(error))
    pool = EnginePool(chosen, every=1)
    standings = Standings(entries, pool.probe)
    truth = truth_of(asked)
    findings = 0
    for adapter in chosen:
        try:
            result = pool.judge(asked, adapter.name)
            match = standings.match(result, adapter)
        except EngineUnavailable as error:
            refuse(f"engine {error}")
        findings += result.is_finding
        line = f"{adapter.name} {adapter.version()} {asked.mode}: {result.verdict}"
        if result.verdict.returned and (found := severity_of(result)):
            line += f", {found.text}"
        if result.verdict is Verdict.WRONG:
            line += f", error {result.error_ratio:.2g} times the tolerance"
        if result.answer.error:
            line += f": {result.answer.error}: {result.answer.message.partition(chr(10))[0]}"
        if match:
            line += f" ({match.standing}: {match.entry.name}, {match.entry.issue})"
        print(line)
        if result.answer.value is not None and truth.expected is not None and result.is_finding:
            print(f"  got      {result.answer.value.tolist()}")
            print(f"  expected {truth.expected.tolist()}")
    pool.close()
    if truth.kind != "certified":
        print(f"no certified derivative: {truth.kind}: {truth.reason}")
    if findings:
        raise typer.Exit(1)
