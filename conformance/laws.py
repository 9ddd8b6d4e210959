"""Laws that the answers of an engine must keep among themselves, whatever the truth is.

Each returns by how much it is broken, in units of what rounding may do to the answers that it
compares: up to 1 it is kept. What rounding may do is the allowance that was measured for each case
(`Truth.allowance`); the truth itself does not enter. A fault that is the same in every word and
every composition keeps all of these laws: they add to the truth, and do not stand in for it.
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
    """An answer, of shape output.shape + order * input.shape, with what rounding may do to it, of
    the same shape.
    """

    case: Case
    value: Array
    tolerance: Array

    @classmethod
    def of(cls, case: Case, value: Array, truth: Truth) -> Answered:
        """Raises ValueError where there is no allowance, or one of another shape than the answer."""
        if truth.tolerance is None or truth.tolerance.shape != value.shape:
            raise ValueError(
                f"case {case.id}: a certified truth of the answer's shape {value.shape} is needed"
            )
        return cls(case, value, truth.tolerance)

    def tensors(self) -> tuple[Array, Array]:
        """Value and allowance with the output flattened to one axis, and each input to one."""
        n, order = self.case.input.size, self.case.order
        shape = (math.prod(self.value.shape[: self.value.ndim - order * self.case.input.ndim]),) + (
            n,
        ) * order
        return self.value.reshape(shape), self.tolerance.reshape(shape)


def _units(difference: Array, allowed: Array) -> float:
    """The largest difference over what is allowed; NaN, which is not at most 1, where there is one."""
    return float(np.max(np.abs(difference) / allowed, initial=0.0))


def symmetry(answer: Answered) -> float:
    """Derivatives of one order do not depend on the order of the variables (Schwarz), for all axes
    of the answer.
    """
    value, tolerance = answer.tensors()
    worst = [0.0]
    for axes in itertools.permutations(range(1, value.ndim)):
        worst.append(
            _units(value - value.transpose(0, *axes), tolerance + tolerance.transpose(0, *axes))
        )
    return float(np.max(worst))


def agreement(answers: Iterable[Answered]) -> float:
    """Every mode word of one order gives the same derivative."""
    pairs = itertools.combinations(answers, 2)
    return float(
        np.max([0.0, *(_units(a.value - b.value, a.tolerance + b.tolerance) for a, b in pairs)])
    )


def duality(forward: Answered, reverse: Answered, seed: int = 0) -> float:
    """<J v, w> = <v, J^T w> for random v and w: J v from the forward answer, J^T w from the reverse
    one.
    """
    (j, one), (k, two) = forward.tensors(), reverse.tensors()
    rng = np.random.default_rng(seed)
    v, w = rng.standard_normal(j.shape[1]), rng.standard_normal(j.shape[0])
    allowed = np.abs(w) @ (one + two) @ np.abs(v)
    return _units((j @ v) @ w - v @ (k.T @ w), allowed) if j.size else 0.0


def splits(case: Case) -> Iterator[tuple[Case, Case]]:
    """The case as an outer program after an inner one, in every place where one value alone carries
    the rest.

    The words are those of the case. The inner case comes first; the outer one is asked at its
    value.
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
        ):
            continue
        # Constants of the first part that the second needs are made again in front of it.
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
    """The derivative of a composition is made of those of its parts, of order 1 up to that of the
    whole.

    Faa di Bruno's formula for several variables, as a sum over the partitions of the set of axes
    (M. Hardy, "Combinatorics of partial derivatives", 2006).
    """
    value, tolerance = whole.tensors()
    g, f = [a.tensors() for a in inner], [a.tensors() for a in outer]
    composed = _composed([v for v, _ in f], [v for v, _ in g])
    sizes = _composed([np.abs(v) for v, _ in f], [np.abs(v) for v, _ in g])
    larger = _composed([np.abs(v) + a for v, a in f], [np.abs(v) + a for v, a in g])
    # Each part may be off by its allowance, and the sums of their products round.
    rounding = 2.0**-52 * 4 * (1 + max(len(g[0][0]), 1)) * larger
    return _units(value - composed, tolerance + (larger - sizes) + rounding)


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
    """Every way to put the items into blocks."""
    if not items:
        yield ()
        return
    first, rest = items[0], items[1:]
    for size in range(len(rest) + 1):
        for others in itertools.combinations(rest, size):
            left = tuple(i for i in rest if i not in others)
            for partition in _partitions(left):
                yield ((first, *others), *partition)
