"""The command line: `ad-conformance`, also `python -m ad_conformance.reports`."""

from __future__ import annotations

from ad_conformance.reports.cli import ask as asking
from ad_conformance.reports.cli import bisect as bisection
from ad_conformance.reports.cli import campaign as campaigns
from ad_conformance.reports.cli import explain as explaining
from ad_conformance.reports.cli import report as reporting
from ad_conformance.reports.cli import triage
from ad_conformance.reports.cli.shared import app

#: The modules whose commands there are.
COMMANDS = (asking, campaigns, reporting, triage, explaining, bisection)


def main() -> None:
    """The entry point of the `ad-conformance` command."""
    app()


if __name__ == "__main__":
    main()
