"""What a failure prints: everything that somebody needs to see it for themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from conformance.panel import Panel
from conformance.standalone import standalone
from conformance.verdicts import Judgement, Verdict
from generators.dialects import Unspeakable

#: Where cases of findings are kept for replay, under the folder that the run was started in.
FINDINGS = Path("findings")


def named(finding: Judgement) -> str:
    """The name of the file that keeps its case."""
    return f"{finding.engine}-{finding.case.word}-{finding.case.id}.json"


def keep(finding: Judgement, folder: Path = FINDINGS) -> Path:
    """Write the case of a finding as JSON, so that it can be replayed; returns its path. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / named(finding)
    path.write_text(finding.case.json + "\n", encoding="utf-8")
    return path


def kind(finding: Judgement) -> tuple[str, str, str]:
    """What must stay the same when a finding is reduced: verdict, exception type or signal, and the message without
    names, numbers and types that are others in every program.
    """
    message = re.sub(r"%\w+|tensor<[^>]*>|\d+|<[^>]*>", "#", finding.answer.message)
    told = [line for line in message.splitlines() if not line.startswith(("Traceback", " "))]
    return str(finding.verdict), finding.answer.error, " ".join(told)[:200]


def _replay(finding: Judgement, named: str) -> str:
    try:
        return f"replay: ad-conformance replay {keep(finding)} --engine {named}"
    except OSError as error:
        return f"the case could not be kept in {FINDINGS}/ ({error.strerror}); it is:\n{finding.case.json}"


def describe(finding: Judgement, panel: Panel, words: Iterable[str], named: str) -> str:
    """The report on one finding, as text; its case is kept for replay. `named` is how the engine was asked for."""
    engine = panel.engines[finding.engine]
    lines = [f"{finding.engine} {engine.version()}, mode word {finding.case.word}: {finding.verdict}", ""]
    try:
        lines += [standalone(finding.case, engine, finding.truth).rstrip(), ""]
    except Unspeakable as error:
        lines += [f"(no script: no {error})", ""]
    if finding.answer.value is not None:
        lines.append(f"got:   {_short(finding.answer.value)}")
        if finding.answer.printed:
            lines.append(f"printed: {finding.answer.printed}")
    elif finding.answer.message or finding.answer.error:
        stage = f" in stage {finding.answer.stage}" if finding.answer.stage else ""
        lines.append(f"got:   {finding.answer.error}{stage}: {finding.answer.message}".rstrip(": "))
    if finding.truth.value is not None:
        radius = 0.0 if finding.truth.radius is None else float(np.max(finding.truth.radius, initial=0.0))
        lines.append(f"truth: {_short(finding.truth.value)}, certified to {radius:.0e}")
    else:
        lines.append(f"truth: {finding.truth.kind}: {finding.truth.reason}")
    if finding.verdict is Verdict.WRONG:
        lines.append(f"error: {finding.units:.2g} times the allowance")
    right_words, right_engines = panel.ways_around(finding.case, finding.engine, words)
    lines.append(f"right in {finding.engine}: {', '.join(right_words) or 'no other mode word asked'}")
    lines.append(f"right in mode word {finding.case.word}: {', '.join(right_engines) or 'no other engine asked'}")
    lines.append(_replay(finding, named))
    return "\n".join(lines)


def _short(array: np.ndarray) -> str:
    if array.size > 64:
        return f"shape {array.shape}, first entries {np.array2string(array.reshape(-1)[:8], precision=17)}"
    return np.array2string(array, precision=17, separator=", ").replace("\n", "\n       ")
