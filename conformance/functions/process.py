"""A process of its own for the file of a user: an engine, or the file, may end the process."""

from __future__ import annotations

import importlib
import importlib.util
import multiprocessing
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from ad_conformance.conformance.functions.check import Check, Place
from ad_conformance.engines.contract import Answer
from ad_conformance.engines.importing import lines


@dataclass(frozen=True)
class Asked:
    """What is asked about a function: the arguments of `conformance.check`."""

    function: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    engines: tuple[str, ...]
    modes: tuple[str, ...]
    wrt: tuple[Any, ...] | None
    dtype: str | None
    vmap: bool = False


@dataclass(frozen=True)
class Finished:
    """The report: its texts, whether there is a finding, and the cases of findings by file name."""

    text: str
    markdown: str
    wrong: bool
    cases: Mapping[str, str]


@dataclass(frozen=True)
class Refused:
    """Why nothing was asked, in one line."""

    reason: str


@dataclass(frozen=True)
class Ended:
    """The place that was asked when the process ended or was late, and what is its answer."""

    place: Place
    answer: Answer


class _Unusable(Exception):
    """A file or function that cannot be used; the message says why, in one line."""


def asked(
    question: Asked, failed: Mapping[Place, Answer], timeout: float
) -> Finished | Refused | Ended:
    """Run the file and ask the engines, in a new process.

    Places of `failed` are not asked. `timeout` is in seconds: for the file and the import of the
    function, and then for each derivative, to be certified and to be computed.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, question, dict(failed)), daemon=False)
    process.start()
    theirs.close()
    place: Place | None = None
    try:
        while True:
            if not ours.poll(timeout):
                process.kill()
                process.join()
                late = Answer("timeout", message=f"late after {timeout:g} s")
                return _ended(place, question, late)
            found = ours.recv()
            if isinstance(found, (Finished, Refused)):
                process.join()
                return found
            place = found
    except EOFError:
        process.join()
        code = process.exitcode or 0
        name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return _ended(place, question, Answer("crashed", error=name))


def _ended(place: Place | None, question: Asked, answer: Answer) -> Ended | Refused:
    if place is None:
        why = answer.message or f"the process ended: {answer.error}"
        return Refused(f"{question.function}: {why}, while no engine was asked")
    return Ended(place, answer)


def _work(pipe: Connection, question: Asked, failed: dict[Place, Answer]) -> None:
    """Answer in the process."""
    try:
        function = _function(question.function)
        check = Check(
            function,
            question.args,
            engine=question.engines or None,
            modes=question.modes,
            wrt=question.wrt,
            kwargs=question.kwargs,
            dtype=question.dtype,
            vmap=question.vmap,
        )
        report = check.report(at=pipe.send, failed=failed)
    except (_Unusable, ValueError) as error:
        pipe.send(Refused(" ".join(str(error).split())))
        return
    cases = {
        f"{row.engine}-{row.mode}-{row.result.case.id}.json": row.result.case.json
        for row in report.findings
        if row.result is not None
    }
    pipe.send(Finished(str(report), report.markdown(), not report, cases))


def _function(source: str) -> Any:
    """The function that FILE.py:NAME or package.module:NAME names. Raises _Unusable."""
    where, colon, name = source.rpartition(":")
    if not colon or not name:
        raise _Unusable(f"{source}: write FILE.py:FUNCTION or package.module:FUNCTION")
    try:
        module = _module(where)
    except _Unusable:
        raise
    except BaseException as error:
        place = f" ({line})" if (line := lines.raised(error)) else ""
        raise _Unusable(f"{where}: {type(error).__name__}: {error}{place}") from None
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            public = [n for n, v in vars(module).items() if callable(v) and not n.startswith("_")]
            others = f"; it has {', '.join(public[:8])}" if public else ""
            raise _Unusable(f"{where} has no {name}{others}")
        found = getattr(found, part)
    return found


def _module(where: str) -> Any:
    if not where.endswith(".py"):
        sys.path.insert(0, "")
        return importlib.import_module(where)
    path = Path(where)
    if not path.is_file():
        raise _Unusable(f"{where}: no such file")
    # As `python FILE.py` does, so that the file finds its neighbours.
    sys.path.insert(0, str(path.resolve().parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module
