"""Whether a run says anything of an engine: a machine or an installation at fault must not look
like regressions.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from ad_conformance.conformance.verdicts import Verdict
from ad_conformance.reports.campaign.store import Folder, tables

#: The share of smooth cases that get no truth, where no earlier run says what is usual
#: (docs/architecture.md).
USUALLY_UNCERTIFIED = 0.005
#: How much larger it may be in a run, beside what chance explains.
MORE_UNCERTIFIED = 0.01
#: Of an engine's answers: the share that may be late, and the share of what is compared that may
#: fail in one new way.
LATE, ALIKE = 0.05, 0.5
#: Answers of which shares are taken.
FEWEST = 50


def invalidities(
    folder: Folder,
    run: Mapping[str, Any],
    sessions: Sequence[Mapping[str, Any]],
    previous: Folder | None,
) -> dict[str, tuple[str, ...]]:
    """Reasons by engine for which the run says nothing of it; under "" those that concern all.
    Raises StoreError.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for engine, why in run["absent"].items():
        found[engine].append(str(why))
    if lost := sorted({shard for session in sessions for shard in session["lost"]}):
        found[""].append(
            f"shards {', '.join(map(str, lost))} were given up: their workers died again and again"
        )
    with tables(folder) as connection:
        for engine, kind, detail in connection.sql(
            "SELECT DISTINCT engine, kind, detail FROM troubles"
        ).fetchall():
            told = f"the machine ran out of memory: {detail}" if kind == "out_of_memory" else detail
            found[engine or ""].append(told.removeprefix(f"{engine}: "))
        killed = (
            "SELECT engine, count(*) FROM verdicts WHERE verdict = 'crash' AND error = "
            "'SIGKILL' GROUP BY engine"
        )
        for engine, n in connection.sql(killed).fetchall():
            found[engine].append(
                f"{n} of its processes were killed from outside (SIGKILL), as for want of memory"
            )
        late = (
            "SELECT engine, count(*) FILTER (verdict = 'timeout'), count(*) FROM verdicts "
            "GROUP BY engine"
        )
        for engine, n, total in connection.sql(late).fetchall():
            if total >= FEWEST and n > LATE * total:
                found[engine].append(
                    f"{n} of {total} answers came too late: the machine was overloaded"
                )
        for engine, n, total, verdict, error in connection.sql(_ALIKE).fetchall():
            if total >= FEWEST and n > ALIKE * total:
                told = f"{verdict}, {error}" if error else verdict
                found[engine].append(
                    f"{n} of {total} answers that are not known fail alike ({told}): is it "
                    f"installed?"
                )
    _uncertified(folder, previous, found)
    return {engine: tuple(reasons) for engine, reasons in found.items()}


_NOT_COMPARED = tuple(str(verdict) for verdict in Verdict if not verdict.compared)
#: By engine: the most frequent new failure, how often, and of how many that were compared.
_ALIKE = f"""
    SELECT engine, n, sum(n) OVER (PARTITION BY engine) AS total, verdict, error FROM (
        SELECT engine, verdict, coalesce(error, '') AS error, count(*) AS n
        FROM verdicts WHERE known IS NULL AND verdict NOT IN {_NOT_COMPARED} GROUP BY ALL
    ) QUALIFY verdict <> 'agree' AND n = max(n) FILTER (verdict <> 'agree') OVER (PARTITION BY engine)
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
                f"{n} of {total} smooth cases have no certified truth, where {usual:.1%} is usual"
            )


def _shares(folder: Folder) -> tuple[int, int]:
    """Of generated cases that are not found to be kinked: how many have no truth, and how many
    there are.
    """
    query = """
        SELECT count(*) FILTER (truth = 'uncertified'), count(*)
        FROM cases WHERE number >= 0 AND truth <> 'convention'
    """
    with tables(folder) as connection:
        uncertified, total = connection.sql(query).fetchall()[0]
    return int(uncertified), int(total)
