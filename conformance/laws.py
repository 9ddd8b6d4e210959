"""Laws that relate the answers of one engine to each other, without a certified derivative.

Each function returns the largest violation of a law / the tolerance for it. The law holds if the
ratio is at most 1. The tolerances are those of the compared cases (`Truth.tolerance`); the value of
the certified derivative is not used. A fault that is the same in all modes and all compositions
satisfies all laws, so the laws cannot replace certified derivatives.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from ad_conformance.conformance.reference.certify import Truth
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.program import Case, Program, Step, nested

Array = np.ndarray


@dataclass(frozen=True)
class Answered:
    """An answer and its tolerance, both of shape output.shape + order * input.shape."""

    case: Case
    value: Array
    tolerance: Array

    @classmethod
    def of(cls, case: Case, value: Array, truth: Truth) -> Answered:
        """Raises ValueError if there is no tolerance, if it differs from the answer in shape, or if
        an entry is a convention.
        """
        if truth.tolerance is None or truth.tolerance.shape != value.shape:
            raise ValueError(
                f"case {case.id}: a tolerance of the answer's shape {value.shape} is required"
            )
        if truth.judged is not None:
            raise ValueError(f"case {case.id}: not every entry is certified")
        return cls(case, value, truth.tolerance)

    def tensors(self) -> tuple[Array, Array]:
        """Value and tolerance with one axis for the output and one axis for each derivative."""
        n, order = self.case.input.size, self.case.order
        shape = (math.prod(self.value.shape[: self.value.ndim - order * self.case.input.ndim]),) + (
            n,
        ) * order
        return self.value.reshape(shape), self.tolerance.reshape(shape)


def _ratio(difference: Array, allowed: Array) -> float:
    """The largest difference / tolerance; NaN, which is not at most 1, if any entry is NaN."""
    return float(np.max(np.abs(difference) / allowed, initial=0.0))


def symmetry(answer: Answered) -> float:
    """Schwarz: a derivative does not depend on the order of its variables."""
    value, tolerance = answer.tensors()
    worst = [0.0]
    for axes in itertools.permutations(range(1, value.ndim)):
        worst.append(
            _ratio(value - value.transpose(0, *axes), tolerance + tolerance.transpose(0, *axes))
        )
    return float(np.max(worst))


def agreement(answers: Iterable[Answered]) -> float:
    """All modes of one order give the same derivative."""
    pairs = itertools.combinations(answers, 2)
    return float(
        np.max([0.0, *(_ratio(a.value - b.value, a.tolerance + b.tolerance) for a, b in pairs)])
    )


def duality(pushed: Answered, pulled: Answered) -> float:
    """<J v, w> = <v, J^T w> for a pushforward J v and a pullback w^T J of first order.

    Engines compute these products without the Jacobian, so `agreement` of Jacobians does not imply
    this law.
    """
    v, w = np.asarray(pushed.case.tangent), np.asarray(pulled.case.cotangent)
    left, right = w * pushed.value, v * pulled.value
    allowed = np.sum(np.abs(w) * pushed.tolerance) + np.sum(np.abs(v) * pulled.tolerance)
    # The sums of products are rounded.
    rounding = 2.0**-52 * (np.sum(np.abs(left)) * left.size + np.sum(np.abs(right)) * right.size)
    return _ratio(
        np.sum(left) - np.sum(right), np.asarray(allowed + rounding + np.finfo(float).tiny)
    )


def splits(case: Case) -> Iterator[tuple[Case, Case]]:
    """Pairs of an inner and an outer case that compose to the case, with the same mode.

    There is a pair for each value through which alone the output depends on the input. The outer
    case is asked at this value.
    """
    program = case.program.pruned()
    values = evaluate_steps(program, case.input)
    depends = [True]
    for step in program.steps:
        depends.append(any(depends[i] for i in step.operands))
    for k in range(1, len(program.steps)):
        rest = program.steps[k:]
        free = {i for step in rest for i in step.operands if i < k}
        if (
            any(depends[i] for i in free)
            or not depends[k]
            or values[k].dtype == bool
            or not values[k].size
            # A value that nothing selects may be infinite, but a case cannot be asked there.
            or not np.all(np.isfinite(values[k]))
        ):
            continue
        # Constants of the first part that the second part uses are copied in front of it.
        needed = sorted(_closure(program, free))
        place = {k: 0} | {
            old: new
            for new, old in enumerate((*needed, *range(k + 1, len(program.steps) + 1)), start=1)
        }
        steps = [program.steps[i - 1] for i in needed] + list(rest)
        outer = Program(
            tuple(Step(s.operation, tuple(place[i] for i in s.operands), s.params) for s in steps)
        )
        inner = Program(program.steps[:k]).pruned()
        yield Case(inner, case.point, case.mode), Case(outer, nested(values[k]), case.mode)


def _closure(program: Program, places: Iterable[int]) -> set[int]:
    found, pending = set(), list(places)
    while pending:
        i = pending.pop()
        if i and i not in found:
            found.add(i)
            pending.extend(program.steps[i - 1].operands)
    return found


def chain(whole: Answered, inner: Sequence[Answered], outer: Sequence[Answered]) -> float:
    """The chain rule: the derivative of a composition from those of its parts.

    `inner` and `outer` are answers of order 1, 2, ... up to the order of `whole`. The formula is
    Faa di Bruno's for several variables, a sum over the partitions of the set of axes (M. Hardy,
    "Combinatorics of partial derivatives", 2006).
    """
    value, tolerance = whole.tensors()
    g, f = [a.tensors() for a in inner], [a.tensors() for a in outer]
    composed = _composed([v for v, _ in f], [v for v, _ in g])
    sizes = _composed([np.abs(v) for v, _ in f], [np.abs(v) for v, _ in g])
    larger = _composed([np.abs(v) + a for v, a in f], [np.abs(v) + a for v, a in g])
    # Each part may be off by its tolerance, and the sums of products are rounded.
    rounding = 2.0**-52 * 4 * (1 + max(len(g[0][0]), 1)) * larger
    return _ratio(value - composed, tolerance + (larger - sizes) + rounding)


def _composed(f: Sequence[Array], g: Sequence[Array]) -> Array:
    order = len(g)
    total: Array = np.zeros((f[0].shape[0],) + (g[0].shape[1],) * order)
    for blocks in _partitions(tuple(range(1, order + 1))):
        term = f[len(blocks) - 1]
        operands: list[object] = [term, [0, *range(order + 1, order + 1 + len(blocks))]]
        for place, block in enumerate(blocks, start=order + 1):
            operands += [g[len(block) - 1], [place, *block]]
        total = total + np.einsum(*operands, range(order + 1))  # type: ignore[call-overload]
    return total


def _partitions(items: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], ...]]:
    """All partitions of the items into blocks."""
    if not items:
        yield ()
        return
    first, rest = items[0], items[1:]
    for size in range(len(rest) + 1):
        for others in itertools.combinations(rest, size):
            left = tuple(i for i in rest if i not in others)
            for partition in _partitions(left):
                yield ((first, *others), *partition)
