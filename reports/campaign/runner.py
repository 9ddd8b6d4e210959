"""Run campaigns: ask many engines many cases and record the verdicts; stop and resume."""

from __future__ import annotations

import datetime
import hashlib
import math
import os
import platform
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from multiprocessing import active_children, get_context

from ad_conformance.engines.process.interpreters import Interpreter
from ad_conformance.engines.registry import python_named
from ad_conformance.generators.strategies.source import SEED_VERSION
from ad_conformance.reports.campaign.cluster import Cluster, worker_lost
from ad_conformance.reports.campaign.plan import SEEDING, Plan, other_release, planned
from ad_conformance.reports.campaign.progress import LIVE, Progress
from ad_conformance.reports.campaign.shards import Tally, ask_shard, watched
from ad_conformance.reports.campaign.store import (
    Folder,
    StoreError,
    complete,
    locked,
    record,
    sessions,
    write_record,
)
from ad_conformance.reports.campaign.tables import tables
from rich.console import Console

#: How often workers may die with a shard before it is recorded as lost.
ATTEMPTS = 5


class CampaignError(Exception):
    """The campaign cannot continue; the message gives the reason in one line."""


@dataclass(frozen=True)
class Campaign:
    """A plan, the release of each engine, and the folder that records it.

    `absent` are engines that were named but are not installed, each with the reason.
    """

    plan: Plan
    versions: dict[str, str]
    absent: dict[str, str]
    folder: Folder

    @classmethod
    def begin(cls, folder: Folder, plan: Plan) -> Campaign:
        """Start a new campaign and record its plan.

        Raises CampaignError, StoreError, or UnknownEngine.
        """
        if folder.exists("run.json"):
            raise StoreError(f"{folder.url}: there is a campaign here; --resume continues it")
        found = {name: plan.find(name) for name in plan.engines}
        if len({engine.name for engine in found.values()}) < len(found):
            raise CampaignError(f"two of {', '.join(plan.engines)} have the same name")
        absent = {e.name: reason for e in found.values() if (reason := e.absent())}
        asked = {engine.name: name for name, engine in found.items() if engine.name not in absent}
        if not asked:
            raise CampaignError("; ".join(f"{name}: {why}" for name, why in absent.items()))
        versions = {name: found[given].version() for name, given in asked.items()}
        campaign = cls(replace(plan, engines=tuple(asked.values())), versions, absent, folder)
        fields = {
            "engines": versions,
            "asked": asked,
            "absent": absent,
            "words": plan.modes,
            "seed": plan.seed,
            "shard": plan.shard,
            "timeout": plan.timeout,
            "begun": _now(),
            "harness": {
                SEEDING: str(SEED_VERSION),
                **{name: version(name) for name in ("ad-conformance", "numpy", "python-flint")},
            },
            "platform": {
                "system": platform.platform(),
                "machine": platform.machine(),
                "python": platform.python_version(),
                "cores": os.cpu_count(),
            },
            "named": plan.named,
            "interpreter": _described(plan.python) if plan.python else None,
            "grid": plan.grid and {"operations": plan.grid.operations, "order": plan.grid.order},
        }
        write_record(folder, "run.json", fields)
        return campaign

    @classmethod
    def resume(cls, folder: Folder, python: str = "") -> Campaign:
        """The campaign of the folder, in the interpreter `python` if it began in one.

        Raises StoreError, or CampaignError if an engine has another release than at the start.
        """
        found = record(folder, "run.json")
        plan = planned(found, f"{folder.url}/run.json", python)
        campaign = cls(plan, dict(found["engines"]), dict(found["absent"]), folder)
        if other := other_release(plan, found):
            raise CampaignError(other)
        return campaign

    def recorded(self) -> Tally:
        """The counts of complete shards. Raises StoreError."""
        tally = Tally(-1)
        with tables(self.folder, at_work=False) as connection:
            tally.cases = connection.sql("SELECT count(*) FROM cases").fetchall()[0][0]
            tally.known = connection.sql("SELECT count(known) FROM verdicts").fetchall()[0][0]
            rows = connection.sql(
                "SELECT engine, verdict, count(*) FROM verdicts GROUP BY ALL"
            ).fetchall()
            tally.verdicts.update({(engine, verdict): n for engine, verdict, n in rows})
        return tally


#: Of findings that look the same, how many are asked again in a later run.
ASKED_AGAIN = 3


def previous_findings(folder: Folder) -> list[tuple[str, str, str]]:
    """Findings of a run as named cases, to ask them again. Raises StoreError.

    If findings have the same engine, verdict, exception, mode and known failure, only the shortest
    few are taken.
    """
    query = f"""
        SELECT json, min(finding) FROM (
            SELECT json, finding FROM verdicts JOIN cases USING (number) WHERE finding IS NOT NULL
            QUALIFY row_number() OVER (
                PARTITION BY engine, verdict, error, word, known ORDER BY steps, length(json), id
            ) <= {ASKED_AGAIN}
        ) GROUP BY json ORDER BY json
    """
    with tables(folder) as connection:
        return [("previous", finding, text) for text, finding in connection.sql(query).fetchall()]


@dataclass
class Session:
    """The record of one start of a campaign; rewritten every LIVE seconds in case of a kill."""

    folder: Folder
    workers: int
    begun: str = field(default_factory=lambda: _now())
    started: float = field(default_factory=time.monotonic)
    lost: list[int] = field(default_factory=list)
    shards: int = 0

    def __post_init__(self) -> None:
        self.name = f"sessions/{max(sessions(self.folder), default=0) + 1:04d}.json"

    def write(self, ended: str | None = None) -> None:
        """Write the record. `ended`: "done", "out of time" or "interrupted". Raises OSError."""
        fields = {
            "begun": self.begun,
            "seconds": time.monotonic() - self.started,
            "workers": self.workers,
            "shards": self.shards,
            "lost": self.lost,
            "ended": ended,
        }
        write_record(self.folder, self.name, fields)


def _described(python: str) -> dict[str, str]:
    """The record of an interpreter."""
    there = Interpreter(python)
    return {"path": python, "python": there.python_version, "numpy": there.version("numpy")}


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


@contextmanager
def pool(folder: Folder, workers: int) -> Iterator[Callable[[], Executor]]:
    """A function that makes process pools; a campaign makes another if a worker was killed.

    At the end all processes are killed, and the folder of the engines' temporary files is deleted.
    Rows that were recorded stay.
    """
    scratch = tempfile.mkdtemp(prefix="scratch-", dir=folder.path if folder.local else None)

    def make() -> Executor:
        return ProcessPoolExecutor(
            workers, get_context("spawn"), initializer=_started, initargs=(scratch, os.getpid())
        )

    try:
        yield make
    finally:
        for process in active_children():
            process.kill()
        shutil.rmtree(scratch, ignore_errors=True)


def _started(scratch: str, parent: int) -> None:
    os.environ["TMPDIR"] = tempfile.tempdir = scratch
    # The main process handles an interrupt. Engines inherit this setting; otherwise they would
    # report the interrupt as their answer.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    watched(parent)


class Work:
    """Shards at work in an executor. If a worker dies, another worker gets its shard."""

    def __init__(
        self, campaign: Campaign, make: Callable[[], Executor], workers: int, cases: int | None
    ) -> None:
        self._campaign, self._make, self._workers = campaign, make, workers
        folder = campaign.folder
        # Workers on other machines have another working directory.
        self._url = folder.path if folder.local else folder.url
        self._python = campaign.plan.python
        self._digest = hashlib.sha256(folder.read("run.json")).hexdigest()
        done = complete(folder)
        self._waiting = (
            (shard, n) for shard, n in campaign.plan.shards(cases) if shard not in done
        )
        self._again: list[tuple[int, int | None]] = []
        self._attempts: Counter[int] = Counter()
        self._flying: dict[Future[Tally], tuple[int, int | None]] = {}

    def run(self, progress: Progress, session: Session, seconds: float | None) -> str:
        """Work for `seconds`, or until all cases are asked; return the reason for the end.

        When the time is over, unfinished shards stay in the journals of a local folder. If the
        folder is a URL, the campaign waits for them while a worker lives. Raises OSError if rows
        cannot be recorded, and CampaignError if the scheduler of a cluster is gone.
        """
        end = time.monotonic() + seconds if seconds is not None else math.inf
        executor, looked = self._make(), -math.inf
        while True:
            late = time.monotonic() >= end
            threads = executor.threads() if isinstance(executor, Cluster) else self._workers
            # A shard beyond the number of threads would wait, and delay the end of the campaign.
            room = max(1, min(threads, self._workers))
            while not late and len(self._flying) < room and (following := self._next()):
                try:
                    future = executor.submit(
                        ask_shard, self._url, self._digest, self._python, *following
                    )
                except BrokenExecutor:
                    # A worker has just been killed.
                    self._again.append(following)
                    executor = self._renewed(progress, session)
                else:
                    self._flying[future] = following
            if not self._flying or (late and (self._campaign.folder.local or not threads)):
                return "out of time" if late else "done"
            ended, _ = wait(self._flying, timeout=LIVE, return_when=FIRST_COMPLETED)
            if any(not f.cancelled() and isinstance(f.exception(), BrokenExecutor) for f in ended):
                executor = self._renewed(progress, session)
            else:
                for future in ended:
                    self._end(future, progress, session)
            # Not after each shard: with a thousand workers, reading all journals takes longer than
            # the time until the next shard ends.
            if time.monotonic() - looked >= LIVE:
                looked = time.monotonic()
                progress.look([shard for shard, _ in self._flying.values()])
                session.write()

    def _renewed(self, progress: Progress, session: Session) -> Executor:
        """A new executor for a broken one, whose unfinished shards have all failed."""
        for future in wait(self._flying).done:
            self._end(future, progress, session)
        return self._make()

    def _next(self) -> tuple[int, int | None] | None:
        return self._again.pop() if self._again else next(self._waiting, None)

    def _end(self, future: Future[Tally], progress: Progress, session: Session) -> None:
        shard, count = self._flying.pop(future)
        try:
            tally = future.result()
        except CancelledError:
            raise CampaignError(
                f"the scheduler is gone; to continue: ad-conformance campaign --resume --out "
                f"{self._campaign.folder.url}{python_named(self._python)}"
            ) from None
        except Exception as error:
            if not _lost(error):
                raise
            self._attempts[shard] += 1
            if self._attempts[shard] < ATTEMPTS:
                self._again.append((shard, count))
            else:
                session.lost.append(shard)
        else:
            session.shards += 1
            progress.ended(tally)


def _lost(error: Exception) -> bool:
    """Whether the worker died, as a process pool or a cluster reports it."""
    return isinstance(error, BrokenExecutor) or worker_lost(error)


def run(
    campaign: Campaign,
    executors: AbstractContextManager[Callable[[], Executor]],
    workers: int,
    *,
    cases: int | None,
    seconds: float | None,
    console: Console,
) -> str:
    """Ask all cases that are not recorded yet, `workers` shards at a time; return why it ended.

    Raises StoreError, or OSError if the folder cannot be written.
    """
    folder = campaign.folder
    with locked(folder), executors as make:
        session = Session(folder, workers)
        session.write()
        ended = "interrupted"
        try:
            progress = Progress(
                folder,
                campaign.recorded(),
                engines=len(campaign.versions),
                named=len(campaign.plan.named),
                cases=cases,
                seconds=seconds,
                console=console,
            )
            with progress:
                work = Work(campaign, make, workers, cases)
                try:
                    ended = work.run(progress, session, seconds)
                finally:
                    progress.look((), last=True)
        finally:
            session.write(ended)
    return ended
