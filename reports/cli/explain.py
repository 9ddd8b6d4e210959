"""The command that tells which step of a program a wrong value enters at."""

from __future__ import annotations

from typing import Annotated

import typer
from ad_conformance.conformance.suite.failure_report import keep
from ad_conformance.conformance.triage.locate import explain as explained
from ad_conformance.reports.cli.shared import (
    CasePath,
    EngineName,
    app,
    case_at,
    engine_named,
    finding_of,
)


@app.command()
def explain(
    case: CasePath,
    engine: EngineName = "inhouse",
    seconds: Annotated[
        float, typer.Option(min=0.0, help="after so long what is known until then will do")
    ] = 120.0,
) -> None:
    """Say which step of a case that fails is at fault, and keep the smallest question that shows it
    in findings/. Exit status 1 where the case does not fail.
    """
    with finding_of(case_at(case), engine_named(engine)) as (finding, sandbox):
        found = explained(finding, sandbox, seconds=seconds)
        print("\n".join(found.lines))
        print(f"the question that shows it: {keep(found.evidence)}")
