"""Timing in interleaved rounds, so that other load on the machine affects all contestants alike."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

Call = Callable[[], Any]


@dataclass(frozen=True)
class Timing:
    """Seconds for a call: the minimum and the median over the rounds."""

    least: float
    median: float

    @classmethod
    def of(cls, samples: list[float]) -> Timing:
        return cls(min(samples), statistics.median(samples))


@contextmanager
def undisturbed() -> Iterator[None]:
    """Disable garbage collection, as timeit does: it would run in one call because of others."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def once(call: Call) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def warm(calls: Mapping[str, Call], rounds: int = 15, seconds: float = 0.02) -> dict[str, Timing]:
    """Time each call in turn, repeated for about `seconds` in each round."""
    loops = {name: _loops(call, seconds) for name, call in calls.items()}
    samples: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        with undisturbed():
            for name, call in calls.items():
                n = loops[name]
                start = time.perf_counter()
                for _ in range(n):
                    call()
                samples[name].append((time.perf_counter() - start) / n)
    return {name: Timing.of(s) for name, s in samples.items()}


def _loops(call: Call, seconds: float) -> int:
    call()
    least = min(once(call) for _ in range(3))
    return max(1, min(20000, int(seconds / max(least, 1e-7))))


def cold(
    makers: Mapping[str, Callable[[], Call]], samples: int = 15, seconds: float = 2.0
) -> dict[str, Timing]:
    """Time the first call of each new object that a maker makes; slow ones are timed less often."""
    taken: dict[str, list[float]] = {name: [] for name in makers}
    for k in range(samples):
        for name, maker in makers.items():
            if k < 3 or sum(taken[name]) < seconds:
                call = maker()
                with undisturbed():
                    taken[name].append(once(call))
    return {name: Timing.of(s) for name, s in taken.items()}
