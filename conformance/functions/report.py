"""The report on one function: a row for each engine and mode."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from ad_conformance.conformance.functions.arguments import Arguments
from ad_conformance.conformance.standings.standing import Match
from ad_conformance.conformance.verdicts import Result
from ad_conformance.engines.contract import Answer
from ad_conformance.generators.ir.program import Case

Array = np.ndarray
#: Verdicts with an estimated derivative, for a function that could not be imported.
PROBABLY_RIGHT, PROBABLY_WRONG, UNDECIDED = "probably right", "probably wrong", "undecided"


class WrongDerivative(AssertionError):
    """A derivative is wrong, or an engine failed; the message is the table of the report."""


@dataclass(frozen=True)
class Row:
    """The outcome of one mode in one engine.

    verdict: one of the verdicts of the suite; or, if the derivative is only estimated, "probably
        right", "probably wrong" or "undecided".
    about: what was asked.
    value, truth: the answer, and the certified or estimated derivative; None if there is none.
    worst: the index of the worst entry; None if nothing was compared, () of a number.
    digits: the number of correct decimal digits of the worst entry; NaN if nothing was compared.
    error_ratio: the largest error / tolerance over all entries; NaN if nothing was compared.
    entry: the name of the worst entry.
    reason: why there is no verdict on the value, or what the engine raised.
    known: the known failure to which a finding belongs.
    wrapper: "vmap" if the derivative is that of one lane of `vmap(function)`, else "".
    """

    engine: str
    mode: str
    verdict: str
    about: str
    answer: Answer
    value: Array | None = None
    truth: Array | None = None
    worst: tuple[int, ...] | None = None
    digits: float = math.nan
    error_ratio: float = math.nan
    entry: str = ""
    reason: str = ""
    known: Match | None = None
    result: Result | None = None
    wrapper: str = ""

    @property
    def is_finding(self) -> bool:
        if self.result is not None:
            return self.result.is_finding
        return self.verdict == PROBABLY_WRONG or self.answer.outcome not in (
            "answered",
            "unsupported",
        )

    @property
    def is_right(self) -> bool:
        return self.verdict in ("agree", PROBABLY_RIGHT)


@dataclass(frozen=True)
class Report:
    """The rows, in the order of the engines and modes that were asked.

    It is true if no row is a finding, and some row was compared. `imported` says how many steps the
    function has as a program; it is "" if it could not be imported, and `not_imported` says why.
    `versions` has the release of each engine. `kinks` has the lines at which values are compared
    that are equal
    at the point.
    """

    name: str
    rows: tuple[Row, ...]
    arguments: Arguments
    versions: Mapping[str, str]
    imported: str = ""
    not_imported: str = ""
    kinks: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def __bool__(self) -> bool:
        return not self.findings and any(row.is_right for row in self.rows)

    @cached_property
    def findings(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.is_finding)

    def row(self, mode: str, engine: str = "", wrapper: str = "") -> Row:
        """The row of a mode; of the first engine, if no engine is named. Raises KeyError."""
        for row in self.rows:
            if row.mode == mode and row.wrapper == wrapper and engine in ("", row.engine):
                return row
        raise KeyError(f"{mode} was not asked" + (f" of {engine}" if engine else ""))

    def case(self, mode: str, engine: str = "") -> Case:
        """The case of a mode, as in files: `case.json`. Raises KeyError if the mode was not asked,
        and ValueError if the function could not be imported.
        """
        row = self.row(mode, engine)
        if row.result is None:
            raise ValueError(f"{self.name} is no program: {self.not_imported}")
        return row.result.case

    def raise_if_wrong(self) -> None:
        """Raises WrongDerivative if a row is a finding, or if nothing was compared."""
        if not self:
            raise WrongDerivative(str(self))

    def ways_around(self, row: Row) -> str:
        """Modes of the same order and engines that are right, "" if there is none."""
        same = [
            other.mode
            for other in self.rows
            if other.engine == row.engine
            and len(other.mode) == len(row.mode)
            and other.is_right
            and other.wrapper == row.wrapper
        ]
        others = [other.engine for other in self.rows if other.mode == row.mode and other.is_right]
        without = [
            f"mode {other.mode} without {row.wrapper}"
            for other in self.rows
            if row.wrapper
            and (other.engine, other.mode, other.wrapper) == (row.engine, row.mode, "")
            and other.is_right
        ]
        found = [*without, *(f"mode {mode}" for mode in same)] + [
            f"engine {name}" for name in others
        ]
        return ", ".join(dict.fromkeys(found))

    def __str__(self) -> str:
        from ad_conformance.conformance.functions.tables import text

        return text(self)

    def markdown(self) -> str:
        """The report as Markdown, for an issue."""
        from ad_conformance.conformance.functions.tables import markdown

        return markdown(self)
