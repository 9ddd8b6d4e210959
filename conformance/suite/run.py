"""One run of the suite: the cases that it asks, and how often it had each verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pytest
from ad_conformance.conformance.known_failures import KnownFailure
from ad_conformance.conformance.pool import EnginePool
from ad_conformance.conformance.standings.standing import (
    Match,
    Standing,
    Standings,
    news,
    release_of,
)
from ad_conformance.conformance.verdicts import Result, Verdict
from ad_conformance.engines.contract import Engine
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.mode import FURTHER_MODES
from ad_conformance.generators.ir.nest import names_of
from ad_conformance.generators.ir.program import Case, signature_of
from hypothesis import settings

#: Mode, verdict, and the known failure that covers the result with its standing; both "" if there
#: is none.
Counted = tuple[str, Verdict, str, str]
#: The standing of a known failure in an engine, and what to change in its entry, or "".
LookedAt = tuple[str, str]


@dataclass
class Run:
    """What one run of the suite asks, and the verdicts of the run.

    `named` says how the user named each engine: by its name, or as package.module:attribute.
    `wrappers` are those that generated cases have around them.
    `absent` gives the reason for each named engine that is skipped. `only` has "--modes",
    "--signature", "--wrappers" and "--examples" if the user gave these options: the first three
    then also restrict the pinned cases.
    `settings` are the Hypothesis settings of the generated cases. `lost` names the workers that
    died before they reported what they had counted. With `strict`, a test fails if an entry does
    not say what its pinned case does on this release. `drawn` has the generated cases of the last
    test, by name.
    """

    engines: dict[str, Engine]
    named: dict[str, str]
    absent: dict[str, str]
    modes: tuple[str, ...]
    signatures: tuple[str, ...]
    wrappers: tuple[str, ...]
    examples: int
    seed: int
    profile: str
    settings: settings
    pool: EnginePool
    entries: tuple[KnownFailure, ...]
    only: frozenset[str] = frozenset()
    strict: bool = False
    judged: dict[tuple[str, str], Counted] = field(default_factory=dict)
    looked_at: dict[tuple[str, str], LookedAt] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    drawn: dict[str, tuple[Case, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.standings = Standings(self.entries, self.pool.probe)

    def examples_in(self, mode: str) -> int:
        """The number of generated cases per engine and signature in a mode.

        By default, there are a third as many in FURTHER_MODES, in which JAX is slow: all three
        together take about as long as RRR.
        """
        few = mode in FURTHER_MODES and "--examples" not in self.only
        return max(1, self.examples // len(FURTHER_MODES)) if few else self.examples

    def beyond(self, case: Case) -> str:
        """Why the options of this run leave out a pinned case; "" if they do not."""
        if "--modes" in self.only and case.mode not in self.modes:
            return f"mode {case.mode} is not among --modes"
        if "--wrappers" in self.only and case.wrappers:
            missing = [name for name in names_of(case.wrappers) if name not in self.wrappers]
            if missing:
                return f"wrapper {missing[0]} is not among --wrappers"
        signature = signature_of(case.input, evaluate_steps(case.program, case.input)[-1])
        if "--signature" in self.only and signature not in self.signatures:
            return f"{signature} is not among --signature"
        return ""

    def count(self, result: Result, match: Match | None) -> None:
        """Count a result, once per engine and case, and the known failure that covers it."""
        name, standing = (match.entry.name, str(match.standing)) if match else ("", "")
        counted = result.case.mode, result.verdict, name, standing
        self.judged.setdefault((result.engine, result.case.id), counted)

    def recount(self, result: Result, match: Match | None) -> None:
        """Count another result of a case that was counted before."""
        self.judged.pop((result.engine, result.case.id), None)
        self.count(result, match)

    def look_at(self, entry: KnownFailure, engine: str) -> str:
        """Count the standing of an entry that names the engine; what to change in the entry."""
        adapter = self.engines[engine]
        standing = self.standings.of(entry, adapter)
        said = news(entry, engine, release_of(adapter), standing)
        self.looked_at[engine, entry.name] = str(standing), said
        return said

    @property
    def met(self) -> Counter[str]:
        """How many cases each known failure covered."""
        return Counter(known for _, _, known, _ in self.judged.values() if known)

    @property
    def record(self) -> list[list[list[str]]]:
        """What was counted, as plain strings that `merge` adds to another run."""
        return [
            [[*key, *map(str, found)] for key, found in part.items()]
            for part in (self.judged, self.looked_at)
        ]

    def merge(self, record: Sequence[Iterable[Sequence[str]]]) -> None:
        """Add what another worker of the same run counted."""
        judged, looked_at = record
        for engine, case, mode, verdict, known, standing in judged:
            self.judged.setdefault((engine, case), (mode, Verdict(verdict), known, standing))
        for engine, entry, standing, said in looked_at:
            self.looked_at.setdefault((engine, entry), (standing, said))

    def standing_lines(self) -> list[str]:
        """A line per engine that counts the standings of its known failures and new findings, then
        a line per entry that is news.
        """
        lines = []
        for name, engine in self.engines.items():
            found = Counter(s for (e, _), (s, _) in self.looked_at.items() if e == name)
            fresh = sum(
                verdict.is_finding and not known
                for (e, _), (_, verdict, known, _) in self.judged.items()
                if e == name
            )
            counts = [
                f"{found[s]} {s}" for s in Standing if found[s] or s not in _SHOWN_IF_THERE_ARE_ANY
            ]
            entries = f"known failures: {', '.join(counts)}" if found else "no known failures asked"
            lines.append(f"{name} {engine.version()}: {entries}; new findings: {fresh}")
        lines += [
            f"{standing}: {said}"
            for (_, _), (standing, said) in sorted(self.looked_at.items(), key=lambda kv: kv[1])
            if said and (self.strict or standing not in (Standing.KNOWN, Standing.NOT_YET))
        ]
        return lines

    def table_lines(self) -> list[str]:
        """The closing table: a row per engine and mode, a column per verdict that occurred."""
        table = Counter(
            (engine, mode, verdict) for (engine, _), (mode, verdict, _, _) in self.judged.items()
        )
        covered = Counter(
            (engine, mode, standing)
            for (engine, _), (mode, _, _, standing) in self.judged.items()
            if standing
        )
        present = [v for v in Verdict if any(verdict is v for _, _, verdict in table)]
        standings = [
            s for s in _COVERING if s is Standing.KNOWN or any(s == t for _, _, t in covered)
        ]
        header = ["engine", "mode", "cases", *map(str, present), *map(str, standings), "new"]
        rows = [header]
        for engine in self.engines:
            modes = sorted({w for e, w, _ in table if e == engine}, key=lambda w: (len(w), w))
            for mode in modes:
                counts = [table[engine, mode, verdict] for verdict in present]
                findings = sum(
                    n for n, verdict in zip(counts, present, strict=True) if verdict.is_finding
                )
                known = [covered[engine, mode, str(s)] for s in standings]
                numbers = (sum(counts), *counts, *known, findings - sum(known))
                rows.append([engine, mode, *map(str, numbers)])
        widths = [max(len(row[i]) for row in rows) for i in range(len(header))]
        return [
            "  ".join(
                cell.ljust(w) if i < 2 else cell.rjust(w)
                for i, (cell, w) in enumerate(zip(row, widths, strict=True))
            )
            for row in rows
        ]


#: Standings of entries that cover findings, a column of the table each.
_COVERING = (Standing.KNOWN, Standing.CHANGED, Standing.REGRESSED)
#: Standings that a line names only if an entry has them.
_SHOWN_IF_THERE_ARE_ANY = (Standing.NOT_YET, Standing.NOT_COMPARED)
#: Where the configuration of pytest keeps the run.
RUN = pytest.StashKey[Run]()


def run_of(config: pytest.Config) -> Run:
    """The run of the suite that belongs to this configuration of pytest."""
    return config.stash[RUN]
