"""Where in a row of releases a finding begins or ends: the search alone, whatever it is that
answers for a release.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

#: Exceptions by which Python says that a name is not there: an operation that an old release has
#: not yet.
ABSENT = frozenset({"AttributeError", "ImportError", "ModuleNotFoundError", "NameError"})

Kind = tuple[str, str, str]


@dataclass(frozen=True)
class Observation:
    """What one release told, in one line, and what follows from it.

    It `agrees`, or fails in the way that `kind` says
    (`ad_conformance.conformance.suite.failure_report.kind`), or, with neither, cannot say: not
    installed, unsupported, or other answers every time.
    """

    line: str
    agrees: bool = False
    kind: Kind | None = None


@dataclass(frozen=True)
class Boundary:
    """Where in the row the answers change.

    `before` is the last place known to answer as older releases do, `after` the first known to
    answer as newer ones do. Those between cannot say; `asked_all` is false where some of them were
    not asked. `begins` says that the newer side is the one that fails, and `width` how many places
    apart the ends were that the search began with.
    """

    before: int
    after: int
    asked_all: bool
    kind: Kind
    begins: bool
    width: int


class NoBoundary(Exception):
    """There is nothing to search between; the message says why, in one line."""


class _Spent(Exception):
    """As many releases as may be were asked."""


class _Row:
    """The releases, what they have told, and how many more may be asked."""

    def __init__(
        self, releases: Sequence[str], tell: Callable[[str], Observation], most: int
    ) -> None:
        self.releases, self._tell, self._left = releases, tell, most
        self._told: dict[int, Observation] = {}

    def __getitem__(self, place: int) -> Observation:
        if place not in self._told:
            if not self._left:
                raise _Spent
            self._left -= 1
            self._told[place] = self._tell(self.releases[place])
        return self._told[place]

    def name(self, place: int) -> str:
        return f"{self.releases[place]}: {self[place].line}"


def bisect(
    releases: Sequence[str],
    tell: Callable[[str], Observation],
    *,
    latest: int,
    good: int | None = None,
    bad: int | None = None,
    most: int = 32,
) -> Boundary:
    """Where the finding of the bad release begins or ends, by asking about log2 of the releases
    between the ends.

    `releases` are in order, `latest`, `good` and `bad` places among them. An end that is not given
    is `latest`, or else an older release that answers otherwise, the oldest before any other. Only
    agreement is good, and only a failure of the same kind is bad: of the kind that comes before the
    good releases, where `bad` is not given and they are the newer ones. Where answers change more
    than once, one of the changes is found. Raises NoBoundary.
    """
    row = _Row(releases, tell, most)
    any_kind = bad is None
    try:
        good, bad = _ends(row, latest, good, bad)
    except _Spent:
        raise NoBoundary(f"no ends were found among {most} releases that were asked") from None
    kind, begins = row[bad].kind, good < bad
    assert kind is not None
    older, newer = sorted((good, bad))
    width = newer - older
    # Twice, since each edge of a run of releases that cannot say is found by halving.
    most_in_vain = 2 * math.ceil(math.log2(width)) + 2
    vain: set[int] = set()
    while len(vain) < most_in_vain and (place := _next(older, newer, vain)) is not None:
        try:
            told = row[place]
        except _Spent:
            break
        if any_kind and not begins and told.kind is not None and told.kind[1] not in ABSENT:
            # Nobody named the finding: it is the one that the good releases come after.
            older, kind = place, told.kind
        elif not told.agrees and told.kind != kind:
            vain.add(place)
        elif told.agrees == begins:
            older = place
        else:
            newer = place
    asked_all = all(k in vain for k in range(older + 1, newer))
    return Boundary(older, newer, asked_all, kind, begins, width)


def _next(older: int, newer: int, vain: set[int]) -> int | None:
    """The middle of a run of places between the two that were not asked in vain: of the longer of
    those at the ends, or else of the longest of those between, since what cannot say mostly has
    neighbours that cannot either.
    """
    marks = [older, *sorted(k for k in vain if older < k < newer), newer]
    runs = list(itertools.pairwise(marks))
    for some in ((runs[0], runs[-1]), runs):
        first, last = max(some, key=lambda run: run[1] - run[0])
        if last - first > 1:
            return (first + last) // 2
    return None


def _ends(row: _Row, latest: int, good: int | None, bad: int | None) -> tuple[int, int]:
    if good is not None and not row[good].agrees:
        raise NoBoundary(f"{row.name(good)}, which is not good")
    if bad is not None and row[bad].kind is None:
        raise NoBoundary(f"{row.name(bad)}, which is no finding")
    if good is not None and bad is not None:
        return good, bad
    given = good if good is not None else bad
    told = row[latest]
    if given is None or given == latest:
        given = latest
        if not told.agrees and told.kind is None:
            raise NoBoundary(f"{row.name(latest)}; name a good release and a bad one")
    elif _differs(row[given], told):
        return (given, latest) if row[given].agrees else (latest, given)
    other = _older(row, given)
    if other is None:
        raise NoBoundary(f"{row.name(given)}, and no older release is known to answer otherwise")
    return (given, other) if row[given].agrees else (other, given)


def _differs(told: Observation, other: Observation) -> bool:
    """Whether one agrees and the other fails."""
    return told.kind is not None if other.agrees else told.agrees and other.kind is not None


def _older(row: _Row, end: int) -> int | None:
    """A release before `end` that answers otherwise: the oldest that says anything, which those
    before it, by assumption, do not; or one met on the way to it.
    """
    silent, answers = -1, end
    place = 0
    while silent < place < answers:
        told = row[place]
        absent = told.kind is not None and told.kind[1] in ABSENT
        if _differs(row[end], told) and not absent:
            return place
        if told.agrees or (told.kind is not None and told.kind == row[end].kind):
            answers = place
        else:
            silent = place
        place = (silent + answers) // 2
    return None
