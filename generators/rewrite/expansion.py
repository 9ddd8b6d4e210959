"""Replaces a step of a program by its definition, by a polynomial, or by the formula of its
derivative.

If the program then gives the same wrong value, an operation in the definition is at fault, and not
the step's own operation. A definition (`generators/catalogue/row_forms.py`) is traced: it is called
with values that record the operations that it calls.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.catalogue.extra.control_flow import BODIES
from ad_conformance.generators.catalogue.operation import MAX_SIZE
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.mode import LETTERS
from ad_conformance.generators.ir.program import Case, MalformedCase, Program, Step, nested
from ad_conformance.generators.rewrite.derivative_formulas import (
    FORMULAS,
    NESTED,
    PARTIALS,
    PULLBACKS,
    SYMMETRIC,
    pushforward,
)
from ad_conformance.generators.rewrite.program_builder import ProgramBuilder, exact
from ad_conformance.generators.rewrite.recording import Recorded, Recording
from ad_conformance.generators.rewrite.variants import unequal, varying

#: Entries at which a formula is tried.
MAX_ENTRIES = 8


def expanded(case: Case, k: int) -> Iterator[Case]:
    """The case with step k, counted from 1, replaced by each of its definitions.

    If the step broadcasts its operands, also with operands of one shape. Values stay the same up to
    rounding.
    """
    step = case.program.steps[k - 1]
    name = step.operation
    for written in (CATALOGUE[name].definition, FORMULAS.get(name), _broadcast(case, k)):
        if (whole := _replaced(case, k, written)) is not None:
            yield whole


def _broadcast(case: Case, k: int) -> Callable[..., Any] | None:
    """A definition that broadcasts the operands of step k first, or None if the step broadcasts
    nothing.
    """
    values, step = evaluate_steps(case.program, case.input), case.program.steps[k - 1]
    operands, shape = [values[i] for i in step.operands], values[k].shape
    if len(operands) < 2 or all(v.shape == shape for v in operands if v.dtype != bool):
        return None
    row = CATALOGUE[step.operation]
    try:
        whole = [np.broadcast_to(v, shape) if v.dtype != bool else v for v in operands]
        with np.errstate(all="ignore"):
            if not np.array_equal(row.evaluate(*whole, **step.arguments), values[k]):
                return None
    except (MalformedCase, ValueError, TypeError, IndexError, ArithmeticError):
        return None

    def definition(xp: Any, *value_ids: Any, **params: Any) -> Any:
        given = [
            p if v.dtype == bool or v.shape == shape else xp.broadcast_to(p, shape=shape)
            for p, v in zip(value_ids, operands, strict=True)
        ]
        return getattr(xp, step.operation)(*given, **params)

    return definition


def as_polynomial(
    case: Case, k: int, entered: Sequence[int], tensors: Sequence[np.ndarray]
) -> Case | None:
    """The case with step k replaced by its Taylor polynomial in the values `entered`: it uses only
    sums and products, and has the same derivatives.

    `tensors[m]` is the derivative of order m + 1 by these values in one vector of n entries. Its
    shape is that of the step's result, then n for each order. None if it would be too large.
    """
    values = evaluate_steps(case.program, case.input)
    at = np.concatenate([values[i].reshape(-1) for i in entered])
    result = values[k]
    if not at.size or not result.size or result.size * at.size ** len(tensors) > MAX_SIZE:
        return None
    value_ids = case.program.steps[k - 1].operands

    def polynomial(xp: Any, *operands: Any, **params: Any) -> Any:
        flat = [xp.reshape(operands[value_ids.index(i)], shape=(values[i].size,)) for i in entered]
        off = (xp.concat(flat, axis=0) if len(flat) > 1 else flat[0]) - at
        total, power = result.reshape(-1), off
        for m, tensor in enumerate(tensors, start=1):
            if m > 1:
                power = xp.reshape(power[:, None] * off[None, :], shape=(at.size**m,))
            total = (
                xp.matmul(tensor.reshape(result.size, at.size**m) / math.factorial(m), power)
                + total
            )
        return xp.reshape(total, shape=result.shape)

    return _replaced(case, k, polynomial)


def differentiated(case: Case, k: int) -> Iterator[tuple[Case, Case]]:
    """Step k as a function of one number, and the formula of this function's derivative in the mode
    without its innermost letter. Both have the same derivatives.

    The number moves the operands that vary. An operation that works entry by entry gives one pair
    for each entry. Without a formula there are no pairs.
    """
    operation = case.program.steps[k - 1].operation
    push = pushforward(operation)
    if push is None or case.order < 2:
        return
    for one, tangents in _lines(case, k, single=operation in PARTIALS):
        formula = _replaced(one, len(one.program.steps), functools.partial(_along, push, tangents))
        if formula is not None:
            yield one, formula.with_mode(case.mode[:-1])
    if operation in PULLBACKS and LETTERS[case.mode[-1]].product == "pullback":
        yield from _pulled(case, k)


def _pulled(case: Case, k: int) -> Iterator[tuple[Case, Case]]:
    """The same for a weighted sum of the result of step k, by the pullback of the weights."""
    operation = case.program.steps[k - 1].operation
    for one, (tangent,) in _lines(case, k, single=False):
        if tangent is None:
            continue
        along = (
            (tangent + np.swapaxes(tangent, -1, -2)) / 2.0 if operation in SYMMETRIC else tangent
        )
        last = len(one.program.steps)
        weights = exact(unequal(tangent, 3), case.dtype)
        total = Step("sum", (last,), (("axis", None), ("keepdims", False)))
        weighted = (
            Step("constant", (), (("value", nested(weights)),)),
            Step("multiply", (last, last + 1)),
            replace(total, operands=(last + 2,)),
        )

        def pulled(
            xp: Any, a: Any, weights: np.ndarray = weights, along: np.ndarray = along, **params: Any
        ) -> Any:
            return PULLBACKS[operation](xp, a, weights) * along

        formula = _replaced(
            replace(one, program=Program((*one.program.steps, total))), last, pulled
        )
        if formula is not None:
            whole = replace(one, program=Program((*one.program.steps, *weighted)))
            yield whole, formula.with_mode(case.mode[:-1])


def unnested(case: Case, k: int) -> Iterator[tuple[Case, Case]]:
    """Step k, a derivative inside the program, as a function of one number; and its body, with the
    letters of that derivative added to the mode. Both have the same derivatives.

    The added letters differentiate by an input of their own.
    """
    step = case.program.steps[k - 1]
    letters = NESTED.get(step.operation, 0)
    for one, _ in _lines(case, k, single=True) if letters else ():
        body = functools.partial(_body, BODIES[step.arguments["body"]][0])
        if (whole := _replaced(one, len(one.program.steps), body)) is not None:
            wrt = "0" * case.order + "1" * letters
            yield one, replace(whole, mode=case.mode + "R" * letters, wrt=wrt)


def _body(text: str, xp: Any, x: Any, c: Any, body: str) -> Any:
    """The body, an expression from the catalogue, at x plus a further input."""
    moved = x + xp.put(Step("argument", (), (("value", 0.0),)), np.zeros(()))
    return eval(text.format(c="c"), {"xp": xp, "t": moved, "c": c})


def _lines(case: Case, k: int, *, single: bool) -> Iterator[tuple[Case, list[np.ndarray | None]]]:
    """Step k alone as a function of one number, at 0, and the tangent of each operand, None if it
    does not vary.

    With `single`, one case for each entry.
    """
    step, depends = case.program.steps[k - 1], varying(case)
    values = evaluate_steps(case.program, case.input)
    operands, shape = [values[i] for i in step.operands], values[k].shape
    whole = [np.broadcast_to(v, shape) for v in operands] if single else []
    met = dict.fromkeys(
        tuple(float(v[entry]) for v in whole) for entry in np.ndindex(shape if single else ())
    )
    # Zeros and equal numbers first, since only some of them may be tried.
    ordered = sorted(
        met, key=lambda numbers: 0.0 not in numbers and len({*numbers}) == len(numbers)
    )
    every = [[np.asarray(number) for number in numbers] for numbers in ordered[:MAX_ENTRIES]]
    for given in every if single else [operands]:
        builder = ProgramBuilder(case.dtype)
        value_ids: list[int] = []
        tangents: list[np.ndarray | None] = []
        for i, value in zip(step.operands, given, strict=True):
            tangent = exact(unequal(value, len(value_ids)), case.dtype) if depends[i] else None
            value_id = builder.constant(value)
            if tangent is not None:
                value_id = builder.add(
                    "add", value_id, builder.add("multiply", 0, builder.constant(tangent))
                )
            value_ids.append(value_id)
            tangents.append(tangent)
        builder.add(step.operation, *value_ids, **step.arguments)
        yield Case(builder.program, 0.0, case.mode, dtype=case.dtype), tangents


def _along(
    push: Callable[..., Any], tangents: Sequence[Any], xp: Any, *operands: Any, **params: Any
) -> Any:
    return push(xp, operands, tangents, **params)


def _replaced(case: Case, k: int, definition: Callable[..., Any] | None) -> Case | None:
    """The case with step k replaced by a definition, or None if that is not possible."""
    if definition is None:
        return None
    step = case.program.steps[k - 1]
    try:
        values = evaluate_steps(case.program, case.input)
        before = Recording(list(case.program.steps[: k - 1]), values[:k], case.dtype)
        with np.errstate(all="ignore"):
            traced = definition(
                before, *(Recorded(before, i) for i in step.operands), **step.arguments
            )
    except (
        MalformedCase,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        KeyError,
        ArithmeticError,
    ):
        # The definition does what a value cannot record, for instance complex numbers or arrays as
        # indices.
        return None
    if not isinstance(traced, Recorded) or traced.shape != values[k].shape:
        return None
    value_id = [
        *range(k),
        traced.value_id,
        *(i + len(before.steps) for i in range(1, len(values) - k)),
    ]
    after = [
        replace(s, operands=tuple(value_id[i] for i in s.operands)) for s in case.program.steps[k:]
    ]
    steps = tuple(before.steps) + tuple(after)
    if not after:
        steps = steps[: traced.value_id]
    return replace(case, program=Program(steps).pruned())
