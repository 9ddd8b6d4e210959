"""The derivative of every primitive, in one flat table.

The formulas build nodes of the same graph as the program does, so they are differentiated like any
other program: that is all there is to nesting. Three kinds of rule:

    Elementwise(partials)            the partial derivative to each operand; both modes follow from it
    Linear(pullback)                 the pushforward is the operation itself, applied to the tangent
    General(pullback, pushforward)   both written out

Cotangents and tangents may carry leading batch axes; since parameters speak of trailing axes, no
formula mentions it.

A cotangent can be exactly zero in some entries because `where`, an index or a maximum did not
select them. What lies behind may be infinite or not a number there, although the function is
smooth: 0 * inf must then be 0. Rules with `masks` produce such cotangents. The backward pass keeps
account of them, and multiplies them by `guarded` (a product that is exactly 0 where either factor
is 0), a bilinear primitive with a rule of its own, so that the same holds at the next order, when
the masked zero has become the other factor. Forward tangents need nothing of the kind: selection
discards the entries that were not selected.

Formulas are the standard ones: M. Giles, "An extended collection of matrix derivative results"
(2008), for inv and solve; Abramowitz and Stegun 4.3, 4.4, 4.5, 4.6 for the elementary functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from ad_conformance.engines.inhouse.graph import Node, make
from ad_conformance.engines.inhouse.ops import (
    FULL,
    concat,
    expand,
    index,
    matmul,
    pad,
    reduce_sum,
    reshape_tail,
    scatter,
    select,
    stretch_axes,
    swap,
    take,
    transpose,
    zeros_like,
)


class Scaling(Protocol):
    """What a general pullback multiplies cotangents with: exact about the zeros that masking made."""

    masked: bool

    def times(self, ct: Node, d: Node) -> Node: ...

    def matmul(self, a: Node, b: Node, ct_first: bool) -> Node: ...


Partial = Callable[..., Node | float]


@dataclass(frozen=True, slots=True)
class Elementwise:
    """partials[i](out, *operands) is the derivative to operand i."""

    partials: tuple[Partial, ...]


@dataclass(frozen=True, slots=True)
class Linear:
    """pullback(ct, operand, params) is the cotangent of the operand."""

    pullback: Callable[..., Node]
    masks: bool = False


@dataclass(frozen=True, slots=True)
class General:
    """pullback(scaling, i, ct, out, *operands) for operand i; pushforward(out, operands, tangents)."""

    pullback: Callable[..., Node]
    pushforward: Callable[..., Node]
    masks: bool = False


Rule = Elementwise | Linear | General


def each(*partials: Partial) -> Elementwise:
    return Elementwise(partials)


def f(name: str, *operands: Node | float) -> Node:
    return make(name, *operands)


# The exponent less one. Where it was zero the derivative is zero, also at base zero, and must not
# become 0 * inf; an exponent that varies needs this only at base zero, because elsewhere it would
# lose the derivative to the exponent.
def _less_one(x: Node, n: Node) -> Node:
    zero = make("equal", n, 0.0)
    return select(
        zero if n.value is not None else make("logical_and", zero, make("equal", x, 0.0)),
        1.0,
        n - 1.0,
    )


def _safe_log(x: Node) -> Node:
    return make("log", select(make("equal", x, 0.0), 1.0, x))


# At a tie each operand gets half.
def _split_tie(ct: Node, first: Node, tie: Node) -> Node:
    return select(first, ct, select(tie, 0.5 * ct, 0.0))


def _pull_maximum(s: Scaling, i: int, ct: Node, out: Node, a: Node, b: Node) -> Node:
    return _split_tie(ct, make("greater", (a, b)[i], (b, a)[i]), make("equal", a, b))


def _pull_minimum(s: Scaling, i: int, ct: Node, out: Node, a: Node, b: Node) -> Node:
    return _split_tie(ct, make("greater", (b, a)[i], (a, b)[i]), make("equal", a, b))


def _push_extremum(sign: int) -> Callable[..., Node]:
    def push(
        out: Node, operands: tuple[Node, Node], tangents: tuple[Node | None, Node | None]
    ) -> Node:
        s, t = _filled(*tangents)
        a, b = operands
        first = make("greater", a, b) if sign > 0 else make("greater", b, a)
        return select(first, s, select(make("equal", a, b), 0.5 * s + 0.5 * t, t))

    return push


def _filled(s: Node | None, t: Node | None) -> tuple[Node, Node]:
    """Both tangents, zero for a missing one."""
    known = s if s is not None else t
    assert known is not None
    zero = zeros_like(known, ())
    return s or zero, t or zero


def _pull_select(
    s: Scaling, i: int, ct: Node, out: Node, condition: Node, a: Node, b: Node
) -> Node:
    return select(condition, ct, 0.0) if i == 1 else select(condition, 0.0, ct)


def _push_select(out: Node, operands: tuple[Node, ...], tangents: tuple[Node | None, ...]) -> Node:
    return select(operands[0], *_filled(tangents[1], tangents[2]))


def _pull_guarded(s: Scaling, i: int, ct: Node, out: Node, a: Node, b: Node) -> Node:
    return make("guarded", (b, a)[i], ct)


def _push_guarded(
    out: Node, operands: tuple[Node, Node], tangents: tuple[Node | None, Node | None]
) -> Node:
    (c, d), (s, t) = operands, tangents
    terms = [
        make("guarded", *pair)
        for pair in ((s, d), (c, t))
        if pair[0] is not None and pair[1] is not None
    ]
    return terms[0] if len(terms) == 1 else terms[0] + terms[1]


def _winners(out: Node, x: Node) -> tuple[Node, Node]:
    """Which entries are the maximum, and how many there are of them."""
    axes, keepdims = out.params
    mask = make("equal", x, out if keepdims else expand(out, axes))
    return mask, reduce_sum(make("astype", mask, params=x.dtype.name), axes, keepdims)


def _pull_max(s: Scaling, i: int, ct: Node, out: Node, x: Node) -> Node:
    mask, count = _winners(out, x)
    axes, keepdims = out.params
    share = ct / count
    return select(mask, share if keepdims else expand(share, axes), 0.0)


def _push_max(out: Node, operands: tuple[Node], tangents: tuple[Node]) -> Node:
    mask, count = _winners(out, operands[0])
    return reduce_sum(select(mask, tangents[0], 0.0), *out.params) / count


def _softmax(out: Node, x: Node) -> Node:
    return make("softmax", x, params=out.params[0])


def _pull_logsumexp(s: Scaling, i: int, ct: Node, out: Node, x: Node) -> Node:
    axes, keepdims = out.params
    return s.times(ct if keepdims else expand(ct, axes), _softmax(out, x))


def _push_logsumexp(out: Node, operands: tuple[Node], tangents: tuple[Node]) -> Node:
    return reduce_sum(tangents[0] * _softmax(out, operands[0]), *out.params)


def _pull_softmax(s: Scaling, i: int, ct: Node, out: Node, x: Node) -> Node:
    share = s.times(ct, out)
    return share - out * reduce_sum(share, out.params, True)


def _push_softmax(out: Node, operands: tuple[Node], tangents: tuple[Node]) -> Node:
    share = tangents[0] * out
    return share - out * reduce_sum(share, out.params, True)


def _pull_matmul(s: Scaling, i: int, ct: Node, out: Node, a: Node, b: Node) -> Node:
    return s.matmul(ct, swap(b), True) if i == 0 else s.matmul(swap(a), ct, False)


def _push_matmul(
    out: Node, operands: tuple[Node, Node], tangents: tuple[Node | None, Node | None]
) -> Node:
    (a, b), (s, t) = operands, tangents
    terms = [
        matmul(*pair) for pair in ((s, b), (a, t)) if pair[0] is not None and pair[1] is not None
    ]
    return terms[0] if len(terms) == 1 else terms[0] + terms[1]


def _pull_inv(s: Scaling, i: int, ct: Node, out: Node, a: Node) -> Node:
    return -s.matmul(s.matmul(swap(out), ct, False), swap(out), True)


def _push_inv(out: Node, operands: tuple[Node], tangents: tuple[Node]) -> Node:
    return -matmul(matmul(out, tangents[0]), out)


def _pull_solve(s: Scaling, i: int, ct: Node, out: Node, a: Node, b: Node) -> Node:
    back = s.matmul(swap(make("inv", a)), ct, False) if s.masked else make("solve", swap(a), ct)
    return back if i == 1 else -s.matmul(back, swap(out), True)


def _push_solve(
    out: Node, operands: tuple[Node, Node], tangents: tuple[Node | None, Node | None]
) -> Node:
    (a, _), (s, t) = operands, tangents
    right = t if s is None else -matmul(s, out) if t is None else t - matmul(s, out)
    assert right is not None
    return make("solve", a, right)


def _pull_sum(ct: Node, x: Node, params: Any) -> Node:
    axes, keepdims = params
    return stretch_axes(ct if keepdims else expand(ct, axes), x.shape)


def _pull_broadcast(ct: Node, x: Node, shape: Any) -> Node:
    axes = range(-len(shape), 0)
    return reduce_sum(ct, tuple(a for a in axes if x.shape[a] == 1 and shape[a] != 1), True)


def _pull_transpose(ct: Node, x: Node, perm: Any) -> Node:
    return transpose(ct, tuple(perm.index(a) - len(perm) for a in range(-len(perm), 0)))


def _pull_cumsum(ct: Node, x: Node, axis: int) -> Node:
    backwards = ((None, None, -1),) + ((0, None, 1),) * (-axis - 1)
    return index(make("cumsum", index(ct, backwards), params=axis), backwards)


def _pull_reshape(ct: Node, x: Node, params: Any) -> Node:
    k, new = params
    return reshape_tail(ct, len(new), x.shape[x.ndim - k :])


def _pull_concat(s: Scaling, i: int, ct: Node, out: Node, *parts: Node) -> Node:
    axis = out.params
    start = sum(p.shape[axis] for p in parts[:i])
    return index(ct, ((start, start + parts[i].shape[axis], 1),) + (FULL,) * (-axis - 1))


def _push_concat(out: Node, operands: tuple[Node, ...], tangents: tuple[Node | None, ...]) -> Node:
    lead = next(
        t.shape[: t.ndim - x.ndim] for t, x in zip(tangents, operands, strict=True) if t is not None
    )
    return concat(
        [
            zeros_like(x, lead + x.shape) if t is None else t
            for t, x in zip(tangents, operands, strict=True)
        ],
        out.params,
    )


def _pull_reorder(s: Scaling, i: int, ct: Node, out: Node, x: Node, order: Node) -> Node:
    return make("reorder", ct, make("argsort", order, params=out.params), params=out.params)


def _push_reorder(
    out: Node, operands: tuple[Node, Node], tangents: tuple[Node | None, ...]
) -> Node:
    assert tangents[0] is not None
    return make("reorder", tangents[0], operands[1], params=out.params)


def _tail(x: Node, key: Any) -> Any:
    return x.shape[x.ndim - len(key) :]


RULES: dict[str, Rule] = {
    # one operand
    "exp": each(lambda y, x: y),
    "expm1": each(lambda y, x: f("exp", x)),
    "log": each(lambda y, x: 1.0 / x),
    "log2": each(lambda y, x: 1 / math.log(2) / x),
    "log10": each(lambda y, x: 1 / math.log(10) / x),
    "log1p": each(lambda y, x: 1.0 / (1.0 + x)),
    "sqrt": each(lambda y, x: 0.5 / y),
    "sin": each(lambda y, x: f("cos", x)),
    "cos": each(lambda y, x: -f("sin", x)),
    "tan": each(lambda y, x: 1.0 + y * y),
    "asin": each(lambda y, x: 1.0 / f("sqrt", (1.0 - x) * (1.0 + x))),
    "acos": each(lambda y, x: -1.0 / f("sqrt", (1.0 - x) * (1.0 + x))),
    "atan": each(lambda y, x: 1.0 / (1.0 + x * x)),
    "sinh": each(lambda y, x: f("cosh", x)),
    "cosh": each(lambda y, x: f("sinh", x)),
    # 1 - tanh^2 cancels where tanh saturates; sech does not
    "tanh": each(lambda y, x: f("sech", x) * f("sech", x)),
    "sech": each(lambda y, x: -(y * f("tanh", x))),
    "asinh": each(lambda y, x: 1.0 / f("hypot", x, 1.0)),
    "acosh": each(lambda y, x: 1.0 / (f("sqrt", x - 1.0) * f("sqrt", x + 1.0))),
    "atanh": each(lambda y, x: 1.0 / ((1.0 - x) * (1.0 + x))),
    "logistic": each(lambda y, x: y * f("logistic", -x)),
    "abs": each(lambda y, x: f("sign", x)),
    # two operands
    "add": each(lambda y, a, b: 1.0, lambda y, a, b: 1.0),
    "multiply": each(lambda y, a, b: b, lambda y, a, b: a),
    "divide": each(lambda y, a, b: 1.0 / b, lambda y, a, b: -(y / b)),
    "power": each(
        lambda y, x, n: n * f("power", x, _less_one(x, n)), lambda y, x, n: y * _safe_log(x)
    ),
    "remainder": each(lambda y, a, b: 1.0, lambda y, a, b: -f("floor_divide", a, b)),
    "hypot": each(lambda y, a, b: a / y, lambda y, a, b: b / y),
    "atan2": each(lambda y, a, b: b / (a * a + b * b), lambda y, a, b: -(a / (a * a + b * b))),
    "logaddexp": each(lambda y, a, b: f("logistic", a - b), lambda y, a, b: f("logistic", b - a)),
    "guarded": General(_pull_guarded, _push_guarded, masks=True),
    # choice
    "select": General(_pull_select, _push_select, masks=True),
    "maximum": General(_pull_maximum, _push_extremum(1), masks=True),
    "minimum": General(_pull_minimum, _push_extremum(-1), masks=True),
    "max": General(_pull_max, _push_max, masks=True),
    "logsumexp": General(_pull_logsumexp, _push_logsumexp),
    "softmax": General(_pull_softmax, _push_softmax),
    # sums and shapes
    "sum": Linear(_pull_sum),
    "cumsum": Linear(_pull_cumsum),
    "reshape": Linear(_pull_reshape),
    "broadcast": Linear(_pull_broadcast),
    "transpose": Linear(_pull_transpose),
    "index": Linear(lambda ct, x, key: pad(ct, key, _tail(x, key)), masks=True),
    "pad": Linear(lambda ct, x, p: index(ct, p[0])),
    "take": Linear(lambda ct, x, p: scatter(ct, p[1], p[0], x.shape[p[0]]), masks=True),
    "concat": General(_pull_concat, _push_concat),
    "scatter": Linear(lambda ct, x, p: take(ct, p[1], p[0])),
    "reorder": General(_pull_reorder, _push_reorder),
    "astype": Linear(lambda ct, x, p: make("astype", ct, params=x.dtype.name)),
    "mark": Linear(lambda ct, x, p: ct),
    # matrices
    "matmul": General(_pull_matmul, _push_matmul),
    "inv": General(_pull_inv, _push_inv),
    "solve": General(_pull_solve, _push_solve),
}

# Piecewise constant: no derivative passes through these.
FLAT = frozenset({
    "sign", "floor", "ceil", "trunc", "round", "floor_divide", "copysign", "greater", "greater_equal", "equal",
    "logical_not", "logical_and", "logical_or", "logical_xor", "argsort",
})  # fmt: skip


def masks(node: Node) -> bool:
    """Whether the cotangents of the node's operands have zeros for entries that the node did not
    select.
    """
    rule = RULES[node.op]
    if isinstance(rule, Elementwise) or not rule.masks:
        return False
    if node.op == "index":
        return node.size < node.args[0].size
    if node.op == "take":
        axis, indices = node.params
        return bool(len(set(indices)) < node.args[0].shape[axis])
    return True
