"""Products, inverses and solutions of linear systems; all take stacks of matrices.

Formulas: M. Giles, "An extended collection of matrix derivative results" (2008).
"""

from __future__ import annotations

import numpy as np
from ad_conformance.engines.inhouse.codegen import printing, runtime
from ad_conformance.engines.inhouse.core.graph import Node, Primitive, make
from ad_conformance.engines.inhouse.rules import shape_rules
from ad_conformance.engines.inhouse.rules.kinds import General, Scaling, Tangents
from ad_conformance.engines.inhouse.rules.ops import matmul, swap


def _pull_matmul(s: Scaling, i: int, ct: Node, out: Node, a: Node, b: Node) -> Node:
    return s.matmul(ct, swap(b), True) if i == 0 else s.matmul(swap(a), ct, False)


def _push_matmul(out: Node, operands: tuple[Node, Node], tangents: Tangents) -> Node:
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


def _push_solve(out: Node, operands: tuple[Node, Node], tangents: Tangents) -> Node:
    (a, _), (s, t) = operands, tangents
    right = t
    if s is not None:
        right = -matmul(s, out) if t is None else t - matmul(s, out)
    assert right is not None
    return make("solve", a, right)


PRIMITIVES = (
    Primitive(
        "matmul", shape_rules.matmul, lambda p, a, b: np.matmul(a, b),
        General(_pull_matmul, _push_matmul), printing.matmul, broadcasts=True, keeps_finite=True,
    ),
    Primitive(
        "inv", shape_rules.square, lambda p, a: runtime.inv(a), General(_pull_inv, _push_inv),
        printing.runtime_call("inv"),
    ),
    Primitive(
        "solve", shape_rules.solve, lambda p, a, b: runtime.solve(a, b),
        General(_pull_solve, _push_solve), printing.runtime_call("solve"), broadcasts=True,
    ),
    # A product with a vector. Only optimize/lowering.py makes it, after all differentiation.
    Primitive("dot", shape_rules.matmul, lambda p, a, b: a @ b, None, printing.matmul),
)  # fmt: skip
