"""The repository's own option, fixtures and Hypothesis profile: their names are the suite's, too."""

from __future__ import annotations

import pytest
from hypothesis import settings

settings.register_profile("ci", max_examples=7)
settings.load_profile("ci")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--engine", choices=("fast", "exact"), default="fast")
    parser.addoption("--seed", default="none")


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.config.getoption("--engine"))


@pytest.fixture
def mode() -> str:
    return "the repository's own mode"


@pytest.fixture
def run() -> str:
    return "the repository's own run"
