"""Bisection: over rows of invented releases, and over wheels of a tiny library, each in an
environment.
"""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from ad_conformance.conformance.triage.failure_key import FailureKey
from ad_conformance.conformance.triage.releases.bisect import Found
from ad_conformance.conformance.triage.releases.search import (
    Boundary,
    NoBoundary,
    Observation,
    bisect,
)
from ad_conformance.conformance.verdicts import Verdict
from ad_conformance.engines.process.releases import NoReleases, released
from ad_conformance.generators.ir.program import Case, Program, Step
from ad_conformance.reports.cli.commands import app
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from tests.tiny import publish
from validation.bisections import bugs, right, row

TINY = "tests.tiny:tiny"
GOOD = Observation("agree", agrees=True)
BAD = Observation("wrong", failure=FailureKey(Verdict.WRONG))
OTHER, ABSENT = (
    Observation("runtime_failure", failure=FailureKey(Verdict.RUNTIME_FAILURE, error, message))
    for error, message in (("ValueError", "another"), ("AttributeError", "no attribute"))
)
SILENT = Observation("cannot be asked: no wheel")
LETTERS = {"g": GOOD, "b": BAD, "o": OTHER, "a": ABSENT, ".": SILENT}


def search(row: str, **ends: int | None) -> tuple[Boundary, list[int]]:
    """Search releases named after their index. The letters say what each answers. Also returns the
    releases that were asked.
    """
    asked: list[int] = []

    def observe(release: str) -> Observation:
        asked.append(int(release))
        return LETTERS[row[int(release)]]

    options = {"latest": len(row) - 1, **{k: v for k, v in ends.items() if v is not None}}
    return bisect([str(k) for k in range(len(row))], observe, **options), asked


@given(st.integers(1, 300), st.integers(1, 300), st.booleans())
def test_one_change_is_found_in_log2_releases(older: int, newer: int, begins: bool) -> None:
    row = "g" * older + "b" * newer if begins else "b" * older + "g" * newer
    found, asked = search(row)
    assert (found.before, found.after, found.begins, found.asked_all) == (
        older - 1,
        older,
        begins,
        True,
    )
    assert len(asked) == len(set(asked)) <= 2 + math.ceil(math.log2(len(row) - 1))


@given(st.lists(st.sampled_from("gbo."), max_size=40), st.booleans())
def test_whatever_lies_between_the_ends_is_reported(between: list[str], begins: bool) -> None:
    ends = "gb" if begins else "bg"
    row = ends[0] + "".join(between) + ends[1]
    found, asked = search(
        row,
        good=row.index("g", None if begins else len(row) - 1),
        bad=0 if not begins else len(row) - 1,
    )
    assert row[found.before] == ends[0]
    assert row[found.after] == ends[1]
    silent = set(range(found.before + 1, found.after))
    if found.asked_all:
        assert silent <= set(asked)
        assert {row[k] for k in silent} <= set("o.")
    assert len(asked) <= 32


@pytest.mark.parametrize(
    ("row", "before", "after"),
    [
        # The change lies among releases that cannot say: all of them are named.
        ("gg..bb", 1, 4),
        ("gg.obb", 1, 4),
        ("bb..gg", 1, 4),
        # They lie elsewhere.
        ("g..gbb", 3, 4),
        ("ggb..b", 1, 2),
        # Those before the first that says anything do not count.
        ("....ggbb", 5, 6),
        (".....b.g", 5, 7),
        # What was not there yet is no failure, as long as nobody says that it is.
        ("aaabbgg", 4, 5),
    ],
)
def test_releases_that_cannot_say_are_passed(row: str, before: int, after: int) -> None:
    found, _ = search(row)
    assert (found.before, found.after) == (before, after)


def test_a_failure_with_another_key_is_neither_good_nor_bad() -> None:
    assert search("ooobbbgggg", good=9, bad=3)[0].after == 6
    assert search("ggooob", good=0, bad=5)[0].before == 1
    found, _ = search("goooob", good=0, bad=5)
    assert (found.before, found.after, found.asked_all) == (0, 5, True)
    # Where nobody says which finding is meant, it is the one that came right.
    found, asked = search("bbb" + "o" * 40 + "gg")
    assert (found.after, found.failure, len(asked) < 10) == (43, OTHER.failure, True)
    # Asked for, what was not there yet is what is bad.
    assert search("aaagggg", good=6, bad=0)[0].after == 3


def test_not_all_of_many_releases_that_cannot_say_are_asked() -> None:
    found, asked = search("g" * 30 + "." * 100 + "b" * 30, good=0, bad=159)
    assert (found.before, found.after, found.asked_all) == (29, 130, False)
    assert len(asked) <= 2 + 3 * 8 + 2


def test_at_most_the_given_number_of_releases_is_asked() -> None:
    asked: list[str] = []

    def observe(release: str) -> Observation:
        asked.append(release)
        return {"0": GOOD, "999": BAD}.get(release, SILENT)

    found = bisect([str(k) for k in range(1000)], observe, latest=999, good=0, bad=999, most=10)
    assert (found.before, found.after, found.asked_all, len(asked)) == (0, 999, False, 10)
    with pytest.raises(NoBoundary, match="among 10 releases"):
        bisect(
            [str(k) for k in range(1000)],
            lambda release: GOOD if release == "999" else SILENT,
            latest=999,
            most=10,
        )


@pytest.mark.parametrize(
    ("row", "ends", "said"),
    [
        ("bbb", {}, "2: wrong, and no older release is known to answer otherwise"),
        ("ggg", {}, "2: agree, and no older release is known to answer otherwise"),
        ("..g", {}, "2: agree, and no older release is known to answer otherwise"),
        ("aag", {}, "2: agree, and no older release is known to answer otherwise"),
        ("g", {}, "0: agree, and no older release is known to answer otherwise"),
        ("gb.", {}, "2: cannot be asked: no wheel; name a good release and a bad one"),
        ("bbg", {"good": 0, "bad": 1}, "0: wrong, which is not good"),
        ("bgg", {"good": 2, "bad": 1}, "1: agree, which is no finding"),
        ("g.b", {"good": 0, "bad": 1}, "1: cannot be asked: no wheel, which is no finding"),
        ("b.g", {"good": 1, "bad": 0}, "1: cannot be asked: no wheel, which is not good"),
    ],
)
def test_without_two_ends_there_is_no_boundary(row: str, ends: dict[str, int], said: str) -> None:
    with pytest.raises(NoBoundary) as caught:
        search(row, **ends)
    assert str(caught.value) == said


def test_the_other_end_is_searched_if_one_is_given() -> None:
    # The other one is the newest release where it answers otherwise, or an older one.
    assert search("ggbbgg", bad=2)[0].after == 4
    assert search("ggbbbb", bad=4)[0].after == 2
    assert search("ggbb", good=0)[0].after == 2
    assert search("bbgggg", good=4)[0].after == 2


SQUARE = Case(Program((Step("multiply", (0, 0)),)), 0.5, "R")


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that the installers look into, an empty cache, and a case in case.json."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for name in ("PIP_FIND_LINKS", "UV_FIND_LINKS"):
        monkeypatch.setenv(name, str(folder))
    monkeypatch.setenv("AD_CONFORMANCE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "case.json").write_text(SQUARE.json)
    return folder


def command(wheels: Path, *options: str, case: str = "case.json") -> tuple[int, list[str]]:
    done = CliRunner().invoke(
        app, ["bisect", str(wheels.parent / case), "--engine", TINY, *options]
    )
    return done.exit_code, done.output.splitlines()


def alternating(folder: Path) -> str:
    """An engine whose sign differs at every answer."""
    count = folder.parent / "answers"
    count.touch()
    path = f"__import__('pathlib').Path({str(count)!r})"
    text = f"(lambda p: (p.write_text(p.read_text() + 'x'), len(p.read_text()))[1])({path})"
    return f"(-1) ** {text} * "


@pytest.mark.slow
def test_the_first_bad_release_is_found(wheels: Path) -> None:
    for release, sign in (
        ("1.0", ""),
        ("1.1", ""),
        ("1.2", "("),
        ("1.3", "-"),
        ("1.4", "-"),
        ("1.5rc1", ""),
    ):
        publish(wheels, release, sign)
    status, lines = command(wheels, "--repeats", "1")
    assert status == 0
    assert lines[-2:] == [
        "first bad: one of 1.2 and 1.3, after 1.1; 1.2 cannot say",
        "asked 5 releases 1 times each, the ends included, of 3 between the ends (log2 2.0); "
        "new environments: 5",
    ]
    lines_of = dict(line.split(": ", 1) for line in lines[:-2])
    assert lines_of[f"{TINY} 1.0"] == "agree"
    assert lines_of[f"{TINY} 1.3"].startswith("wrong, ")
    assert lines_of[f"{TINY} 1.2"].startswith("cannot be asked: SyntaxError: ")
    assert "1.5rc1" not in " ".join(lines)
    # What is there is asked again; and the ends that are given need not be those of the row.
    status, again = command(wheels, "--repeats", "1", "--good", "1.1", "--bad", "1.4.0")
    assert (status, again[-2]) == (0, lines[-2])
    assert again[-1].endswith("; new environments: 0")


@pytest.mark.slow
def test_a_flaky_release_cannot_say(wheels: Path) -> None:
    for release, sign in (("1.0", "-"), ("1.1", alternating(wheels)), ("1.2", "")):
        publish(wheels, release, sign)
    status, lines = command(wheels)
    assert (status, lines[-2]) == (0, "first fixed: one of 1.1 and 1.2, after 1.0; 1.1 cannot say")
    assert f"{TINY} 1.1: flaky: wrong 2, agree 1 of 3 times" in lines


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--good", "3.0"], "no release 3.0 is offered for this Python; there are 1.0 to 2.0"),
        (["--good", "newest"], "--good: 'newest' is not a release, such as 1.2.3"),
        (["--good", "1.0", "--bad", "1.0.0"], "1.0 is given as good and as bad"),
        (["--engine", "inhouse"], "there are no releases of inhouse"),
        (["--engine", "forwarddiff.jl"], "there are no releases of forwarddiff.jl"),
        (["--engine", "autograd@1.5"], "there are no releases of autograd@1.5"),
        (["--engine", "nonesuch"], "engine 'nonesuch' is not known"),
    ],
)
def test_a_search_that_cannot_begin_is_refused_in_one_line(
    wheels: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], said: str
) -> None:
    monkeypatch.setattr(
        "ad_conformance.conformance.triage.releases.bisect.released",
        lambda distribution, prereleases, python: ("1.0", "2.0"),
    )
    status, lines = command(wheels, "--repeats", "1", *options)
    assert (status, len(lines)) == (2, 1)
    assert lines[0].startswith("ad-conformance: ")
    assert said in lines[0]


def test_a_truncated_case_file_is_refused(wheels: Path) -> None:
    (wheels.parent / "short.json").write_text(SQUARE.json[:40])
    status, lines = command(wheels, case="short.json")
    assert (status, len(lines)) == (2, 1)
    assert "short.json: not JSON" in lines[0]


def test_a_missing_index_or_distribution_is_refused(
    wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, lines = command(wheels)
    assert (status, len(lines)) == (2, 1)
    assert (
        "ad-conformance-tiny: its releases cannot be listed: No matching distribution found"
        in lines[0]
    )
    publish(wheels, "1.0")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    status, lines = command(wheels)
    assert (status, len(lines)) == (2, 1)
    assert "its releases cannot be listed: no connection to the index: " in lines[0]


def test_yanked_releases_and_pre_releases_are_left_out(
    wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    links = []
    for release in ("1.0", "1.10", "1.9", "2.0", "2.1rc1"):
        publish(wheels, release)
        name = f"ad_conformance_tiny-{release}-py3-none-any.whl"
        yanked = ' data-yanked="broken"' if release == "2.0" else ""
        links.append(f'<a href="{(wheels / name).as_uri()}"{yanked}>{name}</a>')
    page = wheels.parent / "simple" / "ad-conformance-tiny" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text(f"<!DOCTYPE html><html><body>{''.join(links)}</body></html>")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", (wheels.parent / "simple").as_uri())
    assert released("ad-conformance-tiny") == ("1.0", "1.9", "1.10")
    assert released("ad-conformance-tiny", prereleases=True) == ("1.0", "1.9", "1.10", "2.1rc1")


def test_releases_that_the_index_does_not_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ad_conformance.engines.process.releases.PATIENCE", 0.001)
    with pytest.raises(NoReleases, match=r"^autograd: its index did not answer within 0\.001 s$"):
        released("autograd")


def test_the_table_of_known_bugs_is_valid() -> None:
    known = {bug.name: bug for bug in bugs()}
    assert len(known) == len(bugs()) >= 5
    boundary = Boundary(0, 2, True, ("wrong", "", ""), False, 2)
    found = Found(("0.31.2", "0.32.0", "0.32.1"), boundary, 3, 3, 1.0)
    assert right(known["mlx-power"], found)
    assert not right(known["autograd-named-tuples"], found)
    assert row(known["autograd-named-tuples"], found)[2] == "first fixed 0.32.0 to 0.32.1: DIFFERS"
