"""Regressions: cases that once failed in some engine and are fixed. Every engine is asked them."""

from __future__ import annotations

from pathlib import Path

import pytest
from ad_conformance.conformance.suite.ask import ask, skip_beyond
from ad_conformance.conformance.suite.run import run_of
from ad_conformance.generators.ir.case_io import read_case


def test_fixed(request: pytest.FixtureRequest, fixed: Path, engine: str) -> None:
    run = run_of(request.config)
    case = read_case(fixed)
    skip_beyond(run, case)
    ask(run, case, engine)
