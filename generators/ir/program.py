"""Programs and cases: frozen records with a canonical JSON text, named by a hash of that text."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
from ad_conformance.generators.ir.file_keys import file_key
from ad_conformance.generators.ir.nest import WRAPPERS, Wrappers, fitting, names_of, nest_text
from ad_conformance.generators.ir.operator import KINDS, OPERATORS, Operator

FORMAT = 1
DTYPES = ("float64", "float32")
#: The names of a program's inputs: `x`, and one for each `argument` step in order.
INPUTS = "xyzu"


class MalformedCase(ValueError):
    """A case that cannot be asked; the message names the field that is wrong."""


@dataclass(frozen=True)
class Step:
    """One operation on earlier values. Value 0 is the input, value k that of the k-th step."""

    operation: str
    operands: tuple[int, ...] = ()
    params: tuple[tuple[str, Any], ...] = ()

    @property
    def arguments(self) -> dict[str, Any]:
        return dict(self.params)


@dataclass(frozen=True)
class Program:
    """A sequence of steps on one input; the last step is the output.

    Raises MalformedCase if a step takes a value that does not exist before it.
    """

    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        for k, step in enumerate(self.steps):
            if any(not 0 <= i <= k for i in step.operands):
                raise MalformedCase(
                    f"steps[{k}].operands: {list(step.operands)} must lie in 0..{k}"
                )

    def pruned(self) -> Program:
        """The same program without the steps that its output does not need; inputs stay."""
        kept = sorted({*self.needed, *self.arguments} - {0})
        value_id = {0: 0} | {old: new for new, old in enumerate(kept, start=1)}
        return Program(
            tuple(
                Step(s.operation, tuple(value_id[i] for i in s.operands), s.params)
                for s in (self.steps[k - 1] for k in kept)
            )
        )

    @property
    def needed(self) -> frozenset[int]:
        """The ids of the values that the output is computed from, and its own."""
        needed = {len(self.steps)}
        for k in range(len(self.steps), 0, -1):
            if k in needed:
                needed.update(self.steps[k - 1].operands)
        return frozenset(needed)

    def depending(self, value_ids: Collection[int]) -> tuple[bool, ...]:
        """For every value, the input first, whether it depends on one of `value_ids` or is one of
        them.
        """
        depends = [0 in value_ids]
        for k, step in enumerate(self.steps, start=1):
            depends.append(k in value_ids or any(depends[i] for i in step.operands))
        return tuple(depends)

    @property
    def arguments(self) -> tuple[int, ...]:
        """The value ids of the further inputs, which `argument` steps give."""
        return tuple(
            k for k, step in enumerate(self.steps, start=1) if step.operation == "argument"
        )

    @property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """The pairs of operations in which the second takes the result of the first.

        Constants and inputs do not count.
        """
        names = ("", *(step.operation if step.operands else "" for step in self.steps))
        return frozenset(
            (names[i], step.operation) for step in self.steps for i in step.operands if names[i]
        )

    @property
    def operations(self) -> frozenset[str]:
        return frozenset(step.operation for step in self.steps)


def signature_of(point: np.ndarray, output: np.ndarray) -> str:
    """The kinds of input and output, such as "vec_to_num". Arrays of more than two axes, which
    pinned cases may have, are of the kind "arr".
    """
    kinds = (KINDS[value.ndim] if value.ndim < len(KINDS) else "arr" for value in (point, output))
    return "_to_".join(kinds)


@dataclass(frozen=True)
class Case:
    """A program, the point at which it is differentiated, the mode and the operator.

    The letters of the mode stand for nested derivatives, the outermost first. The operator takes
    the innermost letters; the others are full derivatives of its result. So the answer is the full
    derivative, of shape `output.shape + len(mode) * input.shape`, contracted with the seed of the
    operator if it has one (see operator.py): `tangent` has the shape of the input, and `cotangent`
    that of the output.

    `direction` is for large inputs, if all but one of the input axis groups are contracted
    already: a vector of the shape of the input with which the last group is contracted. So the
    certified derivative is along given directions only.

    `wrt` has a digit for each letter: the input that it differentiates by. 0 is the input that is
    not an `argument` step. "" means that all letters differentiate by that one. `warmup_point` is
    another point, at which the engine compiles and is called before it is asked at `point`.

    `names` chooses among the names that an engine has for an operation: 0 is the usual one, k the
    k-th of the others, counted from the first again if there are fewer. If it is even and not 0,
    plain numbers are written as arrays without axes.

    `wrappers` are those of each level (nest.py). Wrappers of levels that the mode does not have
    are around the whole, so that a case in a shorter mode keeps them.
    """

    program: Program
    point: Any
    mode: str
    operator: str = "jacobian"
    tangent: Any = None
    cotangent: Any = None
    dtype: str = "float64"
    warmup_point: Any = None
    wrt: str = ""
    direction: Any = None
    names: int = 0
    wrappers: Wrappers = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "wrappers", fitting(self.wrappers, self.order))

    @property
    def nest(self) -> str:
        """The nest as text, such as R(jit(f))."""
        return nest_text(self.mode, self.wrappers)

    @property
    def unwrapped(self) -> Case:
        """The case without wrappers, which has the same certified derivative."""
        return replace(self, wrappers=()) if self.wrappers else self

    @property
    def input(self) -> np.ndarray:
        return np.asarray(self.point, dtype=float)

    @property
    def order(self) -> int:
        return len(self.mode)

    @property
    def asked(self) -> Operator:
        """The operator as a record. Raises KeyError for an operator that does not exist."""
        return OPERATORS[self.operator]

    def shape(self, output: Sequence[int], inputs: Sequence[Sequence[int]]) -> tuple[int, ...]:
        """The shape of the answer for an output of that shape, and inputs of these shapes, the
        innermost letter's first.
        """
        if self.direction is not None:
            inputs = inputs[:-1]
        return self.asked.shape(output, inputs)

    @cached_property
    def inputs(self) -> tuple[int, ...]:
        """The input that each axis group of the answer belongs to, the innermost letter's first."""
        return tuple(int(digit) for digit in reversed(self.wrt)) or (0,) * self.order

    @cached_property
    def json(self) -> str:
        """Canonical JSON: sorted keys, no spaces, the shortest floats that round-trip, and no
        fields that have their default.
        """
        document = {
            "format": FORMAT,
            "point": self.point,
            "steps": [_step_document(step) for step in self.program.steps],
            file_key("mode"): self.mode,
            **{
                file_key(field): self.nest if field == "wrappers" else getattr(self, field)
                for field, default in DEFAULTS.items()
                if getattr(self, field) != default
            },
        }
        return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)

    @cached_property
    def id(self) -> str:
        """The first 12 hexadecimal digits of the SHA-256 of the canonical JSON."""
        return hashlib.sha256(self.json.encode()).hexdigest()[:12]

    @property
    def plain(self) -> Case:
        """The full derivative by the first input alone, in float64, of the same program at the same
        point in the same mode.
        """
        return Case(self.program, self.point, self.mode)

    @property
    def questions(self) -> tuple[str, ...]:
        """What makes the case more than a plain one: those of QUESTIONS that hold."""
        held = (
            self.dtype == "float32",
            self.warmup_point is not None,
            self.operator != "jacobian",
            bool(self.wrt),
        )
        names = zip(_PLAIN_QUESTIONS, held, strict=True)
        return (*(name for name, holds in names if holds), *names_of(self.wrappers))

    def with_mode(self, mode: str) -> Case:
        return replace(self, mode=mode)


#: What a case may have besides program, point and mode, as causes and known failures name it.
_PLAIN_QUESTIONS = ("float32", "elsewhere", "operator", "wrt")
QUESTIONS = (*_PLAIN_QUESTIONS, *WRAPPERS)
#: The fields of a case that may be left out, with their defaults.
DEFAULTS: Mapping[str, Any] = {f.name: f.default for f in fields(Case) if f.default is not MISSING}


def _step_document(step: Step) -> dict[str, Any]:
    document: dict[str, Any] = {"operation": step.operation, "operands": step.operands}
    if step.params:
        document["params"] = step.arguments
    return document


def frozen(value: Any) -> Any:
    """Lists of a JSON document as tuples, which can be hashed."""
    return tuple(frozen(v) for v in value) if isinstance(value, list) else value


def nested(array: np.ndarray) -> Any:
    """An array as nested tuples of Python floats."""
    return tuple(nested(a) for a in array) if array.ndim else float(array)


def expect_keys(
    document: Any, where: str, *, required: Collection[str], optional: Collection[str] = ()
) -> None:
    """Raise MalformedCase unless `document` is an object with these keys."""
    if not isinstance(document, Mapping):
        raise MalformedCase(f"{where}: an object is needed, not {type(document).__name__}")
    if missing := sorted(set(required) - document.keys()):
        raise MalformedCase(f"{where}: {', '.join(missing)} is missing")
    if surplus := sorted(document.keys() - {*required, *optional}):
        raise MalformedCase(f"{where}: {', '.join(map(repr, surplus))} is not a field here")
