"""What stands in run.json and in sessions/: checked when it is read, so that nobody who uses it
need doubt it.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any

from ad_conformance.conformance.reference.certify import MAX_ORDER
from ad_conformance.generators.ir.mode import is_mode

#: What a field must be, in words, and whether it is.
Check = tuple[str, Callable[[Any], bool]]
#: Beyond what a clock, or a range, can do.
_LONGEST, _MOST = 1e9, 10**6


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _whole(value: Any) -> bool:
    return type(value) is int and value >= 0


def _seconds(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= _LONGEST


def _object(value: Any, of: Callable[[Any], bool]) -> bool:
    return isinstance(value, Mapping) and all(map(of, value.values()))


def _list(value: Any, of: Callable[[Any], bool]) -> bool:
    return isinstance(value, list) and all(map(of, value))


def _date(value: Any) -> bool:
    try:
        return bool(datetime.datetime.fromisoformat(value))
    except (TypeError, ValueError):
        return False


def _mode(value: Any) -> bool:
    return is_mode(value) and len(value) <= MAX_ORDER


def _of_machine(value: Any) -> bool:
    return value is None or _text(value) or _whole(value)


_TEXTS: Check = ("an object of strings", lambda v: _object(v, _text))
RUN: Mapping[str, Check] = {
    "engines": _TEXTS,
    "asked": _TEXTS,
    "absent": _TEXTS,
    "words": (
        f"a list of mode words of 1 to {MAX_ORDER} letters R and F",
        lambda v: _list(v, _mode),
    ),
    "seed": ("an integer from 0", _whole),
    "shard": (f"an integer from 1 to {_MOST}", lambda v: _whole(v) and 1 <= v <= _MOST),
    "timeout": ("a number of seconds", lambda v: _seconds(v) and v > 0),
    "begun": ("a date", _date),
    "harness": _TEXTS,
    "platform": (
        "an object of strings and integers",
        lambda v: _object(v, _of_machine),
    ),
    "named": (
        "a list of three strings each",
        lambda v: _list(v, lambda x: _list(x, _text) and len(x) == 3),
    ),
}
SESSION: Mapping[str, Check] = {
    "seconds": ("a number of seconds", _seconds),
    "workers": ("an integer from 0", _whole),
    "lost": ("a list of integers from 0", lambda v: _list(v, _whole)),
    "ended": ("a string or null", lambda v: v is None or _text(v)),
}


def problem(found: Mapping[str, Any], name: str) -> str:
    """What is wrong with the record of that name, run.json or sessions/...; "" where nothing is."""
    for field, (wanted, right) in (RUN if name == "run.json" else SESSION).items():
        if field not in found:
            return f"{field} is missing"
        if not right(found[field]):
            return f"{field}: {wanted} is needed"
    return ""
