"""Functions of PyTorch that meet the rows of operators that move entries."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812

from tests.engines.importing.torch_rows import (
    GRID,
    INDEX,
    Function,
    assigned,
    aten,
    changed,
    matrix,
)

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
    ("scatter that adds", lambda v: v.scatter(0, INDEX, v[:4].exp(), reduce="add")),
    *(
        (f"index_reduce {n}", lambda v, n=n: matrix(v).index_reduce(1, INDEX, matrix(v).exp(), n))
        for n in ("mean", "prod", "amax", "amin")
    ),
    ("put", lambda v: matrix(v).put(INDEX[:3], v[:3].exp())),
    ("put adding", lambda v: matrix(v).put(INDEX, v[:4].exp(), accumulate=True)),
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

TABLES = {"moving": MOVING}
