"""Cases in any number, the same on every machine, for whoever does not need them shrunk."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from random import Random

from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.mode import index_of
from ad_conformance.generators.ir.operator import SIGNATURES
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.strategies.programs import cases, operation_cases
from hypothesis.control import BuildContext
from hypothesis.errors import StopTest
from hypothesis.internal.conjecture.data import ConjectureData
from hypothesis.internal.conjecture.providers import HypothesisProvider
from hypothesis.strategies import SearchStrategy

_NAMES = tuple(sorted(name for name, row in CATALOGUE.items() if row.weight))
#: Strides through the pairs of operations, so that neighbouring batches take pairs far apart.
_STRIDE = 7919
#: Compositions of a batch.
BATCH = 5
#: Cases of one operation that join the compositions of a batch: every other case is one.
ALONE = 5
#: Cases of a portion: as many as the batches of one word with one number have, in all signatures.
PORTION = len(SIGNATURES) * (BATCH + ALONE)

#: Strategies patch Hypothesis while they draw, which threads must not see of each other.
_ONE_AT_A_TIME = threading.Lock()


def batch(mode: str, signature: str, number: int) -> list[Case]:
    """The cases of one word and signature with that number. Raises ValueError as `cases` does."""
    pairs = _pairs(signature, number)
    drawn = examples(
        cases(signature=signature, mode=mode, pairs=pairs), f"{number} {signature} {mode}", BATCH
    )
    for operation in _alone(mode, signature, number):
        strategy = operation_cases(operation=operation, mode=mode, signature=signature)
        drawn += examples(strategy, f"{number} {signature} {mode} {operation}", 1)
    return drawn


def examples(strategy: SearchStrategy[Case], name: str, count: int) -> list[Case]:
    """At most `count` cases of a strategy, always the same ones for a name, each drawn afresh.

    A run of Hypothesis takes the simplest example first and mutates what it had, and spends as much
    time on that as on drawing; so its data are made here, by what has no public name but belongs to
    the exact release that is required.
    """
    drawn: list[Case] = []
    for number in range(count):
        data = ConjectureData(random=Random(f"{name} {number}"), provider=HypothesisProvider)
        # More draws than Hypothesis allows an example: another one will do.
        with _ONE_AT_A_TIME, suppress(StopTest), BuildContext(data, wrapped_test=examples):
            drawn.append(data.draw(strategy))
    return drawn


def _alone(mode: str, signature: str, number: int) -> list[str]:
    """The operations that a batch is to meet alone: the batches of a word go through all of them in
    turn.

    Each word starts at another place, by the golden ratio, so that few batches of several words
    meet most of them.
    """
    n = len(_NAMES)
    # The place of the word among all words, shortest first.
    shift = round(n * (index_of(mode) * 0.6180339887 % 1))
    start = shift + (number * len(SIGNATURES) + SIGNATURES.index(signature)) * ALONE
    return [_NAMES[(start + i) * _STRIDE % n] for i in range(ALONE)]


def _pairs(signature: str, number: int) -> list[tuple[str, str]]:
    """The pairs of operations that a batch is to meet: the batches of one word go through all of
    them in turn.
    """
    n = len(_NAMES)
    start = (number * len(SIGNATURES) + SIGNATURES.index(signature)) * BATCH
    value_ids = (((start + i) * _STRIDE) % n**2 for i in range(BATCH))
    return [(_NAMES[value_id // n], _NAMES[value_id % n]) for value_id in value_ids]


def portion(modes: Sequence[str], seed: int, index: int) -> list[Case]:
    """PORTION different cases, those of one word, the signatures taking turns: campaigns are cut
    into these.

    The portions of a seed take the words in turn; those of one seed differ from all portions of
    another, up to the millionth of a word.
    """
    mode, number = modes[index % len(modes)], seed * 1_000_000 + index // len(modes)
    drawn = [batch(mode, signature, number) for signature in SIGNATURES]
    found = {
        case.id: case for turn in itertools.zip_longest(*drawn) for case in turn if case is not None
    }
    # Where a batch fell short or drew a case twice, further compositions stand in.
    for more in itertools.count():
        if len(found) >= PORTION:
            break
        signature = SIGNATURES[more % len(SIGNATURES)]
        for case in examples(
            cases(signature=signature, mode=mode), f"{number} {signature} {mode} more {more}", 1
        ):
            found.setdefault(case.id, case)
    return list(found.values())


def draw(modes: Iterable[str], count: int, start: int = 0) -> Iterator[Case]:
    """`count` different cases, spread evenly over words and signatures; another `start`, other
    cases.
    """
    modes = tuple(modes)
    seen: set[str] = set()
    for number in itertools.count(start):
        for mode, signature in itertools.product(modes, SIGNATURES):
            for case in batch(mode, signature, number):
                if case.id not in seen:
                    seen.add(case.id)
                    yield case
                    if len(seen) == count:
                        return
