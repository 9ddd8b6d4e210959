"""The parts that a certified derivative is made of: stencils, bounds on their truncation errors,
precision, polydiscs, and contractions.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ad_conformance.conformance.reference.certify import MAX_ORDER, RADII, certify
from ad_conformance.conformance.reference.evaluator import Evaluator
from ad_conformance.conformance.reference.stencils import (
    DIVISORS,
    STENCILS,
    Neighbourhood,
    Wide,
    _excess,
)
from ad_conformance.generators.arithmetic.balls import Branches
from ad_conformance.generators.ir.program import Case, Program, Step
from flint import arb, ctx

Array = Any
ORDERS = range(1, MAX_ORDER + 1)


@pytest.fixture(autouse=True)
def precision() -> Iterator[None]:
    kept = ctx.prec
    yield
    ctx.prec = kept


def steps(*rows: tuple[Any, ...]) -> Program:
    return Program(tuple(Step(n, o, tuple(p[0].items()) if p else ()) for n, o, *p in rows))


def _moments(order: int, count: int = 60) -> list[float]:
    """s_j(p) of the docstring of certify.py, from the weights themselves."""
    return [sum(w * o**p for o, w in STENCILS[order]) / DIVISORS[order] for p in range(count)]


@pytest.mark.parametrize("order", ORDERS)
def test_the_stencils_and_their_sums(order: int) -> None:
    moments = _moments(order)
    assert moments[:order] == [0] * order
    assert moments[order] == math.factorial(order)
    q = 2.0**-4
    excess = sum(moments[p] * q ** (p - order) for p in range(order + 1, 60))
    assert math.isclose(float(_excess(((0, order),), arb(q)).mid()), excess, rel_tol=1e-12)


@pytest.mark.parametrize("orders", [(1, 1), (1, 2), (2, 2), (1, 3), (1, 1, 1), (1, 1, 2)])
def test_the_excess_of_a_mixed_derivative(orders: tuple[int, ...]) -> None:
    """The sum over all monomials but the one that is wanted."""
    q = 2.0**-4
    whole = math.prod(sum(m * q ** (p - j) for p, m in enumerate(_moments(j))) for j in orders)
    exact = math.prod(math.factorial(j) for j in orders)
    found = _excess(tuple(enumerate(orders)), arb(q))
    assert math.isclose(float(found.mid()), whole - exact, rel_tol=1e-12)


def monomial(exponents: tuple[int, ...]) -> Program:
    """The product of powers of the entries of a vector."""
    rows: list[tuple[Any, ...]] = []
    product = 0
    for i, n in enumerate(exponents):
        rows += [("index", (0,), {"index": (i,)}), ("pow_int", (len(rows) + 1,), {"exponent": n})]
        if i:
            rows.append(("multiply", (product, len(rows))))
        product = len(rows)
    return steps(*rows)


def tensor_at_zero(exponents: tuple[int, ...], order: int) -> tuple[Neighbourhood, Array]:
    """The derivative of a monomial at zero, one axis for each letter."""
    n = len(exponents)
    hood = Neighbourhood(Evaluator(monomial(exponents), np.zeros(n)), RADII[0], order)
    ctx.prec = hood.precision
    branches = Branches()
    value = hood.disc(branches)
    return hood, hood.tensor(value, tuple(branches.taken), (range(n),) * order)[0]


#: Orders of each coordinate, at most four in all.
MIXED = [
    orders
    for n in (1, 2, 3)
    for orders in itertools.product(range(1, MAX_ORDER + 1), repeat=n)
    if sum(orders) <= MAX_ORDER
]


@pytest.mark.parametrize("orders", MIXED)
def test_the_truncation_error_of_a_monomial_is_little_less_than_its_bound(
    orders: tuple[int, ...],
) -> None:
    """The derivative of x**(j + 2) y**k ... of orders j, k ... is zero at zero. All that the
    stencil gives there is truncation error, and the bound is at most 500 times as large.
    """
    directions = tuple(i for i, j in enumerate(orders) for _ in range(j))
    for raised in range(len(orders)):
        exponents = tuple(j + 2 * (i == raised) for i, j in enumerate(orders))
        _, tensor = tensor_at_zero(exponents, sum(orders))
        found = tensor[directions]
        assert abs(float(found.mid())) > 0
        assert float(found.rad()) < 500 * abs(float(found.mid()))
        assert all(ball.contains(0) for ball in tensor.reshape(-1))


@pytest.mark.parametrize("orders", MIXED)
def test_each_entry_of_the_tensor_is_its_own_derivative(orders: tuple[int, ...]) -> None:
    """x**j y**k ... has one derivative of its order, in each order of its variables."""
    order, exact = sum(orders), math.prod(math.factorial(j) for j in orders)
    _, tensor = tensor_at_zero(orders, order)
    for index in np.ndindex(tensor.shape):
        counts = Counter(index)
        wanted = exact if tuple(counts[i] for i in range(len(orders))) == orders else 0
        assert tensor[index].contains(wanted)
        assert tensor[index].rad() < 1e-20


def test_the_polydisc_is_complex() -> None:
    """atan(2**9 x) has branch points at +-2**-9 i, inside the first polydisc."""
    program = steps(("constant", (), {"value": 2.0**9}), ("multiply", (0, 1)), ("atan", (2,)))
    hood = Neighbourhood(Evaluator(program, np.zeros(())), RADII[0], 1)
    ctx.prec = hood.precision
    value = hood.disc(Branches())
    assert not value.item().is_finite()
    with pytest.raises(Wide):
        hood.tensor(value, (), (range(1),))
    assert certify(Case(program, 0.0, "RRR")).value == -(2.0**28)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("point", "radius"), [(0.75, RADII[0]), (2.0**-48, RADII[-1])])
def test_the_first_stencil_has_digits_on_every_polydisc(
    point: float, radius: int, order: int
) -> None:
    hood = Neighbourhood(Evaluator(steps(("log", (0,))), np.array(point)), radius, order)
    ctx.prec = hood.precision
    found = hood.tensor(hood.disc(Branches()), (), (range(1),) * order).item()
    wanted = (-1) ** (order - 1) * math.factorial(order - 1) / point**order
    assert math.isclose(float(found.mid()), wanted, rel_tol=1e-15)
    assert float(found.rad()) < 2.0**-60 * abs(wanted)


@pytest.mark.parametrize("distance", [2.0**-6, 2.0**-12, 2.0**-24, 2.0**-40])
@pytest.mark.parametrize("order", ORDERS)
def test_beside_a_singularity_the_polydisc_becomes_smaller(distance: float, order: int) -> None:
    """The derivatives of log(x) near 0 are (-1)**(k - 1) (k - 1)! / x**k, powers of two.

    log(x - 1) is asked near 1, because an input near 0 is counted in a unit of its own size.
    """
    program = steps(("constant", (), {"value": 1.0}), ("subtract", (0, 1)), ("log", (2,)))
    truth = certify(Case(program, 1 + distance, "R" * order))
    assert truth.kind == "certified"
    wanted = (-1) ** (order - 1) * math.factorial(order - 1) / distance**order
    assert truth.value == wanted
    assert truth.radius is not None
    assert 0 < float(truth.radius) < 2.0**-60 * abs(wanted)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("point", [0.75, -24.0, -31.0])
def test_a_small_derivative_has_as_many_digits(point: float, order: int) -> None:
    """1 + exp(x): the derivative is far smaller than the value."""
    program = steps(("exp", (0,)), ("constant", (), {"value": 1.0}), ("add", (1, 2)))
    truth = certify(Case(program, point, "R" * order))
    assert truth.value is not None
    assert truth.radius is not None
    assert math.isclose(float(truth.value), math.exp(point), rel_tol=1e-15)
    assert float(truth.radius) < 2.0**-60 * float(truth.value)


def test_a_small_entry_has_as_many_digits() -> None:
    """exp(x0) + exp(x1), of which one derivative is 2**-58 of the other."""
    program = steps(("exp", (0,)), ("sum", (1,), {"axis": None, "keepdims": False}))
    point = (8.0, -32.0)
    truth = certify(Case(program, point, "R"))
    assert truth.value is not None
    assert truth.radius is not None
    np.testing.assert_allclose(truth.value, np.exp(point), rtol=1e-15)
    assert np.all(truth.radius < 2.0**-60 * truth.value)


def test_a_derivative_far_below_its_tolerance_needs_no_digits() -> None:
    """A computed zero: no precision gives it a digit."""
    truth = certify(Case(steps(("sin", (0,)), ("subtract", (1, 1))), 0.5, "R"))
    assert truth.kind == "certified"
    assert truth.value == 0
    assert truth.radius is not None
    assert float(truth.radius) < 2.0**-60


#: f(x) = (x0**2 x1, x0 x1**2) at (2, 3): the Jacobian, and the Hessian of the sum.
PAIR = steps(
    ("index", (0,), {"index": (0,)}),
    ("index", (0,), {"index": (1,)}),
    ("multiply", (1, 2)),
    ("multiply", (0, 3)),
)
SUMMED = Program((*PAIR.steps, Step("sum", (4,), (("axis", None), ("keepdims", False)))))
AT = (2.0, 3.0)
JACOBIAN = np.array([[12.0, 4.0], [9.0, 12.0]])
HESSIANS = np.array([[[6.0, 4.0], [4.0, 0.0]], [[0.0, 6.0], [6.0, 4.0]]])


def _value(case: Case) -> Array:
    truth = certify(case)
    assert truth.kind == "certified"
    assert truth.value is not None
    assert truth.radius is not None
    assert truth.radius.shape == truth.value.shape
    assert np.max(truth.radius, initial=0.0) < 1e-20
    return truth.value


def test_an_operator_contracts_the_axes_that_it_is_for() -> None:
    v, w = np.array([1.0, -2.0]), np.array([3.0, 0.5])
    full = Case(PAIR, AT, "R")
    pushed = replace(full, mode="F", operator="pushforward", tangent=(1.0, -2.0))
    pulled = replace(full, operator="pullback", cotangent=(3.0, 0.5))
    np.testing.assert_allclose(_value(full), JACOBIAN, rtol=1e-15)
    np.testing.assert_allclose(_value(pushed), JACOBIAN @ v, rtol=1e-15)
    np.testing.assert_allclose(_value(pulled), w @ JACOBIAN, rtol=1e-15)
    np.testing.assert_allclose(_value(replace(full, mode="RR")), HESSIANS, rtol=1e-15)
    np.testing.assert_allclose(_value(replace(pushed, mode="RF")), HESSIANS @ v, rtol=1e-15)
    twice = _value(replace(pulled, mode="FR"))
    np.testing.assert_allclose(twice, np.tensordot(w, HESSIANS, axes=1), rtol=1e-15)
    product = Case(SUMMED, AT, "RR", operator="hvp", tangent=(1.0, -2.0))
    np.testing.assert_allclose(_value(product), HESSIANS.sum(axis=0) @ v, rtol=1e-15)


def test_mixed_derivatives_have_an_axis_for_each_input() -> None:
    """sin(y) x**2 and its derivatives by x (two entries) and y, in every order."""
    program = steps(
        ("argument", (), {"value": 0.5}), ("square", (0,)), ("sin", (1,)), ("multiply", (2, 3))
    )
    x, s, c = np.array([2.0, 3.0]), math.sin(0.5), math.cos(0.5)
    wanted = {
        "0": np.diag(2 * x * s),
        "1": x**2 * c,
        "01": np.diag(2 * x * c),
        "10": np.diag(2 * x * c),
        "11": -(x**2) * s,
        "00": 2 * s * np.einsum("ij,jk->ijk", np.eye(2), np.eye(2)) * np.eye(2)[:, :, None],
        "011": np.diag(-2 * x * s),
    }
    for wrt, value in wanted.items():
        found = _value(Case(program, (2.0, 3.0), "R" * len(wrt), wrt=wrt))
        np.testing.assert_allclose(found, value, rtol=1e-15, atol=1e-20, err_msg=wrt)


def test_an_argument_keeps_its_place_among_the_axes() -> None:
    """a y**T with inputs of two and three entries: axes in the order of the letters, the innermost
    first.
    """
    program = steps(("argument", (), {"value": (1.0, 2.0, 4.0)}), ("outer", (0, 1)))
    for wrt, spec in (("01", "ik,jl->ijlk"), ("10", "ik,jl->ijkl")):
        found = _value(Case(program, (0.5, 3.0), "RR", wrt=wrt))
        np.testing.assert_allclose(found, np.einsum(spec, np.eye(2), np.eye(3)), atol=1e-20)


def test_an_output_that_does_not_depend_on_the_input_has_an_exact_zero() -> None:
    program = steps(("constant", (), {"value": (1.0, 2.0)}), ("sin", (1,)))
    truth = certify(Case(program, (0.5, 1.5, 2.5), "RR"))
    assert truth.kind == "certified"
    assert truth.value is not None
    assert truth.radius is not None
    assert truth.value.shape == (2, 3, 3)
    assert not np.any(truth.value)
    assert not np.any(truth.radius)
