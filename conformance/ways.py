"""Ways around a finding: the same question in other words and engines, and the same function spelled otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from conformance.panel import Panel
from conformance.verdicts import Judgement, Verdict
from generators.expansion import expanded
from generators.programs import Case, MalformedCase
from generators.reading import parse_case


@dataclass(frozen=True)
class Ways:
    """Mode words of the same order that this engine gets right, engines that get the case right, and the smallest
    rewrite of the program, one step by its definition, that this engine gets right.
    """

    words: tuple[str, ...]
    engines: tuple[str, ...]
    rewrite: Case | None


def ways_around(finding: Judgement, panel: Panel, words: Iterable[str]) -> Ways:
    """What works instead, of these words and the panel's engines. Raises EngineUnavailable."""
    right_words, right_engines = panel.ways_around(finding.case, finding.engine, words)
    return Ways(tuple(right_words), tuple(right_engines), _rewrite(finding, panel))


def _rewrite(finding: Judgement, panel: Panel) -> Case | None:
    found = []
    for k, step in enumerate(finding.case.program.steps, start=1):
        for candidate in expanded(finding.case, k) if step.operands else ():
            try:
                valid = parse_case(candidate.json)
            except MalformedCase:
                continue
            if panel.judge(valid, finding.engine, probe=True).verdict is Verdict.AGREE:
                found.append(valid)
    return min(found, key=lambda case: (len(case.program.steps), case.id), default=None)
