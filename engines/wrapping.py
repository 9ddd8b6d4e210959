"""The wrappers of a case as text in an engine's language."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from ad_conformance.engines.lanes import batch_around, index_text, other_points
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.render.dialect import Dialect, UnsupportedOperation

#: The field of a template that is replaced by the other points of a batch.
OTHERS = "{others}"


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
    whole = batch_around(engine.wrappers, case) if level == case.order else None
    for k, name in enumerate(case.wrappers[level] if level < len(case.wrappers) else ()):
        template = engine.wrappers[name]
        if name in engine.closed_wrappers and case.program.arguments:
            raise UnsupportedOperation(f"wrapper {name} of a function that captures other inputs")
        others = ""
        if OTHERS in template:
            others = engine.dialect.constant(other_points(case, i), case.dtype)
        f = template.format(f=f, others=others, lane="..." if k == whole else index_text(name))
    return f


def functions(engine: Wrapping, case: Case) -> str:
    """The definitions that the templates use; "" for a case without wrappers."""
    return f"{engine.wrapper_functions.strip()}\n\n\n" if case.wrappers else ""
