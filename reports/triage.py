"""Commands that turn a case that fails into a report that somebody can act on."""

from __future__ import annotations

from typing import Annotated

import typer

from conformance.failures import keep
from conformance.reducing import judged, reduced
from conformance.standalone import standalone
from engines.sandbox import EngineUnavailable, Sandbox
from generators.dialects import Unspeakable
from reports.commands import CasePath, EngineName, app, case_at, engine_named, refuse


@app.command()
def reduce(
    case: CasePath,
    engine: EngineName = "inhouse",
    seconds: Annotated[float, typer.Option(min=0.0, help="after so long the smallest case until then will do")] = 120.0,
) -> None:
    """Make a case that fails smaller, with the same kind of failure, and keep it in findings/. Exit status 1 where it
    does not fail.
    """
    asked, adapter = case_at(case), engine_named(engine)
    try:
        with Sandbox(adapter) as sandbox:
            finding = judged(asked, sandbox)
            if not finding.is_finding:
                print(f"{adapter.name} {asked.word}: {finding.verdict}, which is no finding")
                raise typer.Exit(1)
            smaller = reduced(finding, sandbox, seconds=seconds)
        print(standalone(smaller.case, adapter, smaller.truth), end="")
        print(f"# {smaller.verdict}; kept as {keep(smaller)}")
    except EngineUnavailable as error:
        refuse(f"engine {error}")
    except Unspeakable as error:
        refuse(f"{engine} has no {error}")
    except OSError as error:
        refuse(f"findings/: {error.strerror}")
