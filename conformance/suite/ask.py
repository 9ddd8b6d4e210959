"""Ask one engine one case in a run of the suite."""

from __future__ import annotations

import pytest
from ad_conformance.conformance.known_failures import covering
from ad_conformance.conformance.suite.failure_report import describe
from ad_conformance.conformance.suite.run import Run
from ad_conformance.conformance.verdicts import Result
from ad_conformance.generators.ir.program import Case


class Failed(AssertionError):
    """A finding that no known failure covers."""

    def __init__(self, result: Result) -> None:
        super().__init__(f"{result.engine} {result.case.mode}: {result.verdict}")
        self.result = result


def check(run: Run, case: Case, engine: str, *, probe: bool = False) -> Result:
    """Judge a case. Raises Failed for a finding that no known failure covers.

    With `probe`, the case is an attempt to reduce an earlier finding: it is not counted, and no
    other engine is asked.
    """
    result = run.pool.judge(case, engine, probe=probe)
    known = covering(result, run.engines[engine], run.entries) if result.is_finding else None
    if not probe:
        run.count(result, known)
    if result.is_finding and known is None:
        raise Failed(result)
    return result


def report(run: Run, finding: Result) -> str:
    return describe(finding, run.pool, run.modes, run.named[finding.engine])


def skip_beyond(run: Run, case: Case) -> None:
    """Skip the test if the options of this run leave out the case."""
    if reason := run.beyond(case):
        pytest.skip(reason)


def ask(run: Run, case: Case, engine: str) -> Result:
    """Judge one case: fails the test for a new finding, skips it if there is nothing to compare."""
    found: Result | None = None
    try:
        result = check(run, case, engine)
    except Failed as failed:
        found = failed.result
    if found is not None:
        pytest.fail(report(run, found), pytrace=False)
    if not result.verdict.compared:
        pytest.skip(f"{result.verdict}: {result.answer.message or result.truth.reason}")
    return result
