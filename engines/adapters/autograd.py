"""HIPS autograd: nested reverse mode, and forward mode through make_jvp."""

from __future__ import annotations

from dataclasses import replace

from engines.contract import Engine
from generators.dialects import Dialect
from generators.operations import Call, along, whole_index

HEADER = """\
import autograd.numpy as np
from autograd import jacobian
from autograd.differential_operators import make_jvp


def jacfwd(f):
    def derivative(x):
        basis = np.eye(x.size).reshape((x.size,) + x.shape)
        columns = [make_jvp(f)(x)(tangent)[1] for tangent in basis]
        return np.stack(columns, axis=-1).reshape(columns[0].shape + x.shape)

    return derivative
"""

# The one order of axes that autograd's rule for diagonal is documented to take.
DIAGONAL = "np.diagonal({0}, axis1=-1, axis2=-2)"


def _trace(call: Call) -> str:
    x = call.operands[0]
    return f"np.trace({x})" if len(call.shapes[0]) == 2 else f"np.sum({DIAGONAL.format(x)}, axis=-1)"


def _take(call: Call) -> str:
    axis = call.params["axis"] % len(call.shapes[0])
    return f"{call.operands[0]}[{', '.join([':'] * axis + [str(list(call.params['indices']))])}]"


def _gather(call: Call) -> str:
    return f"{call.operands[0]}[{', '.join(f'np.array({places})' for places in whole_index(call))}]"


def _pad_constant(call: Call) -> str:
    given = call.params["widths"]
    pairs = [(0, 0)] * (len(call.shapes[0]) - len(given) // 2) + list(zip(given[::2], given[1::2], strict=True))[::-1]
    return f"np.pad({call.operands[0]}, {pairs}, mode='constant', constant_values={call.params['value']})"


def _repeat(call: Call) -> str:
    repeats = call.params["repeats"]
    return f"np.repeat({call.operands[0]}, {repeats[0] if len(repeats) == 1 else list(repeats)}, {call.params['axis']})"


def _sort(call: Call) -> str:
    ordered = f"np.sort({call.operands[0]}, axis={call.params['axis']})"
    return f"np.flip({ordered}, {call.params['axis']})" if call.params["descending"] else ordered


def _kth_value(call: Call) -> str:
    k = call.params["k"] - 1
    part = f"np.partition({call.operands[0]}, {k}, axis={call.params['axis']})"
    return along(replace(call, operands=(part,)), str(k))


autograd = Engine(
    name="autograd",
    distribution="autograd",
    module="autograd",
    header=HEADER,
    dialect=Dialect(
        namespace="np",
        array="np.array({value})",
        spellings={
            "asin": "np.arcsin({0})",
            "acos": "np.arccos({0})",
            "atan": "np.arctan({0})",
            "asinh": "np.arcsinh({0})",
            "acosh": "np.arccosh({0})",
            "atanh": "np.arctanh({0})",
            "atan2": "np.arctan2({0}, {1})",
            "cumulative_sum": "np.cumsum({0}, axis={axis})",
            "cumulative_prod": "np.cumprod({0}, axis={axis})",
            "concat": "np.concatenate([{args}], axis={axis})",
            "permute_dims": "np.transpose({0}, {axes})",
            "matrix_transpose": "np.swapaxes({0}, -1, -2)",
            "take": _take,
            "diagonal": DIAGONAL,
            "trace": _trace,
            "outer": "np.outer({0}, {1})",
            "vecdot": "np.einsum('...i,...i->...', {0}, {1})",
            "vector_norm": "np.linalg.norm({0}, axis={axis})",
            "matrix_norm": "np.linalg.norm({0}, axis=(-2, -1))",
            # gathering, moving, masking
            "take_along_axis": _gather,
            "split": "np.array_split({0}, {sections}, axis={axis})[{which}]",
            "pad_constant": _pad_constant,
            "tile": "np.tile({0}, {repetitions})",
            "repeat": _repeat,
            "roll_axes": "np.roll({0}, {shift}, axis={axis})",
            "rot90": "np.rot90({0}, {k})",
            "moveaxis": "np.moveaxis({0}, {source}, {destination})",
            "squeeze": "np.squeeze({0}, axis={axis})",
            "tril_offset": "np.tril({0}, {k})",
            "triu_offset": "np.triu({0}, {k})",
            "masked_sqrt": "np.where({0} > {threshold}, np.sqrt({0}), 0.0)",
            "masked_log": "np.where({0} > {threshold}, np.log({0}), 0.0)",
            "masked_reciprocal": "np.where({0} > {threshold}, np.reciprocal({0}), 0.0)",
            "masked_sum": "np.sum(np.where({0} > {threshold}, {0}, 0.0), axis={axis})",
            "masked_prod": "np.prod(np.where({0} > {threshold}, {0}, 1.0), axis={axis})",
            "masked_max": "np.max(np.where({0} > {threshold}, {0}, {threshold} - 1.0), axis={axis})",
            # statistics
            "sort": _sort,
            "kth_value": _kth_value,
            "var": "np.var({0}, axis={axis}, keepdims={keepdims}, ddof={correction})",
            "std": "np.std({0}, axis={axis}, keepdims={keepdims}, ddof={correction})",
            "diff": "np.diff({0}, n={n}, axis={axis})",
        },
    ),
    levels={"R": "jacobian({f})", "F": "jacfwd({f})"},
    unsupported=(
        ("NotImplementedError", r"^(VJP|JVP) of .* not defined"),
        ("NotImplementedError", r"^Gradient of (sort|partition) not implemented"),
    ),
)
