"""What a campaign leaves: tables in Parquet, a shard at a time, findings as cases, and records of
runs and sessions.

    run.json                    what is asked, of which releases, on which machine
    sessions/0001.json          one for each time that the campaign was started: how long, how far, why it ended
    cases/00000001.parquet      a row per case
    verdicts/00000001.parquet   a row per case and engine; written last, so that it says that the shard is complete
    timings/00000001.parquet    seconds, apart from those above, which are the same every time
    troubles/00000001.parquet   what went wrong beside the engines' answers
    findings/ENGINE-WORD-ID.json
    journal/00000001.jsonl      the rows of a shard that is at work, or was when the campaign was killed

The folder may lie wherever fsspec reaches; where that is no local disk, the journal stays on the
worker's own.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
import fsspec
from ad_conformance.conformance.verdicts import Verdict
from ad_conformance.generators.ir.json_io import parsed
from ad_conformance.reports.campaign.records import problem
from fsspec.implementations.local import LocalFileSystem

#: Of the tables and records together; a reader refuses another.
FORMAT = 1
#: The columns of each table, with their types in DuckDB.
TABLES: Mapping[str, Mapping[str, str]] = {
    "cases": {
        "number": "BIGINT",  # place in the campaign, from 0; negative for the named ones, which are asked first
        "origin": "VARCHAR",  # generated, or of named ones: kink, seed, known (pinned), previous (a finding)
        "name": "VARCHAR",  # of what is not generated
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
        "radius": "DOUBLE",  # of the truth, relative to its largest entry
    },
    "verdicts": {
        "number": "BIGINT",
        "engine": "VARCHAR",
        "verdict": "VARCHAR",
        "units": "DOUBLE",  # error over allowance
        "stage": "VARCHAR",
        "error": "VARCHAR",
        "message": "VARCHAR",
        "printed": "VARCHAR",
        "got": "VARCHAR",  # as JSON, of findings and of named cases; so is the truth
        "wanted": "VARCHAR",
        "again": "VARCHAR",  # the verdict when a new finding was asked a second time
        "known": "VARCHAR",  # name of the known failure that covers it
        "regressed": "VARCHAR",  # the same of one that only other releases had
        "finding": "VARCHAR",  # file in findings/
    },
    "timings": {
        "number": "BIGINT",
        "engine": "VARCHAR",  # null for the harness: generate and shard (all of it) of a shard, truth and judge
        "phase": "VARCHAR",
        "seconds": "FLOAT",
    },
    "troubles": {
        "engine": "VARCHAR",  # null for the machine's
        "kind": "VARCHAR",  # unavailable, or out_of_memory: processes that Linux killed meanwhile
        "detail": "VARCHAR",
    },
}
#: Columns that every row has.
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "cases": ("number", "origin", "id", "word", "signature", "operations", "steps", "truth"),
    "verdicts": ("number", "engine", "verdict"),
    "timings": ("number", "phase", "seconds"),
    "troubles": ("kind", "detail"),
}
#: What a row of a journal has in a column, if anything.
_PYTHON: Mapping[str, type | tuple[type, ...]] = {
    "BIGINT": int,
    "INTEGER": int,
    "VARCHAR": str,
    "VARCHAR[]": list,
    "DOUBLE": (int, float),
    "FLOAT": (int, float),
}
_VERDICTS = {
    "verdict": [str(verdict) for verdict in Verdict],
    "again": [*map(str, Verdict), "unavailable"],
}
_ORDER = {
    "cases": "number",
    "verdicts": "number, engine",
    "timings": "number, engine, phase",
    "troubles": "ALL",
}
#: Written last.
_COMPLETE = "verdicts"


class StoreError(Exception):
    """The folder cannot be used; the message says which and why, in one line."""


@dataclass(frozen=True)
class Folder:
    """A folder wherever fsspec reaches: a path, or a URL such as s3://bucket/night."""

    url: str

    @property
    def _reached(self) -> tuple[Any, str]:
        try:
            found: tuple[Any, str] = fsspec.core.url_to_fs(self.url)
        except (ImportError, ValueError) as error:
            raise StoreError(f"{self.url}: {str(error).partition(chr(10))[0]}") from None
        return found

    @property
    def _fs(self) -> Any:
        return self._reached[0]

    @property
    def path(self) -> str:
        """Raises StoreError where fsspec does not reach, as for want of a package."""
        return self._reached[1].rstrip("/")

    @property
    def local(self) -> bool:
        return isinstance(self._fs, LocalFileSystem)

    def write(self, name: str, data: bytes) -> None:
        """All of it or nothing. Raises OSError."""
        path = f"{self.path}/{name}"
        if not self.local:
            self._fs.pipe_file(path, data)
            return
        os.makedirs(os.path.dirname(path), exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise

    def take(self, source: str, name: str) -> None:
        """A finished file moves in; for a local folder, from the same disk. Raises OSError."""
        path = f"{self.path}/{name}"
        if self.local:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.replace(source, path)
        else:
            self._fs.put_file(source, path)
            os.unlink(source)

    def read(self, name: str) -> bytes:
        """Raises FileNotFoundError or another OSError."""
        return bytes(self._fs.cat_file(f"{self.path}/{name}"))

    def exists(self, name: str) -> bool:
        return bool(self._fs.exists(f"{self.path}/{name}"))

    def names(self, under: str) -> list[str]:
        """File names of a folder in it, sorted; none where there is no such folder."""
        self._fs.invalidate_cache()
        try:
            found = self._fs.ls(f"{self.path}/{under}", detail=False)
        except FileNotFoundError:
            return []
        return sorted(
            name
            for name in (str(path).rpartition("/")[2] for path in found)
            if not name.startswith(".")
        )

    def address(self, name: str) -> str:
        """As DuckDB finds it."""
        return (
            f"{self.path}/{name}"
            if self.local
            else self._fs.unstrip_protocol(f"{self.path}/{name}")
        )

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A connection that reads and writes the folder's files, the same bytes every time."""
        connection = duckdb.connect()
        connection.execute("SET threads = 1")
        if not self.local:
            connection.register_filesystem(self._fs)
        return connection


def record(folder: Folder, name: str) -> dict[str, Any]:
    """A JSON record: run.json, or one of sessions/. Raises StoreError where it is not there, cut
    short, of another format or not what such a record holds.
    """
    try:
        found = parsed(folder.read(name))
    except FileNotFoundError:
        raise StoreError(
            f"{folder.url}: there is no {name}: not the folder of a campaign"
        ) from None
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{folder.url}/{name}: {getattr(error, 'strerror', None) or error}"
        ) from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise StoreError(f"{folder.url}/{name}: format {FORMAT} is needed")
    if wrong := problem(found, name):
        raise StoreError(f"{folder.url}/{name}: {wrong}")
    return found


def sessions(folder: Folder) -> dict[int, str]:
    """The records of sessions, by their numbers."""
    return _numbered(folder, "sessions", r"([0-9]{4,})\.json")


def write_record(folder: Folder, name: str, fields: Mapping[str, Any]) -> None:
    """Raises OSError."""
    folder.write(name, json.dumps({"format": FORMAT, **fields}, indent=1).encode() + b"\n")


def shard_name(shard: int) -> str:
    return f"{shard:08d}"


def complete(folder: Folder) -> set[int]:
    """The shards of which all is recorded."""
    return set(_numbered(folder, _COMPLETE, r"([0-9]{8})\.parquet"))


def _numbered(folder: Folder, under: str, pattern: str) -> dict[int, str]:
    """Files by the number in their names; what else somebody put beside them is not ours."""
    matches = (re.fullmatch(pattern, name) for name in folder.names(under))
    return {int(match[1]): f"{under}/{match[0]}" for match in matches if match}


def journal_rows(line: bytes, where: str) -> list[tuple[str, dict[str, Any]]]:
    """Tables and rows in a line of a journal, each row with all columns. Raises StoreError that
    begins with `where`.
    """
    try:
        # Not as other documents: an engine's message may hold what no text may.
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
            if not right or (value is not None and value not in _VERDICTS.get(column, [value])):
                raise StoreError(f"{where}: {table}.{column}: {value!r} cannot be")
        rows.append((table, whole))
    return rows


def _rows(journal: str, table: str) -> str:
    """SQL for the rows of a journal; a last line that was cut short is none."""
    columns = ", ".join(f"{name} {kind}" for name, kind in TABLES[table].items())
    return (
        f"SELECT * FROM (SELECT unnest({table}) FROM read_json({_quoted(journal)}, "
        f"format='newline_delimited', "
        f"ignore_errors=true, columns={{{table}: 'STRUCT({columns})'}}) WHERE {table} IS NOT NULL)"
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


class Journal:
    """The rows of a shard at work, one after the other, safe from the moment that `write` returns."""

    def __init__(self, folder: Folder, shard: int) -> None:
        """Waits for a process that is still at work on the shard. Raises OSError, or StoreError
        where what is recorded cannot be read.
        """
        self._folder, self._name = folder, shard_name(shard)
        self._own = None if folder.local else tempfile.TemporaryDirectory(prefix="ad-conformance-")
        place = Path(self._own.name if self._own else f"{folder.path}/journal")
        place.mkdir(parents=True, exist_ok=True)
        self._path = place / f"{self._name}.jsonl"
        self._file: BinaryIO = self._path.open("a+b")
        fcntl.flock(self._file, fcntl.LOCK_EX)
        #: What an earlier process recorded: rows by table.
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
        """Raises OSError where the disk is full."""
        self._file.write(json.dumps({table: row}).encode() + b"\n")
        self._file.flush()

    def finish(self) -> None:
        """The rows become Parquet. Raises OSError or StoreError."""
        connection = self._folder.connect()
        try:
            for table in sorted(TABLES, key=lambda name: name == _COMPLETE):
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
    """A connection with a view per table, of complete shards and of those `at_work`.

    Raises StoreError, also for what comes to light when it is used: files that were cut short or
    are somebody else's.
    """
    record(folder, "run.json")
    done = complete(folder)
    at_work_too = _numbered(folder, "journal", r"([0-9]{8})\.jsonl") if at_work else {}
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
                    parts.append(f"SELECT * FROM read_parquet([{files}])")
                parts += [
                    _rows(folder.address(name), table)
                    for n, name in at_work_too.items()
                    if n not in done
                ]
                # What another program wrote may have columns of the same names.
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
    """SQL for a column and a value that it cannot have, if there is one."""
    wrong = {name: f"{name} IS NULL" for name in _NEEDED[table]}
    for name, allowed in _VERDICTS.items():
        if name in TABLES[table]:
            wrong[name] = (
                f"{wrong.get(name, 'false')} OR {name} NOT IN ({', '.join(map(_quoted, allowed))})"
            )
    return " UNION ALL ".join(
        f"(SELECT '{n}', {n}::VARCHAR FROM {table} WHERE {w} LIMIT 1)" for n, w in wrong.items()
    )


@contextmanager
def locked(folder: Folder) -> Iterator[None]:
    """For one campaign at a time. Raises StoreError where another is at work in a local folder, or
    OSError.
    """
    with ExitStack() as stack:
        if folder.local:
            Path(folder.path).mkdir(parents=True, exist_ok=True)
            file = stack.enter_context(Path(folder.path, "lock").open("w"))
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StoreError(f"{folder.url}: a campaign is at work here") from None
        yield
