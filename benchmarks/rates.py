"""Measured costs of cases, from a recorded run; rates.toml holds those of one run."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ad_conformance.reports.campaign.store import Folder, StoreError, record
from ad_conformance.reports.campaign.tables import TABLES, tables

#: The file with recorded rates.
RECORDED = Path(__file__).with_name("rates.toml")
#: Key in `Rates.fixed`: seconds to draw a case.
DRAWING = "drawing"
_HARNESS = "harness"

Moments = tuple[float, float]


@dataclass(frozen=True)
class Rates:
    """The cost of a case in seconds on one core, MB of memory, and bytes of files.

    `cases` has the mean and the standard deviation of seconds by process (an engine, or the
    harness, which certifies and judges) and mode. `fixed` has seconds that do not depend on an
    engine: `drawing` a case; `main`, the main process for a shard; `following`, the main process
    for a case in a journal that it can read; `shard`, conversion of a shard to Parquet;
    `start-NAME`, start of an engine. `memory` is for each engine, the harness, and each `case`
    of a shard. `bytes` is for each table, per case. `findings` is the number of
    files of findings per case.
    """

    source: str
    modes: tuple[str, ...]
    cases: dict[str, dict[str, Moments]]
    fixed: dict[str, float]
    bytes: dict[str, float]
    memory: dict[str, float]
    findings: float

    def of(self, engine: str | None, mode: str) -> Moments:
        """Mean and deviation for an engine, or the harness if None. Raises KeyError."""
        return self.cases[engine or _HARNESS][mode]

    def mean(self, engine: str | None) -> float:
        """Seconds for a case, averaged over the modes."""
        return sum(self.of(engine, mode)[0] for mode in self.modes) / len(self.modes)

    def starting(self, engines: Sequence[str]) -> float:
        """Seconds to start these engines, one after the other."""
        return sum(self.fixed[f"start-{name}"] for name in engines)

    @property
    def engines(self) -> tuple[str, ...]:
        return tuple(name for name in self.cases if name != _HARNESS)


def read(path: Path = RECORDED) -> Rates:
    """The rates in a file. Raises OSError, or ValueError if it does not hold rates."""
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
    """The rates of a run; `fixed` has those that it does not record. Raises StoreError."""
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
    """The rates as the text of a file that `read` reads."""
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
