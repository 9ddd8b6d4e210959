"""Cases that ask an operation under another of the names that an engine has for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from ad_conformance.generators.ir.case_io import valid
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.render.dialect import Dialect, uses_name
from ad_conformance.generators.scenarios.bent import is_bent
from ad_conformance.generators.strategies.sampling import operation_examples

#: Cases that are drawn until one has operands that fit the name, at most.
ATTEMPTS = 150
#: In modes of higher order, so many cases of a name are looked at until one is bent.
LOOKED_AT = 10


def named_cases(
    dialect: Dialect, mode: str, count: int = 1, turn: int = 0, every: int = 1
) -> Iterator[Case]:
    """`count` cases in that mode for each further name of a dialect, always the same.

    Only one name of `every` is asked; `turn` says which. There are fewer cases of a name that
    hardly any operands fit.
    """
    chosen = [
        (operation, k) for operation, names in dialect.names.items() for k in range(len(names))
    ]
    for operation, k in chosen[turn % every :: every]:
        yield from islice(_fitting(dialect, operation, k, mode), count)


def _fitting(dialect: Dialect, operation: str, k: int, mode: str) -> Iterator[Case]:
    """Cases whose programs use the name. In modes of higher order, bent ones come first."""
    straight: list[Case] = []
    for number, case in enumerate(_using(dialect, operation, k, mode), 1):
        if len(mode) == 1 or number > LOOKED_AT or is_bent(case.program, operation):
            yield case
        else:
            straight.append(case)
        if number == LOOKED_AT:
            yield from straight
            straight.clear()
    yield from straight


def _using(dialect: Dialect, operation: str, k: int, mode: str) -> Iterator[Case]:
    for case in operation_examples(operation, mode, ATTEMPTS):
        named = valid(replace(case, names=k + 1))
        if named is not None and uses_name(named, dialect, operation):
            yield named
