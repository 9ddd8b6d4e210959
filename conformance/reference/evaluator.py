"""Programs on balls: at a point, on a complex neighbourhood, and seen by a visitor."""

from __future__ import annotations

import math

import numpy as np
from ad_conformance.conformance.reference.visitors import Array, Visitor, applied, coerced
from ad_conformance.generators.arithmetic.balls import to_balls
from ad_conformance.generators.arithmetic.numpy_ops import as_array
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.program import Program
from flint import arb

#: Entries whose binary exponents have at most this magnitude have the unit 1.
USUAL_EXPONENT = 32


class Evaluator:
    """One program prepared for many evaluations near one point.

    `varied` are the value ids of the inputs that vary: 0, and those of `argument` steps. If it is
    not (0,), the program is a function of one vector, which holds the entries of all varied inputs,
    and `point` is that vector.

    If `scaled`, each entry of the vector is counted in a unit, a power of two: that of an entry
    which is very large or very small has its size. `exponents` are those of the units.
    """

    def __init__(
        self,
        program: Program,
        point: Array,
        varied: tuple[int, ...] = (0,),
        *,
        scaled: bool = False,
    ) -> None:
        self.program = program
        self.values = evaluate_steps(program, point)
        self.varied = varied
        self.point = (
            point
            if varied == (0,)
            else np.concatenate([self.values[k].reshape(-1) for k in varied])
        )
        self.exponents = np.zeros(self.point.size, dtype=int)
        if scaled:
            self.exponents = _exponents(self.point)
            self.point = np.ldexp(self.point, -self.exponents.reshape(self.point.shape))
        self._units: Array | None = None
        if np.any(self.exponents):
            units = np.array([self.unit((d,)) for d in range(self.point.size)], dtype=object)
            self._units = units.reshape(self.point.shape)
        self.constants = {
            k: to_balls(self.values[k])
            for k, step in enumerate(program.steps, start=1)
            if step.operation in ("constant", "argument") and k not in varied
        }
        if 0 not in varied:
            self.constants[0] = to_balls(point)
        self.steps = [
            (k, CATALOGUE[step.operation], step.operands, step.arguments)
            for k, step in enumerate(program.steps, start=1)
            if k not in self.constants and k not in varied
        ]
        self.depends = program.depending(varied)
        #: The largest finite magnitude of an entry of any value.
        self.size = max(
            float(np.max(np.abs(value), where=np.isfinite(value), initial=0.0))
            for value in self.values
            if value.dtype != bool
        )

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values[-1].shape

    @property
    def is_scaled(self) -> bool:
        """Whether an entry of the point has a unit other than 1."""
        return self._units is not None

    @property
    def is_extreme(self) -> bool:
        """Whether an entry of the point would have a unit other than 1."""
        return bool(np.any(_exponents(self.point)))

    def unit(self, directions: tuple[int, ...]) -> arb:
        """The product of the units of the entries with these indices."""
        return arb(2) ** sum(int(self.exponents[d]) for d in directions)

    def inputs(self, x: Array) -> list[Array]:
        """The list of values with constants and inputs filled in."""
        if self._units is not None:
            x = as_array(x * self._units)
        values: list[Array] = [x] * len(self.values)
        for k, constant in self.constants.items():
            values[k] = constant
        if self.varied != (0,):
            start = 0
            for k in self.varied:
                values[k] = x[start : start + self.values[k].size].reshape(self.values[k].shape)
                start += self.values[k].size
        return values

    def __call__(self, x: Array) -> Array:
        """The output at `x`, an object array of balls; comparisons follow the current branches."""
        values = self.inputs(x)
        for k, op, operands, params in self.steps:
            inputs = [values[i] for i in operands]
            values[k] = coerced(as_array(op.evaluate(*inputs, **params)))
        return values[-1]

    def visited(self, x: Array, visitor: Visitor) -> Array:
        """The output at `x` when `visitor` sees, and may change, every operand and result."""
        values = self.inputs(x)
        for k, op, operands, params in self.steps:
            values[k] = applied(op, [values[i] for i in operands], params, visitor)
        return values[-1]


def _exponents(point: Array) -> Array:
    """The binary exponent of each entry that is very large or very small, 0 for others."""
    sizes = [math.frexp(entry)[1] if entry else 0 for entry in point.flat]
    return np.array([e if abs(e) > USUAL_EXPONENT else 0 for e in sizes], dtype=int)
