"""The time of an engine: a limit counts its processor time, so that other work on the machine does
not make it late.
"""

from __future__ import annotations

import time

import psutil

#: How many times as long as its limit a request may take on the wall: other work may share the
#: processor, but an engine that waits for ever has to be noticed.
WALL_FACTOR = 10.0
#: Processor time is counted in ticks of this many seconds.
TICK = 0.01


class Late(Exception):
    """The process did not answer in time; the message, of one line, says how long it took.

    `seconds` are those on the wall.
    """

    def __init__(self, used: float, elapsed: float, limit: float) -> None:
        self.seconds = elapsed
        super().__init__(
            f"no answer within {limit:g} s of processor time (used {used:.1f} s, in "
            f"{elapsed:.1f} s on the wall)"
            if used >= limit
            else f"no answer within {WALL_FACTOR * limit:g} s on the wall (used {used:.1f} s of "
            f"processor time)"
        )


class Clock:
    """The time of one request to a process.

    `limit` is in seconds of processor time (user and system, of the process and of all that it
    started). It is not looked at before as many seconds have passed on the wall. So an engine with
    several threads is not late before then either. What the process used before the request is not
    counted, except for children that are still at work: after a timeout there is a new process, and
    at the second try no such children.
    """

    def __init__(self, process: psutil.Process, limit: float) -> None:
        self.limit = limit
        self._process, self._begun = process, time.monotonic()
        # To look for children that are still at work takes milliseconds; a case may take less.
        self._before = _used(process)

    def left(self) -> float:
        """Seconds until a limit may be reached. Raises Late if one is."""
        elapsed = time.monotonic() - self._begun
        if elapsed < self.limit:
            return self.limit - elapsed
        used = self._all_used() - self._before
        left = min(self.limit - used, WALL_FACTOR * self.limit - elapsed)
        if left <= 0:
            raise Late(used, elapsed, self.limit)
        return max(left, TICK)

    def _all_used(self) -> float:
        try:
            children = self._process.children(recursive=True)
        except psutil.Error:
            children = []
        return sum(map(_used, [self._process, *children]))


def _used(process: psutil.Process) -> float:
    """Seconds of processor time of a process and its ended children; 0 if it has ended itself.

    macOS does not report those of children that have ended.
    """
    try:
        return float(sum(process.cpu_times()[:4]))
    except psutil.Error:
        return 0.0
