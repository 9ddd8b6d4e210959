"""Commands that reduce findings, group them by cause, and write issues."""

from __future__ import annotations

import functools
import time
from pathlib import Path
from typing import Annotated

import typer
from ad_conformance.conformance.severity import severity_of
from ad_conformance.conformance.standalone_script import standalone_finding
from ad_conformance.conformance.suite.failure_report import keep
from ad_conformance.conformance.triage.reduce import reduced
from ad_conformance.conformance.triage.releases.search import NoBoundary
from ad_conformance.engines import registry
from ad_conformance.engines.process.releases import NoReleases
from ad_conformance.engines.process.sandbox import EngineUnavailable
from ad_conformance.reports.cli.campaign import need_reports
from ad_conformance.reports.cli.shared import (
    ENGINE,
    CasePath,
    EngineName,
    Imported,
    Python,
    app,
    case_at,
    complain,
    engine_named,
    engines_listed,
    finding_of,
    refuse,
)


@app.command()
def reduce(
    case: CasePath,
    engine: EngineName,
    python: Python = "",
    seconds: Annotated[
        float, typer.Option(min=0.0, help="time limit; then the smallest case so far is kept")
    ] = 120.0,
    progress: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="file that keeps the progress, to continue later"),
    ] = None,
) -> None:
    """Make a failing case smaller, with the same failure, and write it into findings/.

    Exit status 1 if the case does not fail.
    """
    adapter = engine_named(engine, python)
    with finding_of(case_at(case), adapter) as (finding, sandbox):
        smaller = reduced(finding, sandbox, seconds=seconds, progress=progress)
        print(standalone_finding(smaller, adapter), end="")
        found = severity_of(smaller)
        how = f", {found.text}" if found else ""
        print(f"# {smaller.verdict}{how}; kept as {keep(smaller)}")


@app.command()
def triage(
    run: Annotated[str, typer.Argument(metavar="DIR", help="folder of a campaign")],
    seconds: Annotated[
        float, typer.Option(min=0.0, help="time limit for all findings of an engine")
    ] = 900.0,
    each: Annotated[float, typer.Option(min=1.0, help="time limit for one finding")] = 30.0,
    known: Annotated[
        bool, typer.Option("--known", help="include findings that a known failure covers")
    ] = False,
    previous: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="an earlier campaign whose buckets are reused"),
    ] = None,
    engine: Imported = None,
    python: Python = "",
) -> None:
    """Find the causes of the new findings of a campaign.

    A campaign with --python is triaged with the same --python.
    Each cause becomes a file in DIR/buckets and a proposed entry of known failures in DIR/proposed.
    Files that exist are reused: edit a file, or delete it to have it made again.
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
            imported=engines_listed(engine, ()),
            python=python,
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
    bucket: Annotated[Path, typer.Argument(metavar="BUCKET.json", help="a file in DIR/buckets")],
    engine: Annotated[
        str | None,
        typer.Option(metavar="NAME", help=f"{ENGINE}. Default: that of the bucket"),
    ] = None,
    python: Python = "",
    bisect: Annotated[
        bool, typer.Option("--bisect", help="first find the release in which the failure began")
    ] = False,
) -> None:
    """Print a bucket as an issue in Markdown, ready to paste.

    If --engine names another engine than the bucket, workarounds are searched for this engine.
    Exit status 1 if the case does not fail (any more), 2 if --bisect finds no release.
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
        refuse(f"{bucket}: engine: {asked!r} is imported only if --engine names it")
    adapter, problem = engine_named(asked, python), ""
    if asked == found.engine and found.version not in ("", adapter.version()):
        complain(f"{bucket}: is of {asked} {found.version}; asked is {adapter.version() or 'none'}")
    with finding_of(found.case, adapter) as (finding, _):
        described = found
        if asked != found.engine:
            described = described_elsewhere(found, finding, adapter, python)
        if bisect:
            try:
                described = since(described, asked, python)
            except (NoBoundary, NoReleases, registry.UnknownEngine) as error:
                problem = f"no first bad release: {error}"
            if described.release and asked == found.engine:
                # The search takes minutes; keep its result for the next time.
                bucket.write_bytes(described.text)
        if described.suspect:
            complain(f"{bucket}: suspect: {described.suspect}: check the case before you report it")
        releases = {
            name: registry.find(name, python).version()
            for name in described.right_engines
            if name in registry.names()
        }
        print(issue_text(described, finding, adapter, releases), end="")
    if problem:
        refuse(problem)
