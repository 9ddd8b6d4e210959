"""The walk through a campaign's findings: their causes, each written down with all that is needed to act on it."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from conformance.bisecting import find_boundary
from conformance.buckets import Bucket, Provisional, bucket
from conformance.causes import Finding
from conformance.explaining import explain
from conformance.panel import Panel
from conformance.reducing import judged, reduced
from conformance.verdicts import Judgement, Verdict
from conformance.ways import ways_around
from engines import registry
from engines.contract import Engine
from generators import reduction
from generators.reading import parse_case
from reports.bucket_files import BucketFile, bucket_files, proposed
from reports.changes import findings
from reports.shards import as_text
from reports.store import Folder, record


class Walk:
    """Through the findings of one campaign, engine by engine; `each` finding may take so many seconds."""

    def __init__(self, folder: Folder, *, each: float) -> None:
        """Raises StoreError, MalformedBucket, UnknownEngine or OSError."""
        self._folder, self._each = folder, each
        run: dict[str, Any] = record(folder, "run.json")
        self._asked: dict[str, str] = dict(run["asked"])
        self._words: tuple[str, ...] = tuple(run["words"])
        self._written = bucket_files(folder)
        self._findings = defaultdict(list)
        for found in findings(folder):
            self._findings[found.engine].append(found)

    @property
    def engines(self) -> list[str]:
        """Those that have findings."""
        return [engine for engine in self._asked if self._findings[engine]]

    def through(self, name: str, *, known: bool, seconds: float) -> Iterator[str]:
        """Triage an engine's findings; a line for each bucket as it is written. Raises EngineUnavailable or OSError."""
        chosen = [f for f in self._findings[name] if f.steady and (known or not f.known)]
        panel = Panel(_with_siblings([registry.find(asked) for asked in self._asked.values()]))
        files: dict[str, list[str]] = defaultdict(list)
        cases = {}
        for found in chosen:
            case = panel.asked(parse_case(found.json), name)
            cases[case.id] = Finding(case, name, Verdict(found.verdict), found.error or "", found.message or "")
            files[case.id].append(found.finding)
        yield f"{name}: {len(chosen)} findings, {len(cases)} different"
        if not cases:
            return
        end = time.monotonic() + seconds
        try:
            sandbox = panel.sandbox(name)
            written = {b.cause: b for b in self._written if b.cause.engine == sandbox.engine.base}
            made = bucket(cases.values(), sandbox, seconds=seconds, each=self._each, known=list(written))
            for one in made.buckets:
                met = [f for finding in one.findings for f in files[finding.case.id]]
                here = tuple(sorted(set(met)))
                if not here:
                    continue
                if one.cause in written:
                    old = written[one.cause]
                    replace(old, findings=tuple(sorted({*old.findings, *here}))).write(self._folder)
                    yield f"  {one.cause.name}: {len(met)} findings, known by its file"
                    continue
                told = self._write(one, here, name, panel, left=max(self._each, end - time.monotonic()))
                yield f"  {one.cause.name}: {len(met)} findings, {told}"
            for group in made.provisional:
                yield "  " + _left_over(group)
        finally:
            panel.close()

    def _write(self, found: Bucket, here: tuple[str, ...], name: str, panel: Panel, *, left: float) -> str:
        begun = time.monotonic()
        sandbox, limit = panel.sandbox(name), min(self._each, left)
        smallest = min((f.case for f in found.findings), key=reduction.size)
        shown = judged(smallest, sandbox)
        candidates: list[Judgement] = []
        if shown.is_finding:
            candidates.append(reduced(shown, sandbox, seconds=limit))
        if found.case is not None and (other := judged(found.case, sandbox)).is_finding:
            candidates.append(other)
        if not candidates:
            return "which do not fail any more"
        finding = min(candidates, key=lambda judgement: reduction.size(judgement.case))
        ways = ways_around(finding, panel, self._alike(finding.case.word))
        written = BucketFile(
            found.cause,
            self._asked[name],
            sandbox.engine.version(),
            str(finding.verdict),
            finding.case,
            here,
            ways.words,
            ways.engines,
            ways.rewrite,
            tuple(explain(finding, sandbox, seconds=limit).lines),
            got=as_text(finding.answer.value) or "",
            wanted=as_text(finding.truth.value) or "",
            stage=finding.answer.stage,
            error=finding.answer.error,
            message=finding.answer.message,
            printed=finding.answer.printed,
        )
        file = written.write(self._folder)
        entry, case = proposed(written, sandbox.engine)
        self._folder.write(f"proposed/{written.name}.toml", entry.encode())
        self._folder.write(f"proposed/{written.name}.json", case.encode())
        steps = len([step for step in finding.case.program.steps if step.operands])
        return f"{steps} steps in {finding.case.word}, {time.monotonic() - begun:.1f} s: {file}"

    def _alike(self, word: str) -> tuple[str, ...]:
        """Mode words of the same order: of the campaign, and those of two letters."""
        return tuple(dict.fromkeys((*self._words, "R", "F", "RR", "FR", "RF", "FF"))) if len(word) < 3 else self._words


def _with_siblings(engines: list[Engine]) -> Iterator[Engine]:
    """The engines, and those that ask one of the same libraries in another way: it may be right so."""
    yield from engines
    libraries = {engine.distribution for engine in engines if engine.base == engine.name}
    for name in sorted(set(registry.names()) - {engine.name for engine in engines}):
        with suppress(registry.UnknownEngine):
            if (other := registry.find(name)).distribution in libraries and other.installed():
                yield other


def _left_over(group: Provisional) -> str:
    told = ", ".join(group.operations)
    return (
        f"not looked into for want of time: {len(group.findings)} findings of {told}: {' '.join(group.symptom)[:120]}"
    )


def since(found: BucketFile, engine: str) -> BucketFile:
    """With the release since which it fails. Raises NoBoundary, NoReleases or UnknownEngine."""
    return replace(found, release=find_boundary(found.case, engine).line)
