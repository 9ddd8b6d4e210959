"""Builds a program step by step."""

from __future__ import annotations

import numpy as np
from ad_conformance.generators.ir.operator import KINDS
from ad_conformance.generators.ir.program import Program, Step, nested

#: Smooth functions that may follow a value. Each is shifted so that its first two derivatives are
#: not zero at that value. They share no primitive: if an engine is wrong in one, the others serve.
SMOOTH = ("exp", "log1p", "square")
#: Functions that follow a value without a shift, also a value without entries. Derivatives may then
#: be zero, large, or not exist.
BARE = ("sin", "product", "product with 0", "product with 2**20", "empty slice")
#: Functions that are 0 at 0 and come before a step whose result one of SMOOTH follows. The first
#: operand gets the first of them, the next operand the next.
CURVES = {"exp": ("expm1", "log1p"), "log1p": ("log1p", "expm1"), "square": ("sinh", "expm1")}


def exact(value: np.ndarray, dtype: str) -> np.ndarray:
    """The value rounded to numbers of that dtype, as float64."""
    with np.errstate(over="ignore"):
        return np.asarray(value.astype(dtype).astype(float))


class ProgramBuilder:
    """Steps of a program for cases of one dtype. Each method that adds steps returns the value_id
    of their result.
    """

    def __init__(self, dtype: str, steps: tuple[Step, ...] = ()) -> None:
        self.dtype = dtype
        self.steps = list(steps)

    @property
    def program(self) -> Program:
        return Program(tuple(self.steps))

    def add(self, name: str, *operands: int, **params: object) -> int:
        """Add a step of the operation `name`."""
        self.steps.append(Step(name, operands, tuple(sorted(params.items()))))
        return len(self.steps)

    def constant(self, value: np.ndarray) -> int:
        """Add a constant. Constants are numbers, so a comparison makes truth values of them."""
        if value.dtype == bool:
            return self.add(
                "greater", self.constant(value.astype(float)), self.constant(np.array(0.5))
            )
        return self.add("constant", value=nested(exact(value, self.dtype)))

    def shaped(self, value_id: int, shape: tuple[int, ...]) -> int:
        """Reshape a flat value if `shape` has more axes than an input may have."""
        return self.add("reshape", value_id, shape=shape) if len(shape) >= len(KINDS) else value_id

    def curved(self, value_id: int, value: np.ndarray) -> int:
        """Add v + (v - value)**2, which at v = `value` equals v and has the same first derivative,
        but a second one.
        """
        off = self.add("subtract", value_id, self.constant(value))
        return self.add("add", value_id, self.add("multiply", off, off))

    def followed(self, value_id: int, value: np.ndarray, follower: str) -> int:
        """Apply one of SMOOTH or BARE to a value: entry by entry, except for the empty slice."""
        value = exact(value, self.dtype)
        match follower:
            case "exp":
                return self.add("exp", self.add("subtract", value_id, self.constant(value)))
            case "log1p":
                return self.add("log1p", self.add("add", value_id, self.constant(-value)))
            case "square":
                shift = self.constant(exact(1.0 - value, self.dtype))
                return self.add("square", self.add("add", value_id, shift))
            case "sin":
                return self.add("sin", value_id)
            case "product":
                return self.add("multiply", value_id, value_id)
            case "product with 0" | "product with 2**20":
                factor = 0.0 if follower.endswith(" 0") else 2.0**20
                return self.add("multiply", value_id, self.constant(np.array(factor)))
        return self.add("slice", value_id, axis=0, start=0, stop=0, step=1)
