"""The life of a known failure across releases: known, fixed, changed, regressed, and its entry."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from ad_conformance.conformance.known_failures import OWN, KnownFailure, load
from ad_conformance.conformance.pool import EnginePool, truth_of
from ad_conformance.conformance.standings import editing
from ad_conformance.conformance.standings.library import look_at
from ad_conformance.conformance.standings.standing import (
    Standing,
    Standings,
    news,
    recorded,
    release_of,
    standing_of,
)
from ad_conformance.conformance.verdicts import Result, Verdict, judge
from ad_conformance.engines.contract import Answer, Engine
from ad_conformance.engines.process.runners import HERE
from ad_conformance.generators.ir.program import Case, Program, Step
from ad_conformance.reports import releases_page
from ad_conformance.reports.cli.commands import app
from packaging.version import Version
from typer.testing import CliRunner

from tests import broken_engines as broken

ROOT = Path(__file__).parents[2]
SIN = Program((Step("sin", (0,)),))
SQUARE = Program((Step("sin", (0,)), Step("multiply", (1, 1))))


@dataclass(frozen=True)
class Installed:
    """A runner in this interpreter, which says that another release is installed."""

    release: str

    def command(self, descriptor: int) -> list[str]:
        return HERE.command(descriptor)

    def environment(self) -> Mapping[str, str]:
        return HERE.environment()

    def installed(self, module: str) -> bool:
        return True

    def version(self, distribution: str) -> str:
        return self.release

    def below(self) -> tuple[str, ...]:
        return ()


def released(engine: Engine, release: str) -> Engine:
    return replace(engine, distribution="test-library", runner=Installed(release))


def entry_text(name: str, engine: str, more: str = 'seen = ["2.0"]') -> str:
    return f"""
# About {name}.
[[failure]]
name = "{name}"
summary = "sin"
issue = "https://example.org/{name}"
engines = ["{engine}"]
{more}
words = "R"
verdicts = ["wrong"]
operations = ["sin"]
case = "sin.json"
"""


def entries(tmp_path: Path, *texts: str, name: str = "test") -> tuple[KnownFailure, ...]:
    (tmp_path / "known").mkdir(exist_ok=True, parents=True)
    (tmp_path / "regressions").mkdir(exist_ok=True)
    (tmp_path / "regressions" / "sin.json").write_text(Case(SIN, 0.5, "R").json)
    (tmp_path / "known" / f"{name}.toml").write_text("".join(texts))
    return load.__wrapped__(tmp_path / "known")


def own_entries(tmp_path: Path, text: str) -> list[KnownFailure]:
    """Entries of an engine that this project does not know."""
    own(tmp_path, text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(OWN, str(tmp_path))
        return [one for one in load.__wrapped__() if one.file.parent == tmp_path]


def entry(tmp_path: Path, more: str) -> KnownFailure:
    return entries(tmp_path, entry_text("a", "inhouse", more))[0]


def result(verdict: Verdict) -> Result:
    case = Case(SIN, 0.5, "R")
    answers = {
        Verdict.AGREE: Answer("unsupported"),
        Verdict.WRONG: Answer("unsupported"),
        Verdict.RUNTIME_FAILURE: Answer("raised", stage="run", error="TypeError"),
        Verdict.UNSUPPORTED: Answer("unsupported"),
    }
    return replace(judge(case, "inhouse", answers[verdict], truth_of(case)), verdict=verdict)


@pytest.mark.parametrize(
    ("more", "release", "verdict", "standing"),
    [
        ('seen = ["2.0"]', "2.0", Verdict.WRONG, "known"),
        ('seen = ["2.0"]', "3.0", Verdict.WRONG, "known"),
        ('seen = ["2.0"]', "", Verdict.WRONG, "known"),
        ('seen = ["2.0"]', "3.0", Verdict.AGREE, "fixed"),
        ('seen = ["2.0"]', "2.0", Verdict.AGREE, "fixed"),
        ("seen = []", "", Verdict.AGREE, "fixed"),
        ('seen = ["2.0"]', "1.0", Verdict.AGREE, "not yet"),
        ('seen = ["2.0"]', "3.0", Verdict.RUNTIME_FAILURE, "changed"),
        ('seen = ["2.0"]', "3.0", Verdict.UNSUPPORTED, "not compared"),
        ('seen = ["2.0"]\nfixed_in = "3.0"', "2.5", Verdict.WRONG, "known"),
        ('seen = ["2.0"]\nfixed_in = "3.0"', "3.0", Verdict.WRONG, "regressed"),
        ('seen = ["2.0"]\nfixed_in = "3.0"', "3.1", Verdict.RUNTIME_FAILURE, "regressed"),
        ('seen = ["2.0"]\nfixed_in = "3.0"', "3.1", Verdict.AGREE, "fixed"),
    ],
)
def test_the_pinned_case_decides(
    tmp_path: Path, more: str, release: str, verdict: Verdict, standing: str
) -> None:
    found = release_of(released(broken.honest, release))
    assert standing_of(entry(tmp_path, more), found, result(verdict)) == standing


@pytest.mark.parametrize(
    ("more", "release", "standing"),
    [
        ('seen = ["2.0"]', "2.0", "known"),
        ('seen = ["2.0"]', "2.0+cpu", "known"),
        ('seen = ["2.0"]', "2.1", None),
        ('seen = ["2.0"]\nfixed_in = "3.0"', "3.1.dev5", "fixed"),
        ('seen = ["2.0"]\nfixed_in = "3.0"', "2.9", None),
        ('seen = ["2.0"]\nright_until = "1.0"', "0.9", "not yet"),
        ('seen = ["2.0"]\nchanged = ["2.1"]', "2.1", "changed"),
        ('seen = ["2.0"]', "", None),
    ],
)
def test_what_an_entry_says_of_a_release(
    tmp_path: Path, more: str, release: str, standing: str | None
) -> None:
    found = release_of(released(broken.honest, release))
    assert recorded(entry(tmp_path, more), found) == standing


@pytest.mark.parametrize(
    ("more", "standing", "line"),
    [
        ('seen = ["2.0"]', Standing.FIXED, 'agrees; add fixed_in = "3.0" in test.toml'),
        ('seen = ["3.0"]', Standing.FIXED, "although in test.toml this release is in seen"),
        ('seen = ["2.0"]\nfixed_in = "3.0"', Standing.FIXED, ""),
        ('seen = ["2.0"]', Standing.CHANGED, 'add "3.0" to changed in test.toml'),
        ('seen = ["2.0"]', Standing.KNOWN, 'add "3.0" to seen in test.toml'),
        ('seen = ["2.0", "3.0"]', Standing.KNOWN, ""),
        ('seen = ["4.0"]', Standing.NOT_YET, 'add right_until = "3.0" in test.toml'),
        ('seen = ["2.0"]\nfixed_in = "3.0"', Standing.REGRESSED, "fixed_in is 3.0"),
        ('seen = ["2.0"]', Standing.NOT_COMPARED, ""),
    ],
)
def test_the_line_to_edit(tmp_path: Path, more: str, standing: Standing, line: str) -> None:
    told = news(entry(tmp_path, more), "lib", Version("3.0"), standing)
    assert told.endswith(line)
    assert bool(told) == bool(line)
    assert not told or told.startswith("a in lib 3.0: its pinned case ")


def test_findings_belong_to_an_entry_only_if_its_pinned_case_fails(tmp_path: Path) -> None:
    (only,) = own_entries(tmp_path, entry_text("a", "sign"))
    wrong, right = released(broken.sign, "3.0"), released(broken.honest, "3.0")
    pool = EnginePool([wrong, right])
    finding = pool.judge(Case(SQUARE, 0.5, "R"), "sign")
    assert finding.verdict is Verdict.WRONG
    match = Standings([only], pool.probe).match(finding, wrong)
    assert match
    assert (match.standing, match.is_known) == (Standing.KNOWN, True)
    # The pinned case agrees in this release: the finding has another cause.
    fixed = Standings([only], lambda case, engine: pool.probe(case, "honest"))
    assert fixed.match(finding, wrong) is None
    # A release that the entry has in `seen` is not asked again.
    assert fixed.match(finding, released(broken.sign, "2.0"))
    (back,) = own_entries(tmp_path, entry_text("a", "sign", 'seen = ["2.0"]\nfixed_in = "2.5"'))
    match = Standings([back], pool.probe).match(finding, wrong)
    assert match
    assert (match.standing, match.is_known) == (Standing.REGRESSED, False)
    pool.close()


def test_findings_that_fail_as_the_pinned_case_now_does(tmp_path: Path) -> None:
    (only,) = own_entries(tmp_path, entry_text("a", "running"))
    engine = released(broken.running, "3.0")
    pool = EnginePool([engine])
    finding = pool.judge(Case(SQUARE, 0.5, "R"), "running")
    match = Standings([only], pool.probe).match(finding, engine)
    assert match
    assert match.standing is Standing.CHANGED
    # Another operation, and so another failure.
    other = Case(Program((Step("exp", (0,)),)), 0.5, "R")
    assert Standings([only], pool.probe).match(pool.judge(other, "running"), engine) is None
    pool.close()


def suite(tmp_path: Path, engines: str, *more: str) -> subprocess.CompletedProcess[str]:
    named = ",".join(f"tests.broken_engines:{name}" for name in engines.split(","))
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "conformance/test_known_failures.py",
            f"--engine={named}",
            "-k",
            "mine",
            *more,
        ],
        cwd=ROOT,
        env={**os.environ, OWN: str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )


def own(tmp_path: Path, *texts: str) -> Path:
    (tmp_path / "sin.json").write_text(Case(SIN, 0.5, "R").json)
    (tmp_path / "test.toml").write_text("".join(texts))
    return tmp_path


def test_the_suite_tells_fixed_and_changed_and_strict_fails(tmp_path: Path) -> None:
    """The engines of the tests have the release of this project, 0.1.0."""
    old = 'seen = ["0.0.1"]'
    folder = own(
        tmp_path,
        entry_text("mine-known", "sign", 'seen = ["0.1.0"]'),
        entry_text("mine-fixed", "honest", old),
        entry_text("mine-changed", "nan", old),
    )
    done = suite(folder, "sign,honest,nan")
    assert done.returncode == 0, done.stdout
    for line in (
        "sign 0.1.0: known failures: 1 known, 0 fixed, 0 changed, 0 regressed; new findings: 0",
        "honest 0.1.0: known failures: 0 known, 1 fixed, 0 changed, 0 regressed; new findings: 0",
        'fixed: mine-fixed in honest 0.1.0: its pinned case agrees; add fixed_in = "0.1.0" in '
        "test.toml",
        "changed: mine-changed in nan 0.1.0: its pinned case fails in another way; add "
        '"0.1.0" to changed in test.toml',
    ):
        assert line in done.stdout.splitlines()
    strict = suite(folder, "sign,honest,nan", "--strict")
    assert strict.returncode == 1
    assert "2 failed" in strict.stdout
    assert "--strict: mine-fixed in honest 0.1.0" in strict.stdout


def test_the_suite_is_red_for_a_failure_that_is_back(tmp_path: Path) -> None:
    more = 'seen = ["0.0.1"]\nfixed_in = "0.0.2"'
    done = suite(own(tmp_path, entry_text("mine", "sign", more)), "sign")
    assert done.returncode == 1, done.stdout
    assert "regressed: mine was fixed in 0.0.2, and is back: sin" in done.stdout
    assert "1 regressed; new findings: 0" in done.stdout


def test_looking_at_a_release_and_writing_it_down(tmp_path: Path) -> None:
    kept = entry_text("other", "nonesuch", 'seen = ["9.9"] # never asked').replace(
        "nonesuch", "jax"
    )
    texts = (
        entry_text("one", "sign", 'seen = [\n  "2.0",\n]'),
        entry_text("two", "sign", 'seen = ["2.0"]\nfixed_in = "2.5"'),
        kept,
    )
    known = entries(tmp_path, *(text.replace('"sign"', '"inhouse"') for text in texts))
    # The adapter of `sign` under the name that the entries have.
    engine = replace(released(broken.sign, "3.0"), name="inhouse")
    found = look_at(engine, known)
    assert [one.line for one in found] == ["known: one: sin", "regressed: two: sin"]
    path = tmp_path / "known" / "test.toml"
    assert editing.write(found) == {path: 2}
    assert kept in path.read_text()
    one, two, _ = load.__wrapped__(tmp_path / "known")
    assert [*map(str, one.seen)] == ["2.0", "3.0"]
    assert ([*map(str, two.seen)], two.fixed_in) == (["2.0", "3.0"], None)
    # A later release that is right, then an earlier one of the two.
    for release in ("5.0", "4.0", "6.0"):
        engine = replace(released(broken.honest, release), name="inhouse")
        editing.write(look_at(engine, load.__wrapped__(tmp_path / "known")))
    one, *_ = load.__wrapped__(tmp_path / "known")
    assert one.fixed_in == Version("4.0")
    engine = replace(released(broken.honest, "1.0"), name="inhouse")
    editing.write(look_at(engine, load.__wrapped__(tmp_path / "known")))
    one, *_ = load.__wrapped__(tmp_path / "known")
    assert one.right_until == Version("1.0")
    assert "# About one." in path.read_text()


def test_a_file_that_cannot_be_edited_stays_as_it_is(tmp_path: Path) -> None:
    inline = entry_text("one", "inhouse").replace(
        'seen = ["2.0"]', "seen = ['2.0']\n\"fixed_in\" = '3.0'"
    )
    known = entries(tmp_path, inline)
    engine = replace(released(broken.sign, "4.0"), name="inhouse")
    before = (tmp_path / "known" / "test.toml").read_text()
    with pytest.raises(ValueError, match=r"test.toml: cannot be edited automatically"):
        editing.write(look_at(engine, known))
    assert (tmp_path / "known" / "test.toml").read_text() == before


def test_the_page_has_the_newest_regression_on_top(tmp_path: Path) -> None:
    known = entries(
        tmp_path,
        entry_text("old", "inhouse", 'seen = ["1.0", "2.0"]\nfixed_in = "3.0"'),
        entry_text("fresh", "inhouse", 'seen = ["3.0"]\nright_until = "2.0"'),
        name="lib",
    )
    lines = list(releases_page.lines(known))
    assert "| lib | 3.0 | 1 | 1 | 0 |" in lines
    fresh, fixed = (
        "- [fresh](https://example.org/fresh) began in 3.0: sin",
        "- [old](https://example.org/old) fixed in 3.0: sin",
    )
    assert lines.index(fresh) < lines.index(fixed)
    assert "| failure | 1.0 | 2.0 | 3.0 |" in lines
    assert "| [old](https://example.org/old) | ✗ | ✗ | ✓ |" in lines
    assert "| [fresh](https://example.org/fresh) | ✓ | ✓ | ✗ |" in lines


def test_the_page_of_this_project_is_made_from_its_entries() -> None:
    page = (ROOT / "docs" / "releases.md").read_text()
    assert page == "\n".join(releases_page.lines(load())).rstrip() + "\n", (
        "ad-conformance known --page docs/releases.md"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--engine", "inhouse", "--releases", "2"), "name an engine that pip installs"),
        (("--engine", "nonesuch"), "engine 'nonesuch' is not known"),
        (("--page", "nowhere/page.md"), "nowhere/page.md: No such file or directory"),
    ],
)
def test_the_command_refuses_in_one_line(arguments: tuple[str, ...], message: str) -> None:
    done = CliRunner().invoke(app, ["known", *arguments])
    assert done.exit_code == 2
    assert message in done.output
    assert done.output.count("\n") == 1


@pytest.fixture
def entries_read_again() -> Iterator[None]:
    """Other tests must not get the entries that the command has read."""
    yield
    load.cache_clear()


@pytest.mark.usefixtures("entries_read_again")
def test_the_command_asks_this_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = own(tmp_path, entry_text("mine", "inhouse", 'seen = ["0.0.1"]'))
    monkeypatch.setenv(OWN, str(folder))
    done = CliRunner().invoke(app, ["known", "--engine", "inhouse"])
    assert done.exit_code == 0
    assert "fixed: mine: sin" in done.output
    assert 'add fixed_in = "0.1.0" in test.toml' in done.output
    assert CliRunner().invoke(app, ["known", "--engine", "inhouse", "--strict"]).exit_code == 1
    done = CliRunner().invoke(app, ["known", "--engine", "inhouse", "--write"])
    assert done.exit_code == 0
    assert 'fixed_in = "0.1.0"' in (folder / "test.toml").read_text()
    assert CliRunner().invoke(app, ["known", "--engine", "inhouse", "--strict"]).exit_code == 0
