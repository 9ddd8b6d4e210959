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
        (f"torch.{n}", lambda v, n=n: torch.where(getattr(torch, n)(v), v, v**2))
        for n in ["isnan", "isinf", "isfinite"]
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
    ("quantile", lambda v: torch.quantile(v, 0.3)),
]

MOVING: list[tuple[str, Function]] = [
    ("cat", lambda v: torch.cat([v, v.exp(), torch.ones(2)])),
    ("stack", lambda v: torch.stack([v, v.sin()], 1)),
    ("clone of a transpose", lambda v: matrix(v).T.clone() ** 2),
    ("contiguous", lambda v: matrix(v).T.contiguous().view(-1)),
    ("flip", lambda v: v.flip(0) * v),
    ("roll", lambda v: v.roll(2, 0) * v),
    ("repeat", lambda v: v[:2].repeat(2, 2) ** 2),
    ("rot90", lambda v: matrix(v).rot90() ** 2),
    ("take", lambda v: matrix(v).take(GRID) ** 2),
    ("gather", lambda v: matrix(v).gather(0, GRID) ** 2),
    ("index", lambda v: matrix(v)[INDEX] ** 2),
    ("index pairs", lambda v: matrix(v)[GRID[0], GRID[1]] ** 2),
    ("index_select", lambda v: matrix(v).index_select(1, INDEX) ** 2),
    ("masked_select", lambda v: v.masked_select(torch.arange(12) % 2 == 0) ** 2),
    ("mask that depends", lambda v: v[v > 0.4].sum()),
    ("embedding", lambda v: F.embedding(GRID, matrix(v)) ** 2),
    ("diag_embed", lambda v: torch.diag_embed(v[:3])),
    ("pixel_shuffle", lambda v: F.pixel_shuffle(v.reshape(1, 4, 3, 1), 2) ** 2),
    ("pixel_unshuffle", lambda v: F.pixel_unshuffle(v.reshape(1, 1, 2, 6), 2) ** 2),
    ("channel_shuffle", lambda v: F.channel_shuffle(v.reshape(1, 4, 3, 1), 2) ** 2),
    ("block_diag", lambda v: torch.block_diag(matrix(v), v[:2])),
    ("expand_copy", lambda v: aten.expand_copy(v, [2, 12]) ** 2),
    ("view_copy", lambda v: aten.view_copy(v, [4, 3]) ** 2),
    ("permute_copy", lambda v: aten.permute_copy(matrix(v), [1, 0]) ** 2),
    ("_reshape_copy", lambda v: aten._reshape_copy(v, [4, 3]) ** 2),
    ("slice_scatter", lambda v: torch.slice_scatter(v, v[:3].exp(), 0, 2, 5)),
    ("select_scatter", lambda v: torch.select_scatter(matrix(v), v[:3].exp(), 1, 2)),
    ("diagonal_scatter", lambda v: torch.diagonal_scatter(matrix(v), v[:3].exp())),
    ("as_strided_scatter", lambda v: torch.as_strided_scatter(v, v[:3].exp(), (3,), (2,), 1)),
    ("gradient of a selection", torch.func.grad(lambda v: matrix(v)[1].exp().sum())),
    ("gradient of a slice", torch.func.grad(lambda v: v[2:5].exp().sum())),
    ("gradient of a diagonal", torch.func.grad(lambda v: matrix(v).diagonal().exp().sum())),
    ("masked_scatter", lambda v: v.masked_scatter(torch.arange(12) < 3, v.exp())),
    ("index_copy", lambda v: matrix(v).index_copy(0, INDEX[:2], v[:8].reshape(2, 4).exp())),
    ("index_fill", lambda v: matrix(v).index_fill(1, INDEX[:2], 3.0) ** 2),
    ("scatter", lambda v: v.scatter(0, INDEX[:3], v[:3].exp())),
    ("scatter of a number", lambda v: v.scatter(0, INDEX, 2.0) ** 2),
    ("pad", lambda v: F.pad(matrix(v), (1, 2, 0, 1), value=1.5) ** 2),
    *(
        (
            f"pad {mode} {d}",
            lambda v, mode=mode, d=d: (
                F.pad(
                    v.reshape(
                        *[1] * (3 - min(d, 2)), *{1: (12,), 2: (1, 3, 4), 3: (1, 2, 2, 3)}[d]
                    ),
                    (1, 1) * d,
                    mode,
                )
                ** 2
            ),
        )
        for mode in ("reflect", "replicate")
        for d in (1, 2, 3)
    ),
    ("tril", lambda v: torch.tril(matrix(v), 1)),
    ("triu", lambda v: torch.triu(matrix(v)) ** 2),
    ("fill", changed("fill_", 2.0)),
    ("zero a part", lambda v: assigned(0, lambda v: 0.0)(v) ** 2),
    ("fill with a tensor", lambda v: v.clone().fill_(v[3])),
    ("zero", lambda v: v.clone().zero_() + v),
    ("copy", lambda v: torch.empty(12, dtype=v.dtype).copy_(v) ** 2),
    ("assign a row", assigned(1, lambda v: v[:4].exp())),
    ("assign by indices", assigned(INDEX[:3], lambda v: matrix(v).exp())),
    ("assign by a mask", lambda v: assigned(v > 0.5, lambda v: 0.1, torch.clone)(v)),
    (
        "assign in another order",
        lambda v: (lambda y: (y.t().__setitem__(1, v[:3]), y * v[0])[1])(matrix(v).clone()),
    ),
    ("unsafe put", lambda v: aten._unsafe_index_put(v, [INDEX], v[:4].exp(), True)),
    ("put that adds", lambda v: v.index_put((INDEX,), v[:4].exp(), accumulate=True)),
    ("_index_put_impl", lambda v: aten._index_put_impl_(v.clone(), [INDEX[:3]], v[:3].exp())),
    ("scatter_add", lambda v: v.scatter_add(0, INDEX, v[:4].exp())),
    *(
        (f"scatter_reduce {n}", lambda v, n=n: v.scatter_reduce(0, INDEX, v[:4].exp(), n))
        for n in ("sum", "mean", "prod", "amax", "amin")
    ),
    ("index_add", lambda v: matrix(v).index_add(1, INDEX, matrix(v).exp(), alpha=2)),
    (
        "gradient of an embedding",
        torch.func.grad(lambda v: F.embedding(GRID, matrix(v)[:, :2]).exp().sum()),
    ),
    *((n, lambda v, n=n: v + getattr(torch, n)(v) * 0) for n in ("zeros_like", "ones_like")),
    ("full_like", lambda v: v + torch.full_like(v, 2.0)),
    ("empty_like", lambda v: torch.empty_like(v).copy_(v) * 2),
    ("zeros of the same kind", lambda v: v + aten._new_zeros_with_same_feature_meta(v, v)),
    ("new_zeros", lambda v: v + v.new_zeros(12)),
    ("new_ones", lambda v: v + v.new_ones(12)),
    ("new_full", lambda v: v + v.new_full((12,), 2.0)),
    ("new_empty", lambda v: v.new_empty(12).copy_(v) * 2),
    ("new_empty_strided", lambda v: v.new_empty_strided((12,), (1,)).copy_(v) * 2),
]
TABLES = {"entrywise": ENTRYWISE, "reductions": REDUCTIONS, "moving": MOVING}
