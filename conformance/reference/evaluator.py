"""Programs on balls: at a point, on a complex neighbourhood, and with every rounding that an engine
may commit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from ad_conformance.generators.arithmetic.balls import to_balls
from ad_conformance.generators.arithmetic.numpy_ops import as_array
from ad_conformance.generators.catalogue import CATALOGUE, NAMESPACE
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.program import Program
from flint import acb, arb

Array = np.ndarray


def _coerce(value: Array) -> Array:
    # NumPy's sum of an empty axis, and the zeros of diag and tril, are Python integers, which have
    # no ball methods.
    if value.dtype == bool or all(type(entry) in (arb, acb) for entry in value.flat):
        return value if value.dtype in (bool, object) else value.astype(object)
    out = np.empty(value.shape, dtype=object)
    for index, entry in np.ndenumerate(value):
        out[index] = entry if type(entry) in (arb, acb) else arb(float(entry))
    return out


class Evaluator:
    """One program prepared for many evaluations near one point.

    `varied` are the places of the inputs that vary: 0, and those of `argument` steps. With any but
    (0,) the program is a function of one vector, their entries one after the other, and `point` is
    that vector.
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
        self.rows = [
            (k, CATALOGUE[step.operation], step.operands, step.arguments)
            for k, step in enumerate(program.steps, start=1)
            if k not in self.constants and k not in varied
        ]
        #: Largest magnitude of a value or anything it was made from: the scale of what rounding can
        #: do to it.
        self.scales = [_largest(point)]
        self.depends = program.depending(varied)
        #: Size of the terms that each result was added up from.
        self.sizes = [0.0]
        for k, step in enumerate(program.steps, start=1):
            own = _largest(self.values[k])
            self.scales.append(max([own, *(self.scales[i] for i in step.operands)]))
            row, own_values = CATALOGUE[step.operation], [self.values[i] for i in step.operands]
            self.sizes.append(
                0.0
                if self.values[k].dtype == bool
                else row.size_of_terms(own_values, self.values[k])
            )

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values[-1].shape

    def _inputs(self, x: Array) -> list[Array]:
        """Values with the constants and the inputs in their places."""
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
        """The output at `x`, an object array of balls; comparisons follow the branches in force."""
        values = self._inputs(x)
        for k, row, operands, params in self.rows:
            inputs = [values[i] for i in operands]
            values[k] = _coerce(as_array(row.evaluate(*inputs, **params)))
        return values[-1]

    @cached_property
    def _inside(self) -> dict[int, tuple[Callable[..., Any], list[Kept]]]:
        """The definitions of derived steps that depend on the input, each with the calls that it is
        made of.
        """
        found = {}
        for k, row, operands, params in self.rows:
            if row.definition is not None and row.enclosed is None and self.depends[k]:
                calls = Calls()
                with np.errstate(all="ignore"):
                    row.definition(calls, *(self.values[i] for i in operands), **params)
                found[k] = (row.definition, calls.kept)
        return found

    def perturbed(self, x: Array, noise: Noise) -> Array:
        """The output at `x` when every use of an operand and every result is off by `noise`."""
        values = self._inputs(x)
        for k, row, operands, params in self.rows:
            inputs = [
                noise.operand(k, slot, values[i], self.values[i]) if self.depends[i] else values[i]
                for slot, i in enumerate(operands)
            ]
            if k in self._inside:
                definition, calls = self._inside[k]
                value = _coerce(as_array(definition(Calls(noise, k, calls), *inputs, **params)))
            else:
                value = _coerce(as_array(row.evaluate(*inputs, **params)))
            if self.depends[k] and value.dtype == object:
                moved = [(values[i], self.values[i]) for i in operands if self.depends[i]]
                value = noise.result(k, value, self.sizes[k], moved, row.elementwise)
            values[k] = value
        return values[-1]


@lru_cache(maxsize=2**14)
def _drawn(seed: tuple[int, ...], shape: tuple[int, ...], size: float) -> Array:
    rng = np.random.default_rng(seed)
    return to_balls(
        np.asarray(rng.choice([-1.0, 1.0], shape) * rng.uniform(0.5, 1.0, shape) * size)
    )


class Noise:
    """Smooth perturbations of a relative size, drawn once per step and then the same at every
    evaluation.

    An operand v near v0, of scale S = max|v0|, becomes v + size S (c0 + c1 u + c2 u**2 + ...) with
    u = (v - v0)/S and random c: an error in the value and in each of its derivatives, as rounding
    in a derivative program is. A result is moved by a polynomial of its operands instead of itself,
    since where a function has levelled off its own deviation is nothing while the rounding of its
    derivative (1 - tanh**2) is not; and at the size of the terms that were added up, since these
    may cancel to nothing (a singular determinant) while their rounding stays.
    """

    def __init__(self, seed: int, degree: int, size: float) -> None:
        self.seed = seed
        self.degree = degree
        self.size = size

    def _coefficients(self, k: int, slot: int, shape: tuple[int, ...]) -> Array:
        return _drawn((self.seed, k, slot + 64), (self.degree + 1, *shape), self.size)

    @staticmethod
    def _polynomial(coefficients: Array, u: Any) -> Array:
        total = as_array(coefficients[-1])
        for c in coefficients[-2::-1]:
            total = as_array(c + u * total)
        return total

    def operand(self, k: int, slot: int, value: Array, at: Array) -> Array:
        if value.dtype != object or value.size == 0 or not np.all(np.isfinite(at)):
            return value
        scale = _scale(at)
        u = (value - at) / scale
        return as_array(
            value + scale * self._polynomial(self._coefficients(k, slot, value.shape), u)
        )

    def result(
        self,
        k: int,
        value: Array,
        size: float,
        moved: Sequence[tuple[Array, Array]],
        elementwise: bool,
        slot: int = -16,
    ) -> Array:
        if value.size == 0:
            return value
        u: Any = arb(0)
        for place, (operand, operand_at) in enumerate(moved, start=slot + 1):
            if operand.dtype != object or operand.size == 0:
                continue
            weights = as_array(self._coefficients(k, place, operand.shape)[0])
            # What is infinite beside the point, such as a root of zero, may be left out of the
            # result.
            entries = zip(weights.flat, operand.flat, operand_at.flat, strict=True)
            moves = [
                w * (z - at) if z.is_finite() and math.isfinite(at) else arb(0)
                for w, z, at in entries
            ]
            # A sum may cancel by chance, and its third power vanish.
            moved_by: Any = (
                as_array(moves).reshape(operand.shape) if elementwise else sum(moves, arb(0))
            )
            u = u + moved_by / (self.size * min(_scale(operand_at[np.isfinite(operand_at)]), 1.0))
        return as_array(
            value + (size or 1.0) * self._polynomial(self._coefficients(k, slot, value.shape), u)
        )


@dataclass(frozen=True)
class Kept:
    """One call of a definition at the point itself: its operands, and the size of the terms of its
    result.
    """

    operands: list[Array]
    size: float


class Calls:
    """The catalogue's functions as a definition calls them: each call is kept, or is off by
    `noise`.

    An engine rounds within a derived operation as it does between operations, and there terms may
    be far larger than the result. `kept` are the calls at the point itself, about which the noise
    is.
    """

    def __init__(
        self, noise: Noise | None = None, k: int = 0, kept: list[Kept] | None = None
    ) -> None:
        self.noise, self.k = noise, k
        self.kept = kept or []
        self.count = 0

    def __getattr__(self, name: str) -> Callable[..., Array]:
        function = getattr(NAMESPACE, name)

        def called(*operands: Any, **params: Any) -> Array:
            listed = len(operands) == 1 and isinstance(operands[0], list)
            given = [as_array(v) for v in (operands[0] if listed else operands)]
            if self.noise is None:
                result = as_array(
                    function(given, **params) if listed else function(*given, **params)
                )
                size = 0.0 if result.dtype == bool else CATALOGUE[name].size_of_terms(given, result)
                self.kept.append(Kept(given, size))
                return result
            own, slot = self.kept[self.count], 128 + 32 * self.count
            self.count += 1
            pairs = list(zip(given, own.operands, strict=True))
            off = [self.noise.operand(self.k, slot + j, v, at) for j, (v, at) in enumerate(pairs)]
            result = _coerce(
                as_array(function(off, **params) if listed else function(*off, **params))
            )
            if result.dtype != object or not math.isfinite(own.size):
                return result
            return self.noise.result(
                self.k, result, own.size, pairs, CATALOGUE[name].elementwise, slot + 16
            )

        return called


def _largest(value: Array) -> float:
    return float(np.max(np.abs(value), initial=0.0)) if value.dtype != bool else 0.0


def _scale(value: Array) -> float:
    """The size of an array's entries; 1 where all are zero and so have no scale of their own."""
    return _largest(value) or 1.0
