"""Cases in any number, the same on every machine. Nothing here needs Hypothesis."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.mode import index_of
from ad_conformance.generators.ir.operator import SIGNATURES
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.strategies.case_drawing import draw_case, draw_operation_case
from ad_conformance.generators.strategies.source import SeededSource

_NAMES = tuple(sorted(name for name, op in CATALOGUE.items() if op.weight))
#: Step through the list of pairs of operations, so that successive batches take different ones.
_STRIDE = 7919
#: Compositions of a batch.
BATCH = 5
#: Cases of one operation in a batch, besides the compositions.
ALONE = 5
#: Cases of a portion: one batch of each signature, all of the same mode and number.
PORTION = len(SIGNATURES) * (BATCH + ALONE)


def batch(mode: str, signature: str, number: int) -> list[Case]:
    """The cases of one mode and signature with that number. Raises ValueError as `draw_case`."""
    pairs = _pairs(signature, number)
    name = f"{number} {signature} {mode}"
    drawn = [
        draw_case(SeededSource(f"{name} {k}"), signature=signature, mode=mode, pairs=pairs)
        for k in range(BATCH)
    ]
    for operation in _alone(mode, signature, number):
        source = SeededSource(f"{name} {operation}")
        drawn.append(
            draw_operation_case(source, operation=operation, mode=mode, signature=signature)
        )
    return drawn


def operation_examples(operation: str, mode: str, count: int) -> Iterator[Case]:
    """`count` cases of one operation, always the same. Raises ValueError as `draw_operation_case`
    does.
    """
    for k in range(count):
        source = SeededSource(f"{operation} {mode} {k}")
        yield draw_operation_case(source, operation=operation, mode=mode)


def _alone(mode: str, signature: str, number: int) -> list[str]:
    """The operations of which a batch has one case each. Successive batches of a mode go through
    all operations in turn.

    Each mode starts at another operation. The starts are multiples of the golden ratio (modulo 1),
    so that few batches of several modes cover most operations.
    """
    n = len(_NAMES)
    shift = round(n * (index_of(mode) * 0.6180339887 % 1))
    start = shift + (number * len(SIGNATURES) + SIGNATURES.index(signature)) * ALONE
    return [_NAMES[(start + i) * _STRIDE % n] for i in range(ALONE)]


def _pairs(signature: str, number: int) -> list[tuple[str, str]]:
    """The pairs of operations that the compositions of a batch contain. Successive batches of a
    mode go through all pairs in turn.
    """
    n = len(_NAMES)
    start = (number * len(SIGNATURES) + SIGNATURES.index(signature)) * BATCH
    indices = (((start + i) * _STRIDE) % n**2 for i in range(BATCH))
    return [(_NAMES[index // n], _NAMES[index % n]) for index in indices]


def portion(modes: Sequence[str], seed: int, index: int) -> list[Case]:
    """PORTION different cases of one mode, the signatures taking turns. Campaigns consist of
    portions.

    The portions of a seed take the modes in turn. Portions of different seeds are different, up to
    a million portions of a mode.
    """
    mode, number = modes[index % len(modes)], seed * 1_000_000 + index // len(modes)
    drawn = [batch(mode, signature, number) for signature in SIGNATURES]
    found = {case.id: case for turn in zip(*drawn, strict=True) for case in turn}
    # If a case was drawn twice, add further compositions.
    for more in itertools.count():
        if len(found) >= PORTION:
            break
        signature = SIGNATURES[more % len(SIGNATURES)]
        source = SeededSource(f"{number} {signature} {mode} more {more}")
        case = draw_case(source, signature=signature, mode=mode)
        found.setdefault(case.id, case)
    return list(found.values())


def draw(modes: Iterable[str], count: int, start: int = 0) -> Iterator[Case]:
    """`count` different cases, in equal shares for all modes and signatures. Another `start` gives
    other cases.
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
