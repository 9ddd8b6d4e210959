"""Functions of matrices that are primitives, with their rules; they take stacks of matrices.

A function of a symmetric matrix takes the symmetric part first. None of the rules divides by
differences of eigenvalues but those of the eigenvalues and eigenvectors themselves, so that the
others hold where eigenvalues meet.

Formulas: I. Murray, "Differentiation of the Cholesky decomposition" (2016); R. Mathias, "A chain
rule for matrix functions" (1996), for the exponential of a block-triangular matrix; M. Giles, "An
extended collection of matrix derivative results" (2008), for eigenvalues and eigenvectors; the root
by differentiating S S = A, the polar factor U by differentiating A = U H with H = U^T A symmetric.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from ad_conformance.engines.inhouse import numpy_like, ops, runtime
from ad_conformance.engines.inhouse.graph import CompileError, Node, make
from ad_conformance.engines.inhouse.rules import RULES, General, Scaling
from ad_conformance.engines.inhouse.tracer import emit, is_traced

__all__ = ["cholesky", "eigenvector_weights", "eigvalsh", "matrix_exp", "polar_factor", "sqrtm"]


def _function(op: str, x: Any) -> Any:
    if not is_traced(x):
        return getattr(runtime, op)(np.asarray(x))
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise CompileError(op, (x.shape,), "the matrix is not square", x.node.graph.step)
    return emit(op, x)


def _symmetric_part(x: Any) -> Any:
    return (x + numpy_like.matrix_transpose(x)) / 2.0


def cholesky(x: Any) -> Any:
    """The lower triangular factor of the symmetric part of x."""
    return _function("cholesky", _symmetric_part(x))


def matrix_exp(x: Any) -> Any:
    return _function("expm", x)


def sqrtm(x: Any) -> Any:
    """The positive definite root of the symmetric part of x."""
    return _function("sqrtm", _symmetric_part(x))


def eigvalsh(x: Any) -> Any:
    """The eigenvalues of the symmetric part of x, ascending; differentiable where they are simple."""
    return _function("eigvalsh", _symmetric_part(x))


def eigenvector_weights(x: Any) -> Any:
    """The squares of the entries of the eigenvectors of the symmetric part of x."""
    vectors = _function("eigenvectors", _symmetric_part(x))
    return vectors * vectors


def polar_factor(x: Any) -> Any:
    """The orthonormal factor of x, of full rank, without the square of its condition that x^T x
    would have.
    """
    if not is_traced(x):
        return runtime.polar(np.asarray(x))
    if x.ndim < 2:
        raise CompileError("polar", (x.shape,), "two axes are needed", x.node.graph.step)
    return emit("polar", x) if x.shape[-2] >= x.shape[-1] else emit("polar", x.mT).mT


def _half(a: Node) -> Node:
    """The lower triangle of a, with half of its diagonal."""
    n = a.shape[-1]
    return a * a.graph.constant((np.tri(n) - 0.5 * np.eye(n)).astype(a.dtype))


def _push_cholesky(out: Node, operands: tuple[Node], tangents: tuple[Node]) -> Node:
    inverse = make("inv", out)
    return ops.matmul(out, _half(ops.matmul(ops.matmul(inverse, tangents[0]), ops.swap(inverse))))


def _pull_cholesky(s: Scaling, i: int, ct: Node, out: Node, a: Node) -> Node:
    inverse = make("inv", out)
    middle = _half(s.matmul(ops.swap(out), ct, False))
    return s.matmul(s.matmul(ops.swap(inverse), middle, False), inverse, True)


def _along(a: Node, direction: Node) -> Node:
    """The derivative of the exponential at a: the upper right block of exp([[a, direction], [0,
    a]]).
    """
    n = a.shape[-1]
    wide = ops.broadcast_to(a, direction.shape)
    upper, lower = ops.concat([wide, direction], -1), ops.concat([ops.zeros_like(wide), wide], -1)
    return ops.index(make("expm", ops.concat([upper, lower], -2)), ((0, n, 1), (n, None, 1)))


def _push_expm(out: Node, operands: tuple[Node], tangents: tuple[Node]) -> Node:
    return _along(operands[0], tangents[0])


def _pull_expm(s: Scaling, i: int, ct: Node, out: Node, a: Node) -> Node:
    return _along(ops.swap(a), ct)


def _sylvester(root: Node, right: Node) -> Node:
    """The solution X of root X + X root = right, as one linear system for all entries of X."""
    n = root.shape[-1]
    eye = root.graph.constant(np.eye(n, dtype=root.dtype))
    left = ops.reshape_tail(root, 2, (n, 1, n, 1)) * ops.reshape(eye, (1, n, 1, n))
    after = ops.reshape_tail(root, 2, (1, n, 1, n)) * ops.reshape(eye, (n, 1, n, 1))
    system = ops.reshape_tail(left + after, 4, (n * n, n * n))
    return ops.reshape_tail(ops.solve(system, ops.reshape_tail(right, 2, (n * n, 1))), 2, (n, n))


def _polar(s: Scaling | None, out: Node, a: Node, direction: Node) -> Node:
    """The derivative of the polar factor along a direction; as an operator it is its own adjoint.

    Within the span of the columns U X with X H + H X = U^T E - E^T U, outside of it (E - U U^T E)
    H^-1.
    """
    back = ops.swap(out)
    inside = ops.matmul(back, direction) if s is None else s.matmul(back, direction, False)
    size = ops.matmul(back, a)
    size = 0.5 * (size + ops.swap(size))
    turned = ops.matmul(out, _sylvester(size, inside - ops.swap(inside)))
    if out.shape[-1] == out.shape[-2]:
        return turned
    beside = direction - ops.matmul(out, inside)
    return turned + ops.swap(ops.solve(size, ops.swap(beside)))


def _gaps(a: Node) -> Node:
    """1 / (w_j - w_i), and 0 on the diagonal."""
    w = make("eigvalsh", a)
    eye = a.graph.constant(np.eye(a.shape[-1], dtype=a.dtype))
    return (1.0 - eye) / (ops.expand(w, (-2,)) - ops.expand(w, (-1,)) + eye)


def _push_eigvalsh(out: Node, operands: tuple[Node], tangents: tuple[Node]) -> Node:
    vectors = make("eigenvectors", operands[0])
    return ops.reduce_sum(vectors * ops.matmul(tangents[0], vectors), (-2,))


def _pull_eigvalsh(s: Scaling, i: int, ct: Node, out: Node, a: Node) -> Node:
    vectors = make("eigenvectors", a)
    return s.matmul(s.times(ops.expand(ct, (-2,)), vectors), ops.swap(vectors), True)


def _push_eigenvectors(out: Node, operands: tuple[Node], tangents: tuple[Node]) -> Node:
    rotated = ops.matmul(ops.matmul(ops.swap(out), tangents[0]), out)
    return ops.matmul(out, _gaps(operands[0]) * rotated)


def _pull_eigenvectors(s: Scaling, i: int, ct: Node, out: Node, a: Node) -> Node:
    rotated = s.times(s.matmul(ops.swap(out), ct, False), _gaps(a))
    return s.matmul(s.matmul(out, rotated, False), ops.swap(out), True)


RULES.update({
    "cholesky": General(_pull_cholesky, _push_cholesky),
    "expm": General(_pull_expm, _push_expm),
    # The operator X -> root X + X root is its own adjoint, the root being symmetric.
    "sqrtm": General(lambda s, i, ct, out, a: _sylvester(out, ct), lambda out, ops_, ts: _sylvester(out, ts[0])),
    "polar": General(
        lambda s, i, ct, out, a: _polar(s, out, a, ct), lambda out, args, ts: _polar(None, out, args[0], ts[0])
    ),
    "eigvalsh": General(_pull_eigvalsh, _push_eigvalsh),
    "eigenvectors": General(_pull_eigenvectors, _push_eigenvectors),
})  # fmt: skip
