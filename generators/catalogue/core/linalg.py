"""Linear algebra."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ad_conformance.generators.arithmetic import matrices, numpy_ops
from ad_conformance.generators.catalogue.operands import family
from ad_conformance.generators.catalogue.operation import Operation
from ad_conformance.generators.catalogue.row_forms import binary

ROWS: Sequence[Operation] = (
    binary(
        "matmul",
        np.matmul,
        "xp.matmul({0}, {1})",
        family("matmul"),
        exact=True,
        curvature="multilinear",
    ),
    Operation(
        name="tensordot",
        curvature="multilinear",
        evaluate=lambda a, b, *, axes: np.tensordot(a, b, axes=axes),
        template="xp.tensordot({0}, {1}, axes={axes})",
        operands=family("tensordot"),
        arity=2,
        params={"axes": "int"},
        exact=True,
    ),
    binary(
        "outer",
        numpy_ops.outer,
        "xp.linalg.outer({0}, {1})",
        family("two_vectors"),
        exact=True,
        curvature="multilinear",
    ),
    binary(
        "vecdot",
        numpy_ops.vecdot,
        "xp.vecdot({0}, {1})",
        family("same_last_axis"),
        exact=True,
        curvature="multilinear",
    ),
    Operation(
        name="trace",
        curvature="linear",
        evaluate=lambda x: np.trace(x, axis1=-2, axis2=-1),
        template="xp.linalg.trace({0})",
        operands=family("matrix"),
        exact=True,
    ),
    Operation(
        name="det",
        weight=2,
        evaluate=numpy_ops.det,
        mixes=True,
        terms=matrices.det_terms,
        term_scale=matrices.from_singular,
        template="xp.linalg.det({0})",
        operands=family("matrix", square=True, aim="singular"),
        exact=True,
    ),
    Operation(
        name="inv",
        weight=2,
        evaluate=numpy_ops.inv,
        mixes=True,
        term_scale=matrices.from_singular,
        template="xp.linalg.inv({0})",
        operands=family("matrix", square=True, regular=True),
    ),
    binary(
        "solve",
        numpy_ops.solve,
        "xp.linalg.solve({0}, {1})",
        family("solve"),
        weight=2,
        mixes=True,
        term_scale=matrices.of_system(matrices.from_singular),
    ),
    Operation(
        name="vector_norm",
        summary="The Euclidean norm.",
        weight=2,
        evaluate=numpy_ops.vector_norm,
        in_steps=lambda xp, x, *, axis: xp.sqrt(
            xp.sum(xp.multiply(x, x), axis=axis, keepdims=False)
        ),
        template="xp.linalg.vector_norm({0}, axis={axis})",
        operands=family("vector_norm"),
        params={"axis": "axis"},
    ),
    Operation(
        name="matrix_norm",
        summary="The Frobenius norm of the last two axes.",
        weight=2,
        evaluate=numpy_ops.matrix_norm,
        in_steps=lambda xp, x: xp.sqrt(
            xp.sum(xp.sum(xp.multiply(x, x), axis=-1, keepdims=False), axis=-1, keepdims=False)
        ),
        template="xp.linalg.matrix_norm({0})",
        operands=family("matrix", nonzero=True),
    ),
)
