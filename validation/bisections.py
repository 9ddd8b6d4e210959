"""Bisection checked on bugs of which is known from elsewhere in which release they began or were
fixed.

    python -m validation.bisections --write docs/triage.md
    python -m validation.bisections --only mlx-power,mlx-select

Makes an environment for each release that is asked, some gigabytes in all, in
`$AD_CONFORMANCE_CACHE`.
"""

from __future__ import annotations

import argparse
import platform
import tomllib
from dataclasses import dataclass
from pathlib import Path

from ad_conformance.conformance.known_failures import REGRESSIONS
from ad_conformance.conformance.triage.bisection import Observation
from ad_conformance.conformance.triage.release_bisection import Found, find_boundary
from ad_conformance.generators.ir.case_io import read_case
from ad_conformance.generators.ir.program import Case
from packaging.specifiers import SpecifierSet

from benchmarks.tables import markdown, write_section

BUGS = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True)
class Bug:
    """A table of bisections.toml."""

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
    """Raises MalformedCase, KeyError or TypeError where the file is not what it should be."""
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
    """Whether what was found is among what is known: of a range, one release at least."""
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
        f"first {what} {changed}" + ("" if right(bug, found) else ": NOT WHAT IS KNOWN"),
        str(found.asked),
        f"{width - 1}, log2 {found.steps:.1f}",
        str(found.installs),
    ]


HEADER = ("bug", "known", "found", "asked, with ends", "between the ends", "installed")
TEXT = """\
### How it does

`python -m validation.bisections --write docs/triage.md`, with Python {python}; what is known, and how,
stands in `validation/bisections.toml`: of some a bound only. Releases that cannot say are among those asked; an
environment that was there from a bug before is not installed again.

{table}
{skipped}"""


def main() -> None:
    """Print the table; exit status 1 where something else is found than is known."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="names, with commas between them")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--write", type=Path, help="a document whose section this becomes")
    options = parser.parse_args()
    wanted = [bug for bug in bugs() if not options.only or bug.name in options.only.split(",")]
    rows, lines, failed = [], [], 0
    for bug in wanted:

        def told(release: str, answer: Observation, engine: str = bug.engine) -> None:
            print(f"{engine} {release}: {answer.line}", flush=True)

        found = find_boundary(
            bug.case, bug.engine, good=bug.good, bad=bug.bad, repeats=options.repeats, report=told
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
