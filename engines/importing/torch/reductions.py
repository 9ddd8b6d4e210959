"""Reductions, products of matrices, cumulative operations, and all that sorts."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from ad_conformance.engines.importing.recorder import CannotImport, Recorder
from ad_conformance.engines.importing.torch.entries import tuple_of
from ad_conformance.engines.importing.torch.rule import Rule, axes_of, reduced, tensors, whole
from ad_conformance.engines.importing.torch.tracking import Later, Tracking, as_numpy
from ad_conformance.generators.rewrite.recording import Recorded

Array = np.ndarray


def _plain(name: str) -> Rule:
    """A reduction with the arguments x, dim and keepdim."""
    return whole(lambda r, x, dim=None, keepdim=False, *_options: reduced(r, name, x, dim, keepdim))


def _product(r: Recorder, x: Any, dim: Any = None, keepdim: bool = False, *_options: Any) -> Any:
    if not isinstance(dim, int) or isinstance(dim, bool):
        dim, keepdim = None, False
    return reduced(r, "prod", x, dim, keepdim)


def _extremum(name: str, sign: int) -> Rule:
    """max or min: of all entries, along an axis with indices, or of two operands."""
    pairwise = "maximum" if name == "max" else "minimum"

    def rule(t: Tracking, made: Any, x: Any, other: Any = None, keepdim: bool = False) -> Any:
        r = t.recorder
        if isinstance(other, torch.Tensor):
            return getattr(r, pairwise)(t.numbers(x), t.numbers(other))
        value = t.numbers(x)
        found = reduced(r, name, value, other, keepdim) if value.ndim else value
        if isinstance(made, torch.Tensor):
            return found
        return [found, _best_index(t, x, made[1], other, keepdim, sign)]

    return tensors(rule)


def _best_index(t: Tracking, x: Any, made: Any, dim: Any, keepdim: bool, sign: int) -> Later:
    """The index of the largest entry, or of the smallest: it is no smaller than all others."""

    def make() -> None:
        index = as_numpy(made)
        codes = t.codes(x).reshape(-1) if dim is None else t.codes(x)
        axis = 0 if dim is None else dim
        if dim is None or not keepdim:
            index = np.expand_dims(index.reshape(()) if dim is None else index, axis)
        best = t.entries.read(np.take_along_axis(codes, index, axis))
        others = t.entries.read(codes)
        compared = t.recorder.greater_equal if sign > 0 else t.recorder.less_equal
        t.recorder.holds(compared(best, others))

    return Later(make)


def _argument(sign: int) -> Rule:
    return tensors(
        lambda t, made, x, dim=None, keepdim=False: _best_index(t, x, made, dim, keepdim, sign)
    )


def _order(t: Tracking, x: Any, made: Any, dim: int, descending: bool, whole: bool) -> Later:
    """The indices of sorted entries: neighbours are in order, and no other entry comes before."""

    def make() -> None:
        r, index, codes = t.recorder, as_numpy(made), t.codes(x)
        ordered = np.take_along_axis(codes, index, dim)
        count = ordered.shape[dim]
        compared = r.greater_equal if descending else r.less_equal
        if count > 1:
            first = t.entries.read(ordered.take(range(count - 1), dim))
            r.holds(compared(first, t.entries.read(ordered.take(range(1, count), dim))))
        if not whole and count < codes.shape[dim]:
            others = np.ones(codes.shape, dtype=bool)
            np.put_along_axis(others, index, False, dim)
            rest = np.moveaxis(codes, dim, -1)[np.moveaxis(others, dim, -1)]
            rest = np.moveaxis(rest.reshape(*np.moveaxis(codes, dim, -1).shape[:-1], -1), -1, dim)
            last = ordered.take([count - 1], dim)
            r.holds(compared(t.entries.read(last), t.entries.read(rest)))

    return Later(make)


def _sorted(t: Tracking, made: Any, x: Any, *options: Any) -> Any:
    *_stable, dim, descending = options or (-1, False)
    value = t.numbers(x)
    if not value.ndim:
        return [value, None]
    ordered = t.recorder.sort(value, axis=dim % value.ndim, descending=bool(descending))
    return [ordered, _order(t, x, made[1], dim, bool(descending), True)]


def _largest(
    t: Tracking, made: Any, x: Any, k: int, dim: int = -1, largest: bool = True, _s: Any = True
) -> Any:
    value = t.numbers(x)
    if not value.ndim or k == 0:
        return [value, None] if k else [None, None]
    found = t.recorder.top_k_along(value, k=k, axis=dim % value.ndim, largest=largest)
    return [found, _order(t, x, made[1], dim, largest, False)]


def _ranked(t: Tracking, made: Any, x: Any, k: int, dim: int, keepdim: bool) -> Any:
    """The k-th smallest entry along an axis; its index is that of the entry with this rank."""
    r, value = t.recorder, t.numbers(x)
    if not value.ndim:
        return [value, None]
    found = r.kth_value(value, k=k, axis=dim % value.ndim)

    def make() -> None:
        codes, index = t.codes(x), as_numpy(made[1])
        index = index if keepdim else np.expand_dims(index, dim)
        entry = t.entries.read(np.take_along_axis(codes, index, dim))
        numbers = as_numpy(x)
        below = numbers < np.take_along_axis(numbers, index, dim)
        others = t.entries.read(codes)
        r.holds(r.less_equal(r.where(below, others, entry), r.where(below, entry, others)))

    shape = made[0].shape
    return [r.shaped(found, tuple(shape)), Later(make)]


def _median(t: Tracking, made: Any, x: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """The lower one of the middle entries."""
    if dim is None:
        value = t.recorder.shaped(t.numbers(x), (x.numel(),))
        return t.recorder.shaped(t.recorder.kth_value(value, k=(x.numel() + 1) // 2, axis=0), ())
    length = x.shape[dim] if x.ndim else 1
    return _ranked(t, made, x, (length + 1) // 2, dim, keepdim)


def _spread(name: str) -> Rule:
    """The variance or the standard deviation, and the mean if it is asked for, too."""

    def rule(t: Tracking, made: Any, x: Any, dim: Any, *options: Any) -> Any:
        r, value = t.recorder, t.numbers(x)
        if isinstance(dim, bool):
            options, dim = (dim, False), None
        first, keepdim = (*options, False)[:2] if len(options) < 2 else options
        less = 1.0 if first is None else float(first)
        correction = int(less) if less.is_integer() else 0
        found = reduced(r, name, value, dim, keepdim, correction=correction)
        if correction != less:
            count = value.size / max(found.size, 1)
            factor = count / (count - less)
            found = r.multiply(found, factor if name == "var" else factor**0.5)
        if isinstance(made, torch.Tensor):
            return found
        return [found, reduced(r, "mean", value, dim, keepdim)]

    return tensors(rule)


def _norm(
    r: Recorder, x: Any, order: float = 2, dim: Any = None, keepdim: bool = False, *_options: Any
) -> Any:
    axes = axes_of(dim, x.ndim)
    every = len(axes) == x.ndim
    if order == 0:
        numbers = r.where(r.not_equal(x, 0.0), 1.0, 0.0)
        return reduced(r, "sum", numbers, dim, keepdim)
    if not axes:
        return r.abs(x)
    if order == 2 and (every or len(axes) == 1) and not keepdim:
        return r.vector_norm(x, axis=None if every else axes[0])
    ord_ = "inf" if order == np.inf else "-inf" if order == -np.inf else float(order)
    if every and x.ndim == 1:
        return r.vector_norm_ord(x, ord=ord_, axis=0, keepdims=keepdim)
    if len(axes) == 1:
        return r.vector_norm_ord(x, ord=ord_, axis=axes[0], keepdims=keepdim)
    return r.vector_norm_axes(x, ord=ord_, axes=tuple(axes), keepdims=keepdim)


def _logsumexp(t: Tracking, _made: Any, x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    value, mask = without_endless(t, x)
    if mask is None:
        return reduced(t.recorder, "logsumexp", value, dim, keepdim)
    return masked_logsumexp(t.recorder, value, mask, dim, keepdim)


def without_endless(t: Tracking, x: torch.Tensor) -> tuple[Any, Array | None]:
    """The value, with 0 in the place of constants that are -infinity, and where there are none;
    None if there are none at all.
    """
    codes = t.codes(x)
    endless = codes == t.entries.codes(np.array(-np.inf))
    if not np.any(endless):
        return t.numbers(x), None
    return t.entries.numbers(t.entries.read(np.where(endless, 0, codes))), ~endless


def masked_logsumexp(r: Recorder, x: Any, mask: Array, dim: Any, keepdim: bool) -> Any:
    axes = axes_of(dim, x.ndim)
    if len(axes) != 1 and len(axes) != x.ndim:
        raise CannotImport("logsumexp over several axes, of entries that are -infinity", r.line)
    axis = axes[0] if len(axes) == 1 else None
    marks = tuple_of(mask.astype(int))
    return r.logsumexp_where(x, axis=axis, keepdims=keepdim, mask=marks)


def _cumulative(name: str) -> Rule:
    def rule(r: Recorder, x: Any, dim: int, *_options: Any) -> Any:
        return getattr(r, name)(x, axis=dim % x.ndim) if x.ndim else x

    return whole(rule)


def _cumulative_extremum(name: str, sign: int) -> Rule:
    def rule(t: Tracking, made: Any, x: Any, dim: int) -> Any:
        value = t.numbers(x)
        if not value.ndim:
            return [value, None]

        def make() -> None:
            codes, r = t.codes(x), t.recorder
            entry = np.take_along_axis(codes, as_numpy(made[1]), dim)
            compared = r.greater_equal if sign > 0 else r.less_equal
            for shift in range(1, codes.shape[dim]):
                later = t.entries.read(entry.take(range(shift, codes.shape[dim]), dim))
                before = t.entries.read(codes.take(range(codes.shape[dim] - shift), dim))
                r.holds(compared(later, before))
            r.holds(compared(t.entries.read(entry), t.entries.read(codes)))

        return [getattr(t.recorder, name)(value, axis=dim % value.ndim), Later(make)]

    return tensors(rule)


def _quantified(name: str) -> Rule:
    """all, by the smallest of the truth values as numbers; any, by the largest."""

    def rule(t: Tracking, _made: Any, x: Any, dim: Any = None, keepdim: bool = False) -> Any:
        truths = t.truths(x)
        if not isinstance(truths, Recorded):
            return np.asarray(getattr(np, "all" if name == "min" else "any")(truths))
        numbers = t.recorder.where(truths, 1.0, 0.0)
        if np.shape(numbers) != tuple(x.shape):
            numbers = t.recorder.broadcast_to(numbers, shape=tuple(x.shape))
        if numbers.ndim:
            numbers = reduced(t.recorder, name, numbers, dim, keepdim)
        return t.recorder.greater(numbers, 0.5)

    return tensors(rule)


def _renormalized(r: Recorder, x: Any, p: float, dim: int, largest: float) -> Any:
    return r.renorm(x, p=float(p), axis=dim % x.ndim, max=float(largest), eps=1e-7)


def _distance(r: Recorder, x: Any, y: Any, p: float = 2) -> Any:
    return r.dist(x, y, p="inf" if p == np.inf else float(p))


def _counted(t: Tracking, _made: Any, x: Any, dim: Any = None) -> Any:
    numbers = t.recorder.where(t.truths(x), 1.0, 0.0)
    return reduced(t.recorder, "sum", numbers, dim, False)


def _sum_of(r: Recorder, c: Any, product: Any, beta: Any, alpha: Any) -> Any:
    """beta c + alpha product."""
    if alpha != 1:
        product = r.multiply(product, float(alpha))
    if beta == 0:
        return product
    return r.add(c if beta == 1 else r.multiply(c, float(beta)), product)


def _plus_product(r: Recorder, c: Any, a: Any, b: Any, beta: Any = 1, alpha: Any = 1) -> Any:
    return _sum_of(r, c, r.matmul(a, b), beta, alpha)


def _plus_products(r: Recorder, c: Any, a: Any, b: Any, beta: Any = 1, alpha: Any = 1) -> Any:
    product = r.sum(r.matmul(a, b), axis=0, keepdims=False)
    return _sum_of(r, c, product, beta, alpha)


def _plus_outer(r: Recorder, c: Any, a: Any, b: Any, beta: Any = 1, alpha: Any = 1) -> Any:
    return _sum_of(r, c, r.outer(a, b), beta, alpha)


def _batched_product(t: Tracking, _made: Any, a: Any, b: Any) -> Any:
    """Products of matrices; an axis of the stack that repeats one matrix has the length 1."""
    operands = []
    for x in (a, b):
        codes = t.codes(x)
        if x.shape[0] > 1 and np.array_equal(np.broadcast_to(codes[:1], codes.shape), codes):
            codes = codes[0]
        operands.append(t.entries.numbers(t.entries.read(codes)))
    return t.recorder.matmul(*operands)


def _trilinear(t: Tracking, _made: Any, *given: Any) -> Any:
    """Sums of products of three tensors, which get further axes first."""
    *operands, first, second, third, summed = given[:7]
    values = []
    for x, axes in zip(operands, (first, second, third), strict=True):
        codes = t.codes(x)
        for axis in axes:
            codes = np.expand_dims(codes, axis)
        values.append(t.entries.numbers(t.entries.read(codes)))
    product = t.recorder.multiply(t.recorder.multiply(values[0], values[1]), values[2])
    return reduced(t.recorder, "sum", product, summed, False)


def _crossed(r: Recorder, x: Any, y: Any, dim: int = -1) -> Any:
    shape = np.broadcast_shapes(x.shape, y.shape)
    operands = [v if v.shape == shape else r.broadcast_to(v, shape=shape) for v in (x, y)]
    return r.cross(*operands, axis=dim % len(shape))


REDUCTIONS: dict[str, Rule] = {
    "sum": _plain("sum"),
    "nansum": _plain("sum"),
    "mean": _plain("mean"),
    "prod": whole(_product),
    "amax": _plain("max"),
    "amin": _plain("min"),
    "max": _extremum("max", 1),
    "min": _extremum("min", -1),
    "argmax": _argument(1),
    "argmin": _argument(-1),
    "all": _quantified("min"),
    "any": _quantified("max"),
    "_is_all_true": _quantified("min"),
    "_is_any_true": _quantified("max"),
    "count_nonzero": tensors(_counted),
    "logsumexp": tensors(_logsumexp),
    "var": _spread("var"),
    "std": _spread("std"),
    "var_mean": _spread("var"),
    "std_mean": _spread("std"),
    "linalg_vector_norm": whole(_norm),
    "dist": whole(_distance),
    "renorm": whole(_renormalized),
    "cumsum": _cumulative("cumulative_sum"),
    "cumprod": _cumulative("cumulative_prod"),
    "logcumsumexp": _cumulative("logcumsumexp"),
    "cummax": _cumulative_extremum("cumulative_max", 1),
    "cummin": _cumulative_extremum("cumulative_min", -1),
    "sort": tensors(_sorted),
    "topk": tensors(_largest),
    "kthvalue": tensors(
        lambda t, made, x, k, dim=-1, keepdim=False: _ranked(t, made, x, k, dim, keepdim)
    ),
    "median": tensors(_median),
    "nanmedian": tensors(_median),
    "trace": whole(lambda r, x: r.trace(x)),
    "mm": whole(lambda r, a, b: r.matmul(a, b)),
    "mv": whole(lambda r, a, b: r.matmul(a, b)),
    "dot": whole(lambda r, a, b: r.matmul(a, b)),
    "vdot": whole(lambda r, a, b: r.matmul(a, b)),
    "bmm": tensors(_batched_product),
    "addmm": whole(_plus_product),
    "addmv": whole(_plus_product),
    "baddbmm": whole(_plus_product),
    "addbmm": whole(_plus_products),
    "addr": whole(_plus_outer),
    "_trilinear": tensors(_trilinear),
    "linalg_cross": whole(_crossed),
}
