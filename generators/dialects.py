"""Programs as text in an engine's language. The text that is shown is the text that runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from generators.catalogue import CATALOGUE
from generators.operations import Call, Spelling
from generators.programs import INPUTS, Program, Step
from generators.reading import evaluate_steps


class Unspeakable(Exception):
    """The dialect does not have an operation of the program."""


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How an engine's language spells operations.

    `namespace` replaces `xp` in spellings; `array` spells an array from a nested list of floats, `single` the same in
    float32, each None where there is none; `spellings` holds what differs from the catalogue's default, as a template
    or a function of the Call, None for what is not there.
    """

    namespace: str
    array: str | None = "xp.asarray({value})"
    single: str | None = None
    spellings: Mapping[str, Spelling | None] = field(default_factory=dict)

    def constant(self, value: object, dtype: str = "float64") -> str:
        """Raises Unspeakable where the language has no arrays of that dtype."""
        template = self.single if dtype == "float32" else self.array
        if template is None:
            raise Unspeakable(dtype)
        return self._in_namespace(template.format(value=_list_text(value)))

    def step(self, step: Step, call: Call) -> str:
        spelling = self.spellings.get(step.operation, CATALOGUE[step.operation].spelling)
        if spelling is None:
            raise Unspeakable(step.operation)
        if callable(spelling):
            return self._in_namespace(spelling(call))
        text = spelling.format(*call.operands, args=", ".join(call.operands), **call.params)
        return self._in_namespace(text)

    def _in_namespace(self, text: str) -> str:
        return re.sub(r"\bxp\.", f"{self.namespace}.", text)


def _list_text(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_list_text, value)) + "]"
    return repr(value)


def render(program: Program, dialect: Dialect, point: np.ndarray, name: str = "f", dtype: str = "float64") -> str:
    """The source of a Python function of the inputs (`x`, `y` ...) that computes the program.

    `point` only gives the shape of the first input. Scalar constants stand as literals where arithmetic operators take
    them, other constants as arrays where they are used. Raises Unspeakable with the operation's name, or the dtype.
    """
    values = evaluate_steps(program, point)
    constants = {
        k: step.arguments["value"] for k, step in enumerate(program.steps, start=1) if step.operation == "constant"
    }
    names = dict(zip((0, *program.arguments), INPUTS, strict=False))
    lines = [f"def {name}({', '.join(names.values())}):"]
    last, number = len(program.steps), 0
    for k, step in enumerate(program.steps, start=1):
        if k != last and (k in constants or k in names):
            continue
        row = CATALOGUE[step.operation]
        literal = row.literals and not all(i in constants for i in step.operands)
        texts = []
        for i in step.operands:
            if i not in constants:
                texts.append(names[i])
            elif literal and isinstance(constants[i], float):
                texts.append(f"({constants[i]!r})" if repr(constants[i]).startswith("-") else repr(constants[i]))
            else:
                texts.append(dialect.constant(constants[i], dtype))
        if k in constants:
            text = dialect.constant(constants[k], dtype)
        elif k in names:
            text = names[k]
        else:
            shapes = tuple(values[i].shape for i in step.operands)
            text = dialect.step(step, Call(tuple(texts), step.arguments, shapes))
        if k == last:
            lines.append(f"    return {text}")
        else:
            number += 1
            names[k] = f"v{number}"
            lines.append(f"    {names[k]} = {text}")
    if not program.steps:
        lines.append("    return x")
    return "\n".join(lines) + "\n"
