"""The tolerance: at least what rounding does to derivatives of known functions, and little more."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ad_conformance.conformance import verdicts
from ad_conformance.conformance.reference.certify import certify, measured_again
from ad_conformance.conformance.reference.taylor import coefficients
from ad_conformance.conformance.verdicts import Verdict, judge
from ad_conformance.engines.contract import Answer
from ad_conformance.generators.arithmetic.balls import to_balls
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.program import Case, Program, Step
from flint import ctx

UNIT = {"float64": 2.0**-53, "float32": 2.0**-24}
#: Any entry may be off by this many rounding units.
LEAST = 64.0


def program(*rows: tuple[Any, ...]) -> Program:
    return Program(tuple(Step(n, o, tuple(p[0].items()) if p else ()) for n, o, *p in rows))


def relative(case: Case) -> np.ndarray:
    """The tolerance of each entry in rounding units of the entry."""
    truth = certify(case)
    assert truth.kind == "certified", truth.reason
    assert truth.value is not None
    assert truth.tolerance is not None
    return np.asarray(truth.tolerance / np.abs(truth.value) / UNIT[case.dtype])


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", UNIT)
@pytest.mark.parametrize("log_factor", [0, 10, 20, 30])
def test_the_tolerance_is_relative_to_the_derivative(
    log_factor: int, dtype: str, order: int
) -> None:
    """-K exp(x), which is well conditioned at every K, and K + exp(x)."""
    constant = ("constant", (), {"value": -(2.0**log_factor)})
    for step in (("multiply", (1, 2)), ("subtract", (1, 2))):
        steps = program(("exp", (0,)), constant, step)
        units = relative(Case(steps, 0.75, "R" * order, dtype=dtype))
        assert LEAST < units < 4096


@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_small_entry_has_its_own_tolerance(order: int) -> None:
    steps = program(
        ("constant", (), {"value": (2.0**40, 1.0)}), ("exp", (0,)), ("multiply", (1, 2))
    )
    case = Case(steps, (0.5, 0.75), "R" * order)
    truth = certify(case)
    assert truth.value is not None
    assert truth.tolerance is not None
    for i in range(2):
        entry = (i,) * (order + 1)
        units = truth.tolerance[entry] / truth.value[entry] / UNIT["float64"]
        assert LEAST < units < 4096


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("dtype", UNIT)
def test_amplified_rounding_is_in_the_tolerance(dtype: str, order: int) -> None:
    """sin(K x): a rounding error of K x moves the derivative by K**order times as much."""
    factor, point = 67.0, 1.3 if dtype == "float64" else float(np.float32(1.3))
    steps = program(("constant", (), {"value": factor}), ("multiply", (0, 1)), ("sin", (2,)))
    truth = certify(Case(steps, point, "R" * order, dtype=dtype))
    assert truth.tolerance is not None
    phase = factor * point + order * math.pi / 2
    moved = UNIT[dtype] * factor**order * factor * point * abs(math.cos(phase))
    assert 16 * moved < float(truth.tolerance) < 1024 * moved + 1024 * UNIT[dtype] * factor**order


@pytest.mark.parametrize("dtype", UNIT)
def test_sums_and_products_that_the_dtype_holds_are_not_rounded(dtype: str) -> None:
    """exp(K x - c), where K x has so many bits, and c is K x in the dtype."""
    point = 1.0 + 2.0**-10

    def of_bits(bits: int, *rows: tuple[Any, ...]) -> tuple[float, float]:
        factor = 2.0 ** (bits - 11) + 1.0
        c = factor * point
        steps = program(
            ("constant", (), {"value": factor}),
            ("constant", (), {"value": -float(np.float32(c)) if dtype == "float32" else -c}),
            *rows,
            ("exp", (2 + len(rows),)),
        )
        return float(relative(Case(steps, point, "R", dtype=dtype))), factor

    bits = 53 if dtype == "float64" else 24
    plain = (("multiply", (0, 1)), ("add", (2, 3)))
    units, _ = of_bits(bits, *plain)
    assert units < 4096
    units, factor = of_bits(bits + 1, *plain)
    assert units > 16 * factor
    # A definition is not the only formula, so its operands are rounded.
    units, factor = of_bits(bits, ("addcmul", (2, 0, 1), {"factor": 1.0}))
    assert units > 16 * factor


@pytest.mark.parametrize("order", [2, 3])
def test_weights_of_logsumexp_do_not_add_up_to_one(order: int) -> None:
    """logsumexp(K x, K x): rules compute the weights exp(K x - f), and f is rounded."""
    factor, point = 1024.0, 1.25
    steps = program(
        ("constant", (), {"value": (factor, factor)}),
        ("multiply", (0, 1)),
        ("logsumexp", (2,), {"axis": -1, "keepdims": False}),
    )
    truth = certify(Case(steps, point, "R" * order))
    assert truth.tolerance is not None
    moved = UNIT["float64"] * factor * point * factor**order
    assert 4 * moved < float(truth.tolerance) < 4096 * moved


@pytest.mark.parametrize("pair", [(0, 1), (2, 3)])
def test_partial_sums_of_running_exponentials_cancel(pair: tuple[int, int]) -> None:
    """Two entries far below the others, whose exponentials are added first: one after another the
    first two, by pairs also the last two. Then the second derivative by both is the difference of
    that of their sum, and of the product of their weights in it.
    """
    point = np.full(4, 20.0)
    point[list(pair)] = 0.0, 1.0
    steps = program(("logcumsumexp", (0,), {"axis": 0}))
    truth = certify(Case(steps, tuple(point), "RR"))
    assert truth.value is not None
    assert truth.tolerance is not None
    entry = (3, *pair)
    two, whole = np.logaddexp(0.0, 1.0), np.logaddexp.reduce(point)
    terms = np.exp(two - whole) * np.exp(1.0 - 2 * two)
    assert terms > 1e8 * abs(truth.value[entry])
    assert 4 < truth.tolerance[entry] / (UNIT["float64"] * terms) < 1e4
    assert 4 < truth.tolerance[3, 0, 0] / (UNIT["float64"] * truth.value[3, 0, 0]) < 1e5


@pytest.mark.parametrize("order", [1, 3])
def test_terms_of_a_derivative_that_cancel_are_rounded(order: int) -> None:
    """2**20 sin(x) - (2**20 - 1) sin(x) at 0, where all values are exact."""
    steps = program(
        ("sin", (0,)),
        ("constant", (), {"value": 2.0**20}),
        ("multiply", (1, 2)),
        ("constant", (), {"value": 2.0**20 - 1}),
        ("multiply", (1, 4)),
        ("subtract", (3, 5)),
    )
    assert 16 * 2.0**20 < relative(Case(steps, 0.0, "R" * order)) < 1024 * 2.0**20


def test_tolerances_of_products_are_those_of_their_terms() -> None:
    """A pullback adds up the tolerances of the Jacobian; a pushforward has one of its own."""
    steps = program(("exp", (0,)), ("cumulative_sum", (1,), {"axis": 0}))
    full = Case(steps, (0.5, 0.75, -0.5), "R")
    whole = certify(full)
    assert whole.tolerance is not None
    w = np.array([2.0, -3.0, 0.5])
    pulled = certify(replace(full, operator="pullback", cotangent=tuple(w)))
    pushed = certify(replace(full, mode="F", operator="pushforward", tangent=tuple(w)))
    assert pulled.tolerance is not None
    assert pushed.tolerance is not None
    summed = np.abs(w) @ whole.tolerance
    assert np.all((0.25 * summed < pulled.tolerance) & (pulled.tolerance < 4 * summed))
    summed = whole.tolerance @ np.abs(w)
    assert np.all((0.05 * summed < pushed.tolerance) & (pushed.tolerance < 4 * summed))


def test_a_derivative_of_zero_has_a_tolerance() -> None:
    """An engine may have a number too small to be held instead."""
    for dtype, tiny in (("float64", 1e-290), ("float32", 1e-34)):
        truth = certify(Case(program(("floor", (0,))), 0.5, "R", dtype=dtype))
        assert truth.value == 0
        assert truth.tolerance is not None
        assert tiny / 1e3 < float(truth.tolerance) < tiny * 1e3


SQUARED_GAP = (
    ("constant", (), {"value": 0.0}),
    ("add", (0, 1)),
    ("hypot", (0, 2)),
    ("subtract", (0, 3)),
    ("multiply", (4, 4)),
)


@pytest.mark.parametrize(
    ("rows", "order"),
    [
        ((("hypot", (0, 0)),), 2),
        (SQUARED_GAP, 3),
        ((("rel_entr", (0, 0)), ("exp", (1,))), 2),
        ((("rel_entr", (0, 0)), ("exp", (1,))), 3),
        ((("logaddexp", (0, 0)),), 2),
        ((("copysign", (0, 0)),), 2),
    ],
)
def test_terms_that_cancel_for_all_perturbed_operands_are_rounded(rows: Any, order: int) -> None:
    """These are linear or quadratic functions, and so they are with any relative errors of their
    operands. Rules add up terms of about 1, which leaves about one rounding unit.
    """
    truth = certify(Case(program(*rows), 1.25, "R" * order))
    assert truth.value is not None
    assert truth.tolerance is not None
    assert abs(truth.value) < 1e-30
    assert 16 * UNIT["float64"] < truth.tolerance < 4096 * UNIT["float64"]


@pytest.mark.parametrize("name", ["complex_prod", "complex_cumprod"])
@pytest.mark.parametrize("order", [1, 2])
def test_parts_of_complex_products_are_rounded_relative_to_their_magnitude(
    name: str, order: int
) -> None:
    """The imaginary parts of x + i and (x + i) x: the rule divides products by their factors."""
    steps = program(
        ("stack", (0, 0), {"axis": 0}),
        ("constant", (), {"value": (1.0, 0.0)}),
        (name, (1, 2), {"axis": 0, "part": "imag"}),
    )
    truth = certify(Case(steps, 1.25, "R" * order))
    assert truth.value is not None
    assert truth.tolerance is not None
    exact = {1: [0.0, 1.0], 2: [0.0, 0.0]}[order]
    np.testing.assert_allclose(np.ravel(truth.value), exact[-truth.value.size :], atol=1e-20)
    assert np.all(truth.tolerance > 4 * UNIT["float64"])
    assert np.all(truth.tolerance < 4096 * UNIT["float64"])


def test_an_output_that_is_zero_at_the_point_has_tolerances_in_all_entries() -> None:
    """tanh(32 y) x at x = 0: its derivative by y is zero, that by x and twice by y is not, and is
    the rounded zero 1 - tanh(32 y)**2 in usual formulas.
    """
    steps = program(
        ("constant", (), {"value": (1.0, 32.0)}),
        ("multiply", (0, 1)),
        ("index", (2,), {"index": (0,)}),
        ("index", (2,), {"index": (1,)}),
        ("tanh", (4,)),
        ("multiply", (3, 5)),
    )
    truth = certify(Case(steps, (0.0, 1.0), "FRF"))
    assert truth.value is not None
    assert truth.tolerance is not None
    assert 0 < abs(truth.value[0, 1, 1]) < 1e-20
    assert truth.tolerance[0, 1, 1] > 1e-13


def test_zeros_are_compared_with_the_derivatives_of_the_same_output() -> None:
    """(exp(x), 2**-40 exp(y)): nothing depends on x and y both."""
    scale = 2.0**-40
    steps = program(("constant", (), {"value": (1.0, scale)}), ("exp", (0,)), ("multiply", (1, 2)))
    truth = certify(Case(steps, (0.5, 0.5), "RR"))
    assert truth.tolerance is not None
    e = math.exp(0.5) * UNIT["float64"]
    assert 64 * e < truth.tolerance[0, 0, 1] < 1024 * e
    assert 64 * e * scale < truth.tolerance[1, 0, 1] < 1024 * e * scale


@pytest.mark.parametrize("mode", ["R", "RR", "RRR"])
@pytest.mark.parametrize("name", ["i0", "i1", "i0e", "i1e", "sinc"])
def test_formulas_with_one_over_x_have_no_larger_tolerances_near_zero(name: str, mode: str) -> None:
    """The derivative of i1 is i0 - i1 / x, but also (i0 + i2) / 2, which loses no digits near 0."""
    steps = program((name, (0,)))
    far, near = (certify(Case(steps, x, mode)).tolerance for x in (2.0**-2, 2.0**-14))
    assert far is not None
    assert near is not None
    assert near <= 2 * far


def test_the_rule_of_var_assumes_that_deviations_add_up_to_zero() -> None:
    """The variance of x + (K, K + 1, K + 3) is constant; its deviations are rounded like K."""
    offset = 2.0**10
    steps = program(
        ("constant", (), {"value": (offset, offset + 1.0, offset + 3.0)}),
        ("add", (0, 1)),
        ("var", (2,), {"axis": 0, "keepdims": False, "correction": 0}),
    )
    truth = certify(Case(steps, 0.25, "R"))
    assert truth.value == 0
    assert truth.tolerance is not None
    assert 16 * offset < truth.tolerance / UNIT["float64"] < 1024 * offset
    # Of each row of a matrix.
    steps = program(("std", (0,), {"axis": 1, "keepdims": False, "correction": 0}))
    rows = ((1.0, 2.0, 4.0), (offset, offset + 1.0, offset + 3.0))
    truth = certify(Case(steps, rows, "R"))
    assert truth.tolerance is not None
    small, large = truth.tolerance[0, 0], truth.tolerance[1, 1]
    assert np.max(small) < 1024 * UNIT["float64"]
    assert np.min(large) > offset * UNIT["float64"]


@pytest.mark.parametrize(
    ("name", "params"),
    [("standardize", {"axis": -1, "eps": 0.0625}), ("layer_norm", {"eps": 0.0625})],
)
def test_rules_of_normalizations_assume_so_too(name: str, params: dict[str, Any]) -> None:
    offset = 2.0**10
    steps = program(
        ("constant", (), {"value": (offset, offset + 1.0, offset + 3.0)}),
        ("add", (0, 1)),
        (name, (2,), params),
        ("index", (3,), {"index": (0,)}),
    )
    truth = certify(Case(steps, 0.25, "R"))
    assert truth.value == 0
    assert truth.tolerance is not None
    assert offset < truth.tolerance / UNIT["float64"] < 1024 * offset


def test_a_tolerance_is_measured_again_before_an_answer_is_called_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = Case(program(("exp", (0,))), 0.5, "R")
    few, many = certify(case), measured_again(case)
    assert few.value is not None
    assert few.tolerance is not None
    assert many.tolerance is not None
    assert few.tolerance <= many.tolerance < 4 * few.tolerance

    def judged(tolerances: float) -> Verdict:
        # The same, as if few copies had shown less by chance.
        small = replace(few, tolerance=few.tolerance / tolerances)
        off = np.asarray(few.value + few.tolerance / 2)
        return judge(case, "engine", Answer("answered", value=off), small).verdict

    assert judged(8.0) is Verdict.AGREE
    monkeypatch.setattr(verdicts, "DOUBTFUL", 0.0)
    assert judged(8.0) is Verdict.WRONG


def test_taylor_coefficients_are_those_of_the_operation() -> None:
    point = to_balls(np.array([0.5, -1.25]))
    ctx.prec = 512
    try:
        exp = coefficients(CATALOGUE["exp"], {}, [point], 4)
        product = coefficients(CATALOGUE["multiply"], {}, [point, point], 3)
        quotient = coefficients(CATALOGUE["divide"], {}, [point, point], 2)
    finally:
        ctx.prec = 53
    assert exp.keys() == {(2,), (3,), (4,)}
    for n in (2, 3, 4):
        expected = np.exp([0.5, -1.25]) / math.factorial(n)
        np.testing.assert_allclose(exp[n,].astype(float), expected, rtol=1e-12)
    assert product.keys() == {(1, 1)}
    np.testing.assert_allclose(product[1, 1].astype(float), 1.0, rtol=1e-12)
    assert quotient.keys() == {(1, 1), (0, 2)}
    x = np.array([0.5, -1.25])
    np.testing.assert_allclose(quotient[0, 2].astype(float), 1 / x**2, rtol=1e-12)
