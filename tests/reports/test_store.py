"""What a campaign left and somebody spoilt: refused in one line that names the file and the field,
and not lost.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ad_conformance.reports.campaign.store import StoreError, complete, record, sessions
from ad_conformance.reports.campaign.tables import TABLES, Journal, tables
from ad_conformance.reports.cli.commands import app
from ad_conformance.reports.nightly.changes import run_report
from ad_conformance.reports.nightly.exports import as_json
from typer.testing import CliRunner

from tests import made_runs
from tests.reports.test_campaign import ask, plan

pytest.importorskip("duckdb")


def refused(*arguments: Any) -> str:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == 2, (done.output, done.exception)
    assert done.stderr.count("\n") == 1, done.stderr
    return str(done.stderr)


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        *(
            ("run.json", field, None)
            for field in ("engines", "asked", "absent", "words", "platform", "harness")
        ),
        *(
            ("run.json", field, value)
            for field in ("engines", "asked", "absent")
            for value in ([], {"a": 1})
        ),
        *(("run.json", "words", value) for value in ("RR", ["rr"], ["RRRRR"], [1], ["\ud800"])),
        *(
            ("run.json", field, value)
            for field in ("seed", "shard")
            for value in (-1, 1.5, True, "1")
        ),
        *(("run.json", "timeout", value) for value in (0, -1.0, "60", 10**400, float("nan"))),
        ("run.json", "shard", 10**400),
        ("run.json", "begun", "yesterday"),
        ("run.json", "named", [["seed", "num_to_num"]]),
        *(
            ("sessions/0001.json", "seconds", value)
            for value in ("1", -1, 10**400, None, float("inf"))
        ),
        *(("sessions/0001.json", "lost", value) for value in (7, ["7"])),
        ("sessions/0001.json", "ended", 1),
        ("sessions/0001.json", "workers", None),
    ],
)
def test_a_record_of_other_fields_or_types(
    tmp_path: Path, name: str, field: str, value: Any
) -> None:
    folder = made_runs.write(tmp_path)
    found = json.loads(folder.read(name))
    # Of what no JSON is, the file alone is told.
    said = f"NaN|Infinity|.* half a character|{field}"
    for spoilt in ({**found, field: value}, {key: v for key, v in found.items() if key != field}):
        folder.write(name, json.dumps(spoilt).encode())
        with pytest.raises(StoreError, match=rf"{name}: ({said})"):
            record(folder, name)
        assert name in refused("report", folder.url)


@pytest.mark.parametrize(
    "value", ["/python", {"path": "/python"}, {"path": "/a\n", "python": "", "numpy": ""}]
)
def test_a_record_of_another_interpreter(value: object, tmp_path: Path) -> None:
    """Older records have none, so it may be missing."""
    folder = made_runs.write(tmp_path)
    found = json.loads(folder.read("run.json"))
    folder.write("run.json", json.dumps({**found, "interpreter": value}).encode())
    with pytest.raises(StoreError, match=r"run.json: interpreter"):
        record(folder, "run.json")


@pytest.mark.parametrize(
    "command", [("report",), ("triage",), ("campaign", "--resume", "--cases", "1", "--out")]
)
def test_a_record_nested_too_deeply(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "run.json").write_text("[" * 100_000)
    assert "run.json: nested too deeply" in refused(*command, tmp_path)


def _foreign(path: Path) -> None:
    import duckdb

    duckdb.sql(f"COPY (SELECT 'a' AS number, 1 AS other) TO '{path}' (FORMAT parquet)")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-10]),
        lambda path: path.write_bytes(
            path.read_bytes().replace(b"wrong", b"wr\xffng").replace(b"agree", b"ag\xffee")
        ),
        lambda path: path.write_bytes(
            path.read_bytes()[:-200] + bytes(b ^ 16 for b in path.read_bytes()[-200:])
        ),
        _foreign,
    ],
    ids=["empty", "cut", "no text", "flipped", "foreign"],
)
@pytest.mark.parametrize(
    "command", [("report",), ("triage",), ("campaign", "--resume", "--cases", "1", "--out")]
)
def test_a_table_that_is_none(
    tmp_path: Path, spoil: Callable[[Path], None], command: tuple[str, ...]
) -> None:
    folder = ask(tmp_path, plan("inhouse", seed=1), cases=1)
    path = tmp_path / "verdicts" / "00000001.parquet"
    whole = path.read_bytes()
    spoil(path)
    assert path.read_bytes() != whole
    assert folder.url in refused(*command, tmp_path)


def test_files_that_somebody_put_beside_ours_are_passed_over(tmp_path: Path) -> None:
    folder = made_runs.write(tmp_path)
    before = as_json(run_report(folder))
    for name in (
        "verdicts/abc.parquet",
        "verdicts/00000003 (copy).parquet",
        "journal/notes.jsonl",
        "sessions/a.json",
    ):
        folder.write(name, b"nonsense")
    assert complete(folder) == {0, 1}
    assert list(sessions(folder)) == [1]
    assert as_json(run_report(folder)) == before


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"garbage", "a line is not JSON"),
        (b"[" * 100_000, "a line is not JSON"),
        (b"[]", "a line is no row"),
        (b'{"others": {}}', "a line is no row"),
        (b'{"cases": 1}', "a line is no row"),
        (
            b'{"verdicts": {"number": 0, "engine": "inhouse", "verdict": "banana"}}',
            "verdicts.verdict: 'banana'",
        ),
        (
            b'{"verdicts": {"number": 0, "engine": null, "verdict": "agree"}}',
            "verdicts.engine: None",
        ),
        (
            b'{"verdicts": {"number": "0", "engine": "inhouse", "verdict": "agree"}}',
            "verdicts.number: '0'",
        ),
        (
            b'{"verdicts": {"number": 0, "engine": "inhouse", "verdict": "agree", "more": 1}}',
            "'more' is not a column",
        ),
    ],
)
def test_a_journal_with_other_lines_is_kept_as_it_is(
    tmp_path: Path, line: bytes, said: str
) -> None:
    folder = made_runs.write(tmp_path)
    folder.write("journal/00000002.jsonl", line + b"\n")
    with pytest.raises(StoreError, match=rf"00000002\.jsonl: .*{said}"):
        Journal(folder, 2)
    assert folder.read("journal/00000002.jsonl") == line + b"\n"


@pytest.mark.parametrize(
    ("table", "row", "said"),
    [
        ("verdicts", {"verdict": "banana"}, "verdicts: verdict: 'banana' cannot be"),
        ("verdicts", {"again": "banana"}, "verdicts: again: 'banana' cannot be"),
        ("verdicts", {"engine": None}, "verdicts: engine: None cannot be"),
        ("cases", {"operations": None}, "cases: operations: None cannot be"),
        ("cases", {"steps": None}, "cases: steps: None cannot be"),
        ("cases", {"json": None}, "torch.json: json is missing"),
        ("cases", {"operations": [None]}, "torch.json: operations: one has no name"),
    ],
)
def test_a_row_that_cannot_be(tmp_path: Path, table: str, row: dict[str, Any], said: str) -> None:
    folder = made_runs.write(tmp_path)
    verdict = {
        "number": 99,
        "engine": "torch",
        "verdict": "wrong",
        "again": "wrong",
        "finding": "torch.json",
    }
    case = {
        "number": 99,
        "origin": "generated",
        "id": "a",
        "json": made_runs.SINE.json,
        "word": "R",
        "steps": 1,
    }
    rows = {
        "verdicts": verdict,
        "cases": {**case, "signature": "num_to_num", "operations": ["sin"], "truth": "certified"},
    }
    rows[table] |= row
    folder.write(
        "journal/00000002.jsonl",
        b"".join(json.dumps({t: r}).encode() + b"\n" for t, r in rows.items()),
    )
    assert said in refused("report", folder.url)


def test_a_journal_is_refused_by_the_campaign_that_goes_on(tmp_path: Path) -> None:
    ask(tmp_path, plan("inhouse"), cases=1)
    (tmp_path / "journal" / "00000002.jsonl").write_text("garbage\n")
    told = refused("campaign", "--out", tmp_path, "--resume", "--cases", "100", "--workers", "1")
    assert "00000002.jsonl: a line is not JSON" in told
    assert (tmp_path / "journal" / "00000002.jsonl").read_text() == "garbage\n"


@pytest.mark.parametrize("url", ["nonesuch://x/y", "s3://x/y"])
def test_where_fsspec_does_not_reach(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "s3fs", None)
    assert refused("report", url).startswith(f"ad-conformance: {url}: ")


def test_what_is_repeated_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "case.json"
    path.write_text(json.dumps({"format": 1, "word": "R" * 10**6, "point": 1.0, "steps": []}))
    told = refused("show", path, "--engine", "inhouse")
    assert len(told) < 600
    assert told.endswith("must be 1 to 8 letters R and F\n")


def test_tables_of_a_version_without_severity_are_read_beside_others(tmp_path: Path) -> None:
    import duckdb

    folder = made_runs.write(tmp_path)
    for table in TABLES:
        path, *others = sorted((tmp_path / table).iterdir())
        for other in others:
            other.unlink()
        later, earlier = ("*", "*")
        if table == "verdicts":
            later, earlier = "* REPLACE ('sign' AS severity)", "* EXCLUDE (severity, how_wrong)"
        # The first file decides about the columns of all, unless DuckDB is told otherwise.
        for number, columns in ((91, earlier), (92, later)):
            written = path.with_name(f"{number:08d}.parquet")
            query = f"SELECT {columns} FROM read_parquet('{path}')"
            duckdb.sql(f"COPY ({query}) TO '{written}' (FORMAT parquet)")
        path.unlink()
    with tables(folder) as connection:
        query = "SELECT count(*), count(severity) FROM verdicts"
        every, with_severity = connection.sql(query).fetchall()[0]
    assert every == 2 * with_severity > 0
