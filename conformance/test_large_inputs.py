"""Inputs of up to a thousand entries: products along given directions, in one test per engine and
length.
"""

from __future__ import annotations

import pytest
from ad_conformance.conformance.suite.ask import Failed, check, report
from ad_conformance.conformance.suite.run import run_of
from ad_conformance.generators.scenarios.sizes import MODES, sized_case


def test_large_inputs(request: pytest.FixtureRequest, length: int, engine: str) -> None:
    run = run_of(request.config)
    compared, found = False, None
    for mode in (m for m in MODES if m in run.modes and run.engines[engine].answers(m)):
        case = sized_case(mode, length)
        if case is None:
            continue
        try:
            compared |= check(run, case, engine).verdict.compared
        except Failed as failed:
            found = failed
            break
    if found is not None:
        pytest.fail(report(run, found), pytrace=False)
    if not compared:
        pytest.skip("nothing was compared")
