"""MLX: vjp and jvp, vectorized by vmap.

It is asked in float32, because in float64 its functions are correct to eight digits only.
"""

from __future__ import annotations

from ad_conformance.engines.adapters.numpy_calls import lists, selected, unless
from ad_conformance.engines.adapters.numpy_family import (
    ACTIVATIONS,
    BEFORE_NUMPY_2,
    LOOPS,
    NUMPY,
    TORCH,
    called,
    derivatives,
    shared,
    symmetric,
)
from ad_conformance.engines.adapters.wrappers import mlx as wrappers
from ad_conformance.engines.contract import Engine
from ad_conformance.generators.catalogue.operation import Call, Template, padded
from ad_conformance.generators.render.dialect import Dialect

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


SYMMETRIC = symmetric("mx.swapaxes({0}, -1, -2)")
# MLX has decompositions on the CPU only.
CPU = "stream=mx.cpu)"
INDICES = "mx.array({list}, mx.int32)"
LACKING = (
    *("complex_square_abs", "complex_angle", "complex_log", "complex_sqrt", "complex_power"),
    *("complex_det", "complex_inv", "complex_solve", "fft_power"),
    *("hypot", "copysign", "trunc", "logical_xor"),
)


def _vector_norm(call: Call) -> str:
    x, axis = call.operands[0], call.params["axis"]
    if axis is None:
        return f"mx.linalg.norm(mx.flatten({x}))"
    return f"mx.linalg.norm({x}, axis={axis})"


LINEAR_ALGEBRA: dict[str, Template] = {
    **shared(NUMPY, "outer", "matrix_norm", "kron", "inner", "convolve"),
    **shared(TORCH, "cross"),
    "trace": "mx.trace({0}, 0, -2, -1)",
    "det": "mx.linalg.det({0}, " + CPU,
    "inv": "mx.linalg.inv({0}, " + CPU,
    "solve": "mx.linalg.solve({0}, {1}, " + CPU,
    "vector_norm": _vector_norm,
    "cholesky": f"mx.linalg.cholesky({SYMMETRIC}, " + CPU,
    "eigvalsh": f"mx.linalg.eigvalsh({SYMMETRIC}, " + CPU,
    "pinv": "mx.linalg.pinv({0}, " + CPU,
    "slogdet": "mx.linalg.slogdet({0}, " + CPU + "[1]",
}
INDEXING: dict[str, Template] = {
    **shared(
        NUMPY,
        *("matrix_transpose", "unstack", "tile", "roll_axes", "moveaxis", "squeeze"),
        *("tril_offset", "triu_offset", "diagonal_offset"),
        *("masked_sum", "masked_prod"),
    ),
    "take": lists("mx.take({0}, mx.array({indices}, mx.int32), axis={axis})"),
    "diagonal": "mx.diagonal({0}, 0, -2, -1)",
    "take_along_axis": "mx.take_along_axis({0}, mx.array({indices}), axis={axis})",
    "pad_constant": padded("mx.pad", "constant"),
    "pad_edge": padded("mx.pad", "edge"),
    "index_add": selected("{entries}.add({1})", INDICES, ".at"),
    "index_multiply": selected("{entries}.multiply({1})", INDICES, ".at"),
    "index_max": selected("{entries}.maximum({1})", INDICES, ".at"),
}
STATISTICS: dict[str, Template] = {
    "sort": unless(
        lambda call: bool(call.params["descending"]), "descending", "mx.sort({0}, axis={axis})"
    ),
    **shared(NUMPY, "median", "var", "std", "diff"),
    "cumulative_max": "mx.cummax({0}, axis={axis})",
    "cumulative_min": "mx.cummin({0}, axis={axis})",
}
NETWORKS: dict[str, Template] = {
    **shared(
        TORCH,
        *("silu", "mish", "gelu", "softsign", "relu", "relu6", "leaky_relu", "elu", "celu"),
        *("selu", "glu"),
        namespace="nn",
    ),
    **shared(ACTIVATIONS, "softplus", "logsigmoid", namespace="nn"),
    "gelu_tanh": "nn.gelu_approx({0})",
    **shared(NUMPY, "log_softmax", namespace="nn"),
    **shared(NUMPY, "softmax"),
}

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
            **shared(NUMPY, *BEFORE_NUMPY_2, "logsumexp", "logcumsumexp"),
            "positive": "+{0}",
            **called("mx", "erf", "erfinv"),
            **shared(TORCH, "expit"),
            **LINEAR_ALGEBRA,
            **INDEXING,
            **STATISTICS,
            **NETWORKS,
            **shared(LOOPS, "newton_sqrt", "logistic_map", "scan_decay"),
            "checkpointed": "mx.checkpoint(lambda t: mx.sin(t) * mx.exp(-t * t))({0})",
            **derivatives(
                first="mx.grad(lambda t: mx.sum({body}))",
                second="mx.grad(lambda s: mx.sum({first}(s)))",
                pushforward="jvp(lambda t: {body}, {1})({0})",
            ),
        },
    ),
    mode_transforms={"R": "jacrev({f})", "F": "jacfwd({f})"},
    operators={
        "gradient": "mx.grad({f})",
        "pushforward": "jvp({f}, {v})",
        "pullback": "vjp({f}, {w})",
    },
    wrappers=wrappers.WRAPPERS,
    wrapper_functions=wrappers.FUNCTIONS,
    slow_wrappers=("jit",),
    unsupported=(
        ("ValueError", r"^\[Primitive::(vjp|jvp|vmap)\] Not implemented for \w+\.$"),
        ("RuntimeError", r"^\[\w+\] (JVP not yet|VJP not) implemented|^JVP is not implemented for"),
    ),
    dtype="float32",
)
