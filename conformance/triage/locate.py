"""Explains a finding: finds the step of its program at which the wrong value first appears.

Parts of the program are asked until one step is left (`step_search.py`).

1. The case is made *plain*: without wrappers, operator, float32 and warmup_point, as long as it
   still fails. Then a program whose output is its input is asked. If that fails, no step is at
   fault.
2. *Prefixes*: one value of the program after the other becomes the output. The step of the first
   value that fails is the suspect, because the other steps of this prefix did not fail before.
3. The suspect is asked *alone*, in every mode that is contained in the mode, with respect to each
   operand and to several operands.
4. If it is correct alone, an earlier step may be wrong in a way that its own prefix does not show,
   because nothing with a second derivative follows it. An example is a rule that is wrong only if
   the cotangent varies. So each earlier value is asked again with a smooth function after it.
5. If all these are correct, three more are tried in turn. First, earlier steps alone, if the result
   of their prefix is not known. Second, these and the suspect between two smooth functions. Third,
   the suspect with as few earlier steps as possible; then all these steps are named together.

A part fails in the same way if its failure key has the same `entry`. If there is no certified
derivative, nothing is a finding, and no step is named.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from itertools import chain

from ad_conformance.conformance.pool import truth_of
from ad_conformance.conformance.triage.ask import Asker, shorter_timeout
from ad_conformance.conformance.triage.explanation import Explanation
from ad_conformance.conformance.triage.failure_key import FailureKey
from ad_conformance.conformance.triage.step_search import (
    Isolation,
    SameFailure,
    alone,
    between,
    followed,
    isolated,
    with_fewest_wrappers,
)
from ad_conformance.conformance.verdicts import Result
from ad_conformance.engines.process.sandbox import Sandbox
from ad_conformance.generators.ir.case_io import valid
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.rewrite.program_builder import BARE, SMOOTH
from ad_conformance.generators.rewrite.slicing import Slicer


def explain(finding: Result, sandbox: Sandbox, *, seconds: float = math.inf) -> Explanation:
    """Explain at which step of the finding's program the wrong value first appears.

    After `seconds` no further case is asked, and the explanation contains what is known until then.
    If time suffices, the result is the same every time. Raises ValueError if the result is no
    finding, and EngineUnavailable.
    """
    if not finding.is_finding:
        raise ValueError(f"{finding.case.id}: {finding.verdict} is no finding")
    asker = Asker(sandbox, seconds=seconds)
    asker.remember(finding)
    same = SameFailure(asker, FailureKey.of(finding), lambda key: key.entry, in_time=True)
    with shorter_timeout(sandbox, finding.verdict, finding.case.mode):
        question = _plainer(finding, same)
        # Steps that the output does not need may raise as well: they stay if it fails only so.
        used = valid(replace(question.case, program=question.case.program.pruned()))
        slicer = Slicer(question.case, dead=not same(used))
        explanation = _EntrySearch(question, slicer, same).accused()
        if explanation.way in ("alone", "composed"):
            explanation = _weighed(explanation, slicer, same)
        right = _right_orders(explanation.evidence.case, asker)
    evidence = explanation.evidence
    if not same.finding.has_value:
        evidence = replace(evidence, truth=truth_of(evidence.case))
    return replace(
        explanation,
        finding=finding,
        evidence=evidence,
        right=right,
        asked=asker.asked,
        late=asker.late,
    )


def _plainer(finding: Result, same: SameFailure) -> Result:
    """The finding without wrappers, warmup_point, float32 and operator, as long as it still
    fails.
    """
    finding = same.failing(with_fewest_wrappers(finding.case, same)) or finding
    for change in (
        {"warmup_point": None},
        {"dtype": "float64"},
        {"operator": "jacobian", "tangent": None, "cotangent": None},
    ):
        finding = same.failing(valid(replace(finding.case, **change))) or finding
    return finding


class _EntrySearch:
    """The search in one finding; `slicer` makes parts of its program."""

    def __init__(self, question: Result, slicer: Slicer, same: SameFailure) -> None:
        self.question, self.slicer, self.same = question, slicer, same

    def first(self, isolations: Iterable[Isolation]) -> tuple[Isolation, Result] | None:
        return next(isolated(isolations, self.same), None)

    def accused(self) -> Explanation:
        """The explanation so far: the steps at fault, how they fail, and the evidence."""
        slicer, question = self.slicer, self.question
        of_input = self.same.failing(slicer.prefix(0))
        # No step is at fault either if the output is an input or a constant.
        if of_input is not None or not any(s.operands for s in slicer.case.program.steps[-1:]):
            return Explanation(question, question, (), "question", of_input or question)
        suspect, evidence, unjudged = self.first_prefix()
        base = Explanation(question, question, (suspect,), "alone", evidence, unjudged=unjudged)
        if (found := self.first(alone(slicer, suspect))) is not None:
            return _shown(base, found)
        earlier = slicer.ancestors(suspect) & set(slicer.steps) - {suspect}
        after = self.first(
            chain.from_iterable(
                followed(slicer, k, (*SMOOTH, *BARE)) for k in sorted(earlier) if slicer.depends[k]
            )
        )
        if after is not None:
            k = after[0].step
            base = replace(base, unjudged=tuple(j for j in unjudged if j < k))
            found = self.first(alone(slicer, k))
            return _shown(base, after, "composed") if found is None else _shown(base, found)
        hidden = [k for k in unjudged if k in slicer.ancestors(suspect)]
        if (found := self.first(chain.from_iterable(alone(slicer, k) for k in hidden))) is not None:
            return _shown(base, found)
        smoothly = chain.from_iterable(between(slicer, k) for k in (suspect, *hidden))
        if (found := self.first(smoothly)) is not None:
            return _shown(base, found, "composed")
        return self.together(base, suspect)

    def first_prefix(self) -> tuple[int, Result, tuple[int, ...]]:
        """The first value that fails as the output, its result, and the earlier values of which it
        is not known whether they fail.
        """
        slicer, same = self.slicer, self.same
        last = slicer.steps[-1]
        unjudged: list[int] = []
        steps = slicer.steps if slicer.dead else sorted(slicer.ancestors(last) & set(slicer.steps))
        for k in steps:
            may_fail = slicer.depends[k] or not same.finding.has_value
            if k == last or not may_fail or slicer.values[k].dtype == bool:
                continue
            case = slicer.prefix(k)
            if (found := same.failing(case)) is not None:
                return k, found, tuple(unjudged)
            if not same.asker.agrees(case):
                unjudged.append(k)
        return last, self.question, tuple(unjudged)

    def together(self, base: Explanation, k: int) -> Explanation:
        """Step k with the fewest steps before it with which it fails, unless one of these is wrong
        alone.
        """
        slicer = self.slicer
        starts = slicer.ancestors(k) - {k}
        for start in sorted((i for i in starts if slicer.depends[i]), reverse=True):
            path = slicer.path(start, k)
            evidence = self.same.failing(slicer.entered(start, k)) if len(path) > 1 else None
            if evidence is not None:
                base = replace(base, evidence=evidence, operands=(start,))
                break
        else:
            path = tuple(j for j in sorted(slicer.ancestors(k)) if j in slicer.steps)
        found = self.first(chain.from_iterable(alone(slicer, j) for j in path[:-1]))
        if found is not None:
            return _shown(base, found)
        return replace(base, steps=path, way="together" if len(path) > 1 else "composed")


def _shown(base: Explanation, found: tuple[Isolation, Result], way: str = "alone") -> Explanation:
    """The explanation that names the step of an isolation."""
    isolation, evidence = found
    return replace(
        base,
        steps=(isolation.step,),
        way=way,
        evidence=evidence,
        operands=isolation.operands,
        smooth=isolation.smooth,
    )


def _weighed(explanation: Explanation, slicer: Slicer, same: SameFailure) -> Explanation:
    """The explanation with `needed`: whether the case agrees if the faulty value is replaced by a
    constant. If it still fails, with the other step at fault.
    """
    case = slicer.frozen(explanation.steps[-1])
    if case is None:
        return explanation
    rest = same.failing(slicer.without_unused(case))
    if rest is None:
        agrees = same.asker.agrees(slicer.without_unused(case))
        return replace(explanation, needed=agrees or None)
    other = _EntrySearch(rest, Slicer(case, dead=slicer.dead), same).accused()
    one_step = other.way in ("alone", "composed")
    without_other = slicer.frozen(other.steps[-1]) if one_step else None
    if without_other is None or same(slicer.without_unused(without_other)):
        return replace(explanation, needed=False, others=other.steps[-1:])
    # Without the other step the program is correct: the first step is faulty, but has no effect.
    return replace(other, question=explanation.question, needed=True, others=())


def _right_orders(case: Case, asker: Asker) -> int:
    """How many of the innermost levels of the case are correct, before the first that is not."""
    right = 0
    for order in range(1, case.order):
        inner = replace(case, mode=case.mode[-order:], wrt=case.wrt[-order:] if case.wrt else "")
        if not asker.agrees(valid(inner)):
            break
        right = order
    return right
