"""Programs on balls: at a point, on a complex neighbourhood, and with perturbations."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from ad_conformance.conformance.reference.perturbation import (
    Array,
    Calls,
    Kept,
    Noise,
    coerced,
    largest,
)
from ad_conformance.generators.arithmetic.balls import to_balls
from ad_conformance.generators.arithmetic.numpy_ops import as_array
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.program import Program


class Evaluator:
    """One program prepared for many evaluations near one point.

    `varied` are the value ids of the inputs that vary: 0, and those of `argument` steps. If it is
    not (0,), the program is a function of one vector, which holds the entries of all varied inputs,
    and `point` is that vector.
    """

    def __init__(self, program: Program, point: Array, varied: tuple[int, ...] = (0,)) -> None:
        self.program = program
        self.values = evaluate_steps(program, point)
        self.varied = varied
        self.point = (
            point
            if varied == (0,)
            else np.concatenate([self.values[k].reshape(-1) for k in varied])
        )
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
        #: For each value the largest magnitude of it and of all values it was made from: rounding
        #: errors are relative to this.
        # Entries that are infinite or NaN count as zero: the output does not depend on them.
        sized = [_finite(value) for value in self.values]
        self.scales = [largest(point)]
        self.depends = program.depending(varied)
        #: For each value the size of the terms that were added up in it.
        self.sizes = [0.0]
        for k, step in enumerate(program.steps, start=1):
            own = largest(sized[k])
            self.scales.append(max([own, *(self.scales[i] for i in step.operands)]))
            op, operands = CATALOGUE[step.operation], [sized[i] for i in step.operands]
            self.sizes.append(
                0.0 if self.values[k].dtype == bool else op.size_of_terms(operands, sized[k])
            )

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values[-1].shape

    def _inputs(self, x: Array) -> list[Array]:
        """The list of values with constants and inputs filled in."""
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
        values = self._inputs(x)
        for k, op, operands, params in self.steps:
            inputs = [values[i] for i in operands]
            values[k] = coerced(as_array(op.evaluate(*inputs, **params)))
        return values[-1]

    @cached_property
    def _inside(self) -> dict[int, tuple[Callable[..., Any], list[Kept]]]:
        """The definitions of derived steps that depend on the input, each with the calls that it
        makes.
        """
        found = {}
        for k, op, operands, params in self.steps:
            if op.definition is not None and self.depends[k]:
                calls = Calls()
                with np.errstate(all="ignore"):
                    op.definition(calls, *(self.values[i] for i in operands), **params)
                found[k] = (op.definition, calls.kept)
        return found

    def perturbed(self, x: Array, noise: Noise) -> Array:
        """The output at `x` when `noise` perturbs every use of an operand and every result."""
        values = self._inputs(x)
        for k, op, operands, params in self.steps:
            inputs = [
                noise.operand(k, slot, values[i], self.values[i]) if self.depends[i] else values[i]
                for slot, i in enumerate(operands)
            ]
            if k in self._inside:
                definition, calls = self._inside[k]
                value = coerced(as_array(definition(Calls(noise, k, calls), *inputs, **params)))
            else:
                value = coerced(as_array(op.evaluate(*inputs, **params)))
            if self.depends[k] and value.dtype == object:
                moved = [(values[i], self.values[i]) for i in operands if self.depends[i]]
                value = noise.result(k, value, self.sizes[k], moved, op.elementwise)
            values[k] = value
        return values[-1]


def _finite(value: Array) -> Array:
    """The value, with zeros in place of entries that are infinite or NaN."""
    if value.dtype == bool or np.all(np.isfinite(value)):
        return value
    return np.where(np.isfinite(value), value, 0.0)
