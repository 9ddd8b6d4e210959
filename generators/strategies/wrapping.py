"""Draws wrappers for a case."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from ad_conformance.generators.ir.nest import WRAPPERS
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.strategies.sampling import draw
from ad_conformance.generators.strategies.source import SeededSource, Source

#: One case of so many has a further wrapper, and one of those yet another.
FURTHER = 3


def wrap(source: Source, case: Case, first: str, level: int, further: Collection[str]) -> Case:
    """The case with the wrapper `first` around a level, at times with up to two of `further`.

    Level 0 is the program, level k the k-th derivative from the inside.
    """
    levels: list[list[str]] = [[] for _ in range(case.order + 1)]
    levels[level].append(first)
    others = tuple(further)
    while others and sum(map(len, levels)) < FURTHER and source.flag(FURTHER):
        own = levels[source.index(len(levels))]
        own.insert(source.index(len(own) + 1), source.choice(others))
    return replace(case, wrappers=tuple(map(tuple, levels)))


def draw_wrapped(
    modes: Iterable[str], count: int, start: int = 0, wrappers: Collection[str] = tuple(WRAPPERS)
) -> Iterator[Case]:
    """`count` different cases with wrappers: those of `draw`, in the same order.

    The wrappers take turns at each level of each mode. So every wrapper is met around each letter
    and inside each letter, and each has the same share.
    """
    turns: dict[str, Iterator[tuple[str, int]]] = {}
    for case in draw(modes, count, start):
        if case.mode not in turns:
            levels = range(case.order + 1)
            turns[case.mode] = itertools.cycle(itertools.product(wrappers, levels))
        first, level = next(turns[case.mode])
        yield wrap(SeededSource(f"wrappers {case.id}"), case, first, level, wrappers)
