"""Values that nothing selects, answers of zero, broadcasting in einsum, axes of numbers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest
from ad_conformance.conformance.reference.certify import Truth, certify
from ad_conformance.engines.adapters.inhouse import inhouse
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.features import features
from ad_conformance.generators.ir.case_io import REMOVED, parse_case
from ad_conformance.generators.ir.evaluate import evaluate_steps, is_defined
from ad_conformance.generators.ir.program import Case, MalformedCase, Step
from ad_conformance.generators.rewrite.reduction import reduce
from ad_conformance.generators.strategies.builder import Builder
from ad_conformance.generators.strategies.case_drawing import draw_point
from ad_conformance.generators.strategies.hidden import can_hide, functions, hidden
from ad_conformance.generators.strategies.sampling import draw, operation_examples
from ad_conformance.generators.strategies.source import SeededSource

HIDING = [name for name in CATALOGUE if can_hide(name)]
WITH_AXIS = [name for name, row in CATALOGUE.items() if "axis" in row.params]


def hiding_cases(operation: str, mode: str, count: int) -> Iterator[Case]:
    """Programs that end with a selection beside values at the end of a domain."""
    for k in range(count):
        source = SeededSource(f"hidden {operation} {k}")
        b = Builder(source, CATALOGUE, draw_point(source, ("vec", "mat", "num")[k % 3], 4))
        output = hidden(b, operation)
        if output is not None and b.values[output].ndim < 3:
            point = b.values[0].tolist()
            steps = [
                {"operation": s.operation, "operands": s.operands, "params": dict(s.params)}
                for s in b.program(output).steps
            ]
            yield parse_case(
                json.dumps({"format": 1, "point": point, "word": mode, "steps": steps})
            )


def answer(asked: Case) -> np.ndarray:
    names: dict[str, np.ndarray] = {}
    exec(inhouse.script(asked).text, names)
    return np.asarray(names["got"])


@pytest.mark.parametrize("operation", HIDING)
def test_what_nothing_selects_leaves_a_certified_derivative(operation: str) -> None:
    cases = list(hiding_cases(operation, "R", 30))
    assert len(cases) >= 3
    for case in cases:
        assert is_defined(case.program, case.input)
        truth = certify(case)
        assert truth.kind == "certified", (truth.reason, case.json)
        assert truth.value is not None
        assert np.all(np.abs(answer(case) - truth.value) <= truth.tolerance)
    assert any("end of domain" in found for case in cases for found in features(case))


def test_values_that_are_infinite_or_nan_are_among_them() -> None:
    kinds: Counter[str] = Counter()
    for operation in HIDING:
        for case in hiding_cases(operation, "R", 4):
            values = [v for v in evaluate_steps(case.program, case.input) if v.dtype != bool]
            kinds["infinite"] += any(bool(np.any(np.isinf(v))) for v in values)
            kinds["NaN"] += any(bool(np.any(np.isnan(v))) for v in values)
            kinds["finite"] += all(bool(np.all(np.isfinite(v))) for v in values)
    assert min(kinds[kind] for kind in ("infinite", "NaN", "finite")) >= 10


@pytest.mark.parametrize("name", functions())
def test_an_output_that_depends_on_what_is_infinite_is_refused(name: str) -> None:
    for function in functions()[name]:
        for end in function.ends:
            with np.errstate(all="ignore"):
                value = CATALOGUE[name].evaluate(np.array([end, 0.5]), **function.params)
            if np.all(np.isfinite(value)):
                continue
            for later in ("tanh", "reciprocal", "exp"):
                steps = [
                    {"operation": name, "operands": [0], "params": function.params},
                    {"operation": later, "operands": [1]},
                ]
                document = {"format": 1, "point": [end, 0.5], "word": "R", "steps": steps}
                with pytest.raises(MalformedCase, match=rf"steps\[0\] \({name}\): not finite at"):
                    parse_case(json.dumps(document))


def test_a_bound_of_either_sign_is_no_selection() -> None:
    """1 / x is above the bound on one side of zero and below it on the other."""
    steps = [
        {"operation": "reciprocal", "operands": [0]},
        {"operation": "clip", "operands": [1], "params": {"min": -2.0, "max": 2.0}},
    ]
    case = parse_case(json.dumps({"format": 1, "point": 0.0, "word": "R", "steps": steps}))
    assert certify(case).kind in ("convention", "uncertified")


@pytest.mark.parametrize("name", REMOVED)
def test_a_removed_operation_has_a_message(name: str) -> None:
    steps = [{"operation": name, "operands": [0], "params": {"threshold": 0.5}}]
    with pytest.raises(MalformedCase, match=f"'{name}' was removed; write "):
        parse_case(json.dumps({"format": 1, "point": [1.0], "word": "R", "steps": steps}))


@cache
def certified(mode: str) -> list[tuple[Case, Truth]]:
    found = [(case, certify(case)) for case in draw((mode,), 270)]
    return [(case, truth) for case, truth in found if truth.kind == "certified"]


@pytest.mark.parametrize("mode", ["R", "FF", "RFR"])
def test_few_certified_answers_are_zero_and_some_are(mode: str) -> None:
    zero = [not np.any(truth.value) for _, truth in certified(mode)]
    assert 1 <= sum(zero) <= len(zero) / 10


def test_hidden_values_come_in_proportion() -> None:
    ended = [
        any(
            value.dtype != bool and not np.all(np.isfinite(value))
            for value in evaluate_steps(case.program.pruned(), case.input)
        )
        for case in draw(("R", "F"), 1800)
    ]
    assert 0.02 <= sum(ended) / len(ended) <= 0.1


def test_einsum_over_an_axis_of_length_1_is_drawn() -> None:
    stretched = 0
    for case in operation_examples("einsum", "R", 120):
        values = evaluate_steps(case.program, case.input)
        for step in case.program.steps:
            if step.operation == "einsum":
                groups = step.arguments["subscripts"].partition("->")[0].split(",")
                lengths = {
                    pair
                    for letters, i in zip(groups, step.operands, strict=True)
                    for pair in zip(letters, values[i].shape, strict=True)
                }
                stretched += len(lengths) > len({letter for letter, _ in lengths})
    assert stretched >= 6


def drawn_step(name: str) -> Step:
    for case in operation_examples(name, "R", 12):
        for step in case.program.steps:
            if step.operation == name:
                return step
    raise AssertionError(f"{name} is not drawn")


@pytest.mark.parametrize("name", sorted({*WITH_AXIS} - {"stack", "expand_dims"}))
@pytest.mark.parametrize("axis", [0, -1])
def test_a_number_has_no_axis(name: str, axis: int) -> None:
    step = drawn_step(name)
    several = isinstance(step.arguments["axis"], tuple)
    params = {**step.arguments, "axis": (axis,) if several else axis}
    steps = [{"operation": name, "operands": [0] * len(step.operands), "params": params}]
    with pytest.raises(MalformedCase, match=rf"steps\[0\] \({name} of .*\): a number has no axis"):
        parse_case(json.dumps({"format": 1, "point": 1.0, "word": "R", "steps": steps}))


@pytest.mark.parametrize("name", ["sum", "prod", "flip", "sort", "softmax"])
def test_reduction_makes_no_axis_of_a_number(name: str) -> None:
    asked: list[Case] = []

    def fails(case: Case) -> bool:
        asked.append(case)
        return name in case.program.operations

    for case in operation_examples(name, "R", 6):
        reduce(case, fails)
    assert len(asked) > 10
    for smaller in asked:
        values = evaluate_steps(smaller.program, smaller.input)
        for step in smaller.program.steps:
            axis = step.arguments.get("axis")
            if axis is not None and step.operation not in ("stack", "expand_dims"):
                assert values[step.operands[0]].ndim
