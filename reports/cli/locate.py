"""Commands that find where a failure begins: in which step of the program, in which release."""

from __future__ import annotations

from typing import Annotated

import typer
from ad_conformance.conformance.suite.failure_report import keep
from ad_conformance.conformance.triage.locate import explain as explained
from ad_conformance.conformance.triage.releases.bisect import find_boundary
from ad_conformance.conformance.triage.releases.search import NoBoundary, Observation
from ad_conformance.engines.process.releases import NoReleases
from ad_conformance.engines.registry import UnknownEngine
from ad_conformance.reports.cli.shared import (
    CasePath,
    EngineName,
    Python,
    app,
    case_at,
    engine_named,
    finding_of,
    refuse,
)


@app.command()
def explain(
    case: CasePath,
    engine: EngineName,
    python: Python = "",
    seconds: Annotated[
        float, typer.Option(min=0.0, help="time limit; then the result so far is printed")
    ] = 120.0,
) -> None:
    """Find the step of a failing case at which the wrong value first appears.

    The smallest case that shows it is kept in findings/. Exit status 1 if the case does not fail.
    """
    with finding_of(case_at(case), engine_named(engine, python)) as (finding, sandbox):
        found = explained(finding, sandbox, seconds=seconds)
        print("\n".join(found.lines))
        print(f"the smallest case that shows it: {keep(found.evidence)}")


@app.command()
def bisect(
    case: CasePath,
    engine: EngineName,
    good: Annotated[
        str | None,
        typer.Option(help="a release that gets the case right; default: the oldest that answers"),
    ] = None,
    bad: Annotated[
        str | None,
        typer.Option(help="a release that fails; default: the installed one, or else the newest"),
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, help="how often each release is asked")] = 3,
    most: Annotated[int, typer.Option(min=2, help="how many releases are asked at most")] = 32,
    pre: Annotated[bool, typer.Option("--pre", help="include pre-releases")] = False,
    python: Python = "",
) -> None:
    """Find the release of the engine in which a finding began or was fixed.

    --engine names an engine without a release. The releases between a good and a bad one are
    bisected: about log2 of their number is asked.
    With --python, these are the releases for that interpreter, and the installed one is the one
    installed there. If that is no release but a development build, it is asked where it is.
    """
    asked = case_at(case)

    def tell(release: str, answer: Observation) -> None:
        print(f"{engine} {release}: {answer.line}", flush=True)

    try:
        found = find_boundary(
            asked,
            engine,
            good=good,
            bad=bad,
            repeats=repeats,
            most=most,
            prereleases=pre,
            python=python,
            report=tell,
        )
    except UnknownEngine as error:
        refuse(str(error))
    except NoReleases as error:
        refuse(f"engine {engine!r}: {error}")
    except NoBoundary as error:
        refuse(f"{engine}: {error}")
    print(found.line)
    print(
        f"asked {found.asked} releases {repeats} times each, the ends included, of "
        f"{found.boundary.width - 1} between the ends (log2 {found.steps:.1f}); new environments: "
        f"{found.installs}"
    )
