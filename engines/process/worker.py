"""The worker: a process that runs scripts in an engine's own interpreter.

    python worker.py DESCRIPTOR

It reads requests from standard input and writes answers to the file descriptor. It imports nothing
of this project and runs on Python 3.9 and later, so that it can run in an environment of any
release of an engine, and in that of a development build. `worker.jl` follows the same protocol.

A request is one line with `stage:bytes` for each piece of a script, separated by spaces, and then
the pieces. The first request is the engine's header; all later requests see its names.

Pieces of the stages "elsewhere" and "again" come last. They are further calls of the derivative: at
another point, which may raise, and then at the point of the case, where the answer must be the same
as before. They are optional, and a worker may leave them out.

An answer is one line with ten fields, separated by tabs: the outcome, the stage, the exception
type, the bytes of the message, the seconds of each piece that was begun and is no further call
(separated by commas), the dtype, shape and bytes of the value, the bytes of the value of the
second call if that differs, else 0, and the bytes of the last lines of the traceback of an
exception. A worker may leave out the last two fields. Then come the message, the value and the
second value, in row-major order, and the lines of the traceback. The message of an answer with a
value says what is wrong beside the value: it changes an input, or depends on earlier calls.

The process ends when its standard input ends, or with the thread that started it (on macOS: with
the process that started it).
"""

from __future__ import annotations

import ctypes
import faulthandler
import gc
import os
import re
import signal
import sys
import threading
import time
import traceback
import warnings
from typing import Any

#: Characters that are kept of a message.
MESSAGE_LENGTH = 2000
#: Calls of a traceback that are kept: the innermost ones.
FRAMES = 5
#: The option of Linux's prctl that chooses a signal for the end of the parent's thread.
PR_SET_PDEATHSIG = 1
#: Seconds from one look at the parent to the next, where there is no prctl.
WATCHED = 0.5
#: The names that scripts give to inputs, tangents and cotangents. No engine may change these.
INPUTS = ("x", "y", "z", "u", "v", "w")
#: The stages of further calls.
ELSEWHERE, AGAIN = "elsewhere", "again"
#: Objects after which garbage is looked for, of each generation. With Python's own numbers, this
#: takes a twentieth of the time of an engine that traces programs.
GARBAGE = 50_000, 20, 100
#: A derivative that took more seconds than this is not called again.
LONG = 2.0


def _request() -> list[tuple[str, str]] | None:
    """The next request, as pairs of stage and text; None at the end of standard input."""
    line = sys.stdin.buffer.readline()
    if not line:
        return None
    sizes = [part.rpartition(":") for part in line.decode().split()]
    return [(stage, sys.stdin.buffer.read(int(size)).decode()) for stage, _, size in sizes]


def _array(value: Any) -> Any:
    """The numbers of an array of any library as an array of NumPy; None if it does not say them."""
    numpy = sys.modules.get("numpy")
    if numpy is None or not hasattr(type(value), "__array__"):
        return None
    try:
        array = numpy.asarray(value)
    except Exception:
        return None
    return array if array.dtype.kind in "biufc" else None


def _copied(names: dict[str, Any]) -> list[tuple[str, Any, bytes]]:
    """The inputs that can be looked at: the name, the object and the bytes of each."""
    found = [(name, names[name], _array(names[name])) for name in INPUTS if name in names]
    return [(name, value, array.tobytes()) for name, value, array in found if array is not None]


def _changed(copies: list[tuple[str, Any, bytes]]) -> list[str]:
    """What is wrong with inputs that have other numbers than their copies."""
    now = [(name, _array(value), data) for name, value, data in copies]
    return [
        f"the input {name} is changed"
        for name, array, data in now
        if array is not None and array.tobytes() != data
    ]


def _described(error: BaseException) -> str:
    """The message of an exception."""
    try:
        return re.sub("0x[0-9a-f]{6,}", "0x...", str(error)).strip()[:MESSAGE_LENGTH]
    except BaseException as another:
        return f"the message cannot be read: {type(another).__name__}"


def _traced(error: BaseException) -> str:
    """The innermost calls of a traceback, without the folders in which the modules are."""
    try:
        calls = traceback.format_tb(error.__traceback__, -FRAMES)
    except BaseException:
        return ""
    found = re.sub(
        r'(?m)^  File "[^"\n]*?[/\\](?:site|dist)-packages[/\\]', '  File "', "".join(calls)
    )
    return found.rstrip()


def execute(
    pieces: list[tuple[str, str]], names: dict[str, Any], seconds: list[float]
) -> tuple[str, str, str, str, Any, Any]:
    """Run the pieces one after the other in the namespace `names`.

    `seconds` receives the time of each piece. The result is the outcome, the stage, the exception
    type, the message, the value, and the value of the second call if that differs. If a piece
    raised, the last is the end of the traceback.
    """
    stage = ""
    further = [piece for piece in pieces if piece[0] in (ELSEWHERE, AGAIN)]
    faults: list[str] = []
    copies: list[tuple[str, Any, bytes]] = []
    try:
        for stage, text in pieces[: len(pieces) - len(further)]:
            begun = time.perf_counter()
            try:
                exec(compile(text, f"<{stage}>", "exec"), names)
            finally:
                seconds.append(time.perf_counter() - begun)
            faults += _changed(copies)
            copies = _copied(names)
        if stage == "header":
            return "ready", "", "", "", None, None
        value, array = names.get("got"), getattr(sys.modules.get("numpy"), "ndarray", ())
        if not isinstance(value, array):
            raise TypeError(f"the answer is a {type(value).__name__}, not an array")
        if value.dtype.kind not in "biufc":
            raise TypeError(f"the answer is an array of {value.dtype}")
    # An engine may raise anything, even SystemExit, which must not end this process.
    except BaseException as error:
        return "raised", stage, type(error).__name__, _described(error), None, _traced(error)
    first, second = value.copy(), None
    if further and sum(seconds) < LONG:
        more, second = _called_again(further, names, value)
        faults += more
    return "answered", "", "", "; ".join(dict.fromkeys(faults)), first, second


def _called_again(
    pieces: list[tuple[str, str]], names: dict[str, Any], value: Any
) -> tuple[list[str], Any]:
    """Run further calls. What they show to be wrong, and the last answer if it is another one."""
    faults: list[str] = []
    data = value.tobytes()
    copies = _copied(names)
    for stage, text in pieces:
        try:
            exec(compile(text, f"<{stage}>", "exec"), names)
        except BaseException as error:
            if stage == AGAIN:
                told = f"{type(error).__name__}: {_described(error)}".rstrip(": ")
                return [*faults, f"a second call raises {told}"], None
        faults += _changed(copies)
        copies = _copied(names)
        if value.tobytes() != data:
            return [*faults, "a later call changes the array of the first answer"], None
    second: Any = names.get("got")
    dtype, shape = getattr(second, "dtype", None), getattr(second, "shape", None)
    if dtype != value.dtype or shape != value.shape:
        return [*faults, "a second call gives another shape or dtype"], None
    if second.tobytes() == data:
        return faults, None
    return [*faults, "a second call gives another answer"], second


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
        spent: list[float] = []
        own = names if pieces[0][0] == "header" else dict(names)
        outcome, stage, error, message, value, second = execute(pieces, own, spent)
        seconds = ",".join(map(repr, spent))
        dtype, shape, data, more, trace = "", "", b"", b"", b""
        if outcome == "ready":
            # Imported modules are no garbage: without this, they are looked at again and again.
            gc.freeze()
            gc.set_threshold(*GARBAGE)
        if outcome == "raised":
            trace = second.encode(errors="replace")
        if value is not None:
            dtype, shape = value.dtype.newbyteorder("<").str, ",".join(map(str, value.shape))
            data = value.astype(dtype).tobytes()
            more = b"" if second is None else second.astype(dtype).tobytes()
        text = message.encode(errors="replace")
        sizes = len(data), len(more), len(trace)
        fields = (outcome, stage, error, len(text), seconds, dtype, shape, *sizes)
        answers.write("\t".join(map(str, fields)).encode() + b"\n" + text + data + more + trace)
        answers.flush()
        sys.stdout.flush()


if __name__ == "__main__":
    main()
