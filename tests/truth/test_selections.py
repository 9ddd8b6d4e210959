"""When the smooth selections that meet at a point count as different."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ad_conformance.conformance.reference.certify import certify
from ad_conformance.conformance.reference.evaluator import Evaluator
from ad_conformance.conformance.reference.selections import _sides
from ad_conformance.conformance.reference.stencils import Neighbourhood, random_direction
from ad_conformance.generators.arithmetic.balls import Branches, following
from ad_conformance.generators.arithmetic.numpy_ops import as_array
from ad_conformance.generators.ir.program import Case, Program, Step
from flint import arb, ctx


def program(*rows: tuple[Any, ...]) -> Program:
    return Program(tuple(Step(n, o, tuple(p[0].items()) if p else ()) for n, o, *p in rows))


def kinked(size: float, steep: float = 0.0) -> Program:
    """x + size |x| + steep x**6."""
    return program(
        ("abs", (0,)),
        ("constant", (), {"value": size}),
        ("multiply", (1, 2)),
        ("pow_int", (0,), {"exponent": 6}),
        ("constant", (), {"value": steep}),
        ("multiply", (4, 5)),
        ("add", (0, 3)),
        ("add", (7, 6)),
    )


@pytest.mark.parametrize("size", [2.0**-20, 2.0**-40, 2.0**-50])
def test_a_small_kink_beside_a_slope_is_a_convention(size: float) -> None:
    assert certify(Case(kinked(size), 0.0, "R")).kind == "convention"


def test_a_kink_that_the_truncation_error_covers_is_looked_at_again() -> None:
    """2**-90 |x| + 2**60 x**6: the bound on the polydisc is far larger than all at the point."""
    steps = kinked(2.0**-90, 2.0**60).steps
    without = program(*((s.operation, s.operands, s.arguments) for s in steps[:6]), ("add", (3, 6)))
    assert certify(Case(without, 0.0, "R")).kind == "convention"


@pytest.mark.parametrize("copy", [0, 1])
def test_a_kink_across_one_direction_is_seen_along_another(copy: int) -> None:
    """|w x| for a w that is orthogonal to one of the directions along which sides are compared."""
    d = random_direction(2, 1, copy)
    steps = program(
        ("constant", (), {"value": (float(d[1]), -float(d[0]))}),
        ("multiply", (0, 1)),
        ("sum", (2,), {"axis": None, "keepdims": False}),
        ("abs", (3,)),
    )
    assert certify(Case(steps, np.zeros(2), "R")).kind == "convention"


@pytest.mark.parametrize(
    ("dtype", "near", "apart"),
    [("float64", 2.0**-45, 2.0**-30), ("float32", 2.0**-20, 2.0**-12)],
)
def test_operands_that_rounding_may_exchange_are_a_tie(
    dtype: str, near: float, apart: float
) -> None:
    """max(sin(x), c) at 1, where sin(x) is rounded."""
    for gap, kind in ((near, "convention"), (-near, "convention"), (apart, "certified")):
        height = float(np.float32(np.sin(1.0) + gap) if dtype == "float32" else np.sin(1.0) + gap)
        steps = program(("sin", (0,)), ("constant", (), {"value": height}), ("maximum", (1, 2)))
        assert certify(Case(steps, 1.0, "R", dtype=dtype)).kind == kind


def test_steps_that_are_not_needed_do_not_count() -> None:
    """Seven jumps are too many selections."""
    constant = ("constant", (), {"value": (1.0,) * 7})
    jumps = (constant, ("multiply", (0, 1)), ("floor", (2,)))
    needed = program(*jumps, ("sum", (3,), {"axis": None, "keepdims": False}))
    assert certify(Case(needed, 1.0, "R")).kind != "certified"
    truth = certify(Case(program(*jumps, ("square", (0,))), 1.0, "R"))
    assert truth.kind == "certified"
    assert truth.value == 2


def met(steps: Program, point: Any) -> int:
    """The number of selections that meet at the point."""
    evaluate = Evaluator(steps, np.asarray(point, dtype=float))
    hood = Neighbourhood(evaluate, -8, 1)
    near = as_array(hood.x + arb(0, 2.0**-200))

    def decide(branches: Branches) -> None:
        with following(branches):
            evaluate(near)

    with ctx.workprec(hood.precision):
        return len(list(_sides(hood, decide)))


def test_every_selection_is_visited_once() -> None:
    assert met(program(("floor", (0,))), 0.5) == 1
    assert met(program(("floor", (0,))), 1.0) == 2
    assert met(program(("floor", (0,))), (1.0, 2.0, 2.5)) == 4
    assert met(program(("sign", (0,))), 0.0) == 3
    assert met(program(("trunc", (0,))), 0.0) == 1
    # One side and an arbitrary mean stand for both sides and all means of kinks.
    assert met(program(("abs", (0,))), 0.0) == 2
    assert met(program(("abs", (0,))), (0.0, 0.0, 1.0)) == 2
    with pytest.raises(OverflowError, match="more than 64"):
        met(program(("floor", (0,))), [1.0] * 7)


def test_only_entries_that_a_kink_moves_are_conventions() -> None:
    """max(x, 0) at (0, 1, 2), and its product with the next entry."""
    steps = program(("constant", (), {"value": 0.0}), ("maximum", (0, 1)))
    truth = certify(Case(steps, (0.0, 1.0, 2.0), "R"))
    assert truth.kind == "certified"
    assert truth.judged is not None
    wanted = np.ones((3, 3), dtype=bool)
    wanted[0, 0] = False
    np.testing.assert_array_equal(truth.judged, wanted)
    rolled = Program((*steps.steps, Step("roll", (0,), (("axis", 0), ("shift", -1)))))
    product = Program((*rolled.steps, Step("multiply", (2, 3))))
    truth = certify(Case(product, (0.0, 1.0, 2.0), "R"))
    assert truth.judged is not None
    np.testing.assert_array_equal(truth.judged, wanted)
    assert truth.value is not None
    np.testing.assert_allclose(truth.value[wanted], [0, 0, 0, 2, 1, 2, 0, 0], atol=1e-20)


def test_what_follows_from_one_side_of_a_kink_does_not_follow_from_a_mean() -> None:
    """Where max(x, c) is x, it does not exceed x; so max(x + 0, max(x, c)) is x on that side."""
    c = ("constant", (), {"value": 1.5})
    zero = ("constant", (), {"value": 0.0})
    nested = program(c, zero, ("add", (0, 2)), ("maximum", (3, 1)), ("maximum", (0, 4)))
    assert certify(Case(nested, 1.5, "R")).kind == "convention"
    # It is smooth if both sides of the first kink are the same function.
    smooth = program(zero, ("add", (0, 1)), ("maximum", (2, 0)), ("maximum", (0, 3)))
    assert certify(Case(smooth, 1.5, "R")).kind == "certified"
    ten = ("constant", (), {"value": 10.0})
    jump = program(
        c, ("maximum", (0, 1)), ("less", (0, 2)), ten, ("multiply", (0, 4)), ("where", (3, 5, 0))
    )
    assert certify(Case(jump, 1.5, "R")).kind == "convention"


#: Programs that jump at the point, with the derivative that they have on all sides.
JUMPS: dict[str, tuple[Program, float, str, float]] = {
    "sign": (program(("sign", (0,)), ("square", (0,)), ("add", (1, 2))), 0.0, "R", 0.0),
    "sign, twice": (program(("sign", (0,)), ("square", (0,)), ("add", (1, 2))), 0.0, "RR", 2.0),
    "beside a function that touches": (
        program(("square", (0,)), ("sign", (1,)), ("add", (2, 0))),
        0.0,
        "R",
        1.0,
    ),
    "the fractional part": (program(("floor", (0,)), ("subtract", (0, 1))), 3.0, "R", 1.0),
    "a value at one number": (
        program(
            ("constant", (), {"value": 0.0}),
            ("equal", (0, 1)),
            ("exp", (0,)),
            ("where", (2, 3, 0)),
        ),
        0.0,
        "R",
        1.0,
    ),
}


@pytest.mark.parametrize("name", JUMPS)
def test_a_jump_between_functions_with_one_derivative_is_judged(name: str) -> None:
    steps, point, mode, wanted = JUMPS[name]
    truth = certify(Case(steps, point, mode))
    assert truth.kind == "certified"
    assert truth.pieces
    assert truth.judged is None
    assert truth.value is not None
    np.testing.assert_allclose(truth.value, wanted, atol=1e-20)


#: Programs that jump at the point, with a derivative that depends on the side or on the value.
SLOPES: dict[str, tuple[Program, float, str]] = {
    "another slope": (program(("sign", (0,)), ("add", (0, 1)), ("square", (2,))), 0.0, "R"),
    "another slope, beside a function that touches": (
        program(("square", (0,)), ("sign", (1,)), ("add", (2, 0)), ("square", (3,))),
        0.0,
        "R",
    ),
    "another second derivative": (JUMPS["a value at one number"][0], 0.0, "RR"),
    "of the slope": (program(("sign", (0,)), ("multiply", (0, 1)), ("exp", (2,))), 0.0, "RR"),
}


@pytest.mark.parametrize("name", SLOPES)
def test_a_jump_between_functions_with_other_derivatives_is_a_convention(name: str) -> None:
    assert certify(Case(*SLOPES[name])).kind == "convention"


def test_only_entries_that_a_jump_moves_are_conventions() -> None:
    """sign(x0) x1 + x1**2: its derivatives by x0 are zero on all sides, and so is the mixed one."""
    steps = program(
        ("sign", (0,)),
        ("roll", (0,), {"axis": 0, "shift": -1}),
        ("multiply", (1, 2)),
        ("square", (2,)),
        ("add", (3, 4)),
        ("index", (5,), {"index": (0,)}),
    )
    first, second = (certify(Case(steps, (0.0, 3.0), mode)) for mode in ("R", "RR"))
    assert first.judged is not None
    assert first.judged.tolist() == [True, False]
    # By x1 twice is the derivative of one that differs.
    assert second.judged is not None
    assert second.judged.tolist() == [[True, True], [True, False]]
    assert second.value is not None
    np.testing.assert_allclose(second.value[second.judged], 0.0, atol=1e-20)
