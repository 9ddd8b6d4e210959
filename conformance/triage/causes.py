"""Causes: what findings that belong together have in common, as data with a stable name."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from ad_conformance.conformance.suite.failure_report import without_noise
from ad_conformance.conformance.verdicts import Result, Verdict
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.features import FEATURES
from ad_conformance.generators.ir.file_keys import file_key
from ad_conformance.generators.ir.mode import is_mode
from ad_conformance.generators.ir.program import Case

#: The failure key of each verdict that is a finding.
FAILURES: Mapping[Verdict, str] = {
    verdict: verdict.failure for verdict in Verdict if verdict.is_finding
}
#: What a question may need beside program and word.
QUESTIONS = ("float32", "elsewhere", "operator", "wrt")
_OPERAND = re.compile(r"(\w+)(?:\[\d+(?:,\d+)*\])?")


#: Failure, exception type or signal, and the message without noise: what findings of one cause
#: share.
Symptom = tuple[str, str, str]


class MalformedCause(ValueError):
    """A cause that cannot be read; the message says which field is wrong."""


@dataclass(frozen=True)
class Finding:
    """What is known of a finding without asking again: as a store keeps it."""

    case: Case
    engine: str
    verdict: Verdict
    error: str = ""
    message: str = ""

    @classmethod
    def of(cls, result: Result) -> Finding:
        answer = result.answer
        return cls(result.case, result.engine, result.verdict, answer.error, answer.message)

    @property
    def symptom(self) -> Symptom:
        return FAILURES[self.verdict], self.error, without_noise(self.message)


@dataclass(frozen=True)
class Cause:
    """What findings of one cause share.

    `engine` is without a release. `words` are all mode words of the least order at which the cause
    shows. `operations` are the operations that the failure needs, each with the operands that have
    to vary where that matters: "divide[1]"; none where a failure that says what it is does not show
    in one step alone. `features` are those of `generators/features.py` without which nothing fails,
    `questions` what else the question must have: "float32" ... `failure`, `error` and `message` are
    the symptom.
    """

    engine: str
    failure: str
    modes: tuple[str, ...]
    operations: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    error: str = ""
    message: str = ""

    @property
    def id(self) -> str:
        """The first 12 hexadecimal digits of the SHA-256 of its data as canonical JSON."""
        text = json.dumps(self._as_file(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def name(self) -> str:
        """A name for people, such as torch-xF-wrong-det; two causes may have the same."""
        operations = [re.sub(r"[\[,](\d+)\]?", r".\1", operation) for operation in self.operations]
        special = [feature.replace(" ", "_") for feature in self.features[:1]]
        return "-".join(
            (self.engine, shape(self.modes), self.failure, *operations, *special, *self.questions)
        )

    @property
    def document(self) -> dict[str, Any]:
        """The cause as data for JSON or TOML; what is empty is left out."""
        return {
            key: list(v) if isinstance(v, tuple) else v for key, v in self._as_file().items() if v
        }

    def _as_file(self) -> dict[str, Any]:
        return {file_key(name): value for name, value in asdict(self).items()}

    def alike(self, other: Cause) -> bool:
        """Whether a finding of the other cause may be put to this one: all is the same, and some
        word shows both.

        Where all words are the same, one of them may need more operands to vary than the other.
        """
        same = self.operations == other.operations or (
            self.modes == other.modes and _fitting(self.operations, other.operations)
        )
        return (
            same
            and bool(set(self.modes) & set(other.modes))
            and replace(self, modes=(), operations=()) == replace(other, modes=(), operations=())
        )


def _fitting(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether the operations are the same, with operands of each in one that are among those in the
    other.
    """
    if len(one) != len(other):
        return False
    for a, b in zip(one, other, strict=True):
        (name, *few), (same, *more) = (
            re.findall(r"\w+", operation) for operation in sorted((a, b), key=len)
        )
        if name != same or not set(few) <= set(more):
            return False
    return True


def shape(modes: tuple[str, ...]) -> str:
    """Words of one order in short, x for a letter that may be either; the first of them where that
    says too much.
    """
    letters = ["".join(sorted(set(column))) for column in zip(*modes, strict=True)]
    pattern = "".join(letter if len(letter) == 1 else "x" for letter in letters)
    return pattern if len(modes) == 2 ** pattern.count("x") else modes[0]


def read_cause(document: Any, where: str) -> Cause:
    """The cause in a table of TOML or JSON. Raises MalformedCause in one line that begins with
    `where`.
    """
    if not isinstance(document, Mapping):
        raise MalformedCause(f"{where}: a cause must be a table")
    known = {file_key(field.name): field for field in fields(Cause)}
    if surplus := sorted(document.keys() - known.keys()):
        raise MalformedCause(f"{where}: {', '.join(map(repr, surplus))} is not a field here")
    given: dict[str, Any] = {}
    for name, field in known.items():
        text = field.type == "str"
        if name not in document:
            if name in ("engine", "failure", "words"):
                raise MalformedCause(f"{where}: {name} is missing")
            continue
        value = document[name]
        if text and not isinstance(value, str):
            raise MalformedCause(f"{where}: {name} must be a string")
        if not text and not (
            isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)
        ):
            raise MalformedCause(f"{where}: {name} must be a list of strings")
        given[field.name] = value if text else tuple(value)
    for name, problem in _problems(given):
        raise MalformedCause(f"{where}: {name}: {problem}")
    return Cause(**given)


def _problems(given: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Fields whose values cannot be, each with why."""
    found = []
    if not given["engine"] or "@" in given["engine"]:
        found.append(
            ("engine", f"{given['engine']!r} is not the name of an engine without a release")
        )
    if given["failure"] not in FAILURES.values():
        found.append(
            (
                "failure",
                f"{given['failure']!r} is not one of {', '.join(dict.fromkeys(FAILURES.values()))}",
            )
        )
    if not given["modes"] or not all(
        is_mode(w) and len(w) == len(given["modes"][0]) for w in given["modes"]
    ):
        found.append(("words", "one or more mode words of the same length are needed"))
    for operation in given.get("operations", ()):
        match = _OPERAND.fullmatch(operation)
        if match is None or match[1] not in CATALOGUE:
            found.append(("operations", f"{operation!r} is not in the catalogue"))
    for name, allowed in (("features", FEATURES), ("questions", QUESTIONS)):
        for item in given.get(name, ()):
            if item not in allowed:
                found.append((name, f"{item!r} is not one of {', '.join(allowed)}"))
    return found
