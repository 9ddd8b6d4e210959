"""The programs that started this project, in every engine and mode word."""

from __future__ import annotations

from ad_conformance.conformance.suite.ask import ask
from ad_conformance.conformance.suite.run import Run
from ad_conformance.generators.scenarios.seed_programs import seed_case


def test_seed_family(run: Run, member: str, mode: str, engine: str) -> None:
    ask(run, seed_case(member, mode, run.engines[engine].dtype), engine)
