"""Functions of matrices that are primitives. A function of a symmetric matrix takes the symmetric
part first.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from ad_conformance.engines.inhouse.codegen import runtime
from ad_conformance.engines.inhouse.errors import CompileError
from ad_conformance.engines.inhouse.namespace.shapes import matrix_transpose
from ad_conformance.engines.inhouse.namespace.tracer import emit, is_traced

__all__ = ["cholesky", "eigenvector_weights", "eigvalsh", "matrix_exp", "polar_factor", "sqrtm"]


def _function(op: str, x: Any) -> Any:
    if not is_traced(x):
        return getattr(runtime, op)(np.asarray(x))
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise CompileError(op, (x.shape,), "the matrix is not square", x.node.graph.step)
    return emit(op, x)


def _symmetric_part(x: Any) -> Any:
    return (x + matrix_transpose(x)) / 2.0


def cholesky(x: Any) -> Any:
    """The lower triangular factor of the symmetric part of x."""
    return _function("cholesky", _symmetric_part(x))


def matrix_exp(x: Any) -> Any:
    return _function("expm", x)


def sqrtm(x: Any) -> Any:
    """The positive definite root of the symmetric part of x."""
    return _function("sqrtm", _symmetric_part(x))


def eigvalsh(x: Any) -> Any:
    """The eigenvalues of the symmetric part of x, ascending; differentiable if they are simple."""
    return _function("eigvalsh", _symmetric_part(x))


def eigenvector_weights(x: Any) -> Any:
    """The squares of the entries of the eigenvectors of the symmetric part of x."""
    vectors = _function("eigenvectors", _symmetric_part(x))
    return vectors * vectors


def polar_factor(x: Any) -> Any:
    """The orthonormal factor of x, which has full rank. The condition number is not squared, as it
    would be in x^T x.
    """
    if not is_traced(x):
        return runtime.polar(np.asarray(x))
    if x.ndim < 2:
        raise CompileError("polar", (x.shape,), "two axes are needed", x.node.graph.step)
    return emit("polar", x) if x.shape[-2] >= x.shape[-1] else emit("polar", x.mT).mT
