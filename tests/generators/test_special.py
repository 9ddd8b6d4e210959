"""Special functions and rounding: enclosures, jumps, and derivatives at zeros."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from ad_conformance.conformance.reference.certify import certify
from ad_conformance.engines import inhouse as xp
from ad_conformance.generators.arithmetic import balls, special_balls
from ad_conformance.generators.arithmetic.balls import Branches, following
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.program import Case, Program, Step
from flint import acb, arb, ctx

#: Smooth functions at points where their formulas divide by zero, cancel or overflow.
POINTS: dict[str, tuple[float, ...]] = {
    "sinc": (0.0, 2.0**-20, 1.0, 7.0),
    "j1": (0.0, 30.0),
    "i0": (0.0, -2.0),
    "cbrt": (-2.0,),
    "digamma": (1.4616321449683622, -0.5),
    "lgamma": (-1.5, 1.0, 2.0),
    "erfcx": (-3.0, 0.0, 30.0),
    "log_ndtr": (-30.0, 0.0, 12.0),
    "erfinv": (0.0, 1 - 2.0**-12),
    "logit": (2.0**-12, 1 - 2.0**-12),
    "spence": (0.25, 1.0, 1.5, 2.0, 6.0),
    "sine_integral": (0.0, 5.0),
    "cosine_integral": (-0.5, 2.0),
    "fresnel_s": (0.0, 2.0),
    "dawsn": (0.0, 3.0),
}


def _case(name: str, point: float, mode: str) -> Case:
    return Case(Program((Step(name, (0,)),)), point, mode)


@pytest.mark.parametrize("name", POINTS)
def test_the_inhouse_engine_is_right_where_formulas_break(name: str) -> None:
    for point in POINTS[name]:
        for mode in ("R", "RF", "FFF", "RRRR"):
            truth = certify(_case(name, point, mode))
            assert truth.kind == "certified", (name, point, mode, truth.reason)
            got = xp.nest(getattr(xp, name), mode)(point)
            assert np.all(np.abs(got - truth.value) <= truth.tolerance), (
                name,
                point,
                mode,
                got,
                truth.value,
            )


@pytest.mark.parametrize(("log", "edge"), [("xlogy", 0.0), ("xlog1py", -1.0)])
@pytest.mark.parametrize("mode", ["R", "F", "RR", "FF", "RF"])
def test_a_zero_factor_hides_a_singular_logarithm(log: str, edge: float, mode: str) -> None:
    zero = Step("constant", (), (("value", (0.0, 2.0)),))
    case = Case(Program((zero, Step(log, (1, 0)))), (edge, 0.5), mode)
    truth = certify(case)
    got = xp.nest(lambda y: getattr(xp, log)(np.array([0.0, 2.0]), y), mode)(case.input)
    assert truth.kind == "certified"
    assert np.all(np.abs(got - truth.value) <= truth.tolerance)


def test_softmax_of_large_arguments_adds_up_to_one() -> None:
    x = np.array([3000.5, 3000.5])
    curvature = xp.nest(lambda t: xp.sum(xp.log_softmax(t * 256.0, axis=0)), "RF")(x / 256)
    np.testing.assert_allclose(curvature, [[-32768.0, 32768.0], [32768.0, -32768.0]], rtol=1e-14)


@pytest.mark.parametrize("name", ["floor", "ceil", "trunc", "round", "sign"])
def test_a_jump_and_points_beside_it_are_flat(name: str) -> None:
    at = {"sign": 0.0, "round": 1.5}.get(name, 1.0)
    for point, pieces in ((at, True), (at + 0.25, False)):
        truth = certify(_case(name, point, "R"))
        assert truth.kind == "certified"
        assert truth.pieces == pieces
        np.testing.assert_allclose(truth.value, 0.0, atol=1e-20)  # type: ignore[arg-type]


def test_a_jump_times_zero_is_smooth_to_first_order() -> None:
    """(x - 1)**2 floor(x) has the derivative 0 at 1 and a jump in its second derivative."""
    steps = (
        Step("constant", (), (("value", 1.0),)),
        Step("subtract", (0, 1)),
        Step("square", (2,)),
        Step("floor", (0,)),
        Step("multiply", (3, 4)),
    )
    assert certify(Case(Program(steps), 1.0, "R")).kind == "certified"
    assert certify(Case(Program(steps), 1.0, "RR")).kind == "convention"


@pytest.mark.parametrize(("value", "even"), [(0.5, 0), (1.5, 2), (-0.5, 0), (-1.5, -2), (2.25, 2)])
def test_exact_halves_round_to_even(value: float, even: int) -> None:
    with following(Branches()):
        assert balls.round(arb(value)) == even


def _disc(centre: float, log_radius: int) -> acb:
    wide = arb(0, 2.0**log_radius)
    return acb(centre + wide, wide)


@pytest.mark.parametrize("centre", [0.0, 0.5, -0.75, 1 - 2.0**-10])
def test_the_inverse_of_erf_encloses_every_solution(centre: float) -> None:
    kept = ctx.prec
    ctx.prec = 300
    try:
        image = special_balls.erfinv(_disc(centre, -16))
        assert image.is_finite()
        for corner in (0, 2.0**-17, -(2.0**-17), acb(2.0**-17, -(2.0**-17))):
            solution = special_balls.erfinv(acb(centre) + corner)
            assert solution.erf().overlaps(acb(centre) + corner)
            assert solution.rad() < 1e-60
            assert image.contains(solution)
    finally:
        ctx.prec = kept


@pytest.mark.parametrize(
    ("function", "centre"),
    [
        (special_balls.lgamma, 0.0),
        (special_balls.lgamma, -1.0),
        (special_balls.cbrt, 0.0),
        (special_balls.erfinv, 1.0),
        (special_balls.logit, 0.0),
        (special_balls.exp1, 0.0),
        (special_balls.expi, 0.0),
        (lambda z: special_balls.polygamma(z, 1), -2.0),
    ],
)
def test_a_pole_or_a_cut_has_no_bound(function: Callable[[acb], acb], centre: float) -> None:
    assert not function(_disc(centre, -8)).is_finite()
    inside = {special_balls.erfinv: 0.5}.get(function, centre + 0.5)
    assert function(_disc(inside, -8)).is_finite()


def test_the_sign_of_gamma_is_known_where_gamma_overflows_or_underflows() -> None:
    x = np.array([-2303.75, -2302.75, 400.5])
    assert CATALOGUE["gammasgn"].evaluate(x).tolist() == [1.0, -1.0, 1.0]
