"""Counts of a run, compared with the cases and verdicts that the run was made from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from ad_conformance.reports.campaign.store import Folder
from ad_conformance.reports.campaign.tables import tables
from ad_conformance.reports.nightly import counts
from ad_conformance.reports.nightly.trends import trend

from tests import made_runs


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return made_runs.write(tmp_path_factory.mktemp("runs") / "2026-11-23")


@pytest.fixture
def connection(folder: Folder) -> Iterator[duckdb.DuckDBPyConnection]:
    with tables(folder) as found:
        yield found


def of(
    counted: tuple[counts.Count, ...], engine: str, mode: str, subject: str = ""
) -> counts.Tally:
    return counts.tally(
        [c for c in counted if (c.engine, c.mode, c.subject) == (engine, mode, subject)]
    )


def test_verdicts_add_up(connection: duckdb.DuckDBPyConnection) -> None:
    counted = counts.verdicts(connection)
    found = of(counted, "torch", "FF")
    assert (
        found.asked,
        found.right,
        found.known,
        found.not_known,
        found.flaky,
        found.unsupported,
    ) == (
        10,
        3,
        3,
        1,
        1,
        2,
    )
    assert (found.judged, found.share) == (8, 3 / 8)
    assert found.verdicts == (
        ("wrong", "known", 3),
        ("not_finite", "new", 1),
        ("timeout", "flaky", 1),
    )
    # The case at a kink is none of them.
    assert of(counted, "torch", "R").no_truth == 0
    assert of(counted, "torch", "F").share is None
    assert of(counted, "inhouse", "R").share == 1


def test_a_case_counts_for_each_of_its_operations(connection: duckdb.DuckDBPyConnection) -> None:
    counted = counts.verdicts(connection, "operation")
    assert of(counted, "torch", "FF", "sin").known == of(counted, "torch", "FF", "add").known == 3
    assert of(counted, "torch", "R", "abs").asked == 0
    assert of(counts.verdicts(connection, "signature"), "torch", "FF", "num_to_vec").asked == 10


def test_accuracy_is_of_right_answers_only(connection: duckdb.DuckDBPyConnection) -> None:
    inhouse, torch = counts.accuracy(connection)
    assert (inhouse.engine, inhouse.answers, inhouse.exact) == ("inhouse", 30, 15)
    assert inhouse.largest == 1.0
    # Two bins to a decade: 1 falls into the last one, 1e-1 into the first half of its decade.
    assert dict(inhouse.bins)[-1] == 3
    assert sum(count for _, count in inhouse.bins) == 15
    assert (torch.answers, torch.median, torch.bins) == (23, 1e-3, ((-6, 23),))


def test_cost_and_phases(connection: duckdb.DuckDBPyConnection) -> None:
    cost = {(row.engine, row.phase): row for row in counts.cost(connection)}
    assert cost["inhouse", "compile"].total == pytest.approx(0.03)
    assert cost["torch", "compile"].median == pytest.approx(0.031)
    assert cost["torch", "run"].p90 == pytest.approx(0.0271, rel=1e-3)
    phases = counts.phases(connection)
    assert (phases.cases, phases.wall, phases.judge) == (32, pytest.approx(20), pytest.approx(0.6))
    assert phases.waiting == pytest.approx(1 - (1 + 3 + 0.6) / 20)


def test_kinks_are_listed_by_mode(connection: duckdb.DuckDBPyConnection) -> None:
    (kink,) = counts.kinks(connection)
    assert kink.name == "abs(x) at 0"
    assert kink.answers["torch", "R"] == ("convention", "1.0")
    assert kink.answers["torch", "F"] == ("convention", "-Infinity")


def test_reasons_that_differ_in_numbers_are_one(connection: duckdb.DuckDBPyConnection) -> None:
    assert counts.unsupported(connection) == (
        counts.Unsupported("torch", "", "no erfcx 8", 2, ("FF",)),
    )


def test_rare_reasons_are_one(
    connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "REASONS", 0)
    assert counts.unsupported(connection) == (
        counts.Unsupported("torch", "", "1 rarer reasons", 2, ("FF",)),
    )


def test_trends_are_of_the_runs_until_then(tmp_path: Path) -> None:
    made_runs.write(tmp_path / "first", begun="2026-11-21T02:00:00+00:00", not_known=3)
    made_runs.write(tmp_path / "later", begun="2026-11-23T02:00:00+00:00")
    (tmp_path / "no run").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "run.json").write_text("{")
    made_runs.write(tmp_path / "damaged", begun="2026-11-21T03:00:00+00:00")
    (tmp_path / "damaged" / "verdicts" / "00000001.parquet").write_bytes(b"PAR1")
    second = made_runs.write(tmp_path / "second", begun="2026-11-22T02:00:00+00:00")
    points = [point for point in trend(second) if point.engine == "torch"]
    assert [(point.run, point.not_known) for point in points] == [("first", 3), ("second", 1)]
    assert points[0].share == 21 / 28
    assert points[1].seconds == pytest.approx(1.5 * 0.031)
    assert points[1].release == "2.13.0"
