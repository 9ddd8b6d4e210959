"""One run of the suite: what it asks, and the count of what came of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from conformance.known_failures import KnownFailure
from conformance.panel import Panel
from conformance.verdicts import Judgement, Verdict
from engines.contract import Engine


@dataclass
class Run:
    """What one run of the suite asks, and what came of it.

    `named` says how each engine was asked for: by its name, or as package.module:attribute.
    """

    engines: dict[str, Engine]
    named: dict[str, str]
    absent: dict[str, str]
    words: tuple[str, ...]
    signatures: tuple[str, ...]
    examples: int
    seed: int
    profile: str
    panel: Panel
    entries: tuple[KnownFailure, ...]
    table: Counter[tuple[str, str, Verdict]] = field(default_factory=Counter)
    known: Counter[tuple[str, str]] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    counted: set[tuple[str, str]] = field(default_factory=set)

    def count(self, judgement: Judgement, known: KnownFailure | None) -> None:
        """Count a judgement, once per engine and case, and the entry that covers it."""
        engine, word = judgement.engine, judgement.case.word
        if (engine, judgement.case.id) not in self.counted:
            self.counted.add((engine, judgement.case.id))
            self.table[engine, word, judgement.verdict] += 1
            if known:
                self.known[engine, word] += 1
                self.met[known.name] += 1

    def table_lines(self) -> list[str]:
        """The closing table: a row per engine and mode word, a column per verdict that occurred."""
        present = [v for v in Verdict if any(verdict is v for _, _, verdict in self.table)]
        header = ["engine", "word", "cases", *map(str, present), "known", "new"]
        rows = [header]
        for engine in self.engines:
            words = sorted({w for e, w, _ in self.table if e == engine}, key=lambda w: (len(w), w))
            for word in words:
                counts = [self.table[engine, word, verdict] for verdict in present]
                findings = sum(n for n, verdict in zip(counts, present, strict=True) if verdict.is_finding)
                known = self.known[engine, word]
                rows.append([engine, word, *map(str, (sum(counts), *counts, known, findings - known))])
        widths = [max(len(row[i]) for row in rows) for i in range(len(header))]
        return [
            "  ".join(
                cell.ljust(w) if i < 2 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
            )
            for row in rows
        ]
