"""The standing of known failures on the release that is tested: known, fixed, changed or regressed.

The pinned case of an entry decides. It is asked when the standing is first needed, once per engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from ad_conformance.conformance.known_failures import KnownFailure
from ad_conformance.conformance.verdicts import Result, Verdict
from ad_conformance.engines.contract import Engine
from ad_conformance.engines.process.sandbox import EngineUnavailable
from ad_conformance.generators.ir.program import Case
from packaging.version import InvalidVersion, Version


class Standing(StrEnum):
    """What the pinned case of a known failure does on a release, in the order of tables."""

    #: It fails as the entry says.
    KNOWN = "known"
    #: It agrees, and the release is not older than all releases in which it failed.
    FIXED = "fixed"
    #: It fails in another way than the entry says.
    CHANGED = "changed"
    #: It fails, although the entry says that it was fixed in this release or an older one.
    REGRESSED = "regressed"
    #: It agrees, and the release is older than all releases in which it failed.
    NOT_YET = "not yet"
    #: It cannot be compared: the engine does not have an operation or the mode of the case.
    NOT_COMPARED = "not compared"


def release_named(text: str) -> Version | None:
    """The release in a version without its build; None if the text is no version."""
    try:
        return Version(Version(text).public)
    except InvalidVersion:
        return None


def release_of(engine: Engine) -> Version | None:
    """The release of an engine without its build; None if the engine has no release."""
    return release_named(engine.version())


def standing_of(entry: KnownFailure, release: Version | None, pinned: Result) -> Standing:
    """The standing on a release whose Result for the pinned case is `pinned`."""
    if pinned.is_finding:
        if entry.fixed_in and release and release >= entry.fixed_in:
            return Standing.REGRESSED
        return Standing.KNOWN if entry.covers(pinned) else Standing.CHANGED
    return agreeing(entry, release) if pinned.verdict is Verdict.AGREE else Standing.NOT_COMPARED


def agreeing(entry: KnownFailure, release: Version | None) -> Standing:
    """The standing on a release in which the pinned case agrees."""
    before = release is not None and all(release < seen for seen in entry.seen)
    return Standing.NOT_YET if before and entry.seen else Standing.FIXED


def recorded(entry: KnownFailure, release: Version | None) -> Standing | None:
    """The standing that the entry itself gives for a release; None if it does not say."""
    if release is None:
        return None
    if release in entry.seen:
        return Standing.KNOWN
    if release in entry.changed:
        return Standing.CHANGED
    if entry.fixed_in and release >= entry.fixed_in:
        return Standing.FIXED
    if entry.right_until and release <= entry.right_until:
        return Standing.NOT_YET
    return None


def news(entry: KnownFailure, engine: str, release: Version | None, standing: Standing) -> str:
    """What to change in the file of the entry, in one line; "" if the entry says it already.

    `engine` is the name of the engine.
    """
    if standing in (Standing.NOT_COMPARED, recorded(entry, release)):
        return ""
    said = f"{entry.name} in {engine} {release or ''}".rstrip() + ": its pinned case"
    where = f"in {entry.file.name}"
    match standing:
        case Standing.FIXED if release is None:
            return f"{said} agrees; remove the entry {where}"
        case Standing.FIXED if release in entry.seen:
            return f"{said} agrees here, although {where} this release is in seen"
        case Standing.FIXED:
            return f'{said} agrees; add fixed_in = "{release}" {where}'
        case Standing.CHANGED:
            return f'{said} fails in another way; add "{release}" to changed {where}'
        case Standing.REGRESSED:
            return f"{said} fails, although {where} fixed_in is {entry.fixed_in}"
        case Standing.NOT_YET:
            return f'{said} agrees; add right_until = "{release}" {where}'
        case _ if release is None:
            return ""
        case _:
            return f'{said} fails as before; add "{release}" to seen {where}'


@dataclass(frozen=True)
class Match:
    """A known failure to which a finding belongs, and its standing on this release."""

    entry: KnownFailure
    standing: Standing

    @property
    def is_known(self) -> bool:
        """Whether the finding is no news: a failure that has regressed is news."""
        return self.standing is not Standing.REGRESSED


class Standings:
    """The standings of entries on the releases of a run.

    `ask` gives the Result of a case in an engine of the run, by name. It may raise
    EngineUnavailable.
    """

    def __init__(self, entries: Iterable[KnownFailure], ask: Callable[[Case, str], Result]) -> None:
        self.entries = tuple(entries)
        self._ask = ask
        self._pinned: dict[tuple[str, str], Result | None] = {}

    def _result(self, entry: KnownFailure, engine: Engine) -> Result | None:
        key = (entry.name, engine.name)
        if key not in self._pinned:
            case = entry.pinned
            try:
                answers = engine.answers(case.mode)
                self._pinned[key] = self._ask(case, engine.name) if answers else None
            except EngineUnavailable:
                self._pinned[key] = None
        return self._pinned[key]

    def of(self, entry: KnownFailure, engine: Engine) -> Standing:
        """The standing of an entry that names the engine."""
        pinned = self._result(entry, engine)
        if pinned is None:
            return Standing.NOT_COMPARED
        return standing_of(entry, release_of(engine), pinned)

    def match(self, finding: Result, engine: Engine) -> Match | None:
        """The known failure to which a finding belongs; None if there is none.

        An entry whose pinned case fails in another way on this release covers findings that fail
        in this other way.
        """
        if not finding.is_finding:
            return None
        release = release_of(engine)
        mine = [entry for entry in self.entries if entry.names(engine)]
        regressed: Match | None = None
        for entry in mine:
            if not entry.covers(finding):
                continue
            # A release that was looked at before is not asked again.
            if release in entry.seen:
                return Match(entry, Standing.KNOWN)
            standing = self.of(entry, engine)
            if standing in (Standing.KNOWN, Standing.CHANGED):
                return Match(entry, standing)
            if standing is Standing.REGRESSED:
                regressed = regressed or Match(entry, standing)
        for entry in mine:
            if release not in entry.seen and self._fails_alike(entry, finding, engine):
                standing = self.of(entry, engine)
                if standing is Standing.CHANGED:
                    return Match(entry, standing)
                if standing is Standing.REGRESSED:
                    regressed = regressed or Match(entry, standing)
        return regressed

    def _fails_alike(self, entry: KnownFailure, finding: Result, engine: Engine) -> bool:
        """Whether the finding fails as the pinned case does on this release."""
        raised = finding.answer.outcome == "raised"
        if not entry.concerns(finding.case, raised=raised):
            return False
        pinned = self._result(entry, engine)
        return pinned is not None and (pinned.verdict.failure, pinned.answer.error) == (
            finding.verdict.failure,
            finding.answer.error,
        )
