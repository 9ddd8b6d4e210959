"""HIPS autograd: nested reverse mode, and forward mode through make_jvp."""

from __future__ import annotations

from dataclasses import replace

from ad_conformance.engines.adapters.autograd import special
from ad_conformance.engines.adapters.autograd.linear import (
    COMPLEX,
    FOURIER,
    LINEAR,
    MOVES,
    REDUCTIONS,
)
from ad_conformance.engines.adapters.autograd.names import NAMES
from ad_conformance.engines.adapters.numpy_calls import ascending_sort, repeat, selected, solver
from ad_conformance.engines.adapters.numpy_family import (
    BEFORE_NUMPY_2,
    LOOPS,
    NUMPY,
    called,
    decompositions,
    derivatives,
    shared,
    symmetric,
    unrolled_bodies,
)
from ad_conformance.engines.adapters.wrappers.autograd import CLOSED, FUNCTIONS, WRAPPERS
from ad_conformance.engines.contract import Engine
from ad_conformance.generators.catalogue.batches.windows import pairs_of
from ad_conformance.generators.catalogue.operation import (
    Call,
    Template,
    along,
    order_text,
    padded,
    whole_index,
)
from ad_conformance.generators.render.dialect import Dialect, UnsupportedOperation

HEADER = """\
import functools
import itertools

import autograd.builtins as builtins
import autograd.numpy as np
import autograd.scipy.linalg as linalg
import autograd.scipy.signal as signal
import autograd.scipy.special as special
import autograd.scipy.stats as stats
from autograd import elementwise_grad, grad, jacobian
from autograd.differential_operators import make_jvp, make_vjp


def jacfwd(f):
    def derivative(x):
        basis = np.eye(x.size, dtype=x.dtype).reshape((x.size,) + x.shape)
        columns = [make_jvp(f)(x)(tangent)[1] for tangent in basis]
        return np.stack(columns, axis=-1).reshape(columns[0].shape + x.shape)

    return derivative
"""

# autograd documents that its rule for diagonal takes these axes in this order only.
DIAGONAL = "np.diagonal({0}, axis1=-1, axis2=-2)"
TRANSPOSE = "np.swapaxes({0}, -1, -2)"
SYMMETRIC = symmetric(TRANSPOSE)


def _trace(call: Call) -> str:
    x = call.operands[0]
    if len(call.shapes[0]) == 2:
        return f"np.trace({x})"
    return f"np.sum({DIAGONAL.format(x)}, axis=-1)"


def _vector_norm(call: Call) -> str:
    x, axis, ndim = call.operands[0], call.params["axis"], len(call.shapes[0])
    order, keepdims = order_text(call.params["ord"]), call.params["keepdims"]
    if axis is None:
        text = f"np.linalg.norm(np.ravel({x}), {order})"
        return f"np.reshape({text}, {(1,) * ndim})" if keepdims else text
    text = f"np.linalg.norm({x}, {order}, axis={axis})"
    return f"np.expand_dims({text}, {axis})" if keepdims else text


def _matrix_norm(call: Call) -> str:
    # autograd documents that it does not have the other orders.
    if call.params["ord"] != "nuc":
        raise UnsupportedOperation("matrix_norm_ord")
    return f"np.linalg.norm({call.operands[0]}, 'nuc', axis=(-2, -1))"


def _convolve(call: Call) -> str:
    x, y = call.operands
    mode = call.params["mode"]
    # NumPy slides the shorter operand along the longer one. SciPy, which autograd follows here,
    # always slides the second along the first.
    if mode != "full" and call.shapes[0] < call.shapes[1]:
        x, y = y, x
    return f"signal.convolve({x}, {y}, mode={mode!r})"


def _convolution(call: Call) -> str:
    x, weight, *bias = call.operands
    p, axes = call.params, len(call.shapes[0]) - 2
    # autograd's convolution has no strides, dilation or groups.
    if any(n != 1 for n in (*p["stride"], *p["dilation"], p["groups"])):
        raise UnsupportedOperation("convolution with strides, dilation or groups")
    spatial = list(range(2, axes + 2))
    pairs = [(0, 0), (0, 0), *pairs_of(p["padding"], axes)]
    if any(n for pair in pairs for n in pair):
        x = f"np.pad({x}, {pairs}, mode='constant')"
    text = (
        f"signal.convolve({x}, {weight}[{', '.join([':', ':', *['::-1'] * axes])}], "
        f"axes={(spatial, spatial)}, dot_axes=([1], [1]), mode='valid')"
    )
    return f"{text} + np.reshape({bias[0]}, {(1, -1) + (1,) * axes})" if bias else text


def _gather(call: Call) -> str:
    subscripts = ", ".join(f"np.array({indices})" for indices in whole_index(call))
    return f"{call.operands[0]}[{subscripts}]"


def _kth_value(call: Call) -> str:
    k = call.params["k"] - 1
    part = f"np.partition({call.operands[0]}, {k}, axis={call.params['axis']})"
    return along(replace(call, operands=(part,)), str(k))


LINEAR_ALGEBRA: dict[str, Template] = {
    "diagonal": DIAGONAL,
    "trace": _trace,
    **shared(
        NUMPY,
        *("outer", "vecdot", "vector_norm", "matrix_norm", "kron", "cross", "inner"),
        *("svdvals", "slogdet", "pinv"),
    ),
    **decompositions(
        *("cholesky", "eigenvector_weights", "eigh_exp", "eigh_sqrt", "polar_factor"),
        "column_projection",
        transpose=TRANSPOSE,
    ),
    "sqrtm": f"linalg.sqrtm({SYMMETRIC})",
    "eigvalsh": f"np.linalg.eigh({SYMMETRIC})[0]",
    "solve_triangular": solver(
        "linalg.solve_triangular({0}, {1}, trans={trans}, lower={lower}, "
        "unit_diagonal={unit_diagonal})"
    ),
    "vector_norm_ord": _vector_norm,
    "matrix_norm_ord": _matrix_norm,
    "convolve": _convolve,
    "convolution": _convolution,
}
INDEXING: dict[str, Template] = {
    **shared(
        NUMPY,
        *("matrix_transpose", "split", "tile", "roll_axes", "rot90", "moveaxis", "squeeze"),
        *("tril_offset", "triu_offset"),
        *("masked_sum", "masked_prod", "masked_max"),
    ),
    "take": selected("{entries}", "{list}"),
    "take_along_axis": _gather,
    "pad_constant": padded("np.pad", "constant"),
    "repeat": repeat("np.repeat({0}, {count}, {axis})", "{list}"),
}

autograd = Engine(
    name="autograd",
    distribution="autograd",
    module="autograd",
    header=HEADER,
    dialect=Dialect(
        namespace="np",
        array="np.array({value})",
        single="np.array({value}, dtype=np.float32)",
        templates={
            **shared(NUMPY, *BEFORE_NUMPY_2, "exp2", "sinc"),
            **called(
                "special",
                *("beta", "betaln", "digamma", "erf", "erfc", "erfinv", "expit", "gamma"),
                *("i0", "i1", "j0", "j1", "logit"),
            ),
            **shared(NUMPY, "lgamma", "polygamma", "logsumexp", namespace="special"),
            **LINEAR_ALGEBRA,
            **INDEXING,
            **LINEAR,
            **MOVES,
            **REDUCTIONS,
            **FOURIER,
            **COMPLEX,
            "sort": ascending_sort("np.sort({0}, axis={axis})", "np.flip({sorted}, {axis})"),
            "kth_value": _kth_value,
            **shared(NUMPY, "var", "std", "diff"),
            **special.TEMPLATES,
            **shared(LOOPS, *LOOPS),
            **unrolled_bodies(),
            **derivatives(
                first="elementwise_grad(lambda t: {body})",
                second="elementwise_grad({first})",
                pushforward="make_jvp(lambda t: {body})({0})({1})[1]",
            ),
        },
        names=NAMES,
    ),
    mode_transforms={"R": "jacobian({f})", "F": "jacfwd({f})"},
    operators={
        "gradient": "grad({f})",
        "pushforward": "lambda x: make_jvp({f})(x)({v})[1]",
        "pullback": "lambda x: make_vjp({f})(x)[0]({w})",
    },
    wrappers=WRAPPERS,
    wrapper_functions=FUNCTIONS,
    closed_wrappers=CLOSED,
    unsupported=(
        ("NotImplementedError", r"^Currently make_diagonal only supports"),
        ("NotImplementedError", r"^(VJP|JVP) of .* not defined|^Gradient of .* not implemented"),
        (
            "NotImplementedError",
            r"^Real FFT gradient for odd lengthed last axes is not implemented",
        ),
    ),
)
