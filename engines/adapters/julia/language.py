"""Julia as a language: functions, closures, and arrays.

Julia indexes arrays from 1 and stores them column by column.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable

import numpy as np
from ad_conformance.generators.render.language import Language


def dims(shape: Iterable[int]) -> str:
    """Integers as arguments."""
    return ", ".join(map(str, shape))


def indices(values: Iterable[int]) -> str:
    """Indices counted from 0 as a vector of indices counted from 1."""
    return f"Int[{dims(v + 1 for v in values)}]"


def literal(value: object) -> str:
    """A number, or nested tuples of them as an array."""
    array = np.asarray(value, dtype=float)
    if array.ndim == 0:
        return repr(float(array))
    if not array.size:
        return f"zeros({dims(array.shape)})"
    if array.ndim == 1:
        return f"[{', '.join(map(repr, array.tolist()))}]"
    # Enzyme overflows the stack of Julia 1.10 on rows between semicolons, [1.0 2.0; 3.0 4.0].
    return f"reshape({literal(array.ravel('F'))}, {dims(array.shape)})"


def _assertions(
    expected: np.ndarray, dtype: str, tolerance: str, origin: str, *, finite: bool = True
) -> str:
    text = f"expected = {literal(expected)}"
    if len(text) > 110:
        flat = textwrap.fill(
            literal(expected.ravel("F"))[1:-1], 110, initial_indent="    ", subsequent_indent="    "
        )
        text = f"expected = reshape([\n{flat}\n], {dims(expected.shape)})"
    compared = f"abs.(got .- expected) .<= {tolerance}"
    if np.any(np.isnan(expected)):
        text = "# NaN stands for any number: the function is not smooth there.\n" + re.sub(
            r"\bnan\b", "NaN", text
        )
        anything = "isnan.(expected)" + (" .& isfinite.(got)" if finite else "")
        compared = f"({anything}) .| ({compared})"
    return (
        f"# {origin}\n{text}\n"
        'println("got\\n", got, "\\nexpected\\n", expected)\n'
        "@assert size(got) == size(expected) size(got)\n"
        f"@assert eltype(got) == {dtype.capitalize()} eltype(got)\n"
        f"@assert all({compared})\n"
    )


JULIA = Language(
    name="julia",
    suffix=".jl",
    header="function {name}({inputs})",
    footer="\nend\n",
    closure="{inputs} -> {value}",
    closed=r"\w+ ->",
    literal=literal,
    # Julia infers the type of a captured variable only if it is constant.
    captured="const {name} = {value}",
    printed="println(got)",
    assertions=_assertions,
)
