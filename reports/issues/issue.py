"""A bucket as an issue for the engine's maintainers, in Markdown.

The issue says what fails, which result is expected and how it was certified, and which workarounds
give the expected result.
"""

from __future__ import annotations

import platform
import re
from dataclasses import replace
from importlib import metadata

import numpy as np
from ad_conformance.conformance.severity import Kind, severity_of
from ad_conformance.conformance.standalone_script import shortened, standalone_finding
from ad_conformance.conformance.suite.failure_report import first_line, listed
from ad_conformance.conformance.suite.wording import largest_error, short
from ad_conformance.conformance.verdicts import Result, Verdict
from ad_conformance.engines import registry
from ad_conformance.engines.contract import Engine
from ad_conformance.engines.process.runners import HERE
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.mode import spoken
from ad_conformance.generators.ir.nest import WRAPPERS, names_of
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.render.dialect import UnsupportedOperation, render
from ad_conformance.reports.issues.bucket_files import BucketFile
from packaging.utils import canonicalize_name

_ORDERS = ("", "first", "second", "third", "fourth")
#: Characters of a message that are shown outside the fold.
MESSAGE = 300
#: Where readers of an issue find this project. OWNER is that of the repository that publishes it.
ADDRESS = "https://github.com/OWNER/ad-conformance"
#: The verdicts whose numbers are in question.
_NUMERIC = (Verdict.WRONG, Verdict.NOT_FINITE)
#: Most entries of a point in the first sentence.
FEW = 4


def issue_text(
    bucket: BucketFile, finding: Result, engine: Engine, releases: dict[str, str]
) -> str:
    """The issue in Markdown, ready to be pasted.

    `releases` are the releases, if known, of the engines that give the expected result.
    Raises UnsupportedOperation if the engine's dialect cannot write the program.
    """
    case, answer = finding.case, finding.answer
    subject = _subject(bucket, engine)
    parts = [
        # The line is not shown where the issue is posted.
        *(
            [f"<!-- Check the case before you post: {bucket.suspect}. -->"]
            if bucket.suspect
            else []
        ),
        f"# The {_derivative(case, subject)} {_fails(finding)}",
        _first_sentence(bucket, finding, subject, engine),
        "## To reproduce",
        _fenced(standalone_finding(finding, engine).rstrip(), engine.dialect.language.name),
        *_foreign(engine.script(case).text),
        "## Actual",
        _actual(finding),
    ]
    if bucket.wrong_modes:
        modes = listed([spoken(mode) for mode in bucket.wrong_modes])
        verb = "fail" if len(bucket.wrong_modes) > 1 else "fails"
        parts.append(f"In {engine.base}, {modes} {verb}, too.")
    if finding.truth.expected is not None:
        parts += ["## Expected", *_expected(bucket, finding, engine, releases)]
    if bucket.explanation:
        what = "wrong value" if finding.verdict.returned else "failure"
        # Older bucket files count "questions".
        counts = ("cases asked", "questions asked")
        lines = [f"- {line}" for line in bucket.explanation if not line.endswith(counts)]
        parts += [f"## Where the {what} first appears", "\n".join(lines)]
    parts += ["## Workarounds", _workarounds(bucket, engine)]
    parts += ["## Versions", _versions(bucket, engine)]
    if answer.message and first_line(answer.message, MESSAGE) != answer.message:
        parts += [_folded("Full error message", answer.message, "")]
    if answer.printed.strip() and finding.verdict is not Verdict.CRASH:
        parts += [_folded("Output of the process", answer.printed.strip(), "")]
    parts.append(
        f"Found by [ad-conformance]({ADDRESS}), which tests nested derivatives of generated "
        f"programs."
    )
    return "\n\n".join(parts) + "\n"


def _named(engine: str, version: str) -> str:
    """An engine for readers who do not know the names of this project."""
    if engine == "inhouse":
        return "the in-house engine of ad-conformance"
    return f"{engine} {version}".strip()


def _operations(bucket: BucketFile) -> list[str]:
    """The operations of the cause that the program has, or else all of the program, each once.

    The fault may be in a part of an operation, such as `solve` in the derivative of `cholesky`.
    """
    steps = [step.operation for step in bucket.case.program.steps if step.operands]
    named = [re.sub(r"\[.*", "", operation) for operation in bucket.cause.operations]
    return list(dict.fromkeys([name for name in named if name in steps] or steps))


def _subject(bucket: BucketFile, engine: Engine) -> str:
    """What is differentiated: the expression if the Python function is one short line, else the
    names of the operations.
    """
    program = engine.script(bucket.case).program
    found = re.search(r"^def f\(.*\):\n    return (.{1,60})$", program, re.MULTILINE)
    operations = [
        f"`{_called(name, program) or _further_name(name, bucket.case, engine) or name}`"
        for name in _operations(bucket)
    ]
    if found:
        return f"`{found[1]}`"
    return listed(operations) if len(operations) == 1 else f"a program with {listed(operations)}"


def _called(operation: str, program: str) -> str:
    """How the engine's users know the operation: the function that the program calls for it.

    "" if no function in the text has its name: `linalg.solve_triangular` is the one of
    `complex_solve_triangular`.
    """
    for name in re.findall(r"\b((?:\w+\.)+\w+)\(", program):
        last = name.rpartition(".")[2].lower()
        # `vector_norm_ord` is `vector_norm` with a parameter; `log_cosh` is not `log`.
        variant = "_" in last and operation.rpartition("_")[0] == last
        if operation in (last, f"complex_{last}") or variant:
            return str(name)
    return ""


def _further_name(operation: str, case: Case, engine: Engine) -> str:
    """The function that only the further name of the operation calls; "" if there is none."""
    if not case.names or operation not in engine.dialect.names:
        return ""
    called = []
    for names in ({operation: engine.dialect.names[operation]}, {}):
        dialect = replace(engine.dialect, names=names)
        try:
            text = render(case.program, dialect, case.input, names_chosen=case.names)
        except UnsupportedOperation:
            text = ""
        called.append(re.findall(r"\b(?!v\d|x\b)((?:[A-Za-z]\w*\.)+\w+)\(", text))
    return next((str(name) for name in called[0] if name not in called[1]), "")


def _derivative(case: Case, subject: str) -> str:
    wrappers = [f"`{name}`" for name in names_of(case.wrappers)]
    through = f" with {listed(wrappers)}" if wrappers else ""
    return f"{_ORDERS[case.order]} derivative of {subject} in {spoken(case.mode)}{through}"


def _fails(finding: Result) -> str:
    """How a sentence about the derivative goes on; of a wrong value: how wrong it is."""
    found = severity_of(finding) if finding.verdict is Verdict.WRONG else None
    match found.kind if found else None:
        case Kind.DIGITS if found and found.digits:
            return f"is right to only {found.digits} digit{'s' if found.digits > 1 else ''}"
        case Kind.SIGN if found:
            return f"has the {found.text}"
        case Kind.FACTOR | Kind.ZERO if found:
            return f"is {found.text}"
        case Kind.VALUE if found and found.text.endswith(")"):
            return f"is {found.text}"
    return finding.verdict.fails.format(error=finding.answer.error)


def _point(case: Case) -> str:
    """The point, as it stands in a sentence; "" if it has many entries or there are more inputs."""
    if case.program.arguments or not 0 < case.input.size <= FEW:
        return ""
    return f" at x = {case.input.tolist()}"


def _first_sentence(bucket: BucketFile, finding: Result, subject: str, engine: Engine) -> str:
    case = finding.case
    steps = [step.operation for step in case.program.steps if step.operands]
    named = f"{engine.name} {engine.version()}".rstrip()
    fails = "raises an exception" if finding.answer.error else "fails"
    match finding.verdict:
        case verdict if verdict.returned:
            fails = f"{_fails(finding)}. No error is raised"
        case Verdict.COMPILE_FAILURE:
            fails += " while it is traced, transformed or compiled"
        case Verdict.RUNTIME_FAILURE:
            fails += " when it is evaluated"
        case _:
            fails = _fails(finding)
    sentence = f"In {named}, the {_derivative(case, subject)}{_point(case)} {fails}."
    if len(steps) > len(_operations(bucket)):
        names = listed([f"`{name}`" for name in dict.fromkeys(steps)])
        sentence += f" The program has {len(steps)} steps, with {names}."
    for name in _operations(bucket):
        # Names that only this project uses.
        if f"`{name}`" in subject and (meaning := CATALOGUE[name].meaning):
            sentence += f" `{name}` stands for this: {meaning}"
    if case.wrappers:
        sentence += f" What is computed is `{case.nest}`, where `f` is the program."
    for name in names_of(case.wrappers):
        sentence += f" `{name}` of a function stands for this: {WRAPPERS[name]}."
    return sentence


def _actual(finding: Result) -> str:
    answer, truth = finding.answer, finding.truth
    if answer.value is None:
        message = f"{answer.error}: {first_line(answer.message, MESSAGE)}".rstrip(": ")
        before = answer.traceback
        if finding.verdict is Verdict.CRASH and answer.printed.strip():
            # The message of a crash is the first of these lines.
            before, message = answer.printed.strip(), answer.error
        lines = "\n".join(part for part in (before, message) if part)
        return _fenced(lines, "") if lines else f"The derivative {_fails(finding)}."
    parts = [f"`{short(answer.value)}`"]
    if finding.verdict is Verdict.IMPURE:
        parts.append(
            f"The value is as expected, but the derivative is not a pure function: "
            f"{answer.message}."
        )
    elif (found := severity_of(finding)) and found.kind is Kind.DIGITS:
        parts.append(f"How wrong: {found.text}.")
    if finding.verdict is Verdict.WRONG:
        parts.append(f"Largest error: {largest_error(finding)}.")
    elif finding.verdict is Verdict.WRONG_DTYPE:
        parts.append(
            f"The dtype is {answer.value.dtype}. The dtype of the input is {finding.case.dtype}."
        )
    elif finding.verdict is Verdict.WRONG_SHAPE and truth.shape is not None:
        parts.append(f"The shape is {answer.value.shape} instead of {truth.shape}.")
    return "\n\n".join(parts)


def _expected(
    bucket: BucketFile, finding: Result, engine: Engine, releases: dict[str, str]
) -> list[str]:
    """The certified derivative, which engines agree with it, and how it was certified if the
    numbers are in question.
    """
    truth = finding.truth
    assert truth.expected is not None
    parts = [f"`{short(truth.expected)}`"]
    if truth.judged is not None:
        parts.append(
            "NaN stands for any finite number: the program compares equal numbers at this point "
            "(in abs, max, where ...), and the smooth pieces that meet differ in these entries."
        )
    if truth.value is not None and finding.verdict in _NUMERIC:
        parts.append(_certainty(finding))
    others = [name for name in bucket.right_engines if name not in _callings(bucket, engine)]
    if others:
        agreeing = [_named(name, releases.get(name, "")) for name in others]
        parts.append(f"The same program gives the expected result with {listed(agreeing)}.")
    return parts


def _certainty(finding: Result) -> str:
    """How the expected value was computed, how exact it is, and what the tolerance allows for."""
    truth = finding.truth
    assert truth.radius is not None
    assert truth.tolerance is not None
    radius, tolerance = (
        float(np.max(part, initial=0.0)) for part in (truth.radius, truth.tolerance)
    )
    if not radius:
        return (
            "The function does not depend on its input here, or the derivative has no entries. "
            "No computation is needed to know the expected result."
        )
    if truth.pieces:
        analytic = (
            "The program compares equal numbers at this point (in abs, max, where ...), so several "
            "smooth pieces of the function meet. The bound comes from evaluations on complex balls "
            "around the point. They prove that each piece is analytic there. All pieces have the "
            f"same {'derivative' if truth.judged is None else 'numbers in the other entries'}, so "
            "the expected result does not depend on a convention."
        )
    else:
        analytic = (
            "The bound comes from an evaluation on complex balls around the point, which also "
            "proves that the function is analytic there."
        )
    return (
        f"This value was not computed by automatic differentiation. It is a central finite "
        f"difference of the same program in ball arithmetic (Arb), which encloses all rounding "
        f"errors. The truncation error is bounded by Cauchy's estimate. {analytic} The value is "
        f"certified to within {radius:.0e}.\n\n"
        f"The tolerance for rounding in {finding.case.dtype} is {tolerance:.1e}. The effect of "
        f"rounding was measured: every operand and every result of the program was perturbed "
        f"slightly. The tolerance includes a safety factor."
    )


def _foreign(text: str) -> list[str]:
    """The C++ sources in a Python script that passes them to a compiler, each in a fold."""
    found = [
        part for part in re.findall(r'"""\\?\n?(.*?)"""', text, re.DOTALL) if "__enzyme_" in part
    ]
    return [
        _folded("The C++ source that the script compiles", source.strip(), "cpp")
        for source in found
    ]


def _folded(summary: str, text: str, language: str) -> str:
    return f"<details><summary>{summary}</summary>\n\n{_fenced(text, language)}\n\n</details>"


def _workarounds(bucket: BucketFile, engine: Engine) -> str:
    language = engine.dialect.language.name
    found = []
    if f"needed for the failure: nest {bucket.case.nest}" in bucket.explanation:
        wrappers = listed([f"`{name}`" for name in names_of(bucket.case.wrappers)])
        found.append(f"- Without {wrappers}, this failure does not occur.")
    if bucket.right_modes:
        modes = listed([spoken(mode) for mode in bucket.right_modes])
        verb = "give" if len(bucket.right_modes) > 1 else "gives"
        found.append(f"- In {engine.base}, {modes} {verb} the expected result.")
    for name, lines in _callings(bucket, engine).items():
        found.append(f"- The result is as expected with these lines instead ({name}):")
        found.append(_fenced(lines, language))
    if bucket.rewrite is not None:
        before = {step.operation for step in bucket.case.program.steps}
        gone = sorted(before - {step.operation for step in bucket.rewrite.program.steps})
        what = listed([f"`{name}`" for name in gone]) or "the program"
        found.append(f"- The result is as expected if {what} is written with other operations:")
        # The functions of wrappers are in the script above.
        plain = replace(bucket.rewrite, wrappers=())
        found.append(_fenced(engine.script(plain).program.strip(), language))
    return "\n".join(found) or ("None found." if bucket.wrong_modes else "Not tried.")


def _callings(bucket: BucketFile, engine: Engine) -> dict[str, str]:
    """Other adapters of the same library that give the expected result for the same program text.

    The values are the lines of their scripts that differ.
    """
    found = {}
    own = shortened(bucket.case, engine)
    for name in bucket.right_engines:
        other = registry.find(name) if name in registry.names() else None
        if other is None or other.distribution != engine.distribution or engine.base != engine.name:
            continue
        text = shortened(bucket.case, other)
        lines = [line for line in text.splitlines() if line not in own.splitlines()]
        if other.script(bucket.case).program == engine.script(bucket.case).program and lines:
            found[name] = "\n".join(lines)
    return found


def _versions(bucket: BucketFile, engine: Engine) -> str:
    lines = [
        f"- {engine.distribution} {engine.version()}".rstrip(),
        *_beside(engine, engine.script(bucket.case).text),
        *(f"- {release}" for release in engine.runner.below()),
        f"- {platform.platform()}",
    ]
    if bucket.release:
        lines.append(f"- {bucket.release}")
    return "\n".join(lines)


def _beside(engine: Engine, text: str) -> list[str]:
    """The other packages that the script imports, with their installed releases.

    Empty for an engine that runs in an environment of its own.
    """
    if engine.runner != HERE:
        return []
    offered = metadata.packages_distributions()
    modules = re.findall(r"^ *(?:import|from) (\w+)", text, re.MULTILINE)
    # A distribution may be listed with hyphens or with underscores.
    found = {canonicalize_name(name) for module in modules for name in offered.get(module, ())}
    found -= {canonicalize_name(engine.distribution), "numpy"}
    return [f"- {name} {metadata.version(name)}" for name in sorted(found)]


def _fenced(text: str, language: str) -> str:
    """A block of code, with a fence that is longer than any in the text."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"
