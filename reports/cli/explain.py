"""The command that finds the step of a program that is wrong."""

from __future__ import annotations

from typing import Annotated

import typer
from ad_conformance.conformance.suite.failure_report import keep
from ad_conformance.conformance.triage.locate import explain as explained
from ad_conformance.reports.cli.shared import (
    CasePath,
    EngineName,
    Python,
    app,
    case_at,
    engine_named,
    finding_of,
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
