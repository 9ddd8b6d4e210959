"""Programs and cases: frozen, canonical as JSON, named by a content hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
from ad_conformance.generators.ir.file_keys import file_key
from ad_conformance.generators.ir.operator import KINDS, OPERATORS, Operator

FORMAT = 1
DTYPES = ("float64", "float32")
#: Names of a program's inputs, in the order of its `argument` steps after the first.
INPUTS = "xyzu"


class MalformedCase(ValueError):
    """A case that cannot be asked; the message says which field is wrong."""


@dataclass(frozen=True)
class Step:
    """One operation on earlier values: value 0 is the input, value k is the result of the k-th
    step.
    """

    operation: str
    operands: tuple[int, ...] = ()
    params: tuple[tuple[str, Any], ...] = ()

    @property
    def arguments(self) -> dict[str, Any]:
        return dict(self.params)


@dataclass(frozen=True)
class Program:
    """A straight line of steps on one input; the last step is the output."""

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
        """The places of the values that the output is made of, its own among them."""
        needed = {len(self.steps)}
        for k in range(len(self.steps), 0, -1):
            if k in needed:
                needed.update(self.steps[k - 1].operands)
        return frozenset(needed)

    def depending(self, value_ids: Collection[int]) -> tuple[bool, ...]:
        """For every value, the input first, whether it is one of those at the places or made of
        one.
        """
        depends = [0 in value_ids]
        for k, step in enumerate(self.steps, start=1):
            depends.append(k in value_ids or any(depends[i] for i in step.operands))
        return tuple(depends)

    @property
    def arguments(self) -> tuple[int, ...]:
        """The places of the further inputs: values that an `argument` step gives."""
        return tuple(
            k for k, step in enumerate(self.steps, start=1) if step.operation == "argument"
        )

    @property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """Operations of which the second is applied to what the first gives; constants and inputs
        do not count.
        """
        names = ("", *(step.operation if step.operands else "" for step in self.steps))
        return frozenset(
            (names[i], step.operation) for step in self.steps for i in step.operands if names[i]
        )

    @property
    def operations(self) -> frozenset[str]:
        return frozenset(step.operation for step in self.steps)


def signature_of(point: np.ndarray, output: np.ndarray) -> str:
    """From kind to kind; a pinned case may have arrays of more axes than those that are generated."""
    kinds = (KINDS[value.ndim] if value.ndim < len(KINDS) else "arr" for value in (point, output))
    return "_to_".join(kinds)


@dataclass(frozen=True)
class Case:
    """A program, the point at which it is differentiated, the mode word, outermost letter first,
    and the operator.

    The operator takes the innermost letters of the word; the others are full derivatives of what it
    gives. So the answer is the full derivative, of shape `output.shape + len(mode) * input.shape`,
    contracted with `tangent` (of the input's shape) on its first input axes for pushforward and
    hvp, and with `cotangent` (of the output's shape) on its output axes for pullback. `wrt` has a
    digit per letter: which input it differentiates, 0 the first and only one that is not an
    `argument` step; "" differentiates by that one alone. `warmup_point` is another point, at which the
    engine compiles and is called before it is asked at `point`.
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

    @property
    def input(self) -> np.ndarray:
        return np.asarray(self.point, dtype=float)

    @property
    def order(self) -> int:
        return len(self.mode)

    @property
    def asked(self) -> Operator:
        """What the case asks. Raises KeyError for an operator that does not exist."""
        return OPERATORS[self.operator]

    @cached_property
    def inputs(self) -> tuple[int, ...]:
        """Which input each axis group of the answer belongs to: innermost letter first."""
        return tuple(int(digit) for digit in reversed(self.wrt)) or (0,) * self.order

    @cached_property
    def json(self) -> str:
        """Canonical JSON: sorted keys, no spaces, shortest floats that round-trip; defaults are
        left out.
        """
        document = {
            "format": FORMAT,
            "point": self.point,
            "steps": [_step_document(step) for step in self.program.steps],
            file_key("mode"): self.mode,
            **{
                file_key(field): getattr(self, field)
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
        """The full derivative by the first input alone, in float64: the same program, point and
        word.
        """
        return Case(self.program, self.point, self.mode)

    def with_mode(self, mode: str) -> Case:
        return replace(self, mode=mode)


#: Fields of a case that may be left out, each with what that means.
DEFAULTS: Mapping[str, Any] = {f.name: f.default for f in fields(Case) if f.default is not MISSING}


def _step_document(step: Step) -> dict[str, Any]:
    document: dict[str, Any] = {"operation": step.operation, "operands": step.operands}
    if step.params:
        document["params"] = step.arguments
    return document


def frozen(value: Any) -> Any:
    """Lists of a JSON document as tuples, so that programs stay hashable."""
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
