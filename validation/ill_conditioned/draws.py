"""How a program is written: by a function of a Draw, which has random numbers and records steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ad_conformance.generators.ir.program import Case, Program, Step, nested
from ad_conformance.generators.rewrite.program_builder import exact
from ad_conformance.generators.rewrite.recording import Recorded, Recording

Array = np.ndarray
#: The modes that are asked, each as often as it stands here.
MODES = ("R", "F", "RR", "FR", "RF", "FF", "RR", "FR", "RRR", "FRR", "RFF", "FFF")
#: One case in so many is in float32.
SINGLE = 3
#: Rounding units, and decimal exponents of magnitudes that the dtype holds.
UNITS = {"float64": 2.0**-53, "float32": 2.0**-24}
REACH = {"float64": 300.0, "float32": 37.0}


class Draw:
    """Random numbers of one program, which are rounded to the dtype, and its steps.

    `xp` has the operations of the catalogue as functions. It is there as soon as `input` was
    called.
    """

    xp: Any

    def __init__(self, rng: np.random.Generator, dtype: str) -> None:
        self.rng, self.dtype = rng, dtype
        self.unit, self.reach = UNITS[dtype], REACH[dtype]

    def input(self, value: Any) -> Recorded:
        """The input, with its value at the point."""
        self.xp = Recording([], [exact(np.asarray(value, dtype=float), self.dtype)], self.dtype)
        return Recorded(self.xp, 0)

    def argument(self, value: Any) -> Recorded:
        """A further input, by which the case does not differentiate."""
        at = exact(np.asarray(value, dtype=float), self.dtype)
        made: Recorded = self.xp.put(Step("argument", (), (("value", nested(at)),)), at)
        return made

    def constant(self, value: Any) -> Recorded:
        """A constant as a step of its own, so that functions of it are computed by the engine."""
        return Recorded(self.xp, self.xp.value_id(value))

    def uniform(self, low: float, high: float, *shape: int) -> Array:
        return exact(np.asarray(self.rng.uniform(low, high, shape)), self.dtype)

    def sized(self, low: float, high: float, *shape: int) -> Array:
        """Numbers of either sign between 10**low and 10**high."""
        sizes = 10.0 ** self.rng.uniform(low, high, shape) * self.rng.choice([-1.0, 1.0], shape)
        return exact(np.asarray(sizes), self.dtype)

    def integer(self, low: int, high: int) -> int:
        """An integer from `low` to `high`."""
        return int(self.rng.integers(low, high + 1))

    def pick(self, *choices: Any) -> Any:
        return choices[self.integer(0, len(choices) - 1)]

    def beside(self, value: Any, units: int = 4) -> Array:
        """Each number moved by at most `units` times two rounding units."""
        value = np.asarray(value, dtype=float)
        steps = self.rng.integers(-units, units + 1, value.shape)
        return exact(np.asarray(value * (1 + 2 * self.unit * steps)), self.dtype)


@dataclass(frozen=True)
class Family:
    """Programs of one kind; `write` returns the output of one of them."""

    name: str
    kind: str
    write: Callable[[Draw], Any]


def family(kind: str, into: list[Family]) -> Callable[[Callable[[Draw], Any]], Family]:
    """A decorator: the function, which writes programs of this kind, becomes a family."""

    def made(write: Callable[[Draw], Any]) -> Family:
        into.append(Family(write.__name__.replace("_", " "), kind, write))
        return into[-1]

    return made


def drawn(families: Sequence[Family], number: int) -> tuple[Family, Case]:
    """The case of this number, with the family that it is of: the same on every machine.

    A program is drawn again if a value of it is not finite in float64.
    """
    one = families[number % len(families)]
    tries = 0
    while True:
        rng = np.random.default_rng([number, tries])
        dtype = "float32" if rng.integers(SINGLE) == 0 else "float64"
        mode = MODES[rng.integers(len(MODES))]
        draw = Draw(rng, dtype)
        with np.errstate(all="ignore"):
            output = one.write(draw)
        steps, values = draw.xp.steps[: output.value_id], draw.xp.values[: output.value_id + 1]
        if steps and all(v.dtype == bool or np.all(np.isfinite(v)) for v in values):
            program = Program(tuple(steps)).pruned()
            return one, Case(program, nested(values[0]), mode, dtype=dtype)
        tries += 1
