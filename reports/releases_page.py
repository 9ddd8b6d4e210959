"""The page about releases: which known failures each release of a library has, as Markdown.

Everything on it comes from the entries. `ad-conformance known --write` puts it there.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from ad_conformance.conformance.known_failures import KnownFailure
from ad_conformance.conformance.standings.standing import Standing, recorded
from packaging.version import Version

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
    yield "## The newest release of each library"
    yield ""
    for library, mine in by_library.items():
        yield from _newest(library, mine)
    for library, mine in by_library.items():
        yield from _table(library, mine)


def _newest(library: str, entries: list[KnownFailure]) -> Iterator[str]:
    releases = releases_asked(entries)
    newest = releases[-1]
    counts = {
        "known": sum(recorded(e, newest) is Standing.KNOWN for e in entries),
        "fixed": sum(recorded(e, newest) is Standing.FIXED for e in entries),
        "changed": sum(recorded(e, newest) is Standing.CHANGED for e in entries),
    }
    told = ", ".join(f"{count} {what}" for what, count in counts.items())
    yield f"**{library} {newest}**: {told}."
    yield ""
    fresh = [entry for entry in entries if began(entry, releases) == newest]
    for what, found in (
        ("began in", fresh),
        ("fixed in", [entry for entry in entries if entry.fixed_in == newest]),
        ("fails in another way since", [entry for entry in entries if newest in entry.changed]),
    ):
        for entry in found:
            yield f"- {what} {newest}: {_linked(entry)}: {_cell(entry.summary)}"
    yield ""


def _table(library: str, entries: list[KnownFailure]) -> Iterator[str]:
    releases = releases_asked(entries)
    yield f"## {library}"
    yield ""
    yield f"| failure | {' | '.join(map(str, releases))} |"
    yield f"| --- |{' :-: |' * len(releases)}"
    for entry in entries:
        cells = " | ".join(SIGNS[recorded(entry, release)] for release in releases)
        yield f"| {_linked(entry)} | {cells} |"
    yield ""


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
