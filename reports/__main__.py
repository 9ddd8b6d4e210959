"""The command line: `ad-conformance`, also `python -m reports`."""

from __future__ import annotations

from reports import asking, bisection, campaigns, explaining, reporting, triage
from reports.commands import app

#: The modules whose commands there are.
COMMANDS = (asking, campaigns, reporting, triage, explaining, bisection)


def main() -> None:
    """The entry point of the `ad-conformance` command."""
    app()


if __name__ == "__main__":
    main()
