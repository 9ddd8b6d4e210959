"""Rules that no case can reach, with the reasons: unreachable.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from validation.rules.record import Rule

_FILE = Path(__file__).with_name("unreachable.toml")


@cache
def patterns(engine: str) -> Mapping[str, Mapping[str, str]]:
    """The reasons by section and pattern: "never" reached, or not at the "first" level."""
    content = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {section: engines.get(engine, {}) for section, engines in content.items()}


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
