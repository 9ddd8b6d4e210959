"""The result of a run in one sentence, and in one word."""

from __future__ import annotations

from collections import Counter

from ad_conformance.reports.nightly.run_report import RunReport
from ad_conformance.reports.nightly.validity import FEWEST

#: The statuses of buckets, the most important first: mark and meaning.
STATUSES = {
    "new": ("▲", "the previous run had no such finding"),
    "regressed": ("↩", "a known failure that was fixed, and fails again"),
    "changed": ("≠", "a known failure that fails in another way on this release"),
    "flaky": ("≈", "it was not the same when it was asked again"),
    "fixed": ("✓", "it failed before, in the previous run or release; now the answer is correct"),
    "still there": ("■", "no known failure covers it, and the previous run had it, too"),
    "not compared": ("?", "the previous run had it; this run has no answer to compare"),
    "known": ("•", "a known failure covers it"),
}
#: Statuses that the sentence counts.
_COUNTED = ("new", "regressed", "changed", "flaky", "fixed")
#: The state of a run: mark and word.
STATES = {
    "bad": ("✗", "Broken"),
    "invalid": ("!", "Invalid"),
    "flaky": ("≈", "Flaky"),
    "few": ("?", "Too few cases"),
    "good": ("✓", "Nothing new"),
}


def meaning(status: str, report: RunReport) -> str:
    """What a status means in this report."""
    if status == "new" and report.previous is None:
        return "no known failure covers it"
    return STATUSES[status][1]


def state(report: RunReport) -> str:
    """The worst state that applies: one of STATES."""
    met = {bucket.status for bucket in report.buckets}
    if met & {"new", "regressed"}:
        return "bad"
    if report.invalid:
        return "invalid"
    if "flaky" in met:
        return "flaky"
    return "few" if few(report) else "good"


def few(report: RunReport) -> list[str]:
    """Engines with too few compared cases to say that nothing is new. An empty run has "all".

    A fault that shows in one of 17 cases is met among FEWEST cases with probability 0.95.
    """
    return [engine for engine, n in report.compared.items() if n < FEWEST] or (
        [] if report.compared else ["all engines"]
    )


def behind(report: RunReport) -> str:
    """How many cases the result rests on, by engine; without a full stop."""
    counts = [f"{n} of {engine}" for engine, n in report.compared.items()]
    return f"cases compared with certified derivatives: {', '.join(counts) or 'none'}"


def headline(report: RunReport) -> str:
    """What changed, in which engines, and what is invalid; without a full stop."""
    parts = []
    if reasons := report.invalid.get(""):
        parts.append(f"the run is invalid: {', '.join(reasons)}")
    first = True
    for status in _COUNTED:
        engines = Counter(bucket.engine for bucket in report.buckets if bucket.status == status)
        phrases: list[str] = []
        for engine, count in engines.most_common():
            if phrases:
                phrases.append(f"{count} in {engine}")
            elif first:
                phrases.append(f"{count} {status} {_buckets(count)} in {engine}")
            else:
                phrases.append(f"{count} {status} in {engine}")
            first = False
        if not phrases:
            continue
        listed = f"{', '.join(phrases[:-1])} and {phrases[-1]}" if phrases[1:] else phrases[0]
        doubted = sum(bool(b.suspect) for b in report.buckets if b.status == status)
        parts.append(f"{listed} ({doubted} suspect)" if doubted else listed)
    parts += [
        f"{engine} invalid: {', '.join(reasons)}"
        for engine, reasons in report.invalid.items()
        if engine
    ]
    if state(report) == "few":
        thin = ", ".join(few(report))
        parts.insert(0, f"no new finding, but fewer than {FEWEST} cases of {thin} were compared")
    if not parts:
        met = Counter(bucket.status for bucket in report.buckets)
        rest = [(met[s], s) for s in ("still there", "known") if met[s]]
        phrases = [
            f"{count} {status}" if k else f"{count} {_buckets(count)} {status}"
            for k, (count, status) in enumerate(rest)
        ]
        parts.append(" and ".join(phrases) or "no findings")
    return "; ".join(parts)


def _buckets(count: int) -> str:
    return "bucket" if count == 1 else "buckets"
