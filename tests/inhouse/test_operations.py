"""Every operation, in every mode to order three, against 120-digit differences of itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ad_conformance.engines import inhouse

from .oracle import check

C = np.array([1.0, 2.0])
M = np.array([[0.5, -1.25], [2.0, 0.75]])
M3 = np.array([[2.0, -1.0, 0.5], [0.25, 1.5, -0.75], [1.0, 0.5, 3.0]])
V = np.array([0.5, -1.5, 2.0])
S3 = np.outer([1.0, 2.0, -1.0], [3.0, 0.5, 1.0])  # rank 1
T = np.arange(1.0, 13.0).reshape(3, 2, 2) / 4 + np.eye(2)

CASES = {
    # elementwise
    "sin": (lambda xp, x: xp.sin(x * x), V),
    "cos": (lambda xp, x: xp.cos(3 * x), V),
    "tan": (lambda xp, x: xp.tan(x), V),
    "exp": (lambda xp, x: xp.exp(-x * x), V),
    "log": (lambda xp, x: xp.log(1 + x * x), V),
    "log1p": (lambda xp, x: xp.log1p(x), np.array([1e-9, -0.5, 3.0])),
    "expm1": (lambda xp, x: xp.expm1(x), np.array([1e-9, -40.0, 3.0])),
    "sqrt": (lambda xp, x: xp.sqrt(x), np.array([0.25, 3.0])),
    "square": (lambda xp, x: xp.square(x), np.array([0.0, -3.0])),
    "tanh": (lambda xp, x: xp.tanh(x), V),
    "sinh": (lambda xp, x: xp.sinh(x) * xp.cosh(x), V),
    "asin": (lambda xp, x: xp.asin(x) + 2 * xp.acos(x * x), np.array([0.0, -0.5, 0.75])),
    "atan": (lambda xp, x: xp.atan(x), np.array([0.0, -0.5, 30.0])),
    "asinh": (lambda xp, x: xp.asinh(x), np.array([0.0, -0.5, 30.0])),
    "acosh": (lambda xp, x: xp.acosh(x), np.array([1.125, 30.0])),
    "atanh": (lambda xp, x: xp.atanh(x), np.array([0.0, -0.5, 0.875])),
    "reciprocal": (lambda xp, x: xp.reciprocal(x), V),
    "abs": (lambda xp, x: xp.abs(x) * x, V),
    "abs_squared_at_zero": (lambda xp, x: xp.abs(x) * xp.abs(x), np.array([0.0, 1.0])),
    "abs_pow_2_at_zero": (lambda xp, x: xp.pow(xp.abs(x), 2), np.array([0.0, -1.0])),
    "negative": (lambda xp, x: xp.negative(-x * x), V),
    "sign": (lambda xp, x: xp.sign(x) * x * x, V),
    "subtract": (lambda xp, x: xp.subtract(x * x, 3 - x), V),
    "divide": (lambda xp, x: xp.divide(x - 2, 1 + x * x), V),
    "divide_self": (lambda xp, x: x / x, V),
    "hypot": (lambda xp, x: xp.hypot(x, 2 * x + 1), V),
    "hypot_one_zero": (lambda xp, x: xp.hypot(x, x - 2.0), np.array([0.0, 2.0])),
    "atan2": (lambda xp, x: xp.atan2(x, x - 2), V),
    "logaddexp": (lambda xp, x: xp.logaddexp(x, x * x), V),
    "logaddexp_equal": (lambda xp, x: xp.logaddexp(x, 2 * x), np.array([0.0])),
    "logaddexp_far": (lambda xp, x: xp.logaddexp(x, -x), np.array([10.0, -350.0])),
    "sigmoid": (lambda xp, x: xp.sigmoid(x), np.array([0.0, 30.0, -700.0])),
    "maximum": (lambda xp, x: xp.maximum(x * x, 1 + x), V),
    "minimum": (lambda xp, x: xp.minimum(x * x, 1 + x), V),
    "maximum_same": (lambda xp, x: xp.maximum(x * x, xp.square(x)), V),
    "maximum_smooth_tie": (lambda xp, x: xp.maximum(x + x, 2 * x) * x, V),
    "clip": (lambda xp, x: xp.clip(x * x, -1.0, 3.0), V),
    "clip_closed": (lambda xp, x: xp.clip(x, 0.5, 0.5), V),
    "clip_one_sided": (lambda xp, x: xp.clip(x * x, None, 3.0) + xp.clip(x, 0.0), V),
    # powers
    "pow_0": (lambda xp, x: xp.pow(x, 0), np.array([0.0, -2.0])),
    "pow_1": (lambda xp, x: xp.pow(x, 1), np.array([0.0, -2.0])),
    "pow_2": (lambda xp, x: xp.pow(x, 2), np.array([0.0, -2.0])),
    "pow_3": (lambda xp, x: x**3, np.array([0.0, -2.0])),
    "pow_5.0": (lambda xp, x: x**5.0, np.array([0.0, -2.0])),
    "pow_-2": (lambda xp, x: xp.pow(x, -2), np.array([-2.0, 0.5])),
    "pow_2.5": (lambda xp, x: xp.pow(x, 2.5), np.array([2.0, 0.5])),
    "pow_array": (lambda xp, x: xp.pow(x, np.array([0.0, 1.0, 2.0, 3.0])), np.zeros(4)),
    "pow_array_negative": (
        lambda xp, x: xp.pow(x, np.array([0.0, 1.0, 2.0, 3.0, -1.0])), -np.ones(5) * 1.5),
    "pow_int_array": (lambda xp, x: xp.pow(x, np.array([0, 1, 2])), np.array(0.0)),
    "pow_mixed": (lambda xp, x: xp.pow(x, np.array([2.0, 0.5])), np.array([0.0, 4.0])),
    "pow_base_zero": (lambda xp, x: xp.pow(0.0, x), np.array([1.0, 2.5])),
    "pow_base_constant": (lambda xp, x: xp.pow(np.array([0.0, 2.0]), x), np.array([1.0, 0.0])),
    "pow_self": (lambda xp, x: xp.pow(x, x), np.array([1.0, 2.0, 0.5])),
    "pow_exponent_0_1_2": (lambda xp, x: xp.pow(x + 2, x), np.array([0.0, 1.0, 2.0])),
    "pow_entries": (lambda xp, x: xp.pow(x[0], x[1]), np.array([2.0, 0.0])),
    "pow_operator": (lambda xp, x: 2.0**x + x**x[0], np.array([1.0, 2.0])),
    "sqrt_of_sum_squared": (lambda xp, x: xp.square(xp.linalg.vector_norm(x)), np.zeros(3)),
    # choice
    "where": (lambda xp, x: xp.where(x > 0, x * x, xp.sin(x)), V),
    "where_sqrt": (lambda xp, x: xp.where(x > 0, xp.sqrt(x), 0.0), np.array([-1.0, 0.25])),
    "where_sqrt_squared": (lambda xp, x: xp.where(x > 0, xp.sqrt(x), x * x),
        np.array([-1.0, 0.25])),
    "where_log_at_zero": (lambda xp, x: xp.where(x > 1, x * xp.log(x), x * 0.5),
        np.array([0.0, 2.0])),
    "where_reciprocal": (lambda xp, x: xp.where(x > 1, xp.sin(xp.reciprocal(x)), x),
        np.array([0.0, 2.0])),
    "where_sum": (lambda xp, x: xp.where(x[0] > 1, xp.sum(xp.sqrt(x)), xp.sum(x * x)),
        np.array([0.0, -2.0])),
    "where_overflow": (lambda xp, x: xp.where(x > 10, x, xp.exp(x)), np.array([1000.0, 2.0])),
    "where_matmul": (
        lambda xp, x: xp.where(x > 1, xp.matmul(M, xp.log(x)), x * x), np.array([-1.0, 0.5])),
    "where_inv": (lambda xp, x: xp.where(x[0, 0] > 1, xp.linalg.inv(x), x * x), np.zeros((2, 2))),
    "where_solve": (
        lambda xp, x: xp.where(x[0, 0] > 1, xp.linalg.solve(x, C), x[0] * x[1]), np.zeros((2, 2))),
    "slice_of_nan": (lambda xp, x: xp.sqrt(x)[1:] * 2, np.array([-1.0, 0.25, 4.0])),
    "take_of_nan": (lambda xp, x: xp.take(xp.log(x), np.array([1, 1]), axis=0),
        np.array([-1.0, 0.25])),
    "tril_of_nan": (lambda xp, x: xp.tril(xp.log(x)), np.array([[1.0, -1.0], [0.5, 2.0]])),
    "diagonal_of_nan": (lambda xp, x: xp.linalg.diagonal(xp.log(x)),
        np.array([[1.0, -1.0], [0.0, 2.0]])),
    "logical": (
        lambda xp, x: xp.where(xp.logical_and(x > -1, xp.logical_not(x >= 1)), x * x, xp.exp(x)),
            V),
    # reductions
    "sum": (lambda xp, x: xp.sum(xp.sin(x), axis=0) + xp.sum(x * x), M),
    "sum_keepdims": (lambda xp, x: x * xp.sum(x * x, axis=(0,), keepdims=True), M),
    "sum_both": (lambda xp, x: x * xp.sum(x * x, axis=(0, 1), keepdims=True), M),
    "mean": (lambda xp, x: xp.mean(x * x * x, axis=1), M),
    "max": (lambda xp, x: xp.max(x * x, axis=1), M),
    "min": (lambda xp, x: xp.min(x * x) * x, M),
    "max_smooth_tie": (lambda xp, x: xp.max(xp.stack([x * x, x * x]), axis=0), V),
    "prod": (lambda xp, x: xp.prod(x), V),
    "prod_one_zero": (lambda xp, x: xp.prod(xp.sin(x)), np.array([0.0, 1.0, 2.0])),
    "prod_two_zeros": (lambda xp, x: xp.prod(x), np.array([0.0, 1.0, 0.0, 3.0])),
    "prod_three_zeros": (lambda xp, x: xp.prod(xp.exp(x) - 1), np.zeros(3)),
    "prod_axis": (lambda xp, x: xp.prod(x * x - 1, axis=0), np.array([[1.0, 2.0], [1.0, 1.0],
        [3.0, -1.0]])),
    "prod_axes": (
        lambda xp, x: xp.prod(x, axis=(0, 1), keepdims=True) * x,
            np.array([[0.0, 2.0], [0.0, 1.0]])),
    "cumulative_sum": (lambda xp, x: xp.cumulative_sum(x * x, axis=1) * x, M),
    "cumulative_prod": (lambda xp, x: xp.cumulative_prod(x, axis=0), np.array([1.5, 0.0, 2.0, 0.0,
        3.0])),
    "cumulative_prod_axis": (lambda xp, x: xp.cumulative_prod(x * x, axis=1),
        np.array([[0.0, 2.0, 1.0]])),
    # shapes
    "stack": (lambda xp, x: xp.stack([xp.sin(C * x), xp.sin(C * 3 * x)], axis=1), np.array(0.7)),
    "stack_repeated": (lambda xp, x: xp.stack([x, x * x, x], axis=-1), V),
    "concat": (lambda xp, x: xp.concat([x * x, xp.exp(x)[:1], x], axis=0), V),
    "concat_axis": (lambda xp, x: xp.concat([x * x, xp.sin(x)], axis=1), M),
    "reshape": (lambda xp, x: xp.reshape(x * x, (-1,)) * xp.reshape(x, (4,)), M),
    "permute_dims": (
        lambda xp, x: xp.permute_dims(x, (2, 0, 1)) * xp.sin(xp.permute_dims(x, (1, 0, 2))),
        np.ones((2, 2, 2)) * 0.3),
    "matrix_transpose": (lambda xp, x: xp.matrix_transpose(x) * x, M),
    "flip": (lambda xp, x: xp.flip(x) * x + xp.flip(x * x, axis=1), M),
    "roll": (lambda xp, x: xp.roll(x, 1) * x * x, V),
    "roll_axis": (lambda xp, x: xp.roll(x, 1, axis=1) * x * x, M),
    "broadcast_to": (lambda xp, x: xp.broadcast_to(x, (2, 3)) * xp.broadcast_to(x * x, (2, 3)), V),
    "expand_dims": (lambda xp, x: xp.expand_dims(x, axis=1) * x * x, V),
    "squeeze": (lambda xp, x: xp.squeeze(x * x, axis=0), np.array([[1.0, 2.0]])),
    "take": (lambda xp, x: xp.take(x * x, np.array([2, -1, 0, 2]), axis=0) * x[0], V),
    "take_axis": (lambda xp, x: xp.take(xp.sin(x), np.array([1, 1, 0]), axis=1), M),
    "tril": (lambda xp, x: xp.tril(x * x) + xp.triu(xp.sin(x), k=1), M),
    "diag": (lambda xp, x: xp.diag(x * x), V),
    "index": (lambda xp, x: x[0] * x[-1] * x[1:], V),
    "index_2d": (lambda xp, x: x[0, 1] * x[1, :] * x[:, 0] * x[::-1, 1], M),
    "index_step": (lambda xp, x: x[::2] * x[::-2], V),
    "index_none": (lambda xp, x: x[:, None] * x[None, :] * x[..., 0], V),
    # products
    "matmul": (lambda xp, x: xp.matmul(x, xp.matmul(x, M)), M),
    "matmul_vec": (lambda xp, x: xp.matmul(M3, x) * xp.matmul(x, M3) * xp.matmul(x, x), V),
    "matmul_self": (lambda xp, x: x @ x @ x, M),
    "matmul_stacked": (lambda xp, x: xp.matmul(T, x) @ x, M),
    "matmul_stacked_first": (lambda xp, x: xp.matmul(x, M) * x, T),
    "tensordot": (lambda xp, x: xp.tensordot(x, x, axes=1), M),
    "tensordot_pair": (lambda xp, x: xp.tensordot(x, x * x, axes=((0, 1), (1, 0))), M),
    "tensordot_0": (lambda xp, x: xp.tensordot(x, x, axes=0), C),
    "outer": (lambda xp, x: xp.outer(x, x * x), V),
    "vecdot": (lambda xp, x: xp.vecdot(x, x * x, axis=-1), M),
    # linear algebra
    "det_1": (lambda xp, x: xp.linalg.det(x * x), np.zeros((1, 1))),
    "det_2": (lambda xp, x: xp.linalg.det(x), M),
    "det_2_zero": (lambda xp, x: xp.linalg.det(x), np.zeros((2, 2))),
    "det_3": (lambda xp, x: xp.linalg.det(x), M3),
    "det_3_rank_1": (lambda xp, x: xp.linalg.det(x), S3),
    "det_3_rank_0": (lambda xp, x: xp.linalg.det(x), np.zeros((3, 3))),
    "det_product": (lambda xp, x: xp.linalg.det(x @ M), np.ones((2, 2))),
    "det_stacked": (lambda xp, x: xp.linalg.det(x), T),
    "inv": (lambda xp, x: xp.linalg.inv(x), M),
    "inv_stacked": (lambda xp, x: xp.linalg.inv(T * x), np.array(1.5)),
    "solve": (lambda xp, x: xp.linalg.solve(M, x * x), C),
    "solve_matrix": (lambda xp, x: xp.linalg.solve(x, x * x), M),
    "solve_same": (lambda xp, x: xp.linalg.solve(x + M, xp.sin(x)), M),
    "vector_norm": (lambda xp, x: xp.linalg.vector_norm(x), np.array([3.0, 0.0, -4.0])),
    "vector_norm_axis": (lambda xp, x: xp.linalg.vector_norm(x, axis=0), M),
    "vector_norm_4": (lambda xp, x: xp.linalg.vector_norm(x, ord=4), np.array([3.0, 0.0, -4.0])),
    "matrix_norm": (lambda xp, x: xp.linalg.matrix_norm(x), M),
    "trace": (lambda xp, x: xp.linalg.trace(x @ x), M),
    "diagonal": (lambda xp, x: xp.linalg.diagonal(x * x), M),
    "trace_wide": (lambda xp, x: xp.linalg.trace(x * x), np.array([[1.0, 2.0, 3.0],
        [4.0, 5.0, 6.0]])),
    # degenerate shapes
    "length_1": (lambda xp, x: xp.prod(x * x) + xp.cumulative_prod(x, axis=0) + xp.max(x),
        np.array([0.0])),
    "empty": (lambda xp, x: xp.stack([xp.sum(x[:0]), xp.prod(x[:0]), xp.sum(x * x)]), V),
    "empty_cumulative": (
        lambda xp, x: xp.concat(
            [xp.cumulative_prod(x[:0], axis=0), xp.cumulative_sum(x[3:], axis=0), x * x], axis=0),
                V),
    "scalar": (lambda xp, x: xp.sin(x) * x, np.array(0.5)),
    "constant": (lambda xp, x: xp.sin(0.0 * x) + 3.0, V),
    "dead": (lambda xp, x: (xp.exp(x), x * x)[1], V),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_operation(name: str) -> None:
    f, x = CASES[name]
    size = np.size(x)
    modes = ["R", "F", "RR", "FR", "RF", "FF"]
    if size <= 5:
        modes += ["RRR", "FRF", "RFF"]
    elif size < 9:
        modes += ["RFR"]
    check(f, x, modes, directions=2 if size <= 4 else 1)


@pytest.mark.parametrize("mode", ["R", "RR", "FR", "RRR"])
def test_derivative_of_matrix_exp_keeps_digits_of_a_large_cotangent(mode: str) -> None:
    def value(factor: float) -> Callable[[Any], Any]:
        return lambda x: inhouse.matrix_exp(x) * factor

    x = np.array([[0.5, 0.25], [-1.0, 0.125]])
    small, large = (inhouse.nest(value(factor), mode)(x) for factor in (1.0, 2.0**60))
    np.testing.assert_allclose(large / 2.0**60, small, rtol=1e-12, atol=1e-14)
