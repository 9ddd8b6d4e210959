"""Asks releases of an engine the same case, each in its own environment: in which release a finding
begins or ends.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from ad_conformance.conformance.triage.ask import judged
from ad_conformance.conformance.triage.failure_key import FailureKey
from ad_conformance.conformance.triage.releases.search import (
    Boundary,
    NoBoundary,
    Observation,
    bisect,
)
from ad_conformance.conformance.verdicts import Result, Verdict
from ad_conformance.engines import registry
from ad_conformance.engines.process.environments import Release
from ad_conformance.engines.process.releases import released
from ad_conformance.engines.process.sandbox import EngineUnavailable, Sandbox
from ad_conformance.generators.ir.program import Case
from packaging.version import InvalidVersion, Version

#: Characters of a message that are printed.
WIDTH = 160


class Releases:
    """Asks releases of an engine one case, `repeats` times each, every time in a new process.

    `python` is the interpreter that makes their environments. The release `build` is no release but
    what is installed in that interpreter, and is asked there.
    """

    def __init__(
        self, case: Case, engine: str, repeats: int, python: str = "", build: str = ""
    ) -> None:
        self.case, self.engine, self.repeats = case, engine, repeats
        self._python, self._build = python, build
        #: How many releases were asked, and for how many an environment had to be made.
        self.asked, self.installs = 0, 0

    def observe(self, release: str) -> Observation:
        name = self.engine if release == self._build else f"{self.engine}@{release}"
        engine = registry.find(name, self._python)
        self.asked += 1
        if isinstance(engine.runner, Release) and not engine.runner.made:
            self.installs += 1
        results = []
        for _ in range(self.repeats):
            try:
                with Sandbox(engine, every=1) as sandbox:
                    results.append(judged(self.case, sandbox))
            except EngineUnavailable as error:
                reason = str(error).removeprefix(f"{engine.name}: ")[:WIDTH]
                return Observation(f"cannot be asked: {reason}")
        keys = Counter(FailureKey.of(result) for result in results)
        if len(keys) > 1:
            counts = ", ".join(
                f"{' '.join(filter(None, (key.verdict, key.error)))} {n}" for key, n in keys.items()
            )
            return Observation(f"flaky: {counts} of {self.repeats} times")
        result = results[0]
        return Observation(
            _line(result),
            agrees=result.verdict is Verdict.AGREE,
            failure=FailureKey.of(result) if result.is_finding else None,
        )


def _line(result: Result) -> str:
    if result.verdict is Verdict.WRONG:
        return f"wrong, {result.error_ratio:.2g} times the tolerance"
    reason = f"{result.answer.error}: {result.answer.message}".strip(": ").partition("\n")[0][
        :WIDTH
    ]
    if not reason and not result.is_finding:
        reason = result.truth.reason
    return f"{result.verdict}: {reason}" if reason else str(result.verdict)


@dataclass(frozen=True)
class Found:
    """A boundary among the releases, oldest first, and what it cost to find it."""

    releases: tuple[str, ...]
    boundary: Boundary
    asked: int
    installs: int
    steps: float
    """Log2 of the number of releases between the two ends at the start."""

    @property
    def changed(self) -> tuple[str, ...]:
        """The first release that answers differently. If it is not known, all candidates."""
        return self.releases[self.boundary.before + 1 : self.boundary.after + 1]

    @property
    def line(self) -> str:
        what = "bad" if self.boundary.begins else "fixed"
        before = self.releases[self.boundary.before]
        if len(self.changed) == 1:
            return f"first {what}: {self.changed[0]}, after {before}"
        why = "cannot say" if self.boundary.asked_all else "cannot say or were not asked"
        return (
            f"first {what}: one of {_names(self.changed)}, after {before}; "
            f"{_names(self.changed[:-1])} {why}"
        )


def _names(releases: tuple[str, ...]) -> str:
    if len(releases) > 4:
        return f"{releases[0]} to {releases[-1]}, which are {len(releases)},"
    return " and ".join(filter(None, (", ".join(releases[:-1]), releases[-1])))


def find_boundary(
    case: Case,
    engine: str,
    *,
    good: str | None = None,
    bad: str | None = None,
    repeats: int = 3,
    most: int = 32,
    prereleases: bool = False,
    python: str = "",
    report: Callable[[str, Observation], None] = lambda release, observed: None,
) -> Found:
    """Find the release in which the finding of the bad release begins or ends.

    `engine` is a name without a release. The interpreter `python` is as for `registry.find`. If a
    development build is installed there, it is asked like a release. Every observation goes to
    `report` as it comes. Raises UnknownEngine, NoReleases and NoBoundary, each in one line.
    """
    adapter = registry.find(engine, python)
    if not registry.has_releases(adapter):
        raise registry.UnknownEngine(f"engine {engine!r}: there are no releases of {adapter.name}")
    releases = released(adapter.distribution, prereleases=prereleases, python=python)
    installed, build = adapter.version(), ""
    if installed and str(Version(Version(installed).public)) not in releases:
        build = installed
        releases = tuple(sorted((*releases, build), key=Version))
    ends = {
        name: _index(releases, name, end)
        for name, end in (("good", good), ("bad", bad))
        if end is not None
    }
    if len(ends) == 2 and ends["good"] == ends["bad"]:
        raise NoBoundary(f"{good} is given as good and as bad")
    asker = Releases(case, engine, repeats, python, build)

    def observe(release: str) -> Observation:
        observed = asker.observe(release)
        report(release, observed)
        return observed

    named = build or str(Version(Version(installed or "0").public))
    latest = releases.index(named) if named in releases else len(releases) - 1
    boundary = bisect(releases, observe, latest=latest, most=most, **ends)
    return Found(releases, boundary, asker.asked, asker.installs, math.log2(boundary.width))


def _index(releases: tuple[str, ...], name: str, release: str) -> int:
    try:
        return [Version(known) for known in releases].index(Version(release))
    except InvalidVersion:
        raise NoBoundary(f"--{name}: {release!r} is not a release, such as 1.2.3") from None
    except ValueError:
        offered = f"{releases[0]} to {releases[-1]}" if releases else "none"
        raise NoBoundary(
            f"--{name}: no release {release} is offered for this Python; there are {offered}"
        ) from None
