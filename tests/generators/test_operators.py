"""Operators and modes as records, and that other modules do not tell operators apart by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ad_conformance.generators.ir import mode
from ad_conformance.generators.ir.operator import OPERATORS, OWN_FORMS, Operator

ROOT = Path(__file__).parents[2]


def test_the_index_of_a_mode_counts_the_shorter_modes_first() -> None:
    modes = [m for order in (1, 2, 3) for m in mode.modes_of_order(order)]
    assert [mode.index_of(m) for m in modes] == list(range(len(modes)))


@pytest.mark.parametrize(
    ("text", "holds"), [("R", True), ("RFFR", True), ("", False), ("RX", False), ("R" * 9, False)]
)
def test_a_mode_has_one_to_eight_letters(text: str, holds: bool) -> None:
    assert mode.is_mode(text) is holds


def test_a_mode_is_spoken_from_the_outermost_letter() -> None:
    assert mode.spoken("RF") == "reverse over forward mode"


def test_usual_modes_are_modes() -> None:
    assert all(mode.is_mode(m) for m in mode.USUAL_MODES)


@pytest.mark.parametrize("operator", OPERATORS.values(), ids=lambda operator: operator.name)
def test_an_operator_has_as_many_written_levels_as_it_needs(operator: Operator) -> None:
    assert len(operator.levels) <= operator.order
    assert not operator.whole or len(operator.levels) == operator.order
    assert (operator.seed is None) == ("product" not in operator.levels)
    assert operator.along == (operator.levels.count("product") if operator.seed == "tangent" else 0)
    assert operator.applies(
        operator.innermost[0] * operator.order, operator.sources[0], operator.targets[0]
    )


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("jacobian", (2, 3, 3)),
        ("pushforward", (2, 3)),
        ("pullback", (3, 3)),
    ],
)
def test_a_seed_takes_the_place_of_axes(name: str, shape: tuple[int, ...]) -> None:
    assert OPERATORS[name].shape((2,), [(3,), (3,)]) == shape


def test_no_other_module_tells_operators_apart_by_name() -> None:
    names = "|".join(name for name in OPERATORS if name != "jacobian")
    compared = re.compile(rf"operator (==|!=|in|not in) \(?[\"']({names})")
    folders = [ROOT / name for name in ("generators", "engines", "conformance", "reports")]
    found = [
        str(path)
        for folder in folders
        for path in folder.rglob("*.py")
        if compared.search(path.read_text(encoding="utf-8"))
    ]
    assert not found


def test_forms_of_engines_are_operators() -> None:
    assert set(OWN_FORMS) <= set(OPERATORS)
