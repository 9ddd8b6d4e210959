"""HIPS autograd: nested reverse mode, and forward mode through make_jvp."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ad_conformance.engines.contract import Engine
from ad_conformance.generators.catalogue.extra.control_flow import body_text
from ad_conformance.generators.catalogue.operation import (
    Call,
    along,
    order_text,
    padded,
    whole_index,
)
from ad_conformance.generators.render.dialect import Dialect, UnsupportedOperation

HEADER = """\
import functools
import itertools

import autograd.numpy as np
import autograd.scipy.linalg as linalg
import autograd.scipy.signal as signal
import autograd.scipy.special as special
from autograd import elementwise_grad, grad, jacobian
from autograd.differential_operators import make_jvp, make_vjp


def jacfwd(f):
    def derivative(x):
        basis = np.eye(x.size, dtype=x.dtype).reshape((x.size,) + x.shape)
        columns = [make_jvp(f)(x)(tangent)[1] for tangent in basis]
        return np.stack(columns, axis=-1).reshape(columns[0].shape + x.shape)

    return derivative
"""

# The one order of axes that autograd's rule for diagonal is documented to take.
DIAGONAL = "np.diagonal({0}, axis1=-1, axis2=-2)"


def _trace(call: Call) -> str:
    x = call.operands[0]
    return (
        f"np.trace({x})" if len(call.shapes[0]) == 2 else f"np.sum({DIAGONAL.format(x)}, axis=-1)"
    )


def _take(call: Call) -> str:
    axis = call.params["axis"] % len(call.shapes[0])
    return f"{call.operands[0]}[{', '.join([':'] * axis + [str(list(call.params['indices']))])}]"


# Whatever triangle an engine reads.
SYMMETRIC = "({0} + np.swapaxes({0}, -1, -2)) / 2"
EIGH = (
    "(lambda w, v: (v * np.{f}(w)[..., None, :]) @ np.swapaxes(v, -1, -2))"
    "(*np.linalg.eigh(({{0}} + np.swapaxes({{0}}, -1, -2)) / 2))"
)


def _solve_triangular(call: Call) -> str:
    upper, unit, transposed = (call.params[k] for k in ("upper", "unit_diagonal", "transpose"))
    options = f"trans={int(transposed)}, lower={not upper}, unit_diagonal={unit}"
    return f"linalg.solve_triangular({', '.join(call.operands)}, {options})"


def _vector_norm(call: Call) -> str:
    x, axis, ndim = call.operands[0], call.params["axis"], len(call.shapes[0])
    order = order_text(call.params["ord"])
    text = (
        f"np.linalg.norm(np.ravel({x}), {order})"
        if axis is None
        else f"np.linalg.norm({x}, {order}, axis={axis})"
    )
    if not call.params["keepdims"]:
        return text
    return (
        f"np.reshape({text}, {(1,) * ndim})" if axis is None else f"np.expand_dims({text}, {axis})"
    )


def _matrix_norm(call: Call) -> str:
    # The other orders are documented not to be there.
    if call.params["ord"] != "nuc":
        raise UnsupportedOperation("matrix_norm_ord")
    return f"np.linalg.norm({call.operands[0]}, 'nuc', axis=(-2, -1))"


def _convolve(call: Call) -> str:
    x, y = call.operands
    mode = call.params["mode"]
    # NumPy takes the longer operand for the first; SciPy, which this one follows, the first as it
    # stands.
    if mode != "full" and call.shapes[0] < call.shapes[1]:
        x, y = y, x
    return f"signal.convolve({x}, {y}, mode={mode!r})"


NETWORKS: dict[str, str | Callable[[Call], str]] = {"convolve": _convolve}


def _inner(call: Call) -> str:
    return f"elementwise_grad(lambda t: {body_text(call)})"


def _descent(call: Call) -> str:
    rate, count = call.params["rate"], call.params["count"]
    return (
        f"functools.reduce(lambda q, k: q - {rate} * {_inner(call)}(q), range({count}), "
        f"{call.operands[0]})"
    )


NESTING: dict[str, str | Callable[[Call], str]] = {
    "newton_sqrt": "functools.reduce(lambda t, k: (t + {0} / t) / 2, range({count}), np.ones_like("
    "{0}))",
    "logistic_map": "functools.reduce(lambda t, k: {rate} * t * (1 - t), range({count}), {0})",
    "scan_decay": "np.stack(list(itertools.accumulate({0}, lambda h, v: {decay} * h + v)))",
    "scan_tanh": "np.stack(list(itertools.accumulate({0}, lambda h, v: np.tanh({1} * h + v), "
    "initial=0.0))[1:])",
    "branch": "({0} * np.sin({0}) if np.sum({0}) > {threshold} else {0} * {0})",
    "inner_derivative": lambda call: f"{_inner(call)}({call.operands[0]})",
    "inner_second_derivative": lambda call: f"elementwise_grad({_inner(call)})({call.operands[0]})",
    "inner_pushforward": lambda call: (
        f"make_jvp(lambda t: {body_text(call)})({call.operands[0]})({call.operands[1]})[1]"
    ),
    "descent": _descent,
}


def _gather(call: Call) -> str:
    return f"{call.operands[0]}[{', '.join(f'np.array({places})' for places in whole_index(call))}]"


def _repeat(call: Call) -> str:
    repeats = call.params["repeats"]
    return (
        f"np.repeat({call.operands[0]}, {repeats[0] if len(repeats) == 1 else list(repeats)}, "
        f"{call.params['axis']})"
    )


def _sort(call: Call) -> str:
    ordered = f"np.sort({call.operands[0]}, axis={call.params['axis']})"
    return f"np.flip({ordered}, {call.params['axis']})" if call.params["descending"] else ordered


def _kth_value(call: Call) -> str:
    k = call.params["k"] - 1
    part = f"np.partition({call.operands[0]}, {k}, axis={call.params['axis']})"
    return along(replace(call, operands=(part,)), str(k))


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
        single="np.array({value}, dtype=np.float32)",
        templates={
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
            "cholesky": f"np.linalg.cholesky({SYMMETRIC})",
            "sqrtm": f"linalg.sqrtm({SYMMETRIC})",
            "eigvalsh": f"np.linalg.eigh({SYMMETRIC})[0]",
            "eigenvector_weights": f"np.linalg.eigh({SYMMETRIC})[1] ** 2",
            "eigh_exp": EIGH.format(f="exp"),
            "eigh_sqrt": EIGH.format(f="sqrt"),
            "einsum": "np.einsum('{subscripts}', {args})",
            "svdvals": "np.linalg.svd({0}, full_matrices=False)[1]",
            "polar_factor": "(lambda u, s, vh: u @ vh)(*np.linalg.svd({0}, full_matrices=False))",
            "column_projection": (
                "(lambda u, s, vh: u @ np.swapaxes(u, -1, -2))(*np.linalg.svd({0}, "
                "full_matrices=False))"
            ),
            "slogdet": "np.linalg.slogdet({0})[1]",
            "pinv": "np.linalg.pinv({0})",
            "solve_triangular": _solve_triangular,
            "kron": "np.kron({0}, {1})",
            "cross": "np.cross({0}, {1}, axis={axis})",
            "inner": "np.inner({0}, {1})",
            "vector_norm_ord": _vector_norm,
            "matrix_norm_ord": _matrix_norm,
            # gathering, moving, masking
            "take_along_axis": _gather,
            "split": "np.array_split({0}, {sections}, axis={axis})[{which}]",
            "pad_constant": padded("np.pad", "constant"),
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
            "taken_sqrt": "np.sqrt({0})[..., np.array({indices})]",
            "sliced_log": "np.log({0})[..., {start}:]",
            "root_at_least": "np.maximum(np.sqrt(np.square({0})), {least})",
            "reciprocal_at_most": "np.minimum(np.reciprocal(np.square({0})), {most})",
            "largest_root": "np.max(np.sqrt(np.square({0})), axis={axis})",
            "masked_sum": "np.sum(np.where({0} > {threshold}, {0}, 0.0), axis={axis})",
            "masked_prod": "np.prod(np.where({0} > {threshold}, {0}, 1.0), axis={axis})",
            "masked_max": "np.max(np.where({0} > {threshold}, {0}, {threshold} - 1.0), "
            "axis={axis})",
            # statistics
            "sort": _sort,
            "kth_value": _kth_value,
            "var": "np.var({0}, axis={axis}, keepdims={keepdims}, ddof={correction})",
            "std": "np.std({0}, axis={axis}, keepdims={keepdims}, ddof={correction})",
            "diff": "np.diff({0}, n={n}, axis={axis})",
            **NETWORKS,
            **NESTING,
        },
    ),
    mode_transforms={"R": "jacobian({f})", "F": "jacfwd({f})"},
    operators={
        "gradient": "grad({f})",
        "pushforward": "lambda x: make_jvp({f})(x)({v})[1]",
        "pullback": "lambda x: make_vjp({f})(x)[0]({w})",
    },
    unsupported=(
        ("NotImplementedError", r"^(VJP|JVP) of .* not defined|^Gradient of .* not implemented"),
        (
            "NotImplementedError",
            r"^Real FFT gradient for odd lengthed last axes is not implemented",
        ),
        ("NotImplementedError", r"^Gradient of (sort|partition) not implemented"),
    ),
)
