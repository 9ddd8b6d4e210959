"""Limits count the processor time of an engine; what waits is late only on the wall."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from ad_conformance.conformance.pool import EnginePool
from ad_conformance.conformance.verdicts import Verdict
from ad_conformance.engines.contract import Answer
from ad_conformance.engines.process import clock, sandbox
from ad_conformance.engines.process.clock import Clock, Late
from ad_conformance.engines.process.sandbox import EngineUnavailable, Sandbox
from ad_conformance.generators.scenarios.seed_programs import seed_case

from tests import broken_engines as broken

CASE = seed_case("num_to_num", "R")
#: Seconds of processor time; on the wall the limit is ten times as long.
LIMIT = 0.3


def asked(run: str) -> Answer:
    """The answer of the in-house engine that runs these statements before it answers."""
    engine = replace(broken.honest, run=f"{run}\n{broken.honest.run}")
    with Sandbox(engine, timeout=LIMIT) as box:
        return box.ask(CASE)


def test_a_case_that_computes_beyond_the_limit_is_late() -> None:
    answer = asked("while True:\n    pass")
    assert answer.outcome == "timeout"
    assert answer.message.startswith("no answer within 0.3 s of processor time (used 0.")
    assert answer.message.endswith(" s on the wall)")
    assert answer.seconds >= LIMIT


def test_a_case_that_waits_longer_than_the_limit_is_answered() -> None:
    assert asked("import time\ntime.sleep(3 * 0.3)").outcome == "answered"


def test_a_case_that_waits_for_ever_is_late_on_the_wall() -> None:
    answer = asked("import time\ntime.sleep(3600)")
    assert answer.outcome == "timeout"
    assert answer.message.startswith("no answer within 3 s on the wall (used 0.")
    assert answer.seconds >= clock.WALL_FACTOR * LIMIT


def test_what_a_case_starts_is_counted_and_ends_with_it(tmp_path: Path) -> None:
    """A compiler that does not come to an end."""
    number = tmp_path / "number"
    answer = asked(
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'while True: pass'])\n"
        f"open({str(number)!r}, 'w').write(str(child.pid))\n"
        "child.wait()"
    )
    assert answer.message.startswith("no answer within 0.3 s of processor time")
    child = int(number.read_text())
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize(("header", "late"), [("while True: pass", True), ("sleep(0.9)", False)])
def test_the_start_of_an_engine_has_such_a_limit(
    header: str, late: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "START_TIMEOUT", LIMIT)
    light = replace(broken.honest, header=f"from time import sleep\n{header}")
    if not late:
        Sandbox(light).close()
        return
    with pytest.raises(
        EngineUnavailable, match=r"^honest: while importing: no answer within [^\n]*$"
    ):
        Sandbox(light)


@dataclass
class Process:
    """Stands for a process of psutil: what it used, and its children."""

    used: float = 0.0
    ended: float = 0.0
    more: list[Process] = field(default_factory=list)

    def cpu_times(self) -> tuple[float, ...]:
        return (self.used, 0.0, self.ended, 0.0)

    def children(self, recursive: bool) -> list[Process]:
        assert recursive
        return self.more


@pytest.mark.parametrize(
    ("used", "ended", "child", "passed", "left"),
    [
        (0.0, 0.0, 0.0, 7.0, 3.0),  # before the limit nothing is looked at
        (99.0, 0.0, 0.0, 7.0, 3.0),
        (2.0, 1.0, 3.0, 20.0, 4.0),
        (2.0, 1.0, 3.0, 98.0, 2.0),  # the limit on the wall comes first
        (10.0 - 1e-4, 0.0, 0.0, 11.0, clock.TICK),
        (10.0, 0.0, 0.0, 11.0, None),
        (4.0, 3.0, 3.0, 11.0, None),
        (0.0, 0.0, 0.0, 100.0, None),
    ],
)
def test_the_limits(
    used: float,
    ended: float,
    child: float,
    passed: float,
    left: float | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1000.0
    monkeypatch.setattr(clock.time, "monotonic", lambda: now)
    process: Any = Process(used=50.0, ended=5.0)
    timer = Clock(process, 10.0)
    now += passed
    process.used, process.ended = 50.0 + used, 5.0 + ended
    process.more = [Process(used=child)]
    if left is not None:
        assert timer.left() == pytest.approx(left)
    else:
        with pytest.raises(Late):
            timer.left()


def test_a_case_that_is_late_once_is_no_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARK", str(tmp_path / "mark"))
    pool = EnginePool([broken.slow_once], timeout=LIMIT)
    try:
        assert pool.judge(CASE, "slow-once").verdict is Verdict.AGREE
    finally:
        pool.close()
    assert (tmp_path / "mark").exists(), "it was late once"


class Box:
    """Stands for a sandbox; answers when the test says so."""

    def __init__(self, answers: list[str], asked: Callable[[], None]) -> None:
        self.answers, self.asked = answers, asked

    def submit(self, case: object, *, always: bool = False) -> Future[Answer]:
        self.asked()
        future: Future[Answer] = Future()
        value = np.array(0.0)
        future.set_result(Answer(self.answers.pop(0), value=value, message="late"))
        return future

    def close(self) -> None:
        pass


def test_a_late_case_is_asked_again_alone_and_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    other = replace(broken.honest, name="other")
    pool = EnginePool([broken.honest, other])
    pool.ahead = ("honest", "other")
    busy: Future[Answer] = Future()
    order: list[str] = []

    def waited(pending: Any) -> None:
        order.append("waited")
        assert busy in pending
        busy.set_result(Answer("answered", value=np.array(0.0)))

    monkeypatch.setattr("ad_conformance.conformance.pool.wait", waited)
    box = Box(["timeout", "timeout"], lambda: order.append("asked"))
    monkeypatch.setattr(pool, "_sandboxes", {"honest": box, "other": box})
    pool._pending["other", CASE.id] = busy
    for _ in range(2):
        assert pool.judge(CASE, "honest").verdict is Verdict.TIMEOUT
    assert order == ["asked", "waited", "asked"], "the second answer is kept"
