"""One process for each engine, so that an engine may crash or hang.

A crash or a hang is recorded as an answer, and the next case is asked in a new process.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
from ad_conformance.engines.contract import Answer, Engine
from ad_conformance.engines.lanes import in_lanes
from ad_conformance.engines.process.clock import Clock, Late
from ad_conformance.engines.process.environments import NoEnvironment
from ad_conformance.engines.process.interpreters import BadInterpreter
from ad_conformance.engines.process.worker import MESSAGE_LENGTH
from ad_conformance.engines.script import Script
from ad_conformance.engines.together import parted, spread, together
from ad_conformance.generators.ir.nest import names_of
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.prerequisites import other_system
from ad_conformance.generators.render.dialect import UnsupportedOperation

#: Seconds of processor time for one case, and for the header of an engine, which imports it.
TIMEOUT, START_TIMEOUT = 60.0, 300.0
#: Lines of the engine's own output that are kept with an answer.
LAST_LINES = 8

#: The pieces of a script that run one after the other: the stage of each, and its text.
Pieces = tuple[tuple[str, str], ...]
#: Further calls are made in one case of so many: they take time, and a fault that they show is
#: mostly one of many cases.
EVERY = 8


def is_chosen(case: Case, every: int, turn: int = 0) -> bool:
    """Whether the case is one of `every`, by its id: the same cases on every machine.

    Different values of `turn` choose different cases.
    """
    return int(case.id, 16) % every == turn


class EngineUnavailable(Exception):
    """The engine cannot be imported or started; the message says why, in one line."""


class _Died(Exception):
    """The process ended; the argument is its exit code."""


class _Worker:
    """One process. The constructor starts it, and `ready` waits until it has run the header.

    `folder` is where its log and its folder of temporary files are made. Raises EngineUnavailable
    if the process cannot be started.
    """

    def __init__(self, engine: Engine, folder: str) -> None:
        self._folder = tempfile.mkdtemp(dir=folder)
        self._output = os.path.join(folder, f"{os.path.basename(self._folder)}.log")
        # Everything that the engine prints goes to a file, the last lines before a crash included.
        # A pipe would fill up if nobody reads it. Temporary files go to a folder of the process.
        self._log = os.open(self._output, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._answers, answers = os.pipe()
        environment = {
            **os.environ,
            **engine.runner.environment(),
            **engine.environment,
            "TMPDIR": self._folder,
        }
        try:
            self._process = subprocess.Popen(
                engine.runner.command(answers),
                stdin=subprocess.PIPE,
                stdout=self._log,
                stderr=self._log,
                env=environment,
                pass_fds=(answers,),
            )
        except (NoEnvironment, BadInterpreter, OSError) as error:
            os.close(self._answers)
            os.close(self._log)
            raise EngineUnavailable(f"{engine.name}: {error}") from None
        finally:
            os.close(answers)
        self._measured = psutil.Process(self._process.pid)
        self._clock = Clock(self._measured, START_TIMEOUT)
        self._waiting = True
        with contextlib.suppress(BrokenPipeError):
            self._send((("header", engine.header),))

    def ready(self) -> str:
        """Wait until the header has run; why it failed, in one line, or "" if it did not."""
        if not self._waiting:
            return ""
        self._waiting = False
        try:
            answer = self._receive(self._clock, ())
        except _Died:
            reason = f"died while importing: {self.last_words()}"
        except Late as late:
            reason = f"while importing: {late}; {self.last_words()}"
        else:
            if answer.outcome == "ready":
                return ""
            reason = f"{answer.error}: {answer.message}"
        return reason.strip().splitlines()[0]

    def ask(self, pieces: Pieces, timeout: float) -> Answer:
        """Run a script, for at most `timeout` seconds of processor time. Raises _Died or Late.

        Pieces of further calls may follow those of the script.
        """
        os.ftruncate(self._log, 0)
        clock = Clock(self._measured, timeout)
        try:
            self._send(pieces)
        except BrokenPipeError:
            raise _Died(self._process.wait()) from None
        answer = self._receive(clock, pieces)
        answer = replace(answer, printed=self.last_words())
        if answer.outcome == "raised":
            said = answer.message.splitlines()
            more = [line for line in answer.printed.splitlines() if line not in said]
            answer = replace(answer, message="\n".join([*said, *more])[:MESSAGE_LENGTH])
            for left in Path(self._folder).iterdir():
                if left.is_file():
                    left.unlink(missing_ok=True)
        return answer

    def _send(self, pieces: Pieces) -> None:
        """Send a request, as described in `worker.py`. Raises BrokenPipeError."""
        texts = [(stage, text.encode()) for stage, text in pieces]
        assert self._process.stdin is not None
        self._process.stdin.write(
            " ".join(f"{stage}:{len(text)}" for stage, text in texts).encode() + b"\n"
        )
        self._process.stdin.write(b"".join(text for _, text in texts))
        self._process.stdin.flush()

    def _receive(self, clock: Clock, pieces: Pieces) -> Answer:
        """Wait for the answer to these pieces, as described in `worker.py`.

        Raises _Died or Late.
        """
        received = bytearray()
        while b"\n" not in received:
            received += self._some(clock)
        line, _, rest = bytes(received).partition(b"\n")
        fields = line.decode().split("\t")
        outcome, stage, error, length, seconds, dtype, shape, size, *more = fields
        start = int(length)
        end = start + int(size)
        again, traced, *_ = (*map(int, more), 0, 0)
        last = end + again + traced
        while len(rest) < last:
            rest += self._some(clock)
        value = second = None
        if outcome == "answered":
            axes = tuple(int(n) for n in shape.split(",") if n)
            value = np.frombuffer(rest[start:end], dtype=dtype).reshape(axes)
            if again:
                second = np.frombuffer(rest[end : end + again], dtype=dtype).reshape(axes)
        message = rest[:start].decode(errors="replace")
        spent = [float(part) for part in seconds.split(",")]
        compiling = sum(
            s for s, (stage, _) in zip(spent, pieces, strict=False) if stage == "compile"
        )
        trace = rest[end + again : last].decode(errors="replace")
        return Answer(
            outcome,
            value,
            stage,
            error,
            message,
            sum(spent),
            compiling,
            second=second,
            traceback=trace,
        )

    def _some(self, clock: Clock) -> bytes:
        """The next bytes of an answer, at least one. Raises _Died or Late."""
        wait = 0.0
        while not select.select([self._answers], [], [], wait)[0]:
            # A child of the process may hold the pipe open.
            if (exitcode := self._process.poll()) is not None:
                raise _Died(exitcode)
            wait = clock.left()
        found = os.read(self._answers, 1 << 20)
        if not found:
            raise _Died(self._process.wait())
        return found

    def last_words(self) -> str:
        """The important lines of the output of the process.

        These are the errors and warnings of a compiler, which may print dumps after them, or else
        the last lines of all; then the line of a fatal error of Python, if there is one.
        """
        text = Path(self._output).read_text(errors="replace")
        # Names of temporary files differ from run to run.
        text = re.sub(re.escape(self._folder) + r"/[\w.-]*", "$TMPDIR/...", text)
        own, fatal, trace = text.rpartition("Fatal Python error: ")
        lines = (own if fatal else text).strip().splitlines()
        messages = [line for line in lines if line.startswith(("error: ", "warning: "))]
        lines = messages[:LAST_LINES] or lines[-LAST_LINES:]
        if fatal:
            lines.append(trace.partition("\n")[0])
        return "\n".join(line for line in lines if line.strip())[:MESSAGE_LENGTH]

    def kill(self) -> None:
        """Kill the process and what it started, whatever they do."""
        children = []
        with contextlib.suppress(psutil.Error):
            children = self._measured.children(recursive=True)
        for process in (self._process, *children):
            with contextlib.suppress(psutil.Error):
                process.kill()

    def end(self) -> None:
        """Kill the process and clean up. No other thread may be waiting for its answer."""
        self.kill()
        self._process.wait()
        with contextlib.suppress(OSError):
            self._process.stdin.close()  # type: ignore[union-attr]
        os.close(self._answers)
        os.close(self._log)
        shutil.rmtree(self._folder, ignore_errors=True)


class Sandbox:
    """Asks one engine, in a separate process.

    `timeout` is the limit for one case, in seconds of processor time, before multiplication by the
    engine's timeout factor. On the wall, a case may take `WALL_FACTOR` times as long. In one case
    of `every`, the derivative is called again, at another point and at the same one. The
    constructor raises ValueError if `timeout` is not positive, and EngineUnavailable if the
    engine's header fails. Later calls raise EngineUnavailable if the header fails in a new process.
    """

    def __init__(self, engine: Engine, *, timeout: float = TIMEOUT, every: int = EVERY) -> None:
        if timeout <= 0:
            raise ValueError(f"timeout={timeout}: give a positive number of seconds")
        if why := other_system():
            raise EngineUnavailable(why)
        self.engine = engine
        self.every = every
        self.timeout = timeout * engine.timeout_factor
        self._folder = tempfile.mkdtemp(prefix="ad-conformance-")
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._closing = False
        self._worker: _Worker | None = None
        #: After a first crash another one is likely. The next process is started ahead and imports
        #: the engine while the present one works.
        self._spare: _Worker | None = None
        try:
            # A worker ends with the thread that started it. So the sandbox has its own thread.
            self._thread.submit(self._started).result()
        except EngineUnavailable:
            self.close()
            raise

    def submit(self, case: Case, *, always: bool = False) -> Future[Answer]:
        """Ask without waiting for the answer. With `always`, there are further calls in any case.

        Raises EngineUnavailable if the adapter fails to write the script.
        """
        try:
            script = self.engine.script(case)
        except UnsupportedOperation as error:
            known: Future[Answer] = Future()
            known.set_result(Answer("unsupported", message=f"no {error}"))
            return known
        except Exception as error:
            fault = f"{type(error).__name__}: {error}".partition("\n")[0]
            raise EngineUnavailable(
                f"{self.engine.name}: its adapter cannot write {case.json}: {fault}"
            ) from error
        return self._thread.submit(self._alone, case, script, always)

    def submit_together(self, cases: Sequence[Case]) -> list[Future[Answer]]:
        """Ask cases that differ in mode and operator only, with one compilation if the engine has
        such, without waiting for the answers.

        If one of them raises, is late, ends the process or is impure, each is asked alone. Raises
        EngineUnavailable as `submit` does.
        """
        script = together(self.engine, cases)
        if script is None:
            return [self.submit(case) for case in cases]
        return spread(self._thread.submit(self._ask_together, cases, script), len(cases))

    def _ask_together(self, cases: Sequence[Case], script: Script) -> list[Answer]:
        further = script.further if any(is_chosen(case, self.every) for case in cases) else ()
        answers = parted(self._once((*script.pieces, *further), len(cases)), len(cases))
        return answers or [self._alone(case, self.engine.script(case)) for case in cases]

    def _alone(self, case: Case, script: Script, always: bool = False) -> Answer:
        further = script.further if always or is_chosen(case, self.every) else ()
        answer = self._ask(script.pieces, further)
        raised = answer.outcome in ("raised", "unsupported") and answer.error
        if raised and {*names_of(case.wrappers)} & {*self.engine.fragile_wrappers}:
            self._renew()
        return in_lanes(answer, self.engine.wrappers, case)

    def ask(self, case: Case) -> Answer:
        """The engine's answer. Whatever the engine does is an answer and not an exception.

        Raises EngineUnavailable if the adapter fails to write the script, or if the engine can no
        longer be imported.
        """
        return self.submit(case).result()

    def _started(self) -> _Worker:
        """The present worker, ready. Raises EngineUnavailable."""
        if self._worker is None:
            self._worker = _Worker(self.engine, self._folder)
        if problem := self._worker.ready():
            raise EngineUnavailable(f"{self.engine.name}: {problem}")
        return self._worker

    def _ask(self, pieces: Pieces, further: Pieces = ()) -> Answer:
        answer = self._once((*pieces, *further))
        if not further or answer.outcome not in ("crashed", "timeout") or self._closing:
            return answer
        # The first call decides; a late further call may only be one too many for the limit.
        first = self._once(pieces)
        if first.outcome == "answered" and answer.outcome == "crashed":
            return replace(first, message=f"a further call kills the process ({answer.error})")
        return first

    def _once(self, pieces: Pieces, cases: int = 1) -> Answer:
        worker = self._started()
        begun = time.monotonic()
        try:
            answer = worker.ask(pieces, self.timeout * cases)
        except Late as late:
            answer = Answer("timeout", message=str(late), seconds=late.seconds)
        except _Died as died:
            seconds = time.monotonic() - begun
            printed = worker.last_words()
            answer = Answer(
                "crashed",
                error=_death(died.args[0]),
                message=printed,
                seconds=seconds,
                printed=printed,
            )
        if answer.outcome in ("timeout", "crashed"):
            self._renew()
        return self.engine.documented(answer, "".join(text for _, text in pieces))

    def _renew(self) -> None:
        """End the present process, and take the spare one."""
        if self._worker is None or self._closing:
            return
        self._worker.end()
        self._worker = self._spare or _Worker(self.engine, self._folder)
        self._spare = _Worker(self.engine, self._folder)

    def close(self) -> None:
        """End all processes. Cases that were submitted and not yet asked are cancelled."""
        # A case that is being asked ends when its process does.
        self._closing = True
        if self._worker is not None:
            self._worker.kill()
        self._thread.shutdown(cancel_futures=True)
        for worker in (self._worker, self._spare):
            if worker is not None:
                worker.end()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _death(exitcode: int) -> str:
    """The name of the signal that ended a process, or its exit code."""
    if exitcode < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-exitcode).name
    return f"exit code {exitcode}"
