"""Pinned cases of known failures: what each does on the release that is tested.

It may still fail as its entry says, be fixed, fail in another way, or fail although it was fixed.
Every other engine is asked the same cases.
"""

from __future__ import annotations

import pytest
from ad_conformance.conformance.known_failures import KnownFailure
from ad_conformance.conformance.suite.ask import ask, skip_beyond
from ad_conformance.conformance.suite.run import run_of


def test_pinned(request: pytest.FixtureRequest, pinned: KnownFailure, engine: str) -> None:
    run = run_of(request.config)
    skip_beyond(run, pinned.pinned)
    run.pool.judge(pinned.pinned, engine)  # submitted to all engines at the same time
    news = run.look_at(pinned, engine) if pinned.names(run.engines[engine]) else ""
    ask(run, pinned.pinned, engine)
    if news and run.strict:
        pytest.fail(f"--strict: {news}", pytrace=False)
