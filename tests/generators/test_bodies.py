"""Bodies of loops and branches: what is an expression, what it computes, and how it is written."""

from __future__ import annotations

import numpy as np
import pytest
from ad_conformance.engines import registry
from ad_conformance.generators.catalogue.bodies import computed, is_body, parsed, written
from ad_conformance.generators.ir.case_io import parse_case
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.program import Case, MalformedCase, Program, Step
from ad_conformance.generators.strategies.sampling import operation_examples

OPERATIONS = ("loop_body", "scan_body", "map_body", "branch_bodies")


def test_an_expression_is_computed_as_python_reads_it() -> None:
    t, c = np.array([0.5, -1.25]), np.array([2.0, 0.25])
    got = computed("-t * (c - 0.5) + sin(t / c)", np, t=t, c=c)
    np.testing.assert_array_equal(got, -t * (c - 0.5) + np.sin(t / c))


def test_a_written_expression_keeps_its_meaning() -> None:
    text = written("t * (c - 0.5) / exp(v)", t="v1", c="y")
    assert text == "(v1 * (y - 0.5) / xp.exp(v))"
    # A name that is replaced may be part of another one.
    assert written("sin(t) + c", c="t2") == "(xp.sin(t) + t2)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("t +", "'t \\+' is not an expression of t, v, c"),
        ("t + x", "is not an expression"),
        ("t + 1", "is not an expression"),
        ("t ** 2.0", "is not an expression"),
        ("tan(t)", "is not an expression"),
        ("sin(t, c)", "is not an expression"),
        ("t if t else c", "is not an expression"),
        ("__import__('os')", "is not an expression"),
        ("t + cos(0.5)", "cos\\(0.5\\) is a number"),
        ("c * c", "has neither t nor v"),
        ("t" + " + t" * 60, "more than 200 letters"),
    ],
)
def test_what_is_no_expression_is_refused_in_one_line(text: str, message: str) -> None:
    assert not is_body(text)
    with pytest.raises(ValueError, match=message) as caught:
        parsed(text)
    assert "\n" not in str(caught.value)


def _loop(body: str) -> Case:
    step = Step("loop_body", (0, 0), (("body", body), ("count", 2)))
    return Case(Program((step,)), (0.5, 1.0), "R")


def test_a_case_with_a_bad_body_is_refused() -> None:
    case = _loop("sin(t * c)")
    assert parse_case(case.json) == case
    with pytest.raises(MalformedCase, match="body"):
        parse_case(_loop("open('x')").json)


def test_a_name_that_a_loop_does_not_have_is_refused() -> None:
    with pytest.raises(MalformedCase, match="there is no v here"):
        evaluate_steps(_loop("t * v").program, np.array([0.5, 1.0]))


def test_entries_to_scan_must_have_the_shape_of_what_is_carried() -> None:
    params = (("body", "t * v"), ("output", "t"))
    program = Program((Step("scan_body", (0, 0, 0), params),))
    with pytest.raises(MalformedCase, match=r"one shape are needed, not \(\), \(2,\), \(2,\)"):
        evaluate_steps(program, np.array([0.5, 1.0]))
    with pytest.raises(MalformedCase, match="entries along a first axis"):
        evaluate_steps(program, np.array(0.5))


def test_a_scan_carries_and_captures() -> None:
    params = (("body", "t * v + c"), ("output", "t - v"))
    start, c = Step("constant", (), (("value", 2.0),)), Step("constant", (), (("value", 0.5),))
    program = Program((start, c, Step("scan_body", (0, 1, 2), params)))
    values = evaluate_steps(program, np.array([3.0, -1.0]))
    # 2 * 3 + 0.5 = 6.5 and 6.5 * -1 + 0.5 = -6.
    np.testing.assert_array_equal(values[-1], [6.5 - 3.0, -6.0 + 1.0])


@pytest.mark.parametrize("operation", OPERATIONS)
def test_drawn_bodies_differ_and_capture(operation: str) -> None:
    drawn = [
        step.arguments
        for case in operation_examples(operation, "R", 40)
        for step in case.program.steps
        if step.operation == operation
    ]
    texts = {arguments[key] for arguments in drawn for key in arguments if key in _KEYS}
    assert len(texts) > 15
    assert any("c" in text.replace("cos", "") for text in texts)


_KEYS = ("body", "other", "output")


def test_jax_has_each_form_of_a_loop() -> None:
    case = _loop("sin(t * c)")
    forms = {registry.find("jax").script(_named(case, k)).program for k in range(5)}
    assert len(forms) == 5
    assert sum("jax.lax.while_loop" in text for text in forms) == 1
    assert sum("jax.lax.scan" in text for text in forms) == 1


def _named(case: Case, names: int) -> Case:
    return Case(case.program, case.point, case.mode, names=names)
