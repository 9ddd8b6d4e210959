"""How a language writes functions, numbers, assignments and assertions."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np


def _python_literal(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_python_literal, value)) + "]"
    return repr(value)


def _python_assertions(
    expected: np.ndarray, dtype: str, tolerance: str, origin: str, *, finite: bool = True
) -> str:
    known = ~np.isnan(expected)
    lists = textwrap.fill(
        re.sub(r"\bnan\b", "numpy.nan", repr(expected.tolist())),
        110,
        initial_indent="    ",
        subsequent_indent="    ",
        break_long_words=False,
    )
    return (
        "import numpy\n\n"
        f"# {origin}\n"
        f"expected = numpy.array(\n{lists}\n)"
        + (f".reshape({expected.shape})\n" if not expected.size else "\n")
        + 'print("got", got, "expected", expected, sep="\\n")\n'
        "assert isinstance(got, numpy.ndarray), type(got)\n"
        "assert got.shape == expected.shape, got.shape\n"
        f"assert got.dtype == numpy.{dtype}, got.dtype\n"
        + (
            f"numpy.testing.assert_allclose(got, expected, rtol=0, atol={tolerance})\n"
            if np.all(known)
            else _python_at_kinks(tolerance, finite=finite)
        )
    )


def _python_at_kinks(tolerance: str, *, finite: bool) -> str:
    """The last assertions if NaN in `expected` stands for any number."""
    return (
        "# NaN stands for any number: the function is not smooth there.\n"
        + ("assert numpy.isfinite(got).all(), got\n" if finite else "")
        + "known = ~numpy.isnan(expected)\n"
        "numpy.testing.assert_allclose(got[known], expected[known], rtol=0, "
        f"atol={tolerance})\n"
    )


@dataclass(frozen=True, kw_only=True)
class Language:
    """How a language writes everything but operations.

    `name` is the name of the language in Markdown, `suffix` that of its files. `header`,
    `assignment`, `result` and `footer` make a function. `closure` is a function without a name; the
    regular expression `closed` matches the start of one. `literal` writes a number, or nested
    tuples of numbers as an array. `captured` assigns to a name that closures see. `printed` shows
    `got`. `assertions`, called with the expected array, the name of the dtype, the tolerance as
    text, and a sentence on the origin of the array, writes statements that fail if `got` differs.
    NaN in the expected array stands for any number, with `finite` only for finite ones.
    """

    name: str = "python"
    suffix: str = ".py"
    header: str = "def {name}({inputs}):"
    assignment: str = "    {name} = {value}"
    result: str = "    return {value}"
    footer: str = "\n"
    closure: str = "lambda {inputs}: {value}"
    closed: str = "lambda"
    literal: Callable[[object], str] = _python_literal
    captured: str = "{name} = {value}"
    printed: str = "print(got)"
    assertions: Callable[..., str] = _python_assertions

    def function(self, name: str, inputs: str, lines: Iterable[tuple[str, str]], value: str) -> str:
        """The text of a function; `lines` are names and what they are assigned."""
        text = [self.header.format(name=name, inputs=inputs)]
        text += [self.assignment.format(name=n, value=v) for n, v in lines]
        return "\n".join([*text, self.result.format(value=value)]) + self.footer

    def is_closure(self, expression: str) -> bool:
        return re.match(self.closed, expression) is not None


PYTHON = Language()
