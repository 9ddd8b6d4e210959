"""The command that reports on a campaign."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from ad_conformance.conformance.known_failures import MalformedEntry
from ad_conformance.reports.cli.campaign import need_reports
from ad_conformance.reports.cli.shared import Imported, app, engines_listed, refuse


@app.command()
def report(
    run: Annotated[str, typer.Argument(metavar="DIR", help="folder of a campaign")],
    previous: Annotated[
        str | None, typer.Option(metavar="DIR", help="an earlier campaign to compare with")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="write a page for a browser")
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option(metavar="FILE", help="write a summary for a chat")
    ] = None,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="write test results as JUnit XML")
    ] = None,
    json: Annotated[
        Path | None, typer.Option(metavar="FILE", help="write all data of the report")
    ] = None,
    engine: Imported = None,
) -> None:
    """Report what a campaign found: print one line, and write files.

    The page has no scripts of an engine outside this project unless --engine names it.

    Exit status 1 if a finding is new or regressed and no known failure covers it.
    """
    need_reports("duckdb", "fsspec", *(("jinja2", "matplotlib") if html else ()))
    from ad_conformance.reports.campaign.store import Folder, StoreError
    from ad_conformance.reports.issues.bucket_files import MalformedBucket
    from ad_conformance.reports.nightly.changes import run_report
    from ad_conformance.reports.nightly.exports import as_json, as_junit, as_markdown, broken
    from ad_conformance.reports.nightly.headline import STATES, behind, headline, state

    try:
        found = run_report(Folder(run), Folder(previous) if previous else None)
        for path, write in ((markdown, as_markdown), (junit, as_junit), (json, as_json)):
            if path:
                path.write_text(write(found), encoding="utf-8")
        if html:
            from ad_conformance.reports.nightly.page import render

            html.write_text(render(found, engines_listed(engine, ())), encoding="utf-8")
    except (StoreError, MalformedEntry, MalformedBucket) as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"{error.filename}: {error.strerror}")
    print(f"{STATES[state(found)][1]}: {headline(found)}; {behind(found)}")
    if broken(found):
        if not found.triaged:
            print(
                f"to group the findings by their cause: ad-conformance triage {run}{found.imports}"
            )
        raise typer.Exit(1)
