"""Smaller cases that may fail in the same way: for a case that was stored, whatever drew it.

Hypothesis shrinks what it draws itself; this reduces any case, on the program: steps go, values
become constants or the input, words get shorter, axes shorter, numbers simpler. Whether a candidate
still fails is the caller's to say.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from ad_conformance.generators.ir.case_io import parse_case
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.program import Case, MalformedCase, Program, Step, nested
from ad_conformance.generators.rewrite.single_step import (
    Numbers,
    numbers,
    stand_alones,
    with_numbers,
)

Size = tuple[int, int, int, float]
#: Numbers that stand for others, the simplest first.
_SIMPLE = (1.0, 0.0, 2.0, 0.5, -1.0, 3.0)


def size(case: Case) -> Size:
    """What reduction makes smaller: question, steps, entries, digits; compared in that order."""
    plain = len(case.mode) + sum(
        v is not None for v in (case.tangent, case.cotangent, case.warmup_point)
    )
    plain += (
        (case.operator != "jacobian")
        + (case.dtype != "float64")
        + len(set(case.wrt))
        + bool(case.wrt)
    )
    steps = [step for step in case.program.steps if step.operands]
    values = numbers(case).values()
    parameters = sum(len(repr(value)) for step in steps for _, value in step.params)
    digits = sum(_digits(float(entry)) for value in values for entry in value.flat)
    return len(steps), plain, sum(max(v.size, 1) + v.ndim for v in values), digits + parameters


def reduce(
    case: Case,
    fails: Callable[[Case], bool],
    *,
    seconds: float = math.inf,
    asked: set[str] | None = None,
) -> Case:
    """The smallest case that was found to fail too, of those that greedy simplification meets
    within `seconds`.

    `fails` is asked of valid cases only, none of them twice; the first candidate that fails is
    taken and simplified in turn, so that the result is the same every time where `fails` is.
    `asked` are the ids of cases that need not be asked again, to which those asked are added: with
    what came of it and the same set, a later call goes on from there.
    """
    begun = time.monotonic()
    asked = set() if asked is None else asked
    asked.add(case.id)
    found = True
    while found:
        found = False
        for candidate in _candidates(case):
            try:
                name = candidate.id
                if name in asked or size(candidate) >= size(case):
                    continue
                valid = parse_case(candidate.json)
            except (MalformedCase, ValueError):
                # Also where a number of it is not finite: one that float32 does not hold.
                continue
            if time.monotonic() - begun > seconds:
                return case
            failed = fails(valid)
            # Not before it is answered: one that is interrupted is asked again.
            asked.add(name)
            if failed:
                case, found = valid, True
                break
    return case


def _digits(number: float) -> float:
    """How much there is to a number: 0 for the simplest."""
    return float(_SIMPLE.index(number)) / 8 if number in _SIMPLE else 1.0 + len(repr(number)) / 32


def _candidates(case: Case) -> Iterator[Case]:
    pruned = case.program.pruned()
    if len(pruned.steps) < len(case.program.steps):
        yield replace(case, program=pruned)
    yield from _questions(case)
    # Most failures are those of one step: found here in as many questions as there are steps.
    for _, candidate in stand_alones(case):
        yield candidate
    values = evaluate_steps(case.program, case.input)
    yield from _prefixes(case, values)
    yield from _suffixes(case, values)
    yield from _without_steps(case, values)
    for letter in range(len(case.mode)):
        if case.operator == "jacobian" and len(case.mode) > 1 and not case.wrt:
            yield replace(case, mode=case.mode[:letter] + case.mode[letter + 1 :])
    yield from _shorter(case)
    yield from _simpler(case)


def _questions(case: Case) -> Iterator[Case]:
    """The plain question, and each of its parts alone."""
    if case.program.arguments:
        # All inputs but one as constants, and that one the first.
        yield replace(case, program=_fixed(case.program), wrt="")
        values = evaluate_steps(case.program, case.input)
        for k in case.program.arguments:
            steps = tuple(
                Step("constant", (), (("value", nested(values[j])),))
                if s.operation == "argument"
                else s
                for j, s in enumerate(case.program.steps, start=1)
            )
            whole = Program(steps)
            yield replace(
                case.plain, program=_entered(whole, k, values).pruned(), point=nested(values[k])
            )
    yield case.plain if not case.program.arguments else case
    for change in ({"warmup_point": None}, {"dtype": "float64"}):
        yield replace(case, **change)
    if case.operator != "jacobian":
        yield replace(case, operator="jacobian", tangent=None, cotangent=None)


def _fixed(program: Program) -> Program:
    return Program(
        tuple(
            Step("constant", (), s.params) if s.operation == "argument" else s
            for s in program.steps
        )
    )


def _ending(case: Case, program: Program) -> Case:
    """The case with another output, whose shape a cotangent may not fit."""
    if case.asked.of_any_function:
        return replace(case, program=program)
    return replace(case, program=program, operator="jacobian", tangent=None, cotangent=None)


def _prefixes(case: Case, values: list[np.ndarray]) -> Iterator[Case]:
    """Earlier values as the output."""
    for k in range(1, len(case.program.steps)):
        if values[k].dtype != bool and values[k].ndim <= 2:
            yield _ending(case, Program(case.program.steps[:k]).pruned())


def _entered(program: Program, k: int, values: list[np.ndarray]) -> Program:
    """The program as one of its value k, the input a constant where it is used otherwise."""
    constant = Step("constant", (), (("value", nested(values[0])),))
    steps = [constant]
    # Value 0 is now value 1, value k is value 0, all others are one further on.
    value_id = [0 if i == k else i + 1 for i in range(len(values))]
    for step in program.steps:
        steps.append(replace(step, operands=tuple(value_id[i] for i in step.operands)))
    return Program(tuple(steps))


def _suffixes(case: Case, values: list[np.ndarray]) -> Iterator[Case]:
    """Intermediate values as the input."""
    if case.wrt or case.program.arguments:
        return
    for k in range(len(case.program.steps) - 1, 0, -1):
        if (
            values[k].dtype == bool
            or values[k].ndim > 2
            or not values[k].size
            or not np.all(np.isfinite(values[k]))
        ):
            continue
        program = _entered(case.program, k, values).pruned()
        entered = replace(case, program=program, point=nested(values[k]), warmup_point=None)
        if case.operator != "jacobian":
            entered = replace(entered, operator="jacobian", tangent=None, cotangent=None)
        yield entered


def _without_steps(case: Case, values: list[np.ndarray]) -> Iterator[Case]:
    """Without one step: its value is one of those before it, or a constant."""
    steps = case.program.steps
    for k in range(len(steps), 0, -1):
        if not steps[k - 1].operands:
            continue
        alike = [
            i for i in dict.fromkeys((*steps[k - 1].operands, 0)) if values[i].shape == values[k].shape
            and values[i].dtype == values[k].dtype
        ]  # fmt: skip
        for i in alike:
            kept = [*steps[: k - 1], Step("positive", (i,)), *steps[k:]]
            yield replace(case, program=_through(Program(tuple(kept)), k, i).pruned())
        if (
            k < len(steps)
            and values[k].dtype != bool
            and np.all(np.isfinite(values[k]))
            and values[k].size
        ):
            constant = Step("constant", (), (("value", nested(values[k])),))
            yield replace(case, program=Program((*steps[: k - 1], constant, *steps[k:])).pruned())


def _through(program: Program, k: int, i: int) -> Program:
    """The program with value i wherever value k was used; where k is the output, i is."""
    if k == len(program.steps):
        return Program(program.steps[:i])
    return Program(
        tuple(
            replace(s, operands=tuple(i if value_id == k else value_id for value_id in s.operands))
            for s in program.steps
        )
    )


def _shorter(case: Case) -> Iterator[Case]:
    """All axes of one length shorter by one, of the input and of constants."""
    values = numbers(case)
    lengths = sorted({n for v in values.values() for n in v.shape if n > 1}, reverse=True)
    chosen = [[k] for k in values] + [list(values)]
    for n, value_ids in itertools.product(lengths, reversed(chosen)):
        for ends in ((0, n - 1), (1, n)):
            cut = {k: _cut(values[k], n, slice(*ends)) for k in value_ids}
            if all(cut[k].shape == values[k].shape for k in value_ids):
                continue
            yield _with_values(case, cut)
    for k, value in values.items():
        if value.ndim and value.size == 1:
            yield _with_values(case, {k: value.reshape(())})


def _cut(value: np.ndarray, length: int, kept: slice) -> np.ndarray:
    return value[tuple(kept if n == length else slice(None) for n in value.shape)]


def _with_values(case: Case, given: Numbers) -> Case:
    """The case with another input (0) and other constants; what was shaped like the input goes."""
    changed = with_numbers(case, given)
    return (
        changed if changed.input.shape == case.input.shape else replace(changed, warmup_point=None)
    )


def _simpler(case: Case) -> Iterator[Case]:
    """One number, or all of one array, replaced by a simpler one."""
    values = numbers(case)
    for k, value in values.items():
        for number in _SIMPLE:
            if value.size > 1 and np.any(value != number):
                yield _with_values(case, {k: np.full(value.shape, number)})
        for value_id, entry in np.ndenumerate(value):
            for number in (*_SIMPLE, float(np.round(entry)), float(np.round(entry * 8) / 8)):
                if _digits(number) < _digits(float(entry)):
                    changed = value.copy()
                    changed[value_id] = number
                    yield _with_values(case, {k: changed})
