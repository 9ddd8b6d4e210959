"""Filters of the page's template: they write shares, seconds, arrays, links, errors and answers."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from ad_conformance.reports.nightly import counts
from ad_conformance.reports.nightly.run_report import Bucket
from markupsafe import Markup, escape

#: Written if there is no value.
DASH = "\N{EN DASH}"


def percent(share: float | None) -> str:
    """A share in percent; 100 % only if nothing at all is wrong."""
    if share is None:
        return DASH
    text = f"{100 * share:.1f}"
    if share == 1:
        text = "100"
    elif text == "100.0":
        text = "99.9"
    return f"{text}\N{NO-BREAK SPACE}%"


def seconds(seconds: float) -> str:
    """A duration with its unit."""
    if seconds >= 3600:
        return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60)} min"
    if seconds >= 60:
        return f"{int(seconds // 60)} min {int(seconds % 60)} s"
    for size, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.2g} µs"


def moment(begun: Any) -> str:
    """A date in ISO format, written out; any other text as it is."""
    try:
        return datetime.datetime.fromisoformat(str(begun)).strftime("%d %B %Y, %H:%M %Z").strip()
    except ValueError:
        return str(begun)


def cut(text: str, longest: int) -> str:
    """The text, or its first `longest` characters and how many more there are."""
    if len(text) <= longest:
        return text
    return f"{text[:longest]} … ({len(text) - longest} more characters)"


def array(text: str, longest: int) -> str:
    """An array in JSON, one row per line."""
    return cut(re.sub(r"(\]+), (\[+)", r"\1,\n\2", text), longest)


def short(number: float) -> str:
    """A number with two digits."""
    return f"{number:.2g}" if number < 1e4 else f"{number:.1e}"


def error(bucket: Bucket) -> str:
    """How far a wrong answer is off: relative error in the largest norm, and error / tolerance."""
    ratio = f"{short(bucket.error_ratio or 0.0)} times the tolerance"
    try:
        got, wanted = (
            np.asarray(json.loads(text or ""), float) for text in (bucket.got, bucket.wanted)
        )
        with np.errstate(all="ignore"):
            off, size = np.max(np.abs(got - wanted)), np.max(np.abs(wanted))
    except (ValueError, TypeError, OverflowError, RecursionError):
        # Only the first entries of a long array are stored, and a file may hold anything.
        return ratio
    if not (np.isfinite(off) and np.isfinite(size) and size > 0):
        return ratio
    return f"relative error {off / size:.2g}, {ratio}"


def spaced(verdict: str) -> str:
    """A verdict in words."""
    return verdict.replace("_", " ")


def linked(text: str) -> Markup:
    """Text in which web addresses are links."""
    parts = re.split(r"(https?://[^\s<>\"']+)", text)
    return Markup("").join(
        Markup('<a href="{0}" rel="noopener noreferrer">{0}</a>').format(part)
        if k % 2
        else escape(part)
        for k, part in enumerate(parts)
    )


def kink(asked: counts.Kink, engine: str) -> str:
    """What an engine answered at a kink: by mode, or once if all modes gave the same."""
    answers: Mapping[str, str] = {
        mode: _answer(*answer) for (name, mode), answer in asked.answers.items() if name == engine
    }
    if not answers:
        return DASH
    if len(set(answers.values())) == 1:
        return next(iter(answers.values()))
    return "; ".join(f"{mode} {answers[mode]}" for mode in sorted(answers, reverse=True))


def differ(asked: counts.Kink) -> bool:
    """Whether two engines that answered a kink in the same mode gave different numbers."""
    values: dict[str, list[tuple[str, np.ndarray]]] = {}
    for (engine, mode), (_, got) in asked.answers.items():
        if (array := _numbers(got)) is not None:
            values.setdefault(mode, []).append((engine, array))
    return any(
        one != other and (a.shape != b.shape or not np.allclose(a, b, 1e-4, 1e-9, equal_nan=True))
        for answers in values.values()
        for (one, a), (other, b) in combinations(answers, 2)
    )


def _numbers(got: str | None) -> np.ndarray | None:
    """An answer in JSON as an array; None if there is none, or something else."""
    try:
        return np.asarray(json.loads(got or ""), float)
    except (ValueError, TypeError, RecursionError):
        return None


def workarounds(bucket: Bucket) -> list[tuple[str, str]]:
    """What gives the expected result instead, and what fails, too; each with a heading."""
    right = [
        *([f"{bucket.engine} in {', '.join(bucket.right_modes)}"] if bucket.right_modes else []),
        *([_engines(bucket.right_engines)] if bucket.right_engines else []),
        *(
            [f"{bucket.engine} with {', '.join(bucket.rewritten)} written with other operations"]
            if bucket.rewritten
            else []
        ),
    ]
    wrong = [
        *([f"{bucket.engine} in {', '.join(bucket.wrong_modes)}"] if bucket.wrong_modes else []),
        *([_engines(bucket.wrong_engines)] if bucket.wrong_engines else []),
    ]
    nothing = "none of what was tried" if wrong else "not tried"
    told = [("workarounds", "; ".join(right) or nothing)]
    return [*told, ("fails too", "; ".join(wrong))] if wrong else told


def _engines(names: Sequence[str]) -> str:
    return f"engine{'s' if len(names) > 1 else ''} {', '.join(names)}"


def _answer(verdict: str, got: str | None) -> str:
    if verdict == "unsupported":
        return DASH
    if got is None:
        return spaced(verdict)
    # Adding 0.0 drops the sign of -0.0.
    text = re.sub(r"-?\d+\.?\d*(e[+-]?\d+)?", lambda found: f"{float(found[0]) + 0.0:.4g}", got)
    text = text.replace("Infinity", "∞").replace("-", "\N{MINUS SIGN}")
    return f"{text} (wrong)" if verdict == "wrong" else text


#: The filters by their names in the template.
FILTERS = {
    "array": array,
    "cut": cut,
    "differ": differ,
    "error": error,
    "kink": kink,
    "linked": linked,
    "moment": moment,
    "percent": percent,
    "seconds": seconds,
    "short": short,
    "words": spaced,
    "workarounds": workarounds,
}
