"""The worker: a process that runs scripts in an engine's own interpreter.

    python worker.py DESCRIPTOR

It reads requests from standard input and writes answers to the file descriptor. It imports nothing
of this project and runs on Python 3.9 and later, so that it can run in an environment of any
release of an engine, and in that of a development build. `worker.jl` follows the same protocol.

A request is one line with `stage:bytes` for each piece of a script, separated by spaces, and then
the pieces. The first request is the engine's header; all later requests see its names.

An answer is one line with eight fields, separated by tabs: the outcome, the stage, the exception
type, the bytes of the message, the seconds of each piece that was begun (separated by commas), and
the dtype, shape and bytes of the value. Then come the message and the value, in row-major order.

The process ends when its standard input ends, or with the thread that started it (on macOS: with
the process that started it).
"""

from __future__ import annotations

import ctypes
import faulthandler
import os
import re
import signal
import sys
import threading
import time
import warnings
from typing import Any

#: Characters that are kept of a message.
MESSAGE_LENGTH = 2000
#: The option of Linux's prctl that chooses a signal for the end of the parent's thread.
PR_SET_PDEATHSIG = 1
#: Seconds from one look at the parent to the next, where there is no prctl.
WATCHED = 0.5


def _request() -> list[tuple[str, str]] | None:
    """The next request, as pairs of stage and text; None at the end of standard input."""
    line = sys.stdin.buffer.readline()
    if not line:
        return None
    sizes = [part.rpartition(":") for part in line.decode().split()]
    return [(stage, sys.stdin.buffer.read(int(size)).decode()) for stage, _, size in sizes]


def _execute(
    pieces: list[tuple[str, str]], names: dict[str, Any], begun: list[float]
) -> tuple[str, str, str, str, Any]:
    """Run the pieces one after the other in the namespace `names`.

    `begun` receives the time at which each piece began. The result is the outcome, the stage, the
    exception type, the message and the value.
    """
    stage = ""
    try:
        for stage, text in pieces:
            begun.append(time.perf_counter())
            exec(compile(text, f"<{stage}>", "exec"), names)
        if stage == "header":
            return "ready", "", "", "", None
        value, array = names.get("got"), getattr(sys.modules.get("numpy"), "ndarray", ())
        if not isinstance(value, array):
            raise TypeError(f"the answer is a {type(value).__name__}, not an array")
        if value.dtype.kind not in "biufc":
            raise TypeError(f"the answer is an array of {value.dtype}")
        return "answered", "", "", "", value
    # An engine may raise anything, even SystemExit, which must not end this process.
    except BaseException as error:
        try:
            text = re.sub("0x[0-9a-f]{6,}", "0x...", str(error)).strip()[:MESSAGE_LENGTH]
        except BaseException as another:
            text = f"the message cannot be read: {type(another).__name__}"
        return "raised", stage, type(error).__name__, text, None


def _watch(parent: int) -> None:
    """End this process when its parent has ended: macOS has no such signal."""
    while os.getppid() == parent:
        time.sleep(WATCHED)
    os._exit(1)


def main() -> None:
    """Answer requests until standard input ends."""
    answers = os.fdopen(int(sys.argv[1]), "wb")
    faulthandler.enable(2)
    # Without this, a script that hangs would go on after its parent was killed.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        threading.Thread(target=_watch, args=(os.getppid(),), daemon=True).start()
    warnings.simplefilter("ignore")
    # The folder of this file: scripts must not import its modules.
    del sys.path[0]
    names: dict[str, Any] = {"__name__": "__main__"}
    while (pieces := _request()) is not None:
        begun: list[float] = []
        own = names if pieces[0][0] == "header" else dict(names)
        outcome, stage, error, message, value = _execute(pieces, own, begun)
        begun.append(time.perf_counter())
        # Python 3.9 has no itertools.pairwise.
        seconds = ",".join(repr(b - a) for a, b in zip(begun, begun[1:]))  # noqa: B905, RUF007
        dtype, shape, data = "", "", b""
        if value is not None:
            dtype, shape = value.dtype.newbyteorder("<").str, ",".join(map(str, value.shape))
            data = value.astype(dtype).tobytes()
        text = message.encode(errors="replace")
        fields = (outcome, stage, error, len(text), seconds, dtype, shape, len(data))
        answers.write("\t".join(map(str, fields)).encode() + b"\n" + text + data)
        answers.flush()
        sys.stdout.flush()


if __name__ == "__main__":
    main()
