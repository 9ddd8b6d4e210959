"""Comparisons and roundings of balls: their results, and the selections that meet at a tie."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ad_conformance.generators.arithmetic import balls, numpy_ops
from ad_conformance.generators.arithmetic.balls import Branches, Decision, following, selections
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
        branches = Branches(margin=2.0**-10)
        with following(branches):
            assert balls.floor(arb(centre, 2.0**-8)) == below
        assert not branches.open
    branches = Branches(margin=2.0**-10)
    with following(branches):
        assert balls.floor(arb(1.0, 2.0**-8)) == 1
    assert branches.open == {0: (0,)}
    # Within the margin of an integer, and too wide to have one neighbour.
    for centre in (1 + 2.0**-11, 1 - 2.0**-11):
        near = Branches(margin=2.0**-10)
        with following(near):
            assert balls.floor(arb(centre, 2.0**-30)) == 1
            assert not balls.floor(arb(0.25, 0.5)).is_finite()
        assert near.open == {0: (0,)}


@pytest.mark.parametrize("mean", [True, False])
def test_a_comparison_within_the_margin_is_open(mean: bool) -> None:
    def decided(a: Any, b: Any) -> tuple[Decision, dict[int, tuple[Decision, ...]]]:
        branches = Branches(margin=2.0**-10)
        return branches.less(a, b, mean=mean), branches.open

    wide, others = arb(1, 2.0**-20), (True, None) if mean else (True,)
    assert decided(wide, arb(1 + 2.0**-9)) == (True, {})
    assert decided(arb(1 + 2.0**-9), wide) == (False, {})
    assert decided(wide, arb(1 + 2.0**-11)) == (False, {0: others})
    assert decided(arb(1 + 2.0**-11), wide) == (False, {0: others})
    # A value compared with itself, and exact values, which have no rounding errors.
    assert decided(wide, wide) == (False, {})
    assert decided(arb(1), arb(1)) == (None if mean else False, {})
    assert decided(arb(1), arb(1 + 2.0**-40)) == (True, {})
    # Only real parts are compared.
    assert decided(acb(wide, 5), acb(2, wide)) == (True, {})


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


def values(function: Callable[..., Any], *operands: float) -> list[float]:
    """The values of all selections for operands that are known up to 2**-30."""
    wide = [arb(x, 2.0**-30) for x in operands]

    def evaluate(branches: Branches) -> Any:
        with following(branches):
            return function(*wide)

    found: list[Any] = [value for _, value in selections(evaluate, 2.0**-20, 64)]
    return sorted(float(np.round(float(z.mid()), 6)) for z in found)


def test_every_selection_is_visited_once() -> None:
    def two(a: arb, b: arb, c: arb) -> Any:
        return balls.maximum(a, b) - 100 * balls.absolute(c)

    x, y, z = 1.0, 1.0 + 2.0**-24, 2.0**-24
    assert len(values(balls.maximum, x, y)) == 3
    assert len(values(two, x, y, z)) == 9
    assert values(balls.floor, 1.0) == [0.0, 1.0]
    assert values(balls.round, 1.5) == [1.0, 2.0]
    assert values(balls.sign, 0.0) == [-1.0, 0.0, 1.0]
    with pytest.raises(OverflowError, match="more than 64"):
        values(lambda *zs: sum(map(balls.sign, zs)), *[0.0] * 4)


def test_tied_keys_come_in_every_order() -> None:
    keys = np.array([arb(1, 2.0**-30), arb(0), arb(1, 2.0**-30)], dtype=object)
    entries = np.array([arb(10), arb(20), arb(30)], dtype=object)

    def evaluate(branches: Branches) -> Any:
        with following(branches):
            return numpy_ops.sort_by(keys, entries, axis=0)

    found = [tuple(map(float, value)) for _, value in selections(evaluate, 2.0**-20, 64)]
    assert sorted(found) == [(20.0, 10.0, 30.0), (20.0, 30.0, 10.0)]
