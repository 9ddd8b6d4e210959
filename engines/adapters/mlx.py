"""MLX: vjp and jvp, vectorized by vmap, in float32: in float64 its functions are good to eight
digits only.
"""

from __future__ import annotations

from collections.abc import Callable

from ad_conformance.engines.contract import Engine
from ad_conformance.generators.catalogue.extra.control_flow import body_text
from ad_conformance.generators.catalogue.operation import Call, along, padded
from ad_conformance.generators.render.dialect import Dialect, UnsupportedOperation

HEADER = """\
import functools
import itertools

import mlx.core as mx
import mlx.nn as nn
import numpy as np


def jvp(f, v):
    return lambda x: mx.jvp(f, [x], [v])[1][0]


def vjp(f, w):
    return lambda x: mx.vjp(f, [x], [w])[1][0]


def basis(y):
    return mx.eye(y.size).reshape((y.size, *y.shape))


def jacrev(f):
    def derivative(x):
        y = f(x)
        if not y.size:
            return mx.zeros(y.shape + x.shape)
        return mx.vmap(lambda w: vjp(f, w)(x))(basis(y)).reshape(y.shape + x.shape)

    return derivative


def jacfwd(f):
    def derivative(x):
        if not x.size:
            return mx.zeros(f(x).shape + x.shape)
        return mx.vmap(lambda v: jvp(f, v)(x), out_axes=-1)(basis(x)).reshape(f(x).shape + x.shape)

    return derivative
"""


def _take(call: Call) -> str:
    indices = f"mx.array({list(call.params['indices'])}, mx.int32)"
    return f"mx.take({call.operands[0]}, {indices}, axis={call.params['axis']})"


def _update(method: str) -> Callable[[Call], str]:
    def write(call: Call) -> str:
        indices = f"mx.array({list(call.params['indices'])}, mx.int32)"
        return f"{along(call, indices, '.at')}.{method}({call.operands[1]})"

    return write


def _vector_norm(call: Call) -> str:
    x, axis = call.operands[0], call.params["axis"]
    return (
        f"mx.linalg.norm(mx.flatten({x}))" if axis is None else f"mx.linalg.norm({x}, axis={axis})"
    )


def _sort(call: Call) -> str:
    if call.params["descending"]:
        raise UnsupportedOperation("descending")
    return f"mx.sort({call.operands[0]}, axis={call.params['axis']})"


def _inner(call: Call) -> str:
    return f"mx.grad(lambda t: mx.sum({body_text(call)}))"


def _descent(call: Call) -> str:
    rate, count = call.params["rate"], call.params["count"]
    return (
        f"functools.reduce(lambda q, k: q - {rate} * {_inner(call)}(q), range({count}), "
        f"{call.operands[0]})"
    )


# Whatever triangle an engine reads; decompositions are there on the CPU only.
SYMMETRIC = "({0} + mx.swapaxes({0}, -1, -2)) / 2"
CPU = "stream=mx.cpu)"
IF = "mx.where({{0}} > {{threshold}}, {value}, {otherwise})"
LACKING = (
    "complex_square_abs", "complex_angle", "complex_log", "complex_sqrt", "complex_det", "complex_inv", "complex_solve",
    "complex_power", "fft_power", "hypot", "copysign", "trunc",
)  # fmt: skip

mlx = Engine(
    name="mlx",
    distribution="mlx",
    module="mlx.core",
    header=HEADER,
    dialect=Dialect(
        namespace="mx",
        array=None,
        single="mx.array({value}, dtype=mx.float32)",
        templates={
            **dict.fromkeys(LACKING),
            "asin": "mx.arcsin({0})",
            "acos": "mx.arccos({0})",
            "atan": "mx.arctan({0})",
            "asinh": "mx.arcsinh({0})",
            "acosh": "mx.arccosh({0})",
            "atanh": "mx.arctanh({0})",
            "atan2": "mx.arctan2({0}, {1})",
            "positive": "+{0}",
            "logical_xor": None,
            "cumulative_sum": "mx.cumsum({0}, axis={axis})",
            "cumulative_prod": "mx.cumprod({0}, axis={axis})",
            "concat": "mx.concatenate([{args}], axis={axis})",
            "permute_dims": "mx.transpose({0}, {axes})",
            "matrix_transpose": "mx.swapaxes({0}, -1, -2)",
            "flip": "mx.flip({0}, axis={axis})",
            "take": _take,
            "diagonal": "mx.diagonal({0}, 0, -2, -1)",
            "outer": "mx.outer({0}, {1})",
            "vecdot": "mx.vecdot({0}, {1})",
            "trace": "mx.trace({0}, 0, -2, -1)",
            "det": "mx.linalg.det({0}, " + CPU,
            "inv": "mx.linalg.inv({0}, " + CPU,
            "solve": "mx.linalg.solve({0}, {1}, " + CPU,
            "vector_norm": _vector_norm,
            "matrix_norm": "mx.linalg.norm({0}, axis=(-2, -1))",
            "einsum": "mx.einsum('{subscripts}', {args})",
            "erf": "mx.erf({0})",
            "erfinv": "mx.erfinv({0})",
            "expit": "mx.sigmoid({0})",
            "logsumexp": "mx.logsumexp({0}, axis={axis}, keepdims={keepdims})",
            "logcumsumexp": "mx.logcumsumexp({0}, axis={axis})",
            "softmax": "mx.softmax({0}, axis={axis})",
            "log_softmax": "nn.log_softmax({0}, axis={axis})",
            "cholesky": f"mx.linalg.cholesky({SYMMETRIC}, " + CPU,
            "eigvalsh": f"mx.linalg.eigvalsh({SYMMETRIC}, " + CPU,
            "pinv": "mx.linalg.pinv({0}, " + CPU,
            "slogdet": "mx.linalg.slogdet({0}, " + CPU + "[1]",
            "kron": "mx.kron({0}, {1})",
            "inner": "mx.inner({0}, {1})",
            "cross": "mx.linalg.cross({0}, {1}, axis={axis})",
            "convolve": "mx.convolve({0}, {1}, mode={mode!r})",
            # gathering, moving, masking
            "take_along_axis": "mx.take_along_axis({0}, mx.array({indices}), axis={axis})",
            "unstack": "mx.unstack({0}, axis={axis})[{which}]",
            "pad_constant": padded("mx.pad", "constant"),
            "pad_edge": padded("mx.pad", "edge"),
            "tile": "mx.tile({0}, {repetitions})",
            "roll_axes": "mx.roll({0}, {shift}, axis={axis})",
            "moveaxis": "mx.moveaxis({0}, {source}, {destination})",
            "squeeze": "mx.squeeze({0}, axis={axis})",
            "tril_offset": "mx.tril({0}, {k})",
            "triu_offset": "mx.triu({0}, {k})",
            "diagonal_offset": "mx.diagonal({0}, {offset}, -2, -1)",
            "index_add": _update("add"),
            "index_multiply": _update("multiply"),
            "index_max": _update("maximum"),
            "masked_sqrt": IF.format(value="mx.sqrt({0})", otherwise="0.0"),
            "masked_log": IF.format(value="mx.log({0})", otherwise="0.0"),
            "masked_reciprocal": IF.format(value="mx.reciprocal({0})", otherwise="0.0"),
            "masked_sum": "mx.sum(" + IF.format(value="{0}", otherwise="0.0") + ", axis={axis})",
            "masked_prod": "mx.prod(" + IF.format(value="{0}", otherwise="1.0") + ", axis={axis})",
            "root_at_least": "mx.maximum(mx.sqrt(mx.square({0})), {least})",
            "reciprocal_at_most": "mx.minimum(mx.reciprocal(mx.square({0})), {most})",
            "largest_root": "mx.max(mx.sqrt(mx.square({0})), axis={axis})",
            # statistics
            "sort": _sort,
            "median": "mx.median({0}, axis={axis}, keepdims={keepdims})",
            "cumulative_max": "mx.cummax({0}, axis={axis})",
            "cumulative_min": "mx.cummin({0}, axis={axis})",
            "var": "mx.var({0}, axis={axis}, keepdims={keepdims}, ddof={correction})",
            "std": "mx.std({0}, axis={axis}, keepdims={keepdims}, ddof={correction})",
            "diff": "mx.diff({0}, n={n}, axis={axis})",
            # networks
            **{
                name: f"nn.{name}({{0}})"
                for name in ("softplus", "silu", "mish", "gelu", "softsign", "relu", "relu6")
            },
            "logsigmoid": "nn.log_sigmoid({0})",
            "gelu_tanh": "nn.gelu_approx({0})",
            "leaky_relu": "nn.leaky_relu({0}, {slope})",
            "elu": "nn.elu({0}, {alpha})",
            "celu": "nn.celu({0}, {alpha})",
            "selu": "nn.selu({0})",
            "glu": "nn.glu({0}, axis={axis})",
            # derivatives inside a program, and what is repeated
            "newton_sqrt": "functools.reduce(lambda t, k: (t + {0} / t) / 2, range({count}), "
            "mx.ones_like({0}))",
            "logistic_map": "functools.reduce(lambda t, k: {rate} * t * (1 - t), range({count}), "
            "{0})",
            "scan_decay": "mx.stack(list(itertools.accumulate({0}, lambda h, v: {decay} * h + v)))",
            "checkpointed": "mx.checkpoint(lambda t: mx.sin(t) * mx.exp(-t * t))({0})",
            "inner_derivative": lambda call: f"{_inner(call)}({call.operands[0]})",
            "inner_second_derivative": lambda call: (
                f"mx.grad(lambda s: mx.sum({_inner(call)}(s)))({call.operands[0]})"
            ),
            "inner_pushforward": lambda call: (
                f"jvp(lambda t: {body_text(call)}, {call.operands[1]})({call.operands[0]})"
            ),
            "descent": _descent,
        },
    ),
    mode_transforms={"R": "jacrev({f})", "F": "jacfwd({f})"},
    operators={
        "gradient": "mx.grad({f})",
        "pushforward": "jvp({f}, {v})",
        "pullback": "vjp({f}, {w})",
    },
    unsupported=(
        ("ValueError", r"^\[Primitive::(vjp|jvp|vmap)\] Not implemented for \w+\.$"),
        ("RuntimeError", r"^\[\w+\] (JVP not yet|VJP not) implemented|^JVP is not implemented for"),
    ),
    dtype="float32",
)
