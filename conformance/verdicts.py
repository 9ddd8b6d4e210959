"""Verdicts: the outcome of one case in one engine."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from ad_conformance.conformance.reference.certify import Truth
from ad_conformance.engines.contract import Answer
from ad_conformance.generators.ir.program import Case


class Verdict(StrEnum):
    """In the order in which tables show them; from WRONG to TIMEOUT they are findings."""

    AGREE = "agree"
    WRONG = "wrong"
    NOT_FINITE = "not_finite"
    WRONG_SHAPE = "wrong_shape"
    WRONG_DTYPE = "wrong_dtype"
    COMPILE_FAILURE = "compile_failure"
    RUNTIME_FAILURE = "runtime_failure"
    CRASH = "crash"
    TIMEOUT = "timeout"
    UNSUPPORTED = "unsupported"
    CONVENTION = "convention"
    UNCERTIFIED = "uncertified"

    @property
    def is_finding(self) -> bool:
        return self not in (
            Verdict.AGREE,
            Verdict.UNSUPPORTED,
            Verdict.CONVENTION,
            Verdict.UNCERTIFIED,
        )


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


def judge(case: Case, engine: str, answer: Answer, truth: Truth) -> Result:
    """The verdict on an answer, given the certified derivative.

    A wrong value is a finding only if there is a certified derivative. An answer that failed
    (exception, crash, timeout) is a finding in any case.
    """
    verdict, error_ratio = _verdict(answer, truth, case.dtype)
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
    if truth.kind != "certified":
        return Verdict(truth.kind), nan
    assert truth.value is not None
    assert truth.tolerance is not None
    if got.shape != truth.value.shape:
        return Verdict.WRONG_SHAPE, nan
    if got.dtype != dtype:
        return Verdict.WRONG_DTYPE, nan
    if not np.all(np.isfinite(got)):
        return Verdict.NOT_FINITE, nan
    error_ratio = float(np.max(np.abs(got - truth.value) / truth.tolerance, initial=0.0))
    return (Verdict.AGREE if error_ratio <= 1 else Verdict.WRONG), error_ratio
