"""Random compositions at points with zeros and small integers: every word against 120-digit
differences.
"""

from __future__ import annotations

import random

import numpy as np
import pytest
from ad_conformance.engines import inhouse as xp

from .oracle import check

K = np.array([[0.0, 1.0], [2.0, -0.5]])


def _sqrt_of_both_signs(xp, x):
    return xp.sqrt(xp.concat([-1 - x * x, 1 + x * x], axis=0))


# Each keeps a 2x2 matrix a 2x2 matrix and is smooth everywhere.
STEPS = [
    ("sin", lambda xp, x, y: xp.sin(x)),
    ("exp", lambda xp, x, y: xp.exp(-x * x)),
    ("tanh", lambda xp, x, y: xp.tanh(x)),
    ("asinh", lambda xp, x, y: xp.asinh(x * y)),
    ("log1p", lambda xp, x, y: xp.log1p(x * x)),
    ("sqrt", lambda xp, x, y: xp.sqrt(1 + x * x)),
    ("power2", lambda xp, x, y: xp.pow(x, 2)),
    ("powers", lambda xp, x, y: xp.pow(x, np.array([[0.0, 1.0], [2.0, 3.0]]))),
    ("add", lambda xp, x, y: x + 0.5 * y),
    ("subtract", lambda xp, x, y: y - x),
    ("multiply", lambda xp, x, y: x * y),
    ("scale", lambda xp, x, y: K * x),
    ("divide", lambda xp, x, y: x / (1 + y * y)),
    ("reverse", lambda xp, x, y: 1 - x),
    ("matmul", lambda xp, x, y: xp.matmul(x, y) * 0.5),
    ("matmul_constant", lambda xp, x, y: xp.matmul(K, x)),
    ("transpose", lambda xp, x, y: xp.matrix_transpose(x)),
    ("flip", lambda xp, x, y: xp.flip(x, axis=0)),
    ("roll", lambda xp, x, y: xp.roll(x, 1)),
    ("take", lambda xp, x, y: xp.take(x, np.array([1, 1]), axis=0)),
    ("tril", lambda xp, x, y: xp.tril(x) + y),
    ("rows", lambda xp, x, y: xp.stack([x[1], x[0] * y[1]], axis=1)),
    ("concat", lambda xp, x, y: xp.concat([x[:1], y[:1] * x[1:]], axis=0)),
    ("reshape", lambda xp, x, y: xp.reshape(xp.reshape(x, (4,))[::-1], (2, 2))),
    ("outer", lambda xp, x, y: xp.outer(x[0], y[:, 1])),
    ("cumulative_prod", lambda xp, x, y: xp.cumulative_prod(x, axis=0)),
    ("cumulative_sum", lambda xp, x, y: xp.cumulative_sum(x, axis=1)),
    ("prod", lambda xp, x, y: y * xp.prod(x, axis=0, keepdims=True)),
    ("sum", lambda xp, x, y: x - xp.sum(y, axis=1, keepdims=True)),
    ("mean", lambda xp, x, y: x * xp.mean(x)),
    ("det", lambda xp, x, y: y + xp.linalg.det(x)),
    ("trace", lambda xp, x, y: y * xp.linalg.trace(x)),
    ("inv", lambda xp, x, y: xp.linalg.inv(np.eye(2) * 3 + 0.25 * xp.sin(x))),
    ("solve", lambda xp, x, y: xp.linalg.solve(np.eye(2) * 3 + 0.25 * xp.sin(y), x)),
    ("norm", lambda xp, x, y: y * xp.linalg.vector_norm(xp.expand_dims(x, axis=0) + 5)),
    ("logaddexp", lambda xp, x, y: xp.logaddexp(x, y)),
    ("hypot", lambda xp, x, y: xp.hypot(x, y * y + 1)),
    ("atan2", lambda xp, x, y: xp.atan2(x, y * y + 1)),
    ("where_log", lambda xp, x, y: xp.where(x > 0.297, x * xp.log(x), 0.25 * y)),
    ("where_reciprocal", lambda xp, x, y: xp.where(x * x > 0.197, xp.sin(xp.reciprocal(x)), x * y)),
    ("where_pow", lambda xp, x, y: xp.where(y > 0.297, xp.pow(y, 1.5) * x, x)),
    ("sqrt_part", lambda xp, x, y: xp.concat([_sqrt_of_both_signs(xp, x)[2:3], y[1:]], axis=0)),
    ("diag", lambda xp, x, y: xp.diag(x[0] * y[1])),
    ("maximum", lambda xp, x, y: xp.maximum(x, x) + 0.1 * xp.maximum(y, -30.0)),
]  # fmt: skip


def _program(seed: int):
    rng = random.Random(seed)
    chosen = [rng.choice(STEPS)[1] for _ in range(rng.randint(2, 4))]
    ends = rng.randrange(3)

    def f(xp, t):
        x = (
            t
            if np.ndim(t) == 2 or getattr(t, "ndim", 2) == 2
            else xp.stack([t * 1.0, xp.sin(t) * t])
        )
        y = x
        for step in chosen:
            x, y = step(xp, x, y), x
        if ends == 0:
            return x
        return xp.sum(K * x) if ends == 1 else xp.prod(x, axis=1)

    x = np.array([rng.choice([0.0, 0.0, 1.0, -1.0, 0.5, 2.0, 0.375]) for _ in range(4)]).reshape(
        2, 2
    )
    return f, x if rng.random() < 0.6 else x[0]


@pytest.mark.parametrize("seed", range(200))
def test_composition(seed: int) -> None:
    f, x = _program(seed)
    modes = ("R", "F", "RR", "FR", "RF", "FF") + (("RRR", "FRF") if x.size == 2 else ())
    check(f, x, modes, rtol=1e-9, directions=1)


@pytest.mark.parametrize("seed", range(200, 260))
def test_composition_to_order_four(seed: int) -> None:
    f, x = _program(seed)
    check(f, x if x.size == 2 else x[0], ("RRRR", "FRFR", "RRFF", "FFFR"), rtol=1e-8, directions=1)


def test_order_four_of_a_matrix_stays_small() -> None:
    def f(x):
        return xp.tanh(x @ x.T) @ x

    x = np.arange(9.0).reshape(3, 3) / 8
    result = xp.nest(f, "RRRR")(x)
    assert result.shape == (3, 3) * 5
    np.testing.assert_allclose(result, xp.nest(f, "FFFF")(x), atol=1e-10 * np.abs(result).max())
