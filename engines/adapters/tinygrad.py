"""tinygrad: gradients, once over themselves, on the device that is written in Python and needs no
compiler.

On this device the third order of a program with a dozen entries takes more than a minute.
"""

from __future__ import annotations

from ad_conformance.engines.adapters.numpy_calls import selected
from ad_conformance.engines.adapters.numpy_family import LOOPS, derivatives, shared
from ad_conformance.engines.contract import Engine
from ad_conformance.generators.catalogue.extra import complex_ops
from ad_conformance.generators.render.dialect import Dialect

HEADER = """\
import functools

import numpy as np
from tinygrad import Tensor, dtypes


def array(value, dtype=dtypes.float64):
    # From a list even if it is a number: tinygrad compiles a constant for another device.
    return Tensor(np.ravel(value).tolist(), dtype=dtype).reshape(np.shape(value))


def own(x):
    # A new tensor: f may capture x itself, which is constant here.
    return x.clone()


def pullback(f, w=None):
    def derivative(x):
        t = own(x)
        return f(t).gradient(t, gradient=w)[0]

    return derivative


def jacobian(f):
    def derivative(x):
        t = own(x)
        y = f(t)
        if not y.numel() or not t.numel():
            return Tensor.zeros(y.shape + t.shape, dtype=y.dtype)
        flat = y.reshape(-1)
        rows = [flat[i].gradient(t)[0] for i in range(y.numel())]
        return Tensor.stack(*rows).reshape(y.shape + t.shape)

    return derivative
"""


LACKING = (
    *(row.name for row in complex_ops.ROWS),
    *("log1p", "expm1", "positive", "hypot", "atan2", "floor_divide", "tensordot", "outer", "det"),
    *("inv", "solve", "vector_norm", "matrix_norm", "trace", "vecdot"),
    # tinygrad has polynomials for these, which are correct in single precision only.
    *("asin", "acos", "atan", "erf"),
)
#: Operations that are methods of a tensor, of the same name.
METHODS = (
    *("sin", "cos", "tan", "exp", "log", "log2", "log10", "sqrt", "square", "tanh", "sinh", "cosh"),
    *("asinh", "acosh", "atanh", "reciprocal", "abs", "sign", "floor", "ceil", "trunc", "round"),
    *("tril", "triu", "diag", "exp2", "softplus", "logsigmoid", "silu", "mish", "softsign"),
    *("relu", "relu6", "logical_not"),
)

tinygrad = Engine(
    name="tinygrad",
    distribution="tinygrad",
    module="tinygrad",
    header=HEADER,
    dialect=Dialect(
        namespace="Tensor",
        array="array({value})",
        single="array({value}, dtypes.float32)",
        templates={
            **dict.fromkeys(LACKING),
            **{name: f"{{0}}.{name}()" for name in METHODS},
            **{
                name: f"{{0}}.{name}({{1}})"
                for name in ("maximum", "minimum", "logaddexp", "copysign")
            },
            "negative": "-{0}",
            "clip": "{0}.clip({min}, {max})",
            "remainder": "{0} % {1}",
            "logical_and": "{0} & {1}",
            "logical_or": "{0} | {1}",
            "logical_xor": "{0} ^ {1}",
            "where": "{0}.where({1}, {2})",
            **{
                name: f"{{0}}.{name}(axis={{axis}}, keepdim={{keepdims}})"
                for name in ("sum", "prod", "mean", "max", "min", "logsumexp")
            },
            "cumulative_sum": "{0}.cumsum({axis})",
            "cumulative_prod": "{0}.cumprod({axis})",
            "stack": "Tensor.stack({args}, dim={axis})",
            "concat": "Tensor.cat({args}, dim={axis})",
            "reshape": "{0}.reshape({shape})",
            "expand_dims": "{0}.unsqueeze({axis})",
            "permute_dims": "{0}.permute({axes})",
            "matrix_transpose": "{0}.transpose(-1, -2)",
            "flip": "{0}.flip({axis})",
            "roll": "{0}.roll({shift}, {axis})",
            "broadcast_to": "{0}.expand({shape})",
            "take": selected("{entries}", "Tensor({list}, dtype=dtypes.int32)"),
            "diagonal": "{0}.diagonal(0, -2, -1)",
            "matmul": "{0}.matmul({1})",
            "expit": "{0}.sigmoid()",
            "logcumsumexp": "{0}.logcumsumexp({axis})",
            "softmax": "{0}.softmax({axis})",
            "log_softmax": "{0}.log_softmax({axis})",
            "tril_offset": "{0}.tril({k})",
            "triu_offset": "{0}.triu({k})",
            "squeeze": "{0}.squeeze({axis})",
            "masked_sum": "({0} > {threshold}).where({0}, 0.0).sum({axis})",
            "masked_prod": "({0} > {threshold}).where({0}, 1.0).prod({axis})",
            "sort": "{0}.sort({axis}, {descending})[0]",
            "top_k": "{0}.topk({k})[0]",
            "var": "{0}.var(axis={axis}, keepdim={keepdims}, correction={correction})",
            "std": "{0}.std(axis={axis}, keepdim={keepdims}, correction={correction})",
            "gelu_tanh": "{0}.gelu()",
            "leaky_relu": "{0}.leaky_relu({slope})",
            "elu": "{0}.elu({alpha})",
            "celu": "{0}.celu({alpha})",
            "hardtanh": "{0}.hardtanh({min}, {max})",
            "newton_sqrt": (
                "functools.reduce(lambda t, k: (t + {0} / t) / 2, range({count}), {0}.ones_like())"
            ),
            **shared(LOOPS, "logistic_map"),
            **derivatives(
                first="pullback(lambda t: ({body}).sum())",
                second="pullback(lambda s: {first}(s).sum())",
                descent="",
            ),
        },
    ),
    mode_transforms={"R": "jacobian({f})"},
    operators={"gradient": "pullback({f})", "pullback": "pullback({f}, {w})"},
    # A zero in memory is added: tinygrad would compile a constant answer for another device.
    run="got = derivative(x)\ngot = (got + array(0.0, got.dtype)).numpy()",
    modes="R{1,2}",
    environment={"DEV": "PYTHON"},
    # The value itself: einsum does not broadcast axes of length 1.
    unsupported=(("RuntimeError", r"^\{.*\} contains different values for the same key$"),),
)
