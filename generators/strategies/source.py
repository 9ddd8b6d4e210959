"""Random choices, behind a small interface: code that draws a case uses only a `Source`.

`SeededSource` gives the same choices for a seed on every machine. Campaigns, benchmarks and the
validation use it. `HypothesisSource` in `ad_conformance.generators.strategies.programs` lets
Hypothesis choose, so that the test suite can shrink a failing case.
"""

from __future__ import annotations

import hashlib
import struct
from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Protocol, TypeVar

T = TypeVar("T")

#: Version of the map from a seed to cases. Raise it if a change alters the cases of a seed: two
#: machines that share a campaign must have the same version.
SEED_VERSION = 6
#: What all choices depend on besides the seed. It did not change with later versions, so that
#: choices which these did not alter, such as those of most single operations, stayed the same.
_SALT = 4

#: Unsigned integers of 32 bits, as many as one SHA-256 digest holds.
_WORDS = struct.Struct(">8I")


class Source(Protocol):
    """Random choices. A subclass defines `index`; all other choices are made from it.

    A source that shrinks, shrinks `index` towards 0, and with it each other choice towards the
    simplest: the first option, False, the integer closest to zero.
    """

    @abstractmethod
    def index(self, count: int) -> int:
        """An integer from 0 to `count` - 1, each equally likely. `count` is at least 1."""

    def flag(self, one_in: int = 2) -> bool:
        """True with probability 1 / `one_in`."""
        return self.index(one_in) == one_in - 1

    def unless(self, one_in: int) -> bool:
        """False with probability 1 / `one_in`; like `flag`, it shrinks to False."""
        return self.index(one_in) > 0

    def choice(self, options: Sequence[T]) -> T:
        """One of `options`, each equally likely. Raises IndexError if there is none."""
        if len(options) == 1:
            return options[0]
        return options[self.index(len(options))]

    def integer(self, low: int, high: int) -> int:
        """An integer from `low` to `high`, both included."""
        return self.choice(_simplest_first(low, high))

    def part(self, make: Callable[[], T]) -> T:
        """What `make` returns. A source that shrinks can remove its choices together."""
        return make()

    def permutation(self, count: int) -> list[int]:
        """The integers from 0 to `count` - 1 in random order; shrinks to increasing order."""
        order = list(range(count))
        for i in range(count - 1):
            # Fisher-Yates: position i takes any of those that are left.
            j = i + self.index(count - i)
            order[i], order[j] = order[j], order[i]
        return order


@lru_cache(maxsize=1024)
def _simplest_first(low: int, high: int) -> tuple[int, ...]:
    return tuple(sorted(range(low, high + 1), key=lambda n: (abs(n), n < 0)))


class SeededSource(Source):
    """The same choices for a seed everywhere.

    The choices come from SHA-256 of the seed and a counter (the deterministic random bits of
    "hash in counter mode"), and from integer arithmetic. So they depend neither on the machine nor
    on the release of Python or of any package.
    """

    def __init__(self, rng_seed: str) -> None:
        self._hash = hashlib.sha256(f"{_SALT} {rng_seed}".encode())
        self._digests = 0
        self._words: list[int] = []

    def index(self, count: int) -> int:
        if not self._words:
            digest = self._hash.copy()
            digest.update(b" %d" % self._digests)
            self._digests += 1
            self._words.extend(reversed(_WORDS.unpack(digest.digest())))
        # The bias of this map is below count / 2**32.
        return self._words.pop() * count >> 32
