"""Cases of one operation that differ in what its rule may depend on."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.scenarios.bent import is_bent
from ad_conformance.generators.strategies.choices import choices
from ad_conformance.generators.strategies.sampling import operation_examples

#: Cases that are drawn for each case that is chosen.
DRAWN = 8


def varied_cases(operation: str, mode: str, count: int) -> Iterator[Case]:
    """`count` cases of one operation, always the same, as different as possible.

    They are chosen out of several times as many: each time the case with the most choices, and
    pairs of choices, that no case before has. Raises ValueError as `operation_examples`.
    """
    drawn = {
        case.id: (case, _pairs(case, operation))
        for case in operation_examples(operation, mode, count * DRAWN)
    }
    met: set[Any] = set()
    for _ in range(min(count, len(drawn))):
        chosen = max(drawn, key=lambda name: len(drawn[name][1] - met))
        case, pairs = drawn.pop(chosen)
        met |= pairs
        yield case


def _pairs(case: Case, operation: str) -> frozenset[Any]:
    """The choices of each step with the operation, alone and in pairs; the operator, and whether
    the program is bent, are choices too.
    """
    values = evaluate_steps(case.program, case.input)
    found: set[Any] = set()
    whole = [
        ("bent", case.order > 1 and is_bent(case.program, operation)),
        ("operator", case.operator),
    ]
    for step in case.program.steps:
        if step.operation != operation:
            continue
        chosen = [*choices(step, values), *whole]
        found.update(chosen)
        found.update(itertools.combinations(chosen, 2))
    return frozenset(found)
