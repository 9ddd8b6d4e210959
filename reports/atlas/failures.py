"""Failures of one operation in one engine: where, how, since when, and what to use instead."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ad_conformance.conformance.known_failures import KnownFailure
from ad_conformance.generators.scenarios.situations import GENERAL
from ad_conformance.reports.atlas.answers import Answer, Answers, Example, Pinned
from ad_conformance.reports.atlas.outcomes import FAILURES
from ad_conformance.reports.releases_page import began, libraries, releases_asked

#: What features of known failures mean, if their name alone does not say so.
_SAID = {
    "same size": "operands of equal magnitude",
    "vanishing": "entries that are zero, or zero up to rounding",
    "zero last": "a zero in the last operand",
    "one last": "a one in the last operand",
    "reused": "an operand that another step uses, too",
    "view": "an operand that is a view",
}
#: So many right cases without a situation are needed to say that a failure is only there.
ENOUGH = 3
_Key = tuple[str, str, str]


@dataclass(frozen=True)
class Failure:
    """Failing cases with the same cause, of one operation in one engine.

    `anchor` names it on the page and stays the same from night to night. `count` of `compared`
    cases in its modes fail, besides pinned cases. `scope` says in a few words at which points, and
    `where` in a sentence; `limited` tells whether it is known at which points alone. `instead` are
    sentences, each about something that was right. `since` says which releases fail, as far as the
    known failure knows.
    """

    operation: str
    engine: str
    anchor: str
    word: str
    title: str
    where: str
    scope: str
    limited: bool
    modes: tuple[str, ...]
    dtypes: tuple[str, ...]
    count: int
    compared: int
    entry: str
    issue: str
    since: str
    instead: tuple[str, ...]
    example: Example

    @property
    def document(self) -> dict[str, Any]:
        """As JSON, without the case, which has a file of its own."""
        example = {
            "case": f"cases/{self.example.id}.json",
            "mode": self.example.mode,
            "got": self.example.got,
            "expected": self.example.wanted,
            "how_wrong": self.example.how_wrong,
            "error": self.example.error,
            "message": self.example.message,
        }
        return {
            **{name: value for name, value in vars(self).items() if name != "example"},
            "example": example,
        }


class Failures:
    """All failures of an atlas, by operation and engine."""

    def __init__(self, answers: Answers, entries: Mapping[str, KnownFailure]) -> None:
        self._answers, self._entries = answers, entries
        self._examples, self._others = answers.examples(), answers.others()
        self._libraries = libraries(entries.values())
        self.pinned: dict[tuple[str, str], list[Pinned]] = defaultdict(list)
        self._around: dict[tuple[str, str], list[Pinned]] = defaultdict(list)
        self._same_case: dict[str, list[Pinned]] = defaultdict(list)
        for pinned in answers.pinned():
            entry = entries.get(pinned.entry)
            self._around[pinned.entry, pinned.engine].append(pinned)
            if pinned.own:
                self._same_case[pinned.entry].append(pinned)
            if entry is None or pinned.word not in FAILURES or pinned.covered != pinned.entry:
                continue
            for operation in set(entry.operations) & set(pinned.operations):
                self.pinned[operation, pinned.engine].append(pinned)

    def of(self, operation: str, engine: str) -> list[Failure]:
        """The failures of one operation in one engine, the worst and most frequent first."""
        own = [a for a in self._answers.by_operation.get(operation, ()) if a.engine == engine]
        keys = {a.key for a in own if a.word in FAILURES}
        keys |= {(p.entry, "", "") for p in self.pinned.get((operation, engine), ())}
        found = [self._failure(operation, engine, key, own) for key in sorted(keys)]
        return sorted(
            (f for f in found if f is not None),
            key=lambda f: (FAILURES.index(f.word), -f.count, f.anchor),
        )

    def covers(self, failure: Failure, mode: str) -> bool:
        """Whether the known failure of this failure names the mode."""
        entry = self._entries.get(failure.entry)
        return entry is not None and entry.modes.fullmatch(mode) is not None

    def _failure(
        self, operation: str, engine: str, key: _Key, own: Sequence[Answer]
    ) -> Failure | None:
        failing = [a for a in own if a.word in FAILURES and a.key == key]
        pinned = [p for p in self.pinned.get((operation, engine), ()) if p.entry == key[0]]
        example = min((p for p in pinned if p.own), key=lambda p: p.mode, default=None)
        shown = example.example if example else self._examples.get((operation, engine, key))
        if shown is None:
            return None
        modes = _ordered({a.mode for a in failing} | {p.mode for p in pinned})
        beside = [a for a in own if a.mode in modes]
        words = {a.word for a in failing} | {p.word for p in pinned}
        entry = self._entries.get(key[0])
        right = [a for a in beside if a.word == "right"]
        only, told = where(failing, right)
        limit = _limit(entry) or only
        return Failure(
            operation=operation,
            engine=engine,
            anchor=f"{_slug(engine)}-{_slug(key[0]) if key[0] else _named(key)}",
            word=next(word for word in FAILURES if word in words),
            title=entry.summary if entry else _title(shown),
            where=told,
            scope=limit or _share(failing, beside),
            limited=bool(limit),
            modes=modes,
            dtypes=tuple(sorted({a.dtype for a in failing} | {p.example.dtype for p in pinned})),
            count=sum(a.count for a in failing),
            compared=sum(a.count for a in beside if a.word in ("right", *FAILURES)),
            entry=key[0],
            issue=entry.issue if entry else "",
            since=self._since(entry) if entry else "",
            instead=tuple(self._instead(operation, engine, key, modes, own)),
            example=shown,
        )

    def _since(self, entry: KnownFailure) -> str:
        """The releases with the failure, in words."""
        if not entry.seen and not entry.changed:
            return ""
        releases = releases_asked(self._libraries[entry.file.stem])
        seen = sorted((*entry.seen, *entry.changed))
        first = began(entry, releases)
        begins = f"since {first}" if first else f"in {seen[0]}, the first release that was asked"
        if entry.right_until and not first:
            begins = f"after {entry.right_until}, in {seen[0]}"
        ends = f"fixed in {entry.fixed_in}" if entry.fixed_in else f"still in {seen[-1]}"
        return f"{begins}; {ends}"

    def _instead(
        self, operation: str, engine: str, key: _Key, modes: Sequence[str], own: Sequence[Answer]
    ) -> Iterator[str]:
        around = self._around.get((key[0], engine), []) if key[0] else []
        right = _ordered({p.mode for p in around if p.word == "right"} - set(modes))
        elsewhere = self._failing_otherwise(operation, engine, key, own)
        safe = [mode for mode in right if mode not in elsewhere]
        if safe:
            yield f"{engine} in mode {', '.join(safe)}: right in the smallest case below"
        elif right:
            yield (
                f"{engine} in mode {', '.join(right)}: right in the smallest case below, but it "
                f"fails at other points"
            )
        orders = {len(mode) for mode in modes}
        others: dict[str, Counter[str]] = defaultdict(Counter)
        failing = {a.mode for a in own if a.word in FAILURES}
        situations = {s for a in own if a.word in FAILURES and a.key == key for s in a.situations}
        for answer in own:
            if len(answer.mode) in orders and answer.mode not in (*modes, *right):
                if situations and not situations & set(answer.situations):
                    continue
                others[answer.mode][answer.word] += answer.count
        good = [
            f"{mode} ({counts['right']} of {counts['right']}"
            f"{'; it fails at other points' if mode in failing else ''})"
            for mode, counts in sorted(others.items())
            if counts["right"] >= ENOUGH and not any(counts[word] for word in FAILURES)
        ]
        if good:
            yield f"{engine} in mode {', '.join(good)}: right in other cases like those that fail"
        told = {}
        for other, (n, of) in self._others.get((operation, engine, key), {}).items():
            if n == of:
                told[other] = f"{other} ({n} of {of})"
        for pinned in self._same_case.get(key[0], []) if key[0] else []:
            if pinned.word == "right" and pinned.engine != engine:
                told.setdefault(pinned.engine, pinned.engine)
            elif pinned.word in FAILURES:
                told.pop(pinned.engine, None)
        for other in told:
            theirs = [a for a in self._answers.by_operation.get(operation, ()) if a.engine == other]
            if self._failing_otherwise(operation, other, key, theirs) & set(modes):
                told[other] += " (it fails at other points)"
        if told:
            yield f"other engines that are right in the cases that fail: {', '.join(told.values())}"

    def _failing_otherwise(
        self, operation: str, engine: str, key: _Key, own: Sequence[Answer]
    ) -> set[str]:
        """The modes in which the operation has failures in the engine that are not those of `key`.

        `own` are the answers of the engine.
        """
        pinned = self.pinned.get((operation, engine), ())
        return {p.mode for p in pinned if p.entry != key[0]} | {
            a.mode for a in own if a.word in FAILURES and a.key != key
        }


def _limit(entry: KnownFailure | None) -> str:
    """The points that the known failure names; "" if it names none."""
    if entry is None:
        return ""
    features = [_SAID.get(name, name) for name in sorted(entry.features)]
    return " and ".join((*features, *([entry.dtype] if entry.dtype else [])))


def _share(failing: Sequence[Answer], beside: Sequence[Answer]) -> str:
    """How many of the compared cases fail, in words."""
    count = sum(a.count for a in failing)
    compared = sum(a.count for a in beside if a.word in ("right", *FAILURES))
    if not count:
        return "general points"
    return f"{count} of {compared} case{'s' if compared != 1 else ''}"


def where(failing: Sequence[Answer], right: Sequence[Answer]) -> tuple[str, str]:
    """The situation at which alone the cases fail, "" if there is none, and a sentence about it.

    `right` are the right answers in the same modes.
    """
    failed, passed = Counter[str](), Counter[str]()
    for answers, counts in ((failing, failed), (right, passed)):
        for answer in answers:
            for situation in answer.situations:
                counts[situation] += answer.count
    total, others = (sum(a.count for a in answers) for answers in (failing, right))
    if not total:
        return "", "no drawn case failed so, only the pinned case of the known failure"
    always = [s for s in failed if failed[s] == total and s != GENERAL]
    telling = [s for s in always if others - passed[s] >= ENOUGH]
    if telling:
        s = min(telling, key=lambda name: (passed[name], name))
        of = total + passed[s]
        told = f"only at {s}: {total} of {of} such cases fail, none of {others - passed[s]} others"
        return s, told
    met = ", ".join(f"{s} ({n})" for s, n in failed.most_common())
    if failed[GENERAL]:
        return "", f"also where nothing is special; failing cases by situation: {met}"
    return "", f"failing cases by situation: {met}; too few right cases to say where else"


def _title(example: Example) -> str:
    if example.error:
        message = example.message.partition("\n")[0][:160]
        return f"{example.error}: {message}" if message else example.error
    return example.how_wrong or "wrong"


def _ordered(modes: set[str]) -> tuple[str, ...]:
    return tuple(sorted(modes, key=lambda mode: (len(mode), mode)))


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "_", text)


def _named(key: _Key) -> str:
    """A failure that no known failure covers, by its word and a hash of its exception."""
    _, word, error = key
    if not error:
        return word
    return f"{word}-{hashlib.sha256(error.encode('utf-8', 'replace')).hexdigest()[:8]}"
