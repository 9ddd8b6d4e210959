"""A case as a script for a fresh interpreter with only the engine installed.

The script ends in an assertion that fails if the engine's answer is wrong.
"""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import replace

import numpy as np
from ad_conformance.conformance.reference.certify import Truth
from ad_conformance.conformance.verdicts import Result, Verdict
from ad_conformance.engines.contract import Engine
from ad_conformance.engines.lanes import pick
from ad_conformance.engines.script import Script
from ad_conformance.generators.ir.mode import spoken
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.render.language import PYTHON


def standalone(case: Case, engine: Engine, truth: Truth, lane: int | None = None) -> str:
    """The script: the program, the certified derivative, and an assertion that compares them.

    `lane` is the number of a lane of the batch around the whole, if the derivative is that of this
    lane and not that at the point of the case.

    Entries whose value is a convention may be any finite number. If nothing is known about the
    answer, the script prints it and names the reason. Raises
    UnsupportedOperation if the engine's dialect cannot write the program.
    """
    language, text = engine.dialect.language, shortened(case, engine, lane)
    asked = case.nest if case.wrappers else case.mode
    heading = f"# {_named(engine)}, {spoken(case.mode)} ({asked}), case {case.id}\n"
    if truth.expected is None:
        return f"{heading}{text}{language.printed}  # {truth.kind}: {truth.reason}\n"
    # Two digits, rounded up: an error that passes in the suite must pass here, too.
    tolerance = f"{_largest(truth.tolerance, truth.judged) * 1.05:.1e}"
    origin = "Certified by finite differences in ball arithmetic."
    if truth.kind == "convention":
        origin = f"No certified derivative: {truth.reason}."
    assertions = language.assertions(
        truth.expected, case.dtype, tolerance, origin, finite=truth.finite is None
    )
    return f"{heading}{text}\n{assertions}"


def standalone_finding(finding: Result, engine: Engine) -> str:
    """The script of a finding: it fails as the engine did.

    If only further calls show what is wrong, the script makes them. Raises UnsupportedOperation if
    the engine's dialect cannot write the program.
    """
    text = standalone(finding.case, engine, finding.truth, finding.answer.lane)
    script = _of_lane(finding.case, engine, finding.answer.lane)
    if finding.verdict is not Verdict.IMPURE or engine.dialect.language is not PYTHON:
        return text
    if not script.further:
        return text
    nearby = textwrap.indent(f"{script.elsewhere}{script.picked}", "    ")
    return f"""{text}
# The derivative is called at a point nearby, and again at the first point.
import numpy

first, copy = got, got.copy()
try:
{nearby}except Exception as error:
    print("at the point nearby:", error)
numpy.testing.assert_array_equal(first, copy, "the array of the first answer is changed")
{script.back}given = numpy.array(x)
{script.picked}numpy.testing.assert_array_equal(numpy.array(x), given, "the input is changed")
numpy.testing.assert_allclose(got, copy, err_msg="a second call gives another answer")
"""


def standalone_value(case: Case, engine: Engine, value: np.ndarray, tolerance: float) -> str:
    """The script of an engine whose mode_transforms change nothing: it computes the value of the
    program, without any derivative, and compares it with `value`.

    Raises UnsupportedOperation if the engine's dialect cannot write the program.
    """
    origin = "Computed by NumPy, with the operations of the catalogue."
    assertions = engine.dialect.language.assertions(value, case.dtype, f"{tolerance:.1e}", origin)
    heading = f"# {_named(engine)}: the value of a program, without any derivative\n"
    return f"{heading}{shortened(case, engine)}\n{assertions}"


def _largest(tolerance: np.ndarray | None, judged: np.ndarray | None) -> float:
    """The largest tolerance of an entry that is compared."""
    if tolerance is None:
        return 0.0
    return float(np.max(tolerance, initial=0.0, where=True if judged is None else judged))


def _named(engine: Engine) -> str:
    return f"{engine.name} {engine.version()}".rstrip()


def shortened(case: Case, engine: Engine, lane: int | None = None) -> str:
    """The script of the case, or of a lane, without what this program does not use.

    Raises UnsupportedOperation if the engine's dialect cannot write the program.
    """
    text = _of_lane(case, engine, lane).text
    if engine.dialect.language is PYTHON:
        text = _without_unused_functions(text)
    return re.sub(r"\n{4,}", "\n\n\n", _without_unused_imports(text))


def _of_lane(case: Case, engine: Engine, lane: int | None) -> Script:
    script = engine.script(case)
    return script if lane is None else replace(script, pick=pick(engine.wrappers, case, lane))


def _without_unused_functions(text: str) -> str:
    """A Python script without the functions and imported names that this program does not use."""
    lines, tree = text.splitlines(keepends=True), ast.parse(text)
    uses = [
        {name.id for name in ast.walk(node) if isinstance(name, ast.Name)} for node in tree.body
    ]
    for i, node in enumerate(tree.body):
        used = set().union(*uses[:i], *uses[i + 1 :])
        own = range(node.lineno - 1, node.end_lineno or node.lineno)
        if isinstance(node, ast.FunctionDef) and not node.decorator_list and node.name not in used:
            kept = ""
        elif isinstance(node, ast.ImportFrom) and node.module != "__future__":
            names = [alias for alias in node.names if (alias.asname or alias.name) in used | {"*"}]
            if len(names) == len(node.names):
                continue
            kept = ""
            if names:
                kept = ast.unparse(ast.ImportFrom(node.module, names, node.level)) + "\n"
        else:
            continue
        left = "".join([*lines[: own.start], kept, *lines[own.stop :]])
        # Names that only the removed function used can be removed, too.
        return _without_unused_functions(re.sub(r"\n{4,}", "\n\n\n", left))
    return text


def _without_unused_imports(text: str) -> str:
    """The script without unused imports, so that those modules need not be installed."""
    lines = text.splitlines(keepends=True)
    kept = []
    for line in lines:
        imported = re.match(r"import (?:[\w.]+ as )?([\w.]+)", line)
        if imported is not None:
            package = imported[1].partition(".")[0]
            # `import a.b` binds the name `a`. If `a` is imported as well, look for uses of `a.b`.
            name = imported[1] if f"import {package}\n" in lines else package
            uses = re.compile(rf"(?<!import )\b{re.escape(name)}\b")
            if not any(uses.search(other) for other in lines if other is not line):
                continue
        kept.append(line)
    return re.sub(r"\A\n+", "", "".join(kept))
