"""Entries of known failures that triage proposes."""

from __future__ import annotations

import json
import re
from typing import Any

from ad_conformance.conformance.severity import Kind
from ad_conformance.conformance.standings.standing import release_of
from ad_conformance.conformance.triage.causes import FAILURES, Cause
from ad_conformance.conformance.triage.failure_key import DIGITS
from ad_conformance.engines.contract import Engine
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.mode import ANY_LETTER
from ad_conformance.generators.rewrite.derivative_formulas import MOVING
from ad_conformance.reports.issues.bucket_files import BucketFile


def proposed(bucket: BucketFile, engine: Engine) -> tuple[str, str]:
    """An entry for the library's file of known failures, and its pinned case.

    The entry has what triage has established. A person must check it, and may make it narrower. Its
    pattern matches the modes of the cause, and all longer modes that end in one of them.
    """
    cause, name = bucket.cause, bucket.name.replace(".", "-").lower()
    steps = bucket.case.program.operations - {"constant", "argument"}
    operations = (
        sorted({re.sub(r"\[.*", "", operation) for operation in cause.operations})
        or sorted(steps - MOVING)
        or sorted(steps)
    )
    release = release_of(engine)
    features = [*cause.features, *_varying(cause)]
    # One bug may give any of the verdicts that the cause counts as the same failure.
    verdicts = sorted(
        {bucket.verdict, *(str(v) for v, failure in FAILURES.items() if failure == cause.failure)}
    )
    digits = cause.failure == DIGITS
    fields: dict[str, Any] = {
        "name": name,
        "summary": bucket.explanation[0]
        if bucket.explanation
        else f"{', '.join(operations)}: {bucket.verdict}",
        "issue": bucket.issue or "none found",
        "engines": [engine.base],
        "seen": [str(release)] if release else [],
        "words": f"{ANY_LETTER}*({'|'.join(cause.modes)})",
        "verdicts": verdicts,
        "operations": operations,
        **({"with": features} if features else {}),
        **({"dtype": "float32"} if "float32" in cause.questions else {}),
        **({"severity": str(Kind.DIGITS)} if digits else {}),
        **({"error": _error_pattern(bucket)} if cause.failure == "raised" else {}),
        "case": f"{bucket.name}.json",
    }
    # A string or list of strings is written the same in JSON and TOML.
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in fields.items()]
    return "[[failure]]\n" + "\n".join(lines) + "\n", bucket.case.json + "\n"


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

    Of the message it has the longest part without numbers and quotes, since these differ between
    programs.
    """
    parts = re.split(r"#|\.{3}|[\"'`]", bucket.cause.message)
    longest = re.escape(max(parts, key=len, default="").strip()).replace(r"\ ", r"\s+")
    pattern = rf"^{re.escape(bucket.error)}: (?s:.*){longest}"
    if longest and re.search(pattern, f"{bucket.error}: {bucket.message}"):
        return pattern
    return f"^{re.escape(bucket.error)}:"
