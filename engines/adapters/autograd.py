"""HIPS autograd: nested reverse mode, and forward mode through make_jvp."""

from __future__ import annotations

from engines.contract import Engine
from generators.dialects import Dialect
from generators.operations import Call

HEADER = """\
import autograd.numpy as np
import autograd.scipy.special as special
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


SPECIAL = (
    "beta", "betaln", "digamma", "erf", "erfc", "erfinv", "expit", "gamma", "i0", "i1", "j0", "j1", "logit",
)  # fmt: skip

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
            **{name: f"special.{name}({{args}})" for name in SPECIAL},
            "lgamma": "special.gammaln({0})",
            "polygamma": "special.polygamma({n}, {0})",
            "exp2": "np.exp2({0})",
            "sinc": "np.sinc({0})",
            "logsumexp": "special.logsumexp({0}, axis={axis}, keepdims={keepdims})",
            "vector_norm": "np.linalg.norm({0}, axis={axis})",
            "matrix_norm": "np.linalg.norm({0}, axis=(-2, -1))",
        },
    ),
    levels={"R": "jacobian({f})", "F": "jacfwd({f})"},
    unsupported=(("NotImplementedError", r"^(VJP|JVP) of .* not defined"),),
)
