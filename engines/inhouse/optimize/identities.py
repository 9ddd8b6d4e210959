"""The table of identities, by operation: each gives an equal and simpler node, or None.

An identity of an elementwise operation takes the operands. One of another operation takes the
parameters, the shape of the result and the operands.
"""

from __future__ import annotations

from collections.abc import Callable

from ad_conformance.engines.inhouse.core.graph import Node
from ad_conformance.engines.inhouse.optimize import arithmetic, contraction, structural

IDENTITIES: dict[str, Callable[..., Node | None]] = {
    "add": arithmetic.add,
    "multiply": arithmetic.multiply,
    "divide": arithmetic.divide,
    "power": arithmetic.power,
    "maximum": arithmetic.same_operand,
    "minimum": arithmetic.same_operand,
    "select": arithmetic.select,
    "abs": arithmetic.absolute,
    "logical_not": arithmetic.logical_not,
    "safe_multiply": arithmetic.safe_multiply,
    "logical_and": arithmetic.same_operand,
    "logical_or": arithmetic.same_operand,
    "reshape": structural.reshape,
    "broadcast": structural.broadcast,
    "transpose": structural.transpose,
    "index": structural.index,
    "pad": structural.pad,
    "take": structural.take,
    "scatter": structural.scatter,
    "concat": structural.concat,
    "cumsum": structural.cumsum,
    "sum": contraction.reduce_sum,
    "matmul": contraction.matmul,
    "astype": structural.astype,
    "argsort": structural.argsort,
    "reorder": structural.reorder,
}
