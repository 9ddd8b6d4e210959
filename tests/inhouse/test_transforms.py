"""Nesting, closures, compiling once, dtypes, and error messages."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from ad_conformance.engines import inhouse as xp
from ad_conformance.engines.inhouse.rules.kinds import each
from ad_conformance.engines.inhouse.rules.kinds import f as apply
from ad_conformance.engines.inhouse.rules.table import RULES

from .oracle import check

W = np.array([[1.0, 2.0], [3.0, 4.0]])
C = np.array([1.0, 2.0])


def num_to_mat(x):
    return xp.stack([xp.sin(C * x), xp.sin(C * 3 * x)], axis=1)


TRUTHS = [-13.0106912950900, 97.49952818077769, 446.002985669867, -4330.463082068238]


@pytest.mark.parametrize(
    "mode", ["".join(w) for n in (1, 2, 3, 4) for w in itertools.product("RF", repeat=n)]
)
def test_num_to_mat_in_every_mode(mode: str) -> None:
    value = np.sum(W * xp.nest(num_to_mat, mode)(0.7))
    assert value == pytest.approx(TRUTHS[len(mode) - 1], rel=1e-12)
    summed = xp.nest(lambda x: xp.sum(W * num_to_mat(x)), mode)(0.7)
    assert summed == pytest.approx(TRUTHS[len(mode) - 1], rel=1e-12)


@pytest.mark.parametrize(
    "inner", [xp.grad, lambda f: xp.jacobian(f, "F"), lambda f: xp.jacobian(f, "R")]
)
@pytest.mark.parametrize(
    "outer", [xp.grad, lambda f: xp.jacobian(f, "F"), lambda f: xp.jacobian(f, "R")]
)
class TestPerturbationConfusion:
    def test_constant_inside(self, inner, outer) -> None:
        # Siskind and Pearlmutter (2005). Confused levels give 2.
        assert outer(lambda x: x * inner(lambda y: x + y)(1.0))(1.0) == 1

    def test_same_value_inside(self, inner, outer) -> None:
        assert outer(lambda x: x * inner(lambda y: x * y)(x))(3.0) == 6
        assert inner(lambda y: y)(2.0) == 1

    def test_same_expression_inside(self, inner, outer) -> None:
        # y stands for x * x, and x * x is captured as well: only one of them varies.
        assert outer(lambda x: inner(lambda y: y * (x * x))(x * x))(3.0) == 6

    def test_shift(self, inner, outer) -> None:
        # Manzyuk et al. (2019): the derivative as a shift, twice. Confused levels give 0.
        def d(by, f):
            return lambda x: by(lambda u: f(x + u))(0.0)

        assert xp.compile(d(outer, d(inner, xp.sin)))(1.0) == pytest.approx(-np.sin(1.0), rel=1e-14)

    def test_saddle(self, inner, outer) -> None:
        # The derivative of f(x, y*(x)) where y* is one Newton step on y: all by closures.
        def f(x, y):
            return x * x * y - x * y * y

        def best(x):
            g = inner(lambda y: f(x, y))
            h = inner(lambda z: inner(lambda y: f(x, y))(z))
            return 1.0 - g(1.0) / h(1.0)

        # g = x^2 - 2x, h = -2x, so best(x) = 1 + (x - 2) / 2 = x / 2
        assert outer(best)(1.5) == pytest.approx(0.5, rel=1e-14)

    def test_three_levels(self, inner, outer) -> None:
        def f(x):
            return inner(lambda y: y * inner(lambda z: x * y * z * z)(y))(x)

        # inner: 2 x y^2, times y: 2 x y^3; its derivative at y = x: 6 x^3
        assert outer(f)(2.0) == pytest.approx(72.0)


def test_derivative_of_derivative_calls() -> None:
    def f(x):
        return xp.sum(xp.sin(x) * x)

    x = np.array([0.5, 1.5])
    expected = np.diag(2 * np.cos(x) - x * np.sin(x))
    for h in (
        xp.jacobian(xp.grad(f)),
        xp.hessian(f),
        xp.hessian(f, "FR"),
        xp.jacobian(lambda t: xp.grad(f)(t) * 1.0),
    ):
        np.testing.assert_allclose(h(x), expected, rtol=1e-14)


@pytest.mark.parametrize("mode", ["FR", "RR", "RF", "FF"])
def test_hvp(mode: str) -> None:
    def f(x):
        return xp.prod(x) + xp.sum(x**3)

    x, v = np.array([0.0, 2.0, 0.0]), np.array([1.0, -1.0, 0.5])
    np.testing.assert_allclose(xp.hvp(f, mode)(x, v), xp.hessian(f)(x) @ v, atol=1e-14)


def test_jvp_and_vjp() -> None:
    def f(x):
        return xp.matmul(W, x) * x

    x, v = np.array([1.0, 2.0]), np.array([0.5, -1.0])
    j = np.diag(W @ x) + np.diag(x) @ W
    np.testing.assert_allclose(xp.jvp(f)(x, v), j @ v)
    np.testing.assert_allclose(xp.vjp(f)(x, v), v @ j)
    np.testing.assert_allclose(
        xp.jacobian(lambda t: xp.jvp(f)(t, v))(x), W * v[:, None] + np.diag(W @ v)
    )
    with pytest.raises(xp.CompileError, match="tangent"):
        xp.jvp(f)(x, np.ones(3))


def test_second_argument() -> None:
    assert xp.grad(lambda x, y: x * y * y, argnum=1)(2.0, 3.0) == 12


def test_compiled_once_for_many_points() -> None:
    calls = []

    def f(x):
        calls.append(1)
        return xp.where(x > 0, xp.prod(x), xp.max(x) * x)

    program = xp.compile(xp.nest(f, "RR")).lower(np.zeros(3))
    for seed in range(5):
        x = np.random.default_rng(seed).normal(size=3)
        np.testing.assert_array_equal(program(x), xp.nest(f, "RR")(x))
    assert len(calls) == 6
    derivative = xp.grad(lambda x: xp.sum(f(x)))
    derivative(np.ones(3))
    derivative(np.zeros(3))
    assert len(calls) == 7
    with pytest.raises(TypeError, match="compiled for shapes"):
        program(np.ones(4))
    with pytest.raises(TypeError, match="compiled for shapes"):
        program(np.ones(3), 1.0)


@pytest.mark.parametrize("mode", ["", "R", "F", "RR", "FR", "RF", "FF"])
def test_float32_stays(mode: str) -> None:
    fs = [
        lambda x: xp.sin(2 * x) ** 3 / 7,
        lambda x: xp.where(x > 0.5, x * x, 1.0),
        lambda x: xp.stack(
            [xp.linalg.det(xp.diag(x)), xp.prod(x), xp.linalg.vector_norm(x), xp.mean(x)]
        ),
        lambda x: xp.linalg.solve(xp.diag(x) + 1, x),
        lambda x: xp.clip(x, 0.0, 1.0) + xp.tanh(x) + xp.logaddexp(x, 0.0) + xp.max(x),
        lambda x: xp.concat([x, x * 0.0]),
        lambda x: xp.sin(xp.sum(x) - 0.5) - xp.subtract(x, 1.0),
    ]
    x = np.array([0.25, 2.0], np.float32)
    for f in fs:
        result = xp.nest(f, mode)(x)
        assert result.dtype == np.float32
        np.testing.assert_allclose(
            result, xp.nest(f, mode)(x.astype(np.float64)), rtol=1e-4, atol=1e-5
        )


def test_results_do_not_share_memory() -> None:
    x = np.ones(2)
    for f in (lambda t: t, lambda t: t[::-1], lambda t: xp.reshape(t, (2, 1))):
        result = xp.compile(f)(x)
        result[...] = 5
        assert (x == 1).all()
    j = xp.jacobian(lambda t: 2 * t)
    j(x)[...] = 7
    np.testing.assert_array_equal(j(x), 2 * np.eye(2))


def test_constants_are_copied_when_traced() -> None:
    c = np.array([1.0, 2.0])
    program = xp.compile(lambda x: c * x).lower(1.0)
    c[:] = 9
    np.testing.assert_array_equal(program(1.0), [1.0, 2.0])


def test_saturation_is_accurate_and_silent() -> None:
    with np.errstate(all="raise", under="ignore"):
        for f, x in ((xp.tanh, 400.0), (xp.tanh, -1000.0), (xp.sech, 900.0), (xp.sigmoid, -800.0)):
            for mode in ("R", "F", "RR", "FR", "RRR"):
                assert abs(xp.nest(f, mode)(x)) < 1e-300
    # the value is 5e-324 above zero at most, but exp(-700) is a number with digits
    assert xp.grad(lambda x: xp.logaddexp(x, 0.0))(-700.0) == pytest.approx(
        np.exp(-700.0), rel=1e-13
    )
    # 1 - tanh^2 at 18 is 9e-16: taking the difference would leave no digit
    assert xp.grad(xp.tanh)(18.0) == pytest.approx(4 * np.exp(-36.0), rel=1e-14)
    assert xp.nest(xp.tanh, "RR")(18.0) == pytest.approx(-8 * np.exp(-36.0), rel=1e-14)


@pytest.mark.parametrize(
    ("f", "parts"),
    [
        (lambda x: xp.sin(x) + np.ones(4), ["add", "(3,)", "(4,)", "step 2"]),
        (lambda x: xp.matmul(np.ones((2, 2)), x), ["matmul", "(2, 2)", "inner lengths"]),
        (
            lambda x: xp.matmul(x, np.ones((2, 2))),
            ["matmul", "(3,) and (2, 2)", "inner lengths", "step 1"],
        ),
        (lambda x: xp.linalg.solve(np.ones((3, 2)), x), ["solve", "(3, 2)", "square"]),
        (lambda x: xp.tensordot(x, x, 2), ["tensordot", "(3,) and (3,)", "axes"]),
        (lambda x: xp.vecdot(x, x[1:]), ["vecdot", "(3,) and (2,)"]),
        (lambda x: xp.where(x > 0, x, np.ones(2)), ["select", "(3,)", "(2,)", "step 2"]),
        (lambda x: xp.permute_dims(x, (0, 1)), ["permute_dims", "(3,)", "axis"]),
        (lambda x: xp.take(x, [5], axis=0), ["take", "(3,)", "integers"]),
        (lambda x: xp.stack([x, x[:1]]), ["stack", "(3,)", "(1,)"]),
        (lambda x: xp.concat([x, xp.reshape(x, (1, 3))]), ["concat", "(1, 3)"]),
        (lambda x: xp.linalg.det(xp.outer(x, x)[1:]), ["det", "(2, 3)", "square"]),
        (lambda x: xp.sum(x, axis=1), ["sum", "axis 1", "(3,)"]),
        (lambda x: x[3], ["index", "(3,)", "range"]),
        (lambda x: xp.reshape(x, (2, 2)), ["reshape", "(2, 2)"]),
        (lambda x: x if x[0] > 0 else -x, ["bool", "where"]),
        (lambda x: xp.max(x[:0]), ["max", "(0,)"]),
        (lambda x: [x, x], ["returned list"]),
        (lambda x: np.sum(np.asarray(x)), ["array", "ad_conformance.engines.inhouse"]),
    ],
)
def test_compile_errors_say_what_and_where(f, parts) -> None:
    with pytest.raises(xp.CompileError) as caught:
        xp.jacobian(f)(np.ones(3))
    for part in [*parts, "traced step", f"{__file__}:"]:
        assert part in str(caught.value)
    assert caught.value.operation == parts[0] or parts[0] not in (
        "matmul",
        "solve",
        "stack",
        "concat",
    )


def test_grad_of_an_array_is_an_error() -> None:
    with pytest.raises(xp.CompileError, match="grad"):
        xp.grad(lambda x: x)(np.ones(2))
    with pytest.raises(ValueError, match="a mode consists"):
        xp.nest(num_to_mat, "RX")


def test_explained_source_is_short() -> None:
    source = xp.explain(num_to_mat, 0.7, mode="RR")
    assert "def derivative(x):" in source
    assert source.count("sin(") == 1
    assert max(map(len, xp.explain(lambda x: xp.prod(xp.exp(x)), np.ones(50)).splitlines())) < 160


def test_long_programs_nest_to_order_four() -> None:
    def f(x):
        for i in range(200):
            x = xp.sin(x) * 1.01 if i % 2 else x + 0.001 * x * x
        return x

    values = {mode: float(xp.nest(f, mode)(0.3)) for mode in ("RRRR", "FFFF", "RFRF")}
    assert len({round(v / values["RRRR"], 9) for v in values.values()}) == 1


@pytest.mark.parametrize("n", [4, 5, 8, 9])
@pytest.mark.parametrize("rank", [0, 1, 2, 3, None])
def test_det_of_any_rank(n: int, rank: int | None) -> None:
    rng = np.random.default_rng(3)
    a = rng.integers(-3, 4, (n, n)).astype(float)
    if rank is not None:
        a = rng.integers(-2, 3, (n, rank)).astype(float) @ rng.integers(-2, 3, (rank, n)).astype(
            float
        )
    g = xp.grad(xp.linalg.det)(a)
    minors = [
        [np.linalg.det(np.delete(np.delete(a, i, 0), j, 1)) * (-1) ** (i + j) for j in range(n)]
        for i in range(n)
    ]
    scale = max(1.0, np.abs(a).max()) ** (n - 1)
    np.testing.assert_allclose(g, minors, atol=1e-11 * scale)


def test_det_second_derivative_singular_4() -> None:
    a = np.outer([1.0, 2.0, -1.0, 0.5], [3.0, 0.5, 1.0, -2.0])
    a[1, 2] += 1
    check(lambda xp, x: xp.linalg.det(x), a, modes=("RR", "FR", "RF", "FF"), directions=3)


@pytest.mark.parametrize(
    ("op", "wrong", "f", "x"),
    [
        ("sin", each(lambda y, x: 1.0 + 0.0 * x), lambda xp, x: xp.sin(x), 0.5),
        ("tanh", each(lambda y, x: 1.0 - y), lambda xp, x: xp.tanh(x), 0.5),
        ("multiply", each(lambda y, a, b: b, lambda y, a, b: b), lambda xp, x: x * xp.exp(x), 0.5),
        (
            "divide",
            each(lambda y, a, b: 1.0 / b, lambda y, a, b: -(y / (b * b))),
            lambda xp, x: 1 / x,
            0.5,
        ),
        ("power", each(lambda y, x, n: y * n / x, lambda y, x, n: y), lambda xp, x: x**3, 0.0),
        ("sqrt", each(lambda y, x: 0.5 / x), lambda xp, x: xp.sqrt(x), 0.5),
        ("cos", each(lambda y, x: make_sin(x)), lambda xp, x: xp.sin(x), 0.5),
    ],
)
def test_the_checker_notices_a_wrong_rule(monkeypatch, op, wrong, f, x) -> None:
    check(f, x)
    monkeypatch.setitem(RULES, op, wrong)
    with pytest.raises(AssertionError):
        check(f, x)


def make_sin(x):
    return apply("sin", x)
