"""PaddlePaddle: reverse mode by paddle.grad, with create_graph once over itself.

At the third order every gradient walks through all of the graph: programs with a dozen entries take
over a minute.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from ad_conformance.engines.contract import Engine
from ad_conformance.generators.catalogue.extra.control_flow import body_text
from ad_conformance.generators.catalogue.operation import Call
from ad_conformance.generators.render.dialect import Dialect, UnsupportedOperation

HEADER = """\
import functools
import itertools

import numpy as np
import paddle


def own(x):
    # A variable of its own: what f captures, even x itself, is another.
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
            return pull(y, t, lambda *of: paddle.grad(*of, create_graph=len(active) > 1, allow_unused=True)[0])
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
        # Without a graph for the gradient, what has been pulled through must be kept for the next
        # entry.
        rows = [grad(entry, t, None, True) for entry in paddle.unbind(paddle.reshape(y, [-1]))]
        rows = [paddle.zeros_like(t) if row is None else row for row in rows]
        return paddle.reshape(paddle.stack(rows), [*y.shape, *t.shape])

    return differentiated(f, pull)
"""


def _dims(name: str) -> str:
    return f"paddle.{name}({{0}}, axis={{axis}}, keepdim={{keepdims}})"


def _listed(name: str, param: str) -> Callable[[Call], str]:
    return lambda call: f"paddle.{name}({call.operands[0]}, {list(call.params[param])})"


def _integers(values: object) -> str:
    return f"paddle.to_tensor({np.array(values, dtype=int).tolist()}, dtype='int64')"


def _indexed(template: str) -> Callable[[Call], str]:
    """The template with {i} for the indices, none counted from the end."""

    def write(call: Call) -> str:
        n = call.shapes[0][call.params["axis"]]
        indices = np.array(call.params["indices"], dtype=int) % n
        return template.format(*call.operands, i=_integers(indices), axis=call.params["axis"])

    return write


def _columns(template: str) -> Callable[[Call], str]:
    """A solver that takes matrices of right-hand sides only, for a vector too."""

    def write(call: Call) -> str:
        if len(call.shapes[1]) > 1:
            return template.format(*call.operands)
        return template.format(call.operands[0], f"{call.operands[1]}[:, None]") + "[:, 0]"

    return write


def _solve_triangular(call: Call) -> str:
    upper, unit, transposed = (call.params[k] for k in ("upper", "unit_diagonal", "transpose"))
    options = f"upper={upper}, transpose={transposed}, unitriangular={unit}"
    return _columns(f"paddle.linalg.triangular_solve({{0}}, {{1}}, {options})")(call)


def _var(name: str) -> Callable[[Call], str]:
    def write(call: Call) -> str:
        axis, keepdims, correction = (call.params[k] for k in ("axis", "keepdims", "correction"))
        if correction > 1:
            raise UnsupportedOperation("correction")
        return (
            f"paddle.{name}({call.operands[0]}, axis={axis}, unbiased={correction == 1}, "
            f"keepdim={keepdims})"
        )

    return write


def _diff(call: Call) -> str:
    if not call.params["n"]:
        raise UnsupportedOperation("no difference")
    return f"paddle.diff({call.operands[0]}, n={call.params['n']}, axis={call.params['axis']})"


def _einsum(call: Call) -> str:
    subscripts = call.params["subscripts"]
    # Diagonals are refused, whatever is asked of them.
    if any(
        len(set(letters)) < len(letters) for letters in subscripts.partition("->")[0].split(",")
    ):
        raise UnsupportedOperation("einsum with a letter twice")
    return f"paddle.einsum('{subscripts}', {', '.join(call.operands)})"


def _sort(call: Call) -> str:
    return (
        f"paddle.sort({call.operands[0]}, axis={call.params['axis']}, "
        f"descending={call.params['descending']})"
    )


def _inner(call: Call) -> str:
    return f"pullback(lambda t: paddle.sum({body_text(call)}))"


def _descent(call: Call) -> str:
    rate, count = call.params["rate"], call.params["count"]
    return (
        f"functools.reduce(lambda q, k: q - {rate} * {_inner(call)}(q), range({count}), "
        f"{call.operands[0]})"
    )


# Whatever triangle an engine reads.
SYMMETRIC = "({0} + paddle.matrix_transpose({0})) / 2"
F = "paddle.nn.functional"
REDUCED = "reduction={reduction!r})"
Z = "paddle.complex({0}, {1})"
SAME = (
    "digamma", "lgamma", "erf", "erfinv", "i0", "i0e", "i1", "i1e", "logit", "sinc", "kron", "cross", "inner",
)  # fmt: skip

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
            "sum": _dims("sum"),
            "prod": _dims("prod"),
            "mean": _dims("mean"),
            "max": _dims("max"),
            "min": _dims("min"),
            "cumulative_sum": "paddle.cumsum({0}, axis={axis})",
            "cumulative_prod": "paddle.cumprod({0}, dim={axis})",
            "reshape": _listed("reshape", "shape"),
            "expand_dims": "paddle.unsqueeze({0}, axis={axis})",
            "permute_dims": _listed("transpose", "axes"),
            "flip": "paddle.flip({0}, [{axis}])",
            "roll": "paddle.roll({0}, {shift}, axis={axis})",
            "broadcast_to": _listed("broadcast_to", "shape"),
            "take": _indexed("paddle.index_select({0}, {i}, axis={axis})"),
            "diagonal": "paddle.diagonal({0}, axis1=-2, axis2=-1)",
            "outer": "paddle.outer({0}, {1})",
            "tensordot": "paddle.tensordot({0}, {1}, {axes})",
            "trace": "paddle.trace({0}, axis1=-2, axis2=-1)",
            "solve": "paddle.linalg.solve({0}, {1})",
            # Its derivative adds 1e-12 to what it divides by, on purpose.
            "vector_norm": None,
            "matrix_norm": None,
            "logical_and": "paddle.logical_and({0}, {1})",
            # special functions
            **{name: f"paddle.{name}({{args}})" for name in SAME},
            "polygamma": "paddle.polygamma({0}, {n})",
            "expit": "paddle.sigmoid({0})",
            "logsumexp": _dims("logsumexp"),
            "logcumsumexp": "paddle.logcumsumexp({0}, axis={axis})",
            "softmax": F + ".softmax({0}, axis={axis})",
            "log_softmax": F + ".log_softmax({0}, axis={axis})",
            # decompositions
            "cholesky": f"paddle.linalg.cholesky({SYMMETRIC})",
            "cholesky_solve": _columns(
                f"paddle.linalg.cholesky_solve({{1}}, paddle.linalg.cholesky({SYMMETRIC}))"
            ),
            "matrix_exp": "paddle.linalg.matrix_exp({0})",
            "eigvalsh": f"paddle.linalg.eigvalsh({SYMMETRIC})",
            "eigenvector_weights": f"paddle.linalg.eigh({SYMMETRIC})[1] ** 2",
            "einsum": _einsum,
            "qr_r": (
                "(lambda q, r: r * paddle.sign(paddle.diagonal(r, axis1=-2, axis2=-1))[..., :, "
                "None])"
                "(*paddle.linalg.qr({0}))"
            ),
            "qr_q": (
                "(lambda q, r: q * paddle.sign(paddle.diagonal(r, axis1=-2, axis2=-1))[..., None, "
                ":])"
                "(*paddle.linalg.qr({0}))"
            ),
            "svdvals": "paddle.linalg.svd({0}, full_matrices=False)[1]",
            "polar_factor": "(lambda u, s, vh: u @ vh)(*paddle.linalg.svd({0}, "
            "full_matrices=False))",
            "column_projection": (
                "(lambda u, s, vh: u @ paddle.matrix_transpose(u))(*paddle.linalg.svd({0}, "
                "full_matrices=False))"
            ),
            "slogdet": "paddle.linalg.slogdet({0})[1]",
            "pinv": "paddle.linalg.pinv({0})",
            "solve_triangular": _solve_triangular,
            "matrix_power": "paddle.linalg.matrix_power({0}, {n})",
            "multi_dot": "paddle.linalg.multi_dot([{args}])",
            "cross": "paddle.cross({0}, {1}, axis={axis})",
            # gathering, moving, masking
            "unstack": "paddle.unbind({0}, axis={axis})[{which}]",
            "take_along_axis": _indexed(
                "paddle.take_along_axis({0}, {i}, {axis}, broadcast=False)"
            ),
            "tile": "paddle.tile({0}, {repetitions})",
            "roll_axes": "paddle.roll({0}, {shift}, axis={axis})",
            "rot90": "paddle.rot90({0}, {k}, axes=[0, 1])",
            "moveaxis": "paddle.moveaxis({0}, {source}, {destination})",
            "squeeze": "paddle.squeeze({0}, axis={axis})",
            # Marked as not to be differentiated.
            "diag_embed": None,
            "diagonal_offset": "paddle.diagonal({0}, {offset}, -2, -1)",
            "tril_offset": "paddle.tril({0}, {k})",
            "triu_offset": "paddle.triu({0}, {k})",
            "index_add": _indexed("paddle.index_add({0}, {i}, {axis}, {1})"),
            "scatter_add": _indexed(
                "paddle.put_along_axis({0}, {i}, {1}, {axis}, reduce='add', broadcast=False)"
            ),
            "masked_sqrt": "paddle.where({0} > {threshold}, paddle.sqrt({0}), paddle.zeros_like("
            "{0}))",
            "masked_log": "paddle.where({0} > {threshold}, paddle.log({0}), paddle.zeros_like("
            "{0}))",
            "masked_reciprocal": "paddle.where({0} > {threshold}, paddle.reciprocal({0}), "
            "paddle.zeros_like({0}))",
            "sliced_log": "paddle.log({0})[..., {start}:]",
            "root_at_least": "paddle.clip(paddle.sqrt(paddle.square({0})), min={least})",
            "reciprocal_at_most": "paddle.clip(paddle.reciprocal(paddle.square({0})), max={most})",
            "largest_root": "paddle.max(paddle.sqrt(paddle.square({0})), axis={axis})",
            "masked_sum": "paddle.sum(paddle.where({0} > {threshold}, {0}, paddle.zeros_like("
            "{0})), axis={axis})",
            "masked_prod": "paddle.prod(paddle.where({0} > {threshold}, {0}, paddle.ones_like("
            "{0})), axis={axis})",
            # statistics
            "sort": _sort,
            "top_k": "paddle.topk({0}, {k})[0]",
            "kth_value": "paddle.kthvalue({0}, {k}, axis={axis})[0]",
            "cumulative_max": "paddle.cummax({0}, axis={axis})[0]",
            "cumulative_min": "paddle.cummin({0}, axis={axis})[0]",
            "var": _var("var"),
            "std": _var("std"),
            "nanmean": _dims("nanmean"),
            "diff": _diff,
            # networks
            "softplus": F + ".softplus({0}, threshold=40.0)",
            **{
                name: f"{F}.{spelled}({{0}})"
                for name, spelled in {
                    "logsigmoid": "log_sigmoid",
                    "silu": "silu",
                    "mish": "mish",
                    "gelu": "gelu",
                    "softsign": "softsign",
                    "tanhshrink": "tanhshrink",
                    "relu": "relu",
                    "relu6": "relu6",
                    "selu": "selu",
                }.items()
            },
            "gelu_tanh": F + ".gelu({0}, approximate=True)",
            "leaky_relu": F + ".leaky_relu({0}, {slope})",
            "elu": F + ".elu({0}, {alpha})",
            "celu": F + ".celu({0}, {alpha})",
            "softshrink": F + ".softshrink({0}, {lambd})",
            "hardtanh": F + ".hardtanh({0}, {min}, {max})",
            "glu": F + ".glu({0}, axis={axis})",
            "mse_loss": F + ".mse_loss({0}, {1}, " + REDUCED,
            "l1_loss": F + ".l1_loss({0}, {1}, " + REDUCED,
            "soft_margin_loss": F + ".soft_margin_loss({0}, {1}, " + REDUCED,
            "binary_cross_entropy_with_logits": F
            + ".binary_cross_entropy_with_logits({0}, {1}, "
            + REDUCED,
            "kl_div": F + ".kl_div({0}, {1}, " + REDUCED,
            # complex detours
            "complex_abs": f"paddle.abs({Z})",
            "complex_angle": "paddle.angle(paddle.complex({1}, {0}))",
            "complex_square_abs": f"paddle.real({Z} * paddle.conj({Z}))",
            **{
                f"complex_{name}": f"paddle.real(paddle.{name}({Z}))"
                for name in ("exp", "log", "sqrt")
            },
            "complex_reciprocal": f"paddle.imag(1 / {Z})",
            "complex_product": f"paddle.real({Z} * paddle.complex({{2}}, {{3}}))",
            "complex_power": None,
            **dict.fromkeys(("complex_det", "complex_inv", "complex_solve")),
            # derivatives inside a program, and what is repeated
            "newton_sqrt": "functools.reduce(lambda t, k: (t + {0} / t) / 2, range({count}), "
            "paddle.ones_like({0}))",
            "logistic_map": "functools.reduce(lambda t, k: {rate} * t * (1 - t), range({count}), "
            "{0})",
            "scan_decay": "paddle.stack(list(itertools.accumulate({0}, lambda h, v: {decay} * h + "
            "v)))",
            "branch": "({0} * paddle.sin({0}) if paddle.sum({0}) > {threshold} else {0} * {0})",
            "inner_derivative": lambda call: f"{_inner(call)}({call.operands[0]})",
            "inner_second_derivative": lambda call: (
                f"pullback(lambda s: paddle.sum({_inner(call)}(s)))({call.operands[0]})"
            ),
            "descent": _descent,
        },
    ),
    mode_transforms={"R": "jacobian({f})"},
    operators={"gradient": "pullback({f})", "pullback": "pullback({f}, {w})"},
    run="got = derivative(x).numpy()",
    modes="R{1,2}",
    unsupported=(("RuntimeError", r"^\(Unavailable\) The Op \w+ doesn't have any grad op"),),
)
