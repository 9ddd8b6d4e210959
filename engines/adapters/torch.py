"""PyTorch: torch.func, and create_graph with torch.autograd.grad and dual numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engines.contract import Engine
from generators.dialects import Dialect
from generators.operations import Call, order_text

HEADER = """\
import numpy as np
import torch

torch.set_num_threads(1)
"""

CREATE_GRAPH = """\
import numpy as np
import torch

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


def gradient(f):
    return pullback(f, None)


def pullback(f, w):
    def derivative(x):
        x = x if x.requires_grad else x.detach().requires_grad_()
        y = f(x)
        if not y.requires_grad:
            return torch.zeros_like(x)
        return torch.autograd.grad(y, x, w, create_graph=True, materialize_grads=True)[0]

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
    def spelling(call: Call) -> str:
        x, axis, keepdims = call.operands[0], call.params["axis"], call.params["keepdims"]
        if axis is None and not keepdims:
            return f"torch.{name}({x})"
        return f"torch.a{name}({x}, dim={() if axis is None else axis}, keepdim={keepdims})"

    return spelling


def _trace(call: Call) -> str:
    x = call.operands[0]
    return f"torch.trace({x})" if len(call.shapes[0]) == 2 else f"torch.linalg.diagonal({x}).sum(-1)"


# Whatever triangle an engine reads.
SYMMETRIC = "({0} + {0}.mT) / 2"
EIGH = "(lambda w, v: (v * torch.{f}(w)[..., None, :]) @ v.mT)(*torch.linalg.eigh(({{0}} + {{0}}.mT) / 2))"


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
    return lambda call: template.format(*call.operands, **{k: order_text(v) for k, v in call.params.items()})


torch = Engine(
    name="torch",
    distribution="torch",
    module="torch",
    header=HEADER,
    dialect=Dialect(
        namespace="torch",
        array="torch.tensor({value}, dtype=torch.float64)",
        single="torch.tensor({value}, dtype=torch.float32)",
        spellings={
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
            "softplus": "torch.nn.functional.softplus({0})",
            "silu": "torch.nn.functional.silu({0})",
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
            "qr_r": "(lambda q, r: r * torch.sign(torch.linalg.diagonal(r))[..., :, None])(*torch.linalg.qr({0}))",
            "qr_q": "(lambda q, r: q * torch.sign(torch.linalg.diagonal(r))[..., None, :])(*torch.linalg.qr({0}))",
            "svdvals": "torch.linalg.svdvals({0})",
            "polar_factor": "(lambda u, s, vh: u @ vh)(*torch.linalg.svd({0}, full_matrices=False))",
            "column_projection": "(lambda u, s, vh: u @ u.mT)(*torch.linalg.svd({0}, full_matrices=False))",
            "slogdet": "torch.linalg.slogdet({0}).logabsdet",
            "logdet": "torch.logdet({0})",
            "pinv": "torch.linalg.pinv({0})",
            "lstsq": "torch.linalg.lstsq({0}, {1}).solution",
            "solve_triangular": _solve_triangular,
            "matrix_power": "torch.linalg.matrix_power({0}, {n})",
            "kron": "torch.kron({0}, {1})",
            "cross": "torch.linalg.cross({0}, {1}, dim={axis})",
            "tril_k": "torch.tril({0}, diagonal={k})",
            "triu_k": "torch.triu({0}, diagonal={k})",
            "inner": "torch.inner({0}, {1})",
            "multi_dot": "torch.linalg.multi_dot([{args}])",
            "vander": _vander,
            "cov": "torch.cov({0}).reshape({0}.shape[0], {0}.shape[0])",
            "corrcoef": "torch.corrcoef({0}).reshape({0}.shape[0], {0}.shape[0])",
            "vector_norm_ord": _norm("torch.linalg.vector_norm({0}, {ord}, dim={axis}, keepdim={keepdims})"),
            "matrix_norm_ord": _norm("torch.linalg.matrix_norm({0}, {ord})"),
            "cdist": _norm("torch.cdist({0}, {1}, p={p})"),
        },
    ),
    levels={"R": "torch.func.jacrev({f})", "F": "torch.func.jacfwd({f})"},
    operators={
        "gradient": "torch.func.grad({f})",
        "pushforward": "lambda x: torch.func.jvp({f}, (x,), ({v},))[1]",
        "pullback": "lambda x: torch.func.vjp({f}, x)[1]({w})[0]",
    },
    # torch.func returns ZeroTensors for derivatives that vanish, whose .numpy() raises and whose .tolist() and
    # .numpy(force=True) read unmapped memory; a clone is an ordinary tensor.
    run="got = derivative(x).detach().clone().numpy()",
    unsupported=(
        (
            "NotImplementedError",
            r"^Trying to use forward AD with .* that does not support it|^the derivative for .* is not implemented",
        ),
    ),
    environment={"OMP_NUM_THREADS": "1"},
)

create_graph = replace(
    torch,
    name="torch-autograd",
    header=CREATE_GRAPH,
    levels={"R": "jacobian({f})"},
    operators={"gradient": "gradient({f})", "pullback": "pullback({f}, {w})"},
)
