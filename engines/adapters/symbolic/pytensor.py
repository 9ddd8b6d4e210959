"""PyTensor: vectorized Jacobians by pullbacks, and pushforwards, compiled without the costly
rewrites.
"""

from __future__ import annotations

from collections.abc import Callable

from ad_conformance.engines.contract import Engine
from ad_conformance.generators.catalogue.extra import complex_ops as detours
from ad_conformance.generators.catalogue.extra.control_flow import body_text
from ad_conformance.generators.catalogue.operation import Call, order_text, padded
from ad_conformance.generators.render.dialect import Dialect, UnsupportedOperation

HEADER = """\
import functools

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.gradient import pullback, pushforward
from pytensor.ifelse import ifelse


def own(x):
    # A variable of its own: what f captures, even x itself, is another.
    return pt.tensor_copy(x)


def shaped(entries, *of):
    shape = [n for v in of for n in v.type.shape]
    return entries.reshape([n for v in of for n in v.shape] if None in shape else shape)


def grad(f):
    def derivative(x):
        t = own(x)
        return pytensor.grad(f(t), t, disconnected_inputs="ignore")

    return derivative


def jacrev(f):
    def derivative(x):
        t = own(x)
        y = f(t)
        rows = pytensor.gradient.jacobian(y.ravel(), t, disconnected_inputs="ignore", vectorize=True)
        return shaped(rows, y, t)

    return derivative


def jvp(f, v):
    def derivative(x):
        t = own(x)
        return pushforward(f(t), t, v, disconnected_outputs="ignore")

    return derivative


def vjp(f, w):
    def derivative(x):
        t = own(x)
        return pullback(f(t), t, w, disconnected_inputs="ignore")

    return derivative


def jacfwd(f):
    def derivative(x):
        basis = np.eye(int(np.prod(x.type.shape)), dtype=x.dtype).reshape((-1,) + x.type.shape)
        if not len(basis):
            return pt.zeros((*f(x).shape, *x.shape), dtype=x.dtype)
        columns = [jvp(f, pt.constant(tangent))(x) for tangent in basis]
        return shaped(pt.stack(columns, axis=-1), columns[0], x)

    return derivative


def compiled(f, x):
    t = pt.tensor("x", dtype=x.dtype, shape=x.type.shape)
    # What makes numbers by itself, zeros for instance, makes them of this dtype.
    with pytensor.config.change_flags(floatX=x.dtype):
        function = pytensor.function([t], f(t), mode="FAST_COMPILE", on_unused_input="ignore")
    return lambda x: function(x.data)
"""


def _take(call: Call) -> str:
    indices = f"np.array({call.params['indices']}, dtype='int64')"
    return f"pt.take({call.operands[0]}, {indices}, axis={call.params['axis']})"


def _update(name: str) -> Callable[[Call], str]:
    """`name`_subtensor of the indices along one axis."""

    def write(call: Call) -> str:
        axis = call.params["axis"] % len(call.shapes[0])
        key = ", ".join([":"] * axis + [f"np.array({call.params['indices']}, dtype='int64')"])
        return f"pt.{name}_subtensor({call.operands[0]}[{key}], {call.operands[1]})"

    return write


def _slice_set(call: Call) -> str:
    axis = call.params["axis"] % len(call.shapes[0])
    start, stop, step = (call.params[k] for k in ("start", "stop", "step"))
    key = ", ".join([":"] * axis + [f"{start}:{stop}:{step}"])
    return f"pt.set_subtensor({call.operands[0]}[{key}], {call.operands[1]})"


def _norm(call: Call) -> str:
    order, axis, keepdims = (call.params[k] for k in ("ord", "axis", "keepdims"))
    if axis is None and len(call.shapes[0]) > 1:
        raise UnsupportedOperation("vector norms of whole matrices")
    axis = -1 if axis is None else axis
    return (
        f"pt.linalg.norm({call.operands[0]}, ord={order_text(order)}, axis={axis}, "
        f"keepdims={keepdims})"
    )


def _solve(template: str) -> Callable[[Call], str]:
    return lambda call: template.format(*call.operands, b_ndim=len(call.shapes[1]), **call.params)


def _solve_triangular(call: Call) -> str:
    upper, unit, transposed = (call.params[k] for k in ("upper", "unit_diagonal", "transpose"))
    options = (
        f"lower={not upper}, unit_diagonal={unit}, trans={int(transposed)}, "
        f"b_ndim={len(call.shapes[1])}"
    )
    return f"pt.linalg.solve_triangular({', '.join(call.operands)}, {options})"


def _repeat(call: Call) -> str:
    repeats = call.params["repeats"]
    count = repeats[0] if len(repeats) == 1 else f"np.array({list(repeats)}, dtype='int64')"
    return f"pt.repeat({call.operands[0]}, {count}, axis={call.params['axis']})"


def _median(call: Call) -> str:
    if call.params["keepdims"]:
        raise UnsupportedOperation("median that keeps its axis")
    return f"pt.median({call.operands[0]}, axis={call.params['axis']})"


def _deviation(name: str) -> Callable[[Call], str]:
    def write(call: Call) -> str:
        axis, keepdims, correction = (call.params[k] for k in ("axis", "keepdims", "correction"))
        # Of several axes each length is corrected by itself: another function, and no question of
        # derivatives.
        if axis is None and correction and len(call.shapes[0]) > 1:
            raise UnsupportedOperation("correction for several axes")
        return f"pt.{name}({call.operands[0]}, ddof={correction}, axis={axis}, keepdims={keepdims})"

    return write


def _kron(call: Call) -> str:
    if sum(map(len, call.shapes)) < 3:
        raise UnsupportedOperation("kron of vectors")
    return f"pt.linalg.kron({', '.join(call.operands)})"


def _sort(call: Call) -> str:
    axis = call.params["axis"]
    ordered = f"pt.sort({call.operands[0]}, axis={axis})"
    return f"pt.flip({ordered}, axis={axis})" if call.params["descending"] else ordered


def _inner(call: Call) -> str:
    return f"grad(lambda t: pt.sum({body_text(call)}))"


def _descent(call: Call) -> str:
    rate, count = call.params["rate"], call.params["count"]
    return (
        f"functools.reduce(lambda q, k: q - {rate} * {_inner(call)}(q), range({count}), "
        f"{call.operands[0]})"
    )


# Whatever triangle an engine reads.
SYMMETRIC = "({0} + pt.matrix_transpose({0})) / 2"
SAME = (
    "gamma", "erf", "erfc", "erfcx", "erfinv", "exp2", "i0", "i1", "j0", "j1", "softplus", "expit",
)  # fmt: skip

pytensor = Engine(
    name="pytensor",
    distribution="pytensor",
    module="pytensor",
    header=HEADER,
    dialect=Dialect(
        namespace="pt",
        array="pt.constant(np.array({value}, dtype='float64'))",
        single="pt.constant(np.array({value}, dtype='float32'))",
        templates={
            **dict.fromkeys(row.name for row in detours.ROWS),
            "asin": "pt.arcsin({0})",
            "acos": "pt.arccos({0})",
            "atan": "pt.arctan({0})",
            "asinh": "pt.arcsinh({0})",
            "acosh": "pt.arccosh({0})",
            "atanh": "pt.arctanh({0})",
            "atan2": "pt.arctan2({0}, {1})",
            "negative": "-{0}",
            "positive": None,
            "hypot": None,
            "copysign": None,
            "round": "pt.round(({0}), mode='half_to_even')",
            "remainder": "pt.mod({0}, {1})",
            "floor_divide": "pt.floor_div({0}, {1})",
            "equal": "pt.eq({0}, {1})",
            "not_equal": "pt.neq({0}, {1})",
            **{f"logical_{name}": f"pt.{name}_({{0}}, {{1}})" for name in ("and", "or")},
            "logical_xor": "pt.xor({0}, {1})",
            "logical_not": "pt.invert({0})",
            "cumulative_sum": "pt.cumsum({0}, axis={axis})",
            "cumulative_prod": "pt.cumprod({0}, axis={axis})",
            "concat": "pt.concatenate([{args}], axis={axis})",
            "permute_dims": "pt.transpose({0}, {axes})",
            "take": _take,
            "diagonal": "pt.diagonal({0}, axis1=-2, axis2=-1)",
            "outer": "pt.outer({0}, {1})",
            "trace": "pt.trace({0}, axis1=-2, axis2=-1)",
            "solve": _solve("pt.linalg.solve({0}, {1}, b_ndim={b_ndim})"),
            "vector_norm": "pt.sqrt(pt.sum(pt.square({0}), axis={axis}))",
            "matrix_norm": "pt.linalg.norm({0}, ord='fro', axis=(-2, -1))",
            **{name: f"pt.{name}({{args}})" for name in SAME},
            "digamma": "pt.psi({0})",
            "log1mexp": "pt.log1mexp(-{0})",
            "lgamma": "pt.gammaln({0})",
            "polygamma": "pt.polygamma({n}, {0})",
            "betaln": "pt.special.betaln({0}, {1})",
            "beta": "pt.special.beta({0}, {1})",
            "logit": "pt.special.logit({0})",
            "xlogy": "pt.special.xlogy({0}, {1})",
            "xlog1py": "pt.special.xlog1py({0}, {1})",
            "logsumexp": "pt.logsumexp({0}, axis={axis}, keepdims={keepdims})",
            "softmax": "pt.special.softmax({0}, axis={axis})",
            "log_softmax": "pt.special.log_softmax({0}, axis={axis})",
            "cholesky": f"pt.linalg.cholesky({SYMMETRIC})",
            "matrix_exp": "pt.linalg.expm({0})",
            "eigvalsh": f"pt.linalg.eigh({SYMMETRIC})[0]",
            "eigenvector_weights": f"pt.linalg.eigh({SYMMETRIC})[1] ** 2",
            "einsum": "pt.einsum('{subscripts}', {args})",
            "qr_r": (
                "(lambda q, r: r * pt.sign(pt.diagonal(r, axis1=-2, axis2=-1))[..., :, None])"
                "(*pt.linalg.qr({0}, mode='economic'))"
            ),
            "qr_q": (
                "(lambda q, r: q * pt.sign(pt.diagonal(r, axis1=-2, axis2=-1))[..., None, :])"
                "(*pt.linalg.qr({0}, mode='economic'))"
            ),
            "svdvals": "pt.linalg.svd({0}, full_matrices=False)[1]",
            "polar_factor": "(lambda u, s, vh: u @ vh)(*pt.linalg.svd({0}, full_matrices=False))",
            "column_projection": (
                "(lambda u, s, vh: u @ pt.matrix_transpose(u))(*pt.linalg.svd({0}, "
                "full_matrices=False))"
            ),
            "slogdet": "pt.linalg.slogdet({0})[1]",
            "pinv": "pt.linalg.pinv({0})",
            "cholesky_solve": _solve(
                f"pt.linalg.cho_solve((pt.linalg.cholesky({SYMMETRIC}), True), {{1}}, "
                f"b_ndim={{b_ndim}})"
            ),
            "lu_solve": _solve(
                "pt.linalg.lu_solve(pt.linalg.lu_factor({0}), {1}, b_ndim={b_ndim})"
            ),
            "solve_triangular": _solve_triangular,
            "matrix_power": "pt.linalg.matrix_power({0}, {n})",
            "kron": _kron,
            "vector_norm_ord": _norm,
            # gathering, moving, masking
            "pad_constant": padded("pt.pad", "constant"),
            "pad_edge": padded("pt.pad", "edge"),
            # Made of loops, whose derivatives take minutes where nothing is compiled to C.
            "pad_reflect": None,
            "pad_wrap": padded("pt.pad", "wrap"),
            "take_along_axis": "pt.take_along_axis({0}, np.array({indices}, dtype='int64'), "
            "axis={axis})",
            "tile": "pt.tile({0}, {repetitions})",
            "repeat": _repeat,
            "moveaxis": "pt.moveaxis({0}, {source}, {destination})",
            "squeeze": "pt.squeeze({0}, axis={axis})",
            "tril_offset": "pt.tril({0}, {k})",
            "triu_offset": "pt.triu({0}, {k})",
            "diagonal_offset": "pt.diagonal({0}, {offset}, -2, -1)",
            "index_set": _update("set"),
            "index_add": _update("inc"),
            "slice_set": _slice_set,
            "masked_sqrt": "pt.where({0} > {threshold}, pt.sqrt({0}), 0.0)",
            "masked_log": "pt.where({0} > {threshold}, pt.log({0}), 0.0)",
            "masked_reciprocal": "pt.where({0} > {threshold}, pt.reciprocal({0}), 0.0)",
            "sliced_log": "pt.log({0})[..., {start}:]",
            "root_at_least": "pt.maximum(pt.sqrt(pt.square({0})), {least})",
            "reciprocal_at_most": "pt.minimum(pt.reciprocal(pt.square({0})), {most})",
            "largest_root": "pt.max(pt.sqrt(pt.square({0})), axis={axis})",
            "masked_sum": "pt.sum(pt.where({0} > {threshold}, {0}, 0.0), axis={axis})",
            "masked_prod": "pt.prod(pt.where({0} > {threshold}, {0}, 1.0), axis={axis})",
            "masked_max": "pt.max(pt.where({0} > {threshold}, {0}, {threshold} - 1.0), "
            "axis={axis})",
            # statistics
            "sort": _sort,
            "median": _median,
            "ptp": None,
            "var": _deviation("var"),
            "std": _deviation("std"),
            "cov": "pt.cov({0}, ddof={correction})",
            "diff": "pt.diff({0}, n={n}, axis={axis})",
            # derivatives inside a program, and what is repeated
            "newton_sqrt": "functools.reduce(lambda t, k: (t + {0} / t) / 2, range({count}), "
            "pt.ones_like({0}))",
            "logistic_map": "functools.reduce(lambda t, k: {rate} * t * (1 - t), range({count}), "
            "{0})",
            "scan_decay": (
                "pytensor.scan(lambda v, h: {decay} * h + v, {0}, pt.zeros_like({0}[0]), "
                "return_updates=False)"
            ),
            # What its function captured would be followed to the very input, past the variable that
            # is differentiated.
            "scan_tanh": (
                "pytensor.scan(lambda v, h, a: pt.tanh(a * h + v), {0}, pt.zeros_like({0}[0]), "
                "[{1}], "
                "return_updates=False)"
            ),
            "branch": ("ifelse(pt.sum({0}) > {threshold}, {0} * pt.sin({0}), {0} * {0})"),
            "inner_derivative": lambda call: f"{_inner(call)}({call.operands[0]})",
            "inner_second_derivative": lambda call: (
                f"grad(lambda s: pt.sum({_inner(call)}(s)))({call.operands[0]})"
            ),
            "inner_pushforward": lambda call: (
                f"jvp(lambda t: {body_text(call)}, {call.operands[1]})({call.operands[0]})"
            ),
            "descent": _descent,
        },
    ),
    mode_transforms={"R": "jacrev({f})", "F": "jacfwd({f})"},
    operators={
        "gradient": "grad({f})",
        "pushforward": "jvp({f}, {v})",
        "pullback": "vjp({f}, {w})",
    },
    compile="derivative = compiled({nested}, x)",
    environment={"PYTENSOR_FLAGS": "cxx="},
    unsupported=(
        ("NullTypeGradError", r"2nd derivatives of `product\(a\)` is not currently supported"),
        ("NotImplementedError", r"^vectorize with zero size not implemented"),
        # Sums of more than 32 terms, where nothing is compiled to C.
        ("AttributeError", r"^'Scratchpad' object has no attribute 'ufunc'"),
    ),
)
