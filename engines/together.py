"""One script for several modes of a program, for an engine that compiles: one compilation costs
less than one for each mode.

The answer of such a script is one row of numbers. For each mode, it has the number of axes, the
shape, the character of the dtype, and the entries.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from ad_conformance.engines.script import Script, write, write_all
from ad_conformance.generators.ir.program import Case

if TYPE_CHECKING:
    from ad_conformance.engines.contract import Answer, Engine

#: The functions in `derivatives` are called at the point of the case, one after the other.
_RUN = """import numpy

parts = []
for answer in derivatives(x):
    derivative = lambda x: answer
{run}
    parts += [got.ndim, *got.shape, ord(got.dtype.char), *got.reshape(-1).tolist()]
got = numpy.array(parts, dtype=float)
"""


def alike(case: Case) -> Case:
    """The same for all cases that one script can ask together: the case in a plain form."""
    return replace(case, mode="R" * case.order, operator="jacobian", tangent=None, cotangent=None)


def _is_plain(case: Case) -> bool:
    return not case.wrappers and case.direction is None


def together(engine: Engine, cases: Sequence[Case]) -> Script | None:
    """The script that asks all these cases, which differ in mode and operator only.

    None if the engine has no such script, or cannot be asked one of the cases.
    """
    if len(cases) < 2 or not engine.compile_all or engine.writer is not write:
        return None
    if any(not _is_plain(case) or not engine.answers(case.mode) for case in cases):
        return None
    try:
        script, nested = write_all(engine, cases)
    # Whatever the adapter raises, it also raises for a case alone, where it is told.
    except Exception:
        return None
    compiling = engine.compile_all.format(all=", ".join(nested)) + "\n"
    if cases[0].warmup_point is not None:
        compiling += "derivatives(x)\n"
    run = _RUN.format(run=textwrap.indent(engine.run, "    "))
    return replace(script, compile=compiling, run=run)


def parted(answer: Answer, count: int) -> list[Answer] | None:
    """The answer of each of `count` cases; None if something is wrong, and each is to be asked
    alone.
    """
    if answer.outcome != "answered" or answer.message or answer.second is not None:
        return None
    assert answer.value is not None
    numbers, found = answer.value.tolist(), list[np.ndarray]()
    while numbers:
        ndim = int(numbers[0])
        shape, dtype = tuple(map(int, numbers[1 : ndim + 1])), chr(int(numbers[ndim + 1]))
        start = ndim + 2
        end = start + int(np.prod(shape, dtype=int))
        found.append(np.array(numbers[start:end], dtype).reshape(shape))
        del numbers[:end]
    if len(found) != count:
        return None
    share = replace(
        answer,
        seconds=answer.seconds / count,
        compiling=answer.compiling / count,
        together=True,
    )
    return [replace(share, value=value) for value in found]


def spread(job: Future[list[Answer]], count: int) -> list[Future[Answer]]:
    """One future for each of the `count` answers of a job."""
    futures: list[Future[Answer]] = [Future() for _ in range(count)]

    def settle(job: Future[list[Answer]]) -> None:
        for k, future in enumerate(futures):
            if job.cancelled():
                future.cancel()
            elif (error := job.exception()) is not None:
                future.set_exception(error)
            else:
                future.set_result(job.result()[k])

    job.add_done_callback(settle)
    return futures
