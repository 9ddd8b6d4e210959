"""Cells: an operation in a mode, a dtype and a situation; and cases for each of them.

The cells of a `Grid` have numbers, and so have the cases: round k has one case of every cell. The
same grid gives the same cases on every machine.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache
from itertools import accumulate

import numpy as np
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.case_io import valid
from ad_conformance.generators.ir.evaluate import is_single
from ad_conformance.generators.ir.mode import modes_of_order
from ad_conformance.generators.ir.program import DTYPES, Case, Step
from ad_conformance.generators.scenarios.situations import (
    GENERAL,
    SITUATIONS,
    possible_situations,
    situations,
    situations_of,
)
from ad_conformance.generators.strategies.case_drawing import draw_fitting_case
from ad_conformance.generators.strategies.source import SeededSource

#: So many certified cases of a cell show a fault that one case in twenty has with probability 0.99:
#: log(0.01) / log(1 - 1/20), rounded up.
GOAL = 90
#: How many cases are drawn to find one of a cell, and to find out which situations are drawn.
ATTEMPTS, SCOUTS = 60, 80
#: All operations that are drawn.
OPERATIONS = tuple(name for name, row in CATALOGUE.items() if row.weight)


@dataclass(frozen=True)
class Cell:
    """An operation in a mode, a dtype and a situation."""

    operation: str
    mode: str
    dtype: str
    situation: str


@cache
def drawn_situations(operation: str) -> frozenset[str]:
    """The situations that some of SCOUTS cases of the operation have, and `general`."""
    found: set[str] = {GENERAL}

    def told(steps: Sequence[Step], values: Sequence[np.ndarray]) -> bool:
        found.update(situations_of(steps, values, operation))
        return False

    for k in range(SCOUTS):
        source = SeededSource(f"scout {operation} {k}")
        draw_fitting_case(source, operation=operation, mode="R", fits=told, empty=k % 4 == 3)
    return frozenset(found)


def drawn_case(cell: Cell, number: int) -> Case | None:
    """Case `number` of a cell, always the same; None if ATTEMPTS attempts gave none.

    The cells of an operation in all modes of one order have the same program. It has one certified
    derivative, and some engines compile all modes at once.
    """
    modes = modes_of_order(len(cell.mode))
    case = _drawn(replace(cell, mode=modes[number % len(modes)]), number)
    if case is None or case.mode == cell.mode:
        return case
    other = case.with_mode(cell.mode)
    # Not every operator is for every mode.
    return valid(other) or replace(other, operator="jacobian", tangent=None, cotangent=None)


@lru_cache(maxsize=1)
def _drawn(cell: Cell, number: int) -> Case | None:
    # Most cells are general; for these, nothing needs to be drawn to know whether there are cases.
    if cell.situation != GENERAL:
        if cell.situation not in possible_situations(cell.operation):
            return None
        if cell.situation not in drawn_situations(cell.operation):
            return None
    name = f"cell {cell.operation} {cell.mode} {cell.dtype} {cell.situation} {number}"

    def fits(steps: Sequence[Step], values: Sequence[np.ndarray]) -> bool:
        return cell.situation in situations_of(steps, values, cell.operation)

    for attempt in range(ATTEMPTS):
        source = SeededSource(f"{name} {attempt}")
        case = draw_fitting_case(
            source,
            operation=cell.operation,
            mode=cell.mode,
            fits=fits,
            empty=cell.situation == "empty",
        )
        if case is None or (cell.dtype == "float32" and not is_single(case)):
            continue
        if cell.situation in situations(case, cell.operation):
            return replace(case, dtype=cell.dtype)
    return None


@dataclass(frozen=True)
class Grid:
    """All cells of some operations up to an order, in an order that begins with what matters most.

    A layer has the cells of all operations in all modes of one order, for a dtype and a situation.
    First come the plain layers of the first two orders in float64, then special situations, the
    third order and float32, and the fourth order last.
    """

    operations: tuple[str, ...]
    order: int

    @cached_property
    def _layers(self) -> tuple[tuple[int, str, str], ...]:
        """Order, dtype and situation of each layer."""
        double, single = DTYPES
        special = SITUATIONS[1:]
        parts: list[tuple[tuple[int, ...], str, tuple[str, ...]]] = [
            ((1, 2), double, (GENERAL,)),
            ((1, 2), double, special),
            ((3,), double, (GENERAL,)),
            ((1, 2), single, (GENERAL,)),
            ((3,), double, special),
            ((1, 2), single, special),
            ((3,), single, SITUATIONS),
            *(
                ((order,), dtype, SITUATIONS)
                for order in range(4, self.order + 1)
                for dtype in DTYPES
            ),
        ]
        return tuple(
            (order, dtype, kind)
            for orders, dtype, kinds in parts
            for kind in kinds
            for order in orders
            if order <= self.order
        )

    @cached_property
    def _ends(self) -> tuple[int, ...]:
        """For each layer, the number of cells in it and those before."""
        operations = len(self.operations)
        sizes = (operations * len(modes_of_order(order)) for order, _, _ in self._layers)
        return tuple(accumulate(sizes))

    @property
    def size(self) -> int:
        """The number of cells, also of those without a case: the cases of a round at most."""
        return self._ends[-1]

    def cell(self, number: int) -> Cell:
        """The cell of that number, from 0 to `size` - 1. Modes of one program follow each other."""
        layer = bisect(self._ends, number)
        order, dtype, situation = self._layers[layer]
        modes = modes_of_order(order)
        index, mode = divmod(number - (self._ends[layer - 1] if layer else 0), len(modes))
        return Cell(self.operations[index], modes[mode], dtype, situation)

    def case(self, number: int) -> tuple[str, Case] | None:
        """The operation and the case of that number, of all rounds; None if there is none."""
        turn, place = divmod(number, self.size)
        cell = self.cell(place)
        case = drawn_case(cell, turn)
        return None if case is None else (cell.operation, case)

    def cells(self) -> Iterator[Cell]:
        """All cells, in their order."""
        return map(self.cell, range(self.size))
