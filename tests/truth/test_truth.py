"""The certified finite differences against another way to the same numbers, and against what they
must refuse.
"""

from __future__ import annotations

import itertools
import math
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from ad_conformance.conformance.reference.certify import certify
from ad_conformance.generators.ir.program import Case, Program, Step
from ad_conformance.generators.scenarios.seed_programs import seed_case
from ad_conformance.generators.strategies.sampling import portion
from flint import arb, arb_series, ctx


def program(*rows: tuple[Any, ...]) -> Program:
    return Program(
        tuple(Step(n, tuple(o), tuple(sorted((p[0] if p else {}).items()))) for n, o, *p in rows)
    )


@pytest.mark.filterwarnings("error")
def test_terms_that_are_too_large_for_a_float_are_no_error() -> None:
    case = Case(Program((Step("det", (0,)),)), ((1.0, 1e308), (1.0, 1.0)), "R")
    assert certify(case).kind in ("certified", "uncertified")


def test_the_reported_function() -> None:
    """sum(W * num_to_mat(x)) at 0.7, W = [[1, 2], [3, 4]], from the report that started this
    project.
    """
    weights = np.array([[1.0, 2.0], [3.0, 4.0]])
    expected = {"R": -13.0106912950900, "RR": 97.49952818077769, "RRR": 446.002985669867}
    for mode, value in expected.items():
        case = Case(seed_case("num_to_mat", mode).program, 0.7, mode)
        truth = certify(case)
        assert truth.value is not None
        assert truth.radius is not None
        assert math.isclose(float(np.sum(weights * truth.value)), value, rel_tol=1e-13)
        assert np.max(truth.radius) < 1e-20 * np.max(np.abs(truth.value))


#: Elementwise operations that arb_series has too, with a point in the domain of each.
SERIES = {
    "sin": 0.75, "cos": 0.75, "tan": 0.5, "exp": 0.75, "log": 1.5, "sqrt": 1.5, "sinh": 0.5,
    "cosh": 0.5, "tanh": 0.5, "atan": 1.5, "asin": 0.25, "acos": 0.25, "reciprocal": -1.5,
    "square": 0.75, "log1p": 0.5, "expm1": 0.5, "asinh": 0.5, "acosh": 1.5, "atanh": 0.25,
}  # fmt: skip


def _series(name: str, x: arb_series) -> arb_series:
    match name:
        case "reciprocal":
            return 1 / x
        case "square":
            return x * x
        case "log1p":
            return (1 + x).log()
        case "expm1":
            return x.exp() - 1
        case "asinh":
            return (x + (x * x + 1).sqrt()).log()
        case "acosh":
            return (x + (x * x - 1).sqrt()).log()
        case "atanh":
            return ((1 + x) / (1 - x)).log() / 2
        case "sinh":
            return (x.exp() - (-x).exp()) / 2
        case "cosh":
            return (x.exp() + (-x).exp()) / 2
        case "tanh":
            return ((2 * x).exp() - 1) / ((2 * x).exp() + 1)
        case _:
            return getattr(x, name)()


@pytest.mark.parametrize("name", SERIES)
def test_taylor_arithmetic_gives_the_same_derivatives(name: str) -> None:
    for order in (1, 2, 3, 4):
        case = Case(
            program((name, (0,)), ("square", (1,)), ("sin", (2,))), SERIES[name], "R" * order
        )
        truth = certify(case)
        kept = ctx.prec, ctx.cap
        ctx.prec, ctx.cap = 200, order + 1
        try:
            inner = _series(name, arb_series([arb(SERIES[name]), 1]))
            taylor = float(((inner * inner).sin()[order] * math.factorial(order)).mid())
        finally:
            ctx.prec, ctx.cap = kept
        assert truth.value is not None
        assert math.isclose(float(truth.value), taylor, rel_tol=1e-15)


def test_mixed_partials_of_a_polynomial_are_exact() -> None:
    """x0 * x1 * x2 + x0**2 * x1, whose derivatives are known in closed form."""
    steps = program(
        ("prod", (0,), {"axis": 0, "keepdims": False}),
        ("index", (0,), {"index": (0,)}),
        ("index", (0,), {"index": (1,)}),
        ("square", (2,)),
        ("multiply", (4, 3)),
        ("add", (1, 5)),
    )
    a, b, c = 0.5, -2.0, 0.0
    truth = certify(Case(steps, (a, b, c), "RRR"))
    expected = np.zeros((3, 3, 3))
    for i, j, k in itertools.permutations(range(3)):
        expected[i, j, k] = 1.0
    for i, j, k in set(itertools.permutations((0, 0, 1))):
        expected[i, j, k] = 2.0
    np.testing.assert_allclose(truth.value, expected, atol=1e-24)
    hessian = certify(Case(steps, (a, b, c), "RR")).value
    np.testing.assert_allclose(
        hessian, [[2 * b, c + 2 * a, b], [c + 2 * a, 0, a], [b, a, 0]], atol=1e-24
    )


KINKS = {
    "abs at zero": (program(("abs", (0,))), 0.0, "R"),
    "abs at zero, where the second derivative agrees": (program(("abs", (0,))), 0.0, "RR"),
    "x * abs(x), second order": (program(("abs", (0,)), ("multiply", (0, 1))), 0.0, "RR"),
    "maximum of x and -x": (program(("negative", (0,)), ("maximum", (0, 1))), 0.0, "R"),
    "a tie in max": (program(("max", (0,), {"axis": None, "keepdims": False})), (1.0, 1.0), "R"),
    "a jump": (
        program(
            ("constant", (), {"value": 0.0}),
            ("greater", (0, 1)),
            ("exp", (0,)),
            ("constant", (), {"value": 2.0}),
            ("multiply", (0, 4)),
            ("where", (2, 3, 5)),
        ),
        0.0,
        "R",
    ),
    "a kink that float64 cannot tell from a tie": (
        program(
            ("constant", (), {"value": math.exp(1.0) * (1.0 + 2.0**-44)}),
            ("exp", (0,)),
            ("maximum", (1, 2)),
        ),
        1.0,
        "R",
    ),
    "x0 written with max and min": (
        program(
            ("index", (0,), {"index": (0,)}),
            ("maximum", (0, 1)),
            ("min", (2,), {"axis": None, "keepdims": False}),
        ),
        (2.0, 2.0),
        "R",
    ),
}


@pytest.mark.parametrize("name", KINKS)
def test_kinks_are_conventions(name: str) -> None:
    assert certify(Case(*KINKS[name])).kind == "convention"


SMOOTH = {
    "abs(x)**2, where a mean of slopes gives another answer": (
        program(("abs", (0,)), ("square", (1,))),
        0.0,
        "RR",
        2.0,
    ),
    "x * abs(x), first order": (program(("abs", (0,)), ("multiply", (0, 1))), 0.0, "R", 0.0),
    "maximum(x, x)": (program(("maximum", (0, 0))), 1.0, "R", 1.0),
    "ties of a value with itself": (
        program(("stack", (0, 0), {"axis": 0}), ("max", (1,), {"axis": 0, "keepdims": False})),
        1.0,
        "R",
        1.0,
    ),
    "both branches of where agree": (
        program(
            ("constant", (), {"value": 0.0}),
            ("greater", (0, 1)),
            ("sin", (0,)),
            ("where", (2, 3, 0)),
        ),
        0.0,
        "R",
        1.0,
    ),
    "a bend whose square is smooth": (
        program(("elu", (0,), {"alpha": 1.0}), ("multiply", (1, 1))),
        0.0,
        "R",
        0.0,
    ),
    "away from the kink": (
        program(
            ("abs", (0,)),
        ),
        -1e-3,
        "R",
        -1.0,
    ),
    "zero to a varying power": (
        program(("constant", (), {"value": 0.0}), ("pow", (1, 0))),
        2.0,
        "RR",
        0.0,
    ),
    "negative base, constant integer exponent": (
        program(("constant", (), {"value": 3.0}), ("pow", (0, 1))),
        -2.0,
        "RR",
        -12.0,
    ),
    "the square of a zero that is not exact": (
        program(
            ("sin", (0,)),
            ("constant", (), {"value": (1.0, 1.0)}),
            ("multiply", (1, 2)),
            ("index", (3,), {"index": (0,)}),
            ("index", (3,), {"index": (1,)}),
            ("subtract", (4, 5)),
            ("pow_int", (6,), {"exponent": 2}),
        ),
        1.0,
        "RR",
        0.0,
    ),
    "dead code at a kink": (
        program(("abs", (0,)), ("negative", (1,)), ("square", (0,))),
        0.0,
        "RR",
        2.0,
    ),
    "det of a singular matrix": (
        program(
            ("constant", (), {"value": ((1.0, 1.0), (1.0, 1.0))}),
            ("multiply", (0, 1)),
            ("det", (2,)),
        ),
        1.0,
        "RR",
        0.0,
    ),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_smooth_points_are_certified(name: str) -> None:
    steps, point, mode, expected = SMOOTH[name]
    truth = certify(Case(steps, point, mode))
    assert truth.kind == "certified"
    assert truth.value is not None
    assert truth.radius is not None
    assert abs(float(truth.value) - expected) <= float(truth.radius) < 1e-20


UNCERTAIN = {
    "log across its branch point": (program(("log", (0,))), 0.0, "R"),
    "sqrt at zero": (program(("sqrt", (0,))), 0.0, "R"),
    "asin at one": (program(("asin", (0,))), 1.0, "R"),
    "pole": (program(("reciprocal", (0,))), 0.0, "R"),
    "negative base, varying exponent": (
        program(("constant", (), {"value": -2.0}), ("pow", (1, 0))),
        2.0,
        "R",
    ),
}


@pytest.mark.parametrize("name", UNCERTAIN)
def test_case_without_a_finite_enclosure_is_uncertified(name: str) -> None:
    assert certify(Case(*UNCERTAIN[name])).kind == "uncertified"


def test_modes_beyond_the_certified_order_are_refused() -> None:
    with pytest.raises(ValueError, match="orders 1 to 4"):
        certify(seed_case("num_to_num", "RRRRR"))


def test_conditioning_widens_the_tolerance() -> None:
    """Near a pole of tan, rounding of the operand is magnified; the tolerance must grow with it."""
    relative = []
    for point in (0.125, 1.5703125):
        truth = certify(Case(program(("tan", (0,))), point, "RR"))
        assert truth.value is not None
        assert truth.tolerance is not None
        relative.append(float(truth.tolerance / abs(truth.value)))
    assert relative[1] > 8 * relative[0]


def test_tolerance_covers_saturation() -> None:
    """1 - tanh(x)**2 rounds to 0 at x = 20, where the derivative is 1.7e-17: not a fault."""
    truth = certify(Case(program(("tanh", (0,))), 20.0, "R"))
    assert truth.value is not None
    assert truth.tolerance is not None
    assert 1e-18 < float(truth.value) < float(truth.tolerance) < 1e-11


@pytest.mark.parametrize("n", range(1, 8))
def test_rounding_is_seen_although_inputs_cancel(n: int) -> None:
    """All inputs move the sum alike, so that along most directions their moves cancel: to the third
    order to nothing.

    1 - y**2 of a y = tanh(-10) that is rounded is off by 2**-52, the third derivative by four times
    as much and the slope cubed.
    """
    slope = -5.0 / n
    steps = program(
        ("constant", (), {"value": 1.0}),
        ("outer_sum", (1, 0)),
        ("sum", (2,), {"axis": None, "keepdims": False}),
        ("constant", (), {"value": (slope, -slope)}),
        ("multiply", (3, 4)),
        ("tanh", (5,)),
    )
    truth = certify(Case(steps, np.ones(n), "RRR"))
    assert truth.tolerance is not None
    error_ratio = truth.tolerance[:, 0, 0, 0] / (2.0**-50 * abs(slope) ** 3)
    assert np.all(error_ratio > 10)
    assert np.all(error_ratio < 1e5)


def test_noise_takes_the_same_branches_however_arrays_lie_in_memory() -> None:
    """The entries of a batch of inverses lie in another order than those of a sum; `abs` decides
    each of them.
    """
    steps = program(
        ("constant", (), {"value": (((4.0, 0.0), (-1.0, 4.5)), ((7.0, 0.0), (-3.5, 5.5)))}),
        ("multiply", (0, 1)),
        ("inv", (2,)),
        ("abs", (3,)),
        ("constant", (), {"value": 0.5}),
        ("add", (4, 5)),
        ("reciprocal", (6,)),
        ("sinc", (7,)),
        ("prod", (8,), {"axis": None, "keepdims": False}),
    )
    truth = certify(Case(steps, 1.0, "R"))
    assert truth.kind == "certified"
    assert truth.tolerance is not None
    # Two of the eight factors are zero, each but for its rounding; with branches of other entries
    # there are more.
    assert 1e-34 < float(truth.tolerance) < 1e-24


def test_tolerance_covers_second_order_rounding_in_float32() -> None:
    """The slope of x - x is as large as its rounding, and the second derivative of its square twice
    that squared.
    """
    steps = program(("subtract", (0, 0)), ("square", (1,)))
    truth = certify(Case(steps, 1.0, "RR", dtype="float32"))
    assert truth.tolerance is not None
    assert float(truth.tolerance) > 2.0**-48


def test_tolerance_covers_cancelled_terms() -> None:
    """det of a 4x4 matrix of rank 2 along a line through it: each cofactor vanishes up to rounding
    only.
    """
    rows = ((1.625, 3.0, 2.0, -0.375), (0.0, 1.25, 0.0, 0.875))
    steps = program(
        ("tanh", (0,)),
        ("constant", (), {"value": rows}),
        ("multiply", (1, 2)),
        ("take", (3,), {"axis": 0, "indices": (0, 1, 0, 1)}),
        ("det", (4,)),
    )
    truth = certify(Case(steps, -0.625, "R"))
    assert truth.value is not None
    assert truth.tolerance is not None
    assert abs(float(truth.value)) < 1e-30
    assert 1e-16 < float(truth.tolerance) < 1e-10


def test_threads_do_not_disturb_each_other() -> None:
    asked = [*portion(("RR",), 0, 0)[:24], *portion(("F",), 0, 0)[:24]]
    alone = [certify(case) for case in asked]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(4) as executor:
            together = list(executor.map(certify, asked))
    finally:
        sys.setswitchinterval(interval)
    for one, other in zip(alone, together, strict=True):
        assert one.kind == other.kind
        assert all(
            np.array_equal(getattr(one, n), getattr(other, n))
            for n in ("value", "radius", "tolerance")
        )
