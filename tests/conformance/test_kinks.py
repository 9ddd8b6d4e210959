"""Kinks: which entries of a derivative are judged, by generated families."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ad_conformance.conformance.reference.certify import Truth, certify
from ad_conformance.generators.ir.case_io import parse_case
from ad_conformance.generators.ir.program import Case, Program, Step, nested

WHOLE = {"axis": None, "keepdims": False}
Row = tuple[Any, ...]


def program(*rows: Row) -> Program:
    """Rows of an operation, its operands, and its parameters if it has any."""
    return Program(
        tuple(Step(n, tuple(o), tuple(sorted((p[0] if p else {}).items()))) for n, o, *p in rows)
    )


def truth(rows: list[Row], point: Any, mode: str, **more: Any) -> Truth:
    # The text is parsed, so that parameters and shapes are checked.
    case = Case(program(*rows), nested(np.asarray(point, dtype=float)), mode, **more)
    return certify(parse_case(case.json))


def judged(found: Truth) -> np.ndarray:
    assert found.shape is not None
    return np.ones(found.shape, bool) if found.judged is None else found.judged


def constant(value: Any) -> Row:
    return "constant", (), {"value": nested(np.asarray(value, dtype=float))}


#: Entry by entry: a kink at each zero, derivative 1 at 2 and -1 or 0 at -3.
ELEMENTWISE: dict[str, list[Row]] = {
    "relu": [("relu", (0,))],
    "abs": [("abs", (0,))],
    "maximum": [constant(0.0), ("maximum", (0, 1))],
    "minimum": [constant(0.0), ("minimum", (0, 1))],
    "clip": [("clip", (0,), {"min": 0.0, "max": 8.0})],
    "where": [constant(0.0), ("greater", (0, 1)), ("sinh", (0,)), ("where", (2, 3, 1))],
    "softsign, once more": [("abs", (0,)), ("softsign", (1,))],
}


@pytest.mark.parametrize("zeros", [(0,), (2,), (0, 2), (1, 3), (0, 1, 2, 3)])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_entries_without_a_kink_are_judged(name: str, zeros: tuple[int, ...]) -> None:
    """Of an elementwise function with kinks at some entries, only the derivatives of these by
    themselves are conventions.
    """
    point = np.array([2.0, -3.0, 1.5, -0.5])
    point[list(zeros)] = 0.0
    rows = ELEMENTWISE[name]
    first = truth(rows, point, "R")
    expected = np.ones((4, 4), bool)
    expected[zeros, zeros] = False
    np.testing.assert_array_equal(judged(first), expected)
    second = judged(truth(rows, point, "RR"))
    assert not np.any(second[zeros, zeros, zeros])
    beside = [i for i in range(4) if i not in zeros]
    assert np.all(second[beside])
    assert first.value is None or np.all(first.value[~np.eye(4, dtype=bool)] == 0)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_many_kinks_at_once_are_no_obstacle(name: str) -> None:
    if name == "where":
        pytest.skip("conditions of `where` have every combination of their results")
    point = np.array([0.0] * 9 + [2.0])
    found = truth([*ELEMENTWISE[name], ("sum", (len(ELEMENTWISE[name]),), WHOLE)], point, "R")
    np.testing.assert_array_equal(judged(found), point != 0)


@pytest.mark.parametrize(
    ("point", "rows"),
    [
        ((3.0, 1.0, 2.0), [True, True, True]),
        ((1.0, 1.0, 2.0), [False, False, True]),
        ((2.0, 1.0, 2.0), [True, False, False]),
        ((1.0, 1.0, 1.0), [False, False, False]),
    ],
)
def test_sorted_entries_that_are_not_tied_are_judged(point: Any, rows: list[bool]) -> None:
    found = truth([("sort", (0,), {"axis": 0, "descending": False})], point, "R")
    assert np.all(judged(found), axis=1).tolist() == rows


@pytest.mark.parametrize("seed", range(8))
def test_a_contraction_with_an_entry_at_a_kink_is_none(seed: int) -> None:
    """An entry of a pushforward or a pullback is judged if no entry at a kink has a weight."""
    rng = np.random.default_rng(seed)
    point = np.where(rng.random(5) < 0.4, 0.0, rng.integers(1, 5, 5) / 2)
    weights = np.where(rng.random(5) < 0.5, 0.0, rng.integers(1, 5, 5) / 2)
    expected = (point != 0) | (weights == 0)
    rows = ELEMENTWISE["relu"]
    pushed = truth(rows, point, "F", operator="pushforward", tangent=nested(weights))
    np.testing.assert_array_equal(judged(pushed), expected)
    pulled = truth(rows, point, "R", operator="pullback", cotangent=nested(weights))
    np.testing.assert_array_equal(judged(pulled), expected)


SIZES = [2.0**k for k in (0, 10, 20, 40, 62)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mode", ["R", "RR"])
def test_a_kink_beside_a_large_derivative_is_one(size: float, mode: str) -> None:
    """size y**2 + abs(x) y, with x = 0."""
    rows = [
        ("index", (0,), {"index": (0,)}),
        ("index", (0,), {"index": (1,)}),
        ("abs", (1,)),
        ("multiply", (3, 2)),
        constant(size),
        ("square", (2,)),
        ("multiply", (5, 6)),
        ("add", (4, 7)),
    ]
    found = judged(truth(rows, (0.0, 0.5), mode))
    expected = np.array([False, True]) if mode == "R" else np.array([[False] * 2, [False, True]])
    np.testing.assert_array_equal(found, expected)
    # The same kink in another output.
    two = [*rows[:-1], ("stack", (3, 7), {"axis": 0})]
    np.testing.assert_array_equal(judged(truth(two, (0.0, 0.5), "R")), [[False, True], [True] * 2])


#: A function that is not negative, and zero at 0, with its second derivative there.
TOUCHING: dict[str, tuple[list[Row], float]] = {
    "square": ([("square", (0,))], 2.0),
    "product": ([("sin", (0,)), ("multiply", (1, 1))], 2.0),
    "power": ([("pow_int", (0,), {"exponent": 4})], 0.0),
    "cosine": ([("cos", (0,)), constant(1.0), ("subtract", (2, 1))], 1.0),
    "hyperbolic cosine": ([("cosh", (0,)), constant(1.0), ("subtract", (1, 2))], 1.0),
    "sum": ([("square", (0,)), ("tanh", (0,)), ("square", (2,)), ("add", (1, 3))], 4.0),
    "quotient": ([("square", (0,)), ("exp", (0,)), ("divide", (1, 2))], 2.0),
    "exponential of a square": (
        [("square", (0,)), ("exp", (1,)), constant(1.0), ("subtract", (2, 3))],
        2.0,
    ),
}
#: What follows a touching function u, with a factor and an offset of the result.
TOUCHED: dict[str, tuple[Callable[[int], list[Row]], float]] = {
    "max(u, 0)": (lambda u: [constant(0.0), ("maximum", (u, u + 1))], 1.0),
    "max(0, u)": (lambda u: [constant(0.0), ("maximum", (u + 1, u))], 1.0),
    "relu": (lambda u: [("relu", (u,))], 1.0),
    "abs": (lambda u: [("abs", (u,))], 1.0),
    "abs(-u)": (lambda u: [("negative", (u,)), ("abs", (u + 1,))], 1.0),
    "min(-u, 0)": (
        lambda u: [("negative", (u,)), constant(0.0), ("minimum", (u + 1, u + 2))],
        -1.0,
    ),
    "min(u, 0)": (lambda u: [constant(0.0), ("minimum", (u, u + 1))], 0.0),
    "clip": (lambda u: [("clip", (u,), {"min": 0.0, "max": 4.0})], 1.0),
    "clip(1 - u)": (
        lambda u: [
            constant(1.0),
            ("subtract", (u + 1, u)),
            ("clip", (u + 2,), {"min": -1.0, "max": 1.0}),
        ],
        -1.0,
    ),
    "where(u < 0, exp, u)": (
        lambda u: [
            constant(0.0),
            ("less", (u, u + 1)),
            ("exp", (0,)),
            ("where", (u + 2, u + 3, u)),
        ],
        1.0,
    ),
    "floor(u)": (lambda u: [("floor", (u,))], 0.0),
}


@pytest.mark.parametrize("touched", TOUCHED)
@pytest.mark.parametrize("touching", TOUCHING)
def test_a_kink_that_is_touched_is_none(touching: str, touched: str) -> None:
    rows, second = TOUCHING[touching]
    if touched == "clip(1 - u)" and touching not in ("square", "product", "power"):
        pytest.skip("1 - u is computed from numbers that are rounded")
    followed, factor = TOUCHED[touched]
    found = truth([*rows, *followed(len(rows))], 0.0, "RR")
    assert found.kind == "certified", found.reason
    assert found.judged is None
    assert found.value is not None
    assert abs(float(found.value) - factor * second) < 1e-12


#: Conditions that compare values which are the same function.
SAME: dict[str, list[Row]] = {
    "x - x > 0": [("subtract", (0, 0)), constant(0.0), ("greater", (1, 2))],
    "sin(x) < sin(x)": [("sin", (0,)), ("sin", (0,)), ("less", (1, 2))],
    "x * y < y * x": [
        constant(3.0),
        ("multiply", (0, 1)),
        ("multiply", (1, 0)),
        ("less", (2, 3)),
    ],
    "abs(x - x) > 0": [
        ("subtract", (0, 0)),
        ("abs", (1,)),
        constant(0.0),
        ("greater", (2, 3)),
    ],
}


@pytest.mark.parametrize("name", SAME)
@pytest.mark.parametrize("point", [2.0, 0.0, -1.5])
def test_a_comparison_of_equal_functions_is_decided(name: str, point: float) -> None:
    rows = SAME[name]
    k = len(rows)
    chosen = [("square", (0,)), ("exp", (0,)), ("where", (k, k + 1, k + 2))]
    found = truth([*rows, *chosen], point, "RR")
    assert found.kind == "certified"
    assert found.value is not None
    assert abs(float(found.value) - np.exp(point)) < 1e-12


def test_the_diagonal_of_differences_is_decided() -> None:
    """relu of x_i - x_j, summed with unequal weights: the diagonal is no kink, ties are."""
    rows = [
        ("reshape", (0,), {"shape": (3, 1)}),
        ("reshape", (0,), {"shape": (1, 3)}),
        ("subtract", (1, 2)),
        ("relu", (3,)),
        ("sum", (4,), WHOLE),
    ]
    found = truth(rows, (1.0, 2.0, 4.0), "R")
    assert found.kind == "certified"
    np.testing.assert_allclose(found.value, [-2.0, 0.0, 2.0], atol=1e-20)  # type: ignore[arg-type]
    np.testing.assert_array_equal(judged(truth(rows, (1.0, 1.0, 4.0), "R")), [False, False, True])


#: Functions that are not smooth at the point, although something in them is.
KINKS: dict[str, tuple[list[Row], Any, str]] = {
    "abs": ([("abs", (0,))], 0.0, "R"),
    "the larger of x and 2x": ([("add", (0, 0)), ("maximum", (0, 1))], 0.0, "R"),
    "x abs(x), twice": ([("abs", (0,)), ("multiply", (0, 1))], 0.0, "RR"),
    "the larger of x**2 and 2 x**2, twice": (
        [
            ("square", (0,)),
            ("add", (1, 1)),
            ("sin", (0,)),
            ("multiply", (3, 0)),
            ("maximum", (2, 4)),
            constant(0.5),
            ("multiply", (4, 6)),
            ("minimum", (5, 7)),
            ("maximum", (0, 8)),
        ],
        0.0,
        "RR",
    ),
    "the larger of x**2 and x**3, three times": (
        [
            ("square", (0,)),
            ("multiply", (0, 1)),
            ("maximum", (1, 2)),
            ("relu", (0,)),
            ("pow_int", (4,), {"exponent": 3}),
            ("add", (3, 5)),
        ],
        0.0,
        "RRR",
    ),
    "abs(x)**3, three times": ([("abs", (0,)), ("pow_int", (1,), {"exponent": 3})], 0.0, "RRR"),
    "a slope that jumps": ([("sign", (0,)), ("add", (0, 1)), ("square", (2,))], 0.0, "R"),
    "a slope that jumps, beside a function that touches": (
        [("square", (0,)), ("sign", (1,)), ("add", (2, 0)), ("square", (3,))],
        0.0,
        "R",
    ),
    "a value and a slope at one number": (
        [constant(0.0), ("equal", (0, 1)), ("expm1", (0,)), ("add", (3, 3)), ("where", (2, 4, 0))],
        0.0,
        "R",
    ),
    "an exponent that jumps": (
        [("sign", (0,)), constant(2.0), ("add", (0, 2)), ("pow", (3, 1))],
        0.0,
        "R",
    ),
    "a rounded zero decides": (
        [
            constant(0.1),
            ("add", (0, 1)),
            ("subtract", (2, 1)),
            ("less", (3, 0)),
            ("square", (0,)),
            ("exp", (0,)),
            ("where", (4, 5, 6)),
        ],
        1.0,
        "R",
    ),
    "x written with relu": (
        [("relu", (0,)), ("negative", (0,)), ("relu", (2,)), ("subtract", (1, 3))],
        0.0,
        "R",
    ),
}


@pytest.mark.parametrize("name", KINKS)
def test_a_kink_stays_a_convention(name: str) -> None:
    rows, point, mode = KINKS[name]
    assert truth(rows, point, mode).kind in ("convention", "uncertified")


def test_means_of_several_kinks_are_compared() -> None:
    rows = [
        ("relu", (0,)),
        ("abs", (0,)),
        constant(0.5),
        ("multiply", (2, 3)),
        ("multiply", (0, 3)),
        ("add", (4, 5)),
        ("subtract", (1, 6)),
    ]
    # It is zero, since relu(x) = abs(x) / 2 + x / 2, but engines choose the slope of each at zero.
    assert truth(rows, 0.0, "R").kind == "convention"


@pytest.mark.parametrize("size", [1.0, 2.0**-20])
@pytest.mark.parametrize("count", [1, 2])
def test_trunc_has_no_kink_at_zero(size: float, count: int) -> None:
    rows = [constant(size), ("multiply", (0, 1)), ("trunc", (2,)), ("exp", (0,)), ("add", (3, 4))]
    found = truth(rows, (0.0,) * count, "RR")
    assert found.kind == "certified"
    assert found.judged is None
    assert not found.pieces
    assert truth([("trunc", (0,))], 1.0, "R").pieces


def test_entries_of_which_nothing_is_known_are_not_taken_for_one() -> None:
    """abs decides the entries of the polar factor of the identity: 1 has no kink, 0 has one."""
    rows = [
        constant(((1.0, 0.0), (0.0, 1.0))),
        ("multiply", (0, 1)),
        ("argument", (), {"value": ((0.0, 1.0), (0.0, 0.0))}),
        ("add", (2, 3)),
        ("polar_factor", (4,)),
        ("abs", (5,)),
    ]
    judged = certify(Case(program(*rows), 1.0, "R", wrt="1")).judged
    assert judged is None or not np.all(judged)
