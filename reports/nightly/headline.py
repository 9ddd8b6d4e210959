"""The night in one sentence, and how bad it is in one word."""

from __future__ import annotations

from collections import Counter

from ad_conformance.reports.nightly.run_report import Night

#: In the order in which a reader wants them: mark and what it means.
STATUSES = {
    "new": ("▲", "the previous run had no such finding"),
    "regressed": ("↩", "it was gone and has come back"),
    "flaky": ("≈", "it was not the same when it was asked again"),
    "fixed": ("✓", "the previous run had it; asked again, the answer is correct now"),
    "still there": ("■", "no known failure covers it, and the previous run had it, too"),
    "known": ("•", "a known failure covers it"),
    "not compared": ("?", "the previous run had it; this run has no answer to compare"),
}
#: What changed, in words that may follow a number.
_TOLD = ("new", "regressed", "flaky", "fixed")
#: State to mark and word.
STATES = {
    "bad": ("✗", "Broken"),
    "invalid": ("!", "Not valid"),
    "flaky": ("≈", "Unsteady"),
    "good": ("✓", "Nothing new"),
}


def meaning(status: str, night: Night) -> str:
    """What a status means in this night."""
    if status == "new" and night.previous is None:
        return "no known failure covers it"
    return STATUSES[status][1]


def state(night: Night) -> str:
    """The worst of it: one of STATES."""
    met = {bucket.status for bucket in night.buckets}
    if met & {"new", "regressed"}:
        return "bad"
    if night.invalid:
        return "invalid"
    return "flaky" if "flaky" in met else "good"


def headline(night: Night) -> str:
    """What changed, where, and what cannot be believed; without a full stop."""
    parts = []
    if reasons := night.invalid.get(""):
        parts.append(f"the run is invalid: {', '.join(reasons)}")
    named = False
    for status in _TOLD:
        engines = Counter(bucket.engine for bucket in night.buckets if bucket.status == status)
        told: list[str] = []
        for engine, count in engines.most_common():
            noun = "" if named else " bucket" if count == 1 else " buckets"
            told.append(
                f"{count} {status}{noun} in {engine}" if not told else f"{count} in {engine}"
            )
            named = True
        if told:
            parts.append(
                " and ".join(told) if len(told) < 3 else f"{', '.join(told[:-1])} and {told[-1]}"
            )
    parts += [
        f"{engine} invalid: {', '.join(reasons)}"
        for engine, reasons in night.invalid.items()
        if engine
    ]
    if not parts:
        met = Counter(bucket.status for bucket in night.buckets)
        rest = [(met[s], s) for s in ("still there", "known") if met[s]]
        told = [
            f"{n} {s}" if k else f"{n} bucket{'s' if n != 1 else ''} {s}"
            for k, (n, s) in enumerate(rest)
        ]
        parts.append(" and ".join(told) or "no finding at all")
    return "; ".join(parts)
