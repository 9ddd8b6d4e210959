"""Reduces a case to a smaller one that fails in the same way.

Hypothesis shrinks only what it draws itself. This module reduces any case: it removes wrappers and
steps, makes values constants or the input, shortens modes and axes, and simplifies numbers. The
caller says whether a candidate still fails.
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
from ad_conformance.generators.ir.nest import fewer_wrappers
from ad_conformance.generators.ir.program import Case, MalformedCase, Program, Step, nested
from ad_conformance.generators.rewrite.slicing import Slicer
from ad_conformance.generators.rewrite.variants import Numbers, numbers, with_numbers

Size = tuple[int, int, int, float]
#: Numbers that replace others, the simplest first.
_SIMPLE = (1.0, 0.0, 2.0, 0.5, -1.0, 3.0)


def size(case: Case) -> Size:
    """The size of a case: operations, mode and operator, entries, digits. The order counts."""
    question = len(case.mode) + sum(
        v is not None for v in (case.tangent, case.cotangent, case.warmup_point)
    )
    question += (
        (case.operator != "jacobian")
        + (case.dtype != "float64")
        + len(set(case.wrt))
        + bool(case.wrt)
        + bool(case.names)
        + sum(map(len, case.wrappers))
    )
    steps = [step for step in case.program.steps if step.operands]
    values = numbers(case).values()
    parameters = sum(len(repr(value)) for step in steps for _, value in step.params)
    digits = sum(_digits(float(entry)) for value in values for entry in value.flat)
    return len(steps), question, sum(max(v.size, 1) + v.ndim for v in values), digits + parameters


def reduce(
    case: Case,
    fails: Callable[[Case], bool],
    *,
    seconds: float = math.inf,
    asked: set[str] | None = None,
) -> Case:
    """The smallest case that fails too, of those that greedy simplification meets within `seconds`.

    `fails` is called with valid cases only, never twice with the same case. The first candidate
    that fails is simplified in turn. So the result is the same every time, if `fails` is. `asked`
    are the ids of cases that need not be asked again; each case that is asked is added. A later
    call with the result and the same set continues from there.
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
                # Also if one of its numbers is not finite, since float32 cannot hold it.
                continue
            if time.monotonic() - begun > seconds:
                return case
            failed = fails(valid)
            # Only now: if this case is interrupted, it must be asked again.
            asked.add(name)
            if failed:
                case, found = valid, True
                break
    return case


def _digits(number: float) -> float:
    """The weight of a number in the size: 0 for the simplest."""
    return float(_SIMPLE.index(number)) / 8 if number in _SIMPLE else 1.0 + len(repr(number)) / 32


def _candidates(case: Case) -> Iterator[Case]:
    for fewer in fewer_wrappers(case.wrappers):
        yield replace(case, wrappers=fewer)
    pruned = case.program.pruned()
    if len(pruned.steps) < len(case.program.steps):
        yield replace(case, program=pruned)
    yield from _questions(case)
    # Most failures are those of one step. They are found here with one case for each step.
    for _, candidate in Slicer(case).plain_steps():
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
    """The plain case, and cases with only one of the changes that make it plain."""
    if case.program.arguments:
        # All inputs but one become constants, and that one is the point.
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
    for change in ({"warmup_point": None}, {"dtype": "float64"}, {"names": 0}):
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
    """The case with another output. Its shape may not fit the cotangent, which then goes."""
    if case.asked.of_any_function:
        return replace(case, program=program)
    return replace(case, program=program, operator="jacobian", tangent=None, cotangent=None)


def _prefixes(case: Case, values: list[np.ndarray]) -> Iterator[Case]:
    """Earlier values as the output."""
    for k in range(1, len(case.program.steps)):
        if values[k].dtype != bool and values[k].ndim <= 2:
            yield _ending(case, Program(case.program.steps[:k]).pruned())


def _entered(program: Program, k: int, values: list[np.ndarray]) -> Program:
    """The program as a function of its value k. The input becomes a constant."""
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
    """One step removed: an earlier value or a constant takes the place of its result."""
    steps = case.program.steps
    for k in range(len(steps), 0, -1):
        if not steps[k - 1].operands:
            continue
        alike = [
            i
            for i in dict.fromkeys((*steps[k - 1].operands, 0))
            if values[i].shape == values[k].shape and values[i].dtype == values[k].dtype
        ]
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
    """The program with value i in the place of value k."""
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
    """The case with another point or other constants. If the point has another shape, the
    warmup_point goes.
    """
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
