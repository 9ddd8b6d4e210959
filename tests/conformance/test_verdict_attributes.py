"""What each verdict says of itself."""

from __future__ import annotations

import pickle

import pytest
from ad_conformance.conformance.verdicts import Verdict


@pytest.mark.parametrize("verdict", Verdict)
def test_findings_have_a_failure_key_and_a_sentence_and_others_have_none(verdict: Verdict) -> None:
    assert bool(verdict.failure) == bool(verdict.fails) == verdict.is_finding


@pytest.mark.parametrize("verdict", Verdict)
def test_a_verdict_is_found_by_its_value(verdict: Verdict) -> None:
    assert Verdict(str(verdict)) is verdict
    assert pickle.loads(pickle.dumps(verdict)) is verdict


def test_what_was_compared_is_right_or_a_finding() -> None:
    assert {v for v in Verdict if not v.compared} == {
        Verdict.UNSUPPORTED,
        Verdict.CONVENTION,
        Verdict.UNCERTIFIED,
    }
