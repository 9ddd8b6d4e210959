"""All commands of `ad-conformance`, in one application."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer
from ad_conformance.reports.cli import (
    ask,
    atlas,
    campaign,
    check,
    check_adapter,
    known,
    locate,
    operations,
    report,
    triage,
)
from ad_conformance.reports.cli.shared import app

__all__ = ["app"]

#: The modules that define the commands.
COMMANDS = (
    ask,
    check,
    operations,
    check_adapter,
    campaign,
    atlas,
    report,
    triage,
    locate,
    known,
)


def _print_version(asked: bool) -> None:
    if asked:
        try:
            print(f"ad-conformance {version('ad-conformance')}")
        except PackageNotFoundError:
            print("ad-conformance, not installed")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="print the version and exit"
        ),
    ] = False,
) -> None:
    """Options before the name of a command."""
