"""What importers record: the steps of a program, and the line of the user's function behind each.

An importer follows a function through a library and calls the operations of a `Recorder`, which
adds a step for each. What does not depend on the input stays a NumPy array, and becomes a constant
when an operation takes it.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.program import Program, Step
from ad_conformance.generators.rewrite.recording import Recorded, Recording

Array = np.ndarray


class CannotImport(Exception):
    """A function that cannot be imported.

    `what` is the operation of the library for which the catalogue has nothing, `line` the place in
    the user's function, such as "model.py:12: y = np.foo(x)", and `nearest` an operation of the
    catalogue with a similar name, "" if there is none.
    """

    def __init__(self, what: str, line: str = "", nearest: str = "") -> None:
        self.what, self.line, self.nearest = what, line, nearest
        where = f" in {line}" if line else ""
        instead = f"; the nearest operation that can be imported is {nearest}" if nearest else ""
        super().__init__(f"{what}{where} cannot be imported{instead}")


@dataclass(frozen=True)
class Imported:
    """A function as a program of one input.

    `lines` has the line of the function that each step comes from, "" if it is not known.
    `conditions` are the ids of truth values; where one of them is false, the program is not that of
    the function.
    """

    program: Program
    lines: tuple[str, ...]
    conditions: tuple[int, ...] = ()


#: What follows a function through a library: it takes the function of one array of the library,
#: the input at the point in float64, and a recorder whose value 0 is that input; it returns the
#: output.
Importer = Callable[[Callable[[Any], Any], Array, "Recorder"], Any]


class Recorder(Recording):
    """Records operations of the catalogue: `recorder.sin(x)`, `recorder.sum(x, axis=0,
    keepdims=False)`. All parameters must be given.

    Operands are values that were recorded before, or arrays and numbers, which become constants.
    If no operand was recorded, the result is a NumPy array and no step is added.
    """

    def __init__(self, point: Array, dtype: str) -> None:
        super().__init__([], [np.asarray(point, dtype=float)], dtype)
        #: The line of the user's function that is being followed, and those of the steps so far.
        self.line = ""
        self.lines: list[str] = []
        self._conditions: list[Recorded] = []
        self._constants: dict[tuple[tuple[int, ...], str, bytes], int] = {}

    @property
    def input(self) -> Recorded:
        return Recorded(self, 0)

    def called(self, name: str, operands: tuple[Any, ...], params: Mapping[str, Any]) -> Any:
        if not any(isinstance(operand, Recorded) for operand in operands):
            with np.errstate(all="ignore"):
                arrays = [np.asarray(operand) for operand in operands]
                return np.asarray(CATALOGUE[name].evaluate(*arrays, **params))
        try:
            with np.errstate(all="ignore"):
                return super().called(name, operands, params)
        except (ValueError, IndexError, TypeError, ArithmeticError) as error:
            shapes = ", ".join(str(np.shape(operand)) for operand in operands)
            raise CannotImport(f"{name} of {shapes} ({error})", self.line) from error

    def put(self, step: Step, value: Array) -> Recorded:
        self.lines.append(self.line)
        return super().put(step, value)

    def value_id(self, operand: Any) -> int:
        if isinstance(operand, Recorded):
            return operand.value_id
        array = np.asarray(operand)
        if np.iscomplexobj(array):
            raise CannotImport("a complex number", self.line)
        key = (array.shape, array.dtype.str, array.tobytes())
        if key not in self._constants:
            self._constants[key] = super().value_id(array)
        return self._constants[key]

    def moved(self, x: Recorded, indices: Array, fill: float | None = None) -> Recorded:
        """The entries of `x` at `indices`, which count all entries in row-major order; the result
        has the shape of `indices`. Where an index is negative, the entry is `fill`.

        Every selection, permutation, repetition and padding is one of these.
        """
        indices = np.asarray(indices, dtype=int)
        count = int(np.prod(x.shape))
        if indices.size == count and np.array_equal(indices.reshape(-1), np.arange(count)):
            return self.shaped(x, indices.shape)
        if not indices.size or not count:
            return self.shaped(self.value(np.full(indices.shape, fill or 0.0)), indices.shape)
        flat = self.shaped(x, (count,))
        if np.any(indices < 0):
            flat = self.concat(flat, np.array([0.0 if fill is None else fill]), axis=0)
            indices = np.where(indices < 0, count, indices)
        taken = self.take(flat, indices=tuple(indices.reshape(-1).tolist()), axis=0)
        return self.shaped(taken, indices.shape)

    def shaped(self, x: Recorded, shape: tuple[int, ...]) -> Recorded:
        """Reshaped, if it does not have that shape already."""
        return x if x.shape == tuple(shape) else self.reshape(x, shape=tuple(map(int, shape)))

    def value(self, array: Any) -> Recorded:
        """A constant as a recorded value."""
        return Recorded(self, self.value_id(np.asarray(array)))

    def at_point(self, x: Any) -> Array:
        """The value of a recorded value at the point."""
        return self.values[x.value_id] if isinstance(x, Recorded) else np.asarray(x)

    def holds(self, condition: Any) -> None:
        """A truth value that is true at the point, and on which what follows relies.

        For what decides the course of the function: the number of rounds of a loop, an index that
        is computed from the input. Raises CannotImport if it is false at the point.
        """
        if not np.all(self.at_point(condition)):
            raise CannotImport("a condition that is false at the point", self.line)
        if isinstance(condition, Recorded):
            self._conditions.append(condition)

    def imported(self, output: Any) -> Imported:
        """The program whose output is this value. Where a condition of `holds` does not hold, its
        output is 0: there, the program is not that of the function.
        """
        found = output if isinstance(output, Recorded) else self.value(output)
        for condition in self._conditions:
            numbers = self.where(condition, 1.0, 0.0)
            lowest = self.min(numbers, axis=None, keepdims=False) if numbers.ndim else numbers
            found = self.where(self.greater(lowest, 0.5), found, 0.0)
        if found.value_id != len(self.steps):
            # The last step of a program is its output.
            found = self.positive(found)
        conditions = tuple(condition.value_id for condition in self._conditions)
        return Imported(Program(tuple(self.steps)), tuple(self.lines), conditions)


def nearest_operation(name: str) -> str:
    """The operation of the catalogue whose name is most like this one, "" if none is."""
    return next(iter(difflib.get_close_matches(name, CATALOGUE, n=1)), "")
