"""Failures that were fixed, as far as it is known: every engine is asked them, for none is to have
them again.
"""

from __future__ import annotations

from pathlib import Path

from ad_conformance.conformance.suite.ask import ask, skip_beyond
from ad_conformance.conformance.suite.run import Run
from ad_conformance.generators.ir.case_io import read_case


def test_fixed(run: Run, fixed: Path, engine: str) -> None:
    case = read_case(fixed)
    skip_beyond(run, case)
    ask(run, case, engine)
