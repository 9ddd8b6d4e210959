"""One step of a case alone, and its numbers made general: what is left of a case where only one
cause is looked for.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.operator import KINDS
from ad_conformance.generators.ir.program import Case, MalformedCase, Program, Step, nested
from ad_conformance.generators.rewrite.program_builder import Draft, exact


def _bent(draft: Draft, value_id: int, value: np.ndarray) -> int:
    """What has the value at `place` and the same first derivative, but curvature: v + (v -
    value)**2.
    """
    off = draft.add("subtract", value_id, draft.constant(value))
    return draft.add("add", value_id, draft.add("multiply", off, off))


def varying(case: Case) -> tuple[bool, ...]:
    """For every value of the program, whether it depends on an input that the case differentiates
    by.
    """
    value_ids = (0, *case.program.arguments)
    return case.program.depending({value_ids[i] for i in case.inputs})


def alone(
    case: Case, k: int, entered: tuple[int, ...], *, bent: bool = False, tied: bool = False
) -> Case | None:
    """Step k (from 1) of the case as a program of its own, whose input is what stands at the places
    `entered`, in one vector if there are several; its other operands are constants.

    `bent`: with curvature before it and after it, since some rules are wrong only about cotangents
    that vary. `tied`: numbers that are equal are one entry of the input, so that a maximum of them
    is smooth. None where the step cannot stand alone, or nothing is tied.
    """
    values, step = evaluate_steps(case.program, case.input), case.program.steps[k - 1]
    result = values[k]
    if result.dtype == bool:
        return None
    draft = Draft(case.dtype)
    parts = [exact(values[i], case.dtype) for i in entered]
    if len(parts) == 1 and parts[0].ndim < len(KINDS) and not tied:
        point, value_ids = parts[0], {entered[0]: 0}
    else:
        point, value_ids, start, flat = (
            np.concatenate([part.reshape(-1) for part in parts]),
            {},
            0,
            0,
        )
        if tied:
            point, indices = np.unique(point, return_inverse=True)
            if point.size == indices.size:
                return None
            flat = draft.add("take", 0, indices=tuple(indices.tolist()), axis=0)
        for i, part in zip(entered, parts, strict=True):
            piece = flat
            if len(parts) > 1:
                piece = draft.add(
                    "slice", flat, axis=0, start=start, stop=start + part.size, step=1
                )
            value_ids[i] = (
                draft.add("reshape", piece, shape=part.shape) if part.ndim != 1 else piece
            )
            start += part.size
    if bent:
        value_ids = {i: _bent(draft, value_id, values[i]) for i, value_id in value_ids.items()}
    operands = [
        value_ids[i] if i in value_ids else draft.constant(values[i]) for i in step.operands
    ]
    output = draft.add(step.operation, *operands, **step.arguments)
    if bent:
        output = _bent(draft, output, result)
    if result.ndim >= len(KINDS):
        draft.add("reshape", output, shape=(result.size,))
    return replace(Case(draft.program, nested(point), case.mode), dtype=case.dtype)


def stand_alones(
    case: Case, *, bent: bool = False, together: bool = False, tied: bool = False
) -> Iterator[tuple[int, Case]]:
    """Every step of the case alone, the last one first, with its place.

    By each of its operands that vary in turn, or by several `together`.
    """
    values, depends = evaluate_steps(case.program, case.input), varying(case)
    for k in range(len(case.program.steps), 0, -1):
        operands = _entering(case, k, values, depends)
        if together and len(operands) < 2:
            continue
        for entered in [operands] if together else [(i,) for i in operands]:
            if (candidate := alone(case, k, entered, bent=bent, tied=tied)) is not None:
                yield k, candidate


def _entering(
    case: Case, k: int, values: Sequence[np.ndarray], depends: Sequence[bool]
) -> tuple[int, ...]:
    """The operands of step k that vary and are numbers, each once."""
    return tuple(
        dict.fromkeys(
            i for i in case.program.steps[k - 1].operands if depends[i] and values[i].dtype != bool
        )
    )


def context(case: Case, k: int, *, tied: bool = False) -> Case | None:
    """What is put around step k where it is asked alone, bent, tied or by its operands together,
    without the step.
    """
    values, before = evaluate_steps(case.program, case.input), case.program.steps[: k - 1]
    operands = _entering(case, k, values, varying(case))
    line = [*before]
    flat = []
    for i in operands:
        line.append(Step("reshape", (i,), (("shape", (values[i].size,)),)))
        flat.append(len(line))
    line.append(Step("concat", tuple(flat), (("axis", 0),)))
    try:
        return alone(
            replace(case, program=Program(tuple(line))),
            len(line),
            tuple(flat),
            bent=True,
            tied=tied,
        )
    except MalformedCase:
        # Together they have more entries than a value may have.
        return None


def with_one_held(case: Case) -> Iterator[tuple[int, Case]]:
    """The case with one operand of one step held constant, of those that vary, with the place of
    the step.
    """
    values, depends = evaluate_steps(case.program, case.input), varying(case)
    for k, step in enumerate(case.program.steps, start=1):
        for slot, operand in enumerate(step.operands):
            if depends[operand] and values[operand].dtype != bool:
                yield k, _held(case, k, slot, values[operand])


def with_exchanged(case: Case, k: int) -> Case | None:
    """The case with the two operands of step k exchanged, where their order makes no difference to
    the result.
    """
    step, values = case.program.steps[k - 1], evaluate_steps(case.program, case.input)
    if len(step.operands) != 2 or step.operands[0] == step.operands[1]:
        return None
    one, two = (unequal(values[i], start) for start, i in enumerate(step.operands))
    row = CATALOGUE[step.operation]
    try:
        with np.errstate(all="ignore"):
            same = np.array_equal(
                row.evaluate(one, two, **step.arguments), row.evaluate(two, one, **step.arguments)
            )
    except (MalformedCase, ValueError, TypeError, IndexError, ArithmeticError):
        return None
    exchanged = replace(step, operands=step.operands[::-1])
    steps = case.program.steps
    return (
        replace(case, program=Program((*steps[: k - 1], exchanged, *steps[k:]))) if same else None
    )


def unequal(value: np.ndarray, start: int) -> np.ndarray:
    """Numbers shaped as the value, no two alike, from another `start` others."""
    return np.asarray((np.arange(value.size) * 2 + start + 1) / (2.0 * value.size + 2.0)).reshape(
        value.shape
    )


def _held(case: Case, k: int, slot: int, value: np.ndarray) -> Case:
    def moved(operands: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(i if i < k else i + 1 for i in operands)

    steps = case.program.steps
    own = tuple(k if j == slot else i for j, i in enumerate(steps[k - 1].operands))
    after = [replace(step, operands=moved(step.operands)) for step in steps[k:]]
    constant = Step("constant", (), (("value", nested(exact(value, case.dtype))),))
    whole = Program((*steps[: k - 1], constant, replace(steps[k - 1], operands=own), *after))
    return replace(case, program=whole)


Numbers = Mapping[int, np.ndarray]


def numbers(case: Case) -> dict[int, np.ndarray]:
    """The numbers that a case consists of: its point (0), and the constants by their places."""
    constants = {
        k: np.asarray(step.arguments["value"], dtype=float)
        for k, step in enumerate(case.program.steps, start=1)
        if step.operation in ("constant", "argument")
    }
    return {0: case.input, **constants}


def with_numbers(case: Case, given: Numbers) -> Case:
    """The case with another point (0) and other constants, of the same shapes."""
    steps = list(case.program.steps)
    for k, value in given.items():
        if k:
            steps[k - 1] = replace(steps[k - 1], params=(("value", nested(value)),))
    return replace(case, program=Program(tuple(steps)), point=nested(given.get(0, case.input)))


def general(case: Case) -> Iterator[Numbers]:
    """Numbers for the case that have nothing special about them, for operations of several domains.

    No zero, no one, no two alike, none large; then the case's own, moved by an eighth or so.
    Dyadic, as all numbers of cases are.
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
