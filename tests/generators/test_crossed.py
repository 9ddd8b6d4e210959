"""How much of a derivative differs on both sides of the point, and how often that is drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ad_conformance.conformance.reference.certify import certify
from ad_conformance.generators.ir.program import Case, Program, Step
from ad_conformance.generators.strategies import case_drawing
from ad_conformance.generators.strategies.sampling import operation_examples
from ad_conformance.generators.touched_kinks import moved, share_crossed, ties

WHOLE = {"axis": None, "keepdims": False}


def program(*rows: tuple[Any, ...]) -> Program:
    return Program(tuple(Step(n, o, tuple(p[0].items()) if p else ()) for n, o, *p in rows))


ABS, LARGEST = program(("abs", (0,))), program(("max", (0,), WHOLE))
SQUARED = program(("relu", (0,)), ("square", (1,)))


@pytest.mark.parametrize(
    ("steps", "point", "mode", "share"),
    [
        (ABS, 0.0, "R", 1.0),
        (ABS, 0.5, "R", 0.0),
        # Of two outputs one, and of its two derivatives one; of its four of second order three.
        (ABS, (0.0, 1.0), "R", 1 / 4),
        (ABS, (0.0, 1.0), "RR", 3 / 8),
        (LARGEST, (1.0, 1.0, 0.0), "R", 2 / 3),
        (SQUARED, 0.0, "R", 0.0),
        (SQUARED, 0.0, "RR", 1.0),
        (program(("square", (0,)), ("abs", (1,))), 0.0, "RR", 0.0),
        (program(("sign", (0,)), ("add", (0, 1))), 0.0, "RR", 0.0),
        # Beside the point, the second operand is not defined.
        (program(("abs", (0,)), ("negative", (1,)), ("sqrt", (2,))), 0.0, "R", 0.0),
    ],
)
def test_the_share_is_that_of_entries_whose_coordinates_cross_a_kink(
    steps: Program, point: Any, mode: str, share: float
) -> None:
    assert share_crossed(Case(steps, point, mode)) == pytest.approx(share)


def test_only_inputs_that_are_asked_for_count() -> None:
    steps = program(("argument", (), {"value": 1.0}), ("maximum", (0, 1)), ("multiply", (2, 1)))
    for wrt in ("0", "1"):
        assert share_crossed(Case(steps, 1.0, "R", wrt=wrt)) == 1.0
    apart = program(("argument", (), {"value": 1.0}), ("abs", (0,)), ("multiply", (2, 1)))
    assert share_crossed(Case(apart, 0.0, "R", wrt="0")) == 1.0
    assert share_crossed(Case(apart, 0.0, "R", wrt="1")) == 0.0


def test_a_point_is_moved_so_that_no_two_entries_or_sums_of_entries_stay_equal() -> None:
    steps = program(("argument", (), {"value": (1.0, 1.0)}), ("add", (0, 1)), ("abs", (2,)))
    other = moved(Case(steps, (1.0, 1.0), "R"), 2.0**-10)
    first = other.input
    second = np.asarray(other.program.steps[0].arguments["value"])
    entries = np.concatenate([first, second])
    assert np.all(entries != 1.0)
    assert len({*entries.tolist()}) == 4
    assert first[0] + second[1] != first[1] + second[0]


def test_entries_with_a_seed_are_sums() -> None:
    more: dict[str, Any] = {"cotangent": (1.0, 0.5), "operator": "pullback"}
    assert share_crossed(Case(ABS, (0.0, 1.0), "R", **more)) == 0.5
    more["cotangent"] = (0.0, 0.5)
    assert share_crossed(Case(ABS, (0.0, 1.0), "R", **more)) == 0.0
    more = {"tangent": (1.0, 0.5), "operator": "pushforward"}
    assert share_crossed(Case(ABS, (0.0, 1.0), "F", **more)) == 0.5
    more["tangent"] = (0.0, 0.5)
    assert share_crossed(Case(ABS, (0.0, 1.0), "F", **more)) == 0.0


def drawn() -> list[Case]:
    names = ("abs", "max", "relu", "maximum")
    return [c for n in names for mode in ("R", "FF") for c in operation_examples(n, mode, 24)]


def test_cases_of_conventions_alone_are_drawn_seldom_and_ties_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def alone(cases: list[Case]) -> int:
        return sum(certify(case).kind == "convention" for case in cases)

    cases = drawn()
    assert 0 < alone(cases) < len(cases) / 15
    assert sum(bool(ties(case.program, case.input)) for case in cases) > len(cases) / 3
    monkeypatch.setattr(case_drawing, "CONVENTIONS", 1)
    assert alone(drawn()) > 2 * alone(cases)
