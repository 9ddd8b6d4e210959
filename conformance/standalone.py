"""A case as a script that runs in a fresh interpreter with only the engine installed, and fails if the engine does."""

from __future__ import annotations

import re
import textwrap

import numpy as np

from conformance.truth import Truth
from engines.contract import Engine
from generators.programs import Case, nested


def standalone(case: Case, engine: Engine, truth: Truth) -> str:
    """The script: what was asked, the certified value, and an assertion.

    Raises Unspeakable where the engine's dialect does not have the program.
    """
    text = _without_unused_imports(engine.script(case).text)
    heading = f"# {engine.name} {engine.version()}: mode word {case.word}, case {case.id}\n"
    if truth.kind != "certified" or truth.value is None or truth.allowance is None:
        return f"{heading}{text}print(got)  # {truth.kind}: {truth.reason}\n"
    expected = textwrap.fill(
        repr(_lists(truth.value)), 110, initial_indent="    ", subsequent_indent="    ", break_long_words=False
    )
    # Two digits, rounded up: an error that the suite lets pass must pass here too.
    allowance = f"{float(np.max(truth.allowance, initial=0.0)) * 1.05:.1e}"
    return (
        f"{heading}{text}\n"
        "import numpy\n\n"
        "# Certified by finite differences in ball arithmetic.\n"
        f"expected = numpy.array(\n{expected}\n)"
        + (f".reshape({truth.value.shape})\n" if not truth.value.size else "\n")
        + 'print("got", got, "expected", expected, sep="\\n")\n'
        "assert isinstance(got, numpy.ndarray), type(got)\n"
        "assert got.shape == expected.shape, got.shape\n"
        f"assert got.dtype == numpy.{case.dtype}, got.dtype\n"
        f"numpy.testing.assert_allclose(got, expected, rtol=0, atol={allowance})\n"
    )


def _without_unused_imports(text: str) -> str:
    """The script without the imports that other programs need: what it does not use need not be installed."""
    lines = text.splitlines(keepends=True)
    kept = []
    for line in lines:
        imported = re.match(r"import (?:[\w.]+ as )?(\w+)", line)
        uses = imported and re.compile(rf"(?<!import )\b{imported[1]}\b")
        if uses is None or any(uses.search(other) for other in lines if other is not line):
            kept.append(line)
    return re.sub(r"\A\n+", "", "".join(kept))


def _lists(array: np.ndarray) -> object:
    return array.tolist() if array.ndim else nested(array)
