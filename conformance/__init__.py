"""Correct results and verdicts: certified derivatives, tolerances, and the suite that users run.

Names of `__all__` are the public ones; they are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ad_conformance.generators.public_names import lazily

if TYPE_CHECKING:
    from ad_conformance.conformance.functions.check import assert_derivatives, check
    from ad_conformance.conformance.functions.report import Report, WrongDerivative
    from ad_conformance.conformance.known_failures import KnownFailure, MalformedEntry
    from ad_conformance.conformance.pool import EnginePool
    from ad_conformance.conformance.reference.certify import MAX_ORDER, Truth, certify
    from ad_conformance.conformance.verdicts import Result, Verdict, judge

__all__ = [
    "MAX_ORDER",
    "EnginePool",
    "KnownFailure",
    "MalformedEntry",
    "Report",
    "Result",
    "Truth",
    "Verdict",
    "WrongDerivative",
    "assert_derivatives",
    "certify",
    "check",
    "judge",
]

__getattr__ = lazily(
    __name__,
    {
        "assert_derivatives": ".functions.check",
        "check": ".functions.check",
        "Report": ".functions.report",
        "WrongDerivative": ".functions.report",
        "KnownFailure": ".known_failures",
        "MalformedEntry": ".known_failures",
        "EnginePool": ".pool",
        "MAX_ORDER": ".reference.certify",
        "Truth": ".reference.certify",
        "certify": ".reference.certify",
        "Result": ".verdicts",
        "Verdict": ".verdicts",
        "judge": ".verdicts",
    },
)
