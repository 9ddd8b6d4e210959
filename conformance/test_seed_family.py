"""The programs of the seed family, in every engine and mode."""

from __future__ import annotations

import pytest
from ad_conformance.conformance.suite.ask import ask
from ad_conformance.conformance.suite.run import run_of
from ad_conformance.generators.scenarios.seed_programs import seed_case


def test_seed_family(request: pytest.FixtureRequest, member: str, mode: str, engine: str) -> None:
    run = run_of(request.config)
    ask(run, seed_case(member, mode, run.engines[engine].dtype), engine)
