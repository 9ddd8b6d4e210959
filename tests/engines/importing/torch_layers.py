"""Functions of PyTorch that meet the rows of linear algebra, layers, losses and complex numbers."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812

from tests.engines.importing import torch_moves, torch_rows
from tests.engines.importing.torch_rows import GRID, Function, aten, image, large, matrix, square

MATRICES: list[tuple[str, Function]] = [
    ("old cholesky", lambda v: torch.cholesky(square(v))),
    ("qr wide", lambda v: torch.linalg.qr(matrix(v))[1]),
    ("lu_unpack", lambda v: torch.cat(torch.lu_unpack(*torch.linalg.lu_factor(square(v)))[1:])),
    ("cdist of a stack", lambda v: torch.cdist(v.reshape(2, 3, 2), v.exp().reshape(2, 3, 2))),
    ("mm", lambda v: matrix(v) @ matrix(v).T),
    ("mv", lambda v: matrix(v) @ v[:4]),
    ("dot", lambda v: v @ v.flip(0)),
    ("vdot", lambda v: torch.vdot(v, v.flip(0))),
    ("bmm", lambda v: v.reshape(2, 2, 3) @ v.reshape(2, 3, 2)),
    ("bmm of one matrix", lambda v: v.reshape(2, 2, 3) @ v[:6].reshape(3, 2)),
    (
        "bilinear",
        lambda v: F.bilinear(v[:4].reshape(2, 2), v[4:8].reshape(2, 2), v.reshape(3, 2, 2)),
    ),
    ("einsum", lambda v: torch.einsum("ij,kj,k->i", matrix(v), matrix(v), v[:3])),
    ("addmm", lambda v: torch.addmm(v[:3], matrix(v), matrix(v).T, beta=2, alpha=0.5)),
    ("addmm without", lambda v: torch.addmm(v[:3], matrix(v), matrix(v).T, beta=0)),
    ("addmv", lambda v: torch.addmv(v[:3], matrix(v), v[:4])),
    ("addr", lambda v: torch.addr(matrix(v), v[:3], v[:4])),
    (
        "baddbmm",
        lambda v: torch.baddbmm(v[:8].reshape(2, 2, 2), v.reshape(2, 2, 3), v.reshape(2, 3, 2)),
    ),
    ("addbmm", lambda v: torch.addbmm(v[:4].reshape(2, 2), v.reshape(2, 2, 3), v.reshape(2, 3, 2))),
    ("cross", lambda v: torch.linalg.cross(v.reshape(4, 3), v[:3].exp().expand(4, 3))),
    *(
        (f"{n} {s.__name__}", lambda v, n=n, s=s: getattr(torch.linalg, n)(s(v)))
        for s in (square, large)
        for n in (
            "cholesky",
            "det",
            "inv",
            "eigvalsh",
            "matrix_exp",
            "pinv",
        )
        if (n, s) != ("pinv", large)
    ),
    *((f"logdet {s.__name__}", lambda v, s=s: torch.logdet(s(v))) for s in (square, large)),
    *(
        (
            f"solve {s.__name__} {k}",
            lambda v, s=s, k=k: torch.linalg.solve(s(v), s(v)[:, 0].exp() if k else s(v).exp()),
        )
        for s in (square, large)
        for k in (0, 1)
    ),
    ("solve from the right", lambda v: torch.linalg.solve(square(v), matrix(v).T, left=False)),
    (
        "solve a constant matrix",
        lambda v: torch.linalg.solve(torch.eye(12).to(v.dtype) * 2 + torch.ones(12).to(v.dtype), v),
    ),
    (
        "solve a stack",
        lambda v: torch.linalg.solve(
            v[:8].reshape(2, 2, 2) + 2 * torch.eye(2).to(v.dtype), v[:4].reshape(2, 2, 1)
        ),
    ),
    *(
        (
            f"triangle {s.__name__} {u} {left}",
            lambda v, s=s, u=u, left=left: torch.linalg.solve_triangular(
                s(v), s(v).exp(), upper=u, left=left
            ),
        )
        for s in (square, large)
        for u in (False, True)
        for left in (False, True)
    ),
    *(
        (
            f"cholesky_solve {u}",
            lambda v, u=u: torch.cholesky_solve(
                matrix(v), torch.linalg.cholesky(square(v), upper=u), upper=u
            ),
        )
        for u in (False, True)
    ),
    ("cholesky_inverse", lambda v: torch.cholesky_inverse(torch.linalg.cholesky(square(v)))),
    ("lu_factor", lambda v: torch.linalg.lu_factor(square(v))[0]),
    ("lu", lambda v: torch.linalg.lu(square(v))[2]),
    ("lu_solve", lambda v: torch.linalg.lu_solve(*torch.linalg.lu_factor(square(v)), matrix(v))),
    (
        "lu_solve adjoint",
        lambda v: torch.linalg.lu_solve(
            *torch.linalg.lu_factor(square(v)), matrix(v), adjoint=True
        ),
    ),
    ("eigh", lambda v: torch.linalg.eigh(square(v))[1] * v[0]),
    ("svdvals", lambda v: torch.linalg.svdvals(matrix(v))),
    ("svd", lambda v: torch.linalg.svd(matrix(v), full_matrices=False)[2]),
    ("svd of a tall matrix", lambda v: torch.linalg.svd(matrix(v).T, full_matrices=False)[0]),
    ("qr", lambda v: torch.linalg.qr(matrix(v).T)[0]),
    ("qr r", lambda v: torch.linalg.qr(matrix(v).T, mode="r")[1]),
    ("qr large", lambda v: torch.linalg.qr(large(v))[0]),
    ("lstsq", lambda v: torch.linalg.lstsq(matrix(v).T, v[:4].reshape(4, 1))[0]),
    ("householder_product", lambda v: torch.linalg.householder_product(matrix(v).T, v[:3])),
    *(
        (f"cdist {p}", lambda v, p=p: torch.cdist(matrix(v), matrix(v).exp(), p=p))
        for p in (1.0, 2.0)
    ),
    ("_euclidean_dist", lambda v: aten._euclidean_dist(matrix(v), matrix(v).exp())),
    ("pdist", lambda v: F.pdist(matrix(v))),
    *(
        (f"gradient of {n}", torch.func.grad(lambda v, f=f: f(v).sum()))
        for n, f in (
            ("det", lambda v: torch.linalg.det(square(v))),
            ("solve", lambda v: torch.linalg.solve(square(v), matrix(v))),
            ("cholesky", lambda v: torch.linalg.cholesky(square(v))),
            ("inv", lambda v: torch.linalg.inv(square(v))),
            ("logdet", lambda v: torch.logdet(square(v))),
            ("eigh", lambda v: torch.linalg.eigh(square(v))[1][:, 0]),
        )
    ),
]


def convolved(v: torch.Tensor) -> torch.Tensor:
    return F.conv2d(image(v), v[:8].reshape(2, 1, 2, 2), v[:2], stride=(1, 2), padding=(1, 0))


def attended(v: torch.Tensor, **options: Any) -> torch.Tensor:
    heads = v.reshape(1, 1, 3, 4)
    return F.scaled_dot_product_attention(heads, heads.exp(), heads.sin(), **options)


LABELS = torch.tensor([0, 3, 1])
WEIGHTS = torch.tensor([0.5, 1.0, 2.0, 1.5])
LAYERS: list[tuple[str, Function]] = [
    ("embedding_bag", lambda v: F.embedding_bag(GRID, matrix(v), mode="sum")),
    ("layer_norm scale", lambda v: F.layer_norm(matrix(v), (4,), v[:4])),
    ("softmax", lambda v: F.softmax(matrix(v), 1)),
    ("log_softmax", lambda v: F.log_softmax(matrix(v), 0)),
    ("safe softmax", lambda v: aten._safe_softmax(matrix(v), 1)),
    (
        "softmax of a mask",
        lambda v: F.softmax(matrix(v).masked_fill(torch.eye(3, 4) == 1, -torch.inf), 1),
    ),
    ("layer_norm", lambda v: F.layer_norm(matrix(v), (4,), v[:4], v[4:8])),
    ("layer_norm plain", lambda v: F.layer_norm(v.reshape(2, 3, 2), (3, 2))),
    ("layer_norm shift", lambda v: F.layer_norm(matrix(v), (4,), bias=v[:4])),
    ("group_norm", lambda v: F.group_norm(v.reshape(1, 4, 3), 2, v[:4], v[4:8])),
    (
        "batch_norm",
        lambda v: F.batch_norm(v.reshape(2, 3, 2), None, None, v[:3], v[3:6], training=True),
    ),
    (
        "batch_norm kept",
        lambda v: F.batch_norm(
            v.reshape(2, 3, 2), torch.ones(3).to(v), torch.full((3,), 2.0).to(v), v[:3], v[3:6]
        ),
    ),
    (
        "legit",
        lambda v: aten._native_batch_norm_legit(v.reshape(2, 3, 2), None, None, True, 0.1, 1e-5)[0],
    ),
    (
        "legit kept",
        lambda v: aten._native_batch_norm_legit_no_training(
            v.reshape(2, 3, 2), None, None, torch.ones(3).to(v), torch.ones(3).to(v), 0.1, 1e-5
        )[0],
    ),
    ("rms_norm", lambda v: F.rms_norm(matrix(v), (4,))),
    ("instance_norm", lambda v: F.instance_norm(v.reshape(1, 3, 4))),
    ("convolution", convolved),
    ("transposed", lambda v: F.conv_transpose2d(image(v), v[:8].reshape(1, 2, 2, 2), stride=2)),
    ("gradient of a convolution", torch.func.grad(lambda v: convolved(v).square().sum())),
    ("max_pool", lambda v: F.max_pool2d(image(v), 2, stride=1)),
    ("max_pool3d", lambda v: F.max_pool3d(v.reshape(1, 1, 2, 2, 3), 2, 1)),
    (
        "gradient of max_pool",
        torch.func.grad(lambda v: F.max_pool2d(image(v), 2, stride=1).square().sum()),
    ),
    ("avg_pool1d", lambda v: F.avg_pool1d(v.reshape(1, 3, 4), 2)),
    ("avg_pool2d", lambda v: F.avg_pool2d(image(v), 2, 1, padding=1, count_include_pad=False)),
    ("avg_pool3d", lambda v: F.avg_pool3d(v.reshape(1, 1, 2, 2, 3), 2, 1)),
    ("adaptive 1", lambda v: F.adaptive_avg_pool1d(v.reshape(1, 3, 4), 3)),
    ("adaptive 2", lambda v: F.adaptive_avg_pool2d(image(v), (2, 3))),
    ("adaptive 3", lambda v: F.adaptive_avg_pool3d(v.reshape(1, 1, 2, 2, 3), (1, 2, 2))),
    ("adaptive max", lambda v: F.adaptive_max_pool2d(image(v), (2, 3))),
    *(
        (f"{n} {kind}", lambda v, n=n, kind=kind: getattr(F, n)(v[:6], v[6:], reduction=kind))
        for n in (
            "mse_loss",
            "huber_loss",
            "smooth_l1_loss",
            "binary_cross_entropy",
            "kl_div",
            "poisson_nll_loss",
            "l1_loss",
        )
        for kind in ("none", "mean", "sum")
    ),
    ("soft_margin_loss", lambda v: F.soft_margin_loss(v, torch.tensor([1.0, -1.0] * 6).to(v))),
    ("huber delta", lambda v: F.huber_loss(v[:6], v[6:], delta=0.2)),
    ("bce weights", lambda v: F.binary_cross_entropy(v[:6], v[6:], weight=torch.arange(6.0).to(v))),
    (
        "bce logits",
        lambda v: F.binary_cross_entropy_with_logits(
            v[:6], v[6:], pos_weight=torch.arange(6.0).to(v)
        ),
    ),
    *(
        (
            f"cross_entropy {kind}",
            lambda v, kind=kind: F.cross_entropy(matrix(v), LABELS, reduction=kind),
        )
        for kind in ("none", "mean", "sum")
    ),
    (
        "cross_entropy weights",
        lambda v: F.cross_entropy(
            matrix(v), LABELS, weight=WEIGHTS.to(v), ignore_index=3, label_smoothing=0.1
        ),
    ),
    (
        "cross_entropy of pixels",
        lambda v: F.cross_entropy(v.reshape(1, 2, 2, 3), torch.tensor([[[0, 1, 1], [1, 0, 0]]])),
    ),
    (
        "ctc",
        lambda v: F.ctc_loss(
            v.reshape(4, 1, 3).log_softmax(2),
            torch.tensor([[1, 2]]),
            torch.tensor([4]),
            torch.tensor([2]),
        ),
    ),
    ("attention", attended),
    ("attention causal", lambda v: attended(v, is_causal=True)),
    ("attention scale", lambda v: attended(v, scale=0.3)),
    (
        "attention mask",
        lambda v: attended(
            v, attn_mask=torch.tensor([[0, 1, 1], [1, 0, 1], [1, 1, 0]], dtype=torch.bool)
        ),
    ),
    ("attention bias", lambda v: attended(v, attn_mask=v[:9].reshape(3, 3))),
    ("glu", lambda v: F.glu(matrix(v))),
    *(
        (
            f"interpolate {mode}",
            lambda v, mode=mode, d=d: F.interpolate(
                v.reshape(1, 1, *{1: (12,), 2: (3, 4), 3: (2, 2, 3)}[d]), scale_factor=2, mode=mode
            ),
        )
        for mode, d in (
            ("linear", 1),
            ("bilinear", 2),
            ("trilinear", 3),
            ("bicubic", 2),
            ("nearest", 1),
            ("nearest", 2),
        )
    ),
    (
        "interpolate corners",
        lambda v: F.interpolate(image(v), size=(5, 6), mode="bilinear", align_corners=True),
    ),
    ("unfold", lambda v: F.unfold(image(v), 2, padding=1)),
    ("fold", lambda v: F.fold(v.reshape(1, 4, 3), (2, 4), 2)),
    (
        "grid_sample",
        lambda v: F.grid_sample(image(v), v.reshape(1, 2, 3, 2) - 0.5, align_corners=False),
    ),
]

COMPLEX: list[tuple[str, Function]] = [
    ("rfft", lambda v: torch.fft.rfft(v).abs()),
    ("irfft", lambda v: torch.fft.irfft(torch.fft.rfft(v) * torch.fft.rfft(v.exp()), n=12)),
    ("fft", lambda v: torch.fft.fft(v).real),
    ("ifft", lambda v: torch.fft.ifft(torch.fft.fft(v) ** 2).real),
    ("fft2", lambda v: torch.fft.fft2(matrix(v), norm="ortho").imag),
    ("angle", lambda v: torch.complex(v, v.exp()).angle()),
    ("exp", lambda v: torch.exp(1j * v).real),
    ("polar", lambda v: torch.polar(v, v.exp()).imag),
    ("division", lambda v: (torch.complex(v, v.exp()) / torch.complex(v.exp(), v)).real),
    ("reciprocal", lambda v: torch.complex(v, v.exp()).reciprocal().imag),
    ("sum", lambda v: torch.complex(v, v.exp()).sum().abs()),
    ("mean", lambda v: (-torch.complex(v, v.exp())).mean().imag),
    ("minus", lambda v: (torch.complex(v, v.exp()) - 2 * v).abs()),
    ("conj", lambda v: (torch.complex(v, v.exp()).conj() * torch.complex(v.exp(), v)).imag),
    ("conj_physical", lambda v: aten._conj_physical(torch.complex(v, v.exp())).imag),
    ("conj in place", lambda v: torch.conj_physical(torch.complex(v, v.exp())).imag),
    ("plus", lambda v: (torch.complex(v, v.exp()) + 1j).abs()),
    (
        "mm",
        lambda v: (
            (torch.complex(matrix(v), matrix(v).exp()) @ matrix(v).T.to(torch.complex128)).imag
        ),
    ),
    ("mv", lambda v: (torch.complex(matrix(v), matrix(v)) @ torch.complex(v[:4], v[4:8])).real),
    ("dot", lambda v: torch.dot(torch.complex(v, v.exp()), torch.complex(v, v)).abs()),
    (
        "bmm",
        lambda v: (
            (torch.complex(v, v.exp()).reshape(2, 2, 3) @ torch.complex(v, v).reshape(2, 3, 2)).imag
        ),
    ),
    ("norm", lambda v: torch.complex(v, v.exp()).norm()),
    (
        "parts joined",
        lambda v: torch.view_as_real(
            torch.stack([torch.complex(v, v.exp()), torch.complex(v.sin(), v)])
        ),
    ),
]


def gradient(f: Function) -> Function:
    """The gradient of a weighted sum of squares, computed inside the function."""

    def total(v: torch.Tensor) -> torch.Tensor:
        made = f(v).reshape(-1)
        return (made**2 * torch.cos(torch.arange(made.numel(), dtype=v.dtype))).sum()

    return torch.func.grad(total)


WITH_ROWS_OF_GRADIENTS = (
    *("avg_pool2d", "avg_pool3d", "adaptive 2", "adaptive 3", "attention causal", "layer_norm"),
    *("group_norm", "batch_norm", "cross_entropy mean", "bce logits", "attention mask"),
    *("interpolate linear", "interpolate trilinear", "interpolate bicubic"),
    *("interpolate bilinear", "cdist 2.0", "rfft", "pad reflect 1", "pad reflect 2"),
    *("pad reflect 3", "pad replicate 1", "pad replicate 2", "pad replicate 3", "F.softshrink"),
    *("F.hardshrink", "F.logsigmoid", "F.gelu", "F.elu", "interpolate nearest"),
)
GRADIENTS: list[tuple[str, Function]] = [
    (f"gradient of {name}", gradient(f))
    for rows in (
        *torch_rows.TABLES.values(),
        *torch_moves.TABLES.values(),
        MATRICES,
        LAYERS,
        COMPLEX,
    )
    for name, f in rows
    if name in WITH_ROWS_OF_GRADIENTS
]
TABLES = {"matrices": MATRICES, "layers": LAYERS, "complex": COMPLEX, "gradients": GRADIENTS}
