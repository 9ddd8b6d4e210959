"""Root causes as data: what the findings of one bug have in common, with a permanent id."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, fields, replace
from typing import Any

import msgspec
from ad_conformance.conformance.severity import severity_of
from ad_conformance.conformance.triage.failure_key import DIGITS, FailureKey, Symptom
from ad_conformance.conformance.verdicts import Result, Verdict
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.features import FEATURES
from ad_conformance.generators.ir.file_keys import file_key
from ad_conformance.generators.ir.json_io import converted
from ad_conformance.generators.ir.mode import is_mode
from ad_conformance.generators.ir.program import QUESTIONS, Case

#: The failure that each verdict counts as.
FAILURES: Mapping[Verdict, str] = {
    verdict: verdict.failure for verdict in Verdict if verdict.is_finding
}
#: All failures that a cause may have.
POSSIBLE_FAILURES = (*dict.fromkeys(FAILURES.values()), DIGITS)
_OPERAND = re.compile(r"(\w+)(?:\[\d+(?:,\d+)*\])?")


class MalformedCause(ValueError):
    """A cause that cannot be read. The message says which field is wrong."""


@dataclass(frozen=True)
class Finding:
    """A finding as a store keeps it: all that is known without asking again."""

    case: Case
    engine: str
    verdict: Verdict
    error: str = ""
    message: str = ""
    severity: str = ""

    @classmethod
    def of(cls, result: Result) -> Finding:
        answer, found = result.answer, severity_of(result)
        kind = str(found.kind) if found else ""
        return cls(result.case, result.engine, result.verdict, answer.error, answer.message, kind)

    @property
    def key(self) -> FailureKey:
        """How the case fails."""
        return FailureKey.from_text(self.verdict, self.error, self.message, self.severity)

    @property
    def symptom(self) -> Symptom:
        """The coarser key that findings of one root cause share."""
        return self.key.symptom


@dataclass(frozen=True)
class Cause:
    """What the findings of one bug have in common.

    `engine` is without a release. `modes` are all modes of the lowest order that fail. `operations`
    are the operations that the failure needs. If only some operands must vary, their indices
    follow: "divide[1]". `operations` is empty if the engine raised or died and several steps are
    needed for that. `features` are those of `generators/features.py` that the failure needs.
    `questions` are further conditions on the case, as `Case.questions`. `failure`, `error` and
    `message` are the symptom.
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
    def symptom(self) -> Symptom:
        """The part of the failure key that the findings share."""
        return self.failure, self.error, self.message

    @property
    def id(self) -> str:
        """The first 12 hexadecimal digits of the SHA-256 of its data as canonical JSON."""
        text = json.dumps(self._as_file(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def name(self) -> str:
        """A name for people, such as torch-xF-wrong-det. Two causes may have the same name."""
        operations = [re.sub(r"[\[,](\d+)\]?", r".\1", operation) for operation in self.operations]
        features = [feature.replace(" ", "_") for feature in self.features[:1]]
        return "-".join(
            (self.engine, shape(self.modes), self.failure, *operations, *features, *self.questions)
        )

    @property
    def document(self) -> dict[str, Any]:
        """The cause as data for JSON or TOML. Empty fields are left out."""
        return {
            key: list(v) if isinstance(v, tuple) else v for key, v in self._as_file().items() if v
        }

    def _as_file(self) -> dict[str, Any]:
        return {file_key(name): value for name, value in asdict(self).items()}

    def alike(self, other: Cause) -> bool:
        """Whether both are one bug: all is the same, and one mode shows both.

        If all modes are the same, one of them may need more operands to vary than the other.
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
    """Whether the operations are the same, and for each the named operands of one are among those
    of the other.
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
    """Modes of one order in short, with x for a letter that may be either. If the pattern has other
    modes too, the first mode alone.
    """
    letters = ["".join(sorted(set(column))) for column in zip(*modes, strict=True)]
    pattern = "".join(letter if len(letter) == 1 else "x" for letter in letters)
    return pattern if len(modes) == 2 ** pattern.count("x") else modes[0]


#: The shape of a cause in a file: a struct with the fields of Cause.
_Document = msgspec.defstruct(
    "_Document",
    [
        (field.name, str if field.type == "str" else tuple[str, ...])
        if field.default is MISSING
        else (field.name, str if field.type == "str" else tuple[str, ...], field.default)
        for field in fields(Cause)
    ],
    forbid_unknown_fields=True,
    rename=file_key,
)


def read_cause(document: Any, where: str) -> Cause:
    """The cause in a table of TOML or JSON.

    Raises
    ------
    MalformedCause
        In one line that begins with `where` and names the field.
    """
    try:
        given = msgspec.structs.asdict(converted(document, _Document))
    except ValueError as error:
        raise MalformedCause(f"{where}: {error}") from None
    for name, problem in _problems(given):
        raise MalformedCause(f"{where}: {name}: {problem}")
    return Cause(**given)


def _problems(given: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The fields that have impossible values, each with the reason."""
    found = []
    if not given["engine"] or "@" in given["engine"]:
        found.append(
            ("engine", f"{given['engine']!r} is not the name of an engine without a release")
        )
    if given["failure"] not in POSSIBLE_FAILURES:
        found.append(
            (
                "failure",
                f"{given['failure']!r} is not one of {', '.join(POSSIBLE_FAILURES)}",
            )
        )
    if not given["modes"] or not all(
        is_mode(w) and len(w) == len(given["modes"][0]) for w in given["modes"]
    ):
        found.append(("words", "one or more modes of the same length are needed"))
    for operation in given["operations"]:
        match = _OPERAND.fullmatch(operation)
        if match is None or match[1] not in CATALOGUE:
            found.append(("operations", f"{operation!r} is not in the catalogue"))
    for name, allowed in (("features", FEATURES), ("questions", QUESTIONS)):
        for item in given[name]:
            if item not in allowed:
                found.append((name, f"{item!r} is not one of {', '.join(allowed)}"))
    return found
