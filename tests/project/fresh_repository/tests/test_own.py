"""The repository's own tests: nothing of the suite is seen in them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engines
import generators
import reports

ASKED: list[int] = []


@pytest.mark.quick
def test_packages_are_the_repositorys_own() -> None:
    assert {package.OWNER for package in (engines, generators, reports)} == {"mylib"}


def test_options_and_fixtures_are_the_repositorys_own(
    engine: str, mode: str, run: str, request: pytest.FixtureRequest
) -> None:
    assert engine in ("fast", "exact")
    assert (mode, run) == ("the repository's own mode", "the repository's own run")
    with pytest.raises(ValueError, match="no option"):
        request.config.getoption("--modes")


@given(st.integers())
def draws(number: int) -> None:
    ASKED.append(number)


def test_the_hypothesis_profile_is_the_repositorys_own() -> None:
    assert settings.default is not None
    assert settings.default.max_examples == 7
    draws()
    assert 1 <= len(ASKED) <= 7
