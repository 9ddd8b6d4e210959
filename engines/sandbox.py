"""One spawned process per engine: a crash or a hang is an answer like any other, and the next case is asked."""

from __future__ import annotations

import contextlib
import faulthandler
import multiprocessing
import os
import re
import signal
import tempfile
import threading
import time
import warnings
from concurrent.futures import Future, TimeoutError
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from pebble import ProcessExpired, ProcessPool

from engines.contract import Answer, Engine
from generators.dialects import Unspeakable
from generators.programs import Case

#: Seconds for one case, and for the import of an engine.
TIMEOUT, START_TIMEOUT = 60.0, 300.0
MESSAGE_LENGTH = 2000


class EngineUnavailable(Exception):
    """The engine cannot be imported; the message says why, in one line."""


#: In the worker: the names that the engine's header made, or why it did not run.
_names: dict[str, Any] = {}
_problem = ""


def _initialize(output: str, environment: dict[str, str], header: str) -> None:
    """In the worker: send the engine's own output, a crash's last words included, to a file, and run the header.

    Here and not with the first case, whose time limit must not pay for the import.
    """
    global _problem
    os.environ.update(environment)
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    faulthandler.enable(descriptor)
    warnings.simplefilter("ignore")
    # An engine may raise anything, SystemExit too: it must not pass for an end of the harness.
    try:
        exec(compile(header, "<header>", "exec"), _names)
    except BaseException as error:
        _problem = f"{type(error).__name__}: {_trimmed(error)}".splitlines()[0]


def _trimmed(error: BaseException) -> str:
    text = re.sub(r"0x[0-9a-f]{6,}", "0x...", str(error)).strip()
    return text[:MESSAGE_LENGTH]


def _import() -> str:
    """In the worker: why the header does not run, in one line, or nothing."""
    return _problem


def _execute(pieces: tuple[tuple[str, str], ...]) -> Answer:
    """In the worker: run the pieces of a script, one stage after the other, in one namespace."""
    os.ftruncate(1, 0)
    names = dict(_names)
    started = time.perf_counter()
    stage = ""
    try:
        for stage, text in pieces:
            exec(compile(text, f"<{stage}>", "exec"), names)
        value = names.get("got")
        if not isinstance(value, np.ndarray):
            raise TypeError(f"the answer is a {type(value).__name__}, not an array")
        return Answer("answered", value=value, seconds=time.perf_counter() - started)
    except BaseException as error:
        seconds = time.perf_counter() - started
        return Answer("raised", None, stage, type(error).__name__, _trimmed(error), seconds)


class Sandbox:
    """Asks one engine, in a process of its own.

    Raises EngineUnavailable from the constructor where the engine's header does not run.
    """

    def __init__(self, engine: Engine, *, timeout: float = TIMEOUT) -> None:
        if timeout <= 0:
            raise ValueError(f"timeout={timeout}: give a positive number of seconds")
        self.engine = engine
        self.timeout = timeout
        handle, self._output = tempfile.mkstemp(prefix="ad-conformance-", suffix=".log")
        os.close(handle)
        self._pool = ProcessPool(
            max_workers=1,
            context=multiprocessing.get_context("spawn"),
            initializer=_initialize,
            initargs=(self._output, dict(engine.environment), engine.header),
        )
        try:
            problem = self._pool.schedule(_import).result(timeout=START_TIMEOUT)
        except (TimeoutError, ProcessExpired) as error:
            problem = f"{type(error).__name__} while importing: {self._last_words()}".splitlines()[0]
        if problem:
            self.close()
            raise EngineUnavailable(f"{engine.name}: {problem}")

    def submit(self, case: Case) -> Pending:
        """Ask without waiting."""
        try:
            script = self.engine.script(case)
        except Unspeakable as error:
            return Pending(self, None, Answer("unsupported", message=f"no {error}"))
        pieces = (("compile", script.program + script.compile), ("run", script.run))
        future = self._pool.schedule(_execute, args=[pieces], timeout=self.timeout)
        pending = Pending(self, future, None)
        # At once, before the next case writes to the same file.
        future.add_done_callback(pending.keep_last_words)
        return pending

    def ask(self, case: Case) -> Answer:
        """The engine's answer. Never raises for what the engine does."""
        return self.submit(case).result()

    def _answer(self, future: Future[Any], last_words: str) -> Answer:
        try:
            answer: Answer = future.result()
        except TimeoutError:
            return Answer("timeout", message=f"no answer within {self.timeout:g} s", seconds=self.timeout)
        except ProcessExpired as expired:
            return Answer("crashed", error=_death(expired.exitcode), message=last_words)
        except Exception as broken:
            return Answer("raised", stage="run", error=type(broken).__name__, message=_trimmed(broken))
        for name, pattern in self.engine.unsupported:
            if answer.error == name and re.search(pattern, answer.message):
                return replace(answer, outcome="unsupported")
        return answer

    def _last_words(self) -> str:
        """What the process printed before it died: the engine's own lines, then the fatal error."""
        with contextlib.suppress(OSError):
            text = Path(self._output).read_text(errors="replace")
            own, fatal, trace = text.rpartition("Fatal Python error: ")
            if not fatal:
                return text.strip()[-MESSAGE_LENGTH:]
            lines = [*own.strip().splitlines()[-8:], trace.partition("\n")[0]]
            return "\n".join(line for line in lines if line.strip())[-MESSAGE_LENGTH:]
        return ""

    def close(self) -> None:
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()
        with contextlib.suppress(OSError):
            os.unlink(self._output)

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class Pending:
    """An answer on its way."""

    def __init__(self, sandbox: Sandbox, future: Future[Any] | None, answer: Answer | None) -> None:
        self._sandbox, self._future, self._known = sandbox, future, answer
        self._last_words = ""
        self._words_kept = threading.Event()

    def keep_last_words(self, future: Future[Any]) -> None:
        if isinstance(future.exception(), ProcessExpired):
            self._last_words = self._sandbox._last_words()
        self._words_kept.set()

    def result(self) -> Answer:
        if self._known is None:
            assert self._future is not None
            # Whoever waits for a future may be woken before its callbacks have run.
            self._future.exception()
            self._words_kept.wait()
            self._known = self._sandbox._answer(self._future, self._last_words)
        return self._known


def _death(exitcode: int | None) -> str:
    """The signal or exit code that a process died of."""
    if exitcode is not None and exitcode < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-exitcode).name
    return f"exit code {exitcode}"
