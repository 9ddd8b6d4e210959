"""Bisection: where in a row of releases a finding begins or ends.

This is the search alone. The caller says what each release answers.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ad_conformance.conformance.triage.failure_key import FailureKey

#: Exceptions by which Python says that a name does not exist: an old release may lack an operation.
ABSENT = frozenset({"AttributeError", "ImportError", "ModuleNotFoundError", "NameError"})


@dataclass(frozen=True)
class Observation:
    """What one release answered; `line` says it in one line.

    The release `agrees`, or it fails as `failure` says. If neither, it cannot say: it is not
    installed, does not support the case, or does not give the same answer every time.
    """

    line: str
    agrees: bool = False
    failure: FailureKey | None = None

    @property
    def lacks_name(self) -> bool:
        """Whether the release fails because it lacks a name."""
        return self.failure is not None and self.failure.error in ABSENT

    def differs(self, other: Observation) -> bool:
        """Whether one of two observations agrees and the other fails."""
        if other.agrees:
            return self.failure is not None
        return self.agrees and other.failure is not None


@dataclass(frozen=True)
class Boundary:
    """Where the answers change. Releases are named by their index in the row.

    `before` is the last release known to answer as older ones do, `after` the first known to answer
    as newer ones do. Releases between them cannot say; if `asked_all` is false, some of them were
    not asked. With `begins`, the newer side fails. `width` is the distance of the two ends at the
    start of the search.
    """

    before: int
    after: int
    asked_all: bool
    failure: FailureKey
    begins: bool
    width: int


class NoBoundary(Exception):
    """There are no two ends to search between. The message says why, in one line."""


class _Spent(Exception):
    """No further release may be asked."""


class _Row:
    """The releases and their observations. `most` is how many may be asked."""

    def __init__(
        self, releases: Sequence[str], observe: Callable[[str], Observation], most: int
    ) -> None:
        self.releases, self._observe, self._left = releases, observe, most
        self._observed: dict[int, Observation] = {}

    def __getitem__(self, index: int) -> Observation:
        if index not in self._observed:
            if not self._left:
                raise _Spent
            self._left -= 1
            self._observed[index] = self._observe(self.releases[index])
        return self._observed[index]

    def name(self, index: int) -> str:
        return f"{self.releases[index]}: {self[index].line}"


def bisect(
    releases: Sequence[str],
    observe: Callable[[str], Observation],
    *,
    latest: int,
    good: int | None = None,
    bad: int | None = None,
    most: int = 32,
) -> Boundary:
    """Find where the finding of the bad release begins or ends. About log2 of the releases between
    the ends are asked, `most` at most.

    `releases` are in order; `latest`, `good` and `bad` are indices. An end that is not given is
    `latest`, or else an older release that answers differently, the oldest first. A release is good
    only if it agrees, and bad only if it fails with the failure key of the bad end. If `bad` is not
    given and the good releases are the newer ones, the failure key is the last one before them. If
    answers change more than once, one of the changes is found. Raises NoBoundary.
    """
    row = _Row(releases, observe, most)
    any_failure = bad is None
    try:
        good, bad = _ends(row, latest, good, bad)
    except _Spent:
        raise NoBoundary(f"no ends were found among {most} releases that were asked") from None
    failure, begins = row[bad].failure, good < bad
    assert failure is not None
    older, newer = sorted((good, bad))
    width = newer - older
    # Twice, since each edge of a run of releases that cannot say is found by halving.
    most_silent = 2 * math.ceil(math.log2(width)) + 2
    silent: set[int] = set()
    while len(silent) < most_silent and (index := _next(older, newer, silent)) is not None:
        try:
            observed = row[index]
        except _Spent:
            break
        unnamed = any_failure and not begins and not observed.lacks_name
        if unnamed and observed.failure is not None:
            # No finding was named, so it is the last one before the good releases.
            older, failure = index, observed.failure
        elif not observed.agrees and observed.failure != failure:
            silent.add(index)
        elif observed.agrees == begins:
            older = index
        else:
            newer = index
    asked_all = all(k in silent for k in range(older + 1, newer))
    return Boundary(older, newer, asked_all, failure, begins, width)


def _next(older: int, newer: int, silent: set[int]) -> int | None:
    """The release to ask next, or None if there is none.

    Releases that cannot say (`silent`) divide the releases between the ends into runs. The result
    is the middle of the longer of the first and the last run, or else of the longest run:
    neighbours of a release that cannot say mostly cannot say either.
    """
    marks = [older, *sorted(k for k in silent if older < k < newer), newer]
    runs = list(itertools.pairwise(marks))
    for some in ((runs[0], runs[-1]), runs):
        first, last = max(some, key=lambda run: run[1] - run[0])
        if last - first > 1:
            return (first + last) // 2
    return None


def _ends(row: _Row, latest: int, good: int | None, bad: int | None) -> tuple[int, int]:
    """A good and a bad release to search between. Raises NoBoundary or _Spent."""
    if good is not None and not row[good].agrees:
        raise NoBoundary(f"{row.name(good)}, which is not good")
    if bad is not None and row[bad].failure is None:
        raise NoBoundary(f"{row.name(bad)}, which is no finding")
    if good is not None and bad is not None:
        return good, bad
    given = good if good is not None else bad
    observed = row[latest]
    if given is None or given == latest:
        given = latest
        if not observed.agrees and observed.failure is None:
            raise NoBoundary(f"{row.name(latest)}; name a good release and a bad one")
    elif row[given].differs(observed):
        return (given, latest) if row[given].agrees else (latest, given)
    other = _older(row, given)
    if other is None:
        raise NoBoundary(f"{row.name(given)}, and no older release is known to answer otherwise")
    return (given, other) if row[given].agrees else (other, given)


def _older(row: _Row, end: int) -> int | None:
    """A release before `end` that answers differently, or None.

    Bisection looks for the oldest release that can say; all older ones are assumed not to. If a
    release that is asked on the way answers differently, it is the result.
    """
    silent, answers = -1, end
    index = 0
    while silent < index < answers:
        observed = row[index]
        if row[end].differs(observed) and not observed.lacks_name:
            return index
        same = observed.failure is not None and observed.failure == row[end].failure
        if observed.agrees or same:
            answers = index
        else:
            silent = index
        index = (silent + answers) // 2
    return None
