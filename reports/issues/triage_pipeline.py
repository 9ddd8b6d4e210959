"""Triage of a campaign: finds the root causes of its findings, and writes a file for each with all
that is needed to report it.
"""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Any

from ad_conformance.conformance.pool import EnginePool
from ad_conformance.conformance.triage.ask import Asker, OutOfTime, judged, shorter_timeout
from ad_conformance.conformance.triage.buckets import Bucket, Provisional, bucket
from ad_conformance.conformance.triage.causes import Finding
from ad_conformance.conformance.triage.locate import explain
from ad_conformance.conformance.triage.reduce import reduced
from ad_conformance.conformance.triage.releases.bisect import find_boundary
from ad_conformance.conformance.triage.root_cause import Vanished, root_cause
from ad_conformance.conformance.triage.workarounds import workarounds
from ad_conformance.conformance.verdicts import Result, Verdict
from ad_conformance.engines import registry
from ad_conformance.engines.contract import Engine
from ad_conformance.generators.ir.case_io import parse_case
from ad_conformance.generators.ir.mode import UP_TO_SECOND_ORDER, modes_of_order
from ad_conformance.generators.ir.program import Case, MalformedCase
from ad_conformance.reports.campaign.plan import check_python
from ad_conformance.reports.campaign.shards import as_text
from ad_conformance.reports.campaign.store import Folder, StoreError, record
from ad_conformance.reports.issues.bucket_files import BucketFile, by_cause
from ad_conformance.reports.issues.proposed import proposed
from ad_conformance.reports.nightly.findings import Finding as Recorded
from ad_conformance.reports.nightly.findings import findings

#: Most file names in one line.
NAMED = 3
#: Seconds for the workarounds in another engine than the bucket's.
ELSEWHERE = 60.0


class CampaignTriage:
    """Triage of the findings of one campaign, engine by engine. `each` is the time limit for one
    finding, in seconds.

    Causes that have a file in `previous`, an earlier run, are known: the file is copied, with the
    findings of this run. If the run names an engine as package.module:attribute, it is imported
    only if `imported` names it too. If the campaign ran in another interpreter, `python` has to be
    this one.
    """

    def __init__(
        self,
        folder: Folder,
        *,
        each: float,
        previous: Folder | None = None,
        imported: Collection[str] = (),
        python: str = "",
    ) -> None:
        """Raises StoreError, MalformedBucket or OSError."""
        self._folder, self._each = folder, each
        run: dict[str, Any] = record(folder, "run.json")
        self._asked: dict[str, str] = dict(run["asked"])
        check_python(run, f"{folder.url}/run.json", python)
        self._python = python
        for name in self._asked.values():
            if registry.is_import(name) and name not in imported:
                where = f"{folder.url}/run.json: asked"
                raise StoreError(f"{where}: {name!r} is imported only if --engine names it")
        self._modes: tuple[str, ...] = tuple(run["words"])
        self._timeout = float(run["timeout"])
        if previous:
            record(previous, "run.json")
        before = by_cause(previous) if previous else {}
        self._files = {
            cause: replace(file, findings=()) for cause, file in before.items()
        } | by_cause(folder)
        self._findings = defaultdict(list)
        for found in findings(folder):
            self._findings[found.engine].append(found)

    @property
    def engines(self) -> list[str]:
        """The engines that have findings."""
        return [engine for engine in self._asked if self._findings[engine]]

    def triage(
        self, name: str, *, known: bool, seconds: float, report: Callable[[str], None]
    ) -> None:
        """Triage an engine's findings. Progress goes to `report` in lines.

        A file is written as soon as its root cause is known. Findings that a file has already are
        not asked again. With `known`, findings that known failures cover are triaged too. Raises
        EngineUnavailable, UnknownEngine, StoreError or OSError.
        """
        chosen = [f for f in self._findings[name] if known or not f.known]
        steady = [f for f in chosen if f.steady]
        engines = [registry.find(asked, self._python) for asked in self._asked.values()]
        pool = EnginePool(_with_siblings(engines, self._python), timeout=self._timeout, every=1)
        done = {finding for file in self._files.values() for finding in file.findings}
        files: dict[str, list[str]] = defaultdict(list)
        cases = {}
        for found in steady:
            case = pool.asked(self._case(found), name)
            files[case.id].append(found.finding)
            if found.finding not in done:
                cases[case.id] = Finding(
                    case,
                    name,
                    Verdict(found.verdict),
                    found.error or "",
                    found.message or "",
                    found.severity or "",
                )
        report(
            f"{name}: {len(chosen)} findings, {len(files)} different, {len(files) - len(cases)} "
            f"in files already"
        )
        if flaky := [f.finding for f in chosen if not f.steady]:
            report(_skipped("not the same when they were asked again", flaky))
        if not cases:
            return

        def names(found: Iterable[Finding]) -> list[str]:
            return sorted({file for finding in found for file in files[finding.case.id]})

        try:
            sandbox = pool.sandbox(name)

            def begun(new: Bucket, asker: Asker) -> None:
                report(
                    f"  {new.cause.name}: "
                    f"{self._write(new, names(new.findings), name, pool, asker)}"
                )

            old = [cause for cause in self._files if cause.engine == sandbox.engine.base]
            made = bucket(
                cases.values(), sandbox, seconds=seconds, each=self._each, known=old, begun=begun
            )
            for one in made.buckets:
                if (met := names(one.findings)) and (file := self._files.get(one.cause)):
                    self._put(
                        replace(file, findings=tuple(sorted({*file.findings, *met}))),
                        sandbox.engine,
                    )
                    report(f"  {len(met)} findings: {one.cause.name}")
            for group in made.provisional:
                report(_left_over(group))
            if made.vanished:
                report(_skipped("do not fail any more", names(made.vanished)))
        finally:
            pool.close()

    def _case(self, found: Recorded) -> Case:
        try:
            return parse_case(found.json)
        except MalformedCase as error:
            raise StoreError(f"{self._folder.url}: {found.finding}: json: {error}") from None

    def _put(self, file: BucketFile, engine: Engine) -> str:
        """Write the file, and the known failure that it proposes. Returns the file's name."""
        name = file.write(self._folder)
        self._files[file.cause] = replace(file, file=name.rpartition("/")[2])
        entry, case = proposed(file, engine)
        self._folder.write(f"proposed/{file.name}.toml", entry.encode())
        self._folder.write(f"proposed/{file.name}.json", case.encode())
        return name

    def _write(
        self, new: Bucket, here: list[str], name: str, pool: EnginePool, asker: Asker
    ) -> str:
        """Write all that can be found out about a new cause. Returns a line that sums it up."""
        begun = time.monotonic()
        sandbox = pool.sandbox(name)
        finding = self._smallest(new, asker)
        if not finding.is_finding:
            return "its smallest case does not fail any more"
        file = BucketFile(
            new.cause, self._asked[name], sandbox.engine.version(), "", finding.case, tuple(here)
        )
        modes = self._same_order(finding.case.mode)
        file = described(file, finding, pool, modes, seconds=self._each)
        path = self._put(file, sandbox.engine)
        steps = len([step for step in finding.case.program.steps if step.operands])
        doubt = f"; suspect: {file.suspect}" if file.suspect else ""
        took = time.monotonic() - begun
        return f"{steps} steps in {finding.case.mode}, {took:.1f} s: {path}{doubt}"

    def _smallest(self, new: Bucket, asker: Asker) -> Result:
        """A small case with simple numbers that shows the cause.

        A reduced case may fail in the same way for another cause, so its cause is searched again.
        If no reduced case shows the cause, the result is the last case of the search.
        """
        assert new.case is not None
        sandbox = asker.sandbox
        for case in (new.findings[0].case, new.case):
            shown = judged(case, sandbox)
            if not shown.is_finding:
                continue
            small = reduced(shown, sandbox, seconds=self._each)
            with (
                shorter_timeout(sandbox, small.verdict, small.case.mode),
                suppress(OutOfTime, Vanished),
            ):
                cause, _ = root_cause(Finding.of(small), asker, seconds=self._each)
                if new.cause.alike(cause):
                    return small
        return judged(new.case, sandbox)

    def _same_order(self, mode: str) -> tuple[str, ...]:
        """Modes to try instead: those of the campaign, and all up to second order."""
        return (
            tuple(dict.fromkeys((*self._modes, *UP_TO_SECOND_ORDER)))
            if len(mode) < 3
            else self._modes
        )


def _with_siblings(engines: list[Engine], python: str) -> Iterator[Engine]:
    """The engines, and others that use one of their libraries in another way."""
    yield from engines
    libraries = {engine.distribution for engine in engines if engine.base == engine.name}
    for name in sorted(set(registry.names()) - {engine.name for engine in engines}):
        with suppress(registry.UnknownEngine):
            other = registry.find(name, python)
            if other.distribution in libraries and other.installed():
                yield other


def described(
    file: BucketFile,
    finding: Result,
    pool: EnginePool,
    modes: Iterable[str],
    *,
    seconds: float = math.inf,
) -> BucketFile:
    """The file with the engine's answer, its explanation, and workarounds.

    Raises EngineUnavailable.
    """
    found = workarounds(finding, pool, modes, seconds=seconds)
    return replace(
        file,
        verdict=str(finding.verdict),
        **asdict(found.ways),
        rewrite=found.rewrite,
        explanation=tuple(explain(finding, pool.sandbox(finding.engine), seconds=seconds).lines),
        got=as_text(finding.answer.value) or "",
        wanted=as_text(finding.truth.expected) or "",
        stage=finding.answer.stage,
        error=finding.answer.error,
        message=finding.answer.message,
        printed=finding.answer.printed,
    )


def described_elsewhere(
    file: BucketFile, finding: Result, engine: Engine, python: str = ""
) -> BucketFile:
    """The bucket as one of another engine, with that engine's answer and workarounds.

    `python` is the interpreter that `registry.find` takes. Raises EngineUnavailable.
    """
    names = [
        name
        for name in (file.engine, *file.right_engines, *file.wrong_engines)
        if name != engine.name and name in registry.names()
    ]
    others = [registry.find(name, python) for name in names]
    pool = EnginePool(_with_siblings([engine, *others], python), every=1)
    modes = list(modes_of_order(finding.case.order))
    try:
        other = replace(file, release="", issue="")
        other = described(other, finding, pool, modes, seconds=ELSEWHERE)
        return replace(other, engine=engine.name, version=engine.version())
    finally:
        pool.close()


def _skipped(why: str, files: Sequence[str]) -> str:
    more = f" and {len(files) - NAMED} more" if len(files) > NAMED else ""
    return f"  {len(files)} findings {why}: {', '.join(files[:NAMED])}{more}"


def _left_over(group: Provisional) -> str:
    return (
        f"  {len(group.findings)} findings without a cause, since time was up: "
        f"{', '.join(group.operations)}: {' '.join(group.symptom)[:120]}"
    )


def since(file: BucketFile, engine: str, python: str = "") -> BucketFile:
    """The file with the release since which its case fails. `engine` may name a bad release.
    `python` is as for `find_boundary`.

    Raises NoBoundary, NoReleases or UnknownEngine.
    """
    name, _, release = engine.partition("@")
    found = find_boundary(file.case, name, bad=release or None, python=python)
    return replace(file, release=found.line)
