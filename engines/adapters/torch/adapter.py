"""PyTorch: `torch.func`; the engine `torch-autograd` nests `torch.autograd.grad` with
`create_graph=True` instead.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

from ad_conformance.engines.adapters.numpy_calls import column_solver, norm
from ad_conformance.engines.adapters.numpy_family import (
    LOOPS,
    NUMPY,
    TORCH,
    called,
    decompositions,
    derivatives,
    shared,
    symmetric,
    unrolled_bodies,
)
from ad_conformance.engines.adapters.torch import special
from ad_conformance.engines.adapters.torch.batches import BATCHES
from ad_conformance.engines.adapters.torch.complex_values import COMPLEX
from ad_conformance.engines.adapters.torch.fourier import FOURIER
from ad_conformance.engines.adapters.torch.linear import LINEAR
from ad_conformance.engines.adapters.torch.moves import MOVES
from ad_conformance.engines.adapters.torch.names import NAMES
from ad_conformance.engines.adapters.torch.reductions import REDUCTIONS
from ad_conformance.engines.adapters.torch.templates import INDEXING, NETWORKS
from ad_conformance.engines.adapters.wrappers import torch as wrappers
from ad_conformance.engines.contract import Engine
from ad_conformance.engines.process.devices import nvidia_or_amd
from ad_conformance.generators.catalogue.operation import Call, Template
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


TRANSPOSE = "{0}.mT"
SYMMETRIC = symmetric(TRANSPOSE)


def _torch(table: Mapping[str, str], *operations: str) -> dict[str, str]:
    """Templates of a table with PyTorch's names `dim` and `keepdim`."""
    return shared(table, *operations, axis="dim", keepdims="keepdim")


def _prod(call: Call) -> str:
    """PyTorch's prod over all axes has no `keepdim`."""
    x, (axis, keepdims) = call.operands[0], (call.params["axis"], call.params["keepdims"])
    if axis is not None:
        return f"torch.prod({x}, dim={axis}, keepdim={keepdims})"
    shape = (1,) * len(call.shapes[0])
    return f"torch.prod({x}).reshape({shape})" if keepdims else f"torch.prod({x})"


def _extremum(name: str) -> Callable[[Call], str]:
    def write_call(call: Call) -> str:
        x, axis, keepdims = call.operands[0], call.params["axis"], call.params["keepdims"]
        if axis is None and not keepdims:
            return f"torch.{name}({x})"
        return f"torch.a{name}({x}, dim={() if axis is None else axis}, keepdim={keepdims})"

    return write_call


def _trace(call: Call) -> str:
    """PyTorch's trace takes no stack of matrices."""
    x = call.operands[0]
    if len(call.shapes[0]) == 2:
        return f"torch.trace({x})"
    return f"torch.linalg.diagonal({x}).sum(-1)"


def _solve_triangular(call: Call) -> str:
    """PyTorch cannot transpose the matrix: the transposed triangle is the other one."""
    upper, transposed = call.params["upper"], call.params["transpose"]
    matrix = "{0}.mT" if transposed else "{0}"
    options = f"upper={upper != transposed}, unitriangular={{unit_diagonal}}"
    return column_solver(f"torch.linalg.solve_triangular({matrix}, {{1}}, {options})")(call)


def _vander(call: Call) -> str:
    text = f"torch.linalg.vander({call.operands[0]}, N={call.params['columns']})"
    return text if call.params["increasing"] else f"torch.flip({text}, (-1,))"


def _median(call: Call) -> str:
    """PyTorch's own median takes the lower of two in the middle."""
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
    """PyTorch's logsumexp needs the axes even if it reduces all of them."""
    x, axis, keepdims = call.operands[0], call.params["axis"], call.params["keepdims"]
    dim = tuple(range(len(call.shapes[0]))) if axis is None else axis
    return f"torch.logsumexp({x}, dim={dim}, keepdim={keepdims})"


CORE: dict[str, Template] = {
    **_torch(TORCH, "sum", "mean", "stack", "concat", "expand_dims"),
    "prod": _prod,
    "max": _extremum("max"),
    "min": _extremum("min"),
    **_torch(NUMPY, "cumulative_sum", "cumulative_prod", "outer"),
    "permute_dims": "torch.permute({0}, {axes})",
    "matrix_transpose": TRANSPOSE,
    "flip": "torch.flip({0}, ({axis},))",
    **shared(TORCH, "roll", axis="dims"),
    "take": "torch.index_select({0}, {axis}, torch.tensor({indices}))",
    "tensordot": "torch.tensordot({0}, {1}, dims={axes})",
    "vecdot": "torch.linalg.vecdot({0}, {1})",
    "trace": _trace,
    "vector_norm": "torch.linalg.vector_norm({0}, dim={axis})",
}
SPECIAL: dict[str, Template] = {
    **called(
        "torch.special",
        *("digamma", "entr", "erf", "erfc", "erfcx", "erfinv", "exp2", "expit", "i0", "i0e"),
        *("i1", "i1e", "log_ndtr", "logit", "ndtr", "ndtri", "sinc", "xlog1py", "xlogy"),
    ),
    **called("torch", "lgamma"),
    **shared(NUMPY, "polygamma", namespace="torch.special"),
    **shared(TORCH, "zeta", namespace="torch.special"),
    "logsumexp": _logsumexp,
    **_torch(NUMPY, "logcumsumexp", "softmax", "log_softmax"),
}
LINEAR_ALGEBRA: dict[str, Template] = {
    **decompositions(
        *("cholesky", "eigvalsh", "eigenvector_weights", "eigh_exp", "eigh_sqrt", "qr_r", "qr_q"),
        *("polar_factor", "column_projection"),
        transpose=TRANSPOSE,
        eigenvectors=".eigenvectors",
        diagonal="torch.linalg.diagonal(r)",
    ),
    "cholesky_solve": column_solver(
        f"torch.cholesky_solve({{1}}, torch.linalg.cholesky({SYMMETRIC}))"
    ),
    "cholesky_inverse": f"torch.cholesky_inverse(torch.linalg.cholesky({SYMMETRIC}))",
    "lu_solve": column_solver("torch.linalg.lu_solve(*torch.linalg.lu_factor({0}), {1})"),
    "solve_triangular": _solve_triangular,
    **_torch(TORCH, "matrix_exp", "svdvals", "slogdet", "cross"),
    **_torch(NUMPY, "pinv", "matrix_power", "kron", "inner", "multi_dot"),
    "logdet": "torch.logdet({0})",
    # The default, gelsy, reads pivots that nothing has set, and is wrong at random:
    # pytorch/pytorch#187411.
    "lstsq": "torch.linalg.lstsq({0}, {1}, driver='gelsd').solution",
    "vander": _vander,
    "vector_norm_ord": norm("torch.linalg.vector_norm({0}, {ord}, dim={axis}, keepdim={keepdims})"),
    "matrix_norm_ord": norm("torch.linalg.matrix_norm({0}, {ord})"),
    "cdist": norm("torch.cdist({0}, {1}, p={p})"),
}
STATISTICS: dict[str, Template] = {
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
    "cov": "torch.cov({0}, correction={correction})",
    **_torch(NUMPY, "nanmean", "corrcoef", "diff", "trapezoid"),
}


def _derivatives(grad: str, pushforward: str = "") -> dict[str, Template]:
    return derivatives(
        first=f"{grad}(lambda t: torch.sum({{body}}))",
        second=f"{grad}(lambda s: torch.sum({{first}}(s)))",
        pushforward=pushforward,
    )


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
            **CORE,
            **SPECIAL,
            **LINEAR_ALGEBRA,
            **NETWORKS,
            **INDEXING,
            **BATCHES,
            **shared(LOOPS, *LOOPS),
            **unrolled_bodies(),
            **_derivatives(
                "torch.func.grad", "torch.func.jvp(lambda t: {body}, ({0},), ({1},))[1]"
            ),
            **STATISTICS,
            **special.TEMPLATES,
            **LINEAR,
            **MOVES,
            **REDUCTIONS,
            **FOURIER,
            **COMPLEX,
        },
        names=NAMES,
    ),
    mode_transforms={"R": "torch.func.jacrev({f})", "F": "torch.func.jacfwd({f})"},
    operators={
        "gradient": "torch.func.grad({f})",
        "pushforward": "lambda x: torch.func.jvp({f}, (x,), ({v},))[1]",
        "pullback": "lambda x: torch.func.vjp({f}, x)[1]({w})[0]",
    },
    wrappers=wrappers.FUNC,
    wrapper_functions=wrappers.FUNC_FUNCTIONS,
    closed_wrappers=wrappers.CLOSED,
    slow_wrappers=("jit", "jit_native"),
    # After a compilation that failed, torch._dynamo.reset() and the garbage collector free guards
    # that switch off the dispatch of fake tensors, without which Dynamo cannot compile.
    fragile_wrappers=("jit", "jit_native"),
    # torch.func returns ZeroTensors for derivatives that vanish, whose .numpy() raises and whose
    # .tolist() and .numpy(force=True) read unmapped memory; a clone is an ordinary tensor.
    run="got = derivative(x).detach().clone().numpy()",
    # Inductor otherwise starts processes that compile.
    environment={"OMP_NUM_THREADS": "1", "TORCHINDUCTOR_COMPILE_THREADS": "1"},
    unsupported=(
        ("NotImplementedError", r"^the derivative for .* is not implemented"),
        ("RuntimeError", r"^derivative for .* is not implemented"),
        ("RuntimeError", r"^\w+ does not support 3rd\+ order derivatives"),
        ("NotImplementedError", r"^Trying to use forward AD with .* that does not support it"),
        ("RuntimeError", r"^The function '.*' is not differentiable with respect to argument"),
        ("NotImplementedError", r"^You must implement .* custom autograd\.Function"),
        (
            "RuntimeError",
            r"^vmap: It looks like you're (attempting to use a Tensor in some data-dependent "
            r"control flow|calling \.item\(\)|either \(1\) calling \.item\(\))",
        ),
        # The same while torch.func.linearize traces.
        ("RuntimeError", r"^It appears that you're trying to get value out of a tracing tensor"),
        ("RuntimeError", r"^vmap over .* isn't supported yet"),
        ("RuntimeError", r"^vmap: we do not yet support aten::"),
        ("RuntimeError", r"^Batching rule not implemented for"),
        ("RuntimeError", r"^Error: aten::\w+ requires special handling, and does not yet have"),
        ("RuntimeError", r"^In-place leakyReLu backward calculation is triggered with a negative"),
        ("RuntimeError", r"^In-place elu backward calculation is triggered with a negative slope"),
        ("RuntimeError", r"Double backward is unsupported for \w+ when >1 zeros"),
        ("RuntimeError", r"^torch\.func\.\{.*\} don't yet support saved tensor hooks"),
        ("RuntimeError", r"^Nested forward mode AD is not supported at the moment"),
        ("RuntimeError", r"^You tried to vmap over \w+, but it does not have vmap support"),
        ("RuntimeError", r"^Detected that you are using FX to symbolically trace a dynamo-optimiz"),
        # The same while torch.compile traces.
        ("BackendCompilerFailed", r"torch\.func\.\{.*\} don't yet support saved tensor hooks"),
        (
            "TorchRuntimeError",
            r"\bgot \w+\(.(derivative for .* is not implemented|Batching rule not implemented for|"
            r"The function '.*' is not differentiable with respect to argument)",
        ),
        ("InternalTorchDynamoError", r"Nested forward mode AD is not supported at the moment"),
        ("RuntimeError", r"^You are attempting to call Tensor\.requires_grad_\(\)"),
        ("RuntimeError", r"^torch\.compile with aot_autograd does not currently support double"),
    ),
)

#: New tensors are on the device, those of templates such as `take` too. Convolutions in float32
#: otherwise have the precision of TF32, ten bits.
CUDA = """
torch.set_default_device("cuda")
torch.backends.cudnn.allow_tf32 = False
"""
cuda = replace(
    torch,
    name="torch-cuda",
    header=HEADER + CUDA,
    run="got = derivative(x).detach().clone().cpu().numpy()",
    device_check=nvidia_or_amd(
        "import torch\nif not torch.cuda.is_available():\n"
        "    sys.exit(f'torch {torch.__version__} finds no CUDA device')"
    ),
)

_CREATE_GRAPH: dict[str, Template | None] = {
    **_derivatives("grad"),
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
    wrappers=wrappers.GRAPH,
    wrapper_functions=wrappers.GRAPH_FUNCTIONS,
    dialect=replace(torch.dialect, templates={**torch.dialect.templates, **_CREATE_GRAPH}),
)
