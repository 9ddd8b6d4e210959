"""Programs as text in an engine's language. Failure reports show the same text that was run."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.catalogue.operation import Call, Template
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.program import INPUTS, Case, Program, Step
from ad_conformance.generators.render.language import PYTHON, Language

#: A further name of an operation: a template, or a function that gives text, or None if the
#: operands do not fit.
Name = str | Callable[[Call], str | None]


class UnsupportedOperation(Exception):
    """The dialect does not have an operation of the program."""


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How an engine writes operations.

    `namespace` replaces `xp` in templates. `array` writes an array from a nested list of floats,
    and `single` the same in float32; None if the engine has no such arrays. `templates` holds what
    differs from the default of the catalogue: text, a function of the Call, or None for an
    operation that the engine does not have. `names` holds further templates of operations:
    functions, methods, operators and forms in place that compute the same, and that the engine may
    implement apart.
    """

    namespace: str
    language: Language = PYTHON
    array: str | None = "xp.asarray({value})"
    single: str | None = None
    templates: Mapping[str, Template | None] = field(default_factory=dict)
    names: Mapping[str, tuple[Name, ...]] = field(default_factory=dict)

    def constant(self, value: object, dtype: str = "float64") -> str:
        """A constant as text. Raises UnsupportedOperation if there are no arrays of that dtype."""
        template = self.single if dtype == "float32" else self.array
        if template is None:
            raise UnsupportedOperation(dtype)
        return self._in_namespace(template.format(value=self.language.literal(value)))

    def step(self, step: Step, call: Call, names: int = 0) -> str:
        """A step as an expression, by the name that `Case.names` chooses.

        Raises UnsupportedOperation if there is no template for it.
        """
        template = self.templates.get(step.operation, CATALOGUE[step.operation].template)
        # The usual name serves where the operands do not fit.
        template = self.further(step.operation, call, names) or template
        if template is None:
            raise UnsupportedOperation(step.operation)
        if callable(template):
            return self._in_namespace(template(call))
        text = template.format(*call.operands, args=", ".join(call.operands), **call.params)
        return self._in_namespace(text)

    def further(self, operation: str, call: Call, names: int) -> str | None:
        """The template of the further name that `Case.names` chooses; None if that is the usual
        name, or if the operands do not fit.
        """
        others = self.names.get(operation)
        if not names or not others:
            return None
        other = others[(names - 1) % len(others)]
        return other(call) if callable(other) else other

    def _in_namespace(self, text: str) -> str:
        return re.sub(r"\bxp\.", f"{self.namespace}.", text)


def render(
    program: Program,
    dialect: Dialect,
    point: np.ndarray,
    name: str = "f",
    dtype: str = "float64",
    names_chosen: int = 0,
) -> str:
    """The source of a function of the inputs (`x`, `y` ...) that computes the program.

    `point` only gives the shape of the first input. Operands of arithmetic operators that are
    scalar constants are written as literals, other constants as arrays. `names_chosen` is
    `Case.names`. Raises UnsupportedOperation with the name of the operation or of the dtype.
    """
    values = evaluate_steps(program, point)
    constants = {
        k: step.arguments["value"]
        for k, step in enumerate(program.steps, start=1)
        if step.operation == "constant"
    }
    names = dict(zip((0, *program.arguments), INPUTS, strict=False))
    inputs, result = ", ".join(names.values()), "x"
    lines: list[tuple[str, str]] = []
    last, number = len(program.steps), 0
    for k, step in enumerate(program.steps, start=1):
        if k != last and (k in constants or k in names):
            continue
        op = CATALOGUE[step.operation]
        plain = not names_chosen or names_chosen % 2
        literal = op.literals and plain and not all(i in constants for i in step.operands)
        texts = []
        for i in step.operands:
            if i not in constants:
                texts.append(names[i])
            elif literal and isinstance(constants[i], float):
                number_text = dialect.language.literal(constants[i])
                texts.append(f"({number_text})" if number_text.startswith("-") else number_text)
            else:
                texts.append(dialect.constant(constants[i], dtype))
        if k in constants:
            text = dialect.constant(constants[k], dtype)
        elif k in names:
            text = names[k]
        else:
            shapes = tuple(values[i].shape for i in step.operands)
            text = dialect.step(step, Call(tuple(texts), step.arguments, shapes), names_chosen)
        if k == last:
            result = text
        else:
            number += 1
            names[k] = f"v{number}"
            lines.append((names[k], text))
    return dialect.language.function(name, inputs, lines, result)


def uses_name(case: Case, dialect: Dialect, operation: str) -> bool:
    """Whether the case's text has the operation under the further name that `Case.names` chooses.

    Otherwise the operands do not fit, or the dialect does not have another operation of the case.
    """
    texts = []
    for names in ({operation: dialect.names[operation]}, {}):
        other = replace(dialect, names=names)
        try:
            text = render(
                case.program, other, case.input, dtype=case.dtype, names_chosen=case.names
            )
        except UnsupportedOperation:
            text = ""
        texts.append(text)
    return bool(texts[0]) and texts[0] != texts[1]


def joined_names(*tables: Mapping[str, tuple[Name, ...]]) -> dict[str, tuple[Name, ...]]:
    """All further names of several tables, by operation."""
    found: dict[str, tuple[Name, ...]] = {}
    for table in tables:
        for operation, names in table.items():
            found[operation] = (*found.get(operation, ()), *names)
    return found
