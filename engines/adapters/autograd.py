"""HIPS autograd: nested reverse mode, and forward mode through make_jvp."""

from __future__ import annotations

from collections.abc import Callable

from engines.contract import Engine
from generators.catalogue.nesting import body_text
from generators.dialects import Dialect
from generators.operations import Call

HEADER = """\
import functools
import itertools

import autograd.numpy as np
import autograd.scipy.signal as signal
from autograd import elementwise_grad, jacobian
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


def _convolve(call: Call) -> str:
    x, y = call.operands
    mode = call.params["mode"]
    # NumPy takes the longer operand for the first; SciPy, which this one follows, the first as it stands.
    if mode != "full" and call.shapes[0] < call.shapes[1]:
        x, y = y, x
    return f"signal.convolve({x}, {y}, mode={mode!r})"


NETWORKS: dict[str, str | Callable[[Call], str]] = {"convolve": _convolve}


def _inner(call: Call) -> str:
    return f"elementwise_grad(lambda t: {body_text(call)})"


def _descent(call: Call) -> str:
    rate, count = call.params["rate"], call.params["count"]
    return f"functools.reduce(lambda q, k: q - {rate} * {_inner(call)}(q), range({count}), {call.operands[0]})"


NESTING: dict[str, str | Callable[[Call], str]] = {
    "newton_sqrt": "functools.reduce(lambda t, k: (t + {0} / t) / 2, range({count}), np.ones({0}.shape))",
    "logistic_map": "functools.reduce(lambda t, k: {rate} * t * (1 - t), range({count}), {0})",
    "scan_decay": "np.stack(list(itertools.accumulate({0}, lambda h, v: {decay} * h + v)))",
    "scan_tanh": "np.stack(list(itertools.accumulate({0}, lambda h, v: np.tanh({1} * h + v), initial=0.0))[1:])",
    "branch": "({0} * np.sin({0}) if np.sum({0}) > {threshold} else {0} * {0})",
    "inner_derivative": lambda call: f"{_inner(call)}({call.operands[0]})",
    "inner_second_derivative": lambda call: f"elementwise_grad({_inner(call)})({call.operands[0]})",
    "inner_pushforward": lambda call: (
        f"make_jvp(lambda t: {body_text(call)})({call.operands[0]})({call.operands[1]})[1]"
    ),
    "descent": _descent,
}

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
            **NETWORKS,
            **NESTING,
        },
    ),
    levels={"R": "jacobian({f})", "F": "jacfwd({f})"},
    unsupported=(
        ("NotImplementedError", r"^(VJP|JVP) of .* not defined"),
        ("NotImplementedError", r"^Real FFT gradient for odd lengthed last axes is not implemented"),
    ),
)
