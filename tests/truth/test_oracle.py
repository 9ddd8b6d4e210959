"""Certified derivatives against differences of 640-bit numbers, at the certified radius.

The programs are evaluated by tests/oracle, which shares no function with `certify`.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.operator import OPERATORS
from ad_conformance.generators.ir.program import Case, Program, Step
from ad_conformance.generators.strategies.sampling import draw, operation_examples
from flint import arb, ctx

from tests.oracle import differences
from tests.oracle.differences import OPERATIONS, Certified, certified, excess
from tests.oracle.numbers import exact, mp

MODES = ("R", "F", "RR", "FR", "RF", "FF", "RRR")
#: Operations without an oracle, each with the reason.
WITHOUT: dict[str, str] = {}
COMPARISONS = ("less", "greater", "less_equal", "greater_equal", "equal", "not_equal")


def test_every_operation_has_an_oracle() -> None:
    assert set(CATALOGUE) - set(OPERATIONS) == set(WITHOUT)
    assert set(OPERATIONS) <= set(CATALOGUE)


def conditional(operation: str, mode: str) -> Iterator[Case]:
    """where(condition, sin(x), x * x) for a condition that holds at some entries of a vector."""
    constants = [Step("constant", (), (("value", v),)) for v in ((1.0, 0.0, 1.0), (1.0, 1.0, 2.0))]
    if operation in COMPARISONS:
        # Of constants, so that they may be equal.
        made = [*constants, Step(operation, (1, 2))]
    else:
        compared = [*constants, Step("less", (0, 1)), Step("less", (0, 2))]
        operands = {"constant": (), "logical_not": (3,)}.get(operation, (3, 4))
        made = [*compared, Step(operation, operands)] if operands else compared
    k = len(made)
    steps = [*made, Step("sin", (0,)), Step("square", (0,)), Step("where", (k, k + 1, k + 2))]
    yield Case(Program(tuple(steps)), (0.5, -1.25, 2.5), mode)


def with_argument(mode: str) -> Iterator[Case]:
    """x sin(y), differentiated by both."""
    steps = (Step("argument", (), (("value", 0.75),)), Step("sin", (1,)), Step("multiply", (0, 2)))
    yield Case(Program(steps), (0.5, -1.25), mode, wrt="0111"[: len(mode)])


def examples(operation: str, mode: str, count: int) -> Iterable[Case]:
    if CATALOGUE[operation].weight:
        return operation_examples(operation, mode, count)
    return with_argument(mode) if operation == "argument" else conditional(operation, mode)


def compared(cases: Iterable[Case]) -> Iterator[Case]:
    """The certified cases among them. Raises AssertionError if a derivative is wrong."""
    for case in cases:
        found = certified(case)
        if found.truth.kind == "certified":
            ratio = excess(case, found)
            assert ratio <= 1, f"{ratio:.1e} times the radius: {case.json}"
            yield case


@pytest.mark.parametrize("operation", [name for name in CATALOGUE if name not in WITHOUT])
def test_derivatives_of_every_operation_are_within_the_radius(operation: str) -> None:
    for mode in ("R", "FR", "RFR"):
        # Drawn points may be kinks, and programs may not need the operation: the first case that
        # is certified counts.
        needed = (
            case
            for case in examples(operation, mode, 20)
            if operation in case.program.pruned().operations
        )
        assert next(compared(needed), None)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["RRRR"])
def test_more_derivatives_of_every_operation_are_within_the_radius(mode: str) -> None:
    count = sum(1 for name in CATALOGUE for _ in compared(examples(name, mode, 1)))
    assert count > 0.8 * len(CATALOGUE)


@cache
def drawn() -> tuple[Case, ...]:
    cases = list(draw(MODES, 1260, start=3))
    return tuple(cases[i] for i in np.random.default_rng(0).permutation(len(cases)))


@pytest.mark.parametrize("operator", OPERATORS)
def test_derivatives_of_compositions_are_within_the_radius(operator: str) -> None:
    asked: Counter[str] = Counter()
    of_operator = (case for case in drawn() if case.operator == operator)
    for case in itertools.islice(compared(of_operator), 150 if operator == "jacobian" else 42):
        asked["cases"] += 1
        asked[case.dtype] += 1
        asked["several inputs"] += bool(case.wrt)
        asked[f"order {case.order}"] += 1
    assert asked["cases"] > 10
    if operator == "jacobian":
        assert min(asked["float32"], asked["several inputs"], asked["order 3"]) > 10, asked


CHECKED = Case(
    Program((Step("exp", (0,)), Step("cumulative_prod", (1,), (("axis", 0),)))), (0.5, 0.25), "RR"
)


def test_a_truth_that_is_off_by_little_more_than_its_radius_is_found() -> None:
    found = certified(CHECKED)
    assert found.truth.radius is not None
    assert excess(CHECKED, found) <= 1
    shift = arb(16 * float(np.max(found.truth.radius)))
    for index, ball in np.ndenumerate(found.balls):
        moved = found.balls.copy()
        with ctx.workprec(300):
            moved[index] = ball + shift
        assert excess(CHECKED, replace(found, balls=moved)) > 1


def test_transforms_with_rounded_cosines_are_near_exact_ones() -> None:
    x = exact([0.5, -1.25, 2.0, 0.75, 3.0])
    exact_sums = [
        sum((z * mp.expjpi(mp.mpf(-2 * j * k) / 5) for j, z in enumerate(x)), mp.mpc(0))
        for k in range(5)
    ]
    parts: dict[str, Callable[[Any], Any]] = {
        "rfft_real": lambda z: z.real,
        "rfft_imag": lambda z: z.imag,
        "fft_power": lambda z: abs(z) ** 2,
    }
    for name, part in parts.items():
        params = {"norm": "backward"} if name == "fft_power" else {}
        for one, other in zip(OPERATIONS[name](x, **params), exact_sums, strict=False):
            assert abs(one - part(other)) < 1e-14


def test_a_truth_in_the_wrong_order_is_found() -> None:
    found = certified(CHECKED)
    assert found.truth.value is not None
    for axes in itertools.permutations(range(3)):
        truth = replace(found.truth, value=found.truth.value.transpose(axes))
        turned = Certified(truth, found.balls.transpose(axes))
        # A Hessian is symmetric.
        assert (excess(CHECKED, turned) <= 1) == (axes[0] == 0)


def test_the_radius_is_that_of_the_balls() -> None:
    found = certified(CHECKED)
    assert found.truth.radius is not None
    for ball, radius in zip(found.balls.flat, found.truth.radius.flat, strict=True):
        assert float(radius) == float(ball.rad()) > 0


def test_another_function_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    found = certified(CHECKED)
    near: dict[str, Any] = {
        **OPERATIONS,
        "exp": lambda x: OPERATIONS["exp"](x) * (1 + mp.mpf(2) ** -76),
    }
    monkeypatch.setattr(differences, "OPERATIONS", near)
    assert excess(CHECKED, found) > 1
