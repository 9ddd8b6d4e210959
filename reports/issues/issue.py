"""A bucket as an issue that can be filed: what fails, why the other value is certain, what works
instead.
"""

from __future__ import annotations

import platform
import re
from importlib import metadata

import numpy as np
from ad_conformance.conformance.standalone_script import standalone
from ad_conformance.conformance.suite.failure_report import first_line, listed, short
from ad_conformance.conformance.verdicts import Result, Verdict
from ad_conformance.engines import registry
from ad_conformance.engines.contract import Engine
from ad_conformance.engines.process.runners import HERE
from ad_conformance.generators.ir.program import Case
from ad_conformance.reports.issues.bucket_files import BucketFile
from packaging.utils import canonicalize_name

_ORDERS = ("", "first", "second", "third", "fourth")
#: Characters of a message that are shown outside the fold.
MESSAGE = 300
_ENDS = {
    Verdict.COMPILE_FAILURE: "is refused while it is traced, transformed or compiled",
    Verdict.RUNTIME_FAILURE: "raises an exception when it runs",
    Verdict.CRASH: "ends the process",
    Verdict.TIMEOUT: "does not come",
}
_MODES = {"R": "reverse", "F": "forward"}


def issue_text(
    bucket: BucketFile, finding: Result, engine: Engine, panel_versions: dict[str, str]
) -> str:
    """Markdown, ready to be pasted. Raises Unspeakable where the engine's dialect does not have the
    program.

    `panel_versions` are the releases of the engines that get it right, for those that are there.
    """
    case, truth, answer = finding.case, finding.truth, finding.answer
    language = engine.dialect.language.name
    operations = _operations(bucket)
    parts = [
        f"# {_title(finding, _function(case, engine) or ' after '.join(reversed(operations)))}",
        _sentence(finding, operations, engine),
        "## To reproduce",
        _fenced(standalone(case, engine, truth).rstrip(), language),
        *_foreign(engine.script(case).text),
        "## What comes",
        _came(finding),
    ]
    if truth.value is not None:
        parts += [
            "## What is right, and why that is certain",
            f"`{short(truth.value)}`",
            _certainty(finding),
        ]
        others = [name for name in bucket.right_engines if name not in _callings(bucket, engine)]
        agreeing = [_named(name, panel_versions.get(name, "")) for name in others]
        if agreeing:
            parts.append(f"These get the same program right: {', '.join(agreeing)}.")
    if bucket.explanation:
        lines = [f"- {line}" for line in bucket.explanation if not line.endswith("questions asked")]
        parts += ["## Where it enters", "\n".join(lines)]
    parts += ["## What works instead", _instead(bucket, engine)]
    parts += ["## Versions", _versions(bucket, engine)]
    if answer.message and first_line(answer.message, MESSAGE) != answer.message:
        parts += [_folded("The full message", answer.message, "")]
    if answer.printed.strip():
        parts += [_folded("What it printed", answer.printed.strip(), "")]
    parts.append(
        "Found by ad-conformance, which nests the modes of differentiation over generated programs."
    )
    return "\n\n".join(parts) + "\n"


def _named(engine: str, version: str) -> str:
    """An engine for a reader who does not know this project's names."""
    return (
        "the engine that comes with ad-conformance"
        if engine == "inhouse"
        else f"{engine} {version}".strip()
    )


def _operations(bucket: BucketFile) -> list[str]:
    named = [re.sub(r"\[.*", "", operation) for operation in bucket.cause.operations]
    return named or [s.operation for s in bucket.case.program.steps if s.operands]


def spoken(mode: str) -> str:
    """A mode word in words: reverse over forward mode."""
    return f"{' over '.join(_MODES[letter] for letter in mode)} mode"


def _function(case: Case, engine: Engine) -> str:
    """What is differentiated as it is written in Python, where it is one short expression, else ''."""
    found = re.search(
        r"^def f\(.*\):\n    return (.{1,60})$", engine.script(case).program, re.MULTILINE
    )
    return f"`{found[1]}`" if found else ""


def _title(finding: Result, function: str) -> str:
    what = f"{_ORDERS[finding.case.order]} derivative of {function}"
    how = {
        Verdict.WRONG: "is wrong",
        Verdict.NOT_FINITE: "is NaN or infinite where it is finite",
        Verdict.WRONG_SHAPE: "has the wrong shape",
        Verdict.WRONG_DTYPE: "has the wrong dtype",
        Verdict.COMPILE_FAILURE: f"cannot be compiled: {finding.answer.error}",
        Verdict.RUNTIME_FAILURE: f"cannot be run: {finding.answer.error}",
        Verdict.CRASH: f"kills the process ({finding.answer.error})",
        Verdict.TIMEOUT: "does not come to an end",
    }[finding.verdict]
    return f"The {what} in {spoken(finding.case.mode)} {how}"


def _sentence(finding: Result, operations: list[str], engine: Engine) -> str:
    silent = finding.verdict in (
        Verdict.WRONG,
        Verdict.NOT_FINITE,
        Verdict.WRONG_SHAPE,
        Verdict.WRONG_DTYPE,
    )
    told = (
        "comes back without an error, and is not what it should be"
        if silent
        else _ENDS[finding.verdict]
    )
    steps = len([step for step in finding.case.program.steps if step.operands])
    size = f"a program of {steps} step{'s' if steps != 1 else ''}"
    used = listed([f"`{operation}`" for operation in dict.fromkeys(operations)])
    order, mode = _ORDERS[finding.case.order], spoken(finding.case.mode)
    named = f"{engine.name} {engine.version()}".rstrip()
    letters = f", `{finding.case.mode}` for short" if finding.case.order > 1 else ""
    return f"In {named}, the {order} derivative ({mode}{letters}) of {size} with {used} {told}."


def _came(finding: Result) -> str:
    answer = finding.answer
    if answer.value is not None:
        told = f"`{short(answer.value)}`"
        if finding.verdict is Verdict.WRONG:
            told += f", which is off by {finding.error_ratio:.2g} times what rounding can explain."
        elif finding.verdict is Verdict.WRONG_DTYPE:
            told += f", in {answer.value.dtype} for an input in {finding.case.dtype}."
        elif finding.verdict is Verdict.WRONG_SHAPE and finding.truth.value is not None:
            told += f", of shape {answer.value.shape} instead of {finding.truth.value.shape}."
        return told
    message = f"{answer.error}: {first_line(answer.message, MESSAGE)}".rstrip(": ")
    if not message:
        return f"{_ENDS[finding.verdict].capitalize()}."
    return _fenced(message, "")


def _certainty(finding: Result) -> str:
    truth = finding.truth
    assert truth.radius is not None
    assert truth.tolerance is not None
    radius, tolerance = (
        float(np.max(part, initial=0.0)) for part in (truth.radius, truth.tolerance)
    )
    if not radius:
        return (
            "The function does not depend on its input here, or has no entries: no computation "
            "stands behind this."
        )
    analytic = (
        "from evaluations on complex balls around the point. There the program compares equal "
        "numbers (in abs, max, "
        "where ...), so that smooth pieces of the function meet: these evaluations also prove "
        "each of them analytic, "
        "and all have this same derivative, so that it depends on no convention"
        if truth.pieces
        else (
            "from an evaluation on complex balls around the point that also proves the function "
            "analytic there"
        )
    )
    return (
        f"No automatic differentiation stands behind this value. It is a central finite "
        f"difference of the same program "
        f"in ball arithmetic (Arb), which encloses every rounding error; the error that a finite "
        f"difference makes is "
        f"bounded by Cauchy's estimate, {analytic}. It is certified to within {radius:.0e}. "
        f"Rounding alone could carry "
        f"an honest {finding.case.dtype} answer {tolerance:.0e} away from it: that was measured, "
        f"by moving every "
        f"operand and every result of the program a little."
    )


def _foreign(text: str) -> list[str]:
    """What a script in Python hands on to a compiler of C++, as C++, in a fold."""
    found = [
        part for part in re.findall(r'"""\\?\n?(.*?)"""', text, re.DOTALL) if "__enzyme_" in part
    ]
    return [
        _folded("The same in C++, as the script hands it on", source.strip(), "cpp")
        for source in found
    ]


def _folded(summary: str, text: str, language: str) -> str:
    return f"<details><summary>{summary}</summary>\n\n{_fenced(text, language)}\n\n</details>"


def _instead(bucket: BucketFile, engine: Engine) -> str:
    ways = []
    if bucket.right_modes:
        modes = listed([spoken(mode) for mode in bucket.right_modes])
        verb = "get" if len(bucket.right_modes) > 1 else "gets"
        ways.append(f"- in {engine.base}, {modes} {verb} the same case right")
    for name, lines in _callings(bucket, engine).items():
        ways.append(f"- asked so ({name}), it is right:")
        ways.append(_fenced(lines, engine.dialect.language.name))
    if bucket.rewrite is not None:
        before = {s.operation for s in bucket.case.program.steps}
        gone = before - {s.operation for s in bucket.rewrite.program.steps}
        ways.append(
            f"- {', '.join(sorted(gone)) or 'the program'} spelled by its definition is right:"
        )
        ways.append(
            _fenced(engine.script(bucket.rewrite).program.strip(), engine.dialect.language.name)
        )
    return (
        "\n".join(ways)
        if ways
        else (
            "Nothing that was tried: neither another order of modes nor the same function "
            "written with others."
        )
    )


def _callings(bucket: BucketFile, engine: Engine) -> dict[str, str]:
    """The engines that get the same text right with the same library, each with the lines in which
    it differs.
    """
    found = {}
    own = engine.script(bucket.case)
    for name in bucket.right_engines:
        other = registry.find(name) if name in registry.names() else None
        if other is None or other.distribution != engine.distribution or engine.base != engine.name:
            continue
        script = other.script(bucket.case)
        lines = [line for line in script.text.splitlines() if line not in own.text.splitlines()]
        if script.program == own.program and lines:
            found[name] = "\n".join(lines)
    return found


def _versions(bucket: BucketFile, engine: Engine) -> str:
    lines = [
        f"- {engine.distribution} {engine.version()}".rstrip(),
        *_beside(engine, engine.script(bucket.case).text),
        *(f"- {release}" for release in engine.runner.below()),
    ]
    lines.append(f"- {platform.platform()}")
    if bucket.release:
        lines.append(f"- {bucket.release}")
    return "\n".join(lines)


def _beside(engine: Engine, text: str) -> list[str]:
    """What else the script imports, with its release here; nothing of an engine that is asked
    elsewhere.
    """
    if engine.runner != HERE:
        return []
    offered = metadata.packages_distributions()
    modules = re.findall(r"^ *(?:import|from) (\w+)", text, re.MULTILINE)
    # Names are told with hyphens or underscores, as it comes.
    found = {canonicalize_name(name) for module in modules for name in offered.get(module, ())}
    found -= {canonicalize_name(engine.distribution), "numpy"}
    return [f"- {name} {metadata.version(name)}" for name in sorted(found)]


def _fenced(text: str, language: str) -> str:
    """A block of code, whatever the text has in it."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"
