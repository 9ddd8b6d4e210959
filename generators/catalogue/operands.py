"""How rows of the catalogue name the way in which their operands are drawn.

A row names an operand family and its arguments, as data. The functions that draw the operands stand
in generators/strategies/operands, which has the table of families.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np


@dataclass(frozen=True)
class Domain:
    """Where an operand may lie: between `low` and `high`, and at least `gap` away from zero.

    With `saturate`, some operands are drawn so large that the function is almost constant there.
    """

    low: float = -math.inf
    high: float = math.inf
    gap: float = 0.0
    saturate: bool = False

    def holds(self, value: np.ndarray) -> bool:
        """Whether all entries of `value` lie in the domain."""
        return bool(
            np.all(value >= self.low)
            and np.all(value <= self.high)
            and np.all(np.abs(value) >= self.gap)
        )


ANY, POSITIVE, NONZERO = Domain(), Domain(low=1 / 16), Domain(gap=1 / 16)
UNIT = Domain(low=-7 / 8, high=7 / 8)
SATURATING = Domain(low=-512, high=512, saturate=True)


class Chooser(Protocol):
    """What draws a choice: the builder of programs."""

    def choose(self, options: Sequence[Any]) -> Any:
        """One of `options`."""


@dataclass(frozen=True)
class OneOf:
    """A parameter that is drawn from a few options; shrinking prefers the first."""

    options: tuple[Any, ...]

    def __call__(self, chooser: Chooser) -> Any:
        return chooser.choose(self.options)


def one_of(*options: Any) -> OneOf:
    """A parameter that is one of `options`."""
    return OneOf(options)


#: Powers of two, which every engine adds exactly; none is so small that it has no effect.
EPS = one_of(2.0**-4, 1.0, 0.25)
REDUCED = one_of("none", "mean", "sum")


@dataclass(frozen=True)
class OperandFamily:
    """A family of operands by name, with its arguments; an argument may be a family itself."""

    name: str
    arguments: tuple[Any, ...] = ()
    options: tuple[tuple[str, Any], ...] = ()


def family(name: str, /, *arguments: Any, **options: Any) -> OperandFamily:
    """The operand family `name` with these arguments.

    generators/strategies/operands lists the names, and tests check that it has those of all rows.
    """
    return OperandFamily(name, arguments, tuple(options.items()))
