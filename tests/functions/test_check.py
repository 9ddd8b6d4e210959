"""`check`: verdicts on functions as users write them, and messages on what cannot be checked."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from ad_conformance.conformance import WrongDerivative, assert_derivatives, check
from ad_conformance.generators.ir.case_io import parse_case

anp = pytest.importorskip("autograd.numpy")
extend = pytest.importorskip("autograd.extend")

POINT = np.array([[0.5, 1.0], [-1.0, 0.25]])
VECTOR = np.array([0.5, -0.75, 1.25])


def log_det(x: Any) -> Any:
    return anp.log(anp.linalg.det(x @ x.T + anp.eye(2)))


def _with_rule(value: Callable[[Any], Any], derivative: Callable[[Any], Any]) -> Any:
    function = extend.primitive(value)
    extend.defvjp(function, lambda ans, x: lambda g: g * derivative(x))
    return function


#: sin with rules that are wrong in different ways.
first_order = _with_rule(anp.sin, lambda x: 1.5 * anp.cos(x))
second_order = _with_rule(anp.sin, lambda x: np.cos(getattr(x, "_value", x)))
at_the_point_only = _with_rule(anp.sin, lambda x: np.cos(VECTOR))


def test_honest_function_agrees_in_every_mode() -> None:
    report = check(lambda x: anp.sum(anp.sin(x) * x), VECTOR, engine="autograd")
    assert report, str(report)
    assert [row.verdict for row in report.rows] == ["agree"] * 6
    assert report.row("RR").digits > 14
    np.testing.assert_allclose(report.row("R").truth, np.cos(VECTOR) * VECTOR + np.sin(VECTOR))


def test_function_of_another_library_is_asked_as_a_program() -> None:
    report = check(log_det, POINT, engine=["inhouse"], modes=["RR", "FF"])
    assert report, str(report)
    assert report.imported.startswith("a program of")
    assert report.case("FF") == parse_case(report.case("FF").json)


@pytest.mark.parametrize("rule", [second_order, at_the_point_only])
def test_rule_that_is_wrong_in_second_order_is_caught(rule: Any) -> None:
    report = check(lambda x: anp.sum(rule(x)), VECTOR, engine="autograd", modes=["R", "RR"])
    assert [row.verdict for row in report.rows] == ["agree", "wrong"]
    with pytest.raises(WrongDerivative, match="RR"):
        report.raise_if_wrong()


def test_rule_that_is_wrong_in_first_order_is_caught() -> None:
    with pytest.raises(WrongDerivative, match=r"1.5|3/2"):
        assert_derivatives(lambda x: anp.sum(first_order(x)), VECTOR, engine="autograd", modes="R")


def test_arguments_may_be_nested_and_named() -> None:
    def model(x: Any, params: dict[str, Any], *, scale: float) -> Any:
        hidden = anp.tanh(x @ params["w"] + params["b"])
        return {"loss": anp.sum(hidden**2) * scale, "hidden": hidden}

    params = {"w": np.array([[0.5, -1.0]]), "b": np.array([0.25, 0.5])}
    report = check(
        model, np.array([[1.5]]), params, kwargs={"scale": 2.0}, wrt=("b", "w"),
        engine="autograd", modes=["R", "RR"],
    )  # fmt: skip
    assert report, str(report)
    assert [leaf.path for leaf in report.arguments.varied] == ["params['w']", "params['b']"]
    # The outputs: the loss, and the two entries of the hidden layer.
    assert report.row("RR").truth is not None
    assert report.row("RR").truth.shape == (3, 4, 4)
    assert "params['w'][0, " in str(report)


def test_further_arguments_have_the_name_of_the_function() -> None:
    def series(x: Any, count: int, *coefficients: Any, **options: Any) -> Any:
        return sum(coefficients[k] * x**k * options["scale"] for k in range(count))

    report = check(series, 0.5, 2, 1.0, 3.0, kwargs={"scale": 2.0}, engine="autograd", modes=["R"])
    assert report, str(report)
    assert [leaf.path for leaf in report.arguments.varied] == [
        "x", "coefficients[0]", "coefficients[1]",
    ]  # fmt: skip


def test_distribution_of_autograd_is_one_operation() -> None:
    stats = pytest.importorskip("autograd.scipy.stats")
    report = check(
        lambda x: anp.sum(stats.norm.logpdf(VECTOR, x[0], anp.exp(x[1]))), VECTOR[:2],
        engine="autograd", modes=["R", "RR"],
    )  # fmt: skip
    assert report, str(report)
    assert "norm_logpdf" in report.case("R").program.operations


def test_named_tuples_and_numbers_are_arguments() -> None:
    class State(NamedTuple):
        position: Any
        speed: Any

    def energy(state: State, mass: float) -> Any:
        return mass * state.speed**2 / 2.0 + state.position**4

    report = check(energy, State(1.5, 0.5), 2.0, engine="autograd", modes=["RR"])
    assert report, str(report)
    assert [leaf.path for leaf in report.arguments.varied] == [
        "state.position", "state.speed", "mass",
    ]  # fmt: skip


def test_large_function_is_asked_along_directions() -> None:
    x = np.linspace(-1.0, 1.0, 300)
    report = check(
        lambda x: anp.sum(anp.exp(x[1:] * x[:-1])), x, engine="autograd", modes=["R", "RR", "RRR"]
    )
    assert report, str(report)
    assert [row.about for row in report.rows] == [
        "gradient, along a direction",
        "Hessian-vector product, along a direction",
        "derivative on a plane through the point",
    ]
    values = [row.value for row in report.rows]
    assert all(value is not None and value.size <= 8 for value in values)


def test_one_wrong_entry_of_a_large_gradient_is_caught() -> None:
    def wrong_in_one_entry(x: Any) -> Any:
        return 1.0 + (np.arange(300) == 123) * 1e-6

    total = _with_rule(lambda x: x, wrong_in_one_entry)
    report = check(
        lambda x: anp.sum(anp.sin(total(x))), np.linspace(-1, 1, 300), engine="autograd", modes="R"
    )
    assert report.row("R").verdict == "wrong"


def test_kink_is_named_by_its_line() -> None:
    report = check(
        lambda x: anp.sum(anp.abs(x) * x[0]), np.array([1.0, 0.0]), engine="autograd", modes="R"
    )
    assert report, str(report)
    assert report.row("R").reason.startswith("compared in 1 of 2 entries")
    assert "anp.abs(x) * x[0]" in report.kinks[0]


#: A function of another library, with its derivative, which cannot be imported.
outside = _with_rule(lambda x: np.sin([float(v) for v in x]), anp.cos)


def test_function_that_cannot_be_imported_is_estimated() -> None:
    report = check(
        lambda x: anp.sum(outside(x) ** 3 * x[0]), VECTOR, engine="autograd",
        modes=["R", "RR", "FR", "RRR"],
    )  # fmt: skip
    assert [row.verdict for row in report.rows] == [
        "probably right", "probably right", "unsupported", "undecided",
    ]  # fmt: skip
    assert "float()" in report.not_imported
    assert report.row("RR").digits > 8
    with pytest.raises(ValueError, match="is no program"):
        report.case("R")


def test_estimate_that_takes_too_long_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ad_conformance.conformance.functions.estimate.MOST_SECONDS", 0.01)

    def slow(x: Any) -> Any:
        time.sleep(0.002)
        return anp.sum(outside(x))

    report = check(slow, VECTOR, engine="autograd", modes=["R", "RR"])
    assert [row.verdict for row in report.rows] == ["undecided", "undecided"]
    assert "not estimated within 0.01 s, in which the function was called" in str(report)
    assert not report


def test_modes_share_an_estimate() -> None:
    calls = []

    def counted(x: Any) -> Any:
        calls.append(x)
        return anp.sum(outside(x))

    check(counted, VECTOR, engine="autograd", modes=["R"])
    first = len(calls)
    calls.clear()
    check(counted, VECTOR, engine=["autograd"], modes=["R", "R", "R"])
    assert len(calls) < 2 * first


def test_wrong_rule_in_a_function_that_is_estimated_is_caught() -> None:
    for modes, rule in (["R"], first_order), (["R", "RR"], second_order):
        report = check(
            lambda x, rule=rule: anp.sum(outside(x) * rule(x)), VECTOR, engine="autograd",
            modes=modes,
        )  # fmt: skip
        assert report.row(modes[-1]).verdict == "probably wrong"
        assert not report


def test_array_of_boxes_is_named_and_the_program_is_asked() -> None:
    def rotated(angle: Any, points: Any) -> Any:
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        return np.sum((points @ turn)[0] ** 3)

    report = check(rotated, 0.5, POINT, engine="autograd", modes=["R", "FF"])
    assert report, str(report)
    assert "autograd: asked the imported program, not the function itself: numpy.array" in str(
        report
    )
    assert "use autograd.numpy.array in test_check.py:" in str(report)


def test_array_of_boxes_that_autograd_differentiates_is_no_hindrance() -> None:
    report = check(lambda x: anp.sum(np.array([x[0] * 2.0, x[1] ** 2])), VECTOR, engine="autograd")
    assert report, str(report)
    assert "asked the imported program" not in str(report)


def test_float32_is_asked_in_float32() -> None:
    report = check(
        lambda x: anp.sum(anp.sin(x)), VECTOR.astype(np.float32), engine="autograd", modes=["R"]
    )
    assert report, str(report)
    assert report.row("R").answer.value.dtype == np.float32  # type: ignore[union-attr]


def test_markdown_is_a_table() -> None:
    report = check(lambda x: anp.sum(second_order(x)), VECTOR, engine="autograd", modes=["RR"])
    lines = report.markdown().splitlines()
    assert [line for line in lines if line.startswith("| autograd | RR | wrong |")]
    assert "RR: reverse over reverse mode" in report.markdown()


def test_report_without_a_comparison_does_not_pass() -> None:
    at_a_kink = check(lambda x: anp.abs(x), 0.0, engine="autograd", modes=["R"])
    assert [row.verdict for row in at_a_kink.rows] == ["convention"]
    assert not at_a_kink
    assert "nothing was compared" in str(at_a_kink)
    with pytest.raises(WrongDerivative):
        at_a_kink.raise_if_wrong()


def test_function_of_no_engine_is_not_called_estimated() -> None:
    def cut(x: Any) -> Any:
        return float(np.asarray([float(v) for v in x]).sum())

    report = check(cut, VECTOR, engine="inhouse", modes=["R"])
    assert not report
    assert "nothing is estimated" in str(report)


def test_arguments_are_counted_from_the_end() -> None:
    report = check(
        lambda x, y: anp.sum(x * y**2), VECTOR, VECTOR, wrt=-1, engine="autograd", modes="R,RR"
    )
    assert report, str(report)
    assert [leaf.path for leaf in report.arguments.varied] == ["y"]


COUNTER = iter(range(10**6))


@pytest.mark.parametrize(
    ("function", "args", "options", "said"),
    [
        (3, (VECTOR,), {}, "is not a function"),
        (lambda x: x, (), {}, "no array to differentiate by"),
        (lambda x: x, (np.array([1, 2]),), {}, "x: it holds whole numbers"),
        (lambda x: x, (np.array([1.0, np.nan]),), {}, "x: every number must be finite"),
        (lambda x: x, (VECTOR,), {"wrt": "y"}, "wrt: 'y' is no array among the arguments x"),
        (lambda x: x, (VECTOR,), {"modes": ["RX"]}, "mode 'RX': give 1 to 4 letters"),
        (lambda x: x, (VECTOR,), {"modes": ["RRRRR"]}, "mode 'RRRRR'"),
        (lambda x: x, (VECTOR,), {"engine": "nope"}, "nope"),
        (lambda x: x, (VECTOR, VECTOR), {}, "raises TypeError"),
        (lambda x, y: x, (VECTOR, VECTOR.astype(np.float32)), {}, "float32 and float64"),
        (lambda x: anp.foo(x), (VECTOR,), {}, r"raises AttributeError.*\(test_check.py:\d+: "),
        (lambda x: x * next(COUNTER), (VECTOR,), {}, "another value at a second call"),
        (lambda x: np.linalg.inv(x * 0), (POINT,), {"engine": "torch"}, "Singular matrix"),
        (lambda x: x / 0.0, (VECTOR,), {}, "returns NaN or infinity"),
        (lambda x: None, (VECTOR,), {}, "returns no array"),
        (lambda x: "text", (VECTOR,), {}, "returns a str"),
    ],
)
def test_what_cannot_be_checked_is_told_in_one_line(
    function: Any, args: tuple[Any, ...], options: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said) as error:
        check(function, *args, **{"engine": "autograd", **options})
    assert "\n" not in str(error.value)
