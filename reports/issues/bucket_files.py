"""Buckets as plain files that a person can read, edit and review.

There is one file per root cause, in the folder `buckets/` of a campaign.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from ad_conformance.conformance.reference.certify import MAX_ORDER
from ad_conformance.conformance.triage.causes import Cause, read_cause
from ad_conformance.conformance.verdicts import Verdict
from ad_conformance.engines import registry
from ad_conformance.generators.ir.case_io import parse_case
from ad_conformance.generators.ir.file_keys import file_key
from ad_conformance.generators.ir.json_io import converted, parsed
from ad_conformance.generators.ir.mode import is_mode
from ad_conformance.generators.ir.program import Case, MalformedCase
from ad_conformance.reports.campaign.store import Folder

FORMAT = 1
FOLDER = "buckets"
_LISTS = ("findings", "right_modes", "right_engines", "explanation")
#: Lists that files of earlier releases do not have.
_LATER_LISTS = ("wrong_modes", "wrong_engines")
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
        *((field, tuple[str, ...], ()) for field in _LATER_LISTS),
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
    In `wrong_modes` the engine fails too, and so do `wrong_engines` in the mode of the case.
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
    wrong_modes: tuple[str, ...] = ()
    right_engines: tuple[str, ...] = ()
    wrong_engines: tuple[str, ...] = ()
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
    def rewritten(self) -> tuple[str, ...]:
        """The operations that the rewrite does not use, () if there is no rewrite."""
        if self.rewrite is None:
            return ()
        left = self.case.program.operations - self.rewrite.program.operations
        return tuple(sorted(left - {"constant", "argument"}))

    @property
    def suspect(self) -> str:
        """Why the case itself may be at fault, "" if there is no reason to think so.

        An engine that agrees shows that the case can be answered, and so does a mode of this one.
        """
        if self.right_modes or self.right_engines or self.rewrite:
            return ""
        return doubt(self.engine, self.wrong_engines)

    @property
    def text(self) -> bytes:
        """The content of the file."""
        document = {
            "format": FORMAT,
            "cause": self.cause.document,
            **{
                file_key(field): getattr(self, field) for field in (*_TEXTS, *_LISTS, *_LATER_LISTS)
            },
            "case": json.loads(self.case.json),
            "rewrite": json.loads(self.rewrite.json) if self.rewrite else None,
        }
        return json.dumps(document, indent=1).encode() + b"\n"

    def write(self, folder: Folder) -> str:
        """Write the file into a campaign's folder and return its name there. Raises OSError."""
        name = f"{FOLDER}/{self.name}.json"
        folder.write(name, self.text)
        return name


def doubt(engine: str, failing: Iterable[str]) -> str:
    """Why a case is suspect that `engine` and all other engines that were asked fail.

    "" if none of another library is among the others: one library may well have the same fault
    in all its engines.
    """
    own = _library(engine)
    others = [name for name in failing if _library(name) != own]
    if not others:
        return ""
    return f"no engine that was asked gives the expected result; also failing: {', '.join(others)}"


def _library(engine: str) -> str:
    """The distribution that an engine of this project uses; the name of another engine."""
    base = engine.partition("@")[0]
    return registry.find(base).distribution if base in registry.OWN else base


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
        for field in ("right_modes", "wrong_modes"):
            if wrong := [mode for mode in given[field] if not is_mode(mode)]:
                raise MalformedBucket(f"{file_key(field)}: {wrong[0]!r} is not a mode")
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
