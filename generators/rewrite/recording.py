"""Functions of arrays recorded as steps of a program.

A function that is written with a namespace of operations, such as the definition of a derived
operation, is called with values that record what is computed with them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.program import Step, nested
from ad_conformance.generators.rewrite.program_builder import exact


class Recording:
    """The steps so far, with their values. As a namespace, it has the catalogue operations as
    functions, each of which adds a step.
    """

    def __init__(self, steps: list[Step], values: list[np.ndarray], dtype: str) -> None:
        self.steps, self.values, self.dtype = steps, values, dtype

    def __getattr__(self, name: str) -> Callable[..., Recorded]:
        if name not in CATALOGUE:
            raise AttributeError(name)

        def row(*operands: Any, **params: Any) -> Recorded:
            given = (
                tuple(operands[0])
                if len(operands) == 1 and isinstance(operands[0], list)
                else operands
            )
            return self.called(name, given, params)

        return row

    def called(self, name: str, operands: tuple[Any, ...], params: Mapping[str, Any]) -> Recorded:
        if params.keys() != CATALOGUE[name].params.keys():
            raise TypeError(f"{name} takes {', '.join(CATALOGUE[name].params)}")
        value_ids = tuple(self.value_id(operand) for operand in operands)
        value = np.asarray(CATALOGUE[name].evaluate(*(self.values[i] for i in value_ids), **params))
        fixed = tuple(sorted((key, _plain(given)) for key, given in params.items()))
        return self.put(Step(name, value_ids, fixed), value)

    def put(self, step: Step, value: np.ndarray) -> Recorded:
        self.steps.append(step)
        self.values.append(value)
        return Recorded(self, len(self.steps))

    def value_id(self, operand: Any) -> int:
        if isinstance(operand, Recorded):
            return operand.value_id
        constant = exact(np.asarray(operand, dtype=float), self.dtype)
        placed = self.put(Step("constant", (), (("value", nested(constant)),)), constant)
        if np.asarray(operand).dtype == bool:
            placed = self.called("greater", (placed, 0.5), {})
        return placed.value_id


def _plain(given: Any) -> Any:
    """A parameter as a case has it: Python numbers and tuples."""
    if isinstance(given, (list, tuple)):
        return tuple(map(_plain, given))
    return given.item() if isinstance(given, np.generic) else given


def _binary(name: str, turned: bool = False) -> Callable[[Recorded, Any], Recorded]:
    """The method that records the operation of two values; `turned`: of the other and this one."""

    def method(self: Recorded, other: Any) -> Recorded:
        return self._steps.called(name, (other, self) if turned else (self, other), {})

    return method


class Recorded:
    """A value that records the operations applied to it."""

    #: NumPy then leaves arithmetic with an array on the left to this class.
    __array_ufunc__ = None

    def __init__(self, steps: Recording, value_id: int) -> None:
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

    __add__, __radd__ = _binary("add"), _binary("add", turned=True)
    __sub__, __rsub__ = _binary("subtract"), _binary("subtract", turned=True)
    __mul__, __rmul__ = _binary("multiply"), _binary("multiply", turned=True)
    __truediv__, __rtruediv__ = _binary("divide"), _binary("divide", turned=True)
    __pow__, __rpow__ = _binary("pow"), _binary("pow", turned=True)
    __matmul__, __rmatmul__ = _binary("matmul"), _binary("matmul", turned=True)
    __mod__, __rmod__ = _binary("remainder"), _binary("remainder", turned=True)
    __lt__, __gt__ = _binary("less"), _binary("greater")
    __le__, __ge__ = _binary("less_equal"), _binary("greater_equal")

    def __neg__(self) -> Recorded:
        return self._steps.called("negative", (self,), {})

    def __getitem__(self, key: Any) -> Recorded:
        """Index by integers, slices, None and `...`. Raises TypeError for other keys."""
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
                raise TypeError("a slice must have a positive step")
            if (start, stop, step) != (0, length, 1):
                given = {"axis": axis, "start": start, "stop": stop, "step": step}
                value = self._steps.called("slice", (value,), given)
            shape += [value.shape[axis]] if isinstance(k, slice) else []
            axis += 1
        if value.shape == tuple(shape):
            return value
        return self._steps.called("reshape", (value,), {"shape": tuple(shape)})
