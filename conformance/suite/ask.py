"""Asking one engine one case within a run of the suite."""

from __future__ import annotations

import pytest
from ad_conformance.conformance.known_failures import covering
from ad_conformance.conformance.suite.failure_report import describe
from ad_conformance.conformance.suite.run import Run
from ad_conformance.conformance.verdicts import Judgement, Verdict
from ad_conformance.generators.ir.program import Case


class Failed(AssertionError):
    """A finding that no known failure covers."""

    def __init__(self, judgement: Judgement) -> None:
        super().__init__(f"{judgement.engine} {judgement.case.word}: {judgement.verdict}")
        self.judgement = judgement


def check(run: Run, case: Case, engine: str, *, probe: bool = False) -> Judgement:
    """Judge a case; raises Failed for a new finding.

    A `probe` looks for a smaller case of a finding already met: it is not counted, and no other
    engine is asked.
    """
    judgement = run.panel.judge(case, engine, probe=probe)
    known = covering(judgement, run.engines[engine], run.entries) if judgement.is_finding else None
    if not probe:
        run.count(judgement, known)
    if judgement.is_finding and known is None:
        raise Failed(judgement)
    return judgement


def report(run: Run, finding: Judgement) -> str:
    return describe(finding, run.panel, run.words, run.named[finding.engine])


def skip_beyond(run: Run, case: Case) -> None:
    """Skip the test of a case that lies outside the mode words or signatures that this run was told
    to ask.
    """
    if reason := run.beyond(case):
        pytest.skip(reason)


def ask(run: Run, case: Case, engine: str) -> Judgement:
    """Judge a single case: fails the test for a new finding, skips it where there is nothing to
    compare.
    """
    found: Judgement | None = None
    try:
        judgement = check(run, case, engine)
    except Failed as failed:
        found = failed.judgement
    if found is not None:
        pytest.fail(report(run, found), pytrace=False)
    if judgement.verdict in (Verdict.UNSUPPORTED, Verdict.CONVENTION, Verdict.UNCERTIFIED):
        pytest.skip(f"{judgement.verdict}: {judgement.answer.message or judgement.truth.reason}")
    return judgement
