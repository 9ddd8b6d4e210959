"""Functions of PyTorch that meet the rows of the importer's tables, one or more for each row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812

aten = torch.ops.aten
Function = Callable[[torch.Tensor], torch.Tensor]
INDEX = torch.tensor([2, 0, 1, 1])
GRID = torch.tensor([[0, 2, 1, 1], [1, 1, 0, 2]])


def matrix(v: torch.Tensor) -> torch.Tensor:
    return v.reshape(3, 4)


def square(v: torch.Tensor) -> torch.Tensor:
    """A positive definite matrix of three rows."""
    return matrix(v) @ matrix(v).T + 2 * torch.eye(3, dtype=v.dtype)


def large(v: torch.Tensor) -> torch.Tensor:
    """A positive definite matrix of twelve rows."""
    return torch.outer(v, v) + torch.diag(2 + v**2)


def image(v: torch.Tensor) -> torch.Tensor:
    return v.reshape(1, 1, 3, 4)


def each(function: Callable[..., Any], *others: Any) -> Function:
    return lambda v: function(v, *others)


def changed(method: str, *arguments: Any, source: Function = torch.clone) -> Function:
    """A method that changes a copy in place."""

    def function(v: torch.Tensor) -> torch.Tensor:
        made = source(v).clone()
        getattr(made, method)(*arguments)
        return made

    return function


def assigned(key: Any, value: Function, source: Function = matrix) -> Function:
    def function(v: torch.Tensor) -> torch.Tensor:
        made = source(v).clone()
        made[key] = value(v)
        return made

    return function


ENTRYWISE: list[tuple[str, Function]] = [
    *(
        (f"torch.{n}", each(getattr(torch, n)))
        for n in [
            "sin",
            "cos",
            "tan",
            "asin",
            "acos",
            "atan",
            "sinh",
            "cosh",
            "tanh",
            "asinh",
            "atanh",
            "exp",
            "exp2",
            "expm1",
            "log",
            "log2",
            "log10",
            "log1p",
            "sqrt",
            "rsqrt",
            "abs",
            "sign",
            "floor",
            "ceil",
            "trunc",
            "reciprocal",
            "erf",
            "erfc",
            "erfinv",
            "digamma",
            "lgamma",
            "i0",
            "sinc",
            "frac",
            "relu",
            "deg2rad",
            "rad2deg",
            "sgn",
            "square",
            "neg",
            "sigmoid",
            "round",
            "nan_to_num",
            "logit",
        ]
    ),
    *(
        (f"special.{n}", each(getattr(torch.special, n)))
        for n in [
            "ndtri",
            "log_ndtr",
            "erfcx",
            "entr",
            "i0e",
            "i1",
            "i1e",
            "bessel_j0",
            "bessel_j1",
            "bessel_y0",
            "bessel_y1",
            "modified_bessel_i0",
            "modified_bessel_i1",
            "modified_bessel_k0",
            "modified_bessel_k1",
            "scaled_modified_bessel_k0",
            "scaled_modified_bessel_k1",
        ]
    ),
    *(
        (f"torch.{n}", lambda v, n=n: getattr(torch, n)(v, v.flip(0) * 1.5))
        for n in [
            "maximum",
            "minimum",
            "fmax",
            "fmin",
            "atan2",
            "hypot",
            "logaddexp",
            "logaddexp2",
            "remainder",
            "fmod",
            "xlogy",
            "copysign",
            "floor_divide",
            "add",
            "sub",
            "mul",
            "div",
            "pow",
            "rsub",
        ]
    ),
    *(
        (f"torch.{n}", lambda v, n=n: torch.where(getattr(torch, n)(v, 0.45), v, v**2))
        for n in ["lt", "gt", "le", "ge", "eq", "ne"]
    ),
    *(
        (f"aten.{n}", lambda v, n=n: torch.where(getattr(aten, n)(v), v, v**2))
        for n in ["isnan", "isinf"]
    ),
    *(
        (f"F.{n}", lambda v, n=n: getattr(F, n)(4 * v - 2))
        for n in [
            "silu",
            "mish",
            "hardswish",
            "hardsigmoid",
            "gelu",
            "softplus",
            "logsigmoid",
            "elu",
            "selu",
            "celu",
            "hardtanh",
            "leaky_relu",
            "softshrink",
            "hardshrink",
            "relu6",
        ]
    ),
    ("acosh", lambda v: torch.acosh(v + 1.2)),
    ("igamma", lambda v: torch.special.gammainc(v + 1, v)),
    ("igammac", lambda v: torch.special.gammaincc(v + 1, v)),
    ("xlog1py", lambda v: torch.special.xlog1py(v, v)),
    ("zeta", lambda v: torch.special.zeta(v + 2, v + 1)),
    ("polygamma", lambda v: torch.special.polygamma(2, v)),
    ("mvlgamma", lambda v: torch.mvlgamma(v + 1, 3)),
    ("pow 2", lambda v: v**2),
    ("pow 3", lambda v: v**3),
    ("pow -1", lambda v: v**-1),
    ("pow half", lambda v: v**0.5),
    ("pow 1.7", lambda v: v**1.7),
    ("pow 0", lambda v: v**0 + v),
    ("2 ** v", lambda v: 2**v),
    ("1 / v", lambda v: 1 / v),
    ("3 - v", lambda v: 3 - v),
    ("pow of a vector", lambda v: v ** torch.arange(12, dtype=v.dtype)),
    ("div floor", lambda v: torch.div(3 * v, v.sum(), rounding_mode="floor") + v),
    ("div trunc", lambda v: torch.div(3 * v, v.sum(), rounding_mode="trunc") + v),
    ("add alpha", lambda v: torch.add(v, v.flip(0), alpha=2.5)),
    ("add an infinite mask", lambda v: (v + torch.tensor([0.0, -torch.inf] * 6)).softmax(0)),
    ("clamp", lambda v: v.clamp(0.3, 0.6)),
    ("clamp_min", lambda v: v.clamp_min(0.3)),
    ("clamp_max", lambda v: v.clamp_max(0.6)),
    ("clamp low", lambda v: v.clamp(min=0.3)),
    ("clamp by tensors", lambda v: torch.clamp(v, v.flip(0) / 2, v.flip(0))),
    ("clamp_min by a tensor", lambda v: torch.clamp_min(v, v.mean())),
    ("clamp_max by a tensor", lambda v: torch.clamp_max(v, v.mean())),
    ("lerp", lambda v: torch.lerp(v, v.flip(0), 0.3)),
    ("lerp by a tensor", lambda v: torch.lerp(v, v.flip(0), v)),
    ("addcmul", lambda v: torch.addcmul(v, v, v.flip(0), value=0.5)),
    ("addcdiv", lambda v: torch.addcdiv(v, v, v.flip(0), value=0.5)),
    *(
        (
            f"logical_{n}",
            lambda v, n=n: torch.where(getattr(torch, f"logical_{n}")(v > 0.4, v < 0.7), v, 2 * v),
        )
        for n in ("and", "or", "xor")
    ),
    ("logical_not", lambda v: torch.where(torch.logical_not(v > 0.4), v, 2 * v)),
    ("&", lambda v: torch.where((v > 0.4) & (v < 0.7), v, 2 * v)),
    ("|", lambda v: torch.where((v < 0.3) | (v > 0.7), v, 2 * v)),
    ("^", lambda v: torch.where((v < 0.5) ^ (v > 0.3), v, 2 * v)),
    ("~", lambda v: v * ~(v > 0.4)),
    ("where by constants", lambda v: torch.where(torch.arange(12) > 4, v, v.flip(0))),
    ("where with 0", lambda v: torch.where(torch.arange(12) > 4, v, 0.0)),
    ("masked_fill", lambda v: v.masked_fill(v > 0.5, 2.0)),
    ("masked_fill by constants", lambda v: v.masked_fill(torch.arange(12) > 4, 2.0) ** 2),
    ("round decimals", lambda v: torch.round(v, decimals=1) + v),
    ("logit eps", lambda v: torch.logit(v, eps=0.2)),
    ("gelu tanh", lambda v: F.gelu(v, approximate="tanh")),
    ("softplus threshold", lambda v: F.softplus(v, beta=2.0, threshold=0.8)),
    ("angle", lambda v: v * torch.angle(v - 0.5)),
    ("softplus beta", lambda v: F.softplus(v, beta=2.0)),
    ("threshold", lambda v: F.threshold(v, 0.4, 0.1)),
    ("elu scaled", lambda v: aten.elu(4 * v - 2, 1.5, 2.0, 0.5)),
    ("prelu", lambda v: F.prelu(4 * v - 2, v[:1])),
    ("rrelu", lambda v: F.rrelu(4 * v - 2, training=False)),
    ("bool to float", lambda v: (v > 0.4).to(v.dtype) * v),
    ("to int", lambda v: v * (9 * v).long()),
    ("searchsorted", lambda v: v[torch.searchsorted(v[:4].sort()[0], v[4:])] * v[4:]),
    ("bucketize", lambda v: v[torch.bucketize(v, torch.tensor([0.2, 0.5, 0.8]))] * v),
]

REDUCTIONS: list[tuple[str, Function]] = [
    *(
        (f"{n} {d}", lambda v, n=n, d=d: getattr(torch, n)(matrix(v), **d))
        for n in ("sum", "mean", "nansum", "logsumexp", "amax", "amin")
        for d in ({"dim": 1}, {"dim": 0, "keepdim": True}, {"dim": (0, 1)})
    ),
    *(
        (f"{n} of all", lambda v, n=n: getattr(matrix(v), n)())
        for n in (
            "sum",
            "mean",
            "prod",
            "max",
            "min",
            "var",
            "std",
            "median",
            "amax",
            "count_nonzero",
        )
    ),
    ("prod along", lambda v: matrix(v).prod(1)),
    ("var 0", lambda v: matrix(v).var(0, correction=0)),
    ("std keepdim", lambda v: matrix(v).std(1, keepdim=True)),
    ("var_mean", lambda v: torch.cat(torch.var_mean(matrix(v), dim=1))),
    ("std_mean", lambda v: torch.cat(torch.std_mean(matrix(v), dim=1))),
    ("max along", lambda v: matrix(v).max(1)[0]),
    ("min along", lambda v: matrix(v).min(0)[0]),
    ("max of two", lambda v: torch.max(v, v.flip(0))),
    ("gathered at max", lambda v: matrix(v).gather(1, matrix(v).max(1, keepdim=True)[1])),
    ("argmax", lambda v: v[v.argmax()] * v),
    ("argmin", lambda v: matrix(v)[:, matrix(v).argmin(1)]),
    ("all", lambda v: torch.where((matrix(v) > 0.4).all(1), 1.0, 2.0) * v[:3]),
    ("any", lambda v: torch.where((matrix(v) > 0.8).any(1), 1.0, 2.0) * v[:3]),
    ("all of all", lambda v: v * (v > 0).all()),
    ("any of all", lambda v: v * (v > 0.9).any()),
    ("_is_all_true", lambda v: v * aten._is_all_true(v > 0)),
    ("_is_any_true", lambda v: v * aten._is_any_true(v > 2)),
    *(
        (f"norm {p}", lambda v, p=p: torch.linalg.vector_norm(matrix(v), p, dim=1))
        for p in (1, 2, 3, float("inf"), float("-inf"))
    ),
    ("norm of all", lambda v: v.norm()),
    ("norm keepdim", lambda v: v / v.norm(dim=0, keepdim=True)),
    ("norm of axes", lambda v: torch.linalg.vector_norm(v.reshape(2, 3, 2), 3, dim=(0, 2))),
    ("dist", lambda v: torch.dist(v, v.flip(0) ** 2)),
    ("renorm", lambda v: torch.renorm(matrix(v), 2, 0, 0.7)),
    ("cumsum", lambda v: v.cumsum(0)),
    ("cumprod", lambda v: matrix(v).cumprod(1)),
    ("logcumsumexp", lambda v: v.logcumsumexp(0)),
    ("cummax", lambda v: v.cummax(0)[0]),
    ("cummin", lambda v: v.flip(0)[v.cummin(0)[1]]),
    ("sort", lambda v: matrix(v).sort(1)[0]),
    ("argsort", lambda v: v.flip(0)[v.argsort(descending=True)]),
    ("topk", lambda v: v.topk(3)[0]),
    ("topk indices", lambda v: v.flip(0)[v.topk(3, largest=False)[1]]),
    ("kthvalue", lambda v: matrix(v).kthvalue(2, dim=1)[0]),
    ("kthvalue index", lambda v: v.flip(0)[v.kthvalue(4)[1]]),
    ("median along", lambda v: matrix(v).median(0)[0]),
    ("trace", lambda v: torch.trace(matrix(v))),
    (
        "logsumexp of a mask",
        lambda v: torch.logsumexp(
            matrix(v).masked_fill(matrix(torch.arange(12)) % 3 == 0, -torch.inf), dim=1
        ),
    ),
    ("var with a fraction", lambda v: torch.var(matrix(v), dim=1, correction=0.5)),
    ("number of entries", lambda v: v * torch.linalg.vector_norm(v, 0)),
    ("nanmedian", lambda v: v.nanmedian() * v),
    ("quantile", lambda v: torch.quantile(v, 0.3)),
]

TABLES = {"entrywise": ENTRYWISE, "reductions": REDUCTIONS}
