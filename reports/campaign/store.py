"""The folder of a campaign: its files, and the JSON records of runs and sessions.

    run.json                    what is asked, of which releases, on which machine
    sessions/0001.json          one per start of the campaign: duration, progress, why it ended
    cases/00000001.parquet      a row per case
    verdicts/00000001.parquet   a row per case and engine; written last: the shard is complete
    timings/00000001.parquet    seconds, in a table of their own since they differ between runs
    troubles/00000001.parquet   problems of the machine or of an engine's installation
    findings/ENGINE-MODE-ID.json
    journal/00000001.jsonl      rows of a shard at work, or at work when the campaign was killed

The tables are in ad_conformance.reports.campaign.tables. The folder may be anywhere that fsspec
reaches. If that is no local disk, the journal is kept on the disk of the worker.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import fsspec
from ad_conformance.generators.ir.json_io import parsed
from ad_conformance.reports.campaign.records import problem
from filelock import FileLock, Timeout
from fsspec.implementations.local import LocalFileSystem

#: The version of the tables and records together; a reader refuses another.
FORMAT = 1
#: The table that is written last, so that it shows that its shard is complete.
LAST_TABLE = "verdicts"


class StoreError(Exception):
    """A folder cannot be used; the message names it and gives the reason, in one line."""


@dataclass(frozen=True)
class Folder:
    """A folder that fsspec reaches: a path, or a URL such as s3://bucket/night."""

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
        """The path within its file system.

        Raises StoreError if fsspec does not reach it, for example because a package is missing.
        """
        return self._reached[1].rstrip("/")

    @property
    def local(self) -> bool:
        return isinstance(self._fs, LocalFileSystem)

    def write(self, name: str, data: bytes) -> None:
        """Write a file completely or not at all. Raises OSError."""
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
        """Move a finished file into the folder.

        For a local folder, `source` has to be on the same disk. Raises OSError.
        """
        path = f"{self.path}/{name}"
        if self.local:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.replace(source, path)
        else:
            self._fs.put_file(source, path)
            os.unlink(source)

    def read(self, name: str) -> bytes:
        """The bytes of a file. Raises FileNotFoundError or another OSError."""
        return bytes(self._fs.cat_file(f"{self.path}/{name}"))

    def exists(self, name: str) -> bool:
        return bool(self._fs.exists(f"{self.path}/{name}"))

    def names(self, under: str) -> list[str]:
        """Sorted file names of a subfolder; empty if there is no such folder."""
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
        """The address of a file for DuckDB."""
        path = f"{self.path}/{name}"
        return path if self.local else self._fs.unstrip_protocol(path)

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A connection that reads and writes files of the folder.

        It has one thread, so that the same rows give the same bytes.
        """
        connection = duckdb.connect()
        connection.execute("SET threads = 1")
        if not self.local:
            connection.register_filesystem(self._fs)
        return connection


def record(folder: Folder, name: str) -> dict[str, Any]:
    """A JSON record: run.json, or one of sessions/.

    Raises StoreError if it is missing, cut short, of another format, or has wrong fields.
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
    """The file names of the sessions' records, by number."""
    return numbered(folder, "sessions", r"([0-9]{4,})\.json")


def write_record(folder: Folder, name: str, fields: Mapping[str, Any]) -> None:
    """Write a JSON record. Raises OSError."""
    folder.write(name, json.dumps({"format": FORMAT, **fields}, indent=1).encode() + b"\n")


def shard_name(shard: int) -> str:
    """The file name of a shard in each table, without its ending."""
    return f"{shard:08d}"


def complete(folder: Folder) -> set[int]:
    """Numbers of the shards whose tables are all written."""
    return set(numbered(folder, LAST_TABLE, r"([0-9]{8})\.parquet"))


def numbered(folder: Folder, under: str, pattern: str) -> dict[int, str]:
    """Files of a subfolder by the number in their names; files of other names are ignored."""
    matches = (re.fullmatch(pattern, name) for name in folder.names(under))
    return {int(match[1]): f"{under}/{match[0]}" for match in matches if match}


@contextmanager
def locked(folder: Folder) -> Iterator[None]:
    """Let one campaign at a time work in a local folder.

    Raises StoreError if another campaign uses the folder, or OSError. A folder at a URL is not
    locked.
    """
    if not folder.local:
        yield
        return
    Path(folder.path).mkdir(parents=True, exist_ok=True)
    try:
        held = FileLock(Path(folder.path, "lock")).acquire(timeout=0)
    except Timeout:
        raise StoreError(f"{folder.url}: a campaign is at work here") from None
    with held:
        yield
