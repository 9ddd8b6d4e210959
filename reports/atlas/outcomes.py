"""What an engine did with the cases of a cell: one word, and counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ad_conformance.conformance.severity import Kind
from ad_conformance.conformance.verdicts import Verdict
from ad_conformance.generators.scenarios.cells import GOAL

#: What a cell may say, the worst first, and what it means.
WORDS: Mapping[str, str] = {
    "wrong": "some derivatives are wrong, NaN or infinite, or have the wrong shape or dtype",
    "kills": "some cases end the process of the engine, or do not return",
    "raises": "some cases raise an exception",
    "inaccurate": "some derivatives have lost digits; the others are right",
    "right": "all derivatives that could be compared are right",
    "unsupported": "the engine does not have this, or its adapter cannot write it",
    "untested": "no drawn case was compared: it may be right or wrong",
}
#: The words of failures, the worst first.
FAILURES = ("wrong", "kills", "raises", "inaccurate")
#: Answers that count for no word: the second try had another verdict; a known failure of another
#: operation of the program; no certified derivative.
FLAKY, ELSEWHERE, UNSURE = "flaky", "elsewhere", "unsure"


def word_of(verdict: str, severity: str | None) -> str:
    """The word for one answer with this verdict."""
    found = Verdict(verdict)
    if found is Verdict.AGREE:
        return "right"
    if found is Verdict.UNSUPPORTED:
        return "unsupported"
    if not found.is_finding:
        return UNSURE
    if found in (Verdict.CRASH, Verdict.TIMEOUT):
        return "kills"
    if found.failed:
        return "raises"
    return "inaccurate" if severity == Kind.DIGITS else "wrong"


@dataclass
class Tally:
    """Counts of answers by word; `certified` are those compared with a certified derivative."""

    counts: Counter[str] = field(default_factory=Counter)
    certified: int = 0

    def add(self, word: str, count: int, *, certified: bool) -> None:
        self.counts[word] += count
        if certified and word in ("right", *FAILURES):
            self.certified += count

    @property
    def compared(self) -> int:
        return sum(self.counts[word] for word in ("right", *FAILURES))

    @property
    def failed(self) -> int:
        return sum(self.counts[word] for word in FAILURES)

    @property
    def word(self) -> str:
        """One of WORDS: the worst that happened."""
        return next((word for word in WORDS if self.counts[word]), "untested")

    @property
    def text(self) -> str:
        """The word with its counts, as a table shows it."""
        word = self.word
        if word in FAILURES:
            return f"{word} {self.counts[word]} of {self.compared}"
        if word == "right":
            return f"right {self.certified}" + (f"/{GOAL}" if self.certified < GOAL else "")
        return word

    @property
    def document(self) -> dict[str, Any]:
        """As JSON: the word, certified cases, and the counts that are not zero."""
        counts = {word: n for word, n in sorted(self.counts.items()) if n}
        return {"word": self.word, "text": self.text, "certified": self.certified, "counts": counts}
