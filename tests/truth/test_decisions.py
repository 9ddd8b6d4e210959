"""Comparisons and roundings of balls: their results, and what they leave open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ad_conformance.generators.arithmetic import balls
from ad_conformance.generators.arithmetic.balls import Branches, Decision, following
from flint import acb, arb

#: Multiples of 1/2 around zero, halves and ties among them.
GRID = [k / 2 for k in range(-7, 8)]
ROUNDED: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "floor": (balls.floor, np.floor),
    "ceil": (balls.ceil, np.ceil),
    "trunc": (balls.trunc, np.trunc),
    "round": (balls.round, np.rint),
    "sign": (balls.sign, np.sign),
    "absolute": (balls.absolute, np.abs),
}
PAIRED: dict[str, tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]] = {
    "maximum": (balls.maximum, np.maximum),
    "minimum": (balls.minimum, np.minimum),
    "copysign": (balls.copysign, np.copysign),
    "floor_divide": (balls.floor_divide, np.floor_divide),
    "remainder": (balls.remainder, np.remainder),
    "less": (balls.less, np.less),
}


@pytest.mark.parametrize("name", ROUNDED)
def test_exact_numbers_are_rounded_as_numpy_does(name: str) -> None:
    function, same = ROUNDED[name]
    for x in [*GRID, 2.0**-40, -(2.0**-40), 1 + 2.0**-40, 1 - 2.0**-40]:
        with following(Branches()):
            assert float(function(arb(x))) == same(x), x


@pytest.mark.parametrize("name", PAIRED)
def test_exact_pairs_are_decided_as_numpy_does(name: str) -> None:
    function, same = PAIRED[name]
    for x in GRID:
        for y in (-1.5, -1.0, 0.5, 2.0):
            with following(Branches()):
                assert float(function(arb(x), arb(y))) == same(x, y), (x, y)


def test_a_ball_beside_an_integer_is_rounded_and_one_around_it_is_open() -> None:
    for centre, below in ((2.5, 2), (-0.5, -1), (1.0625, 1), (0.9375, 0)):
        branches = Branches()
        with following(branches):
            assert balls.floor(arb(centre, 2.0**-8)) == below
        assert not branches.open
    for centre in (1.0, 1 + 2.0**-11, 1 - 2.0**-11):
        around = Branches()
        with following(around):
            assert balls.floor(arb(centre, 2.0**-10)) == 1
            # Too wide to have one neighbour.
            assert not balls.floor(arb(0.25, 0.5)).is_finite()
        assert around.open == {0: (0,)}


@pytest.mark.parametrize("mean", [True, False])
def test_a_comparison_of_balls_that_meet_is_open(mean: bool) -> None:
    def decided(a: Any, b: Any) -> tuple[Decision, dict[int, tuple[Decision, ...]]]:
        branches = Branches()
        return branches.less(a, b, mean=mean), branches.open

    wide, others = arb(1, 2.0**-10), (True, None) if mean else (True,)
    assert decided(wide, arb(1 + 2.0**-9)) == (True, {})
    assert decided(arb(1 + 2.0**-9), wide) == (False, {})
    assert decided(wide, arb(1 + 2.0**-11)) == (False, {0: others})
    assert decided(arb(1 + 2.0**-11), wide) == (False, {0: others})
    # A value compared with itself, and constants.
    assert decided(wide, wide) == (None if mean else False, {})
    assert decided(arb(1), arb(1)) == (None if mean else False, {})
    assert decided(arb(1), arb(1 + 2.0**-40)) == (True, {})
    # Only real parts are compared.
    assert decided(acb(wide, 5), acb(2, wide)) == (True, {})


def test_a_result_that_a_disc_does_not_confirm_is_doubtful() -> None:
    def doubtful(answer: Decision, a: Any, b: Any, confirm: tuple[int, ...] = ()) -> bool:
        branches = Branches(script=(answer,), confirm=confirm)
        branches.less(a, b, mean=True)
        return branches.doubtful

    wide = acb(arb(1, 2.0**-8), arb(0, 2.0**-8))
    assert not doubtful(True, wide, arb(1.5))
    assert not doubtful(False, arb(1.5), wide)
    assert doubtful(False, wide, arb(1.5))
    assert doubtful(True, wide, arb(1.0))
    assert not doubtful(True, wide, arb(1.0), confirm=(0,))
    assert not doubtful(False, wide, wide)


def test_a_mean_is_taken_of_both_sides() -> None:
    for paired in (balls.maximum, balls.minimum):
        with following(Branches(script=(None,))):
            assert paired(arb(1), arb(3)) == 2
    for function in (balls.absolute, balls.sign):
        with following(Branches(script=(None,))):
            assert function(arb(3)) == 0


def test_a_script_is_followed_whatever_the_values() -> None:
    with following(Branches(script=(True, False, 7))) as branches:
        assert balls.maximum(arb(3), arb(1)) == 1
        assert balls.minimum(arb(3), arb(1)) == 3
        assert balls.floor(arb(0.5)) == 7
    assert branches.taken == [True, False, 7]


def test_a_zero_has_both_signs() -> None:
    branches = Branches()
    with following(branches):
        assert balls.copysign(arb(2), arb(0)) == 2
    assert list(branches.open.values()) == [(True,)]
    # The sign of a sign: the same zero, which comparisons know by its identity.
    branches = Branches()
    with following(branches):
        assert balls.sign(balls.sign(arb(0))) == 0
        assert not branches.open
        balls.copysign(arb(2), balls.sign(arb(0)))
    assert list(branches.open.values()) == [(True,)]


def test_an_open_kink_has_arbitrary_weights() -> None:
    wide = arb(0, 2.0**-10)
    values = []
    for function in (balls.absolute, lambda z: balls.maximum(z, -z)):
        branches = Branches(blend=True)
        with following(branches):
            values.append(function(wide))
        assert branches.continuous == set(branches.open)
        assert 0 < abs(float(branches.taken[-1] or 0)) < 1
        assert values[-1].contains(0)
