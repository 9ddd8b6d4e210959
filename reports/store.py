"""What a campaign leaves: tables in Parquet, a shard at a time, findings as cases, and records of runs and sessions.

    run.json                    what is asked, of which releases, on which machine
    sessions/0001.json          one for each time that the campaign was started: how long, how far, why it ended
    cases/00000001.parquet      a row per case
    verdicts/00000001.parquet   a row per case and engine; written last, so that it says that the shard is complete
    timings/00000001.parquet    seconds, apart from those above, which are the same every time
    troubles/00000001.parquet   what went wrong beside the engines' answers
    findings/ENGINE-WORD-ID.json
    journal/00000001.jsonl      the rows of a shard that is at work, or was when the campaign was killed

The folder may lie wherever fsspec reaches; where that is no local disk, the journal stays on the worker's own.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
import fsspec
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
_ORDER = {"cases": "number", "verdicts": "number, engine", "timings": "number, engine, phase", "troubles": "ALL"}
#: Written last.
_COMPLETE = "verdicts"


class StoreError(Exception):
    """The folder cannot be used; the message says which and why, in one line."""


@dataclass(frozen=True)
class Folder:
    """A folder wherever fsspec reaches: a path, or a URL such as s3://bucket/night."""

    url: str

    @property
    def _fs(self) -> Any:
        return fsspec.core.url_to_fs(self.url)[0]

    @property
    def path(self) -> str:
        return str(fsspec.core.url_to_fs(self.url)[1]).rstrip("/")

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
        return sorted(name for name in (str(path).rpartition("/")[2] for path in found) if not name.startswith("."))

    def address(self, name: str) -> str:
        """As DuckDB finds it."""
        return f"{self.path}/{name}" if self.local else self._fs.unstrip_protocol(f"{self.path}/{name}")

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A connection that reads and writes the folder's files, the same bytes every time."""
        connection = duckdb.connect()
        connection.execute("SET threads = 1")
        if not self.local:
            connection.register_filesystem(self._fs)
        return connection


def record(folder: Folder, name: str) -> dict[str, Any]:
    """A JSON record. Raises StoreError where it is not there, cut short or of another format."""
    try:
        found = json.loads(folder.read(name))
    except FileNotFoundError:
        raise StoreError(f"{folder.url}: there is no {name}: not the folder of a campaign") from None
    except (OSError, ValueError) as error:
        raise StoreError(f"{folder.url}/{name}: {getattr(error, 'strerror', None) or error}") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise StoreError(f"{folder.url}/{name}: format {FORMAT} is needed")
    return found


def write_record(folder: Folder, name: str, fields: Mapping[str, Any]) -> None:
    """Raises OSError."""
    folder.write(name, json.dumps({"format": FORMAT, **fields}, indent=1).encode() + b"\n")


def shard_name(shard: int) -> str:
    return f"{shard:08d}"


def complete(folder: Folder) -> set[int]:
    """The shards of which all is recorded."""
    return {int(name.partition(".")[0]) for name in folder.names(_COMPLETE) if name.endswith(".parquet")}


def _rows(journal: str, table: str) -> str:
    """SQL for the rows of a journal; a last line that was cut short is none."""
    columns = ", ".join(f"{name} {kind}" for name, kind in TABLES[table].items())
    return (
        f"SELECT * FROM (SELECT unnest({table}) FROM read_json({_quoted(journal)}, format='newline_delimited', "
        f"ignore_errors=true, columns={{{table}: 'STRUCT({columns})'}}) WHERE {table} IS NOT NULL)"
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


class Journal:
    """The rows of a shard at work, one after the other, safe from the moment that `write` returns."""

    def __init__(self, folder: Folder, shard: int) -> None:
        """Waits for a process that is still at work on the shard. Raises OSError."""
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
            for table, row in json.loads(line).items():
                self.found[table].append(row)
        self._file.truncate(end)

    def write(self, table: str, **row: Any) -> None:
        """Raises OSError where the disk is full."""
        self._file.write(json.dumps({table: row}).encode() + b"\n")
        self._file.flush()

    def finish(self) -> None:
        """The rows become Parquet. Raises OSError."""
        connection = self._folder.connect()
        try:
            for table in sorted(TABLES, key=lambda name: name == _COMPLETE):
                staged = f"{self._path}.{table}"
                query = f"{_rows(str(self._path), table)} ORDER BY {_ORDER[table]}"
                connection.execute(f"COPY ({query}) TO {_quoted(staged)} (FORMAT parquet, COMPRESSION zstd)")
                self._folder.take(staged, f"{table}/{self._name}.parquet")
        except duckdb.IOException as error:
            raise OSError(f"{self._path}: {str(error).splitlines()[0]}") from None
        finally:
            connection.close()
        self._path.unlink()

    def close(self) -> None:
        self._file.close()
        if self._own:
            self._own.cleanup()


def tables(folder: Folder, *, at_work: bool = True) -> duckdb.DuckDBPyConnection:
    """A connection with a view per table, of complete shards and of those `at_work`. Raises StoreError."""
    record(folder, "run.json")
    done = complete(folder)
    connection = folder.connect()
    with folder_errors(folder):
        for table, columns in TABLES.items():
            empty = ", ".join(f"NULL::{kind} AS {name}" for name, kind in columns.items())
            parts = [f"SELECT {empty} WHERE false"]
            if done:
                files = ", ".join(_quoted(folder.address(f"{table}/{shard_name(n)}.parquet")) for n in sorted(done))
                parts.append(f"SELECT * FROM read_parquet([{files}])")
            for name in folder.names("journal") if at_work else ():
                if name.endswith(".jsonl") and int(name.partition(".")[0]) not in done:
                    parts.append(_rows(folder.address(f"journal/{name}"), table))
            connection.execute(f"CREATE VIEW {table} AS {' UNION ALL BY NAME '.join(parts)}")
    return connection


@contextmanager
def folder_errors(folder: Folder) -> Iterator[None]:
    """What DuckDB says of files that were cut short, as a StoreError."""
    try:
        yield
    except duckdb.Error as error:
        raise StoreError(f"{folder.url}: {str(error).splitlines()[0]}") from None


@contextmanager
def locked(folder: Folder) -> Iterator[None]:
    """For one campaign at a time. Raises StoreError where another is at work in a local folder, or OSError."""
    with ExitStack() as stack:
        if folder.local:
            Path(folder.path).mkdir(parents=True, exist_ok=True)
            file = stack.enter_context(Path(folder.path, "lock").open("w"))
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StoreError(f"{folder.url}: a campaign is at work here") from None
        yield
