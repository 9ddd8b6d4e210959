"""A stack of one formula with different constants: computed once, with the constants stacked.

`concat([sin(c * x), sin(d * x)])` becomes `sin(concat([c, d]) * x)`. All later operations, also
those of derivatives, then work on one array instead of many small ones. A small program in NumPy
spends most of its time on calls.
"""

from __future__ import annotations

from ad_conformance.engines.inhouse.core.graph import Node, Shape, make, stretch
from ad_conformance.engines.inhouse.rules import ops

# How many operations deep a formula may be. This bounds the cost of trying, and the work that is
# done twice if the parts are needed on their own as well.
DEEPEST = 6


def joined(parts: tuple[Node, ...], axis: int) -> Node | None:
    """concat(parts, axis) without concatenating at run time; None if more than constants differ."""
    if parts[0].dtype.kind != "f" or all(p.value is not None for p in parts):
        return None
    return _join(list(parts), [p.shape for p in parts], axis, DEEPEST)


def _join(parts: list[Node], shapes: list[Shape], axis: int, depth: int) -> Node | None:
    """The concatenation of the parts, each of which is reshaped or stretched to its shape first."""
    first = parts[0]
    if (
        first.op not in ("constant", "reshape")
        and not first.shape
        and all(p is first for p in parts)
    ):
        return first  # one number for all: broadcasting does it
    if all(p.value is not None for p in parts):
        return ops.concat([_shaped(p, s) for p, s in zip(parts, shapes, strict=True)], axis)
    parts = [p.args[0] if p.op == "reshape" else p for p in parts]
    op, dtype, arity = parts[0].op, parts[0].dtype, len(parts[0].args)
    if not depth or not parts[0].primitive.elementwise or op == "select":
        return None
    operands: list[list[Node]] = [[] for _ in range(arity)]
    for part, shape in zip(parts, shapes, strict=True):
        if part.op != op or part.dtype != dtype or part.size != ops.count(shape, range(len(shape))):
            return None
        for column, arg in zip(operands, part.args, strict=True):
            if arg.shape and arg.shape != part.shape:
                return None
            column.append(arg)
    if parts[0].primitive.family and not all(n.value == operands[0][0].value for n in operands[0]):
        return None
    results = [
        # The number of a family stays one number.
        column[0]
        if k == 0 and parts[0].primitive.family
        else _join(column, shapes, axis, depth - 1)
        for k, column in enumerate(operands)
    ]
    if any(r is None for r in results):
        return None
    return make(op, *[r for r in results if r is not None])


def _shaped(node: Node, shape: Shape) -> Node:
    return (
        ops.reshape(node, shape)
        if node.shape and node.size > 1
        else stretch(ops.reshape(node, ()), shape)
    )
