"""Derived steps written out: the program with the definition of a step in the place of the step.

A definition (`generators/catalogue/row_forms.py`) is traced with values that write down the rows
that it calls, so that it can be asked whether a failure is the derived operation's own or that of
something that it is made of.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
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
    NESTED,
    PARTIALS,
    PULLBACKS,
    SPELLINGS,
    SYMMETRIC,
    pushforward,
)
from ad_conformance.generators.rewrite.program_builder import Draft, exact
from ad_conformance.generators.rewrite.single_step import unequal, varying

#: Entries at which a formula is looked at.
MAX_ENTRIES = 8


class _Steps:
    """The steps so far, with the value of each; as a namespace, the rows as functions that add one."""

    def __init__(self, steps: list[Step], values: list[np.ndarray], dtype: str) -> None:
        self.steps, self.values, self.dtype = steps, values, dtype

    def __getattr__(self, name: str) -> Callable[..., _Value]:
        if name not in CATALOGUE:
            raise AttributeError(name)

        def row(*operands: Any, **params: Any) -> _Value:
            given = (
                tuple(operands[0])
                if len(operands) == 1 and isinstance(operands[0], list)
                else operands
            )
            return self.called(name, given, params)

        return row

    def called(self, name: str, operands: tuple[Any, ...], params: Mapping[str, Any]) -> _Value:
        if params.keys() != CATALOGUE[name].params.keys():
            raise TypeError(f"{name} takes {', '.join(CATALOGUE[name].params)}")
        value_ids = tuple(self.value_id(operand) for operand in operands)
        value = np.asarray(CATALOGUE[name].evaluate(*(self.values[i] for i in value_ids), **params))
        fixed = tuple(sorted((key, _plain(given)) for key, given in params.items()))
        return self.put(Step(name, value_ids, fixed), value)

    def put(self, step: Step, value: np.ndarray) -> _Value:
        self.steps.append(step)
        self.values.append(value)
        return _Value(self, len(self.steps))

    def value_id(self, operand: Any) -> int:
        if isinstance(operand, _Value):
            return operand.value_id
        constant = exact(np.asarray(operand, dtype=float), self.dtype)
        placed = self.put(Step("constant", (), (("value", nested(constant)),)), constant)
        if np.asarray(operand).dtype == bool:
            placed = self.called("greater", (placed, 0.5), {})
        return placed.value_id


def _plain(given: Any) -> Any:
    """A parameter as it stands in a case."""
    if isinstance(given, (list, tuple)):
        return tuple(map(_plain, given))
    return given.item() if isinstance(given, np.generic) else given


class _Value:
    """A value that writes down what is done with it."""

    #: Arithmetic with an array on the left is this value's own.
    __array_ufunc__ = None

    def __init__(self, steps: _Steps, value_id: int) -> None:
        self._steps, self.value_id = steps, value_id

    @property
    def shape(self) -> tuple[int, ...]:
        return self._steps.values[self.value_id].shape

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))

    def __len__(self) -> int:
        return self.shape[0]

    def __neg__(self) -> _Value:
        return self._steps.called("negative", (self,), {})

    def __getitem__(self, key: Any) -> _Value:
        """Entries by whole numbers, slices, None and `...`. Raises TypeError for other keys."""
        keys = list(key) if isinstance(key, tuple) else [key]
        missing = self.ndim - sum(k is not None and k is not Ellipsis for k in keys)
        if Ellipsis not in keys:
            keys.append(Ellipsis)
        at = keys.index(Ellipsis)
        keys[at : at + 1] = [slice(None)] * missing
        if all(type(k) is int for k in keys[:1]) and all(k == slice(None) for k in keys[1:]):
            return self._steps.called("index", (self,), {"index": (keys[0],)})
        value, axis, shape = self, 0, []
        for k in keys:
            if k is None:
                shape.append(1)
                continue
            length = value.shape[axis]
            if not isinstance(k, slice):
                start, stop, step = range(length)[k], range(length)[k] + 1, 1
            else:
                start, stop, step = k.indices(length)
            if step < 0:
                raise TypeError("slices run forwards here")
            if (start, stop, step) != (0, length, 1):
                given = {"axis": axis, "start": start, "stop": stop, "step": step}
                value = self._steps.called("slice", (value,), given)
            shape += [value.shape[axis]] if isinstance(k, slice) else []
            axis += 1
        if value.shape == tuple(shape):
            return value
        return self._steps.called("reshape", (value,), {"shape": tuple(shape)})


def _binary(name: str, turned: bool = False) -> Callable[[_Value, Any], _Value]:
    return lambda self, other: self._steps.called(
        name, (other, self) if turned else (self, other), {}
    )


for _method, _row in {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "divide",
    "pow": "pow",
    "matmul": "matmul",
    "mod": "remainder",
}.items():
    setattr(_Value, f"__{_method}__", _binary(_row))
    setattr(_Value, f"__r{_method}__", _binary(_row, turned=True))
for _method, _row in {
    "lt": "less",
    "gt": "greater",
    "le": "less_equal",
    "ge": "greater_equal",
}.items():
    setattr(_Value, f"__{_method}__", _binary(_row))


def expanded(case: Case, k: int) -> Iterator[Case]:
    """The case with step k, counted from 1, written out: with its definition in its place, if it
    has a plain one; and on operands of one shape, if it broadcasts them. The values stay the same
    up to rounding.
    """
    step = case.program.steps[k - 1]
    name = step.operation
    for written in (CATALOGUE[name].definition, SPELLINGS.get(name), _broadcast(case, k)):
        if (whole := _replaced(case, k, written)) is not None:
            yield whole


def _broadcast(case: Case, k: int) -> Callable[..., Any] | None:
    """Step k on operands that are all of the shape of its result, if it broadcasts them itself."""
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
    """The case with the Taylor polynomial of step k, in the values at `entered`, in its place:
    harmless, and with the same derivatives.

    `tensors[m]` is its derivative of order m + 1 by all of these in one vector, of as many entries
    as the step's result has and, for each order, the vector. None where it would be too large.
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
    """Step k as a function of one number, which moves those of its operands that vary, and the
    formula of that function's derivative in the word without its innermost letter. Both have the
    same answer.

    Of what is computed entry by entry, one entry after the other; nothing where there is no
    formula.
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
    """The same for a weighted sum of what step k gives, by the pullback of the weights."""
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
    """Step k, a derivative inside the program, at numbers that one number moves, and its body with
    as many letters more in the word, by an input of their own. Both have the same answer.
    """
    step = case.program.steps[k - 1]
    letters = NESTED.get(step.operation, 0)
    for one, _ in _lines(case, k, single=True) if letters else ():
        body = functools.partial(_body, BODIES[step.arguments["body"]][0])
        if (whole := _replaced(one, len(one.program.steps), body)) is not None:
            wrt = "0" * case.order + "1" * letters
            yield one, replace(whole, mode=case.mode + "R" * letters, wrt=wrt)


def _body(text: str, xp: Any, x: Any, c: Any, body: str) -> Any:
    """The body, a text of the catalogue's, at x moved by an input of its own."""
    moved = x + xp.put(Step("argument", (), (("value", 0.0),)), np.zeros(()))
    return eval(text.format(c="c"), {"xp": xp, "t": moved, "c": c})


def _lines(case: Case, k: int, *, single: bool) -> Iterator[tuple[Case, list[np.ndarray | None]]]:
    """Step k alone on operands that move with one number, at 0, if they vary, and along what, or
    None, each does.

    `single`: one entry after the other.
    """
    step, depends = case.program.steps[k - 1], varying(case)
    values = evaluate_steps(case.program, case.input)
    operands, shape = [values[i] for i in step.operands], values[k].shape
    whole = [np.broadcast_to(v, shape) for v in operands] if single else []
    met = dict.fromkeys(
        tuple(float(v[entry]) for v in whole) for entry in np.ndindex(shape if single else ())
    )
    # Special ones first, where there are too many for all of them.
    usual = sorted(met, key=lambda numbers: 0.0 not in numbers and len({*numbers}) == len(numbers))
    every = [[np.asarray(number) for number in numbers] for numbers in usual[:MAX_ENTRIES]]
    for given in every if single else [operands]:
        draft = Draft(case.dtype)
        value_ids: list[int] = []
        tangents: list[np.ndarray | None] = []
        for i, value in zip(step.operands, given, strict=True):
            tangent = exact(unequal(value, len(value_ids)), case.dtype) if depends[i] else None
            value_id = draft.constant(value)
            if tangent is not None:
                value_id = draft.add(
                    "add", value_id, draft.add("multiply", 0, draft.constant(tangent))
                )
            value_ids.append(value_id)
            tangents.append(tangent)
        draft.add(step.operation, *value_ids, **step.arguments)
        yield Case(draft.program, 0.0, case.mode, dtype=case.dtype), tangents


def _along(
    push: Callable[..., Any], tangents: Sequence[Any], xp: Any, *operands: Any, **params: Any
) -> Any:
    return push(xp, operands, tangents, **params)


def _replaced(case: Case, k: int, definition: Callable[..., Any] | None) -> Case | None:
    """The case with what the definition makes of the operands of step k in its place."""
    if definition is None:
        return None
    step = case.program.steps[k - 1]
    try:
        values = evaluate_steps(case.program, case.input)
        before = _Steps(list(case.program.steps[: k - 1]), values[:k], case.dtype)
        with np.errstate(all="ignore"):
            traced = definition(
                before, *(_Value(before, i) for i in step.operands), **step.arguments
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
        # What asks of its operands more than a value can write down: complex numbers, arrays of
        # places.
        return None
    if not isinstance(traced, _Value) or traced.shape != values[k].shape:
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
