"""Programs in the making, a step at a time."""

from __future__ import annotations

import numpy as np
from ad_conformance.generators.ir.operator import KINDS
from ad_conformance.generators.ir.program import Program, Step, nested


def exact(value: np.ndarray, dtype: str) -> np.ndarray:
    """The value rounded to numbers of that dtype, in float64."""
    with np.errstate(over="ignore"):
        return np.asarray(value.astype(dtype).astype(float))


class Draft:
    """Steps of a program for cases of one dtype; each method returns the place of the value that it
    adds.
    """

    def __init__(self, dtype: str, steps: tuple[Step, ...] = ()) -> None:
        self.dtype = dtype
        self.steps = list(steps)

    def add(self, name: str, *operands: int, **params: object) -> int:
        self.steps.append(Step(name, operands, tuple(sorted(params.items()))))
        return len(self.steps)

    def constant(self, value: np.ndarray) -> int:
        """Truth values are made by a comparison: constants are numbers."""
        if value.dtype == bool:
            return self.add(
                "greater", self.constant(value.astype(float)), self.constant(np.array(0.5))
            )
        return self.add("constant", value=nested(exact(value, self.dtype)))

    def shaped(self, value_id: int, shape: tuple[int, ...]) -> int:
        """A value of that shape from one that has it, or is flat where an input cannot have it."""
        return self.add("reshape", value_id, shape=shape) if len(shape) >= len(KINDS) else value_id

    @property
    def program(self) -> Program:
        return Program(tuple(self.steps))
