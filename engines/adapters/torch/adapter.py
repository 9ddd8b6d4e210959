"""PyTorch: torch.func, and create_graph with torch.autograd.grad and dual numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from ad_conformance.engines.adapters.torch.templates import INDEXING, NETWORKS
from ad_conformance.engines.contract import Engine
from ad_conformance.generators.catalogue.extra.control_flow import body_text
from ad_conformance.generators.catalogue.operation import Call, order_text
from ad_conformance.generators.render.dialect import Dialect

HEADER = """\
import functools
import itertools

import numpy as np
import torch

torch.set_num_threads(1)
"""

CREATE_GRAPH = """\
import functools
import itertools

import numpy as np
import torch
import torch.utils.checkpoint

torch.set_num_threads(1)


def jacobian(f):
    def derivative(x):
        x = x if x.requires_grad else x.detach().requires_grad_()
        y = f(x)
        if not y.requires_grad or not y.numel():
            return torch.zeros(y.shape + x.shape, dtype=y.dtype)
        rows = [
            torch.autograd.grad(entry, x, create_graph=True, materialize_grads=True)[0]
            for entry in y.reshape(-1)
        ]
        return torch.stack(rows).reshape(y.shape + x.shape)

    return derivative


def grad(f):
    return pullback(f, None)


def pullback(f, w):
    def derivative(x):
        # A variable of its own: what f captures, even x itself, is another.
        t = x.clone() if x.requires_grad else x.detach().clone().requires_grad_()
        y = f(t)
        if not y.requires_grad:
            return torch.zeros_like(x)
        return torch.autograd.grad(y, t, w, create_graph=True, materialize_grads=True)[0]

    return derivative
"""


def _dims(name: str) -> str:
    return f"torch.{name}({{0}}, dim={{axis}}, keepdim={{keepdims}})"


def _prod(call: Call) -> str:
    x, (axis, keepdims) = call.operands[0], (call.params["axis"], call.params["keepdims"])
    if axis is not None:
        return f"torch.prod({x}, dim={axis}, keepdim={keepdims})"
    shape = (1,) * len(call.shapes[0])
    return f"torch.prod({x}).reshape({shape})" if keepdims else f"torch.prod({x})"


def _extremum(name: str) -> Callable[[Call], str]:
    def write(call: Call) -> str:
        x, axis, keepdims = call.operands[0], call.params["axis"], call.params["keepdims"]
        if axis is None and not keepdims:
            return f"torch.{name}({x})"
        return f"torch.a{name}({x}, dim={() if axis is None else axis}, keepdim={keepdims})"

    return write


def _trace(call: Call) -> str:
    x = call.operands[0]
    return (
        f"torch.trace({x})" if len(call.shapes[0]) == 2 else f"torch.linalg.diagonal({x}).sum(-1)"
    )


# Whatever triangle an engine reads.
SYMMETRIC = "({0} + {0}.mT) / 2"
EIGH = (
    "(lambda w, v: (v * torch.{f}(w)[..., None, :]) @ v.mT)(*torch.linalg.eigh(({{0}} + "
    "{{0}}.mT) / 2))"
)


def _columns(call: Call, template: str) -> str:
    """A solver that takes matrices of right-hand sides only, for a vector too."""
    if len(call.shapes[1]) > 1:
        return template.format(*call.operands)
    return template.format(call.operands[0], f"{call.operands[1]}[:, None]") + "[:, 0]"


def _cholesky_solve(call: Call) -> str:
    return _columns(call, f"torch.cholesky_solve({{1}}, torch.linalg.cholesky({SYMMETRIC}))")


def _lu_solve(call: Call) -> str:
    return _columns(call, "torch.linalg.lu_solve(*torch.linalg.lu_factor({0}), {1})")


def _solve_triangular(call: Call) -> str:
    upper, unit, transposed = (call.params[k] for k in ("upper", "unit_diagonal", "transpose"))
    matrix = "{0}.mT" if transposed else "{0}"
    options = f"upper={upper != transposed}, unitriangular={unit}"
    return _columns(call, f"torch.linalg.solve_triangular({matrix}, {{1}}, {options})")


def _vander(call: Call) -> str:
    text = f"torch.linalg.vander({call.operands[0]}, N={call.params['columns']})"
    return text if call.params["increasing"] else f"torch.flip({text}, (-1,))"


def _norm(template: str) -> Callable[[Call], str]:
    return lambda call: template.format(
        *call.operands, **{k: order_text(v) for k, v in call.params.items()}
    )


def _nesting(grad: str) -> dict[str, str | Callable[[Call], str]]:
    """Derivatives inside a program, by the `grad` that differentiates the program too."""

    def inner(call: Call) -> str:
        return f"{grad}(lambda t: torch.sum({body_text(call)}))"

    def descent(call: Call) -> str:
        rate, count = call.params["rate"], call.params["count"]
        return (
            f"functools.reduce(lambda q, k: q - {rate} * {inner(call)}(q), range({count}), "
            f"{call.operands[0]})"
        )

    return {
        "inner_derivative": lambda call: f"{inner(call)}({call.operands[0]})",
        "inner_second_derivative": lambda call: (
            f"{grad}(lambda s: torch.sum({inner(call)}(s)))({call.operands[0]})"
        ),
        "descent": descent,
    }


NESTING: dict[str, str | Callable[[Call], str]] = {
    "newton_sqrt": "functools.reduce(lambda t, k: (t + {0} / t) / 2, range({count}), "
    "torch.ones_like({0}))",
    "logistic_map": "functools.reduce(lambda t, k: {rate} * t * (1 - t), range({count}), {0})",
    "scan_decay": "torch.stack(list(itertools.accumulate({0}, lambda h, v: {decay} * h + v)))",
    "scan_tanh": (
        "torch.stack(list(itertools.accumulate({0}, lambda h, v: torch.tanh({1} * h + v), "
        "initial=0.0))[1:])"
    ),
    "branch": "({0} * torch.sin({0}) if torch.sum({0}) > {threshold} else {0} * {0})",
    "inner_pushforward": lambda call: (
        f"torch.func.jvp(lambda t: {body_text(call)}, ({call.operands[0]},), ({call.operands[1]},"
        f"))[1]"
    ),
    **_nesting("torch.func.grad"),
}


def _median(call: Call) -> str:
    """Torch's own median takes the lower of two in the middle."""
    x, (axis, keepdims) = call.operands[0], (call.params["axis"], call.params["keepdims"])
    n = math.prod(call.shapes[0]) if axis is None else call.shapes[0][axis]
    if n % 2 and axis is not None:
        return f"torch.median({x}, dim={axis}, keepdim={keepdims}).values"
    if n % 2 and not keepdims:
        return f"torch.median({x})"
    return f"torch.quantile({x}, 0.5, dim={axis}, keepdim={keepdims})"


def _kth_value(call: Call) -> str:
    x, (axis, k) = call.operands[0], (call.params["axis"], call.params["k"])
    if k == (call.shapes[0][axis] + 1) // 2:
        return f"torch.median({x}, dim={axis}).values"
    return f"torch.kthvalue({x}, {k}, dim={axis}).values"


def _ptp(call: Call) -> str:
    x, (axis, keepdims) = call.operands[0], (call.params["axis"], call.params["keepdims"])
    if axis is None and keepdims:
        return f"torch.amax({x}, dim=(), keepdim=True) - torch.amin({x}, dim=(), keepdim=True)"
    dim = "" if axis is None else f", dim={axis}, keepdim={keepdims}"
    return f"torch.sub(*reversed(torch.aminmax({x}{dim})))"


def _logsumexp(call: Call) -> str:
    x, axis, keepdims = call.operands[0], call.params["axis"], call.params["keepdims"]
    dim = tuple(range(len(call.shapes[0]))) if axis is None else axis
    return f"torch.logsumexp({x}, dim={dim}, keepdim={keepdims})"


SPECIAL = (
    "digamma", "entr", "erf", "erfc", "erfcx", "erfinv", "exp2", "expit", "i0", "i0e", "i1", "i1e", "log_ndtr", "logit",
    "ndtr", "ndtri", "sinc", "xlog1py", "xlogy",
)  # fmt: skip

torch = Engine(
    name="torch",
    distribution="torch",
    module="torch",
    header=HEADER,
    dialect=Dialect(
        namespace="torch",
        array="torch.tensor({value}, dtype=torch.float64)",
        single="torch.tensor({value}, dtype=torch.float32)",
        templates={
            "sum": _dims("sum"),
            "mean": _dims("mean"),
            "prod": _prod,
            "max": _extremum("max"),
            "min": _extremum("min"),
            "cumulative_sum": "torch.cumsum({0}, dim={axis})",
            "cumulative_prod": "torch.cumprod({0}, dim={axis})",
            "stack": "torch.stack([{args}], dim={axis})",
            "concat": "torch.concat([{args}], dim={axis})",
            "expand_dims": "torch.unsqueeze({0}, dim={axis})",
            "permute_dims": "torch.permute({0}, {axes})",
            "matrix_transpose": "{0}.mT",
            "flip": "torch.flip({0}, ({axis},))",
            "roll": "torch.roll({0}, {shift}, dims={axis})",
            "take": "torch.index_select({0}, {axis}, torch.tensor({indices}))",
            "tensordot": "torch.tensordot({0}, {1}, dims={axes})",
            "outer": "torch.outer({0}, {1})",
            "vecdot": "torch.linalg.vecdot({0}, {1})",
            "trace": _trace,
            **{name: f"torch.special.{name}({{args}})" for name in SPECIAL},
            "lgamma": "torch.lgamma({0})",
            "polygamma": "torch.special.polygamma({n}, {0})",
            "zeta": "torch.special.zeta({s}.0, {0})",
            "logsumexp": _logsumexp,
            "logcumsumexp": "torch.logcumsumexp({0}, dim={axis})",
            "softmax": "torch.softmax({0}, dim={axis})",
            "log_softmax": "torch.log_softmax({0}, dim={axis})",
            "vector_norm": "torch.linalg.vector_norm({0}, dim={axis})",
            "cholesky": f"torch.linalg.cholesky({SYMMETRIC})",
            "cholesky_solve": _cholesky_solve,
            "cholesky_inverse": f"torch.cholesky_inverse(torch.linalg.cholesky({SYMMETRIC}))",
            "lu_solve": _lu_solve,
            "matrix_exp": "torch.linalg.matrix_exp({0})",
            "eigvalsh": f"torch.linalg.eigvalsh({SYMMETRIC})",
            "eigenvector_weights": f"torch.linalg.eigh({SYMMETRIC}).eigenvectors ** 2",
            "eigh_exp": EIGH.format(f="exp"),
            "eigh_sqrt": EIGH.format(f="sqrt"),
            "einsum": "torch.einsum('{subscripts}', {args})",
            "qr_r": "(lambda q, r: r * torch.sign(torch.linalg.diagonal(r))[..., :, None])("
            "*torch.linalg.qr({0}))",
            "qr_q": "(lambda q, r: q * torch.sign(torch.linalg.diagonal(r))[..., None, :])("
            "*torch.linalg.qr({0}))",
            "svdvals": "torch.linalg.svdvals({0})",
            "polar_factor": "(lambda u, s, vh: u @ vh)(*torch.linalg.svd({0}, "
            "full_matrices=False))",
            "column_projection": "(lambda u, s, vh: u @ u.mT)(*torch.linalg.svd({0}, "
            "full_matrices=False))",
            "slogdet": "torch.linalg.slogdet({0}).logabsdet",
            "logdet": "torch.logdet({0})",
            "pinv": "torch.linalg.pinv({0})",
            # gelsy, the default, reads pivots that nothing has set, and is wrong at random:
            # pytorch/pytorch#187411.
            "lstsq": "torch.linalg.lstsq({0}, {1}, driver='gelsd').solution",
            "solve_triangular": _solve_triangular,
            "matrix_power": "torch.linalg.matrix_power({0}, {n})",
            "kron": "torch.kron({0}, {1})",
            "cross": "torch.linalg.cross({0}, {1}, dim={axis})",
            "inner": "torch.inner({0}, {1})",
            "multi_dot": "torch.linalg.multi_dot([{args}])",
            "vander": _vander,
            "corrcoef": "torch.corrcoef({0}).reshape({0}.shape[0], {0}.shape[0])",
            "vector_norm_ord": _norm(
                "torch.linalg.vector_norm({0}, {ord}, dim={axis}, keepdim={keepdims})"
            ),
            "matrix_norm_ord": _norm("torch.linalg.matrix_norm({0}, {ord})"),
            "cdist": _norm("torch.cdist({0}, {1}, p={p})"),
            **NETWORKS,
            **INDEXING,
            **NESTING,
            # statistics
            "sort": "torch.sort({0}, dim={axis}, descending={descending}).values",
            "sort_by": "torch.gather({1}, {axis}, torch.argsort({0}, dim={axis}, stable=True))",
            "top_k": "torch.topk({0}, {k}).values",
            "kth_value": _kth_value,
            "median": _median,
            "quantile": "torch.quantile({0}, torch.tensor({q}, dtype={0}.dtype), dim={axis})",
            "cumulative_max": "torch.cummax({0}, dim={axis}).values",
            "cumulative_min": "torch.cummin({0}, dim={axis}).values",
            "ptp": _ptp,
            "var": "torch.var({0}, dim={axis}, keepdim={keepdims}, correction={correction})",
            "std": "torch.std({0}, dim={axis}, keepdim={keepdims}, correction={correction})",
            "nanmean": "torch.nanmean({0}, dim={axis}, keepdim={keepdims})",
            "cov": "torch.cov({0}, correction={correction})",
            "diff": "torch.diff({0}, n={n}, dim={axis})",
            "trapezoid": "torch.trapezoid({0}, {1}, dim={axis})",
        },
    ),
    mode_transforms={"R": "torch.func.jacrev({f})", "F": "torch.func.jacfwd({f})"},
    operators={
        "gradient": "torch.func.grad({f})",
        "pushforward": "lambda x: torch.func.jvp({f}, (x,), ({v},))[1]",
        "pullback": "lambda x: torch.func.vjp({f}, x)[1]({w})[0]",
    },
    # torch.func returns ZeroTensors for derivatives that vanish, whose .numpy() raises and whose
    # .tolist() and .numpy(force=True) read unmapped memory; a clone is an ordinary tensor.
    run="got = derivative(x).detach().clone().numpy()",
    environment={"OMP_NUM_THREADS": "1"},
    unsupported=(
        ("NotImplementedError", r"^the derivative for .* is not implemented"),
        ("RuntimeError", r"^derivative for .* is not implemented"),
        ("NotImplementedError", r"^Trying to use forward AD with .* that does not support it"),
        ("RuntimeError", r"^The function '.*' is not differentiable with respect to argument"),
        (
            "RuntimeError",
            r"^vmap: It looks like you're attempting to use a Tensor in some data-dependent "
            r"control flow",
        ),
        ("RuntimeError", r"^vmap over .* isn't supported yet"),
        ("RuntimeError", r"^Batching rule not implemented for"),
        ("RuntimeError", r"Double backward is unsupported for \w+ when >1 zeros"),
    ),
)

_OWN: dict[str, str | Callable[[Call], str] | None] = {
    **_nesting("grad"),
    "inner_pushforward": None,
    "checkpointed": (
        "torch.utils.checkpoint.checkpoint(lambda t: torch.sin(t) * torch.exp(-t * t), {0}, "
        "use_reentrant=False)"
    ),
}
create_graph = replace(
    torch,
    name="torch-autograd",
    header=CREATE_GRAPH,
    mode_transforms={"R": "jacobian({f})"},
    operators={"gradient": "grad({f})", "pullback": "pullback({f}, {w})"},
    dialect=replace(torch.dialect, templates={**torch.dialect.templates, **_OWN}),
)
