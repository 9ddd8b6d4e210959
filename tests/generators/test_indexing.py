"""Gathering, scattering, masking and sorting at ties, zeros and knots."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ad_conformance.conformance.reference.certify import certify
from ad_conformance.engines.adapters.inhouse import inhouse
from ad_conformance.generators.ir.case_io import parse_case
from ad_conformance.generators.ir.program import Case, MalformedCase, Program, Step, nested

MODES = ("R", "F", "RR", "FR", "RF", "FF", "RRR", "FRF", "RRRR", "FFFF")
SORT = ("sort", [0], {"axis": -1, "descending": True})
SQUARE = ("multiply", [1, 1])


def case(point: Any, mode: str, *rows: tuple[Any, ...]) -> Case:
    steps = tuple(
        Step(n, tuple(o), tuple(sorted((p[0] if p else {}).items()))) for n, o, *p in rows
    )
    return Case(Program(steps), nested(np.asarray(point, dtype=float)), mode)


def answer(asked: Case) -> Any:
    names: dict[str, Any] = {}
    exec(inhouse.script(asked).text, names)
    return names["got"]


SMOOTH = {
    # Functions that do not depend on the order of tied entries are smooth at ties.
    "product of tied entries in order": (
        [1.0, 1.0, 2.0, 1.0],
        [SORT, ("prod", [1], {"axis": None, "keepdims": False})],
    ),
    "two largest, tied with each other": (
        [2.0, 1.0, 2.0],
        [("top_k", [0], {"k": 2}), ("vecdot", [1, 1])],
    ),
    "median between tied entries": (
        [0.0, 1.0, 1.0, 3.0],
        [("median", [0], {"axis": 0, "keepdims": True}), SQUARE],
    ),
    "quantiles on entries and between": (
        [3.0, 1.0, 2.0],
        [("quantile", [0], {"q": (0.5, 0.75), "axis": 0}), SQUARE],
    ),
    "values by keys": ([3.0, 1.0, 2.0], [("exp", [0]), ("sort_by", [0, 1], {"axis": 0})]),
    "two zeros multiplied into one place": (
        [0.0, 0.0, 2.0],
        [("index_multiply", [0, 0], {"indices": (1, 1, -2), "axis": 0})],
    ),
    "a zero where there is one": (
        [[0.0, 3.0], [2.0, 0.0]],
        [("scatter_multiply", [0, 0], {"indices": ((0, 0), (1, 0)), "axis": 1})],
    ),
    "nothing is above": ([1.0, 2.0], [("masked_max", [0], {"threshold": 64.0, "axis": None})]),
    "straight on through a knot": (
        [1.0, 1.5],
        [("interp", [0], {"knots": (0.0, 1.0, 2.0), "heights": (0.0, 3.0, 6.0)}), SQUARE],
    ),
    "deviation of nearly equal entries": (
        [1024.0, 1024.5, 1025.0],
        [("std", [0], {"axis": 0, "keepdims": False, "correction": 1})],
    ),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_engines_are_right_in_every_mode_at_smooth_ties(name: str) -> None:
    point, rows = SMOOTH[name]
    for mode in MODES:
        asked = case(point, mode, *rows)
        truth = certify(asked)
        assert truth.kind == "certified", truth.reason
        assert truth.value is not None
        assert np.all(np.abs(answer(asked) - truth.value) <= truth.tolerance), mode


@pytest.mark.parametrize(
    ("point", "step"),
    [
        ([1.0, 1.0, 2.0], SORT),
        ([1.0, 1.0, 2.0], ("kth_value", [0], {"k": 1, "axis": 0})),
        ([1.0, 2.0, 2.0], ("cumulative_max", [0], {"axis": 0})),
        ([1.0, 1.0], ("index_max", [0, 0], {"indices": (1, 0), "axis": 0})),
        ([1.0], ("interp", [0], {"knots": (0.0, 1.0, 2.0), "heights": (0.0, 3.0, 2.0)})),
        ([0.5, 0.25], ("masked_sum", [0], {"threshold": 0.5, "axis": 0})),
    ],
)
def test_a_kink_is_a_convention(point: list[float], step: tuple[Any, ...]) -> None:
    judged = certify(case(point, "R", step)).judged
    assert judged is not None
    assert not np.all(judged)


@pytest.mark.parametrize(
    ("keys", "rows"),
    [
        ((1.0, 1.0, 1.0), [False, False, False]),
        ((1.0, 1.0, 2.0), [False, False, True]),
        ((2.0, 1.0, 1.0), [False, False, True]),
        ((2.0, 1.0, 2.0), [True, False, False]),
        ((3.0, 1.0, 2.0), None),
    ],
)
def test_tied_keys_may_come_in_any_order(keys: Any, rows: list[bool] | None) -> None:
    steps = (
        Step("constant", (), (("value", (1.0, 2.0, 3.0)),)),
        Step("multiply", (0, 1)),
        Step("sort_by", (0, 2), (("axis", 0),)),
    )
    judged = certify(Case(Program(steps), keys, "R")).judged
    if rows is None:
        assert judged is None
    else:
        assert judged is not None
        assert np.all(judged, axis=1).tolist() == rows


@pytest.mark.parametrize("indices", ["[[0,1],[1]]", "[0,1.5]", "[0,true]", "[9]"])
def test_arrays_of_indices_are_checked(indices: str) -> None:
    step = (
        f'{{"operation":"take_along_axis","operands":[0],"params":{{"axis":0,'
        f'"indices":{indices}}}}}'
    )
    with pytest.raises(MalformedCase, match="steps\\[0\\]"):
        parse_case(f'{{"format":1,"point":[1,2],"word":"R","steps":[{step}]}}')
