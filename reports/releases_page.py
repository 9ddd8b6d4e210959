"""The page about releases: which known failures each release of a library has, as Markdown.

Everything on it comes from the entries. `ad-conformance known --write` puts it there.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from ad_conformance.conformance.known_failures import KnownFailure
from ad_conformance.conformance.standings.standing import Standing, recorded
from packaging.version import Version

#: Releases whose changes the page shows first.
LAST = 3
#: Lists of changes, and the kinds of change in each.
_SECTIONS = {"New failures": ("began",), "Fixed or changed failures": ("fixed", "changed")}
#: The sign of a standing in a table.
SIGNS = {
    Standing.KNOWN: "✗",
    Standing.CHANGED: "≠",
    Standing.FIXED: "✓",
    Standing.NOT_YET: "✓",
    None: "·",
}


def libraries(entries: Iterable[KnownFailure]) -> dict[str, list[KnownFailure]]:
    """Entries with a release, by library: the names of their files."""
    found: dict[str, list[KnownFailure]] = defaultdict(list)
    for entry in entries:
        if entry.seen or entry.changed:
            found[entry.file.stem].append(entry)
    return dict(found)


def releases_asked(entries: Iterable[KnownFailure]) -> list[Version]:
    """All releases that the entries of a library name, oldest first."""
    found: set[Version] = set()
    for entry in entries:
        found |= {*entry.seen, *entry.changed}
        found |= {one for one in (entry.fixed_in, entry.right_until) if one is not None}
    return sorted(found)


def began(entry: KnownFailure, releases: list[Version]) -> Version | None:
    """The first release with the failure, if the release before it is known to be right."""
    first = min((*entry.seen, *entry.changed))
    before = releases[: releases.index(first)]
    return first if before and entry.right_until == before[-1] else None


def lines(entries: Iterable[KnownFailure]) -> Iterator[str]:
    """The page, line by line."""
    yield from _HEAD.splitlines()
    by_library = libraries(entries)
    changes = [change for mine in by_library.values() for change in _changes(mine)]
    for title, kinds in _SECTIONS.items():
        yield from ("", f"## {title} in the last {LAST} releases of a library", "")
        told = [line for kind, line in changes if kind in kinds]
        yield from told or ["None."]
    yield from ("", "## Counts", "", "| library | newest release | known | fixed | changed |")
    yield "| --- | --- | --: | --: | --: |"
    for library, mine in by_library.items():
        newest = releases_asked(mine)[-1]
        now = Counter(recorded(entry, newest) for entry in mine)
        counts = (now[s] for s in (Standing.KNOWN, Standing.FIXED, Standing.CHANGED))
        yield f"| {library} | {newest} | {' | '.join(map(str, counts))} |"
    for library, mine in by_library.items():
        yield from _table(library, mine)


def _changes(entries: list[KnownFailure]) -> Iterator[tuple[str, str]]:
    """What changed in the last releases: "began", "fixed" or "changed", and its line."""
    releases = releases_asked(entries)
    for release in reversed(releases[-LAST:]):
        for entry in entries:
            kind = ""
            if began(entry, releases) == release:
                kind = "began"
            elif entry.fixed_in == release:
                kind = "fixed"
            elif release in entry.changed and min(entry.changed) == release > min(entry.seen):
                kind = "changed"
            if kind:
                what = "fails in another way since" if kind == "changed" else f"{kind} in"
                yield kind, f"- {_linked(entry)} {what} {release}: {_cell(entry.summary)}"


def _table(library: str, entries: list[KnownFailure]) -> Iterator[str]:
    releases = releases_asked(entries)
    yield from ("", f"## {library}", "")
    yield f"| failure | {' | '.join(map(str, releases))} |"
    yield f"| --- |{' :-: |' * len(releases)}"
    for entry in entries:
        cells = " | ".join(SIGNS[recorded(entry, release)] for release in releases)
        yield f"| {_linked(entry)} | {cells} |"


def _linked(entry: KnownFailure) -> str:
    """The name of the entry, with a link to its issue if there is one."""
    address = re.search(r"https://\S+", entry.issue)
    return f"[{entry.name}]({address[0]})" if address else entry.name


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("\n", " ")


_HEAD = """\
# Known failures by release

Each known failure has a pinned case: a small program that shows the failure. The signs say what
the pinned case does in a release. All of them were found by asking that release.

| sign | meaning |
| --- | --- |
| ✗ | it fails as the [known failure](add-an-engine.md#known-failures) describes |
| ≠ | it fails in another way |
| ✓ | the answer is correct: the failure came later, or it is fixed |
| · | nothing is known: the release was not asked, or it lacks an operation of the case |

`ad-conformance known --engine torch@2.15.0 --write` asks a release and writes the result into the
entries in `conformance/known_failures/`. `ad-conformance known --page docs/releases.md` makes this
page from the entries.
"""
