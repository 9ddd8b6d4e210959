"""Pinned cases of known failures: each must still fail as its entry says.

Every other engine is asked the same cases.
"""

from __future__ import annotations

import pytest
from ad_conformance.conformance.known_failures import KnownFailure
from ad_conformance.conformance.suite.ask import ask, skip_beyond
from ad_conformance.conformance.suite.run import run_of


def test_pinned(request: pytest.FixtureRequest, pinned: KnownFailure, engine: str) -> None:
    run = run_of(request.config)
    case = pinned.pinned
    skip_beyond(run, case)
    adapter = run.engines[engine]
    result = run.pool.judge(case, engine)
    if pinned.applies_to(adapter) and adapter.answers(case.mode) and not pinned.covers(result):
        pytest.fail(
            f"known failure {pinned.name} no longer fails in {engine} {adapter.version()}: "
            f"{result.verdict}. Remove the entry, or narrow its versions.",
            pytrace=False,
        )
    ask(run, case, engine)
