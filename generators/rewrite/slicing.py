"""Parts of the program of a case, as separate cases.

`Slicer` makes two kinds. Some are asked as the whole case is asked: with its operator, dtype and
warmup_point, as far as these apply. `prefix` makes an earlier value the output, `alone` and
`between` ask one step, `entered` asks the steps from one value to another, and `frozen` makes one
value a constant. Others are plain: the full derivative of one step with respect to one input
(`plain_alone`, `plain_steps`). Plain cases make findings of different programs comparable.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from ad_conformance.generators.ir.case_io import valid
from ad_conformance.generators.ir.evaluate import evaluate_steps, is_defined
from ad_conformance.generators.ir.operator import KINDS
from ad_conformance.generators.ir.program import INPUTS, Case, MalformedCase, Program, Step, nested
from ad_conformance.generators.rewrite.program_builder import (
    BARE,
    CURVES,
    SMOOTH,
    ProgramBuilder,
    exact,
)
from ad_conformance.generators.rewrite.variants import varying, weights


@dataclass(frozen=True)
class Part:
    """A step as a separate case. `operands` are the value_ids of the step's operands by which the
    case differentiates.
    """

    case: Case
    operands: tuple[int, ...]


class Slicer:
    """Makes partial programs of a case. Values are named by value_id, steps by the value_id of
    their result.

    With `dead`, partial programs keep the steps that their output does not need.
    """

    def __init__(self, case: Case, *, dead: bool = False) -> None:
        self.case = case
        self.dead = dead
        self.values = evaluate_steps(case.program, case.input)
        self.depends = varying(case)
        self._input_ids = (0, *case.program.arguments)

    @cached_property
    def steps(self) -> tuple[int, ...]:
        """The value_ids of results of operations, in order. Constants and inputs are none."""
        return tuple(k for k, step in enumerate(self.case.program.steps, start=1) if step.operands)

    def step(self, k: int) -> Step:
        return self.case.program.steps[k - 1]

    def ancestors(self, k: int) -> frozenset[int]:
        """The value_ids that value k is computed from, its own among them."""
        return Program(self.case.program.steps[:k]).needed

    def path(self, start: int, k: int) -> tuple[int, ...]:
        """The steps that depend on value `start` and that value k needs."""
        reached = {start}
        for j in range(start + 1, k + 1):
            if reached & set(self.step(j).operands):
                reached.add(j)
        return tuple(sorted(reached & self.ancestors(k) - {start}))

    def without_unused(self, case: Case) -> Case:
        """The case without steps that its output does not need, unless `dead` keeps them."""
        return case if self.dead else replace(case, program=case.program.pruned())

    def prefix(self, k: int, follower: str = "") -> Case | None:
        """Value k as the output, or a function of it. For k = 0, an input and nothing else."""
        if not k:
            builder = ProgramBuilder(self.case.dtype)
            builder.add("positive", self._inputs(builder))
            return self._question(
                builder, self.values[self._input_ids[self.case.inputs[0]]], self.case.mode
            )
        # All inputs first: `wrt` counts them, whether this output needs them or not.
        arguments = self.case.program.arguments
        kept = (*arguments, *(j for j in range(1, k + 1) if j not in arguments))
        value_ids = {0: 0} | {j: n for n, j in enumerate(kept, start=1)}
        steps = tuple(
            replace(self.step(j), operands=tuple(value_ids[i] for i in self.step(j).operands))
            for j in kept
        )
        builder = ProgramBuilder(self.case.dtype, steps)
        return self._followed(builder, value_ids[k], self.values[k], follower)

    def control(self, k: int, follower: str) -> Case | None:
        """What `prefix` puts after value k, without the steps before it: value k is the input.

        Before one of BARE comes sin, since an engine may treat an input itself in another way. A
        value without entries has one entry here.
        """
        value = self.values[k]
        if not value.size:
            value = np.ones([max(n, 1) for n in value.shape])
        builder = ProgramBuilder(self.case.dtype)
        if follower == "empty slice":
            # By the inputs of the case: only their shape determines the answer.
            value_id = self._inputs(builder)
            if self.values[self._input_ids[self.case.inputs[0]]].ndim:
                value_id = builder.add("sum", value_id, axis=None, keepdims=False)
            value_id = builder.add("add", builder.add("sin", value_id), builder.constant(value))
            return self._followed(builder, value_id, value, follower)
        value_id = builder.shaped(0, value.shape)
        value_id = builder.add("sin", value_id) if follower in BARE else value_id
        point = _flat(exact(value, self.case.dtype))
        return self._followed(builder, value_id, value, follower, point)

    def _inputs(self, builder: ProgramBuilder) -> int:
        """Add all inputs to an empty program. Returns one by which the case differentiates."""
        builder.steps += [self.step(a) for a in self.case.program.arguments]
        return self.case.inputs[0]

    def _followed(
        self,
        builder: ProgramBuilder,
        value_id: int,
        value: np.ndarray,
        follower: str,
        point: np.ndarray | None = None,
    ) -> Case | None:
        if follower == "empty slice" and (not value.ndim or value.dtype == bool):
            return None
        if follower in SMOOTH and not value.size:
            return None
        if follower:
            builder.followed(value_id, value, follower)
        if follower == "empty slice":
            value = value[:0]
        return self._question(builder, value, self.case.mode, point)

    def frozen(self, k: int) -> Case | None:
        """The whole case with value k a constant, or None if k is the output or no number."""
        if self.values[k].dtype == bool or k == len(self.case.program.steps):
            return None
        steps = self.case.program.steps
        value = nested(exact(self.values[k], self.case.dtype))
        constant = Step("constant", (), (("value", value),))
        return valid(replace(self.case, program=Program((*steps[: k - 1], constant, *steps[k:]))))

    def alone(self, k: int, mode: str) -> Iterator[Part]:
        """Step k as a program of its operands at their values.

        First by each operand that varies, while the others are constants. Then by several of them,
        each of them an input.
        """
        for i in self._differentiable(k):
            case = self._entered(i, (k,), mode)
            if case is not None:
                yield Part(case, (i,))
        if self.case.operator != "jacobian" or self.case.warmup_point is not None:
            return
        flat = [i for i in self._differentiable(k) if self.values[i].ndim < len(KINDS)]
        several = flat[: len(INPUTS)]
        for digits in itertools.product(range(len(several)), repeat=len(mode)):
            if len(set(digits)) == 1:
                continue
            builder = ProgramBuilder(self.case.dtype)
            value_ids = {several[0]: 0}
            for i in several[1:]:
                value = nested(exact(self.values[i], self.case.dtype))
                value_ids[i] = builder.add("argument", value=value)
            self._apply(k, builder, value_ids)
            wrt = "".join(map(str, digits))
            case = self._question(builder, self.values[k], mode, self._input(several[0]), wrt=wrt)
            if case is not None:
                yield Part(case, tuple(several[d] for d in sorted(set(digits))))

    def between(self, k: int, smooth: str) -> Iterator[tuple[Part, Case | None]]:
        """Step k after smooth functions that give its operands, and followed by another one; and
        the same without the step, as a control.
        """
        varying_ids = self._differentiable(k)
        groups: list[tuple[int, ...]] = [(i,) for i in varying_ids]
        if len(varying_ids) > 1 and len({self.values[i].shape for i in varying_ids}) == 1:
            groups.append(varying_ids)
        for operands in groups:
            first = self.values[operands[0]]
            point = np.zeros(_flat(first).shape)
            builder = ProgramBuilder(self.case.dtype)
            start = builder.shaped(0, first.shape)
            value_ids = {
                i: builder.add("add", builder.constant(self.values[i]), builder.add(curve, start))
                for i, curve in zip(operands, itertools.cycle(CURVES[smooth]), strict=False)
            }
            control = ProgramBuilder(self.case.dtype, tuple(builder.steps))
            ends = [control.followed(value_ids[i], self.values[i], smooth) for i in operands]
            if len(ends) > 1:
                control.add("concat" if first.ndim else "stack", *ends, axis=0)
            builder.followed(self._apply(k, builder, value_ids), self.values[k], smooth)
            case = self._question(builder, self.values[k], self.case.mode, point)
            if case is not None:
                yield (
                    Part(case, operands),
                    self._question(control, first, self.case.mode, point),
                )

    def entered(self, start: int, k: int) -> Case | None:
        """The steps from value `start`, which is the input, to value k. Other values that they need
        are constants.
        """
        if self.values[start].dtype == bool:
            return None
        return self._entered(start, self.path(start, k), self.case.mode)

    def _entered(self, start: int, steps: tuple[int, ...], mode: str) -> Case | None:
        builder = ProgramBuilder(self.case.dtype)
        value_ids = {start: builder.shaped(0, self.values[start].shape)}
        for j in steps:
            value_ids[j] = self._apply(j, builder, value_ids)
        point, warmup_point = self._input(start), self._warmup_point(start)
        return self._question(builder, self.values[steps[-1]], mode, point, warmup_point)

    def plain_steps(
        self, *, curved: bool = False, together: bool = False, tied: bool = False
    ) -> Iterator[tuple[int, Case]]:
        """Every step alone as a plain case, the last step first, with its value_id.

        There is one case for each operand that varies, or one for several operands `together`.
        """
        for k in range(len(self.case.program.steps), 0, -1):
            operands = self._entering(k)
            if together and len(operands) < 2:
                continue
            for inputs in [operands] if together else [(i,) for i in operands]:
                if (case := self.plain_alone(k, inputs, curved=curved, tied=tied)) is not None:
                    yield k, case

    def plain_alone(
        self, k: int, inputs: tuple[int, ...], *, curved: bool = False, tied: bool = False
    ) -> Case | None:
        """Step k as a full derivative by the values `inputs`, in one vector if there are several.
        Its other operands are constants.

        With `curved`, functions with a second derivative stand before and after the step: some
        rules are wrong only if a cotangent varies. With `tied`, equal numbers are one entry of the
        input, so that a maximum of them is smooth. None if the step cannot be asked alone, or if
        `tied` and no numbers are equal.
        """
        result = self.values[k]
        used = (result, *(self.values[i] for i in self.case.program.steps[k - 1].operands))
        # Alone, every entry is part of the output. No input or constant is infinite or NaN.
        if result.dtype == bool or not all(bool(np.all(np.isfinite(v))) for v in used):
            return None
        builder = ProgramBuilder(self.case.dtype)
        entering = self._one_input(builder, inputs, tied)
        if entering is None:
            return None
        point, value_ids = entering
        if curved:
            value_ids = {i: builder.curved(v, self.values[i]) for i, v in value_ids.items()}
        output = self._apply(k, builder, value_ids)
        if curved:
            output = builder.curved(output, result)
        if result.ndim >= len(KINDS):
            builder.add("reshape", output, shape=(result.size,))
        plain = Case(builder.program, nested(point), self.case.mode)
        kept = {name: getattr(self.case, name) for name in ("dtype", "names", "wrappers")}
        return replace(plain, **kept)

    def surroundings(self, k: int, *, tied: bool = False) -> Case | None:
        """What `plain_alone` puts around step k, `curved` and by all its operands together, without
        the step: a control.
        """
        line = list(self.case.program.steps[: k - 1])
        flat = []
        for i in self._entering(k):
            line.append(Step("reshape", (i,), (("shape", (self.values[i].size,)),)))
            flat.append(len(line))
        line.append(Step("concat", tuple(flat), (("axis", 0),)))
        try:
            slicer = Slicer(replace(self.case, program=Program(tuple(line))))
        except MalformedCase:
            # Together the operands have more entries than a value may have.
            return None
        return slicer.plain_alone(len(line), tuple(flat), curved=True, tied=tied)

    def _one_input(
        self, builder: ProgramBuilder, inputs: tuple[int, ...], tied: bool
    ) -> tuple[np.ndarray, dict[int, int]] | None:
        """The point that gives the values `inputs`, and their value_ids in the program."""
        parts = [exact(self.values[i], self.case.dtype) for i in inputs]
        if len(parts) == 1 and parts[0].ndim < len(KINDS) and not tied:
            return parts[0], {inputs[0]: 0}
        point, whole = np.concatenate([part.reshape(-1) for part in parts]), 0
        if tied:
            point, indices = np.unique(point, return_inverse=True)
            if point.size == indices.size:
                return None
            whole = builder.add("take", 0, indices=tuple(indices.tolist()), axis=0)
        value_ids, start = {}, 0
        for i, part in zip(inputs, parts, strict=True):
            stop, piece = start + part.size, whole
            if len(parts) > 1:
                piece = builder.add("slice", whole, axis=0, start=start, stop=stop, step=1)
            if part.ndim != 1:
                piece = builder.add("reshape", piece, shape=part.shape)
            value_ids[i], start = piece, stop
        return point, value_ids

    def _entering(self, k: int) -> tuple[int, ...]:
        """The operands of step k that vary and are numbers, each once."""
        numbers = (i for i in self.step(k).operands if self.values[i].dtype != bool)
        return tuple(i for i in dict.fromkeys(numbers) if self.depends[i])

    def _differentiable(self, k: int) -> tuple[int, ...]:
        """As `_entering`, but all operands that are numbers if none of them varies."""
        numbers = (i for i in self.step(k).operands if self.values[i].dtype != bool)
        return self._entering(k) or tuple(dict.fromkeys(numbers))

    def _apply(self, k: int, builder: ProgramBuilder, value_ids: dict[int, int]) -> int:
        """Add step k. Operands that `value_ids` lacks become constants, and are put there."""
        step = self.step(k)
        for i in step.operands:
            if i not in value_ids:
                value_ids[i] = builder.constant(self.values[i])
        return builder.add(step.operation, *(value_ids[i] for i in step.operands), **step.arguments)

    def _input(self, k: int) -> np.ndarray:
        """Value k as an input."""
        return _flat(exact(self.values[k], self.case.dtype))

    def _warmup_point(self, k: int) -> np.ndarray | None:
        """Value k at the warmup_point of the whole case, if there is one and the program is defined
        there.
        """
        if self.case.warmup_point is None:
            return None
        point = np.asarray(self.case.warmup_point, dtype=float)
        if not is_defined(self.case.program, point):
            return None
        value = exact(evaluate_steps(self.case.program, point)[k], self.case.dtype)
        return value.reshape(self._input(k).shape) if value.shape == self.values[k].shape else None

    def _question(
        self,
        builder: ProgramBuilder,
        output: np.ndarray,
        mode: str,
        point: np.ndarray | None = None,
        warmup_point: np.ndarray | None = None,
        wrt: str = "",
    ) -> Case | None:
        """A case with this program, or None.

        It has the operator, dtype and warmup_point of the whole case as far as they apply. `output`
        has the shape of the program's value. Without `point`, the inputs are those of the whole
        case.
        """
        if output.dtype == bool or (point is not None and np.shape(nested(point)) != point.shape):
            # Nested tuples without entries do not say what shape they have.
            return None
        case, shape = replace(self.case, mode=mode), output.shape
        if point is not None:
            warmup = None if warmup_point is None else nested(warmup_point)
            case = replace(case, point=nested(point), wrt=wrt, warmup_point=warmup)
        if case.operator != "jacobian":
            if len(shape) >= len(KINDS) or KINDS[len(shape)] not in case.asked.targets:
                factors = builder.constant(weights(shape))
                weighted = builder.add("multiply", len(builder.steps) - 1, factors)
                builder.add("sum", weighted, axis=None, keepdims=False)
                shape = ()
            if not case.asked.applies(mode, KINDS[case.input.ndim], KINDS[len(shape)]):
                case = replace(case, operator="jacobian", tangent=None, cotangent=None)
        if case.cotangent is not None and shape != np.shape(case.cotangent):
            case = replace(case, cotangent=nested(weights(shape)))
        if case.tangent is not None and np.shape(case.tangent) != case.input.shape:
            case = replace(case, tangent=nested(weights(case.input.shape)))
        case = self.without_unused(replace(case, program=builder.program))
        if case.warmup_point is not None and not is_defined(
            case.program, np.asarray(case.warmup_point, dtype=float)
        ):
            return None
        return valid(case)


def _flat(value: np.ndarray) -> np.ndarray:
    """The value as an input can have it: with two axes at most."""
    return value.reshape(-1) if value.ndim >= len(KINDS) else value
