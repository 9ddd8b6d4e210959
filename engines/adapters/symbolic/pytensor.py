"""PyTensor: vectorized Jacobians by pullbacks, and pushforwards, compiled without the rewrites that
take long.
"""

from __future__ import annotations

from collections.abc import Callable

from ad_conformance.engines.adapters.numpy_calls import (
    ascending_sort,
    repeat,
    selected,
    solver,
    unless,
)
from ad_conformance.engines.adapters.numpy_family import (
    BEFORE_NUMPY_2,
    LOOPS,
    NUMPY,
    called,
    decompositions,
    derivatives,
    shared,
    symmetric,
)
from ad_conformance.engines.contract import Engine
from ad_conformance.generators.catalogue.extra import complex_ops
from ad_conformance.generators.catalogue.operation import Call, Template, order_text, padded
from ad_conformance.generators.render.dialect import Dialect, UnsupportedOperation

HEADER = """\
import functools

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.gradient import pullback, pushforward
from pytensor.ifelse import ifelse


def own(x):
    # A new variable: f may capture x itself, which is constant here.
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
        rows = pytensor.gradient.jacobian(
            y.ravel(), t, disconnected_inputs="ignore", vectorize=True
        )
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
    # Functions that make arrays, zeros for instance, make them in this dtype.
    with pytensor.config.change_flags(floatX=x.dtype):
        function = pytensor.function([t], f(t), mode="FAST_COMPILE", on_unused_input="ignore")
    return lambda x: function(x.data)
"""


TRANSPOSE = "pt.matrix_transpose({0})"
SYMMETRIC = symmetric(TRANSPOSE)
INDICES = "np.array({indices}, dtype='int64')"


def _norm(call: Call) -> str:
    order, axis, keepdims = (call.params[k] for k in ("ord", "axis", "keepdims"))
    if axis is None and len(call.shapes[0]) > 1:
        raise UnsupportedOperation("vector norms of whole matrices")
    axis = -1 if axis is None else axis
    return (
        f"pt.linalg.norm({call.operands[0]}, ord={order_text(order)}, axis={axis}, "
        f"keepdims={keepdims})"
    )


def _corrected_for_several_axes(call: Call) -> bool:
    """PyTensor corrects the length of each axis by itself, which is another function."""
    several = call.params["axis"] is None and len(call.shapes[0]) > 1
    return several and bool(call.params["correction"])


def _deviation(name: str) -> Callable[[Call], str]:
    return unless(
        _corrected_for_several_axes,
        "correction for several axes",
        f"pt.{name}({{0}}, ddof={{correction}}, axis={{axis}}, keepdims={{keepdims}})",
    )


CORE: dict[str, Template | None] = {
    **shared(NUMPY, *BEFORE_NUMPY_2, "diagonal", "trace", "outer"),
    "negative": "-{0}",
    "positive": None,
    "hypot": None,
    "copysign": None,
    "round": "pt.round(({0}), mode='half_to_even')",
    "remainder": "pt.mod({0}, {1})",
    "floor_divide": "pt.floor_div({0}, {1})",
    "equal": "pt.eq({0}, {1})",
    "not_equal": "pt.neq({0}, {1})",
    "logical_and": "pt.and_({0}, {1})",
    "logical_or": "pt.or_({0}, {1})",
    "logical_xor": "pt.xor({0}, {1})",
    "logical_not": "pt.invert({0})",
    "take": f"pt.take({{0}}, {INDICES}, axis={{axis}})",
    "solve": solver("pt.linalg.solve({0}, {1}, b_ndim={b_ndim})"),
    "vector_norm": "pt.sqrt(pt.sum(pt.square({0}), axis={axis}))",
    "matrix_norm": "pt.linalg.norm({0}, ord='fro', axis=(-2, -1))",
}
SPECIAL: dict[str, Template] = {
    **called(
        "pt",
        *("gamma", "erf", "erfc", "erfcx", "erfinv", "exp2", "i0", "i1", "j0", "j1"),
        *("softplus", "expit"),
    ),
    **called("pt.special", "betaln", "beta", "logit", "xlogy", "xlog1py"),
    "digamma": "pt.psi({0})",
    "log1mexp": "pt.log1mexp(-{0})",
    **shared(NUMPY, "lgamma", "polygamma", "logsumexp"),
    **shared(NUMPY, "softmax", "log_softmax", namespace="pt.special"),
}
LINEAR_ALGEBRA: dict[str, Template] = {
    **decompositions(
        *("cholesky", "eigenvector_weights", "qr_r", "qr_q", "polar_factor", "column_projection"),
        transpose=TRANSPOSE,
        qr="pt.linalg.qr({0}, mode='economic')",
    ),
    "eigvalsh": f"pt.linalg.eigh({SYMMETRIC})[0]",
    **shared(NUMPY, "matrix_exp", "svdvals", "slogdet", "pinv", "matrix_power"),
    "cholesky_solve": solver(
        f"pt.linalg.cho_solve((pt.linalg.cholesky({SYMMETRIC}), True), {{1}}, b_ndim={{b_ndim}})"
    ),
    "lu_solve": solver("pt.linalg.lu_solve(pt.linalg.lu_factor({0}), {1}, b_ndim={b_ndim})"),
    "solve_triangular": solver(
        "pt.linalg.solve_triangular({0}, {1}, lower={lower}, unit_diagonal={unit_diagonal}, "
        "trans={trans}, b_ndim={b_ndim})"
    ),
    "kron": unless(
        lambda call: sum(map(len, call.shapes)) < 3,
        "kron of vectors",
        "pt.linalg.kron({0}, {1})",
    ),
    "vector_norm_ord": _norm,
}
INDEXING: dict[str, Template | None] = {
    "pad_constant": padded("pt.pad", "constant"),
    "pad_edge": padded("pt.pad", "edge"),
    "pad_wrap": padded("pt.pad", "wrap"),
    # PyTensor makes it of loops, whose derivatives take minutes without a C compiler.
    "pad_reflect": None,
    "take_along_axis": f"pt.take_along_axis({{0}}, {INDICES}, axis={{axis}})",
    "repeat": repeat("pt.repeat({0}, {count}, axis={axis})", "np.array({list}, dtype='int64')"),
    **shared(
        NUMPY,
        *("tile", "moveaxis", "squeeze", "tril_offset", "triu_offset", "diagonal_offset"),
        *("masked_sum", "masked_prod", "masked_max"),
    ),
    "index_set": selected("pt.set_subtensor({entries}, {1})", INDICES),
    "index_add": selected("pt.inc_subtensor({entries}, {1})", INDICES),
    "slice_set": selected("pt.set_subtensor({entries}, {1})", "{start}:{stop}:{step}"),
}
STATISTICS: dict[str, Template | None] = {
    "sort": ascending_sort("pt.sort({0}, axis={axis})", "pt.flip({sorted}, axis={axis})"),
    "median": unless(
        lambda call: bool(call.params["keepdims"]),
        "median that keeps its axis",
        "pt.median({0}, axis={axis})",
    ),
    "ptp": None,
    "var": _deviation("var"),
    "std": _deviation("std"),
    **shared(NUMPY, "cov", "diff"),
}
CONTROL_FLOW: dict[str, Template] = {
    **shared(LOOPS, "newton_sqrt", "logistic_map"),
    "scan_decay": (
        "pytensor.scan(lambda v, h: {decay} * h + v, {0}, pt.zeros_like({0}[0]), "
        "return_updates=False)"
    ),
    # The weight is an argument: PyTensor would follow a captured one past the variable that is
    # differentiated, to the input of the whole function.
    "scan_tanh": (
        "pytensor.scan(lambda v, h, a: pt.tanh(a * h + v), {0}, pt.zeros_like({0}[0]), "
        "[{1}], return_updates=False)"
    ),
    "branch": "ifelse(pt.sum({0}) > {threshold}, {0} * pt.sin({0}), {0} * {0})",
    **derivatives(
        first="grad(lambda t: pt.sum({body}))",
        second="grad(lambda s: pt.sum({first}(s)))",
        pushforward="jvp(lambda t: {body}, {1})({0})",
    ),
}

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
            **dict.fromkeys(row.name for row in complex_ops.ROWS),
            **CORE,
            **SPECIAL,
            **LINEAR_ALGEBRA,
            **INDEXING,
            **STATISTICS,
            **CONTROL_FLOW,
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
        # PyTensor without a C compiler has no sums of more than 32 terms, and no fused operations
        # of more than 32 operands.
        ("NotImplementedError", r"^Elemwise\.perform .* does not support more than 32 operands"),
        ("AttributeError", r"^'Scratchpad' object has no attribute 'ufunc'"),
    ),
)
