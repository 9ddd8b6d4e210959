"""Verdicts: the outcome of one case in one engine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Literal

import numpy as np
from ad_conformance.conformance.reference.certify import Truth, certify, measured_again
from ad_conformance.engines.contract import Answer
from ad_conformance.generators.ir.program import Case

#: The column of a summary that counts a verdict; findings are divided further.
Column = Literal["right", "finding", "unsupported", "no truth"]


def _finding(
    value: str, fails: str, *, failure: str = "", returned: bool = False
) -> tuple[str, Column, str, str, bool]:
    """The attributes of a verdict that is a finding; its failure key is its value by default."""
    return value, "finding", failure or value, fails, returned


class Verdict(StrEnum):
    """The outcome, in the order in which tables show it.

    Everything that depends on the verdict alone is an attribute:

    column: where a summary counts it.
    failure: the failure key of a finding, "" for others. One bug may give any of the verdicts with
        the same key.
    fails: how a sentence about the derivative goes on; `{error}` is the type of the exception or
        the signal.
    returned: whether the engine returned an array.
    """

    AGREE = ("agree", "right", "", "", True)
    WRONG = _finding("wrong", "is wrong", returned=True)
    NOT_FINITE = _finding(
        "not_finite", "is NaN or infinite instead of finite", failure="wrong", returned=True
    )
    WRONG_SHAPE = _finding("wrong_shape", "has the wrong shape", returned=True)
    WRONG_DTYPE = _finding("wrong_dtype", "has the wrong dtype", returned=True)
    IMPURE = _finding("impure", "is not a pure function", returned=True)
    COMPILE_FAILURE = _finding("compile_failure", "cannot be compiled: {error}", failure="raised")
    RUNTIME_FAILURE = _finding("runtime_failure", "raises {error}", failure="raised")
    CRASH = _finding("crash", "kills the process ({error})")
    TIMEOUT = _finding("timeout", "does not return")
    UNSUPPORTED = ("unsupported", "unsupported", "", "", False)
    CONVENTION = ("convention", "no truth", "", "", True)
    UNCERTIFIED = ("uncertified", "no truth", "", "", True)

    column: Column
    failure: str
    fails: str
    returned: bool

    def __new__(
        cls,
        value: str,
        column: Column = "finding",
        failure: str = "",
        fails: str = "",
        returned: bool = False,
    ) -> Verdict:
        """A member with its attributes; `Verdict("wrong")` finds a member by its value."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.column, member.failure = column, failure
        member.fails, member.returned = fails, returned
        return member

    @property
    def is_finding(self) -> bool:
        return self.column == "finding"

    @property
    def failed(self) -> bool:
        """Whether it is a finding and the engine did not return an array."""
        return self.is_finding and not self.returned

    @property
    def compared(self) -> bool:
        """Whether the case has a certified derivative that the engine could agree with or fail."""
        return self.column in ("right", "finding")


@dataclass(frozen=True)
class Result:
    """A verdict with its evidence.

    `error_ratio` is the largest error / tolerance over all entries, NaN if nothing was compared.
    """

    case: Case
    engine: str
    verdict: Verdict
    answer: Answer
    truth: Truth
    error_ratio: float = float("nan")

    @property
    def is_finding(self) -> bool:
        return self.verdict.is_finding


#: The tolerance is measured again for answers that are off by less than this many times as much.
DOUBTFUL = 64.0


def judge(case: Case, engine: str, answer: Answer, truth: Truth) -> Result:
    """The verdict on an answer, given the certified derivative.

    A wrong value is a finding only in an entry that has a certified derivative. Entries whose value
    is a convention must be finite if all derivatives that meet there are. An answer that failed
    (exception, crash, timeout) is a finding in any case, and so is one with side effects.

    If the answer has further lanes of a batch, each is judged at its point. The first that is a
    finding takes the place of the answer and the certified derivative.
    """
    result = _judged(case, engine, answer, truth)
    for of_lane, lane in () if result.is_finding else answer.lanes:
        found = _judged(of_lane, engine, lane, _truth_of_lane(of_lane.with_mode("R" * case.order)))
        if found.is_finding:
            return replace(found, case=case)
    return result


@lru_cache(maxsize=256)
def _truth_of_lane(case: Case) -> Truth:
    return certify(case)


def _judged(case: Case, engine: str, answer: Answer, truth: Truth) -> Result:
    verdict, error_ratio = _verdict(answer, truth, case.dtype)
    if verdict is Verdict.WRONG and error_ratio < DOUBTFUL and truth.tolerance is not None:
        again = measured_again(case)
        if again.tolerance is not None and again.tolerance.shape == truth.tolerance.shape:
            truth = replace(truth, tolerance=np.maximum(truth.tolerance, again.tolerance))
            verdict, error_ratio = _verdict(answer, truth, case.dtype)
    if not verdict.is_finding and _has_side_effects(answer, truth):
        verdict = Verdict.IMPURE
    return Result(case, engine, verdict, answer, truth, error_ratio)


def _verdict(answer: Answer, truth: Truth, dtype: str) -> tuple[Verdict, float]:
    nan = float("nan")
    match answer.outcome:
        case "unsupported":
            return Verdict.UNSUPPORTED, nan
        case "crashed":
            return Verdict.CRASH, nan
        case "timeout":
            return Verdict.TIMEOUT, nan
        case "raised":
            return (
                Verdict.COMPILE_FAILURE if answer.stage == "compile" else Verdict.RUNTIME_FAILURE
            ), nan
    got = answer.value
    assert got is not None
    if truth.shape is None:
        return Verdict(truth.kind), nan
    if got.shape != truth.shape:
        return Verdict.WRONG_SHAPE, nan
    if got.dtype != dtype:
        return Verdict.WRONG_DTYPE, nan
    if not np.all(np.isfinite(got) | ~truth.must_be_finite):
        return Verdict.NOT_FINITE, nan
    if truth.kind != "certified":
        return Verdict(truth.kind), nan
    error_ratio = float(np.max(truth.ratios(got), initial=0.0))
    return (Verdict.AGREE if error_ratio <= 1 else Verdict.WRONG), error_ratio


#: Two answers to one case without a tolerance are the same up to this, relative to the largest
#: entry: sums may be computed in another order.
ALIKE = {"float64": 2.0**-30, "float32": 2.0**-12}


def _has_side_effects(answer: Answer, truth: Truth) -> bool:
    """Whether something beside the value is wrong.

    A second call may give another answer, as long as rounding explains it.
    """
    if answer.value is None or not answer.message:
        return False
    return answer.second is None or not _alike(answer.value, answer.second, truth)


def _alike(one: np.ndarray, other: np.ndarray, truth: Truth) -> bool:
    """Whether two answers to one case differ by no more than rounding: each may be off by the
    tolerance.
    """
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if truth.tolerance is not None and truth.tolerance.shape == one.shape:
        allowed = 2 * truth.tolerance
    else:
        finite = np.abs(one[np.isfinite(one)])
        allowed = ALIKE.get(str(one.dtype), 0.0) * np.max(finite, initial=0.0)
    with np.errstate(invalid="ignore"):
        close = np.abs(one - other) <= allowed
    return bool(np.all(close | (one == other) | (np.isnan(one) & np.isnan(other))))


def repeated(first: Result, second: Result) -> Result:
    """The result of a case that was asked again after other cases.

    It is the first one, or a finding if the answers differ. A timeout proves nothing: the machine
    may be busy.
    """
    one, other = first.answer.value, second.answer.value
    if one is None or second.verdict is Verdict.TIMEOUT:
        return first
    if other is not None and _alike(one, other, first.truth):
        return first
    gives = "gives another answer"
    if other is None:
        gives = f"raises {second.answer.error}"
        if second.verdict is Verdict.CRASH:
            gives = f"kills the process ({second.answer.error})"
    answer = replace(first.answer, message=f"after other cases, the engine {gives}")
    return replace(first, verdict=Verdict.IMPURE, answer=answer)
