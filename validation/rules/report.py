"""The report on rule coverage, in Markdown, and all rules as lines of text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from benchmarks.tables import markdown, versions
from validation.rules.coverage import LEVELS, Coverage
from validation.rules.opinfo import Spelled
from validation.rules.record import Rule
from validation.rules.unreachable import reason


def _share(part: Collection[Rule], of: Collection[Rule]) -> str:
    return f"{len(part) / len(of):.1%}" if of else ""


def summary(found: Mapping[str, Coverage]) -> str:
    """The number of rules met, by engine, table and level."""
    rows = []
    for engine, coverage in found.items():
        for table in coverage.tables:
            all_rules = {rule for rule in coverage.rules if rule.table == table}
            for level in LEVELS:
                met = coverage.met(table, level)
                reachable = coverage.reachable(table, level)
                certified = {rule for rule in met & reachable if coverage.certified[rule, level]}
                rows.append(
                    [
                        f"{engine} {table}",
                        str(level),
                        f"{len(met)} of {len(all_rules)}",
                        _share(met, all_rules),
                        f"{len(met & reachable)} of {len(reachable)}",
                        _share(met & reachable, reachable),
                        _share(certified, reachable),
                    ]
                )
    header = ["table", "level", "met", "share", "met of reachable", "share", "in a certified case"]
    return markdown(header, rows)


def by_mode(found: Mapping[str, Coverage], modes: Sequence[str]) -> str:
    """The number of rules met in each mode, at any level."""
    rows = []
    for engine, coverage in found.items():
        for table in coverage.tables:
            counts: Counter[str] = Counter()
            for rule in {rule for rule, _ in coverage.modes if rule.table == table}:
                counts.update(
                    {mode for level in LEVELS for mode in coverage.modes.get((rule, level), ())}
                )
            rows.append([f"{engine} {table}", *(str(counts[mode]) for mode in modes)])
    return markdown(["table", *modes], rows)


def missing(found: Mapping[str, Coverage]) -> str:
    """The rules that cases can reach and did not: those of the first level, then the others."""
    lines = []
    for engine, coverage in found.items():
        for table in coverage.tables:
            before: set[Rule] = set()
            for level in LEVELS:
                names = [rule.name for rule in coverage.missing(table, level) if rule not in before]
                before |= set(coverage.missing(table, level))
                also = "" if level == 1 else " (and met before)"
                text = ", ".join(f"`{name}`" for name in names) or "none"
                lines.append(f"- {engine} {table}, level {level}{also}, {len(names)}: {text}")
    return "\n".join(lines) + "\n"


def reasons(found: Mapping[str, Coverage]) -> str:
    """Why rules cannot be reached, with the number of rules."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for engine, coverage in found.items():
        for rule in coverage.rules:
            if never := reason(rule, LEVELS[-1]):
                counts[engine, "never", never] += 1
            elif first := reason(rule, 1):
                counts[engine, "from level 2 on", first] += 1
    rows = [[text, engine, when, str(n)] for (engine, when, text), n in sorted(counts.items())]
    return markdown(["reason", "engine", "reached", "rules"], rows)


def opinfo(spelled: Spelled) -> str:
    """The differentiable operations of OpInfo that programs call, and the others."""
    count = sum(map(len, (spelled.called, spelled.inside, spelled.missing)))
    met = len(spelled.called) + len(spelled.inside)
    inside = ", ".join(f"`{name}`" for name in spelled.inside)
    others = ", ".join(f"`{name}`" for name in spelled.missing)
    return (
        f"Of {count} differentiable operations of OpInfo whose results are not random, programs "
        f"reach {met} ({met / count:.1%}): {len(spelled.called)} by a name of the operation, and "
        f"{len(spelled.inside)} inside other functions ({inside}).\n\nNot reached: {others}.\n"
    )


def document(
    found: Mapping[str, Coverage], modes: Sequence[str], cases: str, spelled: Spelled | None
) -> str:
    """The report. `cases` says which cases were asked."""
    ran = ", ".join(f"{coverage.outcomes['ran']} in {engine}" for engine, coverage in found.items())
    parts = [
        f"{versions(tuple(found))}. {cases} Of these ran: {ran}.",
        summary(found),
        "Rules met in cases of each mode:",
        by_mode(found, modes),
        "### Not met",
        missing(found),
        "### Not reachable",
        reasons(found),
    ]
    if spelled is not None:
        parts += ["### OpInfo", opinfo(spelled)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def lines(coverage: Coverage) -> Iterator[str]:
    """A line for each rule and level: tabs between table, rule, level, modes, cases and certified
    cases, or the reason why it cannot be reached.
    """
    for rule in sorted(coverage.rules):
        for level in LEVELS:
            modes = coverage.modes.get((rule, level), Counter())
            words = ",".join(modes) or reason(rule, level) or "not met"
            counts = (str(modes.total()), str(coverage.certified[rule, level]))
            yield "\t".join((rule.engine, rule.table, rule.name, str(level), words, *counts))
