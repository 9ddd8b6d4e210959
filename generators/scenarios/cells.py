"""Cells: an operation in a mode, a dtype and a situation; and cases for each of them.

The cells of a `Grid` have numbers, and so have the cases: round k has one case of every cell. The
same grid gives the same cases on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np
from ad_conformance.generators.catalogue import CATALOGUE
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
    """Case `number` of a cell, always the same; None if ATTEMPTS attempts gave none."""
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

    A layer has one cell of each operation. First come the plain cells of the first two orders in
    float64, then special situations, the third order and float32, and the fourth order last.
    """

    operations: tuple[str, ...]
    order: int

    @cached_property
    def _layers(self) -> tuple[tuple[tuple[str, ...], str, tuple[str, ...], int], ...]:
        """Modes that take turns, dtype, situations that take turns, and the turn of each layer."""
        low = (*modes_of_order(1), *modes_of_order(2))
        special = SITUATIONS[1:]
        parts: list[tuple[tuple[str, ...], str, tuple[str, ...]]] = [
            (low, DTYPES[0], (GENERAL,)),
            (low, DTYPES[0], special),
        ]
        for order in range(3, self.order + 1):
            modes = modes_of_order(order)
            if order == 3:
                parts += [
                    (modes, DTYPES[0], (GENERAL,)),
                    (low, DTYPES[1], (GENERAL,)),
                    (modes, DTYPES[0], special),
                    (low, DTYPES[1], special),
                    (modes, DTYPES[1], SITUATIONS),
                ]
            else:
                parts += [(modes, dtype, SITUATIONS) for dtype in DTYPES]
        return tuple(
            (modes, dtype, kinds, turn)
            for modes, dtype, kinds in parts
            for turn in range(len(modes) * len(kinds))
        )

    @property
    def size(self) -> int:
        """The number of cells, also of those without a case: the cases of a round at most."""
        return len(self._layers) * len(self.operations)

    def cell(self, number: int) -> Cell:
        """The cell of that number, from 0 to `size` - 1."""
        layer, index = divmod(number, len(self.operations))
        modes, dtype, kinds, turn = self._layers[layer]
        rotation, kind = divmod(turn, len(kinds))
        # In one layer, different operations have different modes.
        mode = modes[(rotation + kind + index) % len(modes)]
        return Cell(self.operations[index], mode, dtype, kinds[kind])

    def case(self, number: int) -> tuple[str, Case] | None:
        """The operation and the case of that number, of all rounds; None if there is none."""
        turn, place = divmod(number, self.size)
        cell = self.cell(place)
        case = drawn_case(cell, turn)
        return None if case is None else (cell.operation, case)

    def cells(self) -> Iterator[Cell]:
        """All cells, in their order."""
        return map(self.cell, range(self.size))
