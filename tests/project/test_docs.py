"""What the documentation shows works: the adapter of add-an-engine.md, the queries of campaigns.md."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
from ad_conformance.conformance.check_adapter import check

DOCS = Path(__file__).parents[2] / "docs"


def blocks(page: str, language: str) -> list[str]:
    return re.findall(
        rf"```{language}\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL
    )


def test_the_worked_example_works() -> None:
    if importlib.util.find_spec("autograd") is None:
        pytest.skip("autograd is not installed")
    code = blocks("add-an-engine.md", "python")[0]
    assert len(code.splitlines()) < 40
    names: dict[str, object] = {}
    exec(code, names)
    checks = list(check(names["mylib"]))  # type: ignore[arg-type]
    assert [line for done in checks for line in done.wrong] == []
    assert [done.right > 3 for done in checks] == [True] * 4


@pytest.mark.parametrize("query", blocks("campaigns.md", "sql"))
def test_the_queries_run(query: str, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    from tests import made_runs

    made_runs.write(tmp_path / "night")
    assert duckdb.sql(query.replace("'night/", f"'{tmp_path}/night/")).fetchall()
