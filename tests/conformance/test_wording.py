"""Numbers in reports: enough digits to see a difference, and factors that can be read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ad_conformance.conformance.pool import truth_of
from ad_conformance.conformance.suite.wording import factor, largest_error, mode_in_words
from ad_conformance.conformance.verdicts import judge
from ad_conformance.engines.contract import Answer
from ad_conformance.generators.ir.program import Case, Program, Step

CASE = Case(Program((Step("sin", (0,)),)), 0.5, "R")


def told(case: Case, got: np.ndarray) -> str:
    return largest_error(judge(case, "inhouse", Answer("answered", value=got), truth_of(case)))


@pytest.mark.parametrize("relative", [1.0, 1e-3, 4.8e-10, 1e-13])
def test_both_numbers_have_enough_digits_to_differ(relative: float) -> None:
    words = told(CASE, np.cos(0.5) * np.array(1 + relative)).replace(":", ",").split(", ")
    got, expected = (float(words[k].split()[-1]) for k in (0, 1))
    assert got != expected
    assert abs(got / expected - 1) == pytest.approx(relative, rel=0.3)


def test_the_entry_with_the_largest_error_is_shown() -> None:
    case = replace(CASE, point=(0.5, 0.25))
    right = truth_of(case).value
    assert right is not None
    wrong = right.copy()
    wrong[1, 1] *= 2
    assert "at [1, 1]" in told(case, wrong)


def test_an_expected_zero_has_an_absolute_error() -> None:
    square = Case(Program((Step("multiply", (0, 0)),)), 0.0, "R")
    assert "expected 0: absolute error 0.25" in told(square, np.array(0.25))


def test_an_answer_of_another_shape_has_no_error() -> None:
    with pytest.raises(ValueError, match="shapes"):
        told(CASE, np.zeros(2))


def test_factors_have_two_digits() -> None:
    assert [factor(x) for x in (3.4567, 13456.0, 3.31e12)] == ["3.5", "13,000", "3.3e12"]


def test_modes_are_spoken_outermost_first() -> None:
    assert mode_in_words("RF") == "reverse over forward mode"
