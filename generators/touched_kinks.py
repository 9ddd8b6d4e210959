"""Kinks that a case touches and does not cross: the values that a step compares are equal at the
point, and one of them is the larger one on both sides. And how much of a derivative differs on both
sides of kinks that it crosses.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.program import Case, MalformedCase, Program, Step, nested

Array = np.ndarray


def _to_corners(corners: Sequence[float | str]) -> Callable[..., Sequence[Array]]:
    """The differences of an operand to numbers and parameters."""

    def gaps(a: Array, **params: Any) -> Sequence[Array]:
        named = {**params, **{f"-{name}": -value for name, value in params.items()}}
        return [a - (named[c] if isinstance(c, str) else c) for c in corners]

    return gaps


def _met_entries(x: Array, v: Array, *, indices: Sequence[int], axis: int) -> list[Array]:
    """The differences of the entries that an extremum at indices compares."""
    rows, parts = np.moveaxis(x, axis, 0), np.moveaxis(v, axis, 0)
    found = [rows[i] - part for i, part in zip(indices, parts, strict=True)]
    pairs = itertools.combinations(zip(indices, parts, strict=True), 2)
    found += [a - b for (i, a), (j, b) in pairs if i % len(rows) == j % len(rows)]
    return found


def _pairwise(operands: Sequence[Array], initial: float | None) -> list[Array]:
    """The differences of all entries of the operands, and of `initial`."""
    more = [] if initial is None else [np.array([initial])]
    entries = np.concatenate([*(v.reshape(-1) for v in operands), *more])
    return [entries.reshape(-1, 1) - entries]


#: The comparisons of an operation as differences that change sign, of its operands and parameters.
_GAPS: Mapping[str, Callable[..., Sequence[Array]]] = {
    **{
        name: _to_corners(row.operands.arguments[1])
        for name, row in CATALOGUE.items()
        if row.operands.name == "cornered" and len(row.operands.arguments) > 1
    },
    **dict.fromkeys(
        ("abs", "fabs", "copysign", "copysign_number", "sign", "prelu", "prelu_channels"),
        lambda a, *_, **__: [a],
    ),
    **dict.fromkeys(
        ("maximum", "minimum", "fmax", "fmin", "clamp_min_array", "clamp_max_array"),
        lambda a, b: [a - b],
    ),
    "clip": lambda a, *, min, max: [a - min, a - max],
    "clamp": lambda a, low, high: [a - low, a - high],
    **dict.fromkeys(("index_max", "index_min"), _met_entries),
    "sparse_sigmoid": lambda a: [a - 1.0, a + 1.0],
    "hinge_embedding_loss": lambda a, *, margin, **_: [margin - a],
    "margin_ranking_loss": lambda a, b, *, labels, margin, **_: [
        margin - np.reshape(labels, a.shape) * (a - b)
    ],
    **dict.fromkeys(
        ("max", "min", "cumulative_max", "cumulative_min", "ptp", "sort", "median", "quantile"),
        lambda a, **_: [a.reshape(-1, 1) - a.reshape(-1)],
    ),
    # Reductions of the entries of one operand, or of two that are scattered, and of a parameter.
    **dict.fromkeys(
        (
            *("max_axes", "min_axes", "max_from_end", "min_from_end", "max_where", "min_where"),
            *("segment_max", "segment_min", "top_k_along"),
            *("scatter_reduce_max", "scatter_reduce_min", "index_reduce_max", "index_reduce_min"),
        ),
        lambda *ops, initial=None, **_: _pairwise(ops, initial),
    ),
}
#: How far and how often values are looked at beside the point to see whether a kink is crossed.
_BESIDE, _LOOKS = 2.0**-10, 4


def touched(case: Case, values: Sequence[Array]) -> set[int]:
    """The value ids of steps that touch a kink at the point without crossing it, like abs(x**2) at
    zero.
    """
    suspects = {}
    for k, step in enumerate(case.program.steps, start=1):
        if gaps := _GAPS.get(step.operation):
            found = gaps(*(values[i] for i in step.operands), **step.arguments)
            if any(np.any(gap == 0) for gap in found):
                suspects[k] = (gaps, found)
    if not suspects:
        return set()
    rng = np.random.default_rng(0)
    signs: dict[int, list[list[Array]]] = {k: [] for k in suspects}
    for _ in range(_LOOKS):
        there = evaluate_steps(*_beside(case, rng))
        for k, (gaps, _found) in suspects.items():
            step = case.program.steps[k - 1]
            signs[k].append(
                [np.sign(g) for g in gaps(*(there[i] for i in step.operands), **step.arguments)]
            )
    return {
        k
        for k, (_gaps, found) in suspects.items()
        for i, gap in enumerate(found)
        if np.any((gap == 0) & (np.abs(sum(seen[i] for seen in signs[k])) == _LOOKS))
    }


def ties(program: Program, point: Array) -> list[int]:
    """The value ids of steps that compare values which are equal at the point."""
    values = evaluate_steps(program, point)
    found = []
    for k, step in enumerate(program.steps, start=1):
        operands = [values[i] for i in step.operands]
        if step.operation in ("less", "greater", "less_equal", "greater_equal"):
            tied = bool(np.any(np.subtract(*operands) == 0))
        elif gaps := _GAPS.get(step.operation):
            found_gaps = gaps(*operands, **step.arguments)
            tied = any(np.sum(gap == 0) > _with_itself(gap, operands) for gap in found_gaps)
        else:
            continue
        if tied:
            found.append(k)
    return found


def _with_itself(gap: Array, operands: Sequence[Array]) -> int:
    """How many zeros of a table of differences are those of an entry and itself."""
    n = sum(operand.size for operand in operands)
    pairs = gap.ndim == 2 and gap.shape[0] == gap.shape[1] and gap.shape[0] in (n, n + 1)
    return gap.shape[0] if pairs and not np.any(np.diagonal(gap)) else 0


#: Steps from the point to both sides, and the least difference of derivatives that counts.
_STEPS, _DIFFERENCE = (2.0**-10, 2.0**-12), 2.0**-8
#: What the numbers of entries are divided by.
_SPREAD = 64


def share_crossed(case: Case) -> float:
    """An estimate of the share of the derivative's entries that differ on both sides of the point.

    It looks along each coordinate: an entry may differ if one of its coordinates crosses a kink of
    its output. Zero if no step compares equal values, or a value at a side is not defined.
    """
    with np.errstate(all="ignore"):
        if not ties(case.program.pruned(), case.input):
            return 0.0
    found = []
    try:
        for i in sorted(set(case.inputs)):
            shape = _inputs_of(case)[i].shape
            for index in np.ndindex(shape):
                direction = np.zeros(shape)
                direction[index] = 1.0
                found.append(_differs(case, {i: direction}))
    except MalformedCase:
        return 0.0
    if not found:
        return 0.0
    crossed = np.stack([np.ravel(one) for one in found])
    asked = case.asked
    # An entry with a seed is a sum over the outputs, or over the coordinates.
    if asked.seed == "cotangent":
        crossed = np.any(crossed & (np.ravel(case.cotangent) != 0), axis=1, keepdims=True)
    smooth = (1 - np.mean(crossed, axis=0)) ** (case.order - asked.along)
    if asked.seed == "tangent":
        smooth = smooth * ~np.any(crossed[np.ravel(case.tangent) != 0], axis=0)
    return float(np.mean(1 - smooth)) if smooth.size else 0.0


def _differs(case: Case, direction: Mapping[int, Array]) -> Array:
    """For each output, whether a derivative along the direction, of an order up to that of the
    case, differs on both sides: whatever the step is, by as much or more.
    """
    apart = []
    with np.errstate(all="ignore"):
        for h in _STEPS:
            sides = [_one_sided(case, direction, sign * h) for sign in (1.0, -1.0)]
            apart.append([np.abs(a - b) for a, b in zip(*sides, strict=True)])
        differ = [(near > far / 2) & (near > _DIFFERENCE) for far, near in zip(*apart, strict=True)]
    return np.asarray(np.any(differ, axis=0))


def _one_sided(case: Case, direction: Mapping[int, Array], h: float) -> list[Array]:
    """Estimates of the derivatives of order 1 and higher, at points on one side."""
    values = []
    for k in range(1, case.order + 2):
        program, point = _with_inputs(
            case,
            {i: np.asarray(v + k * h * direction.get(i, 0.0)) for i, v in _inputs_of(case).items()},
        )
        values.append(evaluate_steps(program, point)[-1].astype(float))
    found = []
    for _ in range(case.order):
        values = [(b - a) / h for a, b in itertools.pairwise(values)]
        found.append(values[0])
    return found


def seems_flat(case: Case) -> bool:
    """Whether the derivative of the order of the case seems to be zero beside the point, along one
    direction of the inputs that it is by. False if the program is not defined there.
    """
    direction = {
        i: 1.0 + _numbered(_inputs_of(case)[i], 7 * i) / _SPREAD for i in sorted(set(case.inputs))
    }
    try:
        with np.errstate(all="ignore"):
            highest = _one_sided(case, direction, _STEPS[0])[-1]
    except MalformedCase:
        return False
    return bool(np.all(np.abs(highest) <= _DIFFERENCE))


def moved(case: Case, step: float) -> Case:
    """The case at a point nearby, where each entry of all inputs is moved by another distance of
    one to two steps.
    """
    inputs, before = {}, 0
    for i, value in _inputs_of(case).items():
        inputs[i] = np.asarray(value + step * (1.0 + _numbered(value, before) / _SPREAD))
        before += value.size
    program, point = _with_inputs(case, inputs)
    return replace(case, program=program, point=nested(point))


def _numbered(value: Array, start: int) -> Array:
    """Numbers from 0 to 60 for the entries, such that few sums of them are equal."""
    numbers = start + np.arange(value.size).reshape(value.shape)
    return numbers * numbers % 61


def _inputs_of(case: Case) -> dict[int, Array]:
    """The inputs by their numbers."""
    steps = [s for s in case.program.steps if s.operation == "argument"]
    further = (np.asarray(s.arguments["value"], dtype=float) for s in steps)
    return dict(enumerate((case.input, *further)))


def _with_inputs(case: Case, inputs: Mapping[int, Array]) -> tuple[Program, Array]:
    """The program and the input with these values of all inputs."""
    numbers = itertools.count(1)
    steps = tuple(
        Step("argument", s.operands, (("value", nested(inputs[next(numbers)])),))
        if s.operation == "argument"
        else s
        for s in case.program.steps
    )
    return Program(steps), inputs[0]


def _beside(case: Case, rng: np.random.Generator) -> tuple[Program, Array]:
    """The program and the input of a case at a random point close by."""

    def around(value: Array) -> Array:
        return np.asarray(value + _BESIDE * rng.uniform(-1, 1, value.shape))

    inputs = _inputs_of(case)
    # The input is drawn after the others.
    order = [*list(inputs)[1:], 0]
    return _with_inputs(case, {i: around(inputs[i]) for i in order})
