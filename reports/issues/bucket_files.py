"""Buckets as plain files that a person can read, edit and review.

There is one file per root cause, in the folder `buckets/` of a campaign.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from ad_conformance.conformance.reference.certify import MAX_ORDER
from ad_conformance.conformance.severity import Kind
from ad_conformance.conformance.standings.standing import release_of
from ad_conformance.conformance.triage.causes import FAILURES, Cause, read_cause
from ad_conformance.conformance.triage.failure_key import DIGITS
from ad_conformance.conformance.verdicts import Verdict
from ad_conformance.engines.contract import Engine
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.case_io import parse_case
from ad_conformance.generators.ir.file_keys import file_key
from ad_conformance.generators.ir.json_io import converted, parsed
from ad_conformance.generators.ir.mode import ANY_LETTER, is_mode
from ad_conformance.generators.ir.program import Case, MalformedCase
from ad_conformance.generators.rewrite.derivative_formulas import MOVING
from ad_conformance.reports.campaign.store import Folder

FORMAT = 1
FOLDER = "buckets"
_LISTS = ("findings", "right_modes", "right_engines", "explanation")
_TEXTS = (
    "engine",
    "version",
    "verdict",
    "release",
    "issue",
    "got",
    "wanted",
    "stage",
    "error",
    "message",
    "printed",
)
#: The shape of a bucket's file; the cause and the cases have readers of their own.
_Document = msgspec.defstruct(
    "_Document",
    [
        ("format", int),
        *((field, Any) for field in ("cause", "case", "rewrite")),
        *((field, str) for field in _TEXTS),
        *((field, tuple[str, ...]) for field in _LISTS),
    ],
    forbid_unknown_fields=True,
    rename=file_key,
)


class MalformedBucket(ValueError):
    """A bucket's file that cannot be read; the message names the file and the field."""


@dataclass(frozen=True)
class BucketFile:
    """One root cause in one engine, and what triage found out about it.

    `engine` is the name under which the campaign asked it, and `version` its release. `case` is the
    smallest case that shows the cause, with `verdict`. `findings` are file names in the campaign's
    findings/. In `right_modes`, the engine agrees. In the mode of the case, `right_engines` agree.
    `rewrite` is a case of the same function, written with other operations, in which the engine
    agrees. `release` is the first bad release and `issue` the upstream issue; both may be "". `got`
    and `wanted` are arrays in JSON, "" if there is none; so is the message of the engine. `file` is
    the file name in buckets/, "" if none is written yet.
    """

    cause: Cause
    engine: str
    version: str
    verdict: str
    case: Case
    findings: tuple[str, ...] = ()
    right_modes: tuple[str, ...] = ()
    right_engines: tuple[str, ...] = ()
    rewrite: Case | None = None
    explanation: tuple[str, ...] = ()
    release: str = ""
    issue: str = ""
    got: str = ""
    wanted: str = ""
    stage: str = ""
    error: str = ""
    message: str = ""
    printed: str = ""
    file: str = ""

    @property
    def name(self) -> str:
        """The file name without its ending: as a person named it, or made from the cause."""
        made = f"{re.sub(r'[^A-Za-z0-9_.@-]', '_', self.cause.name)}-{self.cause.id}"
        return self.file.removesuffix(".json") or made

    @property
    def text(self) -> bytes:
        """The content of the file."""
        document = {
            "format": FORMAT,
            "cause": self.cause.document,
            **{file_key(field): getattr(self, field) for field in (*_TEXTS, *_LISTS)},
            "case": json.loads(self.case.json),
            "rewrite": json.loads(self.rewrite.json) if self.rewrite else None,
        }
        return json.dumps(document, indent=1).encode() + b"\n"

    def write(self, folder: Folder) -> str:
        """Write the file into a campaign's folder and return its name there. Raises OSError."""
        name = f"{FOLDER}/{self.name}.json"
        folder.write(name, self.text)
        return name


def read_bucket(text: bytes, where: str, file: str = "") -> BucketFile:
    """The bucket in a JSON text.

    Raises
    ------
    MalformedBucket
        In one line that begins with `where`.
    """
    try:
        document = converted(parsed(text), _Document, "bucket")
        given: dict[str, Any] = msgspec.structs.asdict(document)
        if (found := given.pop("format")) != FORMAT:
            raise MalformedBucket(f"format: {FORMAT} is needed, not {found}")
        if wrong := [mode for mode in given["right_modes"] if not is_mode(mode)]:
            raise MalformedBucket(f"right_words: {wrong[0]!r} is not a mode")
        if given["verdict"] not in [str(verdict) for verdict in Verdict if verdict.is_finding]:
            raise MalformedBucket(f"verdict: {given['verdict']!r} is not the verdict of a finding")
        given["cause"] = read_cause(given["cause"], "cause")
        given["case"] = _case(given["case"], "case")
        if given["rewrite"] is not None:
            given["rewrite"] = _case(given["rewrite"], "rewrite")
        return BucketFile(**given, file=file)
    except ValueError as error:
        raise MalformedBucket(f"{where}: {error}") from None


def _case(document: Any, field: str) -> Case:
    try:
        case = parse_case(json.dumps(document))
    except RecursionError:
        raise MalformedBucket(f"{field}: nested too deeply") from None
    except MalformedCase as error:
        raise MalformedBucket(f"{field}: {error}") from None
    if case.order > MAX_ORDER:
        raise MalformedBucket(f"{field}: word: {case.mode} is longer than {MAX_ORDER}")
    return case


def bucket_at(path: Path) -> BucketFile:
    """The bucket in a file. Raises MalformedBucket."""
    try:
        return read_bucket(path.read_bytes(), str(path))
    except OSError as error:
        raise MalformedBucket(f"{path}: {error.strerror}") from None


def bucket_files(folder: Folder) -> list[BucketFile]:
    """The buckets of a campaign's folder. Raises MalformedBucket or OSError."""
    names = [name for name in folder.names(FOLDER) if name.endswith(".json")]
    return [
        read_bucket(folder.read(f"{FOLDER}/{n}"), f"{folder.url}/{FOLDER}/{n}", n) for n in names
    ]


def by_cause(folder: Folder) -> dict[Cause, BucketFile]:
    """The buckets of a campaign's folder, by their cause.

    Raises OSError, and MalformedBucket if two files have the same cause: a person may have edited
    both, so neither is chosen.
    """
    found: dict[Cause, BucketFile] = {}
    for file in bucket_files(folder):
        if other := found.get(file.cause):
            raise MalformedBucket(
                f"{folder.url}/{FOLDER}: {other.file} and {file.file} have the same cause: keep one"
            )
        found[file.cause] = file
    return found


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
