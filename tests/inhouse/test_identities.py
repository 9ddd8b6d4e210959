"""The identities applied while nodes are made: they fire, and the value stays what it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ad_conformance.engines import inhouse as xp
from scipy import special

from .oracle import check

A = np.array([[1.0, 2.0], [0.5, -1.0], [3.0, 0.25]])
V = np.array([0.5, -1.5, 2.0])

# Programs, and what must not appear in their source any more.
SIMPLER = {
    "stacked constants": (
        lambda x: xp.stack([xp.sin(2 * x), xp.sin(3 * x)]),
        0.5,
        "R",
        "concatenate",
    ),
    "stacked rows": (
        lambda x: xp.stack([xp.exp(A * x), xp.exp(2 * A * x)], axis=1),
        0.5,
        "RR",
        "concatenate",
    ),
    "identity contracted": (lambda x: xp.sin(x), V, "R", "add.reduce"),
    "outer product summed": (lambda x: xp.sum(xp.outer(x**3, x**2)), V, "", "reshape(1, 3)"),
    "stretched factor": (
        lambda x: xp.sum(xp.broadcast_to(xp.exp(x), (50, 3)), axis=0),
        V,
        "",
        "broadcast_to",
    ),
    "stretched matrix": (lambda x: xp.matmul(A.T, xp.broadcast_to(xp.sum(x), (3, 4))), V, "", "@"),
    "rows summed": (lambda x: xp.sum(xp.matmul(xp.outer(x, x), A), axis=0), V, "", "(3, 3) @"),
    "matrix times column": (lambda x: xp.matmul(A.T, xp.sin(x)), V, "", "reshape"),
    "powers": (lambda x: x**6, V, "RR", "**"),
    "pieces that cover": (lambda x: xp.concat([x[1:] ** 2, x[:1] ** 3]), V, "R", "pad"),
    "whole flip": (lambda x: xp.sqrt(xp.flip(x)), np.ones(3), "RR", "safe_multiply"),
    "used in full": (
        lambda x: xp.sqrt(x) * xp.sum(xp.log(x)[:1]),
        np.ones(3),
        "R",
        "safe_multiply(ratio",
    ),
}


@pytest.mark.parametrize("name", SIMPLER)
def test_identity_applies(name: str) -> None:
    f, x, mode, gone = SIMPLER[name]
    assert gone not in xp.explain(f, x, mode=mode)


SAME = {
    "stacked, different operands": (lambda xp, x: xp.stack([xp.sin(2 * x), xp.sin(x * x)]),
        np.array(0.5)),
    "stacked vectors": (lambda xp, x: xp.stack([xp.exp(2 * x), xp.exp(3 * x)], axis=1), V),
    "stacked, one number": (lambda xp, x: xp.stack([x * 1.0, x * 1.0]), np.array(0.5)),
    "concat of unequal": (lambda xp, x: xp.concat([xp.sin(A[0] * x), xp.sin(V * x)], axis=0),
        np.array(0.5)),
    "sum of outer products": (lambda xp, x: xp.sum(xp.outer(x * x, xp.sin(x))), V),
    "sum of a product of matrices": (lambda xp, x: xp.sum(xp.matmul(xp.outer(x, x), A), axis=1), V),
    "sum of two products": (lambda xp, x: xp.sum(xp.outer(x, x) @ A + xp.outer(x * x, x) @ A,
        axis=0), V),
    "stretched rows": (lambda xp, x: xp.matmul(xp.broadcast_to(x, (4, 3)), A), V),
    "stretched columns": (lambda xp, x: xp.matmul(A.T, xp.broadcast_to(xp.reshape(x, (3, 1)),
        (3, 4))), V),
    "stretched inside": (lambda xp, x: xp.matmul(xp.broadcast_to(xp.reshape(x, (3, 1)), (3, 3)), A),
        V),
    "stretched inside, right": (lambda xp, x: xp.matmul(A.T, xp.broadcast_to(x, (3, 3))), V),
    "diagonal times matrix": (lambda xp, x: xp.matmul(np.diag(V), xp.outer(x, x)), V),
    "matrix times diagonal": (lambda xp, x: xp.matmul(xp.outer(x, x), np.diag(V)), V),
    "batch of vectors": (lambda xp, x: xp.matmul(np.ones((2, 2, 3)) * x, A), V),
    "common factors": (lambda xp, x: 3 * xp.sin(x) + 3 * xp.exp(x) - 3 * xp.cos(x), V),
    "powers to 9": (lambda xp, x: x**3 + x**4 + x**5 + x**6 + x**7 + x**8 + x**9, V),
    "partly unused, partly in full": (lambda xp, x: xp.sqrt(x)[1:] * xp.sum(x[1:] ** 2),
        np.array([0.0, 1.0, 4.0])),
    "masked twice": (
        lambda xp, x: xp.where(x > 0.5, xp.sqrt(x), x) * xp.where(x > 0.5, xp.log(x), 1.0),
            np.array([0.0, 1.0, 4.0])),
    "pieces under a root": (lambda xp, x: xp.concat([xp.sqrt(x)[1:], xp.sin(x)[:1]], axis=0),
        np.array([0.0, 4.0])),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_identity_keeps_the_value(name: str) -> None:
    f, x = SAME[name]
    check(f, x, ("R", "F", "RR", "FR", "RF", "FF", "RRR"), directions=1)


def test_a_stack_of_a_long_chain_stays_linear() -> None:
    def f(x, steps):
        values = [x]
        for _ in range(steps):
            values.append(xp.sin(2.0 * values[-1]))
        return xp.stack(values)

    sizes = [xp.nest(lambda x, n=n: f(x, n), "R").lower(0.5).operations for n in (20, 40, 80)]
    assert sizes[2] - sizes[1] <= 2.1 * (sizes[1] - sizes[0])


def test_logsumexp() -> None:
    x = np.array([[1000.0, 1000.0, -np.inf], [-2.0, 0.0, 3.0]])
    np.testing.assert_allclose(xp.logsumexp(x, axis=1)[0], 1000 + np.log(2))
    np.testing.assert_allclose(xp.grad(lambda t: xp.logsumexp(t))(V), np.exp(V) / np.exp(V).sum())
    np.testing.assert_allclose(xp.logsumexp(V), np.log(np.exp(V).sum()))
    jacobian = xp.jacobian(lambda t: xp.logsumexp(t, axis=0, keepdims=True))(A)
    np.testing.assert_allclose(jacobian.sum(axis=(2,)), np.eye(2)[None])


def test_functions_of_one_family_are_stacked_one_by_one() -> None:
    """The number that chooses a function of a family is one constant for all entries."""
    x, factors = np.array(1.25), np.array([0.5, 2.0, 3.0])
    for orders in ((1, 2), (2, 2)):

        def stacked(t: Any, orders: tuple[int, int] = orders) -> Any:
            return xp.concat([xp.polygamma(factors * k * t, n=n) for k, n in enumerate(orders, 1)])

        expected = [
            k * factors * special.polygamma(n + 1, factors * k * x) for k, n in enumerate(orders, 1)
        ]
        np.testing.assert_allclose(xp.nest(stacked, "R")(x), np.ravel(expected), rtol=1e-13)
    assert "concatenate" not in xp.explain(stacked, x, mode="R")
