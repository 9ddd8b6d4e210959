"""Commands that turn findings into reports that somebody can act on."""

from __future__ import annotations

import functools
import time
from pathlib import Path
from typing import Annotated

import typer
from ad_conformance.conformance.standalone_script import standalone
from ad_conformance.conformance.suite.failure_report import keep
from ad_conformance.conformance.triage.bisection import NoBoundary
from ad_conformance.conformance.triage.reduce import reduced
from ad_conformance.engines import registry
from ad_conformance.engines.process.releases import NoReleases
from ad_conformance.engines.process.sandbox import EngineUnavailable
from ad_conformance.reports.cli.campaign import need_reports
from ad_conformance.reports.cli.shared import (
    CasePath,
    EngineName,
    app,
    case_at,
    complain,
    engine_named,
    finding_of,
    refuse,
)


@app.command()
def reduce(
    case: CasePath,
    engine: EngineName = "inhouse",
    seconds: Annotated[
        float, typer.Option(min=0.0, help="after so long the smallest case until then will do")
    ] = 120.0,
    progress: Annotated[
        Path | None, typer.Option(metavar="FILE", help="keeps how far it came, to go on from")
    ] = None,
) -> None:
    """Make a case that fails smaller, with the same kind of failure, and keep it in findings/. Exit
    status 1 where it does not fail.
    """
    adapter = engine_named(engine)
    with finding_of(case_at(case), adapter) as (finding, sandbox):
        smaller = reduced(finding, sandbox, seconds=seconds, progress=progress)
        print(standalone(smaller.case, adapter, smaller.truth), end="")
        print(f"# {smaller.verdict}; kept as {keep(smaller)}")


@app.command()
def triage(
    run: Annotated[str, typer.Argument(metavar="DIR", help="what a campaign recorded")],
    seconds: Annotated[
        float, typer.Option(min=0.0, help="for all of an engine's findings")
    ] = 900.0,
    each: Annotated[float, typer.Option(min=1.0, help="for one finding")] = 30.0,
    known: Annotated[
        bool, typer.Option("--known", help="those that a known failure covers, too")
    ] = False,
    previous: Annotated[
        str | None,
        typer.Option(
            metavar="DIR", help="an earlier run, whose buckets are known with all that is in them"
        ),
    ] = None,
    engine: Annotated[
        str,
        typer.Option(
            "--engine", help="to import: those that the run names as package.module:attribute"
        ),
    ] = "",
) -> None:
    """Find the causes of a campaign's new findings, write each into DIR/buckets, and propose
    entries of known failures in DIR/proposed. What is there already is taken as known: edit it, or
    delete it to have it made again.
    """
    need_reports("duckdb", "fsspec")
    from ad_conformance.reports.campaign.store import Folder, StoreError
    from ad_conformance.reports.issues.bucket_files import MalformedBucket
    from ad_conformance.reports.issues.triage_pipeline import CampaignTriage

    folder, problem = Folder(run), ""
    try:
        campaign = CampaignTriage(
            folder,
            each=each,
            previous=Folder(previous) if previous else None,
            imported=engine.split(","),
        )
        for name in campaign.engines:
            begun = time.monotonic()
            try:
                campaign.triage(
                    name, known=known, seconds=seconds, report=functools.partial(print, flush=True)
                )
            except EngineUnavailable as error:
                problem = f"engine {error}"
                complain(problem)
            print(f"{name}: {time.monotonic() - begun:.0f} s")
    except (StoreError, MalformedBucket, registry.UnknownEngine) as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"{error.filename or run}: {error.strerror or error}")
    if problem:
        raise typer.Exit(2)


@app.command()
def issue(
    bucket: Annotated[Path, typer.Argument(metavar="BUCKET.json", help="a file of DIR/buckets")],
    engine: Annotated[
        str | None, typer.Option(help="a name, or package.module:attribute; default: the bucket's")
    ] = None,
    bisect: Annotated[
        bool, typer.Option("--bisect", help="find the first bad release first")
    ] = False,
) -> None:
    """Print a bucket as an issue in Markdown, ready to be pasted. Of another engine than the
    bucket's, what works instead is asked first. Exit status 1 where it does not fail (any more),
    and 2 where --bisect finds no release.
    """
    need_reports("duckdb", "fsspec")
    from ad_conformance.reports.issues.bucket_files import MalformedBucket, bucket_at
    from ad_conformance.reports.issues.issue import issue_text
    from ad_conformance.reports.issues.triage_pipeline import described_elsewhere, since

    try:
        found = bucket_at(bucket)
    except MalformedBucket as error:
        refuse(str(error))
    asked = engine or found.engine
    if engine is None and registry.is_import(asked):
        refuse(f"{bucket}: engine: {asked!r} is imported only where --engine names it")
    adapter = engine_named(asked)
    problem = ""
    with finding_of(found.case, adapter) as (finding, _):
        told = found if asked == found.engine else described_elsewhere(found, finding, adapter)
        if bisect:
            try:
                told = since(told, asked)
            except (NoBoundary, NoReleases, registry.UnknownEngine) as error:
                problem = f"since when: {error}"
            if told.release and asked == found.engine:
                # It takes minutes, and is the same the next time.
                bucket.write_bytes(told.text)
        releases = {
            name: registry.find(name).version()
            for name in told.right_engines
            if name in registry.names()
        }
        print(issue_text(told, finding, adapter, releases), end="")
    if problem:
        refuse(problem)
