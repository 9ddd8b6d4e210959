"""The answers in the tables of an atlas, counted by cell and by failure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import duckdb
from ad_conformance.conformance.known_failures import KnownFailure
from ad_conformance.engines import registry
from ad_conformance.reports.atlas.outcomes import ELSEWHERE, FAILURES, FLAKY, Tally, word_of
from ad_conformance.reports.issues.bucket_files import BucketFile

#: Of the rows of a failure, the one to show: that with the smallest case.
_SMALLEST = "ORDER BY steps, length(json), id"


@dataclass(frozen=True)
class Answer:
    """So many answers of one kind, to cases of one operation in a mode, a dtype and situations.

    `entry` is the known failure that covers them, "" if there is none, and `cause` the bucket that
    triage put them into. `error` is the type of the exception or the signal.
    """

    operation: str
    engine: str
    mode: str
    dtype: str
    situations: tuple[str, ...]
    verdict: str
    severity: str
    entry: str
    error: str
    steady: bool
    certified: bool
    count: int
    word: str

    @property
    def key(self) -> tuple[str, str, str]:
        """Failures of one operation in one engine with the same key are one."""
        return (self.entry, "", "") if self.entry else ("", self.word, self.error)


@dataclass(frozen=True)
class Example:
    """A failing case, with the answer; arrays are in JSON."""

    id: str
    json: str
    mode: str
    dtype: str
    how_wrong: str
    error: str
    message: str
    got: str
    wanted: str
    finding: str


@dataclass(frozen=True)
class Pinned:
    """An answer to a pinned case of a known failure, in its own mode or in another."""

    entry: str
    own: bool
    engine: str
    mode: str
    word: str
    covered: str
    operations: tuple[str, ...]
    example: Example


class Answers:
    """All answers of an atlas."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        entries: Mapping[str, KnownFailure],
        files: Mapping[str, BucketFile],
    ) -> None:
        self._connection, self._entries = connection, entries
        self._foreign = {
            finding: frozenset(file.cause.operations) for finding, file in files.items()
        }
        self.all = tuple(self._drawn())

    def _drawn(self) -> Iterator[Answer]:
        query = """
            SELECT name, engine, word, dtype, situations, verdict, coalesce(severity, ''),
                coalesce(known, regressed, ''), coalesce(error, ''),
                coalesce(again = verdict, true), truth = 'certified',
                CASE WHEN finding IS NULL OR known IS NOT NULL THEN '' ELSE finding END,
                count(DISTINCT id)
            FROM verdicts JOIN cases USING (number) WHERE origin = 'atlas'
            GROUP BY ALL ORDER BY ALL
        """
        own = {}
        for row in self._connection.sql(query).fetchall():
            operation, engine, mode, dtype, situations, verdict, severity, entry, error = row[:9]
            steady, certified, finding, count = row[9:]
            if engine not in own:
                own[engine] = dtype_of(engine)
            word = word_of(verdict, severity)
            if word in FAILURES:
                if not steady:
                    word = FLAKY
                elif not self._is_of(operation, entry, finding):
                    word = ELSEWHERE
            yield Answer(
                operation,
                engine,
                mode,
                own[engine] or dtype,
                tuple(situations or ()),
                verdict,
                severity,
                entry,
                error if word in FAILURES else "",
                steady,
                certified,
                count,
                word,
            )

    def _is_of(self, operation: str, entry: str, finding: str) -> bool:
        """Whether a failure is one of the operation, and not of another one of the program."""
        if entry in self._entries:
            named = self._entries[entry].operations
            return not named or operation in named
        traced = self._foreign.get(finding)
        return not traced or operation in traced

    @cached_property
    def by_operation(self) -> Mapping[str, Sequence[Answer]]:
        found: dict[str, list[Answer]] = defaultdict(list)
        for answer in self.all:
            found[answer.operation].append(answer)
        return found

    def examples(self) -> Mapping[tuple[str, str, tuple[str, str, str]], Example]:
        """The smallest failing case of each failure, by operation, engine and key."""
        query = f"""
            SELECT name, engine, coalesce(known, regressed, '') AS entry, verdict,
                coalesce(severity, '') AS kind, {_EXAMPLE}
            FROM verdicts JOIN cases USING (number)
            WHERE origin = 'atlas' AND finding IS NOT NULL AND coalesce(again = verdict, true)
            QUALIFY row_number() OVER (
                PARTITION BY name, engine, entry, verdict, kind, error {_SMALLEST}
            ) = 1
            {_SMALLEST}
        """
        found: dict[tuple[str, str, tuple[str, str, str]], Example] = {}
        for name, engine, entry, verdict, severity, *rest in self._connection.sql(query).fetchall():
            example = Example(*rest)
            if not self._is_of(name, entry, "" if entry else example.finding):
                continue
            key = (entry, "", "") if entry else ("", word_of(verdict, severity), example.error)
            found.setdefault((name, engine, key), example)
        return found

    def others(self) -> Mapping[tuple[str, str, tuple[str, str, str]], Mapping[str, list[int]]]:
        """By failure, what other engines did with the failing cases: right and compared answers."""
        query = """
            SELECT name, v.engine, coalesce(v.known, v.regressed, ''), v.verdict,
                coalesce(v.severity, ''), coalesce(v.error, ''), o.engine, o.verdict,
                coalesce(o.severity, ''), count(DISTINCT id)
            FROM verdicts v JOIN verdicts o USING (number) JOIN cases USING (number)
            WHERE origin = 'atlas' AND v.finding IS NOT NULL AND o.engine <> v.engine
            GROUP BY ALL ORDER BY ALL
        """
        found: dict[tuple[str, str, tuple[str, str, str]], dict[str, list[int]]] = {}
        for row in self._connection.sql(query).fetchall():
            name, engine, entry, verdict, severity, error, other, verdict2, severity2, count = row
            key = (entry, "", "") if entry else ("", word_of(verdict, severity), error)
            word = word_of(verdict2, severity2)
            if word in ("right", *FAILURES):
                sums = found.setdefault((name, engine, key), {}).setdefault(other, [0, 0])
                sums[0] += count * (word == "right")
                sums[1] += count
        return found

    def pinned(self) -> Iterator[Pinned]:
        """The answers to pinned cases, in their own modes and in others."""
        query = f"""
            SELECT name, origin = 'known', engine, word, verdict, coalesce(severity, ''),
                coalesce(again = verdict, true), coalesce(known, regressed, ''), operations,
                {_EXAMPLE}
            FROM verdicts JOIN cases USING (number) WHERE origin IN ('known', 'around')
            ORDER BY number DESC, engine
        """
        for row in self._connection.sql(query).fetchall():
            entry, own, engine, mode, verdict, severity, steady, covered, operations = row[:9]
            word = word_of(verdict, severity) if steady else FLAKY
            yield Pinned(
                entry, own, engine, mode, word, covered, tuple(operations), Example(*row[9:])
            )


_EXAMPLE = """id, json, word, dtype, coalesce(how_wrong, '') AS how_wrong,
    coalesce(error, '') AS error, coalesce(message, '') AS message, coalesce(got, '') AS got,
    coalesce(wanted, '') AS wanted, coalesce(finding, '') AS finding"""


def dtype_of(engine: str) -> str:
    """The dtype of an engine that has only one; "" for others, and for engines not known here."""
    if registry.is_import(engine) or engine.partition("@")[0] not in registry.names():
        return ""
    own = registry.find(engine).dtype
    return "" if own == "float64" else own


def tallied(answers: Sequence[Answer]) -> Tally:
    """The counts of these answers."""
    found = Tally()
    for answer in answers:
        found.add(answer.word, answer.count, certified=answer.certified)
    return found
