"""The command line: `ad-conformance`, also `python -m ad_conformance.reports`."""

from __future__ import annotations

import sys

from ad_conformance.generators.prerequisites import obstacle


def main() -> None:
    """The entry point of the `ad-conformance` command.

    Exit status 2, after one line, if the project cannot run here.
    """
    if why := obstacle():
        print(f"ad-conformance: {why}", file=sys.stderr)
        raise SystemExit(2)
    # Imported late: its modules need packages and modules of Python that may be missing.
    from ad_conformance.reports.cli.commands import app

    app()


if __name__ == "__main__":
    main()
