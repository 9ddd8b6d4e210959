"""The root cause of a finding: the step that fails alone, the features that its operands need, and
the modes that fail.

All of these are found by asking the engine. `step_search` describes the search for the step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np
from ad_conformance.conformance.pool import truth_of
from ad_conformance.conformance.triage.ask import Asker
from ad_conformance.conformance.triage.causes import Cause, Finding
from ad_conformance.conformance.triage.failure_key import FailureKey
from ad_conformance.conformance.triage.feature_minimization import features_of, minimize_features
from ad_conformance.conformance.triage.step_search import (
    SameFailure,
    isolated,
    plain,
    with_fewest_wrappers,
)
from ad_conformance.conformance.verdicts import Verdict
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.case_io import valid
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.mode import LETTERS, modes_of_order
from ad_conformance.generators.ir.nest import names_of
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.rewrite import reduction
from ad_conformance.generators.rewrite.derivative_formulas import MOVING
from ad_conformance.generators.rewrite.expansion import (
    as_polynomial,
    differentiated,
    expanded,
    unnested,
)
from ad_conformance.generators.rewrite.slicing import Slicer
from ad_conformance.generators.rewrite.variants import (
    general,
    submodes,
    varying,
    with_exchanged,
    with_numbers,
    with_one_held,
)

#: Definitions within definitions that are followed.
DEPTH = 4

#: A case, and the operations in it that are at fault.
Located = tuple[Case, frozenset[str]]


class Vanished(Exception):
    """The case no longer fails as it did."""


def root_cause(finding: Finding, asker: Asker, *, seconds: float) -> tuple[Cause, Case]:
    """The root cause of a finding, and a case that shows it.

    Raises OutOfTime, Vanished, EngineUnavailable.
    """
    asker.allow(seconds)
    return _RootCauseSearch(asker, finding).cause()


def matching_cause(
    finding: Finding, known: Sequence[Cause], asker: Asker, *, seconds: float
) -> Cause | None:
    """The known cause that is also the cause of the finding, or None. It takes a few cases.

    Raises OutOfTime, EngineUnavailable.
    """
    asker.allow(seconds)
    return _RootCauseSearch(asker, finding).matching(known)


class _RootCauseSearch:
    """The search for the root cause of one finding.

    `fails` says whether a case has the symptom of the finding.
    """

    def __init__(self, asker: Asker, finding: Finding) -> None:
        self.asker, self.engine = asker, asker.sandbox.engine
        self.key: FailureKey = finding.key
        self.fails = SameFailure(asker, finding.key, lambda key: key.symptom)
        #: Whether the engine raised or died, so that there is a message or a signal to compare.
        self.says_what = not self.key.has_value
        case = finding.case
        # Steps that the output does not need cannot make it wrong, but they may raise while the
        # program is traced.
        if not self.says_what:
            case = replace(case, program=case.program.pruned())
        self.case = self.shortened(with_fewest_wrappers(case, self.fails))

    def shortened(self, case: Case) -> Case:
        """The case as a full derivative, in the shortest mode within its own that fails.

        All later cases then take less time.
        """
        if case.wrt:
            return case
        full = replace(case, operator="jacobian", tangent=None, cotangent=None)
        for order in range(1, case.order + (full != case)):
            for mode in submodes(case.mode, order):
                if self.fails_in(full, mode):
                    return full.with_mode(mode)
        return case

    def fails_in(self, case: Case, mode: str) -> bool:
        """Whether the engine answers that mode, and the case fails in it."""
        return self.engine.answers(mode) and self.fails(case.with_mode(mode))

    def cause(self) -> tuple[Cause, Case]:
        """The cause, and a case that shows it."""
        case, culprits = self.located(self.case)
        for _ in range(DEPTH):
            case = self.with_fewest_varying(case, culprits)
            case, features = minimize_features(case, culprits, self.fails)
            inner = self.inside(case, culprits)
            if inner is None:
                break
            case, culprits = inner
        modes = self.modes(case)
        failure, error, message = self.key.symptom
        operations = self.operands(case, culprits, modes)
        features = self.exchangeable(features, case, culprits, modes)
        questions = case.questions
        engine = self.engine.base
        return Cause(engine, failure, modes, operations, features, questions, error, message), case

    def matching(self, known: Sequence[Cause]) -> Cause | None:
        """The known cause whose operation fails alone in this program too, in the same way.

        One operation may be wrong in several ways. So a cause of wrong values matches only if it
        needs no special numbers, and if the step also fails with general numbers, in a mode of the
        cause. A failure that raises or dies says itself which it is.
        """
        dtype = self.dtypes[0]
        single = ("float32",) if dtype == "float32" else ()
        questions = (*single, *names_of(self.case.wrappers))
        for k, candidate in Slicer(replace(self.case, dtype=dtype)).plain_steps():
            operation = frozenset({self.case.program.steps[k - 1].operation})
            features = features_of(candidate, operation)
            fitting = [
                cause
                for cause in known
                if cause.symptom == self.key.symptom
                and cause.questions == questions
                and cause.operations == self.operands(candidate, operation, cause.modes)
                and (features.issuperset(cause.features) if self.says_what else not cause.features)
            ]
            if not fitting or not self.fails(candidate) or self.fails_without(self.case, k):
                continue
            if self.says_what:
                return max(fitting, key=lambda cause: len(cause.features))
            for given in general(candidate):
                typical = with_numbers(candidate, given)
                for cause in fitting if valid(typical) is not None else ():
                    within = submodes(self.case.mode, len(cause.modes[0]))
                    if any(self.fails(typical.with_mode(m)) for m in cause.modes if m in within):
                        return cause
        return None

    @property
    def dtypes(self) -> tuple[str, ...]:
        """The dtypes in which a step is asked alone. A wrong dtype shows in its own dtype only."""
        own = self.case.dtype
        if self.key.verdict is Verdict.WRONG_DTYPE:
            return (own,)
        return tuple(dict.fromkeys(("float64", own)))

    def located(self, case: Case) -> Located:
        """A case with few steps that fails as the finding does, and the operations at fault in it.

        If no step fails alone, the case is reduced, and all operations that are left are at fault.
        """
        if len(_operations(case)) > 1 and (found := self.alone(case)) is not None:
            return found
        if not self.fails(case):
            raise Vanished
        small = reduction.reduce(case, self.fails)
        left = frozenset(_operations(small))
        return (self.alone(small) if len(left) > 1 else None) or (small, left)

    def alone(self, case: Case) -> Located | None:
        """The first step of the case that fails alone too, as a case.

        A step without which the case is right comes first, then one of which that is not known,
        then any other.
        """
        found: dict[bool | None, Located] = {}
        for dtype in self.dtypes:
            slicer = Slicer(replace(case, dtype=dtype))
            for tied, together, curved in product((False, True), repeat=3):
                isolations = plain(slicer, curved=curved, together=together, tied=tied)
                for isolation, result in isolated(isolations, self.fails):
                    k = isolation.step
                    own = result.case, frozenset({case.program.steps[k - 1].operation})
                    still_fails = self.fails_without(case, k)
                    if still_fails is False:
                        return own
                    found.setdefault(still_fails, own)
                if None in found:
                    return found[None]
        return found.get(True)

    def fails_without(self, case: Case, k: int) -> bool | None:
        """Whether the case still fails with a polynomial in the place of step k that has the same
        derivatives. None if there is no such polynomial with certified derivatives.
        """
        if self.says_what and not self.key.message:
            return False
        depends = varying(case)
        inputs = tuple(dict.fromkeys(i for i in case.program.steps[k - 1].operands if depends[i]))
        if len(_operations(case)) < 2:
            return False
        own = Slicer(case).plain_alone(k, inputs)
        if own is None:
            return False
        truths = [truth_of(own.with_mode("R" * order)) for order in range(1, case.order + 1)]
        tensors = [t.value for t in truths if t.value is not None and t.judged is None]
        if len(tensors) < case.order:
            return None
        without = as_polynomial(case, k, inputs, tensors)
        return None if without is None else self.fails(without)

    def inside(self, case: Case, culprits: frozenset[str]) -> Located | None:
        """What is at fault inside the operation at fault, if its definition fails in the same way.

        The definition counts if it gives the same wrong value. If first derivatives are right, the
        formula of the derivative counts, since engines mostly use it. For a derivative inside the
        program, its body counts.
        """
        if len(culprits) != 1:
            return None
        steps = [
            k for k, step in enumerate(case.program.steps, start=1) if step.operation in culprits
        ]
        for k in steps:
            for whole in expanded(case, k):
                if self.fails(whole) and self.asker.same_value(case, whole):
                    inner, found = self.located(whole)
                    # Some messages are the same for all operations. Then an operation that only
                    # moves values may fail because the definition was written with it.
                    if not found & culprits and not (self.says_what and found <= MOVING):
                        return inner, found
        # In a mode within the finding's: in other modes the step may fail for other reasons.
        modes = self.modes(case)
        own = [m for m in submodes(case.mode, len(modes[0])) if m in modes]
        least = case.with_mode(own[0] if own else modes[0])
        for k in steps:
            for one, formula in (*differentiated(least, k), *unnested(least, k)):
                both_fail = self.fails(one) and self.fails(formula)
                if both_fail and self.asker.same_value(one, formula):
                    return self.located(formula)
        return None

    def with_fewest_varying(self, case: Case, culprits: frozenset[str]) -> Case:
        """The case with operands of what is at fault held constant, as far as it still fails."""
        again = True
        while again:
            again = False
            depends = varying(case)
            for k, held in with_one_held(case):
                step = case.program.steps[k - 1]
                several = sum(depends[i] for i in step.operands) > 1
                if several and step.operation in culprits and self.fails(held):
                    case, again = held, True
                    break
        return case

    def modes(self, case: Case) -> tuple[str, ...]:
        """All modes that fail, of the least order at which a mode within the case's fails.

        At first order, a mode that gives another finite wrong value has another bug.
        """
        if case.operator != "jacobian" or case.wrt:
            return (case.mode,)
        for order in range(1, case.order + 1):
            within = submodes(case.mode, order)
            if not any(self.fails_in(case, mode) for mode in within):
                continue
            failing = [mode for mode in modes_of_order(order) if self.fails_in(case, mode)]
            if order > 1:
                return tuple(failing)
            own = case.with_mode(next(mode for mode in within if mode in failing))
            return tuple(m for m in failing if not self.differ(own, case.with_mode(m)))
        return (case.mode,)

    def differ(self, one: Case, other: Case) -> bool:
        """Whether two wrong values are finite and not equal: then they have two bugs."""
        if self.key.symptom[0] != "wrong" or self.asker.same_value(one, other):
            return False
        values = [self.asker.value(case) for case in (one, other)]
        return all(value is not None and bool(np.all(np.isfinite(value))) for value in values)

    def operands(
        self, case: Case, culprits: frozenset[str], modes: tuple[str, ...]
    ) -> tuple[str, ...]:
        """The operations at fault. If an operation has several operands, those that must vary are
        named with it: "divide[1]".

        Operands are named for wrong values only. An operation that raises mostly does so whichever
        operand varies. Nor are they named if only modes with a pushforward innermost fail, since it
        is written for all operands at once; nor if the case also fails with its operands exchanged,
        since some engines put them into an order of their own.
        """
        if self.says_what and len(culprits) > 1:
            # No step fails alone, so findings share nothing but the message.
            return ()
        values, depends = evaluate_steps(case.program, case.input), varying(case)
        pushed = all(LETTERS[mode[-1]].product == "pushforward" for mode in modes)
        naming = not self.says_what and not pushed
        found = set()
        for k, step in enumerate(case.program.steps, start=1):
            if step.operation not in culprits or not step.operands or values[k].dtype == bool:
                continue
            slots = ",".join(str(j) for j, i in enumerate(step.operands) if depends[i])
            several = len(step.operands) > 1 and CATALOGUE[step.operation].arity is not None
            named = naming and several and slots
            if named and not self.fails_exchanged(case.with_mode(modes[0]), k):
                found.add(f"{step.operation}[{slots}]")
            else:
                found.add(step.operation)
        return tuple(sorted(found))

    def exchangeable(
        self,
        features: tuple[str, ...],
        case: Case,
        culprits: frozenset[str],
        modes: tuple[str, ...],
    ) -> tuple[str, ...]:
        """The features. A zero is that of the first operand if the two operands can be exchanged
        and the case fails both ways.
        """
        if "zero last" not in features:
            return features
        steps = [
            k for k, step in enumerate(case.program.steps, start=1) if step.operation in culprits
        ]
        if not all(self.fails_exchanged(case.with_mode(modes[0]), k) for k in steps):
            return features
        return tuple(sorted({"zero base" if f == "zero last" else f for f in features}))

    def fails_exchanged(self, case: Case, k: int) -> bool:
        """Whether step k has two operands whose order does not matter, and the case fails with them
        exchanged, too.
        """
        return self.fails(with_exchanged(case, k))


def _operations(case: Case) -> list[str]:
    """The operations of the steps that have operands."""
    return [step.operation for step in case.program.steps if step.operands]
