"""The programs that started this project, in every engine and mode word."""

from __future__ import annotations

from conformance.asking import ask
from conformance.run import Run
from generators.seed_family import seed_case


def test_seed_family(run: Run, member: str, word: str, engine: str) -> None:
    ask(run, seed_case(member, word, run.engines[engine].dtype), engine)
