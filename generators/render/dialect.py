"""Programs as text in an engine's language. The text that is shown is the text that runs."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.catalogue.operation import Call, Template
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.program import INPUTS, Program, Step


class UnsupportedOperation(Exception):
    """The dialect does not have an operation of the program."""


def _python_literal(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_python_literal, value)) + "]"
    return repr(value)


def _python_assertions(expected: np.ndarray, dtype: str, tolerance: str) -> str:
    lists = textwrap.fill(
        repr(expected.tolist()),
        110,
        initial_indent="    ",
        subsequent_indent="    ",
        break_long_words=False,
    )
    return (
        "import numpy\n\n"
        "# Certified by finite differences in ball arithmetic.\n"
        f"expected = numpy.array(\n{lists}\n)"
        + (f".reshape({expected.shape})\n" if not expected.size else "\n")
        + 'print("got", got, "expected", expected, sep="\\n")\n'
        "assert isinstance(got, numpy.ndarray), type(got)\n"
        "assert got.shape == expected.shape, got.shape\n"
        f"assert got.dtype == numpy.{dtype}, got.dtype\n"
        f"numpy.testing.assert_allclose(got, expected, rtol=0, atol={tolerance})\n"
    )


@dataclass(frozen=True, kw_only=True)
class Language:
    """How a language writes what is no operation.

    `name` is what Markdown knows it by. `header`, `assignment`, `result` and `footer` make a
    function; `closure` is a function without a name, and what matches `closed` is one. `literal`
    writes a number, or nested tuples of them as an array. `captured` assigns to a name that
    closures see, `printed` shows `got`, and `assertions` (of the expected array, the dtype's name
    and the allowance as text) fail where `got` is something else.
    """

    name: str = "python"
    header: str = "def {name}({inputs}):"
    assignment: str = "    {name} = {value}"
    result: str = "    return {value}"
    footer: str = "\n"
    closure: str = "lambda {inputs}: {value}"
    closed: str = "lambda"
    literal: Callable[[object], str] = _python_literal
    captured: str = "{name} = {value}"
    printed: str = "print(got)"
    assertions: Callable[[np.ndarray, str, str], str] = _python_assertions

    def function(self, name: str, inputs: str, lines: Iterable[tuple[str, str]], value: str) -> str:
        """The text of a function; `lines` are names and what they are assigned."""
        text = [self.header.format(name=name, inputs=inputs)]
        text += [self.assignment.format(name=n, value=v) for n, v in lines]
        return "\n".join([*text, self.result.format(value=value)]) + self.footer

    def is_closure(self, expression: str) -> bool:
        return re.match(self.closed, expression) is not None


PYTHON = Language()


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How an engine's language spells operations.

    `namespace` replaces `xp` in spellings; `array` spells an array from a nested list of floats,
    `single` the same in float32, each None where there is none; `spellings` holds what differs from
    the catalogue's default, as a template or a function of the Call, None for what is not there.
    """

    namespace: str
    language: Language = PYTHON
    array: str | None = "xp.asarray({value})"
    single: str | None = None
    templates: Mapping[str, Template | None] = field(default_factory=dict)

    def constant(self, value: object, dtype: str = "float64") -> str:
        """Raises Unspeakable where the language has no arrays of that dtype."""
        template = self.single if dtype == "float32" else self.array
        if template is None:
            raise UnsupportedOperation(dtype)
        return self._in_namespace(template.format(value=self.language.literal(value)))

    def step(self, step: Step, call: Call) -> str:
        template = self.templates.get(step.operation, CATALOGUE[step.operation].template)
        if template is None:
            raise UnsupportedOperation(step.operation)
        if callable(template):
            return self._in_namespace(template(call))
        text = template.format(*call.operands, args=", ".join(call.operands), **call.params)
        return self._in_namespace(text)

    def _in_namespace(self, text: str) -> str:
        return re.sub(r"\bxp\.", f"{self.namespace}.", text)


def render(
    program: Program, dialect: Dialect, point: np.ndarray, name: str = "f", dtype: str = "float64"
) -> str:
    """The source of a function of the inputs (`x`, `y` ...) that computes the program.

    `point` only gives the shape of the first input. Scalar constants stand as literals where
    arithmetic operators take them, other constants as arrays where they are used. Raises
    Unspeakable with the operation's name, or the dtype.
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
        row = CATALOGUE[step.operation]
        literal = row.literals and not all(i in constants for i in step.operands)
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
            text = dialect.step(step, Call(tuple(texts), step.arguments, shapes))
        if k == last:
            result = text
        else:
            number += 1
            names[k] = f"v{number}"
            lines.append((names[k], text))
    return dialect.language.function(name, inputs, lines, result)
