"""Functions that generated code calls in addition to NumPy's."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Key = tuple[Any, ...]


def sech(x: Array) -> Any:
    """1 / cosh(x), accurate in the relative sense for every x and never overflowing on the way."""
    e = np.exp(-np.abs(x))
    return 2 * e / (1 + e * e)


def logistic(x: Array) -> Any:
    """1 / (1 + exp(-x)), accurate in the relative sense on both tails."""
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


def logsumexp(x: Array, axes: tuple[int, ...], keepdims: bool = False) -> Any:
    """log(sum(exp(x))) along axes, without overflow."""
    top = x.max(axes, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    result = np.log(np.exp(x - top).sum(axes, keepdims=True)) + top
    return result if keepdims else result.squeeze(axes)


def softmax(x: Array, axes: tuple[int, ...]) -> Any:
    """exp(x) over its sum along axes: entries add up to one however large x is."""
    shares = np.exp(x - x.max(axes, keepdims=True))
    return shares / shares.sum(axes, keepdims=True)


def safe_multiply(a: Array, b: Array) -> Any:
    """a * b, but exactly 0 wherever a factor is 0, even if the other is infinite or NaN there."""
    product = a * b
    total = np.add.reduce(product, None)
    if total == total:  # no NaN, so no zero has met an infinity
        return product
    return np.where((a == 0) | (b == 0), 0, product)


def slices(key: Key) -> Key:
    """The index that NumPy understands, for a key on the trailing axes."""
    return (..., *(slice(*k) if isinstance(k, tuple) else k for k in key))


def pad(x: Array, key: Key, tail: tuple[int, ...], lead: int) -> Array:
    """Zeros of shape `x.shape[:lead] + tail`, with x written at key: the adjoint of indexing."""
    out = np.zeros(x.shape[:lead] + tail, x.dtype)
    out[key] = x
    return out


def scatter(x: Array, indices: Array, axis: int, size: int) -> Array:
    """Zeros with `size` along axis, to which x is added at the indices: the adjoint of take.

    Entries with the same index add up.
    """
    moved = np.moveaxis(np.asarray(x), axis, 0)
    out = np.zeros((size, *moved.shape[1:]), x.dtype)
    np.add.at(out, indices, moved)
    return np.moveaxis(out, 0, axis)


def reorder(x: Array, order: Array, axis: int) -> Any:
    """The entries of x along a negative axis in that order, a permutation without batch axes."""
    return np.take_along_axis(x, order.reshape((1,) * (x.ndim - order.ndim) + order.shape), axis)


def inv(a: Array) -> Array:
    """The inverse; NaN throughout if NumPy calls the matrix singular.

    It does not raise, since the matrix may belong to the branch that `where` does not select.
    """
    try:
        return np.linalg.inv(a)
    except np.linalg.LinAlgError:
        if a.ndim == 2:
            return np.full(a.shape, np.nan, a.dtype)
        return np.stack([inv(m) for m in a])


def solve(a: Array, b: Array) -> Array:
    """The solution of a @ x = b for matrices b; NaN where a is singular."""
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        shape = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        if not shape:
            return np.full(b.shape, np.nan, np.result_type(a, b))
        a, b = np.broadcast_to(a, shape + a.shape[-2:]), np.broadcast_to(b, shape + b.shape[-2:])
        return np.stack([solve(m, c) for m, c in zip(a, b, strict=True)])


def cholesky(a: Array) -> Array:
    """The lower factor of a symmetric matrix; NaN throughout if it is not positive definite."""
    try:
        return np.linalg.cholesky(a)
    except np.linalg.LinAlgError:
        return (
            np.full(a.shape, np.nan, a.dtype) if a.ndim == 2 else np.stack([cholesky(m) for m in a])
        )


def expm(a: Array) -> Array:
    """The exponential of a matrix.

    In derivatives, a block above the diagonal holds a cotangent, which may be of any size. So the
    exponential is that of a similar matrix, D^-1 a D, with powers of two in D.
    """
    scales = _scales(a)
    ratio = scales[..., None, :] / scales[..., :, None]
    return np.asarray(_expm(a * ratio) / ratio)


def _scales(a: Array) -> Array:
    """The diagonal of D, which makes a block above or below a diagonal of blocks at most 1."""
    n = a.shape[-1] // 2
    below, above = np.any(a[..., n:, :n]), np.any(a[..., :n, n:])
    if a.shape[-1] % 2 or not n or (below and above):
        return np.ones(a.shape[:-1], a.dtype)
    if below:
        return np.asarray(1 / _scales(np.swapaxes(a, -1, -2)))
    inner = _scales(a[..., n:, n:])
    sizes = np.abs(a[..., :n, n:]) * (inner[..., None, :] / inner[..., :, None])
    exponent = np.frexp(sizes.max((-1, -2), initial=1.0))[1]
    outer = np.ldexp(np.ones_like(inner), -exponent[..., None])
    return np.concatenate([inner, inner * outer], -1)


def _expm(a: Array) -> Array:
    """The exponential by scaling and squaring, with 18 terms of the series.

    Norms of powers say how often the matrix is halved first: A. Al-Mohy and N. Higham, "A new
    scaling and squaring algorithm for the matrix exponential" (2010), 4.2. With a large block above
    the diagonal, these norms stay smaller than the norm of the matrix.
    """
    eye = np.eye(a.shape[-1], dtype=a.dtype)
    fourth = a @ a @ a @ a
    norms = [
        np.abs(p).sum(-2).max(-1, initial=0) ** (1 / k) for p, k in ((fourth, 4), (fourth @ a, 5))
    ]
    size = np.maximum(*norms)
    halvings = np.where(np.isfinite(size), np.ceil(np.log2(np.maximum(size, 1))), 0)[
        ..., None, None
    ]
    small = a / 2.0**halvings
    result = eye + small / 18
    for k in range(17, 0, -1):
        result = eye + small @ result / k
    for step in range(int(halvings.max(initial=0))):
        result = np.where(step < halvings, result @ result, result)
    return result.astype(a.dtype, copy=False)


def _eigh(a: Array) -> tuple[Array, Array]:
    """Eigenvalues and eigenvectors of a symmetric matrix; NaN if an entry is not finite."""
    finite = np.asarray(np.isfinite(a).all((-1, -2), keepdims=True))
    values, vectors = np.linalg.eigh(np.where(finite, a, 0))
    return np.where(finite[..., 0], values, np.nan), np.where(finite, vectors, np.nan)


def eigvalsh(a: Array) -> Array:
    return _eigh(a)[0]


def eigenvectors(a: Array) -> Array:
    return _eigh(a)[1]


def sqrtm(a: Array) -> Array:
    """The positive definite root of a symmetric matrix."""
    values, vectors = _eigh(a)
    return (vectors * np.sqrt(values)[..., None, :]) @ np.swapaxes(vectors, -1, -2)


def polar(a: Array) -> Array:
    """U V^T of the singular value decomposition; NaN if an entry is not finite."""
    finite = np.asarray(np.isfinite(a).all((-1, -2), keepdims=True))
    u, _, vh = np.linalg.svd(np.where(finite, a, 0), full_matrices=False)
    return np.where(finite, u @ vh, np.nan)
