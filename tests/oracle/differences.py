"""Derivatives by central differences of 640-bit numbers, and their comparison with `certify`.

The step is 2**-110, so that the truncation error is some 2**-220 of the derivatives of higher
order, and the rounding error some 2**-300 of the values at third order. Where several smooth
functions meet, all points are on one side, so that a jump does no harm: they are around another
point, which is 2**-100 away in a random direction.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import numpy as np
from ad_conformance.conformance.reference import certify as reference
from ad_conformance.conformance.reference.certify import Truth
from ad_conformance.generators.ir.program import Case
from flint import arb

from tests.oracle import (
    arrays,
    batches,
    complex_and_loops,
    distributions,
    layers,
    linear,
    matrices,
    numbers,
    special,
)
from tests.oracle.numbers import Array, exact, mp

OPERATIONS: Mapping[str, Callable[..., Array]] = {
    **numbers.OPERATIONS,
    **arrays.OPERATIONS,
    **matrices.OPERATIONS,
    **layers.OPERATIONS,
    **complex_and_loops.OPERATIONS,
    **special.OPERATIONS,
    **distributions.OPERATIONS,
    **batches.OPERATIONS,
    **linear.OPERATIONS,
}
STEP = mp.mpf(2) ** -110
#: How far the other point is away.
ASIDE = mp.mpf(2) ** -100
#: The number of entries that are compared one by one.
JUDGED = 6
#: The error of the differences relative to the largest derivative: `SLACK` where one function is
#: smooth around the point, `MET` where several meet, so that the truncation error is some ASIDE.
SLACK, MET = mp.mpf(2) ** -160, mp.mpf(2) ** -90


def evaluate(
    case: Case, inputs: Mapping[int, Array], at_point: list[Array] | None = None
) -> list[Array]:
    """All values of the program; `inputs` has the values of inputs by their number.

    An entry that is not defined, such as log(-h) beside log(0), keeps its value at the point. If it
    has any effect on the output, its derivative is found to be wrong.
    """
    program = case.program.pruned()
    numbered = {k: i for i, k in enumerate((0, *program.arguments))}
    values = [exact(inputs[0])]
    for k, step in enumerate(program.steps, start=1):
        if k in numbered:
            values.append(exact(inputs[numbered[k]]))
        else:
            operands = [values[i] for i in step.operands]
            value = exact(OPERATIONS[step.operation](*operands, **step.arguments))
            if at_point is not None and value.dtype != bool:
                undefined = np.asarray(np.frompyfunc(mp.isnan, 1, 1)(value), dtype=bool)
                value = np.where(undefined, at_point[k], value)
            values.append(value)
    return values


def random_direction(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """A direction that is far from every coordinate plane."""
    return np.asarray(rng.choice([-1.0, 1.0], shape) * rng.uniform(0.5, 1.5, shape))


def _inputs(case: Case) -> dict[int, Array]:
    steps = [s for s in case.program.steps if s.operation == "argument"]
    further = {i: exact(s.arguments["value"]) for i, s in enumerate(steps, start=1)}
    return {0: exact(case.input), **further}


def directional(case: Case, directions: list[Array], *, side: int | None = None) -> Array:
    """The mixed derivative along one direction for each letter of the mode, the innermost first.
    With `side`, the seed of a random direction, it is that of the function on one side.
    """
    at = _inputs(case)
    here = evaluate(case, at)
    if side is not None:
        rng = np.random.default_rng(side)
        for i in sorted(set(case.inputs)):
            at[i] = at[i] + exact(random_direction(rng, at[i].shape)) * ASIDE
    total: Any = 0
    for signs in itertools.product((1, -1), repeat=case.order):
        moved = dict(at)
        for sign, i, direction in zip(signs, case.inputs, directions, strict=True):
            moved[i] = moved[i] + direction * (sign * STEP)
        total = total + evaluate(case, moved, here)[-1] * math.prod(signs)
    return np.asarray(total / (2 * STEP) ** case.order, dtype=object)


@dataclass(frozen=True)
class Certified:
    """A truth with its balls, which are not rounded to float64."""

    truth: Truth
    balls: Array


def certified(case: Case) -> Certified:
    """What `certify` returns, and the balls that it makes value and radius from."""
    made: list[Array] = []
    answer = reference._Question.answer

    def kept(question: Any, tensor: Array) -> Array:
        made.append(answer(question, tensor))
        return made[-1]

    with patch.object(reference._Question, "answer", kept):
        truth = reference.certify(case)
    if truth.kind != "certified":
        return Certified(truth, np.empty(0, dtype=object))
    assert truth.value is not None
    balls = made[-1] if made else np.full(truth.value.shape, arb(0), dtype=object)
    for value, ball in zip(truth.value.flat, balls.flat, strict=True):
        assert value == float(ball.mid()), "the value is not the rounded centre"
    return Certified(truth, balls)


def of_arb(x: arb) -> Any:
    """An exact ball as a number."""
    mantissa, exponent = x.man_exp()
    return mp.mpf(int(mantissa)) * mp.mpf(2) ** int(exponent)


def _contracted(found: Certified, directions: list[Array]) -> tuple[Array, Array]:
    """Centres and radii along directions that take the place of the last axis groups."""
    centre = np.asarray(np.frompyfunc(lambda z: of_arb(z.mid()), 1, 1)(found.balls), dtype=object)
    radius = exact(found.truth.radius)
    for direction in reversed(directions):
        n = direction.ndim
        if n:
            axes = (range(centre.ndim - n, centre.ndim), range(n))
            centre = np.tensordot(centre, direction, axes=axes)
            radius = np.tensordot(radius, abs(direction), axes=axes)
        else:
            centre, radius = centre * direction, radius * abs(direction)
    return exact(centre), exact(radius)


def excess(case: Case, found: Certified, seed: int = 0) -> float:
    """The largest distance of the differences from the centres / (radius + slack), at most 1 if the
    truth is right.

    They are compared along random directions, one for each letter that the operator leaves. If
    some entries are conventions, a few of the others are compared, one by one.
    """
    if found.truth.judged is not None:
        return _excess_by_entry(case, found, seed)
    rng = np.random.default_rng(seed)
    asked, at = case.asked, _inputs(case)
    along = [
        exact(case.tangent) if k < asked.along else exact(random_direction(rng, at[i].shape))
        for k, i in enumerate(case.inputs)
    ]
    wanted = directional(case, along, side=seed if found.truth.pieces else None)
    if asked.seed == "cotangent":
        weights = exact(case.cotangent).reshape(-1)
        wanted = exact(
            sum((w * z for w, z in zip(weights, wanted.reshape(-1), strict=True)), mp.mpf(0))
        )
    centre, radius = _contracted(found, along[asked.along :])
    assert centre.shape == wanted.shape, f"shapes {centre.shape} and {wanted.shape}: {case.json}"
    if not wanted.size:
        return 0.0
    return _largest(found.truth, centre, wanted, radius)


def _largest(truth: Truth, centre: Array, wanted: Array, radius: Array) -> float:
    slack = MET if truth.pieces else SLACK
    scale = max(mp.mpf(1), *(abs(z) for z in wanted.reshape(-1)))
    ratios = [
        abs(a - b) / (r + slack * scale)
        for a, b, r in zip(centre.flat, wanted.flat, radius.flat, strict=True)
    ]
    return math.inf if any(mp.isnan(z) for z in ratios) else float(max(ratios))


def _excess_by_entry(case: Case, found: Certified, seed: int) -> float:
    """The same for a few of the entries that are judged."""
    asked, at = case.asked, _inputs(case)
    judged = np.argwhere(np.asarray(found.truth.judged))
    chosen = np.random.default_rng(seed).permutation(len(judged))[:JUDGED]
    ratios = [0.0]
    for index in (tuple(judged[k].tolist()) for k in chosen):
        along = [exact(case.tangent) for _ in range(asked.along)]
        rest = list(index)
        # The axes of the innermost letter are the first after those of the output.
        outputs = len(index) - sum(at[i].ndim for i in case.inputs[asked.along :])
        output, rest = tuple(rest[:outputs]), rest[outputs:]
        for i in case.inputs[asked.along :]:
            unit = exact(np.zeros(at[i].shape))
            unit[tuple(rest[: at[i].ndim])], rest = mp.mpf(1), rest[at[i].ndim :]
            along.append(unit)
        wanted = directional(case, along, side=seed)
        if asked.seed == "cotangent":
            weighed = zip(exact(case.cotangent).flat, wanted.flat, strict=True)
            value = sum((w * z for w, z in weighed if w != 0), mp.mpf(0))
        else:
            value = wanted[output]
        ball = of_arb(found.balls[index].mid())
        radius = exact(found.truth.radius)[index]
        ratios.append(_largest(found.truth, exact([ball]), exact([value]), exact([radius])))
    return max(ratios)
