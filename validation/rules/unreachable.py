"""Rules and operations that no case can reach, with the reasons: unreachable.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from validation.rules.record import Rule

_FILE = Path(__file__).with_name("unreachable.toml")


@cache
def patterns(engine: str) -> Mapping[str, Mapping[str, str]]:
    """The reasons by section and pattern: "never" reached, or not at the "first" level."""
    content = _content()
    return {section: content[section].get(engine, {}) for section in ("never", "first")}


@cache
def _content() -> Mapping[str, Any]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


def operations() -> Mapping[str, str]:
    """The reasons by name of an operation of OpInfo."""
    found: Mapping[str, str] = _content()["opinfo"]
    return found


def matches(pattern: str, rule: Rule) -> bool:
    """Whether the pattern is for this rule."""
    return fnmatchcase(f"{rule.table}/{rule.name}" if "/" in pattern else rule.name, pattern)


def reason(rule: Rule, level: int) -> str:
    """Why no case reaches the rule at this level, or ""."""
    sections = patterns(rule.engine)
    for section in ("never", "first") if level == 1 else ("never",):
        for pattern, text in sections.get(section, {}).items():
            if matches(pattern, rule):
                return text
    return ""


def idle(engine: str, rules: Iterable[Rule]) -> list[str]:
    """Patterns that match no rule."""
    rules = tuple(rules)
    return [
        pattern
        for section in patterns(engine).values()
        for pattern in section
        if not any(matches(pattern, rule) for rule in rules)
    ]
