"""The text of an issue says what was asked and what came of it, and nothing else."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ad_conformance.conformance.known_failures import REGRESSIONS
from ad_conformance.conformance.pool import truth_of
from ad_conformance.conformance.triage.causes import Cause
from ad_conformance.conformance.verdicts import Result, judge
from ad_conformance.engines import registry
from ad_conformance.engines.contract import Answer, Engine
from ad_conformance.engines.process.sandbox import Sandbox
from ad_conformance.generators.ir.case_io import read_case
from ad_conformance.generators.ir.program import Case, Program, Step
from ad_conformance.reports.issues import triage_pipeline as pipeline
from ad_conformance.reports.issues.bucket_files import BucketFile, bucket_at, doubt
from ad_conformance.reports.issues.issue import ADDRESS, issue_text

from tests import broken_engines as broken
from tests.reports.test_campaign import BROKEN
from tests.triage.test_walk import campaign, files, issued, triaged

SINE = Case(Program((Step("sin", (0,)),)), 0.5, "R")
COSINE = 0.8775825618903728
INHOUSE = registry.find("inhouse")


def file_of(case: Case = SINE, *operations: str, **more: Any) -> BucketFile:
    cause = Cause("inhouse", "wrong", (case.mode,), operations or ("sin",))
    return BucketFile(cause, "inhouse", "0.1.0", "wrong", case, **more)


def text_of(answer: Answer, case: Case = SINE, *operations: str, **more: Any) -> str:
    finding = judge(case, "inhouse", answer, truth_of(case))
    assert finding.is_finding
    return issue_text(file_of(case, *operations, **more), finding, INHOUSE, {})


def answered(value: Any) -> Answer:
    return Answer("answered", value=np.asarray(value))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (-COSINE, "has the wrong sign"),
        (2 * COSINE, "is 2 x the expected value"),
        (0.0, "is 0 instead of 0.878"),
        (0.25, "is 0.25 instead of 0.877583 (relative error 0.72)"),
        (COSINE * (1 + 1e-9), "is right to only 8 digits"),
        (np.nan, "is NaN or infinite instead of finite"),
    ],
)
def test_title_and_first_sentence_say_how_wrong_a_value_is(value: float, said: str) -> None:
    title, _, sentence, *_ = text_of(answered(value)).splitlines()
    what = "The first derivative of `inhouse.sin(x)` in reverse mode"
    assert title == f"# {what} {said}"
    assert sentence == (
        f"In inhouse {INHOUSE.version()}, the {what[4:]} at x = 0.5 {said}. No error is raised."
    )


def test_title_and_first_sentence_name_an_operation_of_the_program() -> None:
    """The cause may be in a part of the operation, which the program does not have."""
    steps = [Step("multiply", (0, 0))]
    steps += [Step("cholesky", (k,)) for k in (1, 2, 3)]
    case = Case(Program(tuple(steps)), ((2.0, 0.0), (0.0, 2.0)), "R")
    title, _, sentence, *_ = text_of(Answer("crashed", error="SIGABRT"), case, "solve").splitlines()
    for line in (title, sentence):
        assert "cholesky" in line
        assert "solve" not in line


def test_an_operation_is_called_as_users_of_the_engine_know_it() -> None:
    torch = registry.find("torch")
    real = (("part", "real"),)
    case = Case(Program((Step("polar", (0, 0), real), Step("exp", (1,)))), 0.5, "R")
    finding = judge(case, "torch", answered(0.0), truth_of(case))
    text = issue_text(file_of(case, "polar"), finding, torch, {})
    assert text.startswith("# The first derivative of `torch.polar` in reverse mode is 0 ")
    assert "stands for this" not in text


def test_a_name_that_only_this_project_uses_is_explained() -> None:
    steps = Program((Step("complex_square_abs", (0, 0)), Step("exp", (1,)), Step("exp", (2,))))
    case = Case(steps, 0.5, "R")
    finding = judge(case, "torch", answered(0.0), truth_of(case))
    file = file_of(case, "complex_square_abs")
    text = issue_text(file, finding, registry.find("torch"), {})
    # Its template calls torch.abs, which is only a part of it.
    assert re.search(r"`complex_square_abs` stands for this: \w+", text.splitlines()[2])


def test_certainty_is_told_only_where_a_number_is_in_question() -> None:
    certain = "This value was not computed by automatic differentiation."
    assert certain in text_of(answered(0.0))
    assert certain in text_of(answered(np.nan))
    for answer in (
        Answer("raised", stage="run", error="TypeError", message="no rule"),
        Answer("crashed", error="SIGSEGV"),
        Answer("timeout"),
        answered(np.full((1,), COSINE)),
        answered(np.float32(COSINE)),
        replace(answered(COSINE), message="the input x is changed"),
    ):
        text = text_of(answer)
        assert certain not in text
        assert "## Expected\n\n`0.87758256189037" in text


def test_the_last_lines_of_a_traceback_are_shown() -> None:
    with Sandbox(broken.several) as sandbox:
        case = Case(Program((Step("tan", (0,)),)), 0.5, "R")
        answer = sandbox.ask(case)
    assert answer.traceback.splitlines()[-1].strip() == 'File "<header>", line 14, in refuse'
    actual = text_of(answer, case, "tan").partition("## Actual")[2].partition("## Expected")[0]
    lines = actual.strip().strip("`").strip().splitlines()
    assert "in refuse" in actual
    assert lines[-1].startswith("TypeError: no rule for an operand of shape ()")


def test_a_traceback_does_not_tell_where_packages_are_installed() -> None:
    raising = replace(INHOUSE, name="raising", run="import numpy\nnumpy.linalg.solve(1, 2)")
    with Sandbox(raising) as sandbox:
        trace = sandbox.ask(SINE).traceback
    assert 'File "numpy/linalg/' in trace
    assert "site-packages" not in trace


def test_the_last_words_of_a_killed_process_are_shown() -> None:
    with Sandbox(broken.several) as sandbox:
        case = Case(Program((Step("erf", (0,)),)), 0.5, "R")
        text = text_of(sandbox.ask(case), case, "erf")
    assert "kills the process (SIGABRT)" in text.splitlines()[0]
    assert "last words" in text.partition("## Actual")[2].partition("## Expected")[0]
    assert "Output of the process" not in text
    printed = "a warning\n*** stack smashing detected ***"
    text = text_of(Answer("crashed", error="SIGABRT", message="a warning", printed=printed))
    assert f"## Actual\n\n```\n{printed}\nSIGABRT\n```" in text


def test_an_issue_names_the_project_with_its_address() -> None:
    assert f"[ad-conformance]({ADDRESS})" in text_of(answered(0.0)).splitlines()[-1]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({}, "Not tried."),
        ({"wrong_modes": ("F",)}, "None found."),
        ({"right_modes": ("F",)}, "- In inhouse, forward mode gives the expected result."),
        (
            {"right_modes": ("F",), "wrong_modes": ("RR", "FR")},
            "- In inhouse, forward mode gives the expected result.",
        ),
    ],
)
def test_workarounds_are_what_was_tried(told: dict[str, Any], said: str) -> None:
    text = text_of(answered(0.0), **told)
    actual = text.partition("## Actual")[2].partition("## Expected")[0]
    fails = {("F",): "forward mode fails", (): ""}.get(
        told.get("wrong_modes", ()), "reverse over reverse mode and forward over reverse mode fail"
    )
    assert actual.endswith(f"\n\nIn inhouse, {fails}, too.\n\n" if fails else "rounding.\n\n")
    assert text.partition("## Workarounds\n\n")[2].partition("\n\n## Versions")[0] == said


def libraries(engines: list[Engine], python: str) -> Any:
    """The engines without others that use the same library."""
    return iter(engines)


def test_a_case_that_every_engine_fails_is_suspect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Triage, its proposed entry, the issue and its text say so."""
    monkeypatch.setattr(pipeline, "_with_siblings", libraries)
    wrong = f"{BROKEN}sign", f"{BROKEN}mendable"
    folder = campaign(tmp_path / "both", *wrong, cases=[SINE])
    done = triaged(folder)
    assert done.exit_code == 0, done.output
    assert done.output.count("; suspect: no engine that was asked gives the expected result") == 2
    file = next(file for file in files(folder) if file.cause.engine == "sign")
    assert file.wrong_engines == ("mendable",)
    assert file.suspect.endswith("also failing: mendable")
    path = folder / "buckets" / file.file
    assert bucket_at(path).suspect == file.suspect
    shown = issued(path)
    assert shown.stdout.startswith(f"<!-- Check the case before you post: {file.suspect}. -->\n")
    assert "suspect: no engine" in shown.stderr
    assert "# suspect: " in (folder / "proposed" / f"{file.name}.toml").read_text()
    # One engine that is right suffices.
    folder = campaign(tmp_path / "one", *wrong, "inhouse", cases=[SINE])
    assert "suspect" not in triaged(folder).output
    assert {file.suspect for file in files(folder)} == {""}


def test_engines_of_one_library_do_not_make_a_case_suspect() -> None:
    assert doubt("torch", ()) == ""
    assert doubt("torch", ("torch-autograd",)) == ""
    assert doubt("torch@2.13.0", ("torch-autograd", "torch")) == ""
    assert doubt("torch", ("torch-autograd", "jax")).endswith("also failing: jax")
    assert not file_of(wrong_engines=("jax",), right_modes=("F",)).suspect
    assert file_of(wrong_engines=("jax",)).suspect


def test_a_result_without_a_value_has_no_digits_to_show() -> None:
    finding = Result(SINE, "inhouse", judge(SINE, "inhouse", Answer("timeout"),
                     truth_of(SINE)).verdict, Answer("timeout"), truth_of(SINE))  # fmt: skip
    assert "does not return" in issue_text(file_of(), finding, INHOUSE, {}).splitlines()[0]


def test_wrappers_are_named_where_they_are_needed() -> None:
    case = replace(SINE, wrappers=(("vmap",),))
    needed = "needed for the failure: nest R(vmap(f))"
    rewrite = replace(case, program=Program((Step("cos", (0,)),)))
    text = text_of(answered(-COSINE), case, explanation=(needed,), rewrite=rewrite)
    title, _, sentence, *_ = text.splitlines()
    assert title.endswith(" in reverse mode with `vmap` has the wrong sign")
    assert "What is computed is `R(vmap(f))`, where `f` is the program." in sentence
    assert "`vmap` of a function stands for this: it is mapped over a batch" in sentence
    workarounds = text.partition("## Workarounds")[2]
    assert "- Without `vmap`, this failure does not occur." in workarounds
    assert "inhouse.cos(x)" in workarounds
    functions = INHOUSE.wrapper_functions
    assert functions
    assert re.findall(r"def \w+", functions)[0] not in workarounds
    assert "Without" not in text_of(answered(-COSINE), case).partition("## Workarounds")[2]


def test_a_further_name_is_the_one_that_users_know() -> None:
    torch = registry.find("torch")
    if not torch.installed():
        pytest.skip("torch is not installed")
    case = read_case(REGRESSIONS / "torch-conv-tbc-second.json")
    finding = judge(case, "torch", Answer("raised", error="RuntimeError"), truth_of(case))
    cause = Cause("torch", "raised", (case.mode,), ("convolution",))
    file = BucketFile(cause, "torch", "", "runtime_failure", case)
    title = issue_text(file, finding, torch, {}).partition("\n")[0]
    assert "`torch.conv_tbc`" in title
