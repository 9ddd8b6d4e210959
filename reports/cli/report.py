"""The command that reports on a campaign."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from ad_conformance.conformance.known_failures import MalformedEntry
from ad_conformance.reports.cli.campaign import need_reports
from ad_conformance.reports.cli.shared import app, refuse

Output = Annotated[Path | None, typer.Option(metavar="FILE")]


@app.command()
def report(
    run: Annotated[str, typer.Argument(metavar="DIR", help="what a campaign recorded")],
    previous: Annotated[
        str | None, typer.Option(metavar="DIR", help="the run to compare with")
    ] = None,
    html: Output = None,
    markdown: Output = None,
    junit: Output = None,
    json: Output = None,
) -> None:
    """Tell what a campaign found: in one line, and in files. Exit status 1 where something new is
    broken.
    """
    need_reports("duckdb", "fsspec", *(("jinja2", "matplotlib") if html else ()))
    from ad_conformance.reports.campaign.store import Folder, StoreError
    from ad_conformance.reports.issues.bucket_files import MalformedBucket
    from ad_conformance.reports.nightly.changes import run_report
    from ad_conformance.reports.nightly.exports import as_json, as_junit, as_markdown, broken
    from ad_conformance.reports.nightly.headline import headline

    try:
        found = run_report(Folder(run), Folder(previous) if previous else None)
        for path, write in ((markdown, as_markdown), (junit, as_junit), (json, as_json)):
            if path:
                path.write_text(write(found), encoding="utf-8")
        if html:
            from ad_conformance.reports.nightly.page import render

            html.write_text(render(found), encoding="utf-8")
    except (StoreError, MalformedEntry, MalformedBucket) as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"{error.filename}: {error.strerror}")
    print(headline(found))
    if broken(found):
        if not found.triaged:
            print(
                f"findings of one cause are put together by: ad-conformance triage "
                f"{run}{found.imports}"
            )
        raise typer.Exit(1)
