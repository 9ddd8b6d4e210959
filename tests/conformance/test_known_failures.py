"""Known failures are strict: entries are checked, cover what they say and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ad_conformance.conformance import known_failures
from ad_conformance.conformance.known_failures import OWN, MalformedEntry, load
from ad_conformance.conformance.pool import truth_of
from ad_conformance.conformance.verdicts import Result, judge
from ad_conformance.engines import registry
from ad_conformance.engines.contract import Answer
from ad_conformance.generators.features import features
from ad_conformance.generators.ir.program import Case, Program, Step

from tests import broken_engines as broken

PROD = Program((Step("prod", (0,), (("axis", None), ("keepdims", False))),))
ENTRY = """
[[failure]]
name = "prod-zero"
summary = "test"
issue = "test"
engines = ["inhouse"]
seen = ["0.1.0"]
words = "RR?"
verdicts = ["not_finite"]
operations = ["prod"]
with = ["zero"]
case = "prod-zero.json"
"""


def folder(tmp_path: Path, text: str = ENTRY) -> Path:
    (tmp_path / "regressions").mkdir()
    (tmp_path / "regressions" / "prod-zero.json").write_text(Case(PROD, (0.0, 1.0), "R").json)
    (tmp_path / "known").mkdir()
    (tmp_path / "known" / "test.toml").write_text(text)
    return tmp_path / "known"


def finding(point: tuple[float, ...], mode: str, answer: Answer) -> Result:
    case = Case(PROD, point, mode)
    return judge(case, "inhouse", answer, truth_of(case))


def nan(point: tuple[float, ...], mode: str) -> Result:
    return finding(
        point, mode, Answer("answered", value=np.full((len(point),) * len(mode), np.nan))
    )


def test_entry_covers_its_pinned_case(tmp_path: Path) -> None:
    (entry,) = load(folder(tmp_path))
    assert entry.covers(nan((0.0, 1.0), "R"))
    assert entry.covers(nan((2.0, 0.0), "RR"))


def test_entries_of_an_adapter_that_lives_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name is not known here, and the cases lie beside the entries."""
    own = tmp_path / "own"
    own.mkdir()
    (own / "mine.toml").write_text(
        ENTRY.replace('"inhouse"', '"mylib"').replace('"prod-zero"', '"mine"')
    )
    monkeypatch.setenv(OWN, str(own))
    theirs = folder(tmp_path)
    with pytest.raises(MalformedEntry, match=r"mine.toml: mine: .*prod-zero.json"):
        load.__wrapped__(theirs)
    (own / "prod-zero.json").write_text(Case(PROD, (0.0, 1.0), "R").json)
    assert [(entry.name, entry.engines) for entry in load.__wrapped__(theirs)] == [
        ("prod-zero", ("inhouse",)),
        ("mine", ("mylib",)),
    ]
    (_, mine) = load.__wrapped__(theirs)
    unreleased = replace(broken.honest, name="mylib", distribution="no-such-distribution")
    assert mine.names(unreleased)
    monkeypatch.setenv(OWN, str(tmp_path / "nowhere"))
    with pytest.raises(MalformedEntry, match=f"{OWN}: .*nowhere is not a folder"):
        load.__wrapped__(theirs)


def test_an_entry_of_one_dtype_covers_no_other(tmp_path: Path) -> None:
    (entry,) = load(folder(tmp_path, ENTRY + 'dtype = "float32"\n'))
    found = nan((0.0, 1.0), "R")
    assert not entry.covers(found)
    assert entry.covers(replace(found, case=replace(found.case, dtype="float32")))


def test_an_entry_of_one_severity_covers_no_other(tmp_path: Path) -> None:
    text = ENTRY.replace('"not_finite"', '"wrong"') + 'severity = "digits"\n'
    (entry,) = load(folder(tmp_path, text))
    for off, covered in ((1e-8, True), (0.1, False)):
        answer = Answer("answered", value=np.array([1.0 + off, 0.0]))
        found = finding((0.0, 1.0), "R", answer)
        assert str(found.verdict) == "wrong"
        assert entry.covers(found) is covered


def test_a_severity_that_there_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MalformedEntry, match=r"severity"):
        load(folder(tmp_path, ENTRY + 'severity = "bad"\n'))


def test_a_name_that_two_entries_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MalformedEntry, match=r"^prod-zero: name: another entry has it too$"):
        load(folder(tmp_path, ENTRY + ENTRY))


def test_an_entry_covers_nothing_else(tmp_path: Path) -> None:
    (entry,) = load(folder(tmp_path))
    assert not entry.covers(nan((2.0, 1.0), "R")), "no zero among the entries"
    assert not entry.covers(nan((0.0, 1.0), "FR")), "another mode"
    assert not entry.covers(finding((0.0, 1.0), "R", Answer("crashed"))), "another verdict"
    assert not entry.names(registry.find("torch"))


def test_an_entry_does_not_cover_dead_or_constant_steps(tmp_path: Path) -> None:
    (entry,) = load(folder(tmp_path))
    dead = Program((*PROD.steps, Step("sum", (0,), (("axis", None), ("keepdims", False)))))
    zero = Step("constant", (), (("value", (0.0, 1.0)),))
    constant = Program((zero, Step("prod", (1,), PROD.steps[0].params), Step("add", (0, 2))))
    assert not entry.concerns(Case(dead, (0.0, 1.0), "R"))
    assert not entry.concerns(Case(constant, (0.0, 1.0), "R"))


@pytest.mark.parametrize(
    ("real", "imag", "zero", "one"),
    [(0.0, 0.0, True, False), (1.0, 0.0, False, True), (0.0, 1.0, False, False)],
)
def test_a_complex_exponent_is_zero_or_one_if_both_parts_say_so(
    real: float, imag: float, zero: bool, one: bool
) -> None:
    exponent = [Step("constant", (), (("value", v),)) for v in (real, imag)]
    power = Step("complex_pow", (0, 0, 1, 2), (("part", "real"),))
    found = features(Case(Program((*exponent, power)), 2.0, "R"))[-1]
    assert ("complex zero last" in found, "complex one last" in found) == (zero, one)


@pytest.mark.parametrize(("gap", "close"), [(0.0, True), (0.125, True), (0.5, False)])
def test_singular_values_are_close_if_they_differ_by_less_than_a_fourth(
    gap: float, close: bool
) -> None:
    program = Program((Step("svdvals", (0,)),))
    found = features(Case(program, ((1.0, 0.0), (0.0, 1.0 - gap)), "R"))[-1]
    assert ("close singular values" in found) == close


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "prod-zero"\n', "", "test.toml: failure 1: name is missing"),
        ('["not_finite"]', '["nonsense"]', r"failure 1: verdicts\[0\]: .* 'nonsense'"),
        ('["prod"]', '["prodd"]', "operations: 'prodd' is not in the catalogue"),
        ('["zero"]', '["zeroes"]', "with: 'zeroes' is not a feature"),
        ('"0.1.0"', '"a"', r"failure 1: seen\[0\]: Invalid version: 'a'"),
        ('["0.1.0"]', '"0.1.0"', "failure 1: seen: .*got `str`"),
        ("seen", 'fixed_in = "0.1.0"\nseen', "prod-zero: fixed_in: 0.1.0 is also in seen"),
        ("seen", 'file = "a"\nseen', "failure 1: 'file' is not a field here"),
        ('"RR?"', '"R("', "failure 1: words: missing \\)"),
        ('"prod-zero.json"', '"none.json"', "none.json: No such file"),
        ('words = "RR?"\n', "", "failure 1: words is missing"),
        ("words", "wordz", "'wordz' is not a field here"),
        ("[[failure]]", "[[failure]", "test.toml: "),
        ('issue = "test"', "issue = 3", "issue: .*got `int`"),
        ('["inhouse"]', '["nonesuch"]', "engines: 'nonesuch' is not known"),
        ('["prod"]', '[["prod"]]', r"operations\[0\]: .*got `array`"),
        ('"RR?"', '"a{99999999999}"', "words: "),
        ('"RR?"', f'"{"(" * 3000}{")" * 3000}"', "words: "),
        ('"prod-zero"', '"prod\\nzero"', r"name: 'prod\\nzero' is not one line"),
        ('"prod-zero.json"', '"\\u0000"', "case: .* is not one line"),
        ('"prod-zero.json"', '"../known"', "case: .* is not a file"),
        ('["prod"]', '["pr\\nod"]', r"operations: 'pr\\nod' is not in the catalogue"),
        ('["zero"]', '["ze\\nro"]', r"with: 'ze\\nro' is not a feature"),
        ("words", '"wo\\nrds" = 1\nwords', r"'wo\\nrds' is not a field here"),
        ("[[failure]]", f"a = {'[' * 100_000}", "test.toml: nested too deeply"),
    ],
)
def test_malformed_entries(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(MalformedEntry, match=message) as caught:
        load(folder(tmp_path, ENTRY.replace(old, new, 1)))
    assert "\n" not in str(caught.value)


@pytest.mark.filterwarnings("error")
def test_pattern_with_future_syntax_gives_no_warning(
    tmp_path: Path,
) -> None:
    assert load(folder(tmp_path, ENTRY.replace('"RR?"', '"[[R]R?"')))


@pytest.mark.parametrize("made", [Path.mkdir, lambda path: path.symlink_to("nowhere")])
def test_folder_named_like_an_entry_file_is_refused(
    tmp_path: Path, made: Callable[[Path], None]
) -> None:
    own = folder(tmp_path)
    made(own / "e.toml")
    with pytest.raises(MalformedEntry, match=r"^e\.toml: "):
        load(own)


def test_the_entries_of_the_project_are_well_formed() -> None:
    entries = load()
    names = [entry.name for entry in entries]
    assert len(set(names)) == len(names)
    assert {entry.case for entry in entries} <= set(known_failures.REGRESSIONS.glob("*.json"))
    assert [entry.name for entry in entries if not entry.concerns(entry.pinned)] == []


def test_entry_with_a_nest_covers_wrapped_cases_only(tmp_path: Path) -> None:
    text = ENTRY.replace('with = ["zero"]', 'nest = "R\\\\(.*vmap"').replace('["prod"]', "[]")
    (entry,) = load(folder(tmp_path, text))
    plain = nan((0.0, 1.0), "R")
    inside = replace(plain, case=replace(plain.case, wrappers=(("jit", "vmap"),)))
    around = replace(plain, case=replace(plain.case, wrappers=((), ("vmap",))))
    assert entry.covers(inside)
    assert not entry.covers(plain)
    assert not entry.covers(around)


def test_entry_without_a_nest_covers_wrapped_cases_too(tmp_path: Path) -> None:
    (entry,) = load(folder(tmp_path))
    plain = nan((0.0, 1.0), "R")
    assert entry.covers(replace(plain, case=replace(plain.case, wrappers=(("jit",),))))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('with = ["zero"]', 'nest = "R"', "nest: a pattern that names a wrapper is needed"),
        ('["prod"]', "[]", "operations: one or more are needed without nest"),
    ],
)
def test_entry_must_say_what_it_covers(tmp_path: Path, old: str, new: str, problem: str) -> None:
    with pytest.raises(MalformedEntry, match=problem):
        load(folder(tmp_path, ENTRY.replace(old, new)))
