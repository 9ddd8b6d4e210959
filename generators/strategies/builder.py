"""A program under construction: it knows every intermediate value, so that operations are offered
where they hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from ad_conformance.generators.ir.program import Program, Step, nested
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

if TYPE_CHECKING:
    from ad_conformance.generators.catalogue.operation import Operation

#: Bounds on intermediate values: entries per array, axes, and magnitude.
MAX_ENTRIES, MAX_AXES, MAX_MAGNITUDE = 24, 3, 2.0**20
#: A float on this grid and below 2**20 has bits to spare: sums and products of a few such values
#: are exact.
GRID = 2.0**-16


def _aside(value: np.ndarray, first: int = 0) -> np.ndarray:
    """The value with each entry a little larger, all by different steps."""
    return np.asarray(
        value + 2.0**-9 * (2 * (np.arange(value.size) + first) + 3).reshape(value.shape)
    )


def _evaluate(
    row: Operation, values: Sequence[np.ndarray], operands: Sequence[int], params: Any
) -> np.ndarray | None:
    """What the operation gives, or None where it does not hold."""
    try:
        with np.errstate(all="ignore"):
            return np.asarray(row.evaluate(*(values[i] for i in operands), **params))
    except (ValueError, IndexError, ZeroDivisionError):
        return None


class Builder:
    """Holds values and steps; `emit` appends a step, or returns None where the result would be out
    of bounds.
    """

    def __init__(
        self,
        draw: Callable[[SearchStrategy[Any]], Any],
        catalogue: Mapping[str, Operation],
        point: np.ndarray,
    ) -> None:
        self.draw = draw
        self.catalogue = catalogue
        self.values: list[np.ndarray] = [point]
        #: The values at another point close by, which tell what moves with the input.
        self.moved: list[np.ndarray] = [_aside(point)]
        self.depends = [True]
        self.exact = [True]
        #: Whether a value has a second derivative that need not vanish.
        self.curved = [False]
        self.steps: list[Step] = []
        #: A value that the next operation is to take, if it can.
        self.wanted: int | None = None

    def emit(self, name: str, operands: Sequence[int], **params: Any) -> int | None:
        row = self.catalogue[name]
        operands = tuple(int(i) for i in operands)
        value = _evaluate(row, self.values, operands, params)
        if value is None or value.size > MAX_ENTRIES or value.ndim > MAX_AXES:
            return None
        if value.dtype != bool and not np.all(np.abs(value) <= MAX_MAGNITUDE):
            return None
        self.steps.append(Step(name, operands, tuple(sorted(params.items()))))
        self.values.append(value)
        self.moved.append(self._aside(row, operands, params))
        self.depends.append(name == "argument" or any(self.depends[i] for i in operands))
        self.curved.append(self._bends(row.curvature, operands))
        self.exact.append(
            value.dtype == bool
            or (
                row.exact
                and all(self.exact[i] for i in operands)
                and bool(np.all(np.mod(value, GRID) == 0))
            )
        )
        return len(self.steps)

    def _aside(self, row: Operation, operands: Sequence[int], params: Any) -> np.ndarray:
        """The latest value at the other point: NaN where the operation does not hold there."""
        value = self.values[-1]
        if row.name == "argument":
            return _aside(value, len(self.values) * MAX_ENTRIES)
        if all(self.moved[i] is self.values[i] for i in operands):
            return value
        moved = _evaluate(row, self.moved, operands, params)
        return (
            np.full(value.shape, np.nan) if moved is None or moved.shape != value.shape else moved
        )

    def moves(self, value_id: int) -> np.ndarray:
        """Which entries of a value move with the input."""
        return np.asarray(self.values[value_id] != self.moved[value_id])

    def _bends(self, curvature: str, operands: tuple[int, ...]) -> bool:
        if curvature == "linear" or any(self.curved[i] for i in operands):
            return any(self.curved[i] for i in operands)
        return sum(self.depends[i] for i in operands) > (1 if curvature == "multilinear" else 0)

    def must(self, name: str, operands: Sequence[int], **params: Any) -> int:
        """`emit`, for steps that the caller knows to be in bounds; raises Abandon where they are
        not after all.
        """
        value_id = self.emit(name, operands, **params)
        if value_id is None:
            raise Abandon(name)
        return value_id

    def constant(self, value: np.ndarray | float) -> int:
        array = np.asarray(value, dtype=float)
        if array.size == 0:
            raise Abandon("a nested list does not tell the shape of an empty array")
        return self.must("constant", (), value=nested(array))

    def program(self, output: int) -> Program:
        """The program up to `output`; later steps, which nothing can need, are left out."""
        return Program(tuple(self.steps[:output]))

    def rewind(self, length: int) -> None:
        """Forget the steps after the first `length`."""
        del self.steps[length:]
        for values in (self.values, self.moved, self.depends, self.exact, self.curved):
            del values[length + 1 :]

    def flag(self, one_in: int = 2) -> bool:
        """True once in `one_in` draws; shrinks to False."""
        return bool(self.draw(st.integers(0, one_in - 1)) == one_in - 1)

    def choose(self, options: Sequence[Any]) -> Any:
        """One of `options`; shrinks to the first. Raises Abandon where there is none."""
        if not options:
            raise Abandon("nothing to choose from")
        return options[0] if len(options) == 1 else self.draw(st.sampled_from(options))

    def pick(self, accept: Callable[[np.ndarray], bool] = lambda value: True) -> int | None:
        """A real value that depends on the input and that `accept` takes, the latest one as often
        as not.
        """
        wanted, self.wanted = self.wanted, None
        if wanted is not None and self.values[wanted].dtype != bool and accept(self.values[wanted]):
            return wanted
        found = [
            i
            for i in range(len(self.values) - 1, -1, -1)
            if self.depends[i] and self.values[i].dtype != bool and accept(self.values[i])
        ]
        if not found:
            return None
        moving = [i for i in found if np.any(self.moves(i))]
        if moving and len(moving) < len(found) and not self.flag(8):
            found = moving
        return found[0] if len(found) == 1 or not self.flag() else int(self.choose(found))

    def entry(self, value_id: int) -> tuple[int, ...]:
        """The place of one entry of a value, most often of one that moves with the input."""
        moving = [tuple(entry) for entry in np.argwhere(self.moves(value_id)).tolist()]
        if moving and not self.flag(6):
            return tuple(self.choose(moving))
        return tuple(self.draw(st.integers(-n, n - 1)) for n in self.values[value_id].shape)

    def numbers(self, shape: tuple[int, ...]) -> np.ndarray:
        """An array of small dyadic numbers; zeros and ones are common."""
        size = int(np.prod(shape))
        drawn = self.draw(st.lists(NUMBERS, min_size=size, max_size=size))
        return np.array(drawn, dtype=float).reshape(shape)


class Abandon(Exception):
    """The operation now being arranged does not fit; the generator goes on without it."""


#: Small dyadic numbers, those at which formulas have special cases first.
NUMBERS = st.one_of(
    st.sampled_from([1.0, 2.0, 0.0, -1.0, 0.5, 3.0]), st.integers(-24, 24).map(lambda n: n / 8)
)
