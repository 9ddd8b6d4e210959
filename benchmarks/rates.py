"""What cases cost, measured: the times of a recorded run, kept in rates.toml for those who have
none.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ad_conformance.reports.campaign.store import Folder, StoreError, record
from ad_conformance.reports.campaign.tables import TABLES, tables

#: Where they are kept.
RECORDED = Path(__file__).with_name("rates.toml")
#: Of `Rates.fixed`: seconds in which a case is drawn.
DRAWING = "drawing"
_HARNESS = "harness"

Moments = tuple[float, float]


@dataclass(frozen=True)
class Rates:
    """What a case takes and leaves behind, in seconds of a core, MB and bytes.

    `cases` has the mean and the standard deviation of seconds by process (an engine, or the
    harness: truth and judging) and word. `fixed` are seconds that are no engine's: `drawing` a
    case; `main`, the main process's for a shard, and `following`, for a case in a journal that it
    can read; `shard`, in which a shard becomes Parquet; `start-NAME`, in which an engine starts.
    `memory` is in MB: each engine's, the harness's, and for each `case` of a shard. `bytes` are of
    each table, `findings` files.
    """

    source: str
    modes: tuple[str, ...]
    cases: dict[str, dict[str, Moments]]
    fixed: dict[str, float]
    bytes: dict[str, float]
    memory: dict[str, float]
    findings: float

    def of(self, engine: str | None, mode: str) -> Moments:
        """Of an engine, or of the harness. Raises KeyError."""
        return self.cases[engine or _HARNESS][mode]

    def mean(self, engine: str | None) -> float:
        """Seconds a case, over all words."""
        return sum(self.of(engine, mode)[0] for mode in self.modes) / len(self.modes)

    def starting(self, engines: Sequence[str]) -> float:
        """Seconds in which these start, one after the other."""
        return sum(self.fixed[f"start-{name}"] for name in engines)

    @property
    def engines(self) -> tuple[str, ...]:
        return tuple(name for name in self.cases if name != _HARNESS)


def read(path: Path = RECORDED) -> Rates:
    """Raises OSError, or ValueError where the file is no record of rates."""
    found = tomllib.loads(path.read_text())
    try:
        cases = {
            process: {
                mode: (float(mean), float(spread)) for mode, (mean, spread) in by_mode.items()
            }
            for process, by_mode in found["cases"].items()
        }
        modes = tuple(cases[_HARNESS])
        return Rates(
            found["source"],
            modes,
            cases,
            found["fixed"],
            found["bytes"],
            found["memory"],
            float(found["findings"]),
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: {type(error).__name__}: {error}") from None


def measured(folder: Folder, fixed: Rates) -> Rates:
    """Those of a run, what it does not tell taken from others. Raises StoreError."""
    found = record(folder, "run.json")
    engines, modes = tuple(found["engines"]), tuple(found["words"])
    query = """
        WITH asked AS (SELECT number, word FROM cases WHERE number >= 0),
        spent AS (
            SELECT number, if(phase IN ('compile', 'run'), engine, ?) AS process, sum(seconds) AS s
            FROM timings WHERE phase IN ('compile', 'run', 'truth', 'judge') GROUP BY ALL
        ),
        all_of_them AS (SELECT number, word, unnest(?) AS process FROM asked)
        SELECT process, word, avg(coalesce(s, 0)), stddev_pop(coalesce(s, 0))
        FROM all_of_them LEFT JOIN spent USING (number, process) GROUP BY ALL ORDER BY ALL
    """
    with tables(folder, at_work=False) as connection:
        rows = connection.execute(query, [_HARNESS, [*engines, _HARNESS]]).fetchall()
        generate = "SELECT sum(seconds) FROM timings WHERE phase = 'generate' AND number >= 0"
        drawing = connection.sql(generate).fetchall()[0][0]
        named = connection.sql(
            "SELECT count(DISTINCT finding) FROM verdicts WHERE number >= 0"
        ).fetchall()[0][0]
        count = connection.sql("SELECT count(*) FROM cases WHERE number >= 0").fetchall()[0][0]
    cases: dict[str, dict[str, Moments]] = {process: {} for process in (*engines, _HARNESS)}
    for process, mode, mean, spread in rows:
        cases[process][mode] = mean, spread
    if missing := [mode for mode in modes if mode not in cases[_HARNESS]]:
        raise StoreError(f"{folder.url}: no generated case of {', '.join(missing)} is recorded")
    sizes = {
        table: sum(_size(folder, table, name) for name in folder.names(table)) / count
        for table in TABLES
    }
    seconds = {**fixed.fixed, DRAWING: drawing / count}
    return replace(
        fixed,
        source=folder.url,
        modes=modes,
        cases=cases,
        fixed=seconds,
        bytes=sizes,
        findings=named / count,
    )


def _size(folder: Folder, table: str, name: str) -> int:
    return len(folder.read(f"{table}/{name}"))


def text(rates: Rates) -> str:
    """As a file that `read` reads."""
    lines = [
        f"source = {json.dumps(rates.source)}",
        f"findings = {rates.findings:.4g}",
        "",
        "[fixed]",
    ]
    lines += [f"{name} = {seconds:.3g}" for name, seconds in rates.fixed.items()]
    lines += ["", "[memory]", *(f"{name} = {size:.3g}" for name, size in rates.memory.items())]
    lines += ["", "[bytes]", *(f"{table} = {size:.3g}" for table, size in rates.bytes.items())]
    for process, by_mode in rates.cases.items():
        lines += ["", f"[cases.{process}]"]
        lines += [
            f"{mode} = [{by_mode[mode][0]:.3g}, {by_mode[mode][1]:.3g}]" for mode in rates.modes
        ]
    return "\n".join(lines) + "\n"
