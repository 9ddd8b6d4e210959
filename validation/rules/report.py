"""The report on rule coverage, in Markdown, and all rules as lines of text."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from ad_conformance.engines import registry

from benchmarks.tables import markdown, versions
from validation.rules.coverage import LEVELS, Coverage
from validation.rules.record import Rule
from validation.rules.unreachable import operations, reason

if TYPE_CHECKING:  # Where PyTorch is not installed, nothing of it is reported.
    from validation.rules.opinfo import Spelled


def _share(part: Collection[Rule], of: Collection[Rule]) -> str:
    return f"{len(part) / len(of):.1%}" if of else ""


def summary(coverage: Coverage) -> str:
    """The number of rules met, by table and level."""
    rows = []
    for table in coverage.tables:
        all_rules = {rule for rule in coverage.rules if rule.table == table}
        for level in LEVELS:
            met = coverage.met(table, level)
            reachable = coverage.reachable(table, level)
            certified = {rule for rule in met & reachable if (rule, level) in coverage.certified}
            rows.append(
                [
                    table,
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


def by_mode(coverage: Coverage, modes: Sequence[str]) -> str:
    """The number of rules met in each mode, at any level."""
    rows = []
    for table in coverage.tables:
        met: dict[str, set[Rule]] = {mode: set() for mode in modes}
        for (rule, _), counts in coverage.modes.items():
            for mode in counts if rule.table == table else ():
                met[mode].add(rule)
        rows.append([table, *(str(len(met[mode])) for mode in modes)])
    return markdown(["table", *modes], rows)


def missing(coverage: Coverage) -> str:
    """The rules that cases can reach and did not: all at the first level, then the others that were
    met at the levels before.
    """
    items = []
    for table in coverage.tables:
        before: set[Rule] = set()
        for level in LEVELS:
            heading = f"- {table}, level {level}"
            if not coverage.met(table, level):
                items.append(f"{heading}: not asked")
                continue
            rules = [rule for rule in coverage.missing(table, level) if rule not in before]
            before.update(rules)
            also = "" if level == 1 else " of those not named before"
            items.append(f"{heading}, {len(rules)}{also}: {_listed(r.name for r in rules)}")
    return "\n".join(map(_wrapped, items)) + "\n"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


def _wrapped(line: str) -> str:
    return textwrap.fill(line, 110, subsequent_indent="  ", break_on_hyphens=False)


def reasons(coverage: Coverage) -> str:
    """Why rules cannot be reached, with the number of rules."""
    counts: Counter[tuple[str, str]] = Counter()
    for rule in coverage.rules:
        if never := reason(rule, LEVELS[-1]):
            counts[never, "never"] += 1
        elif first := reason(rule, 1):
            counts[first, "from level 2 on"] += 1
    rows = [[text, when, str(n)] for (text, when), n in sorted(counts.items())]
    return markdown(["reason", "reached", "rules"], rows)


def opinfo(spelled: Spelled) -> str:
    """The differentiable operations of OpInfo that programs call, and the others."""
    count = sum(map(len, (spelled.called, spelled.inside, spelled.missing, spelled.unreachable)))
    met = len(spelled.called) + len(spelled.inside)
    text = (
        f"Of {count} differentiable operations of OpInfo whose results are not random, programs "
        f"reach {met} ({met / count:.1%}): {len(spelled.called)} by a name of the operation, and "
        f"{len(spelled.inside)} inside other functions."
    )
    why = operations()
    lists = (
        ("Inside", spelled.inside),
        ("Not reached", spelled.missing),
        *(
            (f"Cannot be reached ({text})", [n for n in spelled.unreachable if why[n] == text])
            for text in sorted({why[name] for name in spelled.unreachable})
        ),
        ("Random", spelled.random),
    )
    items = [f"- {heading}, {len(names)}: {_listed(names)}" for heading, names in lists]
    return "\n".join(map(_wrapped, (text, "", *items))) + "\n"


def section(engine: str, asked: str, coverage: Coverage, modes: Sequence[str]) -> str:
    """The report on one engine. `asked` says which cases were drawn."""
    installed = versions((registry.find(engine).distribution,))
    parts = [
        f"{installed}. Of {asked}, {coverage.outcomes['ran']} run in {engine}.",
        summary(coverage),
        "Rules met in cases of each mode:",
        by_mode(coverage, modes),
        "Rules that can be reached and are not met:",
        missing(coverage),
        "Rules that cannot be reached:",
        reasons(coverage),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def outcomes(coverage: Coverage) -> str:
    """What became of the cases: the most frequent failures."""
    return "".join(f"{n} cases: {text}\n" for text, n in coverage.outcomes.most_common(12))


def lines(coverage: Coverage) -> Iterator[str]:
    """A line for each rule and level: tabs between table, rule, level, modes, or the reason why it
    cannot be reached, cases, and whether one of them is certified.
    """
    for rule in sorted(coverage.rules):
        for level in LEVELS:
            modes = coverage.modes.get((rule, level), Counter())
            words = ",".join(modes) or reason(rule, level) or "not met"
            certified = "certified" if (rule, level) in coverage.certified else ""
            count = str(modes.total())
            yield "\t".join(
                (rule.engine, rule.table, rule.name, str(level), words, count, certified)
            )
