"""What importers record: the steps of a program, and the line of the user's function behind each.

An importer follows a function through a library and calls the operations of a `Recorder`, which
adds a step for each. What does not depend on the input stays a NumPy array, and becomes a constant
when an operation takes it.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.program import Program, Step
from ad_conformance.generators.rewrite.recording import Recorded, Recording

Array = np.ndarray


#: Operations that are positive everywhere, so that all of their digits count.
_POSITIVE = ("ndtr", "norm_cdf", "laplace_cdf", "cauchy_cdf", "i0")


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


class Parts(CannotImport):
    """A recorded step has another value than the library's own operation on the same operands."""

    def __init__(self, what: str, line: str, difference: float) -> None:
        super().__init__(what, line)
        where = f" in {line}" if line else ""
        self.args = (f"{what}{where}: the imported value differs by {difference:.2g}",)


@dataclass(frozen=True)
class Imported:
    """A function as a program of one input.

    `lines` has the line of the function that each step comes from, "" if it is not known.
    `conditions` are the ids of truth values; where one of them is false, the program is not that of
    the function. `held` has the lines whose values count as constants, such as those of `detach`,
    and "" for values that a library holds constant: beside the point, the program may have other
    values than the function. `notes` are lines for the user.
    """

    program: Program
    lines: tuple[str, ...]
    conditions: tuple[int, ...] = ()
    held: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


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
        #: Lines whose values count as constants, such as those of stop_gradient. Away from the
        #: point, the program may have other values than the function.
        self.held: list[str] = []
        #: What is to be told about the function.
        self.notes: list[str] = []
        self._conditions: list[Recorded] = []
        self._constants: dict[tuple[tuple[int, ...], str, bytes], int] = {}
        self._made: dict[tuple[Any, ...], Recorded] = {}

    @property
    def input(self) -> Recorded:
        return Recorded(self, 0)

    def called(self, name: str, operands: tuple[Any, ...], params: Mapping[str, Any]) -> Any:
        if not any(isinstance(operand, Recorded) for operand in operands):
            with np.errstate(all="ignore"):
                arrays = [np.asarray(operand) for operand in operands]
                return np.asarray(CATALOGUE[name].evaluate(*arrays, **params))
        operands = tuple(Recorded(self, self.value_id(operand)) for operand in operands)
        key = (name, *(operand.value_id for operand in operands), repr(sorted(params.items())))
        if key in self._made:
            return self._made[key]
        try:
            with np.errstate(all="ignore"):
                self._made[key] = super().called(name, operands, params)
            return self._made[key]
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
        if array.dtype.kind == "f" and not np.all(np.isfinite(array)):
            # Constants are finite. In masks, a number beyond all others does what infinity does,
            # and NaN is where nothing selects it.
            far = 1e12 if self.dtype == "float32" else 1e30
            array = np.nan_to_num(array, nan=0.0, posinf=far, neginf=-far)
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
        known = {recorded.value_id for recorded in self._conditions}
        if isinstance(condition, Recorded) and condition.value_id not in known:
            self._conditions.append(condition)

    def compare(self, x: Any, library_value: Any, what: str = "a step") -> None:
        """Compare a value with that of the library on the same operands. Raises Parts if they
        differ by more than rounding, relative to the largest entry.
        """
        ours, theirs = self.at_point(x).astype(float), np.asarray(library_value, dtype=float)
        rounding = 1e-2 if self.dtype == "float32" else 1e-6
        both = np.isfinite(ours) & np.isfinite(theirs)
        if ours.shape != theirs.shape or not np.any(both):
            return
        scale = float(np.max(np.abs(theirs[both]), initial=1e-30))
        if (difference := float(np.max(np.abs(ours - theirs)[both])) / scale) > rounding:
            raise Parts(what, self.line, difference)

    def stands_for(self, x: Any, library_value: Any, called: str, library: str) -> bool:
        """Whether the value of a step is that of a function of the library, so that the step may
        stand for those of this function. If the two differ by more than rounding, a note says how
        much.
        """
        ours, theirs = self.at_point(x).astype(float), np.asarray(library_value, dtype=float)
        if ours.shape != theirs.shape:
            return False
        step = self.steps[x.value_id - 1]
        sizes = [np.max(np.abs(self.values[i]), initial=1.0) for i in step.operands]
        # Where a function crosses zero, rounding of the operands is all of its value.
        rounding = 16 * np.finfo(self.dtype).eps * max(sizes, default=1.0)
        near = np.abs(ours - theirs) <= (0.0 if step.operation in _POSITIVE else rounding)
        with np.errstate(all="ignore"):
            apart = np.where(near, 0.0, np.abs(ours - theirs) / np.abs(ours))
        off = float(np.max(apart, initial=0.0))
        if off <= (1e-4 if self.dtype == "float32" else 1e-9):
            return True
        digits = max(0.0, -math.log10(off)) if math.isfinite(off) else 0.0
        self.notes.append(
            f"{called} has {digits:.1f} correct digits here, so derivatives are compared with "
            f"those of the formula of {library} instead of the exact ones"
            f"{': ' * bool(self.line)}{self.line}"
        )
        return False

    def mark(self) -> int:
        """The number of conditions so far, for `back_to`."""
        return len(self._conditions)

    def back_to(self, mark: int) -> None:
        """Forget the conditions since `mark`. Steps that nothing needs are left out in the end."""
        del self._conditions[mark:]

    def imported(self, output: Any) -> Imported:
        """The program whose output is this value. Where a condition of `holds` does not hold, its
        output is 0: there, the program is not that of the function.
        """
        found = output if isinstance(output, Recorded) else self.value(output)
        for one in self._conditions:
            condition = one
            if condition.ndim:
                numbers = self.where(condition, 1.0, 0.0)
                lowest = self.min(numbers, axis=None, keepdims=False)
                condition = self.greater(lowest, 0.5)
            found = self.where(condition, found, 0.0)
        if not found.value_id:
            # The last step of a program is its output.
            found = self.positive(found)
        conditions = [condition.value_id for condition in self._conditions]
        imported = _needed(self.steps, self.lines, found.value_id, conditions)
        notes = tuple(dict.fromkeys(self.notes))
        return replace(imported, held=tuple(dict.fromkeys(self.held)), notes=notes)


def _needed(steps: list[Step], lines: list[str], output: int, conditions: list[int]) -> Imported:
    """The steps that the output needs; it becomes the last one."""
    needed = {output}
    for value_id in range(output, 0, -1):
        if value_id in needed:
            needed.update(steps[value_id - 1].operands)
    kept = [i for i in range(1, output + 1) if i in needed]
    places = {0: 0, **{value_id: place for place, value_id in enumerate(kept, 1)}}
    program = tuple(
        replace(step, operands=tuple(places[i] for i in step.operands))
        for step in (steps[i - 1] for i in kept)
    )
    held = tuple(places[i] for i in conditions)
    return Imported(Program(program), tuple(lines[i - 1] for i in kept), held)


def nearest_operation(name: str) -> str:
    """The operation of the catalogue whose name is most like this one, "" if none is."""
    return next(iter(difflib.get_close_matches(name, CATALOGUE, n=1)), "")
