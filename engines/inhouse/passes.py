"""Graph-to-graph transformations: backward, forward, and putting one node in another's place.

None of them recurses, and each visits a node once: a program of hundreds of steps nests to any
order.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from ad_conformance.engines.inhouse import ops, rules
from ad_conformance.engines.inhouse.graph import CompileError, Node, make, stretch
from ad_conformance.engines.inhouse.primitives import ELEMENTWISE, broadcast_shapes
from ad_conformance.engines.inhouse.rules import Elementwise, Linear

BROADCASTING = ELEMENTWISE | {"matmul", "solve"}


def reachable(outputs: Iterable[Node]) -> list[Node]:
    """All nodes that the outputs need, operands first."""
    seen = set(outputs)
    stack = list(seen)
    while stack:
        for arg in stack.pop().args:
            if arg not in seen:
                seen.add(arg)
                stack.append(arg)
    return sorted(seen, key=_index)


def _index(node: Node) -> int:
    return node.index


def _active(out: Node, wrt: Node) -> list[Node]:
    """The nodes on a differentiable path from wrt to out, operands first, wrt itself left out."""
    active = {wrt}
    order = []
    for node in reachable([out]):
        if node.index > wrt.index and node.op not in rules.FLAT:
            for arg in node.args:
                if arg in active and arg.dtype.kind == "f":
                    active.add(node)
                    order.append(node)
                    break
    return order


def _rule(node: Node) -> rules.Rule:
    try:
        return rules.RULES[node.op]
    except KeyError:
        raise CompileError(
            node.op, tuple(a.shape for a in node.args), "has no derivative rule"
        ) from None


def _harmless(d: Node) -> bool:
    """Whether zero times d is zero, and will be in derivatives too: so only for finite constants.

    A variable d need not be infinite itself. At the next order its product with a masked zero is
    differentiated, and there the zero meets the cotangent that comes from below, which may be.
    """
    return d.value is not None and d.finite


class _Scaling:
    """Products with cotangents, by `guarded` where the cotangent has zeros that masking made."""

    __slots__ = ("masked",)

    def __init__(self, masked: bool) -> None:
        self.masked = masked

    def times(self, ct: Node, d: Node | float) -> Node:
        if self.masked and isinstance(d, Node) and not _harmless(d):
            return make("guarded", ct, d)
        return make("multiply", ct, d)

    def matmul(self, a: Node, b: Node, ct_first: bool) -> Node:
        if not self.masked or _harmless(b if ct_first else a):
            return make("matmul", a, b)
        left, right = ops.expand(a, (-1,)), ops.expand(b, (-3,))
        product = self.times(left, right) if ct_first else self.times(right, left)
        return ops.reduce_sum(product, (-2,))


_PLAIN, _MASKED = _Scaling(False), _Scaling(True)


def _fit(ct: Node, shape: tuple[int, ...], batch: int) -> Node:
    """ct summed over the axes along which the operand of this shape was broadcast."""
    lead = ct.ndim - batch - len(shape)
    if lead:
        ct = ops.reduce_sum(ct, tuple(range(-len(shape) - lead, -len(shape))))
    tail = ct.shape[batch:]
    if tail != shape:
        axes = tuple([i - len(shape) for i, n in enumerate(shape) if n == 1 and tail[i] != 1])
        ct = ops.reduce_sum(ct, axes, True)
    return ct


class _Gathered:
    """The contributions to one node's cotangent, added up when they are complete."""

    __slots__ = ("masked", "terms")

    def __init__(self) -> None:
        self.terms: list[Node] = []
        self.masked = True

    def total(self, selected: bool) -> tuple[Node, bool]:
        terms, masked = self.terms, self.masked
        pads = [t for t in terms if t.op == "pad"]
        if len(pads) > 1 and all(t.params[1] == pads[0].params[1] for t in pads):
            tiled = ops.tiles(
                [t.args[0] for t in pads], [t.params[0] for t in pads], pads[0].params[1]
            )
            if tiled is not None:
                # Together the pieces cover everything, so indexing has masked nothing.
                terms, masked = [*[t for t in terms if t.op != "pad"], tiled], masked and selected
        total = terms[0]
        for term in terms[1:]:
            total = make("add", total, term)
        return total, masked


def backward_pass(out: Node, wrt: Node, ct: Node) -> Node:
    """Reverse mode: the cotangent of wrt, given that of out.

    ct has the shape of out, possibly after batch axes; the result has the shape of wrt, after the
    same ones.
    """
    batch = ct.ndim - out.ndim
    lead = ct.shape[:batch]
    gathered: dict[Node, _Gathered] = {out: _Gathered()}
    gathered[out].terms.append(ct)
    gathered[out].masked = False
    selected: dict[Node, bool] = {}
    order = _active(out, wrt)
    active = {wrt, *order}
    # Where nothing on the way can become infinite, no zero needs guarding.
    hazard = not all(n.finite for n in order)
    for node in reversed(order):
        box = gathered.pop(node, None)
        if box is None:
            continue
        total, masked = box.total(selected.get(node, False))
        if total.uniform == 0:
            continue
        rule = _rule(node)
        scaling = _MASKED if masked and hazard else _PLAIN
        below = masked or rules.masks(node)
        chosen = masked or (below and node.op != "index")
        for i, arg in enumerate(node.args):
            if arg not in active or arg.dtype.kind != "f":
                continue
            if isinstance(rule, Elementwise):
                term = scaling.times(total, rule.partials[i](node, *node.args))
                if term.ndim < batch + node.ndim or term.shape != lead + node.shape:
                    term = stretch(term, lead + node.shape)
            elif isinstance(rule, Linear):
                term = rule.pullback(total, arg, node.params)
            else:
                term = rule.pullback(scaling, i, total, node, *node.args)
            if term.dtype != arg.dtype:
                term = make("astype", term, params=arg.dtype.name)
            if term.shape[batch:] != arg.shape:
                term = _fit(term, arg.shape, batch)
            if term.uniform == 0:
                continue
            there = gathered.get(arg)
            if there is None:
                there = gathered[arg] = _Gathered()
            there.terms.append(term)
            # One path that uses all entries is enough: what every entry must be finite for needs no
            # guard.
            there.masked = there.masked and below
            if chosen:
                selected[arg] = True
    if wrt not in gathered:
        return ops.zeros_like(wrt, lead + wrt.shape)
    return gathered[wrt].total(False)[0]


def forward_pass(out: Node, wrt: Node, tangent: Node) -> Node:
    """Forward mode: the tangent of out, given that of wrt; shapes as in backward_pass."""
    batch = tangent.ndim - wrt.ndim
    lead = tangent.shape[:batch]
    tangents: dict[Node, Node] = {wrt: tangent}
    for node in _active(out, wrt):
        incoming = tuple([tangents.get(a) for a in node.args])
        if not any(incoming):
            continue
        rule = _rule(node)
        if batch and node.op in BROADCASTING:
            incoming = tuple(
                [t if t is None else _align(t, node.ndim + batch, batch) for t in incoming]
            )
        if isinstance(rule, Elementwise):
            result = None
            for t, partial in zip(incoming, rule.partials, strict=True):
                if t is not None:
                    term = make("multiply", t, partial(node, *node.args))
                    result = term if result is None else make("add", result, term)
        elif isinstance(rule, Linear):
            only = incoming[0]
            assert only is not None
            result = only if node.op == "mark" else make(node.op, only, params=node.params)
        else:
            result = rule.pushforward(node, node.args, incoming)
        assert result is not None
        if result.shape != lead + node.shape:
            result = stretch(result, lead + node.shape)
        if result.dtype != node.dtype:
            result = make("astype", result, params=node.dtype.name)
        if result.uniform != 0:
            tangents[node] = result
    return tangents.get(out) or ops.zeros_like(out, lead + out.shape)


def _align(t: Node, ndim: int, batch: int) -> Node:
    """The batch axes of t kept in front of the axes that broadcasting will add; ndim axes in all."""
    missing = ndim - t.ndim
    return ops.reshape(t, t.shape[:batch] + (1,) * missing + t.shape[batch:]) if missing else t


def derivative(out: Node, wrt: Node, word: str) -> Node:
    """The derivative by a mode word, outermost letter first: of shape out.shape + wrt.shape *
    len(word).

    Each level is one pass along a seed that is left open. The outcome is linear in every seed, so
    all directions of all levels are filled in together at the end, each seed along a leading axis
    of its own. Filling in one level's before differentiating again would make the next level push
    every direction through every other: at order four that is the difference between milliseconds
    and gigabytes.
    """
    shape = out.shape + wrt.shape * len(word)
    if out.dtype.kind != "f" or 0 in shape:
        return wrt.graph.full(shape, 0.0, wrt.dtype)
    # Groups of axes of the result: 0 is those of out, i those of level i's input. Each open seed
    # stands for one of them, and `left` is the one that the unfilled result has itself.
    seeds: list[tuple[Node, int]] = []
    left, result = 0, out
    for level, letter in enumerate(reversed(word), 1):
        like = result if letter == "R" else wrt
        if like.size == 1:
            seed = like.graph.full(like.shape, 1.0, like.dtype)
        else:
            seed = like.graph.input(like.shape, like.dtype)
            seeds.append((seed, left if letter == "R" else level))
        result = (backward_pass if letter == "R" else forward_pass)(result, wrt, seed)
        left = level if letter == "R" else left
    groups = [g for _, g in reversed(seeds)]
    sizes = [out.size, *[wrt.size] * len(word)]
    result = fill(result, [s for s, _ in reversed(seeds)])
    # Groups of a single entry are filled in by the last reshape, and may stand anywhere.
    order = sorted(range(len(groups)), key=groups.__getitem__)
    before = [i for i in order if groups[i] < left]
    after = [i for i in order if groups[i] > left]
    n = len(groups)
    result = ops.reshape(result, (*[sizes[g] for g in groups], sizes[left]))
    return ops.reshape(ops.transpose(result, tuple(i - n - 1 for i in (*before, n, *after))), shape)


def fill(out: Node, seeds: list[Node]) -> Node:
    """out with all unit directions in the place of every seed, along one leading axis for each
    seed.
    """
    if not seeds:
        return out
    n = len(seeds)
    filled: dict[Node, Node] = {}
    for i, seed in enumerate(seeds):
        ones = [1] * n
        ones[i] = seed.size
        filled[seed] = seed.graph.constant(
            np.eye(seed.size, dtype=seed.dtype).reshape(*ones, *seed.shape)
        )
    for node in reachable([out]):
        if node in filled or all(a not in filled for a in node.args):
            continue
        args = [filled.get(a) or a for a in node.args]
        if node.op in BROADCASTING:
            args = [
                _align(a, node.ndim + n, n) if b in filled else a
                for a, b in zip(args, node.args, strict=True)
            ]
        elif node.op == "concat":
            args = [a if b in filled else ops.expand(b, range(-b.ndim - n, -b.ndim))
                    for a, b in zip(args, node.args, strict=True)]  # fmt: skip
            lead = broadcast_shapes(*[a.shape[:n] for a in args])
            args = [stretch(a, lead + a.shape[n:]) for a in args]
        filled[node] = make(node.op, *args, params=node.params)
    full = tuple([s.size for s in seeds]) + out.shape
    return stretch(filled.get(out) or out, full)


def substitute(out: Node, old: Node, new: Node) -> Node:
    """out with new in the place of old; identities that new makes possible apply."""
    replaced: dict[Node, Node] = {old: new}
    for node in reachable([out]):
        if node.index > old.index:
            args = tuple([replaced.get(a, a) for a in node.args])
            if args != node.args:
                if node.op == "mark":
                    replaced[node] = args[0]
                else:
                    replaced[node] = make(node.op, *args, params=node.params)
    return replaced.get(out, out)
