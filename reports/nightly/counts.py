"""Counts from the tables of a run: verdicts, accuracy, seconds, answers at kinks, unsupported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

import duckdb
from ad_conformance.conformance.verdicts import Verdict

#: A finding is known (a known failure covers it), new (no known failure covers it, and the second
#: try gave the same verdict) or flaky (the second try gave another verdict).
KNOWN, NEW, FLAKY = "known", "new", "flaky"
_COVER = f"""CASE WHEN finding IS NULL THEN '' WHEN known IS NOT NULL THEN '{KNOWN}'
    WHEN again = verdict THEN '{NEW}' ELSE '{FLAKY}' END"""
_ORDER = {str(verdict): place for place, verdict in enumerate(Verdict)}

#: Bins of the histogram of accuracy: bins per decade of error / tolerance, and the first decade.
#: Smaller errors are counted in the first bin; errors of 0 are in no bin.
BINS_PER_DECADE, FIRST_DECADE = 2, -8
#: Most reasons of "unsupported" that are listed for an engine; rarer reasons are added up.
REASONS = 40


@dataclass(frozen=True)
class Count:
    """How many cases of one kind had one verdict in one engine.

    `subject` is the signature or an operation of the program, or "" if counts are not divided by
    either. `cover` is KNOWN, NEW or FLAKY for findings and "" for other verdicts.
    """

    engine: str
    mode: str
    subject: str
    verdict: str
    cover: str
    count: int


@dataclass(frozen=True)
class Tally:
    """Sums of counts."""

    asked: int
    right: int
    known: int
    not_known: int
    flaky: int
    unsupported: int
    no_truth: int
    verdicts: tuple[tuple[str, str, int], ...]  # verdict, cover and count of findings

    @property
    def judged(self) -> int:
        """Cases that were right or findings; not the unsupported, nor those without a reference."""
        return self.right + self.known + self.not_known + self.flaky

    @property
    def share(self) -> float | None:
        """The share of right answers among the judged cases; None if there is none."""
        return self.right / self.judged if self.judged else None


@dataclass(frozen=True)
class Accuracy:
    """Error ratios (error / tolerance) of the right answers of one engine."""

    engine: str
    answers: int
    exact: int  # answers with error 0
    median: float
    p90: float
    p99: float
    largest: float
    bins: tuple[tuple[int, int], ...]  # half decade, floor(2 log10(error_ratio)), and count


@dataclass(frozen=True)
class Cost:
    """Seconds of one engine in one phase, compile or run."""

    engine: str
    phase: str
    answers: int
    median: float
    p90: float
    total: float


@dataclass(frozen=True)
class Phases:
    """Seconds that ad-conformance itself took in complete shards, added up over workers."""

    cases: int
    wall: float
    generate: float
    truth: float
    judge: float

    @property
    def waiting(self) -> float | None:
        """A lower bound of the share of time that is spent on waiting for engines.

        It is a lower bound since ad-conformance works while engines do. None if no shard is
        complete.
        """
        if not self.wall:
            return None
        return max(0.0, 1 - (self.generate + self.truth + self.judge) / self.wall)


@dataclass(frozen=True)
class Kink:
    """What the engines answered at one kink: (engine, mode) to (verdict, answer as JSON)."""

    name: str
    answers: Mapping[tuple[str, str], tuple[str, str | None]]


@dataclass(frozen=True)
class Unsupported:
    """Cases that one engine does not support, with one reason.

    Either the adapter has no template for an operation, or the engine raised its documented error.
    """

    engine: str
    error: str  # the type of the engine's error, "" if the adapter refused
    reason: str
    count: int
    modes: tuple[str, ...]


def kind_order(verdict: str, cover: str) -> tuple[int, str, str]:
    """Sort key of verdicts on the page."""
    return _ORDER.get(verdict, len(_ORDER)), verdict, cover


def tally(counts: list[Count]) -> Tally:
    """The sums of counts."""

    def of(*covers: str) -> int:
        return sum(c.count for c in counts if c.cover in covers)

    def column(name: str) -> int:
        return sum(c.count for c in counts if Verdict(c.verdict).column == name)

    kinds = {(c.verdict, c.cover) for c in counts if c.cover}
    findings = tuple(
        (name, cover, sum(c.count for c in counts if (c.verdict, c.cover) == (name, cover)))
        for name, cover in sorted(kinds, key=lambda pair: kind_order(*pair))
    )
    return Tally(
        asked=sum(c.count for c in counts),
        right=column("right"),
        known=of(KNOWN),
        not_known=of(NEW),
        flaky=of(FLAKY),
        unsupported=column("unsupported"),
        no_truth=column("no truth"),
        verdicts=findings,
    )


def verdicts(connection: duckdb.DuckDBPyConnection, subject: str = "") -> tuple[Count, ...]:
    """Counts by engine and mode, and also by `subject` if that is "signature" or "operation".

    A case counts once for each operation in its program. Only generated cases and the seed programs
    count: pinned failures and kinks would say nothing about how often an engine is right.
    """
    column = {"": "''", "signature": "signature", "operation": "unnest(operations)"}[subject]
    query = f"""
        SELECT engine, word, subject, verdict, {_COVER} AS cover, count(*)::BIGINT
        FROM verdicts JOIN (
            SELECT number, word, {column} AS subject FROM cases
            WHERE origin IN ('generated', 'seed')
        ) USING (number)
        GROUP BY ALL ORDER BY ALL
    """
    return tuple(Count(*row) for row in connection.sql(query).fetchall())


def compared(connection: duckdb.DuckDBPyConnection) -> Mapping[str, int]:
    """The number of cases of any origin whose answer was right or a finding, by engine."""
    names = ", ".join(f"'{verdict}'" for verdict in Verdict if verdict.compared)
    query = f"SELECT engine, count(*) FROM verdicts WHERE verdict IN ({names}) GROUP BY engine"
    return dict(connection.sql(query).fetchall())


def origins(connection: duckdb.DuckDBPyConnection) -> Mapping[str, int]:
    """The number of cases by origin."""
    return dict(
        connection.sql(
            "SELECT origin, count(*) FROM cases GROUP BY ALL ORDER BY 2 DESC, 1"
        ).fetchall()
    )


def accuracy(connection: duckdb.DuckDBPyConnection) -> tuple[Accuracy, ...]:
    """The accuracy of each engine that has right answers."""
    right = f"FROM verdicts WHERE verdict = '{Verdict.AGREE}' AND units IS NOT NULL"
    decade = (
        f"greatest({BINS_PER_DECADE * FIRST_DECADE}, least(-1, floor({BINS_PER_DECADE} * "
        f"log10(units))))"
    )
    bins: dict[str, list[tuple[int, int]]] = {}
    query = (
        f"SELECT engine, ({decade})::INTEGER AS bin, count(*) {right} AND units > 0 GROUP BY "
        f"ALL ORDER BY ALL"
    )
    for engine, place, count in connection.sql(query).fetchall():
        bins.setdefault(engine, []).append((place, count))
    query = f"""
        SELECT engine, count(*), count(*) FILTER (units = 0),
            quantile_cont(units, 0.5), quantile_cont(units, 0.9), quantile_cont(units, 0.99),
            max(units)
        {right} GROUP BY engine ORDER BY engine
    """
    return tuple(
        Accuracy(engine, answers, exact, median, p90, p99, largest, tuple(bins.get(engine, ())))
        for engine, answers, exact, median, p90, p99, largest in connection.sql(query).fetchall()
    )


def cost(connection: duckdb.DuckDBPyConnection) -> tuple[Cost, ...]:
    """Seconds by engine and phase, compile first."""
    query = """
        SELECT engine, phase, count(*),
            quantile_cont(seconds::DOUBLE, 0.5), quantile_cont(seconds::DOUBLE, 0.9),
            sum(seconds::DOUBLE)
        FROM timings WHERE engine IS NOT NULL AND phase IN ('compile', 'run')
        GROUP BY ALL ORDER BY engine, phase
    """
    return tuple(Cost(*row) for row in connection.sql(query).fetchall())


def phases(connection: duckdb.DuckDBPyConnection) -> Phases:
    """Seconds by phase. The connection must have complete shards only: others have no total yet."""
    query = "SELECT phase, sum(seconds::DOUBLE) FROM timings GROUP BY phase"
    seconds = dict(connection.sql(query).fetchall())
    cases = connection.sql("SELECT count(*) FROM cases").fetchall()[0][0]
    names = ("shard", "generate", "truth", "judge")
    return Phases(cases, *(float(seconds.get(name, 0.0)) for name in names))


def kinks(connection: duckdb.DuckDBPyConnection) -> tuple[Kink, ...]:
    """Answers at kinks, in the order in which the kinks are asked."""
    query = """
        SELECT name, engine, word, verdict, got FROM verdicts JOIN cases USING (number)
        WHERE origin = 'kink' ORDER BY number DESC, engine
    """
    rows = connection.sql(query).fetchall()
    return tuple(
        Kink(name, {(engine, mode): (verdict, got) for _, engine, mode, verdict, got in group})
        for name, group in groupby(rows, key=lambda row: row[0])
    )


def unsupported(connection: duckdb.DuckDBPyConnection) -> tuple[Unsupported, ...]:
    """Reasons by engine, the most frequent first; messages that differ only in numbers are one."""
    query = f"""
        WITH reasons AS (
            SELECT engine, coalesce(error, '') AS error, word,
                coalesce(split_part(message, chr(10), 1), '') AS line,
                regexp_replace(line, '\\d+', '#', 'g') AS kind
            FROM verdicts JOIN cases USING (number) WHERE verdict = '{Verdict.UNSUPPORTED}'
        )
        SELECT engine, error, min(line), count(*), list_sort(list(DISTINCT word)) FROM reasons
        GROUP BY engine, error, kind ORDER BY engine, 4 DESC, error, 3
    """
    return tuple(_reasons(connection.sql(query).fetchall()))


def _reasons(rows: list[tuple[str, str, str, int, list[str]]]) -> Iterator[Unsupported]:
    for engine, group in groupby(rows, key=lambda row: row[0]):
        of_engine = list(group)
        for _, error, line, count, modes in of_engine[:REASONS]:
            yield Unsupported(engine, error, line, count, tuple(modes))
        if rest := of_engine[REASONS:]:
            modes = sorted({mode for row in rest for mode in row[4]})
            yield Unsupported(
                engine, "", f"{len(rest)} rarer reasons", sum(row[3] for row in rest), tuple(modes)
            )
