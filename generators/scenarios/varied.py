"""Cases of one operation that differ in what its rule may depend on."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.scenarios.bent import is_bent
from ad_conformance.generators.strategies.sampling import operation_examples

#: Cases that are drawn for each case that is chosen.
DRAWN = 8
#: Numbers up to this are choices, such as the order of a norm.
SMALL = 3


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
    """The choices of each step with the operation, alone and in pairs: values of parameters that
    are names, truth values or small numbers, or the lengths of tuples, the numbers of axes of its
    operands, the operator, and whether the program is bent.
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
        choices = [item for name, value in step.params for item in _choices(name, value)]
        choices += [tuple(values[i].ndim for i in step.operands), *whole]
        found.update(choices)
        found.update(itertools.combinations(choices, 2))
    return frozenset(found)


def _choices(name: str, value: object) -> Iterator[Any]:
    """A parameter as a choice, if it is one. Of a tuple, the choices are its length, and whether
    these are the last axes, for which engines have functions of their own.
    """
    if isinstance(value, tuple):
        yield name, "length", len(value)
        yield name, "last axes", value == tuple(range(-len(value), 0))
    elif _is_choice(value):
        yield name, value


def _is_choice(value: object) -> bool:
    if isinstance(value, float):
        return False
    return not isinstance(value, int) or isinstance(value, bool) or abs(value) <= SMALL
