"""Kinks that a case touches and does not cross: the values that a step compares are equal at the
point, and one of them is the larger one on both sides.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.program import Case, Program, Step, nested

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


def _beside(case: Case, rng: np.random.Generator) -> tuple[Program, Array]:
    """The program and the input of a case at a random point close by."""

    def moved(value: Any) -> Array:
        array = np.asarray(value, dtype=float)
        return np.asarray(array + _BESIDE * rng.uniform(-1, 1, array.shape))

    steps = tuple(
        Step(s.operation, s.operands, (("value", nested(moved(s.arguments["value"]))),))
        if s.operation == "argument"
        else s
        for s in case.program.steps
    )
    return Program(steps), moved(case.input)
