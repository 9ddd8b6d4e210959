"""A node in the place of another."""

from __future__ import annotations

from ad_conformance.engines.inhouse.core.graph import Node, make
from ad_conformance.engines.inhouse.core.passes import reachable


def substitute(out: Node, old: Node, new: Node) -> Node:
    """out with new in the place of old; identities that new makes possible apply.

    A derivative inside a function is made with a fresh variable, which the actual operand replaces.
    """
    replaced: dict[Node, Node] = {old: new}
    for node in reachable(out):
        if node.index > old.index:
            args = tuple([replaced.get(a, a) for a in node.args])
            if args != node.args:
                if node.op == "fresh_variable":
                    replaced[node] = args[0]
                else:
                    replaced[node] = make(node.op, *args, params=node.params)
    return replaced.get(out, out)
