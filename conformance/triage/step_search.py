"""The search for the step at fault: each step is asked separately from the rest of its program.

An `Isolation` is a case with one step of the program. The step counts as faulty if the isolation
fails in the same way as the finding, and if its control, the same program without the step, does
not.

Two callers use it. They isolate steps in the same way, but in another order, since they need
different results:

- `explain` (locate.py) finds the step at which the wrong value appears in the case as it was asked.
  It looks for the first value that is wrong, and keeps operator, dtype and warmup_point.
- root causes (root_cause.py) need an isolation that is the same for every finding of one bug. They
  ask only full derivatives in float64 and ask all steps. They prefer a step without which the
  program is correct.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from ad_conformance.conformance.triage.ask import Asker
from ad_conformance.conformance.triage.failure_key import FailureKey
from ad_conformance.conformance.verdicts import Result, Verdict
from ad_conformance.generators.ir.nest import fewer_wrappers
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.rewrite.program_builder import SMOOTH
from ad_conformance.generators.rewrite.slicing import Slicer
from ad_conformance.generators.rewrite.variants import modes_within


class SameFailure:
    """Whether cases fail as a finding does, in one engine.

    `rule` gives the part of a failure key that must be equal. With `in_time`, a case that is not
    asked because time is up counts as not failing. Without it, OutOfTime is raised.
    """

    def __init__(
        self,
        asker: Asker,
        finding: FailureKey,
        rule: Callable[[FailureKey], Hashable],
        *,
        in_time: bool = False,
    ) -> None:
        self.asker, self.finding = asker, finding
        self._rule = rule
        self._result: Callable[[Case], Result | None] = asker.in_time if in_time else asker.result

    def failing(self, case: Case | None) -> Result | None:
        """The result of the case if it fails in the same way. Raises EngineUnavailable."""
        result = None if case is None else self._result(case)
        if result is None or not result.is_finding:
            return None
        same = self._rule(FailureKey.of(result)) == self._rule(self.finding)
        return result if same else None

    def __call__(self, case: Case | None) -> bool:
        """Whether the case fails in the same way. Raises EngineUnavailable."""
        return self.failing(case) is not None

    def clears(self, control: Case | None) -> bool:
        """Whether the control shows that the functions around a step are not at fault.

        It must agree, or fail in another way than the finding. Another wrong value does not count
        as another way. Raises EngineUnavailable.
        """
        result = None if control is None else self._result(control)
        if result is None or self(control):
            return False
        return result.verdict is Verdict.AGREE or (result.is_finding and not self.finding.has_value)


def with_fewest_wrappers(case: Case, fails: Callable[[Case], bool]) -> Case:
    """The case without the wrappers that its failure does not need."""
    found: Case | None = case
    while found is not None:
        case = found
        fewer = (replace(case, wrappers=left) for left in fewer_wrappers(case.wrappers))
        found = next(filter(fails, fewer), None)
    return case


@dataclass(frozen=True)
class Isolation:
    """A case with step `step` (the value_id of its result) and without the rest of its program.

    `operands` are the value_ids by which the case differentiates. `smooth` names the function
    before and after the step, if there is one. `control` makes the same case without the step; None
    if there is no such function.
    """

    step: int
    case: Case | None
    operands: tuple[int, ...] = ()
    smooth: str = ""
    control: Callable[[], Case | None] | None = None


def isolated(
    isolations: Iterable[Isolation], same: SameFailure
) -> Iterator[tuple[Isolation, Result]]:
    """The isolations whose step is faulty, each with its result."""
    for isolation in isolations:
        result = same.failing(isolation.case)
        if result is not None and (isolation.control is None or same.clears(isolation.control())):
            yield isolation, result


def alone(slicer: Slicer, k: int) -> Iterator[Isolation]:
    """Step k as a program of its operands, in every mode within the case's mode."""
    for mode in modes_within(slicer.case.mode):
        for part in slicer.alone(k, mode):
            yield Isolation(k, part.case, part.operands)


def followed(slicer: Slicer, k: int, followers: Iterable[str]) -> Iterator[Isolation]:
    """The program up to step k, with one of the functions after it."""
    for smooth in followers:
        control = partial(slicer.control, k, smooth)
        yield Isolation(k, slicer.prefix(k, smooth), smooth=smooth, control=control)


def between(slicer: Slicer, k: int) -> Iterator[Isolation]:
    """Step k between two smooth functions."""
    for smooth in SMOOTH:
        for part, control in slicer.between(k, smooth):
            yield Isolation(k, part.case, part.operands, smooth, partial(_given, control))


def _given(control: Case | None) -> Case | None:
    return control


def plain(slicer: Slicer, *, curved: bool, together: bool, tied: bool) -> Iterator[Isolation]:
    """Every step alone as a plain case, the last step first; see `Slicer.plain_steps`."""
    surrounded = curved or together or tied
    for k, case in slicer.plain_steps(curved=curved, together=together, tied=tied):
        control = partial(slicer.surroundings, k, tied=tied) if surrounded else None
        yield Isolation(k, case, control=control)
