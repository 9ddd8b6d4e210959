"""Functions of matrices, with their derivatives; they take stacks of matrices.

The namespace gives the functions of a symmetric matrix its symmetric part. None of the rules
divides by differences of eigenvalues but those of the eigenvalues and eigenvectors themselves, so
that the others hold where eigenvalues meet.

Formulas: I. Murray, "Differentiation of the Cholesky decomposition" (2016); R. Mathias, "A chain
rule for matrix functions" (1996), for the exponential of a block-triangular matrix; M. Giles, "An
extended collection of matrix derivative results" (2008), for eigenvalues and eigenvectors; the root
by differentiating S S = A, the polar factor U by differentiating A = U H with H = U^T A symmetric.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from ad_conformance.engines.inhouse.codegen import printing, runtime
from ad_conformance.engines.inhouse.core.graph import Node, Primitive, Shape, make
from ad_conformance.engines.inhouse.rules import ops, shape_rules
from ad_conformance.engines.inhouse.rules.kinds import General, Scaling


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


def _function(
    name: str,
    pullback: Callable[..., Node],
    pushforward: Callable[..., Node],
    shape: Callable[..., Shape] = shape_rules.square,
) -> Primitive:
    """The function of one matrix that codegen/runtime.py has under this name."""
    function: Callable[..., Any] = getattr(runtime, name)
    rule = General(pullback, pushforward)
    return Primitive(name, shape, lambda p, a: function(a), rule, printing.runtime_call(name))


PRIMITIVES = (
    _function("cholesky", _pull_cholesky, _push_cholesky),
    _function("expm", _pull_expm, _push_expm),
    # The operator X -> root X + X root is its own adjoint, since the root is symmetric.
    _function(
        "sqrtm",
        lambda s, i, ct, out, a: _sylvester(out, ct),
        lambda out, operands, ts: _sylvester(out, ts[0]),
    ),
    _function(
        "polar",
        lambda s, i, ct, out, a: _polar(s, out, a, ct),
        lambda out, operands, ts: _polar(None, out, operands[0], ts[0]),
        shape_rules.same,
    ),
    _function(
        "eigvalsh", _pull_eigvalsh, _push_eigvalsh, lambda p, s: shape_rules.square(p, s)[:-1]
    ),
    _function("eigenvectors", _pull_eigenvectors, _push_eigenvectors),
)
