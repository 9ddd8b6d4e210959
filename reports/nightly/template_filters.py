"""How the page writes values: shares, seconds, arrays, addresses, and answers at kinks."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any

from ad_conformance.reports.nightly import counts
from markupsafe import Markup, escape

#: Where there is no value.
DASH = "\N{EN DASH}"


def percent(share: float | None) -> str:
    """Never 100 % where anything is wrong."""
    if share is None:
        return DASH
    text = f"{100 * share:.1f}"
    return f"{'99.9' if text == '100.0' and share < 1 else '100' if share == 1 else text}\N{NO-BREAK SPACE}%"


def seconds(seconds: float) -> str:
    if seconds >= 3600:
        return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60)} min"
    if seconds >= 60:
        return f"{int(seconds // 60)} min {int(seconds % 60)} s"
    for size, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.2g} µs"


def moment(begun: Any) -> str:
    try:
        return datetime.datetime.fromisoformat(str(begun)).strftime("%d %B %Y, %H:%M %Z").strip()
    except ValueError:
        return str(begun)


def cut(text: str, longest: int) -> str:
    return (
        text
        if len(text) <= longest
        else f"{text[:longest]} … ({len(text) - longest} characters more)"
    )


def array(text: str, longest: int) -> str:
    """JSON of an array, a row to a line."""
    return cut(re.sub(r"(\]+), (\[+)", r"\1,\n\2", text), longest)


def short(number: float) -> str:
    return f"{number:.2g}" if number < 1e4 else f"{number:.1e}"


def spaced(verdict: str) -> str:
    return verdict.replace("_", " ")


def linked(text: str) -> Markup:
    """Text in which addresses of the web are links."""
    parts = re.split(r"(https?://[^\s<>\"']+)", text)
    return Markup("").join(
        Markup('<a href="{0}" rel="noopener noreferrer">{0}</a>').format(part)
        if k % 2
        else escape(part)
        for k, part in enumerate(parts)
    )


def kink(asked: counts.Kink, engine: str) -> str:
    """What an engine answered in its mode words: once where they are the same."""
    answers: Mapping[str, str] = {
        mode: _answer(*answer) for (name, mode), answer in asked.answers.items() if name == engine
    }
    if not answers:
        return DASH
    if len(set(answers.values())) == 1:
        return next(iter(answers.values()))
    return "; ".join(f"{mode} {answers[mode]}" for mode in sorted(answers, reverse=True))


def _answer(verdict: str, got: str | None) -> str:
    if verdict == "unsupported":
        return DASH
    if got is None:
        return spaced(verdict)
    # A zero is a zero, whatever its sign.
    text = re.sub(r"-?\d+\.?\d*(e[+-]?\d+)?", lambda found: f"{float(found[0]) + 0.0:.4g}", got)
    text = text.replace("Infinity", "∞").replace("-", "\N{MINUS SIGN}")
    return f"{text} (wrong)" if verdict == "wrong" else text


#: By the names that the templates know them by.
FILTERS = {
    "array": array,
    "cut": cut,
    "kink": kink,
    "linked": linked,
    "moment": moment,
    "percent": percent,
    "seconds": seconds,
    "short": short,
    "words": spaced,
}
