"""Parts of a case as cases of their own: what comes before a step, a step alone, a step between
smooth functions.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from ad_conformance.generators.ir.case_io import valid
from ad_conformance.generators.ir.evaluate import evaluate_steps, is_defined
from ad_conformance.generators.ir.operator import KINDS
from ad_conformance.generators.ir.program import INPUTS, Case, Program, Step, nested
from ad_conformance.generators.rewrite.program_builder import Draft, exact
from ad_conformance.generators.rewrite.single_step import varying

#: Functions of which neither of the first two derivatives is zero at the value that is taken away
#: from their argument, by names of their own. They have no primitive in common, so that an engine
#: that is wrong in one has another.
SMOOTH = ("exp", "log1p", "square")
#: What follows a value as it is, empty ones too, and gives it derivatives that vanish, that are
#: large, or none at all.
BARE = ("sin", "product", "product with 0", "product with 2**20", "empty slice")
#: What gives a value between two functions, 0 at 0, by the second of them; the next operand takes
#: the next.
CURVES = {"exp": ("expm1", "log1p"), "log1p": ("log1p", "expm1"), "square": ("sinh", "expm1")}


class _Draft(Draft):
    def followed(self, value_id: int, value: np.ndarray, follower: str) -> int:
        """One of SMOOTH or BARE applied to a value of the draft, entry by entry but for a slice."""
        value = exact(value, self.dtype)
        match follower:
            case "exp":
                return self.add("exp", self.add("subtract", value_id, self.constant(value)))
            case "log1p":
                return self.add("log1p", self.add("add", value_id, self.constant(-value)))
            case "square":
                return self.add(
                    "square",
                    self.add("add", value_id, self.constant(exact(1.0 - value, self.dtype))),
                )
            case "sin":
                return self.add("sin", value_id)
            case "product":
                return self.add("multiply", value_id, value_id)
            case "product with 0" | "product with 2**20":
                factor = 0.0 if follower.endswith(" 0") else 2.0**20
                return self.add("multiply", value_id, self.constant(np.array(factor)))
        return self.add("slice", value_id, axis=0, start=0, stop=0, step=1)


def modes_within(mode: str) -> list[str]:
    """All words that are left of a word where letters are taken out, shortest first, innermost
    letters first.

    An engine that is right in all of them is right at every lower order that goes into the
    derivative.
    """
    found: dict[str, None] = {}
    for length in range(1, len(mode) + 1):
        for letters in itertools.combinations(range(len(mode)), length):
            found.setdefault(mode[-length:])
            found.setdefault("".join(mode[i] for i in letters))
    return list(found)


@dataclass(frozen=True)
class Part:
    """A step asked apart: the case, and by which of the step's operands (places of values) it
    differentiates.
    """

    case: Case
    operands: tuple[int, ...]


class Parts:
    """The parts of a case, by the places of its values. `dead`: they keep the steps that their
    output does not need.
    """

    def __init__(self, case: Case, *, dead: bool = False) -> None:
        self.case = case
        self.dead = dead
        self.values = evaluate_steps(case.program, case.input)
        self._value_ids = (0, *case.program.arguments)
        self.depends = varying(case)

    @cached_property
    def steps(self) -> tuple[int, ...]:
        """The places of the results of operations, in order; constants and inputs are none."""
        return tuple(k for k, step in enumerate(self.case.program.steps, start=1) if step.operands)

    def step(self, k: int) -> Step:
        return self.case.program.steps[k - 1]

    def ancestors(self, k: int) -> frozenset[int]:
        """The places of the values that the one at place k is made of, its own among them."""
        return Program(self.case.program.steps[:k]).needed

    def path(self, start: int, k: int) -> tuple[int, ...]:
        """The places of the steps that depend on the value at place `start` and that the one at
        place k needs.
        """
        reached = {start}
        for j in range(start + 1, k + 1):
            if reached & set(self.step(j).operands):
                reached.add(j)
        return tuple(sorted(reached & self.ancestors(k) - {start}))

    def prefix(self, k: int, follower: str = "") -> Case | None:
        """The value at place k as the output, or what follows it there; at place 0 an input and
        nothing else.
        """
        if not k:
            draft = _Draft(self.case.dtype)
            draft.add("positive", self._inputs(draft))
            return self._question(
                draft, self.values[self._value_ids[self.case.inputs[0]]], self.case.mode
            )
        # All inputs first: `wrt` names them whether this output needs them or not.
        arguments = self.case.program.arguments
        others = [j for j in range(1, k + 1) if j not in arguments]
        value_id = {0: 0} | {j: n for n, j in enumerate((*arguments, *others), start=1)}
        draft = _Draft(
            self.case.dtype,
            tuple(
                replace(self.step(j), operands=tuple(value_id[i] for i in self.step(j).operands))
                for j in (*arguments, *others)
            ),
        )
        return self._followed(draft, value_id[k], self.values[k], follower)

    def control(self, k: int, follower: str) -> Case | None:
        """What follows the value at place k in `prefix`, without the steps before it: of the value
        as the input, with sin between for what is in BARE, since an engine may treat an input
        itself otherwise. A value without entries has one here.
        """
        value = (
            self.values[k]
            if self.values[k].size
            else np.ones([max(n, 1) for n in self.values[k].shape])
        )
        draft = _Draft(self.case.dtype)
        if follower == "empty slice":
            # Of the inputs of the case, since what comes back has their shape and nothing else.
            value_id = self._inputs(draft)
            if self.values[self._value_ids[self.case.inputs[0]]].ndim:
                value_id = draft.add("sum", value_id, axis=None, keepdims=False)
            value_id = draft.add("add", draft.add("sin", value_id), draft.constant(value))
            return self._followed(draft, value_id, value, follower)
        value_id = draft.shaped(0, value.shape)
        value_id = draft.add("sin", value_id) if follower in BARE else value_id
        return self._followed(
            draft, value_id, value, follower, _flat(exact(value, self.case.dtype))
        )

    def _inputs(self, draft: _Draft) -> int:
        """All inputs in an empty draft: the place of one that is differentiated by."""
        draft.steps += [self.step(a) for a in self.case.program.arguments]
        return self.case.inputs[0]

    def _followed(
        self,
        draft: _Draft,
        value_id: int,
        value: np.ndarray,
        follower: str,
        point: np.ndarray | None = None,
    ) -> Case | None:
        if follower == "empty slice":
            if not value.ndim or value.dtype == bool:
                return None
            draft.followed(value_id, value, follower)
            value = value[:0]
        elif follower:
            if not value.size and follower in SMOOTH:
                return None
            draft.followed(value_id, value, follower)
        return self._question(draft, value, self.case.mode, point)

    def frozen(self, k: int) -> Case | None:
        """The whole case with the value at place k a constant."""
        if self.values[k].dtype == bool or k == len(self.case.program.steps):
            return None
        steps = self.case.program.steps
        constant = Step(
            "constant", (), (("value", nested(exact(self.values[k], self.case.dtype))),)
        )
        return valid(replace(self.case, program=Program((*steps[: k - 1], constant, *steps[k:]))))

    def lively(self, case: Case) -> Case:
        """The case without the steps that its output does not need, if such go."""
        return case if self.dead else replace(case, program=case.program.pruned())

    def alone(self, k: int, mode: str) -> Iterator[Part]:
        """The step at place k as a program of its operands at their values: by each that varies,
        the others constant, then by several of them, an input each.
        """
        for i in self._varying(k):
            case = self._entered(i, (k,), mode)
            if case is not None:
                yield Part(case, (i,))
        several = [i for i in self._varying(k) if self.values[i].ndim < len(KINDS)][: len(INPUTS)]
        if self.case.operator != "jacobian" or self.case.warmup_point is not None:
            return
        for digits in itertools.product(range(len(several)), repeat=len(mode)):
            if len(set(digits)) == 1:
                continue
            draft = _Draft(self.case.dtype)
            value_id = {several[0]: 0}
            for i in several[1:]:
                value_id[i] = draft.add(
                    "argument", value=nested(exact(self.values[i], self.case.dtype))
                )
            self._apply(k, draft, value_id)
            wrt = "".join(map(str, digits))
            case = self._question(draft, self.values[k], mode, self._input(several[0]), wrt=wrt)
            if case is not None:
                yield Part(case, tuple(several[d] for d in sorted(set(digits))))

    def between(self, k: int, smooth: str) -> Iterator[tuple[Part, Case | None]]:
        """The step at place k after a smooth function that gives its operands, and followed by
        another; each with the same without the step.
        """
        varying = self._varying(k)
        alike = len({self.values[i].shape for i in varying}) == 1
        for operands in [
            *((i,) for i in varying),
            *([tuple(varying)] if alike and len(varying) > 1 else []),
        ]:
            first = self.values[operands[0]]
            point = np.zeros(_flat(first).shape)
            draft = _Draft(self.case.dtype)
            start = draft.shaped(0, first.shape)
            value_id = {
                i: draft.add("add", draft.constant(self.values[i]), draft.add(curve, start))
                for i, curve in zip(operands, itertools.cycle(CURVES[smooth]), strict=False)
            }
            without = _Draft(self.case.dtype, draft.program.steps)
            ends = [without.followed(value_id[i], self.values[i], smooth) for i in operands]
            if len(ends) > 1:
                without.add("concat", *ends, axis=0) if first.ndim else without.add(
                    "stack", *ends, axis=0
                )
            draft.followed(self._apply(k, draft, value_id), self.values[k], smooth)
            case = self._question(draft, self.values[k], self.case.mode, point)
            if case is not None:
                yield Part(case, operands), self._question(without, first, self.case.mode, point)

    def entered(self, start: int, k: int, smooth: str = "") -> Case | None:
        """The steps from the value at place `start`, as the input, to that at place k; what else
        they need is constant.
        """
        return (
            None
            if self.values[start].dtype == bool
            else self._entered(start, self.path(start, k), self.case.mode, smooth)
        )

    def _entered(
        self, start: int, steps: tuple[int, ...], mode: str, smooth: str = ""
    ) -> Case | None:
        draft = _Draft(self.case.dtype)
        value_id = {start: draft.shaped(0, self.values[start].shape)}
        for j in steps:
            value_id[j] = self._apply(j, draft, value_id)
        if smooth:
            draft.followed(value_id[steps[-1]], self.values[steps[-1]], smooth)
        return self._question(
            draft, self.values[steps[-1]], mode, self._input(start), self._warmup_point(start)
        )

    def _warmup_point(self, k: int) -> np.ndarray | None:
        """The value at the point at which the whole case is compiled, if there is one and it is
        defined there.
        """
        if self.case.warmup_point is None:
            return None
        point = np.asarray(self.case.warmup_point, dtype=float)
        if not is_defined(self.case.program, point):
            return None
        value = exact(evaluate_steps(self.case.program, point)[k], self.case.dtype)
        return value.reshape(self._input(k).shape) if value.shape == self.values[k].shape else None

    def _input(self, k: int) -> np.ndarray:
        """The value at place k as an input."""
        return _flat(exact(self.values[k], self.case.dtype))

    def _varying(self, k: int) -> list[int]:
        """The distinct operands of a step that depend on what is differentiated by, or all numbers
        if none does.
        """
        numbers = [i for i in dict.fromkeys(self.step(k).operands) if self.values[i].dtype != bool]
        return [i for i in numbers if self.depends[i]] or numbers

    def _apply(self, k: int, draft: _Draft, value_id: dict[int, int]) -> int:
        """The step at place k in the draft; operands that have no place there yet are constants."""
        step = self.step(k)
        for i in step.operands:
            if i not in value_id:
                value_id[i] = draft.constant(self.values[i])
        return draft.add(step.operation, *(value_id[i] for i in step.operands), **step.arguments)

    def _question(
        self,
        draft: _Draft,
        output: np.ndarray,
        mode: str,
        point: np.ndarray | None = None,
        warmup_point: np.ndarray | None = None,
        wrt: str = "",
    ) -> Case | None:
        """The program asked in the way of the whole case, so far as that can be asked of it, or
        None.

        `output` is shaped as its value; `point` None stands for the inputs of the whole case.
        """
        if output.dtype == bool or (point is not None and np.shape(nested(point)) != point.shape):
            # An array without entries does not tell its shape.
            return None
        case, shape = replace(self.case, mode=mode), output.shape
        if point is not None:
            case = replace(
                case,
                point=nested(point),
                wrt=wrt,
                warmup_point=None if warmup_point is None else nested(warmup_point),
            )
        if case.operator != "jacobian":
            if len(shape) >= len(KINDS) or KINDS[len(shape)] not in case.asked.targets:
                weighted = draft.add("multiply", len(draft.steps), draft.constant(_numbers(shape)))
                draft.add("sum", weighted, axis=None, keepdims=False)
                shape = ()
            if not case.asked.applies(mode, KINDS[case.input.ndim], KINDS[len(shape)]):
                case = replace(case, operator="jacobian", tangent=None, cotangent=None)
        if case.cotangent is not None and shape != np.shape(case.cotangent):
            case = replace(case, cotangent=nested(_numbers(shape)))
        if case.tangent is not None and np.shape(case.tangent) != case.input.shape:
            case = replace(case, tangent=nested(_numbers(case.input.shape)))
        case = self.lively(replace(case, program=draft.program))
        if case.warmup_point is not None and not is_defined(
            case.program, np.asarray(case.warmup_point, dtype=float)
        ):
            return None
        return valid(case)


def _flat(value: np.ndarray) -> np.ndarray:
    """The value as an input can have it: with two axes at most."""
    return value.reshape(-1) if value.ndim >= len(KINDS) else value


def _numbers(shape: tuple[int, ...]) -> np.ndarray:
    """Numbers that differ from entry to entry, in sign as well."""
    size = math.prod(shape)
    return np.asarray((1.0 + np.arange(size) / 8) * (-1.0) ** np.arange(size)).reshape(shape)
