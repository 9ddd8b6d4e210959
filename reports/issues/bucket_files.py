"""Buckets as plain files that a person may read, edit and review: one per cause, in a campaign's
`buckets/`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ad_conformance.conformance.reference.certify import MAX_ORDER
from ad_conformance.conformance.triage.causes import FAILURES, Cause, MalformedCause, read_cause
from ad_conformance.conformance.verdicts import Verdict
from ad_conformance.engines.contract import Engine
from ad_conformance.generators.ir.case_io import parse_case
from ad_conformance.generators.ir.json_io import parsed
from ad_conformance.generators.ir.mode import ANY_LETTER, is_mode
from ad_conformance.generators.ir.program import Case, MalformedCase, expect_keys
from ad_conformance.reports.campaign.store import Folder

FORMAT = 1
FOLDER = "buckets"
_LISTS = ("findings", "right_words", "right_engines", "explanation")
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


class MalformedBucket(ValueError):
    """A bucket's file that cannot be read; the message says which file and field."""


@dataclass(frozen=True)
class BucketFile:
    """One cause in one engine, and all that triage found out about it.

    `engine` is how it was asked for, `version` its release; `case` is the smallest that shows the
    cause, with this verdict; `findings` are names in the campaign's findings/. `right_words` and
    `right_engines` get the case right; so does the engine itself the case `rewrite`, the same
    function spelled otherwise. `release` says since when, `issue` is the upstream issue; both may
    be "". `got` and `wanted` are JSON; they, and what the engine said, are "" where there is none.
    `file` is the name that it has in buckets/, "" where none is written yet.
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
        """Of its file, without the ending: as a person named it, or made of the cause."""
        made = f"{re.sub(r'[^A-Za-z0-9_.@-]', '_', self.cause.name)}-{self.cause.id}"
        return self.file.removesuffix(".json") or made

    @property
    def text(self) -> bytes:
        """What the file holds."""
        document = {
            "format": FORMAT,
            "cause": self.cause.document,
            **{field: getattr(self, field) for field in (*_TEXTS, *_LISTS)},
            "case": json.loads(self.case.json),
            "rewrite": json.loads(self.rewrite.json) if self.rewrite else None,
        }
        return json.dumps(document, indent=1).encode() + b"\n"

    def write(self, folder: Folder) -> str:
        """Write it into a campaign's folder; its name there. Raises OSError."""
        name = f"{FOLDER}/{self.name}.json"
        folder.write(name, self.text)
        return name


def read_bucket(text: bytes, where: str, file: str = "") -> BucketFile:
    """Raises MalformedBucket in one line that begins with `where`."""
    try:
        document: Any = parsed(text)
        required = {"format", "cause", "case", "rewrite", *_TEXTS, *_LISTS}
        expect_keys(document, "bucket", required=required)
        if document["format"] != FORMAT:
            raise MalformedBucket(f"format: {FORMAT} is needed")
        _check(document)
        rewrite = document["rewrite"]
        texts: dict[str, Any] = {field: document[field] for field in _TEXTS}
        lists: dict[str, Any] = {field: tuple(document[field]) for field in _LISTS}
        return BucketFile(
            read_cause(document["cause"], "cause"),
            case=_case(document["case"], "case"),
            rewrite=None if rewrite is None else _case(rewrite, "rewrite"),
            file=file,
            **texts,
            **lists,
        )
    except (ValueError, MalformedCause, MalformedCase) as error:
        raise MalformedBucket(f"{where}: {error}") from None


def _check(document: Mapping[str, Any]) -> None:
    for field in _TEXTS:
        if not isinstance(document[field], str):
            raise MalformedBucket(f"{field}: a string is needed")
    for field in _LISTS:
        if not isinstance(document[field], list) or not all(
            isinstance(item, str) for item in document[field]
        ):
            raise MalformedBucket(f"{field}: a list of strings is needed")
    if wrong := [mode for mode in document["right_words"] if not is_mode(mode)]:
        raise MalformedBucket(f"right_words: {wrong[0]!r} is not a mode word")
    if document["verdict"] not in [str(verdict) for verdict in Verdict if verdict.is_finding]:
        raise MalformedBucket(f"verdict: {document['verdict']!r} is not a finding's")


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
    """Raises MalformedBucket."""
    try:
        return read_bucket(path.read_bytes(), str(path))
    except OSError as error:
        raise MalformedBucket(f"{path}: {error.strerror}") from None


def bucket_files(folder: Folder) -> list[BucketFile]:
    """Those of a campaign's folder. Raises MalformedBucket or OSError."""
    names = [name for name in folder.names(FOLDER) if name.endswith(".json")]
    return [
        read_bucket(folder.read(f"{FOLDER}/{n}"), f"{folder.url}/{FOLDER}/{n}", n) for n in names
    ]


def by_cause(folder: Folder) -> dict[Cause, BucketFile]:
    """Those of a campaign's folder. Raises OSError, or MalformedBucket where one cause has two:
    both may have been edited.
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
    """An entry for the library's file of known failures, and the pinned case, for a person to
    narrow and to sign.

    Its words are those of the cause's order that were seen to fail, and all that are longer.
    """
    cause, name = bucket.cause, bucket.name.replace(".", "-").lower()
    operations = sorted(
        {re.sub(r"\[.*", "", operation) for operation in cause.operations}
    ) or sorted(bucket.case.program.operations - {"constant", "argument"})
    # One fault may give any of the verdicts that a cause takes for one failure.
    verdicts = sorted(
        {bucket.verdict, *(str(v) for v, failure in FAILURES.items() if failure == cause.failure)}
    )
    fields: dict[str, Any] = {
        "name": name,
        "summary": bucket.explanation[0]
        if bucket.explanation
        else f"{', '.join(operations)}: {bucket.verdict}",
        "issue": bucket.issue or "none found",
        "engines": [engine.base],
        "versions": f"<={engine.version()}" if engine.version() else "",
        "words": f"{ANY_LETTER}*({'|'.join(cause.modes)})",
        "verdicts": verdicts,
        "operations": operations,
        **({"with": list(cause.features)} if cause.features else {}),
        **({"dtype": "float32"} if "float32" in cause.questions else {}),
        **({"error": _said(bucket)} if cause.failure == "raised" else {}),
        "case": f"{bucket.name}.json",
    }
    # A JSON string or list of strings is one of TOML too.
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in fields.items()]
    return "[[failure]]\n" + "\n".join(lines) + "\n", bucket.case.json + "\n"


def _said(bucket: BucketFile) -> str:
    """A pattern of the exception: its type, and the longest part of its message that says the same
    of all programs.
    """
    parts = re.split(r"#|\.{3}|[\"'`]", bucket.cause.message)
    told = re.escape(max(parts, key=len, default="").strip()).replace(r"\ ", r"\s+")
    pattern = rf"^{re.escape(bucket.error)}: (?s:.*){told}"
    return (
        pattern
        if told and re.search(pattern, f"{bucket.error}: {bucket.message}")
        else f"^{re.escape(bucket.error)}:"
    )
