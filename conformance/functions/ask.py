"""Asks an engine the derivative of a function itself, in this process, with the adapter's text."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from ad_conformance.conformance.functions.question import Question
from ad_conformance.engines.contract import Answer, Engine
from ad_conformance.engines.importing.library import Library
from ad_conformance.engines.process import worker
from ad_conformance.engines.script import NEARBY, derivative_text
from ad_conformance.generators.render.dialect import UnsupportedOperation


@cache
def _header(header: str) -> dict[str, Any]:
    """The names that an adapter's header defines."""
    names: dict[str, Any] = {"__name__": "ad_conformance_question"}
    exec(compile(header, "<header>", "exec"), names)
    return names


def answer(question: Question, engine: Engine, library: Library) -> Answer:
    """The engine's answer. Whatever it raises is an answer.

    The derivative is called again, at a point nearby and at the point, and the input is looked at,
    as in a sandbox.
    """
    case = question.case
    if not engine.answers(case.mode):
        return Answer("unsupported", message=f"no mode {case.mode}")
    with library.settings(case.dtype):
        names = dict(_header(engine.header))
        try:
            nested = derivative_text(engine, case, question.scalar)
        except UnsupportedOperation as error:
            return Answer("unsupported", message=f"no {error}")
        point = np.asarray(case.point)
        # Each piece gets an array of its own, so that no call sees what another one changed.
        arrays = {"here": point, "nearby": point * (1 + NEARBY) + NEARBY}
        names |= {
            "f": question.function,
            "array_at": lambda place: library.array(arrays[place], case.dtype),
            "x": library.array(point, case.dtype),
        }
        for name, value in (("v", case.tangent), ("w", case.cotangent)):
            if value is not None:
                names[name] = library.array(np.asarray(value), case.dtype)
        run = engine.run + "\n"
        if case.direction is not None:
            names["direction"] = np.asarray(case.direction)
            run += (
                "got = np.asarray(np.tensordot(got, direction, direction.ndim), dtype=got.dtype)\n"
            )
        pieces = [
            ("compile", engine.compile.format(nested=nested) + "\n"),
            ("run", run),
            (worker.ELSEWHERE, f"x = array_at('nearby')\n{run}"),
            (worker.AGAIN, "x = array_at('here')\n"),
            (worker.AGAIN, run),
        ]
        seconds: list[float] = []
        outcome, stage, raised, message, value, second = worker.execute(pieces, names, seconds)
    found = Answer(
        outcome,
        value=value,
        stage=stage,
        error=raised,
        message=message,
        seconds=sum(seconds),
        compiling=sum(seconds[:1]),
        second=second if outcome == "answered" else None,
        traceback=second if outcome == "raised" else "",
    )
    for limit, advice in library.limits:
        if raised == limit:
            return replace(found, outcome="unsupported", message=advice)
    return engine.documented(found)
