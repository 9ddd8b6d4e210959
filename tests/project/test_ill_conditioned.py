"""Ill-conditioned programs: an honest engine is right on them, and a wrong one is found."""

from __future__ import annotations

from collections import Counter

import pytest
from ad_conformance.engines.adapters.inhouse import inhouse
from ad_conformance.generators.ir.case_io import parse_case

from tests import broken_engines
from validation.asking import Asking
from validation.ill_conditioned.__main__ import asked, page, tallied
from validation.ill_conditioned.draws import drawn
from validation.ill_conditioned.families import FAMILIES

ONE_OF_EACH = range(len(FAMILIES))


def test_cases_are_the_same_on_every_machine_and_can_be_read_from_files() -> None:
    for number in ONE_OF_EACH:
        family, case = drawn(FAMILIES, number)
        assert family is FAMILIES[number]
        assert drawn(FAMILIES, number)[1].json == case.json
        assert parse_case(case.json) == case


def test_the_families_have_names_of_their_own() -> None:
    assert len(FAMILIES) >= 25
    assert max(Counter(family.name for family in FAMILIES).values()) == 1


def test_the_in_house_engine_is_right_and_the_table_has_all_families() -> None:
    with Asking([inhouse]) as asking:
        tallies = tallied(asked(asking, ONE_OF_EACH), asking.report)
    verdicts: Counter[str] = sum((tally.verdicts for tally in tallies.values()), Counter())
    assert set(verdicts) <= {"agree", "known", "convention", "uncertified", "unsupported"}
    assert verdicts["agree"] > 0.8 * len(FAMILIES)
    text = "\n".join(page(tallies, len(FAMILIES), "inhouse", {"slow": tallies}))
    assert "slow was asked" in text
    assert all(family.name in text for family in FAMILIES)


@pytest.mark.parametrize("engine", ["dropped", "once"])
def test_a_wrong_engine_is_found(engine: str, capsys: pytest.CaptureFixture[str]) -> None:
    with Asking([getattr(broken_engines, engine)]) as asking:
        tallies = tallied(asked(asking, range(12)), asking.report)
    found = sum(tally.verdicts["wrong"] for tally in tallies.values())
    assert found == capsys.readouterr().out.count("NEW ")
    assert found >= 1
