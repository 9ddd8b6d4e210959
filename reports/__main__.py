"""The command line: `ad-conformance`, also `python -m ad_conformance.reports`."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer
from ad_conformance.reports.cli import (
    ask,
    bisect,
    campaign,
    check_adapter,
    explain,
    known,
    operations,
    report,
    triage,
)
from ad_conformance.reports.cli.shared import app

#: The modules that define the commands.
COMMANDS = (ask, operations, check_adapter, campaign, report, triage, explain, bisect, known)


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


def main() -> None:
    """The entry point of the `ad-conformance` command."""
    app()


if __name__ == "__main__":
    main()
