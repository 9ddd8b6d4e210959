"""Reverse and forward mode: each makes the nodes of a derivative, from the rules of the primitives.

`rule.pull(masked, i, ct, node)` is the contribution of a node's cotangent to that of operand i;
`rule.push(node, tangents)` is the tangent of a node, given those of the operands, or None.

A cotangent can be zero in some entries because `where`, an index or a maximum did not select them
(`rule.masks`). The derivative that it is multiplied by may be infinite there, but 0 * inf must be
0: if `masked`, a rule multiplies by `safe_multiply`, whose result is 0 wherever a factor is 0.
"""

from __future__ import annotations

from operator import attrgetter

from ad_conformance.engines.inhouse.core.graph import Node


def reachable(out: Node) -> list[Node]:
    """All nodes that out needs, and out itself; operands first."""
    seen, stack = {out}, [out]
    while stack:
        for arg in stack.pop().args:
            if arg not in seen:
                seen.add(arg)
                stack.append(arg)
    return sorted(seen, key=attrgetter("index"))


def between(out: Node, wrt: Node) -> list[Node]:
    """The nodes on a differentiable path from wrt to out, operands first, without wrt."""
    active, order = {wrt}, []
    for node in reachable(out):
        differentiable = node.index > wrt.index and node.primitive.rule is not None
        if differentiable and any(a in active and a.dtype.kind == "f" for a in node.args):
            active.add(node)
            order.append(node)
    return order


def backward_pass(out: Node, wrt: Node, ct: Node) -> Node:
    """Reverse mode: the cotangent of wrt, given that of out."""
    cotangents: dict[Node, list[Node]] = {out: [ct]}
    # in_full: some path uses all entries of the node. chosen: some path has zeros from a selection
    # other than an index.
    in_full, chosen = {out}, set[Node]()
    order = between(out, wrt)
    active = {wrt, *order}
    hazard = not all(n.finite for n in order)
    for node in reversed(order):
        if node not in cotangents:
            continue
        terms = cotangents.pop(node)
        masked = node not in in_full
        if (covering := node.graph.cover(terms)) is not None:
            # The indices together selected all entries.
            terms, masked = covering, masked and node in chosen
        total = sum(terms[1:], terms[0])
        if total.uniform == 0:
            continue
        rule = node.primitive.rule
        below = masked or (rule.masks and node.primitive.omits(node))
        for i, arg in enumerate(node.args):
            if arg not in active or arg.dtype.kind != "f":
                continue
            term = rule.pull(masked and hazard, i, total, node)
            if term.uniform != 0:
                cotangents.setdefault(arg, []).append(term)
                if not below:
                    in_full.add(arg)
                if masked or (below and node.op != "index"):
                    chosen.add(arg)
    terms = cotangents.get(wrt) or [wrt.graph.full(wrt.shape, 0.0, wrt.dtype)]
    terms = wrt.graph.cover(terms) or terms
    return sum(terms[1:], terms[0])


def forward_pass(out: Node, wrt: Node, tangent: Node) -> Node:
    """Forward mode: the tangent of out, given that of wrt."""
    tangents = {wrt: tangent}
    for node in between(out, wrt):
        incoming = tuple([tangents.get(a) for a in node.args])
        if any(incoming):
            result = node.primitive.rule.push(node, incoming)
            if result.uniform != 0:
                tangents[node] = result
    return tangents.get(out) or out.graph.full(out.shape, 0.0, out.dtype)
