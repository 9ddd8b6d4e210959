"""The work of one worker of a campaign: ask all engines the cases of a shard, judge, record."""

from __future__ import annotations

import json
import os
import threading
import time
from collections import Counter, deque
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from ad_conformance.conformance.known_failures import load
from ad_conformance.conformance.pool import EnginePool, asked_later, truth_of
from ad_conformance.conformance.reference.certify import Truth
from ad_conformance.conformance.severity import severity_of
from ad_conformance.conformance.standings.standing import Match, Standings
from ad_conformance.conformance.suite.failure_report import named
from ad_conformance.conformance.verdicts import Result, Verdict, judge, repeated
from ad_conformance.engines.contract import Answer
from ad_conformance.engines.process.sandbox import EngineUnavailable
from ad_conformance.engines.together import alike
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.program import Case, signature_of
from ad_conformance.generators.scenarios.situations import situations
from ad_conformance.reports.campaign.plan import Plan, plan_of
from ad_conformance.reports.campaign.store import Folder, complete
from ad_conformance.reports.campaign.tables import Journal

#: Most entries of an answer, and most characters of printed text, that are recorded.
LONGEST_ANSWER, LONGEST_PRINT = 256, 2000
#: Cases that are queued for an engine. Few, so that a second try follows soon.
AHEAD = 4


@dataclass
class Tally:
    """The result of a shard, for progress: counts of verdicts by engine, new findings, troubles."""

    shard: int
    cases: int = 0
    verdicts: Counter[tuple[str, str]] = field(default_factory=Counter)
    known: int = 0
    findings: list[dict[str, Any]] = field(default_factory=list)
    troubles: set[str] = field(default_factory=set)

    def count(self, table: str, row: Mapping[str, Any]) -> None:
        """Count a row of the journal."""
        if table == "cases":
            self.cases += 1
        elif table == "verdicts":
            self.verdicts[row["engine"], row["verdict"]] += 1
            self.known += row["known"] is not None
            if row["again"] is not None:
                self.findings.append(dict(row))
        elif table == "troubles":
            self.troubles.add(row["detail"])


#: Engines stay up from shard to shard. A pool belongs to one thread.
_kept = threading.local()


def _pool(plan: Plan) -> tuple[EnginePool, Standings]:
    if getattr(_kept, "plan", None) != plan:
        if hasattr(_kept, "pool"):
            _kept.pool.close()
        _kept.plan = plan
        _kept.pool = EnginePool([plan.find(name) for name in plan.engines], timeout=plan.timeout)
        _kept.standings = Standings(load(), _kept.pool.probe)
    return _kept.pool, _kept.standings


def ask_shard(url: str, digest: str, python: str, shard: int, count: int | None) -> Tally:
    """Ask and record all cases of a shard that are not recorded yet.

    `digest` is the SHA-256 of the plan's record, run.json, and `python` the interpreter that the
    user named. Raises OSError if rows cannot be
    recorded, and StoreError if the releases on this machine differ from the record.
    """
    plan, folder, tally = plan_of(url, digest, python), Folder(url), Tally(shard)
    journal = Journal(folder, shard)
    try:
        # Another worker, which was reported as dead, may have completed it.
        if shard in complete(folder):
            return tally
        for table, rows in journal.found.items():
            for row in rows:
                tally.count(table, row)
        _Shard(plan, folder, journal, tally, shard, count).ask()
        journal.finish()
    finally:
        journal.close()
    return tally


def _out_of_memory() -> int:
    """How many processes Linux has killed on this machine because it was out of memory."""
    try:
        lines = Path("/proc/vmstat").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)


class _Shard:
    """The cases of one shard, which all engines are asked."""

    def __init__(
        self,
        plan: Plan,
        folder: Folder,
        journal: Journal,
        tally: Tally,
        shard: int,
        count: int | None,
    ) -> None:
        self.begun, self.killed = time.monotonic(), _out_of_memory()
        self.folder, self.journal, self.tally = folder, journal, tally
        self.plan = plan
        self.pool, self.standings = _pool(plan)
        self.cases = {
            number: (origin, name, case) for number, origin, name, case in plan.cases(shard, count)
        }
        self.first = next(iter(self.cases), 0)
        self.asked = {(row["number"], row["engine"]) for row in journal.found["verdicts"]}
        self.recorded = {row["number"] for row in journal.found["cases"]}
        #: The first Result of each case that is asked a second time.
        self.doubted: dict[tuple[int, str], Result] = {}
        #: Those of them that were late. They are asked again when no other engine is at work here.
        self.late: deque[tuple[int, str]] = deque()
        #: Cases whose answer among those of other modes was not right. They are asked alone, as if
        #: for the first time.
        self.alone: set[tuple[int, str]] = set()
        #: The agreeing Results of cases that are asked again after all others, not recorded yet.
        self.later: dict[tuple[int, str], Result] = {}
        self.gone: set[str] = set()
        self.waiting: dict[str, deque[int]] = {}
        self.pending: dict[Future[Answer], tuple[int, str]] = {}
        self._time(self.first, None, "generate", time.monotonic() - self.begun)

    def ask(self) -> None:
        """Ask all engines. Each has a few cases queued, so that no engine waits for another one or
        for a certified derivative.
        """
        for engine in self.pool.engines:
            self.waiting[engine] = deque(
                n
                for n, (_, _, case) in self.cases.items()
                if (n, engine) not in self.asked and self.plan.asks(engine, case)
            )
            self._feed(engine)
        self._receive()
        while self.late:
            number, engine = self.late.popleft()
            self.waiting[engine].append(number)
            self._feed(engine)
            self._receive()
        for number, engine in self.later:
            self.waiting[engine].append(number)
        for engine in self.pool.engines:
            self._feed(engine)
        self._receive()
        # Engines that can no longer be imported have not answered again.
        for (number, _), result in self.later.items():
            self._record(number, result, None, None)
        for number in self.cases:
            self._record_case(number)
        if killed := _out_of_memory() - self.killed:
            self._write(
                "troubles",
                {"engine": None, "kind": "out_of_memory", "detail": f"{killed} processes killed"},
            )
        self._time(self.first, None, "shard", time.monotonic() - self.begun)

    def _receive(self) -> None:
        """Judge and record answers until no engine is at work."""
        while self.pending:
            done, _ = wait(self.pending, return_when=FIRST_COMPLETED)
            for future in done:
                number, engine = self.pending.pop(future)
                try:
                    answer = future.result()
                except EngineUnavailable as error:
                    self._gone(engine, error)
                    if first := self.doubted.pop((number, engine), None):
                        self._record(number, first, None, "unavailable")
                else:
                    self._answered(number, engine, answer)
                    self._feed(engine)

    def _feed(self, engine: str) -> None:
        ahead = sum(asked == engine for _, asked in self.pending.values())
        while self.waiting[engine] and engine not in self.gone and ahead < AHEAD:
            numbers = self._together(engine)
            ahead += len(numbers)
            try:
                cases = [self.pool.asked(self.cases[number][2], engine) for number in numbers]
                futures = self.pool.sandbox(engine).submit_together(cases)
                self.pending |= {f: (n, engine) for f, n in zip(futures, numbers, strict=True)}
            except EngineUnavailable as error:
                self._gone(engine, error)

    def _together(self, engine: str) -> list[int]:
        """Take the next case of an engine, with those after it that have the same program."""
        waiting = self.waiting[engine]
        numbers = [waiting.popleft()]
        program = self._program(numbers[0], engine)
        while waiting and program is not None and self._program(waiting[0], engine) == program:
            numbers.append(waiting.popleft())
        return numbers

    def _program(self, number: int, engine: str) -> Case | None:
        """What cases that are asked together have in common; None if the case is asked again, which
        is done alone.
        """
        key = (number, engine)
        if key in self.doubted or key in self.later or key in self.alone:
            return None
        return alike(self.cases[number][2])

    def _gone(self, engine: str, error: EngineUnavailable) -> None:
        if engine not in self.gone:
            self.gone.add(engine)
            self._write("troubles", {"engine": engine, "kind": "unavailable", "detail": str(error)})

    def _answered(self, number: int, engine: str, answer: Answer) -> None:
        case = self.pool.asked(self.cases[number][2], engine)
        self._record_case(number)
        truth = self._truth(number, engine, case)
        begun = time.monotonic()
        result = judge(case, engine, answer, truth)
        if answer.together and result.is_finding:
            self.alone.add((number, engine))
            self.waiting[engine].appendleft(number)
            return
        if (number, engine) in self.later:
            result = repeated(self.later.pop((number, engine)), result)
            match = self.standings.match(result, self.pool.engines[engine])
            self._record(number, result, match, None)
            return
        # Alone, the case is another program, which may round in another way.
        if asked_later(result) and not answer.together and (number, engine) not in self.doubted:
            self.later[number, engine] = result
            self._spent(number, engine, answer)
            return
        late = result.verdict is Verdict.TIMEOUT
        first = self.doubted.pop((number, engine), None)
        if first is not None and first.verdict is Verdict.TIMEOUT and not late:
            # It was slow once, while other engines were at work. That is no finding.
            first = None
        found = first or result
        match = self.standings.match(found, self.pool.engines[engine])
        known = match is not None and match.is_known
        if first is None and result.is_finding and (late or not known):
            self.doubted[number, engine] = result
            if late:
                self.late.append((number, engine))
            else:
                self.waiting[engine].appendleft(number)
            return
        self._record(number, found, match, str(result.verdict) if first and not known else None)
        self._spent(number, engine, answer)
        self._time(number, engine, "judge", time.monotonic() - begun)

    def _spent(self, number: int, engine: str, answer: Answer) -> None:
        if answer.seconds:
            self._time(number, engine, "compile", answer.compiling)
            self._time(number, engine, "run", answer.seconds - answer.compiling)

    def _record_case(self, number: int) -> None:
        """Record the row of a case, once."""
        if number in self.recorded:
            return
        self.recorded.add(number)
        origin, name, case = self.cases[number]
        truth = self._truth(number, None, case)
        output = evaluate_steps(case.program, case.input)[-1]
        row = {
            "number": number,
            "origin": origin,
            "name": name,
            "situations": situations(case, name) if origin == "atlas" and name else None,
            "id": case.id,
            "json": case.json,
            "word": case.mode,
            "operator": case.operator,
            "dtype": case.dtype,
            "signature": signature_of(case.input, output),
            "operations": sorted(case.program.operations),
            "steps": len(case.program.steps),
            "truth": truth.kind,
            "reason": truth.reason,
            "radius": _relative_radius(truth),
        }
        self._write("cases", row)

    def _truth(self, number: int, engine: str | None, case: Case) -> Truth:
        begun = time.monotonic()
        truth = truth_of(case)
        # A certified derivative from the memo takes no time and needs no row.
        if (seconds := time.monotonic() - begun) > 1e-4:
            self._time(number, engine, "truth", seconds)
        return truth

    def _record(self, number: int, result: Result, match: Match | None, again: str | None) -> None:
        answer, truth = result.answer, result.truth
        if result.is_finding:
            text = result.case.json.encode() + b"\n"
            self.folder.write(f"findings/{named(result)}", text)
        shown, found = result.is_finding or number < 0, severity_of(result)
        row = {
            "number": number,
            "engine": result.engine,
            "verdict": str(result.verdict),
            "units": result.error_ratio if np.isfinite(result.error_ratio) else None,
            "severity": str(found.kind) if found else None,
            "how_wrong": found.text if found else None,
            "stage": answer.stage or None,
            "error": answer.error or None,
            "message": answer.message or None,
            "printed": answer.printed[:LONGEST_PRINT] or None if shown else None,
            "got": as_text(answer.value) if shown else None,
            "wanted": as_text(truth.expected if result.is_finding else truth.value)
            if shown
            else None,
            "again": again,
            "known": match.entry.name if match and match.is_known else None,
            "regressed": match.entry.name if match and not match.is_known else None,
            "standing": str(match.standing) if match else None,
            "finding": named(result) if result.is_finding else None,
        }
        self._write("verdicts", row)

    def _write(self, table: str, row: Mapping[str, Any]) -> None:
        self.journal.write(table, **row)
        self.tally.count(table, row)

    def _time(self, number: int, engine: str | None, phase: str, seconds: float) -> None:
        self.journal.write("timings", number=number, engine=engine, phase=phase, seconds=seconds)


def _relative_radius(truth: Truth) -> float | None:
    if truth.value is None or truth.radius is None or not np.any(truth.value):
        return None
    return float(np.max(truth.radius) / np.max(np.abs(truth.value)))


def as_text(value: np.ndarray | None) -> str | None:
    """An array as JSON; of a long array its first entries in one row.

    JSON has no complex numbers: they are texts, such as "(0.5+1j)".
    """
    if value is None:
        return None
    shown = value if value.size <= LONGEST_ANSWER else value.reshape(-1)[:LONGEST_ANSWER]
    return json.dumps((shown.astype(str) if np.iscomplexobj(shown) else shown).tolist())


def watched(parent: int) -> None:
    """In a worker's process: exit when the main process has ended."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.2)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
