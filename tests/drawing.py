"""Cases drawn deterministically, for tests that want many."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hypothesis import HealthCheck, Phase, given, seed, settings

from generators.programs import SIGNATURES, Case
from generators.strategies import cases


def each_case(use: Callable[[Case], None], *, words: Iterable[str] = ("RR",), rounds: int = 1, start: int = 0) -> None:
    """Call `use` with ten cases per round, signature and word. Short runs draw more evenly than one long one."""
    for number in range(start, start + rounds):
        for signature in SIGNATURES:
            for word in words:

                @seed(f"{number} {signature} {word}")
                @settings(
                    max_examples=10,
                    database=None,
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                    phases=[Phase.generate],
                )
                @given(cases(signature=signature, word=word))
                def drawn(case: Case) -> None:
                    use(case)

                drawn()
