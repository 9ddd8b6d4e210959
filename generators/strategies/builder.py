"""A program under construction. The builder knows every intermediate value, so that an operand
strategy can choose values for which an operation is defined.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from ad_conformance.generators.ir.program import Program, Step, nested
from ad_conformance.generators.strategies.source import Source

if TYPE_CHECKING:
    from ad_conformance.generators.catalogue.operation import Operation

#: Bounds on intermediate values: entries per array, axes, and magnitude.
MAX_ENTRIES, MAX_AXES, MAX_MAGNITUDE = 24, 3, 2.0**20
#: The same bounds on values within layers, such as a batch of images.
LARGE_ENTRIES, LARGE_AXES = 4096, 5
#: A float that is a multiple of this and below 2**20 leaves many bits of its mantissa unused: sums
#: and products of a few such values are exact.
GRID = 2.0**-16
#: Step of the differences that tell whether a derivative is zero, and the largest estimate that
#: counts as zero.
STEP, NEGLIGIBLE = 2.0**-6, 2.0**-10
#: Numbers at which many formulas have special cases.
SPECIAL_NUMBERS = (1.0, 2.0, 0.0, -1.0, 0.5, 3.0)
#: Multiples of 1/8 from -3 to 3, simplest first.
PLAIN_NUMBERS = tuple(n / 8 for n in sorted(range(-24, 25), key=lambda n: (abs(n), n < 0)))


class Abandon(Exception):
    """The operation that is being added does not fit. The caller removes its steps and goes on."""


def draw_numbers(source: Source, shape: tuple[int, ...]) -> np.ndarray:
    """An array of small dyadic numbers. Every second entry is one of `SPECIAL_NUMBERS`."""
    size = int(np.prod(shape))
    drawn = [
        source.choice(PLAIN_NUMBERS if source.flag() else SPECIAL_NUMBERS) for _ in range(size)
    ]
    return np.array(drawn, dtype=float).reshape(shape)


def _nearby(value: np.ndarray, first: int = 0) -> np.ndarray:
    """The value with each entry increased a little, all by different amounts."""
    return np.asarray(
        value + 2.0**-9 * (2 * (np.arange(value.size) + first) + 3).reshape(value.shape)
    )


def is_small(value: np.ndarray) -> bool:
    """Whether any operation may pick the value."""
    return value.size <= MAX_ENTRIES and value.ndim <= MAX_AXES


def _is_large(value: np.ndarray) -> bool:
    return value.size <= LARGE_ENTRIES and value.ndim <= LARGE_AXES


def _evaluate(
    op: Operation, values: Sequence[np.ndarray], operands: Sequence[int], params: Any
) -> np.ndarray | None:
    """The result of the operation, or None if it is not defined for the operands."""
    try:
        with np.errstate(all="ignore"):
            return np.asarray(op.evaluate(*(values[i] for i in operands), **params))
    except (ValueError, IndexError, ZeroDivisionError):
        return None


class Builder:
    """Values and steps of a program, and the source of the random choices.

    A value is named by its value_id: 0 is the input, k the result of step k.
    """

    def __init__(
        self, source: Source, catalogue: Mapping[str, Operation], point: np.ndarray
    ) -> None:
        self.source = source
        self.catalogue = catalogue
        self.values: list[np.ndarray] = [point]
        #: The values at a nearby point. They tell which entries change with the input.
        self.nearby: list[np.ndarray] = [_nearby(point)]
        self.depends = [True]
        self.exact = [True]
        #: Whether entries may be infinite or NaN, or have infinite derivatives. No other step may
        #: pick such a value.
        self.hidden = [False]
        self.steps: list[Step] = []
        #: Values at the points of the differences of `varies`, by order and inputs.
        self._moved: dict[tuple[int, tuple[int, ...]], list[dict[int, np.ndarray]]] = {}
        #: The value that the next `pick` that accepts it returns. After that there is none.
        self.wanted: int | None = None
        #: Whether the values of new steps may be large. No other operation picks a large value.
        self.roomy = False

    def emit(self, name: str, operands: Sequence[int], **params: Any) -> int | None:
        """Append a step and return the value_id of its result, or None if the result is undefined
        or out of bounds.
        """
        return self._emit(name, operands, params, hidden=False)

    def hide(self, name: str, operands: Sequence[int], **params: Any) -> int:
        """`must` for a step with entries that may be infinite or NaN: the caller selects others."""
        value_id = self._emit(name, operands, params, hidden=True)
        if value_id is None:
            raise Abandon(name)
        return value_id

    def _emit(
        self, name: str, operands: Sequence[int], params: dict[str, Any], *, hidden: bool
    ) -> int | None:
        op = self.catalogue[name]
        operands = tuple(int(i) for i in operands)
        value = _evaluate(op, self.values, operands, params)
        if value is None or not (is_small(value) or (self.roomy and _is_large(value))):
            return None
        if value.dtype != bool:
            sizes = np.abs(value)
            if not np.all((sizes <= MAX_MAGNITUDE) | (hidden and ~np.isfinite(sizes))):
                return None
        self.steps.append(Step(name, operands, tuple(sorted(params.items()))))
        self.values.append(value)
        self.nearby.append(self._nearby(op, operands, params))
        self.depends.append(name == "argument" or any(self.depends[i] for i in operands))
        self.exact.append(
            value.dtype == bool
            or (
                op.exact
                and all(self.exact[i] for i in operands)
                and not hidden
                and bool(np.all(np.mod(value, GRID) == 0))
            )
        )
        self.hidden.append(hidden)
        return len(self.steps)

    def _nearby(self, op: Operation, operands: Sequence[int], params: Any) -> np.ndarray:
        """The latest value at the nearby point: NaN if the operation is not defined there."""
        value = self.values[-1]
        if op.name == "argument":
            return _nearby(value, len(self.values) * MAX_ENTRIES)
        if all(self.nearby[i] is self.values[i] for i in operands):
            return value
        nearby = _evaluate(op, self.nearby, operands, params)
        if nearby is None or nearby.shape != value.shape:
            return np.full(value.shape, np.nan)
        return nearby

    def moves(self, value_id: int) -> np.ndarray:
        """A mask of the entries of a value that change with the input."""
        return np.asarray(self.values[value_id] != self.nearby[value_id])

    def varies(self, value_id: int, order: int) -> bool:
        """Whether the derivative of that order of a value seems to be nonzero. Also True if the
        value is undefined nearby.
        """
        if not self.depends[value_id] or self.values[value_id].dtype == bool:
            return False
        derivative = self.derivative(value_id, order)
        return derivative is None or not bool(np.all(np.abs(derivative) <= NEGLIGIBLE))

    def derivative(self, value_id: int, order: int) -> np.ndarray | None:
        """An estimate of the derivative of that order along one direction, in which all entries of
        all inputs change, by central differences. None if the value is undefined nearby.
        """
        inputs = (
            0,
            *(k for k, s in enumerate(self.steps[:value_id], 1) if s.operation == "argument"),
        )
        if (order, inputs) not in self._moved:
            directions = {i: self.nearby[i] - self.values[i] for i in inputs}
            # The largest change of an entry is STEP.
            scale = STEP / max(float(np.max(d, initial=0.0)) for d in directions.values())
            self._moved[order, inputs] = [
                {i: self.values[i] + scale * (order / 2 - k) * d for i, d in directions.items()}
                for k in range(order + 1)
            ]
        total = np.zeros(self.values[value_id].shape)
        with np.errstate(all="ignore"):
            for k, moved in enumerate(self._moved[order, inputs]):
                value = self.value_at(value_id, moved)
                if value is None or value.shape != total.shape:
                    return None
                total += (-1) ** k * math.comb(order, k) * value
        return total / STEP**order

    def value_at(self, value_id: int, values: dict[int, np.ndarray]) -> np.ndarray | None:
        """A value for other inputs, None if it is undefined. `values` are those already known."""
        if value_id not in values:
            if not self.depends[value_id]:
                return self.values[value_id]
            step = self.steps[value_id - 1]
            operands: list[np.ndarray] = []
            for i in step.operands:
                operand = self.value_at(i, values)
                if operand is None:
                    return None
                operands.append(operand)
            op = self.catalogue[step.operation]
            found = _evaluate(op, operands, range(len(operands)), step.arguments)
            if found is None:
                return None
            values[value_id] = found
        return values[value_id]

    def must(self, name: str, operands: Sequence[int], **params: Any) -> int:
        """`emit` for a step that is expected to be in bounds. Raises Abandon if it is not."""
        value_id = self.emit(name, operands, **params)
        if value_id is None:
            raise Abandon(name)
        return value_id

    def constant(self, value: np.ndarray | float) -> int:
        """Append a constant. Raises Abandon for an empty array."""
        array = np.asarray(value, dtype=float)
        if array.size == 0:
            raise Abandon("nested lists cannot represent the shape of an empty array")
        return self.must("constant", (), value=nested(array))

    def program(self, output: int) -> Program:
        """The program up to `output`. No later step can be needed for it."""
        return Program(tuple(self.steps[:output]))

    def rewind(self, length: int) -> None:
        """Remove the steps after the first `length`."""
        del self.steps[length:]
        for values in (self.values, self.nearby, self.depends, self.exact, self.hidden):
            del values[length + 1 :]
        for key, points in list(self._moved.items()):
            if key[1][-1] > length:
                del self._moved[key]
            for point in points:
                for value_id in [k for k in point if k > length]:
                    del point[value_id]

    def flag(self, one_in: int = 2) -> bool:
        """True with probability 1 / `one_in`; shrinks to False."""
        return self.source.flag(one_in)

    def integer(self, low: int, high: int) -> int:
        """An integer from `low` to `high`; shrinks towards zero. Raises Abandon if low > high."""
        if low > high:
            raise Abandon("no integer to choose")
        return self.source.integer(low, high)

    def integers(self, low: int, high: int, count: int) -> tuple[int, ...]:
        """`count` integers from `low` to `high`."""
        return tuple(self.integer(low, high) for _ in range(count))

    def choose(self, options: Sequence[Any]) -> Any:
        """One of `options`; shrinks to the first. Raises Abandon if there is none."""
        if not options:
            raise Abandon("nothing to choose from")
        return self.source.choice(options)

    def choices(self, options: Sequence[Any], count: int) -> list[Any]:
        """`count` of `options`, with repetition."""
        return [self.choose(options) for _ in range(count)]

    def permutation(self, count: int) -> list[int]:
        """The integers from 0 to `count` - 1 in random order."""
        return self.source.permutation(count)

    def numbers(self, shape: tuple[int, ...]) -> np.ndarray:
        """An array of small dyadic numbers; zeros and ones are common."""
        return draw_numbers(self.source, shape)

    def pickable(self, value_id: int) -> bool:
        """Whether a value is a real one that depends on the input, finite with its derivatives,
        and small.
        """
        return (
            self.depends[value_id]
            and is_small(self.values[value_id])
            and self.values[value_id].dtype != bool
            and not self.hidden[value_id]
        )

    def pick(self, accept: Callable[[np.ndarray], bool] = lambda value: True) -> int | None:
        """A real value that depends on the input and that `accept` takes: the wanted one, else the
        latest one with probability 1/2 or more. None if there is no such value.
        """
        wanted = self.wanted
        if wanted is not None and self.values[wanted].dtype != bool and accept(self.values[wanted]):
            self.wanted = None
            return wanted
        found = [
            i
            for i in range(len(self.values) - 1, -1, -1)
            if self.pickable(i) and accept(self.values[i])
        ]
        if not found:
            return None
        moving = [i for i in found if np.any(self.moves(i))]
        if moving and len(moving) < len(found) and not self.flag(8):
            found = moving
        if len(found) == 1 or not self.flag():
            return found[0]
        return int(self.choose(found))

    def entry(self, value_id: int) -> tuple[int, ...]:
        """The index of one entry of a value, mostly of one that changes with the input."""
        moving = [tuple(entry) for entry in np.argwhere(self.moves(value_id)).tolist()]
        if moving and not self.flag(6):
            return tuple(self.choose(moving))
        return tuple(self.integer(-n, n - 1) for n in self.values[value_id].shape)
