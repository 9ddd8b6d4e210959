"""What is counted of a run's tables: verdicts, accuracy, seconds, conventions at kinks, and what is
unsupported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

import duckdb
from ad_conformance.conformance.verdicts import Verdict

#: Of a finding: covered by a known failure, the same when it was asked again, or not.
KNOWN, NOT_KNOWN, FLAKY = "known", "not known", "flaky"
_COVER = f"""CASE WHEN finding IS NULL THEN '' WHEN known IS NOT NULL THEN '{KNOWN}'
    WHEN again = verdict THEN '{NOT_KNOWN}' ELSE '{FLAKY}' END"""
_PLACES = {str(verdict): place for place, verdict in enumerate(Verdict)}

#: Bins of the accuracy, by the decade; smaller errors than the first go into it, errors of 0 into
#: none.
BINS_PER_DECADE, FIRST_DECADE = 2, -8
#: Unsupported questions of one engine that are told apart; the rarest of more are one.
REASONS = 40


@dataclass(frozen=True)
class Count:
    """How many cases of one kind had one verdict in one engine.

    `subject` is the signature or an operation of the program, or "" where neither is told apart;
    `cover` is KNOWN, NOT_KNOWN or FLAKY for findings and "" for the others.
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
        """The cases that could be right or wrong, and were answered or failed."""
        return self.right + self.known + self.not_known + self.flaky

    @property
    def share(self) -> float | None:
        """Of the judged ones, those that were right."""
        return self.right / self.judged if self.judged else None


@dataclass(frozen=True)
class Accuracy:
    """Errors of one engine's right answers, in units of the allowance."""

    engine: str
    answers: int
    exact: int  # of them, without any error
    median: float
    p90: float
    p99: float
    largest: float
    bins: tuple[tuple[int, int], ...]  # half decade, as floor(2 log10(units)), and count


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
    """Seconds of complete shards, added up over workers."""

    cases: int
    wall: float
    generate: float
    truth: float
    judge: float

    @property
    def waiting(self) -> float | None:
        """The share of the wall time that is the engines' alone, at least: work of the harness may
        overlap it.
        """
        return (
            max(0.0, 1 - (self.generate + self.truth + self.judge) / self.wall)
            if self.wall
            else None
        )


@dataclass(frozen=True)
class Kink:
    """What each engine answered at one kink: engine and word to verdict and answer, as JSON."""

    name: str
    answers: Mapping[tuple[str, str], tuple[str, str | None]]


@dataclass(frozen=True)
class Unsupported:
    """Questions that one engine was not asked, or said by its own documented error that it does not
    have.
    """

    engine: str
    error: str  # of the engine's own, or ""
    reason: str
    count: int
    modes: tuple[str, ...]


def kind_order(verdict: str, cover: str) -> tuple[int, str, str]:
    """In the order in which verdicts are told."""
    return _PLACES.get(verdict, len(_PLACES)), verdict, cover


def tally(counts: list[Count]) -> Tally:
    """All of them together."""

    def of(*covers: str) -> int:
        return sum(c.count for c in counts if c.cover in covers)

    def column(name: str) -> int:
        return sum(c.count for c in counts if Verdict(c.verdict).column == name)

    met = {(c.verdict, c.cover) for c in counts if c.cover}
    findings = tuple(
        (name, cover, sum(c.count for c in counts if (c.verdict, c.cover) == (name, cover)))
        for name, cover in sorted(met, key=lambda pair: kind_order(*pair))
    )
    return Tally(
        asked=sum(c.count for c in counts),
        right=column("right"),
        known=of(KNOWN),
        not_known=of(NOT_KNOWN),
        flaky=of(FLAKY),
        unsupported=column("unsupported"),
        no_truth=column("no truth"),
        verdicts=findings,
    )


def verdicts(connection: duckdb.DuckDBPyConnection, subject: str = "") -> tuple[Count, ...]:
    """Counts by engine and word, and by `subject` where that is "signature" or "operation".

    A case counts once for every operation in its program. Cases that are asked because they fail,
    or since no answer to them is wrong, do not count: they would say nothing of how often an engine
    is right.
    """
    column = {"": "''", "signature": "signature", "operation": "unnest(operations)"}[subject]
    query = f"""
        SELECT engine, word, subject, verdict, {_COVER} AS cover, count(*)::BIGINT
        FROM verdicts JOIN (
            SELECT number, word, {column} AS subject FROM cases WHERE origin IN ('generated', 'seed')
        ) USING (number)
        GROUP BY ALL ORDER BY ALL
    """
    return tuple(Count(*row) for row in connection.sql(query).fetchall())


def origins(connection: duckdb.DuckDBPyConnection) -> Mapping[str, int]:
    """Cases by where they come from."""
    return dict(
        connection.sql(
            "SELECT origin, count(*) FROM cases GROUP BY ALL ORDER BY 2 DESC, 1"
        ).fetchall()
    )


def accuracy(connection: duckdb.DuckDBPyConnection) -> tuple[Accuracy, ...]:
    """Of each engine that was right at all."""
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
            quantile_cont(units, 0.5), quantile_cont(units, 0.9), quantile_cont(units, 0.99), max(units)
        {right} GROUP BY engine ORDER BY engine
    """
    return tuple(
        Accuracy(engine, answers, exact, median, p90, p99, largest, tuple(bins.get(engine, ())))
        for engine, answers, exact, median, p90, p99, largest in connection.sql(query).fetchall()
    )


def cost(connection: duckdb.DuckDBPyConnection) -> tuple[Cost, ...]:
    """Of each engine and phase, compile first."""
    query = """
        SELECT engine, phase, count(*), quantile_cont(seconds::DOUBLE, 0.5), quantile_cont(seconds::DOUBLE, 0.9),
            sum(seconds::DOUBLE)
        FROM timings WHERE engine IS NOT NULL AND phase IN ('compile', 'run') GROUP BY ALL ORDER BY engine, phase
    """
    return tuple(Cost(*row) for row in connection.sql(query).fetchall())


def phases(connection: duckdb.DuckDBPyConnection) -> Phases:
    """Of a connection to complete shards only: of the others it is not known how long they took."""
    query = "SELECT phase, sum(seconds::DOUBLE) FROM timings GROUP BY phase"
    seconds = dict(connection.sql(query).fetchall())
    cases = connection.sql("SELECT count(*) FROM cases").fetchall()[0][0]
    names = ("shard", "generate", "truth", "judge")
    return Phases(cases, *(float(seconds.get(name, 0.0)) for name in names))


def kinks(connection: duckdb.DuckDBPyConnection) -> tuple[Kink, ...]:
    """In the order in which they are asked."""
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
    """By engine, the most frequent first; messages that differ in numbers only are one."""
    query = f"""
        WITH told AS (
            SELECT engine, coalesce(error, '') AS error, word, coalesce(split_part(message, chr(10), 1), '') AS line,
                regexp_replace(line, '\\d+', '#', 'g') AS kind
            FROM verdicts JOIN cases USING (number) WHERE verdict = '{Verdict.UNSUPPORTED}'
        )
        SELECT engine, error, min(line), count(*), list_sort(list(DISTINCT word)) FROM told
        GROUP BY engine, error, kind ORDER BY engine, 4 DESC, error, 3
    """
    return tuple(_told(connection.sql(query).fetchall()))


def _told(rows: list[tuple[str, str, str, int, list[str]]]) -> Iterator[Unsupported]:
    for engine, group in groupby(rows, key=lambda row: row[0]):
        of_engine = list(group)
        for _, error, line, count, modes in of_engine[:REASONS]:
            yield Unsupported(engine, error, line, count, tuple(modes))
        if rest := of_engine[REASONS:]:
            modes = sorted({mode for row in rest for mode in row[4]})
            yield Unsupported(
                engine, "", f"{len(rest)} rarer reasons", sum(row[3] for row in rest), tuple(modes)
            )
