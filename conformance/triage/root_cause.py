"""Finding out what a finding comes of, by asking: the step that fails also alone, what must be
special, which words.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, product

import numpy as np
from ad_conformance.conformance.pool import can_be_written, truth_of
from ad_conformance.conformance.reference.certify import MAX_ORDER, Truth
from ad_conformance.conformance.triage.causes import Cause, Finding, Symptom
from ad_conformance.conformance.triage.feature_minimization import features_of, generalized
from ad_conformance.conformance.verdicts import Verdict, judge
from ad_conformance.engines.process.sandbox import Sandbox
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.case_io import valid
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.mode import LETTERS, modes_of_order
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.rewrite import reduction
from ad_conformance.generators.rewrite.derivative_formulas import MOVING
from ad_conformance.generators.rewrite.expansion import (
    as_polynomial,
    differentiated,
    expanded,
    unnested,
)
from ad_conformance.generators.rewrite.single_step import (
    alone,
    context,
    general,
    stand_alones,
    varying,
    with_exchanged,
    with_numbers,
    with_one_held,
)

#: Definitions within definitions that are followed.
DEPTH = 4
#: How near two wrong answers must be to come of one cause, relative to each number.
ALIKE = {"float64": 1e-6, "float32": 1e-4}


class OutOfTime(Exception):
    """The time is spent before the cause is known."""


class Vanished(Exception):
    """The case does not fail any more as it did."""


class Inquiry:
    """Questions to one engine, none asked twice, until the time is spent."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.asked = 0
        self._end = math.inf
        self._known: dict[str, tuple[Symptom | None, np.ndarray | None]] = {}

    def symptom(self, case: Case) -> Symptom | None:
        """How the case fails, None where it does not or cannot be asked. Raises OutOfTime,
        EngineUnavailable.
        """
        return self._answer(case)[0]

    def answer(self, case: Case) -> np.ndarray | None:
        """The numbers that come, None where there are none. Raises OutOfTime, EngineUnavailable."""
        return self._answer(case)[1]

    def same_answer(self, case: Case, other: Case) -> bool:
        """Whether both cases get the same numbers, up to rounding, or none. Raises OutOfTime,
        EngineUnavailable.
        """
        one, two = self._answer(case)[1], self._answer(other)[1]
        if one is None or two is None:
            return one is two
        tolerance = ALIKE[case.dtype]
        return one.shape == two.shape and bool(
            np.allclose(one, two, rtol=tolerance, atol=0.0, equal_nan=True)
        )

    def _answer(self, case: Case) -> tuple[Symptom | None, np.ndarray | None]:
        try:
            name = case.id
        except ValueError:
            # A number of it is not finite: one that float32 does not hold.
            return None, None
        if name not in self._known:
            if time.monotonic() > self._end:
                raise OutOfTime
            self._known[name] = self._ask(case)
        return self._known[name]

    def _ask(self, case: Case) -> tuple[Symptom | None, np.ndarray | None]:
        question = valid(case)
        if (
            question is None
            or question.order > MAX_ORDER
            or not can_be_written(question, self.sandbox.engine)
        ):
            return None, None
        self.asked += 1
        answer = self.sandbox.ask(question)
        # Whoever does not answer is no better for a truth.
        truth = truth_of(question) if answer.outcome == "answered" else Truth("uncertified")
        result = judge(question, self.sandbox.engine.name, answer, truth)
        return Finding.of(result).symptom if result.is_finding else None, answer.value

    def cause(self, finding: Finding, *, seconds: float) -> tuple[Cause, Case]:
        """The cause of a finding, and a case that shows it. Raises OutOfTime, Vanished,
        EngineUnavailable.
        """
        self._end = time.monotonic() + seconds
        return _One(self, finding).cause()

    def matching(self, finding: Finding, known: Sequence[Cause], *, seconds: float) -> Cause | None:
        """The one of the known causes that a few questions show to be that of the finding.

        Raises OutOfTime, EngineUnavailable.
        """
        self._end = time.monotonic() + seconds
        return _One(self, finding).matching(known)


class _One:
    """The inquiry into one finding."""

    def __init__(self, inquiry: Inquiry, finding: Finding) -> None:
        self.inquiry, self.finding = inquiry, finding
        self.wanted = finding.symptom
        # What the output does not need cannot make it wrong, but may raise while the program is
        # traced.
        self.case = finding.case
        if not self.tells:
            self.case = replace(self.case, program=self.case.program.pruned())
        self.case = self.shortened(self.case)

    def fails(self, case: Case) -> bool:
        return self.inquiry.symptom(case) == self.wanted

    def shortened(self, case: Case) -> Case:
        """The case as a full derivative in the shortest word that fails of those that its own
        contains.

        All that is asked then costs less.
        """
        if case.wrt:
            return case
        full = replace(case, operator="jacobian", tangent=None, cotangent=None)
        for order in range(1, case.order + (full != case)):
            for mode in _shortened(case.mode, order):
                if self.inquiry.sandbox.engine.answers(mode) and self.fails(full.with_mode(mode)):
                    return full.with_mode(mode)
        return case

    def cause(self) -> tuple[Cause, Case]:
        case, culprits = self.located(self.case)
        for _ in range(DEPTH):
            case = self.with_least_varying(case, culprits)
            case, special = generalized(case, culprits, self.fails)
            inner = self.inside(case, culprits)
            if inner is None:
                break
            case, culprits = inner
        modes = self.modes(case)
        engine = self.inquiry.sandbox.engine.base
        failure, error, message = self.wanted
        operations = self.operands(case, culprits, modes)
        special = self.whichever(special, case, culprits, modes)
        return Cause(
            engine, failure, modes, operations, special, _questions(case), error, message
        ), case

    def matching(self, known: Sequence[Cause]) -> Cause | None:
        """The known cause whose operation fails alone too, in the same way.

        Where there are only wrong numbers, only causes that need nothing special are matched, with
        general numbers and in a word of the cause: one operation may be wrong in several ways. What
        raises or dies says itself what it is.
        """
        dtype = self.dtypes[0]
        for k, candidate in stand_alones(replace(self.case, dtype=dtype)):
            operation = frozenset({self.case.program.steps[k - 1].operation})
            found = features_of(candidate, operation)
            fitting = [
                cause
                for cause in known
                if (cause.failure, cause.error, cause.message) == self.wanted
                and cause.questions == (("float32",) if dtype == "float32" else ())
                and cause.operations == self.operands(candidate, operation, cause.modes)
                and (found.issuperset(cause.features) if self.tells else not cause.features)
            ]
            if fitting and self.fails(candidate) and not self.fails_without(self.case, k):
                if self.tells:
                    return max(fitting, key=lambda cause: len(cause.features))
                for given in general(candidate):
                    typical = with_numbers(candidate, given)
                    for cause in fitting if valid(typical) is not None else ():
                        own = _shortened(self.case.mode, len(cause.modes[0]))
                        if any(
                            mode in own and self.fails(typical.with_mode(mode))
                            for mode in cause.modes
                        ):
                            return cause
        return None

    @property
    def tells(self) -> bool:
        """Whether the failure says more of itself than that numbers are wrong."""
        return self.wanted[0] not in {v.failure for v in Verdict if v.returned}

    @property
    def dtypes(self) -> tuple[str, ...]:
        """In which a step is asked alone; a wrong dtype shows in its own only."""
        own = self.case.dtype
        return (own,) if self.wanted[0] == "wrong_dtype" else tuple(dict.fromkeys(("float64", own)))

    def located(self, case: Case) -> tuple[Case, frozenset[str]]:
        """A case with few steps that fails as the finding does, and the operations among them that
        matter.
        """
        if len(_operations(case)) > 1 and (found := self.alone(case)) is not None:
            return found
        if not self.fails(case):
            raise Vanished
        small = reduction.reduce(case, self.fails)
        left = frozenset(_operations(small))
        return (self.alone(small) if len(left) > 1 else None) or (small, left)

    def alone(self, case: Case) -> tuple[Case, frozenset[str]] | None:
        """The first step of the case that fails alone too, as a case; one that the case needs to
        fail, if any is.
        """
        known: dict[bool | None, tuple[Case, frozenset[str]]] = {}
        for dtype in self.dtypes:
            for tied, together, bent in product((False, True), repeat=3):
                for k, candidate in stand_alones(
                    replace(case, dtype=dtype), bent=bent, together=together, tied=tied
                ):
                    helped = bent or together or tied
                    if self.fails(candidate) and not (helped and self.context_fails(case, k, tied)):
                        found = candidate, frozenset({case.program.steps[k - 1].operation})
                        without = self.fails_without(case, k)
                        if without is False:
                            return found
                        known.setdefault(without, found)
                if None in known:
                    return known[None]
        return known.get(True)

    def fails_without(self, case: Case, k: int) -> bool | None:
        """Whether the case fails also with a polynomial of the same derivatives in the place of
        step k; None where there is none that is certified.
        """
        if self.tells and not self.wanted[2]:
            return False
        depends = varying(case)
        entered = tuple(dict.fromkeys(i for i in case.program.steps[k - 1].operands if depends[i]))
        if len(_operations(case)) < 2 or (own := alone(case, k, entered)) is None:
            return False
        truths = [truth_of(own.with_mode("R" * order)).value for order in range(1, case.order + 1)]
        tensors = [value for value in truths if value is not None]
        without = as_polynomial(case, k, entered, tensors) if len(tensors) == case.order else None
        return None if without is None else self.fails(without)

    def context_fails(self, case: Case, k: int, tied: bool) -> bool:
        """Whether what is put around step k where it is asked alone fails without it."""
        around = context(case, k, tied=tied)
        return around is not None and self.fails(around)

    def inside(self, case: Case, culprits: frozenset[str]) -> tuple[Case, frozenset[str]] | None:
        """What fails in the definition of what matters, where the definition gets the same wrong
        answer.

        Or, where first derivatives are right, in the formula of the derivative, which engines
        mostly make it of; or in what a derivative inside the program is of.
        """
        if len(culprits) != 1:
            return None
        places = [
            k for k, step in enumerate(case.program.steps, start=1) if step.operation in culprits
        ]
        for k in places:
            for whole in expanded(case, k):
                if self.fails(whole) and self.inquiry.same_answer(case, whole):
                    inner, found = self.located(whole)
                    # Messages may be the same for all operations: what only moves values may come
                    # of the writing out.
                    if not found & culprits and not (self.tells and found <= MOVING):
                        return inner, found
        # In a word of its own: others may fail for other reasons.
        modes = self.modes(case)
        own = [mode for mode in _shortened(case.mode, len(modes[0])) if mode in modes]
        least = case.with_mode(own[0] if own else modes[0])
        for k in places:
            for one, formula in (*differentiated(least, k), *unnested(least, k)):
                if (
                    self.fails(one)
                    and self.fails(formula)
                    and self.inquiry.same_answer(one, formula)
                ):
                    return self.located(formula)
        return None

    def with_least_varying(self, case: Case, culprits: frozenset[str]) -> Case:
        """The case with operands of what matters held constant, where it still fails."""
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
        """All words that fail, of the least order at which one does that the case's own word
        contains.

        What forward mode gets wrong is no cause of what reverse mode alone does; nor, at first
        order, where the numbers are finite and others.
        """
        engine = self.inquiry.sandbox.engine
        if case.operator != "jacobian" or case.wrt:
            return (case.mode,)
        for order in range(1, case.order + 1):
            if any(
                engine.answers(w) and self.fails(case.with_mode(w))
                for w in _shortened(case.mode, order)
            ):
                failing = [
                    w
                    for w in modes_of_order(order)
                    if engine.answers(w) and self.fails(case.with_mode(w))
                ]
                own = next(w for w in _shortened(case.mode, order) if w in failing)
                return tuple(
                    w
                    for w in failing
                    if order > 1 or not self.differ(case.with_mode(own), case.with_mode(w))
                )
        return (case.mode,)

    def differ(self, one: Case, other: Case) -> bool:
        """Whether two wrong answers to one question are finite and not the same: two faults."""
        if self.wanted[0] != "wrong" or self.inquiry.same_answer(one, other):
            return False
        answers = [self.inquiry.answer(case) for case in (one, other)]
        return all(answer is not None and bool(np.all(np.isfinite(answer))) for answer in answers)

    def operands(
        self, case: Case, culprits: frozenset[str], modes: tuple[str, ...]
    ) -> tuple[str, ...]:
        """The operations that matter, each with those of its operands that have to vary, where it
        has several.

        Which operand is told of wrong numbers only, and not where they come of forward mode: what
        raises mostly does so whatever the operand, and pushforwards are written for all operands at
        once. Nor where a function of two that may be exchanged fails so, too: some engines put them
        in an order of their own.
        """
        if self.tells and len(culprits) > 1:
            # No step fails alone: what it says is all that findings have in common.
            return ()
        values, depends = evaluate_steps(case.program, case.input), varying(case)
        told = not self.tells and not all(
            LETTERS[mode[-1]].product == "pushforward" for mode in modes
        )
        found = set()
        for k, step in enumerate(case.program.steps, start=1):
            if step.operation in culprits and step.operands and values[k].dtype != bool:
                slots = ",".join(str(j) for j, i in enumerate(step.operands) if depends[i])
                many = len(step.operands) > 1 and CATALOGUE[step.operation].arity is not None
                told_here = (
                    told
                    and many
                    and slots
                    and not self.fails_exchanged(case.with_mode(modes[0]), k)
                )
                found.add(f"{step.operation}[{slots}]" if told_here else step.operation)
        return tuple(sorted(found))

    def whichever(
        self, special: tuple[str, ...], case: Case, culprits: frozenset[str], modes: tuple[str, ...]
    ) -> tuple[str, ...]:
        """What must be special, of the first operand where the two may be exchanged and it fails
        either way.
        """
        places = [
            k for k, step in enumerate(case.program.steps, start=1) if step.operation in culprits
        ]
        if "zero last" not in special or not all(
            self.fails_exchanged(case.with_mode(modes[0]), k) for k in places
        ):
            return special
        return tuple(
            sorted({"zero base" if feature == "zero last" else feature for feature in special})
        )

    def fails_exchanged(self, case: Case, k: int) -> bool:
        """Whether step k has two operands that may be exchanged, and the case fails with these
        exchanged, too.
        """
        exchanged = with_exchanged(case, k)
        return exchanged is not None and self.fails(exchanged)


def _operations(case: Case) -> list[str]:
    """The operations of the steps that have operands."""
    return [step.operation for step in case.program.steps if step.operands]


def _shortened(mode: str, order: int) -> list[str]:
    """What is left of a word when all letters but so many go."""
    return sorted({"".join(letters) for letters in combinations(mode, order)})


def _questions(case: Case) -> tuple[str, ...]:
    needs = {
        "float32": case.dtype == "float32",
        "elsewhere": case.warmup_point is not None,
        "operator": case.operator != "jacobian",
        "wrt": bool(case.wrt),
    }
    return tuple(name for name, needed in needs.items() if needed)
