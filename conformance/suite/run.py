"""One run of the suite: the cases that it asks, and how often it had each verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pytest
from ad_conformance.conformance.known_failures import KnownFailure
from ad_conformance.conformance.pool import EnginePool
from ad_conformance.conformance.verdicts import Result, Verdict
from ad_conformance.engines.contract import Engine
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.program import Case, signature_of
from hypothesis import settings

#: Mode, verdict, and the name of the known failure that covers the result, or "".
Counted = tuple[str, Verdict, str]


@dataclass
class Run:
    """What one run of the suite asks, and the verdicts of the run.

    `named` says how the user named each engine: by its name, or as package.module:attribute.
    `absent` gives the reason for each named engine that is skipped. `only` has "--modes" and
    "--signature" if the user gave these options: they then also restrict the pinned cases.
    `settings` are the Hypothesis settings of the generated cases. `lost` names the workers that
    died before they reported what they had counted.
    """

    engines: dict[str, Engine]
    named: dict[str, str]
    absent: dict[str, str]
    modes: tuple[str, ...]
    signatures: tuple[str, ...]
    examples: int
    seed: int
    profile: str
    settings: settings
    pool: EnginePool
    entries: tuple[KnownFailure, ...]
    only: frozenset[str] = frozenset()
    judged: dict[tuple[str, str], Counted] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)

    def beyond(self, case: Case) -> str:
        """Why the options of this run leave out a pinned case; "" if they do not."""
        if "--modes" in self.only and case.mode not in self.modes:
            return f"mode {case.mode} is not among --modes"
        signature = signature_of(case.input, evaluate_steps(case.program, case.input)[-1])
        if "--signature" in self.only and signature not in self.signatures:
            return f"{signature} is not among --signature"
        return ""

    def count(self, result: Result, known: KnownFailure | None) -> None:
        """Count a result, once per engine and case, and the known failure that covers it."""
        counted = result.case.mode, result.verdict, known.name if known else ""
        self.judged.setdefault((result.engine, result.case.id), counted)

    @property
    def met(self) -> Counter[str]:
        """How many cases each known failure covered."""
        return Counter(known for _, _, known in self.judged.values() if known)

    @property
    def record(self) -> list[list[str]]:
        """What was counted, as plain strings that `merge` adds to another run."""
        return [[*key, *map(str, counted)] for key, counted in self.judged.items()]

    def merge(self, record: Iterable[Sequence[str]]) -> None:
        """Add what another worker of the same run counted."""
        for engine, case, mode, verdict, known in record:
            self.judged.setdefault((engine, case), (mode, Verdict(verdict), known))

    def table_lines(self) -> list[str]:
        """The closing table: a row per engine and mode, a column per verdict that occurred."""
        table = Counter(
            (engine, mode, verdict) for (engine, _), (mode, verdict, _) in self.judged.items()
        )
        known = Counter(
            (engine, mode) for (engine, _), (mode, _, name) in self.judged.items() if name
        )
        present = [v for v in Verdict if any(verdict is v for _, _, verdict in table)]
        header = ["engine", "mode", "cases", *map(str, present), "known", "new"]
        rows = [header]
        for engine in self.engines:
            modes = sorted({w for e, w, _ in table if e == engine}, key=lambda w: (len(w), w))
            for mode in modes:
                counts = [table[engine, mode, verdict] for verdict in present]
                findings = sum(
                    n for n, verdict in zip(counts, present, strict=True) if verdict.is_finding
                )
                covered = known[engine, mode]
                rows.append(
                    [engine, mode, *map(str, (sum(counts), *counts, covered, findings - covered))]
                )
        widths = [max(len(row[i]) for row in rows) for i in range(len(header))]
        return [
            "  ".join(
                cell.ljust(w) if i < 2 else cell.rjust(w)
                for i, (cell, w) in enumerate(zip(row, widths, strict=True))
            )
            for row in rows
        ]


#: Where the configuration of pytest keeps the run.
RUN = pytest.StashKey[Run]()


def run_of(config: pytest.Config) -> Run:
    """The run of the suite that belongs to this configuration of pytest."""
    return config.stash[RUN]
