"""The output of a failing test: everything that is needed to reproduce the failure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from ad_conformance.conformance.pool import EnginePool
from ad_conformance.conformance.severity import severity_of
from ad_conformance.conformance.standalone_script import standalone_finding
from ad_conformance.conformance.suite.wording import largest_error, short
from ad_conformance.conformance.verdicts import Result, Verdict
from ad_conformance.engines.registry import python_option
from ad_conformance.generators.ir.mode import spoken
from ad_conformance.generators.ir.nest import fewer_wrappers
from ad_conformance.generators.render.dialect import UnsupportedOperation

#: Folder for the cases of findings, under the folder in which the run was started.
FINDINGS = Path("findings")


def named(finding: Result) -> str:
    """The name of the file that its case is written to."""
    return f"{finding.engine}-{finding.case.mode}-{finding.case.id}.json"


def keep(finding: Result, folder: Path = FINDINGS) -> Path:
    """Write the case of a finding as JSON for replay, and return the path. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / named(finding)
    path.write_text(finding.case.json + "\n", encoding="utf-8")
    return path


def _replay(finding: Result, named: str, options: str) -> str:
    try:
        return f"replay: ad-conformance replay {keep(finding)} --engine {named}{options}"
    except OSError as error:
        return (
            f"The case could not be written to {FINDINGS}/ ({error.strerror}). It "
            f"is:\n{finding.case.json}"
        )


def _expected(finding: Result) -> str:
    truth = finding.truth
    if truth.expected is None:
        return f"expected: no certified derivative ({truth.kind}: {truth.reason})"
    radius = 0.0 if truth.radius is None else float(np.max(truth.radius, initial=0.0))
    conventions = "" if truth.judged is None else "; NaN: any finite number"
    return f"expected: {short(truth.expected)} (certified to within {radius:.0e}{conventions})"


def _got(finding: Result) -> list[str]:
    answer = finding.answer
    if answer.value is not None:
        lines = [f"got:      {short(answer.value)}"]
        if answer.lane is not None:
            lines.append(f"lane:     number {answer.lane} of the batch around the whole")
        return [*lines, f"printed:  {answer.printed}"] if answer.printed else lines
    if answer.message or answer.error:
        stage = f" in stage {answer.stage}" if answer.stage else ""
        return [f"got:      {answer.error}{stage}: {answer.message}".rstrip(": ")]
    return []


def describe(finding: Result, pool: EnginePool, modes: Iterable[str], named: str) -> str:
    """The report on one finding, as text. The case is written to FINDINGS for replay.

    `modes` are those to try instead, `named` is the engine as the user wrote it.
    """
    engine, case = pool.engines[finding.engine], finding.case
    lines = [
        f"{finding.engine} {engine.version()}, mode {case.mode} ({spoken(case.mode)}): "
        f"{finding.verdict}",
        *([f"nest: {case.nest}"] if case.wrappers else []),
        "",
    ]
    try:
        lines += [standalone_finding(finding, engine).rstrip(), ""]
    except UnsupportedOperation as error:
        lines += [f"(no script: the adapter has no {error})", ""]
    lines += _got(finding)
    lines.append(_expected(finding))
    if found := severity_of(finding):
        lines.append(f"severity: {found.text}")
    if finding.verdict is Verdict.WRONG:
        lines.append(f"error:    {largest_error(finding)}")
    found_ways = pool.ways_around(case, finding.engine, modes)
    lines.append(
        f"modes of {finding.engine} that give the expected result: "
        f"{_right(found_ways.right_modes, found_ways.wrong_modes)}"
    )
    lines.append(
        f"engines that give the expected result in mode {case.mode}: "
        f"{_right(found_ways.right_engines, found_ways.wrong_engines)}"
    )
    if case.wrappers:
        fewer = [replace(case, wrappers=left) for left in fewer_wrappers(case.wrappers)]
        right = tuple(
            c.nest for c in fewer if pool.probe(c, finding.engine).verdict is Verdict.AGREE
        )
        lines.append(
            f"nests that give the expected result: {', '.join(right) or 'none of those tried'}"
        )
    lines.append(_replay(finding, named, python_option(engine)))
    return "\n".join(lines)


def _right(right: Sequence[str], wrong: Sequence[str]) -> str:
    """What gives the expected result, or why nothing is named."""
    if right:
        return ", ".join(right)
    return f"none (also failing: {', '.join(wrong)})" if wrong else "none was asked"


def listed(names: Sequence[str]) -> str:
    """Names as they stand in a sentence: a, b and c."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def first_line(message: str, longest: int) -> str:
    """The first line of a message, cut at a space if it is longer than `longest` characters."""
    line = message.partition("\n")[0]
    return line if len(line) <= longest else f"{line[:longest].rpartition(' ')[0]} …"
