"""Functions of neural networks, of complex numbers, and derivatives inside a program."""

from __future__ import annotations

import numpy as np
import pytest
from ad_conformance.conformance.reference.certify import certify
from ad_conformance.conformance.verdicts import Verdict, judge
from ad_conformance.engines import registry
from ad_conformance.engines.contract import Answer
from ad_conformance.generators.catalogue.extra.control_flow import BODIES
from ad_conformance.generators.ir.case_io import MalformedCase, parse_case
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.program import Case, Program, Step


def _case(point: object, mode: str, *steps: Step) -> Case:
    return Case(Program(steps), point, mode)


def _verdict(case: Case, engine: str = "inhouse") -> Verdict:
    names: dict[str, object] = {}
    with np.errstate(all="ignore"):
        exec(registry.find(engine).script(case).text, names)
    got = names["got"]
    assert isinstance(got, np.ndarray)
    return judge(case, engine, Answer("answered", value=got), certify(case)).verdict


@pytest.mark.parametrize("mode", ["RR", "FRRF"])
@pytest.mark.parametrize(
    ("point", "step"),
    [
        (0.0, Step("mish", (0,))),
        (-512.0, Step("silu", (0,))),
        (512.0, Step("logsigmoid", (0,))),
        (0.0, Step("hardshrink", (0,), (("lambd", 0.0),))),
        (0.0, Step("huber_loss", (0, 0), (("delta", 1.0), ("reduction", "mean")))),
        ((1.0, 1.0), Step("layer_norm", (0,), (("eps", 0.25),))),
        ((3.0,), Step("layer_norm", (0, 0, 0), (("eps", 0.25),))),
        ((2.0, 1.0), Step("cosine_similarity", (0, 0), (("axis", 0),))),
        (
            (700.0, 0.0),
            Step(
                "cross_entropy", (0,), (("labels", (1,)), ("reduction", "sum"), ("smoothing", 0.0))
            ),
        ),
        ((0.0, 0.0), Step("fft_power", (0,), (("norm", "ortho"),))),
        (0.0, Step("complex_power", (0, 0), (("exponent", 2),))),
        (((1.0, 1.0), (1.0, 1.0)), Step("complex_det", (0, 0))),
    ],
)
def test_the_inhouse_engine_is_right_where_rules_go_wrong(
    point: object, step: Step, mode: str
) -> None:
    case = _case(point, mode, step)
    assert certify(case).kind == "certified"
    assert _verdict(case) is Verdict.AGREE


@pytest.mark.parametrize(("order", "kind"), [(1, "certified"), (2, "convention")])
@pytest.mark.parametrize(
    ("point", "step"),
    [
        (0.0, Step("softsign", (0,))),
        (0.0, Step("elu", (0,), (("alpha", 1.0),))),
        (-1.0, Step("sparse_plus", (0,))),
        (0.5, Step("huber_loss", (0, 1), (("delta", 0.5), ("reduction", "sum")))),
        (0.5, Step("smooth_l1_loss", (0, 1), (("beta", 0.5), ("reduction", "sum")))),
    ],
)
def test_pieces_meet_smoothly_to_the_first_order(
    point: float, step: Step, order: int, kind: str
) -> None:
    zero = Step("constant", (), (("value", 0.0),))
    assert certify(_case(point, "R" * order, zero, step)).kind == kind


@pytest.mark.parametrize("captured", [True, False])
@pytest.mark.parametrize("body", BODIES)
def test_derivatives_by_hand_are_those_of_the_body(body: str, captured: bool) -> None:
    """The derivatives by hand equal those that the engine computes of the text of the body."""
    operands = (0, 0) if captured else (0, 1)
    for operation in (
        "inner_derivative",
        "inner_second_derivative",
        "inner_pushforward",
        "descent",
    ):
        more = (("count", 2), ("rate", 0.25)) if operation == "descent" else ()
        case = _case(
            (0.5, -1.25), "R", Step("sin", (0,)), Step(operation, operands, (("body", body), *more))
        )
        assert _verdict(case) is Verdict.AGREE, operation


def test_a_derivative_that_confuses_its_variable_with_what_it_captures_is_found() -> None:
    """An engine that differentiates x * x by x, where only the t in t * x varies, is found."""
    case = _case(1.5, "R", Step("inner_derivative", (0, 0), (("body", "product"),)))
    confused = Answer("answered", value=np.array(2.0))
    assert judge(case, "confused", confused, certify(case)).verdict is Verdict.WRONG


@pytest.mark.parametrize(
    "step",
    [
        Step("mse_loss", (0, 0), (("reduction", "median"),)),
        Step("inner_derivative", (0, 0), (("body", "unknown"),)),
        Step("fft_power", (0,), (("norm", "none"),)),
        Step("convolve", (0, 0), (("mode", "wrap"),)),
        Step("cross_entropy", (0,), (("labels", (3,)), ("reduction", "sum"), ("smoothing", 0.0))),
    ],
)
def test_a_name_that_an_operation_does_not_know_is_refused(step: Step) -> None:
    """Names become part of the script, so unknown ones must be refused."""
    with pytest.raises(MalformedCase, match=step.operation):
        evaluate_steps(Program((step,)), np.array([1.0, 2.0]))


def test_a_name_is_an_identifier() -> None:
    case = _case((1.0, 2.0), "R", Step("mse_loss", (0, 0), (("reduction", "mean"),)))
    assert parse_case(case.json) == case
    with pytest.raises(MalformedCase, match=r"params\.reduction"):
        parse_case(case.json.replace('"mean"', '"mean + exit()"'))
