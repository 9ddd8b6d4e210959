"""Ask one engine one case in a run of the suite."""

from __future__ import annotations

import pytest
from ad_conformance.conformance.standings.standing import Match
from ad_conformance.conformance.suite.failure_report import describe
from ad_conformance.conformance.suite.run import Run
from ad_conformance.conformance.verdicts import Result
from ad_conformance.generators.ir.program import Case


class Failed(AssertionError):
    """A finding that no known failure covers, or one of a known failure that has regressed."""

    def __init__(self, result: Result, match: Match | None) -> None:
        super().__init__(f"{result.engine} {result.case.mode}: {result.verdict}")
        self.result = result
        self.match = match


def check(run: Run, case: Case, engine: str, *, probe: bool = False) -> Result:
    """Judge a case. Raises Failed for a finding that is no known failure of this release.

    With `probe`, the case is an attempt to reduce an earlier finding: it is not counted, and no
    other engine is asked.
    """
    result = run.pool.judge(case, engine, probe=probe)
    match = run.standings.match(result, run.engines[engine])
    if not probe:
        run.count(result, match)
    if result.is_finding and (match is None or not match.is_known):
        raise Failed(result, match)
    return result


def check_again(run: Run, first: Result) -> None:
    """Ask the case of a result again, after others. Raises Failed if the answer is another one."""
    result = run.pool.repeat(first)
    match = run.standings.match(result, run.engines[result.engine])
    if result.is_finding and (match is None or not match.is_known):
        run.recount(result, match)
        raise Failed(result, match)


def report(run: Run, failed: Failed) -> str:
    """The report on a finding; its first line names the known failure that has regressed."""
    finding = failed.result
    text = describe(finding, run.pool, run.modes, run.named[finding.engine])
    if failed.match is None:
        return text
    entry = failed.match.entry
    return (
        f"regressed: {entry.name} was fixed in {entry.fixed_in}, and is back: {entry.summary} "
        f"({entry.issue})\n{text}"
    )


def skip_beyond(run: Run, case: Case) -> None:
    """Skip the test if the options of this run leave out the case."""
    if reason := run.beyond(case):
        pytest.skip(reason)


def ask(run: Run, case: Case, engine: str) -> Result:
    """Judge one case: fails the test for a new finding, skips it if there is nothing to compare."""
    problem: Failed | None = None
    try:
        result = check(run, case, engine)
    except Failed as failed:
        problem = failed
    if problem is not None:
        pytest.fail(report(run, problem), pytrace=False)
    if not result.verdict.compared:
        pytest.skip(f"{result.verdict}: {result.answer.message or result.truth.reason}")
    return result
