"""TensorFlow: nested gradient tapes and forward accumulators, in one `tf.function` per case; the
engine `tensorflow-eager` runs them eagerly.

The first engine takes Jacobians as users do, vectorized by pfor. The second does not vectorize: a
Jacobian is one pullback for each entry, which takes more than a minute at the third order of
programs with a dozen entries.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace

from ad_conformance.engines.adapters.numpy_calls import (
    axis_from_0,
    column_solver,
    indexed,
    indices_from_0,
    lists,
    norm,
    repeat,
    unless,
)
from ad_conformance.engines.adapters.numpy_family import (
    ACTIVATIONS,
    LOOPS,
    NUMPY,
    TORCH,
    called,
    complex_detours,
    decompositions,
    derivatives,
    shared,
    symmetric,
)
from ad_conformance.engines.adapters.wrappers import tensorflow as wrappers
from ad_conformance.engines.contract import Engine
from ad_conformance.generators.catalogue.operation import Call, Template, padded
from ad_conformance.generators.render.dialect import Dialect, UnsupportedOperation

HEADER = """\
import functools

import numpy as np
import tensorflow as tf
import tensorflow.experimental.numpy as tnp

tf.config.threading.set_intra_op_parallelism_threads(1)
ZERO = tf.UnconnectedGradients.ZERO


def reverse(f, pull):
    def derivative(x):
        # A new tensor: f may capture x itself, which is constant here.
        t = tf.identity(x)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(t)
            y = f(t)
        return pull(tape, y, t)

    return derivative


def jacrev(f, pfor=True):
    def pull(tape, y, t):
        if y.shape.num_elements() == 0:
            return tf.zeros(y.shape + t.shape, y.dtype)
        return tape.jacobian(
            y, t, unconnected_gradients=ZERO, experimental_use_pfor=pfor
        )

    return reverse(f, pull)


def grad(f, w=None):
    def pull(tape, y, t):
        # The derivatives of gather come as slices.
        return tf.convert_to_tensor(tape.gradient(y, t, w, unconnected_gradients=ZERO))

    return reverse(f, pull)


def jvp(f, v):
    def derivative(x):
        t = tf.identity(x)
        with tf.autodiff.ForwardAccumulator(t, v) as accumulator:
            y = f(t)
        return tf.convert_to_tensor(accumulator.jvp(y, unconnected_gradients=ZERO))

    return derivative


def jacfwd(f):
    def derivative(x):
        size = x.shape.num_elements()
        if not size:
            y = f(x)
            return tf.zeros(y.shape + x.shape, y.dtype)
        basis = tf.reshape(tf.eye(size, dtype=x.dtype), [size, *x.shape])
        columns = [jvp(f, tangent)(x) for tangent in tf.unstack(basis)]
        return tf.reshape(tf.stack(columns, axis=-1), tf.concat([tf.shape(columns[0]), x.shape], 0))

    return derivative
"""


TRANSPOSE = "tf.linalg.matrix_transpose({0})"
SYMMETRIC = symmetric(TRANSPOSE)
SVD = "(*tf.linalg.svd({0}))"
COMPLEX = "tf.complex({0}, {1})"


def _reduction(name: str) -> str:
    return f"tf.math.reduce_{name}({{0}}, axis={{axis}}, keepdims={{keepdims}})"


def _matmul(call: Call) -> str:
    axes = [len(shape) for shape in call.shapes]
    if min(axes) > 1:
        name = "tf.linalg.matmul"
    elif axes[0] > 1:
        name = "tf.linalg.matvec"
    else:
        name = "tnp.matmul"
    return f"{name}({', '.join(call.operands)})"


def _indexed(template: str) -> Callable[[Call], str]:
    """TensorFlow documents that indices count from 0 only."""
    return indexed(template, "tf.constant({list}, dtype=tf.int64)")


def _update(method: str) -> Callable[[Call], str]:
    """TensorFlow updates rows only, and at least one of them."""

    def write_update(call: Call) -> str:
        rows = [[i] for i in indices_from_0(call)]
        if axis_from_0(call) or not rows:
            raise UnsupportedOperation("updates but of rows")
        return f"tf.tensor_scatter_nd_{method}({call.operands[0]}, {rows}, {call.operands[1]})"

    return write_update


def _sort(call: Call) -> str:
    direction = "DESCENDING" if call.params["descending"] else "ASCENDING"
    return f"tf.sort({call.operands[0]}, axis={call.params['axis']}, direction='{direction}')"


def _fft_round_trip(call: Call) -> str:
    transform = f"tf.signal.rfft({call.operands[0]})"
    return f"tf.signal.irfft({transform}, [{call.shapes[0][0]}])"


def _deviation(name: str) -> Callable[[Call], str]:
    return unless(lambda call: bool(call.params["correction"]), "correction", _reduction(name))


def _bad_order(call: Call) -> bool:
    """TensorFlow documents that orders of norms are positive numbers or infinity."""
    order = call.params["ord"]
    return order == "-inf" or (isinstance(order, float) and order <= 0)


def _stretched(call: Call) -> bool:
    """Whether a letter of an einsum has several lengths: TensorFlow wants them to be equal."""
    groups = call.params["subscripts"].partition("->")[0].split(",")
    lengths = {
        (letter, n)
        for letters, shape in zip(groups, call.shapes, strict=True)
        for letter, n in zip(letters, shape, strict=True)
    }
    return len(lengths) > len({letter for letter, _ in lengths})


CORE: dict[str, Template | None] = {
    # What TensorFlow has in its NumPy interface only.
    **called("tnp", "log2", "log10", "positive", "hypot", "logaddexp", "outer", "tril", "triu"),
    "trunc": "tnp.fix({0})",
    "clip": "tf.clip_by_value({0}, {min}, {max})",
    "remainder": "tf.math.floormod({0}, {1})",
    "floor_divide": "tf.math.floordiv({0}, {1})",
    "copysign": None,
    "where": "tf.where({0}, {1}, {2})",
    **{name: _reduction(name) for name in ("sum", "prod", "mean", "max", "min")},
    **shared(NUMPY, "cumulative_sum", "cumulative_prod"),
    **shared(TORCH, "stack", "concat", "roll", namespace="tf"),
    "reshape": lists("tf.reshape({0}, {shape})"),
    "expand_dims": "tf.expand_dims({0}, axis={axis})",
    **shared(NUMPY, "permute_dims", namespace="tf"),
    "matrix_transpose": TRANSPOSE,
    "flip": "tf.reverse({0}, [{axis}])",
    "broadcast_to": lists("tf.broadcast_to({0}, {shape})"),
    "take": _indexed("tf.gather({0}, {indices}, axis={axis_from_0})"),
    "diag": "tf.linalg.diag({0})",
    "diagonal": "tf.linalg.diag_part({0})",
    "matmul": _matmul,
    "tensordot": "tf.tensordot({0}, {1}, axes={axes})",
    "einsum": unless(
        _stretched, "einsum with lengths 1 and more", "tf.einsum('{subscripts}', {args})"
    ),
    **shared(NUMPY, "vecdot", namespace="tf"),
    "trace": "tf.linalg.trace({0})",
    "det": "tf.linalg.det({0})",
    "inv": "tf.linalg.inv({0})",
    "solve": column_solver("tf.linalg.solve({0}, {1})"),
    "vector_norm": "tf.norm({0}, axis={axis})",
    "matrix_norm": "tf.norm({0}, axis=(-2, -1))",
}
SPECIAL: dict[str, Template] = {
    **called("tnp", "exp2", "cbrt", "sinc"),
    **called(
        "tf.math",
        *("erf", "erfc", "erfinv", "ndtri", "lgamma", "digamma", "xlogy", "xlog1py"),
    ),
    **{
        name: f"tf.math.special.bessel_{name}({{0}})"
        for name in ("i0", "i1", "i0e", "i1e", "j0", "j1")
    },
    "polygamma": "tf.math.polygamma(tf.cast({n}, {0}.dtype), {0})",
    "zeta": "tf.math.zeta(tf.cast({s}, {0}.dtype), {0})",
    "betaln": unless(
        lambda call: call.shapes[0] != call.shapes[1],
        "betaln of two shapes",
        "tf.math.lbeta(tf.stack([{args}], axis=-1))",
    ),
    **shared(TORCH, "expit"),
    "expi": "tf.math.special.expint({0})",
    "logsumexp": "tf.math.reduce_logsumexp({0}, axis={axis}, keepdims={keepdims})",
    "logcumsumexp": "tf.math.cumulative_logsumexp({0}, axis={axis})",
    **shared(NUMPY, "softmax", "log_softmax", namespace="tf.nn"),
}
LINEAR_ALGEBRA: dict[str, Template] = {
    **decompositions(
        *("cholesky", "eigvalsh", "eigenvector_weights", "qr_r", "qr_q"),
        transpose=TRANSPOSE,
        diagonal="tf.linalg.diag_part(r)",
        qr="tf.linalg.qr({0}, full_matrices=False)",
        linalg="tf.linalg",
    ),
    "cholesky_solve": column_solver(
        f"tf.linalg.cholesky_solve(tf.linalg.cholesky({SYMMETRIC}), {{1}})"
    ),
    **shared(NUMPY, "matrix_exp", "slogdet", "pinv", namespace="tf"),
    "sqrtm": f"tf.linalg.sqrtm({SYMMETRIC})",
    "svdvals": "tf.linalg.svd({0}, compute_uv=False)",
    "polar_factor": f"(lambda s, u, v: tf.linalg.matmul(u, v, adjoint_b=True)){SVD}",
    "column_projection": f"(lambda s, u, v: tf.linalg.matmul(u, u, adjoint_b=True)){SVD}",
    "lstsq": column_solver("tf.linalg.lstsq({0}, {1})"),
    "lu_solve": column_solver("tf.linalg.lu_solve(*tf.linalg.lu({0}), {1})"),
    "solve_triangular": unless(
        lambda call: bool(call.params["unit_diagonal"]),
        "unit_diagonal",
        column_solver("tf.linalg.triangular_solve({0}, {1}, lower={lower}, adjoint={transpose})"),
    ),
    **shared(NUMPY, "kron", "inner", "cross", "polyval", namespace="tnp"),
    "vector_norm_ord": unless(
        _bad_order,
        "vector_norm_ord",
        norm("tf.norm({0}, {ord}, axis={axis}, keepdims={keepdims})"),
    ),
    "normalize": "tf.math.l2_normalize({0}, axis={axis}, epsilon=0.0)",
}
INDEXING: dict[str, Template] = {
    "take_along_axis": _indexed("tnp.take_along_axis({0}, {indices}, {axis_from_0})"),
    **shared(NUMPY, "unstack", "squeeze", "roll_axes", namespace="tf"),
    **shared(
        NUMPY,
        *("tile", "rot90", "moveaxis", "diagonal_offset", "tril_offset", "triu_offset"),
        namespace="tnp",
    ),
    "pad_constant": padded("tf.pad", "CONSTANT"),
    "pad_reflect": padded("tf.pad", "REFLECT"),
    "repeat": repeat("tf.repeat({0}, {count}, {axis})", "{list}"),
    "diag_embed": "tf.linalg.diag({0}, k={offset})",
    "index_set": _update("update"),
    "index_add": _update("add"),
    "index_max": _update("max"),
    # tf.where is in another namespace than the functions.
    "masked_sum": "tf.math.reduce_sum(tf.where({0} > {threshold}, {0}, 0.0), axis={axis})",
    "masked_prod": "tf.math.reduce_prod(tf.where({0} > {threshold}, {0}, 1.0), axis={axis})",
    "masked_max": (
        "tf.math.reduce_max(tf.where({0} > {threshold}, {0}, {threshold} - 1.0), axis={axis})"
    ),
}
STATISTICS: dict[str, Template] = {
    "sort": _sort,
    "sort_by": "tnp.take_along_axis({1}, tf.argsort({0}, axis={axis}, stable=True), {axis})",
    "top_k": "tf.math.top_k({0}, {k})[0]",
    "var": _deviation("variance"),
    "std": _deviation("std"),
    **shared(NUMPY, "nanmean", "ptp", "diff", namespace="tnp"),
}
_FFT = "tf.signal.fft(tf.complex({{{i}}}, tf.zeros_like({{{i}}})))"
FFT_0, FFT_1 = _FFT.format(i=0), _FFT.format(i=1)
COMPLEX_DETOURS: dict[str, Template] = {
    **complex_detours(make="tf.complex", functions="tf.math"),
    "complex_power": f"tf.math.imag({COMPLEX} ** {{exponent}})",
    "complex_det": f"tf.math.real(tf.linalg.det({COMPLEX}))",
    "complex_inv": f"tf.math.real(tf.linalg.inv({COMPLEX}))",
    "complex_solve": (
        f"tf.math.real(tf.linalg.solve({COMPLEX}, "
        "tf.complex({2}, tf.zeros_like({2}))[:, None]))[:, 0]"
    ),
    "rfft_real": "tf.math.real(tf.signal.rfft({0}))",
    "rfft_imag": "tf.math.imag(tf.signal.rfft({0}))",
    "fft_power": unless(
        lambda call: bool(call.params["norm"] != "backward"),
        "norm",
        f"tf.math.real({FFT_0} * tf.math.conj({FFT_0}))",
    ),
    "fft_round_trip": _fft_round_trip,
    "circular_convolution": f"tf.math.real(tf.signal.ifft({FFT_0} * {FFT_1}))",
}
ACTIVATION_FUNCTIONS: dict[str, Template] = {
    **shared(ACTIVATIONS, "gelu", "gelu_tanh", namespace="tf.nn"),
    **shared(ACTIVATIONS, "softplus", "logsigmoid"),
    **shared(TORCH, "softsign"),
    **shared(TORCH, "silu", "relu", "relu6", "leaky_relu", "selu", namespace="tf.nn"),
    "elu": unless(
        lambda call: bool(call.params["alpha"] != 1.0), "elu with alpha", "tf.nn.elu({0})"
    ),
}
CONTROL_FLOW: dict[str, Template] = {
    **shared(LOOPS, "newton_sqrt", "logistic_map", namespace="tf"),
    "scan_decay": "tf.scan(lambda h, v: {decay} * h + v, {0}, tf.zeros_like({0}[0]))",
    "scan_tanh": "tf.scan(lambda h, v: tf.math.tanh({1} * h + v), {0}, tf.zeros_like({0}[0]))",
    "branch": (
        "tf.cond(tf.math.reduce_sum({0}) > {threshold}, "
        "lambda: {0} * tf.math.sin({0}), lambda: {0} * {0})"
    ),
    "checkpointed": "tf.recompute_grad(lambda t: tf.math.sin(t) * tf.math.exp(-t * t))({0})",
    # The function `grad` of the header sums over the entries by itself.
    **derivatives(
        first="grad(lambda t: {body})",
        second="grad({first})",
        pushforward="jvp(lambda t: {body}, {1})({0})",
    ),
}

tensorflow = Engine(
    name="tensorflow",
    # Elsewhere, the distribution without GPUs has no wheels, or another name.
    distribution="tensorflow-cpu" if sys.platform == "linux" else "tensorflow",
    module="tensorflow",
    header=HEADER,
    dialect=Dialect(
        namespace="tf.math",
        array="tf.constant({value}, dtype=tf.float64)",
        single="tf.constant({value}, dtype=tf.float32)",
        templates={
            **CORE,
            **SPECIAL,
            **LINEAR_ALGEBRA,
            **INDEXING,
            **STATISTICS,
            **COMPLEX_DETOURS,
            **ACTIVATION_FUNCTIONS,
            **CONTROL_FLOW,
        },
    ),
    mode_transforms={"R": "jacrev({f})", "F": "jacfwd({f})"},
    operators={
        "gradient": "grad({f})",
        "pushforward": "jvp({f}, {v})",
        "pullback": "grad({f}, {w})",
    },
    wrappers=wrappers.WRAPPERS,
    wrapper_functions=wrappers.FUNCTIONS,
    closed_wrappers=wrappers.CLOSED,
    compile="derivative = tf.function({nested}, autograph=False).get_concrete_function(x)",
    # Reverse mode over two levels of forward mode is wrong for any function. The known failure
    # tensorflow-reverse-over-two-forwards has a case of it, by inner_pushforward.
    modes="(?!.*RFF)[RF]+",
    environment={"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""},
    unsupported=(
        ("LookupError", r"^gradient registry has no entry for|^No gradient defined for operation"),
        ("NotImplementedError", r"^recompute_grad tried to transpose grad of"),
        *wrappers.UNSUPPORTED,
    ),
)

eager = replace(
    tensorflow,
    name="tensorflow-eager",
    mode_transforms={"R": "jacrev({f}, pfor=False)", "F": "jacfwd({f})"},
    # The result of forward over forward mode depends on what the process computed before:
    # https://github.com/tensorflow/tensorflow/issues/127753
    dialect=replace(
        tensorflow.dialect, templates={**tensorflow.dialect.templates, "inner_pushforward": None}
    ),
    compile="derivative = {nested}",
    modes="[RF]{1,2}",
)
