"""Campaigns through a dask cluster record what they do without one, whatever becomes of its workers
and scheduler.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import psutil
import pytest
from ad_conformance.reports.campaign import runner as campaign
from ad_conformance.reports.campaign.cluster import cluster, worker_lost
from ad_conformance.reports.campaign.runner import Campaign, run
from ad_conformance.reports.campaign.store import Folder, StoreError
from rich.console import Console

from tests.reports.test_campaign import BROKEN, ask, plan, refused, threads
from validation.kills import differences

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed", reason="dask's distributed is not installed")
ASKED = plan(f"{BROKEN}sign", modes=("R",))
CASES = 150  # in two shards
#: Bytes of a journal that has some verdicts, but not all.
ROWS = 5_000
#: Seconds after which a wait has failed.
PATIENCE = 60.0
#: How long dask looks for a scheduler.
HASTY = {**os.environ, "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "1s"}


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What nothing disturbed."""
    out = tmp_path_factory.mktemp("calm")
    ask(out, ASKED, cases=CASES)
    return out


def until(there: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not there():
        assert time.monotonic() < end
        time.sleep(0.02)


def journals(process: int) -> int:
    """How many shards the process is at, with some verdicts of each."""
    count = 0
    with suppress(psutil.Error, OSError):
        for open_file in psutil.Process(process).open_files():
            path = Path(open_file.path)
            count += path.suffix == ".jsonl" and path.stat().st_size > ROWS
    return count


def kill_at_work(processes: Iterable[int], kill: Callable[[int], None]) -> Thread:
    """Do it to the first of these workers that has come so far."""

    def watch() -> None:
        until(lambda: any(map(journals, processes)))
        kill(next(process for process in processes if journals(process)))

    thread = Thread(target=watch)
    thread.start()
    return thread


@contextmanager
def commands(folder: Path, *sizes: int) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and workers without nannies, of so many threads each, as the documentation starts
    them.
    """

    def dask(*arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dask", *arguments, "--no-dashboard"]
        return subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=HASTY
        )

    record = folder / "scheduler.json"
    processes = [
        dask("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(record))
    ]
    try:
        until(record.exists)
        address = json.loads(record.read_text())["address"]
        processes += [dask("worker", address, "--no-nanny", "--nthreads", str(n)) for n in sizes]
        yield address, processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_a_worker_that_never_comes_back(
    tmp_path: Path, calm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two with two threads each, one is killed; the folder is named as it lies from here, where
    they do not run.
    """
    killed: list[int] = []

    def kill(process: int) -> None:
        killed.append(process)
        os.kill(process, signal.SIGKILL)

    with commands(tmp_path, 2, 2) as (address, (_, *workers)):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(
            campaign,
            "worker_lost",
            lambda error: pytest.fail(f"dask alone should ask again: {error}"),
        )
        thread = kill_at_work([worker.pid for worker in workers], kill)
        folder = Folder("out")
        begun = Campaign.begin(folder, ASKED)
        quiet = Console(quiet=True)
        assert run(begun, cluster(address), 2, cases=CASES, seconds=None, console=quiet) == "done"
        thread.join()
        assert [worker.pid for worker in workers if worker.poll() == -signal.SIGKILL] == killed
    assert differences(calm, tmp_path / "out") == []


def test_a_shard_that_its_worker_died_of(
    tmp_path: Path, calm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """dask gives it up, here at once, with an exception of its own; the campaign does not."""
    told: list[Exception] = []
    monkeypatch.setattr(
        campaign, "worker_lost", lambda error: told.append(error) or worker_lost(error)
    )
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None
        ) as local,
    ):
        workers = [nanny.pid for nanny in local.workers.values()]
        thread = kill_at_work(workers, lambda worker: os.kill(worker, signal.SIGKILL))
        begun = Campaign.begin(Folder(str(tmp_path)), ASKED)
        run(
            begun,
            cluster(local.scheduler_address),
            2,
            cases=CASES,
            seconds=None,
            console=Console(quiet=True),
        )
        thread.join()
    assert {type(error) for error in told} == {distributed.KilledWorker}
    assert differences(calm, tmp_path) == []
    assert json.loads((tmp_path / "sessions" / "0001.json").read_text())["lost"] == []


def test_a_scheduler_that_dies_is_one_line_and_loses_nothing(tmp_path: Path, calm: Path) -> None:
    folder = Folder(str(tmp_path / "out"))
    Campaign.begin(folder, ASKED)
    again = ["--out", folder.url, "--resume", "--cases", str(CASES)]
    with commands(tmp_path, 2) as (address, (scheduler, worker)):
        thread = kill_at_work([worker.pid], lambda _: scheduler.kill())
        said = refused(*again, "--scheduler", address, env=HASTY)
        thread.join()
    assert (
        f"the scheduler is gone; to continue: ad-conformance campaign --resume --out "
        f"{folder.url}" in said
    )
    assert json.loads(folder.read("sessions/0001.json"))["ended"] == "interrupted"
    assert folder.names("journal")
    run(
        Campaign.resume(folder),
        threads(1),
        1,
        cases=CASES,
        seconds=None,
        console=Console(quiet=True),
    )
    assert differences(calm, tmp_path / "out") == []


def test_without_workers_the_time_is_over_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begun = Campaign.begin(Folder("memory://nobody"), ASKED)
    with commands(tmp_path) as (address, _):
        ended = run(
            begun, cluster(address), 2, cases=None, seconds=1.0, console=Console(quiet=True)
        )
    assert ended == "out of time"
    assert capsys.readouterr().out == f"{address}: there is no worker yet; waiting\n"


def test_a_worker_without_the_package_is_named(tmp_path: Path) -> None:
    lacking = """
import importlib.metadata as metadata
def version(name, given=metadata.version):
    if name == "ad-conformance": raise metadata.PackageNotFoundError(name)
    return given(name)
metadata.version = version
from distributed.cli.dask_worker import main
main(["ADDRESS", "--no-nanny", "--no-dashboard", "--name", "bare"])
"""
    with commands(tmp_path) as (address, processes):
        output = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        processes.append(
            subprocess.Popen(
                [sys.executable, "-c", lacking.replace("ADDRESS", address)], env=HASTY, **output
            )
        )
        with distributed.Client(address, set_as_default=False) as client:
            client.wait_for_workers(1)
        with (
            pytest.raises(StoreError, match=r"tcp://.*: ad-conformance is not installed there"),
            cluster(address),
        ):
            pass


def test_a_scheduler_that_does_not_answer_leaves_nothing_behind(tmp_path: Path) -> None:
    said = refused(
        "--out",
        str(tmp_path / "out"),
        "--cases",
        "1",
        "--scheduler",
        "tcp://127.0.0.1:9",
        env=HASTY,
    )
    assert "tcp://127.0.0.1:9: no scheduler answers" in said
    assert "missing port" in refused(
        "--out", str(tmp_path / "out"), "--cases", "1", "--scheduler", "nowhere", env=HASTY
    )
    assert not (tmp_path / "out").exists()
