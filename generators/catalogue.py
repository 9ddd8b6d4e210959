"""The catalogue: one row per operation.

A row says what an operation computes (on NumPy float64 arrays and, by the same code, on object arrays of balls), which
parameters it takes, where it may be asked, how an engine's language spells it by default, and how the generator
arranges operands for it. Shapes need no rule: NumPy finds them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from generators import arrange, arrange_matrices, balls, numerics
from generators.arrange import Arrangement, Domain
from generators.operations import Operation, index_text, slice_text

_REDUCTION = {"axis": "axis", "keepdims": "bool"}


def _unary(name: str, ufunc: Any, ball: Callable[..., Any] | None, domain: Domain, **more: Any) -> Operation:
    return Operation(
        name=name,
        evaluate=numerics.elementwise(ufunc, ball or numerics.method(name)),
        spelling=f"xp.{name}({{0}})",
        arrange=arrange.unary(domain),
        **more,
    )


def _binary(name: str, evaluate: Any, spelling: str, arranged: Arrangement, **more: Any) -> Operation:
    return Operation(name=name, evaluate=evaluate, spelling=spelling, arrange=arranged, arity=2, **more)


def _reduction(name: str, evaluate: Any, arranged: Arrangement, **more: Any) -> Operation:
    spelling = f"xp.{name}({{0}}, axis={{axis}}, keepdims={{keepdims}})"
    return Operation(name=name, evaluate=evaluate, spelling=spelling, arrange=arranged, params=_REDUCTION, **more)


ANY, POSITIVE, NONZERO = Domain(), Domain(low=1 / 16), Domain(gap=1 / 16)
UNIT, OPEN_UNIT = Domain(low=-7 / 8, high=7 / 8), Domain(low=-15 / 16, high=15 / 16)
SATURATING = Domain(low=-512, high=512, saturate=True)

_ROWS: Sequence[Operation] = (
    Operation(
        name="constant",
        evaluate=lambda *, value: np.asarray(value, dtype=float),
        spelling="{value}",
        arrange=arrange.constant,
        arity=0,
        params={"value": "array"},
        exact=True,
    ),
    # Elementwise, one operand.
    _unary("sin", np.sin, None, Domain(low=-64, high=64)),
    _unary("cos", np.cos, None, Domain(low=-64, high=64)),
    _unary("tan", np.tan, None, Domain(low=-1.375, high=1.375)),
    _unary("exp", np.exp, None, Domain(low=-32, high=12)),
    _unary("log", np.log, balls.log, POSITIVE),
    _unary("log1p", np.log1p, balls.log1p, Domain(low=-7 / 8)),
    _unary("expm1", np.expm1, None, Domain(low=-32, high=12)),
    _unary("sqrt", np.sqrt, balls.sqrt, POSITIVE),
    _unary("square", np.square, lambda z: z * z, ANY, exact=True),
    _unary("tanh", np.tanh, None, SATURATING),
    _unary("sinh", np.sinh, None, Domain(low=-12, high=12)),
    _unary("cosh", np.cosh, None, Domain(low=-12, high=12)),
    _unary("atan", np.arctan, balls.atan, SATURATING),
    _unary("asin", np.arcsin, balls.asin, UNIT),
    _unary("acos", np.arccos, balls.acos, UNIT),
    _unary("asinh", np.arcsinh, balls.asinh, SATURATING),
    _unary("acosh", np.arccosh, balls.acosh, Domain(low=1.125)),
    _unary("atanh", np.arctanh, balls.atanh, UNIT),
    _unary("reciprocal", np.reciprocal, lambda z: 1 / z, NONZERO),
    _unary("negative", np.negative, lambda z: -z, ANY, exact=True, curvature="linear"),
    _unary("abs", np.abs, balls.absolute, ANY, exact=True, curvature="linear"),
    Operation(
        name="pow_int",
        weight=2,
        evaluate=lambda x, *, exponent: numerics.power(x, np.asarray(float(exponent))),
        spelling="{0} ** {exponent}",
        arrange=arrange.integer_power,
        params={"exponent": "int"},
    ),
    Operation(
        name="pow_float",
        weight=2,
        evaluate=lambda x, *, exponent: numerics.power(x, np.asarray(exponent)),
        spelling="{0} ** {exponent}",
        arrange=arrange.float_power,
        params={"exponent": "float"},
    ),
    Operation(
        name="clip",
        curvature="linear",
        evaluate=numerics.clip,
        spelling="xp.clip({0}, {min}, {max})",
        arrange=arrange.clip,
        params={"min": "float", "max": "float"},
    ),
    # Elementwise, with broadcasting.
    _binary("add", np.add, "{0} + {1}", arrange.binary(), exact=True, literals=True, curvature="linear"),
    _binary("subtract", np.subtract, "{0} - {1}", arrange.binary(), exact=True, literals=True, curvature="linear"),
    _binary("multiply", np.multiply, "{0} * {1}", arrange.binary(), exact=True, literals=True, curvature="multilinear"),
    _binary("divide", np.divide, "{0} / {1}", arrange.binary(second=NONZERO), literals=True),
    _binary("pow", lambda a, b: numerics.power(a, b), "{0} ** {1}", arrange.power, literals=True, weight=2),
    _binary(
        "maximum", numerics.maximum, "xp.maximum({0}, {1})", arrange.binary(), exact=True, curvature="linear", weight=2
    ),
    _binary(
        "minimum", numerics.minimum, "xp.minimum({0}, {1})", arrange.binary(), exact=True, curvature="linear", weight=2
    ),
    _binary(
        "hypot",
        numerics.elementwise(np.hypot, balls.hypot),
        "xp.hypot({0}, {1})",
        arrange.binary(second=NONZERO),
        weight=2,
    ),
    _binary("atan2", numerics.elementwise(np.arctan2, balls.atan2), "xp.atan2({0}, {1})", arrange.angle, weight=2),
    _binary(
        "logaddexp",
        numerics.elementwise(np.logaddexp, balls.logaddexp),
        "xp.logaddexp({0}, {1})",
        arrange.binary(SATURATING, SATURATING),
        weight=2,
    ),
    _binary(
        "less", lambda a, b: numerics.truth_values(numerics.less(a, b)), "{0} < {1}", arrange.comparison, literals=True
    ),
    _binary(
        "greater",
        lambda a, b: numerics.truth_values(numerics.less(b, a)),
        "{0} > {1}",
        arrange.comparison,
        literals=True,
    ),
    Operation(
        name="where",
        curvature="linear",
        evaluate=numerics.where,
        spelling="xp.where({0}, {1}, {2})",
        arrange=arrange.where,
        arity=3,
        exact=True,
    ),
    # Reductions and scans.
    _reduction("sum", np.sum, arrange.reduction(), exact=True, curvature="linear"),
    _reduction("prod", np.prod, arrange.reduction(aim="zeros"), exact=True, weight=2),
    _reduction("mean", numerics.mean, arrange.reduction(nonempty=True), curvature="linear"),
    _reduction(
        "max",
        numerics.reduce_pairwise(numerics.maximum, np.maximum),
        arrange.reduction(nonempty=True, aim="tie"),
        exact=True,
        curvature="linear",
        weight=2,
    ),
    _reduction(
        "min",
        numerics.reduce_pairwise(numerics.minimum, np.minimum),
        arrange.reduction(nonempty=True, aim="tie"),
        exact=True,
        curvature="linear",
        weight=2,
    ),
    Operation(
        name="cumulative_sum",
        curvature="linear",
        evaluate=lambda x, *, axis: np.cumsum(x, axis=axis),
        spelling="xp.cumulative_sum({0}, axis={axis})",
        arrange=arrange.along_axis(),
        params={"axis": "int"},
        exact=True,
    ),
    Operation(
        name="cumulative_prod",
        weight=2,
        evaluate=lambda x, *, axis: np.cumprod(x, axis=axis),
        spelling="xp.cumulative_prod({0}, axis={axis})",
        arrange=arrange.along_axis(aim="zeros"),
        params={"axis": "int"},
        exact=True,
    ),
    # Building, moving and picking.
    Operation(
        name="stack",
        curvature="linear",
        evaluate=lambda *xs, axis: np.stack(xs, axis=axis),
        spelling="xp.stack([{args}], axis={axis})",
        arrange=arrange.stack,
        arity=None,
        params={"axis": "int"},
        exact=True,
    ),
    Operation(
        name="concat",
        curvature="linear",
        evaluate=lambda *xs, axis: np.concatenate(xs, axis=axis),
        spelling="xp.concat([{args}], axis={axis})",
        arrange=arrange.concat,
        arity=None,
        params={"axis": "int"},
        exact=True,
    ),
    Operation(
        name="reshape",
        curvature="linear",
        evaluate=lambda x, *, shape: np.reshape(x, shape),
        spelling="xp.reshape({0}, {shape})",
        arrange=arrange.reshape,
        params={"shape": "ints"},
        exact=True,
    ),
    Operation(
        name="expand_dims",
        curvature="linear",
        evaluate=lambda x, *, axis: np.expand_dims(x, axis),
        spelling="xp.expand_dims({0}, axis={axis})",
        arrange=arrange.expand_dims,
        params={"axis": "int"},
        exact=True,
    ),
    Operation(
        name="permute_dims",
        curvature="linear",
        evaluate=lambda x, *, axes: np.transpose(x, axes),
        spelling="xp.permute_dims({0}, {axes})",
        arrange=arrange.permute_dims,
        params={"axes": "ints"},
        exact=True,
    ),
    Operation(
        name="matrix_transpose",
        curvature="linear",
        evaluate=lambda x: np.swapaxes(x, -1, -2),
        spelling="xp.matrix_transpose({0})",
        arrange=arrange_matrices.matrix(),
        exact=True,
    ),
    Operation(
        name="flip",
        curvature="linear",
        evaluate=lambda x, *, axis: np.flip(x, axis),
        spelling="xp.flip({0}, axis={axis})",
        arrange=arrange.along_axis(),
        params={"axis": "int"},
        exact=True,
    ),
    Operation(
        name="roll",
        curvature="linear",
        evaluate=lambda x, *, shift, axis: np.roll(x, shift, axis),
        spelling="xp.roll({0}, {shift}, axis={axis})",
        arrange=arrange.roll,
        params={"shift": "int", "axis": "int"},
        exact=True,
    ),
    Operation(
        name="broadcast_to",
        curvature="linear",
        evaluate=lambda x, *, shape: np.broadcast_to(x, shape),
        spelling="xp.broadcast_to({0}, {shape})",
        arrange=arrange.broadcast_to,
        params={"shape": "ints"},
        exact=True,
    ),
    Operation(
        name="index",
        curvature="linear",
        evaluate=lambda x, *, index: x[tuple(index)],
        spelling=index_text,
        arrange=arrange.index,
        params={"index": "ints"},
        exact=True,
    ),
    Operation(
        name="slice",
        curvature="linear",
        evaluate=numerics.slice_,
        spelling=slice_text,
        arrange=arrange.slice_,
        params={"axis": "int", "start": "int", "stop": "int", "step": "int"},
        exact=True,
    ),
    Operation(
        name="take",
        curvature="linear",
        evaluate=lambda x, *, indices, axis: np.take(x, np.asarray(indices, dtype=int), axis=axis),
        spelling="xp.take({0}, xp.asarray({indices}), axis={axis})",
        arrange=arrange.take,
        params={"indices": "ints", "axis": "int"},
        exact=True,
    ),
    Operation(
        name="tril",
        curvature="linear",
        evaluate=np.tril,
        spelling="xp.tril({0})",
        arrange=arrange_matrices.matrix(),
        exact=True,
    ),
    Operation(
        name="triu",
        curvature="linear",
        evaluate=np.triu,
        spelling="xp.triu({0})",
        arrange=arrange_matrices.matrix(),
        exact=True,
    ),
    Operation(
        name="diag",
        curvature="linear",
        evaluate=numerics.diag,
        spelling="xp.diag({0})",
        arrange=arrange_matrices.vector,
        exact=True,
    ),
    Operation(
        name="diagonal",
        curvature="linear",
        evaluate=lambda x: np.diagonal(x, axis1=-2, axis2=-1),
        spelling="xp.linalg.diagonal({0})",
        arrange=arrange_matrices.matrix(),
        exact=True,
    ),
    # Linear algebra.
    _binary("matmul", np.matmul, "xp.matmul({0}, {1})", arrange_matrices.matmul, exact=True, curvature="multilinear"),
    Operation(
        name="tensordot",
        curvature="multilinear",
        evaluate=lambda a, b, *, axes: np.tensordot(a, b, axes=axes),
        spelling="xp.tensordot({0}, {1}, axes={axes})",
        arrange=arrange_matrices.tensordot,
        arity=2,
        params={"axes": "int"},
        exact=True,
    ),
    _binary(
        "outer",
        numerics.outer,
        "xp.linalg.outer({0}, {1})",
        arrange_matrices.two_vectors,
        exact=True,
        curvature="multilinear",
    ),
    _binary(
        "vecdot",
        numerics.vecdot,
        "xp.vecdot({0}, {1})",
        arrange_matrices.same_last_axis,
        exact=True,
        curvature="multilinear",
    ),
    Operation(
        name="trace",
        curvature="linear",
        evaluate=lambda x: np.trace(x, axis1=-2, axis2=-1),
        spelling="xp.linalg.trace({0})",
        arrange=arrange_matrices.matrix(),
        exact=True,
    ),
    Operation(
        name="det",
        weight=2,
        evaluate=numerics.det,
        terms=lambda a: float(np.max(np.abs(a), initial=0.0)) ** a.shape[-1],
        spelling="xp.linalg.det({0})",
        arrange=arrange_matrices.matrix(square=True, aim="singular"),
        exact=True,
    ),
    Operation(
        name="inv",
        weight=2,
        evaluate=numerics.inv,
        spelling="xp.linalg.inv({0})",
        arrange=arrange_matrices.matrix(square=True, regular=True),
    ),
    _binary("solve", numerics.solve, "xp.linalg.solve({0}, {1})", arrange_matrices.solve, weight=2),
    Operation(
        name="vector_norm",
        weight=2,
        evaluate=numerics.vector_norm,
        spelling="xp.linalg.vector_norm({0}, axis={axis})",
        arrange=arrange_matrices.vector_norm,
        params={"axis": "axis"},
    ),
    Operation(
        name="matrix_norm",
        weight=2,
        evaluate=numerics.matrix_norm,
        spelling="xp.linalg.matrix_norm({0})",
        arrange=arrange_matrices.matrix(nonzero=True),
    ),
)


CATALOGUE: Mapping[str, Operation] = {row.name: row for row in _ROWS}
