"""What a failure prints: everything that somebody needs to see it for themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from ad_conformance.conformance.pool import EnginePool
from ad_conformance.conformance.standalone_script import standalone
from ad_conformance.conformance.verdicts import Result, Verdict
from ad_conformance.generators.render.dialect import UnsupportedOperation

#: Where cases of findings are kept for replay, under the folder that the run was started in.
FINDINGS = Path("findings")
#: Entries of an array that are printed.
ENTRIES = 64


def named(finding: Result) -> str:
    """The name of the file that keeps its case."""
    return f"{finding.engine}-{finding.case.mode}-{finding.case.id}.json"


def keep(finding: Result, folder: Path = FINDINGS) -> Path:
    """Write the case of a finding as JSON, so that it can be replayed; returns its path. Raises
    OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / named(finding)
    path.write_text(finding.case.json + "\n", encoding="utf-8")
    return path


def _replay(finding: Result, named: str) -> str:
    try:
        return f"replay: ad-conformance replay {keep(finding)} --engine {named}"
    except OSError as error:
        return (
            f"the case could not be kept in {FINDINGS}/ ({error.strerror}); it "
            f"is:\n{finding.case.json}"
        )


def describe(finding: Result, pool: EnginePool, modes: Iterable[str], named: str) -> str:
    """The report on one finding, as text; its case is kept for replay. `named` is how the engine
    was asked for.
    """
    engine = pool.engines[finding.engine]
    lines = [
        f"{finding.engine} {engine.version()}, mode word {finding.case.mode}: {finding.verdict}",
        "",
    ]
    try:
        lines += [standalone(finding.case, engine, finding.truth).rstrip(), ""]
    except UnsupportedOperation as error:
        lines += [f"(no script: no {error})", ""]
    if finding.answer.value is not None:
        lines.append(f"got:   {short(finding.answer.value)}")
        if finding.answer.printed:
            lines.append(f"printed: {finding.answer.printed}")
    elif finding.answer.message or finding.answer.error:
        stage = f" in stage {finding.answer.stage}" if finding.answer.stage else ""
        lines.append(f"got:   {finding.answer.error}{stage}: {finding.answer.message}".rstrip(": "))
    if finding.truth.value is not None:
        radius = (
            0.0
            if finding.truth.radius is None
            else float(np.max(finding.truth.radius, initial=0.0))
        )
        lines.append(f"truth: {short(finding.truth.value)}, certified to {radius:.0e}")
    else:
        lines.append(f"truth: {finding.truth.kind}: {finding.truth.reason}")
    if finding.verdict is Verdict.WRONG:
        lines.append(f"error: {finding.error_ratio:.2g} times the allowance")
    right_modes, right_engines = pool.ways_around(finding.case, finding.engine, modes)
    lines.append(
        f"right in {finding.engine}: {', '.join(right_modes) or 'no other mode word asked'}"
    )
    lines.append(
        f"right in mode word {finding.case.mode}: "
        f"{', '.join(right_engines) or 'no other engine asked'}"
    )
    lines.append(_replay(finding, named))
    return "\n".join(lines)


def short(array: np.ndarray) -> str:
    """An array in one line: all of it, or its shape and the first entries."""
    if array.size > ENTRIES:
        return (
            f"shape {array.shape}, first entries "
            f"{np.array2string(array.reshape(-1)[:8], precision=17)}"
        )
    return " ".join(np.array2string(array, precision=17, separator=", ").split())


def listed(names: Sequence[str]) -> str:
    """Names as they stand in a sentence: a, b and c."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def first_line(message: str, longest: int) -> str:
    """The first line of a message, cut at a space where it is longer."""
    line = message.partition("\n")[0]
    return line if len(line) <= longest else f"{line[:longest].rpartition(' ')[0]} …"
