"""The command that says in which release a finding began, or was fixed."""

from __future__ import annotations

from typing import Annotated

import typer
from ad_conformance.conformance.triage.bisection import NoBoundary, Observation
from ad_conformance.conformance.triage.release_bisection import find_boundary
from ad_conformance.engines.process.releases import NoReleases
from ad_conformance.engines.registry import UnknownEngine
from ad_conformance.reports.cli.shared import CasePath, app, case_at, refuse


@app.command()
def bisect(
    case: CasePath,
    engine: Annotated[
        str, typer.Option(help="a name, or package.module:attribute, without a release")
    ],
    good: Annotated[str | None, typer.Option(help="a release that gets the case right")] = None,
    bad: Annotated[str | None, typer.Option(help="a release that does not")] = None,
    repeats: Annotated[int, typer.Option(min=1, help="times that each release is asked")] = 3,
    most: Annotated[int, typer.Option(min=2, help="releases that are asked at most")] = 32,
    pre: Annotated[bool, typer.Option("--pre", help="pre-releases too")] = False,
) -> None:
    """Say in which release of the engine a finding began, or was fixed, by asking about log2 of the
    releases between a good one and a bad one: by default the installed (or else newest) release,
    and the oldest that answers.
    """
    asked = case_at(case)

    def told(release: str, answer: Observation) -> None:
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
            report=told,
        )
    except UnknownEngine as error:
        refuse(str(error))
    except NoReleases as error:
        refuse(f"engine {engine!r}: {error}")
    except NoBoundary as error:
        refuse(f"{engine}: {error}")
    print(found.line)
    print(
        f"of {found.boundary.width - 1} releases between the ends (log2 {found.steps:.1f}) and "
        f"the ends {found.asked} "
        f"were asked, each {repeats} times; environments that were not there yet: {found.installs}"
    )
