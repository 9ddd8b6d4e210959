"""What the page says of a bucket: what was tried, its script, its words; and of kinks."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ad_conformance.conformance.suite.failure_report import _right
from ad_conformance.reports.cli.commands import app
from ad_conformance.reports.nightly.changes import run_report
from ad_conformance.reports.nightly.counts import Kink
from ad_conformance.reports.nightly.legend import LEGEND
from ad_conformance.reports.nightly.page import render
from ad_conformance.reports.nightly.template_filters import differ, workarounds
from typer.testing import CliRunner

from tests import made_runs
from tests.made_runs import bucket
from tests.reports.test_campaign import BROKEN, ask, plan

NONE: dict[str, Any] = {"right_modes": (), "right_engines": (), "wrong_engines": ()}


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (NONE, [("workarounds", "not tried")]),
        (
            {**NONE, "wrong_modes": ("F",)},
            [("workarounds", "none of what was tried"), ("fails too", "torch in F")],
        ),
        (
            {**NONE, "right_engines": ("jax", "inhouse")},
            [("workarounds", "engines jax, inhouse")],
        ),
        (
            {
                "right_modes": ("F",),
                "wrong_modes": ("RR", "FR"),
                "right_engines": ("inhouse",),
                "wrong_engines": ("autograd",),
                "rewritten": ("det",),
            },
            [
                (
                    "workarounds",
                    "torch in F; engine inhouse; torch with det written with other operations",
                ),
                ("fails too", "torch in RR, FR; engine autograd"),
            ],
        ),
    ],
)
def test_workarounds_are_what_was_tried(
    fields: dict[str, Any], told: list[tuple[str, str]]
) -> None:
    assert workarounds(bucket(**fields)) == told


def test_a_failing_test_does_not_call_wrong_what_it_did_not_ask() -> None:
    assert _right((), ()) == "none was asked"
    assert _right((), ("F", "RR")) == "none (also failing: F, RR)"
    assert _right(("F",), ("RR",)) == "F"


def test_an_engine_of_the_user_has_its_scripts_if_the_user_names_it(tmp_path: Path) -> None:
    engine = f"{BROKEN}sign"
    folder = ask(tmp_path / "run", plan("inhouse", engine), cases=40)
    shown = {}
    for kind, options in (("without", []), ("with", ["--engine", f"torch,{engine}"])):
        path = tmp_path / f"{kind}.html"
        done = CliRunner().invoke(app, ["report", folder.url, "--html", str(path), *options])
        assert done.exit_code == 1, done.output
        shown[kind] = path.read_text()
    count = len(run_report(folder).buckets)
    assert count > 0
    assert shown["without"].count('class="copy script"') == 0
    assert f"is imported only if ad-conformance report has --engine {engine}" in shown["without"]
    assert shown["with"].count('class="copy script"') == count
    assert "# sign 0.1.0, " in shown["with"]
    assert f"--engine {engine}</pre>" in shown["with"]


def test_a_case_that_is_too_long_is_not_on_the_page(tmp_path: Path) -> None:
    report = made_runs.report_of(made_runs.write(tmp_path / "run"))
    long = bucket(case=bucket().case + " " * 9000)
    assert "download=" in render(replace(report, buckets=(bucket(),)))
    assert "download=" not in render(replace(report, buckets=(long,)))


def test_the_legend_has_the_words_of_the_glossary() -> None:
    document = Path(__file__).parents[2] / "docs" / "glossary.md"
    rows = [
        line.split("|")[1:3] for line in document.read_text("utf-8").splitlines() if "|" in line
    ]
    plain = {}
    for term, meaning in rows:
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", meaning).replace("`", "")
        plain[term.strip().replace("`", "")] = re.sub(
            r" \(all (kinds|verdicts)\)$", "", text.strip()
        )
    assert {term: plain.get(term) for term in LEGEND} == dict(LEGEND)


def answers(**given: str) -> Kink:
    """A kink, of which engines gave answers: `torch_R="1.0"`."""
    told = {}
    for name, got in given.items():
        engine, _, mode = name.rpartition("_")
        failed = not re.match(r"[\d\[N-]", got)
        told[engine, mode] = (got, None) if failed else ("convention", got)
    return Kink("abs(x) at 0", told)


@pytest.mark.parametrize(
    ("asked", "marked"),
    [
        (answers(torch_R="1.0", jax_R="0.0"), True),
        (answers(torch_R="1.0", jax_R="1.00000001"), False),
        (answers(torch_R="[0.0, -0.0]", jax_R="[0.0, 0.0]"), False),
        (answers(torch_R="NaN", jax_R="NaN"), False),
        (answers(torch_R="NaN", jax_R="1.0"), True),
        # Who does not answer gives no other number.
        (answers(torch_R="1.0", jax_R="unsupported"), False),
        (answers(torch_R="1.0", jax_R="runtime_failure"), False),
        # One engine answers in one mode, the other in both.
        (answers(torch_R="1.0", torch_F="0.5", jax_R="1.0", jax_F="unsupported"), False),
        # An engine that differs from itself does not differ from another.
        (answers(torch_R="1.0", torch_F="0.5"), False),
        (answers(torch_R="1.0", torch_F="0.5", jax_R="1.0", jax_F="0.5"), False),
        (answers(torch_R="1.0", torch_F="0.5", jax_R="1.0", jax_F="0.25"), True),
    ],
)
def test_a_kink_is_marked_where_two_engines_that_answer_differ(asked: Kink, marked: bool) -> None:
    assert differ(asked) is marked
