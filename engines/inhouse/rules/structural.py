"""Primitives that move, sum and order entries.

Axes are counted from the end, and parameters refer to trailing axes only. Leading batch axes pass
through every primitive untouched, with the same parameters:

    sum        (axes, keepdims)
    cumsum     axis
    reshape    (k, shape): the last k axes become `shape`
    broadcast  shape: the last len(shape) axes, of length 1 or already right, are stretched to it
    transpose  perm: negative axes, the new order of the last len(perm) axes
    index      key: per trailing axis an int, or a (start, stop, step) of non-negative bounds
    pad        (key, shape): the adjoint of index, into zeros whose last len(key) axes have `shape`
    take       (axis, indices)
    concat     axis
    scatter    (axis, indices, size): the adjoint of take
    reorder    axis: the first operand by the second, a permutation along it
    astype     the name of a dtype
    argsort    axis: the stable order of the entries along it
"""

from __future__ import annotations

from typing import Any

import numpy as np
from ad_conformance.engines.inhouse.codegen import printing, runtime
from ad_conformance.engines.inhouse.codegen.printing import ATOM, Printed, Printer
from ad_conformance.engines.inhouse.core.graph import Node, Primitive, make
from ad_conformance.engines.inhouse.rules import shape_rules
from ad_conformance.engines.inhouse.rules.kinds import General, Linear, Scaling, Tangents
from ad_conformance.engines.inhouse.rules.ops import (
    FULL,
    concat,
    expand,
    index,
    pad,
    reduce_sum,
    reshape_tail,
    scatter,
    stretch_axes,
    take,
    transpose,
    zeros_like,
)


def full_perm(perm: tuple[int, ...], ndim: int) -> tuple[int, ...]:
    """The permutation of all axes that reorders the last len(perm) of them."""
    return tuple(range(ndim - len(perm))) + tuple(p + ndim for p in perm)


def pull_sum(ct: Node, x: Node, params: Any) -> Node:
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


def _pull_index(ct: Node, x: Node, key: Any) -> Node:
    return pad(ct, key, x.shape[x.ndim - len(key) :])


def _pull_concat(s: Scaling, i: int, ct: Node, out: Node, *parts: Node) -> Node:
    axis = out.params
    start = sum(p.shape[axis] for p in parts[:i])
    return index(ct, ((start, start + parts[i].shape[axis], 1),) + (FULL,) * (-axis - 1))


def _push_concat(out: Node, operands: tuple[Node, ...], tangents: Tangents) -> Node:
    pairs = zip(tangents, operands, strict=True)
    return concat([zeros_like(x) if t is None else t for t, x in pairs], out.params)


def _pull_reorder(s: Scaling, i: int, ct: Node, out: Node, x: Node, order: Node) -> Node:
    return make("reorder", ct, make("argsort", order, params=out.params), params=out.params)


def _push_reorder(out: Node, operands: tuple[Node, Node], tangents: Tangents) -> Node:
    assert tangents[0] is not None
    return make("reorder", tangents[0], operands[1], params=out.params)


def _index_omits(node: Node) -> bool:
    return node.size < node.args[0].size


def _take_omits(node: Node) -> bool:
    axis, indices = node.params
    return bool(len(set(indices)) < node.args[0].shape[axis])


def _pad(params: Any, a: Any) -> Any:
    key, tail = params
    lead = a.ndim - sum(isinstance(k, tuple) for k in key)
    return runtime.pad(a, runtime.slices(key), tail, lead)


def _scatter(params: Any, a: Any) -> Any:
    axis, indices, size = params
    return runtime.scatter(a, np.array(indices, np.intp), axis, size)


def _print_reshape(printer: Printer, node: Node) -> Printed:
    new = ", ".join(map(str, node.shape)) or "()"
    return f"{printer.at(node.args[0], ATOM)}.reshape({new})", ATOM


def _print_broadcast(printer: Printer, node: Node) -> Printed:
    return f"{printer.numpy('broadcast_to')}({printer.text[node.args[0]]}, {node.shape})", ATOM


def _print_transpose(printer: Printer, node: Node) -> Printed:
    x, ndim = printer.at(node.args[0], ATOM), node.args[0].ndim
    if node.params == (-1, -2) and ndim == 2:
        return f"{x}.T", ATOM
    return f"{x}.transpose{full_perm(node.params, ndim)}", ATOM


def _print_index(printer: Printer, node: Node) -> Printed:
    x = node.args[0]
    return f"{printer.at(x, ATOM)}[{printing.key_text(node.params, x.ndim)}]", ATOM


def _print_pad(printer: Printer, node: Node) -> Printed:
    key, tail = node.params
    where, lead = printer.bind_key(key), node.ndim - len(tail)
    pad = printer.runtime("pad")
    return f"{pad}({printer.text[node.args[0]]}, {where}, {tail}, {lead})", ATOM


def _print_take(printer: Printer, node: Node) -> Printed:
    axis, indices = node.params
    x, name = printer.at(node.args[0], ATOM), printer.bind(np.array(indices, np.intp))
    return f"{x}.take({name}, {axis})", ATOM


def _print_scatter(printer: Printer, node: Node) -> Printed:
    axis, indices, size = node.params
    name, scatter = printer.bind(np.array(indices, np.intp)), printer.runtime("scatter")
    return f"{scatter}({printer.text[node.args[0]]}, {name}, {axis}, {size})", ATOM


def _print_concat(printer: Printer, node: Node) -> Printed:
    concatenate = printer.numpy("concatenate")
    return f"{concatenate}(({printing.arguments(printer, node)}), {node.params})", ATOM


def _print_astype(printer: Printer, node: Node) -> Printed:
    return f"{printer.at(node.args[0], ATOM)}.astype({printer.numpy(node.params)})", ATOM


PRIMITIVES = (
    Primitive(
        "sum", shape_rules.reduced, lambda p, a: a.sum(p[0], keepdims=p[1]), Linear(pull_sum),
        printing.reduction("add"), keeps_finite=True,
    ),
    Primitive(
        "cumsum", shape_rules.same, lambda axis, a: a.cumsum(axis), Linear(_pull_cumsum),
        printing.method("cumsum", str), keeps_finite=True,
    ),
    Primitive(
        "reshape", shape_rules.reshape, lambda p, a: a.reshape(shape_rules.reshape(p, a.shape)),
        Linear(_pull_reshape), _print_reshape, keeps_finite=True,
    ),
    Primitive(
        "broadcast", shape_rules.stretched,
        lambda p, a: np.broadcast_to(a, shape_rules.stretched(p, a.shape)),
        Linear(_pull_broadcast), _print_broadcast, keeps_finite=True,
    ),
    Primitive(
        "transpose", shape_rules.transpose, lambda p, a: a.transpose(full_perm(p, a.ndim)),
        Linear(_pull_transpose), _print_transpose, keeps_finite=True,
    ),
    Primitive(
        "index", shape_rules.index, lambda key, a: a[runtime.slices(key)],
        Linear(_pull_index, masks=True), _print_index, keeps_finite=True, omits=_index_omits,
    ),
    Primitive(
        "pad", shape_rules.pad, _pad, Linear(lambda ct, x, p: index(ct, p[0])), _print_pad,
        keeps_finite=True,
    ),
    Primitive(
        "take", lambda p, s: shape_rules.replaced(s, p[0], len(p[1])),
        lambda p, a: a.take(np.array(p[1], np.intp), p[0]),
        Linear(lambda ct, x, p: scatter(ct, p[1], p[0], x.shape[p[0]]), masks=True),
        _print_take, keeps_finite=True, omits=_take_omits,
    ),
    Primitive(
        "concat", shape_rules.concat, lambda axis, *a: np.concatenate(a, axis),
        General(_pull_concat, _push_concat), _print_concat, keeps_finite=True,
    ),
    Primitive(
        "scatter", lambda p, s: shape_rules.replaced(s, p[0], p[2]), _scatter,
        Linear(lambda ct, x, p: take(ct, p[1], p[0])), _print_scatter, keeps_finite=True,
    ),
    Primitive(
        "reorder", shape_rules.same, lambda axis, a, order: runtime.reorder(a, order, axis),
        General(_pull_reorder, _push_reorder), printing.runtime_call_with_params("reorder"),
        dtype=lambda axis, x, order: x, keeps_finite=True,
    ),
    Primitive(
        "astype", shape_rules.same, lambda name, a: a.astype(name),
        Linear(lambda ct, x, p: make("astype", ct, params=x.dtype.name)), _print_astype,
        dtype=lambda name, x: np.dtype(name), keeps_finite=True,
    ),
    # No program contains it: core/graph.py makes it, and the code generator prints its operand.
    Primitive(
        "fresh_variable", shape_rules.same, lambda p, a: a,
        General(lambda s, i, ct, out, x: ct, lambda out, xs, ts: ts[0]), keeps_finite=True,
    ),
    Primitive(
        "argsort", shape_rules.same, lambda axis, a: a.argsort(axis, "stable"), None,
        printing.method("argsort", lambda axis: f"{axis}, 'stable'"),
        dtype=lambda axis, x: np.dtype(np.intp), keeps_finite=True,
    ),
)  # fmt: skip
