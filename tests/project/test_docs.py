"""Examples of the documentation work, and its links, file names and list of modules are right."""

from __future__ import annotations

import dataclasses
import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest
from ad_conformance.conformance.check_adapter import check
from ad_conformance.conformance.triage.ask import judged
from ad_conformance.conformance.verdicts import Verdict
from ad_conformance.engines.adapters.inhouse import inhouse
from ad_conformance.engines.contract import Engine
from ad_conformance.engines.process.sandbox import Sandbox
from ad_conformance.generators.ir.case_io import read_case
from ad_conformance.generators.ir.file_keys import file_key
from ad_conformance.generators.ir.operator import OPERATORS
from ad_conformance.generators.ir.program import DEFAULTS, Case, Program, Step
from ad_conformance.generators.render.dialect import Dialect

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


@pytest.mark.slow
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


def test_the_script_of_a_case_is_as_shown() -> None:
    adapter, script = blocks("add-an-engine.md", "python")[:2]
    names: dict[str, object] = {}
    exec(adapter, names)
    steps = (Step("sin", (0,)), Step("sum", (1,), (("axis", None), ("keepdims", False))))
    case = Case(Program(steps), (0.5, -1.0), "RR", warmup_point=(0.25, 1.0))
    shown = [line.partition("#")[0].rstrip() for line in script.splitlines()]
    mylib = names["mylib"]
    assert isinstance(mylib, Engine)
    written = [line for line in mylib.script(case).text.splitlines() if line]
    assert written == [line for line in shown if line]


def test_every_field_of_an_adapter_is_explained() -> None:
    text = (DOCS / "add-an-engine.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", text, re.MULTILINE)
    explained = {name.strip("`") for row in rows for name in row.split(", ")}
    for record in (Engine, Dialect):
        assert {field.name for field in dataclasses.fields(record)} <= explained


@pytest.mark.parametrize("text", blocks("case-format.md", "json"))
def test_the_cases_of_the_format_can_be_asked(text: str, tmp_path: Path) -> None:
    path = tmp_path / "case.json"
    path.write_text(text)
    case = read_case(path)
    with Sandbox(inhouse) as sandbox:
        assert judged(case, sandbox).verdict is Verdict.AGREE


def test_every_key_of_a_case_and_every_operator_is_explained() -> None:
    text = (DOCS / "case-format.md").read_text(encoding="utf-8")
    keys = {*map(file_key, DEFAULTS), "format", "point", "steps", "word", *OPERATORS}
    keys |= {"operation", "operands", "params"}
    assert [key for key in keys if f"\n| `{key}` | " not in text] == []


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
    folders = [module.replace(".", "/") for module in modules]
    named += [f"{f}/__main__.py" if (ROOT / f).is_dir() else f"{f}.py" for f in folders]
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_list_of_modules_is_up_to_date() -> None:
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    assert tree() in page, "run: python -m validation.tree --write docs/architecture.md"
