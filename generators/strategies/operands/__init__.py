"""How the operands of each operation are drawn: the table of operand families.

A row of the catalogue names a family and its arguments (see generators/catalogue/operands.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from ad_conformance.generators.catalogue.operands import OperandFamily
from ad_conformance.generators.catalogue.operation import Operation
from ad_conformance.generators.strategies.operands import (
    arguments,
    basic,
    complex_ops,
    control_flow,
    decompositions,
    indexing,
    linear,
    matrices,
    networks,
    products,
    special,
)
from ad_conformance.generators.strategies.operands.basic import OperandStrategy
from ad_conformance.generators.strategies.operands.batches import tables as batches

#: Families without arguments.
STRATEGIES: Mapping[str, OperandStrategy] = {
    # basic
    "constant": basic.constant,
    "legs": basic.legs,
    "angle": basic.angle,
    "comparison": basic.comparison,
    "rounding": basic.rounding,
    "quotient": basic.quotient,
    "where": basic.where,
    "integer_power": basic.integer_power,
    "float_power": basic.float_power,
    "power": basic.power,
    "clip": basic.clip,
    "stack": basic.stack,
    "concat": basic.concat,
    "reshape": basic.reshape,
    "expand_dims": basic.expand_dims,
    "permute_dims": basic.permute_dims,
    "roll": basic.roll,
    "broadcast_to": basic.broadcast_to,
    "index": basic.index,
    "slice": basic.slice_,
    "take": basic.take,
    # matrices
    "vector": matrices.vector,
    "two_vectors": matrices.two_vectors,
    "matmul": matrices.matmul,
    "tensordot": matrices.tensordot,
    "same_last_axis": matrices.same_last_axis,
    "solve": matrices.solve,
    "vector_norm": matrices.vector_norm,
    # products
    "kron": products.kron,
    "cross": products.cross,
    "inner": products.inner,
    "multi_dot": products.multi_dot,
    "einsum": products.einsum,
    "vander": products.vander,
    "vector_norm_ord": products.vector_norm_ord,
    "matrix_norm_ord": products.matrix_norm_ord,
    "cdist": products.cdist,
    # decompositions
    "regular": decompositions.regular,
    "definite": decompositions.definite,
    "small": decompositions.small,
    "simple_spectrum": decompositions.simple_spectrum,
    "full_rank": decompositions.full_rank,
    "tall": decompositions.tall,
    "simple_singular_values": decompositions.simple_singular_values,
    "triangular": decompositions.triangular,
    "matrix_power": decompositions.matrix_power,
    "varied_observations": decompositions.varied_observations,
    # indexing
    "take_along_axis": indexing.take_along_axis,
    "unstack": indexing.unstack,
    "split": indexing.split,
    "pad_constant": indexing.pad_constant,
    "tile": indexing.tile,
    "repeat": indexing.repeat,
    "roll_axes": indexing.roll_axes,
    "rot90": indexing.rot90,
    "moveaxis": indexing.moveaxis,
    "squeeze": indexing.squeeze,
    "unfold": indexing.unfold,
    "diag_embed": indexing.diag_embed,
    "vectors_for_outer_sum": indexing.two_vectors,
    "slice_set": indexing.slice_set,
    "sort": indexing.sort,
    "sort_by": indexing.sort_by,
    "top_k": indexing.top_k,
    "kth_value": indexing.kth_value,
    "quantile": indexing.quantile,
    "cov": indexing.cov,
    "diff": indexing.diff,
    "trapezoid": indexing.trapezoid,
    "interp": indexing.interp,
    # special
    "gamma_argument": special.gamma_argument,
    # networks
    "halves": networks.halves,
    "sloped": networks.sloped,
    "normalized_rows": networks.normalized_rows,
    "standardized": networks.standardized,
    "points_apart": networks.points_apart,
    "attention": networks.attention,
    "linear": networks.linear,
    "bilinear": networks.bilinear,
    "conv1d": networks.conv1d,
    "polynomial": networks.polynomial,
    # complex_ops
    "complex_power": complex_ops.complex_power,
    "away_from_zero": complex_ops.away_from_zero,
    "two_signals": complex_ops.two_signals,
    # control_flow
    "branched": control_flow.branched,
    "mapped_body": control_flow.mapped_body,
    "scanned_body": control_flow.scanned_body,
    # arguments
    "within_octaves": arguments.within_octaves,
    "simplex": arguments.simplex,
    "point_and_covariance": arguments.point_and_covariance,
    **batches.STRATEGIES,
    **linear.STRATEGIES,
}
#: Families with arguments: functions that make a strategy of them.
FACTORIES: Mapping[str, Callable[..., OperandStrategy]] = {
    # basic
    "unary": basic.unary,
    "binary": basic.binary,
    "reduction": basic.reduction,
    "along_axis": basic.along_axis,
    # matrices
    "matrix": matrices.matrix,
    # decompositions
    "with_right_side": decompositions.with_right_side,
    # indexing
    "pad": indexing.pad,
    "matrix_and": indexing.matrix_and,
    "update": indexing.update,
    "scatter": indexing.scatter,
    "masked_reduction": indexing.masked_reduction,
    "deviation": indexing.deviation,
    # special
    "extended": special.extended,
    "at_zeros": special.at_zeros,
    "probability": special.probability,
    "order": special.order,
    "beside_zero": special.beside_zero,
    "far_apart": special.far_apart,
    # networks
    "cornered": networks.cornered,
    "alike": networks.alike,
    "chances": networks.chances,
    "logits": networks.logits,
    "normalized_channels": networks.normalized_channels,
    "directions": networks.directions,
    "distances": networks.distances,
    "signals": networks.signals,
    "pooled": networks.pooled,
    # complex_ops
    "signal": complex_ops.signal,
    "complex_matrix": complex_ops.complex_matrix,
    # control_flow
    "captured": control_flow.captured,
    "fitted": control_flow.fitted,
    "nonempty_vector": control_flow.nonempty_vector,
    "with_body": control_flow.with_body,
    # arguments
    "arguments": arguments.arguments,
    "beyond": arguments.beyond,
    "inside": arguments.inside,
    "doubled": arguments.doubled,
    **batches.FACTORIES,
    **linear.FACTORIES,
}


def strategy_of(operation: Operation) -> OperandStrategy:
    """The function that draws operands and parameters of the operation."""
    return _strategy(operation.operands)


@cache
def _strategy(family: OperandFamily) -> OperandStrategy:
    """The strategy of a family. Raises KeyError for a name that is in no table."""
    if family.name in STRATEGIES and not family.arguments and not family.options:
        return STRATEGIES[family.name]
    arguments = (_strategy(a) if isinstance(a, OperandFamily) else a for a in family.arguments)
    return FACTORIES[family.name](*arguments, **dict(family.options))
