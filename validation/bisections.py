"""Check bisection on bugs whose first bad or first fixed release is known from other sources.

    python -m validation.bisections --write docs/triage.md
    python -m validation.bisections --only mlx-power,mlx-select

Every release that is asked gets an environment in `$AD_CONFORMANCE_CACHE`, some gigabytes in all.
"""

from __future__ import annotations

import argparse
import platform
import tomllib
from dataclasses import dataclass
from pathlib import Path

from ad_conformance.conformance.known_failures import REGRESSIONS
from ad_conformance.conformance.triage.releases.bisect import Found, find_boundary
from ad_conformance.conformance.triage.releases.search import Observation
from ad_conformance.generators.ir.case_io import read_case
from ad_conformance.generators.ir.program import Case
from packaging.specifiers import SpecifierSet

from benchmarks.tables import markdown, write_section

BUGS = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True)
class Bug:
    """One bug of bisections.toml."""

    name: str
    engine: str
    summary: str
    upstream: str
    known: SpecifierSet
    evidence: str
    case: Case
    good: str | None = None
    bad: str | None = None


def bugs() -> list[Bug]:
    """The bugs of bisections.toml. Raises MalformedCase, KeyError or TypeError."""
    tables = tomllib.loads(BUGS.read_text(encoding="utf-8"))["bug"]
    return [
        Bug(
            **{
                **t,
                "known": SpecifierSet(t["known"]),
                "case": read_case(REGRESSIONS / f"{t['name']}.json"),
            }
        )
        for t in tables
    ]


def right(bug: Bug, found: Found) -> bool:
    """Whether the release that was found, or one of a range, is a known one."""
    return any(bug.known.contains(release) for release in found.changed)


def row(bug: Bug, found: Found) -> list[str]:
    what = "bad" if found.boundary.begins else "fixed"
    changed = (
        found.changed[0]
        if len(found.changed) == 1
        else f"{found.changed[0]} to {found.changed[-1]}"
    )
    width = found.boundary.width
    return [
        f"[{bug.name}]({bug.upstream})",
        str(bug.known).removeprefix("=="),
        f"first {what} {changed}" + ("" if right(bug, found) else ": DIFFERS"),
        str(found.asked),
        f"{width - 1}, log2 {found.steps:.1f}",
        str(found.installs),
    ]


HEADER = ("bug", "known", "found", "releases asked", "between the ends", "installed")
TEXT = """\
### How well it works

The table is made by `python -m validation.bisections --write docs/triage.md`, with Python {python}.
The known releases, some of them only bounds, and their sources are in
`validation/bisections.toml`. The releases asked include both ends and those that cannot say. An
environment that an earlier bug already needed is not installed again.

{table}
{skipped}"""


def main() -> None:
    """Print the table. Exit status 1 if a result differs from what is known."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="names, separated by commas")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--write", type=Path, help="the document to put the section into")
    options = parser.parse_args()
    wanted = [bug for bug in bugs() if not options.only or bug.name in options.only.split(",")]
    rows, lines, failed = [], [], 0
    for bug in wanted:

        def print_answer(release: str, answer: Observation, engine: str = bug.engine) -> None:
            print(f"{engine} {release}: {answer.line}", flush=True)

        found = find_boundary(
            bug.case,
            bug.engine,
            good=bug.good,
            bad=bug.bad,
            repeats=options.repeats,
            report=print_answer,
        )
        print(f"{bug.name}: {found.line}", flush=True)
        rows.append(row(bug, found))
        lines += [f"- {bug.name}: {found.line}.\n"] if len(found.changed) > 1 else []
        failed += not right(bug, found)
    text = TEXT.format(
        python=platform.python_version(), table=markdown(HEADER, rows), skipped="".join(lines)
    )
    print(text)
    if options.write:
        write_section(options.write, "bisections", text)
    if failed:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
