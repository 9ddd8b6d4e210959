"""TensorFlow: nested gradient tapes and forward accumulators, in one tf.function per case, and the
same run eagerly.

The first takes Jacobians as users get them, vectorized by pfor; the second without, which is a
pullback per entry, and takes more than a minute at the third order of programs with a dozen
entries.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from ad_conformance.engines.contract import Engine
from ad_conformance.generators.catalogue.extra.control_flow import body_text
from ad_conformance.generators.catalogue.operation import Call, order_text, padded
from ad_conformance.generators.render.dialect import Dialect, UnsupportedOperation

HEADER = """\
import functools

import numpy as np
import tensorflow as tf
import tensorflow.experimental.numpy as tnp

tf.config.threading.set_intra_op_parallelism_threads(1)


def reverse(f, pull):
    def derivative(x):
        # A variable of its own: what f captures, even x itself, is another.
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
            y, t, unconnected_gradients=tf.UnconnectedGradients.ZERO, experimental_use_pfor=pfor
        )

    return reverse(f, pull)


def grad(f, w=None):
    def pull(tape, y, t):
        # The derivatives of gather come as slices.
        return tf.convert_to_tensor(tape.gradient(y, t, w, unconnected_gradients=tf.UnconnectedGradients.ZERO))

    return reverse(f, pull)


def jvp(f, v):
    def derivative(x):
        t = tf.identity(x)
        with tf.autodiff.ForwardAccumulator(t, v) as accumulator:
            y = f(t)
        return tf.convert_to_tensor(accumulator.jvp(y, unconnected_gradients=tf.UnconnectedGradients.ZERO))

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


def _reduction(name: str) -> str:
    return f"tf.math.reduce_{name}({{0}}, axis={{axis}}, keepdims={{keepdims}})"


def _matmul(call: Call) -> str:
    axes = [len(shape) for shape in call.shapes]
    name = (
        "tf.linalg.matmul" if min(axes) > 1 else "tf.linalg.matvec" if axes[0] > 1 else "tnp.matmul"
    )
    return f"{name}({', '.join(call.operands)})"


def _columns(template: str) -> Callable[[Call], str]:
    """A solver that takes matrices of right-hand sides only, for a vector too."""

    def write(call: Call) -> str:
        if len(call.shapes[1]) > 1:
            return template.format(*call.operands)
        return template.format(call.operands[0], f"{call.operands[1]}[:, None]") + "[:, 0]"

    return write


def _solve_triangular(call: Call) -> str:
    # There is no unit_diagonal.
    if call.params["unit_diagonal"]:
        raise UnsupportedOperation("unit_diagonal")
    upper, transposed = call.params["upper"], call.params["transpose"]
    return _columns(
        f"tf.linalg.triangular_solve({{0}}, {{1}}, lower={not upper}, adjoint={transposed})"
    )(call)


def _places(call: Call) -> tuple[list[int], int]:
    """The indices of the call along its axis, none counted from the end, and the axis."""
    axis = call.params["axis"] % len(call.shapes[0])
    return (np.array(call.params["indices"], dtype=int) % call.shapes[0][axis]).tolist(), axis


def _take(call: Call) -> str:
    # Documented to take indices from 0 only.
    places, axis = _places(call)
    return f"tf.gather({call.operands[0]}, tf.constant({places}, dtype=tf.int64), axis={axis})"


def _gather(call: Call) -> str:
    indices, axis = _places(call)
    return (
        f"tnp.take_along_axis({call.operands[0]}, tf.constant({indices}, dtype=tf.int64), {axis})"
    )


def _index(method: str) -> Callable[[Call], str]:
    """Updates of rows; of other axes there are none."""

    def write(call: Call) -> str:
        places, axis = _places(call)
        if axis or not places:
            raise UnsupportedOperation("updates but of rows")
        return (
            f"tf.tensor_scatter_nd_{method}({call.operands[0]}, {[[i] for i in places]}, "
            f"{call.operands[1]})"
        )

    return write


def _repeat(call: Call) -> str:
    repeats = call.params["repeats"]
    return (
        f"tf.repeat({call.operands[0]}, {repeats[0] if len(repeats) == 1 else list(repeats)}, "
        f"{call.params['axis']})"
    )


def _sort(call: Call) -> str:
    direction = "DESCENDING" if call.params["descending"] else "ASCENDING"
    return f"tf.sort({call.operands[0]}, axis={call.params['axis']}, direction='{direction}')"


def _deviation(name: str) -> Callable[[Call], str]:
    def write(call: Call) -> str:
        if call.params["correction"]:
            raise UnsupportedOperation("correction")
        return _reduction(name).format(*call.operands, **call.params)

    return write


def _fft_power(call: Call) -> str:
    if call.params["norm"] != "backward":
        raise UnsupportedOperation("norm")
    transform = f"tf.signal.fft(tf.complex({call.operands[0]}, tf.zeros_like({call.operands[0]})))"
    return f"tf.math.real({transform} * tf.math.conj({transform}))"


def _norm(call: Call) -> str:
    order, axis, keepdims = (call.params[k] for k in ("ord", "axis", "keepdims"))
    # Documented: positive numbers and infinity.
    if order == "-inf" or (isinstance(order, float) and order <= 0):
        raise UnsupportedOperation("vector_norm_ord")
    return f"tf.norm({call.operands[0]}, {order_text(order)}, axis={axis}, keepdims={keepdims})"


def _betaln(call: Call) -> str:
    if call.shapes[0] != call.shapes[1]:
        raise UnsupportedOperation("betaln of two shapes")
    return f"tf.math.lbeta(tf.stack([{', '.join(call.operands)}], axis=-1))"


def _elu(call: Call) -> str:
    if call.params["alpha"] != 1.0:
        raise UnsupportedOperation("elu with alpha")
    return f"tf.nn.elu({call.operands[0]})"


NUMPY = (
    "log2",
    "log10",
    "positive",
    "hypot",
    "logaddexp",
    "exp2",
    "cbrt",
    "sinc",
    "outer",
    "tril",
    "triu",
)
SPECIAL = ("erf", "erfc", "erfinv", "ndtri", "lgamma", "digamma", "xlogy", "xlog1py")
# Whatever triangle an engine reads.
SYMMETRIC = "({0} + tf.linalg.matrix_transpose({0})) / 2"
Z, W = "tf.complex({0}, {1})", "tf.complex({2}, {3})"
ACTIVATIONS: dict[str, str | Callable[[Call], str]] = {
    "softplus": "tf.math.softplus({0})",
    "logsigmoid": "tf.math.log_sigmoid({0})",
    "silu": "tf.nn.silu({0})",
    "gelu": "tf.nn.gelu({0}, approximate=False)",
    "gelu_tanh": "tf.nn.gelu({0}, approximate=True)",
    "softsign": "tf.math.softsign({0})",
    "relu": "tf.nn.relu({0})",
    "relu6": "tf.nn.relu6({0})",
    "leaky_relu": "tf.nn.leaky_relu({0}, {slope})",
    "selu": "tf.nn.selu({0})",
    "elu": _elu,
}


def _inner(call: Call) -> str:
    return f"grad(lambda t: {body_text(call)})"


def _descent(call: Call) -> str:
    rate, count = call.params["rate"], call.params["count"]
    return (
        f"functools.reduce(lambda q, k: q - {rate} * {_inner(call)}(q), range({count}), "
        f"{call.operands[0]})"
    )


NESTING: dict[str, str | Callable[[Call], str]] = {
    "newton_sqrt": "functools.reduce(lambda t, k: (t + {0} / t) / 2, range({count}), tf.ones_like("
    "{0}))",
    "logistic_map": "functools.reduce(lambda t, k: {rate} * t * (1 - t), range({count}), {0})",
    "scan_decay": "tf.scan(lambda h, v: {decay} * h + v, {0}, tf.zeros_like({0}[0]))",
    "scan_tanh": "tf.scan(lambda h, v: tf.math.tanh({1} * h + v), {0}, tf.zeros_like({0}[0]))",
    "branch": "tf.cond(tf.math.reduce_sum({0}) > {threshold}, lambda: {0} * tf.math.sin({0}), "
    "lambda: {0} * {0})",
    "checkpointed": "tf.recompute_grad(lambda t: tf.math.sin(t) * tf.math.exp(-t * t))({0})",
    "inner_derivative": lambda call: f"{_inner(call)}({call.operands[0]})",
    "inner_second_derivative": lambda call: f"grad({_inner(call)})({call.operands[0]})",
    "inner_pushforward": lambda call: (
        f"jvp(lambda t: {body_text(call)}, {call.operands[1]})({call.operands[0]})"
    ),
    "descent": _descent,
}

tensorflow = Engine(
    name="tensorflow",
    distribution="tensorflow-cpu",
    module="tensorflow",
    header=HEADER,
    dialect=Dialect(
        namespace="tf.math",
        array="tf.constant({value}, dtype=tf.float64)",
        single="tf.constant({value}, dtype=tf.float32)",
        templates={
            # what only the NumPy of TensorFlow has
            **{name: f"tnp.{name}({{args}})" for name in NUMPY},
            "trunc": "tnp.fix({0})",
            "clip": "tf.clip_by_value({0}, {min}, {max})",
            "remainder": "tf.math.floormod({0}, {1})",
            "floor_divide": "tf.math.floordiv({0}, {1})",
            "copysign": None,
            "where": "tf.where({0}, {1}, {2})",
            **{name: _reduction(name) for name in ("sum", "prod", "mean", "max", "min")},
            "cumulative_sum": "tf.math.cumsum({0}, axis={axis})",
            "cumulative_prod": "tf.math.cumprod({0}, axis={axis})",
            "stack": "tf.stack([{args}], axis={axis})",
            "concat": "tf.concat([{args}], axis={axis})",
            "reshape": lambda call: f"tf.reshape({call.operands[0]}, {list(call.params['shape'])})",
            "expand_dims": "tf.expand_dims({0}, axis={axis})",
            "permute_dims": "tf.transpose({0}, {axes})",
            "matrix_transpose": "tf.linalg.matrix_transpose({0})",
            "flip": "tf.reverse({0}, [{axis}])",
            "roll": "tf.roll({0}, {shift}, axis={axis})",
            "broadcast_to": lambda call: (
                f"tf.broadcast_to({call.operands[0]}, {list(call.params['shape'])})"
            ),
            "take": _take,
            "diag": "tf.linalg.diag({0})",
            "diagonal": "tf.linalg.diag_part({0})",
            "matmul": _matmul,
            "tensordot": "tf.tensordot({0}, {1}, axes={axes})",
            "vecdot": "tf.einsum('...i,...i->...', {0}, {1})",
            "trace": "tf.linalg.trace({0})",
            "det": "tf.linalg.det({0})",
            "inv": "tf.linalg.inv({0})",
            "solve": _columns("tf.linalg.solve({0}, {1})"),
            "vector_norm": "tf.norm({0}, axis={axis})",
            "matrix_norm": "tf.norm({0}, axis=(-2, -1))",
            # special functions
            **{name: f"tf.math.{name}({{args}})" for name in SPECIAL},
            **{
                name: f"tf.math.special.bessel_{name}({{0}})"
                for name in ("i0", "i1", "i0e", "i1e", "j0", "j1")
            },
            "polygamma": "tf.math.polygamma(tf.cast({n}, {0}.dtype), {0})",
            "zeta": "tf.math.zeta(tf.cast({s}, {0}.dtype), {0})",
            "betaln": _betaln,
            "expit": "tf.math.sigmoid({0})",
            "expi": "tf.math.special.expint({0})",
            "logsumexp": "tf.math.reduce_logsumexp({0}, axis={axis}, keepdims={keepdims})",
            "logcumsumexp": "tf.math.cumulative_logsumexp({0}, axis={axis})",
            "softmax": "tf.nn.softmax({0}, axis={axis})",
            "log_softmax": "tf.nn.log_softmax({0}, axis={axis})",
            # decompositions and products
            "einsum": "tf.einsum('{subscripts}', {args})",
            "cholesky": f"tf.linalg.cholesky({SYMMETRIC})",
            "cholesky_solve": _columns(
                f"tf.linalg.cholesky_solve(tf.linalg.cholesky({SYMMETRIC}), {{1}})"
            ),
            "matrix_exp": "tf.linalg.expm({0})",
            "sqrtm": f"tf.linalg.sqrtm({SYMMETRIC})",
            "eigvalsh": f"tf.linalg.eigvalsh({SYMMETRIC})",
            "eigenvector_weights": f"tf.linalg.eigh({SYMMETRIC})[1] ** 2",
            "qr_r": (
                "(lambda q, r: r * tf.math.sign(tf.linalg.diag_part(r))[..., :, None])"
                "(*tf.linalg.qr({0}, full_matrices=False))"
            ),
            "qr_q": (
                "(lambda q, r: q * tf.math.sign(tf.linalg.diag_part(r))[..., None, :])"
                "(*tf.linalg.qr({0}, full_matrices=False))"
            ),
            "svdvals": "tf.linalg.svd({0}, compute_uv=False)",
            "polar_factor": "(lambda s, u, v: tf.linalg.matmul(u, v, adjoint_b=True))("
            "*tf.linalg.svd({0}))",
            "column_projection": "(lambda s, u, v: tf.linalg.matmul(u, u, adjoint_b=True))("
            "*tf.linalg.svd({0}))",
            "slogdet": "tf.linalg.slogdet({0})[1]",
            "pinv": "tf.linalg.pinv({0})",
            "lstsq": _columns("tf.linalg.lstsq({0}, {1})"),
            "lu_solve": _columns("tf.linalg.lu_solve(*tf.linalg.lu({0}), {1})"),
            "solve_triangular": _solve_triangular,
            "kron": "tnp.kron({0}, {1})",
            "inner": "tnp.inner({0}, {1})",
            "cross": "tnp.cross({0}, {1}, axis={axis})",
            "vector_norm_ord": _norm,
            # gathering, moving, masking
            "take_along_axis": _gather,
            "unstack": "tf.unstack({0}, axis={axis})[{which}]",
            "pad_constant": padded("tf.pad", "CONSTANT"),
            "pad_reflect": padded("tf.pad", "REFLECT"),
            "tile": "tnp.tile({0}, {repetitions})",
            "repeat": _repeat,
            "roll_axes": "tf.roll({0}, {shift}, axis={axis})",
            "rot90": "tnp.rot90({0}, {k})",
            "moveaxis": "tnp.moveaxis({0}, {source}, {destination})",
            "squeeze": "tf.squeeze({0}, axis={axis})",
            "diag_embed": "tf.linalg.diag({0}, k={offset})",
            "diagonal_offset": "tnp.diagonal({0}, {offset}, -2, -1)",
            "tril_offset": "tnp.tril({0}, {k})",
            "triu_offset": "tnp.triu({0}, {k})",
            "index_set": _index("update"),
            "index_add": _index("add"),
            "index_max": _index("max"),
            "masked_sqrt": "tf.where({0} > {threshold}, tf.math.sqrt({0}), 0.0)",
            "masked_log": "tf.where({0} > {threshold}, tf.math.log({0}), 0.0)",
            "masked_reciprocal": "tf.where({0} > {threshold}, tf.math.reciprocal({0}), 0.0)",
            "sliced_log": "tf.math.log({0})[..., {start}:]",
            "root_at_least": "tf.math.maximum(tf.math.sqrt(tf.math.square({0})), {least})",
            "reciprocal_at_most": "tf.math.minimum(tf.math.reciprocal(tf.math.square({0})), "
            "{most})",
            "largest_root": "tf.math.reduce_max(tf.math.sqrt(tf.math.square({0})), axis={axis})",
            "masked_sum": "tf.math.reduce_sum(tf.where({0} > {threshold}, {0}, 0.0), axis={axis})",
            "masked_prod": "tf.math.reduce_prod(tf.where({0} > {threshold}, {0}, 1.0), "
            "axis={axis})",
            "masked_max": "tf.math.reduce_max(tf.where({0} > {threshold}, {0}, {threshold} - 1.0),"
            " axis={axis})",
            # statistics
            "sort": _sort,
            "sort_by": "tnp.take_along_axis({1}, tf.argsort({0}, axis={axis}, stable=True), "
            "{axis})",
            "top_k": "tf.math.top_k({0}, {k})[0]",
            "var": _deviation("variance"),
            "std": _deviation("std"),
            "nanmean": "tnp.nanmean({0}, axis={axis}, keepdims={keepdims})",
            "ptp": "tnp.ptp({0}, axis={axis}, keepdims={keepdims})",
            "diff": "tnp.diff({0}, n={n}, axis={axis})",
            "polyval": "tnp.polyval({0}, {1})",
            "normalize": "tf.math.l2_normalize({0}, axis={axis})",
            # complex detours
            "complex_abs": f"tf.math.abs({Z})",
            "complex_angle": "tf.math.angle(tf.complex({1}, {0}))",
            "complex_square_abs": f"tf.math.real({Z} * tf.math.conj({Z}))",
            **{
                f"complex_{name}": f"tf.math.real(tf.math.{name}({Z}))"
                for name in ("exp", "log", "sqrt")
            },
            "complex_reciprocal": f"tf.math.imag(1 / {Z})",
            "complex_product": f"tf.math.real({Z} * {W})",
            "complex_power": f"tf.math.imag({Z} ** {{exponent}})",
            "rfft_real": "tf.math.real(tf.signal.rfft({0}))",
            "rfft_imag": "tf.math.imag(tf.signal.rfft({0}))",
            "fft_power": _fft_power,
            "fft_round_trip": lambda call: (
                f"tf.signal.irfft(tf.signal.rfft({call.operands[0]}), [{call.shapes[0][0]}])"
            ),
            "circular_convolution": (
                "tf.math.real(tf.signal.ifft(tf.signal.fft(tf.complex({0}, tf.zeros_like({0}))) * "
                "tf.signal.fft(tf.complex({1}, tf.zeros_like({1})))))"
            ),
            "complex_det": f"tf.math.real(tf.linalg.det({Z}))",
            "complex_inv": f"tf.math.real(tf.linalg.inv({Z}))",
            "complex_solve": (
                f"tf.math.real(tf.linalg.solve({Z}, tf.complex({{2}}, tf.zeros_like({{2}}))[:, "
                f"None]))[:, 0]"
            ),
            **ACTIVATIONS,
            **NESTING,
        },
    ),
    mode_transforms={"R": "jacrev({f})", "F": "jacfwd({f})"},
    operators={
        "gradient": "grad({f})",
        "pushforward": "jvp({f}, {v})",
        "pullback": "grad({f}, {w})",
    },
    compile="derivative = tf.function({nested}, autograph=False).get_concrete_function(x)",
    # Reverse mode over two levels of forward mode is wrong for anything; a known failure pins it by
    # inner_pushforward.
    modes="(?!.*RFF)[RF]+",
    environment={"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""},
    unsupported=(
        ("LookupError", r"^gradient registry has no entry for"),
        ("NotImplementedError", r"^recompute_grad tried to transpose grad of"),
    ),
)

eager = replace(
    tensorflow,
    name="tensorflow-eager",
    mode_transforms={"R": "jacrev({f}, pfor=False)", "F": "jacfwd({f})"},
    # Forward over forward mode depends on what was asked before:
    # https://github.com/tensorflow/tensorflow/issues/127753
    dialect=replace(
        tensorflow.dialect, templates={**tensorflow.dialect.templates, "inner_pushforward": None}
    ),
    compile="derivative = {nested}",
    modes="[RF]|(?!FF)[RF]{2}",
)
