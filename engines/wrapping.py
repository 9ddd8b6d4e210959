"""The wrappers of a case as text in an engine's language."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Protocol

import numpy as np
from ad_conformance.generators.ir.evaluate import is_defined
from ad_conformance.generators.ir.program import Case, Program, nested
from ad_conformance.generators.render.dialect import Dialect, UnsupportedOperation

#: The field of a template that is replaced by the other points of a batch.
OTHERS = "{others}"
#: Number of other points.
COUNT = 2


class Wrapping(Protocol):
    """What this module needs of an engine; `contract.Engine` describes the fields."""

    @property
    def dialect(self) -> Dialect: ...
    @property
    def wrappers(self) -> Mapping[str, str]: ...
    @property
    def wrapper_functions(self) -> str: ...
    @property
    def closed_wrappers(self) -> Collection[str]: ...


def wrapped(engine: Wrapping, case: Case, level: int, f: str, i: int = 0) -> str:
    """The text of the function `f` of input `i` with the wrappers of a level around it.

    The engine has all of them. Raises UnsupportedOperation if the program has several inputs and
    one of them cannot capture inputs.
    """
    for name in case.wrappers[level] if level < len(case.wrappers) else ():
        template = engine.wrappers[name]
        if name in engine.closed_wrappers and case.program.arguments:
            raise UnsupportedOperation(f"wrapper {name} of a function that captures other inputs")
        others = _others(engine.dialect, case, i) if OTHERS in template else ""
        f = template.format(f=f, others=others)
    return f


def functions(engine: Wrapping, case: Case) -> str:
    """The definitions that the templates use; "" for a case without wrappers."""
    return f"{engine.wrapper_functions.strip()}\n\n\n" if case.wrappers else ""


def _others(dialect: Dialect, case: Case, i: int) -> str:
    """Other points of input `i`, along a first axis, at which the program is defined.

    They are as close as a warmup_point, so that operations stay inside their domains. If there are
    not enough of them, the point of the case takes their place.
    """
    value_ids = (0, *case.program.arguments)
    steps = case.program.steps
    at = case.point if i == 0 else steps[value_ids[i] - 1].arguments["value"]
    point = np.asarray(at, dtype=float)
    away = np.array([2.0**-9 * (2 * k + 3) for k in range(point.size)]).reshape(point.shape)
    near = [point + away, point - away, point + away / 2, point - away / 2]
    found = [other for other in near if _defined(case, value_ids[i], other)]
    chosen = [*found, *[point] * COUNT][:COUNT]
    return dialect.constant(tuple(nested(other) for other in chosen), case.dtype)


def _defined(case: Case, value_id: int, point: np.ndarray) -> bool:
    """Whether the program is defined if the input with that value_id is `point`."""
    if value_id == 0:
        return is_defined(case.program, point)
    steps = list(case.program.steps)
    steps[value_id - 1] = replace(steps[value_id - 1], params=(("value", nested(point)),))
    return is_defined(Program(tuple(steps)), case.input)
