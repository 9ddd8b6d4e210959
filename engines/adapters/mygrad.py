"""MyGrad: first derivatives only, by backward, which leaves NumPy arrays that know nothing of how
they were made.
"""

from __future__ import annotations

from ad_conformance.engines.contract import Engine
from ad_conformance.generators.catalogue.extra import complex_ops as detours
from ad_conformance.generators.catalogue.operation import Call
from ad_conformance.generators.render.dialect import Dialect

HEADER = """\
import functools

import mygrad as mg
import mygrad.nnet
import numpy as np


def pullback(f, w=None):
    def derivative(x):
        t = mg.tensor(x)
        f(t).backward(w)
        return np.zeros_like(t.data) if t.grad is None else t.grad

    return derivative


def jacobian(f):
    def derivative(x):
        t = mg.tensor(x)
        shape = f(t).shape
        rows = np.eye(int(np.prod(shape)), dtype=t.dtype)
        entries = [pullback(f, row.reshape(shape))(x) for row in rows]
        return np.reshape(entries, shape + t.shape).astype(t.dtype)

    return derivative
"""


def _take(call: Call) -> str:
    axis = call.params["axis"] % len(call.shapes[0])
    return f"{call.operands[0]}[{', '.join([':'] * axis + [str(list(call.params['indices']))])}]"


LACKING = (
    *(row.name for row in detours.ROWS),
    "round", "trunc", "floor", "ceil", "sign", "hypot", "remainder", "floor_divide", "copysign", "flip", "tril", "triu",
    "diag", "diagonal", "tensordot", "outer", "trace", "det", "inv", "solve", "matrix_norm",
    "sort",
)  # fmt: skip

mygrad = Engine(
    name="mygrad",
    distribution="mygrad",
    module="mygrad",
    header=HEADER,
    dialect=Dialect(
        namespace="mg",
        array="mg.tensor({value}, constant=True)",
        single="mg.tensor({value}, dtype=np.float32, constant=True)",
        templates={
            **dict.fromkeys(LACKING),
            **{
                name: f"mg.arc{name[1:]}({{0}})"
                for name in ("asin", "acos", "atan", "asinh", "acosh", "atanh")
            },
            "atan2": "mg.arctan2({0}, {1})",
            "cumulative_sum": "mg.cumsum({0}, axis={axis})",
            "cumulative_prod": "mg.cumprod({0}, axis={axis})",
            "concat": "mg.concatenate([{args}], axis={axis})",
            "permute_dims": "mg.transpose({0}, {axes})",
            "matrix_transpose": "mg.swapaxes({0}, -1, -2)",
            "take": _take,
            "vecdot": "mg.einsum('...i,...i->...', {0}, {1})",
            "vector_norm": "mg.linalg.norm({0}, axis={axis})",
            "einsum": "mg.einsum('{subscripts}', {args})",
            "exp2": "mg.exp2({0})",
            "cbrt": "mg.cbrt({0})",
            "sinc": "mg.sinc({0})",
            "var": "mg.var({0}, axis={axis}, keepdims={keepdims}, ddof={correction})",
            "std": "mg.std({0}, axis={axis}, keepdims={keepdims}, ddof={correction})",
            "moveaxis": "mg.moveaxis({0}, {source}, {destination})",
            "squeeze": "mg.squeeze({0}, axis={axis})",
            "repeat": lambda call: (
                f"mg.repeat({call.operands[0]}, {list(call.params['repeats'])}, "
                f"axis={call.params['axis']})"
            ),
            "expit": "mygrad.nnet.sigmoid({0})",
            "relu": "mygrad.nnet.relu({0})",
            "softmax": "mygrad.nnet.softmax({0}, axis={axis})",
            "log_softmax": "mygrad.nnet.logsoftmax({0}, axis={axis})",
            "softsign": "mygrad.nnet.soft_sign({0})",
            "selu": "mygrad.nnet.selu({0})",
            "leaky_relu": "mygrad.nnet.leaky_relu({0}, {slope})",
            "elu": "mygrad.nnet.elu({0}, {alpha})",
            "masked_sqrt": "mg.where({0} > {threshold}, mg.sqrt({0}), 0.0)",
            "masked_log": "mg.where({0} > {threshold}, mg.log({0}), 0.0)",
            "masked_reciprocal": "mg.where({0} > {threshold}, mg.reciprocal({0}), 0.0)",
            "root_at_least": "mg.maximum(mg.sqrt(mg.square({0})), {least})",
            "reciprocal_at_most": "mg.minimum(mg.reciprocal(mg.square({0})), {most})",
            "largest_root": "mg.max(mg.sqrt(mg.square({0})), axis={axis})",
            "masked_sum": "mg.sum(mg.where({0} > {threshold}, {0}, 0.0), axis={axis})",
            "masked_prod": "mg.prod(mg.where({0} > {threshold}, {0}, 1.0), axis={axis})",
            "newton_sqrt": "functools.reduce(lambda t, k: (t + {0} / t) / 2, range({count}), "
            "mg.ones_like({0}))",
            "logistic_map": "functools.reduce(lambda t, k: {rate} * t * (1 - t), range({count}), "
            "{0})",
        },
    ),
    mode_transforms={"R": "jacobian({f})"},
    operators={"gradient": "pullback({f})", "pullback": "pullback({f}, {w})"},
    modes="R",
)
