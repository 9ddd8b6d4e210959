"""Known failures: entries in TOML, one file per library.

An entry says which findings it covers, in which releases they were seen, and in which release they
were fixed. It pins one minimal case. `ad_conformance.conformance.standings` asks this case to find
out whether an entry holds on the release that is tested.
"""

from __future__ import annotations

import os
import re
import tomllib
import warnings
from collections.abc import Collection, Container, Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
from ad_conformance.conformance.severity import Kind, severity_of
from ad_conformance.conformance.verdicts import Result, Verdict
from ad_conformance.engines import registry
from ad_conformance.engines.contract import Answer, Engine
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.features import FEATURES, features
from ad_conformance.generators.ir.case_io import read_case
from ad_conformance.generators.ir.file_keys import file_key
from ad_conformance.generators.ir.json_io import converted
from ad_conformance.generators.ir.nest import WRAPPERS, deepest_mode
from ad_conformance.generators.ir.program import DTYPES, QUESTIONS, Case, MalformedCase
from ad_conformance.generators.render.dialect import UnsupportedOperation
from packaging.version import Version

FOLDER = Path(__file__).parent / "known_failures"
#: The environment variable that names a further folder of entries, for an adapter outside this
#: project.
OWN = "AD_CONFORMANCE_KNOWN_FAILURES"
#: Pinned cases of the entries and of fixed failures.
REGRESSIONS = Path(__file__).parent / "regressions"

#: A compiled regular expression; msgspec treats it as a separate type.
Pattern = re.Pattern[str]


class MalformedEntry(ValueError):
    """An entry that cannot be read; the message names the file, the entry and the field."""


def _key(attribute: str) -> str:
    """The key of an attribute in TOML files; `with` is no name for an attribute of Python."""
    return "with" if attribute == "features" else file_key(attribute)


class KnownFailure(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename=_key
):
    """One root cause in one library: a table ``[[failure]]`` of a TOML file.

    It covers a Result if all of this holds: the mode matches the pattern `modes` (key ``words``);
    the verdict is in `verdicts`; some step is one of `operations` and has all of `features` (key
    ``with``); the text that the engine printed contains `printed`; the text of the program in the
    engine's language contains `text`, such as a further name of an operation; and, if the engine
    raised, "type: message" contains `error`. Patterns are regular expressions. `dtype` is the only
    dtype that is covered, "" means any. `severity` is the only kind of severity that is covered, or
    all kinds that are; None means any. The program has all operations in `beside`, too, and the
    case all that `questions` names (`Case.questions`). If `nest` is given, the case must have
    wrappers, and the pattern must be found in its nest; `operations` may then be empty, which means
    any.

    The pinned case failed as described in the releases `seen`, and in another way in the releases
    `changed`. It was right in all releases up to `right_until`, and it is right from `fixed_in` on;
    None means that this is not known.
    """

    name: str
    summary: str
    issue: str
    engines: tuple[str, ...]
    seen: tuple[Version, ...]
    modes: Pattern
    verdicts: tuple[Verdict, ...]
    operations: tuple[str, ...]
    case: Path
    features: frozenset[str] = frozenset()
    dtype: str = ""
    severity: Kind | tuple[Kind, ...] | None = None
    beside: frozenset[str] = frozenset()
    questions: frozenset[str] = frozenset()
    nest: Pattern = re.compile("")
    error: Pattern = re.compile("")
    printed: Pattern = re.compile("")
    text: Pattern = re.compile("")
    fixed_in: Version | None = None
    right_until: Version | None = None
    changed: tuple[Version, ...] = ()
    #: The file of the entry; no key of the file.
    file: Path = Path()

    @property
    def pinned(self) -> Case:
        return read_case(self.case)

    def names(self, engine: Engine) -> bool:
        """Whether the entry is about the engine, whatever its release."""
        return engine.base in self.engines

    def concerns(self, case: Case, raised: bool = False) -> bool:
        """Whether the mode and some step of the case match the entry.

        Only steps that the output depends on can make it wrong. Any step may raise while the
        program is traced, so `raised` includes all steps.
        """
        live = case if raised else replace(case, program=case.program.pruned())
        modes = {case.mode, deepest_mode(case.mode, case.wrappers)}
        fits = (
            any(map(self.modes.fullmatch, modes))
            and self._concerns_nest(case)
            and self.beside <= live.program.operations
            and self.questions <= set(case.questions)
        )
        if fits and self.of_nests and not self.operations:
            return True
        return fits and any(
            step.operation in self.operations
            and self.features <= found
            and found & {"constant"} <= self.features
            for step, found in zip(live.program.steps, features(live), strict=True)
        )

    @property
    def of_nests(self) -> bool:
        """Whether the entry is about cases with wrappers only."""
        return bool(self.nest.pattern)

    def _concerns_nest(self, case: Case) -> bool:
        return not self.of_nests or (
            bool(case.wrappers) and self.nest.search(case.nest) is not None
        )

    def _raises(self, answer: Answer) -> bool:
        return self.error.search(f"{answer.error}: {answer.message}") is not None

    def _is_so_wrong(self, finding: Result) -> bool:
        if self.severity is None:
            return True
        found = severity_of(finding)
        allowed = (self.severity,) if isinstance(self.severity, Kind) else self.severity
        return found is not None and found.kind in allowed

    def covers(self, finding: Result) -> bool:
        """Whether the Result matches the entry; the release of the engine is not compared."""
        return (
            finding.verdict in self.verdicts
            and self.dtype in ("", finding.case.dtype)
            and self._is_so_wrong(finding)
            and (finding.answer.outcome != "raised" or self._raises(finding.answer))
            and self.printed.search(finding.answer.printed) is not None
            and self.concerns(finding.case, raised=finding.answer.outcome == "raised")
            and (not self.text.pattern or self._is_in_the_text(finding))
        )

    def _is_in_the_text(self, finding: Result) -> bool:
        try:
            script = registry.find(finding.engine).script(finding.case)
        except (registry.UnknownEngine, UnsupportedOperation):
            return False
        return self.text.search(script.program) is not None


def _decode(kind: type, value: Any) -> Any:
    """A release, pattern or path from its text."""
    if not isinstance(value, str):
        raise TypeError(f"Expected `str`, got `{type(value).__name__}`")
    if kind in (Path, Version):
        return kind(value)
    try:
        with warnings.catch_warnings():
            # Python warns of patterns that a later release may read differently.
            warnings.simplefilter("ignore", FutureWarning)
            return re.compile(value)
    except (re.error, OverflowError) as error:
        raise ValueError(str(error)) from None
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _entry(
    path: Path, number: int, document: Any, regressions: Path | None, engines: Collection[str]
) -> KnownFailure:
    where = f"{path.name}: failure {number}"
    if isinstance(document, dict) and "file" in document:
        raise MalformedEntry(f"{where}: 'file' is not a field here")
    try:
        found = converted(document, KnownFailure, decode=_decode)
    except ValueError as error:
        raise MalformedEntry(f"{where}: {error}") from None
    for key, text in (("name", found.name), ("case", str(found.case))):
        if not text.isprintable():
            raise MalformedEntry(f"{where}: {key}: {text!r} is not one line of text")
    where = f"{path.name}: {found.name}"
    allowed: tuple[tuple[str, Iterable[str], Container[str], str], ...] = (
        ("engines", found.engines if regressions else (), engines, "not known"),
        ("operations", found.operations, CATALOGUE, "not in the catalogue"),
        ("beside", sorted(found.beside), CATALOGUE, "not in the catalogue"),
        ("with", sorted(found.features), FEATURES, "not a feature"),
        ("questions", sorted(found.questions), QUESTIONS, f"not one of {', '.join(QUESTIONS)}"),
        ("dtype", [found.dtype], ("", *DTYPES), f"not one of {', '.join(DTYPES)}"),
    )
    for key, given, known, problem in allowed:
        if unknown := [item for item in given if item not in known]:
            raise MalformedEntry(f"{where}: {key}: {', '.join(map(repr, unknown))} is {problem}")
    if found.of_nests and not any(name in found.nest.pattern for name in WRAPPERS):
        raise MalformedEntry(f"{where}: nest: a pattern that names a wrapper is needed")
    if not found.operations and not found.of_nests:
        raise MalformedEntry(f"{where}: operations: one or more are needed without nest")
    if found.fixed_in and found.fixed_in in found.seen:
        raise MalformedEntry(f"{where}: fixed_in: {found.fixed_in} is also in seen")
    case = (regressions or path.parent) / found.case
    if case.exists() and not case.is_file():
        raise MalformedEntry(f"{where}: case: {case} is not a file")
    try:
        read_case(case)
    except MalformedCase as error:
        raise MalformedEntry(f"{where}: {error}") from None
    return msgspec.structs.replace(found, case=case, file=path)


@lru_cache
def load(folder: Path = FOLDER) -> tuple[KnownFailure, ...]:
    """All entries: those of `folder`, then those of the folder that OWN names.

    Raises MalformedEntry in one line.
    """
    own = os.environ.get(OWN)
    if own and not Path(own).is_dir():
        raise MalformedEntry(f"{OWN}: {own} is not a folder")
    entries = (
        *_entries(folder, folder.parent / "regressions"),
        *(_entries(Path(own), None) if own else ()),
    )
    # Findings are counted by the name of their entry, so it must be unique.
    names = [entry.name for entry in entries]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise MalformedEntry(f"{twice[0]}: name: another entry has it too")
    return entries


def _entries(folder: Path, regressions: Path | None) -> list[KnownFailure]:
    """The entries of a folder, whose pinned cases are in `regressions`.

    Without `regressions`, the pinned cases are in the folder itself, and engines need not be known.
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
