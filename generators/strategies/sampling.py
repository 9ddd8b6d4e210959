"""Cases in any number, the same on every machine. Nothing here needs Hypothesis."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ad_conformance.generators.catalogue import CORE
from ad_conformance.generators.ir.operator import SIGNATURES
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.strategies.case_drawing import draw_case, draw_operation_case
from ad_conformance.generators.strategies.source import SeededSource
from ad_conformance.generators.strategies.turns import OPERATIONS, RULES, Turn, in_turn

#: Compositions of a batch.
BATCH = 5
#: Cases of one operation in a batch, besides the compositions: so many by turns of rules, and so
#: many by turns of the other operations.
OF_RULES, OF_OPERATIONS = 3, 2
#: How many compositions are drawn until one has the operation of its turn.
ATTEMPTS = 3
#: Cases of a portion: one batch of each signature, all of the same mode and number.
PORTION = len(SIGNATURES) * (BATCH + OF_RULES + OF_OPERATIONS)
_CORE = tuple(sorted(name for name, row in CORE.items() if row.weight))
#: Numbers of batches of a mode that a seed has.
OF_SEED = 1_000_000
#: Step through the operations that compositions put before or after the one of a turn.
_STRIDE = 7919


def batch(mode: str, signature: str, number: int) -> list[Case]:
    """The cases of one mode and signature with that number. Raises ValueError as `draw_case`."""
    name = f"{number} {signature} {mode}"
    drawn = []
    for k, (pair, turn) in enumerate(_pairs(mode, signature, number)):
        for attempt in range(ATTEMPTS):
            source = SeededSource(f"{name} {k} {attempt}")
            case = draw_case(source, signature=signature, mode=mode, pairs=[pair])
            if turn.is_met_by(case):
                break
        drawn.append(replace(case, names=turn.names))
    for turn in _alone(mode, signature, number):
        drawn.append(turn.case(f"{name} {turn}", mode, signature))
    return drawn


def operation_examples(operation: str, mode: str, count: int) -> Iterator[Case]:
    """`count` cases of one operation, always the same. Raises ValueError as `draw_operation_case`
    does.
    """
    for k in range(count):
        source = SeededSource(f"{operation} {mode} {k}")
        yield draw_operation_case(source, operation=operation, mode=mode)


def _alone(mode: str, signature: str, number: int) -> list[Turn]:
    """The turns of which a batch has one case each. Successive batches of a mode go through all of
    them.
    """
    return [
        *_turns(RULES, mode, signature, number, BATCH + OF_RULES)[:OF_RULES],
        *_turns(OPERATIONS, mode, signature, number, OF_OPERATIONS),
    ]


def _turns(turns: Sequence[Turn], mode: str, signature: str, number: int, count: int) -> list[Turn]:
    """The `count` turns of a batch, if each has so many."""
    start, own = (
        (n * len(SIGNATURES) + SIGNATURES.index(signature)) * count
        for n in (number, number % OF_SEED)
    )
    return in_turn(turns, mode, start, own, count)


def _pairs(mode: str, signature: str, number: int) -> list[tuple[tuple[str, str], Turn]]:
    """For each composition of a batch, a pair of operations, and the turn that one of them is of.

    The turns are those that follow after the ones of `_alone`. Their operations are first and last
    in turn. The other operation is one that most engines have.
    """
    place = number * len(SIGNATURES) + SIGNATURES.index(signature)
    found = []
    turns = _turns(RULES, mode, signature, number, OF_RULES + BATCH)[OF_RULES:]
    for k, turn in enumerate(turns):
        other = _CORE[(place * BATCH + k) * _STRIDE % len(_CORE)]
        pair = (turn.operation, other) if (place + k) % 2 else (other, turn.operation)
        found.append((pair, turn))
    return found


def portion(modes: Sequence[str], seed: int, index: int) -> list[Case]:
    """PORTION different cases of one mode, the signatures taking turns. Campaigns consist of
    portions.

    The portions of a seed take the modes in turn. Portions of different seeds are different, up to
    a million portions of a mode.
    """
    mode, number = modes[index % len(modes)], seed * OF_SEED + index // len(modes)
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
