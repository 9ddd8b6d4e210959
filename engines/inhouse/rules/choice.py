"""Primitives that choose entries or weigh them: select, maximum, max, logsumexp, softmax."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from ad_conformance.engines.inhouse.codegen import printing, runtime
from ad_conformance.engines.inhouse.core.graph import Node, Primitive, make, promoted
from ad_conformance.engines.inhouse.rules import shape_rules
from ad_conformance.engines.inhouse.rules.elementary import elementwise
from ad_conformance.engines.inhouse.rules.kinds import General, Scaling, Tangents
from ad_conformance.engines.inhouse.rules.ops import expand, reduce_sum, select, zeros_like


# At a tie each operand gets half.
def _split_tie(ct: Node, first: Node, tie: Node) -> Node:
    return select(first, ct, select(tie, 0.5 * ct, 0.0))


def _pull_maximum(s: Scaling, i: int, ct: Node, out: Node, a: Node, b: Node) -> Node:
    return _split_tie(ct, make("greater", (a, b)[i], (b, a)[i]), make("equal", a, b))


def _pull_minimum(s: Scaling, i: int, ct: Node, out: Node, a: Node, b: Node) -> Node:
    return _split_tie(ct, make("greater", (b, a)[i], (a, b)[i]), make("equal", a, b))


def _push_extremum(sign: int) -> Callable[..., Node]:
    def push(out: Node, operands: tuple[Node, Node], tangents: Tangents) -> Node:
        s, t = filled(*tangents)
        a, b = operands
        first = make("greater", a, b) if sign > 0 else make("greater", b, a)
        return select(first, s, select(make("equal", a, b), 0.5 * s + 0.5 * t, t))

    return push


def filled(s: Node | None, t: Node | None) -> tuple[Node, Node]:
    """Both tangents, zero for a missing one."""
    known = s if s is not None else t
    assert known is not None
    zero = zeros_like(known, ())
    return s or zero, t or zero


def _pull_select(
    s: Scaling, i: int, ct: Node, out: Node, condition: Node, a: Node, b: Node
) -> Node:
    return select(condition, ct, 0.0) if i == 1 else select(condition, 0.0, ct)


def _push_select(out: Node, operands: tuple[Node, ...], tangents: Tangents) -> Node:
    return select(operands[0], *filled(tangents[1], tangents[2]))


def winners(out: Node, x: Node) -> tuple[Node, Node]:
    """Which entries are the maximum, and how many there are of them."""
    axes, keepdims = out.params
    mask = make("equal", x, out if keepdims else expand(out, axes))
    return mask, reduce_sum(make("astype", mask, params=x.dtype.name), axes, keepdims)


def _pull_max(s: Scaling, i: int, ct: Node, out: Node, x: Node) -> Node:
    mask, count = winners(out, x)
    axes, keepdims = out.params
    share = ct / count
    return select(mask, share if keepdims else expand(share, axes), 0.0)


def _push_max(out: Node, operands: tuple[Node], tangents: tuple[Node]) -> Node:
    mask, count = winners(out, operands[0])
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


def _print_logsumexp(printer: printing.Printer, node: Node) -> printing.Printed:
    axes, keepdims = node.params
    further = (axes, True) if keepdims else (axes,)
    arguments = printing.arguments(printer, node, *further)
    return f"{printer.runtime('logsumexp')}({arguments})", printing.ATOM


def _max(params: Any, x: Any) -> Any:
    axes, keepdims = params
    return x.max(axes, keepdims=keepdims)


PRIMITIVES = (
    elementwise(
        "select", np.where, printing.numpy_call("where"),
        rule=General(_pull_select, _push_select, masks=True),
        dtype=lambda params, condition, *dtypes: promoted(*dtypes), keeps_finite=True,
    ),
    elementwise(
        "maximum", np.maximum, printing.numpy_call("maximum"),
        rule=General(_pull_maximum, _push_extremum(1), masks=True),
        commutative=True, keeps_finite=True,
    ),
    elementwise(
        "minimum", np.minimum, printing.numpy_call("minimum"),
        rule=General(_pull_minimum, _push_extremum(-1), masks=True),
        commutative=True, keeps_finite=True,
    ),
    # parameters of the next two: (axes, keepdims)
    Primitive(
        "max", shape_rules.extremum, _max, General(_pull_max, _push_max, masks=True),
        printing.reduction("maximum"), keeps_finite=True,
    ),
    Primitive(
        "logsumexp", shape_rules.extremum, lambda p, x: runtime.logsumexp(x, *p),
        General(_pull_logsumexp, _push_logsumexp), _print_logsumexp, keeps_finite=True,
    ),
    # parameters: axes
    Primitive(
        "softmax", shape_rules.same, lambda axes, x: runtime.softmax(x, axes),
        General(_pull_softmax, _push_softmax), printing.runtime_call_with_params("softmax"),
        keeps_finite=True,
    ),
)  # fmt: skip
