"""Severity: how wrong a finding is, so that reports can show the worst findings first.

First come answers that are wrong without any sign of it: whoever uses them goes on with them. Then
come failures that show themselves, and last lost digits, which change results least.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

import numpy as np
from ad_conformance.conformance.reference.tolerance import EPSILON
from ad_conformance.conformance.verdicts import Result, Verdict
from ad_conformance.engines.contract import Answer

Array = np.ndarray

#: A wrong entry has lost digits if its relative error is at most this, for each dtype. Few wrong
#: rules leave as many digits.
DIGITS_LEFT = {"float64": 2.0**-16, "float32": 2.0**-10}
#: An entry has also lost digits if its error is at most this many rounding errors of the terms
#: that it is the sum of.
OF_TERMS = 2.0**12
#: Up to this relative deviation, all entries have one factor; so many rounding units.
SAME_FACTOR = 2.0**12
#: The largest numerator and denominator of a factor that is shown as a fraction.
SIMPLE = 12
#: Relative errors of numbers that were rounded to float32 on the way.
SINGLE_ERRORS = (2.0**-26, 2.0**-22)
SINGLE_SUSPECTED = "rounded to float32 on the way?"


class Kind(StrEnum):
    """How wrong a finding is, the worst first."""

    SIGN = "sign"
    FACTOR = "factor"
    VALUE = "value"
    ZERO = "zero"
    IMPURE = "impure"
    DTYPE = "dtype"
    SHAPE = "shape"
    NOT_FINITE = "not finite"
    KILLED = "killed"
    NO_END = "no end"
    RAISED = "raised"
    DIGITS = "digits"


_RANK = {kind: rank for rank, kind in enumerate(Kind)}


@dataclass(frozen=True)
class Severity:
    """How wrong a finding is: the kind, and a short text for people.

    `digits` is the number of correct digits of lost digits, 0 for other kinds.
    """

    kind: Kind
    text: str
    digits: int = 0

    @property
    def rank(self) -> tuple[int, int]:
        """Sort key: the worst first."""
        return _RANK[self.kind], self.digits


def rank_of(kind: str | None) -> int:
    """The place of a kind among all, the worst first; unknown kinds come last."""
    return next((rank for known, rank in _RANK.items() if known == kind), len(_RANK))


def severity_of(result: Result) -> Severity | None:
    """The severity of a finding, None for other results."""
    truth = result.truth
    terms = None
    if truth.value is not None:
        # A small entry is often a difference of numbers of the size of one or of other entries.
        terms = np.full(truth.value.shape, max(1.0, np.max(np.abs(truth.value), initial=0.0)))
    return severity(
        result.answer,
        truth.value,
        truth.tolerance,
        result.verdict,
        dtype=result.case.dtype,
        terms=terms,
        judged=truth.judged,
        finite=truth.must_be_finite,
    )


def severity(
    answer: Answer,
    expected: Array | None,
    tolerance: Array | None,
    verdict: Verdict,
    *,
    dtype: str = "float64",
    terms: Array | None = None,
    judged: Array | None = None,
    finite: Array | None = None,
) -> Severity | None:
    """How wrong an answer with this verdict is; None if the verdict is no finding.

    `terms` is the size of the terms that each entry of the derivative is the sum of: an error that
    is small beside them counts as lost digits. Values are compared in entries that are True in
    `judged`, and must be finite in those that are True in `finite`. All have the shape of the
    answer; None stands for nothing known, and for all entries.
    """
    if not verdict.is_finding:
        return None
    got = answer.value
    match verdict:
        case Verdict.CRASH:
            return Severity(Kind.KILLED, f"kills the process ({answer.error})")
        case Verdict.TIMEOUT:
            return Severity(Kind.NO_END, "does not return")
        case Verdict.COMPILE_FAILURE | Verdict.RUNTIME_FAILURE:
            return Severity(Kind.RAISED, f"raises {answer.error}")
        case Verdict.IMPURE:
            return Severity(Kind.IMPURE, answer.message)
        case Verdict.WRONG_DTYPE if got is not None:
            return Severity(Kind.DTYPE, f"{got.dtype} instead of {dtype}")
        case Verdict.WRONG_SHAPE if got is not None and expected is not None:
            return Severity(Kind.SHAPE, f"shape {got.shape} instead of {expected.shape}")
    if verdict is Verdict.NOT_FINITE and got is not None:
        # Entries whose value is a convention may have to be finite too.
        must = np.broadcast_to(np.True_ if finite is None else finite, got.shape)
        return _not_finite(got[must & ~np.isfinite(got)], int(np.sum(must)))
    if got is None or expected is None or tolerance is None:
        return Severity(Kind.VALUE, "is wrong")
    looked_at = np.ones(expected.shape, bool) if judged is None else judged
    wrong = looked_at & (np.abs(got - expected) > tolerance)
    if not np.any(wrong):
        return Severity(Kind.VALUE, "is wrong")
    given = None if terms is None else np.broadcast_to(terms, expected.shape)[wrong]
    return _of_numbers(
        np.asarray(got[wrong], float),
        expected[wrong],
        np.broadcast_to(tolerance, expected.shape)[wrong],
        dtype,
        int(np.sum(looked_at)),
        given,
    )


def _not_finite(found: Array, count: int) -> Severity:
    word = "NaN" if np.any(np.isnan(found)) else "infinite"
    return Severity(Kind.NOT_FINITE, f"{word}{_share(found.size, count)}")


def _share(wrong: int, count: int) -> str:
    """How a text goes on that is about some of several entries."""
    return f" in {wrong} of {count} entries" if count > 1 else ""


def _of_numbers(
    got: Array, expected: Array, tolerance: Array, dtype: str, count: int, terms: Array | None
) -> Severity:
    """The severity of wrong entries, all finite."""
    epsilon = EPSILON[dtype]
    share = _share(got.size, count)
    error = np.abs(got - expected)
    relative = np.divide(error, np.abs(expected), out=np.full(error.shape, np.inf),
                         where=expected != 0)  # fmt: skip
    lost = relative <= DIGITS_LEFT[dtype]
    if terms is not None:
        lost |= error <= OF_TERMS * epsilon * terms
    if np.all(lost):
        return _digits(got, expected, relative, dtype, share)
    # Entries whose error may be rounding must not hide what is wrong with the others.
    got, expected, tolerance = got[~lost], expected[~lost], tolerance[~lost]
    relative, share = relative[~lost], _share(int(np.sum(~lost)), count)
    if not np.any(got):
        value = f"0 instead of {expected[0]:.3g}" if got.size == 1 else "0"
        return Severity(Kind.ZERO, f"{value}{share}")
    if (factor := _factor(got, expected, tolerance, epsilon)) is not None:
        if factor == "-1":
            return Severity(Kind.SIGN, f"wrong sign{share}")
        return Severity(Kind.FACTOR, f"{factor} x the expected value{share}")
    worst = int(np.argmax(relative))
    how = f" (relative error {relative[worst]:.2g})" if np.isfinite(relative[worst]) else ""
    return Severity(
        Kind.VALUE, f"{got[worst]:.6g} instead of {expected[worst]:.6g}{how}"
                    f"{f', wrong{share}' if share else ''}"
    )  # fmt: skip


def _factor(got: Array, expected: Array, tolerance: Array, epsilon: float) -> str | None:
    """The one factor by which all entries differ, as text: a simple fraction if it is one.

    The factor of a single entry says something only if it is a simple fraction.
    """
    if not np.all(expected):
        return None
    ratios = got / expected
    factor = float(ratios[np.argmax(np.abs(expected))])
    allowed = SAME_FACTOR * epsilon * np.abs(factor * expected) + 2 * tolerance * max(
        1.0, abs(factor)
    )
    simple = Fraction(factor).limit_denominator(SIMPLE)
    is_simple = bool(simple) and abs(simple.numerator) <= SIMPLE
    if is_simple and np.all(np.abs(got - float(simple) * expected) <= allowed):
        return str(simple)
    if got.size < 2 or np.any(np.abs(got - factor * expected) > allowed):
        return None
    return f"{factor:.4g}"


def _digits(got: Array, expected: Array, relative: Array, dtype: str, share: str) -> Severity:
    worst = int(np.argmax(relative))
    if relative[worst] >= 1:
        value = f"{got[worst]:.3g} instead of {expected[worst]:.3g}"
        return Severity(Kind.DIGITS, f"no digit left beside larger terms ({value}){share}")
    left = max(0, int(-np.log10(relative[worst])))
    text = f"{left} digit{'s' if left != 1 else ''} left (relative error {relative[worst]:.1e})"
    low, high = SINGLE_ERRORS
    if dtype == "float64" and np.mean((relative >= low) & (relative <= high)) > 0.5:
        text += f", {SINGLE_SUSPECTED}"
    return Severity(Kind.DIGITS, f"{text}{share}", left)
