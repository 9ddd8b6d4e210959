"""A case as a script that runs in a fresh interpreter with only the engine installed, and fails if the engine does."""

from __future__ import annotations

import re

import numpy as np

from conformance.truth import Truth
from engines.contract import Engine
from generators.programs import Case


def standalone(case: Case, engine: Engine, truth: Truth) -> str:
    """The script: what was asked, the certified value, and an assertion.

    Raises Unspeakable where the engine's dialect does not have the program.
    """
    language = engine.dialect.language
    text = _without_unused_imports(engine.script(case).text)
    named = f"{engine.name} {engine.version()}".rstrip()
    heading = f"# {named}: mode word {case.word}, case {case.id}\n"
    if truth.kind != "certified" or truth.value is None or truth.allowance is None:
        return f"{heading}{text}{language.printed}  # {truth.kind}: {truth.reason}\n"
    # Two digits, rounded up: an error that the suite lets pass must pass here too.
    allowance = f"{float(np.max(truth.allowance, initial=0.0)) * 1.05:.1e}"
    return f"{heading}{text}\n{language.assertions(truth.value, case.dtype, allowance)}"


def _without_unused_imports(text: str) -> str:
    """The script without the imports that other programs need: what it does not use need not be installed."""
    lines = text.splitlines(keepends=True)
    kept = []
    for line in lines:
        imported = re.match(r"import (?:[\w.]+ as )?([\w.]+)", line)
        if imported is not None:
            package = imported[1].partition(".")[0]
            # A module of a package binds the package's name; where that is imported too, it is named itself.
            name = imported[1] if f"import {package}\n" in lines else package
            uses = re.compile(rf"(?<!import )\b{re.escape(name)}\b")
            if not any(uses.search(other) for other in lines if other is not line):
                continue
        kept.append(line)
    return re.sub(r"\A\n+", "", "".join(kept))
