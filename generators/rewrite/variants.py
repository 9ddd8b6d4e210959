"""The same steps with other numbers, another mode, or operands held constant or exchanged."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.program import Case, MalformedCase, Program, Step, nested
from ad_conformance.generators.rewrite.program_builder import exact

#: The numbers of a case by value_id: the point is 0.
Numbers = Mapping[int, np.ndarray]


def numbers(case: Case) -> dict[int, np.ndarray]:
    """The point (value_id 0), the constants and the further inputs of a case."""
    constants = {
        k: np.asarray(step.arguments["value"], dtype=float)
        for k, step in enumerate(case.program.steps, start=1)
        if step.operation in ("constant", "argument")
    }
    return {0: case.input, **constants}


def with_numbers(case: Case, given: Numbers) -> Case:
    """The case with another point (value_id 0) or other constants. Shapes must stay."""
    steps = list(case.program.steps)
    for k, value in given.items():
        if k:
            steps[k - 1] = replace(steps[k - 1], params=(("value", nested(value)),))
    return replace(case, program=Program(tuple(steps)), point=nested(given.get(0, case.input)))


def general(case: Case) -> Iterator[Numbers]:
    """Numbers for the case that have no special property, for operations of several domains.

    None of them is 0 or 1, no two are equal, and none is large. The last two sets are the case's
    own numbers, each moved by about an eighth. All are dyadic, as all numbers of cases are.
    """
    own = numbers(case)
    count = itertools.count()
    unit = {
        k: np.array([(41 + next(count) * 29 % 61) / 128 for _ in range(v.size)]).reshape(v.shape)
        for k, v in own.items()
    }
    yield unit
    yield {k: np.asarray(v + 1) for k, v in unit.items()}
    for sign in (1, -1):
        yield {
            k: np.asarray(own[k] + sign * np.where(own[k] < 0, -v, v) / 8) for k, v in unit.items()
        }


def unequal(value: np.ndarray, start: int) -> np.ndarray:
    """Numbers of the value's shape, no two of them equal. Another `start` gives other numbers."""
    return np.asarray((np.arange(value.size) * 2 + start + 1) / (2.0 * value.size + 2.0)).reshape(
        value.shape
    )


def weights(shape: tuple[int, ...]) -> np.ndarray:
    """Weights of a sum, for instance a cotangent: they differ from entry to entry, also in sign."""
    size = math.prod(shape)
    return np.asarray((1.0 + np.arange(size) / 8) * (-1.0) ** np.arange(size)).reshape(shape)


def varying(case: Case) -> tuple[bool, ...]:
    """For each value of the program, whether it depends on an input of the derivative."""
    value_ids = (0, *case.program.arguments)
    return case.program.depending({value_ids[i] for i in case.inputs})


def with_one_held(case: Case) -> Iterator[tuple[int, Case]]:
    """The case with one varying operand of one step held constant, and the value_id of the step's
    result.
    """
    values, depends = evaluate_steps(case.program, case.input), varying(case)
    for k, step in enumerate(case.program.steps, start=1):
        for slot, operand in enumerate(step.operands):
            if depends[operand] and values[operand].dtype != bool:
                yield k, _held(case, k, slot, values[operand])


def _held(case: Case, k: int, slot: int, value: np.ndarray) -> Case:
    def moved(operands: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(i if i < k else i + 1 for i in operands)

    steps = case.program.steps
    own = tuple(k if j == slot else i for j, i in enumerate(steps[k - 1].operands))
    after = [replace(step, operands=moved(step.operands)) for step in steps[k:]]
    constant = Step("constant", (), (("value", nested(exact(value, case.dtype))),))
    whole = Program((*steps[: k - 1], constant, replace(steps[k - 1], operands=own), *after))
    return replace(case, program=whole)


def with_exchanged(case: Case, k: int) -> Case | None:
    """The case with the two operands of step k exchanged, or None if their order matters to the
    result.
    """
    step, values = case.program.steps[k - 1], evaluate_steps(case.program, case.input)
    if len(step.operands) != 2 or step.operands[0] == step.operands[1]:
        return None
    one, two = (unequal(values[i], start) for start, i in enumerate(step.operands))
    evaluate = CATALOGUE[step.operation].evaluate
    try:
        with np.errstate(all="ignore"):
            same = np.array_equal(
                evaluate(one, two, **step.arguments), evaluate(two, one, **step.arguments)
            )
    except (MalformedCase, ValueError, TypeError, IndexError, ArithmeticError):
        return None
    if not same:
        return None
    exchanged = replace(step, operands=step.operands[::-1])
    steps = case.program.steps
    return replace(case, program=Program((*steps[: k - 1], exchanged, *steps[k:])))


def modes_within(mode: str) -> list[str]:
    """All modes that remain if letters are removed from a mode: shortest first, innermost letters
    first.

    They are the derivatives of lower order that the nested derivative contains.
    """
    found: dict[str, None] = {}
    for order in range(1, len(mode) + 1):
        for letters in itertools.combinations(range(len(mode)), order):
            found.setdefault(mode[-order:])
            found.setdefault("".join(mode[i] for i in letters))
    return list(found)


def submodes(mode: str, order: int) -> list[str]:
    """Those of the modes within a mode that have so many letters, in alphabetical order."""
    return sorted({"".join(letters) for letters in itertools.combinations(mode, order)})
