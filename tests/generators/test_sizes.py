"""Large inputs: answers that are contracted with a direction."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from ad_conformance.conformance.pool import EnginePool
from ad_conformance.conformance.reference.certify import Truth, certify
from ad_conformance.conformance.verdicts import Verdict
from ad_conformance.engines import registry
from ad_conformance.generators.ir.case_io import parse_case
from ad_conformance.generators.ir.program import Case, MalformedCase
from ad_conformance.generators.render.dialect import UnsupportedOperation
from ad_conformance.generators.rewrite.directions import directed
from ad_conformance.generators.scenarios.sizes import LENGTHS, MODES, draw_sized, sized, sized_case

from tests import broken_engines
from tests.truth.test_tolerance import program

NUMBER = program(
    ("sin", (0,)),
    ("cumulative_sum", (1,), {"axis": 0}),
    ("multiply", (0, 2)),
    ("sum", (3,), {"axis": None, "keepdims": False}),
)
VECTOR = program(("exp", (0,)), ("cumulative_prod", (1,), {"axis": 0}))
POINT, V, U = (0.5, -1.25, 0.75), (1.0, -2.0, 0.5), (0.25, 3.0, -1.5)
W = (2.0, -0.5, 1.0)


def certified(case: Case) -> np.ndarray:
    truth: Truth = certify(case)
    assert truth.kind == "certified", truth.reason
    assert truth.value is not None
    return truth.value


@pytest.mark.parametrize(
    "case",
    [
        Case(NUMBER, POINT, "R", operator="gradient"),
        Case(NUMBER, POINT, "FR", operator="hvp", tangent=V),
        Case(NUMBER, POINT, "RF", operator="hvp", tangent=V),
        Case(VECTOR, POINT, "F"),
        Case(VECTOR, POINT, "R", operator="pullback", cotangent=W),
        Case(VECTOR, POINT, "RF", operator="pushforward", tangent=V),
    ],
    ids=lambda case: f"{case.operator} {case.mode}",
)
def test_the_derivative_along_a_direction_is_the_contracted_one(case: Case) -> None:
    along = directed(case, np.asarray(U))
    assert parse_case(along.json) == along
    expected = certified(case) @ np.asarray(U)
    np.testing.assert_allclose(certified(along), expected, rtol=1e-13, atol=1e-13)
    with closing(EnginePool([registry.find("inhouse")])) as pool:
        assert pool.judge(along, "inhouse").verdict is Verdict.AGREE


def test_one_wrong_entry_is_seen() -> None:
    """The tolerance is far below the part of one entry, even of a small one."""
    case = directed(Case(NUMBER, POINT, "FR", operator="hvp", tangent=V), np.asarray(U))
    truth = certify(case)
    assert truth.tolerance is not None
    full = certified(replace(case, direction=None))
    assert np.all(truth.tolerance < 1e-10 * np.abs(full * np.asarray(U)))


def test_a_wrong_rule_is_found_at_every_length() -> None:
    with closing(EnginePool([broken_engines.sign])) as pool:
        for length in (16, 129):
            case = sized(Case(NUMBER, POINT, "FR"), length)
            assert case is not None
            assert case.input.shape == (length,)
            assert pool.judge(case, "sign").verdict is Verdict.WRONG


def test_a_direction_goes_with_one_input_group() -> None:
    for case in (
        Case(NUMBER, POINT, "RR"),
        Case(NUMBER, POINT, "F", operator="pushforward", tangent=V),
    ):
        with pytest.raises(ValueError, match="no answer of the shape of the input"):
            directed(case, np.asarray(U))
        with pytest.raises(MalformedCase, match="direction: it goes with an answer"):
            parse_case(replace(case, direction=U).json)
    with pytest.raises(MalformedCase, match="direction: shape"):
        parse_case(Case(NUMBER, POINT, "R", direction=(1.0, 2.0)).json)


def test_an_engine_of_another_language_cannot_be_asked() -> None:
    case = directed(Case(NUMBER, POINT, "R", operator="gradient"), np.asarray(U))
    with pytest.raises(UnsupportedOperation, match="direction"):
        registry.find("enzyme.jl").script(case)


def test_every_mode_and_length_has_cases() -> None:
    cases = {(mode, length): sized_case(mode, length) for mode in MODES for length in (8, 65)}
    for (mode, length), case in cases.items():
        assert case is not None
        assert (case.mode, case.input.shape[-1]) == (mode, length)
    drawn = list(draw_sized(3))
    assert len({case.id for case in drawn}) == 3
    assert [case.input.shape[-1] for case in drawn] == list(LENGTHS[:3])
