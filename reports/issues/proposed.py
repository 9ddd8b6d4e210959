"""Entries of known failures that triage proposes."""

from __future__ import annotations

import json
import re
from typing import Any

from ad_conformance.conformance.severity import Kind
from ad_conformance.conformance.standings.standing import release_of
from ad_conformance.conformance.triage.causes import FAILURES, Cause
from ad_conformance.conformance.triage.failure_key import DIGITS
from ad_conformance.conformance.verdicts import Verdict
from ad_conformance.engines.contract import Engine
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.features import features
from ad_conformance.generators.ir.mode import ANY_LETTER
from ad_conformance.generators.ir.nest import WRAPPERS
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.rewrite.derivative_formulas import MOVING
from ad_conformance.reports.issues.bucket_files import BucketFile

#: The kinds of severity of wrong numbers; lost digits are another failure.
_WRONG = (Kind.SIGN, Kind.FACTOR, Kind.VALUE, Kind.ZERO, Kind.NOT_FINITE)
#: The issue of an entry that nobody has looked up at the tracker of the engine.
NOT_LOOKED_UP = "not looked up"


def proposed(bucket: BucketFile, engine: Engine) -> tuple[str, str]:
    """An entry for the library's file of known failures, and its pinned case.

    The entry has what triage has established, and covers what has the cause of the bucket. A person
    must check it, and may make it narrower. Its pattern matches the modes of the cause, and all
    longer modes that end in one of them.
    """
    cause, name = bucket.cause, bucket.name.replace(".", "-").lower()
    operation, *beside = _operations(bucket)
    release = release_of(engine)
    held = frozenset().union(*(found for step, found in _steps(bucket) if step == operation))
    wanted = [*cause.features, *_varying(cause)]
    # Of a cause with several operations, a feature may be that of another one.
    features_held = [feature for feature in wanted if feature in held] if beside else wanted
    # One bug may give any of the verdicts that the cause counts as the same failure.
    verdicts = sorted(
        {bucket.verdict, *(str(v) for v, failure in FAILURES.items() if failure == cause.failure)}
    )
    severity: Any = None
    if cause.failure == DIGITS:
        severity = str(Kind.DIGITS)
    elif cause.failure == FAILURES[Verdict.WRONG]:
        severity = [str(kind) for kind in _WRONG]
    questions = [q for q in cause.questions if q != "float32" and q not in WRAPPERS]
    fields: dict[str, Any] = {
        "name": name,
        "summary": bucket.explanation[0]
        if bucket.explanation
        else f"{', '.join([*beside, operation])}: {bucket.verdict}",
        "issue": bucket.issue or NOT_LOOKED_UP,
        "engines": [engine.base],
        "seen": [str(release)] if release else [],
        "words": f"{ANY_LETTER}*({'|'.join(cause.modes)})",
        "verdicts": verdicts,
        "operations": [operation],
        **({"beside": beside} if beside else {}),
        **({"with": features_held} if features_held else {}),
        **({"questions": questions} if questions else {}),
        **({"nest": _nest_pattern(bucket.case)} if bucket.case.wrappers else {}),
        **({"dtype": "float32"} if "float32" in cause.questions else {}),
        **({"severity": severity} if severity else {}),
        **({"error": _error_pattern(bucket)} if cause.failure == "raised" else {}),
        "case": f"{bucket.name}.json",
    }
    # A string or list of strings is written the same in JSON and TOML.
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in fields.items()]
    doubt = f"# suspect: {bucket.suspect}\n" if bucket.suspect else ""
    return f"{doubt}[[failure]]\n" + "\n".join(lines) + "\n", f"{bucket.case.json}\n"


def _nest_pattern(case: Case) -> str:
    """A pattern that matches the nests with the wrappers of the case in the same order."""
    names = [name for level in case.wrappers for name in level]
    return ".*".join(rf"\b{name}\(" for name in reversed(names))


def _steps(bucket: BucketFile) -> list[tuple[str, frozenset[str]]]:
    """The operation and the features of each step of the case."""
    steps = bucket.case.program.steps
    return [
        (step.operation, frozenset(found))
        for step, found in zip(steps, features(bucket.case), strict=True)
    ]


def _operations(bucket: BucketFile) -> list[str]:
    """The operations that the failure needs: first the one that has its features, and of several
    the last one of the program.
    """
    steps = _steps(bucket)
    in_order = list(dict.fromkeys(name for name, _ in reversed(steps)))
    named = {re.sub(r"\[.*", "", operation) for operation in bucket.cause.operations}
    if not named:
        counted = set(in_order) - {"constant", "argument"}
        named = counted - set(MOVING) or counted

    def key(name: str) -> tuple[bool, int]:
        having = any(set(bucket.cause.features) <= found for step, found in steps if step == name)
        return not having, in_order.index(name) if name in in_order else len(in_order)

    return sorted(sorted(named), key=key)


def _varying(cause: Cause) -> list[str]:
    """The features that say which operands vary, if the cause names them, as in "divide[1]"."""
    if len(cause.operations) != 1 or "[" not in cause.operations[0]:
        return []
    operation, _, slots = cause.operations[0].rstrip("]").partition("[")
    named, arity = [int(slot) for slot in slots.split(",")], CATALOGUE[operation].arity
    if len(named) > 1:
        return ["several vary"]
    if named == [0]:
        return ["first varies"]
    return ["last varies"] if arity is not None and named == [arity - 1] else []


def _error_pattern(bucket: BucketFile) -> str:
    """A pattern of "type: message" of the exception.

    Of the message it has all parts without numbers and quotes, since these differ between programs,
    or else the longest part.
    """
    written = f"{bucket.error}: {bucket.message}"
    begin = f"^{re.escape(bucket.error)}:"
    if not bucket.message.strip():
        return rf"{begin}\s*$"
    found = [part.strip() for part in re.split(r"#|\.{3}|[\"'`]", bucket.cause.message)]
    parts = [re.escape(part).replace(r"\ ", r"\s+") for part in found if part]
    longest = max(parts, key=len, default="")
    for kept in (parts, [longest]):
        pattern = rf"{begin} (?s:.*){'(?s:.*)'.join(kept)}"
        if longest and re.search(pattern, written):
            return pattern
    return begin
