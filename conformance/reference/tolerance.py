"""The tolerance: how far rounding may move each entry of the answer of an honest engine.

The derivative is computed again for a few perturbed copies of the program (perturbation.py), by
forward differences. For directions d_1, ..., d_k and a step h,

    f(d_1, ..., d_k) = h**-k sum over subsets S of (-1)**(k - |S|) f(x + h sum of S) + O(h).

Different entries share these points. The difference to the certified derivative, scaled from the
size of the perturbations to the rounding unit of the dtype, is the spread.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable

import numpy as np
from ad_conformance.conformance.reference.dtype_range import MANTISSA
from ad_conformance.conformance.reference.evaluator import Evaluator
from ad_conformance.conformance.reference.perturbation import Known, Noise, Perturbed
from ad_conformance.conformance.reference.stencils import Blocks
from ad_conformance.conformance.reference.visitors import Array, Recorder, Rounded
from ad_conformance.generators.arithmetic.balls import Branches, Decision, following, to_balls
from ad_conformance.generators.arithmetic.numpy_ops import as_array
from flint import arb, ctx

#: The tolerance is the effect of errors of SPREAD rounding units in all operations, plus FLOOR
#: rounding units of the entry.
SPREAD, FLOOR = 64.0, 256.0
EPSILON = {"float64": 2.0**-53, "float32": 2.0**-24}
#: The relative size of small perturbations, as a power of two. Their effects are linear.
LOG_NOISE = -70
#: The numbers of copies with small perturbations, and with errors of SPREAD rounding units, whose
#: effects of second order count.
SMALL_COPIES, LARGE_COPIES = 1, 2
#: Large copies for an answer that is off by little more than the tolerance: three copies show less
#: than a hundredth of the effect of rounding in about one entry of a million.
MANY_COPIES = 15
#: Engines may replace numbers below this by zero.
TINY = {"float64": 1e-290, "float32": 1e-34}
#: The step of the differences, relative to the radius of the polydisc, as a power of two.
LOG_STEP = -96

#: The directions of one derivative, in ascending order. A direction is the index of a coordinate,
#: or the number of coordinates, which stands for the tangent.
Directions = tuple[int, ...]


class Copies:
    """Perturbed copies of a program along one smooth selection."""

    def __init__(
        self,
        evaluate: Evaluator,
        script: tuple[Decision, ...],
        log_radius: int,
        order: int,
        tangent: Array | None,
    ) -> None:
        self.evaluate, self.script, self.order = evaluate, script, order
        self.log_h = log_radius + LOG_STEP
        self.x = to_balls(evaluate.point)
        n = evaluate.point.size
        #: The binary exponents of the units of all directions.
        self.exponents = [int(e) for e in evaluate.exponents]
        self.steps = {}
        if tangent is not None:
            # In its unit, the tangent moves no entry by more than its own unit.
            least = min(self.exponents)
            self.steps[n] = to_balls(np.ldexp(tangent, least - evaluate.exponents).reshape(-1))
            self.exponents.append(least)
        recorder = Recorder()
        with following(Branches(script=script)):
            evaluate.visited(self.x, recorder)
        self.seen = recorder.seen
        self.known = Known()
        #: The directions on which the output depends; None: not known yet, or all.
        self.active: set[int] | None = None

    def derivatives(
        self, wanted: Iterable[Directions], copy: int, size: float, bits: int
    ) -> dict[Directions, Array]:
        """The wanted derivatives of a copy: for each an array of balls, one per output entry. The
        dtype holds numbers of `bits` bits.

        Derivatives along directions on which the output does not depend are left out.
        """
        noise = Noise(copy, size, self.order, self.seen, self.known, bits)
        wanted = [w for w in wanted if self._active(noise).issuperset(w)]
        needed = {
            part
            for directions in wanted
            for count in range(len(directions) + 1)
            for part in itertools.combinations(directions, count)
        }
        differences = {d: self._output(self._moved(self.x, d), noise) for d in sorted(needed)}
        # In place, one direction after another, the highest multiplicity first.
        for d in {d for part in needed for d in part}:
            affected = sorted((p for p in needed if d in p), key=lambda p: -p.count(d))
            for repetition in range(1, self.order + 1):
                for part in affected:
                    if part.count(d) >= repetition:
                        i = part.index(d)
                        lower = part[:i] + part[i + 1 :]
                        differences[part] = differences[part] - differences[lower]
        return {
            part: as_array(
                differences[part] / arb(2) ** sum(self.log_h + self.exponents[d] for d in part)
            )
            for part in wanted
        }

    def _active(self, noise: Noise) -> set[int]:
        """The directions on which the output depends."""
        every = {*range(self.evaluate.point.size), *self.steps}
        if self.active is None and self.order > 1 and len(every) > 1:
            # Beside the point, where no factor is zero by chance.
            beside = self.x.copy()
            beside.reshape(-1)[:] += [k * arb(2) ** self.log_h for k in range(1, beside.size + 1)]
            here = self._output(beside, noise)
            self.active = {
                d
                for d in every
                if any(
                    not b.is_finite() or a != b
                    for a, b in zip(
                        here, self._output(self._moved(beside, (d,)), noise), strict=True
                    )
                )
            }
        return every if self.active is None else self.active

    def _moved(self, x: Array, directions: Directions) -> Array:
        """x, moved by one step along each of the directions."""
        h = arb(2) ** self.log_h
        x = x.copy()
        flat = x.reshape(-1)
        for d in directions:
            if d in self.steps:
                flat += self.steps[d] * h
            else:
                flat[d] = flat[d] + h
        return x

    def _output(self, x: Array, noise: Noise) -> Array:
        with following(Branches(script=self.script)):
            return self.evaluate.visited(x, Perturbed(noise)).reshape(-1)


def leaves_domain(evaluate: Evaluator, script: tuple[Decision, ...], dtype: str) -> bool:
    """Whether rounding may move a value on the way to a point where an operation is not defined,
    such as log(x + sqrt(x * x + 1)) for large negative x. An honest engine may then have NaN.
    """
    rounded = Rounded(MANTISSA[dtype], round(math.log2(SPREAD * EPSILON[dtype])))
    with following(Branches(script=script)):
        output = evaluate.visited(to_balls(evaluate.point), rounded)
    return not all(z.is_finite() for z in output.flat)


def tolerances(
    copies: Copies, tensor: Array, blocks: Blocks, dtype: str, count: int = LARGE_COPIES
) -> Array:
    """The tolerance of each entry of `tensor`, the certified derivative: an axis of outputs, then
    one axis for each block of directions. `count` is the number of large copies.
    """
    kept = ctx.prec
    log_unit = int(np.max(np.abs(copies.evaluate.exponents)))
    ctx.prec = 224 - LOG_NOISE - len(blocks) * (copies.log_h - log_unit)
    try:
        index = {
            i: tuple(sorted(block[j] for block, j in zip(blocks, i, strict=True)))
            for i in np.ndindex(*map(len, blocks))
        }
        wanted = sorted(set(index.values()))

        def error(copy: int, size: float) -> Array:
            """The effects of the perturbations, relative to their size."""
            found = copies.derivatives(wanted, copy, size, MANTISSA[dtype])
            out = np.zeros(tensor.shape)
            for i, directions in index.items():
                if directions in found:
                    difference = (found[directions] - tensor[(slice(None), *i)]) / size
                    out[(slice(None), *i)] = [abs(float(z.mid())) for z in difference]
            return out

        unit = EPSILON[dtype]
        sizes = [2.0**LOG_NOISE] * SMALL_COPIES + [SPREAD * unit] * count
        spread = np.max([error(copy, size) for copy, size in enumerate(sizes)], axis=0)
        value = np.abs(np.array([float(z.mid()) for z in tensor.flat]).reshape(tensor.shape))
        tolerance = SPREAD * unit * spread + FLOOR * unit * value + TINY[dtype]
        # Zero has no relative error. Rules of several operations in one leave rounding errors of
        # the size of what they compute together with it: the derivatives of the same output.
        largest = np.max(value.reshape(len(value), -1), axis=1, initial=0.0)
        beside = FLOOR * unit * largest.reshape(-1, *(1,) * len(blocks))
        return np.asarray(np.where(value <= tolerance, np.maximum(tolerance, beside), tolerance))
    finally:
        ctx.prec = kept
