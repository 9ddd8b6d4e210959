"""Nests: the wrappers of a case, in the code and in files, and how they are drawn."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
from ad_conformance.generators.ir.case_io import parse_case
from ad_conformance.generators.ir.nest import (
    MAX_WRAPPERS,
    WRAPPERS,
    fewer_wrappers,
    nest_text,
    parse_nest,
)
from ad_conformance.generators.ir.program import Case, MalformedCase, Program, Step
from ad_conformance.generators.strategies.sampling import draw
from ad_conformance.generators.strategies.wrapping import draw_wrapped

SINE = Program((Step("sin", (0,)),))
NESTED = Case(SINE, 0.5, "RF", wrappers=(("jit",), ("checkpoint",)))


def test_nest_is_read_as_it_is_written() -> None:
    assert NESTED.nest == "R(checkpoint(F(jit(f))))"
    assert parse_nest(NESTED.nest) == (NESTED.mode, NESTED.wrappers)
    assert nest_text("R", ((), ("vmap", "jit"))) == "jit(vmap(R(f)))"
    assert parse_case(NESTED.json) == NESTED
    assert '"nest":"R(checkpoint(F(jit(f))))"' in NESTED.json


def test_case_without_wrappers_has_its_old_text() -> None:
    plain = NESTED.unwrapped
    assert plain == Case(SINE, 0.5, "RF")
    assert "nest" not in plain.json
    assert replace(plain, wrappers=((), ())) == plain


def test_shorter_mode_keeps_wrappers() -> None:
    whole = replace(NESTED, wrappers=(("jit",), (), ("vmap",)))
    assert whole.nest == "vmap(R(F(jit(f))))"
    assert whole.with_mode("R").nest == "vmap(R(jit(f)))"
    assert NESTED.with_mode("RRF").nest == "R(R(checkpoint(F(jit(f)))))"


@pytest.mark.parametrize(
    ("nest", "problem"),
    [
        ("R(F(foo(f)))", "'foo' is neither a wrapper nor one of the letters R and F"),
        ("R(F(jit(f))", "is not a nest"),
        ("R(F(jit(g)))", "is not a nest"),
        ("jit(f)", "must have 1 to 8 derivatives"),
        ("F(R(jit(f)))", "has the mode FR, and word is RF"),
        ("jit(" * (MAX_WRAPPERS + 1) + "R(F(f))" + ")" * (MAX_WRAPPERS + 1), "more than 8"),
        (7, "nest"),
    ],
)
def test_bad_nest_gives_one_line(nest: object, problem: str) -> None:
    text = NESTED.json.replace('"R(checkpoint(F(jit(f))))"', f'"{nest}"' if nest != 7 else "7")
    with pytest.raises(MalformedCase) as raised:
        parse_case(text)
    assert problem in str(raised.value)
    assert "\n" not in str(raised.value)


def test_each_wrapper_can_be_left_out() -> None:
    nests = [nest_text("RF", wrappers) for wrappers in fewer_wrappers(NESTED.wrappers)]
    assert nests == ["R(F(f))", "R(checkpoint(F(f)))", "R(F(jit(f)))"]


def test_every_wrapper_is_drawn_around_every_letter_and_inside_it() -> None:
    modes, count = ("R", "F", "FR"), 3 * 90 * 3
    drawn = list(draw_wrapped(modes, count))
    assert [case.unwrapped for case in drawn] == list(draw(modes, count))
    met = {
        (name, case.mode, level)
        for case in drawn
        for level, names in enumerate(case.wrappers)
        for name in names
    }
    wanted = {
        (name, mode, level)
        for name, mode in itertools.product(WRAPPERS, modes)
        for level in range(len(mode) + 1)
    }
    assert met == wanted
    assert list(draw_wrapped(modes, 50)) == drawn[:50]
    assert all(parse_case(case.json) == case for case in drawn[:50])


def test_documentation_lists_the_wrappers() -> None:
    page = Path(__file__).parents[2] / "docs" / "case-format.md"
    text = page.read_text(encoding="utf-8")
    assert all(f"| `{name}` | {meaning} |" in text for name, meaning in WRAPPERS.items())
