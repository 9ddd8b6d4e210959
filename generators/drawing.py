"""Cases in any number, the same on every machine, for whoever does not need them shrunk."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterable, Iterator

from hypothesis import HealthCheck, Phase, given, seed, settings

from generators.programs import SIGNATURES, Case
from generators.strategies import cases

#: Cases per run of Hypothesis: in longer runs it mutates what it had, and draws less evenly.
BATCH = 10


def batch(word: str, signature: str, number: int) -> list[Case]:
    """The cases of one word and signature with that number. Raises ValueError as `cases` does."""
    drawn: list[Case] = []

    @seed(zlib.crc32(f"{number} {signature} {word}".encode()))
    @settings(
        max_examples=BATCH,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(cases(signature=signature, word=word))
    def collect(case: Case) -> None:
        drawn.append(case)

    collect()
    return drawn


def draw(words: Iterable[str], count: int, start: int = 0) -> Iterator[Case]:
    """`count` different cases, spread evenly over words and signatures; another `start`, other cases."""
    words = tuple(words)
    seen: set[str] = set()
    for number in itertools.count(start):
        for word, signature in itertools.product(words, SIGNATURES):
            for case in batch(word, signature, number):
                if case.id not in seen:
                    seen.add(case.id)
                    yield case
                    if len(seen) == count:
                        return
