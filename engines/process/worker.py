"""Runs in an engine's own interpreter: reads scripts from standard input and says on a descriptor
what came of them.

    python worker.py DESCRIPTOR

It knows nothing of this project, so that any release of an engine, in an environment of its own,
can be asked. A request is a line of `stage:bytes` for each piece of a script, then the pieces; the
first is the engine's header, whose names all later ones see. An answer is a line of eight fields
separated by tabs (outcome, stage, exception type, bytes of the message, seconds of each piece that
began, dtype, shape, bytes of the value), then message and value, rows first. `worker.jl` speaks the
same protocol. Ends with its standard input, or with whoever started it.
"""

from __future__ import annotations

import ctypes
import faulthandler
import itertools
import os
import re
import signal
import sys
import time
import warnings
from typing import Any

MESSAGE_LENGTH = 2000
#: Of Linux's prctl: the signal that the end of the parent's thread shall send.
PR_SET_PDEATHSIG = 1


def _request() -> list[tuple[str, str]] | None:
    line = sys.stdin.buffer.readline()
    if not line:
        return None
    sizes = [part.rpartition(":") for part in line.decode().split()]
    return [(stage, sys.stdin.buffer.read(int(size)).decode()) for stage, _, size in sizes]


def _execute(
    pieces: list[tuple[str, str]], names: dict[str, Any], begun: list[float]
) -> tuple[str, str, str, str, Any]:
    """Run the pieces one after the other in one namespace, noting when each begins; what the answer
    is.
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
    # An engine may raise anything, SystemExit too: it must not pass for an end of the harness.
    except BaseException as error:
        try:
            text = re.sub("0x[0-9a-f]{6,}", "0x...", str(error)).strip()[:MESSAGE_LENGTH]
        except BaseException as another:
            text = f"its message cannot be had: {type(another).__name__}"
        return "raised", stage, type(error).__name__, text, None


def main() -> None:
    answers = os.fdopen(int(sys.argv[1]), "wb")
    faulthandler.enable(2)
    # A script that hangs would outlive a parent that was killed.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    warnings.simplefilter("ignore")
    # The folder of this file, whose modules are not the engine's.
    del sys.path[0]
    names: dict[str, Any] = {"__name__": "__main__"}
    while (pieces := _request()) is not None:
        begun: list[float] = []
        own = names if pieces[0][0] == "header" else dict(names)
        outcome, stage, error, message, value = _execute(pieces, own, begun)
        begun.append(time.perf_counter())
        seconds = ",".join(repr(after - before) for before, after in itertools.pairwise(begun))
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
