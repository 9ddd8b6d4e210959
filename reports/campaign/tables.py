"""The tables of a campaign: a journal for an unfinished shard, Parquet for a complete one.

DuckDB writes and reads the tables. Rows are checked when they are read: a file may have been
edited, cut short, or written by another program.
"""

from __future__ import annotations

import fcntl
import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
from ad_conformance.conformance.severity import Kind
from ad_conformance.conformance.verdicts import Verdict
from ad_conformance.reports.campaign.store import (
    LAST_TABLE,
    Folder,
    StoreError,
    complete,
    numbered,
    record,
    shard_name,
)

#: The columns of each table, with their types in DuckDB.
TABLES: Mapping[str, Mapping[str, str]] = {
    "cases": {
        "number": "BIGINT",  # from 0; negative for named cases, which are asked first
        # "generated", or for named cases: "kink", "seed", "known" (pinned), "previous" (a finding)
        # or, in an atlas, "atlas" and "around" (a pinned case in another mode)
        "origin": "VARCHAR",
        "name": "VARCHAR",  # of a named case; the operation of a case of an atlas
        "situations": "VARCHAR[]",  # of this operation
        "id": "VARCHAR",
        "json": "VARCHAR",
        "word": "VARCHAR",
        "operator": "VARCHAR",
        "dtype": "VARCHAR",
        "signature": "VARCHAR",
        "operations": "VARCHAR[]",
        "steps": "INTEGER",
        "truth": "VARCHAR",  # certified, convention or uncertified
        "reason": "VARCHAR",
        "radius": "DOUBLE",  # of the certified derivative, relative to its largest entry
    },
    "verdicts": {
        "number": "BIGINT",
        "engine": "VARCHAR",
        "verdict": "VARCHAR",
        "units": "DOUBLE",  # error_ratio: error / tolerance
        "severity": "VARCHAR",  # how wrong a finding is: the kind, null in older campaigns
        "how_wrong": "VARCHAR",  # the same, as text
        "stage": "VARCHAR",
        "error": "VARCHAR",
        "message": "VARCHAR",
        "printed": "VARCHAR",
        "got": "VARCHAR",  # JSON array, for findings and named cases
        "wanted": "VARCHAR",  # the certified derivative, likewise
        "again": "VARCHAR",  # verdict of the second try; a finding that is not known is asked twice
        "known": "VARCHAR",  # name of the known failure that covers it
        "regressed": "VARCHAR",  # name of a known failure that was fixed, and fails again
        "standing": "VARCHAR",  # known, changed or regressed: what its pinned case does
        "finding": "VARCHAR",  # file in findings/
    },
    "timings": {
        "number": "BIGINT",
        "engine": "VARCHAR",  # null for the harness
        # of an engine: compile, run, judge, truth; of the harness: generate, truth, and shard (all)
        "phase": "VARCHAR",
        "seconds": "FLOAT",
    },
    "troubles": {
        "engine": "VARCHAR",  # null for a problem of the machine
        "kind": "VARCHAR",  # unavailable, or out_of_memory: Linux killed processes
        "detail": "VARCHAR",
    },
}
#: Columns that are never null.
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "cases": ("number", "origin", "id", "word", "signature", "operations", "steps", "truth"),
    "verdicts": ("number", "engine", "verdict"),
    "timings": ("number", "phase", "seconds"),
    "troubles": ("kind", "detail"),
}
#: Python types of the values of a column in a journal.
_PYTHON: Mapping[str, type | tuple[type, ...]] = {
    "BIGINT": int,
    "INTEGER": int,
    "VARCHAR": str,
    "VARCHAR[]": list,
    "DOUBLE": (int, float),
    "FLOAT": (int, float),
}
#: Columns with few possible values.
_ALLOWED = {
    "verdict": [str(verdict) for verdict in Verdict],
    "again": [*map(str, Verdict), "unavailable"],
    "severity": list(map(str, Kind)),
}
#: How the rows of a complete shard are sorted, in SQL.
_ORDER = {
    "cases": "number",
    "verdicts": "number, engine",
    "timings": "number, engine, phase",
    "troubles": "ALL",
}


def journal_rows(line: bytes, where: str) -> list[tuple[str, dict[str, Any]]]:
    """Tables and rows in a line of a journal, each row with all columns.

    Raises StoreError; its message begins with `where`.
    """
    try:
        # Other documents must be valid UTF-8; the message of an engine need not be.
        found = json.loads(line)
    except (ValueError, RecursionError):
        raise StoreError(f"{where}: a line is not JSON") from None
    rows = []
    for table, row in found.items() if isinstance(found, dict) else [("", found)]:
        if table not in TABLES or not isinstance(row, dict):
            raise StoreError(f"{where}: a line is no row of {', '.join(TABLES)}")
        if surplus := sorted(row.keys() - TABLES[table].keys()):
            raise StoreError(f"{where}: {table}: {surplus[0]!r} is not a column")
        whole = {**dict.fromkeys(TABLES[table]), **row}
        for column, kind in TABLES[table].items():
            value = whole[column]
            right = (
                isinstance(value, _PYTHON[kind])
                if value is not None
                else column not in _NEEDED[table]
            )
            if not right or (value is not None and value not in _ALLOWED.get(column, [value])):
                raise StoreError(f"{where}: {table}.{column}: {value!r} cannot be")
        rows.append((table, whole))
    return rows


def _rows(journal: str, table: str) -> str:
    """SQL for the rows of a table in a journal, without a last line that was cut short."""
    columns = ", ".join(f"{name} {kind}" for name, kind in TABLES[table].items())
    return (
        f"SELECT * FROM (SELECT unnest({table}) FROM read_json({_quoted(journal)}, "
        f"format='newline_delimited', "
        f"ignore_errors=true, columns={{{table}: 'STRUCT({columns})'}}) WHERE {table} IS NOT NULL)"
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


class Journal:
    """The rows of a shard at work. A row is safe from the moment that `write` returns."""

    def __init__(self, folder: Folder, shard: int) -> None:
        """Open or continue the journal; wait until no other process is at work on the shard.

        Raises OSError, or StoreError if the recorded rows cannot be read.
        """
        self._folder, self._name = folder, shard_name(shard)
        self._own = None if folder.local else tempfile.TemporaryDirectory(prefix="ad-conformance-")
        place = Path(self._own.name if self._own else f"{folder.path}/journal")
        place.mkdir(parents=True, exist_ok=True)
        self._path = place / f"{self._name}.jsonl"
        self._file: BinaryIO = self._path.open("a+b")
        # The lock is on the journal itself; filelock would need a second file beside it.
        fcntl.flock(self._file, fcntl.LOCK_EX)
        #: Rows that an earlier process recorded, by table.
        self.found: dict[str, list[dict[str, Any]]] = {table: [] for table in TABLES}
        self._file.seek(0)
        end = 0
        for line in self._file:
            if not line.endswith(b"\n"):
                break
            end += len(line)
            for table, row in self._read(line):
                self.found[table].append(row)
        self._file.truncate(end)

    def _read(self, line: bytes) -> list[tuple[str, dict[str, Any]]]:
        try:
            return journal_rows(line, str(self._path))
        except StoreError:
            self.close()
            raise

    def write(self, table: str, **row: Any) -> None:
        """Append a row. Raises OSError, for example if the disk is full."""
        self._file.write(json.dumps({table: row}).encode() + b"\n")
        self._file.flush()

    def finish(self) -> None:
        """Write the rows as Parquet tables. Raises OSError or StoreError."""
        connection = self._folder.connect()
        try:
            for table in sorted(TABLES, key=lambda name: name == LAST_TABLE):
                staged = f"{self._path}.{table}"
                query = f"{_rows(str(self._path), table)} ORDER BY {_ORDER[table]}"
                connection.execute(
                    f"COPY ({query}) TO {_quoted(staged)} (FORMAT parquet, COMPRESSION zstd)"
                )
                self._folder.take(staged, f"{table}/{self._name}.parquet")
        except duckdb.IOException as error:
            raise OSError(f"{self._path}: {str(error).splitlines()[0]}") from None
        except duckdb.Error as error:
            raise StoreError(f"{self._path}: {str(error).splitlines()[0]}") from None
        finally:
            connection.close()
        self._path.unlink()

    def close(self) -> None:
        self._file.close()
        if self._own:
            self._own.cleanup()


@contextmanager
def tables(folder: Folder, *, at_work: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with a view per table, over complete shards and, if `at_work`, over journals.

    Raises StoreError, also while the connection is used: DuckDB may notice only then that a file
    is cut short or comes from another program.
    """
    record(folder, "run.json")
    done = complete(folder)
    at_work_too = numbered(folder, "journal", r"([0-9]{8})\.jsonl") if at_work else {}
    try:
        with folder.connect() as connection:
            for table, columns in TABLES.items():
                empty = ", ".join(f"NULL::{kind} AS {name}" for name, kind in columns.items())
                parts = [f"SELECT {empty} WHERE false"]
                if done:
                    files = ", ".join(
                        _quoted(folder.address(f"{table}/{shard_name(n)}.parquet"))
                        for n in sorted(done)
                    )
                    # Files of earlier versions lack some columns.
                    parts.append(f"SELECT * FROM read_parquet([{files}], union_by_name = true)")
                parts += [
                    _rows(folder.address(name), table)
                    for n, name in at_work_too.items()
                    if n not in done
                ]
                # A file of another program may have columns of the same names and other types.
                typed = ", ".join(f"{name}::{kind} AS {name}" for name, kind in columns.items())
                connection.execute(
                    f"CREATE VIEW {table} AS SELECT {typed} FROM ("
                    f"{' UNION ALL BY NAME '.join(parts)})"
                )
                if found := connection.sql(_wrong(table)).fetchall():
                    raise StoreError(
                        f"{folder.url}/{table}: {found[0][0]}: {found[0][1]!r} cannot be"
                    )
            yield connection
    except (duckdb.Error, UnicodeDecodeError) as error:
        raise StoreError(f"{folder.url}: {str(error).splitlines()[0]}") from None


def _wrong(table: str) -> str:
    """SQL for one column with a value that it cannot have; no row if all values are right."""
    wrong = {name: f"{name} IS NULL" for name in _NEEDED[table]}
    for name, allowed in _ALLOWED.items():
        if name in TABLES[table]:
            wrong[name] = (
                f"{wrong.get(name, 'false')} OR {name} NOT IN ({', '.join(map(_quoted, allowed))})"
            )
    return " UNION ALL ".join(
        f"(SELECT '{n}', {n}::VARCHAR FROM {table} WHERE {w} LIMIT 1)" for n, w in wrong.items()
    )
