"""Examples of the documentation work, and its links, file names and list of modules are right."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest
from ad_conformance.conformance.check_adapter import check

from validation.tree import tree

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = (ROOT / "README.md", *sorted(DOCS.glob("*.md")))
#: Folders whose files the pages may name.
FOLDERS = "generators|engines|conformance|reports|validation|benchmarks|tests|docs"


#: The names that the examples of add-an-operation.md use.
EXAMPLE_IMPORTS = """
from typing import Any
import numpy as np
from flint import arb
from ad_conformance.generators.arithmetic import balls, numpy_ops
from ad_conformance.generators.catalogue.operands import POSITIVE, Domain, family
from ad_conformance.generators.catalogue.operation import Operation
from ad_conformance.generators.catalogue.row_forms import derived, unary
"""


def blocks(page: str, language: str) -> list[str]:
    return re.findall(
        rf"```{language}\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL
    )


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub makes from the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


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


def test_the_operations_of_the_example_can_be_built() -> None:
    names: dict[str, object] = {}
    exec(EXAMPLE_IMPORTS, names)
    short, written_out, derived = blocks("add-an-operation.md", "python")
    one, other = eval(short, names), eval(written_out, names)
    at = np.array([0.5, 8.0])
    np.testing.assert_array_equal(one.evaluate(at), other.evaluate(at))
    assert (one.template, one.operands) == (other.template, other.operands)
    exec(derived, names)


@pytest.mark.parametrize("query", blocks("campaigns.md", "sql"))
def test_the_queries_run(query: str, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    from tests import made_runs

    made_runs.write(tmp_path / "night")
    assert duckdb.sql(query.replace("'night/", f"'{tmp_path}/night/")).fetchall()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_pages_and_headings_that_exist(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#{]*)(?:#([^)]*))?\)", page.read_text(encoding="utf-8"))
    for path, heading in links:
        target = (page.parent / path) if path else page
        assert target.exists(), path
        assert not heading or heading in anchors(target), f"{path}#{heading}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_and_modules_that_pages_name_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = re.findall(rf"`((?:{FOLDERS})/[\w./-]*)`", text)
    modules = re.findall(r"python -m ((?:validation|benchmarks|tests)[\w.]*)", text)
    named += [f"{module.replace('.', '/')}.py" for module in modules]
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_list_of_modules_is_up_to_date() -> None:
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    assert tree() in page, "run: python -m validation.tree --write docs/architecture.md"
