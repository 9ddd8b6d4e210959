"""The command that tells which step of a program a wrong value enters at."""

from __future__ import annotations

from typing import Annotated

import typer

from conformance.explaining import explain as explained
from conformance.failures import keep
from conformance.reducing import judged
from engines.sandbox import EngineUnavailable, Sandbox
from reports.commands import CasePath, EngineName, app, case_at, engine_named, refuse


@app.command()
def explain(
    case: CasePath,
    engine: EngineName = "inhouse",
    seconds: Annotated[float, typer.Option(min=0.0, help="after so long what is known until then will do")] = 120.0,
) -> None:
    """Say which step of a case that fails is at fault, and keep the smallest question that shows it in findings/. Exit
    status 1 where the case does not fail.
    """
    asked, adapter = case_at(case), engine_named(engine)
    try:
        with Sandbox(adapter) as sandbox:
            finding = judged(asked, sandbox)
            if not finding.is_finding:
                print(f"{adapter.name} {asked.word}: {finding.verdict}, which is no finding")
                raise typer.Exit(1)
            found = explained(finding, sandbox, seconds=seconds)
        print("\n".join(found.lines))
        print(f"the question that shows it: {keep(found.evidence)}")
    except EngineUnavailable as error:
        refuse(f"engine {error}")
    except OSError as error:
        refuse(f"findings/: {error.strerror}")
