"""Kinds of fault, each as a change to a rule of the in-house engine's table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from ad_conformance.engines.inhouse.core.graph import Node, make
from ad_conformance.engines.inhouse.rules import choice, kinds, ops, structural
from ad_conformance.engines.inhouse.rules.kinds import (
    Elementwise,
    General,
    Linear,
    Partial,
    Scaling,
    f,
)
from ad_conformance.engines.inhouse.rules.table import PRIMITIVES, RULES

Change = Callable[[Node, Node], Node]
UNMASKED = "zeros of masking forgotten"


def seal(x: Node) -> Node:
    """x without its derivative. It keeps the parameters, because rules may read them."""
    sealed = make("sealed", x, params=x.params)
    sealed.finite = x.finite
    return sealed


def _lifted(p: Node | float, like: Node) -> Node:
    return p if isinstance(p, Node) else like.graph.full((), p, like.dtype)


def faulty_partial(fault: str, honest: Partial, i: int) -> Partial:
    """The partial derivative by operand i with the fault. Raises KeyError for an unknown fault."""

    def special(
        y: Node, xs: tuple[Node, ...], at: Node, wrong: Callable[[Node], Node | float]
    ) -> Node:
        p = _lifted(honest(y, *xs), y)
        return ops.select(at, wrong(p), p)

    changes: dict[str, Partial] = {
        "sign": lambda y, *xs: -1.0 * honest(y, *xs),
        "factor 1.001": lambda y, *xs: 1.001 * honest(y, *xs),
        "factor 2": lambda y, *xs: 2.0 * honest(y, *xs),
        "taken for constant": lambda y, *xs: 0.0,
        "second order dropped": lambda y, *xs: seal(_lifted(honest(y, *xs), y)),
        "wrong at zero": lambda y, *xs: special(
            y, xs, make("equal", xs[i], 0.0), lambda p: p + 1.0
        ),
        "not finite at zero": lambda y, *xs: special(
            y, xs, make("equal", xs[i], 0.0), lambda p: float("nan")
        ),
        "wrong at a tie": lambda y, *xs: special(y, xs, make("equal", *xs), lambda p: p + 1.0),
    }
    return changes[fault]


def _square(x: Node, like: Node) -> bool:
    return like.ndim > 1 and like.shape[-1] == like.shape[-2]


def _swapped(term: Node, x: Node) -> Node:
    return ops.swap(term) if _square(term, x) else term


def _reversed(term: Node, x: Node) -> Node:
    return ops.index(term, ((None, None, -1),)) if x.ndim else term


def _doubled_at_zero(term: Node, x: Node) -> Node:
    return term * ops.select(make("equal", x, 0.0), _lifted(2.0, term), 1.0)


#: Faulty changes of the cotangent or tangent of x, which may have batch axes in front.
TERM_FAULTS: dict[str, Change] = {
    "sign": lambda term, x: -term,
    "factor 1.001": lambda term, x: 1.001 * term,
    "factor 2": lambda term, x: 2.0 * term,
    "taken for constant": lambda term, x: ops.zeros_like(term),
    "second order dropped": lambda term, x: seal(term),
    "wrong axis": _swapped,
    "wrong order along an axis": _reversed,
    "wrong at zero": _doubled_at_zero,
}


def in_reverse(
    rule: Linear | General,
    at: int | None,
    change: Change = lambda term, x: term,
    operands: Callable[[Node], Node] = lambda x: x,
    masks: bool | None = None,
) -> General:
    """The rule with a pullback that changes the cotangent of operand `at`, or its operands."""

    def pullback(s: Scaling, i: int, ct: Node, out: Node, *xs: Node) -> Node:
        if i != at:
            return _honest(rule, s, i, ct, out, *xs)
        if isinstance(rule, General):
            seen = [operands(x) if x.dtype.kind == "f" else x for x in (out, *xs)]
            return change(_honest(rule, s, i, ct, *seen), xs[i])
        return change(_honest(rule, s, i, ct, out, *xs), xs[i])

    return General(
        pullback,
        lambda out, xs, ts: _pushed(rule, out, xs, ts),
        rule.masks if masks is None else masks,
    )


def in_forward(rule: Linear | General, change: Change) -> General:
    """The rule with a pushforward that changes its tangents."""

    def pushforward(out: Node, xs: tuple[Node, ...], ts: tuple[Node | None, ...]) -> Node:
        changed = tuple(
            None if t is None else _aligned(change, t, x) for t, x in zip(ts, xs, strict=True)
        )
        return _pushed(rule, out, xs, changed)

    return General(
        lambda s, i, ct, out, *xs: _honest(rule, s, i, ct, out, *xs), pushforward, rule.masks
    )


def _aligned(change: Change, t: Node, x: Node) -> Node:
    changed = change(t, x)
    assert changed.shape == t.shape, (changed.shape, t.shape)
    return changed


def _honest(rule: Linear | General, s: Scaling, i: int, ct: Node, out: Node, *xs: Node) -> Node:
    return (
        rule.pullback(s, i, ct, out, *xs)
        if isinstance(rule, General)
        else rule.pullback(ct, xs[i], out.params)
    )


def _pushed(
    rule: Linear | General, out: Node, xs: tuple[Node, ...], ts: Sequence[Node | None]
) -> Node:
    if isinstance(rule, General):
        return rule.pushforward(out, xs, ts)
    only = ts[0]
    assert only is not None
    return make(out.op, only, params=out.params)


def _transposed(x: Node) -> Node:
    return ops.swap(x) if _square(x, x) else x


#: Faulty changes of an operand before the pullback uses it.
OPERAND_FAULTS: dict[str, list[tuple[str, Callable[[Node], Node]]]] = {
    op: [("operands not transposed", _transposed)] for op in ("matmul", "inv", "solve")
}


def _general(op: str) -> General:
    rule = RULES[op]
    assert isinstance(rule, General)
    return rule


def _all_at_a_tie(greater: Callable[[Node, Node], Node]) -> tuple[Any, Any]:
    def pullback(s: Scaling, i: int, ct: Node, out: Node, a: Node, b: Node) -> Node:
        own, other = (a, b)[i], (b, a)[i]
        return ops.select(greater(own, other), ct, ops.select(make("equal", a, b), ct, 0.0))

    def pushforward(out: Node, xs: tuple[Node, Node], ts: tuple[Node | None, Node | None]) -> Node:
        s, t = choice.filled(*ts)
        a, b = xs
        return ops.select(greater(a, b), s, ops.select(make("equal", a, b), s + t, t))

    return pullback, pushforward


def _max_of_all(s: Scaling, i: int, ct: Node, out: Node, x: Node) -> Node:
    mask, _ = choice.winners(out, x)
    axes, keepdims = out.params
    return ops.select(mask, ct if keepdims else ops.expand(ct, axes), 0.0)


def _push_max_of_all(out: Node, xs: tuple[Node], ts: tuple[Node]) -> Node:
    mask, _ = choice.winners(out, xs[0])
    return ops.reduce_sum(ops.select(mask, ts[0], 0.0), *out.params)


def _last_only(ct: Node, x: Node, params: Any) -> Node:
    axis, indices = params
    last = {target: position for position, target in enumerate(indices)}
    return ops.scatter(ops.take(ct, tuple(last.values()), axis), tuple(last), axis, x.shape[axis])


def _first_place(s: Scaling, i: int, ct: Node, out: Node, *parts: Node) -> Node:
    axis = out.params
    return ops.index(ct, ((0, parts[i].shape[axis], 1),) + (ops.FULL,) * (-axis - 1))


def _order_itself(s: Scaling, i: int, ct: Node, out: Node, x: Node, order: Node) -> Node:
    return make("reorder", ct, order, params=out.params)


def _mean_of_broadcast(ct: Node, x: Node, shape: Any) -> Node:
    axes = tuple(a for a in range(-len(shape), 0) if x.shape[a] == 1 and shape[a] != 1)
    return ops.reduce_sum(ct, axes, True) / float(ops.count(ct.shape, axes) or 1)


def _first_of_broadcast(ct: Node, x: Node, shape: Any) -> Node:
    stretched = [x.shape[a] == 1 and shape[a] > 1 for a in range(-len(shape), 0)]
    return ops.index(ct, tuple((0, 1, 1) if s else ops.FULL for s in stretched))


def _mean_of_sum(ct: Node, x: Node, params: Any) -> Node:
    return structural.pull_sum(ct, x, params) / float(ops.count(x.shape, params[0]) or 1)


def _forwards(ct: Node, x: Node, axis: int) -> Node:
    return make("cumsum", ct, params=axis)


def _mean_for_sum(ct: Node, shape: tuple[int, ...]) -> Node:
    fitted = _SUM_TO(ct, shape)
    return fitted * (fitted.size / ct.size) if ct.size else fitted


def _first_for_sum(ct: Node, shape: tuple[int, ...]) -> Node:
    while ct.ndim > len(shape):
        if not ct.shape[0]:
            return _SUM_TO(ct, shape)
        ct = ops.index(ct, (0,) + (ops.FULL,) * (ct.ndim - 1))
    first = [n == 1 and m > 1 for n, m in zip(shape, ct.shape, strict=True)]
    return ops.index(ct, tuple((0, 1, 1) if f else ops.FULL for f in first))


_SUM_TO = kinds.sum_to
_pull_largest, _push_largest = _all_at_a_tie(lambda a, b: make("greater", a, b))
_pull_smallest, _push_smallest = _all_at_a_tie(lambda a, b: make("greater", b, a))
_to_base, _to_exponent = cast(Elementwise, RULES["power"]).partials
_power_unguarded = kinds.each(lambda y, x, n: n * f("power", x, n - 1.0), _to_exponent)
_log_unguarded = kinds.each(_to_base, lambda y, x, n: y * f("log", x))
_TIE, _BROADCAST, _SPECIAL = "wrong at a tie", "wrong broadcasting", "special case forgotten"
#: Primitives with a kink at zero, where every value between the one-sided derivatives is accepted.
KINKED = frozenset({"abs"})
#: Primitives that jump at ties and at zero operands.
JUMPING = frozenset({"remainder"})
#: Families of functions: the first operand is a constant and selects the member.
FAMILIES = frozenset(name for name, primitive in PRIMITIVES.items() if primitive.family)
#: Primitives whose operands have different meanings, so that no rule asks whether they are equal.
DISTINCT = FAMILIES | {"zeta", "gammainc", "gammaincc", "owens_t", "faddeeva_real", "faddeeva_imag"}
#: Primitives that are not defined on both sides of zero.
FROM_ZERO = frozenset({"gammainc", "gammaincc", "betainc"})

#: Faults of single rules, which forget a special case: name, kind and the faulty rule.
SPECIAL: dict[str, list[tuple[str, str, Any]]] = {
    "maximum": [
        ("R: each of a tie gets "
         "all", _TIE, General(_pull_largest, _general("maximum").pushforward, True)),
        ("F: each of a tie gives "
         "all", _TIE, General(_general("maximum").pullback, _push_largest, True)),
    ],
    "minimum": [
        ("R: each of a tie gets "
         "all", _TIE, General(_pull_smallest, _general("minimum").pushforward, True)),
        ("F: each of a tie gives "
         "all", _TIE, General(_general("minimum").pullback, _push_smallest, True)),
    ],
    "max": [
        ("R: each of a tie gets "
         "all", _TIE, General(_max_of_all, _general("max").pushforward, True)),
        ("F: each of a tie gives "
         "all", _TIE, General(_general("max").pullback, _push_max_of_all, True)),
    ],
    "power": [("[0]: exponent "
               "zero", _SPECIAL, _power_unguarded), ("[1]: base zero", _SPECIAL, _log_unguarded)],
    "take": [("R: repeated indices overwrite", _SPECIAL, Linear(_last_only, True))],
    "concat": [("R: first part for "
                "all", "wrong axis", General(_first_place, _general("concat").pushforward))],
    "cumsum": [("R: summed forwards", "wrong order along an axis", Linear(_forwards))],
    "reorder": [
        ("R: not inverted", "wrong order along an "
                            "axis", General(_order_itself, _general("reorder").pushforward))
    ],
    "broadcast": [
        ("R: mean for sum", _BROADCAST, Linear(_mean_of_broadcast)),
        ("R: first for sum", _BROADCAST, Linear(_first_of_broadcast)),
    ],
    "sum": [("R: divided by the count", _BROADCAST, Linear(_mean_of_sum))],
    "sum_to": [("mean for sum", _BROADCAST, _mean_for_sum),
               ("first for sum", _BROADCAST, _first_for_sum)],
}  # fmt: skip
