"""The generated cases of a test: drawn once for all engines, before any of them is asked."""

from __future__ import annotations

import zlib
from collections.abc import Callable

from ad_conformance.conformance.suite.run import Run
from ad_conformance.generators.ir.program import Case
from hypothesis import Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy


class Drawing:
    """Cases that Hypothesis draws from a strategy. They depend on the seed of the run and on
    `name`, and are the same for all engines if they are `shared`.
    """

    def __init__(
        self,
        run: Run,
        name: str,
        strategy: SearchStrategy[Case],
        examples: int | None = None,
        *,
        shared: bool = True,
    ) -> None:
        self.shared = shared
        self._run, self._name, self._strategy = run, name, strategy
        self._settings = settings(run.settings, max_examples=examples or run.examples)

    @property
    def is_steered(self) -> bool:
        """Whether the next cases depend on the answers to those before."""
        return Phase.target in self._settings.phases

    def each(self, asked: Callable[[Case], object]) -> None:
        """Call `asked` with one case after the other. If it raises, it is called with smaller
        cases, as long as these raise too; the exception of the smallest is raised.
        """

        @seed(zlib.crc32(f"{self._run.seed} {self._name}".encode()))
        @self._settings
        @given(self._strategy)
        def drawn(case: Case) -> None:
            asked(case)

        drawn()

    def cases(self) -> tuple[Case, ...]:
        """The cases that `each` has if nothing raises and nothing is steered."""
        if self.shared and self._name in self._run.drawn:
            return self._run.drawn[self._name]
        found: list[Case] = []
        self.each(found.append)
        if self.shared:
            # The tests of all engines follow each other: no other cases need to be kept.
            self._run.drawn = {self._name: tuple(found)}
        return tuple(found)
