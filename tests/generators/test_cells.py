"""Cells of an atlas: every operation in every mode, dtype and situation, in rounds."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from ad_conformance.generators.catalogue import CATALOGUE, MODULES, SUBJECTS
from ad_conformance.generators.features import features
from ad_conformance.generators.ir.mode import modes_of_order
from ad_conformance.generators.ir.program import DTYPES, Case, Program, Step
from ad_conformance.generators.scenarios.cells import GOAL, OPERATIONS, Cell, Grid, drawn_case
from ad_conformance.generators.scenarios.situations import (
    MEANINGS,
    SITUATIONS,
    possible_situations,
    situations,
    situations_of,
)
from ad_conformance.generators.strategies.case_drawing import (
    draw_fitting_case,
    draw_operation_case,
)
from ad_conformance.generators.strategies.source import SeededSource

#: A layer of a grid has one cell of each of these.
FEW = ("det", "hypot", "sin", "cumulative_prod", "matmul", "log", "solve")


def test_every_cell_is_met_once_in_a_round() -> None:
    grid = Grid(FEW, 4)
    modes = [mode for order in (1, 2, 3, 4) for mode in modes_of_order(order)]
    wanted = {Cell(*cell) for cell in itertools.product(FEW, modes, DTYPES, SITUATIONS)}
    met = Counter(grid.cells())
    assert set(met) == wanted
    assert set(met.values()) == {1}
    assert grid.size == len(wanted)


def test_a_lower_order_has_no_cells_of_a_higher_one() -> None:
    assert {len(cell.mode) for cell in Grid(FEW, 3).cells()} == {1, 2, 3}


def test_the_first_layers_have_every_operation_in_every_mode_of_two_orders() -> None:
    first = [Grid(FEW, 4).cell(n) for n in range(6 * len(FEW))]
    low = (*modes_of_order(1), *modes_of_order(2))
    assert {(c.operation, c.mode) for c in first} == set(itertools.product(FEW, low))
    assert {(c.dtype, c.situation) for c in first} == {("float64", "general")}


def test_all_operations_that_are_drawn_have_cells() -> None:
    assert set(OPERATIONS) == {name for name, row in CATALOGUE.items() if row.weight}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_cases_are_those_of_their_cell(situation: str) -> None:
    met = 0
    for operation, mode, dtype in itertools.product(FEW, ("R", "RF"), DTYPES):
        cell = Cell(operation, mode, dtype, situation)
        if (case := drawn_case(cell, 3)) is None:
            continue
        met += 1
        assert (case.mode, case.dtype) == (mode, dtype)
        assert situation in situations(case, operation)
        assert operation in case.program.pruned().operations
    assert met


def test_rounds_have_different_cases() -> None:
    cell = Cell("cumulative_prod", "RR", "float64", "zero")
    drawn = [drawn_case(cell, n) for n in range(8)]
    assert len({case.id for case in drawn if case}) >= 7


def test_cases_are_the_same_in_another_process() -> None:
    grid = Grid(FEW, 3)
    numbers = [*range(20), grid.size + 5]
    here = [found[1].id if (found := grid.case(n)) else "" for n in numbers]
    code = (
        "from ad_conformance.generators.scenarios.cells import Grid\n"
        f"grid = Grid({FEW!r}, 3)\n"
        f"print(*[found[1].id if (found := grid.case(n)) else '' for n in {numbers!r}], sep=',')"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip().split(",") == here


def _hypot(first: float, second: float) -> Case:
    steps = (Step("constant", (), (("value", second),)), Step("hypot", (0, 1)))
    return Case(Program(steps), first, "R")


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (3.0, 4.0, ("general",)),
        (3.0, 3.0, ("tie",)),
        (0.0, 3.0, ("zero",)),
        (0.0, 0.0, ("zero", "tie")),
        (32.0, 3.0, ("saturated",)),
    ],
)
def test_the_values_of_the_operands_decide(
    first: float, second: float, expected: tuple[str, ...]
) -> None:
    assert situations(_hypot(first, second), "hypot") == expected


def test_the_same_operand_twice_is_repeated() -> None:
    case = Case(Program((Step("hypot", (0, 0)),)), 3.0, "R")
    assert situations(case, "hypot") == ("tie", "repeated operand")


def test_a_singular_matrix_matters_to_operations_on_matrices() -> None:
    ones = ((1.0, 1.0), (1.0, 1.0))
    singular = Case(Program((Step("det", (0,)),)), ones, "R")
    assert situations(singular, "det") == ("tie", "singular")
    sine = Case(Program((Step("sin", (0,)),)), ones, "R")
    assert situations(sine, "sin") == ("general",)
    assert "broadcast" not in possible_situations("sin")


def test_steps_that_the_output_does_not_need_do_not_count() -> None:
    steps = (Step("sin", (0,)), Step("cos", (0,)))
    assert situations(Case(Program(steps), 0.5, "R"), "sin") == ()


def test_situations_agree_with_the_features_of_known_failures() -> None:
    for case in (_hypot(3.0, 3.0), _hypot(0.0, 3.0)):
        of_step = features(case)[-1]
        assert ("tie" in of_step) == ("tie" in situations(case, "hypot"))
        assert ("zero" in of_step) == ("zero" in situations(case, "hypot"))


def test_every_situation_has_a_meaning() -> None:
    assert tuple(MEANINGS) == SITUATIONS


def test_every_operation_is_in_one_module() -> None:
    names = [name for module in MODULES.values() for name in module]
    assert sorted(names) == sorted(CATALOGUE)
    assert all(SUBJECTS[module] for module in MODULES)


def test_the_goal_shows_a_fault_of_one_case_in_twenty() -> None:
    assert 0.95**GOAL < 0.01 < 0.95 ** (GOAL - 1)


def test_a_case_that_fits_is_the_one_that_is_drawn_anyway() -> None:
    source = "any seed"
    drawn = draw_operation_case(SeededSource(source), operation="det", mode="RR")
    fitting = draw_fitting_case(SeededSource(source), operation="det", mode="RR")
    assert fitting == drawn
    seen: list[tuple[str, ...]] = []

    def fits(steps: Sequence[Step], values: Sequence[np.ndarray]) -> bool:
        seen.append(situations_of(steps, values, "det"))
        return False

    assert draw_fitting_case(SeededSource(source), operation="det", mode="RR", fits=fits) is None
    assert seen == [situations(drawn, "det")]
