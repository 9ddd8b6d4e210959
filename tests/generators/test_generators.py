"""What is generated: every operation, the special values aimed at, in bounds, and the same text
everywhere.
"""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import numpy as np
import pytest
from ad_conformance.conformance.reference.certify import LOG_ERROR, MANTISSA
from ad_conformance.conformance.reference.evaluator import Evaluator
from ad_conformance.conformance.reference.visitors import Rounded
from ad_conformance.generators.arithmetic.balls import Branches, following, to_balls
from ad_conformance.generators.catalogue import CATALOGUE, CORE
from ad_conformance.generators.catalogue.operation import MAX_SIZE, MAX_TIMES
from ad_conformance.generators.features import FEATURES, features
from ad_conformance.generators.ir.case_io import MAX_STEPS, parse_case
from ad_conformance.generators.ir.evaluate import MAX_TOTAL, evaluate_steps
from ad_conformance.generators.ir.operator import KINDS, SIGNATURES
from ad_conformance.generators.ir.program import Case, Program, Step
from ad_conformance.generators.render.dialect import Dialect, UnsupportedOperation, render
from ad_conformance.generators.strategies.builder import (
    LARGE_AXES,
    LARGE_ENTRIES,
    MAX_MAGNITUDE,
    is_small,
)
from ad_conformance.generators.strategies.case_drawing import draw_case
from ad_conformance.generators.strategies.sampling import (
    BATCH,
    OF_RULES,
    _alone,
    _pairs,
    batch,
    draw,
    operation_examples,
)
from ad_conformance.generators.strategies.source import SeededSource
from ad_conformance.generators.strategies.turns import OPERATIONS, RULES, Turn
from flint import arb, ctx

#: Operations that make large operands of layers, or small values of large results.
AROUND_LAYERS = ("reshape", "take", "multiply", "add", "square", "matmul")
#: NumPy uses the default templates of the catalogue, except for these operations.
NUMPY = Dialect(
    namespace="np",
    templates={
        "take": "np.take({0}, np.asarray({indices}), axis={axis})",
        "atan2": "np.atan2({0}, {1})",
        "hypot": "np.hypot({0}, {1})",
    },
)


@pytest.fixture(scope="module")
def drawn() -> list[Case]:
    # A round of all operations in each mode.
    return list(draw(("RR", "F"), 4000))


def test_the_catalogue_has_what_the_first_cut_promises() -> None:
    assert len(CATALOGUE) >= 45
    assert all(row.name == name for name, row in CATALOGUE.items())


def test_every_operation_is_drawn(drawn: list[Case]) -> None:
    met = Counter(operation for case in drawn for operation in case.program.operations)
    assert set(met) == set(CATALOGUE)


def test_bounds_on_what_a_file_may_say_lie_far_above_what_is_drawn(drawn: list[Case]) -> None:
    for case in drawn:
        assert 8 * len(case.program.steps) <= MAX_STEPS
        assert (
            8 * sum(value.size for value in evaluate_steps(case.program, case.input)) <= MAX_TOTAL
        )
        for step in case.program.steps:
            for name, kind in CATALOGUE[step.operation].params.items():
                value = step.arguments[name]
                if kind in ("int", "times"):
                    assert 8 * abs(value) <= (MAX_SIZE if kind == "int" else MAX_TIMES)
                elif kind == "growth":
                    assert 8 * np.prod([1 + i for i in value]) <= MAX_SIZE


def test_every_signature_has_the_kinds_it_says(drawn: list[Case]) -> None:
    kinds = Counter()
    for case in drawn:
        output = evaluate_steps(case.program, case.input)[-1]
        kinds[f"{KINDS[case.input.ndim]}_to_{KINDS[output.ndim]}"] += 1
    assert set(kinds) == set(SIGNATURES)


def test_special_values_are_aimed_at(drawn: list[Case]) -> None:
    """Special points at which engines fail are drawn on purpose, each more than once."""
    met: Counter[tuple[str, str]] = Counter()
    for case in drawn:
        for step, found in zip(case.program.steps, features(case), strict=True):
            met.update((step.operation, feature) for feature in found)
    for operation, feature in [
        ("prod", "zero"),
        ("prod", "zeros"),
        ("cumulative_prod", "zero"),
        ("det", "singular"),
        ("pow", "zero base"),
        ("pow", "zero last"),
        ("pow_float", "zero base"),
        ("maximum", "repeated"),
        ("max", "tie"),
        ("tanh", "large"),
        ("hypot", "same size"),
        ("multiply", "repeated"),
        ("sum", "length 1"),
    ]:
        assert met[operation, feature] >= 2, (operation, feature)
    assert sum(n for (_, feature), n in met.items() if feature == "empty") >= 5
    assert {feature for _, feature in met} <= set(FEATURES)


@pytest.mark.parametrize(
    ("point", "axis", "named"),
    [
        ((1.5, 1.5, 1.5), 0, {"zero variance"}),
        ((0.1 + 0.2, 0.3), 0, {"zero variance"}),  # equal but for rounding
        ((8.0, 8.0, 8.125), 0, {"small variance"}),
        ((1.0, 2.0, 3.0), 0, set()),
        ((0.0, 0.0, 1.0), 0, set()),  # a tie, and the others differ
        ((-1.0, 1.0), 0, set()),  # the mean is zero
        (((1.0, 1.0), (2.0, 3.0)), 1, {"zero variance"}),  # in one row
        (((1.0, 1.0), (2.0, 3.0)), 0, set()),
        (((1.0, 2.0),), 0, set()),  # one entry has no variance
    ],
)
def test_variances_are_features_of_steps_along_an_axis(
    point: Any, axis: int, named: set[str]
) -> None:
    step = Step("standardize", (0,), (("axis", axis), ("eps", 1.0)))
    (found,) = features(Case(Program((step,)), point, "R"))
    assert found & {"zero variance", "small variance"} == named


def test_values_stay_in_bounds(drawn: list[Case]) -> None:
    for case in drawn:
        values = evaluate_steps(case.program, case.input)
        large = {k for k, value in enumerate(values) if not is_small(value)}
        for k in large:
            assert values[k].size <= LARGE_ENTRIES
            assert values[k].ndim <= LARGE_AXES
        for step in case.program.steps:
            # No other operation has a large operand than layers, and those that make such operands
            # and what is small again.
            assert large.isdisjoint(step.operands) or (
                CATALOGUE[step.operation].large or step.operation in AROUND_LAYERS
            )
        for value in values[1:]:
            finite = value[np.isfinite(value)]
            assert value.dtype == bool or np.all(np.abs(finite) <= MAX_MAGNITUDE)


def test_points_are_dyadic(drawn: list[Case]) -> None:
    for case in drawn:
        assert np.all(np.mod(case.input, 2.0**-12) == 0)


def test_cotangents_of_matrices_without_rows_round_trip() -> None:
    empty = [
        case
        for case in operation_examples("diff", "R", 400)
        if evaluate_steps(case.program, case.input)[-1].shape in ((0, 1), (0, 2), (0, 3))
    ]
    assert empty
    assert all(parse_case(case.json) == case for case in empty)


def test_json_round_trips(drawn: list[Case]) -> None:
    for case in drawn:
        again = parse_case(case.json)
        assert again == case
        assert again.id == case.id
        assert hash(again) == hash(case)


def test_rendered_text_computes_what_the_rows_compute(drawn: list[Case]) -> None:
    for case in drawn:
        if not case.program.operations <= set(CORE):
            continue
        evaluate = Evaluator(case.program, case.input)
        inputs = (case.input, *(evaluate.values[k] for k in case.program.arguments))
        names: dict[str, object] = {"np": np}
        with np.errstate(all="ignore"):
            exec(render(case.program, NUMPY, case.input), names)
            got = names["f"](*inputs)  # type: ignore[operator]
        np.testing.assert_allclose(got, evaluate.values[-1], rtol=1e-9, atol=1e-9 * evaluate.size)


def test_balls_enclose_what_the_rows_compute(drawn: list[Case]) -> None:
    rounded = Rounded(MANTISSA["float64"], LOG_ERROR["float64"])
    kept = ctx.prec
    ctx.prec = 200
    try:
        for case in drawn:
            evaluate = Evaluator(case.program, case.input)
            # A comparison counts as decided where truth counts it so, and rounding cannot decide it
            # otherwise.
            with following(Branches()) as branches:
                got = evaluate.visited(to_balls(case.input), rounded)
            if branches.open:
                continue
            # On a branch cut (atan2) there is nothing to enclose.
            if not all(z.is_finite() for z in got.reshape(-1)):
                continue
            scale = evaluate.size
            middle, radius = (
                np.array([float(part(z)) for z in got.reshape(-1)]).reshape(got.shape)
                for part in (arb.mid, arb.rad)
            )
            error = np.abs(middle - evaluate.values[-1])
            allowed = radius + 1e-7 * np.abs(evaluate.values[-1]) + 1e-9 * scale
            assert np.all(error <= allowed), case.json
    finally:
        ctx.prec = kept


def test_pruning_drops_only_what_is_not_needed() -> None:
    program = Program((Step("sin", (0,)), Step("cos", (0,)), Step("exp", (1,))))
    assert program.pruned() == Program((Step("sin", (0,)), Step("exp", (1,))))


@pytest.mark.parametrize(
    ("steps", "text"),
    [
        ((Step("constant", (), (("value", -0.0),)), Step("pow", (1, 0))), "return (-0.0) ** x"),
        ((Step("constant", (), (("value", -2.0),)), Step("subtract", (0, 1))), "return x - (-2.0)"),
        ((Step("exp", (0,)),), "return np.exp(x)"),
    ],
)
def test_rendered_text(steps: tuple[Step, ...], text: str) -> None:
    assert text in render(Program(steps), NUMPY, np.array(1.0))


def test_dialect_without_an_operation_says_which() -> None:
    dialect = Dialect(namespace="np", templates={"sin": None})
    with pytest.raises(UnsupportedOperation, match="sin"):
        render(Program((Step("sin", (0,)),)), dialect, np.array(1.0))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"signature": "num_to_cube", "mode": "R"}, "use one of num_to_num"),
        ({"signature": "num_to_num", "mode": "RX"}, "use letters R and F"),
        ({"signature": "num_to_num", "mode": "R", "max_steps": 0}, "use 1 or more"),
    ],
)
def test_options_of_a_case_are_checked(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        draw_case(SeededSource(""), **options)  # type: ignore[arg-type]


def test_the_same_seed_draws_the_same_cases() -> None:
    first, second = ([case.id for case in draw(("RR",), 200, start=3)] for _ in range(2))
    assert first == second
    assert len(set(first)) == 200


def test_compositions_end_with_operations_of_turns() -> None:
    """Every other program of a batch ends with its pair, where the two fit."""
    asked = [found for number in range(30) for found in _pairs("RR", "vec_to_num", number)]
    assert all(turn.operation in pair for pair, turn in asked)
    assert {pair.index(turn.operation) for pair, turn in asked} == {0, 1}
    drawn = [batch("RR", "vec_to_num", number)[:BATCH] for number in range(30)]
    cases = [case for some in drawn for case in some]
    assert [case.names for case in cases] == [turn.names for _, turn in asked]
    met = [pair in case.program.pairs for case, (pair, _) in zip(cases, asked, strict=True)]
    # Not a larger share: many operations take only values that few others have as results.
    assert sum(met) > len(met) / 7


def test_rules_and_operations_come_in_turn() -> None:
    """The batches of a mode meet all turns before any comes again, then all under further names."""
    rules: list[Turn] = []
    others: list[Turn] = []
    for number, signature in itertools.product(range(45), SIGNATURES):
        alone = _alone("RF", signature, number)
        rules += alone[:OF_RULES]
        rules += [turn for _, turn in _pairs("RF", signature, number)]
        others += alone[OF_RULES:]
    assert set(rules[: len(RULES)]) == set(RULES)
    assert set(others[: len(OPERATIONS)]) == set(OPERATIONS)
    again = others[len(OPERATIONS) : 2 * len(OPERATIONS)]
    assert {(turn.operation, turn.names) for turn in again} == {
        (turn.operation, 1) for turn in OPERATIONS
    }
    asked = {turn.operation for turn in (*RULES, *OPERATIONS)}
    assert asked == {name for name, row in CATALOGUE.items() if row.weight}


def test_modes_start_at_different_turns() -> None:
    modes = ("R", "F", "RR", "RF", "FR", "FF", "RRR", "FFR")
    assert len({_alone(mode, "num_to_num", 0)[0] for mode in modes}) == len(modes)


def test_a_batch_asks_its_turns() -> None:
    batches = [(mode, number) for mode in ("R", "FF") for number in range(6)]
    met = []
    for mode, number in batches:
        alone = batch(mode, "vec_to_vec", number)[BATCH:]
        for turn, case in zip(_alone(mode, "vec_to_vec", number), alone, strict=True):
            assert case.names == turn.names
            values = evaluate_steps(case.program, case.input)
            met.append(turn.fits(case.program.steps, values))
    assert sum(met) > len(met) * 3 / 4


def test_zeros_and_ties_are_choices() -> None:
    """A zero of a constant is none: no rule is asked about it. A constant may be one of a tie."""
    constant, step = Step("constant", (), (("value", 0.0),)), Step("xlogy", (1, 0))
    turns = [Turn("xlogy", 0, (choice,)) for choice in ("zero base", "zero last", "tie")]
    for point, fits in ((0.0, [False, True, True]), (0.5, [False] * 3)):
        values = [np.array(point), np.array(0.0), np.array(0.0)]
        assert [turn.fits((constant, step), values) for turn in turns] == fits
    values = [np.array(0.0), np.array(0.0)]
    assert [turn.fits((Step("xlogy", (0, 0)),), values) for turn in turns] == [True] * 3


def test_a_turn_draws_its_zeros() -> None:
    for choice, index in (("zero base", 0), ("zero last", 1)):
        turn = Turn("hypot", 0, (choice,))
        case = turn.case("0", "R", "vec_to_vec")
        values = evaluate_steps(case.program, case.input)
        met = [s for s in case.program.steps if s.operation == "hypot"]
        assert any(np.any(values[step.operands[index]] == 0) for step in met)


def test_pairs_of_a_program() -> None:
    constant = Step("constant", (), (("value", 1.0),))
    program = Program((Step("sin", (0,)), constant, Step("add", (1, 2)), Step("exp", (3,))))
    assert program.pairs == {("sin", "add"), ("add", "exp")}
