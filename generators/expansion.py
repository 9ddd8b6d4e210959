"""Derived steps written out: the program with the definition of a step in the place of the step.

A definition (`generators/catalogue/rows.py`) is traced with values that write down the rows that it calls, so that it
can be asked whether a failure is the derived operation's own or that of something that it is made of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from generators.catalogue import CATALOGUE
from generators.programs import Case, MalformedCase, Program, Step, nested
from generators.reading import evaluate_steps

#: Rows without a definition that can be written with simpler ones all the same.
SPELLINGS: Mapping[str, Callable[..., Any]] = {
    "square": lambda xp, x: x * x,
    "reciprocal": lambda xp, x: 1.0 / x,
    "subtract": lambda xp, a, b: a + -b,
    "negative": lambda xp, x: -1.0 * x,
    "mean": lambda xp, x, axis, keepdims: (
        xp.sum(x, axis=axis, keepdims=keepdims) * (1.0 / (x.size if axis is None else x.shape[axis]))
    ),
    "vecdot": lambda xp, a, b: xp.sum(a * b, axis=-1, keepdims=False),
    "clip": lambda xp, x, min, max: xp.minimum(xp.maximum(x, min), max),
    "logcumsumexp": lambda xp, x, axis: xp.log(xp.cumulative_sum(xp.exp(x), axis=axis)),
    "outer": lambda xp, a, b: a[:, None] * b[None, :],
    "trace": lambda xp, x: xp.sum(xp.diagonal(x), axis=-1, keepdims=False),
    "vector_norm": lambda xp, x, axis: xp.sqrt(xp.sum(x * x, axis=axis, keepdims=False)),
    "matrix_norm": lambda xp, x: xp.sqrt(
        xp.sum(xp.sum(x * x, axis=-1, keepdims=False), axis=-1, keepdims=False)
    ),
    "stack": lambda xp, *parts, axis: xp.concat([xp.expand_dims(part, axis=axis) for part in parts], axis=axis),
    "pow_int": lambda xp, x, exponent: xp.pow(x, float(exponent)),
    "pow_float": lambda xp, x, exponent: xp.pow(x, exponent),
}  # fmt: skip


class _Steps:
    """The steps so far, with the value of each; as a namespace, the rows as functions that add one."""

    def __init__(self, steps: list[Step], values: list[np.ndarray]) -> None:
        self.steps, self.values = steps, values

    def __getattr__(self, name: str) -> Callable[..., _Value]:
        if name not in CATALOGUE:
            raise AttributeError(name)

        def called(*operands: Any, **params: Any) -> _Value:
            given = tuple(operands[0]) if len(operands) == 1 and isinstance(operands[0], list) else operands
            return self.add(name, given, params)

        return called

    def add(self, name: str, operands: tuple[Any, ...], params: Mapping[str, Any]) -> _Value:
        if params.keys() != CATALOGUE[name].params.keys():
            raise TypeError(f"{name} takes {', '.join(CATALOGUE[name].params)}")
        places = tuple(self.place(operand) for operand in operands)
        value = np.asarray(CATALOGUE[name].evaluate(*(self.values[i] for i in places), **params))
        fixed = tuple(sorted((key, _plain(given)) for key, given in params.items()))
        return self.put(Step(name, places, fixed), value)

    def put(self, step: Step, value: np.ndarray) -> _Value:
        self.steps.append(step)
        self.values.append(value)
        return _Value(self, len(self.steps))

    def place(self, operand: Any) -> int:
        if isinstance(operand, _Value):
            return operand.place
        constant = np.asarray(operand, dtype=float)
        placed = self.put(Step("constant", (), (("value", nested(constant)),)), constant)
        if np.asarray(operand).dtype == bool:
            placed = self.add("greater", (placed, 0.5), {})
        return placed.place


def _plain(given: Any) -> Any:
    """A parameter as it stands in a case."""
    if isinstance(given, (list, tuple)):
        return tuple(map(_plain, given))
    return given.item() if isinstance(given, np.generic) else given


class _Value:
    """A value that writes down what is done with it."""

    #: Arithmetic with an array on the left is this value's own.
    __array_ufunc__ = None

    def __init__(self, steps: _Steps, place: int) -> None:
        self._steps, self.place = steps, place

    @property
    def shape(self) -> tuple[int, ...]:
        return self._steps.values[self.place].shape

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))

    def __len__(self) -> int:
        return self.shape[0]

    def __neg__(self) -> _Value:
        return self._steps.add("negative", (self,), {})

    def __getitem__(self, key: Any) -> _Value:
        """Entries by whole numbers, slices, None and `...`. Raises TypeError for other keys."""
        keys = list(key) if isinstance(key, tuple) else [key]
        missing = self.ndim - sum(k is not None and k is not Ellipsis for k in keys)
        if Ellipsis not in keys:
            keys.append(Ellipsis)
        at = keys.index(Ellipsis)
        keys[at : at + 1] = [slice(None)] * missing
        if all(type(k) is int for k in keys[:1]) and all(k == slice(None) for k in keys[1:]):
            return self._steps.add("index", (self,), {"index": (keys[0],)})
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
                value = self._steps.add("slice", (value,), given)
            shape += [value.shape[axis]] if isinstance(k, slice) else []
            axis += 1
        return value if value.shape == tuple(shape) else self._steps.add("reshape", (value,), {"shape": tuple(shape)})


def _binary(name: str, turned: bool = False) -> Callable[[_Value, Any], _Value]:
    return lambda self, other: self._steps.add(name, (other, self) if turned else (self, other), {})


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
for _method, _row in {"lt": "less", "gt": "greater", "le": "less_equal", "ge": "greater_equal"}.items():
    setattr(_Value, f"__{_method}__", _binary(_row))


def expanded(case: Case, k: int) -> Case | None:
    """The case with the definition of step k, counted from 1, in its place; None where it has none, or no plain one.

    The values stay the same up to rounding.
    """
    step = case.program.steps[k - 1]
    definition = CATALOGUE[step.operation].definition or SPELLINGS.get(step.operation)
    if definition is None:
        return None
    try:
        values = evaluate_steps(case.program, case.input)
        before = _Steps(list(case.program.steps[: k - 1]), values[:k])
        with np.errstate(all="ignore"):
            traced = definition(before, *(_Value(before, i) for i in step.operands), **step.arguments)
    except (MalformedCase, ValueError, TypeError, AttributeError, IndexError, KeyError, ArithmeticError):
        # What asks of its operands more than a value can write down: complex numbers, arrays of places.
        return None
    if not isinstance(traced, _Value) or traced.shape != values[k].shape:
        return None
    place = [*range(k), traced.place, *(i + len(before.steps) for i in range(1, len(values) - k))]
    after = [replace(s, operands=tuple(place[i] for i in s.operands)) for s in case.program.steps[k:]]
    steps = tuple(before.steps) + tuple(after)
    if not after:
        steps = steps[: traced.place]
    return replace(case, program=Program(steps).pruned())
