"""Known failures: data, one file per library, strict.

An entry says which findings it covers and pins one minimal case. A finding that an entry covers
does not fail the run; an entry whose pinned case no longer fails as it says does.
"""

from __future__ import annotations

import os
import re
import tomllib
import warnings
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from ad_conformance.conformance.verdicts import Result, Verdict
from ad_conformance.engines import registry
from ad_conformance.engines.contract import Answer, Engine
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.features import FEATURES, features
from ad_conformance.generators.ir.case_io import read_case
from ad_conformance.generators.ir.program import DTYPES, Case, MalformedCase
from packaging.specifiers import InvalidSpecifier, SpecifierSet

FOLDER = Path(__file__).parent / "known_failures"
#: The environment variable that names a folder of entries more: those of an adapter that lives
#: elsewhere.
OWN = "AD_CONFORMANCE_KNOWN_FAILURES"
#: Pinned cases: those of the entries, and of failures that are fixed.
REGRESSIONS = Path(__file__).parent / "regressions"

_FIELDS: Mapping[str, type] = {
    "name": str,
    "summary": str,
    "issue": str,
    "engines": list,
    "versions": str,
    "words": str,
    "verdicts": list,
    "operations": list,
    "case": str,
}
_OPTIONAL: Mapping[str, type] = {"with": list, "dtype": str, "error": str, "printed": str}


class MalformedEntry(ValueError):
    """An entry that cannot be read; the message says which file, entry and field."""


@dataclass(frozen=True)
class KnownFailure:
    """One cause in one library.

    It covers a finding when the engine and its version match, the mode word matches the pattern
    `words`, the verdict is listed, some step of the program is one of `operations` with all
    features in `features`, `printed` is found in what the engine printed, and, for failures that
    raise, `error` in "type: message". `dtype` is the only one that it is met in, "" where that is
    any.
    """

    name: str
    summary: str
    issue: str
    engines: tuple[str, ...]
    versions: SpecifierSet
    modes: str
    verdicts: tuple[Verdict, ...]
    operations: tuple[str, ...]
    features: frozenset[str]
    dtype: str
    error: str
    printed: str
    case: Path

    @property
    def pinned(self) -> Case:
        return read_case(self.case)

    def applies_to(self, engine: Engine) -> bool:
        """What has no release has entries for no release in particular."""
        if engine.base not in self.engines:
            return False
        version = engine.version()
        return (
            self.versions.contains(version, prereleases=True) if version else not str(self.versions)
        )

    def concerns(self, case: Case, raised: bool = False) -> bool:
        """Whether the case is one of those that the entry speaks of: its mode word and one of its
        steps.

        Only a step that the output is made of can make it wrong; any may raise while the program is
        traced.
        """
        live = case if raised else replace(case, program=case.program.pruned())
        return re.fullmatch(self.modes, case.mode) is not None and any(
            step.operation in self.operations
            and self.features <= found
            and found & {"constant"} <= self.features
            for step, found in zip(live.program.steps, features(live), strict=True)
        )

    def _raises(self, answer: Answer) -> bool:
        return re.search(self.error, f"{answer.error}: {answer.message}") is not None

    def covers(self, finding: Result) -> bool:
        return (
            finding.verdict in self.verdicts
            and self.dtype in ("", finding.case.dtype)
            and (finding.answer.outcome != "raised" or self._raises(finding.answer))
            and re.search(self.printed, finding.answer.printed) is not None
            and self.concerns(finding.case, raised=finding.answer.outcome == "raised")
        )


def _named(items: Iterable[object]) -> str:
    return ", ".join(map(repr, items))


def _entry(
    path: Path, number: int, document: Any, regressions: Path | None, engines: Collection[str]
) -> KnownFailure:
    where = f"{path.name}: failure {number}"
    if not isinstance(document, Mapping):
        raise MalformedEntry(f"{where}: must be a table")
    for key, wanted in {**_FIELDS, **_OPTIONAL}.items():
        if key not in document:
            if key in _OPTIONAL:
                continue
            raise MalformedEntry(f"{where}: {key} is missing")
        if not isinstance(document[key], wanted):
            raise MalformedEntry(f"{where}: {key} must be of type {wanted.__name__}")
    if surplus := document.keys() - _FIELDS.keys() - _OPTIONAL.keys():
        raise MalformedEntry(f"{where}: {_named(sorted(surplus))} is not a field here")
    for key in ("name", "case"):
        if not document[key].isprintable():
            raise MalformedEntry(f"{where}: {key}: {document[key]!r} is not one line of text")
    where = f"{path.name}: {document['name']}"
    for key in ("engines", "verdicts", "operations", "with"):
        if not all(isinstance(item, str) for item in document.get(key, [])):
            raise MalformedEntry(f"{where}: {key} must be a list of strings")
    if regressions and (unknown := [e for e in document["engines"] if e not in engines]):
        raise MalformedEntry(f"{where}: engines: {_named(unknown)} is not known")
    if unknown := [o for o in document["operations"] if o not in CATALOGUE]:
        raise MalformedEntry(f"{where}: operations: {_named(unknown)} is not in the catalogue")
    if unknown := [f for f in document.get("with", []) if f not in FEATURES]:
        raise MalformedEntry(f"{where}: with: {_named(unknown)} is not a feature")
    if document.get("dtype", DTYPES[0]) not in DTYPES:
        raise MalformedEntry(
            f"{where}: dtype: {document['dtype']!r} is not one of {', '.join(DTYPES)}"
        )
    try:
        verdicts = tuple(Verdict(v) for v in document["verdicts"])
        versions = SpecifierSet(document["versions"])
    except (ValueError, InvalidSpecifier) as error:
        raise MalformedEntry(f"{where}: {error}") from None
    for key in ("words", "error", "printed"):
        try:
            with warnings.catch_warnings():
                # Of what may come to mean another thing in a later Python.
                warnings.simplefilter("ignore", FutureWarning)
                re.compile(document.get(key, ""))
        except (re.error, OverflowError) as error:
            raise MalformedEntry(f"{where}: {key}: {error}") from None
        except RecursionError:
            raise MalformedEntry(f"{where}: {key}: nested too deeply") from None
    case = (regressions or path.parent) / document["case"]
    if case.exists() and not case.is_file():
        raise MalformedEntry(f"{where}: case: {case} is not a file")
    try:
        read_case(case)
    except MalformedCase as error:
        raise MalformedEntry(f"{where}: {error}") from None
    return KnownFailure(
        name=document["name"],
        summary=document["summary"],
        issue=document["issue"],
        engines=tuple(document["engines"]),
        versions=versions,
        modes=document["words"],
        verdicts=verdicts,
        operations=tuple(document["operations"]),
        features=frozenset(document.get("with", [])),
        dtype=document.get("dtype", ""),
        error=document.get("error", ""),
        printed=document.get("printed", ""),
        case=case,
    )


@lru_cache
def load(folder: Path = FOLDER) -> tuple[KnownFailure, ...]:
    """Every entry, file by file, and those of the folder that OWN names. Raises MalformedEntry in
    one line.
    """
    own = os.environ.get(OWN)
    if own and not Path(own).is_dir():
        raise MalformedEntry(f"{OWN}: {own} is no folder")
    entries = (
        *_entries(folder, folder.parent / "regressions"),
        *(_entries(Path(own), None) if own else ()),
    )
    # Findings are counted under the name of their entry.
    names = [entry.name for entry in entries]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise MalformedEntry(f"{twice[0]}: name: another entry has it too")
    return entries


def _entries(folder: Path, regressions: Path | None) -> list[KnownFailure]:
    """Those of a folder; without `regressions` of engines that need not be known here, with their
    cases beside them.
    """
    entries: list[KnownFailure] = []
    engines = registry.names() if regressions else ()
    for path in sorted(folder.glob("*.toml")):
        if path.exists() and not path.is_file():
            raise MalformedEntry(f"{path.name}: not a file")
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise MalformedEntry(f"{path.name}: {error.strerror}") from None
        except RecursionError:
            raise MalformedEntry(f"{path.name}: nested too deeply") from None
        except ValueError as error:
            raise MalformedEntry(f"{path.name}: {error}") from None
        if not isinstance(document.get("failure", []), list):
            raise MalformedEntry(
                f"{path.name}: failure must be a list of tables, each under [[failure]]"
            )
        entries.extend(
            _entry(path, n, e, regressions, engines)
            for n, e in enumerate(document.get("failure", []), start=1)
        )
    return entries


def regressed(
    finding: Result, engine: Engine, entries: tuple[KnownFailure, ...]
) -> KnownFailure | None:
    """The entry of a failure that other releases of the engine had, if it is that one again."""
    mine = (e for e in entries if engine.base in e.engines and not e.applies_to(engine))
    return next((e for e in mine if e.covers(finding)), None)


def covering(
    finding: Result, engine: Engine, entries: tuple[KnownFailure, ...]
) -> KnownFailure | None:
    """The entry that covers a finding, if any does."""
    return next((e for e in entries if e.applies_to(engine) and e.covers(finding)), None)
