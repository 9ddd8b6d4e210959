"""Triage of a campaign: causes as files, entries that are proposed, issues, and files that were
spoilt by hand.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from ad_conformance.conformance.known_failures import OWN, load
from ad_conformance.conformance.pool import truth_of
from ad_conformance.conformance.verdicts import judge
from ad_conformance.engines import registry
from ad_conformance.engines.contract import Answer
from ad_conformance.engines.process.sandbox import Sandbox
from ad_conformance.generators.ir.program import Case, Program, Step
from ad_conformance.reports.campaign.store import Folder
from ad_conformance.reports.issues import triage_pipeline as pipeline
from ad_conformance.reports.issues.bucket_files import MalformedBucket, bucket_at
from ad_conformance.reports.issues.issue import _beside, _callings, _certainty, _foreign, _versions
from ad_conformance.reports.nightly.changes import run_report

from tests.reports.test_campaign import BROKEN, ask, plan
from tests.triage.test_walk import called, issued, triaged

pytest.importorskip("duckdb")
SINES = Program((Step("exp", (0,)), Step("sin", (1,)), Step("multiply", (1, 2))))
SCAN = Program((Step("cumulative_sum", (0,), (("axis", 0),)), Step("sin", (1,))))
NAMED = tuple(
    ("seed", name, Case(program, point, mode).json)
    for name, program, point, mode in (
        ("sines", SINES, 0.5, "R"),
        ("sines", SINES, 0.25, "FR"),
        ("scan", SCAN, (0.5, 1.0), "R"),
    )
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A campaign of a wrong engine beside a right one, and its triage."""
    folder = tmp_path_factory.mktemp("run")
    ask(folder, plan("inhouse", f"{BROKEN}sign", named=NAMED), cases=5)
    done = triaged(folder)
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture
def bucket(run: Path) -> Path:
    (path,) = (run / "buckets").glob("*.json")
    return path


def test_findings_of_one_cause_are_one_file(run: Path, bucket: Path) -> None:
    found = bucket_at(bucket)
    assert [re.sub(r"\[.*", "", o) for o in found.cause.operations] == ["sin"]
    assert set(found.findings) == {path.name for path in (run / "findings").iterdir()}
    assert len([s for s in found.case.program.steps if s.operands]) == 1
    assert found.right_engines == ("inhouse",)
    assert "sin" in found.explanation[0]
    (told,) = run_report(Folder(str(run))).buckets
    assert (told.name, told.case, told.count) == (
        found.cause.name,
        found.case.json,
        len(found.findings),
    )


def test_known_bucket_is_not_searched_again(run: Path, bucket: Path) -> None:
    edited = json.loads(bucket.read_text())
    bucket.write_text(json.dumps({**edited, "issue": "https://example.org/1", "findings": []}))
    done = triaged(run)
    assert f"{len(edited['findings'])} findings: sign-" in done.output
    assert "steps in" not in done.output
    again = bucket_at(bucket)
    assert again.issue == "https://example.org/1"
    assert set(again.findings) == set(edited["findings"])
    bucket.write_text(json.dumps(edited))


def test_the_entry_that_is_proposed_covers_the_finding(
    run: Path, bucket: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry.OWN, "sign", f"{BROKEN}sign")
    for suffix, place in (("toml", "known"), ("json", "regressions")):
        (path,) = (run / "proposed").glob(f"*.{suffix}")
        (tmp_path / place).mkdir()
        (tmp_path / place / path.name).write_text(path.read_text())
    (entry,) = load(tmp_path / "known")
    engine = registry.find("sign")
    assert entry.names(engine)
    with Sandbox(engine) as sandbox:
        for case in (entry.pinned, *(Case(SINES, point, "RR") for point in (0.5, 2.0))):
            assert entry.covers(judge(case, "sign", sandbox.ask(case), truth_of(case)))


def test_what_is_proposed_is_a_folder_of_known_failures_as_it_is(
    run: Path, bucket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(OWN, str(run / "proposed"))
    *_, entry = load.__wrapped__()
    assert (entry.name, entry.engines) == (bucket.stem, ("sign",))


def test_an_issue_has_its_sections_in_order(bucket: Path) -> None:
    text = issued(bucket).output
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == [
        "To reproduce",
        "Actual",
        "Expected",
        "Where the wrong value first appears",
        "Workarounds",
        "Versions",
    ]


def test_title_and_first_sentence_of_an_issue_name_the_same_function(bucket: Path) -> None:
    title, _, sentence, *_ = issued(bucket).output.splitlines()
    subject = "first derivative of `inhouse.sin(x)` in"
    assert subject in title
    assert subject in sentence


def test_an_issue_shows_the_error_with_enough_digits(bucket: Path) -> None:
    found = re.search(
        r"got (\S+), expected (\S+):? .*relative error (\S+), (\S+) times the tolerance",
        issued(bucket).output,
    )
    assert found
    got, expected, error = (float(found[k].rstrip(":")) for k in (1, 2, 3))
    assert got != expected
    assert abs(got - expected) / abs(expected) == pytest.approx(error, rel=0.1)


def test_the_script_of_an_issue_fails_by_itself(bucket: Path) -> None:
    done = issued(bucket)
    assert done.exit_code == 0, done.output
    text = done.output
    assert "inhouse" not in text.partition("## Versions")[0].partition("## Expected")[2]
    script = re.search(r"```python\n(.*?)\n```", text, re.DOTALL)
    assert script
    ran = subprocess.run(
        [sys.executable, "-c", script[1]], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert "AssertionError" in ran.stderr


def test_another_way_to_ask_the_same_library(bucket: Path) -> None:
    """What runs right without jit is told by the line that differs; another library's engine is
    only named.
    """
    pytest.importorskip("jax")
    found = replace(bucket_at(bucket), right_engines=("jax-eager", "inhouse"))
    (told,) = _callings(found, registry.find("jax")).items()
    assert told[0] == "jax-eager"
    assert "jax.jac" in told[1]
    assert "jit" not in told[1]


def test_what_the_library_stands_on_has_its_release_told() -> None:
    jax = pytest.importorskip("jax")
    text = "import jax\nimport numpy as np\nimport jax.numpy as jnp\n"
    assert _beside(registry.find("enzyme-mlir"), text) == [f"- jax {jax.__version__}"]
    assert _beside(registry.find("jax"), text) == []


def test_an_issue_of_what_does_not_fail_any_more(bucket: Path) -> None:
    done = called("issue", bucket, "--engine", "inhouse")
    assert done.exit_code == 1
    assert "the case does not fail" in done.output


def test_releases_since_when_are_told(bucket: Path) -> None:
    """Where they are not to be found, the issue is whole without, and what is wrong stands beside
    it.
    """
    done = issued(bucket, "--bisect")
    assert done.exit_code == 2
    assert "no first bad release" not in done.stdout
    assert "## Versions" in done.stdout
    engine = f"engine '{BROKEN}sign'"
    why = f"{engine}: there are no releases of sign"
    assert done.stderr == f"ad-conformance: no first bad release: {why}\n"


def test_releases_since_when_are_kept(bucket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def boundary(case: Case, engine: str, *, bad: str | None, python: str = "") -> Any:
        asked.append((engine, bad))
        return SimpleNamespace(line="first bad: 1.2, after 1.1")

    monkeypatch.setattr(pipeline, "find_boundary", boundary)
    whole = bucket.read_text()
    try:
        for options in (["--bisect"], []):
            done = issued(bucket, *options)
            assert done.exit_code == 0, done.output
            assert "- first bad: 1.2, after 1.1" in done.output
        assert asked == [(f"{BROKEN}sign", None)]
        assert pipeline.since(bucket_at(bucket), "autograd@1.5").release
        assert asked[1] == ("autograd", "1.5")
    finally:
        bucket.write_text(whole)


def test_certainty_is_told_as_it_is() -> None:
    """Where smooth pieces meet, the function need not be analytic."""
    meeting = Program((Step("abs", (0,)), Step("multiply", (0, 1))))
    for program, said in (
        (meeting, "smooth pieces"),
        (SINES, "analytic there"),
        (Program((Step("constant", (), (("value", 2.0),)),)), "does not depend on"),
    ):
        case = Case(program, 0.0, "R")
        told = _certainty(
            judge(case, "inhouse", Answer("answered", value=np.full((), np.nan)), truth_of(case))
        )
        assert said in told


def test_versions_are_those_of_what_was_asked(bucket: Path) -> None:
    told = _versions(bucket_at(bucket), registry.find("autograd@1.5"))
    assert "- autograd 1.5\n" in told
    assert "- numpy<2\n- scipy<1.14" in told
    assert np.__version__ not in told
    assert f"NumPy {np.__version__}" in _versions(bucket_at(bucket), registry.find("inhouse"))


def test_text_is_fenced_in_its_own_language() -> None:
    assert registry.find("enzyme.jl").dialect.language.name == "julia"
    source = (
        'source = """\\\nstatic double f(double x) { return __enzyme_autodiff<double>(x); }\n"""\n'
    )
    (told,) = _foreign(source)
    assert "```cpp\nstatic double f" in told
    assert _foreign('"""A docstring."""') == []


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("format", 7, "format"),
        ("cause", {"engine": "sign"}, "failure is missing"),
        ("cause", {"engine": "sign@1", "failure": "wrong", "words": ["R"]}, "without a release"),
        ("case", {"format": 1}, "case: "),
        ("case", "import os", "case: "),
        ("findings", "all", "findings: Expected `array`"),
        ("verdict", "agree", "'agree' is not the verdict"),
        ("issue", 5, "issue: Expected `str`"),
        ("surplus", 1, "'surplus' is not a field here"),
        ("right_words", ["rr"], "right_words: 'rr' is not a mode"),
        (
            "rewrite",
            json.loads(Case(SINES, 0.5, "R" * 5).json),
            "rewrite: word: RRRRR is longer than 4",
        ),
        ("case", json.loads(Case(SINES, 0.5, "R" * 5).json), "case: word: RRRRR is longer than 4"),
        ("right_engines", ["\ud800"], "half a character"),
    ],
)
def test_bucket_file_with_invalid_fields_is_refused(
    bucket: Path, tmp_path: Path, field: str, value: Any, said: str
) -> None:
    spoilt = tmp_path / "bucket.json"
    spoilt.write_text(json.dumps({**json.loads(bucket.read_text()), field: value}))
    with pytest.raises(MalformedBucket, match=re.escape(said)) as caught:
        bucket_at(spoilt)
    assert str(caught.value).startswith(str(spoilt))
    assert "\n" not in str(caught.value)


def test_a_file_nested_too_deeply(tmp_path: Path) -> None:
    deep = tmp_path / "deep.json"
    deep.write_text("[" * 100_000)
    with pytest.raises(MalformedBucket, match=r"deep\.json: nested too deeply$"):
        bucket_at(deep)


def test_files_cut_short_and_engines_that_vanished_are_one_line(
    run: Path, bucket: Path, tmp_path: Path
) -> None:
    whole = bucket.read_text()
    cut = tmp_path / "cut.json"
    cut.write_text(whole[: len(whole) // 2])
    gone = tmp_path / "gone.json"
    gone.write_text(json.dumps({**json.loads(whole), "engine": f"{BROKEN}vanished"}))
    missing = tmp_path / "missing.json"
    missing.write_text(json.dumps({**json.loads(whole), "engine": f"{BROKEN}unimportable"}))
    for path, *options in (
        [cut],
        [gone],
        [gone, "--engine", f"{BROKEN}vanished"],
        [missing, "--engine", f"{BROKEN}unimportable"],
        [tmp_path / "nowhere.json"],
    ):
        done = called("issue", path, *options)
        assert done.exit_code == 2, done.output
        assert done.stderr.count("\n") == 1, done.stderr
    try:
        bucket.write_text(whole[: len(whole) // 2])
        for done in (triaged(run), called("report", run)):
            assert done.exit_code == 2, done.output
            assert done.stderr.count("\n") == 1, done.stderr
            assert bucket.name in done.stderr
    finally:
        bucket.write_text(whole)
