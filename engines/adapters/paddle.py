"""PaddlePaddle: reverse mode by `paddle.grad`, with `create_graph` at most twice over itself.

At the third order every gradient walks through all of the graph: programs with a dozen entries may
take over a minute.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ad_conformance.engines.adapters.numpy_calls import (
    column_solver,
    indexed,
    lists,
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
from ad_conformance.engines.contract import Engine
from ad_conformance.generators.catalogue.operation import Call, Template
from ad_conformance.generators.render.dialect import Dialect, UnsupportedOperation

HEADER = """\
import functools
import itertools

import numpy as np
import paddle


def own(x):
    # A new tensor: f may capture x itself, which is constant here.
    t = paddle.assign(x)
    t.stop_gradient = False
    return t


active = []


def differentiated(f, pull):
    def derivative(x):
        t = own(x)
        active.append(t)
        try:
            y = f(t)
            # Only what is differentiated again needs a graph, and many operations refuse to make
            # one.
            create = len(active) > 1
            return pull(
                y, t, lambda *of: paddle.grad(*of, create_graph=create, allow_unused=True)[0]
            )
        finally:
            active.pop()

    return derivative


def pullback(f, w=None):
    def pull(y, t, grad):
        gradient = None if y.stop_gradient else grad(y, t, w)
        return paddle.zeros_like(t) if gradient is None else gradient

    return differentiated(f, pull)


def jacobian(f):
    def pull(y, t, grad):
        if y.stop_gradient or not y.size or not t.size:
            return paddle.zeros([*y.shape, *t.shape], dtype=y.dtype)
        # The last argument keeps the graph of y for the next entry.
        rows = [grad(entry, t, None, True) for entry in paddle.unbind(paddle.reshape(y, [-1]))]
        rows = [paddle.zeros_like(t) if row is None else row for row in rows]
        return paddle.reshape(paddle.stack(rows), [*y.shape, *t.shape])

    return differentiated(f, pull)
"""


F = "paddle.nn.functional"
TRANSPOSE = "paddle.matrix_transpose({0})"
SYMMETRIC = symmetric(TRANSPOSE)


def _paddle(table: Mapping[str, str], *operations: str) -> dict[str, str]:
    """Templates of a table with PaddlePaddle's name `keepdim`."""
    return shared(table, *operations, keepdims="keepdim")


def _indexed(template: str) -> Callable[[Call], str]:
    return indexed(template, "paddle.to_tensor({list}, dtype='int64')")


def _deviation(name: str) -> Callable[[Call], str]:
    def write_call(call: Call) -> str:
        axis, keepdims, correction = (call.params[k] for k in ("axis", "keepdims", "correction"))
        if correction > 1:
            raise UnsupportedOperation("correction")
        return (
            f"paddle.{name}({call.operands[0]}, axis={axis}, unbiased={correction == 1}, "
            f"keepdim={keepdims})"
        )

    return write_call


def _has_repeated_letter(call: Call) -> bool:
    """PaddlePaddle refuses diagonals, as in `ii->i`."""
    terms = call.params["subscripts"].partition("->")[0].split(",")
    return any(len(set(letters)) < len(letters) for letters in terms)


def _masked(value: str, otherwise: str) -> str:
    """PaddlePaddle's where takes no plain numbers."""
    return f"paddle.where({{0}} > {{threshold}}, {value}, paddle.{otherwise}_like({{0}}))"


CORE: dict[str, Template | None] = {
    **_paddle(TORCH, "sum", "prod", "mean", "max", "min", "expand_dims"),
    **shared(NUMPY, "cumulative_sum", "diagonal", "outer", "trace"),
    **shared(NUMPY, "cumulative_prod", axis="dim"),
    "reshape": lists("paddle.reshape({0}, {shape})"),
    "permute_dims": lists("paddle.transpose({0}, {axes})"),
    "broadcast_to": lists("paddle.broadcast_to({0}, {shape})"),
    "flip": "paddle.flip({0}, [{axis}])",
    "take": _indexed("paddle.index_select({0}, {indices}, axis={axis})"),
    "tensordot": "paddle.tensordot({0}, {1}, {axes})",
    # Its derivative adds 1e-12 to the denominator, on purpose.
    "vector_norm": None,
    "matrix_norm": None,
    "logical_and": "paddle.logical_and({0}, {1})",
}
SPECIAL: dict[str, Template] = {
    **called(
        "paddle",
        *("digamma", "lgamma", "erf", "erfinv", "i0", "i0e", "i1", "i1e", "logit", "sinc"),
    ),
    "polygamma": "paddle.polygamma({0}, {n})",
    **shared(TORCH, "expit"),
    **_paddle(NUMPY, "logsumexp", "logcumsumexp"),
    **shared(NUMPY, "softmax", "log_softmax", namespace=F),
}
LINEAR_ALGEBRA: dict[str, Template] = {
    **decompositions(
        *("cholesky", "eigvalsh", "eigenvector_weights", "qr_r", "qr_q", "polar_factor"),
        "column_projection",
        transpose=TRANSPOSE,
    ),
    "cholesky_solve": column_solver(
        f"paddle.linalg.cholesky_solve({{1}}, paddle.linalg.cholesky({SYMMETRIC}))"
    ),
    **shared(TORCH, "matrix_exp"),
    **shared(
        NUMPY,
        *("svdvals", "slogdet", "pinv", "matrix_power", "multi_dot", "kron", "cross", "inner"),
    ),
    "einsum": unless(
        _has_repeated_letter,
        "einsum with a letter twice",
        "paddle.einsum('{subscripts}', {args})",
    ),
    "solve_triangular": column_solver(
        "paddle.linalg.triangular_solve({0}, {1}, upper={upper}, transpose={transpose}, "
        "unitriangular={unit_diagonal})"
    ),
}
INDEXING: dict[str, Template | None] = {
    **shared(TORCH, "unstack"),
    **shared(
        NUMPY,
        *("tile", "roll_axes", "moveaxis", "squeeze", "diagonal_offset", "tril_offset"),
        "triu_offset",
    ),
    "rot90": "paddle.rot90({0}, {k}, axes=[0, 1])",
    # PaddlePaddle declares that diag_embed has no derivative.
    "diag_embed": None,
    "take_along_axis": _indexed("paddle.take_along_axis({0}, {indices}, {axis}, broadcast=False)"),
    "index_add": _indexed("paddle.index_add({0}, {indices}, {axis}, {1})"),
    "scatter_add": _indexed(
        "paddle.put_along_axis({0}, {indices}, {1}, {axis}, reduce='add', broadcast=False)"
    ),
    "masked_sum": f"paddle.sum({_masked('{0}', 'zeros')}, axis={{axis}})",
    "masked_prod": f"paddle.prod({_masked('{0}', 'ones')}, axis={{axis}})",
}
STATISTICS: dict[str, Template] = {
    "sort": "paddle.sort({0}, axis={axis}, descending={descending})",
    "top_k": "paddle.topk({0}, {k})[0]",
    "kth_value": "paddle.kthvalue({0}, {k}, axis={axis})[0]",
    "cumulative_max": "paddle.cummax({0}, axis={axis})[0]",
    "cumulative_min": "paddle.cummin({0}, axis={axis})[0]",
    "var": _deviation("var"),
    "std": _deviation("std"),
    **_paddle(NUMPY, "nanmean"),
    "diff": unless(
        lambda call: not call.params["n"],
        "no difference",
        "paddle.diff({0}, n={n}, axis={axis})",
    ),
}
NETWORKS: dict[str, Template] = {
    **shared(
        TORCH,
        *("gelu", "softplus", "silu", "mish", "softsign", "tanhshrink", "relu", "relu6", "selu"),
        *("leaky_relu", "elu", "celu", "softshrink", "hardtanh", "glu"),
        *("mse_loss", "l1_loss", "soft_margin_loss", "kl_div"),
        "binary_cross_entropy_with_logits",
        namespace=F,
    ),
    **shared(ACTIVATIONS, "logsigmoid", "gelu_tanh", namespace=F),
}

paddle = Engine(
    name="paddle",
    distribution="paddlepaddle",
    module="paddle",
    header=HEADER,
    dialect=Dialect(
        namespace="paddle",
        array="paddle.to_tensor({value}, dtype='float64')",
        single="paddle.to_tensor({value}, dtype='float32')",
        templates={
            **CORE,
            **SPECIAL,
            **LINEAR_ALGEBRA,
            **INDEXING,
            **STATISTICS,
            **NETWORKS,
            **complex_detours(make="paddle.complex", functions="paddle"),
            **dict.fromkeys(("complex_power", "complex_det", "complex_inv", "complex_solve")),
            **shared(LOOPS, "newton_sqrt", "logistic_map", "scan_decay", "branch"),
            **derivatives(
                first="pullback(lambda t: paddle.sum({body}))",
                second="pullback(lambda s: paddle.sum({first}(s)))",
            ),
        },
    ),
    mode_transforms={"R": "jacobian({f})"},
    operators={"gradient": "pullback({f})", "pullback": "pullback({f}, {w})"},
    run="got = derivative(x).numpy()",
    modes="R{1,3}",
    unsupported=(("RuntimeError", r"^\(Unavailable\) The Op \w+ doesn't have any grad op"),),
)
