"""The tolerance: how far rounding may move each entry of the answer of an honest engine.

The derivative is computed again for a few perturbed copies of the program (perturbation.py), by
forward differences. For directions d_1, ..., d_k and a step h,

    f(d_1, ..., d_k) = h**-k sum over subsets S of (-1)**(k - |S|) f(x + h sum of S) + O(h).

Different entries share these points. The difference to the certified derivative, scaled from the
size of the perturbations to the rounding unit of the dtype, is the spread.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np
from ad_conformance.conformance.reference.evaluator import Evaluator
from ad_conformance.conformance.reference.perturbation import Array, Noise, Perturbed, Recorder
from ad_conformance.conformance.reference.stencils import Blocks
from ad_conformance.generators.arithmetic.balls import Branches, Decision, following, to_balls
from ad_conformance.generators.arithmetic.numpy_ops import as_array
from flint import arb, ctx

#: The tolerance is the effect of errors of SPREAD rounding units in all operations, plus FLOOR
#: rounding units of the entry.
SPREAD, FLOOR = 64.0, 256.0
EPSILON = {"float64": 2.0**-53, "float32": 2.0**-24}
#: The relative size of small perturbations, as a power of two. Their effects are linear.
LOG_NOISE = -70
#: The number of copies with small perturbations. One more has errors of SPREAD rounding units,
#: whose effects of second order count.
COPIES = 2
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
        self.steps = {n: to_balls(tangent).reshape(-1)} if tangent is not None else {}
        recorder = Recorder()
        with following(Branches(script=script)):
            evaluate.visited(self.x, recorder)
        self.seen = recorder.seen

    def derivatives(
        self, wanted: Iterable[Directions], copy: int, size: float
    ) -> dict[Directions, Array]:
        """The wanted derivatives of a copy: for each an array of balls, one per output entry.

        Derivatives along directions on which the output does not depend are left out.
        """
        noise = Noise(copy, size, self.order, self.seen)
        here = self._at((), noise)
        differences: dict[Directions, Array] = {(): here}
        for d in sorted({d for directions in wanted for d in directions}):
            there = self._at((d,), noise)
            if any(a != b for a, b in zip(here, there, strict=True)):
                differences[d,] = there
        wanted = [w for w in wanted if all((d,) in differences for d in w)]
        needed = {
            part
            for directions in wanted
            for count in range(len(directions) + 1)
            for part in itertools.combinations(directions, count)
        }
        for part in sorted(needed - differences.keys(), key=len):
            differences[part] = self._at(part, noise)
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
            part: as_array(differences[part] / arb(2) ** (self.log_h * len(part)))
            for part in wanted
        }

    def _at(self, directions: Directions, noise: Noise) -> Array:
        h = arb(2) ** self.log_h
        x = self.x.copy()
        flat = x.reshape(-1)
        for d in directions:
            if d in self.steps:
                flat += self.steps[d] * h
            else:
                flat[d] = flat[d] + h
        with following(Branches(script=self.script)):
            return self.evaluate.visited(x, Perturbed(noise)).reshape(-1)


def tolerances(copies: Copies, tensor: Array, blocks: Blocks, dtype: str) -> Array:
    """The tolerance of each entry of `tensor`, the certified derivative: an axis of outputs, then
    one axis for each block of directions.
    """
    kept = ctx.prec
    ctx.prec = 224 - LOG_NOISE - len(blocks) * copies.log_h
    try:
        index = {
            i: tuple(sorted(block[j] for block, j in zip(blocks, i, strict=True)))
            for i in np.ndindex(*map(len, blocks))
        }
        wanted = sorted(set(index.values()))

        def error(copy: int, size: float) -> Array:
            """The effects of the perturbations, relative to their size."""
            found = copies.derivatives(wanted, copy, size)
            out = np.zeros(tensor.shape)
            for i, directions in index.items():
                if directions in found:
                    difference = (found[directions] - tensor[(slice(None), *i)]) / size
                    out[(slice(None), *i)] = [abs(float(z.mid())) for z in difference]
            return out

        unit = EPSILON[dtype]
        sizes = [2.0**LOG_NOISE] * COPIES + [SPREAD * unit]
        spread = np.max([error(copy, size) for copy, size in enumerate(sizes)], axis=0)
        value = np.abs(np.array([float(z.mid()) for z in tensor.flat]).reshape(tensor.shape))
        return np.asarray(SPREAD * unit * spread + FLOOR * unit * value + TINY[dtype])
    finally:
        ctx.prec = kept
