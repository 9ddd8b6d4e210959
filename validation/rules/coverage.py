"""How many rules the cases reach: by level, by mode, and in certified cases."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from ad_conformance.conformance.pool import truth_of
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.render.dialect import UnsupportedOperation

from validation.rules.record import Recorder, Rule
from validation.rules.unreachable import reason

#: The levels that are counted.
LEVELS = (1, 2, 3)


@dataclass
class Coverage:
    """The rules of one engine, and in which cases each was used."""

    rules: frozenset[Rule]
    #: Cases by mode, for each rule and level.
    modes: defaultdict[tuple[Rule, int], Counter[str]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    #: The rules, each with a level, that a certified case used.
    certified: set[tuple[Rule, int]] = field(default_factory=set)
    #: Cases by what became of them: "ran", "unsupported", or an exception with its message.
    outcomes: Counter[str] = field(default_factory=Counter)

    @property
    def tables(self) -> list[str]:
        """The tables of the engine."""
        return sorted({rule.table for rule in self.rules})

    def met(self, table: str, level: int) -> set[Rule]:
        """The rules of a table that were used at a level."""
        return {rule for rule, at in self.modes if rule.table == table and at == level}

    def reachable(self, table: str, level: int) -> set[Rule]:
        """The rules of a table that a case can reach at a level."""
        return {rule for rule in self.rules if rule.table == table and not reason(rule, level)}

    def missing(self, table: str, level: int) -> list[Rule]:
        """The rules of a table that a case can reach at a level, and none did."""
        return sorted(self.reachable(table, level) - self.met(table, level))


def measure(recorder: Recorder, cases: Iterable[Case]) -> Coverage:
    """The rules that the cases use."""
    coverage = Coverage(recorder.rules)
    for case in cases:
        try:
            found = recorder.met(case)
        except UnsupportedOperation:
            coverage.outcomes["unsupported"] += 1
            continue
        # A case that the engine fails in counts as no use of its rules.
        except Exception as error:
            text = str(error).partition("\n")[0][:100]
            coverage.outcomes[f"{type(error).__name__}: {text}"] += 1
            continue
        coverage.outcomes["ran"] += 1
        for key in found:
            coverage.modes[key][case.mode] += 1
        # The truth takes longer than the rest: it is computed only if it could add to these.
        if not found <= coverage.certified and truth_of(case).kind == "certified":
            coverage.certified.update(found)
    return coverage
