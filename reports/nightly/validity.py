"""Is the run valid for an engine? Problems of the machine must not look like regressions."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from ad_conformance.conformance.verdicts import Verdict
from ad_conformance.reports.campaign.store import Folder
from ad_conformance.reports.campaign.tables import tables

#: The usual share of smooth cases without a certified derivative (docs/architecture.md), used if
#: there is no earlier run.
USUALLY_UNCERTIFIED = 0.005
#: By how much that share may exceed the usual one, in addition to random variation.
MORE_UNCERTIFIED = 0.01
#: The share of an engine's answers that may be too late.
LATE = 0.05
#: The share of an engine's compared answers that may have the same new failure.
ALIKE = 0.5
#: Fewest answers for which these shares are judged.
FEWEST = 50


def invalidities(
    folder: Folder,
    run: Mapping[str, Any],
    sessions: Sequence[Mapping[str, Any]],
    previous: Folder | None,
) -> dict[str, tuple[str, ...]]:
    """Reasons why the run is invalid, by engine; under "" reasons that concern all engines.

    Raises StoreError.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for engine, why in run["absent"].items():
        found[engine].append(str(why))
    if lost := sorted({shard for session in sessions for shard in session["lost"]}):
        found[""].append(
            f"shards {', '.join(map(str, lost))} were given up: their workers died repeatedly"
        )
    with tables(folder) as connection:
        for engine, kind, detail in connection.sql(
            "SELECT DISTINCT engine, kind, detail FROM troubles"
        ).fetchall():
            if kind == "out_of_memory":
                detail = f"the machine ran out of memory: {detail}"
            found[engine or ""].append(detail.removeprefix(f"{engine}: "))
        killed = (
            "SELECT engine, count(*) FROM verdicts WHERE verdict = 'crash' AND error = "
            "'SIGKILL' GROUP BY engine"
        )
        for engine, n in connection.sql(killed).fetchall():
            found[engine].append(
                f"{n} of its processes were killed from outside (SIGKILL); the machine may be "
                f"out of memory"
            )
        late = (
            "SELECT engine, count(*) FILTER (verdict = 'timeout'), count(*) FROM verdicts "
            "GROUP BY engine"
        )
        for engine, n, total in connection.sql(late).fetchall():
            if total >= FEWEST and n > LATE * total:
                found[engine].append(
                    f"{n} of {total} answers came too late, also when they were asked again alone: "
                    f"it hangs, or needs a longer --timeout"
                )
        for engine, n, total, verdict, error in connection.sql(_ALIKE).fetchall():
            if total >= FEWEST and n > ALIKE * total:
                failure = f"{verdict}, {error}" if error else verdict
                found[engine].append(
                    f"{n} of {total} compared answers have the same new failure "
                    f"({failure}): check its installation"
                )
    _uncertified(folder, previous, found)
    return {engine: tuple(reasons) for engine, reasons in found.items()}


_NOT_COMPARED = tuple(str(verdict) for verdict in Verdict if not verdict.compared)
#: By engine: the most frequent new failure, its count, and the count of compared answers.
_ALIKE = f"""
    SELECT engine, n, sum(n) OVER (PARTITION BY engine) AS total, verdict, error FROM (
        SELECT engine, verdict, coalesce(error, '') AS error, count(*) AS n
        FROM verdicts WHERE known IS NULL AND verdict NOT IN {_NOT_COMPARED} GROUP BY ALL
    )
    QUALIFY verdict <> 'agree'
        AND n = max(n) FILTER (verdict <> 'agree') OVER (PARTITION BY engine)
    ORDER BY ALL
"""


def _uncertified(folder: Folder, previous: Folder | None, found: dict[str, list[str]]) -> None:
    n, total = _shares(folder)
    usual = USUALLY_UNCERTIFIED
    if previous is not None:
        before, asked = _shares(previous)
        usual = before / asked if asked >= FEWEST else usual
    if total >= FEWEST:
        chance = 4 * math.sqrt(max(usual * (1 - usual), 1e-9) / total)
        if n / total > usual + MORE_UNCERTIFIED + chance:
            found[""].append(
                f"{n} of {total} smooth cases have no certified derivative; {usual:.1%} is usual"
            )


def _shares(folder: Folder) -> tuple[int, int]:
    """How many smooth generated cases have no certified derivative, and how many there are."""
    query = """
        SELECT count(*) FILTER (truth = 'uncertified'), count(*)
        FROM cases WHERE number >= 0 AND truth <> 'convention'
    """
    with tables(folder) as connection:
        uncertified, total = connection.sql(query).fetchall()[0]
    return int(uncertified), int(total)
